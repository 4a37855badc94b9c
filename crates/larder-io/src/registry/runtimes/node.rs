//! The layout of Node's distribution: `index.json` with all versions, and a folder `v22.11.0/` for each, with its archives and
//! `SHASUMS256.txt`. The unofficial builds have the same.
//!
//! Source: <https://nodejs.org/dist/> and <https://unofficial-builds.nodejs.org/download/release/>.

use serde::Deserialize;

use super::RuntimeOffer;
use crate::model::{Artifact, Libc, Os, Platform, RuntimeVersion};

/// The document that lists the versions.
pub(super) const INDEX: &str = "index.json";

/// Returns the path of the file that lists the digests of a version.
pub(super) fn checksums(version: RuntimeVersion) -> String {
    format!("v{version}/SHASUMS256.txt")
}

/// Reads `index.json`: the versions that have an archive for one of these platforms.
pub(super) fn offers(document: &[u8], platforms: &[Platform]) -> Result<Vec<RuntimeOffer>, String> {
    #[derive(Deserialize)]
    struct IndexEntry {
        version: String,
        #[serde(default)]
        files: Vec<String>,
    }
    let entries: Vec<IndexEntry> = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    let offers = entries.into_iter().filter_map(|entry| {
        // Others are no final versions.
        let version: RuntimeVersion = entry.version.strip_prefix('v')?.parse().ok()?;
        let there = platforms.iter().filter(|platform| entry.files.iter().any(|file| file == index_name(**platform)));
        let archives = there.map(|platform| (*platform, archive(version, *platform))).collect();
        Some(RuntimeOffer { version, archives })
    });
    Ok(offers.filter(|offer| !offer.archives.is_empty()).collect())
}

/// Returns the archive of a version for a platform.
fn archive(version: RuntimeVersion, platform: Platform) -> Artifact {
    let (os, end) = match platform.os() {
        Os::Linux => ("linux", "tar.gz"),
        Os::Macos => ("darwin", "tar.gz"),
        Os::Windows => ("win", "zip"),
    };
    let musl = if platform.libc() == Some(Libc::Musl) { "-musl" } else { "" };
    let file = format!("node-v{version}-{os}-{}{musl}.{end}", platform.npm_cpu());
    let location = Some(format!("v{version}/{file}"));
    Artifact { location, platforms: vec![platform], ..Artifact::runtime(file) }
}

/// Returns the name by which `files` of the index has a platform's archive.
fn index_name(platform: Platform) -> &'static str {
    match platform {
        Platform::LinuxX64 => "linux-x64",
        Platform::LinuxArm64 => "linux-arm64",
        Platform::LinuxX64Musl => "linux-x64-musl",
        Platform::LinuxArm64Musl => "linux-arm64-musl",
        Platform::MacosX64 => "osx-x64-tar",
        Platform::MacosArm64 => "osx-arm64-tar",
        Platform::WindowsX64 => "win-x64-zip",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_versions_and_their_archives() {
        let index = br#"[{"version":"v22.11.0","date":"2024-10-29","files":["linux-x64","osx-arm64-tar","src"],"npm":"10.9.0"},
            {"version":"v22.10.0","files":["osx-arm64-tar","linux-x64-musl"]},{"version":"v23.0.0-rc.1","files":["linux-x64"]}]"#;
        let offers = offers(index, &[Platform::LinuxX64, Platform::MacosArm64]).unwrap();
        let of = |at: usize| offers[at].archives.values().map(|archive| archive.file.as_str()).collect::<Vec<_>>();
        assert_eq!(of(0), ["node-v22.11.0-linux-x64.tar.gz", "node-v22.11.0-darwin-arm64.tar.gz"]);
        assert_eq!(of(1), ["node-v22.10.0-darwin-arm64.tar.gz"]);
        assert_eq!(offers.len(), 2);
        let musl = &super::offers(index, &[Platform::LinuxX64Musl]).unwrap()[0].archives[&Platform::LinuxX64Musl];
        assert_eq!(musl.location.as_deref(), Some("v22.10.0/node-v22.10.0-linux-x64-musl.tar.gz"));
        assert!(super::offers(b"<html>", &[]).is_err());
    }
}
