//! Two types, with all that is below them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::Schema;
use super::super::shape::{ChoiceKind, ElementShape, FileOffset, Particle, ShapeGraph, Term, TypeId, TypeShape};
use super::values::{self, ValueChange};
use super::{ChangeLevel, SchemaChange};
use crate::diagnostic::Position;
use crate::document::Format;
use crate::expression::Number;

/// Returns where something stands in a version.
fn position_of(schema: &Schema, place: FileOffset) -> Option<(Arc<str>, Position)> {
    let file = schema.files().get(place.file)?;
    Some((Arc::clone(&file.file), file.position(place.offset)))
}

/// A comparison of two versions. Each pair of types is compared once, where it is first met.
pub(super) struct TypeComparison<'a> {
    old_schema: &'a Schema,
    new_schema: &'a Schema,
    old: &'a ShapeGraph,
    new: &'a ShapeGraph,
    seen: BTreeSet<(TypeId, TypeId)>,
    /// Pairs that wait, with their paths: types are as deep as schemas make them.
    pending: Vec<(String, TypeId, TypeId)>,
    pub(super) changes: Vec<SchemaChange>,
}

impl<'a> TypeComparison<'a> {
    pub(super) fn new(old: &'a Schema, new: &'a Schema) -> Self {
        Self {
            old_schema: old,
            new_schema: new,
            old: old.graph(),
            new: new.graph(),
            seen: BTreeSet::new(),
            pending: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn breaking(&mut self, path: &str, code: &'static str, message: String, place: FileOffset) {
        let position = position_of(self.new_schema, place);
        self.changes.push(SchemaChange { level: ChangeLevel::Breaking, path: path.into(), code, message, position });
    }

    pub(super) fn removed(&mut self, path: &str, code: &'static str, message: String, place: FileOffset) {
        let position = position_of(self.old_schema, place);
        self.changes.push(SchemaChange { level: ChangeLevel::Breaking, path: path.into(), code, message, position });
    }

    pub(super) fn minor(&mut self, path: &str, code: &'static str, message: String, place: FileOffset) {
        let position = position_of(self.new_schema, place);
        self.changes.push(SchemaChange { level: ChangeLevel::Minor, path: path.into(), code, message, position });
    }

    /// Compares two types and all that is below them.
    pub(super) fn types(&mut self, path: &str, old: TypeId, new: TypeId) {
        self.pending.push((path.to_owned(), old, new));
        while let Some((path, old, new)) = self.pending.pop() {
            if self.seen.insert((old, new)) {
                self.pair(&path, old, new);
            }
        }
    }

    fn pair(&mut self, path: &str, old_id: TypeId, new_id: TypeId) {
        let (old, new) = (&self.old.types[old_id], &self.new.types[new_id]);
        self.value(path, old, new);
        self.attributes(path, old, new);
        self.items(path, old, new);
        if old.is_mixed && !new.is_mixed {
            self.breaking(
                path,
                "compatibility.narrowed",
                "has no text between its elements any more".to_owned(),
                new.place,
            );
        } else if new.is_mixed && !old.is_mixed {
            self.minor(path, "compatibility.widened", "may have text between its elements now".to_owned(), new.place);
        }
        if old.is_nullable && !new.is_nullable {
            self.breaking(path, "compatibility.narrowed", "may not be null any more".to_owned(), new.place);
        } else if new.is_nullable && !old.is_nullable {
            self.minor(path, "compatibility.widened", "may be null now".to_owned(), new.place);
        }
        if old.is_open && !new.is_open {
            self.breaking(path, "compatibility.narrowed", "may not have other members any more".to_owned(), new.place);
        } else if new.is_open && !old.is_open {
            self.minor(path, "compatibility.widened", "may have other members now".to_owned(), new.place);
        }
        self.rules(path, old, new);
        match (&old.content, &new.content) {
            (Some(old_content), Some(new_content)) => self.content(path, (old_content, old), (new_content, new)),
            (Some(_), None) => {
                if !old.children.is_empty() {
                    let message = "has no elements or members any more".to_owned();
                    self.breaking(path, "compatibility.removed", message, new.place);
                }
            }
            (None, Some(content)) => {
                let needs = content.min > 0 && new.children.iter().any(|child| !child.is_optional);
                if needs {
                    let message = "has required elements or members now".to_owned();
                    self.breaking(path, "compatibility.required", message, new.place);
                } else if !new.children.is_empty() {
                    let message = "may have elements or members now".to_owned();
                    self.minor(path, "compatibility.widened", message, new.place);
                }
            }
            (None, None) => {}
        }
    }

    fn value(&mut self, path: &str, old: &TypeShape, new: &TypeShape) {
        match (&old.value, &new.value) {
            (Some(old), Some(new_value)) => match values::compare(old, new_value) {
                ValueChange::Same => {}
                ValueChange::Wider(message) => self.minor(path, "compatibility.widened", message, new.place),
                ValueChange::Narrower(message) => self.breaking(path, "compatibility.narrowed", message, new.place),
            },
            (Some(_), None) => {
                self.breaking(path, "compatibility.removed", "has no value of its own any more".to_owned(), new.place);
            }
            (None, Some(_)) if old.content.is_none() && old.items.is_none() => {
                self.breaking(path, "compatibility.narrowed", "was empty and has a value now".to_owned(), new.place);
            }
            (None, Some(_)) => {
                self.minor(path, "compatibility.widened", "may be a value now".to_owned(), new.place);
            }
            (None, None) => {}
        }
    }

    fn attributes(&mut self, path: &str, old: &TypeShape, new: &TypeShape) {
        for attribute in &old.attributes {
            let path = format!("{path}/@{}", attribute.name.local);
            let Some(other) = new.attributes.iter().find(|other| other.name == attribute.name) else {
                self.removed(&path, "compatibility.removed", "the attribute is gone".to_owned(), attribute.place);
                continue;
            };
            self.requirement(&path, !attribute.is_required, !other.is_required, other.place);
            self.fixed(&path, attribute.fixed.as_ref(), other.fixed.as_ref(), other.place);
            match values::compare(&attribute.value, &other.value) {
                ValueChange::Same => {}
                ValueChange::Wider(message) => self.minor(&path, "compatibility.widened", message, other.place),
                ValueChange::Narrower(message) => self.breaking(&path, "compatibility.narrowed", message, other.place),
            }
        }
        for attribute in &new.attributes {
            if old.attributes.iter().any(|other| other.name == attribute.name) {
                continue;
            }
            let path = format!("{path}/@{}", attribute.name.local);
            if attribute.is_required {
                self.breaking(
                    &path,
                    "compatibility.required",
                    "the attribute is new and required".to_owned(),
                    attribute.place,
                );
            } else {
                self.minor(&path, "compatibility.added", "the attribute is new".to_owned(), attribute.place);
            }
        }
    }

    fn requirement(&mut self, path: &str, was_optional: bool, is_optional: bool, place: FileOffset) {
        if was_optional && !is_optional {
            self.breaking(path, "compatibility.required", "was optional and is required".to_owned(), place);
        } else if is_optional && !was_optional {
            self.minor(path, "compatibility.widened", "was required and is optional".to_owned(), place);
        }
    }

    fn fixed(&mut self, path: &str, old: Option<&String>, new: Option<&String>, place: FileOffset) {
        match (old, new) {
            (old, new) if old == new => {}
            (Some(_), None) => self.minor(path, "compatibility.widened", "may have other values now".to_owned(), place),
            (_, Some(value)) => {
                let message = format!("may only be `{value}` now");
                self.breaking(path, "compatibility.narrowed", message, place);
            }
            (None, None) => {}
        }
    }

    fn items(&mut self, path: &str, old: &TypeShape, new: &TypeShape) {
        match (&old.items, &new.items) {
            (Some(before), Some(after)) => {
                if after.min > before.min || after.max.is_some_and(|most| before.max.is_none_or(|before| most < before))
                {
                    let message = "has narrower bounds of its number of items".to_owned();
                    self.breaking(path, "compatibility.narrowed", message, new.place);
                } else if after.min < before.min || after.max != before.max {
                    let message = "has wider bounds of its number of items".to_owned();
                    self.minor(path, "compatibility.widened", message, new.place);
                }
                self.pending.push((format!("{path}/*"), before.type_id, after.type_id));
            }
            (Some(_), None) => {
                self.breaking(path, "compatibility.narrowed", "is no list any more".to_owned(), new.place);
            }
            (None, Some(_)) if old.value.is_none() && old.content.is_none() => {
                self.breaking(path, "compatibility.narrowed", "is a list now".to_owned(), new.place);
            }
            (None, Some(_)) => self.minor(path, "compatibility.widened", "may be a list now".to_owned(), new.place),
            (None, None) => {}
        }
    }

    /// Compares rules of which only the text is known.
    fn rules(&mut self, path: &str, old: &TypeShape, new: &TypeShape) {
        let opens = |rule: &str, text: &str| text == "open" && rule.starts_with("xs:any");
        for (rule, text) in &new.rules {
            match old.rules.get(rule) {
                Some(before) if before == text => {}
                None if opens(rule, text) => {
                    self.minor(path, "compatibility.widened", format!("has `{rule}` now"), new.place);
                }
                // What was forbidden is allowed: the type says that it is open now.
                None if rule == "additionalProperties" && !old.is_open && old.content.is_some() => {}
                before if is_looser(rule, before, text) => {
                    self.minor(path, "compatibility.widened", format!("`{rule}` allows more now"), new.place);
                }
                _ => {
                    let message = format!("`{rule}` has changed, and nobody can tell what that means for documents");
                    self.breaking(path, "compatibility.rule", message, new.place);
                }
            }
        }
        for (rule, text) in old.rules.iter().filter(|(rule, _)| !new.rules.contains_key(*rule)) {
            if opens(rule, text) || is_missed(rule, text, new) {
                self.breaking(path, "compatibility.narrowed", format!("has lost `{rule}`"), new.place);
            } else {
                self.minor(path, "compatibility.widened", format!("has lost the rule `{rule}`"), new.place);
            }
        }
    }

    fn content(&mut self, path: &str, old: (&Particle, &TypeShape), new: (&Particle, &TypeShape)) {
        let (old_parts, new_parts) = (flat(old.0), flat(new.0));
        for part in &old_parts {
            let local = &part.element.name.local;
            let below = format!("{path}/{local}");
            let Some(other) = new_parts.iter().find(|other| other.element.name == part.element.name) else {
                self.removed(&below, "compatibility.removed", format!("{local} is gone"), part.element.place);
                continue;
            };
            self.part(&below, part, other);
        }
        for part in &new_parts {
            if old_parts.iter().any(|other| other.element.name == part.element.name) {
                continue;
            }
            let local = &part.element.name.local;
            let below = format!("{path}/{local}");
            // A new branch asks for nothing.
            let is_required = part.min > 0 && !part.is_in_choice;
            if is_required {
                self.breaking(
                    &below,
                    "compatibility.required",
                    format!("{local} is new and required"),
                    part.element.place,
                );
            } else {
                self.minor(&below, "compatibility.added", format!("{local} is new"), part.element.place);
            }
        }
        self.order(path, old, new);
        self.choices(path, old.0, new.0, new.1.place);
        if has_wildcard(old.0) && !has_wildcard(new.0) {
            self.breaking(path, "compatibility.narrowed", "has lost `xs:any`".to_owned(), new.1.place);
        } else if has_wildcard(new.0) && !has_wildcard(old.0) {
            self.minor(path, "compatibility.widened", "has `xs:any` now".to_owned(), new.1.place);
        }
    }

    fn part(&mut self, path: &str, old: &ElementUse<'_>, new: &ElementUse<'_>) {
        let place = new.element.place;
        if new.min > old.min {
            let message = match old.min {
                0 => "was optional and is required".to_owned(),
                before => format!("occurred at least {before} times, and {} now", new.min),
            };
            self.breaking(path, "compatibility.required", message, place);
        } else if new.min < old.min {
            self.minor(path, "compatibility.widened", format!("may occur {} times now", new.min), place);
        }
        let is_fewer = new.max.is_some_and(|most| old.max.is_none_or(|before| most < before));
        if is_fewer {
            let most = new.max.unwrap_or_default();
            self.breaking(path, "compatibility.narrowed", format!("may occur at most {most} times now"), place);
        } else if new.max != old.max {
            self.minor(path, "compatibility.widened", "may occur more often now".to_owned(), place);
        }
        self.fixed(path, old.element.fixed.as_ref(), new.element.fixed.as_ref(), place);
        self.pending.push((path.to_owned(), old.element.type_id, new.element.type_id));
    }

    /// Reports elements that stand in another order: in XML the order is part of what is valid.
    fn order(&mut self, path: &str, old: (&Particle, &TypeShape), new: (&Particle, &TypeShape)) {
        if self.new.format == Format::Json {
            return;
        }
        let is_free =
            |particle: &Particle| matches!(particle.term, Term::All(_) | Term::Choice(..)) || particle.is_repeated();
        match (is_free(old.0), is_free(new.0)) {
            (true, false) if old.1.children.len() > 1 => {
                let message = "has a fixed order of its elements now".to_owned();
                return self.breaking(path, "compatibility.narrowed", message, new.1.place);
            }
            (false, true) if old.1.children.len() > 1 => {
                let message = "the order of its elements is free now".to_owned();
                return self.minor(path, "compatibility.widened", message, new.1.place);
            }
            (false, false) => {}
            _ => return,
        }
        let names = |shape: &TypeShape, other: &TypeShape| -> Vec<_> {
            shape
                .children
                .iter()
                .filter(|child| other.child(&child.name).is_some())
                .map(|child| child.name.clone())
                .collect()
        };
        if names(old.1, new.1) != names(new.1, old.1) {
            self.breaking(path, "compatibility.order", "the order of its elements has changed".to_owned(), new.1.place);
        }
    }

    /// Compares the choices of JSON: which of them hold is a rule of its own.
    fn choices(&mut self, path: &str, old: &Particle, new: &Particle, place: FileOffset) {
        let (before, after) = (choices(old), choices(new));
        if before == after {
            return;
        }
        let became_exact = after.iter().any(|(kind, _)| *kind == ChoiceKind::Exactly)
            && before.iter().all(|(kind, _)| *kind != ChoiceKind::Exactly);
        if after.len() > before.len() || became_exact {
            let message = "has a choice now that not all documents make".to_owned();
            self.breaking(path, "compatibility.narrowed", message, place);
            return;
        }
        let pairs = before.iter().zip(&after);
        if before.len() == after.len() && pairs.clone().any(|((_, before), (_, after))| after < before) {
            let message = "has fewer branches of a choice".to_owned();
            self.breaking(path, "compatibility.narrowed", message, place);
        } else {
            let message = "has more branches of a choice, or one choice less".to_owned();
            self.minor(path, "compatibility.widened", message, place);
        }
    }
}

/// Returns whether a type without a rule of JSON Schema admits less than with it: what admits members or items that others of its rules
/// refuse, and `minContains`, which is 1 where it is not said.
fn is_missed(rule: &str, text: &str, new: &TypeShape) -> bool {
    match rule {
        "patternProperties" => !new.is_open || new.rules.contains_key("additionalProperties"),
        "prefixItems" => new.items.is_some(),
        "minContains" => text == "0" && new.rules.contains_key("contains"),
        _ => false,
    }
}

/// Returns whether a bound of JSON allows all that it did, and more.
fn is_looser(rule: &str, before: Option<&String>, after: &str) -> bool {
    let number = |text: &str| text.parse::<Number>().ok();
    let (Some(before), Some(after)) = (before.and_then(|before| number(before)), number(after)) else { return false };
    match rule {
        "minProperties" | "minContains" => after < before,
        "maxProperties" | "maxContains" => after > before,
        _ => false,
    }
}

/// An element or member with how often it occurs, all groups around it counted in.
struct ElementUse<'a> {
    element: &'a ElementShape,
    min: u64,
    max: Option<u64>,
    is_in_choice: bool,
}

/// Returns the elements of a content. What occurs at several places is one, as often as at all together.
fn flat(content: &Particle) -> Vec<ElementUse<'_>> {
    fn walk<'a>(particle: &'a Particle, around: (u64, Option<u64>, bool), parts: &mut Vec<ElementUse<'a>>) {
        let min = around.0.saturating_mul(particle.min);
        let max = around.1.zip(particle.max).map(|(outer, inner)| outer.saturating_mul(inner));
        match &particle.term {
            Term::Element(element) => match parts.iter_mut().find(|part| part.element.name == element.name) {
                Some(part) => {
                    part.min = part.min.max(min);
                    part.max = part.max.zip(max).map(|(one, other)| one.max(other));
                }
                None => parts.push(ElementUse { element, min, max, is_in_choice: around.2 }),
            },
            Term::Sequence(inner) | Term::All(inner) => {
                for part in inner {
                    walk(part, (min, max, around.2), parts);
                }
            }
            Term::Choice(inner, _) => {
                let min = if inner.len() > 1 { 0 } else { min };
                for part in inner {
                    walk(part, (min, max, true), parts);
                }
            }
            Term::Wildcard(..) => {}
        }
    }
    let mut parts = Vec::new();
    walk(content, (1, Some(1), false), &mut parts);
    parts
}

/// Returns the choices of a content with the number of their branches.
fn choices(content: &Particle) -> Vec<(ChoiceKind, usize)> {
    fn walk(particle: &Particle, found: &mut Vec<(ChoiceKind, usize)>) {
        match &particle.term {
            Term::Choice(parts, kind) => {
                found.push((*kind, parts.len()));
                for part in parts {
                    walk(part, found);
                }
            }
            Term::Sequence(parts) | Term::All(parts) => {
                for part in parts {
                    walk(part, found);
                }
            }
            Term::Element(_) | Term::Wildcard(..) => {}
        }
    }
    let mut found = Vec::new();
    walk(content, &mut found);
    found
}

fn has_wildcard(particle: &Particle) -> bool {
    match &particle.term {
        Term::Wildcard(..) => true,
        Term::Element(_) => false,
        Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts, _) => parts.iter().any(has_wildcard),
    }
}
