//! The list of publishers' keys that a registry has, signed by one root key: who rotates a key edits no consumer.
//!
//! ```text
//! signers.kdl             version 3
//!                         signer "release" "RWQ…" packages="orders-*" until=1234
//!                         signer "release-2" "RWQ…" packages="orders-*"
//! signers.kdl.minisig     the root key's signature over those bytes
//! ```
//!
//! The last list that was believed is kept beside what was seen of the log. It counts offline, and while the registry shows an older
//! list, none, or one that does not belong to the signature beside it: two files arrive one after the other.

use std::sync::Arc;

use super::reading::{SharedFailure, fetch, until_settled};
use super::witness::WitnessFile;
use crate::fetch::Network;
use crate::manifest::{Signer, SignerList, SignerListSource, parse_signers};
use crate::package::{PublisherKey, SignatureError};
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;

/// What lies between the list and its signature where they are kept. Neither has it.
const BOUNDARY: u8 = 0;

/// The signers that count, and what a user should hear about them.
pub(super) struct ReadSigners {
    pub(super) signers: Vec<Signer>,
    pub(super) warning: Option<String>,
}

/// Why a list does not count.
enum ListFault {
    /// The files may be of different ages, or an older list.
    Unsettled(String),
    /// The list is not the root key's.
    Wrong(String),
}

/// A list whose signature was checked, as it was read.
struct SignedList {
    document: Vec<u8>,
    signature: Vec<u8>,
    list: SignerList,
}

/// Returns the files that a list consists of: itself, and its signature.
pub(super) fn paths(source: &SignerListSource) -> [String; 2] {
    [source.path.to_string(), format!("{}.minisig", source.path)]
}

/// Reads the signers of the list at a registry.
pub(super) fn read(
    client: &RegistryClient,
    source: &SignerListSource,
    witness: &WitnessFile,
) -> Result<ReadSigners, SharedFailure> {
    let known = kept(source, witness);
    if client.http.network() == Network::Offline
        && let Some(known) = known
    {
        return Ok(ReadSigners { signers: known.list.signers, warning: None });
    }
    let read = until_settled(
        |fault| matches!(fault, ListFault::Unsettled(_)),
        |_| {
            let [document, signature] = paths(source).map(|path| fetch(client, &path, true));
            Ok(match (document?, signature?) {
                (Some(document), Some(signature)) => open(source, document, signature, known.as_ref()),
                (None, _) => Err(ListFault::Unsettled("it is missing".to_owned())),
                (_, None) => Err(ListFault::Unsettled("its signature, `.minisig` beside it, is missing".to_owned())),
            })
        },
    )?;
    let (registry, file) = (client.name().clone(), source.path.to_string());
    match (read, known) {
        (Ok(SignedList { document, signature, list }), _) => {
            witness.keep_signer_list(&source.root, &[&document[..], &[BOUNDARY], &signature].concat());
            Ok(ReadSigners { signers: list.signers, warning: None })
        }
        (Err(ListFault::Unsettled(reason)), Some(known)) => {
            let warning = format!(
                "`{file}` of registry `{registry}`, which says who signs, does not count: {reason}. Version {}, which was seen before, \
                 does",
                known.list.version
            );
            Ok(ReadSigners { signers: known.list.signers, warning: Some(warning) })
        }
        (Err(ListFault::Unsettled(reason)), None) => {
            Err(Arc::new(RegistryError::UnsettledSigners { registry, file, reason }))
        }
        (Err(ListFault::Wrong(reason)), _) => Err(Arc::new(RegistryError::WrongSigners { registry, file, reason })),
    }
}

/// Returns the list that was believed last.
fn kept(source: &SignerListSource, witness: &WitnessFile) -> Option<SignedList> {
    let bytes = witness.signer_list(&source.root)?;
    let boundary = bytes.iter().rposition(|byte| *byte == BOUNDARY)?;
    open(source, bytes[..boundary].to_vec(), bytes[boundary + 1..].to_vec(), None).ok()
}

/// Reads a list that the root key has signed, and that is no older one than is known.
fn open(
    source: &SignerListSource,
    document: Vec<u8>,
    signature: Vec<u8>,
    known: Option<&SignedList>,
) -> Result<SignedList, ListFault> {
    let wrong = |reason: &str| ListFault::Wrong(reason.to_owned());
    let root: PublisherKey =
        source.root.parse().map_err(|error| ListFault::Wrong(format!("of its `root`, {error}")))?;
    let signature_text = std::str::from_utf8(&signature).map_err(|_| wrong("its signature is no text"))?;
    root.verify(&document, signature_text).map_err(|error| match error {
        SignatureError::Wrong => ListFault::Unsettled("the signature beside it is one of another list".to_owned()),
        error => ListFault::Wrong(format!("of the signature beside it, {error}")),
    })?;
    let text = std::str::from_utf8(&document).map_err(|_| wrong("it is no text"))?;
    let list = parse_signers(source.path.as_str(), text).map_err(|errors| {
        ListFault::Wrong(errors.errors.first().map_or_else(|| errors.to_string(), ToString::to_string))
    })?;
    match known {
        Some(known) if list.version < known.list.version => {
            Err(ListFault::Unsettled(format!("it is version {}, an older one", list.version)))
        }
        Some(known) if list.version == known.list.version && known.document != document => {
            Err(ListFault::Wrong(format!("another list of version {} was seen before", list.version)))
        }
        _ => Ok(SignedList { document, signature, list }),
    }
}
