//! Runtimes in a checkout: `.larder/node_modules/.packages/<key>/bin/node`, as their archives have them.
//!
//! A runtime is realised like a package: its files are linked from the store, its own links are made anew. The few files of a Python that
//! name the folder that it was built for are private copies, rewritten for the place; they are outside of every digest.

mod build_paths;
mod realise;

use std::path::PathBuf;
use std::sync::Arc;

use crate::manifest::FilesMode;
use crate::model::{Platform, RuntimeKey, RuntimeName};
use crate::store::Tree;

use super::layout::RealisedRuntime;
use super::profiles::Profiles;
use super::python::Interpreter;

pub(super) use realise::{expected, realise, relocate};

/// A runtime with its unpacked archive.
#[derive(Clone, Debug)]
pub struct RuntimeTree {
    /// The runtime and its version.
    pub key: RuntimeKey,
    /// The unpacked archive.
    pub tree: Arc<Tree>,
}

impl Profiles {
    /// Returns the interpreter of an unpacked Python as it is where that is realised.
    pub fn interpreter_in_place(
        &self,
        interpreter: &Interpreter,
        runtime: &RuntimeTree,
        (platform, files): (Platform, FilesMode),
    ) -> Interpreter {
        let realised = RealisedRuntime::new(platform, (runtime.key, runtime.tree.digest), files.into());
        interpreter.in_place(&runtime.tree.folder, &self.packages().join(realised.key.as_str()))
    }
}

/// Programs of a runtime's `bin` that an environment has, beside Python's own, which are those of its virtual environment.
pub(super) fn programs(name: &str) -> &'static [&'static str] {
    if name == RuntimeName::Node.as_str() { &["node", "npm", "npx", "corepack"] } else { &[] }
}

/// Returns whether a runtime's tree has a program in its `bin`, as a file or a link.
pub(super) fn has_program(tree: &Tree, name: &str) -> bool {
    let path = format!("bin/{name}");
    let links = || tree.links().unwrap_or_default();
    tree.entry(&path).is_some() || links().iter().any(|link| link.path().as_str() == path)
}

/// Returns the executable of a Node that was unpacked.
pub fn node_executable(runtime: &RuntimeTree) -> PathBuf {
    runtime.tree.folder.join("bin/node")
}
