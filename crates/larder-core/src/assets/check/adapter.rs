//! What is wrong with adapters.

use crate::assets::Reference;
use crate::assets::package::AssetIndex;
use crate::assets::set::AssetSet;
use crate::diagnostic::{SourceFinding, nearest};
use crate::model::AssetKind;
use crate::schema::SchemaKind;

impl AssetSet<'_> {
    pub(super) fn check_adapter(&self, at: AssetIndex, environments: Option<&[&str]>) -> Vec<SourceFinding> {
        let (Some(adapter), Some(source)) = (self.adapter(at), &self.content(at).source) else { return Vec::new() };
        let named: Vec<&str> = adapter.environments.keys().map(String::as_str).collect();
        let environments = environments.unwrap_or(&named);
        let mut found = adapter.check_complete(environments, source);
        for (name, own) in adapter.environments.iter().filter(|(name, _)| !environments.contains(&name.as_str())) {
            let message = format!("the project has no environment `{name}`");
            let help = match nearest(name, environments.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", environments.join(", ")),
            };
            found
                .push(SourceFinding::error("adapter.environment", &source.file, own.position, message).with_help(help));
        }
        found.extend(adapter.schemas().filter_map(|reference| self.check_entry(at, reference)));
        // What is sent and what is answered are the input and the output of an operation, whoever calls it.
        for (reference, wrong, part) in
            [(&adapter.document, "/output", "request"), (&adapter.response, "/input", "response")]
        {
            let Some(reference) = reference else { continue };
            let Ok(schema) = self.resolve(self.asset(at).package, AssetKind::Schema, &reference.to) else { continue };
            let is_operation = self.schema(schema).is_some_and(|schema| schema.kind() == SchemaKind::Wsdl);
            if is_operation && reference.to.entry.as_deref().is_some_and(|entry| entry.ends_with(wrong)) {
                let message = format!("`{}` is no {part}", reference.text);
                let help = "a request is the input of an operation, and a response its output";
                let finding = SourceFinding::error("adapter.direction", &source.file, reference.position, message);
                found.push(finding.with_help(help));
            }
        }
        found
    }

    /// Reports a part of a schema that is not there.
    fn check_entry(&self, at: AssetIndex, reference: &Reference) -> Option<SourceFinding> {
        let source = self.content(at).source.as_ref()?;
        let schema = self.resolve(self.asset(at).package, AssetKind::Schema, &reference.to).ok()?;
        let error = self.schema(schema)?.shape(reference.to.entry.as_deref()).err()?;
        let finding = SourceFinding::error("asset.entry", &source.file, reference.position, error.to_string());
        Some(finding.with_help_if(error.help()))
    }
}
