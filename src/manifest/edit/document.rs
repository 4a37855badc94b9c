//! Where blocks and lines stand in the text.

use kdl::{KdlEntry, KdlNode};

use crate::model::Ecosystem;

use super::Place;
use crate::manifest::scan::newline;
use crate::manifest::syntax::Parsed;
use crate::manifest::{node::value_span, notation};

/// A parsed text with what splicing needs to know of it.
pub(super) struct Document<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// The text without comments; offsets are the same.
    pub(super) blanked: &'a str,
    nodes: &'a [KdlNode],
}

/// A dependency line, or another node.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    node: &'a KdlNode,
    blanked: &'a str,
}

/// The braces of a block, where it has them.
pub(super) struct Braces {
    pub(super) open: usize,
    pub(super) close: usize,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, parsed: &'a Parsed) -> Self {
        Self { text, blanked: &parsed.blanked, nodes: parsed.document.nodes() }
    }

    /// Returns the top-level nodes.
    pub(super) fn top(&self) -> impl DoubleEndedIterator<Item = Line<'a>> + use<'a> {
        let blanked = self.blanked;
        self.nodes.iter().map(move |node| Line { node, blanked })
    }

    /// Returns the blocks of a place.
    pub(super) fn blocks(&self, place: &Place) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let group = match place {
            Place::Dependencies => None,
            Place::Group(name) => Some(name.as_str().to_owned()),
        };
        self.top().filter(move |line| match &group {
            None => line.ecosystem() == "dependencies",
            Some(name) => line.ecosystem() == "group" && line.name() == Some(name),
        })
    }

    /// Returns the lines of a place.
    pub(super) fn lines(&self, place: &Place) -> impl Iterator<Item = Line<'a>> + use<'a> {
        self.blocks(place).flat_map(|block| block.children())
    }

    /// Returns every place that the text has.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + use<'a> {
        self.top().filter_map(|line| match line.ecosystem() {
            "dependencies" => Some(Place::Dependencies),
            "group" => line.name()?.parse().ok().map(Place::Group),
            _ => None,
        })
    }

    /// Returns what stands before `at` on its line, as written.
    pub(super) fn before(&self, at: usize) -> &'a str {
        let bytes = self.text.as_bytes();
        let start = (0..at).rev().find(|&i| newline(&bytes[i..]) > 0).map_or(0, |i| i + newline(&bytes[i..]));
        // A BOM is no indentation.
        self.text.get(start..at).unwrap_or_default().trim_start_matches('\u{feff}')
    }

    /// Returns the indentation of a line that starts at `at`; none where something else stands before it.
    pub(super) fn indentation(&self, at: usize) -> Option<&'a str> {
        let before = self.before(at);
        before.chars().all(char::is_whitespace).then_some(before)
    }

    /// Returns where the line that `at` is on ends, and the length of its newline: 0 at the end of the text.
    pub(super) fn line_end(&self, at: usize) -> (usize, usize) {
        let bytes = self.blanked.as_bytes();
        let end = (at..bytes.len()).find(|&i| newline(&bytes[i..]) > 0).unwrap_or(bytes.len());
        (end, newline(&bytes[end..]))
    }

    /// Tells whether nothing but a comment comes after `at` on its line.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let rest = &self.blanked[at..self.line_end(at).0];
        let rest = rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
        rest.is_empty() || rest.starts_with("//")
    }

    /// Returns the newline that the text uses.
    pub(super) fn newline(&self) -> &'static str {
        let first = self.text.find('\n').unwrap_or(0);
        if self.text[..first].ends_with('\r') { "\r\n" } else { "\n" }
    }

    /// Returns one step of the text's indentation: that of the first line that has one.
    pub(super) fn step(&self) -> &'a str {
        let steps = self.top().flat_map(|block| {
            let base = self.indentation(block.start());
            block.children().filter_map(move |line| self.indentation(line.start())?.strip_prefix(base?))
        });
        steps.into_iter().find(|step| !step.is_empty()).unwrap_or("    ")
    }
}

impl<'a> Line<'a> {
    pub(super) fn ecosystem(&self) -> &'a str {
        self.node.name().value()
    }

    pub(super) fn entries(&self) -> &'a [KdlEntry] {
        self.node.entries()
    }

    pub(super) fn argument(&self, place: usize) -> Option<&'a KdlEntry> {
        self.node.entries().iter().filter(|entry| entry.name().is_none()).nth(place)
    }

    pub(super) fn property(&self, key: &str) -> Option<&'a KdlEntry> {
        self.node.entries().iter().find(|entry| entry.name().is_some_and(|name| name.value() == key))
    }

    pub(super) fn name(&self) -> Option<&'a str> {
        self.argument(0)?.value().as_string()
    }

    pub(super) fn range(&self) -> Option<&'a str> {
        self.argument(1)?.value().as_string()
    }

    pub(super) fn when(&self) -> Option<&'a str> {
        self.property("when")?.value().as_string()
    }

    /// Tells whether the line is one for this name, as its ecosystem compares names.
    pub(super) fn is_for(&self, ecosystem: Ecosystem, name: &str) -> bool {
        let Some(own) = self.name().filter(|_| self.ecosystem() == ecosystem.as_str()) else { return false };
        let notation = notation::of(ecosystem);
        notation.normal_name(own) == notation.normal_name(name)
    }

    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = Line<'a>> + use<'a> {
        let blanked = self.blanked;
        let children = self.node.children().map(kdl::KdlDocument::nodes).unwrap_or_default();
        children.iter().map(move |node| Line { node, blanked })
    }

    pub(super) fn start(&self) -> usize {
        self.node.span().offset()
    }

    /// Returns where the node ends, without white space after it; but with a line continuation, whose newline must
    /// not become another line's.
    pub(super) fn end(&self) -> usize {
        let end = self.start() + self.node.span().len();
        let body = self.braces().map_or(self.head_end(), |braces| braces.close + 1);
        let tail = self.blanked.get(body..end).unwrap_or_default();
        if tail.contains('\\') { end } else { body + tail.trim_end().len() }
    }

    /// Returns where the node's name and entries end.
    pub(super) fn head_end(&self) -> usize {
        let span = match self.node.entries().last() {
            Some(entry) => value_span(self.blanked, entry),
            None => self.node.name().span(),
        };
        span.offset() + span.len()
    }

    /// Returns the places of the node's braces.
    pub(super) fn braces(&self) -> Option<Braces> {
        self.node.children()?;
        let format = self.node.format()?;
        let open = self.head_end() + format.before_children.len();
        let whole = self.blanked.get(..self.start() + self.node.span().len())?.trim_end().len();
        let close = whole.checked_sub(format.before_terminator.trim_end().len() + 1)?;
        let bytes = self.blanked.as_bytes();
        (bytes.get(open) == Some(&b'{') && bytes.get(close) == Some(&b'}')).then_some(Braces { open, close })
    }
}
