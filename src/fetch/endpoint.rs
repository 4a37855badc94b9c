//! A registry as the client sees it: where it is, who asks, and how much may be asked.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
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
    /// What they turned out to be relative to instead.
    moved_files: Arc<OnceLock<Url>>,
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
        let authorization = authorization.or(in_url);
        Self { url, realm, files, moved_files: Arc::default(), folder: None, authorization, is_mirror: false }
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
        let (moved_files, folder) = (Arc::default(), Some(folder));
        Some(Self { url, realm, files, moved_files, folder, authorization: None, is_mirror: false })
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
        self.moved_files.get().unwrap_or(&self.files)
    }

    /// Returns what a file's path beside the registry is relative to, if a document of the registry states this URL for it: on
    /// the registry's own host, and not where files are looked for anyway.
    fn files_stated(&self, document: &Url, url: &str, path: &str) -> Option<Url> {
        let files: Url = url.strip_suffix(path).filter(|files| files.ends_with('/'))?.parse().ok()?;
        let is_own = document.is_below(&self.url) && files.is_same_origin(&self.url);
        (is_own && files != self.files).then_some(files)
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
    /// Whether files turned out to be elsewhere than beside the registry, once that was looked up.
    has_moved_files: OnceLock<bool>,
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
        Self { name, places, first: AtomicUsize::new(0), free, freed, pace, has_moved_files: OnceLock::new() }
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

    /// Finds out where files are that are not beside the registry, as they are on some mirrors; returns whether they are
    /// elsewhere. `path` is where a file should be, and `stated` returns the URLs of a document and of the file that it states.
    ///
    /// The first call finds out for all, and others wait for it: else each of them would ask for a document of its own.
    pub fn find_files(&self, path: &str, stated: impl FnOnce() -> Option<(String, String)>) -> bool {
        *self.has_moved_files.get_or_init(|| {
            let Some((document, url)) = stated() else { return false };
            let Ok(document) = document.parse() else { return false };
            let found = self.places.iter().find_map(|place| Some((place, place.files_stated(&document, &url, path)?)));
            found.is_some_and(|(place, files)| place.moved_files.set(files).is_ok())
        })
    }

    /// Returns whether [`find_files`](Self::find_files) found that files are elsewhere.
    pub fn has_moved_files(&self) -> bool {
        self.has_moved_files.get().is_some_and(|moved| *moved)
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
    fn files_of_a_mirror_are_found_by_the_first_document() {
        let endpoint = |url: &str| {
            let places = vec![Place::http(url.parse().unwrap(), None)];
            Endpoint::new("r".parse().unwrap(), places, Quota::default())
        };
        let target = Target::Beside("packages/a.whl");
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
        let limits = Quota { concurrency: 1, rate: Some(100) };
        let endpoint = Endpoint::new("r".parse().unwrap(), Vec::new(), limits);
        let start = Instant::now();
        (0..4).for_each(|_| endpoint.keep_pace());
        assert!(start.elapsed() >= Duration::from_millis(30));
    }
}
