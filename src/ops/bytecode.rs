//! Python's byte-code, made before anything is imported.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Ecosystem, PackageKey};
use crate::profile::python::{self, Bytecode, Interpreter};
use crate::store::{Store, Tree};

use super::{Context, Event, Result};

/// Returns the byte-code of the Python packages among these.
pub(super) fn compile(
    context: &Context<'_>,
    store: &Store,
    interpreter: &Interpreter,
    trees: &BTreeMap<PackageKey, Arc<Tree>>,
) -> Result<Bytecode> {
    let wheels = trees.iter().filter(|(key, _)| key.id.ecosystem == Ecosystem::Pypi);
    let wheels: Vec<Arc<Tree>> = wheels.map(|(_, tree)| Arc::clone(tree)).collect();
    (context.reporter)(Event::Compiling(wheels.len()));
    Ok(python::compile(store, interpreter, &wheels)?)
}
