//! An address of a registry, with the credentials for it.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::Url;

/// The value of an `Authorization` header. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(String);

impl Authorization {
    /// Returns the header for a token, as npm's registries expect it.
    pub fn bearer(token: &str) -> Self {
        Self(format!("Bearer {token}"))
    }

    /// Returns the header for a user and a password (RFC 7617), as Python's indexes expect it.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::encoded(&STANDARD.encode(format!("{user}:{password}")))
    }

    /// Returns the header for a user and a password that are joined and encoded already.
    pub fn encoded(user_and_password: &str) -> Self {
        Self(format!("Basic {user_and_password}"))
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

/// An address of a registry: its own server, a mirror, or a folder with the files of its protocol.
#[derive(Clone, Debug)]
pub struct RegistryAddress {
    url: Url,
    /// The credentials are sent to URLs below this one.
    realm: Url,
    /// A URL of the same origin below which they are sent, too, once the registry's own document named it.
    named_realm: Arc<Mutex<Option<Url>>>,
    /// The URL that paths of files beside the registry are relative to.
    files: Url,
    /// The URL that replaces `files`, once a document showed that the files are elsewhere.
    moved_files: Arc<OnceLock<Url>>,
    folder: Option<PathBuf>,
    authorization: Option<Authorization>,
    is_mirror: bool,
}

impl RegistryAddress {
    /// Returns the address of a server. Credentials in the URL never appear in messages; `authorization` takes precedence over
    /// them.
    pub fn http(url: Url, authorization: Option<Authorization>) -> Self {
        let (url, credentials) = url.into_folder().split_credentials();
        let in_url = credentials.map(|(user, password)| Authorization::basic(&user, &password));
        let (realm, files) = (url.clone(), url.parent());
        let authorization = authorization.or(in_url);
        let (named_realm, moved_files) = (Arc::default(), Arc::default());
        Self { url, realm, named_realm, files, moved_files, folder: None, authorization, is_mirror: false }
    }

    /// Extends the credentials to what lies beside the registry.
    #[must_use]
    pub fn trusted_beside(self) -> Self {
        Self { realm: self.url.parent(), ..self }
    }

    /// Extends the credentials to the whole host, as for those of a `.netrc`.
    #[must_use]
    pub fn trusted_on_host(self) -> Self {
        Self { realm: self.url.root(), ..self }
    }

    /// Sets the URL below which the credentials are sent. Another origin than the address's gets none.
    #[must_use]
    pub fn trusted_below(self, realm: &Url) -> Self {
        if realm.is_same_origin(&self.url) { Self { realm: realm.clone(), ..self } } else { self }
    }

    /// Extends the credentials to what lies below `named`, if it is of the same origin, and `document`, which names it, came from
    /// where they are sent: after a redirect to elsewhere a document has no say in it.
    pub(super) fn trust_named(&self, document: &Url, named: &Url) {
        if document.is_below(&self.realm) && named.is_same_origin(&self.url) {
            *self.named_realm.lock().unwrap_or_else(PoisonError::into_inner) = Some(named.clone());
        }
    }

    /// Sets the URL that paths of files beside the registry are relative to.
    #[must_use]
    pub fn with_files(self, files: Url) -> Self {
        Self { files, ..self }
    }

    /// Returns the address of a folder with the files of the protocol. Returns `None` if its path is not absolute.
    pub fn folder(folder: &Path) -> Option<Self> {
        let folder = without_dots(folder);
        let url = Url::of_folder(&folder)?;
        let (realm, files) = (url.clone(), url.parent());
        let (named_realm, moved_files, folder) = (Arc::default(), Arc::default(), Some(folder));
        Some(Self { url, realm, named_realm, files, moved_files, folder, authorization: None, is_mirror: false })
    }

    /// Marks the address as a mirror's.
    #[must_use]
    pub fn mirror(self) -> Self {
        Self { is_mirror: true, ..self }
    }

    /// Returns whether the address is a mirror's.
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

    /// Returns the URL that paths of files are relative to, if `document` is one of this address and states `url` for the file at
    /// `path`. Returns `None` if that is on another host, or is known already.
    pub(super) fn files_stated(&self, document: &Url, url: &str, path: &str) -> Option<Url> {
        let files: Url = url.strip_suffix(path).filter(|files| files.ends_with('/'))?.parse().ok()?;
        let is_own = document.is_below(&self.url) && files.is_same_origin(&self.url);
        (is_own && files != self.files).then_some(files)
    }

    /// Replaces the URL that paths of files are relative to. Returns `false` if that was done before.
    pub(super) fn set_files(&self, files: Url) -> bool {
        self.moved_files.set(files).is_ok()
    }

    /// Returns the credentials for a URL: not every URL of the host gets them.
    pub(super) fn authorization(&self, asked: &Url) -> Option<&Authorization> {
        self.authorization.as_ref().filter(|_| self.is_trusted(asked))
    }

    /// Returns the credentials, for a server that the registry's protocol names.
    pub(super) fn own_authorization(&self) -> Option<&Authorization> {
        self.authorization.as_ref()
    }

    /// Returns whether there are credentials that this URL of the same host does not get.
    pub(super) fn withholds(&self, asked: &Url) -> bool {
        self.authorization.is_some() && asked.is_same_origin(&self.url) && !self.is_trusted(asked)
    }

    fn is_trusted(&self, asked: &Url) -> bool {
        let is_named = || {
            let named = self.named_realm.lock().unwrap_or_else(PoisonError::into_inner);
            named.as_ref().is_some_and(|named| asked.is_below(named))
        };
        asked.is_below(&self.realm) || is_named()
    }
}

/// Returns a path without `.` and `..`, as URLs have none either.
fn without_dots(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(found.pop()),
            part => found.push(part),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_show() {
        let place =
            RegistryAddress::http("https://me:secret@h/npm".parse().unwrap(), Some(Authorization::bearer("secret")));
        assert_eq!(place.url().as_str(), "https://h/npm/");
        assert!(!format!("{place:?}").contains("secret"));
    }

    #[test]
    fn credentials_are_for_what_lies_below() {
        let place =
            RegistryAddress::http("https://h/pypi/simple/".parse().unwrap(), Some(Authorization::bearer("secret")));
        let url = |text: &str| text.parse::<Url>().unwrap();
        let has = |place: &RegistryAddress, asked: &str| place.authorization(&url(asked)).is_some();
        assert!(has(&place, "https://h/pypi/simple/a/") && !has(&place, "https://h/pypi/files/a.whl"));
        assert!(place.withholds(&url("https://h/pypi/files/a.whl")) && !place.withholds(&url("https://cdn/a.whl")));
        let place = place.trusted_beside();
        assert!(has(&place, "https://h/pypi/files/a.whl") && !has(&place, "https://h/other/a.whl"));
        assert!(!has(&place, "https://h/pypi/../other/a.whl"));
        let place = place.trusted_on_host();
        assert!(has(&place, "https://h/other/a.whl") && !has(&place, "https://cdn/a.whl"));
    }

    #[test]
    fn credentials_are_for_what_the_registrys_own_document_names_at_its_origin() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let check = |document: &str, named: &str, asked: &str| {
            let place = RegistryAddress::http(url("https://h/v3/index.json"), Some(Authorization::bearer("secret")));
            let place = place.trusted_beside();
            place.trust_named(&url(document), &url(named));
            place.authorization(&url(asked)).is_some()
        };
        let index = "https://h/v3/index.json";
        assert!(check(index, "https://h/flat/", "https://h/flat/a/index.json"));
        assert!(check(index, "https://h/flat/", "https://h/v3/index.json"));
        assert!(
            !check(index, "https://h/flat/", "https://h/other/a") && !check(index, "https://h/flat/", "https://h/")
        );
        assert!(!check(index, "https://h/flat/", "https://h/flat/../other/a"));
        assert!(!check(index, "https://cdn/flat/", "https://cdn/flat/a"));
        assert!(
            !check(index, "http://h/flat/", "http://h/flat/a")
                && !check(index, "https://h:8/flat/", "https://h:8/flat/a")
        );
        assert!(!check("https://h/elsewhere/index.json", "https://h/flat/", "https://h/flat/a"));
        assert!(!check("https://cdn/v3/index.json", "https://h/flat/", "https://h/flat/a"));
    }
}
