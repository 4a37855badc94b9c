//! The documents in which registries keep attestations, as Sigstore bundles.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The most bundles of a document that are looked at.
const MOST: usize = 32;

/// Reads what an npm registry answers at `/-/npm/v1/attestations/NAME@VERSION`. Returns the bundles, as JSON.
pub fn npm_bundles(document: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct NpmAttestations<'a> {
        #[serde(borrow, default)]
        attestations: Vec<Stated<'a>>,
    }
    #[derive(Deserialize)]
    struct Stated<'a> {
        #[serde(borrow)]
        bundle: Option<&'a RawValue>,
    }
    let parsed: Option<NpmAttestations<'_>> = serde_json::from_slice(document).ok();
    let stated = parsed.map(|document| document.attestations).unwrap_or_default();
    stated.iter().take(MOST).filter_map(|one| one.bundle).map(|bundle| bundle.get().to_owned()).collect()
}

/// Reads the provenance of a file of PyPI (PEP 740), and makes a bundle of each attestation, as JSON.
pub fn pep740_bundles(document: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Pep740Provenance {
        #[serde(default)]
        attestation_bundles: Vec<Published>,
    }
    #[derive(Deserialize)]
    struct Published {
        #[serde(default)]
        attestations: Vec<Attestation>,
    }
    #[derive(Deserialize)]
    struct Attestation {
        version: u32,
        verification_material: Material,
        envelope: Envelope,
    }
    #[derive(Deserialize)]
    struct Material {
        certificate: String,
        #[serde(default)]
        transparency_entries: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct Envelope {
        statement: String,
        signature: String,
    }
    let parsed: Option<Pep740Provenance> = serde_json::from_slice(document).ok();
    let published = parsed.map(|document| document.attestation_bundles).unwrap_or_default();
    let attestations = published.into_iter().flat_map(|one| one.attestations).filter(|one| one.version == 1);
    let bundles = attestations.take(MOST).map(|Attestation { verification_material, envelope, .. }| {
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": verification_material.certificate },
                "tlogEntries": verification_material.transparency_entries,
            },
            "dsseEnvelope": {
                "payload": envelope.statement,
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{ "sig": envelope.signature, "keyid": "" }],
            },
        })
        .to_string()
    });
    bundles.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_documents_have_no_bundles() {
        for other in ["", "[]", "{}", "{\"attestations\": 1}", "{\"attestation_bundles\": [{\"attestations\": [{}]}]}"]
        {
            assert!(npm_bundles(other.as_bytes()).is_empty() && pep740_bundles(other.as_bytes()).is_empty(), "{other}");
        }
        let document =
            br#"{"attestations": [{"predicateType": "x", "bundle": {"mediaType": "m"}}, {"predicateType": "y"}]}"#;
        assert_eq!(npm_bundles(document), [r#"{"mediaType": "m"}"#]);
    }
}
