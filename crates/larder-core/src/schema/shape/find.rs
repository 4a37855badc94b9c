//! Paths in a shape.

use super::{Namespaces, ShapeGraph, SimpleType, TypeId, ValueKind};
use crate::diagnostic::nearest;
use crate::document::{Format, Name};
use crate::expression::{Path, PathStep};

/// What a path leads to.
#[derive(Clone, Debug)]
pub struct Found {
    /// The type of the place. `None` for an attribute.
    pub(crate) type_id: Option<TypeId>,
    /// The type of its value, if it has one.
    pub(crate) value: Option<SimpleType>,
    /// Whether a document may be without it.
    pub(crate) is_optional: bool,
    /// How many lists are on the way, the place itself included.
    pub(crate) lists: usize,
    /// Whether the place itself is a list.
    pub(crate) is_list: bool,
    /// The names on the way.
    pub(crate) names: Vec<Name>,
    /// Whether the path ends at an attribute.
    pub(crate) is_attribute: bool,
    /// The construct that leaves open whether there is such a place.
    pub(crate) undecided: Option<&'static str>,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathProblem {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The step at which it is wrong.
    pub step: usize,
    /// The nearest step that would lead on.
    pub nearest: Option<String>,
}

/// An element that a wildcard admits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdmittedElement {
    pub(crate) type_id: TypeId,
    pub(crate) is_repeated: bool,
    /// How many of the type's elements stand before it.
    pub(crate) behind: usize,
}

impl ShapeGraph {
    /// Returns what an element is that a type does not list, if one of its wildcards admits it.
    pub(crate) fn admitted(&self, type_id: TypeId, name: &Name) -> Option<AdmittedElement> {
        let place = self.types[type_id].wildcards.iter().find(|place| place.wildcard.admits(name))?;
        let declared = self.entries.iter().find(|entry| entry.root.name.as_ref() == Some(name));
        let type_id = declared.map_or(place.type_id, |entry| entry.root.type_id);
        Some(AdmittedElement { type_id, is_repeated: place.is_repeated, behind: place.behind })
    }
}

/// Follows a path from a type.
pub(crate) fn find(
    graph: &ShapeGraph,
    from: TypeId,
    path: &Path,
    namespaces: &Namespaces,
) -> Result<Found, PathProblem> {
    let mut found = Found {
        type_id: Some(from),
        value: graph.types[from].value.clone(),
        is_optional: false,
        lists: 0,
        is_list: graph.types[from].items.is_some(),
        names: Vec::new(),
        is_attribute: false,
        undecided: None,
    };
    for (place, step) in path.steps.iter().enumerate() {
        let type_id = found.type_id.unwrap_or(from);
        // Whoever goes on from a list goes on from its items.
        let type_id = if place > 0 { items_below(graph, type_id, &mut found) } else { type_id };
        let name = step_name(graph.format, step, place, namespaces)?;
        let shape = &graph.types[type_id];
        if step.attribute {
            // What may have any element may have any attribute.
            let is_anything = shape.content.is_none() && !shape.wildcards.is_empty();
            let attribute = shape.attributes.iter().find(|attribute| attribute.name == name);
            match attribute {
                Some(attribute) => {
                    found.is_optional |= !attribute.is_required;
                    found.value = Some(attribute.value.clone());
                }
                None if is_anything || shape.attribute_wildcards.iter().any(|wildcard| wildcard.admits(&name)) => {
                    found.undecided.get_or_insert(if is_anything { "xs:anyType" } else { "xs:anyAttribute" });
                    (found.is_optional, found.value) = (true, Some(SimpleType::of(ValueKind::Any)));
                }
                None => return Err(unknown(graph, type_id, path, place, namespaces)),
            }
            (found.type_id, found.is_list, found.is_attribute) = (None, false, true);
        } else {
            let (below_id, is_optional, is_repeated) = match (shape.child(&name), shape.others) {
                (Some(child), _) => {
                    found.lists += usize::from(child.is_repeated);
                    (child.type_id, child.is_optional, child.is_repeated)
                }
                (None, Some(others)) => {
                    found.undecided.get_or_insert(others.construct);
                    (others.type_id, true, false)
                }
                // Several of one name may be there, or one: what stands in the mapping is taken for it.
                (None, None) => match graph.admitted(type_id, &name) {
                    Some(element) => {
                        found.undecided.get_or_insert("xs:any");
                        (element.type_id, true, element.is_repeated)
                    }
                    None => return Err(unknown(graph, type_id, path, place, namespaces)),
                },
            };
            let below = &graph.types[below_id];
            found.is_optional |= is_optional;
            found.is_list = is_repeated || below.items.is_some();
            found.value.clone_from(&below.value);
            found.type_id = Some(below_id);
        }
        found.names.push(name);
    }
    if let Some(type_id) = found.type_id {
        found.lists += usize::from(graph.types[type_id].items.is_some());
    }
    Ok(found)
}

/// Goes into the lists of a type. A list may be empty: what is in it is optional.
fn items_below(graph: &ShapeGraph, mut type_id: TypeId, found: &mut Found) -> TypeId {
    // Lists of lists end at the latest where a type repeats.
    for _ in 0..graph.types.len() {
        let shape = &graph.types[type_id];
        let Some(items) = shape.items.as_ref().filter(|_| shape.children.is_empty()) else { break };
        found.lists += 1;
        found.is_optional |= items.min == 0;
        type_id = items.type_id;
    }
    type_id
}

/// Returns the name that a step stands for.
fn step_name(format: Format, step: &PathStep, place: usize, namespaces: &Namespaces) -> Result<Name, PathProblem> {
    let problem = |message: String, help: Option<String>| PathProblem { message, help, step: place, nearest: None };
    match (format, &step.prefix) {
        (Format::Json, _) if step.attribute || step.prefix.is_some() => {
            let message = format!("`{step}`: JSON has members without prefixes, and no attributes");
            Err(problem(message, Some("write the member's name; one with `:` or `@`, in backticks".to_owned())))
        }
        (_, None) => Ok(Name::local(step.name.as_ref())),
        (_, Some(prefix)) => {
            if let Some(namespace) = namespaces.get(prefix) {
                return Ok(Name::new(namespace.as_ref(), step.name.as_ref()));
            }
            let near = nearest(prefix, namespaces.keys().map(AsRef::as_ref));
            let help = match near {
                Some(near) => format!("did you mean `{near}:{}`?", step.name),
                None => format!("declare it: namespace \"{prefix}\" \"…\""),
            };
            Err(problem(format!("the prefix `{prefix}` is not declared"), Some(help)))
        }
    }
}

/// Returns why a step leads nowhere, with the step that is meant.
fn unknown(graph: &ShapeGraph, type_id: TypeId, path: &Path, place: usize, namespaces: &Namespaces) -> PathProblem {
    let shape = &graph.types[type_id];
    let step = &path.steps[place];
    let written = |name: &Name, attribute: bool| {
        let prefix = namespaces.iter().find(|(_, uri)| ***uri == *name.namespace).map(|(prefix, _)| prefix.clone());
        match prefix {
            None if !name.namespace.is_empty() => None,
            prefix => Some(PathStep { attribute, prefix, name: name.local.as_ref().into() }.to_string()),
        }
    };
    let known: Vec<String> = if step.attribute {
        shape.attributes.iter().filter_map(|attribute| written(&attribute.name, true)).collect()
    } else {
        shape.children.iter().filter_map(|child| written(&child.name, false)).collect()
    };
    let text = step.to_string();
    let wrong_namespace = shape.children.iter().find(|child| !step.attribute && *child.name.local == *step.name);
    let near = nearest(&text, known.iter().map(String::as_str)).map(ToOwned::to_owned);
    let where_ = match place {
        0 => String::new(),
        _ => format!(" below `{}`", Path { steps: path.steps[..place].to_vec() }),
    };
    let help = match (&near, wrong_namespace) {
        (_, Some(child)) if child.name.namespace.is_empty() => Some(format!("write `{}` without a prefix", step.name)),
        (_, Some(child)) => {
            Some(format!("it is in the namespace {}: use a prefix declared for it", child.name.namespace))
        }
        (Some(near), None) => Some(format!("did you mean `{near}`?")),
        (None, None) if known.is_empty() => Some("nothing is below it".to_owned()),
        (None, None) if known.len() <= 12 => Some(format!("there are `{}`", known.join("`, `"))),
        (None, None) => None,
    };
    PathProblem { message: format!("there is no `{text}`{where_}"), help, step: place, nearest: near }
}
