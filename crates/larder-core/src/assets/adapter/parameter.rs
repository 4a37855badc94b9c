//! The value of a parameter: read from its node, and held to the rule of its kind.

use kdl::{KdlEntry, KdlValue};

use crate::manifest::{Errors, ManifestError, ManifestNode};
use crate::model::parse_span;

use super::kind::{ParameterFormat, ParameterRule, ParameterType};
use super::secret;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// A text, or a list of several.
    Texts(Vec<String>),
    /// A whole number.
    Number(i64),
    /// `#true` or `#false`
    Flag(bool),
    /// Names with texts.
    Map(Vec<(String, String)>),
    /// Somewhere else.
    Secret(SecretPlace),
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In a variable.
    Env(String),
    /// In a file.
    File(String),
    /// In the system's keyring.
    Keyring(String),
}

impl SecretPlace {
    /// The properties that name one.
    pub const PROPERTIES: [&'static str; 3] = ["env", "file", "keyring"];

    /// Returns the reference that a value of [`ParameterValue::Map`] is: `${env:NAME}`.
    pub(in crate::assets) fn of_text(text: &str) -> Option<Self> {
        let (property, name) = text.strip_prefix("${")?.strip_suffix('}')?.split_once(':')?;
        match property {
            "env" => Some(Self::Env(name.to_owned())),
            "file" => Some(Self::File(name.to_owned())),
            "keyring" => Some(Self::Keyring(name.to_owned())),
            _ => None,
        }
    }

    /// Returns the property and its value, as an adapter's file has them.
    pub fn as_property(&self) -> (&'static str, &str) {
        match self {
            Self::Env(name) => ("env", name),
            Self::File(name) => ("file", name),
            Self::Keyring(name) => ("keyring", name),
        }
    }
}

/// The most bytes of a text.
const LONGEST: usize = 4096;
/// The most texts of a list or a map.
const MOST: usize = 256;

/// Reads the value of a node as its rule asks for. Reports all that is wrong with it.
pub(super) fn read(node: ManifestNode<'_>, rule: &ParameterRule, errors: &mut Errors) -> Option<ParameterValue> {
    let is_reference = node
        .entries()
        .iter()
        .any(|entry| entry.name().is_some_and(|name| SecretPlace::PROPERTIES.contains(&name.value())));
    if rule.is_secret() || is_reference {
        return read_secret(node, errors).map(ParameterValue::Secret);
    }
    let of = rule.of.unwrap_or_default();
    if of == ParameterType::Object {
        return read_map(node, errors);
    }
    if let Some(entry) = node.entries().iter().find(|entry| entry.name().is_some()) {
        errors.push(wrong(node, entry, "a value without a name", "write it as `NAME VALUE`"));
        return None;
    }
    if node.has_block() {
        errors.push(ManifestError::Unexpected {
            node: node.name().to_owned(),
            what: "block",
            help: None,
            span: node.head_span(),
        });
        return None;
    }
    let (first, more) = match node.entries() {
        [first] => (first, false),
        [first, ..] => (first, true),
        [] => {
            errors.push(node.missing_error("a value", None));
            return None;
        }
    };
    if more && of != ParameterType::Array {
        errors.push(wrong(node, &node.entries()[1], "one value", "leave the others out"));
        return None;
    }
    match of {
        ParameterType::Integer => read_number(node, first, rule, errors),
        ParameterType::Boolean => {
            if let KdlValue::Bool(flag) = first.value() {
                return Some(ParameterValue::Flag(*flag));
            }
            errors.push(wrong(node, first, "#true or #false", "write #true or #false"));
            None
        }
        ParameterType::String | ParameterType::Array | ParameterType::Object => {
            let before = errors.len();
            let texts: Vec<String> =
                node.entries().iter().take(MOST).filter_map(|entry| read_text(node, entry, rule, errors)).collect();
            (errors.len() == before).then_some(ParameterValue::Texts(texts))
        }
    }
}

/// Reads `credentials env="PARTNER_SFTP"`: where the secret is. The secret itself is refused.
pub(super) fn read_secret(node: ManifestNode<'_>, errors: &mut Errors) -> Option<SecretPlace> {
    const HELP: &str = "say where it is: `env=\"NAME\"`, `file=\"PATH\"` or `keyring=\"NAME\"`";
    let mut found = None;
    for entry in node.entries() {
        let name = entry.name().map(kdl::KdlIdentifier::value);
        let Some(property) = name.filter(|name| SecretPlace::PROPERTIES.contains(name)) else {
            errors.push(literal(node, entry));
            return None;
        };
        let text = entry.value().as_string().unwrap_or_default();
        let source = match property {
            "env" if is_variable(text) => SecretPlace::Env(text.to_owned()),
            "file" if !text.trim().is_empty() && text.len() <= LONGEST => SecretPlace::File(text.to_owned()),
            "keyring" if !text.trim().is_empty() && text.len() <= LONGEST => SecretPlace::Keyring(text.to_owned()),
            // What is no name of a variable may be the secret.
            "env" => {
                errors.push(literal(node, entry));
                return None;
            }
            _ => {
                errors.push(wrong(node, entry, "a place of a secret", HELP));
                return None;
            }
        };
        if found.is_some() {
            errors.push(wrong(node, entry, "one place of a secret", "keep one of `env=`, `file=` and `keyring=`"));
            return None;
        }
        found = Some(source);
    }
    if node.has_block() {
        errors.push(ManifestError::SecretInAsset { what: node.name().to_owned(), span: node.head_span() });
        return None;
    }
    if found.is_none() {
        errors.push(node.missing_error("a place where the secret is", Some(HELP.to_owned())));
    }
    found
}

fn read_map(node: ManifestNode<'_>, errors: &mut Errors) -> Option<ParameterValue> {
    if let Some(entry) = node.entries().first() {
        errors.push(wrong(node, entry, "a block of names with values", "write it as `headers { X-Client \"shop\"; }`"));
        return None;
    }
    let (before, mut pairs) = (errors.len(), Vec::<(String, String)>::new());
    for child in node.children().take(MOST) {
        let name = child.name();
        if pairs.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            let what = format!("`{name}`");
            let help = Some("keep one of them".to_owned());
            errors.push(ManifestError::Repeated { what, help, span: child.head_span(), first: node.head_span() });
            continue;
        }
        let is_reference = child.entries().iter().any(|entry| entry.name().is_some());
        if is_reference || secret::is_secret_name(name) {
            if let [only] = child.entries()
                && only.name().is_none()
                && only.value().as_string().is_some_and(|text| secret::find(name, text).is_none() && !text.is_empty())
            {
                pairs.push((name.to_owned(), only.value().as_string().unwrap_or_default().to_owned()));
            } else if let Some(source) = read_secret(child, errors) {
                let (property, value) = source.as_property();
                pairs.push((name.to_owned(), format!("${{{property}:{value}}}")));
            }
            continue;
        }
        let Some(value) = child.single_value(errors).and_then(|value| value.string(errors)) else { continue };
        match secret::find(name, value.value) {
            Some(what) => errors.push(ManifestError::SecretInAsset { what: what.to_owned(), span: value.span }),
            None => pairs.push((name.to_owned(), value.value.to_owned())),
        }
    }
    (errors.len() == before).then_some(ParameterValue::Map(pairs))
}

fn read_number(
    node: ManifestNode<'_>,
    entry: &KdlEntry,
    rule: &ParameterRule,
    errors: &mut Errors,
) -> Option<ParameterValue> {
    let (least, most) = (rule.minimum.unwrap_or(i64::MIN), rule.maximum.unwrap_or(i64::MAX));
    let KdlValue::Integer(number) = entry.value() else {
        errors.push(wrong(node, entry, "a whole number", "write it without quotes"));
        return None;
    };
    match i64::try_from(*number) {
        Ok(number) if (least..=most).contains(&number) => Some(ParameterValue::Number(number)),
        _ => {
            errors.push(ManifestError::BadValue {
                value: number.to_string(),
                what: "possible here",
                reason: format!("`{}` must lie between {least} and {most}", node.name()),
                help: None,
                span: entry.span(),
            });
            None
        }
    }
}

fn read_text(node: ManifestNode<'_>, entry: &KdlEntry, rule: &ParameterRule, errors: &mut Errors) -> Option<String> {
    let Some(text) = entry.value().as_string() else {
        errors.push(wrong(node, entry, "a text", "write it in quotes"));
        return None;
    };
    if let Some(what) = secret::find(node.name(), text) {
        errors.push(ManifestError::SecretInAsset { what: what.to_owned(), span: entry.span() });
        return None;
    }
    if !rule.choices.is_empty() && !rule.choices.iter().any(|choice| choice == text) {
        let known: Vec<&str> = rule.choices.iter().map(String::as_str).collect();
        errors.push(ManifestError::UnknownValue {
            value: text.to_owned(),
            what: format!("a value of `{}`", node.name()),
            help: crate::manifest::did_you_mean(text, &known),
            span: entry.span(),
        });
        return None;
    }
    let reason = match rule.format {
        _ if text.trim().is_empty() => Some("it is empty"),
        _ if text.len() > LONGEST => Some("it is longer than 4096 bytes"),
        _ if text.chars().any(char::is_control) => Some("it has control characters"),
        Some(ParameterFormat::Uri) if !is_uri(text) => Some("it is no http:// or https:// URL with a host"),
        Some(ParameterFormat::Duration) if parse_span(text).is_none() => {
            Some("it is a number and a unit: s, m, h, d or w")
        }
        Some(ParameterFormat::Hostname) if !is_host(text) => Some("it is no name or address of a machine"),
        Some(ParameterFormat::Email) if !is_mail_address(text) => Some("it is no address of a mailbox"),
        Some(ParameterFormat::Path) if !text.starts_with('/') => Some("it does not begin with `/`"),
        _ => None,
    };
    if let Some(reason) = reason {
        errors.push(ManifestError::BadValue {
            value: text.chars().filter(|c| !c.is_control()).take(80).collect(),
            what: "a value of this parameter",
            reason: reason.to_owned(),
            help: Some(rule.description.clone()),
            span: entry.span(),
        });
        return None;
    }
    Some(text.to_owned())
}

fn wrong(node: ManifestNode<'_>, entry: &KdlEntry, expected: &str, help: &str) -> ManifestError {
    let found = match entry.value() {
        KdlValue::String(_) => "a string",
        KdlValue::Integer(_) | KdlValue::Float(_) => "a number",
        KdlValue::Bool(_) => "a boolean",
        KdlValue::Null => "#null",
    };
    let what = format!("`{}`", node.name());
    ManifestError::WrongType {
        what,
        expected: expected.to_owned(),
        found,
        help: Some(help.to_owned()),
        span: entry.span(),
    }
}

fn literal(node: ManifestNode<'_>, entry: &KdlEntry) -> ManifestError {
    ManifestError::SecretInAsset { what: format!("`{}` in clear text", node.name()), span: entry.span() }
}

fn is_variable(text: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_start) && text.len() <= 200 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.chars().all(|c| c.is_ascii_digit()))
        .map_or(host, |(host, _)| host);
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && is_host(host)
        && !text.contains(char::is_whitespace)
}

fn is_host(text: &str) -> bool {
    let is_address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if is_address.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_mail_address(text: &str) -> bool {
    text.rsplit_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && is_host(host) && !text.contains(char::is_whitespace))
}
