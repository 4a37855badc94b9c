//! The file that says which value of a configuration stands for which parameter of an adapter.
//!
//! ```kdl
//! configurations "connections/*.json" {
//!     field "type" to="kind" { value "SFTP_CLIENT" "sftp"; }
//!     field "mode" to="direction" { value "receive" "in"; value "send" "out"; default "in"; }
//!     field "connection.host" to="host"
//!     field "document.schema" to="schema"
//!     constant "/out" to="path"
//!     secret "connection.password" to="credentials" env="{NAME}_PASSWORD"
//!     ignore "created"
//!     environment "production" { field "production.host" to="host"; }
//! }
//! ```

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostic::SourceFinding;
use crate::document::SourceFile;
use crate::manifest::{BlockRule, Errors, ManifestError, ManifestNode, NodeShape, kdl_finding, nodes, parse_kdl};

use super::super::adapter::SecretPlace;

/// What a mapping file says.
#[derive(Clone, Debug, Default)]
pub struct ImportRules {
    /// The blocks, in the order of the file.
    pub configurations: Vec<ConfigurationRules>,
}

/// What is so of some configurations.
#[derive(Clone, Debug)]
pub struct ConfigurationRules {
    glob: GlobMatcher,
    pub(super) settings: Vec<Setting>,
    pub(super) environments: Vec<(String, Vec<Setting>)>,
    pub(super) ignored: Vec<String>,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The parameter; or `name`, `kind`, `direction`.
    pub(super) to: String,
    pub(super) from: ValueOrigin,
}

#[derive(Clone, Debug)]
pub(super) enum ValueOrigin {
    Field { path: String, values: Vec<(String, String)>, default: Option<String> },
    Constant(String),
    Secret { path: String, place: SecretPlace },
}

const CODE: &str = "import.syntax";
const PARTS: [&str; 5] = ["field", "constant", "secret", "ignore", "environment"];

impl ImportRules {
    /// Reads a mapping file. Returns everything that is wrong with it.
    pub fn parse(source: &SourceFile) -> Result<Self, Vec<SourceFinding>> {
        let finding = |error: &ManifestError| kdl_finding(CODE, &source.file, &source.text, error);
        let parsed = parse_kdl(&source.text).map_err(|errors| errors.iter().map(finding).collect::<Vec<_>>())?;
        let mut errors: Errors = parsed.repaired.clone();
        let mut rules = Self::default();
        for node in nodes(&parsed.document, &parsed.blanked) {
            if node.name() == "configurations" {
                rules.configurations.extend(configurations(node, &mut errors));
            } else {
                node.report_unknown("in a mapping file", &["configurations"], &mut errors);
            }
        }
        if errors.is_empty() { Ok(rules) } else { Err(errors.iter().map(finding).collect()) }
    }

    /// Returns the first block that is about a file, by its path in the folder that is imported.
    pub fn of(&self, path: &str) -> Option<&ConfigurationRules> {
        self.configurations.iter().find(|rules| rules.glob.is_match(path))
    }
}

fn configurations(node: ManifestNode<'_>, errors: &mut Errors) -> Option<ConfigurationRules> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "configurations \"connections/*.json\" { field \"host\" to=\"host\"; }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let text = parts.argument(0)?.string(errors)?;
    let glob = match GlobBuilder::new(text.value).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a pattern of paths",
                reason: error.kind().to_string(),
                help: Some("write it like `connections/*.json`".to_owned()),
                span: text.span,
            });
            return None;
        }
    };
    let mut rules = ConfigurationRules { glob, settings: Vec::new(), environments: Vec::new(), ignored: Vec::new() };
    for child in node.children() {
        match child.name() {
            "ignore" => {
                let path = child.single_value(errors).and_then(|value| value.string(errors));
                rules.ignored.extend(path.map(|path| path.value.to_owned()));
            }
            "environment" => rules.environments.extend(environment(child, errors)),
            _ => rules.settings.extend(setting(child, &PARTS, errors)),
        }
    }
    Some(rules)
}

fn environment(node: ManifestNode<'_>, errors: &mut Errors) -> Option<(String, Vec<Setting>)> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "environment \"production\" { field \"production.host\" to=\"host\"; }",
    };
    let name = node.read_parts(&SHAPE, errors).argument(0)?.label(errors)?;
    Some((name.value.to_string(), node.children().filter_map(|child| setting(child, &PARTS[..3], errors)).collect()))
}

fn setting(node: ManifestNode<'_>, known: &[&'static str], errors: &mut Errors) -> Option<Setting> {
    let shape = |properties, block, example| NodeShape { arguments: (1, 1), properties, block, example };
    let shape = match node.name() {
        "field" => shape(&["to"], BlockRule::Maybe, "field \"connection.host\" to=\"host\""),
        "constant" => shape(&["to"], BlockRule::Never, "constant \"/out\" to=\"path\""),
        "secret" => shape(
            &["to", "env", "file", "keyring"],
            BlockRule::Never,
            "secret \"connection.password\" to=\"credentials\" env=\"{NAME}_PASSWORD\"",
        ),
        _ => {
            node.report_unknown("in `configurations`", known, errors);
            return None;
        }
    };
    let parts = node.read_parts(&shape, errors);
    let Some(to) = parts.property("to") else {
        errors.push(node.missing_error("a `to=`", Some(format!("it is written `{}`", shape.example))));
        return None;
    };
    let to = to.string(errors)?.value.to_owned();
    let first = parts.argument(0)?.string(errors)?.value.to_owned();
    let from = match node.name() {
        "constant" => ValueOrigin::Constant(first),
        "secret" => {
            let mut places = SecretPlace::PROPERTIES.iter().filter_map(|name| Some((*name, parts.property(name)?)));
            let (Some((name, value)), None) = (places.next(), places.next()) else {
                let help = "say where the secret is: `env=\"NAME\"`, `file=\"PATH\"` or `keyring=\"NAME\"`".to_owned();
                errors.push(node.missing_error("one place of the secret", Some(help)));
                return None;
            };
            let text = value.string(errors)?.value.to_owned();
            let place = match name {
                "env" => SecretPlace::Env(text),
                "file" => SecretPlace::File(text),
                _ => SecretPlace::Keyring(text),
            };
            ValueOrigin::Secret { path: first, place }
        }
        _ => {
            let (values, default) = values(node, errors);
            ValueOrigin::Field { path: first, values, default }
        }
    };
    Some(Setting { to, from })
}

fn values(node: ManifestNode<'_>, errors: &mut Errors) -> (Vec<(String, String)>, Option<String>) {
    const VALUE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Never,
        example: "value \"SFTP_CLIENT\" \"sftp\"",
    };
    let (mut values, mut default) = (Vec::new(), None);
    for child in node.children() {
        match child.name() {
            "value" => {
                let parts = child.read_parts(&VALUE, errors);
                let mut text = |at| Some(parts.argument(at)?.string(errors)?.value.to_owned());
                if let (Some(theirs), Some(ours)) = (text(0), text(1)) {
                    values.push((theirs, ours));
                }
            }
            "default" => {
                let text = child.single_value(errors).and_then(|value| value.string(errors));
                default = text.map(|text| text.value.to_owned());
            }
            _ => child.report_unknown("in `field`", &["value", "default"], errors),
        }
    }
    (values, default)
}
