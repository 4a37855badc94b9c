//! The name under which the store has what a build made: whatever its content may depend on.

use std::fmt::Write as _;

use crate::build::Toolchain;
use crate::model::{Digest, InstanceKey, PackageKey, PackageName, Platform};
use crate::ops::Result;
use crate::profile::python::Interpreter;

use super::consent::Exceptions;

/// What the output of a build depends on.
pub(super) struct KeyInput<'a> {
    /// The package.
    pub(super) package: &'a PackageKey,
    /// The digest of its source distribution.
    pub(super) sdist: &'a Digest,
    /// The tools, with the digests of their artifacts, sorted.
    pub(super) tools: &'a [(&'a PackageKey, &'a Digest)],
    /// The interpreter that builds.
    pub(super) interpreter: &'a Interpreter,
    /// The platform that it is built for, and on.
    pub(super) platform: Platform,
    /// The compilers, the C library and the system that it is built with.
    pub(super) toolchain: &'a Toolchain,
    /// Of sources of a repository, the digest of the git that they are a repository again with, or `none`.
    pub(super) git: Option<&'a str>,
    /// What the build has besides. Among it is how well it is locked in: what came of a weaker sandbox does not serve where a
    /// stronger one is asked for.
    pub(super) exceptions: &'a Exceptions,
}

/// What install scripts run on.
pub(super) struct ScriptedKeyInput<'a> {
    /// The package.
    pub(super) instance: &'a InstanceKey,
    /// The digest of its artifact, or of that with its patch.
    pub(super) own: &'a Digest,
    /// All that it reaches, sorted.
    pub(super) dependencies: &'a [DependencyName<'a>],
}

/// A package that is there while scripts run.
pub(super) struct DependencyName<'a> {
    pub(super) instance: &'a InstanceKey,
    /// The digest of its artifact, or the name of what its own scripts made of it.
    pub(super) digest: &'a Digest,
    /// What it finds, by name.
    pub(super) edges: Vec<(&'a PackageName, &'a InstanceKey)>,
}

/// What the outputs of all install scripts depend on.
pub(super) struct ScriptMachine<'a> {
    /// The versions of the Node and of everything in it.
    pub(super) versions: &'a str,
    pub(super) platform: Platform,
    /// The Node's program, the compilers, the C library and the system.
    pub(super) toolchain: &'a Toolchain,
}

/// Changes when larder builds differently: nothing that was built before is used then.
const FORMAT: u32 = 1;

/// The same of packages that their own scripts make.
const PREPARED_FORMAT: u32 = 2;

/// Returns the name of an output.
pub(super) fn key(input: &KeyInput<'_>) -> Result<Digest> {
    let Interpreter { version, soabi, implementation, libc, .. } = input.interpreter;
    let mut text = format!(
        "larder build {FORMAT}\n{}\n{}\n{}\n{}\n{}\n{implementation} {version} {soabi} {libc}\n",
        input.package,
        input.sdist,
        input.platform,
        input.exceptions.level,
        input.toolchain.digest()
    );
    for (tool, digest) in input.tools {
        let _ = writeln!(text, "{tool} {digest}");
    }
    if let Some(git) = input.git {
        let _ = writeln!(text, "git {git}");
    }
    text.push_str(&input.exceptions.key_lines()?);
    Ok(Digest::sha256_of(text))
}

/// Returns the name of what the scripts of a package's sources make. `own` is the digest of the sources.
pub(super) fn prepared_key(
    input: &ScriptedKeyInput<'_>,
    machine: &ScriptMachine<'_>,
    exceptions: &Exceptions,
) -> Result<Digest> {
    // The scripts are in the sources.
    let scripted = scripted_key(input, input.own, machine, exceptions)?;
    Ok(Digest::sha256_of(format!("larder prepare {PREPARED_FORMAT}\n{scripted}\n")))
}

/// Returns the name of what install scripts make. `scripts` is the digest of their text.
pub(super) fn scripted_key(
    input: &ScriptedKeyInput<'_>,
    scripts: &Digest,
    machine: &ScriptMachine<'_>,
    exceptions: &Exceptions,
) -> Result<Digest> {
    let (ScriptMachine { versions, platform, toolchain }, level) = (machine, exceptions.level);
    let mut text = format!(
        "larder scripts {FORMAT}\n{}\n{}\n{scripts}\n{platform}\n{level}\n{}\n{versions}\n",
        input.instance,
        input.own,
        toolchain.digest()
    );
    for DependencyName { instance, digest, edges } in input.dependencies {
        let _ = writeln!(text, "{instance} {digest}");
        for (name, to) in edges {
            let _ = writeln!(text, "  {name} {to}");
        }
    }
    text.push_str(&exceptions.key_lines()?);
    Ok(Digest::sha256_of(text))
}
