//! Opening artifacts: the targets that are tried, and their order.

use std::sync::Arc;

use super::RegistryError;
use super::client::{DocumentAge, FileLocation, ListingError, RegistryClient};
use super::protocol::Protocol;
use crate::diagnostic::Failure;
use crate::fetch::{RequestError, RequestTarget, Response};
use crate::model::{Artifact, PackageName};

/// Returns the location of an artifact in a document of at most the given age.
pub(super) type Locate<'a> = &'a dyn Fn(DocumentAge) -> Result<Option<FileLocation>, ListingError>;

/// Opens an artifact. Tries the lock's hint, if it contains the digest or a document confirms it; then the default path; then the
/// location that the document states. Mirrors are tried for targets below or beside the registry, and not for absolute URLs.
pub(super) fn open_artifact(
    client: &RegistryClient,
    protocol: &dyn Protocol,
    name: &PackageName,
    artifact: &Artifact,
    locate: Locate<'_>,
) -> Result<Response, Arc<dyn Failure>> {
    let default_path = protocol.default_path(name, &artifact.file);
    // Without a default path the documents are read next in any case.
    let is_confirmed = |hint: &str| {
        default_path.is_some()
            && locate(DocumentAge::Any).ok().flatten().is_some_and(|location| location.hint.as_deref() == Some(hint))
    };
    let is_trusted = |hint: &&str| protocol.is_content_addressed(hint, &artifact.file) || is_confirmed(hint);
    let hinted = artifact.location.as_deref().filter(is_trusted).map(|hint| protocol.hint_target(hint));
    let mut tried: Vec<RequestTarget<'_>> = Vec::new();
    let mut last: Option<RequestError> = None;
    for target in hinted.into_iter().chain(default_path.as_deref().map(RequestTarget::Below)) {
        let knows_files = client.endpoint.has_moved_files();
        match client.open(target, None) {
            Ok(response) => return Ok(response),
            Err(error) => {
                let is_unreachable = !error.is_answer();
                if let RequestTarget::Beside(hint) = target
                    && error.is_not_found()
                    && !knows_files
                    && protocol.is_content_addressed(hint, &artifact.file)
                    && client
                        .endpoint
                        .find_files(hint, || locate(DocumentAge::Any).ok().flatten().map(FileLocation::urls))
                    && let Ok(response) = client.open(target, None)
                {
                    return Ok(response);
                }
                tried.push(target);
                last = Some(error);
                if is_unreachable {
                    break;
                }
            }
        }
    }

    // A registry that does not answer is not asked for its document.
    let is_unreachable = last.as_ref().is_some_and(|error| !error.is_answer());
    let ages: &[DocumentAge] =
        if is_unreachable { &[DocumentAge::CacheOnly] } else { &[DocumentAge::Any, DocumentAge::Revalidated] };
    let mut listed = None;
    for age in ages {
        let location = match locate(*age) {
            Ok(Some(location)) => location,
            // If there is a default path, its error is the one to report.
            Err(ListingError::Failed(failure)) if default_path.is_none() => return Err(failure),
            // A later document may list a file that the cached one does not list, or list it elsewhere.
            Ok(None) | Err(ListingError::Missing | ListingError::Failed(_)) => {
                listed = None;
                continue;
            }
        };
        if listed.as_ref() == Some(&location.url) {
            break;
        }
        for target in protocol.stated_targets(name, artifact, &location, &client.endpoint) {
            let stands_for = |known: &RequestTarget<'_>| client.endpoint.stands_for(*known, &location.url);
            if tried.contains(&target) || is_unreachable && tried.iter().any(stands_for) {
                continue;
            }
            let stated_by = matches!(target, RequestTarget::At(_)).then_some(location.document.as_str());
            match client.open(target, stated_by) {
                Ok(response) => return Ok(response),
                Err(error) => last = Some(error),
            }
        }
        let is_cached = location.is_cached;
        listed = Some(location.url);
        if !is_cached || last.as_ref().is_some_and(|error| !error.is_answer()) {
            break;
        }
    }
    match last {
        Some(error) if default_path.is_some() || listed.is_some() || is_unreachable => Err(Arc::new(error)),
        _ => Err(Arc::new(RegistryError::FileGone {
            registry: client.name().clone(),
            package: name.clone(),
            file: artifact.file.clone(),
        })),
    }
}
