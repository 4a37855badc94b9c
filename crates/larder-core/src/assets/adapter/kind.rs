//! The kinds of adapters, and the parameters of each: those of the JSON Schemas in `schema/adapters`, which are part of the program.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::Direction;

/// A kind of adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// Files in a folder.
    File,
    /// Files of an FTP server.
    Ftp,
    /// Files of an SFTP server.
    Sftp,
    /// Messages of a mail server.
    Email,
    /// An HTTP end point.
    Http,
    /// A REST service.
    Rest,
    /// A SOAP service.
    Soap,
}

impl AdapterKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [Self::File, Self::Ftp, Self::Sftp, Self::Email, Self::Http, Self::Rest, Self::Soap];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Ftp => "ftp",
            Self::Sftp => "sftp",
            Self::Email => "email",
            Self::Http => "http",
            Self::Rest => "rest",
            Self::Soap => "soap",
        }
    }

    /// Returns the JSON Schema of adapters of this kind.
    pub fn schema(self) -> &'static str {
        match self {
            Self::File => include_str!("../../../../../schema/adapters/file.json"),
            Self::Ftp => include_str!("../../../../../schema/adapters/ftp.json"),
            Self::Sftp => include_str!("../../../../../schema/adapters/sftp.json"),
            Self::Email => include_str!("../../../../../schema/adapters/email.json"),
            Self::Http => include_str!("../../../../../schema/adapters/http.json"),
            Self::Rest => include_str!("../../../../../schema/adapters/rest.json"),
            Self::Soap => include_str!("../../../../../schema/adapters/soap.json"),
        }
    }

    /// Returns what the schema says of parameters.
    pub fn rules(self) -> &'static KindRules {
        static RULES: [OnceLock<KindRules>; 7] = [const { OnceLock::new() }; 7];
        // A test reads all of them.
        RULES[self as usize].get_or_init(|| serde_json::from_str(self.schema()).unwrap_or_default())
    }
}

impl FromStr for AdapterKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the JSON Schema of a kind says. The schemas use no other keywords than these.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRules {
    #[serde(rename = "$schema")]
    _dialect: String,
    /// What such an adapter is, in a few words.
    pub title: String,
    /// What it does.
    pub description: String,
    #[serde(rename = "type")]
    _type: ParameterType,
    /// The parameters, by name.
    pub properties: BTreeMap<String, ParameterRule>,
    required: Vec<String>,
    #[serde(rename = "additionalProperties")]
    _additional: bool,
    #[serde(rename = "allOf", default)]
    conditions: Vec<Conditional>,
    #[serde(rename = "$defs")]
    _definitions: Value,
}

/// What is so of one parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterRule {
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its type. A reference to a secret has none.
    #[serde(rename = "type")]
    pub of: Option<ParameterType>,
    /// The words that it can be.
    #[serde(rename = "enum", default)]
    pub choices: Vec<String>,
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest number.
    pub maximum: Option<i64>,
    /// What it is where nothing is said.
    pub default: Option<Value>,
    /// How a text is written.
    pub format: Option<ParameterFormat>,
    #[serde(rename = "const")]
    _constant: Option<String>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "items")]
    _items: Option<Value>,
    #[serde(rename = "additionalProperties")]
    _additional: Option<Value>,
}

impl ParameterRule {
    /// Returns whether it is a secret, for which only a reference can stand.
    pub fn is_secret(&self) -> bool {
        self.reference.is_some()
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// A text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// `#true` or `#false`.
    Boolean,
    /// Several texts.
    Array,
    /// A block of names with texts.
    Object,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ParameterFormat {
    /// `https://host/path`.
    Uri,
    /// `30s`, `5m`.
    Duration,
    /// The name or address of a machine.
    Hostname,
    /// `orders@acme.example`
    Email,
    /// `/orders/{id}`
    Path,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditional {
    #[serde(rename = "if")]
    condition: Condition,
    then: Consequence,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    properties: ConditionProperties,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionProperties {
    direction: ConditionDirection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionDirection {
    #[serde(rename = "const")]
    value: Direction,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consequence {
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    properties: BTreeMap<String, OnlyValue>,
}

/// The only value that a parameter can have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyValue {
    #[serde(rename = "const")]
    value: String,
}

/// Nodes and properties that stand for parameters of the JSON form, and are read on their own.
const NOT_PARAMETERS: [&str; 6] = ["kind", "direction", "schema", "request", "response", "credentials"];

impl KindRules {
    /// Returns the parameters that are written as nodes of their own.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &ParameterRule)> {
        let all = self.properties.iter().map(|(name, rule)| (name.as_str(), rule));
        all.filter(|(name, _)| !NOT_PARAMETERS.contains(name))
    }

    /// Returns the rule of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&ParameterRule> {
        self.properties.get(name).filter(|_| !NOT_PARAMETERS.contains(&name))
    }

    /// Returns whether an adapter can have such a schema or such credentials: `schema`, `request`, `response`, `credentials`.
    pub fn has(&self, part: &str) -> bool {
        self.properties.contains_key(part)
    }

    /// Returns the only value that a parameter can have in an adapter of this direction, if there is one.
    pub fn only_value(&self, name: &str, direction: Direction) -> Option<&str> {
        let mut conditions = self.conditions.iter().filter(|one| one.condition.properties.direction.value == direction);
        conditions.find_map(|one| Some(one.then.properties.get(name)?.value.as_str()))
    }

    /// Returns what an adapter of this direction must have.
    pub fn required(&self, direction: Direction) -> impl Iterator<Item = &str> {
        let conditional =
            self.conditions.iter().filter(move |one| one.condition.properties.direction.value == direction);
        let conditional = conditional.flat_map(|one| &one.then.required);
        self.required
            .iter()
            .chain(conditional)
            .map(String::as_str)
            .filter(|name| !matches!(*name, "kind" | "direction"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_of_all_kinds_use_only_what_is_checked() {
        for kind in AdapterKind::ALL {
            let rules: KindRules =
                serde_json::from_str(kind.schema()).unwrap_or_else(|error| panic!("{kind}: {error}"));
            for direction in [Direction::In, Direction::Out] {
                for required in rules.required(direction) {
                    assert!(rules.properties.contains_key(required), "{kind} requires `{required}`");
                }
            }
            for (name, rule) in rules.parameters() {
                assert!(rule.is_secret() != rule.of.is_some(), "{kind}: {name}");
                assert!(rule.is_secret() || !rule.description.is_empty(), "{kind}: {name}");
            }
        }
    }
}
