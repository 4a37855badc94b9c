//! Package URLs, by which tools name packages of all ecosystems.
//!
//! Source: the purl specification (github.com/package-url/purl-spec), with its types `npm`, `pypi`, `nuget` and `generic`.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::model::{ArchiveSource, Artifact, Origin, Package, PackageKey, Platform, Source};

/// Returns the URL of a package. `repository` is the URL of its registry, unless that is the public one.
pub(super) fn purl(key: &PackageKey, package: Option<&Package>, repository: Option<&str>) -> String {
    let origin = package.and_then(|package| package.origin.as_ref());
    let ecosystem = key.id.ecosystem;
    // Of the sources of packages with an order of installation, a feed has each in a file of its own; other files have no type.
    let is_in_feed = || {
        let is_alone = |artifact: &Artifact| artifact.location.is_none();
        repository.is_some_and(|url| url.starts_with("http"))
            && package.is_some_and(|package| package.artifacts.iter().all(is_alone))
    };
    let source = origin.and_then(Origin::source).map(|pinned| &pinned.source);
    let kind = match () {
        // A file of the checkout can be had nowhere else, and need not be the registry's package of that name.
        () if matches!(source, Some(Source::File(_))) => "generic",
        () if ecosystem.has_install_order() && is_in_feed() => "nuget",
        () if ecosystem.has_install_order() || ecosystem.has_features() || !ecosystem.has_registries() => "generic",
        () => ecosystem.as_str(),
    };
    let mut text = format!("pkg:{kind}/");
    let parts: Vec<String> = key.id.name.as_str().split('/').map(encoded).collect();
    text.push_str(&parts.join("/"));
    let _ = write!(text, "@{}", encoded(&key.version.to_string()));
    let Some(pinned) = origin.and_then(Origin::source) else {
        // The index of a feed is a document, and no folder.
        let url = repository.map(|url| if url.ends_with(".json/") { url.trim_end_matches('/') } else { url });
        text.extend(url.map(|url| format!("?repository_url={}", encoded(url))));
        return text;
    };
    match &pinned.source {
        Source::Url(url) => {
            let _ = write!(text, "?download_url={}", encoded(url.as_str()));
        }
        Source::File(_) => {}
        Source::Archive(source) => {
            let files = package.map(|package| &package.artifacts[..]).unwrap_or_default();
            if let Some(url) = only_file(source, files) {
                let _ = write!(text, "?download_url={}", encoded(&url));
            }
        }
        Source::Git(git) => {
            let commit = pinned.commit.as_ref().map(|commit| format!("@{}", commit.as_str())).unwrap_or_default();
            let place = format!("git+{}{commit}", git.repository.as_str());
            let _ = write!(text, "?vcs_url={}", encoded(&place));
        }
    }
    text
}

/// Returns the URL of a tool's file, if there is one for all platforms that it is locked for.
fn only_file(source: &ArchiveSource, files: &[Artifact]) -> Option<String> {
    let locked: BTreeSet<Platform> = files.iter().flat_map(|file| file.platforms.iter().copied()).collect();
    let platforms = if source.is_same_everywhere() || locked.is_empty() { Platform::ALL.into() } else { locked };
    let urls = platforms.into_iter().filter_map(|platform| source.file(platform));
    let urls: BTreeSet<String> = urls.map(|url| url.as_str().to_owned()).collect();
    if urls.len() == 1 { urls.into_iter().next() } else { None }
}

/// Returns the URL of a runtime.
pub(super) fn runtime(name: &str, version: &str) -> String {
    format!("pkg:generic/{}@{}", encoded(name), encoded(version))
}

/// Encodes what a part of a package URL may not have.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageId, PackageName, Version};

    #[test]
    fn a_tool_has_the_url_of_its_file_if_it_has_one() {
        let source = |url: &str| ArchiveSource::from_texts(url, Version::tool("1.0").unwrap(), &[], &["t"]).unwrap();
        let file = |platforms: &[Platform]| Artifact { platforms: platforms.into(), ..Artifact::tarball("t.tar.gz") };
        let each = source("https://h.example/t-{version}-{platform}.tar.gz");
        let here = Some("https://h.example/t-1.0-linux-x64.tar.gz".to_owned());
        assert_eq!(only_file(&each, &[file(&[Platform::LinuxX64])]), here);
        assert_eq!(only_file(&each, &[file(&[Platform::LinuxX64]), file(&[Platform::MacosArm64])]), None);
        let same = source("https://h.example/t-{version}.tar.gz");
        assert_eq!(only_file(&same, &[file(&[])]), Some("https://h.example/t-1.0.tar.gz".to_owned()));
    }

    #[test]
    fn packages_have_the_urls_of_their_ecosystems() {
        let check = |ecosystem: &str, name: &str, version: Version, repository: Option<&str>, expect: &str| {
            let ecosystem: Ecosystem = ecosystem.parse().unwrap();
            let id = PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap());
            assert_eq!(purl(&PackageKey { id, version }, None, repository), expect);
        };
        let npm = |text: &str| Version::parse("npm".parse().unwrap(), text).unwrap();
        let pypi = |text: &str| Version::parse("pypi".parse().unwrap(), text).unwrap();
        check("npm", "react", npm("18.3.1"), None, "pkg:npm/react@18.3.1");
        check("npm", "@scope/a", npm("1.0.0-x+b"), None, "pkg:npm/%40scope/a@1.0.0-x%2Bb");
        check("pypi", "Zope.Interface", pypi("5.4"), None, "pkg:pypi/zope-interface@5.4");
        check(
            "npm",
            "a",
            npm("1.0.0"),
            Some("https://r.example/"),
            "pkg:npm/a@1.0.0?repository_url=https:%2F%2Fr.example%2F",
        );
        check(
            "npm",
            "b",
            npm("1.0.0"),
            Some("https://r.example/v3/index.json/"),
            "pkg:npm/b@1.0.0?repository_url=https:%2F%2Fr.example%2Fv3%2Findex.json",
        );
        assert_eq!(runtime("node", "22.1.0"), "pkg:generic/node@22.1.0");
        let in_order = Ecosystem::ALL.into_iter().find(|one| one.has_install_order()).unwrap();
        let version = Version::parse(in_order, "1.4").unwrap();
        check(in_order.as_str(), "UsrOrders", version, None, "pkg:generic/UsrOrders@1.4.0");
    }
}
