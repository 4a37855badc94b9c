//! Where things lie in a checkout and in a generation, for those who only need the path: nothing is looked at.

use std::path::{Path, PathBuf};

use super::generation::RECORD;
use super::project::{CURRENT, OWN, PROFILES, Project};
use crate::model::Label;

/// Returns a generation's folder in the checkout at `root`.
pub fn generation_folder(root: &Path, environment: &str, number: u64) -> PathBuf {
    root.join(PROFILES).join(environment).join(number.to_string())
}

/// Returns the link to an environment's current generation in the checkout at `root`.
pub fn current_link(root: &Path, environment: &str) -> PathBuf {
    root.join(PROFILES).join(environment).join(CURRENT)
}

/// Returns the file beside an environment's profiles in which a sync notes what it looked at.
pub fn sync_record(root: &Path, environment: &str) -> PathBuf {
    root.join(OWN).join(format!("state-{environment}"))
}

/// Returns larder's own folder in the checkout at `root`.
pub fn own_folder(root: &Path) -> PathBuf {
    root.join(OWN)
}

impl Project {
    /// Returns the file that says what a generation consists of.
    pub fn record(&self, environment: &Label, number: u64) -> PathBuf {
        self.folder(environment, number).join(RECORD)
    }

    /// Returns where other tools look for the active environment: links in the checkout, where the environment has
    /// something for them.
    pub fn root_links(&self) -> [PathBuf; 2] {
        ["node_modules", ".venv"].map(|link| self.root().join(link))
    }
}
