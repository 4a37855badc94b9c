//! What may stand behind `#`: root elements, types, operations.

use std::sync::Arc;

use super::super::Schema;
use super::super::shape::{Entry, FileOffset};
use super::types::TypeComparison;
use super::{ChangeLevel, SchemaChange};

/// Compares all entries of two versions.
pub(super) fn compare(old: &Schema, new: &Schema) -> Vec<SchemaChange> {
    if old.kind() != new.kind() {
        let message = format!("the schema was {} and is {}", old.kind(), new.kind());
        let position = new.files().first().map(|file| (Arc::clone(&file.file), file.position(0)));
        return vec![SchemaChange {
            level: ChangeLevel::Breaking,
            path: "".into(),
            code: "compatibility.kind",
            message,
            position,
        }];
    }
    let (old_graph, new_graph) = (old.graph(), new.graph());
    let mut comparison = TypeComparison::new(old, new);
    for entry in &old_graph.entries {
        let same = new_graph
            .entries
            .iter()
            .find(|other| other.text == entry.text && other.root.name.is_some() == entry.root.name.is_some());
        let path = root_path(entry);
        match same {
            None => {
                // A named part that nothing outside can name by itself still can be bound by an adapter.
                let message = format!("{} is gone", described(entry));
                comparison.removed(&path, "compatibility.removed", message, entry.root.place);
            }
            Some(other) if other.root.name != entry.root.name => {
                let message = format!("{} is now in another namespace", described(entry));
                comparison.breaking(&path, "compatibility.namespace", message, other.root.place);
            }
            Some(other) => comparison.types(&path, entry.root.type_id, other.root.type_id),
        }
    }
    for entry in &new_graph.entries {
        if !old_graph.entries.iter().any(|other| other.text == entry.text) {
            comparison.minor(
                &root_path(entry),
                "compatibility.added",
                format!("{} is new", described(entry)),
                entry.root.place,
            );
        }
    }
    services(old, new, &mut comparison);
    comparison.changes
}

/// Compares the operations of services: one without messages is no entry.
fn services(old: &Schema, new: &Schema, comparison: &mut TypeComparison<'_>) {
    let (Some(old), Some(new)) = (old.description(), new.description()) else { return };
    for (name, operations) in &old.interfaces {
        let Some(others) = new.interfaces.get(name) else {
            let message = format!("the port type {name} is gone");
            comparison.removed(&name.local, "compatibility.operation", message, FileOffset::default());
            continue;
        };
        for operation in operations {
            if !others.iter().any(|other| other.name == operation.name) {
                let message = format!("the operation {} is gone", operation.name);
                comparison.removed(&operation.name, "compatibility.operation", message, FileOffset::default());
            }
        }
    }
    for (name, operations) in &new.interfaces {
        for operation in operations {
            let known =
                old.interfaces.get(name).is_some_and(|known| known.iter().any(|other| other.name == operation.name));
            if !known {
                let message = format!("the operation {} is new", operation.name);
                comparison.minor(&operation.name, "compatibility.operation", message, FileOffset::default());
            }
        }
    }
    let bound = |description: &crate::schema::wsdl::WsdlComponents| description.bound_ports();
    let ports = bound(new);
    for port in bound(old).into_iter().filter(|port| !ports.contains(port)) {
        let message = format!("the port {port} is gone, or bound in another way");
        comparison.removed(&port, "compatibility.port", message, FileOffset::default());
    }
}

fn root_path(entry: &Entry) -> String {
    match &entry.root.name {
        Some(_) if entry.text.contains('/') => entry.text.to_string(),
        Some(name) => format!("/{}", name.local),
        None => entry.text.to_string(),
    }
}

fn described(entry: &Entry) -> String {
    match &entry.root.name {
        _ if entry.text.contains('/') => format!("`{}`", entry.text),
        Some(name) => format!("the element {name}"),
        None => format!("the type `{}`", entry.text),
    }
}
