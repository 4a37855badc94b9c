//! URLs (WHATWG URL standard), with checks of what may be requested, and without secrets in messages.

use std::fmt;
use std::str::FromStr;

use url::Host;

/// A URL in normal form: scheme and host in lower case, no `.` or `..` in the path, and no default port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Url(url::Url);

/// A text that is not a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a URL: {0}")]
pub struct UrlError(url::ParseError);

/// The most bytes of a URL that are shown.
const MAX_SHOWN: usize = 500;

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        url::Url::parse(text).map(Self).map_err(UrlError)
    }
}

impl Url {
    /// Returns the URL of a folder on this machine, whose path is absolute.
    pub fn of_folder(folder: &std::path::Path) -> Option<Self> {
        url::Url::from_directory_path(folder).ok().map(Self)
    }

    /// Returns the URL's text, with its credentials.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the scheme, in lower case.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Returns the host without its port: in lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Returns the host, with its port if that is not the scheme's usual one: `github.com`, `127.0.0.1:8080`.
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Returns the port, or the scheme's default one.
    pub fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// Returns the path, from its first `/`, without query and fragment.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Returns path, query and fragment.
    pub fn from_root(&self) -> &str {
        &self.0[url::Position::BeforePath..]
    }

    /// Returns whether the URL has a query or a fragment.
    pub fn has_query(&self) -> bool {
        self.0.query().is_some() || self.0.fragment().is_some()
    }

    /// Returns whether the scheme is `https`.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns whether the URL may be requested: `https`, or `http` on this machine.
    pub fn is_safe(&self) -> bool {
        self.is_encrypted() || self.0.scheme() == "http" && self.is_on_loopback()
    }

    /// Returns whether the host is this machine.
    pub fn is_on_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns whether two URLs have the same scheme, host and port.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.scheme() == other.scheme() && self.0.host() == other.0.host() && self.port() == other.port()
    }

    /// Returns whether the URL is below `base`, which ends with `/`. A path with an encoded `.` or `..` is not, because servers treat
    /// it differently.
    pub fn is_below(&self, base: &Self) -> bool {
        let is_plain = |rest: &str| {
            let decoded = percent_encoding::percent_decode_str(rest).decode_utf8_lossy();
            !decoded.split(['/', '\\']).any(|part| part == "." || part == "..")
        };
        self.is_same_origin(base) && self.path().strip_prefix(base.path()).is_some_and(is_plain)
    }

    /// Returns the same URL with a path that ends with `/`.
    #[must_use]
    pub fn into_folder(mut self) -> Self {
        if !self.0.path().ends_with('/') {
            let path = format!("{}/", self.0.path());
            self.0.set_path(&path);
        }
        self
    }

    /// Returns the parent of a URL that ends with `/`. The parent of a root is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.0.join("..").map_or_else(|_| self.clone(), Self)
    }

    /// Returns the root of the host.
    #[must_use]
    pub fn root(&self) -> Self {
        self.0.join("/").map_or_else(|_| self.clone(), Self)
    }

    /// Resolves a reference in a document with this URL (RFC 3986, section 5). Removes the fragment.
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let mut joined = self.0.join(reference).map_err(UrlError)?;
        joined.set_fragment(None);
        Ok(Self(joined))
    }

    /// Like [`join`](Self::join), but a reference with a scheme is not parsed. For documents with many references, few of which are
    /// requested.
    pub fn resolve(&self, reference: &str) -> String {
        let bare = reference.split('#').next().unwrap_or_default().trim();
        let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if bare.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
            return bare.to_owned();
        }
        self.join(bare).map_or_else(|_| bare.to_owned(), |url| url.0.into())
    }

    /// Splits the URL into a URL without credentials, and user and password.
    pub fn split_credentials(mut self) -> (Self, Option<(String, String)>) {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(self.0.username()), self.0.password().map(decoded));
        if user.is_empty() && password.is_none() {
            return (self, None);
        }
        // This fails only for URLs without a host, which have no credentials.
        let _ = self.0.set_username("");
        let _ = self.0.set_password(None);
        (self, Some((user, password.unwrap_or_default())))
    }

    /// Returns whether the URL has credentials.
    pub fn has_credentials(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }

    /// Returns the URL as messages show it: truncated, and without credentials and query, which may be secrets.
    pub fn masked(&self) -> String {
        let mark = if self.has_credentials() { "***@" } else { "" };
        let (scheme, host) =
            (&self.0[..url::Position::BeforeUsername], &self.0[url::Position::BeforeHost..url::Position::AfterPath]);
        let mut shown = format!("{scheme}{mark}{host}");
        if shown.len() > MAX_SHOWN {
            let cut = (0..=MAX_SHOWN).rev().find(|at| shown.is_char_boundary(*at)).unwrap_or_default();
            shown.truncate(cut);
            shown.push('…');
        }
        shown
    }

    /// Returns a text that should be a URL as messages show it. A text that is not a URL is not shown, because it may be a secret.
    pub fn mask(text: &str) -> String {
        text.parse::<Self>().map_or_else(|_| "(not a URL)".to_owned(), |url| url.masked())
    }

    /// Returns the URL for the HTTP client.
    pub fn inner(&self) -> &url::Url {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn one_url_is_spelt_in_one_way() {
        for text in ["HTTPS://Registry.Acme.example/npm/", "https://registry.acme.example:443/x/../npm/"] {
            assert_eq!(url(text).as_str(), "https://registry.acme.example/npm/");
            assert!(url(text).is_safe());
        }
        assert_eq!(url("https://h/npm").into_folder().as_str(), "https://h/npm/");
        assert!("left".parse::<Url>().is_err() && "https://".parse::<Url>().is_err());
    }

    #[test]
    fn references_resolve_against_their_page() {
        let page = url("https://h:8080/root/simple/a/");
        let check = |reference: &str, expect: &str| {
            assert_eq!(page.join(reference).unwrap().as_str(), expect, "{reference}");
            assert_eq!(page.resolve(reference), expect, "{reference}");
        };
        check("../../packages/a-1.whl#sha256=00", "https://h:8080/root/packages/a-1.whl");
        check("/files/a-1.whl", "https://h:8080/files/a-1.whl");
        check("a-1.whl?x=1", "https://h:8080/root/simple/a/a-1.whl?x=1");
        check("//cdn/a", "https://cdn/a");
        check("http://other/a", "http://other/a");
        check("../../../../../a", "https://h:8080/a");
    }

    #[test]
    fn the_root_of_a_host_has_no_parent() {
        assert_eq!(url("https://h/root/simple/").parent().as_str(), "https://h/root/");
        assert_eq!(url("https://h/simple/").parent().as_str(), "https://h/");
        assert_eq!(url("https://h/").parent().as_str(), "https://h/");
        assert_eq!(url("file:///a/simple/").parent().as_str(), "file:///a/");
        assert_eq!(url("https://h/a/b?c").root().as_str(), "https://h/");
    }

    #[test]
    fn credentials_and_queries_are_not_shown() {
        assert_eq!(url("https://me:secret@h/x?sig=1").masked(), "https://***@h/x");
        assert_eq!(url("https://h:8/x").masked(), "https://h:8/x");
        assert!(!format!("{:?}", url("https://me:secret@h/x")).contains("secret"));
        assert!(!Url::mask("s3cret").contains("s3cret"));
        let long = url(&format!("https://h/{}", "a".repeat(1 << 20))).masked();
        assert!(long.len() < 600 && long.starts_with("https://h/a") && long.ends_with("a…"), "{long}");
        let (bare, credentials) = url("https://me:s%40cret@h/x").split_credentials();
        assert_eq!((bare.as_str(), credentials), ("https://h/x", Some(("me".to_owned(), "s@cret".to_owned()))));
        assert_eq!(url("https://h/x").split_credentials().1, None);
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let same = |a, b| url(a).is_same_origin(&url(b));
        assert!(same("https://a/x", "https://A:443/y"));
        assert!(!same("https://a/x", "https://a:444/x"));
        assert!(!same("https://a/", "http://a/"));
        assert!(!same("https://a/", "https://a.evil/"));
        assert!(!same("http://[::1]/", "http://[::2]/"));
    }

    #[test]
    fn what_lies_below_does_not_leave_again() {
        let base = url("https://h/npm/");
        for good in ["https://h/npm/", "https://H:443/npm/left", "https://h/npm/a/..b/c?x=../", "https:/h/npm/a"] {
            assert!(url(good).is_below(&base), "{good}");
        }
        let bad = [
            "https://h/npm",
            "https://h/npmx/left",
            "https://h/npm/../other",
            "https://h/npm/%2e%2E/other",
            "https://h/npm/..%2fother",
            "https://h/npm/..\\other",
            "https://h/npm/a%5c..%5c..%5cother",
            "http://h/npm/left",
            "https://h.evil/npm/left",
            "https://h:444/npm/left",
            "https://h@evil/npm/left",
            "https://h\\@evil/npm/left",
        ];
        for bad in bad {
            assert!(!url(bad).is_below(&base), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for good in ["https://h/", "http://127.0.0.1:1/", "HTTP://localhost/", "http://[::1]:80/", "http://127.1/"] {
            assert!(url(good).is_safe(), "{good}");
        }
        for bad in ["http://h/", "http://127.0.0.1.evil/", "ftp://localhost/", "http://localhost@evil/", "file:///x"] {
            assert!(!url(bad).is_safe(), "{bad}");
        }
    }
}
