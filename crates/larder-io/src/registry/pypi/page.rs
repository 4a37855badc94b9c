//! The index page of a package: HTML (PEP 503 and its successors) or JSON (PEP 691).

use std::borrow::Cow;

use serde::Deserialize;

use crate::model::{Algorithm, Digest, Label, PackageName, Url};
use crate::registry::RegistryError;

/// A file that a page lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct PageFile {
    /// The file's name.
    pub(in crate::registry) name: String,
    /// The file's URL.
    pub(in crate::registry) url: String,
    /// The strongest digest that the page gives.
    pub(in crate::registry) digest: Option<Digest>,
    /// `Requires-Python`, as written.
    pub(in crate::registry) requires_python: Option<String>,
    /// Whether the file was yanked (PEP 592).
    pub(in crate::registry) yanked: bool,
    /// The upload time, in milliseconds since 1970.
    pub(in crate::registry) uploaded: Option<i64>,
    /// Whether the index advertises a metadata file (PEP 658).
    pub(in crate::registry) metadata: MetadataAdvert,
}

/// Whether a page advertises a metadata file beside a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(in crate::registry) enum MetadataAdvert {
    /// No metadata file is advertised.
    #[default]
    No,
    /// A metadata file without a digest.
    Yes,
    /// A metadata file with this digest.
    Hashed(Digest),
}

impl MetadataAdvert {
    /// Returns the digest of the metadata file, if it is stated.
    pub(in crate::registry) fn digest(self) -> Option<Digest> {
        match self {
            Self::Hashed(digest) => Some(digest),
            Self::No | Self::Yes => None,
        }
    }
}

/// The reason why a page is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum BadPage {
    /// The document is not an index page.
    Unreadable(String),
    /// The page has a newer major version of the API.
    Newer(String),
    /// The page is for another package.
    OtherPackage(String),
}

impl BadPage {
    /// Returns the error of the registry whose page it is.
    pub(super) fn of(self, registry: &Label, package: &PackageName) -> RegistryError {
        let (registry, package) = (registry.clone(), package.clone());
        match self {
            Self::Unreadable(reason) => RegistryError::PypiIndex { registry, package, reason },
            Self::Newer(version) => RegistryError::NewerIndex { registry, package, version },
            Self::OtherPackage(answered) => {
                RegistryError::WrongPackage { registry, package: package.to_string(), answered }
            }
        }
    }
}

/// Parses a page in either format.
pub(in crate::registry) fn read(package: &PackageName, page_url: &str, bytes: &[u8]) -> Result<Vec<PageFile>, BadPage> {
    let unreadable = |reason: &str| BadPage::Unreadable(reason.to_owned());
    let page_url: Url = page_url.parse().map_err(|_| unreadable("its URL is not valid"))?;
    // Invalid UTF-8, as in a title or a yank reason, affects only its own text.
    let text = &*String::from_utf8_lossy(bytes);
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return json(package, &page_url, text);
    }
    if !text.contains('<') {
        return Err(unreadable("it is neither HTML nor JSON"));
    }
    html(&page_url, text)
}

/// Checks the API version of a page (PEP 629). A newer minor version is compatible.
fn check_version(text: &str) -> Result<(), BadPage> {
    let text = text.trim();
    match text.split('.').next().map(str::parse::<u32>) {
        Some(Ok(1)) => Ok(()),
        Some(Ok(0) | Err(_)) | None => {
            Err(BadPage::Unreadable(format!("`{}` is not a valid API version", text.escape_debug())))
        }
        Some(Ok(_)) => Err(BadPage::Newer(text.to_owned())),
    }
}

fn json(package: &PackageName, page_url: &Url, text: &str) -> Result<Vec<PageFile>, BadPage> {
    #[derive(Deserialize)]
    struct VersionOnly {
        meta: Option<PageMeta>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct PageMeta {
        api_version: Option<String>,
    }
    #[derive(Deserialize)]
    struct JsonPage {
        meta: Option<PageMeta>,
        name: Option<String>,
        files: Vec<JsonFile>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct JsonFile {
        filename: String,
        url: String,
        #[serde(default)]
        hashes: serde_json::Map<String, serde_json::Value>,
        requires_python: Option<String>,
        yanked: Option<serde_json::Value>,
        upload_time: Option<String>,
        core_metadata: Option<serde_json::Value>,
        dist_info_metadata: Option<serde_json::Value>,
    }
    let text = text.trim_start_matches('\u{feff}');
    let check = |meta: &Option<PageMeta>| {
        let version = meta.as_ref().and_then(|meta| meta.api_version.as_deref());
        version.map_or(Ok(()), check_version)
    };
    let page: JsonPage = match serde_json::from_str(text) {
        Ok(page) => page,
        Err(error) => {
            // In a newer version, everything else may have another shape.
            check(&serde_json::from_str::<VersionOnly>(text).ok().and_then(|page| page.meta))?;
            return Err(BadPage::Unreadable(error.to_string()));
        }
    };
    check(&page.meta)?;
    if let Some(name) = page.name.filter(|name| PackageName::pypi(name).ok().as_ref() != Some(package)) {
        return Err(BadPage::OtherPackage(name));
    }
    let strongest = |hashes: &serde_json::Map<String, serde_json::Value>| {
        [Algorithm::Sha512, Algorithm::Sha256, Algorithm::Sha1]
            .into_iter()
            .find_map(|algorithm| Digest::from_hex(algorithm, hashes.get(algorithm.as_str())?.as_str()?).ok())
    };
    let files = page.files.into_iter().map(|file| PageFile {
        url: page_url.resolve(&file.url),
        digest: strongest(&file.hashes),
        requires_python: file.requires_python.filter(|text| !text.trim().is_empty()),
        yanked: file.yanked.is_some_and(|value| value != false && !value.is_null()),
        uploaded: file.upload_time.as_deref().and_then(milliseconds),
        metadata: match file.core_metadata.or(file.dist_info_metadata) {
            Some(serde_json::Value::Bool(true)) => MetadataAdvert::Yes,
            Some(serde_json::Value::Object(hashes)) => {
                strongest(&hashes).map_or(MetadataAdvert::Yes, MetadataAdvert::Hashed)
            }
            _ => MetadataAdvert::No,
        },
        name: file.filename,
    });
    Ok(files.collect())
}

/// Collects the anchors of a page. It is no parser of HTML: what lies between anchors does not matter, but for comments,
/// the version of the form and the URL that others are relative to.
fn html(page_url: &Url, text: &str) -> Result<Vec<PageFile>, BadPage> {
    let bytes = text.as_bytes();
    let mut files = Vec::with_capacity(memchr::memmem::find_iter(bytes, "<a ").count());
    let mut base = Cow::Borrowed(page_url);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found + 1;
        let rest = &text[at..];
        if let Some(comment) = rest.strip_prefix("!--") {
            at = comment.find("-->").map_or(text.len(), |end| at + 3 + end);
        } else if let Some(attributes) = tag(rest, "a") {
            let (file, left) = anchor(&base, attributes);
            files.extend(file);
            at = text.len() - left;
        } else if let Some(attributes) = tag(rest, "meta") {
            let is_version = |name: &str| name.eq_ignore_ascii_case("pypi:repository-version");
            if find_attribute(attributes, "name").is_some_and(|name| is_version(&name)) {
                find_attribute(attributes, "content").map_or(Ok(()), |version| check_version(&version))?;
            }
        } else if let Some(href) = tag(rest, "base").and_then(|attributes| find_attribute(attributes, "href")) {
            base = page_url.join(&href).map_or_else(|_| Cow::Borrowed(page_url), Cow::Owned);
        }
    }
    Ok(files)
}

/// Returns what follows the name of a certain tag.
fn tag<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (own, rest) = (text.get(..name.len())?, &text[name.len()..]);
    (own.eq_ignore_ascii_case(name) && rest.starts_with(|c: char| c.is_ascii_whitespace())).then_some(rest)
}

fn find_attribute<'t>(mut text: &'t str, wanted: &str) -> Option<Cow<'t, str>> {
    while let Some((name, value, after)) = attribute(text) {
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        text = after;
    }
    None
}

/// Reads the attributes of an anchor, and returns how much text follows them.
fn anchor(base: &Url, text: &str) -> (Option<PageFile>, usize) {
    let mut rest = text;
    let mut href = None;
    let mut file = PageFile {
        name: String::new(),
        url: String::new(),
        digest: None,
        requires_python: None,
        yanked: false,
        uploaded: None,
        metadata: MetadataAdvert::No,
    };
    let (mut core, mut dist_info) = (None, None);
    while let Some((name, value, after)) = attribute(rest) {
        rest = after;
        if name.eq_ignore_ascii_case("href") {
            href = Some(value);
        } else if name.eq_ignore_ascii_case("data-requires-python") {
            file.requires_python = Some(value.into_owned()).filter(|text| !text.trim().is_empty());
        } else if name.eq_ignore_ascii_case("data-yanked") {
            file.yanked = true;
        } else if name.eq_ignore_ascii_case("data-upload-time") {
            file.uploaded = milliseconds(&value);
        } else if name.eq_ignore_ascii_case("data-core-metadata") {
            core = Some(value);
        } else if name.eq_ignore_ascii_case("data-dist-info-metadata") {
            dist_info = Some(value);
        }
    }
    let Some(href) = href else { return (None, rest.len()) };
    // The later name of the two counts (PEP 714).
    file.metadata = match core.or(dist_info).as_deref() {
        None | Some("false") => MetadataAdvert::No,
        Some(value) => hash(value).map_or(MetadataAdvert::Yes, MetadataAdvert::Hashed),
    };
    file.digest = href.split_once('#').and_then(|(_, fragment)| fragment.split('&').find_map(hash));
    file.url = base.resolve(&href);
    let path = file.url.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    file.name = percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned();
    ((!file.name.is_empty()).then_some(file), rest.len())
}

/// Parses an attribute. Returns `None` at the end of the tag, before its `>`.
fn attribute(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    if text.is_empty() || text.starts_with('>') {
        return None;
    }
    // A stray `=` begins a name, as in the HTML standard, so that every call moves on.
    let end = text.char_indices().skip(1).find(|(_, c)| c.is_ascii_whitespace() || "=>/".contains(*c));
    let (name, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    let Some(rest) = rest.trim_ascii_start().strip_prefix('=') else { return Some((name, Cow::Borrowed(""), rest)) };
    let rest = rest.trim_ascii_start();
    let (value, rest) = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => match rest[1..].find(quote) {
            Some(end) => (&rest[1..=end], &rest[end + 2..]),
            None => (&rest[1..], ""),
        },
        _ => rest.split_at(rest.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(rest.len())),
    };
    Some((name, unescaped(value), rest))
}

/// Decodes the character references that appear in attributes.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let (c, length) = end.and_then(|end| Some((character(&rest[1..end])?, end + 1))).unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Reads `sha256=…`.
fn hash(text: &str) -> Option<Digest> {
    let (algorithm, hex) = text.split_once('=')?;
    let algorithm = [Algorithm::Sha512, Algorithm::Sha256, Algorithm::Sha1]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(algorithm))?;
    Digest::from_hex(algorithm, hex).ok()
}

fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://h/simple/a/";

    #[test]
    fn html_and_json_say_the_same() {
        let hex = "00".repeat(32);
        let html = format!(
            "<!DOCTYPE html><html><body><!-- <a href=\"no-1.whl\"> --><h1>Links</h1>\n\
             <a href=\"../../f/a-1-py3-none-any.whl#sha256={hex}\" data-requires-python=\"&gt;=3.8,&lt;4\" \
             data-core-metadata='sha256={hex}' data-upload-time=\"2024-01-02T03:04:05Z\">a</a><br/>\
             <A HREF=/f/a-0.tar.gz data-yanked>a</A></body>"
        );
        let json = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"A","files":[
            {{"filename":"a-1-py3-none-any.whl","url":"https://h/f/a-1-py3-none-any.whl","hashes":{{"sha256":"{hex}"}},
              "requires-python":">=3.8,<4","core-metadata":{{"sha256":"{hex}"}},"yanked":false,
              "upload-time":"2024-01-02T03:04:05Z"}},
            {{"filename":"a-0.tar.gz","url":"../../f/a-0.tar.gz","hashes":{{}},"yanked":"broken"}}]}}"#
        );
        let name = PackageName::pypi("a").unwrap();
        let from_html = read(&name, PAGE, html.as_bytes()).unwrap();
        assert_eq!(from_html, read(&name, PAGE, json.as_bytes()).unwrap());
        assert_eq!(from_html.len(), 2);
        assert_eq!(from_html[0].requires_python.as_deref(), Some(">=3.8,<4"));
        assert_eq!(from_html[1].url, "https://h/f/a-0.tar.gz");
        assert!(from_html[1].yanked && !from_html[0].yanked);
    }

    #[test]
    fn only_the_first_major_version_of_either_form_is_read() {
        let name = PackageName::pypi("a").unwrap();
        let json =
            |version: &str| read(&name, PAGE, format!(r#"{{"meta":{version},"name":"a","files":[]}}"#).as_bytes());
        let html = |version: &str| {
            let page = format!("<html><head><META content='{version}' name='pypi:repository-version'></head></html>");
            read(&name, PAGE, page.as_bytes())
        };
        for version in ["1.0", "1.4", "1"] {
            assert_eq!(json(&format!(r#"{{"api-version":"{version}"}}"#)), Ok(Vec::new()));
            assert_eq!(html(version), Ok(Vec::new()));
        }
        for version in ["2.0", "9.0", "10"] {
            assert_eq!(json(&format!(r#"{{"api-version":"{version}"}}"#)), Err(BadPage::Newer(version.to_owned())));
            assert_eq!(html(version), Err(BadPage::Newer(version.to_owned())));
        }
        for version in ["", "x", "0.9", "-1"] {
            assert!(matches!(json(&format!(r#"{{"api-version":"{version}"}}"#)), Err(BadPage::Unreadable(_))));
            assert!(matches!(html(version), Err(BadPage::Unreadable(_))));
        }
        assert_eq!(json("{}"), Ok(Vec::new()));
        // All else may have another shape then.
        let later = br#"{"meta":{"api-version":"2.0"},"files":{"a":[]}}"#;
        assert_eq!(read(&name, PAGE, later), Err(BadPage::Newer("2.0".to_owned())));
    }

    #[test]
    fn links_are_relative_to_the_base_of_their_page() {
        let name = PackageName::pypi("a").unwrap();
        let page = "<head><base href='/f/'></head><a href='a-1-py3-none-any.whl'>a</a><abbr x=y><a href=a-0.tar.gz>";
        let urls: Vec<_> = read(&name, PAGE, page.as_bytes()).unwrap().into_iter().map(|file| file.url).collect();
        assert_eq!(urls, ["https://h/f/a-1-py3-none-any.whl", "https://h/f/a-0.tar.gz"]);
    }

    #[test]
    fn the_later_name_of_metadata_counts_in_both_forms() {
        let name = PackageName::pypi("a").unwrap();
        let hex = "11".repeat(32);
        let hashed = MetadataAdvert::Hashed(Digest::from_hex(Algorithm::Sha256, &hex).unwrap());
        let json_hash = format!(r#"{{"sha256":"{hex}"}}"#);
        let html_hash = format!("sha256={hex}");
        for (core, dist_info, expected) in [
            (Some("true"), None, MetadataAdvert::Yes),
            (None, Some("true"), MetadataAdvert::Yes),
            (Some("false"), Some("true"), MetadataAdvert::No),
            (Some("false"), Some("#"), MetadataAdvert::No),
            (Some("#"), Some("true"), hashed.clone()),
            (None, Some("#"), hashed.clone()),
            (None, None, MetadataAdvert::No),
        ] {
            let json = [("core-metadata", core), ("dist-info-metadata", dist_info)]
                .map(|(key, value)| value.map(|value| format!(r#","{key}":{}"#, value.replace('#', &json_hash))));
            let json = json.into_iter().flatten().collect::<String>();
            let json = format!(r#"{{"files":[{{"filename":"a-1.tar.gz","url":"a-1.tar.gz"{json}}}]}}"#);
            let html = [("data-dist-info-metadata", dist_info), ("data-core-metadata", core)]
                .map(|(key, value)| value.map(|value| format!(" {key}='{}'", value.replace('#', &html_hash))));
            let [first, last] = html.map(Option::unwrap_or_default);
            for page in [
                json,
                format!("<a href=a-1.tar.gz{first}{last}>a</a>"),
                format!("<a href=a-1.tar.gz{last}{first}>a</a>"),
            ] {
                assert_eq!(read(&name, PAGE, page.as_bytes()).unwrap()[0].metadata, expected, "{page}");
            }
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let name = PackageName::pypi("a").unwrap();
        assert!(matches!(read(&name, PAGE, b"busy"), Err(BadPage::Unreadable(_))));
        assert!(matches!(read(&name, PAGE, b"{\"files\":[{]}"), Err(BadPage::Unreadable(_))));
        let other = br#"{"name":"b","files":[]}"#;
        assert_eq!(read(&name, PAGE, other), Err(BadPage::OtherPackage("b".to_owned())));
    }

    #[test]
    fn broken_markup_ends() {
        for text in
            ["<a ", "<a href", "<a href=", "<a href=\"x", "<a =x>", "<!-- <a href=x>", "<a href='x' / >", "<a ===>"]
        {
            let _ = html(&PAGE.parse().unwrap(), text);
        }
        assert_eq!(unescaped("a&amp;b&#x3e;&nope;&"), "a&b>&nope;&");
    }
}
