//! What is wrong with mappings, their samples included.

use crate::assets::package::AssetIndex;
use crate::assets::set::AssetSet;
use crate::diagnostic::SourceFinding;
use crate::mapping::Side;
use crate::model::{AssetKind, AssetReference};

impl AssetSet<'_> {
    pub(super) fn check_mapping(&self, at: AssetIndex) -> Vec<SourceFinding> {
        let (Some(mapping), Some(file)) = (self.mapping(at), &self.content(at).source) else { return Vec::new() };
        let package = self.asset(at).package;
        let mut found = Vec::new();
        let mut ends = Vec::new();
        let references = [mapping.from(), mapping.to()].map(|end| (end, end.text.parse::<AssetReference>()));
        for (end, reference) in &references {
            let Ok(reference) = reference else { continue };
            let Ok(schema) = self.resolve(package, AssetKind::Schema, reference) else { continue };
            let Some(schema) = self.schema(schema) else { continue };
            let entry = reference.entry.as_deref();
            match schema.shape(entry) {
                Ok(shape) => ends.push((schema, entry, shape)),
                Err(error) => {
                    let finding = SourceFinding::error("asset.entry", &file.file, end.position, error.to_string());
                    found.push(finding.with_help_if(error.help()));
                }
            }
        }
        let [source, target] = &ends[..] else { return found };
        let wrong = mapping.check(&source.2, &target.2);
        let can_run = !wrong.iter().any(SourceFinding::is_error);
        found.extend(wrong);
        if can_run {
            let read = |path: &str| self.read(package, path);
            found.extend(mapping.check_samples(
                Side { schema: source.0, entry: source.1 },
                Side { schema: target.0, entry: target.1 },
                &read,
            ));
        }
        found
    }
}
