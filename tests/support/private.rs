//! A registry of private packages in a folder, and who publishes to it.

use std::path::PathBuf;

use super::Project;

/// A folder that is a registry, with a user of its own who has its keys.
pub(crate) struct PrivateRegistry {
    author: Project,
}

impl PrivateRegistry {
    /// Makes an empty registry.
    pub(crate) fn new() -> Self {
        let author = Project::alone();
        author.run("larder registry init packages --origin packages.acme.example").exits(0);
        Self { author }
    }

    /// Returns who publishes to it: a project's folder, in which the registry is `packages`.
    pub(crate) fn author(&self) -> &Project {
        &self.author
    }

    /// Returns the line that declares the registry.
    pub(crate) fn line(&self) -> String {
        format!("    larder \"acme\" \"file://{}/\"\n", self.path("").display())
    }

    /// Returns a file of the registry.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.author.path("packages").join(below)
    }

    /// Publishes a package: its files, of which the larder.kdl is the first.
    pub(crate) fn publish(&self, files: &[(&str, &str)]) -> &Self {
        let _ = std::fs::remove_dir_all(self.author.path("package"));
        for (path, content) in files {
            self.author.write(&format!("package/{path}"), content);
        }
        self.run(&format!("larder -C package publish --registry {}", self.path("").display()))
    }

    /// Runs another command of the author: `larder yank orders@1.0.0 --registry packages`.
    pub(crate) fn run(&self, command: &str) -> &Self {
        self.author.run(command).exits(0);
        self
    }
}
