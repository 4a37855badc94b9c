//! The little that larder needs of URLs: their parts, joining, and what may be shown of them.

/// Returns `scheme://authority`, with the credentials that the authority may hold.
pub fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// Returns the path, from its first `/`, without query and fragment.
pub fn path(url: &str) -> &str {
    let rest = &url[origin(url).len()..];
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    if rest.starts_with('/') { &rest[..end] } else { "/" }
}

/// Returns the host in lower case, without port and credentials.
pub fn host(url: &str) -> String {
    split_port(authority(url)).0.to_ascii_lowercase()
}

/// Returns the port: the scheme's own, where none is named.
pub fn port(url: &str) -> u16 {
    let default = if url.starts_with("http://") { 80 } else { 443 };
    split_port(authority(url)).1.and_then(|port| port.parse().ok()).unwrap_or(default)
}

/// Tells whether two URLs have the same scheme, host and port.
pub fn same_origin(a: &str, b: &str) -> bool {
    let parts = |url: &str| {
        let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
        let (host, port) = split_port(authority(url));
        let default = if scheme == "https" { "443" } else { "80" };
        (host.to_ascii_lowercase(), port.unwrap_or(default).to_owned(), scheme)
    };
    parts(a) == parts(b)
}

/// Tells whether a URL lies below another one, which ends with `/`. One whose path has `.` or `..` in it, however they are spelt,
/// does not: servers differ in what they make of them.
pub fn is_below(base: &str, url: &str) -> bool {
    let is_plain = |rest: &str| !percent_decode(rest).split(['/', '\\']).any(|part| part == "." || part == "..");
    same_origin(base, url) && path(url).strip_prefix(path(base)).is_some_and(is_plain)
}

/// Tells whether a URL may be asked: `https`, or `http` on this machine.
pub fn is_safe(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let host = host(url);
    url.starts_with("http://") && (host == "localhost" || host == "[::1]" || is_loopback_v4(&host))
}

/// Returns what holds a URL that ends with `/`: itself, where it is the root of its host.
pub fn parent(url: &str) -> &str {
    let last = url.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
    if last > origin(url).len() { &url[..last] } else { url }
}

/// Splits credentials off: the URL without them, and `user:password` where there is one.
pub fn split_credentials(url: &str) -> (String, Option<String>) {
    let origin = origin(url);
    let start = origin.find("://").map_or(origin.len(), |scheme| scheme + 3);
    match origin[start..].rfind('@') {
        Some(at) => {
            let credentials = percent_decode(&origin[start..start + at]);
            (format!("{}{}", &url[..start], &url[start + at + 1..]), Some(credentials))
        }
        None => (url.to_owned(), None),
    }
}

/// As much of a URL as is shown: what is longer helps nobody.
const SHOWN: usize = 500;

/// Returns what may be shown of a URL: no credentials and no query, which signed URLs keep secrets in, and not more than a
/// person can read.
pub fn masked(url: &str) -> String {
    let (bare, credentials) = split_credentials(url);
    let end = bare.find(['?', '#']).unwrap_or(bare.len());
    let bare = &bare[..end];
    let mut shown = if credentials.is_some() { bare.replacen("://", "://***@", 1) } else { bare.to_owned() };
    if shown.len() > SHOWN {
        let cut = (0..=SHOWN).rev().find(|at| shown.is_char_boundary(*at)).unwrap_or_default();
        shown.truncate(cut);
        shown.push('…');
    }
    shown
}

/// Resolves a reference against the URL of the document it stands in (RFC 3986, section 5), without its fragment.
pub fn join(base: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or_default().trim();
    if has_scheme(reference) {
        return reference.replace(' ', "%20");
    }
    let origin = origin(base);
    let joined = if let Some(rest) = reference.strip_prefix("//") {
        let scheme = base.split("://").next().unwrap_or("https");
        return format!("{scheme}://{rest}").replace(' ', "%20");
    } else if reference.is_empty() {
        path(base).to_owned()
    } else if reference.starts_with('/') {
        reference.to_owned()
    } else if reference.starts_with('?') {
        format!("{}{reference}", path(base))
    } else {
        let path = path(base);
        format!("{}{reference}", &path[..=path.rfind('/').unwrap_or(0)])
    };
    let (joined, query) = joined.split_at(joined.find('?').unwrap_or(joined.len()));
    format!("{origin}{}{query}", without_dots(joined)).replace(' ', "%20")
}

/// Decodes `%XX`; what is not UTF-8 afterwards is replaced.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns the host with its port, without credentials.
pub fn authority(url: &str) -> &str {
    let origin = origin(url);
    let start = origin.find("://").map_or(0, |at| at + 3);
    let authority = &origin[start..];
    authority.rfind('@').map_or(authority, |at| &authority[at + 1..])
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => (&authority[..at], Some(&authority[at + 1..])),
        _ => (authority, None),
    }
}

fn is_loopback_v4(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn has_scheme(reference: &str) -> bool {
    reference.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        parts.push("");
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_against_their_page() {
        let page = "https://h:8080/root/simple/a/";
        let check = |reference: &str, expect: &str| assert_eq!(join(page, reference), expect, "{reference}");
        check("../../packages/a-1.whl#sha256=00", "https://h:8080/root/packages/a-1.whl");
        check("/files/a-1.whl", "https://h:8080/files/a-1.whl");
        check("a-1.whl?x=1", "https://h:8080/root/simple/a/a-1.whl?x=1");
        check("//cdn/a", "https://cdn/a");
        check("http://other/a", "http://other/a");
        check("../../../../../a", "https://h:8080/a");
    }

    #[test]
    fn the_root_of_a_host_has_no_parent() {
        assert_eq!(parent("https://h/root/simple/"), "https://h/root/");
        assert_eq!(parent("https://h/simple/"), "https://h/");
        assert_eq!(parent("https://h/"), "https://h/");
        assert_eq!(parent("file:///a/simple/"), "file:///a/");
    }

    #[test]
    fn credentials_and_queries_are_not_shown() {
        assert_eq!(masked("https://me:secret@h/x?sig=1"), "https://***@h/x");
        assert_eq!(masked("https://h/x"), "https://h/x");
        let long = masked(&format!("https://h/{}", "ü".repeat(1 << 20)));
        assert!(long.len() < 600 && long.starts_with("https://h/ü") && long.ends_with("ü…"), "{long}");
        assert_eq!(
            split_credentials("https://me:s%40cret@h/x"),
            ("https://h/x".to_owned(), Some("me:s@cret".to_owned()))
        );
        for odd in ["@tps://h/x", "@", "a@b"] {
            assert_eq!(split_credentials(odd), (odd.to_owned(), None));
        }
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        assert!(same_origin("https://a/x", "https://A:443/y"));
        assert!(!same_origin("https://a/x", "https://a:444/x"));
        assert!(!same_origin("https://a/", "http://a/"));
        assert!(!same_origin("https://a/", "https://a.evil/"));
    }

    #[test]
    fn what_lies_below_does_not_leave_again() {
        for good in ["https://h/npm/", "https://H:443/npm/left", "https://h/npm/a/..b/c?x=../"] {
            assert!(is_below("https://h/npm/", good), "{good}");
        }
        let bad = [
            "https://h/npm",
            "https://h/npmx/left",
            "https://h/npm/../other",
            "https://h/npm/%2e%2E/other",
            "https://h/npm/..%2fother",
            "https://h/npm/..\\other",
            "http://h/npm/left",
            "https://h.evil/npm/left",
            "https://h:444/npm/left",
        ];
        for bad in bad {
            assert!(!is_below("https://h/npm/", bad), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for good in ["https://h/", "http://127.0.0.1:1/", "http://localhost/", "http://[::1]:80/"] {
            assert!(is_safe(good), "{good}");
        }
        for bad in ["http://h/", "http://127.0.0.1.evil/", "ftp://localhost/", "http://localhost@evil/"] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
