//! The locations of tarballs.

use crate::fetch::Endpoint;
use crate::model::{PackageName, Url};

/// Returns the file name of a version's tarball.
pub(super) fn file(name: &PackageName, version: &str) -> String {
    format!("{}-{version}.tgz", basename(name))
}

/// Returns the default path of a tarball, relative to the registry: `@scope/name/-/name-1.0.0.tgz`.
pub(super) fn default_path(name: &PackageName, file: &str) -> String {
    format!("{name}/-/{file}")
}

/// Returns the part of a tarball's URL that a lock keeps: the path below the registry or a mirror. Returns `None` if the path is
/// the default one, even below another host (mirrors may pass on documents that name another host), or if the tarball is on
/// another host.
pub(super) fn hint(tarball: &str, default_path: &str, endpoint: &Endpoint) -> Option<String> {
    // Nearly all URLs have the default path below a registry or at the root of a host.
    let is_base = |base: &str| {
        base.ends_with('/') && base.matches('/').count() == 3
            || endpoint.addresses().iter().any(|place| place.url().as_str() == base)
    };
    if tarball.strip_suffix(default_path).is_some_and(is_base) {
        return None;
    }
    let (tarball, _) = tarball.parse::<Url>().ok()?.split_credentials();
    let path = decoded(tarball.path());
    let places = || endpoint.addresses().iter().map(crate::fetch::RegistryAddress::url);
    let is_usual = |base: &Url| path.strip_prefix(decoded(base.path()).as_str()) == Some(default_path);
    if places().any(is_usual) || path.strip_prefix('/') == Some(default_path) {
        return None;
    }
    // A query is a signature or a secret, and expires.
    let is_path = |below: &&str| !below.contains(['?', '#']);
    places()
        .filter(|base| tarball.is_below(base))
        .find_map(|base| tarball.as_str().strip_prefix(base.as_str()))
        .filter(is_path)
        .map(str::to_owned)
}

/// Returns whether a tarball's URL is the default path below the registry or one of its mirrors.
pub(super) fn is_default(tarball: &str, default_path: &str, endpoint: &Endpoint) -> bool {
    let bases = endpoint.addresses().iter().map(crate::fetch::RegistryAddress::url);
    bases.filter_map(|base| tarball.strip_prefix(base.as_str())).any(|below| decoded(below) == default_path)
}

fn basename(name: &PackageName) -> &str {
    name.as_str().rsplit('/').next().unwrap_or_default()
}

/// Decodes `@` and `/`, which URLs of scoped packages may have encoded.
fn decoded(path: &str) -> String {
    path.replace("%2f", "/").replace("%2F", "/").replace("%40", "@")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{Quota, RegistryAddress};

    #[test]
    fn only_unusual_places_are_kept() {
        let places = ["http://127.0.0.1:4873/mirror/", "https://r.example/npm/"];
        let places = places.iter().map(|url| RegistryAddress::http(url.parse().unwrap(), None)).collect();
        let endpoint = Endpoint::new("r".parse().unwrap(), places, Quota::default());
        let name = PackageName::npm("@s/a").unwrap();
        let default_path = default_path(&name, &file(&name, "1.0.0"));
        let check = |tarball: &str, expect: Option<&str>| {
            assert_eq!(hint(tarball, &default_path, &endpoint).as_deref(), expect, "{tarball}");
        };
        check("https://r.example/npm/@s/a/-/a-1.0.0.tgz", None);
        check("http://r.example/npm/@s%2fa/-/a-1.0.0.tgz", None);
        check("http://127.0.0.1:4873/mirror/@s/a/-/a-1.0.0.tgz", None);
        check("https://upstream.example/@s/a/-/a-1.0.0.tgz", None);
        check("https://r.example/npm/files/9f/a.tgz", Some("files/9f/a.tgz"));
        check("http://127.0.0.1:4873/mirror/files/9f/a.tgz", Some("files/9f/a.tgz"));
        for elsewhere in [
            "https://cdn.example/a.tgz",
            "https://cdn.example/?a=/@s/a/-/a-1.0.0.tgz",
            "https://cdn.example/b/@s/a/-/a-1.0.0.tgz",
            "https://r.example/other/a.tgz",
            "https://r.example/npm/../other/a.tgz",
            "https://r.example/npm/files/a.tgz?signature=1",
        ] {
            check(elsewhere, None);
        }
    }
}
