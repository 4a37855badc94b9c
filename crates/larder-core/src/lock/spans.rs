//! The positions of a lock's parts in its text, for labels.

use std::collections::HashMap;

use miette::SourceSpan;

use crate::model::{InstanceKey, PackageKey};

/// A part of a lock, found in its text when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The package in whose block the part stands.
    pub package: PackageKey,
    /// What the part's line begins with, or a quoted text that only this line of the block has. `None` for the package
    /// itself.
    line: Option<String>,
}

impl Anchor {
    /// Returns the anchor of a package.
    pub fn package(package: PackageKey) -> Self {
        Self { package, line: None }
    }

    /// Returns the anchor of an edge of a package, by its target.
    pub fn edge(package: PackageKey, to: &InstanceKey) -> Self {
        Self { package, line: Some(format!("\"{to}\"")) }
    }

    /// Returns the anchor of an artifact of a package.
    pub fn artifact(package: PackageKey, file: &str) -> Self {
        Self { package, line: Some(format!("\"{file}\"")) }
    }

    /// Returns the anchor of a fact of a package, by its key.
    pub fn fact(package: PackageKey, key: &str) -> Self {
        Self { package, line: Some(format!("{key} = ")) }
    }
}

/// The places of all packages in the text of a lock.
#[derive(Debug)]
pub struct Spans<'t> {
    text: &'t str,
    /// The place of each package's quoted id, and where its block ends.
    blocks: HashMap<&'t str, (usize, usize)>,
}

impl<'t> Spans<'t> {
    /// Finds the packages in a lock's text, in one pass.
    pub fn new(text: &'t str) -> Self {
        const HEAD: &str = "\n[[package]]\nid = \"";
        let heads: Vec<usize> = memchr::memmem::find_iter(text.as_bytes(), HEAD).collect();
        let ends = heads.iter().skip(1).copied().chain([text.len()]);
        let block = |(head, end): (&usize, usize)| {
            let start = head + HEAD.len();
            let length = text[start..end].find('"')?;
            Some((&text[start..start + length], (start, end)))
        };
        let blocks = heads.iter().zip(ends).filter_map(block).collect();
        Self { text, blocks }
    }

    /// Returns where a part stands: the package, where the part itself is not found. `None` if the lock has no such package.
    pub fn find(&self, anchor: &Anchor) -> Option<SourceSpan> {
        let id = anchor.package.to_string();
        let &(start, end) = self.blocks.get(&*id)?;
        let package = SourceSpan::from((start - 1, id.len() + 2));
        let Some(wanted) = &anchor.line else { return Some(package) };
        let block = self.text[start..end].lines().skip(1);
        let found = block.map(str::trim_start).find(|line| line.starts_with(&**wanted) || is_quoted_in(wanted, line));
        Some(found.map_or(package, |line| {
            let line = line.trim_end_matches(',');
            (line.as_ptr() as usize - self.text.as_ptr() as usize, line.len()).into()
        }))
    }
}

fn is_quoted_in(wanted: &str, line: &str) -> bool {
    wanted.starts_with('"') && line.contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 1\n\n[[package]]\nid = \"npm:a@1.0.0\"\nos = [\"linux\"]\nedges = [\n    \
                        \"npm:b@1.0.0\",\n    { to = \"npm:c@1.0.0(b@1.0.0)\", kind = \"peer\" },\n]\n\n[[package]]\n\
                        id = \"npm:b@1.0.0\"\nos = [\"darwin\"]\n";

    #[test]
    fn packages_edges_and_facts_are_found_in_the_right_block() {
        let spans = Spans::new(LOCK);
        let key = |name: &str| crate::lock::key::package_key(name).unwrap();
        let text = |anchor: &Anchor| {
            let span = spans.find(anchor)?;
            Some(&LOCK[span.offset()..span.offset() + span.len()])
        };
        assert_eq!(text(&Anchor::package(key("npm:b@1.0.0"))), Some("\"npm:b@1.0.0\""));
        assert_eq!(text(&Anchor::fact(key("npm:b@1.0.0"), "os")), Some("os = [\"darwin\"]"));
        assert_eq!(text(&Anchor::fact(key("npm:a@1.0.0"), "os")), Some("os = [\"linux\"]"));
        assert_eq!(text(&Anchor::fact(key("npm:a@1.0.0"), "cpu")), Some("\"npm:a@1.0.0\""), "the package instead");
        let edge = |to: &str| Anchor::edge(key("npm:a@1.0.0"), &crate::lock::key::instance_key(to).unwrap());
        assert_eq!(text(&edge("npm:b@1.0.0")), Some("\"npm:b@1.0.0\""));
        let peer = "{ to = \"npm:c@1.0.0(b@1.0.0)\", kind = \"peer\" }";
        assert_eq!(text(&edge("npm:c@1.0.0(b@1.0.0)")), Some(peer));
        assert_eq!(text(&Anchor::package(key("npm:d@1.0.0"))), None);
    }
}
