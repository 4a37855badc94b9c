//! The signatures that a packument states of a version: `dist.signatures`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::CowStr;
use crate::provenance::RegistrySignature;

/// The most signatures of a version that are looked at.
const MOST: usize = 16;

#[derive(Deserialize)]
struct StatedSignature<'a> {
    #[serde(borrow)]
    keyid: CowStr<'a>,
    #[serde(borrow)]
    sig: CowStr<'a>,
}

/// Reads `dist.signatures`. Returns no signatures if the field is not a list of them. A signature that is not Base64 is read as empty, which
/// verifies nothing.
pub(super) fn parse(raw: Option<&RawValue>) -> Vec<RegistrySignature> {
    let stated: Vec<&RawValue> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let signatures = stated.into_iter().take(MOST).filter_map(|one| {
        let StatedSignature { keyid, sig } = serde_json::from_str(one.get()).ok()?;
        let signature = STANDARD.decode(sig.0.as_bytes()).unwrap_or_default();
        Some(RegistrySignature { key: keyid.0.into_owned(), signature })
    });
    signatures.collect()
}
