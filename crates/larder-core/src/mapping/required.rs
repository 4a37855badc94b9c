//! Whether everything is written that the target requires.
//!
//! The parts of a type are followed as far as something is written in them: a required part of an optional parent counts only
//! if something below the parent is written, and a part that is missing is told without looking below it. So types that
//! contain themselves end.

use super::mapped::Mapped;
use super::model::Mapping;
use crate::diagnostic::{Position, SourceFinding, list};
use crate::document::{Format, Name};
use crate::schema::shape::{ChoiceKind, Particle, Shape, ShapeGraph, Term, TypeId};

/// Returns a finding for each required part that is not written, for each choice of which several branches are, and for each
/// construct that only a sample decides.
pub(super) fn check(
    mapping: &Mapping,
    target: &Shape,
    mapped: &Mapped,
    paths: Vec<UndecidedPath>,
) -> Vec<SourceFinding> {
    let mut check = RequiredCheck { mapping, graph: &target.graph, findings: Vec::new(), undecided: Vec::new() };
    for UndecidedPath { construct, path, position } in paths {
        check.undecided(construct, &path, position);
    }
    check.shape(target.root.type_id, mapped, "");
    let RequiredCheck { mut findings, undecided, .. } = check;
    if !undecided.is_empty() && mapping.samples.is_empty() {
        let constructs: Vec<&str> = undecided.iter().map(|(construct, _)| *construct).collect();
        let message = format!("only a sample can tell whether the mapping is complete, because of{}", list(constructs));
        let finding = mapping.error("mapping.sample", mapping.position, message);
        findings.push(finding.with_help("add one: sample \"samples/order.xml\" expect=\"samples/invoice.json\""));
    }
    findings
}

/// A path that a construct may admit, and of which only a sample tells whether it does.
pub(super) struct UndecidedPath {
    pub(super) construct: &'static str,
    pub(super) path: String,
    pub(super) position: Position,
}

struct RequiredCheck<'a> {
    mapping: &'a Mapping,
    graph: &'a ShapeGraph,
    findings: Vec<SourceFinding>,
    /// Constructs with the paths at which they were met, each construct once.
    undecided: Vec<(&'static str, String)>,
}

/// What of a part is not written: where, and what.
type MissingValues = Vec<(String, Position, String)>;

impl RequiredCheck<'_> {
    /// Checks a place that documents have.
    fn shape(&mut self, type_id: TypeId, mapped: &Mapped, path: &str) {
        let mut missing = MissingValues::new();
        self.missing(type_id, mapped, path, &mut missing);
        for (path, position, message) in missing {
            let finding = self.mapping.error("mapping.required", position, message);
            self.findings.push(finding.with_path(path));
        }
    }

    fn missing(&mut self, type_id: TypeId, mapped: &Mapped, path: &str, missing: &mut MissingValues) {
        let position = mapped.first.unwrap_or(self.mapping.position);
        // A list is there as soon as its line is; what counts are its items.
        let type_id = match self.graph.item(type_id) {
            Some(item) if mapped.each.is_some() => item,
            _ => type_id,
        };
        let shape = &self.graph.types[type_id];
        for undecided in &shape.undecided {
            self.undecided(undecided.construct, path, position);
        }
        for attribute in shape.attributes.iter().filter(|attribute| attribute.is_required) {
            if !mapped.attributes.contains_key(&attribute.name) {
                let message = format!("the attribute `{}` is required and not written", attribute.name.local);
                missing.push((format!("{path}/@{}", attribute.name.local), position, message));
            }
        }
        let is_written = mapped.value.is_some() || (shape.content.is_some() && !mapped.children.is_empty());
        if let Some(value) = &shape.value
            && !is_written
            && shape.items.is_none()
            && (self.graph.format == Format::Json || !value.accepts_empty())
            && shape.content.is_none()
        {
            missing.push((
                format!("{path}/."),
                position,
                format!("the value of `{}` is required and not written", end(path)),
            ));
        }
        if let Some(content) = &shape.content
            && mapped.value.is_none()
        {
            self.particle(content, mapped, path, missing);
        }
    }

    fn particle(&mut self, particle: &Particle, mapped: &Mapped, path: &str, missing: &mut MissingValues) {
        let is_written = is_written(particle, mapped);
        if particle.min == 0 && !is_written {
            return;
        }
        let is_group = !matches!(particle.term, Term::Element(_) | Term::Wildcard(..));
        if is_group && self.graph.format == Format::Xml {
            if particle.is_repeated() && written_lists(particle, mapped) {
                // Which items belong to which turn of the group, only a document shows.
                return self.undecided("a repeated group", path, mapped.first.unwrap_or(self.mapping.position));
            }
            if particle.min > 1 {
                return self.undecided(
                    "a group that occurs several times",
                    path,
                    mapped.first.unwrap_or(self.mapping.position),
                );
            }
        }
        match &particle.term {
            Term::Element(element) => {
                let below = format!("{path}/{}", element.name.local);
                match mapped.children.get(&element.name).filter(|child| !child.is_empty()) {
                    Some(child) => {
                        if particle.min > 1 && child.each.is_none() {
                            let position = child.first.unwrap_or(self.mapping.position);
                            let message =
                                format!("`{}` is required {} times and written once", element.name.local, particle.min);
                            missing.push((below.clone(), position, message));
                        }
                        self.missing(element.type_id, child, &below, missing);
                    }
                    None if particle.min > 0 => {
                        let message = format!("`{}` is required and not written", element.name.local);
                        missing.push((below, mapped.first.unwrap_or(self.mapping.position), message));
                    }
                    None => {}
                }
            }
            Term::Sequence(parts) | Term::All(parts) => {
                for part in parts {
                    self.particle(part, mapped, path, missing);
                }
            }
            Term::Choice(parts, kind) => self.choice((parts, *kind, particle.is_repeated()), mapped, path, missing),
            Term::Wildcard(..) => {}
        }
    }

    fn choice(
        &mut self,
        (parts, kind, is_repeated): (&[Particle], ChoiceKind, bool),
        mapped: &Mapped,
        path: &str,
        missing: &mut MissingValues,
    ) {
        let position = mapped.first.unwrap_or(self.mapping.position);
        let results: Vec<(bool, MissingValues)> = parts
            .iter()
            .map(|part| {
                let mut here = MissingValues::new();
                self.particle(part, mapped, path, &mut here);
                if contradicts(part, mapped) {
                    here.push((path.to_owned(), position, "a constant is of another branch".to_owned()));
                }
                (is_written(part, mapped), here)
            })
            .collect();
        if kind == ChoiceKind::Branch {
            let written: Vec<usize> = (0..parts.len()).filter(|&place| results[place].0).collect();
            if written.len() > 1 && !is_repeated {
                let names: Vec<String> =
                    written.iter().filter_map(|&place| first_name(&parts[place], mapped)).collect();
                let message = format!("`{}` exclude each other, and all are written", names.join("` and `"));
                let finding = self.mapping.error("mapping.choice", position, message);
                self.findings.push(finding.with_path(path.to_owned()).with_help("write one branch of the choice"));
                return;
            }
            // The branch that is written has to be complete; without one, there has to be one that needs nothing.
            match written.first() {
                Some(_) => missing.extend(written.into_iter().flat_map(|place| results[place].1.clone())),
                None if results.iter().any(|(_, here)| here.is_empty()) => {}
                None => missing.push((path.to_owned(), position, none_of(parts))),
            }
            return;
        }
        let complete = results.iter().filter(|(_, here)| here.is_empty()).count();
        if complete == 0 && !parts.is_empty() {
            // The branch of which most is there is the one that is meant.
            let best = results.iter().filter(|(is_written, _)| *is_written).min_by_key(|(_, here)| here.len());
            match best {
                Some((_, here)) => missing.extend(here.iter().cloned()),
                None => missing.push((path.to_owned(), position, none_of(parts))),
            }
        } else if complete > 1 && kind == ChoiceKind::Exactly {
            self.undecided("oneOf", path, position);
        }
    }

    fn undecided(&mut self, construct: &'static str, path: &str, position: Position) {
        if self.undecided.iter().any(|(known, _)| *known == construct) {
            return;
        }
        self.undecided.push((construct, path.to_owned()));
        let message = format!("`{construct}` at `{}` is decided by samples only", end(path));
        let finding = SourceFinding::note("mapping.undecided", &self.mapping.source.file, position, message);
        self.findings.push(finding.with_path(path.to_owned()));
    }
}

/// Returns whether anything in a part is written.
fn is_written(particle: &Particle, mapped: &Mapped) -> bool {
    match &particle.term {
        Term::Element(element) => mapped.children.get(&element.name).is_some_and(|child| !child.is_empty()),
        Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts, _) => {
            parts.iter().any(|part| is_written(part, mapped))
        }
        Term::Wildcard(..) => false,
    }
}

/// Returns whether lists are written in a part.
fn written_lists(particle: &Particle, mapped: &Mapped) -> bool {
    match &particle.term {
        Term::Element(element) => mapped.children.get(&element.name).is_some_and(|child| child.each.is_some()),
        Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts, _) => {
            parts.iter().any(|part| written_lists(part, mapped))
        }
        Term::Wildcard(..) => false,
    }
}

/// Returns whether a constant is written where a part allows another value only.
fn contradicts(particle: &Particle, mapped: &Mapped) -> bool {
    match &particle.term {
        Term::Element(element) => {
            let constant = mapped.children.get(&element.name).and_then(|child| child.constant.as_ref());
            element.fixed.as_ref().zip(constant).is_some_and(|(fixed, constant)| fixed != constant)
        }
        Term::Sequence(parts) | Term::All(parts) => parts.iter().any(|part| contradicts(part, mapped)),
        Term::Choice(..) | Term::Wildcard(..) => false,
    }
}

fn names(particle: &Particle, all: &mut Vec<Name>) {
    match &particle.term {
        Term::Element(element) => all.push(element.name.clone()),
        Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts, _) => {
            for part in parts {
                names(part, all);
            }
        }
        Term::Wildcard(..) => {}
    }
}

/// Returns the name by which a branch is written.
fn first_name(particle: &Particle, mapped: &Mapped) -> Option<String> {
    let mut all = Vec::new();
    names(particle, &mut all);
    all.into_iter().find(|name| mapped.children.contains_key(name)).map(|name| name.local.to_string())
}

fn none_of(parts: &[Particle]) -> String {
    let firsts: Vec<String> = parts
        .iter()
        .filter_map(|part| {
            let mut all = Vec::new();
            names(part, &mut all);
            all.first().map(|name| name.local.to_string())
        })
        .collect();
    format!("one of `{}` is required, and none is written", firsts.join("`, `"))
}

/// Returns a path for messages.
fn end(path: &str) -> &str {
    if path.is_empty() { "the document" } else { path }
}
