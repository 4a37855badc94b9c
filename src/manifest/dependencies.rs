//! `dependencies` and `group` blocks.

use miette::SourceSpan;

use crate::model::{Ecosystem, Label, Marker, PackageName};

use super::error::TOLD;
use super::node::{Block, Errors, Node, Shape, Value};
use super::notation::{self, LineShape};
use super::requirement::{Flaw, folder, requirement};
use super::{Dependency, Group, ManifestError, Spanned, Wanted};

/// Reads the lines of a block and reports repetitions.
pub(super) fn dependencies(block: Node<'_>, errors: &mut Errors) -> Vec<Dependency> {
    let mut lines: Vec<Dependency> = Vec::new();
    for node in block.children() {
        if errors.len() >= TOLD {
            break;
        }
        let Some(line) = dependency(node, errors) else { continue };
        report_duplicate(&lines, &line, errors);
        lines.push(line);
    }
    lines
}

/// Reads a `group` node and joins it to a group of the same name, if there is one.
pub(super) fn group(node: Node<'_>, groups: &mut Vec<Group>, errors: &mut Errors) {
    const SHAPE: Shape =
        Shape { arguments: (1, 1), properties: &["dev"], block: Block::Maybe, example: "group \"NAME\" { … }" };
    let parts = node.take(&SHAPE, errors);
    let dev = parts.property("dev").and_then(|value| value.boolean(errors)).unwrap_or(false);
    let lines = dependencies(node, errors);
    let Some(name) = parts.argument(0).and_then(|value| label(value, errors)) else { return };
    if let Some(group) = groups.iter_mut().find(|group| group.name.value == name.value) {
        for line in lines {
            report_duplicate(&group.dependencies, &line, errors);
            group.dependencies.push(line);
        }
        group.dev |= dev;
    } else {
        groups.push(Group { name, dev, dependencies: lines });
    }
}

/// Reads the name of a registry, a group or an environment.
pub(super) fn label(value: Value<'_>, errors: &mut Errors) -> Option<Spanned<Label>> {
    let text = value.string(errors)?;
    match text.value.parse() {
        Ok(label) => Some(Spanned { value: label, span: text.span }),
        Err(e) => {
            errors.push(ManifestError::BadName {
                reason: crate::model::LabelError::to_string(&e),
                help: None,
                span: text.span,
            });
            None
        }
    }
}

/// Reads one dependency line.
pub(super) fn dependency(node: Node<'_>, errors: &mut Errors) -> Option<Dependency> {
    let Ok(ecosystem) = node.name().parse::<Ecosystem>() else {
        node.unknown("among dependencies", &Ecosystem::ALL.map(Ecosystem::as_str), errors);
        return None;
    };
    let LineShape { arguments, properties, example } = notation::of(ecosystem).line();
    let shape = Shape { arguments: (1, arguments), properties, block: Block::Never, example };
    let parts = node.take(&shape, errors);
    let optional = parts.property("optional").and_then(|value| value.boolean(errors)).unwrap_or(false);
    let prereleases = parts.property("prereleases").and_then(|value| value.choice(&[("allow", true)], errors));
    let registry = parts.property("registry").and_then(|value| label(value, errors));
    let when = parts.property("when").and_then(|value| marker(value, errors)).unwrap_or_default();
    let range = parts.argument(1).map(|value| value.version(errors));
    let name = parts.argument(0).and_then(|value| value.string(errors))?;
    let range = match range {
        None => None,
        Some(Some(range)) => Some(range),
        Some(None) => return None,
    };
    let places = Places { name: name.span, range: range.as_ref().map(|range| range.span) };
    let read = if ecosystem.is_local() {
        folder(name.value).map(Wanted::Folder).map_err(|reason| ManifestError::BadValue {
            value: name.value.to_owned(),
            what: "a folder of a path package",
            reason: reason.to_owned(),
            help: None,
            span: name.span,
        })
    } else {
        let range = range.as_ref().map(|range| range.value);
        requirement(ecosystem, name.value, range, &when).map(Wanted::Package).map_err(|flaw| places.error(flaw))
    };
    let wanted = match read {
        Ok(wanted) => wanted,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    Some(Dependency {
        wanted,
        optional,
        registry_span: registry.as_ref().map(|registry| registry.span),
        registry: registry.map(|registry| registry.value),
        when: if ecosystem.has_markers() { Marker::default() } else { when },
        prereleases: prereleases.unwrap_or(false),
        span: node.span(),
        range_span: range.map_or(node.span(), |range| range.span),
    })
}

/// The spans of a name and its range.
pub(super) struct Places {
    pub(super) name: SourceSpan,
    pub(super) range: Option<SourceSpan>,
}

impl Places {
    /// Returns the error with the span that it is about.
    pub(super) fn error(&self, flaw: Flaw) -> ManifestError {
        let range = self.range.unwrap_or(self.name);
        match flaw {
            Flaw::Name(reason) => ManifestError::BadName { reason, help: None, span: self.name },
            Flaw::Range { reason, help } => {
                ManifestError::BadRange { reason, help: Some(help.to_owned()), span: range }
            }
            Flaw::Source { text, form, help } => {
                ManifestError::UnsupportedSource { text, form, help: Some(help.to_owned()), span: range }
            }
        }
    }
}

fn marker(value: Value<'_>, errors: &mut Errors) -> Option<Marker> {
    let text = value.string(errors)?;
    match text.value.parse() {
        Ok(marker) => Some(marker),
        Err(e) => {
            errors.push(ManifestError::BadMarker { reason: crate::model::MarkerError::to_string(&e), span: text.span });
            None
        }
    }
}

/// Reports two lines for one name, unless they hold on different platforms. Python lines may repeat a name: the one version
/// of the package must satisfy them all.
fn report_duplicate(lines: &[Dependency], line: &Dependency, errors: &mut Errors) {
    let same = |other: &&Dependency| {
        other.ecosystem() == line.ecosystem()
            && !line.ecosystem().shares_one_folder()
            && seen_as(other) == seen_as(line)
            && !condition(other).is_disjoint(condition(line))
    };
    if let Some(first) = lines.iter().find(same) {
        let name = seen_as(line);
        errors.push(ManifestError::Repeated {
            what: format!("{} dependency `{name}`", line.ecosystem()),
            help: Some("keep one line, or give them `when=` conditions that exclude each other".to_owned()),
            span: line.span,
            first: first.span,
        });
    }
}

/// Returns the name that a line gives its package, or the folder of a `path` line.
pub(super) fn seen_as(line: &Dependency) -> &str {
    match &line.wanted {
        Wanted::Package(requirement) => PackageName::as_str(requirement.seen_as()),
        Wanted::Folder(folder) => folder,
    }
}

fn condition(line: &Dependency) -> &Marker {
    match &line.wanted {
        Wanted::Package(requirement) => requirement.marker().unwrap_or(&line.when),
        Wanted::Folder(_) => &line.when,
    }
}
