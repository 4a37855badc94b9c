//! What each platform's own wheel of a version needs, where they differ.

use std::sync::Arc;

use super::{Listing, requirement};
use crate::diagnostic::Failure;
use crate::model::{Artifact, CoreMetadata};
use crate::resolve::{Dependency, PlatformSet, Release};

/// A wheel that is asked what it needs, beside the one that speaks for its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct OtherWheel {
    /// Its file.
    file: String,
    /// The platforms that it serves.
    platforms: PlatformSet,
}

/// What a wheel says; inside, why it says nothing that counts.
pub(in crate::registry) type Said = Result<CoreMetadata, String>;

impl Listing {
    /// Returns the wheels that serve some of `platforms`, besides the one whose metadata `release` was made of. Those that
    /// have the same metadata by their index's own word are left out.
    pub(in crate::registry) fn other_wheels(
        &self,
        ordinal: u32,
        release: &Release,
        platforms: PlatformSet,
    ) -> Vec<OtherWheel> {
        let wheels = || release.artifacts.iter().filter(|artifact| artifact.is_wheel());
        let first = self.view.interpreters.iter().find_map(|interpreter| {
            wheels().find(|wheel| wheel.platforms.is_empty() || wheel.platforms.contains(&interpreter.platform()))
        });
        let Some(first) = first.filter(|_| wheels().count() > 1) else { return Vec::new() };
        let Some((_, files)) = self.files(ordinal) else { return Vec::new() };
        let promised = |wheel: &Artifact| {
            let named = files.iter().find(|named| named.file.name == wheel.file)?;
            named.file.metadata().digest()
        };
        let speaks = promised(first);
        wheels()
            .filter(|wheel| wheel.file != first.file && (speaks.is_none() || promised(wheel) != speaks))
            .map(|wheel| {
                let serves = wheel.platforms.iter().fold(PlatformSet::NONE, |all, &one| all.union(one.into()));
                OtherWheel { file: wheel.file.clone(), platforms: serves.intersection(platforms) }
            })
            .filter(|wheel| wheel.platforms != PlatformSet::NONE)
            .collect()
    }

    /// Returns what a wheel says, if that was asked before.
    pub(in crate::registry) fn kept_word(&self, ordinal: u32, wheel: &OtherWheel) -> Option<Said> {
        let (version, files) = self.files(ordinal)?;
        let named = files.iter().find(|named| named.file.name == wheel.file)?;
        self.kept_metadata(named, version).map(Ok)
    }

    /// Asks what a wheel says.
    pub(in crate::registry) fn word(&self, ordinal: u32, wheel: &OtherWheel) -> Result<Said, Arc<dyn Failure>> {
        let found = self.files(ordinal);
        let named = found
            .as_ref()
            .and_then(|(version, files)| Some((*version, files.iter().find(|named| named.file.name == wheel.file)?)));
        match named {
            Some((version, named)) => self.metadata(named, version),
            None => Ok(Err("it is not listed any more".to_owned())),
        }
    }

    /// Joins what a version needs with what its other wheels say. `None` if they say the same.
    pub(in crate::registry) fn joined(&self, release: &Release, others: &[(OtherWheel, Said)]) -> Option<Release> {
        let mut joined = release.clone();
        let mut declared_on = vec![PlatformSet::ALL; release.dependencies.len()];
        let mut differs = false;
        for (wheel, said) in others {
            let metadata = match said {
                Ok(metadata) => metadata,
                Err(reason) => return Some(self.refused(&wheel.file, reason.clone())),
            };
            let own: Vec<Dependency> =
                metadata.requires.iter().map(|text| requirement::dependency(&self.name, text)).collect();
            let is_same = own.len() == release.dependencies.len()
                && own.iter().all(|one| release.dependencies.contains(one))
                && release.dependencies.iter().all(|one| own.contains(one));
            if is_same {
                continue;
            }
            differs = true;
            for (known, on) in joined.dependencies.iter().zip(&mut declared_on) {
                if !own.contains(known) {
                    *on = on.without(wheel.platforms);
                }
            }
            for one in own {
                if let Some(place) = joined.dependencies.iter().position(|known| *known == one) {
                    declared_on[place] = declared_on[place].union(wheel.platforms);
                } else {
                    joined.dependencies.push(one);
                    declared_on.push(wheel.platforms);
                }
            }
            joined.extras.extend(metadata.extra_names());
        }
        joined.extras.sort();
        joined.extras.dedup();
        joined.declared_on = declared_on;
        differs.then_some(joined)
    }
}
