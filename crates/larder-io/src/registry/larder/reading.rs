//! Files of a registry, which are read until they fit together: those of a publication arrive one after the other.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Failure;
use crate::fetch::{Request, RequestTarget};
use crate::package::log::{Answers, LogFault, ReadStop};
use crate::package::{REGISTRY_FILE, RegistryFile};
use crate::parallel::map_parallel;
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;

/// The pauses before a file is asked for again, past all caches: a publication may be on its way.
const PAUSES: [Duration; 3] = if cfg!(test) {
    [Duration::ZERO; 3]
} else {
    [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1500)]
};

/// The most files that a reader asks for at once.
const THREADS: usize = 8;

/// The largest file of a log.
const LARGEST: u64 = 32 << 20;

/// Why something of a registry could not be read, for all who wait for it.
pub(super) type SharedFailure = Arc<dyn Failure>;

/// Reads again, past all caches and after a pause, while what is read lies between two states. `read` is told whether to ask past
/// caches.
pub(super) fn until_whole<T>(
    read: impl FnMut(bool) -> Result<Result<T, LogFault>, SharedFailure>,
) -> Result<Result<T, LogFault>, SharedFailure> {
    until_settled(LogFault::is_between_states, read)
}

/// Reads again like [`until_whole`], while what is wrong may pass.
pub(super) fn until_settled<T, F>(
    may_pass: impl Fn(&F) -> bool,
    mut read: impl FnMut(bool) -> Result<Result<T, F>, SharedFailure>,
) -> Result<Result<T, F>, SharedFailure> {
    let mut found = read(false)?;
    for pause in PAUSES {
        match &found {
            Err(fault) if may_pass(fault) => std::thread::sleep(pause),
            _ => break,
        }
        found = read(true)?;
    }
    Ok(found)
}

/// Runs a reader with the files that it asks for.
pub(super) fn drive<T>(
    fetch: impl Fn(&str) -> Result<Option<Vec<u8>>, SharedFailure> + Sync,
    reader: impl Fn(&Answers) -> Result<T, ReadStop>,
) -> Result<Result<T, LogFault>, SharedFailure> {
    let mut answers = Answers::default();
    loop {
        match reader(&answers) {
            Ok(value) => return Ok(Ok(value)),
            Err(ReadStop::Fault(fault)) => return Ok(Err(fault)),
            Err(ReadStop::Files(paths)) => {
                let paths: Vec<String> = paths.into_iter().collect();
                let contents = map_parallel(&paths, THREADS, |path| fetch(path));
                for (path, content) in paths.into_iter().zip(contents) {
                    answers.add(path, content?);
                }
            }
        }
    }
}

/// Returns a file. A shard, whose name is its digest, is kept in the cache.
pub(super) fn shard_or_file(
    client: &RegistryClient,
    path: &str,
    past_caches: bool,
) -> Result<Option<Vec<u8>>, SharedFailure> {
    let Some(digest) = path.strip_prefix("heads/") else { return fetch(client, path, past_caches) };
    let key = format!("heads-{digest}");
    if let Some(cached) = client.cache.release(&key) {
        return Ok(Some(cached));
    }
    let content = fetch(client, path, past_caches)?;
    if let Some(content) = &content {
        client.cache.store_release(&key, content);
    }
    Ok(content)
}

/// Fetches a file. Returns `None` if the registry does not have it.
pub(super) fn fetch(client: &RegistryClient, path: &str, past_caches: bool) -> Result<Option<Vec<u8>>, SharedFailure> {
    let request =
        Request { target: RequestTarget::Below(path), past_caches, limit: Some(LARGEST), ..Request::default() };
    match client.http.read(&client.endpoint, &request) {
        Ok(document) => Ok(Some(document.bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(Arc::new(error)),
    }
}

/// Reads the registry's description.
pub(super) fn description(client: &RegistryClient) -> Result<RegistryFile, SharedFailure> {
    let bad = |reason| -> SharedFailure {
        let (registry, file) = (client.name().clone(), REGISTRY_FILE.to_owned());
        Arc::new(RegistryError::LarderFile { registry, file, reason })
    };
    let bytes = fetch(client, REGISTRY_FILE, false)?.ok_or_else(|| bad("it is missing".to_owned()))?;
    RegistryFile::parse(&bytes).map_err(bad)
}

pub(super) fn failed(client: &RegistryClient, fault: LogFault) -> SharedFailure {
    Arc::new(RegistryError::Log { registry: client.name().clone(), fault })
}
