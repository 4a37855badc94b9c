//! A checkout with its profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Kind};
use crate::model::Label;

use super::ProfileError;
use super::fallback_link::fallback_link;
use super::generation::{Generation, parse_manifests};
use super::generation_summary::GenerationSummary;
use super::paths::{
    ACTIVE, CURRENT, LOCK, MANIFESTS_OF_GENERATION, PACKAGES, PROFILES, ProfilePaths, RECORD, SUMMARY, check_own_path,
    environment_of_link, generation_number,
};
use super::root_links::{RequiredLinks, RootLinks};

/// A checkout with its profiles.
#[derive(Clone, Debug)]
pub struct Profiles {
    root: PathBuf,
    packages: PathBuf,
    environments: PathBuf,
    /// The folders beside the checkout that its manifest names.
    beside: BTreeSet<Arc<str>>,
}

impl Profiles {
    /// Opens the checkout at `root`, which exists.
    ///
    /// # Errors
    /// When a link, or anything else that is no folder, lies where larder's own folders do. The folders of environments
    /// and generations are looked at as they are needed.
    pub fn open(root: &Path) -> Result<Self, ProfileError> {
        let root = fs::canonicalize(root)?;
        for folder in [PACKAGES, PROFILES] {
            check_own_path(&root, Path::new(folder))?;
        }
        Ok(Self { packages: root.join(PACKAGES), environments: root.join(PROFILES), root, beside: BTreeSet::new() })
    }

    /// Lets local packages beside the checkout have a `node_modules` of this one. Which these are is for the manifest to
    /// say: a record in the checkout could name any folder.
    #[must_use]
    pub fn with_folders_beside<'f>(mut self, folders: impl Iterator<Item = &'f Arc<str>>) -> Self {
        self.beside = folders.filter(|folder| folder.starts_with("..")).cloned().collect();
        self
    }

    /// Returns the checkout's folder, without links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folders of local packages beside the checkout that may have a `node_modules` of this one.
    pub(super) fn folders_beside(&self) -> &BTreeSet<Arc<str>> {
        &self.beside
    }

    /// Returns the active environment; none before the first sync.
    pub fn active(&self) -> Result<Option<Label>, ProfileError> {
        let Some(target) = self.own_link(&self.root.join(ACTIVE))? else { return Ok(None) };
        match environment_of_link(&target) {
            Some(name) => Ok(Some(name)),
            None => Err(ProfileError::BadLink { path: ACTIVE.into() }),
        }
    }

    /// Returns the number of an environment's current generation.
    pub fn current_number(&self, environment: &Label) -> Result<Option<u64>, ProfileError> {
        let target = self.own_link(&self.profile(environment)?.join(CURRENT))?;
        Ok(target.and_then(|target| generation_number(&target)))
    }

    /// Returns an environment's current generation.
    pub fn current(&self, environment: &Label) -> Result<Option<Generation>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(None) };
        self.generation(environment, number).map(Some)
    }

    /// Returns a generation of an environment.
    pub fn generation(&self, environment: &Label, number: u64) -> Result<Generation, ProfileError> {
        match Generation::read(&self.generation_folder(environment, number)?) {
            Err(ProfileError::Fs(error)) if error.is_not_found() => {
                Err(ProfileError::NoGeneration { environment: environment.clone(), number })
            }
            read => read,
        }
    }

    /// Returns what is known of a generation without reading what is in it.
    pub fn summary(&self, environment: &Label, number: u64) -> Result<GenerationSummary, ProfileError> {
        match GenerationSummary::read(&self.generation_folder(environment, number)?) {
            Err(ProfileError::Fs(error)) if error.is_not_found() => {
                Err(ProfileError::NoGeneration { environment: environment.clone(), number })
            }
            read => read,
        }
    }

    /// Returns what is known of the current generation without reading what is in it.
    pub fn current_summary(&self, environment: &Label) -> Result<Option<GenerationSummary>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(None) };
        self.summary(environment, number).map(Some)
    }

    /// Returns the text of the lock that a generation was built from.
    pub fn lock_text(&self, environment: &Label, number: u64) -> Result<String, ProfileError> {
        let file = self.generation_folder(environment, number)?.join(LOCK);
        let bytes = fs::read_record(&file)?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| ProfileError::BadRecord { file, problem: "it is no text, or not there".to_owned() })
    }

    /// Returns the numbers of an environment's generations, ascending.
    pub fn history(&self, environment: &Label) -> Result<Vec<u64>, ProfileError> {
        let found = match fs::read_dir(&self.profile(environment)?) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let folders = found.into_iter().filter(|found| found.kind == Kind::Folder);
        let mut numbers: Vec<u64> = folders.filter_map(|found| generation_number(&found.path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the environments that were ever built here, sorted: the folders that have a record of larder's in them.
    pub fn environments(&self) -> Result<Vec<Label>, ProfileError> {
        let mut environments = Vec::new();
        for name in self.profile_folders()? {
            if self.is_environment(&name)? {
                environments.push(name);
            }
        }
        Ok(environments)
    }

    /// Returns the folders among the profiles that have the name of an environment, sorted. A run that was killed may have
    /// built nothing in one yet.
    pub(super) fn profile_folders(&self) -> Result<Vec<Label>, ProfileError> {
        let found = match fs::read_dir(&self.environments) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            found => found?,
        };
        let folders = found.into_iter().filter(|found| found.kind == Kind::Folder);
        Ok(folders.filter_map(|found| found.path.to_str()?.parse().ok()).collect())
    }

    /// Returns whether larder built something in the folder of this name.
    fn is_environment(&self, name: &Label) -> Result<bool, ProfileError> {
        let is = |path: PathBuf, kind| Ok::<_, ProfileError>(fs::lstat(&path)?.is_some_and(|stat| stat.kind == kind));
        if is(self.current_link(name), Kind::Symlink)? {
            return Ok(true);
        }
        for number in self.history(name)? {
            for record in [RECORD, SUMMARY] {
                if is(self.folder(name, number).join(record), Kind::File)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns a generation's folder.
    pub fn folder(&self, environment: &Label, number: u64) -> PathBuf {
        self.environments.join(environment.as_str()).join(number.to_string())
    }

    /// Returns a generation's folder, which is one, or is not there.
    pub(super) fn generation_folder(&self, environment: &Label, number: u64) -> Result<PathBuf, ProfileError> {
        let way = Path::new(PROFILES).join(environment.as_str()).join(number.to_string());
        check_own_path(&self.root, &way)?;
        Ok(self.root.join(way))
    }

    /// Returns the manifests and patches that a generation was built from, by their paths below the root: none if an older larder built it.
    pub fn manifests(&self, environment: &Label, number: u64) -> Result<BTreeMap<String, String>, ProfileError> {
        let file = self.generation_folder(environment, number)?.join(MANIFESTS_OF_GENERATION);
        let Some(content) = fs::read_if_exists(&file)? else { return Ok(BTreeMap::new()) };
        parse_manifests(&content).map_err(|error| ProfileError::BadRecord { file, problem: error.to_string() })
    }

    /// Returns the file that says what a generation consists of.
    pub fn record(&self, environment: &Label, number: u64) -> PathBuf {
        self.folder(environment, number).join(RECORD)
    }

    /// Returns where links in the checkout lead into an environment once it is active: those that its current generation needs, and those
    /// of the root, which another tool may have too.
    pub fn links_in_checkout(&self, environment: &Label) -> Result<BTreeSet<PathBuf>, ProfileError> {
        let needed = self.current_summary(environment)?.map(|summary| RequiredLinks::from(&summary).links(self.root()));
        let of_root = ["node_modules".into(), ".venv".into(), fallback_link()];
        let all = needed.into_iter().flat_map(RootLinks::into_keys).chain(of_root);
        Ok(all.map(|link| self.root().join(link)).collect())
    }

    /// Makes sure that a generation was built, or was brought, to where the checkout lies now.
    pub(super) fn check_location(
        &self,
        environment: &Label,
        number: u64,
        summary: &GenerationSummary,
    ) -> Result<(), ProfileError> {
        if summary.root == self.root() {
            return Ok(());
        }
        Err(ProfileError::BuiltElsewhere { environment: environment.clone(), number, root: summary.root.clone() })
    }

    /// Returns the link to an environment's current generation.
    pub fn current_link(&self, environment: &Label) -> PathBuf {
        self.environments.join(environment.as_str()).join(CURRENT)
    }

    /// Returns the folder of the realised packages.
    pub(super) fn packages(&self) -> &Path {
        &self.packages
    }

    /// Returns the folders of a profile whose own folder is `profile`.
    pub(super) fn paths<'a>(&'a self, profile: &'a Path) -> ProfilePaths<'a> {
        ProfilePaths { root: &self.root, packages: &self.packages, profile }
    }

    /// Returns the folder of all environments' profiles.
    pub(super) fn profiles(&self) -> &Path {
        &self.environments
    }

    /// Returns an environment's folder, which is one, or is not there.
    pub(super) fn profile(&self, environment: &Label) -> Result<PathBuf, ProfileError> {
        let way = Path::new(PROFILES).join(environment.as_str());
        check_own_path(&self.root, &way)?;
        Ok(self.root.join(way))
    }

    /// Returns where a link of larder's own leads.
    pub(super) fn own_link(&self, path: &Path) -> Result<Option<PathBuf>, ProfileError> {
        match fs::read_link(path) {
            Ok(target) => Ok(Some(target)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => match fs::lstat(path)? {
                Some(stat) if stat.kind != Kind::Symlink => {
                    Err(ProfileError::BadLink { path: path.strip_prefix(&self.root).unwrap_or(path).to_owned() })
                }
                _ => Err(error.into()),
            },
        }
    }
}
