//! Where files lie: what a lock keeps of it, and how that is found again.

use crate::fetch::{Endpoint, Place, url};

/// The host of the public index.
const PUBLIC_INDEX: &str = "pypi.org";
/// Where the public index keeps its files.
const PUBLIC_FILES: &str = "https://files.pythonhosted.org/";

/// Returns what a lock keeps of a file's URL, the same whichever mirror listed it:
/// - of the public index `packages/aa/bb/…/file`, which is made of the file's digest and so holds at mirrors too;
/// - else the path below what holds the index page's registry (files lie beside `…/simple/`);
/// - else, on a host of its own, the URL.
pub(super) fn hint(file_url: &str, page_url: &str, endpoint: &Endpoint) -> String {
    let (file_url, _) = url::split_credentials(file_url);
    if is_public(endpoint)
        && let Some(path) = content_addressed(url::path(&file_url))
    {
        return path.to_owned();
    }
    let homes = endpoint.places().iter().map(|place| url::parent(place.url()));
    if let Some(below) = homes.clone().find_map(|home| file_url.strip_prefix(home)) {
        return below.to_owned();
    }
    if url::same_origin(&file_url, page_url) {
        return file_url[url::origin(&file_url).len()..].to_owned();
    }
    file_url
}

/// Where the public index has what a lock's hint says; none for other hints and other indexes.
pub(super) fn public_url(hint: &str, endpoint: &Endpoint) -> Option<String> {
    let first = endpoint.places().first().map(Place::url)?;
    (url::host(first) == PUBLIC_INDEX && content_addressed(hint).is_some()).then(|| format!("{PUBLIC_FILES}{hint}"))
}

/// Tells whether a file at this URL belongs to the place that is asked first.
pub(super) fn is_at_first(file_url: &str, endpoint: &Endpoint) -> bool {
    let first = endpoint.places().first().map_or("", Place::url);
    url::same_origin(file_url, first) || url::host(first) == PUBLIC_INDEX
}

fn is_public(endpoint: &Endpoint) -> bool {
    endpoint.places().iter().any(|place| url::host(place.url()) == PUBLIC_INDEX)
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
        let places = urls.iter().map(|url| Place::http(url, None)).collect();
        Endpoint::new("r".parse().unwrap(), places, Quota::default())
    }

    #[test]
    fn the_public_index_and_its_mirrors_give_one_hint() {
        let path = format!("packages/aa/bb/{}/a-1.whl", "0".repeat(60));
        let direct = endpoint(&["https://pypi.org/simple/"]);
        let mirrored = endpoint(&["http://127.0.0.1:8/root/simple/", "https://pypi.org/simple/"]);
        let of = |url: &str, endpoint| hint(&format!("{url}{path}"), "https://pypi.org/simple/a/", endpoint);
        assert_eq!(of("https://files.pythonhosted.org/", &direct), path);
        assert_eq!(of("http://127.0.0.1:8/root/", &mirrored), path);
        assert_eq!(public_url(&path, &direct), Some(format!("https://files.pythonhosted.org/{path}")));
        assert_eq!(public_url(&path, &mirrored), None);
    }

    #[test]
    fn private_files_are_relative_to_what_holds_the_index() {
        let private = endpoint(&["http://127.0.0.1:9/simple/", "https://h/pypi/simple/"]);
        let of = |url: &str| hint(url, "https://h/pypi/simple/a/", &private);
        assert_eq!(of("https://h/pypi/files/a-1.whl"), "files/a-1.whl");
        assert_eq!(of("http://127.0.0.1:9/files/a-1.whl"), "files/a-1.whl");
        assert_eq!(of("https://h/other/a-1.whl"), "/other/a-1.whl");
        assert_eq!(of("https://cdn/a-1.whl"), "https://cdn/a-1.whl");
    }
}
