//! An environment of tools: what builds a package, apart from any profile.

use std::path::Path;
use std::sync::Arc;

use super::super::ProfileError;
use super::super::layout::{Dependencies, Distribution};
use super::super::link_mode::LinkMode;
use super::Interpreter;
use super::file_precedence::Precedence;
use super::venv::{EnvironmentInput, WheelInput, build};
use crate::model::PackageKey;
use crate::store::Tree;

/// Builds an environment in `folder`, which does not exist yet, with the executables of all tools. `reached` is the path by
/// which programs will see it.
///
/// # Errors
/// If a wheel is malformed, or two tools bring a file with different content.
pub fn build_tools(
    folder: &Path,
    reached: &Path,
    interpreter: &Interpreter,
    tools: &[(PackageKey, Arc<Tree>)],
) -> Result<(), ProfileError> {
    let wheel = |(key, tree): &(PackageKey, Arc<Tree>)| WheelInput {
        distribution: Distribution {
            name: key.id.name.as_str().into(),
            version: key.version.to_string().into(),
            tree: tree.digest,
            files: LinkMode::Shared,
            direct: true,
            by_extra: false,
        },
        tree: Arc::clone(tree),
        bytecode: None,
    };
    let wheels: Vec<WheelInput> = tools.iter().map(wheel).collect();
    build(&EnvironmentInput {
        folder,
        reached,
        interpreter,
        wheels: &wheels,
        files: LinkMode::Shared,
        projects: &[],
        halves: &[],
        precedence: Precedence { owners: &[], dependencies: &Dependencies::default },
    })?;
    Ok(())
}
