//! Moving aside what is in the way of a profile's links.

use std::path::{Path, PathBuf};

use crate::fs;

use super::paths::check_own_path;
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::root_links::RequiredLinks;
use super::{ProfileError, root_links};

impl Profiles {
    /// Returns what lies where links with these needs go, and was not made by larder: paths relative to the checkout.
    pub fn obstacles(&self, needs: &RequiredLinks) -> Result<Vec<PathBuf>, ProfileError> {
        root_links::obstacles(self.root(), &needs.links(self.root()))
    }

    /// Moves something of the checkout aside, by one rename, and returns where it is then. It lies below a `node_modules`,
    /// where linters, test runners and watchers do not look.
    pub fn move_aside(&self, _lock: &ProjectLock, path: &Path) -> Result<PathBuf, ProfileError> {
        let aside = Path::new(".larder/node_modules/.adopted");
        check_own_path(self.root(), aside)?;
        fs::create_dir_all(&self.root().join(aside))?;
        let name = path.to_string_lossy().replace('/', "+");
        let mut place = aside.join(&name);
        let mut number = 1;
        while fs::lstat(&self.root().join(&place))?.is_some() {
            number += 1;
            place = aside.join(format!("{name}-{number}"));
        }
        fs::rename(&self.root().join(path), &self.root().join(&place))?;
        Ok(place)
    }
}
