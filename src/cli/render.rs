//! Rendering of errors for people. Lists stay lists, and text between backticks is never wrapped: a wrapped path cannot be copied.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode, SourceSpan,
};

use super::sanitize;

/// The width of a rendered error, in columns.
const WIDTH: usize = 100;

/// Renders an error with its labels, causes and hints.
pub(super) fn render(error: &dyn Diagnostic, theme: GraphicalTheme) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_wrap_lines(false);
    let source = error.source_code().and_then(sanitized_source);
    match handler.render_report(&mut text, &WrappedError::new(innermost(error), source.as_ref())) {
        Ok(()) => text,
        Err(_) => sanitize::list(&error.to_string()).into_owned(),
    }
}

/// Returns the single related error of an error that adds nothing to it, and otherwise the error itself.
fn innermost(error: &dyn Diagnostic) -> &dyn Diagnostic {
    let adds_nothing = error.help().is_none() && error.labels().is_none_or(|mut labels| labels.next().is_none());
    let mut related = error.related().into_iter().flatten();
    match (related.next(), related.next()) {
        (Some(one), None) if adds_nothing => innermost(one),
        _ => error,
    }
}

/// An error whose message and help are wrapped.
struct WrappedError<'a> {
    error: &'a dyn Diagnostic,
    source: Option<NamedSource<String>>,
    message: String,
    help: Option<String>,
    cause: Option<WrappedCause>,
    related: Vec<WrappedError<'a>>,
}

/// The cause of an error, with its own causes.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct WrappedCause {
    message: String,
    source: Option<Box<WrappedCause>>,
}

impl WrappedCause {
    fn new(error: &(dyn std::error::Error + 'static)) -> Self {
        let message = wrap(&error.to_string(), WIDTH - 8);
        Self { message, source: error.source().map(|cause| Box::new(Self::new(cause))) }
    }
}

impl<'a> WrappedError<'a> {
    fn new(error: &'a dyn Diagnostic, outer: Option<&NamedSource<String>>) -> Self {
        let source = error.source_code().and_then(sanitized_source).or_else(|| outer.cloned());
        // The columns of the decorations `  × ` and `  help: `, and a margin of two.
        let (message, help) = (WIDTH - 6, WIDTH - 10);
        Self {
            error,
            message: wrap(&error.to_string(), message),
            help: error.help().map(|text| wrap(&text.to_string(), help)),
            cause: (error as &dyn std::error::Error).source().map(WrappedCause::new),
            related: error.related().into_iter().flatten().map(|one| WrappedError::new(one, source.as_ref())).collect(),
            source,
        }
    }
}

impl fmt::Debug for WrappedError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.error, f)
    }
}

impl fmt::Display for WrappedError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WrappedError<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl Diagnostic for WrappedError<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.error.code()
    }

    fn severity(&self) -> Option<Severity> {
        self.error.severity()
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let sanitized = |label: LabeledSpan| {
            let text = label.label().map(|text| sanitize::one_line(text).into_owned());
            let span = *label.inner();
            if label.primary() {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        };
        // Of a text that is not shown, as one with a secret, there is nothing to point at: the message names the place.
        let shown = self.source.as_ref().map_or(usize::MAX, |source| source.inner().len());
        let is_shown = move |label: &LabeledSpan| label.offset().saturating_add(label.len()) <= shown;
        Some(Box::new(self.error.labels()?.filter(is_shown).map(sanitized)))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        (!self.related.is_empty()).then(|| {
            Box::new(self.related.iter().map(|related| related as &dyn Diagnostic))
                as Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>
        })
    }
}

/// Returns the source with its text and name sanitized. Offsets are unchanged.
fn sanitized_source(source: &dyn SourceCode) -> Option<NamedSource<String>> {
    let all = source.read_span(&SourceSpan::from((0, 0)), 0, usize::MAX).ok()?;
    let text = String::from_utf8_lossy(all.data());
    Some(NamedSource::new(
        sanitize::one_line(all.name().unwrap_or_default()),
        sanitize::source_text(&text).into_owned(),
    ))
}

/// Wraps each line of a text between words. Continuation lines of a list item are indented.
fn wrap(text: &str, width: usize) -> String {
    let text = &*sanitize::list(text);
    let mut out = String::with_capacity(text.len() + 16);
    for (place, line) in text.lines().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        let indent = if line.starts_with("- ") { "  " } else { "" };
        let mut column = 0;
        for word in words(line) {
            let length = word.chars().count();
            // A dash is not separated from the first word of its item.
            let follows_dash = !indent.is_empty() && column == 1;
            if column > 0 && !follows_dash && column + 1 + length > width {
                out.push('\n');
                out.push_str(indent);
                column = indent.len();
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}

/// Splits a line at its spaces, but not between backticks.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (place, letter) in line.char_indices() {
        match letter {
            '`' => quoted = !quoted,
            // An unclosed backtick is not a quote.
            ' ' if !quoted || !line[place..].contains('`') => {
                words.push(&line[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_not_pointed_at() {
        #[derive(Debug, thiserror::Error, Diagnostic)]
        #[error("a.kdl:4:17: it has a secret")]
        struct Secret {
            #[source_code]
            text: NamedSource<String>,
            #[label("here")]
            at: SourceSpan,
        }
        let rendered = |text: &str| {
            let text = NamedSource::new("a.kdl", text.to_owned());
            render(&Secret { text, at: (6, 0).into() }, GraphicalTheme::unicode_nocolor())
        };
        assert_eq!(rendered("").trim(), "× a.kdl:4:17: it has a secret");
        assert!(rendered("first second").contains("[a.kdl:1:7]"));
    }

    #[test]
    fn what_follows_a_dash_is_indented_below_it() {
        assert_eq!(wrap("because:\n- one two three four\n- five", 12), "because:\n- one two\n  three four\n- five");
    }

    #[test]
    fn what_stands_between_backticks_is_not_broken() {
        assert_eq!(wrap("write `packages \"a b-c\"` there", 10), "write\n`packages \"a b-c\"`\nthere");
        assert_eq!(wrap("it`s a b", 4), "it`s\na b");
        assert_eq!(wrap("- `a long path` is gone", 10), "- `a long path`\n  is gone");
    }
}
