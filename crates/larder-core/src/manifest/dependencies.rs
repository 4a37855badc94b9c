//! `dependencies` and `group` blocks.

use std::collections::BTreeMap;

use crate::model::{Catalogs, Ecosystem, ExtraName, Marker, PackageName};

use super::catalogs::catalog_range;
use super::error::MAX_REPORTED;
use super::folder::{FolderSpec, parse_folder};
use super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape, NodeValue};
use super::notation::{self, DependencyLineShape, normal_name, parse_requirement};
use super::requirement::RequirementSpans;
use super::{DependencyLine, DependencySpec, Group, ManifestError, Spanned, source, tool};

/// Reads the lines of a block and reports repetitions.
pub(super) fn read_dependencies(
    block: ManifestNode<'_>,
    catalogs: &Catalogs,
    errors: &mut Errors,
) -> Vec<DependencyLine> {
    let (mut lines, mut known) = (Vec::<DependencyLine>::new(), LinesByName::default());
    for node in block.children() {
        if errors.len() >= MAX_REPORTED {
            break;
        }
        let Some(line) = read_dependency(node, catalogs, errors) else { continue };
        known.report_duplicate(&lines, &line, errors);
        lines.push(line);
    }
    lines
}

/// Reads a `group` node and joins it to a group of the same name, if there is one.
pub(super) fn read_group(node: ManifestNode<'_>, groups: &mut Vec<Group>, catalogs: &Catalogs, errors: &mut Errors) {
    const SHAPE: NodeShape =
        NodeShape {
            arguments: (1, 1), properties: &["dev"], block: BlockRule::Maybe, example: "group \"NAME\" { … }"
        };
    let parts = node.read_parts(&SHAPE, errors);
    let dev = parts.property("dev").and_then(|value| value.boolean(errors)).unwrap_or(false);
    let lines = read_dependencies(node, catalogs, errors);
    let Some(name) = parts.argument(0).and_then(|value| value.label(errors)) else { return };
    if let Some(group) = groups.iter_mut().find(|group| group.name.value == name.value) {
        let mut known = LinesByName::of(&group.dependencies);
        for line in lines {
            known.report_duplicate(&group.dependencies, &line, errors);
            group.dependencies.push(line);
        }
        group.dev |= dev;
    } else {
        groups.push(Group { name, dev, dependencies: lines });
    }
}

/// Reads one dependency line.
pub(super) fn read_dependency(
    node: ManifestNode<'_>,
    catalogs: &Catalogs,
    errors: &mut Errors,
) -> Option<DependencyLine> {
    let Ok(ecosystem) = node.name().parse::<Ecosystem>() else {
        node.report_unknown("among dependencies", &Ecosystem::ALL.map(Ecosystem::as_str), errors);
        return None;
    };
    let DependencyLineShape { arguments, properties, has_block, example } =
        notation::for_ecosystem(ecosystem).line_shape();
    let block = if has_block { BlockRule::Maybe } else { BlockRule::Never };
    let shape = NodeShape { arguments: (1, arguments), properties, block, example };
    let parts = node.read_parts(&shape, errors);
    let optional = parts.property("optional").and_then(|value| value.boolean(errors)).unwrap_or(false);
    let prereleases = parts.property("prereleases").and_then(|value| value.choice(&[("allow", true)], errors));
    let features = read_features(&parts, errors);
    let beta = parts.property("beta").and_then(|value| value.boolean(errors)).unwrap_or(false);
    let registry = parts.property("registry").and_then(|value| value.label(errors));
    let source = if ecosystem.is_by_url() {
        tool::read_source(node, &parts, errors)
    } else {
        source::read_source(&parts, errors)
    };
    if let (Some(registry), Some(source)) = (&registry, &source) {
        errors.push(ManifestError::BadValue {
            value: registry.value.to_string(),
            what: "a registry of this line",
            reason: format!("the line takes the package from `{}=`", source.value.kind()),
            help: Some("a package comes from one place: keep one of them".to_owned()),
            span: registry.span,
        });
    }
    let when = parts.property("when").and_then(|value| read_marker(value, errors)).unwrap_or_default();
    let range = parts.argument(1).map(|value| value.version(errors));
    let name = parts.argument(0).and_then(|value| value.string(errors))?;
    let range = match range {
        None => None,
        Some(Some(range)) => Some(range),
        Some(None) => return None,
    };
    let range = match (range, parts.property("catalog")) {
        (range, None) => range,
        (None, Some(value)) => catalog_range(value, (ecosystem, &name), catalogs, errors),
        (Some(range), Some(value)) => {
            errors.push(ManifestError::BadValue {
                value: range.value.to_owned(),
                what: "a range beside `catalog=`",
                reason: "the range is the catalog's".to_owned(),
                help: Some("keep one of the two".to_owned()),
                span: value.span,
            });
            Some(range)
        }
    };
    let application =
        parts.property("marketplace").map(|value| (value, value.number((1, i64::from(u32::MAX)), errors)));
    let range = match (range, application) {
        (Some(range), Some((value, _))) => {
            errors.push(ManifestError::BadValue {
                value: range.value.to_owned(),
                what: "a range beside `marketplace=`",
                reason: "the marketplace has one version of an application".to_owned(),
                help: Some("keep one of the two".to_owned()),
                span: value.span,
            });
            return None;
        }
        (None, Some((value, id))) => Some(Spanned {
            value: notation::for_ecosystem(ecosystem).application_range(u32::try_from(id?).ok()?)?,
            span: value.span,
        }),
        (range, None) => range.map(|range| Spanned { value: range.value.to_owned(), span: range.span }),
    };
    let spans = RequirementSpans { name: name.span, range: range.as_ref().map(|range| range.span) };
    let spec = if ecosystem.is_local() {
        let called = parts.property("name").and_then(|value| read_folder_name(value, errors));
        let named = |spec| DependencySpec::Folder(FolderSpec { name: called, ..spec });
        parse_folder(name.value).map(named).map_err(|reason| ManifestError::BadValue {
            value: name.value.to_owned(),
            what: "a folder of a path package",
            reason,
            help: None,
            span: name.span,
        })
    } else {
        let range = range.as_ref().map(|range| range.value.as_str());
        parse_requirement(ecosystem, name.value, range, &when)
            .map(|requirement| DependencySpec::Package(requirement.with_features(features, beta)))
            .map_err(|error| spans.error(error))
    };
    let spec = match spec {
        Ok(spec) => spec,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    Some(DependencyLine {
        spec,
        optional,
        registry_span: registry.as_ref().map(|registry| registry.span),
        registry: registry.map(|registry| registry.value),
        source,
        when: if ecosystem.has_markers() { Marker::default() } else { when },
        catalog_span: parts.property_span("catalog"),
        prereleases: prereleases.unwrap_or(false),
        span: node.span(),
        range_span: range.map_or(node.span(), |range| range.span),
    })
}

/// Reads the features of a private package that a line asks for, `default` among them unless it does without.
fn read_features(parts: &NodeParts<'_>, errors: &mut Errors) -> Vec<ExtraName> {
    let mut features = Vec::new();
    if let Some(text) = parts.property("features").and_then(|value| value.string(errors)) {
        for name in text.value.split(',').map(str::trim) {
            match name.parse::<ExtraName>() {
                Ok(feature) => features.push(feature),
                Err(error) => errors.push(ManifestError::BadValue {
                    value: text.value.to_owned(),
                    what: "a list of features",
                    reason: if name.is_empty() { "a name is missing".to_owned() } else { error.to_string() },
                    help: Some("features are separated by commas: features=\"euro,rest\"".to_owned()),
                    span: text.span,
                }),
            }
        }
    }
    if parts.property("default-features").and_then(|value| value.boolean(errors)) != Some(false) {
        features.push(ExtraName::default_feature());
    }
    features
}

fn read_folder_name(value: NodeValue<'_>, errors: &mut Errors) -> Option<PackageName> {
    let text = value.string(errors)?;
    match PackageName::npm(text.value) {
        Ok(name) => Some(name),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a name that Node finds a package by",
                reason: error.to_string(),
                help: None,
                span: text.span,
            });
            None
        }
    }
}

fn read_marker(value: NodeValue<'_>, errors: &mut Errors) -> Option<Marker> {
    let text = value.string(errors)?;
    match text.value.parse() {
        Ok(marker) => Some(marker),
        Err(e) => {
            errors.push(ManifestError::BadMarker { reason: crate::model::MarkerError::to_string(&e), span: text.span });
            None
        }
    }
}

/// The places of a block's lines, by the names under which their packages are seen.
#[derive(Default)]
struct LinesByName(BTreeMap<(Ecosystem, String), Vec<usize>>);

impl LinesByName {
    fn of(lines: &[DependencyLine]) -> Self {
        let mut known = Self::default();
        for (place, line) in lines.iter().enumerate() {
            known.0.entry(Self::key(line)).or_default().push(place);
        }
        known
    }

    fn key(line: &DependencyLine) -> (Ecosystem, String) {
        (line.ecosystem(), normal_name(line.ecosystem(), seen_as(line)))
    }

    /// Reports two lines for one name, unless they hold on different platforms, and notes the line, which comes next. Python lines may repeat
    /// a name: the one version of the package must satisfy them all.
    fn report_duplicate(&mut self, lines: &[DependencyLine], line: &DependencyLine, errors: &mut Errors) {
        let same_name = self.0.entry(Self::key(line)).or_default();
        let is_same = |other: &&DependencyLine| !condition(other).is_disjoint(condition(line));
        let first = same_name.iter().map(|place| &lines[*place]).find(is_same);
        if let Some(first) = first.filter(|_| !line.ecosystem().shares_one_folder()) {
            let name = seen_as(line);
            errors.push(ManifestError::Repeated {
                what: format!("{} dependency `{name}`", line.ecosystem()),
                help: Some("keep one line, or give them `when=` conditions that exclude each other".to_owned()),
                span: line.span,
                first: first.span,
            });
        }
        same_name.push(lines.len());
    }
}

/// Returns the name under which the dependent sees the package of a line, or the folder of a `path` line.
pub fn seen_as(line: &DependencyLine) -> &str {
    match &line.spec {
        DependencySpec::Package(requirement) => PackageName::as_str(requirement.seen_as()),
        DependencySpec::Folder(spec) => spec.as_written(),
    }
}

pub(super) fn condition(line: &DependencyLine) -> &Marker {
    match &line.spec {
        DependencySpec::Package(requirement) => requirement.marker().unwrap_or(&line.when),
        DependencySpec::Folder(_) => &line.when,
    }
}
