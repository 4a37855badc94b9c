//! A place that serves a registry, and who asks there.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::Url;

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
    pub(super) fn files_stated(&self, document: &Url, url: &str, path: &str) -> Option<Url> {
        let files: Url = url.strip_suffix(path).filter(|files| files.ends_with('/'))?.parse().ok()?;
        let is_own = document.is_below(&self.url) && files.is_same_origin(&self.url);
        (is_own && files != self.files).then_some(files)
    }

    /// Sets what files beside the registry turned out to be relative to. Returns `false` if that was set already.
    pub(super) fn set_files(&self, files: Url) -> bool {
        self.moved_files.set(files).is_ok()
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
}
