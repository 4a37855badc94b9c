//! An adapter's file: parsed, and held to the rules of its kind.

use std::collections::BTreeMap;

use crate::diagnostic::{Position, SourceFinding};
use crate::document::SourceFile;
use crate::manifest::{
    BlockRule, Errors, ManifestError, ManifestNode, NodeShape, did_you_mean, kdl_finding, nodes, parse_kdl,
};

use super::kind::{AdapterKind, KindRules};
use super::parameter::{self, ParameterValue, SecretPlace};
use super::{Adapter, Direction, EnvironmentParameters, Parameters};
use crate::assets::Reference;

/// The code of what is wrong with an adapter's file.
pub const SYNTAX: &str = "adapter.syntax";
/// The code of what an adapter lacks.
const INCOMPLETE: &str = "adapter.incomplete";
/// The code of secrets in clear text.
pub const SECRET: &str = "adapter.secret";
/// The code of parameters that the kind does not have.
pub const PARAMETER: &str = "adapter.parameter";

const EXAMPLE: &str = "adapter kind=\"sftp\" direction=\"in\" { … }";

/// A part of the file with its place, and the errors so far.
struct Reader<'a> {
    rules: &'static KindRules,
    kind: AdapterKind,
    direction: Direction,
    errors: &'a mut Errors,
}

impl Adapter {
    /// Reads an adapter's file. Returns it if its kind and direction are known, and all that is wrong.
    pub fn parse(source: &SourceFile) -> (Option<Self>, Vec<SourceFinding>) {
        let parsed = match parse_kdl(&source.text) {
            Ok(parsed) => parsed,
            Err(errors) => return (None, findings(source, &errors)),
        };
        let mut errors: Errors = Vec::new();
        let mut top = nodes(&parsed.document, &parsed.blanked);
        let adapter = top.next();
        for further in top {
            errors.push(ManifestError::Unexpected {
                node: "an adapter's file".to_owned(),
                what: "second node",
                help: Some(format!("it is written `{EXAMPLE}`")),
                span: further.head_span(),
            });
        }
        let mut missing = Vec::new();
        let adapter = match adapter {
            Some(node) if node.name() == "adapter" => read_adapter(node, source, &mut errors),
            Some(node) => {
                node.report_unknown("in an adapter's file", &["adapter"], &mut errors);
                None
            }
            None => {
                let position = Position::of(&source.text, 0);
                let help = format!("it is written `{EXAMPLE}`");
                missing.push(
                    SourceFinding::error(SYNTAX, &source.file, position, "the file has no `adapter`").with_help(help),
                );
                None
            }
        };
        errors.extend(parsed.repaired);
        let mut found = findings(source, &errors);
        found.extend(missing);
        found.sort();
        (adapter, found)
    }
}

fn findings(source: &SourceFile, errors: &[ManifestError]) -> Vec<SourceFinding> {
    let code = |error: &ManifestError| match error {
        ManifestError::SecretInAsset { .. } => SECRET,
        ManifestError::Undeclared { .. } => PARAMETER,
        _ => SYNTAX,
    };
    errors.iter().map(|error| kdl_finding(code(error), &source.file, &source.text, error)).collect()
}

fn read_adapter(node: ManifestNode<'_>, source: &SourceFile, errors: &mut Errors) -> Option<Adapter> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (0, 0), properties: &["kind", "direction"], block: BlockRule::Maybe, example: EXAMPLE };
    let kinds = AdapterKind::ALL.map(|kind| (kind.as_str(), kind));
    let directions = [Direction::In, Direction::Out].map(|direction| (direction.as_str(), direction));
    let parts = node.read_parts(&SHAPE, errors);
    for property in ["kind", "direction"] {
        if parts.property(property).is_none() {
            errors.push(node.missing_error(
                if property == "kind" { "a `kind=`" } else { "a `direction=`" },
                Some(format!("it is written `{EXAMPLE}`")),
            ));
        }
    }
    let kind = parts.property("kind").and_then(|value| value.choice(&kinds, errors));
    let direction = parts.property("direction").and_then(|value| value.choice(&directions, errors));
    let (kind, direction) = (kind?, direction?);
    let at = |node: ManifestNode<'_>| Position::of(&source.text, node.name_span().offset());
    let mut adapter = Adapter {
        kind,
        direction,
        document: None,
        response: None,
        credentials: None,
        parameters: Parameters::new(),
        environments: BTreeMap::new(),
        stated: Vec::new(),
        position: at(node),
    };
    let mut reader = Reader { rules: kind.rules(), kind, direction, errors };
    let mut first: Vec<ManifestNode<'_>> = Vec::new();
    for child in node.children() {
        let name = child.name();
        if name != "environment" {
            if let Some(before) = first.iter().find(|before| before.name() == name) {
                reader.repeated(child, *before);
                continue;
            }
            first.push(child);
        }
        match name {
            "schema" | "request" | "response" if reader.rules.has(name) => {
                let reference = reader.schema(child, source);
                let place = if name == "response" { &mut adapter.response } else { &mut adapter.document };
                *place = reference;
            }
            "credentials" if reader.rules.has(name) => {
                adapter.credentials = parameter::read_secret(child, reader.errors);
            }
            "environment" => reader.environment(child, &mut adapter.environments, at(child)),
            _ => reader.parameter(child, &mut adapter.parameters),
        }
    }
    adapter.stated = first.iter().map(|node| node.name().into()).collect();
    Some(adapter)
}

impl Reader<'_> {
    fn repeated(&mut self, node: ManifestNode<'_>, first: ManifestNode<'_>) {
        self.errors.push(ManifestError::Repeated {
            what: format!("`{}`", node.name()),
            help: Some("keep one of them".to_owned()),
            span: node.head_span(),
            first: first.head_span(),
        });
    }

    fn schema(&mut self, node: ManifestNode<'_>, source: &SourceFile) -> Option<Reference> {
        let text = node.single_value(self.errors)?.string(self.errors)?;
        Reference::parse(&source.text, (text.value, text.span), self.errors)
    }

    fn parameter(&mut self, node: ManifestNode<'_>, parameters: &mut Parameters) {
        let Some(rule) = self.rules.parameter(node.name()) else {
            return self.unknown(node);
        };
        let Some(value) = parameter::read(node, rule, self.errors) else { return };
        if let (Some(only), ParameterValue::Texts(texts)) = (self.rules.only_value(node.name(), self.direction), &value)
            && texts.iter().any(|text| text != only)
        {
            self.errors.push(ManifestError::BadValue {
                value: texts.join(" "),
                what: "possible here",
                reason: format!("of direction \"{}\" `{}` is `{only}`", self.direction.as_str(), node.name()),
                help: Some(rule.description.clone()),
                span: node.entries().first().map_or(node.head_span(), kdl::KdlEntry::span),
            });
            return;
        }
        parameters.insert(node.name().to_owned(), value);
    }

    /// Reports a parameter that adapters of this kind do not have. What seems to be a secret is one, whatever its name.
    fn unknown(&mut self, node: ManifestNode<'_>) {
        let name = node.name();
        let texts = node.entries().iter().filter_map(|entry| Some((entry, entry.value().as_string()?)));
        let mut secrets = texts.filter_map(|(entry, text)| {
            let is_place = entry.name().is_some_and(|name| SecretPlace::PROPERTIES.contains(&name.value()));
            if is_place { None } else { Some((entry, super::secret::find(name, text)?)) }
        });
        if let Some((entry, what)) = secrets.next() {
            self.errors.push(ManifestError::SecretInAsset { what: what.to_owned(), span: entry.span() });
            return;
        }
        let mut known: Vec<&str> = self.rules.parameters().map(|(name, _)| name).collect();
        known.extend(["schema", "request", "response", "credentials"].into_iter().filter(|name| self.rules.has(name)));
        known.push("environment");
        let help = did_you_mean(name, &known)
            .unwrap_or_else(|| format!("`larder explain adapter {}` lists what there is", self.kind));
        self.errors.push(ManifestError::Undeclared {
            what: match self.kind {
                AdapterKind::File => "parameter of file adapters",
                AdapterKind::Ftp => "parameter of ftp adapters",
                AdapterKind::Sftp => "parameter of sftp adapters",
                AdapterKind::Email => "parameter of email adapters",
                AdapterKind::Http => "parameter of http adapters",
                AdapterKind::Rest => "parameter of rest adapters",
                AdapterKind::Soap => "parameter of soap adapters",
            },
            name: name.to_owned(),
            help: Some(help),
            span: node.name_span(),
        });
    }

    fn environment(
        &mut self,
        node: ManifestNode<'_>,
        environments: &mut BTreeMap<String, EnvironmentParameters>,
        position: Position,
    ) {
        const SHAPE: NodeShape = NodeShape {
            arguments: (1, 1),
            properties: &[],
            block: BlockRule::Maybe,
            example: "environment \"production\" { host \"…\"; }",
        };
        let parts = node.read_parts(&SHAPE, self.errors);
        let Some(name) = parts.argument(0).and_then(|value| value.label(self.errors)) else { return };
        let mut own =
            EnvironmentParameters { credentials: None, parameters: Parameters::new(), stated: Vec::new(), position };
        let mut first: Vec<ManifestNode<'_>> = Vec::new();
        for child in node.children() {
            if let Some(before) = first.iter().find(|before| before.name() == child.name()) {
                self.repeated(child, *before);
                continue;
            }
            first.push(child);
            if child.name() == "credentials" && self.rules.has("credentials") {
                own.credentials = parameter::read_secret(child, self.errors);
            } else {
                self.parameter(child, &mut own.parameters);
            }
        }
        own.stated = first.iter().map(|node| node.name().into()).collect();
        if environments.insert(name.value.to_string(), own).is_some() {
            self.errors.push(ManifestError::Repeated {
                what: format!("environment `{}`", name.value),
                help: Some("join them".to_owned()),
                span: node.head_span(),
                first: name.span,
            });
        }
    }
}

impl Adapter {
    /// Returns what the adapter must have and has not, in one of these environments at least.
    pub fn check_complete(&self, environments: &[&str], source: &SourceFile) -> Vec<SourceFinding> {
        let mut found = Vec::new();
        let has = |name: &str, environment: &str| {
            let own = self.environments.get(environment);
            own.is_some_and(|own| own.stated.iter().any(|stated| **stated == *name))
        };
        for required in self.kind.rules().required(self.direction) {
            if self.stated.iter().any(|stated| **stated == *required) {
                continue;
            }
            let lacking: Vec<&str> =
                environments.iter().copied().filter(|environment| !has(required, environment)).collect();
            let message = match lacking[..] {
                [] if !environments.is_empty() => continue,
                _ if lacking.len() == environments.len() => format!("the adapter has no `{required}`"),
                _ => format!("the adapter has no `{required}` in environment `{}`", lacking.join("`, `")),
            };
            let own = lacking.iter().find_map(|environment| self.environments.get(*environment));
            let position = own.filter(|_| lacking.len() < environments.len()).map_or(self.position, |own| own.position);
            let rule = self.kind.rules().properties.get(required);
            let help = match rule.map(|rule| rule.description.as_str()).filter(|text| !text.is_empty()) {
                Some(text) => format!("`{required}`: {text}"),
                None => format!("`{required} env=\"NAME\"` says where the secret is"),
            };
            found.push(SourceFinding::error(INCOMPLETE, &source.file, position, message).with_help(help));
        }
        found
    }
}
