//! What is wrong with assets, and what changed of them: for people, and as `--json` has it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, NamedSource, Severity, SourceCode, SourceSpan,
    SpanContents,
};
use serde::Serialize;

use crate::assets::AssetChange;
use crate::assets::MAPPING_SECRET;
use crate::assets::adapter::secret::is_secret_name;
use crate::assets::adapter::{PARAMETER as ADAPTER_PARAMETER, SECRET, SYNTAX as ADAPTER_SYNTAX};
use crate::diagnostic::{Exit, Failure, FindingLevel, SourceFinding, counted};
use crate::mapping::MAPPING_SYNTAX;
use crate::model::AssetId;
use crate::schema::compatibility::ChangeLevel;

/// An element of `"assetFindings"`: see `schema/check.json`.
#[derive(Debug, Serialize)]
pub struct AssetFinding<'a> {
    code: &'a str,
    level: &'static str,
    file: &'a str,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl<'a> From<&'a SourceFinding> for AssetFinding<'a> {
    fn from(finding: &'a SourceFinding) -> Self {
        Self {
            code: &finding.code,
            level: finding.level.as_str(),
            file: &finding.file,
            line: finding.position.line,
            column: finding.position.column,
            path: finding.path.as_deref(),
            message: &finding.message,
            help: finding.help.as_deref(),
        }
    }
}

/// Returns a finding as a line for people: `schemas/order.xsd:3:5: error: …`.
pub fn line(finding: &SourceFinding) -> String {
    let SourceFinding { file, position, level, message, help, .. } = finding;
    let path = finding.path.as_deref().map(|path| format!(" (at {path})")).unwrap_or_default();
    let help = help.as_deref().map(|help| format!(": {help}")).unwrap_or_default();
    format!("{file}:{}:{}: {}: {message}{path}{help}", position.line, position.column, level.as_str())
}

/// A change of an asset: see `schema/check.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedAsset {
    /// ``schema `order@1` ``
    pub asset: String,
    /// `breaking`, or `minor`
    pub level: &'static str,
    /// The stable code.
    pub code: &'static str,
    /// The place in documents, or the parameter.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub path: Box<str>,
    /// A sentence.
    pub message: String,
    /// All of that for people.
    #[serde(skip)]
    line: String,
}

impl ChangedAsset {
    /// Returns the change as a line for people.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns whether who uses the asset can do so no more.
    pub fn is_breaking(&self) -> bool {
        self.level == ChangeLevel::Breaking.as_str()
    }

    /// Returns the change of an asset that is not there any more.
    pub(in crate::ops) fn gone(id: &AssetId) -> Self {
        let asset = format!("{} `{}@{}`", id.kind, id.name, id.version);
        let (path, message) = ("".into(), "it is gone".to_owned());
        let (level, code) = (ChangeLevel::Breaking, "compatibility.removed");
        AssetChange { level, asset, path, code, message }.into()
    }
}

impl From<AssetChange> for ChangedAsset {
    fn from(change: AssetChange) -> Self {
        let line = change.line();
        let AssetChange { level, asset, path, code, message } = change;
        Self { asset, level: level.as_str(), code, path, message, line }
    }
}

/// Assets that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} wrong with the assets", match self.errors() { 1 => "1 thing is".to_owned(), n => format!("{n} things are") })]
pub struct WrongAssets {
    findings: Vec<AssetDiagnostic>,
}

impl WrongAssets {
    /// Returns findings as one error, with all that is told besides the errors. Returns `None` if none is an error. `texts` are those of
    /// the findings' files.
    pub fn new(findings: &[SourceFinding], texts: &dyn Fn(&str) -> Option<Arc<str>>) -> Option<Self> {
        let is_wrong = findings.iter().any(SourceFinding::is_error);
        is_wrong.then(|| Self { findings: diagnostics(findings, texts) })
    }

    fn errors(&self) -> usize {
        self.findings.iter().filter(|one| one.level == FindingLevel::Error).count()
    }
}

/// Returns each finding as it is shown beside an error. `texts` are those of the findings' files.
pub(in crate::ops) fn diagnostics(
    findings: &[SourceFinding],
    texts: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Vec<AssetDiagnostic> {
    let mut known: BTreeMap<&str, Option<Arc<str>>> = BTreeMap::new();
    // A line with a secret is not shown, nor are those around it: logs are read by others.
    let is_secret = |finding: &&SourceFinding| [SECRET, MAPPING_SECRET].contains(&&*finding.code);
    let with_secrets: BTreeSet<&str> = findings.iter().filter(is_secret).map(|finding| &*finding.file).collect();
    let shown = findings.iter().map(|finding| {
        let text = known.entry(&finding.file).or_insert_with(|| texts(&finding.file)).clone();
        // Of a file that cannot be read nobody knows what is a secret.
        let is_unread = [ADAPTER_SYNTAX, ADAPTER_PARAMETER, MAPPING_SYNTAX].contains(&&*finding.code);
        let may_have_one = || is_unread && text.as_deref().is_some_and(names_a_secret);
        let shown = if with_secrets.contains(&*finding.file) || may_have_one() { Shown::Place } else { Shown::Text };
        AssetDiagnostic::new(finding, text.map(|text| Excerpt { text, shown }))
    });
    shown.collect()
}

impl Diagnostic for WrongAssets {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new("larder::assets::wrong"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(format!(
            "{} told with file and line; all of them at once",
            counted(self.findings.len(), "finding")
        )))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.findings.iter().map(|one| one as &dyn Diagnostic)))
    }
}

impl Failure for WrongAssets {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// One thing that was found in an asset.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(in crate::ops) struct AssetDiagnostic {
    level: FindingLevel,
    message: String,
    code: Cow<'static, str>,
    help: Option<String>,
    place: Option<(NamedSource<Excerpt>, usize)>,
}

impl AssetDiagnostic {
    fn new(finding: &SourceFinding, text: Option<Excerpt>) -> Self {
        let at = text.as_ref().map(|text| offset(&text.text, finding.position.line, finding.position.column));
        let path = finding.path.as_deref().map(|path| format!(" (at {path})")).unwrap_or_default();
        let place_in_text = text.zip(at).map(|(text, at)| (NamedSource::new(&*finding.file, text), at));
        // Where no text is shown, the place is a part of the message.
        let place = match &place_in_text {
            Some((source, _)) if source.inner().shown == Shown::Text => String::new(),
            _ => format!("{}:{}:{}: ", finding.file, finding.position.line, finding.position.column),
        };
        let message = format!("{place}{}{path}", finding.message);
        let level = finding.level;
        Self { level, message, code: finding.code.clone(), help: finding.help.clone(), place: place_in_text }
    }
}

impl Diagnostic for AssetDiagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(format!("larder::assets::{}", self.code.replace(['.', '-'], "_"))))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            FindingLevel::Error => Severity::Error,
            FindingLevel::Warning => Severity::Warning,
            FindingLevel::Note => Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|(source, _)| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |(_, at): &(_, usize)| LabeledSpan::new(Some("here".to_owned()), *at, 0);
        Some(Box::new(self.place.iter().map(label)))
    }
}

/// Returns whether a text has a word that is the name of a secret.
fn names_a_secret(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').any(is_secret_name)
}

/// What is shown of the text of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// The lines that a finding is about; of very long ones what is near.
    Text,
    /// Nothing but where it is.
    Place,
}

/// The text of a file, as far as it is shown.
#[derive(Debug)]
struct Excerpt {
    text: Arc<str>,
    shown: Shown,
}

impl Excerpt {
    /// The most bytes that are shown as they are.
    const MOST: usize = 4_000;
    /// How many bytes of a longer text are shown on each side.
    const NEAR: usize = 60;
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if self.shown == Shown::Place {
            let before = self.text.get(..span.offset()).ok_or(MietteError::OutOfBounds)?;
            let line = before.bytes().filter(|byte| *byte == b'\n').count();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
            return Ok(Box::new(MietteSpanContents::new(b"", (span.offset(), 0).into(), line, column, 1)));
        }
        // At the beginning of a line there is nothing to read where no line before is asked for; miette does not survive that.
        let next = self.text.get(span.offset()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let asked = SourceSpan::new(span.offset().into(), span.len().max(next));
        let whole = self.text.read_span(&asked, lines_before, lines_after)?;
        if whole.data().len() <= Self::MOST {
            return Ok(whole);
        }
        let text = &*self.text;
        let (from, to) = (span.offset(), span.offset() + span.len().min(Self::NEAR));
        let line_start = text[..from].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[from..].find('\n').map_or(text.len(), |at| from + at);
        let mut start = from.saturating_sub(Self::NEAR).max(line_start);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let mut end = (to + Self::NEAR).min(line_end).max(from);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line = text[..from].bytes().filter(|byte| *byte == b'\n').count();
        let column = text[line_start..start].chars().count();
        let shown = (start, end - start).into();
        Ok(Box::new(MietteSpanContents::new(&text.as_bytes()[start..end], shown, line, column, 1)))
    }
}

/// Returns the offset of a line and a column, which count from 1.
fn offset(text: &str, line: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match memchr::memchr(b'\n', &text.as_bytes()[start..]) {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let columns = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    text[start..].char_indices().nth(columns).map_or(text.len(), |(at, _)| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_very_long_line_what_is_near_is_shown() {
        let text = format!("first\n{}é!{}\nlast\n", "a".repeat(50_000), "b".repeat(50_000));
        let at = text.find('!').unwrap();
        let excerpt = |text: &str, shown| Excerpt { text: text.into(), shown };
        let short = excerpt("first\nsecond\n", Shown::Text);
        assert_eq!(short.read_span(&(7, 0).into(), 1, 1).unwrap().data(), b"first\nsecond\n");
        let secret = excerpt("first\n a secret\n", Shown::Place);
        let place = secret.read_span(&(7, 0).into(), 1, 1).unwrap();
        assert_eq!((place.data(), place.line(), place.column()), (&b""[..], 1, 1));
        let excerpt = excerpt(&text, Shown::Text);
        for (lines, near) in [(0, 1), (1, 60)] {
            let start = excerpt.read_span(&("first\n".len(), 0).into(), lines, lines).unwrap();
            assert_eq!((start.data(), start.line(), start.column()), ("a".repeat(near).as_bytes(), 1, 0));
        }
        let shown = excerpt.read_span(&(at, 0).into(), 1, 1).unwrap();
        let near = format!("{}é!{}", "a".repeat(58), "b".repeat(59));
        assert_eq!((std::str::from_utf8(shown.data()).unwrap(), shown.line()), (near.as_str(), 1));
        assert_eq!(shown.column(), 50_000 - 58);
    }

    #[test]
    fn places_are_found_again() {
        let text = "añb\nc\n";
        assert_eq!([offset(text, 1, 1), offset(text, 1, 3), offset(text, 2, 1), offset(text, 9, 1)], [0, 3, 5, 7]);
    }
}
