//! What a manifest believes of a registry that signs its packages itself: `key`.

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use crate::model::RegistryKey;

/// `key "MFkw…" expires="2025-01-29T00:00:00Z"`: a key with which the registry signs what it has.
pub(super) fn read(node: ManifestNode<'_>, errors: &mut Errors) -> Option<RegistryKey> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 1), properties: &["expires"], block: BlockRule::Never, example: "key \"MFkw…\"" };
    let parts = node.read_parts(&SHAPE, errors);
    let text = parts.argument(0).and_then(|value| value.string(errors));
    let expires = parts.property("expires").map(|value| value.instant(errors));
    let text = text?;
    match text.value.parse::<RegistryKey>() {
        Ok(key) => Some(key.expiring(expires.flatten())),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "the key of a registry",
                reason: error.to_string(),
                help: None,
                span: text.span,
            });
            None
        }
    }
}
