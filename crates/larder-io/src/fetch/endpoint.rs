//! A registry as the client sees it: its addresses, and how much may be asked of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::address::RegistryAddress;
use super::failure::Server;
use super::request_target::RequestTarget;
use crate::model::{Label, Url};

/// A registry with its mirrors.
#[derive(Debug)]
pub struct Endpoint {
    name: Label,
    addresses: Vec<RegistryAddress>,
    first: AtomicUsize,
    free: Mutex<u32>,
    freed: Condvar,
    pace: Option<(Duration, Mutex<Option<Instant>>)>,
    timeout: Option<Duration>,
    /// Whether files turned out to be elsewhere than beside the registry, once that was looked up.
    has_moved_files: OnceLock<bool>,
}

/// Limits of the requests to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most requests at the same time.
    pub concurrency: u32,
    /// The least time from one request to the next.
    pub pace: Option<Duration>,
    /// For an answer to begin, and for each further part of it. `None`: as long as for any registry.
    pub timeout: Option<Duration>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { concurrency: 50, pace: None, timeout: None }
    }
}

impl Endpoint {
    /// Returns an endpoint with these addresses, in the order in which they are tried.
    pub fn new(name: Label, addresses: Vec<RegistryAddress>, limits: Quota) -> Self {
        let pace = limits.pace.map(|pace| (pace, Mutex::new(None)));
        let (free, freed) = (Mutex::new(limits.concurrency.max(1)), Condvar::new());
        let (first, has_moved_files, timeout) = (AtomicUsize::new(0), OnceLock::new(), limits.timeout);
        Self { name, addresses, first, free, freed, pace, timeout, has_moved_files }
    }

    /// Returns the registry's name.
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// Returns how long an answer is waited for, where the registry has a time of its own.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns what messages call an address. `None` stands for a URL that is at none of the addresses.
    pub(super) fn server(&self, address: Option<&RegistryAddress>) -> Server {
        Server { registry: self.name.clone(), is_mirror: address.is_some_and(RegistryAddress::is_mirror) }
    }

    /// Returns the addresses, in the order in which they are tried.
    pub fn addresses(&self) -> &[RegistryAddress] {
        &self.addresses
    }

    /// Returns the folder that is asked in place of the registry. Returns `None` if the first address is no mirror, or no folder.
    pub fn mirror_folder(&self) -> Option<&Path> {
        let first = self.addresses.first().filter(|address| address.is_mirror());
        first.and_then(RegistryAddress::on_disk).map(PathBuf::as_path)
    }

    /// Returns whether `target` is `url` at one of the addresses.
    pub fn stands_for(&self, target: RequestTarget<'_>, url: &str) -> bool {
        let url = url.parse().ok();
        url.is_some() && self.addresses.iter().any(|address| target.url(address) == url)
    }

    /// Returns the URL of a target at the registry itself, and not at a mirror.
    pub fn own_url(&self, target: RequestTarget<'_>) -> Option<Url> {
        self.addresses.iter().find(|address| !address.is_mirror()).and_then(|address| target.url(address))
    }

    /// Finds out where files are that are not beside the registry, as they are on some mirrors; returns whether they are
    /// elsewhere. `path` is where a file should be, and `stated` returns the URLs of a document and of the file that it states.
    ///
    /// The first call finds out for all, and others wait for it: else each of them would ask for a document of its own.
    pub fn find_files(&self, path: &str, stated: impl FnOnce() -> Option<(String, String)>) -> bool {
        *self.has_moved_files.get_or_init(|| {
            let Some((document, url)) = stated() else { return false };
            let Ok(document) = document.parse() else { return false };
            let found =
                self.addresses.iter().find_map(|address| Some((address, address.files_stated(&document, &url, path)?)));
            found.is_some_and(|(address, files)| address.set_files(files))
        })
    }

    /// Returns whether [`find_files`](Self::find_files) found that files are elsewhere.
    pub fn has_moved_files(&self) -> bool {
        self.has_moved_files.get().is_some_and(|moved| *moved)
    }

    /// Extends the credentials of each address to what its own document names at its origin: `document` is where the document
    /// came from.
    pub fn trust_named(&self, document: &Url, named: &Url) {
        for address in &self.addresses {
            address.trust_named(document, named);
        }
    }

    /// Returns the addresses with their indices, beginning with the one that is known to answer.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (usize, &RegistryAddress)> {
        let first = self.first.load(Ordering::Relaxed);
        let count = self.addresses.len();
        (0..count).map(move |i| (first + i) % count).map(|i| (i, &self.addresses[i]))
    }

    /// Notes that an address does not answer, so that not every request waits for it.
    pub(super) fn skip(&self, address: usize) {
        let next = (address + 1) % self.addresses.len().max(1);
        let _ = self.first.compare_exchange(address, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Waits until one more request may be made.
    pub(super) fn permit(self: &Arc<Self>) -> Permit {
        let mut free = lock(&self.free);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        Permit(Arc::clone(self))
    }

    /// Waits until the next request is due, if the rate is limited.
    pub(super) fn keep_pace(&self) {
        let Some((step, next)) = &self.pace else { return };
        let now = Instant::now();
        let mut next = lock(next);
        let due = next.unwrap_or(now).max(now);
        *next = Some(due + *step);
        drop(next);
        std::thread::sleep(due.saturating_duration_since(now));
    }
}

/// The right to make one request; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Permit(Arc<Endpoint>);

impl Drop for Permit {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_mirror_are_found_by_the_first_document() {
        let endpoint = |url: &str| {
            let addresses = vec![RegistryAddress::http(url.parse().unwrap(), None)];
            Endpoint::new("r".parse().unwrap(), addresses, Quota::default())
        };
        let target = RequestTarget::Beside("packages/a.whl");
        let (simple, document) = ("https://h/pypi/simple/", "https://h/pypi/simple/a/".to_owned());
        let mirror = endpoint(simple);
        let stated = || Some((document.clone(), "https://h/files/packages/a.whl".to_owned()));
        assert!(!mirror.has_moved_files() && mirror.find_files("packages/a.whl", stated));
        assert!(mirror.has_moved_files() && mirror.find_files("packages/b.whl", || panic!("asked twice")));
        assert!(mirror.stands_for(target, "https://h/files/packages/a.whl"));
        for other in [
            "https://other/files/packages/a.whl",
            "https://h/pypi/packages/a.whl",
            "https://h/files/other/a.whl",
            "https://h/files/x-packages/a.whl",
        ] {
            let mirror = endpoint(simple);
            assert!(!mirror.find_files("packages/a.whl", || Some((document.clone(), other.to_owned()))), "{other}");
            assert!(mirror.stands_for(target, "https://h/pypi/packages/a.whl"));
        }
        assert!(!endpoint("https://h2/simple/").find_files("packages/a.whl", stated));
        assert!(!endpoint(simple).find_files("packages/a.whl", || None));
    }

    #[test]
    fn requests_keep_their_pace() {
        let limits = Quota { concurrency: 1, pace: Some(Duration::from_millis(10)), timeout: None };
        let endpoint = Endpoint::new("r".parse().unwrap(), Vec::new(), limits);
        let start = Instant::now();
        (0..4).for_each(|_| endpoint.keep_pace());
        assert!(start.elapsed() >= Duration::from_millis(30));
    }
}
