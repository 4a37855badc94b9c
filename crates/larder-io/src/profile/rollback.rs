//! Going back to an earlier generation.
//!
//! ```text
//! .profiles/development/
//! └── rolled-back         which generation was gone back to, from which, and when: `1 3 2026-11-21T16:13:06Z`
//! ```
//!
//! The note of a rollback is the target of a link, which needs no file to be written to disk: after a loss of power the note
//! is there or not, where a file might be there without its content. It is made before the switch and counts only while the
//! generation that it names is the current one: after a kill between the two the note means nothing, and the next generation
//! ends it.

use std::ffi::OsStr;
use std::path::Path;

use rustc_hash::FxHashSet;

use crate::fs::{self, Durability};
use crate::model::Label;

use super::complete_generations::CompleteGenerations;
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::{ProfileError, generation};

/// The note that an environment was rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// The generation that is current now.
    pub to: u64,
    /// The generation that was current before the first step back.
    pub from: u64,
    /// The time of the rollback.
    pub at: jiff::Timestamp,
}

impl Rollback {
    fn text(&self) -> String {
        format!("{} {} {}", self.to, self.from, self.at)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next();
        Some(Self { to: word()?.parse().ok()?, from: word()?.parse().ok()?, at: word()?.parse().ok()? })
    }
}

impl Profiles {
    /// Makes an earlier generation the current one again, and notes that it is one. What takes no longer for many
    /// packages than for few is checked: see [`Self::check_presence`].
    pub fn roll_back(&self, lock: &ProjectLock, environment: &Label, number: u64) -> Result<(), ProfileError> {
        self.check_presence(environment, number)?;
        let durability = if self.summary(environment, number)?.durable { Durability::Synced } else { Durability::Lazy };
        let current = self.current_number(environment)?;
        let before = self.rollback(environment)?.map(|note| note.from).or(current).unwrap_or(number);
        let file = self.profile(environment)?.join(ROLLED_BACK);
        if before == number {
            self.switch(lock, environment, number, durability)?;
            return Ok(fs::remove_file(&file)?);
        }
        let note = Rollback { to: number, from: before, at: jiff::Timestamp::now() };
        fs::replace_symlink(&file, Path::new(&note.text()))?;
        self.switch(lock, environment, number, durability)
    }

    /// Returns the note of the rollback, if the current generation is the one that was gone back to.
    pub fn rollback(&self, environment: &Label) -> Result<Option<Rollback>, ProfileError> {
        let file = self.profile(environment)?.join(ROLLED_BACK);
        let text = match fs::read_link(&file) {
            Err(error) if error.is_not_found() => return Ok(None),
            Err(_) if fs::lstat(&file)?.is_some() => Path::new("").to_owned(),
            text => text?,
        };
        let note = text.to_str().and_then(Rollback::parse);
        let note = note.ok_or_else(|| ProfileError::BadRecord { file, problem: "it is no note of ours".to_owned() })?;
        Ok(if self.current_number(environment)? == Some(note.to) { Some(note) } else { None })
    }

    /// Removes the note of a rollback: the environment follows the lock again.
    pub fn end_rollback(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        Ok(fs::remove_file(&self.profile(environment)?.join(ROLLED_BACK))?)
    }

    /// Makes sure that a generation is there with all its packages, without looking at their files; and without looking
    /// for the packages, as long as nobody but larder took any away.
    ///
    /// # Errors
    /// When something is missing, or the checkout lay elsewhere when it was built: its links lead there.
    pub fn check_presence(&self, environment: &Label, number: u64) -> Result<(), ProfileError> {
        let summary = self.summary(environment, number)?;
        self.check_location(environment, number, &summary)?;
        let folder = self.generation_folder(environment, number)?;
        let parts = [("node_modules", summary.node_modules), ("python/bin/python", summary.python), ("bin", true)];
        let mut missing = parts.into_iter().filter(|(_, needed)| *needed).map(|(part, _)| part);
        let lacks = |path: &Path| Ok::<_, ProfileError>(fs::stat(path)?.is_none());
        let incomplete =
            |missing: String| ProfileError::Incomplete { environment: environment.clone(), number, missing };
        if let Some(part) = missing.find(|part| lacks(&folder.join(part)).unwrap_or(true)) {
            return Err(incomplete(part.to_owned()));
        }
        let complete = CompleteGenerations::read(self.root(), self.packages())?;
        let profile = self.profile(environment)?;
        if complete.contains(&profile, number) {
            return Ok(());
        }
        let keys = generation::key_lines(&folder)?;
        if keys.is_empty() {
            return Ok(());
        }
        // One listing instead of a look at each.
        let there = match fs::names(self.packages()) {
            Err(error) if error.is_not_found() => FxHashSet::default(),
            names => names?,
        };
        match keys.lines().find(|key| !there.contains(OsStr::new(key))) {
            Some(key) => Err(incomplete(format!(".packages/{key}"))),
            None => Ok(complete.add(self.root(), &profile, number)?),
        }
    }
}

const ROLLED_BACK: &str = "rolled-back";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_a_rollback_survives_its_text() {
        let note = Rollback { to: 1, from: 12, at: jiff::Timestamp::now() };
        assert_eq!(Rollback::parse(&note.text()), Some(note));
        for text in ["", "1", "1 2", "1 2 yesterday", "one 2 2026-11-21T16:13:06Z"] {
            assert_eq!(Rollback::parse(text), None, "{text}");
        }
    }
}
