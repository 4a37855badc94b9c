//! The positions of blocks and lines in the text.

use kdl::{KdlEntry, KdlNode};

use crate::model::Ecosystem;

use super::{Block, Section};
use crate::manifest::scan::newline;
use crate::manifest::syntax::ParsedText;
use crate::manifest::{node::value_span, notation};

/// The text of a manifest with its parsed nodes.
pub(super) struct ManifestText<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// The text without comments; offsets are the same.
    pub(super) blanked: &'a str,
    nodes: &'a [KdlNode],
}

/// A node in the text: a dependency line, or another one.
#[derive(Clone, Copy)]
pub(super) struct TextNode<'a> {
    node: &'a KdlNode,
    blanked: &'a str,
}

/// The offsets of the braces of a block.
pub(super) struct Braces {
    pub(super) open: usize,
    pub(super) close: usize,
}

impl<'a> ManifestText<'a> {
    pub(super) fn new(text: &'a str, parsed: &'a ParsedText) -> Self {
        Self { text, blanked: &parsed.blanked, nodes: parsed.document.nodes() }
    }

    /// Returns the top-level nodes.
    pub(super) fn top_level(&self) -> impl DoubleEndedIterator<Item = TextNode<'a>> + use<'a> {
        let blanked = self.blanked;
        self.nodes.iter().map(move |node| TextNode { node, blanked })
    }

    /// Returns the last block of this name and argument.
    pub(super) fn block(&self, block: &Block) -> Option<TextNode<'a>> {
        let (name, argument) = match block {
            Block::Top => return None,
            Block::Named(name) => (*name, None),
            Block::Argued(name, argument) => (*name, Some(&**argument)),
        };
        self.top_level().rev().find(|node| node.node_name() == name && node.name() == argument)
    }

    /// Returns the nodes of every block of this name and argument, or those at the top.
    pub(super) fn blocks_named(
        &self,
        block: &Block,
    ) -> impl Iterator<Item = Box<dyn Iterator<Item = TextNode<'a>> + 'a>> + use<'a> {
        let (name, argument) = match block {
            Block::Top => (None, None),
            Block::Named(name) => (Some(*name), None),
            Block::Argued(name, argument) => (Some(*name), Some(argument.clone())),
        };
        let top: Option<Box<dyn Iterator<Item = TextNode<'a>> + 'a>> =
            name.is_none().then(|| Box::new(self.top_level()) as _);
        let inside = self.top_level().filter(move |node| {
            name.is_some_and(|name| node.node_name() == name) && node.name() == argument.as_deref()
        });
        top.into_iter().chain(inside.map(|node| Box::new(node.children()) as _))
    }

    /// Returns the nodes in a block, or at the top.
    pub(super) fn nodes_of(&self, block: &Block) -> impl Iterator<Item = TextNode<'a>> + use<'a> {
        let (top, inside) = match block {
            Block::Top => (Some(self.top_level()), None),
            _ => (None, self.block(block).map(|block| block.children())),
        };
        top.into_iter().flatten().chain(inside.into_iter().flatten())
    }

    /// Returns the blocks of a section.
    pub(super) fn blocks(&self, section: &Section) -> impl Iterator<Item = TextNode<'a>> + use<'a> {
        let group = section.group().map(|name| name.as_str().to_owned());
        self.top_level().filter(move |line| match &group {
            None => line.node_name() == "dependencies",
            Some(name) => line.node_name() == "group" && line.name() == Some(name),
        })
    }

    /// Returns the lines of a section.
    pub(super) fn lines(&self, section: &Section) -> impl Iterator<Item = TextNode<'a>> + use<'a> {
        self.blocks(section).flat_map(|block| block.children())
    }

    /// Returns every section that the text has.
    pub(super) fn sections(&self) -> impl Iterator<Item = Section> + use<'a> {
        self.top_level().filter_map(|line| match line.node_name() {
            "dependencies" => Some(Section::Dependencies),
            "group" => line.name()?.parse().ok().map(Section::Group),
            _ => None,
        })
    }

    /// Returns what stands before `at` on its line, as written.
    pub(super) fn before(&self, at: usize) -> &'a str {
        let bytes = self.text.as_bytes();
        let start = (0..at).rev().find(|&i| newline(&bytes[i..]) > 0).map_or(0, |i| i + newline(&bytes[i..]));
        // A byte order mark is not indentation.
        self.text.get(start..at).unwrap_or_default().trim_start_matches('\u{feff}')
    }

    /// Returns the indentation of a node that starts at `at`. Returns `None` if something else precedes it on its line.
    pub(super) fn indentation(&self, at: usize) -> Option<&'a str> {
        let before = self.before(at);
        before.chars().all(char::is_whitespace).then_some(before)
    }

    /// Returns the end of the line that contains `at`, and the length of its newline, which is 0 at the end of the text.
    pub(super) fn line_end(&self, at: usize) -> (usize, usize) {
        let bytes = self.blanked.as_bytes();
        let end = (at..bytes.len()).find(|&i| newline(&bytes[i..]) > 0).unwrap_or(bytes.len());
        (end, newline(&bytes[end..]))
    }

    /// Returns whether only a comment follows `at` on its line.
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

    /// Returns one step of the indentation, taken from the first indented line.
    pub(super) fn indentation_step(&self) -> &'a str {
        let steps = self.top_level().flat_map(|block| {
            let base = self.indentation(block.start());
            block.children().filter_map(move |line| self.indentation(line.start())?.strip_prefix(base?))
        });
        steps.into_iter().find(|step| !step.is_empty()).unwrap_or("    ")
    }
}

impl<'a> TextNode<'a> {
    pub(super) fn node_name(&self) -> &'a str {
        self.node.name().value()
    }

    pub(super) fn entries(&self) -> &'a [KdlEntry] {
        self.node.entries()
    }

    pub(super) fn argument(&self, index: usize) -> Option<&'a KdlEntry> {
        self.node.entries().iter().filter(|entry| entry.name().is_none()).nth(index)
    }

    pub(super) fn property(&self, key: &str) -> Option<&'a KdlEntry> {
        self.node.entries().iter().find(|entry| entry.name().is_some_and(|name| name.value() == key))
    }

    pub(super) fn name(&self) -> Option<&'a str> {
        self.argument(0)?.value().as_string()
    }

    /// Returns the node's name and arguments, then those of its first child.
    pub(super) fn words(&self) -> Vec<String> {
        let own = |node: &KdlNode| {
            let arguments = node.entries().iter().filter(|entry| entry.name().is_none());
            let arguments = arguments.filter_map(|entry| entry.value().as_string().map(str::to_owned));
            std::iter::once(node.name().value().to_owned()).chain(arguments).collect::<Vec<_>>()
        };
        let child = self.node.children().and_then(|block| block.nodes().first());
        own(self.node).into_iter().chain(child.into_iter().flat_map(own)).collect()
    }

    pub(super) fn range(&self) -> Option<&'a str> {
        self.argument(1)?.value().as_string()
    }

    pub(super) fn when(&self) -> Option<&'a str> {
        self.property("when")?.value().as_string()
    }

    /// Returns whether this is a dependency line for `name`, as its ecosystem compares names.
    pub(super) fn is_for(&self, ecosystem: Ecosystem, name: &str) -> bool {
        let Some(own) = self.name().filter(|_| self.node_name() == ecosystem.as_str()) else { return false };
        let notation = notation::for_ecosystem(ecosystem);
        notation.normal_name(own) == notation.normal_name(name)
    }

    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = TextNode<'a>> + use<'a> {
        let blanked = self.blanked;
        let children = self.node.children().map(kdl::KdlDocument::nodes).unwrap_or_default();
        children.iter().map(move |node| TextNode { node, blanked })
    }

    pub(super) fn start(&self) -> usize {
        self.node.span().offset()
    }

    /// Returns the end of the node without trailing white space, but with a line continuation, whose newline belongs to the
    /// node.
    pub(super) fn end(&self) -> usize {
        let end = self.start() + self.node.span().len();
        let body = self.braces().map_or(self.head_end(), |braces| braces.close + 1);
        let tail = self.blanked.get(body..end).unwrap_or_default();
        if tail.contains('\\') { end } else { body + tail.trim_end().len() }
    }

    /// Returns the end of the node's name and entries.
    pub(super) fn head_end(&self) -> usize {
        let span = match self.node.entries().last() {
            Some(entry) => value_span(self.blanked, entry),
            None => self.node.name().span(),
        };
        span.offset() + span.len()
    }

    /// Returns the offsets of the node's braces.
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
