//! The layout of python-build-standalone's releases: for each date a tag with its archives and `SHA256SUMS`. A release has the newest
//! patch of each minor version, so an older one is looked for in older releases.
//!
//! Source: <https://github.com/astral-sh/python-build-standalone>, whose `latest-release` branch names the newest release.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{RuntimeOffer, checksums};
use crate::model::{Artifact, Platform, RuntimeVersion};

/// The public host of the archives.
pub(super) const PUBLIC: &str = "https://github.com/astral-sh/python-build-standalone/releases/download/";

/// Where the public host names its newest release. A mirror has the same document below its own address.
pub(super) const PUBLIC_LATEST: &str =
    "https://raw.githubusercontent.com/astral-sh/python-build-standalone/latest-release/latest-release.json";

/// Where the public host lists its releases: the tags of the repository, as GitHub's API has them.
pub(super) const PUBLIC_TAGS: &str = "https://api.github.com/repos/astral-sh/python-build-standalone/tags?per_page=100";

/// The same documents of a mirror.
pub(super) const LATEST: &str = "latest-release.json";
pub(super) const TAGS: &str = "tags.json";

/// The file that lists the digests of a release, or of a folder that is not sorted into releases.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";

/// Reads the tag of the newest release.
pub(super) fn latest(document: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct LatestRelease {
        tag: String,
    }
    let latest: LatestRelease = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    if is_tag(&latest.tag) { Ok(latest.tag) } else { Err(format!("`{}` is no date", latest.tag.escape_debug())) }
}

/// Reads the tags of the releases, the newest first.
pub(super) fn tags(document: &[u8]) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Tag {
        name: String,
    }
    let tags: Vec<Tag> = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    let mut tags: Vec<String> = tags.into_iter().map(|tag| tag.name).filter(|tag| is_tag(tag)).collect();
    tags.sort_unstable_by(|a, b| b.cmp(a));
    tags.dedup();
    Ok(tags)
}

/// Releases are named by their date: `20241219`. Very old ones have a time behind it.
fn is_tag(text: &str) -> bool {
    (8..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T')
}

/// Reads `SHA256SUMS` of the release `tag`, or of a folder without releases: the archives for these platforms.
pub(super) fn offers(text: &str, tag: Option<&str>, platforms: &[Platform]) -> Vec<RuntimeOffer> {
    let mut offers: BTreeMap<RuntimeVersion, BTreeMap<Platform, Artifact>> = BTreeMap::new();
    for (file, digest) in checksums::entries(text) {
        let Some((version, triple)) = parse_file(file) else { continue };
        let Some(platform) = platforms.iter().find(|platform| self::triple(**platform) == triple) else { continue };
        let location = match tag {
            Some(tag) => format!("{tag}/{file}"),
            None => file.to_owned(),
        };
        let archive = Artifact {
            digest: Some(digest),
            location: Some(location),
            platforms: vec![*platform],
            ..Artifact::runtime(file)
        };
        let archives = offers.entry(version).or_default();
        // A folder may have several builds of one version: the newest has the greatest name.
        if archives.get(platform).is_none_or(|known| known.file < archive.file) {
            archives.insert(*platform, archive);
        }
    }
    offers.into_iter().map(|(version, archives)| RuntimeOffer { version, archives }).collect()
}

/// Reads `cpython-3.12.8+20241219-x86_64-unknown-linux-gnu-install_only.tar.gz`. Returns `None` for other builds.
fn parse_file(file: &str) -> Option<(RuntimeVersion, &str)> {
    let rest = file.strip_prefix("cpython-")?.strip_suffix("-install_only.tar.gz")?;
    let (version, rest) = rest.split_once('+')?;
    let (_, triple) = rest.split_once('-')?;
    Some((version.parse().ok()?, triple))
}

fn triple(platform: Platform) -> &'static str {
    match platform {
        Platform::LinuxX64 => "x86_64-unknown-linux-gnu",
        Platform::LinuxArm64 => "aarch64-unknown-linux-gnu",
        Platform::LinuxX64Musl => "x86_64-unknown-linux-musl",
        Platform::LinuxArm64Musl => "aarch64-unknown-linux-musl",
        Platform::MacosX64 => "x86_64-apple-darwin",
        Platform::MacosArm64 => "aarch64-apple-darwin",
        Platform::WindowsX64 => "x86_64-pc-windows-msvc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_the_final_versions_of_its_list() {
        let hex = "ab".repeat(32);
        let names = [
            "cpython-3.12.8+20241219-x86_64-unknown-linux-gnu-install_only.tar.gz",
            "cpython-3.12.8+20241219-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz",
            "cpython-3.12.8+20241219-x86_64-unknown-linux-gnu-debug-full.tar.zst",
            "cpython-3.12.8+20241219-aarch64-apple-darwin-install_only.tar.gz",
            "cpython-3.14.0a3+20241219-x86_64-unknown-linux-gnu-install_only.tar.gz",
            "cpython-3.12.8+20241219-riscv64-unknown-linux-gnu-install_only.tar.gz",
        ];
        let text = names.map(|name| format!("{hex}  {name}\n")).concat();
        let offers = offers(&text, Some("20241219"), &[Platform::LinuxX64, Platform::MacosArm64]);
        assert_eq!(offers.len(), 1);
        assert_eq!(offers[0].version.to_string(), "3.12.8");
        let linux = &offers[0].archives[&Platform::LinuxX64];
        assert_eq!((linux.file.as_str(), offers[0].archives.len()), (names[0], 2));
        assert_eq!(linux.location.as_deref(), Some(&*format!("20241219/{}", names[0])));
    }

    #[test]
    fn tags_are_dates_and_the_newest_comes_first() {
        assert_eq!(latest(br#"{"version":1,"tag":"20241219"}"#).unwrap(), "20241219");
        assert!(latest(br#"{"version":1,"tag":"../../x"}"#).is_err());
        let document = br#"[{"name":"20240101"},{"name":"20241219"},{"name":"v1/../x"},{"name":"20200822T1234"}]"#;
        assert_eq!(tags(document).unwrap(), ["20241219", "20240101", "20200822T1234"]);
    }
}
