//! Manifests whose catalogs stay behind.

use super::quote::quoted;
use crate::manifest::{DependencyLine, DependencySpec, Manifest};

/// Returns a manifest's text with the ranges that its lines take from catalogs in the place of the references. Whoever has the text
/// alone reads the same dependencies.
pub fn without_catalogs(manifest: &Manifest) -> String {
    let features = manifest.package.iter().flat_map(|package| &package.features);
    let lines = manifest.dependencies.iter().chain(features.flat_map(|feature| &feature.dependencies));
    let mut ranges: Vec<(usize, usize, String)> = lines.filter_map(reference).collect();
    ranges.sort_unstable();
    let mut text = manifest.text.to_string();
    for (start, length, range) in ranges.into_iter().rev() {
        text.replace_range(start..start + length, &range);
    }
    text
}

/// Returns where a line refers to a catalog, and what stands there.
fn reference(line: &DependencyLine) -> Option<(usize, usize, String)> {
    let span = line.catalog_span?;
    match &line.spec {
        DependencySpec::Package(requirement) => Some((span.offset(), span.len(), quoted(&requirement.range_text()))),
        DependencySpec::Folder(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestKind, parse};

    #[test]
    fn references_become_what_they_stand_for() {
        let root = "catalog { npm \"react\" \"^19\"; npm \"old\" \"npm:react@^16\"; }\ncatalog \"next\" { pypi \"a\" \">=2,<3\"; }";
        let catalogs = parse("m", root, ManifestKind::Root).unwrap().catalogs;
        let text = "package \"p\" version=\"1.0.0\" { features { x { pypi \"a\" catalog=\"next\" optional=#true } } }\n\
                    dependencies { npm \"react\" catalog=#true; npm \"old\" catalog=#true /* why */; npm \"b\" \"^1\" }";
        let member = parse("m", text, ManifestKind::Member(&catalogs)).unwrap();
        let alone = without_catalogs(&member);
        assert_eq!(
            alone,
            "package \"p\" version=\"1.0.0\" { features { x { pypi \"a\" \">=2,<3\" optional=#true } } }\n\
             dependencies { npm \"react\" \"^19\"; npm \"old\" \"npm:react@^16\" /* why */; npm \"b\" \"^1\" }"
        );
        let read = parse("m", &alone, ManifestKind::Package).unwrap();
        assert_eq!(read.dependencies.len(), 3);
        assert_eq!(without_catalogs(&read), alone);
    }
}
