//! KDL → mappings.

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::convert::Conversion;
use super::model::{Endpoint, Literal, Mapping, Rule, RuleKind, Sample};
use crate::diagnostic::{LineIndex, Position, SourceFinding};
use crate::document::SourceFile;
use crate::expression::Path;
use crate::manifest::{
    BlockRule, Errors, ManifestError, ManifestNode, NodeShape, NodeValue, UniqueNodes, kdl_finding, nodes, parse_kdl,
};
use crate::schema::shape::Namespaces;

/// The code of findings about a text that is no mapping.
pub const MAPPING_SYNTAX: &str = "mapping.syntax";
/// The longest text of a mapping, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

const ROOT: NodeShape = NodeShape {
    arguments: (0, 0),
    properties: &["from", "to"],
    block: BlockRule::Maybe,
    example: "mapping from=\"order#Order\" to=\"invoice\" { … }",
};
const NAMESPACE: NodeShape = NodeShape {
    arguments: (2, 2),
    properties: &[],
    block: BlockRule::Never,
    example: "namespace \"o\" \"urn:acme:order\"",
};
const FIELD: NodeShape = NodeShape {
    arguments: (1, 1),
    properties: &["to"],
    block: BlockRule::Maybe,
    example: "field \"o:Id\" to=\"number\"",
};
const CONSTANT: NodeShape = NodeShape {
    arguments: (1, 1),
    properties: &["to"],
    block: BlockRule::Never,
    example: "constant \"EUR\" to=\"currency\"",
};
const EACH: NodeShape = NodeShape {
    arguments: (1, 1),
    properties: &["to"],
    block: BlockRule::Maybe,
    example: "each \"o:Lines/o:Line\" to=\"lines\" { … }",
};
const SAMPLE: NodeShape = NodeShape {
    arguments: (1, 1),
    properties: &["expect"],
    block: BlockRule::Never,
    example: "sample \"samples/order-1.xml\" expect=\"samples/invoice-1.json\"",
};

impl Mapping {
    /// Reads a mapping. Returns everything that is wrong with the text.
    pub fn parse(source: &SourceFile) -> Result<Self, Vec<SourceFinding>> {
        let text = &*source.text;
        if text.len() > MAX_BYTES {
            let message = format!("the mapping is longer than {} MiB", MAX_BYTES / 1024 / 1024);
            return Err(vec![SourceFinding::error(MAPPING_SYNTAX, &source.file, Position::START, message)]);
        }
        let findings = |errors: &[ManifestError]| -> Vec<SourceFinding> {
            let mut findings: Vec<_> =
                errors.iter().map(|error| kdl_finding(MAPPING_SYNTAX, &source.file, text, error)).collect();
            findings.sort();
            findings
        };
        let parsed = parse_kdl(text).map_err(|errors| findings(&errors))?;
        let mut reader = MappingReader {
            index: LineIndex::new(text),
            text: &parsed.blanked,
            errors: parsed.repaired,
            found: Vec::new(),
            source,
        };
        let mapping = reader.document(&parsed.document);
        let MappingReader { errors, found, .. } = reader;
        match mapping {
            Some(mapping) if errors.is_empty() && found.is_empty() => Ok(mapping),
            _ => {
                let mut all = findings(&errors);
                all.extend(found);
                all.sort();
                Err(all)
            }
        }
    }
}

struct MappingReader<'a> {
    index: LineIndex,
    text: &'a str,
    errors: Errors,
    /// What is wrong with paths.
    found: Vec<SourceFinding>,
    source: &'a SourceFile,
}

impl<'a> MappingReader<'a> {
    fn position(&self, span: SourceSpan) -> Position {
        self.index.position(&self.source.text, span.offset())
    }

    fn document(&mut self, document: &'a kdl::KdlDocument) -> Option<Mapping> {
        let mut seen = UniqueNodes::default();
        let mut mapping = None;
        for node in nodes(document, self.text) {
            if node.name() == "mapping" {
                seen.check(node, &mut self.errors);
                mapping = self.mapping(node).or(mapping);
            } else {
                node.report_unknown("of a mapping's file", &["mapping"], &mut self.errors);
            }
        }
        if mapping.is_none() && self.errors.is_empty() && self.found.is_empty() {
            let message = "the file has no mapping";
            let finding = SourceFinding::error(MAPPING_SYNTAX, &self.source.file, Position::START, message);
            self.found.push(finding.with_help(format!("it is written `{}`", ROOT.example)));
        }
        mapping
    }

    fn mapping(&mut self, node: ManifestNode<'a>) -> Option<Mapping> {
        let parts = node.read_parts(&ROOT, &mut self.errors);
        let mut endpoint = |name: &'static str| {
            let Some(value) = parts.property(name) else {
                let what = if name == "from" { "`from=`" } else { "`to=`" };
                self.errors.push(node.missing_error(what, Some(format!("it is written `{}`", ROOT.example))));
                return None;
            };
            let text = value.string(&mut self.errors)?;
            Some(Endpoint {
                text: text.value.into(),
                position: self.index.position(&self.source.text, text.span.offset()),
            })
        };
        let (from, to) = (endpoint("from"), endpoint("to"));
        let (mut namespaces, mut samples, mut rules) = (Namespaces::new(), Vec::new(), Vec::new());
        let mut namespace_positions = BTreeMap::new();
        for child in node.children() {
            match child.name() {
                "namespace" => self.namespace(child, &mut namespaces, &mut namespace_positions),
                "sample" => samples.extend(self.sample(child)),
                _ => rules.extend(self.rule(child, &["namespace", "field", "each", "constant", "sample"])),
            }
        }
        let position = self.position(node.name_span());
        let (source, from, to) = (self.source.clone(), from?, to?);
        Some(Mapping { source, position, from, to, namespaces, namespace_positions, rules, samples })
    }

    fn namespace(
        &mut self,
        node: ManifestNode<'a>,
        namespaces: &mut Namespaces,
        positions: &mut BTreeMap<Box<str>, Position>,
    ) {
        let parts = node.read_parts(&NAMESPACE, &mut self.errors);
        let text = |place: usize, errors: &mut Errors| parts.argument(place).and_then(|value| value.string(errors));
        let (Some(prefix), Some(uri)) = (text(0, &mut self.errors), text(1, &mut self.errors)) else { return };
        let is_name = prefix
            .value
            .parse::<Path>()
            .is_ok_and(|path| matches!(&path.steps[..], [step] if step.prefix.is_none() && !step.attribute));
        if !is_name {
            self.found.push(self.finding(prefix.span, format!("`{}` is no prefix", prefix.value)));
        } else if namespaces.insert(prefix.value.into(), uri.value.into()).is_some() {
            self.found.push(self.finding(prefix.span, format!("the prefix `{}` is declared twice", prefix.value)));
        } else {
            positions.insert(prefix.value.into(), self.position(uri.span));
        }
    }

    fn sample(&mut self, node: ManifestNode<'a>) -> Option<Sample> {
        let parts = node.read_parts(&SAMPLE, &mut self.errors);
        let sample = parts.argument(0).and_then(|value| value.string(&mut self.errors));
        let Some(expect) = parts.property("expect") else {
            self.errors.push(node.missing_error("`expect=`", Some(format!("it is written `{}`", SAMPLE.example))));
            return None;
        };
        let expect = expect.string(&mut self.errors)?;
        let sample = sample?;
        Some(Sample {
            sample: sample.value.into(),
            expect: expect.value.into(),
            position: self.position(node.name_span()),
        })
    }

    fn rule(&mut self, node: ManifestNode<'a>, known: &[&'static str]) -> Option<Rule> {
        let shape = match node.name() {
            "field" => &FIELD,
            "constant" => &CONSTANT,
            "each" => &EACH,
            _ => {
                node.report_unknown("of a mapping", known, &mut self.errors);
                return None;
            }
        };
        let parts = node.read_parts(shape, &mut self.errors);
        let target = if let Some(value) = parts.property("to") {
            value.string(&mut self.errors).and_then(|text| self.path(text.value, text.span))
        } else {
            self.errors.push(node.missing_error("`to=`", Some(format!("it is written `{}`", shape.example))));
            None
        };
        let first = parts.argument(0);
        let kind = if node.name() == "constant" {
            RuleKind::Constant { value: self.literal(first?) }
        } else {
            let text = first.and_then(|value| value.string(&mut self.errors));
            let path = text.and_then(|text| self.path(text.value, text.span));
            if node.name() == "field" {
                let (convert, default) = self.options(node);
                let (source, source_position) = path?;
                RuleKind::Field { source, source_position, convert, default }
            } else {
                let rules: Vec<Rule> =
                    node.children().filter_map(|child| self.rule(child, &["field", "each", "constant"])).collect();
                if !node.has_block() {
                    self.errors.push(node.missing_error("a block", Some(format!("it is written `{}`", EACH.example))));
                }
                let (source, source_position) = path?;
                RuleKind::Each { source, source_position, rules }
            }
        };
        let (target, target_position) = target?;
        Some(Rule { kind, target, target_position, position: self.position(node.name_span()) })
    }

    /// Returns a value of the mapping itself: a text, or a number or a word without its `#`.
    fn literal(&self, value: NodeValue<'a>) -> Literal {
        let text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => crate::manifest::slice(self.text, value.span).trim_start_matches('#').to_owned(),
        };
        Literal { text, position: self.position(value.span) }
    }

    fn options(&mut self, node: ManifestNode<'a>) -> (Option<Conversion>, Option<Literal>) {
        let (mut convert, mut default) = (None, None);
        let mut seen = UniqueNodes::default();
        for child in node.children() {
            seen.check(child, &mut self.errors);
            match child.name() {
                "convert" => {
                    let value = child.single_value(&mut self.errors);
                    convert = value.and_then(|value| value.choice(&Conversion::ALL, &mut self.errors));
                }
                "default" => {
                    default = child.single_value(&mut self.errors).map(|value| self.literal(value));
                }
                _ => child.report_unknown("of a field", &["convert", "default"], &mut self.errors),
            }
        }
        (convert, default)
    }

    fn path(&mut self, text: &str, span: SourceSpan) -> Option<(Path, Position)> {
        match text.parse::<Path>() {
            Ok(path) => Some((path, self.position(span))),
            Err(error) => {
                // A quote stands before the text.
                let place = SourceSpan::from((span.offset() + 1 + error.at(), 0));
                let finding = self.finding(place, format!("`{text}` is no path: {error}"));
                self.found
                    .push(finding.with_help("steps are names with `/` between them, `@name` last for an attribute"));
                None
            }
        }
    }

    fn finding(&self, span: SourceSpan, message: String) -> SourceFinding {
        SourceFinding::error(MAPPING_SYNTAX, &self.source.file, self.position(span), message)
    }
}
