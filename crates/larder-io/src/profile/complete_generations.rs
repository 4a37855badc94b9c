//! Which generations are known to have all their packages, so that a switch need not look for each.
//!
//! ```text
//! .larder/whole      how the folder of the packages stood, then the generations that were whole with it:
//!                    2050 402118 1790000000123456789 1287 53248
//!                    development/12
//! ```
//!
//! larder's own changes of that folder carry the note along. Once anybody else took something out of it, or a run was
//! killed that worked on it, the note counts for nothing, and the packages are looked for again.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fs::{self, Durability, FsError};
use crate::model::Label;

/// The generations that have all their packages, as the folder of the packages stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompleteGenerations {
    stamp: String,
    generations: BTreeSet<String>,
}

const NOTE: &str = ".larder/whole";

impl CompleteGenerations {
    /// Reads what is known; to be asked before the folder is looked at or changed.
    pub(super) fn read(root: &Path, packages: &Path) -> Result<Self, FsError> {
        let stamp = stamp(packages)?;
        let text = read_note(root)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let generations = match text.split_once('\n') {
            Some((noted, generations)) if noted == stamp => {
                generations.lines().filter(|line| is_generation_name(line)).map(str::to_owned).collect()
            }
            _ => BTreeSet::new(),
        };
        Ok(Self { stamp, generations })
    }

    /// Returns whether a generation is known to have all its packages.
    pub(super) fn contains(&self, profile: &Path, number: u64) -> bool {
        self.generations.contains(&generation_name(profile, number))
    }

    /// Adds a generation that was found to have all its packages, and notes it.
    pub(super) fn add(mut self, root: &Path, profile: &Path, number: u64) -> Result<(), FsError> {
        self.generations.insert(generation_name(profile, number));
        self.write(root)
    }

    /// Notes the same, and this generation, of the folder as it stands after larder's own change.
    pub(super) fn add_after_change(
        self,
        root: &Path,
        packages: &Path,
        profile: &Path,
        number: u64,
    ) -> Result<(), FsError> {
        Self { stamp: stamp(packages)?, ..self }.add(root, profile, number)
    }

    /// Notes the same, but for what is gone, of the folder as it stands after larder's own change.
    pub(super) fn keep_existing(self, root: &Path, packages: &Path, profiles: &Path) -> Result<(), FsError> {
        let mut there = Self { stamp: stamp(packages)?, generations: BTreeSet::new() };
        for generation in self.generations {
            if fs::stat(&profiles.join(&generation))?.is_some() {
                there.generations.insert(generation);
            }
        }
        there.write(root)
    }

    fn write(&self, root: &Path) -> Result<(), FsError> {
        let mut text = self.stamp.clone() + "\n";
        for generation in &self.generations {
            text.push_str(generation);
            text.push('\n');
        }
        if read_note(root)?.as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        match fs::write_atomic(&root.join(NOTE), text.as_bytes(), Durability::Lazy) {
            // It only saves time, and a collection makes room on a full disk.
            Err(error) if error.is_disk_full() => Ok(()),
            written => written,
        }
    }
}

/// Reads the note; what is no file of ours says nothing.
fn read_note(root: &Path) -> Result<Option<Vec<u8>>, FsError> {
    match fs::read_record(&root.join(NOTE)) {
        Err(error) if error.is_wrong_kind() => Ok(None),
        note => note,
    }
}

/// Returns whether a line names a generation: `development/12`.
fn is_generation_name(line: &str) -> bool {
    let parted = line.split_once('/');
    parted.is_some_and(|(environment, number)| environment.parse::<Label>().is_ok() && number.parse::<u64>().is_ok())
}

/// Describes how a folder stands. Number of links and size change with its content on most file systems, also within a
/// tick of their clocks.
fn stamp(packages: &Path) -> Result<String, FsError> {
    Ok(match fs::stat(packages)? {
        Some(stat) => format!("{} {} {} {} {}", stat.device, stat.ino, stat.mtime, stat.links, stat.size),
        None => "none".to_owned(),
    })
}

fn generation_name(profile: &Path, number: u64) -> String {
    format!("{}/{number}", profile.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_counts_until_somebody_else_changes_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (packages, profile) = (root.join("packages"), root.join(".profiles/development"));
        for folder in [root.join(".larder"), packages.join("a"), profile.join("2")] {
            fs::create_dir_all(&folder).unwrap();
        }
        let read = || CompleteGenerations::read(root, &packages).unwrap();
        read().add(root, &profile, 1).unwrap();
        let before = read();
        assert!(before.contains(&profile, 1) && !before.contains(&profile, 2));

        fs::create_dir(&packages.join("b")).unwrap();
        assert!(!read().contains(&profile, 1));
        before.add_after_change(root, &packages, &profile, 2).unwrap();
        assert!(read().contains(&profile, 1) && read().contains(&profile, 2));

        read().keep_existing(root, &packages, &root.join(".profiles")).unwrap();
        assert!(!read().contains(&profile, 1) && read().contains(&profile, 2));
        fs::remove_tree(&packages.join("a")).unwrap();
        assert!(!read().contains(&profile, 2));
    }
}
