//! Package URLs, by which tools name packages of all ecosystems.
//!
//! Source: the purl specification (github.com/package-url/purl-spec), with its types `npm`, `pypi`, `nuget` and `generic`.

use std::fmt::Write;

use crate::model::{Artifact, Origin, Package, PackageKey, Source};

/// Returns the URL of a package. `repository` is the URL of its registry, unless that is the public one.
pub(super) fn purl(key: &PackageKey, package: Option<&Package>, repository: Option<&str>) -> String {
    let origin = package.and_then(|package| package.origin.as_ref());
    let ecosystem = key.id.ecosystem;
    // Of the sources of Creatio packages, a feed has each package in a file of its own; other files have no type.
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
            let _ = write!(text, "?download_url={}", encoded(&source.to_string()));
        }
        Source::Git(git) => {
            let commit = pinned.commit.as_ref().map(|commit| format!("@{}", commit.as_str())).unwrap_or_default();
            let place = format!("git+{}{commit}", git.repository.as_str());
            let _ = write!(text, "?vcs_url={}", encoded(&place));
        }
    }
    text
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
        let creatio = |text: &str| Version::parse("creatio".parse().unwrap(), text).unwrap();
        check("creatio", "UsrOrders", creatio("1.4"), None, "pkg:generic/UsrOrders@1.4.0");
    }
}
