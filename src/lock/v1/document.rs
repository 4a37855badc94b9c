//! The document as TOML has it; texts borrow from the file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::model::Text;

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
    pub(super) platforms: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) node: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) python: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) npm_peers: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) prereleases: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) engines: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) released_before: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) overrides: Vec<Override<'a>>,
    #[serde(borrow, default)]
    pub(super) extensions: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub(super) writable: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) owners: Vec<Owner<'a>>,
    pub(super) forgotten: Option<u32>,
    #[serde(borrow, default)]
    pub(super) sides: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override<'a> {
    #[serde(borrow)]
    pub(super) package: Text<'a>,
    #[serde(borrow)]
    pub(super) parent: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) with: Option<Requirement<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extension<'a> {
    #[serde(borrow)]
    pub(super) package: Text<'a>,
    #[serde(borrow)]
    pub(super) with: Requirement<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Owner<'a> {
    #[serde(borrow)]
    pub(super) package: Text<'a>,
    #[serde(borrow)]
    pub(super) files: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) range: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Require<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) range: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) when: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) member: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) group: Option<Text<'a>>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(borrow, default)]
    pub(super) to: Vec<Edge<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) registry: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) folder: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) artifacts: Vec<Artifact<'a>>,
    #[serde(borrow, default)]
    pub(super) os: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) cpu: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) libc: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) node: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) requires_python: Option<Text<'a>>,
    #[serde(default)]
    pub(super) bin: bool,
    #[serde(default)]
    pub(super) install_script: bool,
    #[serde(borrow)]
    pub(super) deprecated: Option<Text<'a>>,
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
    pub(super) peers: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) edges: Vec<Edge<'a>>,
    #[serde(borrow, default)]
    pub(super) dropped: Vec<Dropped<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Artifact<'a> {
    #[serde(borrow)]
    pub(super) file: Text<'a>,
    #[serde(borrow)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) digest: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) location: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) platforms: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dropped<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) range: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
}

/// An edge: its target alone where it is plain, else a table.
pub(super) struct Edge<'a> {
    pub(super) to: Text<'a>,
    pub(super) more: Option<Box<EdgeTable<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EdgeTable<'a> {
    #[serde(borrow)]
    to: Text<'a>,
    #[serde(borrow, rename = "as")]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) extra: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) extras: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) platforms: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) unmet: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) sides: Vec<Text<'a>>,
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
                Ok(Edge { to: Text(Cow::Borrowed(text)), more: None })
            }

            fn visit_str<E>(self, text: &str) -> Result<Edge<'de>, E> {
                Ok(Edge { to: Text(Cow::Owned(text.to_owned())), more: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Edge<'de>, A::Error> {
                let table = EdgeTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Edge { to: table.to.clone(), more: Some(Box::new(table)) })
            }
        }
        deserializer.deserialize_any(EdgeVisitor)
    }
}
