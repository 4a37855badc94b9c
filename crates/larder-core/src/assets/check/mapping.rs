//! What is wrong with mappings, their samples included.

use crate::assets::adapter::secret;
use crate::assets::package::AssetIndex;
use crate::assets::set::AssetSet;
use crate::diagnostic::SourceFinding;
use crate::mapping::{Endpoint, SchemaSide};
use crate::model::{AssetKind, AssetReference};

/// The code of secrets in clear text.
pub const MAPPING_SECRET: &str = "mapping.secret";

impl AssetSet<'_> {
    pub(super) fn check_mapping(&self, at: AssetIndex) -> Vec<SourceFinding> {
        let (Some(mapping), Some(file)) = (self.mapping(at), &self.content(at).source) else { return Vec::new() };
        let package = self.asset(at).package;
        // What cannot be told without the values themselves is not told of a mapping that has secrets.
        let secrets = secret::find_in_mapping(mapping).into_iter().map(|(position, what)| {
            let message = format!("there is {what}, and mappings must not have one");
            SourceFinding::error(MAPPING_SECRET, &file.file, position, message)
                .with_help("map it from the source, or let the adapter send it: `credentials env=\"NAME\"`")
        });
        let mut found: Vec<SourceFinding> = secrets.collect();
        let has_secrets = !found.is_empty();
        let references = [mapping.from(), mapping.to()].map(|end| (end, end.text.parse::<AssetReference>()));
        let mut side = |(end, reference): &(&Endpoint, Result<AssetReference, _>)| {
            let reference = reference.as_ref().ok()?;
            let schema = self.schema(self.resolve(package, AssetKind::Schema, reference).ok()?)?;
            let entry = reference.entry.clone();
            match schema.shape(entry.as_deref()) {
                Ok(shape) => Some((schema, entry, shape)),
                Err(error) => {
                    let finding = SourceFinding::error("asset.entry", &file.file, end.position, error.to_string());
                    found.push(finding.with_help_if(error.help()));
                    None
                }
            }
        };
        let [source, target] = [side(&references[0]), side(&references[1])];
        let (Some(source), Some(target), false) = (source, target, has_secrets) else { return found };
        let wrong = mapping.check(&source.2, &target.2);
        let can_run = !wrong.iter().any(SourceFinding::is_error);
        found.extend(wrong);
        if can_run {
            let read = |path: &str| self.read(package, path);
            found.extend(mapping.check_samples(
                SchemaSide { schema: source.0, entry: source.1.as_deref() },
                SchemaSide { schema: target.0, entry: target.1.as_deref() },
                &read,
            ));
        }
        found
    }
}
