//! Keys of realised packages: the names of the folders in `.larder/node_modules/.packages`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{PackageKey, Platform, RuntimeKey, TreeDigest};

use super::components::components;
use super::link_mode::LinkMode;

/// The folder of a realised package: `react-dom@18.3.1-<hash>`, `@scope+name@1.0.0-<hash>`.
///
/// The hash covers all that makes the folder what it is, so a folder that exists under a key never needs to be looked
/// at again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RealisedKey(Arc<str>);

/// Longest readable part of a key; with the hash it stays below what file systems allow for one name.
const READABLE: usize = 120;

impl RealisedKey {
    fn new(package: &PackageKey, hash: &blake3::Hash) -> Self {
        let mut text = format!("{}@{}", package.id.name.as_str().replace('/', "+"), package.version);
        text.retain(|c| c.is_ascii() && c != '/' && c != '\\');
        text.truncate(READABLE);
        text.push('-');
        text.push_str(&hash.to_hex()[..32]);
        Self(text.into())
    }

    /// Returns the key of a runtime.
    pub(super) fn of_runtime(platform: Platform, runtime: RuntimeKey, tree: TreeDigest, files: LinkMode) -> Self {
        let mut hasher = blake3::Hasher::new();
        for field in ["larder realised runtime 1", platform.as_str(), &runtime.to_string(), files.as_str()] {
            hasher.update(&(field.len() as u64).to_le_bytes()).update(field.as_bytes());
        }
        hasher.update(&tree.0);
        Self(format!("{runtime}-{}", &hasher.finalize().to_hex()[..32]).into())
    }

    /// Returns the folder's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RealisedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not the name of a realised package's folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of a realised package")]
pub struct InvalidRealisedKey(String);

impl FromStr for RealisedKey {
    type Err = InvalidRealisedKey;

    fn from_str(text: &str) -> Result<Self, InvalidRealisedKey> {
        let hashed = text
            .rsplit_once('-')
            .is_some_and(|(_, hash)| hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
        let safe = !text.starts_with('.') && !text.contains(['/', '\\', '\0']) && text.len() <= READABLE + 33;
        if hashed && safe { Ok(Self(text.into())) } else { Err(InvalidRealisedKey(text.to_owned())) }
    }
}

impl TryFrom<String> for RealisedKey {
    type Error = InvalidRealisedKey;

    fn try_from(text: String) -> Result<Self, InvalidRealisedKey> {
        text.parse()
    }
}

/// The input of a key.
#[derive(Clone, Debug)]
pub(super) struct KeyInput<'a> {
    /// The package.
    pub(super) package: &'a PackageKey,
    /// The bound peers.
    pub(super) peers: &'a str,
    /// The digest of the unpacked content.
    pub(super) tree: TreeDigest,
    /// How the files come into the profile.
    pub(super) files: LinkMode,
    /// Dependencies that `extend` gave it, as text, sorted.
    pub(super) extensions: Vec<String>,
    /// (Name it is seen as, what it is), sorted by name.
    pub(super) dependencies: Vec<(&'a str, KeyDependency<'a>)>,
}

/// A dependency, as it is hashed.
#[derive(Clone, Debug)]
pub(super) enum KeyDependency<'a> {
    /// Another realised package, by its place in the list.
    On(usize),
    /// A local folder, linked live.
    Folder(&'a str),
}

/// Computes the keys of packages that may depend on each other. A cycle is hashed as one unit: each of its members'
/// keys covers the whole cycle.
pub(super) fn keys(platform: Platform, packages: &[KeyInput<'_>]) -> Vec<RealisedKey> {
    let edges: Vec<Vec<usize>> =
        packages.iter().map(|package| package.dependencies.iter().filter_map(|(_, on)| on.index()).collect()).collect();
    let mut known: Vec<Option<blake3::Hash>> = vec![None; packages.len()];
    // Components come with those they depend on first, so every hash outside the component is known.
    for mut component in components(&edges) {
        component.sort_by_key(|&at| (packages[at].package, packages[at].peers));
        let unit = unit_hash(platform, packages, &component, &known);
        for (place, &at) in component.iter().enumerate() {
            let mut hasher = blake3::Hasher::new();
            hasher.update(unit.as_bytes()).update(&(place as u64).to_le_bytes());
            known[at] = Some(hasher.finalize());
        }
    }
    packages
        .iter()
        .zip(known)
        .map(|(package, hash)| RealisedKey::new(package.package, &hash.unwrap_or_else(|| blake3::hash(b""))))
        .collect()
}

impl KeyDependency<'_> {
    fn index(&self) -> Option<usize> {
        match self {
            Self::On(index) => Some(*index),
            Self::Folder(_) => None,
        }
    }
}

fn unit_hash(
    platform: Platform,
    packages: &[KeyInput<'_>],
    component: &[usize],
    known: &[Option<blake3::Hash>],
) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    field(b"larder realised package 1");
    field(platform.as_str().as_bytes());
    for &at in component {
        let package = &packages[at];
        field(package.package.to_string().as_bytes());
        field(package.peers.as_bytes());
        field(&package.tree.0);
        field(package.files.as_str().as_bytes());
        field(&(package.extensions.len() as u64).to_le_bytes());
        package.extensions.iter().for_each(|extension| field(extension.as_bytes()));
        field(&(package.dependencies.len() as u64).to_le_bytes());
        for (name, depends) in &package.dependencies {
            field(name.as_bytes());
            match depends {
                KeyDependency::Folder(folder) => {
                    field(b"folder");
                    field(folder.as_bytes());
                }
                KeyDependency::On(index) => {
                    if let Some(place) = component.iter().position(|member| member == index) {
                        field(b"member");
                        field(&(place as u64).to_le_bytes());
                    } else {
                        field(b"package");
                        field(known[*index].as_ref().map_or(&[], |hash| hash.as_bytes()));
                    }
                }
            }
        }
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageId, PackageName, Version};

    fn package(name: &str) -> PackageKey {
        PackageKey {
            id: PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap()),
            version: Version::parse(Ecosystem::Npm, "1.0.0").unwrap(),
        }
    }

    fn plain<'a>(package: &'a PackageKey, content: &str, on: &[(&'a str, usize)]) -> KeyInput<'a> {
        KeyInput {
            package,
            peers: "",
            tree: TreeDigest::of(content.as_bytes()),
            files: LinkMode::Shared,
            extensions: Vec::new(),
            dependencies: on.iter().map(|&(name, at)| (name, KeyDependency::On(at))).collect(),
        }
    }

    #[test]
    fn a_key_is_a_safe_file_name_that_parses_back() {
        let scoped = package("@acme/money");
        let keys = keys(Platform::LinuxX64, &[plain(&scoped, "a", &[])]);
        assert!(keys[0].as_str().starts_with("@acme+money@1.0.0-"), "{}", keys[0]);
        assert_eq!(keys[0].as_str().parse::<RealisedKey>().unwrap(), keys[0]);
        for bad in ["..", "a", "../a-00000000000000000000000000000000", ".a-00000000000000000000000000000000"] {
            assert!(bad.parse::<RealisedKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_changes_with_what_lies_below_it() {
        let (a, b) = (package("a"), package("b"));
        let of = |content: &str, seen: &'static str, platform| {
            keys(platform, &[plain(&a, "a", &[(seen, 1)]), plain(&b, content, &[])])
        };
        let linux = Platform::LinuxX64;
        let base = of("b", "b", linux);
        assert_eq!(base, of("b", "b", linux));
        assert_ne!(base[0], of("changed", "b", linux)[0]);
        assert_ne!(base[0], of("b", "alias", linux)[0]);
        assert_eq!(base[1], of("b", "alias", linux)[1]);
        assert_ne!(base[1], of("b", "b", Platform::MacosArm64)[1]);
    }

    #[test]
    fn a_cycle_is_one_unit_whatever_the_order() {
        let (a, b, c) = (package("a"), package("b"), package("c"));
        let linux = Platform::LinuxX64;
        let one =
            keys(linux, &[plain(&a, "a", &[("b", 1)]), plain(&b, "b", &[("a", 0), ("c", 2)]), plain(&c, "c", &[])]);
        let other =
            keys(linux, &[plain(&c, "c", &[]), plain(&b, "b", &[("a", 2), ("c", 0)]), plain(&a, "a", &[("b", 1)])]);
        assert_eq!(one, [other[2].clone(), other[1].clone(), other[0].clone()]);
        let changed =
            keys(linux, &[plain(&a, "a", &[("b", 1)]), plain(&b, "new", &[("a", 0), ("c", 2)]), plain(&c, "c", &[])]);
        assert!(changed[0] != one[0] && changed[1] != one[1] && changed[2] == one[2]);
    }
}
