//! The version of a runtime for each platform.

use std::collections::BTreeMap;

use super::RuntimeOffer;
use crate::model::{Artifact, ManagedRuntime, Platform, RuntimeVersion};

/// The chosen versions, each with its archives.
pub type ChosenRuntimes = BTreeMap<RuntimeVersion, Vec<Artifact>>;

/// As many versions are named in place of one that is not there.
const NEAREST: usize = 3;

/// Why no version could be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRuntime {
    /// The source has no version in the range for any platform.
    NoVersion {
        /// The nearest versions that it has.
        nearest: Vec<RuntimeVersion>,
    },
    /// Some platforms have no archive of any version in the range.
    NoArchive {
        /// The platforms.
        platforms: Vec<Platform>,
    },
    /// `exact=#true`, and no version in the range has an archive for every platform.
    NotExact {
        /// The newest version, which some platforms lack.
        newest: RuntimeVersion,
        /// Those platforms.
        platforms: Vec<Platform>,
    },
}

/// Chooses a version for each platform: the newest that all of them have. If there is none, each platform has its newest, unless
/// `rule` wants the same for all.
pub fn choose(
    rule: &ManagedRuntime,
    platforms: &[Platform],
    offers: &[RuntimeOffer],
) -> Result<ChosenRuntimes, NoRuntime> {
    let mut admitted: Vec<&RuntimeOffer> = offers.iter().filter(|offer| rule.admits(offer.version)).collect();
    admitted.sort_by_key(|offer| std::cmp::Reverse(offer.version));
    let lacking = |offer: &RuntimeOffer| -> Vec<Platform> {
        platforms.iter().copied().filter(|platform| !offer.archives.contains_key(platform)).collect()
    };
    let Some(newest) = admitted.first() else { return Err(NoRuntime::NoVersion { nearest: nearest(rule, offers) }) };
    if let Some(whole) = admitted.iter().find(|offer| lacking(offer).is_empty()) {
        let archives = platforms.iter().filter_map(|platform| whole.archives.get(platform)).cloned().collect();
        return Ok(BTreeMap::from([(whole.version, archives)]));
    }
    let none = |platform: &Platform| !admitted.iter().any(|offer| offer.archives.contains_key(platform));
    let without: Vec<Platform> = platforms.iter().copied().filter(none).collect();
    if !without.is_empty() {
        return Err(NoRuntime::NoArchive { platforms: without });
    }
    if rule.exact {
        return Err(NoRuntime::NotExact { newest: newest.version, platforms: lacking(newest) });
    }
    let mut chosen = ChosenRuntimes::new();
    for platform in platforms {
        let own = admitted.iter().find_map(|offer| Some((offer.version, offer.archives.get(platform)?)));
        if let Some((version, archive)) = own {
            chosen.entry(version).or_default().push(archive.clone());
        }
    }
    Ok(chosen)
}

/// Returns the versions that are nearest to a range, the newest first.
fn nearest(rule: &ManagedRuntime, offers: &[RuntimeOffer]) -> Vec<RuntimeVersion> {
    let mut versions: Vec<RuntimeVersion> = offers.iter().map(|offer| offer.version).collect();
    versions.sort_unstable();
    versions.dedup();
    let place = versions.partition_point(|version| *version < rule.lowest);
    // One above where there is one, and else below.
    let end = (place + 1).min(versions.len());
    let mut nearest = versions[end.saturating_sub(NEAREST)..end].to_vec();
    nearest.reverse();
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RuntimeSource;

    const LINUX: Platform = Platform::LinuxX64;
    const MACOS: Platform = Platform::MacosArm64;

    fn offer(version: &str, platforms: &[Platform]) -> RuntimeOffer {
        let archive = |platform: &Platform| Artifact {
            platforms: vec![*platform],
            ..Artifact::runtime(format!("{version}-{platform}"))
        };
        let archives = platforms.iter().map(|platform| (*platform, archive(platform))).collect();
        RuntimeOffer { version: version.parse().unwrap(), archives }
    }

    fn chosen(exact: bool, offers: &[RuntimeOffer]) -> Result<Vec<String>, NoRuntime> {
        let source = RuntimeSource::NodeDistribution;
        let rule = ManagedRuntime { lowest: "22.0.0".parse().unwrap(), fixed: 1, exact, source };
        let chosen = choose(&rule, &[LINUX, MACOS], offers)?;
        Ok(chosen.into_values().flatten().map(|archive| archive.file).collect())
    }

    #[test]
    fn the_newest_version_that_all_platforms_have_is_taken() {
        let offers = [offer("22.1.0", &[LINUX, MACOS]), offer("22.2.0", &[LINUX]), offer("23.0.0", &[LINUX, MACOS])];
        assert_eq!(chosen(true, &offers).unwrap(), ["22.1.0-linux-x64", "22.1.0-macos-arm64"]);
    }

    #[test]
    fn platforms_differ_where_no_version_has_both() {
        let offers = [offer("22.1.0", &[MACOS]), offer("22.2.0", &[LINUX]), offer("22.3.0", &[LINUX])];
        assert_eq!(chosen(false, &offers).unwrap(), ["22.1.0-macos-arm64", "22.3.0-linux-x64"]);
        let newest = "22.3.0".parse().unwrap();
        assert_eq!(chosen(true, &offers).unwrap_err(), NoRuntime::NotExact { newest, platforms: vec![MACOS] });
        let error = chosen(false, &offers[1..]).unwrap_err();
        assert_eq!(error, NoRuntime::NoArchive { platforms: vec![MACOS] });
    }

    #[test]
    fn the_nearest_versions_are_named_where_none_fits() {
        let offers = ["18.0.0", "20.0.0", "20.1.0", "24.0.0", "26.0.0"].map(|version| offer(version, &[LINUX]));
        let NoRuntime::NoVersion { nearest } = chosen(false, &offers).unwrap_err() else { panic!() };
        assert_eq!(nearest.iter().map(ToString::to_string).collect::<Vec<_>>(), ["24.0.0", "20.1.0", "20.0.0"]);
    }
}
