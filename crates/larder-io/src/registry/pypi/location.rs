//! The locations of files, and the part of them that a lock keeps.

use crate::fetch::{Endpoint, RegistryAddress, UploadPlace};
use crate::model::Url;

/// The host of the public index.
const PUBLIC_INDEX: &str = "pypi.org";
/// The host of the public index's files.
const PUBLIC_FILES: &str = "https://files.pythonhosted.org/";

/// The server that takes files for the public index.
const PUBLIC_UPLOADS: &str = "https://upload.pypi.org/legacy/";

/// Adds to the address of an index where its files are, and that its credentials are for them: beside a `simple` index, unless it
/// is the public one.
pub(in crate::registry) fn with_files(place: RegistryAddress) -> RegistryAddress {
    if place.url().host() == PUBLIC_INDEX {
        return match PUBLIC_FILES.parse() {
            Ok(files) => place.with_files(files),
            Err(_) => place,
        };
    }
    let last = place.url().path().trim_end_matches('/').rsplit('/').next();
    if matches!(last, Some("simple" | "+simple")) { place.trusted_beside() } else { place }
}

/// Returns where files are uploaded to: beside a `simple` index, unless it is the public one, which names a server.
pub(super) fn upload_place(index: &Url) -> UploadPlace {
    if index.host() == PUBLIC_INDEX {
        return UploadPlace::Named(PUBLIC_UPLOADS);
    }
    let last = index.path().trim_end_matches('/').rsplit('/').next();
    if matches!(last, Some("simple" | "+simple")) {
        UploadPlace::Beside(String::new())
    } else {
        UploadPlace::Below(String::new())
    }
}

/// Returns the part of a file's URL that a lock keeps. It does not depend on the mirror that listed the file:
/// - for the public index, `packages/aa/bb/…/file`, which contains the file's digest and is valid at mirrors too;
/// - otherwise the path relative to the parent of the index (files are beside `…/simple/`);
/// - otherwise, on the page's host, the path from the root of the host;
/// - `None` for a URL on another host, which only the page states.
pub(super) fn hint(file_url: &str, page_url: &str, endpoint: &Endpoint) -> Option<String> {
    let (file_url, _) = file_url.parse::<Url>().ok()?.split_credentials();
    if is_public(endpoint)
        && let Some(path) = content_addressed(file_url.path())
    {
        return Some(path.to_owned());
    }
    // A query is a signature or a secret, and expires.
    if file_url.has_query() {
        return None;
    }
    let homes = endpoint.addresses().iter().map(|place| place.url().parent());
    let below = homes.filter(|home| file_url.is_below(home)).find_map(|home| {
        let below = file_url.path().strip_prefix(home.path());
        below.map(str::to_owned)
    });
    let is_at_home = || page_url.parse::<Url>().is_ok_and(|page| page.is_same_origin(&file_url));
    below.or_else(|| is_at_home().then(|| file_url.path().to_owned()))
}

/// Returns whether a lock's hint contains the file's digest, so that it needs no confirmation by an index page.
pub(super) fn is_content_addressed(hint: &str, file: &str) -> bool {
    content_addressed(hint) == Some(hint) && hint.rsplit('/').next() == Some(file)
}

/// Returns the path that a file has at the public index and its mirrors, if the first mirror's page places the file on another
/// host.
pub(super) fn mirrored_path<'u>(file_url: &'u Url, endpoint: &Endpoint) -> Option<&'u str> {
    let mirror = endpoint.addresses().first().map(RegistryAddress::url).filter(|first| first.host() != PUBLIC_INDEX)?;
    let path = content_addressed(file_url.path()).filter(|_| is_public(endpoint))?;
    (!file_url.is_same_origin(mirror)).then_some(path)
}

fn is_public(endpoint: &Endpoint) -> bool {
    endpoint.addresses().iter().any(|place| place.url().host() == PUBLIC_INDEX)
}

/// Finds `packages/aa/bb/<60 hexadecimal digits>/file` at the end of a path.
fn content_addressed(path: &str) -> Option<&str> {
    let start = path.rfind("packages/").filter(|at| *at == 0 || path.as_bytes()[at - 1] == b'/')?;
    let parts: Vec<&str> = path[start..].split('/').collect();
    let is_hex = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = parts.len() == 5 && is_hex(parts[1], 2) && is_hex(parts[2], 2) && is_hex(parts[3], 60);
    fits.then(|| &path[start..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Quota;

    fn endpoint(urls: &[&str]) -> Endpoint {
        let places = urls.iter().map(|url| RegistryAddress::http(url.parse().unwrap(), None)).collect();
        Endpoint::new("r".parse().unwrap(), places, Quota::default())
    }

    #[test]
    fn the_public_index_and_its_mirrors_give_one_hint() {
        let path = format!("packages/aa/bb/{}/a-1.whl", "0".repeat(60));
        let direct = endpoint(&["https://pypi.org/simple/"]);
        let mirrored = endpoint(&["http://127.0.0.1:8/root/simple/", "https://pypi.org/simple/"]);
        let of = |url: &str, endpoint| hint(&format!("{url}{path}"), "https://pypi.org/simple/a/", endpoint);
        assert_eq!(of("https://files.pythonhosted.org/", &direct).as_ref(), Some(&path));
        assert_eq!(of("http://127.0.0.1:8/root/", &mirrored).as_ref(), Some(&path));
        assert!(is_content_addressed(&path, "a-1.whl") && !is_content_addressed(&path, "b-1.whl"));
        assert!(!is_content_addressed("files/a-1.whl", "a-1.whl"));
        assert!(!is_content_addressed(&format!("../{path}"), "a-1.whl"));
    }

    #[test]
    fn private_files_are_relative_to_what_holds_the_index() {
        let private = endpoint(&["http://127.0.0.1:9/simple/", "https://h/pypi/simple/"]);
        let check = |url: &str, expect: Option<&str>| {
            assert_eq!(hint(url, "https://h/pypi/simple/a/", &private).as_deref(), expect, "{url}");
        };
        check("https://h/pypi/files/a-1.whl", Some("files/a-1.whl"));
        check("http://127.0.0.1:9/files/a-1.whl", Some("files/a-1.whl"));
        check("https://h/other/a-1.whl", Some("/other/a-1.whl"));
        check("https://cdn/a-1.whl", None);
        check("https://h/pypi/files/a-1.whl?signature=1", None);
    }
}
