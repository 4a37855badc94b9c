//! A configuration → an adapter's file.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use crate::manifest::edit::quoted;

use super::super::adapter::{AdapterKind, ParameterType, SecretPlace, secret};
use super::configuration::{Configuration, scalar};
use super::rules::{ConfigurationRules, Setting, ValueOrigin};

/// An adapter that a configuration became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedAdapter {
    /// The name that it states; `None`: that of its file.
    pub name: Option<String>,
    /// The adapter's file.
    pub text: String,
    /// The values that are not in it, by their paths: what they are, nobody is told.
    pub left_out: Vec<String>,
}

/// What is converted, and what is wrong with it.
struct Converting<'a> {
    configuration: &'a Configuration,
    /// The adapter's name in capitals, for names of variables.
    capitals: String,
    /// What a reference to a schema means here.
    schema: &'a dyn Fn(&str) -> String,
    used: BTreeSet<String>,
    problems: Vec<String>,
}

/// Converts a configuration. Without rules, its names are those of the parameters. `file` is the file's name without its ending, and
/// `schema` returns how an adapter refers to what the configuration names as its schema.
///
/// # Errors
/// Everything that is wrong, as sentences. None of them has a value that may be a secret.
pub fn convert(
    configuration: &Configuration,
    file: &str,
    rules: Option<&ConfigurationRules>,
    schema: &dyn Fn(&str) -> String,
) -> Result<ConvertedAdapter, Vec<String>> {
    let direct = || {
        let names = configuration.0.as_object().into_iter().flat_map(|object| object.keys());
        let field = |name: &String| ValueOrigin::Field { path: name.clone(), values: Vec::new(), default: None };
        names.map(|name| Setting { to: name.clone(), from: field(name) }).collect::<Vec<_>>()
    };
    let settings = rules.map_or_else(direct, |rules| rules.settings.clone());
    let mut converting =
        Converting { configuration, capitals: String::new(), schema, used: BTreeSet::new(), problems: Vec::new() };
    let name = converting.word(&settings, "name");
    converting.capitals = capitals(name.as_deref().unwrap_or(file));
    let kind = converting.word(&settings, "kind").map(|kind| kind.to_ascii_lowercase());
    let direction = converting.word(&settings, "direction").map(|direction| direction.to_ascii_lowercase());
    let known = AdapterKind::ALL.map(AdapterKind::as_str).join(", ");
    let kind = match kind.as_deref().map(str::parse::<AdapterKind>) {
        Some(Ok(kind)) => Some(kind),
        Some(Err(())) => {
            let text = kind.unwrap_or_default();
            converting.problems.push(format!("`{}` is no kind of adapters: there is {known}", shown(&text)));
            None
        }
        None => {
            converting.problems.push(format!("it states no `kind`: {known}"));
            None
        }
    };
    let direction = direction.filter(|direction| match direction.as_str() {
        "in" | "out" => true,
        other => {
            converting.problems.push(format!("`{}` is no direction: there is in, out", shown(other)));
            false
        }
    });
    if direction.is_none() && converting.problems.is_empty() {
        converting.problems.push("it states no `direction`: in, out".to_owned());
    }
    let (Some(kind), Some(direction)) = (kind, direction) else { return Err(converting.problems) };
    let mut text = format!("adapter kind=\"{kind}\" direction=\"{direction}\" {{\n");
    converting.lines(kind, &settings, rules.is_some(), ("    ", &mut text));
    for (environment, settings) in rules.iter().flat_map(|rules| &rules.environments) {
        let mut block = String::new();
        converting.lines(kind, settings, true, ("        ", &mut block));
        if !block.is_empty() {
            let _ = write!(text, "    environment {} {{\n{block}    }}\n", quoted(environment));
        }
    }
    text.push_str("}\n");
    if !converting.problems.is_empty() {
        return Err(converting.problems);
    }
    let ignored = rules.map(|rules| &rules.ignored[..]).unwrap_or_default();
    let is_below =
        |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let mut left_out = configuration.paths();
    left_out.retain(|path| !converting.used.iter().chain(ignored).any(|above| is_below(path, above)));
    Ok(ConvertedAdapter { name, text, left_out })
}

/// Returns a name as variables are written.
fn capitals(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// Returns of a word that is none what can be shown.
fn shown(word: &str) -> String {
    if secret::find("", word).is_some() {
        "…".to_owned()
    } else {
        word.chars().filter(|c| !c.is_control()).take(60).collect()
    }
}

impl Converting<'_> {
    /// Returns the text that is meant for `name`, `kind` or `direction`.
    fn word(&mut self, settings: &[Setting], to: &str) -> Option<String> {
        let mut meant = settings.iter().filter(|setting| setting.to == to);
        meant.find_map(|setting| scalar(&self.value(setting)?))
    }

    /// Returns the value of a setting, and notes what it is from. A secret has none.
    fn value(&mut self, setting: &Setting) -> Option<Value> {
        match &setting.from {
            ValueOrigin::Constant(text) => Some(Value::String(text.clone())),
            ValueOrigin::Secret { path, .. } => {
                self.used.insert(path.clone());
                None
            }
            ValueOrigin::Field { path, values, default } => {
                let Some(found) = self.configuration.get(path).filter(|value| !value.is_null()) else {
                    return default.clone().map(Value::String);
                };
                self.used.insert(path.clone());
                let translated = scalar(found)
                    .and_then(|theirs| values.iter().find(|(known, _)| *known == theirs))
                    .map(|(_, ours)| Value::String(ours.clone()));
                Some(translated.unwrap_or_else(|| found.clone()))
            }
        }
    }

    /// Writes the lines of parameters.
    fn lines(&mut self, kind: AdapterKind, settings: &[Setting], is_told: bool, (indent, text): (&str, &mut String)) {
        let mut stated: BTreeSet<&str> = BTreeSet::new();
        for setting in settings {
            let to = setting.to.as_str();
            if matches!(to, "name" | "kind" | "direction") || stated.contains(to) {
                continue;
            }
            if !kind.rules().has(to) {
                if is_told {
                    self.problems.push(format!("{kind} adapters have no `{to}`"));
                }
                continue;
            }
            if let Some(line) = self.line(kind, setting) {
                stated.insert(to);
                let _ = writeln!(text, "{indent}{line}");
            }
        }
    }

    /// Returns the line of a parameter. Returns `None` if the configuration does not have it, or if it is wrong, which is noted.
    fn line(&mut self, kind: AdapterKind, setting: &Setting) -> Option<String> {
        let to = setting.to.as_str();
        if let ValueOrigin::Secret { path, place } = &setting.from {
            let there = self.configuration.get(path).filter(|value| !value.is_null())?;
            self.used.insert(path.clone());
            // It may be a reference itself.
            let place = scalar(there).and_then(|text| reference(&text)).unwrap_or_else(|| self.named(place));
            return Some(secret_line(to, &place));
        }
        let value = self.value(setting)?;
        if matches!(to, "schema" | "request" | "response") {
            let text = scalar(&value).or_else(|| self.wrong(to, "a text"))?;
            return Some(format!("{to} {}", quoted(&(self.schema)(&text))));
        }
        let rule = kind.rules().properties.get(to)?;
        if rule.is_secret() {
            let place = match &value {
                Value::Object(object) => match object.iter().next() {
                    Some((name, Value::String(text))) if object.len() == 1 => of_property(name, text),
                    _ => None,
                },
                other => scalar(other).and_then(|text| reference(&text)),
            };
            return match place {
                Some(place) => Some(secret_line(to, &place)),
                None => self.literal(to, setting),
            };
        }
        match rule.of.unwrap_or_default() {
            ParameterType::Integer => {
                let number = scalar(&value).and_then(|text| text.trim().parse::<i64>().ok());
                number.map(|number| format!("{to} {number}")).or_else(|| self.wrong(to, "a whole number"))
            }
            ParameterType::Boolean => match scalar(&value).as_deref() {
                Some("true") => Some(format!("{to} #true")),
                Some("false") => Some(format!("{to} #false")),
                _ => self.wrong(to, "true or false"),
            },
            ParameterType::String => {
                let text = scalar(&value).or_else(|| self.wrong(to, "a text"))?;
                if secret::find(to, &text).is_some() {
                    return self.literal(to, setting);
                }
                Some(format!("{to} {}", quoted(&text)))
            }
            ParameterType::Array => {
                let texts: Option<Vec<String>> = match &value {
                    Value::Array(items) => items.iter().map(scalar).collect(),
                    other => scalar(other).map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()),
                };
                let texts = texts.or_else(|| self.wrong(to, "a list of texts"))?;
                if texts.iter().any(|text| secret::find(to, text).is_some()) {
                    return self.literal(to, setting);
                }
                let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                Some(format!("{to} {}", texts.join(" ")))
            }
            ParameterType::Object => self.block(to, setting, &value),
        }
    }

    fn block(&mut self, to: &str, setting: &Setting, value: &Value) -> Option<String> {
        let Value::Object(object) = value else { return self.wrong(to, "names with texts") };
        let mut lines = Vec::new();
        for (name, value) in object {
            let text = scalar(value).or_else(|| self.wrong(to, "names with texts"))?;
            if let Some(place) = reference(&text).filter(|_| secret::is_secret_name(name)) {
                lines.push(secret_line(&quoted(name), &place));
            } else if secret::find(name, &text).is_some() {
                return self.literal(&format!("{to} {name}"), setting);
            } else {
                lines.push(format!("{} {}", quoted(name), quoted(&text)));
            }
        }
        Some(format!("{to} {{ {}; }}", lines.join("; ")))
    }

    fn wrong<T>(&mut self, to: &str, what: &str) -> Option<T> {
        self.problems.push(format!("its `{to}` is not {what}"));
        None
    }

    /// Notes a secret in clear text.
    fn literal<T>(&mut self, to: &str, setting: &Setting) -> Option<T> {
        let path = match &setting.from {
            ValueOrigin::Field { path, .. } => path.as_str(),
            ValueOrigin::Constant(_) | ValueOrigin::Secret { .. } => to,
        };
        // One of several names has no line of its own in a mapping file.
        let way = if to.contains(' ') {
            "write `${NAME}` in its place, the variable that has it".to_owned()
        } else {
            let line = format!("secret \"{path}\" to=\"{}\" env=\"NAME\"", setting.to);
            format!("say in the mapping file where it is to be, by `{line}`")
        };
        self.problems.push(format!("`{path}` has a secret in clear text for `{to}`: {way}"));
        None
    }

    /// Returns a place in which `{NAME}` stands for the adapter's name.
    fn named(&self, place: &SecretPlace) -> SecretPlace {
        let named = |text: &String| text.replace("{NAME}", &self.capitals);
        match place {
            SecretPlace::Env(text) => SecretPlace::Env(named(text)),
            SecretPlace::File(text) => SecretPlace::File(named(text)),
            SecretPlace::Keyring(text) => SecretPlace::Keyring(named(text)),
        }
    }
}

fn secret_line(to: &str, place: &SecretPlace) -> String {
    let (property, text) = place.as_property();
    format!("{to} {property}={}", quoted(text))
}

/// Returns the place that a text like `${NAME}`, `${env:NAME}` or `${env.NAME}` names.
fn reference(text: &str) -> Option<SecretPlace> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    match inner.split_once([':', '.']) {
        Some((name, rest)) => of_property(name, rest),
        None => of_property("env", inner),
    }
}

fn of_property(name: &str, text: &str) -> Option<SecretPlace> {
    match name {
        "env" if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Some(SecretPlace::Env(text.to_owned())).filter(|_| text.starts_with(|c: char| !c.is_ascii_digit()))
        }
        "file" if !text.is_empty() => Some(SecretPlace::File(text.to_owned())),
        "keyring" if !text.is_empty() => Some(SecretPlace::Keyring(text.to_owned())),
        _ => None,
    }
}
