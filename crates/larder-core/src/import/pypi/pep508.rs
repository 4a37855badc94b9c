//! PEP 508 requirement strings: `name[extra]>=1 ; marker`.

use crate::model::{ExtraName, Label, LocalFile, Pep508Error, Requirement, Source};

use crate::import::{Imported, ImportedLine};

use super::ECOSYSTEM;

/// The parts of a requirement string.
pub(super) struct RequirementText<'t> {
    pub(super) name: &'t str,
    pub(super) extras: &'t str,
    pub(super) range: &'t str,
    pub(super) when: Option<String>,
}

/// Splits a requirement string.
///
/// # Errors
/// The reason why it cannot be imported.
pub(super) fn split(text: &str) -> Result<RequirementText<'_>, &'static str> {
    let text = text.trim();
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim_start();
    if name.is_empty() || rest.starts_with([':', '/', '\\', '+']) {
        return Err("it is a path or URL without a name: write a line with `path`, `git=` or `url=`");
    }
    let (extras, rest) = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((extras, rest)) => (extras.trim(), rest.trim_start()),
        None => ("", rest),
    };
    if rest.starts_with('@') {
        return Err("its place is neither a git repository nor a file at a URL that larder fetches");
    }
    let (range, when) = match rest.split_once(';') {
        Some((range, when)) => (range.trim(), Some(when.trim().to_owned())),
        None => (rest.trim(), None),
    };
    // The parentheses of PEP 345.
    let range = range.strip_prefix('(').and_then(|range| range.strip_suffix(')')).unwrap_or(range).trim();
    Ok(RequirementText { name, extras, range, when: when.filter(|when| !when.is_empty()) })
}

/// Imports a requirement string, or lists it as not imported.
pub(super) fn take(imported: &mut Imported, text: &str, group: Option<&Label>) {
    if let Err(Pep508Error::Url { requirement, url }) = Requirement::from_pep508(text) {
        let source = match LocalFile::pep508_path(&url) {
            Some(path) => LocalFile::within("", &path).map(Source::File),
            None => Source::from_pep508(&url),
        };
        return match source {
            Ok(source) => take_source(imported, &requirement, source, group),
            Err(error) => imported.refuse(text.trim(), format!("its URL {error}")),
        };
    }
    let RequirementText { name, extras, range, when } = match split(text) {
        Ok(parts) => parts,
        Err(why) => return imported.refuse(text.trim(), why),
    };
    let name = if extras.is_empty() { name.to_owned() } else { format!("{name}[{extras}]") };
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name,
        range: Some(range.to_owned()).filter(|range| !range.is_empty()),
        catalog: None,
        source: None,
        when,
        optional: false,
    });
}

/// Imports a requirement for a package from outside of registries.
pub(super) fn take_source(imported: &mut Imported, wanted: &Requirement, source: Source, group: Option<&Label>) {
    let extras: Vec<&str> = wanted.extras().iter().map(ExtraName::as_str).collect();
    let name = match &extras[..] {
        [] => wanted.name().to_string(),
        extras => format!("{}[{}]", wanted.name(), extras.join(",")),
    };
    let (range, when) = (wanted.range_text(), wanted.marker().map(ToString::to_string));
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name,
        range: Some(range).filter(|range| !range.is_empty()),
        catalog: None,
        source: Some(source),
        when: when.filter(|when| !when.is_empty()),
        optional: false,
    });
}
