//! Packuments: a package's document, as npm registries serve it in full or abbreviated form.
//!
//! A packument may have megabytes, of which little matters. It is parsed in one pass that keeps slices of the text.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::CowStr;

/// A packument. Most fields are kept as raw JSON, because old packages have all kinds of values.
#[derive(Deserialize)]
pub(super) struct Packument<'a> {
    #[serde(borrow)]
    pub(super) name: Option<CowStr<'a>>,
    #[serde(borrow, rename = "dist-tags")]
    pub(super) tags: Option<Entries<'a, Option<CowStr<'a>>>>,
    #[serde(borrow)]
    pub(super) versions: Option<Entries<'a, PackumentVersion<'a>>>,
    #[serde(borrow)]
    pub(super) time: Option<Entries<'a, &'a RawValue>>,
}

/// One version of a packument.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PackumentVersion<'a> {
    #[serde(borrow)]
    pub(super) dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) optional_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) peer_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) peer_dependencies_meta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) bundle_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) bundled_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) engines: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) os: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) cpu: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) libc: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) bin: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) directories: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) has_install_script: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) scripts: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) deprecated: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) dist: Dist<'a>,
}

/// The location and digests of a version's tarball.
#[derive(Deserialize, Default)]
pub(super) struct Dist<'a> {
    #[serde(borrow)]
    pub(super) tarball: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) integrity: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) shasum: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) signatures: Option<&'a RawValue>,
}

impl PackumentVersion<'_> {
    /// Returns whether the version declares executables.
    pub(super) fn has_bin(&self) -> bool {
        let declares = |raw: Option<&RawValue>| raw.is_some_and(|raw| !matches!(raw.get(), "{}" | "\"\"" | "false"));
        declares(self.bin) || self.directories.is_some_and(|raw| raw.get().contains("\"bin\""))
    }

    /// Returns whether npm would run a script when the version is installed.
    pub(super) fn has_install_script(&self) -> bool {
        if self.has_install_script.is_some_and(|raw| raw.get() == "true") {
            return true;
        }
        let Some(scripts) = self.scripts.map(RawValue::get).filter(|text| text.contains("install\"")) else {
            return false;
        };
        let scripts: Entries<'_, &RawValue> = serde_json::from_str(scripts).unwrap_or_default();
        scripts.0.iter().any(|(name, script)| {
            matches!(name.0.as_ref(), "preinstall" | "install" | "postinstall") && script.get().starts_with('"')
        })
    }

    /// Returns the deprecation message. Some packuments have a boolean or an empty text instead.
    pub(super) fn deprecation(&self) -> Option<String> {
        match self.deprecated?.get() {
            "false" | "\"\"" => None,
            "true" => Some("deprecated".to_owned()),
            text => serde_json::from_str::<String>(text).ok().filter(|message| !message.trim().is_empty()),
        }
    }
}

/// The entries of an object, in the order of the text.
#[derive(Debug)]
pub(super) struct Entries<'a, V>(pub(super) Vec<(CowStr<'a>, V)>);

impl<V> Default for Entries<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Entries<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Vec<(CowStr<'de>, V)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(EntriesVisitor(std::marker::PhantomData)).map(Entries)
    }
}

/// Deserializes an object. Any other value becomes the default.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    struct ObjectVisitor<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
            IgnoredAny.visit_seq(seq).map(|_| T::default())
        }

        fn visit_str<E>(self, _: &str) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_bool<E>(self, _: bool) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_unit<E>(self) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_i64<E>(self, _: i64) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_u64<E>(self, _: u64) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_f64<E>(self, _: f64) -> Result<T, E> {
            Ok(T::default())
        }
    }
    deserializer.deserialize_any(ObjectVisitor(std::marker::PhantomData))
}
