//! A registry as the client sees it: where it is, who asks, and how much may be asked.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Target;
use super::failure::Server;
use crate::model::{Label, Url};

/// The value of an `Authorization` header. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(String);

impl Authorization {
    /// A token, as npm's registries want it.
    pub fn bearer(token: &str) -> Self {
        Self(format!("Bearer {token}"))
    }

    /// A user and a password (RFC 7617), as Python's indexes want it.
    pub fn basic(user: &str, password: &str) -> Self {
        Self(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    pub(super) fn header(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(***)")
    }
}

/// One place that serves a registry: its own, or a mirror's.
#[derive(Clone, Debug)]
pub struct Place {
    url: Url,
    /// What the credentials are for: everything below this URL.
    realm: Url,
    /// What files beside the registry are relative to.
    files: Url,
    folder: Option<PathBuf>,
    authorization: Option<Authorization>,
    is_mirror: bool,
}

impl Place {
    /// A server. Credentials in the URL are used, and kept out of every message; `authorization` wins over them.
    pub fn http(url: Url, authorization: Option<Authorization>) -> Self {
        let (url, credentials) = url.into_folder().split_credentials();
        let in_url = credentials.map(|(user, password)| Authorization::basic(&user, &password));
        let (realm, files) = (url.clone(), url.parent());
        Self { url, realm, files, folder: None, authorization: authorization.or(in_url), is_mirror: false }
    }

    /// Lets the credentials be for what lies beside the registry, too.
    #[must_use]
    pub fn trusted_beside(self) -> Self {
        Self { realm: self.url.parent(), ..self }
    }

    /// Lets the credentials be for the whole host, as those are that are kept by host.
    #[must_use]
    pub fn trusted_on_host(self) -> Self {
        Self { realm: self.url.root(), ..self }
    }

    /// Says where the files are that other places have beside the registry.
    #[must_use]
    pub fn with_files(self, files: Url) -> Self {
        Self { files, ..self }
    }

    /// A folder that holds the files of the protocol; `None` if its path is not absolute.
    pub fn folder(folder: PathBuf) -> Option<Self> {
        let url = Url::of_folder(&folder)?;
        let (realm, files) = (url.clone(), url.parent());
        Some(Self { url, realm, files, folder: Some(folder), authorization: None, is_mirror: false })
    }

    /// Marks the place as one that answers for the registry.
    #[must_use]
    pub fn mirror(self) -> Self {
        Self { is_mirror: true, ..self }
    }

    /// Tells whether the place answers for the registry, and is not its own.
    pub(super) fn is_mirror(&self) -> bool {
        self.is_mirror
    }

    /// Returns the URL, which ends with `/` and has no credentials.
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn on_disk(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }

    /// Returns the URL that paths beside the registry are relative to.
    pub(super) fn files(&self) -> &Url {
        &self.files
    }

    /// Returns the credentials for a URL, which are for those below the registry and for no others of its host.
    pub(super) fn authorization(&self, asked: &Url) -> Option<&Authorization> {
        self.authorization.as_ref().filter(|_| asked.is_below(&self.realm))
    }

    /// Tells whether there are credentials that a URL of the same host does not get.
    pub(super) fn withholds(&self, asked: &Url) -> bool {
        self.authorization.is_some() && asked.is_same_origin(&self.url) && !asked.is_below(&self.realm)
    }
}

/// A registry with its mirrors.
#[derive(Debug)]
pub struct Endpoint {
    name: Label,
    places: Vec<Place>,
    first: AtomicUsize,
    free: Mutex<u32>,
    freed: Condvar,
    pace: Option<(Duration, Mutex<Option<Instant>>)>,
}

/// How much may be asked of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests at once.
    pub concurrency: u32,
    /// Requests per second.
    pub rate: Option<u32>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { concurrency: 50, rate: None }
    }
}

impl Endpoint {
    /// Joins the places that serve a registry, in the order in which they are tried.
    pub fn new(name: Label, places: Vec<Place>, limits: Quota) -> Self {
        let pace = limits.rate.filter(|rate| *rate > 0).map(|rate| (Duration::from_secs(1) / rate, Mutex::new(None)));
        let (free, freed) = (Mutex::new(limits.concurrency.max(1)), Condvar::new());
        Self { name, places, first: AtomicUsize::new(0), free, freed, pace }
    }

    /// Returns the registry's name.
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// Returns what messages call a place of the registry; a URL elsewhere is the registry's own affair.
    pub(super) fn server(&self, place: Option<&Place>) -> Server {
        Server { registry: self.name.clone(), is_mirror: place.is_some_and(Place::is_mirror) }
    }

    /// Returns the places, in the order in which they are tried.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Tells whether a target stands for a URL at one of the places.
    pub fn stands_for(&self, target: Target<'_>, url: &str) -> bool {
        let url = url.parse().ok();
        url.is_some() && self.places.iter().any(|place| target.url(place) == url)
    }

    /// Returns the places, beginning with the one that is known to answer.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (usize, &Place)> {
        let first = self.first.load(Ordering::Relaxed);
        let count = self.places.len();
        (0..count).map(move |i| (first + i) % count).map(|i| (i, &self.places[i]))
    }

    /// Notes that a place is silent, so that not every request waits for it.
    pub(super) fn skip(&self, place: usize) {
        let next = (place + 1) % self.places.len().max(1);
        let _ = self.first.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed);
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

    /// Waits for this request's turn where requests per second are bounded.
    pub(super) fn keep_pace(&self) {
        let Some((step, next)) = &self.pace else { return };
        let now = Instant::now();
        let mut next = lock(next);
        let turn = next.unwrap_or(now).max(now);
        *next = Some(turn + *step);
        drop(next);
        std::thread::sleep(turn.saturating_duration_since(now));
    }
}

/// The right to one request; given back when it is dropped.
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
    fn credentials_never_show() {
        let place = Place::http("https://me:secret@h/npm".parse().unwrap(), Some(Authorization::bearer("secret")));
        assert_eq!(place.url().as_str(), "https://h/npm/");
        assert!(!format!("{place:?}").contains("secret"));
    }

    #[test]
    fn credentials_are_for_what_lies_below() {
        let place = Place::http("https://h/pypi/simple/".parse().unwrap(), Some(Authorization::bearer("secret")));
        let url = |text: &str| text.parse::<Url>().unwrap();
        let has = |place: &Place, asked: &str| place.authorization(&url(asked)).is_some();
        assert!(has(&place, "https://h/pypi/simple/a/") && !has(&place, "https://h/pypi/files/a.whl"));
        assert!(place.withholds(&url("https://h/pypi/files/a.whl")) && !place.withholds(&url("https://cdn/a.whl")));
        let place = place.trusted_beside();
        assert!(has(&place, "https://h/pypi/files/a.whl") && !has(&place, "https://h/other/a.whl"));
        assert!(!has(&place, "https://h/pypi/../other/a.whl"));
        let place = place.trusted_on_host();
        assert!(has(&place, "https://h/other/a.whl") && !has(&place, "https://cdn/a.whl"));
    }

    #[test]
    fn requests_keep_their_pace() {
        let limits = Quota { concurrency: 1, rate: Some(100) };
        let endpoint = Endpoint::new("r".parse().unwrap(), Vec::new(), limits);
        let start = Instant::now();
        (0..4).for_each(|_| endpoint.keep_pace());
        assert!(start.elapsed() >= Duration::from_millis(30));
    }
}
