//! The document as TOML has it; texts borrow from the file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::model::CowStr;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::lock) struct Document<'a> {
    #[serde(rename = "version")]
    pub(super) _version: u64,
    #[serde(borrow, default)]
    pub(super) settings: Settings<'a>,
    #[serde(borrow, default)]
    pub(super) require: Vec<Require<'a>>,
    #[serde(borrow, default)]
    pub(super) package: Vec<Package<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings<'a> {
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
    #[serde(borrow, default)]
    pub(super) overrides: Vec<Override<'a>>,
    #[serde(borrow, default)]
    pub(super) extensions: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub(super) writable: Vec<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) owners: Vec<Owner<'a>>,
    pub(super) forgotten: Option<u32>,
    #[serde(borrow, default)]
    pub(super) sides: Vec<CowStr<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) parent: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) with: Option<Requirement<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extension<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) with: Requirement<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Owner<'a> {
    #[serde(borrow)]
    pub(super) package: CowStr<'a>,
    #[serde(borrow)]
    pub(super) files: CowStr<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<CowStr<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Require<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) member: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) group: Option<CowStr<'a>>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(borrow, default)]
    pub(super) to: Vec<Edge<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) id: CowStr<'a>,
    #[serde(borrow)]
    pub(super) registry: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) folder: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) artifacts: Vec<Artifact<'a>>,
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
    pub(super) edges: Vec<Edge<'a>>,
    #[serde(borrow, default)]
    pub(super) dropped: Vec<Dropped<'a>>,
    #[serde(borrow, default)]
    pub(super) instance: Vec<Instance<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance<'a> {
    #[serde(borrow)]
    pub(super) peers: Option<CowStr<'a>>,
    #[serde(borrow, default)]
    pub(super) edges: Vec<Edge<'a>>,
    #[serde(borrow, default)]
    pub(super) dropped: Vec<Dropped<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Artifact<'a> {
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
pub(super) struct Dropped<'a> {
    #[serde(borrow)]
    pub(super) name: CowStr<'a>,
    #[serde(borrow)]
    pub(super) range: Option<CowStr<'a>>,
    #[serde(borrow)]
    pub(super) reason: Option<CowStr<'a>>,
}

/// An edge: its target alone where it is plain, else a table.
pub(super) struct Edge<'a> {
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

impl<'de: 'a, 'a> Deserialize<'de> for Edge<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EdgeVisitor;
        impl<'de> Visitor<'de> for EdgeVisitor {
            type Value = Edge<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package's id, or a table with `to`")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Edge<'de>, E> {
                Ok(Edge { to: CowStr(Cow::Borrowed(text)), more: None })
            }

            fn visit_str<E>(self, text: &str) -> Result<Edge<'de>, E> {
                Ok(Edge { to: CowStr(Cow::Owned(text.to_owned())), more: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Edge<'de>, A::Error> {
                let table = EdgeTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Edge { to: table.to.clone(), more: Some(Box::new(table)) })
            }
        }
        deserializer.deserialize_any(EdgeVisitor)
    }
}
