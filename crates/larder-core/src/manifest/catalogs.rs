//! `catalog` blocks, and the lines that refer to them.

use crate::model::{Catalogs, Ecosystem, Marker, PackageName};

use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue};
use super::notation::parse_requirement;
use super::requirement::RequirementSpans;
use super::{ManifestError, Spanned};

/// Reads a block: `catalog { npm "react" "^19"; }`, or `catalog "next" { … }`.
pub(super) fn read_catalog(block: ManifestNode<'_>, catalogs: &mut Catalogs, errors: &mut Errors) {
    const BLOCK: NodeShape =
        NodeShape { arguments: (0, 1), properties: &[], block: BlockRule::Maybe, example: "catalog { … }" };
    const LINE: NodeShape =
        NodeShape { arguments: (2, 2), properties: &[], block: BlockRule::Never, example: "npm \"NAME\" \"RANGE\"" };
    let name = match block.read_parts(&BLOCK, errors).argument(0) {
        None => None,
        Some(value) => match value.label(errors) {
            Some(label) => Some(label.value),
            None => return,
        },
    };
    for line in block.children() {
        let served = Ecosystem::served();
        let Some(ecosystem) = line.name().parse::<Ecosystem>().ok().filter(|ecosystem| ecosystem.has_registries())
        else {
            line.report_unknown("in a catalog", &served, errors);
            continue;
        };
        let parts = line.read_parts(&LINE, errors);
        let range = parts.argument(1).and_then(|value| value.version(errors));
        let package = parts.argument(0).and_then(|value| value.string(errors));
        let (Some(range), Some(package)) = (range, package) else { continue };
        let spans = RequirementSpans { name: package.span, range: Some(range.span) };
        let own = names_own_package(ecosystem, range.value);
        let parsed =
            parse_requirement(ecosystem, package.value, Some(range.value).filter(|_| !own), &Marker::default());
        match parsed.map(|requirement| requirement.seen_as().clone()) {
            Ok(seen_as) => {
                if !catalogs.add(name.clone(), ecosystem, seen_as, range.value) {
                    errors.push(ManifestError::BadValue {
                        value: package.value.to_owned(),
                        what: "a package of this catalog",
                        reason: "the catalog has it already".to_owned(),
                        help: Some("keep one line".to_owned()),
                        span: line.span(),
                    });
                }
            }
            Err(error) => errors.push(spans.error(error)),
        }
    }
}

/// Returns whether the range of a catalog is one of the project's own packages, as package.json files have it: a member, or a folder
/// relative to the root.
pub fn names_own_package(ecosystem: Ecosystem, range: &str) -> bool {
    ecosystem.has_scopes() && ["workspace:", "file:", "link:", "portal:"].iter().any(|scheme| range.starts_with(scheme))
}

/// Returns the range that a line takes from a catalog: `catalog=#true`, or `catalog="next"`.
pub(super) fn catalog_range<'c>(
    value: NodeValue<'_>,
    (ecosystem, name): (Ecosystem, &Spanned<&str>),
    catalogs: &'c Catalogs,
    errors: &mut Errors,
) -> Option<Spanned<&'c str>> {
    let span = value.span;
    let catalog = if value.is_boolean() {
        if !value.boolean(errors)? {
            return None;
        }
        None
    } else {
        Some(value.label(errors)?.value)
    };
    // Extras are no part of the name.
    let bare = name.value.split('[').next().unwrap_or(name.value).trim();
    let found = PackageName::parse(ecosystem, bare)
        .map_err(|error| error.to_string())
        .and_then(|name| catalogs.range(catalog.as_ref(), ecosystem, &name));
    match found {
        Ok(range) => Some(Spanned { value: range, span }),
        Err(reason) => {
            errors.push(ManifestError::BadValue {
                value: name.value.to_owned(),
                what: "a package of a catalog",
                reason,
                help: Some(format!(
                    "add it: `catalog {{ {ecosystem} \"{bare}\" \"RANGE\"; }}` in the root's larder.kdl"
                )),
                span,
            });
            None
        }
    }
}
