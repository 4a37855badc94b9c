//! Where larder's files lie in a checkout and in a generation, and that they are reached through no link.

use std::path::{Path, PathBuf};

use crate::fs::{self, Dir, FsError, Kind, PathState};
use crate::model::Label;

use super::ProfileError;

/// larder's own folder in a checkout.
pub(super) const OWN: &str = ".larder";
/// The folder of the realised packages.
pub(super) const PACKAGES: &str = ".larder/node_modules/.packages";
/// The folder of the environments.
pub(super) const PROFILES: &str = ".larder/node_modules/.profiles";
/// The link to the active environment.
pub(super) const ACTIVE: &str = ".larder/active";
/// The name of the link to an environment's current generation.
pub(super) const CURRENT: &str = "current";
/// The folder, beside the generations of an environment, in which a generation is put together before it is renamed.
pub(super) const BUILDING: &str = ".building";

/// The folder of a generation with its own copy of the project's files.
pub(super) const PROJECT: &str = "project";

/// The file of a generation that says what is in it.
pub(super) const RECORD: &str = "generation.json";
/// The file of a generation with the little that a switch needs.
pub(super) const SUMMARY: &str = "head.json";
/// The file of a generation with the keys of its realised packages.
pub(super) const KEYS: &str = "keys";
/// The file of a generation with the lock that it was built from.
pub(super) const LOCK: &str = "larder.lock";
/// The file of a generation with the manifests and patches that it was built from.
pub const MANIFESTS_OF_GENERATION: &str = "manifests.json.gz";

/// The folders that a profile is built in.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProfilePaths<'a> {
    /// The checkout.
    pub(super) root: &'a Path,
    /// `.larder/node_modules/.packages`
    pub(super) packages: &'a Path,
    /// `.larder/node_modules/.profiles/<environment>`
    pub(super) profile: &'a Path,
}

impl ProfilePaths<'_> {
    /// Returns the folder of the generation with this number.
    pub(super) fn generation(&self, number: u64) -> PathBuf {
        self.profile.join(number.to_string())
    }
}

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

/// Returns the active environment of the checkout at `root`. `None` before the first sync, or if the link `active` is not
/// larder's.
pub fn active(root: &Path) -> Option<Label> {
    check_own_path(root, Path::new(OWN)).ok()?;
    environment_of_link(&fs::read_link(&root.join(ACTIVE)).ok()?)
}

/// Returns whether a generation's folder lies in the checkout at `root`, and neither it nor its packages are reached through
/// a link.
pub fn is_generation(root: &Path, environment: &str, number: u64) -> Result<bool, FsError> {
    let path = Path::new(PROFILES).join(environment).join(number.to_string());
    let packages = fs::lstat(&root.join(PACKAGES))?.is_none_or(|stat| stat.kind == Kind::Folder);
    Ok(packages && fs::inspect_below(root, &path)? == PathState::Clear)
}

/// Fails if the path from the checkout at `root` to a folder of larder's own leads through anything but folders. The end of
/// the path may be missing.
pub(super) fn check_own_path(root: &Path, path: &Path) -> Result<(), ProfileError> {
    match fs::inspect_below(root, path)? {
        PathState::Clear | PathState::Missing => Ok(()),
        PathState::Blocked { path, kind } => Err(ProfileError::NotOurs { path, kind }),
    }
}

/// Opens a folder of larder's own, through no link. Returns `None` if it does not exist.
pub(super) fn open_own_folder(root: &Path, folder: &Path) -> Result<Option<Dir>, ProfileError> {
    Ok(Dir::open_below(root, folder.strip_prefix(root).unwrap_or(folder))?)
}

/// Returns the environment that the link `active` names. `None` if larder did not make the link.
pub(super) fn environment_of_link(target: &Path) -> Option<Label> {
    let below = target.to_str()?.strip_prefix("node_modules/.profiles/")?;
    below.strip_suffix("/current")?.parse().ok()
}

/// Returns the number of a generation from its folder's name.
pub(super) fn generation_number(name: &Path) -> Option<u64> {
    let text = name.to_str()?;
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
