//! Opening artifacts: where they are looked for, in which order.

use std::sync::Arc;

use super::RegistryError;
use super::listing::{NoListing, Recency, Served, Stated};
use super::protocol::Protocol;
use crate::diagnostic::Failure;
use crate::fetch::{RequestError, Response, Target};
use crate::model::{Artifact, PackageName};

/// Where a registry's document of some recency says that an artifact is.
pub(super) type Says<'a> = &'a dyn Fn(Recency) -> Result<Option<Stated>, NoListing>;

/// Opens an artifact: where the lock's hint says, if that proves itself or the registry's document says so, too; at its usual
/// place; where the document says. The registry and its mirrors are asked for what lies below or beside them, and for what is
/// elsewhere nobody but who has it.
pub(super) fn open(
    served: &Served,
    protocol: &dyn Protocol,
    name: &PackageName,
    artifact: &Artifact,
    say: Says<'_>,
) -> Result<Response, Arc<dyn Failure>> {
    let usual = protocol.usual(name, &artifact.file);
    // Without a usual place the documents are asked next in any case.
    let is_stated = |hint: &str| {
        usual.is_some()
            && say(Recency::AnyAge).ok().flatten().is_some_and(|stated| stated.hint.as_deref() == Some(hint))
    };
    let counts = |hint: &&str| protocol.proves_itself(hint, &artifact.file) || is_stated(hint);
    let hinted = artifact.location.as_deref().filter(counts).map(|hint| protocol.hinted(hint));
    let mut tried: Vec<Target<'_>> = Vec::new();
    let mut last: Option<RequestError> = None;
    for target in hinted.into_iter().chain(usual.as_deref().map(Target::Below)) {
        let knows_files = served.endpoint.has_moved_files();
        match served.open(target, None) {
            Ok(response) => return Ok(response),
            Err(error) => {
                let is_silent = !error.is_answer();
                if let Target::Beside(hint) = target
                    && error.is_not_found()
                    && !knows_files
                    && protocol.proves_itself(hint, &artifact.file)
                    && served.endpoint.find_files(hint, || say(Recency::AnyAge).ok().flatten().map(Stated::urls))
                    && let Ok(response) = served.open(target, None)
                {
                    return Ok(response);
                }
                tried.push(target);
                last = Some(error);
                if is_silent {
                    break;
                }
            }
        }
    }

    // One that is silent is not asked for its document.
    let is_silent = last.as_ref().is_some_and(|error| !error.is_answer());
    let recencies: &[Recency] = if is_silent { &[Recency::Kept] } else { &[Recency::AnyAge, Recency::Asked] };
    let mut listed = None;
    for recency in recencies {
        let stated = match say(*recency) {
            Ok(Some(stated)) => stated,
            // The answer of the usual place is the reason that counts.
            Err(NoListing::Failed(failure)) if usual.is_none() => return Err(failure),
            // What a cached document does not list may be in a later one, and what is not there may be elsewhere by now.
            Ok(None) | Err(NoListing::Missing | NoListing::Failed(_)) => {
                listed = None;
                continue;
            }
        };
        if listed.as_ref() == Some(&stated.url) {
            break;
        }
        for target in protocol.stated(name, artifact, &stated, &served.endpoint) {
            let stands_for = |known: &Target<'_>| served.endpoint.stands_for(*known, &stated.url);
            if tried.contains(&target) || is_silent && tried.iter().any(stands_for) {
                continue;
            }
            let stated_by = matches!(target, Target::At(_)).then_some(stated.document.as_str());
            match served.open(target, stated_by) {
                Ok(response) => return Ok(response),
                Err(error) => last = Some(error),
            }
        }
        let is_cached = stated.is_cached;
        listed = Some(stated.url);
        if !is_cached || last.as_ref().is_some_and(|error| !error.is_answer()) {
            break;
        }
    }
    match last {
        Some(error) if usual.is_some() || listed.is_some() || is_silent => Err(Arc::new(error)),
        _ => Err(Arc::new(RegistryError::FileGone {
            registry: served.name().clone(),
            package: name.clone(),
            file: artifact.file.clone(),
        })),
    }
}
