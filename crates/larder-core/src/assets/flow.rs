//! Flows: from one adapter through mappings to others.
//!
//! ```kdl
//! flow "order-intake" {
//!     from "orders-in"
//!     map "order-to-invoice"
//!     to "billing-out"
//!     route when="total > 10000 and currency == 'EUR'" to="approval-out"
//!     otherwise to="billing-out"
//!     on-error retry=3 to="dead-letter"
//!     depends "weak" "notify"
//! }
//! ```

use miette::SourceSpan;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Position, SourceFinding};
use crate::document::SourceFile;
use crate::expression::Expression;
use crate::manifest::{
    BlockRule, Errors, ManifestError, ManifestNode, NodeShape, did_you_mean, kdl_finding, nodes, parse_kdl,
};
use crate::model::AssetKind;

use super::Reference;

/// A flow, read.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The name that the file states.
    pub name: Box<str>,
    /// The place of the `flow` node.
    pub position: Position,
    /// The adapter that documents come from.
    pub from: Option<Reference>,
    /// The mappings, in the order in which documents pass them.
    pub maps: Vec<Reference>,
    /// The adapters that documents go to, unless a route says otherwise.
    pub to: Vec<Reference>,
    /// The routes, in the order in which they are tried.
    pub routes: Vec<Route>,
    /// Where documents go that no route takes.
    pub otherwise: Option<Reference>,
    /// What becomes of documents that fail.
    pub on_error: Option<ErrorWay>,
    /// What it depends on besides.
    pub depends: Vec<FlowDependency>,
    /// The nodes that it has, right or wrong.
    stated: Vec<Box<str>>,
}

/// `route when="total > 100" to="approval-out"`
#[derive(Clone, Debug)]
pub struct Route {
    /// The condition. `None`: it is wrong, and that is told.
    pub when: Option<Expression>,
    /// The condition's text.
    pub text: Box<str>,
    /// Where the condition stands.
    pub when_position: Position,
    /// The adapter.
    pub to: Reference,
    /// The place of the node.
    pub position: Position,
    /// Whether the node stands behind `otherwise`.
    pub is_behind_otherwise: bool,
}

/// `on-error retry=3 to="dead-letter"`
#[derive(Clone, Debug)]
pub struct ErrorWay {
    /// How often a document is tried again.
    pub retry: u32,
    /// The adapter that takes it then.
    pub to: Reference,
}

/// `depends "weak" "notify"`
#[derive(Clone, Debug)]
pub struct FlowDependency {
    /// How much the flow needs it.
    pub strength: Strength,
    /// The kind of the asset.
    pub kind: AssetKind,
    /// The asset.
    pub to: Reference,
}

/// How much an asset needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// It works as well without it.
    Weak,
    /// It works without it, but less well.
    Optional,
    /// It does not work without it.
    Required,
}

impl Strength {
    const WORDS: [(&'static str, Self); 3] =
        [("required", Self::Required), ("optional", Self::Optional), ("weak", Self::Weak)];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

const SYNTAX: &str = "flow.syntax";
const EXPRESSION: &str = "flow.expression";
const EXAMPLE: &str = "flow \"NAME\" { from \"…\"; to \"…\"; on-error to=\"…\"; }";
const PARTS: [&str; 7] = ["from", "map", "to", "route", "otherwise", "on-error", "depends"];
/// The most nodes of a flow.
const MOST: usize = 1000;

impl Flow {
    /// Reads a flow's file. Returns it if it has a `flow`, and all that is wrong.
    pub fn parse(source: &SourceFile) -> (Option<Self>, Vec<SourceFinding>) {
        let finding = |error: &ManifestError| kdl_finding(SYNTAX, &source.file, &source.text, error);
        let parsed = match parse_kdl(&source.text) {
            Ok(parsed) => parsed,
            Err(errors) => return (None, errors.iter().map(finding).collect()),
        };
        let mut reader = Reader { source, errors: Vec::new(), findings: Vec::new() };
        let mut top = nodes(&parsed.document, &parsed.blanked);
        let flow = match top.next() {
            Some(node) if node.name() == "flow" => reader.flow(node),
            Some(node) => {
                node.report_unknown("in a flow's file", &["flow"], &mut reader.errors);
                None
            }
            None => {
                let position = Position::of(&source.text, 0);
                let help = format!("it is written `{EXAMPLE}`");
                let missing = SourceFinding::error(SYNTAX, &source.file, position, "the file has no `flow`");
                reader.findings.push(missing.with_help(help));
                None
            }
        };
        for further in top {
            reader.errors.push(ManifestError::Unexpected {
                node: "a flow's file".to_owned(),
                what: "second node",
                help: Some("give each flow a file of its own".to_owned()),
                span: further.head_span(),
            });
        }
        let Reader { errors, mut findings, .. } = reader;
        findings.extend(errors.iter().chain(&parsed.repaired).map(finding));
        findings.sort();
        (flow, findings)
    }

    /// Returns whether the flow has a node of this name, right or wrong.
    pub(super) fn states(&self, name: &str) -> bool {
        self.stated.iter().any(|stated| **stated == *name)
    }

    /// Returns the adapters to which documents go: every `to`, route and `otherwise`.
    pub fn targets(&self) -> impl Iterator<Item = &Reference> {
        self.to.iter().chain(self.routes.iter().map(|route| &route.to)).chain(&self.otherwise)
    }
}

struct Reader<'a> {
    source: &'a SourceFile,
    errors: Errors,
    findings: Vec<SourceFinding>,
}

impl Reader<'_> {
    fn at(&self, span: SourceSpan) -> Position {
        Position::of(&self.source.text, span.offset())
    }

    fn flow(&mut self, node: ManifestNode<'_>) -> Option<Flow> {
        const SHAPE: NodeShape =
            NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Maybe, example: EXAMPLE };
        let parts = node.read_parts(&SHAPE, &mut self.errors);
        let name = parts.argument(0)?.string(&mut self.errors)?;
        let mut flow = Flow {
            name: name.value.into(),
            position: self.at(node.name_span()),
            from: None,
            maps: Vec::new(),
            to: Vec::new(),
            routes: Vec::new(),
            otherwise: None,
            on_error: None,
            depends: Vec::new(),
            stated: node.children().map(|child| child.name().into()).collect(),
        };
        let mut once: Vec<ManifestNode<'_>> = Vec::new();
        let mut otherwise = false;
        for child in node.children().take(MOST) {
            if matches!(child.name(), "from" | "otherwise" | "on-error") {
                if let Some(first) = once.iter().find(|first| first.name() == child.name()) {
                    self.errors.push(ManifestError::Repeated {
                        what: format!("`{}`", child.name()),
                        help: Some("keep one of them".to_owned()),
                        span: child.head_span(),
                        first: first.head_span(),
                    });
                    continue;
                }
                once.push(child);
            }
            match child.name() {
                "from" => flow.from = self.single(child),
                "map" => flow.maps.extend(self.single(child)),
                "to" => flow.to.extend(self.single(child)),
                "route" => flow.routes.extend(self.route(child, otherwise)),
                "otherwise" => {
                    otherwise = true;
                    flow.otherwise = self.otherwise(child);
                }
                "on-error" => flow.on_error = self.on_error(child),
                "depends" => flow.depends.extend(self.depends(child)),
                _ => child.report_unknown("in a flow", &PARTS, &mut self.errors),
            }
        }
        Some(flow)
    }

    fn single(&mut self, node: ManifestNode<'_>) -> Option<Reference> {
        let text = node.single_value(&mut self.errors)?.string(&mut self.errors)?;
        Reference::parse(&self.source.text, (text.value, text.span), &mut self.errors)
    }

    fn target(&mut self, node: ManifestNode<'_>, value: Option<crate::manifest::NodeValue<'_>>) -> Option<Reference> {
        let Some(value) = value else {
            self.errors.push(node.missing_error("a `to=`", Some("name an adapter: `to=\"billing-out\"`".to_owned())));
            return None;
        };
        let text = value.string(&mut self.errors)?;
        Reference::parse(&self.source.text, (text.value, text.span), &mut self.errors)
    }

    fn route(&mut self, node: ManifestNode<'_>, is_behind_otherwise: bool) -> Option<Route> {
        const SHAPE: NodeShape = NodeShape {
            arguments: (0, 0),
            properties: &["when", "to"],
            block: BlockRule::Never,
            example: "route when=\"total > 100\" to=\"approval-out\"",
        };
        let parts = node.read_parts(&SHAPE, &mut self.errors);
        let to = self.target(node, parts.property("to"));
        let Some(when) = parts.property("when") else {
            let help = "what all others do is `otherwise to=\"…\"`".to_owned();
            self.errors.push(node.missing_error("a `when=`", Some(help)));
            return None;
        };
        let text = when.string(&mut self.errors)?;
        let when_position = self.at(text.span);
        let when = match Expression::parse(text.value) {
            Ok(expression) => Some(expression),
            Err(errors) => {
                for error in errors {
                    let finding = SourceFinding::error(EXPRESSION, &self.source.file, when_position, error.message);
                    self.findings.push(finding.with_help_if(error.help));
                }
                None
            }
        };
        let (text, position) = (text.value.into(), self.at(node.name_span()));
        Some(Route { when, text, when_position, to: to?, position, is_behind_otherwise })
    }

    fn otherwise(&mut self, node: ManifestNode<'_>) -> Option<Reference> {
        const SHAPE: NodeShape = NodeShape {
            arguments: (0, 0),
            properties: &["to"],
            block: BlockRule::Never,
            example: "otherwise to=\"billing-out\"",
        };
        let parts = node.read_parts(&SHAPE, &mut self.errors);
        self.target(node, parts.property("to"))
    }

    fn on_error(&mut self, node: ManifestNode<'_>) -> Option<ErrorWay> {
        const SHAPE: NodeShape = NodeShape {
            arguments: (0, 0),
            properties: &["retry", "to"],
            block: BlockRule::Never,
            example: "on-error retry=3 to=\"dead-letter\"",
        };
        let parts = node.read_parts(&SHAPE, &mut self.errors);
        let retry = match parts.property("retry") {
            Some(value) => value.number((0, 1000), &mut self.errors)?,
            None => 0,
        };
        let to = self.target(node, parts.property("to"))?;
        Some(ErrorWay { retry: u32::try_from(retry).unwrap_or(0), to })
    }

    fn depends(&mut self, node: ManifestNode<'_>) -> Option<FlowDependency> {
        const SHAPE: NodeShape = NodeShape {
            arguments: (1, 2),
            properties: &[],
            block: BlockRule::Never,
            example: "depends \"weak\" \"notify\"",
        };
        let parts = node.read_parts(&SHAPE, &mut self.errors);
        let (strength, value) = match (parts.argument(0)?, parts.argument(1)) {
            (strength, Some(value)) => (strength.choice(&Strength::WORDS, &mut self.errors)?, value),
            (value, None) => (Strength::Required, value),
        };
        let text = value.string(&mut self.errors)?;
        let (kind, rest) = match text.value.split_once(':') {
            None => (AssetKind::Flow, text.value),
            Some((word, rest)) => {
                let Ok(kind) = word.parse::<AssetKind>() else {
                    self.errors.push(ManifestError::UnknownValue {
                        value: word.to_owned(),
                        what: "a kind of assets".to_owned(),
                        help: did_you_mean(word, &AssetKind::ALL.map(AssetKind::as_str)),
                        span: text.span,
                    });
                    return None;
                };
                (kind, rest)
            }
        };
        let to = Reference::parse(&self.source.text, (rest, text.span), &mut self.errors)?;
        Some(FlowDependency { strength, kind, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<Flow>, Vec<String>) {
        let (flow, findings) = Flow::parse(&SourceFile { file: "f.kdl".into(), text: text.into() });
        let shown = findings
            .iter()
            .map(|one| format!("{}:{} {} {}", one.position.line, one.position.column, one.code, one.message));
        (flow, shown.collect())
    }

    #[test]
    fn a_flow_is_read_whole() {
        let (flow, findings) = parsed(
            "flow \"order-intake\" {\n  from \"orders-in\"\n  map \"a\"\n  map \"partner/b@2\"\n  to \"billing-out\"\n  \
             route when=\"total > 10000 and currency == 'EUR'\" to=\"approval-out\"\n  otherwise to=\"billing-out\"\n  \
             on-error retry=3 to=\"dead-letter\"\n  depends \"weak\" \"notify\"\n  depends \"adapter:x\"\n}\n",
        );
        assert_eq!(findings, [""; 0]);
        let flow = flow.unwrap();
        let targets: Vec<&str> = flow.targets().map(|to| &*to.text).collect();
        assert_eq!(targets, ["billing-out", "approval-out", "billing-out"]);
        assert_eq!(flow.on_error.as_ref().map(|way| way.retry), Some(3));
        let depends: Vec<_> = flow.depends.iter().map(|one| (one.strength, one.kind, &*one.to.text)).collect();
        assert_eq!(
            depends,
            [(Strength::Weak, AssetKind::Flow, "notify"), (Strength::Required, AssetKind::Adapter, "x")]
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_line() {
        let (_, findings) = parsed(
            "flow \"f\" {\n  form \"x\"\n  from \"a b\"\n  route to=\"x\"\n  route when=\"a >\" to=\"x\"\n  on-error retry=\"3\"\n  \
             depends \"strong\" \"x\"\n  depends \"table:x\"\n}\nflow \"g\"\n",
        );
        let lines: Vec<&str> = findings.iter().map(|one| one.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["2", "3", "4", "5", "6", "7", "8", "10"], "{findings:#?}");
    }
}
