//! What a manifest believes of a registry of private packages: `key`, `signer`, `freshness`.

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::{Claim, LogTrust, ManifestError, Signer, Spanned};
use crate::model::{Ecosystem, LogKey};

/// The options of this kind.
pub(super) const OPTIONS: [&str; 3] = ["key", "signer", "freshness"];

const ONE: NodeShape =
    NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "key \"ORIGIN+HASH+KEY\"" };

/// Reads an option of a registry that packages are published to with larder.
pub(super) fn read(node: ManifestNode<'_>, trust: &mut LogTrust, errors: &mut Errors) {
    match node.name() {
        "key" => {
            let Some(text) = node.read_parts(&ONE, errors).argument(0).and_then(|value| value.string(errors)) else {
                return;
            };
            match text.value.parse::<LogKey>() {
                Ok(key) => trust.keys.push(key),
                Err(_) => errors.push(ManifestError::BadValue {
                    value: text.value.to_owned(),
                    what: "the key of a log",
                    reason: "one is written ORIGIN+HASH+KEY".to_owned(),
                    help: Some(
                        "`larder registry init` prints it; larder-registry.json beside the registry has it too"
                            .to_owned(),
                    ),
                    span: text.span,
                }),
            }
        }
        "signer" => trust.signers.extend(read_signer(node, errors)),
        _ => {
            const AGE: NodeShape =
                NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "freshness \"7d\"" };
            trust.freshness = node.read_parts(&AGE, errors).argument(0).and_then(|value| value.duration(errors));
        }
    }
}

fn read_signer(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Signer> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &["packages", "revoked"],
        block: BlockRule::Never,
        example: "signer \"NAME\" \"RWQ…\" packages=\"GLOB\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let key = parts.argument(1).and_then(|value| value.string(errors));
    let glob = parts.property("packages").map(|value| value.string(errors));
    let revoked = parts.property("revoked").and_then(|value| value.boolean(errors)).unwrap_or_default();
    let (name, key) = (name?.value, key?);
    let glob = match glob {
        Some(glob) => glob?,
        None => Spanned { value: "*", span: node.head_span() },
    };
    let bad = |value: &str, what, reason: String, span| ManifestError::BadValue {
        value: value.to_owned(),
        what,
        reason,
        help: None,
        span,
    };
    if !is_minisign_key(key.value) {
        let reason = "one is 56 characters of base64 that begin with `RW`".to_owned();
        errors.push(bad(key.value, "a publisher's key", reason, key.span));
        return None;
    }
    match Claim::parse(Ecosystem::PRIVATE, glob.value, glob.span) {
        Ok(packages) => Some(Signer { name, key: key.value.into(), packages, revoked }),
        Err(reason) => {
            errors.push(bad(glob.value, "a glob", reason, glob.span));
            None
        }
    }
}

/// Returns whether a text has the form of minisign's public keys: `Ed`, an id of 8 bytes and a key of 32.
fn is_minisign_key(text: &str) -> bool {
    text.len() == 56
        && text.starts_with("RW")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
