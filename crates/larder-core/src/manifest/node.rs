//! KDL nodes: arguments, properties and blocks, each with its exact span.

use std::time::Duration;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;

use crate::diagnostic::nearest;
use crate::model::{Label, LabelError, parse_span};

use super::{ManifestError, Spanned};

/// The errors found so far. Reading continues after an error.
pub(crate) type Errors = Vec<ManifestError>;

/// A node with the text that its spans point into.
#[derive(Clone, Copy)]
pub(crate) struct ManifestNode<'a> {
    kdl: &'a KdlNode,
    text: &'a str,
}

/// An argument, or a property's value.
#[derive(Clone, Copy)]
pub(crate) struct NodeValue<'a> {
    kdl: &'a KdlValue,
    text: &'a str,
    /// The name of the property or node, for messages.
    what: &'a str,
    /// The span of the value, without name or type annotation.
    pub(crate) span: SourceSpan,
}

/// The arguments, properties and block that a node may have.
pub(crate) struct NodeShape {
    /// The least and the most arguments.
    pub(crate) arguments: (usize, usize),
    /// The names of its properties.
    pub(crate) properties: &'static [&'static str],
    /// Whether it has a block.
    pub(crate) block: BlockRule,
    /// An example, for help texts.
    pub(crate) example: &'static str,
}

/// A property with its spans.
struct NodeProperty<'a> {
    name: &'a str,
    name_span: SourceSpan,
    entry: &'a KdlEntry,
    value: NodeValue<'a>,
}

/// Whether a node may have a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockRule {
    /// It must not have one.
    Never,
    /// It may have one.
    Maybe,
}

/// The arguments and properties of a node that its shape allows.
pub(crate) struct NodeParts<'a> {
    /// The arguments, at most as many as the shape allows.
    pub(crate) arguments: Vec<NodeValue<'a>>,
    /// The properties: the name, the span of name and value, the value.
    properties: Vec<(&'a str, SourceSpan, NodeValue<'a>)>,
    /// Whether nothing was missing.
    pub(crate) complete: bool,
}

impl<'a> NodeParts<'a> {
    pub(crate) fn property(&self, name: &str) -> Option<NodeValue<'a>> {
        self.properties.iter().find(|(key, ..)| *key == name).map(|(.., value)| *value)
    }

    /// Returns the span of a property: its name and its value.
    pub(crate) fn property_span(&self, name: &str) -> Option<SourceSpan> {
        self.properties.iter().find(|(key, ..)| *key == name).map(|(_, span, _)| *span)
    }

    pub(crate) fn argument(&self, place: usize) -> Option<NodeValue<'a>> {
        self.arguments.get(place).copied()
    }
}

/// Returns the nodes of a document.
pub(crate) fn nodes<'a>(document: &'a KdlDocument, text: &'a str) -> impl Iterator<Item = ManifestNode<'a>> {
    document.nodes().iter().map(move |kdl| ManifestNode { kdl, text })
}

impl<'a> ManifestNode<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.kdl.name().value()
    }

    pub(crate) fn name_span(self) -> SourceSpan {
        self.kdl.name().span()
    }

    /// Returns the span of the node, without trailing white space.
    pub(crate) fn span(self) -> SourceSpan {
        trimmed(self.text, self.kdl.span())
    }

    /// Returns the span of the node without its block.
    pub(crate) fn head_span(self) -> SourceSpan {
        let start = self.kdl.span().offset();
        let last = self.kdl.entries().last().map_or(self.name_span(), KdlEntry::span);
        trimmed(self.text, (start, (last.offset() + last.len()).saturating_sub(start)).into())
    }

    pub(crate) fn children(self) -> impl Iterator<Item = ManifestNode<'a>> {
        self.kdl.children().into_iter().flat_map(move |block| nodes(block, self.text))
    }

    pub(crate) fn has_block(self) -> bool {
        self.kdl.children().is_some()
    }

    /// Returns the KDL entries.
    pub(crate) fn entries(self) -> &'a [KdlEntry] {
        self.kdl.entries()
    }

    /// Returns the texts among the values of arguments and properties, each with its span.
    pub(crate) fn texts(self) -> impl Iterator<Item = (SourceSpan, &'a str)> {
        let texts = self.kdl.entries().iter().filter_map(|entry| Some((entry, entry.value().as_string()?)));
        texts.map(move |(entry, text)| (value_span(self.text, entry), text))
    }

    /// Returns the parts that the shape allows and reports all others.
    pub(crate) fn read_parts(self, shape: &NodeShape, errors: &mut Errors) -> NodeParts<'a> {
        let mut parts = NodeParts { arguments: Vec::new(), properties: Vec::new(), complete: true };
        let example = || (!shape.example.is_empty()).then(|| format!("it is written `{}`", shape.example));
        if let Some(annotation) = self.kdl.ty() {
            errors.push(self.unexpected_error("type annotation", annotation.span(), None));
        }
        let mut too_many = false;
        for entry in self.kdl.entries() {
            let what = entry.name().map_or(self.name(), |name| name.value());
            let value = NodeValue { kdl: entry.value(), text: self.text, what, span: value_span(self.text, entry) };
            if let Some(annotation) = entry.ty() {
                errors.push(self.unexpected_error("type annotation", annotation.span(), None));
            }
            match entry.name() {
                None if parts.arguments.len() < shape.arguments.1 => parts.arguments.push(value),
                None if too_many => {}
                None => {
                    too_many = true;
                    let what = if shape.arguments.1 == 0 { "value" } else { "further value" };
                    errors.push(self.unexpected_error(what, value.span, example()));
                }
                Some(name) => {
                    let property = NodeProperty { name: name.value(), name_span: name.span(), entry, value };
                    self.property(shape, &property, &mut parts, errors);
                }
            }
        }
        if parts.arguments.len() < shape.arguments.0 {
            parts.complete = false;
            let what = if shape.arguments.0 == 1 { "a value" } else { "more values" };
            errors.push(self.missing_error(what, example()));
        }
        if shape.block == BlockRule::Never && self.has_block() {
            let head = self.head_span();
            let end = self.span().offset() + self.span().len();
            let start = head.offset() + head.len();
            let place = trimmed(self.text, (start, end.saturating_sub(start)).into());
            errors.push(self.unexpected_error("block", place, example()));
        }
        parts
    }

    /// Returns the value of a node that has one and nothing else, and reports all others.
    pub(crate) fn single_value(self, errors: &mut Errors) -> Option<NodeValue<'a>> {
        const ONE: NodeShape = NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "" };
        self.read_parts(&ONE, errors).argument(0)
    }

    fn property(self, shape: &NodeShape, property: &NodeProperty<'a>, parts: &mut NodeParts<'a>, errors: &mut Errors) {
        let name = property.name;
        let whole = trimmed(self.text, property.entry.span());
        if !name.is_empty() && name.chars().all(|c| "<>!~^".contains(c)) {
            // `>=1` without quotes is a property `>` to KDL.
            let text = slice(self.text, whole).to_owned();
            errors.push(ManifestError::UnquotedVersion { text, span: whole });
        } else if !shape.properties.contains(&name) {
            errors.push(ManifestError::UnknownProperty {
                node: self.name().to_owned(),
                name: name.to_owned(),
                help: did_you_mean(name, shape.properties),
                span: property.name_span,
            });
        } else if let Some((.., first)) = parts.properties.iter().find(|(key, ..)| *key == name) {
            errors.push(ManifestError::Repeated {
                what: format!("property `{name}`"),
                help: Some("keep one of them".to_owned()),
                span: whole,
                first: first.span,
            });
        } else {
            parts.properties.push((name, whole, property.value));
        }
    }

    /// Reports a node that is unknown in its block.
    pub(crate) fn report_unknown(self, place: &'static str, known: &[&'static str], errors: &mut Errors) {
        errors.push(ManifestError::UnknownNode {
            name: self.name().to_owned(),
            place,
            help: did_you_mean(self.name(), known),
            span: self.name_span(),
        });
    }

    /// Reports a node of the grammar that is not supported yet.
    pub(crate) fn report_not_yet_supported(self, errors: &mut Errors) {
        errors.push(ManifestError::NotYet {
            what: format!("`{}`", self.name()),
            help: Some("remove it: this version of larder would ignore it".to_owned()),
            span: self.name_span(),
        });
    }

    pub(crate) fn missing_error(self, what: &'static str, help: Option<String>) -> ManifestError {
        ManifestError::Missing { node: self.name().to_owned(), what, help, span: self.head_span() }
    }

    fn unexpected_error(self, what: &'static str, span: SourceSpan, help: Option<String>) -> ManifestError {
        ManifestError::Unexpected { node: self.name().to_owned(), what, help, span }
    }
}

impl<'a> NodeValue<'a> {
    /// Returns the text if the value is a string. Reports nothing otherwise.
    pub(crate) fn as_str(self) -> Option<&'a str> {
        self.kdl.as_string()
    }

    /// Returns whether the value is a string that stands in the text as it is, between two quotes.
    pub(crate) fn is_literal(self) -> bool {
        let inside = slice(self.text, self.span).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inside.is_some() && inside == self.kdl.as_string()
    }

    /// Returns the text, or reports that the value is not a string.
    pub(crate) fn string(self, errors: &mut Errors) -> Option<Spanned<&'a str>> {
        match self.kdl {
            KdlValue::String(text) => Some(Spanned { value: text, span: self.span }),
            KdlValue::Integer(_) | KdlValue::Float(_) => {
                let text = slice(self.text, self.span).to_owned();
                errors.push(self.wrong_type_error("a string", Some(format!("write \"{text}\""))));
                None
            }
            _ => {
                errors.push(self.wrong_type_error("a string", None));
                None
            }
        }
    }

    /// Returns the text of a version or range, or reports that the value is not a string.
    pub(crate) fn version(self, errors: &mut Errors) -> Option<Spanned<&'a str>> {
        if let KdlValue::Integer(_) | KdlValue::Float(_) = self.kdl {
            let text = slice(self.text, self.span).to_owned();
            errors.push(ManifestError::UnquotedVersion { text, span: self.span });
            return None;
        }
        self.string(errors)
    }

    /// Reads the name of a registry, a group, an environment or a catalog.
    pub(crate) fn label(self, errors: &mut Errors) -> Option<Spanned<Label>> {
        let text = self.string(errors)?;
        match text.value.parse() {
            Ok(label) => Some(Spanned { value: label, span: text.span }),
            Err(error) => {
                let reason = LabelError::to_string(&error);
                errors.push(ManifestError::BadName { reason, help: None, span: text.span });
                None
            }
        }
    }

    /// Reads a span of time: `3d`, `12h`.
    pub(crate) fn duration(self, errors: &mut Errors) -> Option<Duration> {
        if let KdlValue::Integer(number) = self.kdl {
            errors.push(
                self.wrong_type_error("a span of time", Some(format!("write it with its unit, like \"{number}d\""))),
            );
            return None;
        }
        let text = self.string(errors)?;
        let found = parse_span(text.value);
        if found.is_none() {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a span of time",
                reason: "it is a number and a unit: s, m, h, d or w".to_owned(),
                help: Some("write it like \"3d\" or \"12h\"".to_owned()),
                span: text.span,
            });
        }
        found
    }

    /// Reads an instant in the form of RFC 3339.
    pub(crate) fn instant(self, errors: &mut Errors) -> Option<jiff::Timestamp> {
        let text = self.string(errors)?;
        let instant = text.value.parse().ok();
        if instant.is_none() {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "an instant",
                reason: "RFC 3339 has date, time and offset".to_owned(),
                help: Some("write it like \"2026-11-01T00:00:00Z\"".to_owned()),
                span: text.span,
            });
        }
        instant
    }

    /// Returns whether the value is `#true` or `#false`. Reports nothing.
    pub(crate) fn is_boolean(self) -> bool {
        matches!(self.kdl, KdlValue::Bool(_))
    }

    pub(crate) fn boolean(self, errors: &mut Errors) -> Option<bool> {
        if let KdlValue::Bool(value) = self.kdl {
            return Some(*value);
        }
        let help = match self.kdl.as_string() {
            Some("false" | "no" | "off") => "write #false",
            _ => "write #true or #false",
        };
        errors.push(self.wrong_type_error("#true or #false", Some(help.to_owned())));
        None
    }

    /// Returns the number, or reports that the value is not a number between `least` and `most`.
    pub(crate) fn number(self, (least, most): (i64, i64), errors: &mut Errors) -> Option<i64> {
        let KdlValue::Integer(number) = self.kdl else {
            errors.push(self.wrong_type_error("a whole number", None));
            return None;
        };
        match i64::try_from(*number) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                errors.push(ManifestError::BadValue {
                    value: number.to_string(),
                    what: "possible here",
                    reason: format!("it must lie between {least} and {most}"),
                    help: None,
                    span: self.span,
                });
                None
            }
        }
    }

    /// Returns the choice that the value names, or reports that it names none.
    pub(crate) fn choice<T: Copy>(self, choices: &[(&'static str, T)], errors: &mut Errors) -> Option<T> {
        let word = self.string(errors)?;
        let found = choices.iter().find(|(name, _)| *name == word.value).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            errors.push(ManifestError::UnknownValue {
                value: word.value.to_owned(),
                what: format!("a value of `{}`", self.what),
                help: did_you_mean(word.value, &names),
                span: word.span,
            });
        }
        found
    }

    fn wrong_type_error(self, expected: &str, help: Option<String>) -> ManifestError {
        let found = match self.kdl {
            KdlValue::String(_) => "a string",
            KdlValue::Integer(_) | KdlValue::Float(_) => "a number",
            KdlValue::Bool(_) => "a boolean",
            KdlValue::Null => "#null",
        };
        let what = format!("`{}`", self.what);
        ManifestError::WrongType { what, expected: expected.to_owned(), found, help, span: self.span }
    }
}

/// Returns a suggestion: the nearest name, or all names if they are few.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known {
        [one] => Some(format!("`{one}` is possible")),
        [some @ .., last] if (2..=12).contains(&known.len()) => {
            Some(format!("`{}` and `{last}` are possible", some.join("`, `")))
        }
        _ => None,
    }
}

/// Nodes seen so far that may appear only once.
#[derive(Default)]
pub(crate) struct UniqueNodes<'a>(Vec<(&'a str, SourceSpan)>);

impl<'a> UniqueNodes<'a> {
    /// Reports a node that was seen before.
    pub(crate) fn check(&mut self, node: ManifestNode<'a>, errors: &mut Errors) {
        if let Some((name, first)) = self.0.iter().find(|(name, _)| *name == node.name()) {
            errors.push(ManifestError::Repeated {
                what: format!("`{name}`"),
                help: Some("keep one of them".to_owned()),
                span: node.head_span(),
                first: *first,
            });
        } else {
            self.0.push((node.name(), node.head_span()));
        }
    }
}

/// Returns the span of an entry's value, which is the end of the entry's span.
pub(crate) fn value_span(text: &str, entry: &KdlEntry) -> SourceSpan {
    let whole = trimmed(text, entry.span());
    let length = entry.format().map_or(whole.len(), |format| format.value_repr.len()).min(whole.len());
    (whole.offset() + whole.len() - length, length).into()
}

/// Returns a span without the white space around it.
fn trimmed(text: &str, span: SourceSpan) -> SourceSpan {
    let inside = slice(text, span);
    let start = inside.len() - inside.trim_start().len();
    (span.offset() + start, inside.trim().len()).into()
}

/// Returns the text of a span, or an empty text if the span is invalid.
pub(crate) fn slice(text: &str, span: SourceSpan) -> &str {
    text.get(span.offset()..span.offset() + span.len()).unwrap_or_default()
}
