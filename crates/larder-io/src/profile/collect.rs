//! Removing what no generation needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fs::{self, Dir, Kind};
use crate::model::Label;

use super::complete_generations::CompleteGenerations;
use super::key::RealisedKey;
use super::paths::{PACKAGES, PROFILES};
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::{ProfileError, generation};

/// Generations, realised packages and environments that nothing needs any more.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Garbage {
    /// Generations, by environment and number.
    pub generations: Vec<(Label, u64)>,
    /// The folders of realised packages.
    pub packages: Vec<RealisedKey>,
    /// Environments that are removed as a whole, with their pins and notes.
    pub environments: BTreeSet<Label>,
}

/// The generations of an environment that are kept besides its current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The number of newest generations that are kept.
    pub newest: usize,
    /// The numbers of further generations that are kept.
    pub pinned: BTreeSet<u64>,
}

impl Profiles {
    /// Finds the generations that are not kept, and the realised packages that only they have. Environments that are not
    /// named keep all of theirs; those that are `gone` keep none.
    ///
    /// # Errors
    /// When the record of a generation that is kept cannot be read: what it needs is not known.
    pub fn find_garbage(
        &self,
        retention: &BTreeMap<Label, Retention>,
        gone: BTreeSet<Label>,
    ) -> Result<Garbage, ProfileError> {
        let mut garbage = Garbage { environments: gone, ..Garbage::default() };
        let mut used: BTreeSet<RealisedKey> = BTreeSet::new();
        for environment in self.environments()? {
            let numbers = self.history(&environment)?;
            if garbage.environments.contains(&environment) {
                garbage.generations.extend(numbers.iter().map(|&number| (environment.clone(), number)));
                continue;
            }
            let current = self.current_number(&environment)?;
            let retention = retention.get(&environment);
            let newest = retention.map_or(usize::MAX, |retention| retention.newest);
            for (age, &number) in numbers.iter().rev().enumerate() {
                let pinned = retention.is_some_and(|retention| retention.pinned.contains(&number));
                if age < newest || pinned || current == Some(number) {
                    used.extend(generation::keys(&self.generation_folder(&environment, number)?)?);
                } else {
                    garbage.generations.push((environment.clone(), number));
                }
            }
        }
        let found = match fs::read_dir(self.packages()) {
            Err(error) if error.is_not_found() => Vec::new(),
            found => found?,
        };
        let names = found.iter().filter(|found| found.kind == Kind::Folder).filter_map(|found| found.path.to_str());
        garbage.packages = names.filter_map(|name| name.parse().ok()).filter(|key| !used.contains(key)).collect();
        Ok(garbage)
    }

    /// Removes what was found: the generations first, so that none ever lacks a package.
    pub fn remove_garbage(&self, _lock: &ProjectLock, garbage: &Garbage) -> Result<(), ProfileError> {
        let complete = CompleteGenerations::read(self.root(), self.packages())?;
        let profiles = Path::new(PROFILES);
        for environment in &garbage.environments {
            self.take_out(profiles, environment.as_str())?;
        }
        let of_others = |(environment, _): &&(Label, u64)| !garbage.environments.contains(environment);
        for (environment, number) in garbage.generations.iter().filter(of_others) {
            self.take_out(&profiles.join(environment.as_str()), &number.to_string())?;
        }
        for key in &garbage.packages {
            self.take_out(Path::new(PACKAGES), key.as_str())?;
        }
        Ok(complete.keep_existing(self.root(), self.packages(), self.profiles())?)
    }

    /// Returns for how long an environment was not switched; none where it was never built.
    pub fn time_since_switch(&self, environment: &Label) -> Result<Option<Duration>, ProfileError> {
        let stat = match fs::lstat(&self.current_link(environment))? {
            None => fs::lstat(&self.profile(environment)?)?,
            stat => stat,
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(stat.map(|stat| now.saturating_sub(Duration::from_nanos(stat.mtime.max(0).unsigned_abs()))))
    }

    /// Returns the folders that the removal would take.
    pub fn garbage_paths(&self, garbage: &Garbage) -> Vec<PathBuf> {
        let environments = garbage.environments.iter().map(|name| self.profiles().join(name.as_str()));
        let of_others = |(environment, _): &&(Label, u64)| !garbage.environments.contains(environment);
        let generations = garbage.generations.iter().filter(of_others);
        let generations = generations.map(|(environment, number)| self.folder(environment, *number));
        let packages = garbage.packages.iter().map(|key| self.packages().join(key.as_str()));
        environments.chain(generations).chain(packages).collect()
    }

    /// Returns how many bytes the removal would set free, apart from what is shared with the store.
    pub fn garbage_size(&self, garbage: &Garbage) -> Result<u64, ProfileError> {
        let generations = garbage.generations.iter();
        let generations = generations.map(|(environment, number)| self.generation_folder(environment, *number));
        let packages = garbage.packages.iter().map(|key| Ok(self.packages().join(key.as_str())));
        let mut size = 0;
        for folder in generations.chain(packages) {
            size += fs::exclusive_size(&folder?)?;
        }
        Ok(size)
    }

    /// Removes what lies in a folder of larder's own, under a name that counts for nothing, so that a kill never leaves
    /// half of it under its own.
    fn take_out(&self, place: &Path, name: &str) -> Result<(), ProfileError> {
        let Some(place) = Dir::open_below(self.root(), place)? else { return Ok(()) };
        let aside = format!(".removed-{name}");
        place.remove_tree(Path::new(&aside))?;
        place.rename(name, &aside)?;
        Ok(place.remove_tree(Path::new(&aside))?)
    }
}
