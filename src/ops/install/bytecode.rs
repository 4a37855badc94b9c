//! Python's byte-code, made before anything is imported.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Digest, PackageKey};
use crate::profile::python::{self, Bytecode, Interpreter};
use crate::store::{Lease, Store, Tree};

use crate::ops::{Event, Result, Session};

/// Returns the byte-code of the Python packages among these.
pub(super) fn compile(
    session: &Session<'_>,
    interpreter: &Interpreter,
    trees: &BTreeMap<PackageKey, Arc<Tree>>,
) -> Result<Bytecode> {
    let wheels = wheels(trees);
    (session.context.reporter)(Event::Compiling(wheels.len()));
    Ok(python::compile(&session.store, interpreter, &wheels)?)
}

/// Keeps the byte-code of these packages from being collected, whether it is there already or about to be made.
pub(super) fn lease(
    store: &Store,
    interpreter: &Interpreter,
    trees: &BTreeMap<PackageKey, Arc<Tree>>,
) -> Result<Lease> {
    Ok(store.lease(names(interpreter, trees).iter())?)
}

/// Returns what the store finds the byte-code of these packages by.
pub(super) fn names(interpreter: &Interpreter, trees: &BTreeMap<PackageKey, Arc<Tree>>) -> Vec<Digest> {
    python::names(interpreter, &wheels(trees))
}

fn wheels(trees: &BTreeMap<PackageKey, Arc<Tree>>) -> Vec<Arc<Tree>> {
    let wheels = trees.iter().filter(|(key, _)| key.id.ecosystem.shares_one_folder());
    wheels.map(|(_, tree)| Arc::clone(tree)).collect()
}
