//! Whether paths exist and types fit.

use std::collections::BTreeSet;

use super::convert::{misfit, obstacle};
use super::mapped::Mapped;
use super::model::{Mapping, Rule, RuleKind};
use super::required::{self, UndecidedPath};
use super::sides::WrongSides;
use crate::diagnostic::{Position, SourceFinding, nearest};
use crate::document::Format;
use crate::expression::Path;
use crate::schema::shape::{Found, PathProblem, Shape, SimpleType, TypeId, find};

impl Mapping {
    /// Checks the mapping against the shapes of its two sides, without running samples.
    pub fn check(&self, source: &Shape, target: &Shape) -> Vec<SourceFinding> {
        let mut check = MappingCheck {
            mapping: self,
            source,
            target,
            findings: Vec::new(),
            undecided: Vec::new(),
            wrong_prefixes: BTreeSet::new(),
            wrong_sides: self.wrong_sides(source, target),
        };
        check.findings.extend(self.side_findings(source, target));
        let mut mapped = Mapped { first: Some(self.position), ..Mapped::default() };
        check.rules(&self.rules, source.root.type_id, target.root.type_id, &mut mapped);
        check.namespaces();
        let MappingCheck { mut findings, undecided, .. } = check;
        // What is missing is only told of a mapping whose lines are right: a misspelt path misses its target, too.
        if !findings.iter().any(SourceFinding::is_error) {
            findings.extend(required::check(self, target, &mapped, undecided));
        }
        findings.sort();
        findings.dedup();
        findings
    }
}

struct MappingCheck<'a> {
    mapping: &'a Mapping,
    source: &'a Shape,
    target: &'a Shape,
    findings: Vec<SourceFinding>,
    /// Paths of which only a sample tells whether they are there.
    undecided: Vec<UndecidedPath>,
    /// The prefixes of paths that lead nowhere, whose namespaces neither side has; and those that are not declared.
    wrong_prefixes: BTreeSet<Box<str>>,
    /// Sides of which no path is looked at.
    wrong_sides: WrongSides,
}

impl MappingCheck<'_> {
    /// Reports the lines of namespaces that neither side has, as far as paths need them.
    fn namespaces(&mut self) {
        for prefix in std::mem::take(&mut self.wrong_prefixes) {
            let place = self.mapping.namespaces.get(&prefix).zip(self.mapping.namespace_positions.get(&prefix));
            let Some((namespace, position)) = place else { continue };
            let known: BTreeSet<&str> = [self.source, self.target].into_iter().flat_map(Shape::namespaces).collect();
            let help = match nearest(namespace, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is `{}`", known.into_iter().collect::<Vec<_>>().join("`, `")),
            };
            let message = format!("neither side has the namespace `{namespace}`");
            self.error("mapping.namespace", *position, message, &help);
        }
    }

    /// Returns whether a path leads nowhere because of its prefix alone. What is told of a prefix is told once.
    fn is_of_wrong_prefix(&mut self, path: &Path, problem: &PathProblem) -> bool {
        let Some(prefix) = path.steps.get(problem.step).and_then(|step| step.prefix.as_ref()) else { return false };
        let Some(namespace) = self.mapping.namespaces.get(prefix) else {
            // The first path that has it tells that it is not declared.
            return !self.wrong_prefixes.insert(prefix.clone());
        };
        let is_known = |shape: &Shape| shape.format() == Format::Xml && shape.namespaces().contains(&**namespace);
        if is_known(self.source) || is_known(self.target) {
            return false;
        }
        self.wrong_prefixes.insert(prefix.clone());
        true
    }

    fn rules(&mut self, rules: &[Rule], source: TypeId, target: TypeId, mapped: &mut Mapped) {
        for rule in rules {
            let from = match &rule.kind {
                RuleKind::Constant { .. } => None,
                _ if self.wrong_sides.from => None,
                RuleKind::Field { source: path, source_position, .. }
                | RuleKind::Each { source: path, source_position, .. } => {
                    let found = find(&self.source.graph, source, path, &self.mapping.namespaces);
                    self.found(found, path, *source_position)
                }
            };
            if self.wrong_sides.to {
                continue;
            }
            let found = find(&self.target.graph, target, &rule.target, &self.mapping.namespaces);
            let Some(to) = self.found(found, &rule.target, rule.target_position) else { continue };
            if self.target.format() == Format::Json && to.lists > usize::from(to.is_list) {
                let message = format!("`{}` leads through a list", rule.target);
                self.error(
                    "mapping.list",
                    rule.target_position,
                    message,
                    "use `each` for the list, and paths from its items",
                );
                continue;
            }
            match &rule.kind {
                RuleKind::Each { .. } => {
                    let Some(from) = from else { continue };
                    self.each(rule, &from, &to, mapped);
                }
                RuleKind::Field { source: path, source_position, .. } => {
                    if self.write(rule, &to, mapped)
                        && let Some(from) = from
                    {
                        self.field(rule, (path, *source_position, &from), &to);
                    }
                }
                RuleKind::Constant { value } => {
                    if self.write(rule, &to, mapped) {
                        self.fits(&value.text, to.value.as_ref(), rule.position);
                        if !to.is_attribute {
                            mapped.below(&to.names, rule.position).constant = Some(value.text.clone());
                        }
                    }
                }
            }
        }
    }

    /// Notes that a value is written. Returns `false` if it cannot be.
    fn write(&mut self, rule: &Rule, to: &Found, mapped: &mut Mapped) -> bool {
        let is_array = self.target.format() == Format::Json && to.is_list;
        if is_array {
            let message = format!("`{}` is a list", rule.target);
            self.error("mapping.list", rule.target_position, message, "write a list with `each`");
            return false;
        }
        if to.value.is_none() && !to.type_id.is_some_and(|type_id| self.target.graph.types[type_id].is_mixed) {
            let message = format!("`{}` has parts and no value of its own", rule.target);
            self.error("mapping.path", rule.target_position, message, "map what is below it");
            return false;
        }
        let (names, attribute) = match to.names.split_last() {
            Some((attribute, names)) if to.is_attribute => (names, Some(attribute)),
            _ => (&to.names[..], None),
        };
        let place = mapped.below(names, rule.position);
        let first = match attribute {
            Some(attribute) => place.attributes.insert(attribute.clone(), rule.position),
            None => place.value.replace(rule.position).or(place.each),
        };
        self.once(rule, first)
    }

    /// Reports a target that is written a second time.
    fn once(&mut self, rule: &Rule, first: Option<Position>) -> bool {
        if let Some(first) = first {
            let message = format!("`{}` is written twice", rule.target);
            self.error(
                "mapping.duplicate",
                rule.target_position,
                message,
                &format!("line {} writes it, too", first.line),
            );
        }
        first.is_none()
    }

    fn field(&mut self, rule: &Rule, (path, position, from): (&Path, Position, &Found), to: &Found) {
        let RuleKind::Field { convert, default, .. } = &rule.kind else { return };
        if from.lists > 0 {
            let message = format!("`{path}` is a list, or leads through one");
            return self.error("mapping.list", position, message, "use `each` for the list, and paths from its items");
        }
        let is_mixed = from.type_id.is_some_and(|type_id| self.source.graph.types[type_id].is_mixed);
        let Some(value) =
            from.value.clone().or_else(|| is_mixed.then(|| SimpleType::of(crate::schema::shape::ValueKind::String)))
        else {
            let message = format!("`{path}` has parts and no value of its own");
            return self.error("mapping.path", position, message, "name what is below it");
        };
        let kind = match convert {
            Some(convert) if !convert.takes(value.kind) => {
                let message = format!("`{path}` is {}, which does not become {}", value.kind, convert.kind());
                return self.error("mapping.convert", position, message, "leave `convert` out, or map another value");
            }
            Some(convert) => convert.kind(),
            None => value.kind,
        };
        if let Some(target) = &to.value {
            let list = value.is_list && !target.is_list && target.kind.is_number();
            if let Some(way) = obstacle(kind, target.kind).or(list.then_some("another field")) {
                let message = format!("`{path}` is {kind}, and `{}` is {}", rule.target, target.kind);
                self.error("mapping.convert", rule.position, message, &format!("add {way}"));
            }
            if let Some(default) = default {
                self.fits(&default.text, Some(target), rule.position);
            }
        }
        if default.is_none() && from.is_optional && !to.is_optional {
            let message = format!("`{path}` may be missing, and `{}` is required", rule.target);
            let finding = SourceFinding::warning("mapping.optional", &self.mapping.source.file, rule.position, message);
            self.findings
                .push(finding.with_help("add a default: { default \"…\"; }").with_path(rule.target.to_string()));
        }
    }

    fn each(&mut self, rule: &Rule, from: &Found, to: &Found, mapped: &mut Mapped) {
        let RuleKind::Each { source: path, source_position, rules } = &rule.kind else { return };
        let position = *source_position;
        if !from.is_list || from.is_attribute {
            let message = format!("`{path}` is no list");
            return self.error("mapping.list", position, message, "use `field` for single values");
        }
        if from.lists > 1 {
            let message = format!("`{path}` leads through another list");
            return self.error("mapping.list", position, message, "nest one `each` in another");
        }
        if !to.is_list || to.is_attribute {
            let message = format!("`{}` is no list", rule.target);
            return self.error("mapping.list", rule.target_position, message, "an `each` writes a list");
        }
        let (Some(source_id), Some(target_id)) = (from.type_id, to.type_id) else { return };
        let source_item = self.source.graph.item(source_id).unwrap_or(source_id);
        let target_item = self.target.graph.item(target_id).unwrap_or(target_id);
        let place = mapped.below(&to.names, rule.position);
        let first = place.each.or(place.value).or_else(|| place.first.filter(|_| !place.is_empty()));
        if !self.once(rule, first) {
            return;
        }
        let least = match (&self.target.graph.types[target_id].items, self.target.format()) {
            (Some(items), _) => items.min,
            (None, Format::Xml) => u64::from(!to.is_optional),
            (None, Format::Json) => 0,
        };
        let may_be_empty = from.is_optional
            || self.source.graph.types[source_id].items.as_ref().is_some_and(|items| items.min < least);
        if least > 0 && may_be_empty && !to.is_optional {
            let message = format!("`{path}` may be empty, and `{}` may not", rule.target);
            let finding = SourceFinding::warning("mapping.optional", &self.mapping.source.file, rule.position, message);
            self.findings.push(finding.with_path(rule.target.to_string()));
        }
        // What is below the place is below each item.
        let mut item = Mapped { first: Some(rule.position), ..Mapped::default() };
        self.rules(rules, source_item, target_item, &mut item);
        *mapped.below(&to.names, rule.position) = Mapped { each: Some(rule.position), ..item };
    }

    fn fits(&mut self, value: &str, target: Option<&SimpleType>, position: Position) {
        if let Some(problem) = target.and_then(|target| misfit(value, target)) {
            let finding = self.mapping.error("mapping.convert", position, problem);
            self.findings.push(finding);
        }
    }

    fn found(&mut self, found: Result<Found, PathProblem>, path: &Path, position: Position) -> Option<Found> {
        match found {
            Ok(found) => {
                let undecided =
                    found.undecided.map(|construct| UndecidedPath { construct, path: path.to_string(), position });
                self.undecided.extend(undecided);
                Some(found)
            }
            Err(problem) if self.is_of_wrong_prefix(path, &problem) => None,
            Err(problem) => {
                let finding = self.mapping.error("mapping.path", position, problem.message);
                self.findings.push(finding.with_help_if(problem.help));
                None
            }
        }
    }

    fn error(&mut self, code: &'static str, position: Position, message: String, help: &str) {
        self.findings.push(self.mapping.error(code, position, message).with_help(help));
    }
}
