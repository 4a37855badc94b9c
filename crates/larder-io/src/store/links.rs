//! Symbolic links of a tree. The trees of packages have none; that of a runtime lists them in a file of its own, so that the
//! tree's digest covers them.

use std::path::Path;

use super::Tree;
use crate::fs::{self, FsError};
use crate::model::EntryPath;

/// The file that lists a tree's links: a line each, path and target with a tab between, sorted by path.
const LIST: &str = ".larder-links";

/// A symbolic link of a tree. Its target is relative: first the `..`, then names, so that it leads through no other link and out
/// again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeLink {
    path: EntryPath,
    target: Box<str>,
}

impl TreeLink {
    /// Checks a link. Returns `None` if it leaves the tree, or might.
    pub fn new(path: EntryPath, target: &str) -> Option<Self> {
        let mut above = path.as_str().split('/').count() - 1;
        let mut names = 0;
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." if names > 0 || above == 0 => return None,
                ".." => above -= 1,
                _ => names += 1,
            }
        }
        let is_text = |text: &str| !text.contains(|c: char| c.is_control() || c == '\\');
        let fits = !target.starts_with('/') && target.len() <= 2048 && (names > 0 || target.contains(".."));
        (fits && is_text(target) && is_text(path.as_str())).then(|| Self { path, target: target.into() })
    }

    /// Returns the link that leads to the file `target`, which lies in the tree too.
    pub fn to_entry(path: EntryPath, target: &EntryPath) -> Option<Self> {
        let up = "../".repeat(path.as_str().matches('/').count());
        Self::new(path, &format!("{up}{target}"))
    }

    /// Returns the link's path, relative to the tree.
    pub fn path(&self) -> &EntryPath {
        &self.path
    }

    /// Returns where it leads, relative to its folder.
    pub fn target(&self) -> &Path {
        Path::new(&*self.target)
    }

    /// Returns the path of the list.
    pub fn list() -> Option<EntryPath> {
        EntryPath::parse(LIST).ok()
    }

    /// Returns whether a path is that of the list.
    pub fn is_list(path: &str) -> bool {
        path == LIST
    }

    /// Writes the list.
    pub fn encode(links: &[Self]) -> String {
        let mut text: Vec<String> = links.iter().map(|link| format!("{}\t{}\n", link.path, link.target)).collect();
        text.sort_unstable();
        text.concat()
    }

    /// Reads the list. What is no link that stays inside is left out: larder writes none.
    fn decode(text: &str) -> Vec<Self> {
        let links = text.lines().filter_map(|line| {
            let (path, target) = line.split_once('\t')?;
            Self::new(EntryPath::parse(path).ok()?, target)
        });
        links.collect()
    }
}

impl Tree {
    /// Returns the tree's symbolic links.
    pub fn links(&self) -> Result<Vec<TreeLink>, FsError> {
        if self.entry(LIST).is_none() {
            return Ok(Vec::new());
        }
        let text = fs::read_record(&self.folder.join(LIST))?.unwrap_or_default();
        Ok(TreeLink::decode(&String::from_utf8_lossy(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_inside_whatever_they_lead_through() {
        let link = |path: &str, target: &str| TreeLink::new(EntryPath::parse(path).unwrap(), target).is_some();
        assert!(link("bin/npm", "../lib/node_modules/npm/bin/npm-cli.js"));
        assert!(link("bin/python", "python3.12") && link("lib64", "lib") && link("a/b/c", ".."));
        for (path, target) in [
            ("bin/x", "/etc/passwd"),
            ("bin/x", "../../x"),
            ("x", ".."),
            // Another link may make `..` mean something else.
            ("a/b/x", "c/../../.."),
            ("x", "a/.."),
            ("x", ""),
            ("x", "."),
            ("x", "a\tb"),
            ("x", "a\\b"),
        ] {
            assert!(!link(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn a_list_reads_as_it_was_written() {
        let link = |path: &str, target: &str| TreeLink::new(EntryPath::parse(path).unwrap(), target).unwrap();
        let links = [link("a/b", "../c"), link("d", "e")];
        assert_eq!(TreeLink::decode(&TreeLink::encode(&links)), links);
        let entry = EntryPath::parse("lib/x").unwrap();
        assert_eq!(
            TreeLink::to_entry(EntryPath::parse("bin/y").unwrap(), &entry).unwrap().target(),
            Path::new("../lib/x")
        );
    }
}
