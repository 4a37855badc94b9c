//! Which executables a `bin` folder gets, and from which package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::model::TreeDigest;
use crate::store::Tree;

use super::input::BuildInput;
use crate::profile::layout::{Layout, LinkTarget, Links, LocalFolder, RealisedPackage};
use crate::profile::paths::ProfilePaths;
use crate::profile::{ProfileError, node_modules, private};

/// The file that an executable's name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExecutableTarget {
    /// A file that is there as long as the generation is: it is linked.
    File(PathBuf),
    /// A file of a local folder: a launcher runs whatever it is then.
    Live(PathBuf),
}

/// Executables by name: what they run, and the dependency that brings them.
#[derive(Clone, Debug, Default)]
pub(super) struct Executables {
    /// Name → (program, dependency).
    pub(super) offered: BTreeMap<String, (ExecutableTarget, Arc<str>)>,
    /// Warnings: two dependencies that offer the same name, and names that mean something else already.
    pub(super) warnings: Vec<String>,
    /// The runtimes that the project declares.
    runtimes: DeclaredRuntimes,
}

/// Which runtimes a project declares: no package's executable has their names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeclaredRuntimes {
    /// `node`
    pub(super) node: bool,
    /// `python`
    pub(super) python: bool,
}

impl DeclaredRuntimes {
    /// Returns those that a generation is built with.
    pub(super) fn of(input: &BuildInput<'_>) -> Self {
        Self { node: input.lock.settings.node.is_some(), python: input.interpreter.is_some() }
    }

    /// Returns whether a name is that of a declared runtime: `node`, `python`, `python3`, `python3.12`.
    fn has(self, name: &str) -> bool {
        let is_python =
            name.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'));
        (self.node && name == "node") || (self.python && is_python)
    }
}

/// Programs of every system that scripts call by their names: a package's executable that is called like one runs instead.
const OF_THE_SYSTEM: [&str; 41] = [
    "[", "awk", "bash", "cat", "chmod", "chown", "cp", "curl", "cut", "date", "dirname", "echo", "env", "expr", "find",
    "git", "grep", "gzip", "head", "kill", "ls", "make", "mkdir", "mktemp", "mv", "printf", "ps", "pwd", "realpath",
    "rm", "sed", "sh", "sleep", "sort", "ssh", "sudo", "tail", "tar", "test", "uname", "xargs",
];

/// Programs that come with a runtime.
const OF_RUNTIMES: [&str; 5] = ["corepack", "npm", "npx", "pip", "pip3"];

impl Executables {
    /// Starts with nothing.
    pub(super) fn new(runtimes: DeclaredRuntimes) -> Self {
        Self { runtimes, ..Self::default() }
    }

    /// Adds one of a package that no line names: an extra of one does, or it is hoisted. It never takes the place of what a line asks
    /// for, of a runtime's program or of the system's: nobody chose what these packages are called. Returns whether it was added.
    pub(super) fn offer_last(&mut self, name: &str, program: &ExecutableTarget, by: &Arc<str>) -> bool {
        let any = DeclaredRuntimes { node: true, python: true };
        let is_taken = any.has(name) || OF_RUNTIMES.contains(&name) || OF_THE_SYSTEM.contains(&name);
        if is_taken || self.offered.contains_key(name) {
            return false;
        }
        self.offered.insert(name.to_owned(), (program.clone(), by.clone()));
        true
    }

    /// Adds one. Where two dependencies offer the same name, the one that is called like it is taken, else the first. What
    /// is called like a declared runtime is left out.
    pub(super) fn offer(&mut self, name: &str, program: ExecutableTarget, by: &Arc<str>) {
        if self.runtimes.has(name) {
            self.warnings.push(format!(
                "{by} brings an executable `{name}`, which is left out: the project declares that runtime"
            ));
            return;
        }
        if OF_THE_SYSTEM.contains(&name) && !self.offered.contains_key(name) {
            self.warnings.push(format!("{by} brings an executable `{name}`, which runs instead of the system's"));
        }
        let Some((_, first)) = self.offered.get(name) else {
            self.offered.insert(name.to_owned(), (program, by.clone()));
            return;
        };
        if first == by {
            return;
        }
        let taken = node_modules::preferred_owner(name, first, by);
        self.warnings.push(format!("{first} and {by} both bring an executable `{name}`: {taken}'s is used"));
        if taken == &**by {
            self.offered.insert(name.to_owned(), (program, by.clone()));
        }
    }
}

impl Executables {
    /// Adds those of a local package. `project` is the folder of the project.
    pub(super) fn offer_live(&mut self, project: &Path, local: &LocalFolder, name: &Arc<str>) {
        for (bin, path) in &local.bin {
            let file = project.join(&*local.folder).join(&**path);
            self.offer(bin, ExecutableTarget::Live(file), name);
        }
    }

    /// Adds those of the private packages among links.
    pub(super) fn offer_private(&mut self, paths: ProfilePaths<'_>, links: &Links, layout: &Layout) {
        for (name, target) in links {
            let LinkTarget::Package(key, _) = target else { continue };
            let Some(realised) = layout.packages.get(key) else { continue };
            let Some(content) = &realised.private else { continue };
            let folder = private::place(paths.packages, key, &realised.name);
            for (bin, file) in &content.bin {
                self.offer(bin, ExecutableTarget::File(folder.join(&**file)), name);
            }
        }
    }
}

/// Returns the executables of what a `node_modules` links. Local packages lie in the folder of the project.
pub(super) fn executables_of_links(
    (paths, project): (ProfilePaths<'_>, &Path),
    runtimes: DeclaredRuntimes,
    links: &Links,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
) -> Result<Executables, ProfileError> {
    let mut executables = Executables::new(runtimes);
    executables.offer_private(paths, links, layout);
    for (name, target) in links {
        match target {
            LinkTarget::Folder(folder) => {
                for known in layout.folders.values().filter(|known| known.node_folder() == folder) {
                    executables.offer_live(project, known, name);
                }
            }
            LinkTarget::Package(key, own) => {
                let declares = |realised: &&RealisedPackage| realised.bin && realised.private.is_none();
                let Some(realised) = layout.packages.get(key).filter(declares) else { continue };
                let Some(tree) = trees.get(&realised.tree) else { continue };
                let Some(json) = fs::read_if_exists(&tree.folder.join("package.json"))? else { continue };
                let folder = paths.packages.join(key.as_str()).join("node_modules").join(&**own);
                let bins = node_modules::declared_bins(own, &json, tree.entries.iter().map(|entry| &*entry.path))?;
                executables.warnings.extend(bins.odd);
                for bin in bins.found {
                    let file = folder.join(&bin.path);
                    // npm links what is not there too; here a link to nothing would be damage.
                    if fs::stat(&file)?.is_some() {
                        executables.offer(&bin.name, ExecutableTarget::File(file), name);
                    }
                }
            }
        }
    }
    Ok(executables)
}
