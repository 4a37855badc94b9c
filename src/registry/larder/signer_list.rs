//! The list of publishers' keys that a registry has, signed by one root key: who rotates a key edits no consumer.
//!
//! ```text
//! signers.kdl             version 3
//!                         signer "release" "RWQ…" packages="orders-*" until=1234
//!                         signer "release-2" "RWQ…" packages="orders-*"
//! signers.kdl.minisig     the root key's signature over those bytes
//! ```
//!
//! The last list that was believed is kept beside what was seen of the log: an older one is refused, and offline it counts.

use std::sync::Arc;

use super::witness::WitnessFile;
use crate::diagnostic::Failure;
use crate::fetch::Network;
use crate::manifest::{Signer, SignerList, SignerListSource, parse_signers};
use crate::package::PublisherKey;
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;

type Failed = Arc<dyn Failure>;

/// What lies between the list and its signature where they are kept.
const BOUNDARY: u8 = 0;

/// Returns the signers of the list at a registry. `fetch` returns a file of it.
pub(super) fn read(
    client: &RegistryClient,
    source: &SignerListSource,
    witness: &WitnessFile,
    fetch: impl Fn(&str) -> Result<Option<Vec<u8>>, Failed>,
) -> Result<Vec<Signer>, Failed> {
    let wrong = |reason: String| -> Failed {
        Arc::new(RegistryError::SignerList { registry: client.name().clone(), file: source.path.to_string(), reason })
    };
    let kept = witness.signer_list(&source.root);
    let known = kept.as_deref().and_then(|bytes| {
        let boundary = bytes.iter().rposition(|byte| *byte == BOUNDARY)?;
        let (document, signature) = (&bytes[..boundary], &bytes[boundary + 1..]);
        Some((document, open(source, document, signature).ok()?))
    });
    if let (Network::Offline, Some((_, list))) = (client.http.network(), &known) {
        return Ok(list.signers.clone());
    }
    let file = |path: &str| fetch(path)?.ok_or_else(|| wrong(format!("`{path}` is missing")));
    let (document, signature) = (file(source.path.as_str())?, file(&format!("{}.minisig", source.path))?);
    let list = open(source, &document, &signature).map_err(wrong)?;
    if let Some((before, known)) = known {
        if list.version < known.version {
            return Err(wrong(format!(
                "it is version {}, and version {} was seen before",
                list.version, known.version
            )));
        }
        if list.version == known.version && before != document {
            return Err(wrong(format!("another list of version {} was seen before", list.version)));
        }
    }
    witness.keep_signer_list(&source.root, &[&document[..], &[BOUNDARY], &signature].concat());
    Ok(list.signers)
}

/// Reads a list that the root key has signed.
fn open(source: &SignerListSource, document: &[u8], signature: &[u8]) -> Result<SignerList, String> {
    let root: PublisherKey = source.root.parse().map_err(|error| format!("of its `root`, {error}"))?;
    let signature = std::str::from_utf8(signature).map_err(|_| "its signature is no text")?;
    root.verify(document, signature).map_err(|error| format!("of the signature of its `root`, {error}"))?;
    let text = std::str::from_utf8(document).map_err(|_| "it is no text")?;
    parse_signers(source.path.as_str(), text)
        .map_err(|errors| errors.errors.first().map_or_else(|| errors.to_string(), ToString::to_string))
}
