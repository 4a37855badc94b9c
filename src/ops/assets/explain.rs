//! `larder explain adapter KIND`: the parameters of a kind of adapters.

use serde_json::Value;

use crate::assets::adapter::{AdapterKind, Direction, ParameterType};
use crate::diagnostic::{Exit, Failure, nearest};
use crate::ops::Result;

/// A kind of adapters, explained.
#[derive(Debug)]
pub struct Explained {
    kind: AdapterKind,
}

/// Finds a kind of adapters.
pub fn adapter(kind: &str) -> Result<Explained> {
    kind.parse::<AdapterKind>().map(|kind| Explained { kind }).map_err(|()| {
        let known = AdapterKind::ALL.map(AdapterKind::as_str);
        let help = match nearest(kind, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", known.join(", ")),
        };
        UnknownKind { kind: kind.to_owned(), help }.into()
    })
}

impl Explained {
    /// Returns what `--json` prints: the JSON Schema of such adapters.
    pub fn schema(&self) -> Value {
        // A test reads the schemas of all kinds.
        serde_json::from_str(self.kind.schema()).unwrap_or_default()
    }

    /// Returns what people read.
    pub fn lines(&self) -> Vec<String> {
        let rules = self.kind.rules();
        let mut lines = vec![format!("{}: {} {}", self.kind, rules.title, rules.description), String::new()];
        let always: Vec<&str> = rules
            .required(Direction::In)
            .filter(|name| rules.required(Direction::Out).any(|other| other == *name))
            .collect();
        let shown = ["schema", "request", "response", "credentials"];
        let parts = rules.properties.iter().filter(|(name, _)| shown.contains(&name.as_str()));
        let parts = parts.map(|(name, rule)| (name.as_str(), rule));
        for (name, rule) in parts.chain(rules.parameters()) {
            let of = match rule.of {
                None => "secret".to_owned(),
                Some(_) if !rule.choices.is_empty() => rule.choices.join(" | "),
                Some(ParameterType::String) => "text".to_owned(),
                Some(ParameterType::Integer) => "number".to_owned(),
                Some(ParameterType::Boolean) => "#true | #false".to_owned(),
                Some(ParameterType::Array) => "texts".to_owned(),
                Some(ParameterType::Object) => "names with texts".to_owned(),
            };
            let needed = |direction| rules.required(direction).any(|required| required == name);
            let needed = match (always.contains(&name), needed(Direction::In), needed(Direction::Out)) {
                (true, ..) => ", required",
                (_, true, _) => ", required of what comes in",
                (_, _, true) => ", required of what goes out",
                _ => "",
            };
            let default = rule.default.as_ref().map(|default| format!(", else {default}")).unwrap_or_default();
            let text = match rule.description.as_str() {
                "" => "`env=\"NAME\"`, `file=\"PATH\"` or `keyring=\"NAME\"`: where it is, never itself.",
                text => text,
            };
            lines.push(format!("  {name:<18} {of}{needed}{default}"));
            lines.push(format!("  {:<18} {text}", ""));
        }
        lines
    }
}

/// A kind that there is not.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no kind of adapters `{kind}`")]
#[diagnostic(code(larder::explain::unknown_kind), help("{help}"))]
struct UnknownKind {
    kind: String,
    help: String,
}

impl Failure for UnknownKind {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
