//! Changes to a text: what is put in, and where.

use miette::SourceSpan;

use super::document::{Document, Line};
use super::{NewLine, Place, composed, quoted};

/// A piece of text that takes the place of another.
pub(super) struct Splice {
    /// Where the old piece starts.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The new piece.
    pub(super) text: String,
}

impl Splice {
    /// Puts text in.
    pub(super) fn at(place: usize, text: String) -> Self {
        Self { start: place, end: place, text }
    }

    /// Replaces what stands at a place.
    pub(super) fn over(span: SourceSpan, text: String) -> Self {
        Self { start: span.offset(), end: span.offset() + span.len(), text }
    }
}

/// Makes the changes, which do not overlap.
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

/// Returns the change that takes a line out: with its newline if nothing else is on it.
pub(super) fn removed(document: &Document<'_>, line: &Line<'_>) -> Splice {
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

/// Returns the change that puts a line into its block, or a block with the line into the text.
pub(super) fn inserted(document: &Document<'_>, place: &Place, line: &NewLine<'_>) -> Option<Splice> {
    let Some(block) = document.blocks(place).last() else { return Some(new_block(document, place, line)) };
    let text = composed(line);
    let lines: Vec<Line<'_>> = block.children().collect();
    let same = lines.iter().rev().find(|other| other.ecosystem() == line.ecosystem.as_str());
    match same.or(lines.last()) {
        Some(anchor) => Some(after(document, anchor, &text)),
        None => into_empty(document, &block, &text),
    }
}

/// Puts a line after another: on a line of its own, or after a `;` where the other shares its line.
fn after(document: &Document<'_>, anchor: &Line<'_>, text: &str) -> Splice {
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

/// Puts the first line into a block.
fn into_empty(document: &Document<'_>, block: &Line<'_>, text: &str) -> Option<Splice> {
    let newline = document.newline();
    let base = document.indentation(block.start()).unwrap_or_default();
    let step = document.step();
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

/// Puts a new block where a reader looks for it: after the nodes that usually come before it, else at the end.
fn new_block(document: &Document<'_>, place: &Place, line: &NewLine<'_>) -> Splice {
    let newline = document.newline();
    let (head, before): (String, &[&str]) = match place {
        Place::Dependencies => {
            ("dependencies".to_owned(), &["project", "runtimes", "platforms", "platform", "registries"])
        }
        Place::Group(name) if name.as_str() == "dev" => {
            ("group \"dev\" dev=#true".to_owned(), &["dependencies", "group"])
        }
        Place::Group(name) => (format!("group {}", quoted(name.as_str())), &["dependencies", "group"]),
    };
    let block = format!("{head} {{{newline}{}{}{newline}}}{newline}", document.step(), composed(line));
    let anchor = document.top().rev().find(|node| before.contains(&node.ecosystem()));
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
    let gap = match document.text {
        "" => String::new(),
        text if text.ends_with('\n') => newline.to_owned(),
        _ => newline.repeat(2),
    };
    Splice::at(document.text.len(), format!("{gap}{block}"))
}
