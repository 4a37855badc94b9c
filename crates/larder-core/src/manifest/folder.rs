//! The folders of `path` lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{ExtraName, NameError, PackageName};

/// The folder that a `path` line asks for: `packages/theme`, `backend[tests]`, `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSpec {
    /// The folder, relative to the manifest that has the line; empty for the manifest's own.
    pub folder: Arc<str>,
    /// The extras of its Python package.
    pub extras: Vec<ExtraName>,
    /// `name=`: what Node calls the package here, whatever its own manifest says. The folder need not be there: a build may make it.
    pub name: Option<PackageName>,
}

impl FolderSpec {
    /// Returns the folder as a `path` line has it, without extras.
    pub fn as_written(&self) -> &str {
        if self.folder.is_empty() { "." } else { &self.folder }
    }

    /// Returns the folder as a manifest of the root names it, where this is how one in `folder` does. Returns `None` if it lies outside of
    /// the root.
    #[must_use]
    pub fn placed(&self, folder: &str) -> Option<Self> {
        let placed = parse_folder(&format!("./{folder}/{}", self.as_written())).ok()?.folder;
        let is_outside = placed.split('/').next() == Some("..");
        (!is_outside).then(|| Self { folder: placed, ..self.clone() })
    }

    /// Returns the text of a `path` line in a manifest of `folder`, where this is how one of the root names the folder.
    pub fn seen_from(&self, folder: &str) -> String {
        let parts =
            |folder: &'_ str| folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let (from, to) = (parts(folder), parts(&self.folder));
        let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
        let path: Vec<String> = up.chain(to[shared..].iter().cloned()).collect();
        let path = if path.is_empty() { ".".to_owned() } else { path.join("/") };
        let extras: Vec<&str> = self.extras.iter().map(ExtraName::as_str).collect();
        if extras.is_empty() { path } else { format!("{path}[{}]", extras.join(",")) }
    }
}

/// Parses the folder of a `path` line, and the extras behind it. Returns the folder relative, with `/` between its parts, in
/// its shortest form: that of the manifest itself is empty. Brackets that begin a part are none of extras: `app/[id]`.
pub fn parse_folder(text: &str) -> Result<FolderSpec, String> {
    if text.contains('\\') {
        return Err("the parts of a folder are separated by `/`".to_owned());
    }
    let has_drive = text.as_bytes().get(1) == Some(&b':');
    if text.starts_with(['/', '~']) || has_drive {
        return Err("a folder is relative to its manifest, so that it is the same on every machine".to_owned());
    }
    let behind = text.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    let (text, extras) = match behind.filter(|(folder, _)| !folder.is_empty() && !folder.ends_with('/')) {
        Some((folder, extras)) => (folder, extras),
        None => (text, ""),
    };
    let extras = extras.split(',').map(str::trim).filter(|extra| !extra.is_empty());
    let extras: Result<BTreeSet<ExtraName>, _> = extras.map(str::parse).collect();
    let extras = extras.map_err(|error: NameError| error.to_string())?.into_iter().collect();
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if text.is_empty() {
        return Err("the folder is missing".to_owned());
    }
    Ok(FolderSpec { folder: parts.join("/").into(), extras, name: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_seen_from_others() {
        let placed = |text: &str, folder: &str| parse_folder(text).unwrap().placed(folder);
        let seen = |text: &str, folder: &str, from: &str| placed(text, folder).map(|spec| spec.seen_from(from));
        assert_eq!(seen("./lib[fast]", "sub", "").as_deref(), Some("sub/lib[fast]"));
        assert_eq!(seen(".", "sub", "").as_deref(), Some("sub"));
        assert_eq!(seen("../lib", "apps/web", "apps/api").as_deref(), Some("../lib"));
        assert_eq!(seen("../web", "apps/web", "apps/web").as_deref(), Some("."));
        assert_eq!(seen("..", "sub", "sub").as_deref(), Some(".."));
        assert_eq!(placed("../../lib", "sub"), None);
    }

    #[test]
    fn folders_are_relative_and_short() {
        let parsed = |text: &str| {
            let parsed = parse_folder(text)?;
            let extras: Vec<&str> = parsed.extras.iter().map(ExtraName::as_str).collect();
            Ok::<_, String>(format!("{}+{}", parsed.folder, extras.join(",")))
        };
        assert_eq!(parsed("./packages//theme/../core/").as_deref(), Ok("packages/core+"));
        assert_eq!(parsed("../../x").as_deref(), Ok("../../x+"));
        assert_eq!(parsed(".").as_deref(), Ok("+"));
        assert_eq!(parsed(".[Tests, docs]").as_deref(), Ok("+docs,tests"));
        assert_eq!(parsed("back_end[tests]").as_deref(), Ok("back_end+tests"));
        assert_eq!(parsed("app/[id]").as_deref(), Ok("app/[id]+"));
        for wrong in ["/x", "", "a\\b", "C:/x", "a[!]"] {
            assert!(parse_folder(wrong).is_err(), "{wrong}");
        }
    }
}
