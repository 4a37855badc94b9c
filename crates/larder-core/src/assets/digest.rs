//! Digests of assets: of their content, and of all that they refer to.
//!
//! The content counts without a byte order mark and with the line ends of Unix, so that a checkout on Windows has the same assets.

use crate::model::TreeDigest;

use super::package::AssetIndex;
use super::set::AssetSet;

impl AssetSet<'_> {
    /// Returns the digest of an asset: equal if its content and that of everything below it is.
    pub fn digest(&self, at: AssetIndex) -> TreeDigest {
        if let Some(known) = self.asset(at).digest.get() {
            return *known;
        }
        let below = self.closure([at]);
        let mut parts: Vec<TreeDigest> =
            below.iter().filter(|other| **other != at).map(|other| self.own_digest(*other)).collect();
        parts.sort_unstable();
        let mut text = b"larder asset 1\0".to_vec();
        text.extend_from_slice(&self.own_digest(at).0);
        for part in parts {
            text.extend_from_slice(&part.0);
        }
        *self.asset(at).digest.get_or_init(|| TreeDigest::of(&text))
    }

    /// Returns the digest of an asset's identity, its own content and what it imports that is no asset.
    pub(super) fn own_digest(&self, at: AssetIndex) -> TreeDigest {
        let (asset, content) = (self.asset(at), self.content(at));
        let mut text = asset.id.to_string().into_bytes();
        let imported = content.imported.iter().filter(|file| self.schema_of_file(&file.file).is_none());
        let mut files: Vec<TreeDigest> = content
            .source
            .iter()
            .chain(imported)
            .map(|file| TreeDigest::of(canonical(&file.text).as_bytes()))
            .collect();
        if let Some((_, imported)) = files.split_first_mut() {
            imported.sort_unstable();
        }
        for file in files {
            text.push(0);
            text.extend_from_slice(&file.0);
        }
        TreeDigest::of(&text)
    }

    /// Returns assets and all to which they refer, directly and through others, sorted.
    pub fn closure(&self, of: impl IntoIterator<Item = AssetIndex>) -> Vec<AssetIndex> {
        let mut seen = std::collections::BTreeSet::new();
        let mut pending: Vec<AssetIndex> = of.into_iter().collect();
        while let Some(at) = pending.pop() {
            if seen.insert(at) {
                pending.extend(self.targets(at));
            }
        }
        seen.into_iter().collect()
    }
}

/// Returns a text as it counts.
pub(super) fn canonical(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}
