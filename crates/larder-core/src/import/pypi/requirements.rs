//! pip's requirements.txt.

use crate::import::entries::FolderLine;
use crate::import::{Imported, ImportedRegistry};
use crate::model::{ExtraName, LocalFile, Marker, PackageName, Pep508Error, PypiSpecifier, Requirement, Source};

use super::{ECOSYSTEM, pep508};

/// What a path of a requirements file leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalPlace {
    /// The folder of a Python project, relative to the root.
    Project(String),
    /// A wheel or a source distribution.
    Archive(LocalFile),
}

/// Returns what a path of a requirements file leads to; `None` if the checkout has neither a project nor an archive there.
pub type PlaceFinder<'a> = dyn Fn(&str) -> Option<LocalPlace> + 'a;

/// Reads a requirements.txt. Folders that `place_at` finds become `path` lines, archives lines with `url=`; lines that are not
/// requirements are listed as not imported.
pub fn requirements(text: &str, place_at: &PlaceFinder<'_>) -> Imported {
    let mut imported = Imported::default();
    for line in requirement_lines(text) {
        let line = &*line;
        if let Some(file) = included(line) {
            imported.includes.push(file.to_owned());
            continue;
        }
        if let Some((option, url)) = index(line) {
            add_index(&mut imported, option, url);
            continue;
        }
        let written = line;
        let (line, is_editable) = editable(line).map_or((line, false), |place| (place, true));
        let line = without_options(line, &mut imported);
        if let Some(local) = LocalRequirement::parse(line, is_editable) {
            match (place_at(&local.path), LocalFile::is_python_archive(&local.path)) {
                (Some(LocalPlace::Project(folder)), _) => {
                    let LocalRequirement { extras, when, .. } = local;
                    imported.take_folder(FolderLine { folder: &folder, extras, seen_as: None, when }, None);
                }
                (Some(LocalPlace::Archive(file)), _) => match local.of_archive(&file) {
                    Some(wanted) => pep508::take_source(&mut imported, &wanted, Source::File(file), None),
                    None => imported.refuse(written, "its name is none of a wheel or a source distribution"),
                },
                (None, true) => imported.refuse(written, NO_ARCHIVE),
                (None, false) => imported.refuse(
                    written,
                    "no Python project of this checkout is there that says without a build what it asks for",
                ),
            }
            continue;
        }
        if let Err(Pep508Error::Url { requirement, url }) = Requirement::from_pep508(line)
            && let Some(path) = LocalFile::pep508_path(&url)
        {
            match place_at(&path) {
                Some(LocalPlace::Archive(file)) => {
                    pep508::take_source(&mut imported, &requirement, Source::File(file), None);
                }
                Some(LocalPlace::Project(_)) | None => imported.refuse(written, NO_ARCHIVE),
            }
            continue;
        }
        if line == "--no-index" {
            imported.refuse_guard(line, "name the registry or the folder that replaces PyPI");
            continue;
        }
        if let Some(why) = option(line) {
            imported.refuse(line, why);
            continue;
        }
        match named_by_fragment(line) {
            Some(named) => pep508::take(&mut imported, &named, None),
            None => pep508::take(&mut imported, line, None),
        }
    }
    imported
}

/// Why an archive is not imported.
const NO_ARCHIVE: &str = "there is no such wheel or source distribution in this checkout";

/// Returns a requirement without its options, ` --hash=…` or ` --config-settings …`.
fn without_options<'l>(line: &'l str, imported: &mut Imported) -> &'l str {
    let Some(at) = line.find(" --").filter(|_| !line.starts_with('-')) else { return line };
    let requirement = line[..at].trim_end();
    // Digests are compared with those of the lock.
    if line[at..].split(" --").skip(1).any(|option| !option.starts_with("hash=")) {
        let why = "the requirement itself is taken; larder has no such options";
        imported.refuse(format!("the options of {requirement}"), why);
    }
    requirement
}

/// A requirement for a folder or file of the checkout: `./packages/api[server] ; marker`.
struct LocalRequirement<'t> {
    path: String,
    extras: &'t str,
    when: Option<String>,
}

impl<'t> LocalRequirement<'t> {
    /// Parses a line without `-e`. Returns `None` if it names no place on the disk.
    fn parse(line: &'t str, is_editable: bool) -> Option<Self> {
        let (place, when) = match line.split_once(" ;").or_else(|| line.split_once("; ")) {
            Some((place, when)) => (place.trim(), Some(when.trim().to_owned())),
            None => (line, None),
        };
        let (place, extras) = match place.strip_suffix(']').and_then(|place| place.rsplit_once('[')) {
            Some((path, extras)) => (path, extras),
            None => (place, ""),
        };
        if let Some(path) = LocalFile::pep508_path(place).filter(|path| !path.contains('@')) {
            return Some(Self { path, extras, when });
        }
        let path = place.strip_prefix("file:").filter(|path| !path.starts_with("//")).unwrap_or(place);
        let is_path = path.starts_with('.') || path.contains('/') && !path.contains(['@', ' ']) || is_editable;
        (is_path && !path.contains(':')).then(|| Self { path: path.to_owned(), extras, when })
    }

    /// Returns the package that an archive is, by its name: `my_pkg-1.0-py3-none-any.whl`, `my-pkg-1.0.tar.gz`.
    fn of_archive(&self, file: &LocalFile) -> Option<Requirement> {
        let name = file.file_name();
        let stem = [".tar.gz", ".zip"].iter().find_map(|end| name.strip_suffix(end));
        let (name, _) = stem.map_or_else(|| name.split_once('-'), |stem| stem.rsplit_once('-'))?;
        let extras = self.extras.split(',').map(str::trim).filter(|extra| !extra.is_empty());
        let extras = extras.map(str::parse).collect::<Result<Vec<ExtraName>, _>>().ok()?;
        let marker: Marker = self.when.as_deref().unwrap_or_default().parse().ok()?;
        Some(Requirement::pypi(PackageName::pypi(name).ok()?, extras, PypiSpecifier::default(), marker))
    }
}

/// Returns what `-e` stands before.
fn editable(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--editable").or_else(|| line.strip_prefix("-e"))?;
    Some(rest.strip_prefix(['=', ' ', '\t'])?.trim()).filter(|place| !place.is_empty())
}

/// Returns `git+URL#egg=NAME` as PEP 508 writes it: `NAME @ git+URL`.
fn named_by_fragment(requirement: &str) -> Option<String> {
    let (url, fragment) = requirement.split_once('#').filter(|(url, _)| url.starts_with("git+"))?;
    let (egg, rest): (Vec<&str>, Vec<&str>) = fragment.split('&').partition(|part| part.starts_with("egg="));
    let name = egg.first()?.strip_prefix("egg=").filter(|name| !name.is_empty())?;
    let fragment = if rest.is_empty() { String::new() } else { format!("#{}", rest.join("&")) };
    Some(format!("{name} @ {url}{fragment}"))
}

/// Returns the lines of a requirements.txt, joined where they go on, without comments and empty ones.
pub(in crate::import) fn requirement_lines(text: &str) -> impl Iterator<Item = String> {
    let lines = logical_lines(text).into_iter();
    lines.map(|line| without_comment(&line).to_owned()).filter(|line| !line.is_empty())
}

/// Joins lines that end with a backslash.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let (line, continues) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| open) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
        open = continues;
    }
    lines
}

fn without_comment(line: &str) -> &str {
    let end = if line.starts_with('#') { Some(0) } else { line.find(" #").or_else(|| line.find("\t#")) };
    end.map_or(line, |end| &line[..end]).trim()
}

/// Returns the file that `-r FILE` includes.
fn included(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--requirement").or_else(|| line.strip_prefix("-r"))?;
    Some(rest.trim_start_matches(['=', ' ', '\t']).trim()).filter(|file| !file.is_empty())
}

/// Returns the option that names a place for packages, with what it names.
fn index(line: &str) -> Option<(&str, &str)> {
    let (option, rest) = line.split_once([' ', '=', '\t'])?;
    let is_index = matches!(option, "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links");
    is_index.then(|| (option, rest.trim_start_matches(['=', ' ', '\t']).trim()))
}

/// Takes over an index: pip's own replaces PyPI, an extra one is asked beside it, and so is a folder or page of files.
pub(super) fn add_index(imported: &mut Imported, option: &str, url: &str) {
    let (name, priority) = match option {
        "-i" | "--index-url" => ("pypi", None),
        "--extra-index-url" => (url.split('/').nth(2).unwrap_or("extra"), Some(1)),
        _ => return imported.add_flat(ECOSYSTEM, None, url),
    };
    // The last `--index-url` of a file is the one that counts.
    if priority.is_none() {
        imported.registries.retain(|known| known.name != name || known.is_flat);
    }
    if url.trim_end_matches('/') == "https://pypi.org/simple" {
        return;
    }
    let (name, url) = (name.to_owned(), url.to_owned());
    let packages = Vec::new();
    imported.add_registry(ImportedRegistry { ecosystem: ECOSYSTEM, name, url, packages, priority, is_flat: false });
}

/// Returns why an option line is not imported. Returns `None` if the line is not an option.
fn option(line: &str) -> Option<&'static str> {
    if !line.starts_with('-') {
        return None;
    }
    let word = line.split([' ', '=', '\t']).next().unwrap_or_default();
    Some(match word {
        _ if word.starts_with("-c") || word == "--constraint" => "constraints are `override` lines in `resolution`",
        "--pre" => "write `prereleases \"allow\"` in `resolution`",
        _ => "an option of pip",
    })
}
