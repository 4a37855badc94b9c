//! The steps of a release, each of which finds out whether it is done.

use std::path::Path;

use super::error::ReleaseError;
use super::record::ReleaseRecord;
use super::{Release, files, publish};
use crate::git::Checkout;
use crate::ops::{Result, Session};

/// Takes all steps that are not taken yet.
pub(super) fn run(
    session: &Session<'_>,
    repository: &Checkout,
    root: &Path,
    record: &ReleaseRecord,
    resumed: bool,
) -> Result<Release> {
    let is_committed = is_committed(repository, record)?;
    let published = if is_committed {
        // All that precedes the commit was done.
        Vec::new()
    } else {
        files::write(root, record)?;
        let published = publish::publish(session, root, record)?;
        let files = files::named(root, record)?;
        if record.prerelease {
            repository.restore(&files)?;
        } else {
            repository.commit(&files, &record.message())?;
        }
        published
    };
    for unit in &record.units {
        let Some(tag) = &unit.tag else { continue };
        if repository.tagged(tag).is_none() {
            repository.tag(tag, &format!("{} {}", unit.name, unit.version))?;
        }
    }
    ReleaseRecord::remove(root)?;
    Ok(Release {
        outcome: "released",
        prerelease: record.prerelease,
        resumed,
        units: record.units.clone(),
        published,
        malformed: Vec::new(),
    })
}

/// Returns whether the release is committed.
///
/// # Errors
/// If something else is checked out than what is released.
fn is_committed(repository: &Checkout, record: &ReleaseRecord) -> Result<bool> {
    let head = repository.head()?;
    if head == record.base {
        return Ok(false);
    }
    let is_own = !record.prerelease
        && repository.parent(&head).as_ref() == Some(&record.base)
        && repository.subject(&head)? == record.message();
    if is_own {
        return Ok(true);
    }
    let short = |id: &str| id.get(..10).unwrap_or(id).to_owned();
    let (base, found) = (short(&record.base), short(&head));
    Err(ReleaseError::Moved { what: record.title(), base, found }.into())
}

/// Gives up a release that was not committed: the files are as they were. What was published stays published.
pub(super) fn abort(repository: &Checkout, root: &Path, record: &ReleaseRecord) -> Result<Release> {
    if repository.head()? == record.base {
        for new in repository.restore(&files::named(root, record)?)? {
            files::remove_new_changelog(root, record, &new)?;
        }
    }
    ReleaseRecord::remove(root)?;
    Ok(Release {
        outcome: "aborted",
        prerelease: record.prerelease,
        resumed: true,
        units: record.units.clone(),
        published: Vec::new(),
        malformed: Vec::new(),
    })
}
