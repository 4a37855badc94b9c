//! Parses KDL within the parser's limits, and translates its errors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kdl::{KdlDiagnostic, KdlDocument, KdlError};
use miette::SourceSpan;

use super::ManifestError;
use super::scan::{newline, scan};

/// A parsed text.
pub(crate) struct ParsedText {
    /// The nodes.
    pub(crate) document: KdlDocument,
    /// The text without comments, of the same length.
    pub(crate) blanked: String,
    /// Versions without quotes, which were replaced by empty strings to parse the rest.
    pub(crate) repaired: Vec<ManifestError>,
}

/// The most errors of the parser that are reported: one stray character can cause many.
const MAX_SYNTAX_ERRORS: usize = 100;
/// The most versions without quotes that are replaced in one text.
const MAX_REPAIRS: usize = 20;

/// The texts that were parsed in this process: a command looks at a manifest as several things, and most of the time that each
/// look takes is the parser's.
static PARSED: Mutex<ParsedTexts> = Mutex::new(ParsedTexts { texts: BTreeMap::new(), bytes: 0 });

/// The most bytes of texts of which the nodes are remembered.
const MAX_REMEMBERED: usize = 2 << 20;

struct ParsedTexts {
    texts: BTreeMap<Arc<str>, Arc<ParsedText>>,
    bytes: usize,
}

/// Parses a text that other callers may ask for too.
pub(super) fn parse_shared(text: &Arc<str>) -> Result<Arc<ParsedText>, Vec<ManifestError>> {
    let remembered = || PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(parsed) = remembered().texts.get(text) {
        return Ok(Arc::clone(parsed));
    }
    let parsed = Arc::new(parse(text)?);
    let mut known = remembered();
    if known.bytes + text.len() <= MAX_REMEMBERED {
        known.bytes += text.len();
        known.texts.insert(Arc::clone(text), Arc::clone(&parsed));
    }
    Ok(parsed)
}

/// Parses the text. Returns all syntax errors.
pub(crate) fn parse(text: &str) -> Result<ParsedText, Vec<ManifestError>> {
    if let Some(span) = conflict(text) {
        return Err(vec![ManifestError::Conflict { span }]);
    }
    let scanned = scan(text).map_err(|error| vec![error])?;
    let mut blanked = scanned.blanked;
    let mut repaired: Vec<ManifestError> = Vec::new();
    loop {
        let error = match parse_within(&blanked, scanned.braces) {
            Ok(document) => return Ok(ParsedText { document, blanked, repaired }),
            Err(error) => error,
        };
        let mut errors: Vec<ManifestError> = Vec::new();
        // An unclosed block is reported twice: at its brace, and for everything inside it.
        let inside = |diagnostic: &KdlDiagnostic| {
            diagnostic.message.as_deref().is_some_and(|message| message.starts_with("Closing '}' was not found after"))
        };
        for diagnostic in error.diagnostics.into_iter().filter(|diagnostic| !inside(diagnostic)).take(MAX_SYNTAX_ERRORS)
        {
            let error = translated(&blanked, diagnostic);
            // After an error, the parser often reports the rest of the line, too.
            let line = |error: &ManifestError| {
                let before = error.span().offset().min(blanked.len());
                blanked.as_bytes()[..before].iter().rposition(|byte| *byte == b'\n')
            };
            let is_reported = |known: &ManifestError| {
                matches!((known, &error), (ManifestError::Syntax { .. }, ManifestError::Syntax { .. }))
                    && line(known) == line(&error)
            };
            if !errors.iter().any(is_reported) && !errors.contains(&error) {
                errors.push(error);
            }
        }
        let versions = errors.iter().filter(|error| matches!(error, ManifestError::UnquotedVersion { .. }));
        let versions: Vec<ManifestError> = versions.cloned().collect();
        if versions.is_empty() || repaired.len() >= MAX_REPAIRS {
            errors.extend(repaired);
            return Err(errors);
        }
        for version in versions {
            let span = version.span();
            let empty = format!("\"{}\"", " ".repeat(span.len().saturating_sub(2)));
            blanked.replace_range(span.offset()..span.offset() + span.len(), &empty);
            repaired.push(version);
        }
    }
}

/// Finds the first marker of a merge conflict.
fn conflict(text: &str) -> Option<SourceSpan> {
    let starts =
        |mark: &str| (text.starts_with(mark).then_some(0)).or_else(|| Some(text.find(&format!("\n{mark}"))? + 1));
    let (start, _) = (starts("<<<<<<< ")?, starts(">>>>>>> ")?);
    let length = text[start..].find(['\r', '\n']).unwrap_or(text.len() - start);
    Some((start, length).into())
}

/// The length of a text that can be parsed on any thread's stack.
const SHORT: usize = 256;
/// An upper bound of the stack that a debug build of the parser needs for an open brace.
const STACK_PER_BRACE: usize = 48 * 1024;
/// An upper bound of the stack that it needs for a wrong byte: after some errors it recurses to continue.
const STACK_PER_BYTE: usize = 4 * 1024;

/// Parses on a stack that is large enough for the worst text of this length. Unused stack costs nothing.
fn parse_within(text: &str, braces: usize) -> Result<KdlDocument, KdlError> {
    if text.len() <= SHORT && braces <= SHORT / 8 {
        return KdlDocument::parse_v2(text);
    }
    let size = 1024 * 1024 + braces * STACK_PER_BRACE + text.len() * STACK_PER_BYTE;
    let parsed = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(size);
        thread.spawn_scoped(scope, || KdlDocument::parse_v2(text)).ok()?.join().ok()
    });
    parsed.unwrap_or_else(|| Err(KdlError { input: String::new().into(), diagnostics: Vec::new() }))
}

fn translated(text: &str, diagnostic: KdlDiagnostic) -> ManifestError {
    let span = diagnostic.span;
    if let Some((word, span)) = unquoted_version(text, span) {
        return ManifestError::UnquotedVersion { text: word.to_owned(), span };
    }
    let inside = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let help = match inside {
        "true" | "false" | "null" => Some(format!("KDL 2 writes #{inside}")),
        _ => diagnostic.help,
    };
    let message = diagnostic.message.unwrap_or_else(|| "this is not KDL".to_owned());
    // The parser's messages start in upper case, larder's in lower case.
    let mut characters = message.chars();
    let message = characters.next().map(|c| c.to_lowercase().chain(characters).collect()).unwrap_or_default();
    ManifestError::Syntax { message, help, span: clamped(text, span) }
}

/// Finds a version without quotes at a syntax error: `>=1,<2`, `==1`, `3.12.1`. The span of the error ends before or inside
/// the version, and may begin at the start of the text.
fn unquoted_version(text: &str, span: SourceSpan) -> Option<(&str, SourceSpan)> {
    let limit = span.offset() + span.len();
    let start = last_line(text, span)?;
    let line = text.get(start..)?;
    let end = (0..line.len()).find(|&at| newline(&line.as_bytes()[at..]) > 0).unwrap_or(line.len());
    let mut quoted = false;
    let mut at = 0;
    while at < end {
        let byte = line.as_bytes()[at];
        if byte == b'"' {
            quoted = !quoted;
        }
        if quoted || !byte.is_ascii() || b"\" \t{};".contains(&byte) {
            at += 1;
            continue;
        }
        let length = line[at..end].find([' ', '\t', ';', '}', '"']).unwrap_or(end - at).max(1);
        let word = &line[at..at + length];
        if start + at + length >= limit && start + at <= limit && length > 1 && is_version(word) {
            return Some((word, (start + at, length).into()));
        }
        at += length;
    }
    None
}

/// Returns whether a word is a version or range, but not a number.
fn is_version(word: &str) -> bool {
    let rest = word.trim_start_matches(['<', '>', '=', '!', '~', '^']);
    rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || "._-+*,<>=!~^|".contains(c))
        && (rest.len() < word.len() || rest.contains('.'))
}

/// Returns where the last line of a span begins.
fn last_line(text: &str, span: SourceSpan) -> Option<usize> {
    let inside = text.get(span.offset()..span.offset() + span.len())?.trim_end();
    let newline = inside.rfind('\n').map_or(0, |at| at + 1);
    let indentation = inside[newline..].len() - inside[newline..].trim_start().len();
    Some(span.offset() + newline + indentation)
}

/// Restricts a span to the text and to its last line: the parser's spans may begin long before the error.
fn clamped(text: &str, span: SourceSpan) -> SourceSpan {
    let end = (span.offset() + span.len()).min(text.len());
    let start = last_line(text, span).unwrap_or(span.offset()).min(end);
    (start, text.get(start..end).map_or(0, |inside| inside.trim_end().len())).into()
}
