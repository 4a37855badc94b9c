//! The cutoff of `age`: taken when the lock is first made, kept since, and moved by `update` and `add`.

use std::borrow::Cow;

use crate::lock::Lockfile;

use crate::ops::Project;

/// Whether a solve moves the cutoff of `age`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::ops) enum AgeCutoff {
    /// The lock's cutoff stays.
    #[default]
    Kept,
    /// It is counted from now.
    Moved,
}

/// Returns the project with the cutoff that its versions are chosen by; `old` is the lock that is there.
pub(in crate::ops) fn applied<'p>(project: &'p Project, old: Option<&Lockfile>, choice: AgeCutoff) -> Cow<'p, Project> {
    let Some(age) = &project.manifest.settings.age else { return Cow::Borrowed(project) };
    let locked = old.and_then(|old| old.settings.age_cutoff);
    let kept = locked.filter(|_| choice == AgeCutoff::Kept);
    let cutoff = kept.unwrap_or_else(|| age.cutoff_at(jiff::Timestamp::now()));
    let mut project = project.clone();
    project.manifest.settings.age_cutoff = Some(cutoff);
    Cow::Owned(project)
}
