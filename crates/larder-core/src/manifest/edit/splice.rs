//! Replacements of pieces of a text.

use miette::SourceSpan;

use super::document::{ManifestText, TextNode};
use super::{Block, NewLine, Section, composed, quoted};

/// A replacement of a piece of text.
pub(super) struct Splice {
    /// Where the old piece starts.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The new piece.
    pub(super) text: String,
}

impl Splice {
    /// Inserts text.
    pub(super) fn at(offset: usize, text: String) -> Self {
        Self { start: offset, end: offset, text }
    }

    /// Replaces the text of a span.
    pub(super) fn over(span: SourceSpan, text: String) -> Self {
        Self { start: span.offset(), end: span.offset() + span.len(), text }
    }
}

/// Applies replacements, which must not overlap.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.start, splice.end));
    let mut out = String::with_capacity(text.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
    let mut at = 0;
    for splice in splices {
        out.push_str(text.get(at..splice.start).unwrap_or_default());
        out.push_str(&splice.text);
        at = at.max(splice.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Returns the replacement that removes a node, with its newline if nothing else is on the line.
pub(super) fn removed(document: &ManifestText<'_>, line: &TextNode<'_>) -> Splice {
    let (start, end) = (line.start(), line.end());
    if let Some(indentation) = document.indentation(start).filter(|_| document.ends_line(end)) {
        let (line_end, newline) = document.line_end(end);
        return Splice { start: start - indentation.len(), end: line_end + newline, text: String::new() };
    }
    let spaces = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let rest = &document.text[end..];
    let until_semicolon = spaces(rest);
    if rest[until_semicolon..].starts_with(';') {
        let after = end + until_semicolon + 1;
        return Splice { start, end: after + spaces(&document.text[after..]), text: String::new() };
    }
    let before = document.before(start);
    let space_before = before.len() - before.trim_end_matches([' ', '\t']).len();
    Splice { start: start - space_before, end, text: String::new() }
}

/// Returns the replacement that adds a line to its section, or adds the section with the line.
pub(super) fn inserted(document: &ManifestText<'_>, section: &Section, line: &NewLine<'_>) -> Option<Splice> {
    let Some(block) = document.blocks(section).last() else { return Some(new_block(document, section, line)) };
    let text = composed(line);
    let lines: Vec<TextNode<'_>> = block.children().collect();
    let same = lines.iter().rev().find(|other| other.node_name() == line.ecosystem.as_str());
    match same.or(lines.last()) {
        Some(anchor) => Some(after(document, anchor, &text)),
        None => into_empty(document, &block, &text),
    }
}

/// Returns the replacement that adds a line to a block, or adds the block with the line.
pub(super) fn added(document: &ManifestText<'_>, block: &Block, line: &str) -> Option<Splice> {
    let name = line.split(|c: char| c.is_whitespace() || c == '{').next().unwrap_or_default();
    let nodes: Vec<TextNode<'_>> = document.nodes_of(block).collect();
    let same = nodes.iter().rev().find(|other| other.node_name() == name);
    match (block.head(), document.block(block)) {
        (None, _) => Some(match same {
            Some(anchor) => after(document, anchor, line),
            None => at_end(document, &format!("{line}{}", document.newline())),
        }),
        (Some(_), Some(found)) => match same.or(nodes.last()) {
            Some(anchor) => Some(after(document, anchor, line)),
            None => into_empty(document, &found, line),
        },
        (Some(head), None) => {
            let (newline, step) = (document.newline(), document.indentation_step());
            Some(at_end(document, &format!("{head} {{{newline}{step}{line}{newline}}}{newline}")))
        }
    }
}

/// Adds text at the end, after an empty line.
fn at_end(document: &ManifestText<'_>, text: &str) -> Splice {
    let newline = document.newline();
    let gap = match document.text {
        "" => String::new(),
        text if text.ends_with('\n') => newline.to_owned(),
        _ => newline.repeat(2),
    };
    Splice::at(document.text.len(), format!("{gap}{text}"))
}

/// Adds a line after another: on a line of its own, or after a `;` if the other one shares its line.
fn after(document: &ManifestText<'_>, anchor: &TextNode<'_>, text: &str) -> Splice {
    let end = anchor.end();
    if let Some(indentation) = document.indentation(anchor.start()).filter(|_| document.ends_line(end)) {
        let (line_end, length) = document.line_end(end);
        if length > 0 {
            let newline = &document.text[line_end..line_end + length];
            return Splice::at(line_end + length, format!("{indentation}{text}{newline}"));
        }
    }
    Splice::at(end, format!("; {text}"))
}

/// Adds the first line to a block.
fn into_empty(document: &ManifestText<'_>, block: &TextNode<'_>, text: &str) -> Option<Splice> {
    let newline = document.newline();
    let base = document.indentation(block.start()).unwrap_or_default();
    let step = document.indentation_step();
    let Some(braces) = block.braces() else {
        let whole = format!(" {{{newline}{base}{step}{text}{newline}{base}}}");
        return (block.children().next().is_none()).then(|| Splice::at(block.head_end(), whole));
    };
    let inside = document.text.get(braces.open + 1..braces.close)?;
    match document.indentation(braces.close) {
        // The closing brace is on a line of its own.
        Some(indentation) if inside.contains('\n') => {
            let start = braces.close - indentation.len();
            Some(Splice::at(start, format!("{indentation}{step}{text}{newline}")))
        }
        _ => {
            let spaces = inside.len() - inside.trim_end_matches([' ', '\t']).len();
            let text = format!("{newline}{base}{step}{text}{newline}{base}");
            Some(Splice { start: braces.close - spaces, end: braces.close, text })
        }
    }
}

/// Adds a new block after the nodes that usually precede it, or else at the end.
fn new_block(document: &ManifestText<'_>, section: &Section, line: &NewLine<'_>) -> Splice {
    let newline = document.newline();
    let (head, before): (String, &[&str]) = match section {
        Section::Dependencies => {
            ("dependencies".to_owned(), &["project", "runtimes", "platforms", "platform", "registries"])
        }
        Section::Group(name) if name.as_str() == "dev" => {
            ("group \"dev\" dev=#true".to_owned(), &["dependencies", "group"])
        }
        Section::Group(name) => (format!("group {}", quoted(name.as_str())), &["dependencies", "group"]),
    };
    let block = format!("{head} {{{newline}{}{}{newline}}}{newline}", document.indentation_step(), composed(line));
    let anchor = document.top_level().rev().find(|node| before.contains(&node.node_name()));
    if let Some(anchor) =
        anchor.filter(|node| document.indentation(node.start()).is_some() && document.ends_line(node.end()))
    {
        let (end, length) = document.line_end(anchor.end());
        if length > 0 {
            let at = end + length;
            let rest = &document.text[at..];
            let gap = if rest.is_empty() || rest.starts_with(newline) { "" } else { newline };
            return Splice::at(at, format!("{newline}{block}{gap}"));
        }
    }
    at_end(document, &block)
}
