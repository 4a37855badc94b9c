//! Two types of values.

use std::collections::BTreeSet;

use super::super::shape::{Bound, Facets, SimpleType, ValueKind};
use crate::expression::Number;

/// What became of the values that are possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ValueChange {
    Same,
    /// All old values, and more.
    Wider(String),
    /// Not all old values.
    Narrower(String),
}

/// Compares the values that two types allow. Narrower counts more than wider.
pub(super) fn compare(old: &SimpleType, new: &SimpleType) -> ValueChange {
    let mut found = Vec::new();
    if old.is_list != new.is_list {
        let message = if new.is_list { "is now a list of values" } else { "is no list of values any more" };
        return ValueChange::Narrower(message.to_owned());
    }
    if old.kind != new.kind {
        let message = format!("was {} and is {}", old.kind, new.kind);
        found.push(if is_wider(new.kind, old.kind) {
            ValueChange::Wider(message)
        } else {
            ValueChange::Narrower(message)
        });
    }
    found.extend(types(old, new));
    facets(&old.facets, &new.facets, old.kind, &mut found);
    let narrower = found.iter().position(|one| matches!(one, ValueChange::Narrower(_)));
    match narrower {
        Some(place) => found.swap_remove(place),
        None => found.into_iter().next().unwrap_or(ValueChange::Same),
    }
}

/// Returns whether every text of the one kind is one of the other, with the same meaning.
fn is_wider(wide: ValueKind, narrow: ValueKind) -> bool {
    match wide {
        ValueKind::Any => true,
        ValueKind::Decimal => narrow == ValueKind::Integer,
        ValueKind::Float => matches!(narrow, ValueKind::Integer | ValueKind::Decimal),
        // What was a number or a date is read as one; a string may be neither.
        ValueKind::String => narrow == ValueKind::Uri,
        _ => false,
    }
}

/// Compares the types of JSON that values may have, where one of two has several. Whether it may be `null`, a list or an object is
/// compared elsewhere.
fn types(old: &SimpleType, new: &SimpleType) -> Option<ValueChange> {
    if old.facets.types == new.facets.types {
        return None;
    }
    let names = |of: &SimpleType| match (&of.facets.types, of.kind) {
        (Some(types), _) => Some(types.clone()),
        (None, ValueKind::String) => Some(BTreeSet::from(["string"])),
        (None, ValueKind::Boolean) => Some(BTreeSet::from(["boolean"])),
        (None, ValueKind::Integer) => Some(BTreeSet::from(["integer"])),
        (None, ValueKind::Decimal) => Some(BTreeSet::from(["integer", "number"])),
        (None, _) => None,
    };
    let list = |names: Vec<&'static str>| names.join(", ");
    match (names(old), names(new)) {
        (None, None) => None,
        (None, Some(new)) => Some(ValueChange::Narrower(format!("is one of {} now", list(new.into_iter().collect())))),
        (Some(_), None) => Some(ValueChange::Wider("may be of any type now".to_owned())),
        (Some(old), Some(new)) => {
            let gone: Vec<&str> = old.difference(&new).copied().collect();
            let added: Vec<&str> = new.difference(&old).copied().collect();
            match (gone.is_empty(), added.is_empty()) {
                (false, _) => Some(ValueChange::Narrower(format!("is not of the type {} any more", list(gone)))),
                (true, false) => Some(ValueChange::Wider(format!("may be of the type {}, too", list(added)))),
                (true, true) => None,
            }
        }
    }
}

fn facets(old: &Facets, new: &Facets, kind: ValueKind, found: &mut Vec<ValueChange>) {
    bound("least", old.minimum.as_ref(), new.minimum.as_ref(), BoundDirection::Up, found);
    bound("greatest", old.maximum.as_ref(), new.maximum.as_ref(), BoundDirection::Down, found);
    length("least length", old.min_length.as_ref(), new.min_length.as_ref(), BoundDirection::Up, found);
    length("greatest length", old.max_length.as_ref(), new.max_length.as_ref(), BoundDirection::Down, found);
    length("number of digits", old.total_digits.as_ref(), new.total_digits.as_ref(), BoundDirection::Down, found);
    length(
        "number of decimals",
        old.fraction_digits.as_ref(),
        new.fraction_digits.as_ref(),
        BoundDirection::Down,
        found,
    );
    match (&old.enumeration, &new.enumeration) {
        (None, Some(_))
            if kind == ValueKind::Boolean && new.enumeration == Some(["true", "false"].map(String::from).into()) => {}
        (None, Some(_)) => found.push(ValueChange::Narrower("has a fixed list of values now".to_owned())),
        (Some(_), None) => found.push(ValueChange::Wider("has no fixed list of values any more".to_owned())),
        (Some(old), Some(new)) => {
            let gone: Vec<&str> = old.difference(new).map(String::as_str).collect();
            let added: Vec<&str> = new.difference(old).map(String::as_str).collect();
            if !gone.is_empty() {
                found.push(ValueChange::Narrower(format!("does not allow `{}` any more", gone.join("`, `"))));
            } else if !added.is_empty() {
                found.push(ValueChange::Wider(format!("allows `{}`, too", added.join("`, `"))));
            }
        }
        (None, None) => {}
    }
    let added: Vec<&str> = new.rules.difference(&old.rules).map(String::as_str).collect();
    let gone: Vec<&str> = old.rules.difference(&new.rules).map(String::as_str).collect();
    if !added.is_empty() {
        found.push(ValueChange::Narrower(format!("has the rule {} now", short(added[0]))));
    } else if !gone.is_empty() {
        found.push(ValueChange::Wider(format!("has lost the rule {}", short(gone[0]))));
    }
}

/// In which direction a bound becomes narrower.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BoundDirection {
    Up,
    Down,
}

fn bound(what: &str, old: Option<&Bound>, new: Option<&Bound>, narrower: BoundDirection, found: &mut Vec<ValueChange>) {
    if old == new {
        return;
    }
    let shown =
        |bound: &Bound| if bound.is_exclusive { format!("{} (excluded)", bound.text) } else { bound.text.clone() };
    let result = match (old, new) {
        (Some(old), None) => ValueChange::Wider(format!("has lost its {what} value {}", shown(old))),
        (None, Some(new)) => ValueChange::Narrower(format!("has the {what} value {} now", shown(new))),
        (Some(old), Some(new)) => {
            let message = format!("had the {what} value {} and has {}", shown(old), shown(new));
            match (old.text.parse::<Number>(), new.text.parse::<Number>()) {
                (Ok(before), Ok(after)) => {
                    let is_narrower = match before.cmp(&after) {
                        std::cmp::Ordering::Equal => new.is_exclusive && !old.is_exclusive,
                        std::cmp::Ordering::Less => narrower == BoundDirection::Up,
                        std::cmp::Ordering::Greater => narrower == BoundDirection::Down,
                    };
                    let is_same = before == after && old.is_exclusive == new.is_exclusive;
                    match (is_same, is_narrower) {
                        (true, _) => return,
                        (_, true) => ValueChange::Narrower(message),
                        _ => ValueChange::Wider(message),
                    }
                }
                // Dates are not compared: which of them is the later, time zones decide.
                _ => ValueChange::Narrower(message),
            }
        }
        (None, None) => return,
    };
    found.push(result);
}

fn length(
    what: &str,
    old: Option<&Number>,
    new: Option<&Number>,
    narrower: BoundDirection,
    found: &mut Vec<ValueChange>,
) {
    let as_bound = |number: &Number| Bound { text: number.to_string(), is_exclusive: false };
    // No least length is a least length of 0.
    let zero = |number: Option<&Number>| {
        number.filter(|number| narrower == BoundDirection::Down || **number != Number::ZERO).map(as_bound)
    };
    let mut here = Vec::new();
    bound("", zero(old).as_ref(), zero(new).as_ref(), narrower, &mut here);
    found.extend(here.into_iter().map(|one| {
        let reworded = |message: String| message.replace(" value ", &format!("{what} ")).replace("  ", " ");
        match one {
            ValueChange::Wider(message) => ValueChange::Wider(reworded(message)),
            ValueChange::Narrower(message) => ValueChange::Narrower(reworded(message)),
            ValueChange::Same => ValueChange::Same,
        }
    }));
}

fn short(text: &str) -> String {
    if text.chars().count() > 80 { text.chars().take(80).chain("…".chars()).collect() } else { text.to_owned() }
}
