//! The document as TOML has it; texts borrow from the file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::model::{CowStr, PackageDescriptor, Uid};

/// The tables of a lock: the fields of [`LockDocument`] but for the version.
pub(super) const TABLES: [&str; 8] =
    ["settings", "require", "package", "build", "tool", "runtime", "provenance", "log"];

/// The version of a lock that any larder reads.
pub(in crate::lock) const FIRST: u64 = 1;

/// The version of one with `[[build.instance]]` tables, which earlier larders do not know.
pub(in crate::lock) const WITH_BUILD_INSTANCES: u64 = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::lock) struct LockDocument<'a> {
    #[serde(rename = "version")]
    pub(super) _version: u64,
    #[serde(borrow, default)]
    pub(super) settings: SettingsTable<'a>,
    #[serde(borrow, default)]
    pub(super) require: Vec<RequireTable<'a>>,
    #[serde(borrow, default)]
    pub(super) package: Vec<PackageTable<'a>>,
    #[serde(borrow, default)]
    pub(super) build: Vec<BuildTable<'a>>,
    #[serde(borrow, default)]
    pub(super) tool: Vec<PackageTable<'a>>,
    #[serde(borrow, default)]
    pub(super) runtime: Vec<RuntimeTable<'a>>,
    #[serde(borrow, default)]
    pub(super) provenance: Vec<ProvenanceTable<'a>>,
    #[serde(borrow, default)]
    pub(super) log: Vec<LogTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogTable<'a> {
    #[serde(borrow)]
    pub(super) registry: CowStr<'a>,
    #[serde(borrow)]
    pub(super) key: CowStr<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProvenanceTable<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow)]
    pub(super) repository: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) workflow: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) issuer: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) before_repository: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) before_workflow: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) before_issuer: Option<CowStr<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeTable<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow)]
    pub(super) source: CowStr<'a>,
    #[serde(borrow)]
    pub(super) publisher: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) artifacts: Vec<ArtifactTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuildTable<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow, default)]
    pub(super) requires: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) tools: Vec<EdgeEntry<'a>>,
    #[serde(borrow)]
    pub(super) scripts: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) approved: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) instance: Vec<BuildInstanceTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuildInstanceTable<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow, default)]
    pub(super) edges: Vec<EdgeEntry<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SettingsTable<'a> {
    #[serde(borrow, default)]
    pub(super) platforms: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) node: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) python: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) npm_peers: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) prereleases: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) engines: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) released_before: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) age_cutoff: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) overrides: Vec<OverrideTable<'a>>,
    #[serde(borrow, default)]
    pub(super) extensions: Vec<ExtensionTable<'a>>,
    #[serde(borrow, default)]
    pub(super) writable: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) owners: Vec<OwnerTable<'a>>,
    #[serde(borrow, default)]
    pub(super) patches: Vec<PatchTable<'a>>,
    pub(super) forgotten: Option<u32>,
    /// What the instance has that packages are for.
    #[serde(borrow, default, rename = "creatio")]
    pub(super) instance: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) sides: Vec<CowStr<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideTable<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) parent: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) asked: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) with: Option<RequirementTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionTable<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) with: RequirementTable<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerTable<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) files: CowStr<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchTable<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) version: CowStr<'a>,
    #[serde(borrow)]
    pub(super) digest: CowStr<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequirementTable<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) beta: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequireTable<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) beta: bool,
    #[serde(borrow)]
    pub(super) member: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) group: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(borrow, default)]
    pub(super) to: Vec<EdgeEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(clippy::struct_excessive_bools, reason = "each is a line of the format")]
pub(super) struct PackageTable<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow)]
    pub(super) registry: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) git: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) branch: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) tag: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) rev: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) subdirectory: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) commit: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<CowStr<'a>>,
    /// Of a tool: what stands for each platform in its URL.
    #[serde(borrow, default)]
    pub(super) words: Vec<CowStr<'a>>,
    /// Of a tool: what it brings to `bin`.
    #[serde(borrow, default)]
    pub(super) programs: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) folder: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) uid: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) r#type: u32,
    #[serde(default)]
    pub(super) install_behavior: u32,
    #[serde(borrow)]
    pub(super) maintainer: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) needs_license: bool,
    #[serde(borrow)]
    pub(super) tree: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) history: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) unsigned: bool,
    #[serde(borrow, default)]
    pub(super) artifacts: Vec<ArtifactTable<'a>>,
    #[serde(borrow, default)]
    pub(super) os: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) cpu: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) libc: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) node: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) requires_python: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) bin: bool,
    #[serde(default)]
    pub(super) install_script: bool,
    #[serde(borrow)]
    pub(super) deprecated: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) yanked: bool,
    #[serde(borrow, default)]
    pub(super) edges: Vec<EdgeEntry<'a>>,
    #[serde(borrow, default)]
    pub(super) dropped: Vec<DroppedTable<'a>>,
    #[serde(borrow, default)]
    pub(super) instance: Vec<InstanceTable<'a>>,
}

impl PackageTable<'_> {
    /// Returns what the package's descriptor says of it.
    pub(super) fn descriptor(&self, uid: Uid) -> PackageDescriptor {
        PackageDescriptor {
            uid,
            kind: self.r#type,
            install_behavior: self.install_behavior,
            maintainer: self.maintainer.as_deref().map(str::to_owned),
            needs_license: self.needs_license,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstanceTable<'a> {
    #[serde(borrow)]
    pub(super) peers: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) edges: Vec<EdgeEntry<'a>>,
    #[serde(borrow, default)]
    pub(super) dropped: Vec<DroppedTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArtifactTable<'a> {
    #[serde(borrow)]
    pub(super) file: CowStr<'a>,
    #[serde(borrow)]
    pub(super) kind: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) digest: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) location: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) platforms: Vec<CowStr<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DroppedTable<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) reason: Option<CowStr<'a>>,
}

/// An edge: its target alone where it is plain, else a table.
pub(super) struct EdgeEntry<'a> {
    pub(super) to: CowStr<'a>,
    pub(super) more: Option<Box<EdgeTable<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EdgeTable<'a> {
    #[serde(borrow)]
    to: CowStr<'a>,
    #[serde(borrow, rename = "as")]
    pub(super) name: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) kind: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) extra: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) platforms: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) unmet: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) sides: Vec<CowStr<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for EdgeEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EdgeVisitor;
        impl<'de> Visitor<'de> for EdgeVisitor {
            type Value = EdgeEntry<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package's id, or a table with `to`")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<EdgeEntry<'de>, E> {
                Ok(EdgeEntry { to: CowStr(Cow::Borrowed(text)), more: None })
            }

            fn visit_str<E>(self, text: &str) -> Result<EdgeEntry<'de>, E> {
                Ok(EdgeEntry { to: CowStr(Cow::Owned(text.to_owned())), more: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EdgeEntry<'de>, A::Error> {
                let table = EdgeTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(EdgeEntry { to: table.to.clone(), more: Some(Box::new(table)) })
            }
        }
        deserializer.deserialize_any(EdgeVisitor)
    }
}
