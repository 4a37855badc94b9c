//! A mapping on a document.

use super::convert::obstacle;
use super::model::{Document, Mapping, Rule, RuleKind};
use super::output::{Output, xml_value};
use super::read::{Node, Scalar, ScalarForm};
use crate::diagnostic::{FindingLevel, SourceFinding};
use crate::document::Format;
use crate::schema::shape::{Shape, TypeId, ValueKind, find};

/// The most values that a mapping writes.
const MAX_VALUES: usize = 500_000;
/// The most findings of one run.
const MAX_FINDINGS: usize = 50;

impl Mapping {
    /// Makes a document of the target out of one of the source. Values that cannot be converted are findings. The mapping
    /// has no errors against these shapes, and the document is valid.
    pub fn run(&self, source: &Shape, target: &Shape, input: &Document) -> Result<Document, Vec<SourceFinding>> {
        let mut run = Run { mapping: self, source, target, findings: Vec::new(), values: 0 };
        let mut output = Output::default();
        let types = SideTypes { source: source.root.type_id, target: target.root.type_id };
        run.rules(&self.rules, input.node(), types, &mut output);
        if run.findings.iter().any(|finding| finding.level == FindingLevel::Error) {
            return Err(run.findings);
        }
        Ok(output.document(&target.graph, &target.root))
    }
}

struct Run<'a> {
    mapping: &'a Mapping,
    source: &'a Shape,
    target: &'a Shape,
    findings: Vec<SourceFinding>,
    values: usize,
}

/// The types that the paths of rules begin at.
#[derive(Clone, Copy)]
struct SideTypes {
    source: TypeId,
    target: TypeId,
}

impl Run<'_> {
    fn rules(&mut self, rules: &[Rule], node: Node<'_>, types: SideTypes, output: &mut Output) {
        let namespaces = &self.mapping.namespaces;
        for rule in rules {
            // Paths have been checked; one that leads nowhere writes nothing.
            let Ok(to) = find(&self.target.graph, types.target, &rule.target, namespaces) else { continue };
            let kind = to.value.as_ref().map_or(ValueKind::String, |value| value.kind);
            self.values += 1;
            if self.values > MAX_VALUES {
                if self.values == MAX_VALUES + 1 {
                    let message = format!("the mapping writes more than {MAX_VALUES} values");
                    self.findings.push(self.mapping.error("mapping.limit", rule.position, message));
                }
                return;
            }
            match &rule.kind {
                RuleKind::Constant { value } => {
                    output.set(&to.names, to.is_attribute, Scalar { text: value.text.clone(), form: ScalarForm::Text });
                }
                RuleKind::Field { source: path, .. } => {
                    let Ok(from) = find(&self.source.graph, types.source, path, namespaces) else { continue };
                    let from = from.value.map_or(ValueKind::String, |value| value.kind);
                    if let Some(value) = self.field(rule, node.value(path, namespaces), from, kind) {
                        output.set(&to.names, to.is_attribute, value);
                    }
                }
                RuleKind::Each { source: path, rules, .. } => {
                    let Ok(from) = find(&self.source.graph, types.source, path, namespaces) else { continue };
                    let (Some(source_id), Some(target_id)) = (from.type_id, to.type_id) else { continue };
                    let of_items = SideTypes {
                        source: self.source.graph.item(source_id).unwrap_or(source_id),
                        target: self.target.graph.item(target_id).unwrap_or(target_id),
                    };
                    let items = node.items(path, namespaces);
                    // A list that is missing is missing; a required one is empty.
                    if items.is_none() && to.is_optional {
                        continue;
                    }
                    let mut made = Vec::new();
                    for item in items.unwrap_or_default() {
                        let mut output = Output::default();
                        self.rules(rules, item, of_items, &mut output);
                        // An item whose value is missing is missing, unless it is an object, which may be without members.
                        if !(output.is_empty() && self.is_only_value(of_items.target)) {
                            made.push(output);
                        }
                    }
                    output.set_items(&to.names, made, self.target.format());
                }
            }
        }
    }

    /// Returns whether what is of a type of JSON is never an object.
    fn is_only_value(&self, target: TypeId) -> bool {
        let shape = &self.target.graph.types[target];
        self.target.format() == Format::Json && shape.content.is_none() && !shape.is_open
    }

    /// Returns the value that a field writes. `None` if there is none.
    fn field(&mut self, rule: &Rule, value: Option<Scalar>, from: ValueKind, to: ValueKind) -> Option<Scalar> {
        let RuleKind::Field { source, convert, default, .. } = &rule.kind else { return None };
        let Some(mut value) = value else {
            return default.clone().map(|default| Scalar { text: default.text, form: ScalarForm::Text });
        };
        // White space around all but strings means nothing in XML.
        if self.source.format() == Format::Xml && !matches!(from, ValueKind::String | ValueKind::Any) {
            value.text = value.text.trim().to_owned();
        }
        let is_boolean =
            from == ValueKind::Boolean && self.source.format() == Format::Xml && self.target.format() == Format::Json;
        if is_boolean && to == ValueKind::String && convert.is_none() {
            // `1` and `true` are one value.
            value.text = if matches!(value.text.as_str(), "1" | "true") { "true".into() } else { "false".into() };
        }
        if let Some(convert) = convert {
            match convert.convert(&value.text) {
                Ok(text) => {
                    value.text = text;
                    value.form = match convert.kind() {
                        kind if kind.is_number() => ScalarForm::Number,
                        ValueKind::Boolean => ScalarForm::Boolean,
                        _ => ScalarForm::Text,
                    };
                }
                Err(problem) => {
                    if self.findings.len() < MAX_FINDINGS {
                        let message = format!("`{source}`: {problem}");
                        self.findings.push(self.mapping.error("mapping.convert", rule.position, message));
                    }
                    return None;
                }
            }
        }
        debug_assert!(convert.is_some() || obstacle(from, to).is_none(), "checked before");
        if self.target.format() == Format::Xml {
            value.text = xml_value(&value.text, to);
        }
        Some(value)
    }
}
