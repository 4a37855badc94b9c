//! The Node that runs install scripts, and that what they make is for.

use std::path::Path;

use crate::build::NodeRuntime;
use crate::diagnostic::{Exit, Failure};
use crate::model::PackageKey;
use crate::ops::programs::interpreter;
use crate::ops::{Context, Result};
use crate::profile::{self, RuntimeTree};

/// A Node that is on this machine.
pub(in crate::ops) struct NodeProgram {
    /// Where it is, and what came with it.
    pub(super) runtime: NodeRuntime,
    /// The versions of Node and of everything in it, as `process.versions` has them.
    pub(super) versions: String,
}

/// Returns the Node that larder brings, or else the one on `PATH`, behind what stands there for it.
pub(in crate::ops) fn find(
    context: &Context<'_>,
    brought: Option<&RuntimeTree>,
    package: &PackageKey,
) -> Result<NodeProgram> {
    const ASKED: &str = "process.execPath + '\\n' + JSON.stringify(process.versions)";

    let answer = match brought {
        Some(runtime) => interpreter::says(&profile::node_executable(runtime), ASKED)?,
        None => interpreter::node_says(context, ASKED)?,
    };
    let (executable, versions) = answer
        .as_deref()
        .and_then(|answer| answer.split_once('\n'))
        .ok_or_else(|| NoNode { package: package.clone() })?;
    Ok(NodeProgram { runtime: NodeRuntime::of(Path::new(executable))?, versions: versions.to_owned() })
}

/// There is no Node.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the install scripts of {package} need a Node, and there is none on PATH")]
#[diagnostic(code(larder::builds::no_node), help("let larder bring it: `runtimes {{ node \"22\" managed=#true }}`; or install Node, or take back `allow {} \"{}\"`", package.id.ecosystem, package.id.name))]
struct NoNode {
    package: PackageKey,
}

impl Failure for NoNode {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
