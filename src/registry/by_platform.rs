//! What each platform's own artifact of a version needs, where they differ.

use std::sync::Arc;

use crate::diagnostic::Failure;
use crate::model::{ExtraName, PackageName};
use crate::resolve::{Dependency, DependencyKind, PlatformSet, Release, Wants};

/// An artifact that is asked what it needs, beside the one that speaks for its version.
pub(super) struct Question<'l> {
    /// Its file.
    pub(super) file: String,
    /// The platforms that it serves.
    pub(super) platforms: PlatformSet,
    /// What it says, where that is known.
    pub(super) said: Option<Said>,
    /// Asks it.
    pub(super) ask: Box<dyn Fn() -> Result<Said, Arc<dyn Failure>> + Send + Sync + 'l>,
}

/// What an artifact says; inside, why it says nothing that counts.
pub(super) type Said = Result<Needs, String>;

/// What an artifact needs and offers.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    /// What it depends on.
    pub(super) dependencies: Vec<Dependency>,
    /// The extras that it declares.
    pub(super) extras: Vec<ExtraName>,
}

/// Joins what a version needs with what its other artifacts say. `None` if they say the same.
pub(super) fn joined(package: &PackageName, release: &Release, others: &[Question<'_>]) -> Option<Release> {
    let mut joined = release.clone();
    let mut declared_on = vec![PlatformSet::ALL; release.dependencies.len()];
    let mut differs = false;
    for Question { file, platforms, said, .. } in others {
        let Needs { dependencies: own, extras } = match said {
            Some(Ok(needs)) => needs.clone(),
            Some(Err(reason)) => return Some(refused(package, file, reason.clone())),
            None => continue,
        };
        let is_same = own.len() == release.dependencies.len()
            && own.iter().all(|one| release.dependencies.contains(one))
            && release.dependencies.iter().all(|one| own.contains(one));
        if is_same {
            continue;
        }
        differs = true;
        for (known, on) in joined.dependencies.iter().zip(&mut declared_on) {
            if !own.contains(known) {
                *on = on.without(*platforms);
            }
        }
        for one in own {
            if let Some(place) = joined.dependencies.iter().position(|known| *known == one) {
                declared_on[place] = declared_on[place].union(*platforms);
            } else {
                joined.dependencies.push(one);
                declared_on.push(*platforms);
            }
        }
        joined.extras.extend(extras);
    }
    joined.extras.sort();
    joined.extras.dedup();
    joined.declared_on = declared_on;
    differs.then_some(joined)
}

/// Returns a version that cannot be used, with the reason.
pub(super) fn refused(package: &PackageName, file: &str, reason: String) -> Release {
    let wants = Wants::Unsupported { name: package.clone(), text: file.to_owned(), reason };
    Release { dependencies: vec![Dependency { kind: DependencyKind::Normal, wants }], ..Release::default() }
}
