//! What a manifest believes of a registry of private packages: `key`, `signer`, `signers`, `freshness`; and the list of signers
//! that a registry has.

use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue, UniqueNodes, nodes};
use super::{Claim, LogTrust, ManifestError, ManifestErrors, Signer, SignerList, SignerListSource, Spanned, syntax};
use crate::model::{Ecosystem, EntryPath, LogKey};

/// The options of this kind.
pub(super) const OPTIONS: [&str; 4] = ["key", "signer", "signers", "freshness"];

/// What a list of signers has.
const LIST: [&str; 2] = ["version", "signer"];

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
        "signers" => trust.signer_list = read_list_source(node, errors),
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
        properties: &["packages", "revoked", "until"],
        block: BlockRule::Never,
        example: "signer \"NAME\" \"RWQ…\" packages=\"GLOB\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let key = parts.argument(1).and_then(|value| value.string(errors));
    let glob = parts.property("packages").map(|value| value.string(errors));
    let revoked = parts.property("revoked").and_then(|value| value.boolean(errors)).unwrap_or_default();
    let until = parts.property("until").and_then(|value| value.number((0, 1 << 48), errors));
    let until = until.and_then(|until| u64::try_from(until).ok());
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
    let key = checked_key(&key, errors)?;
    match Claim::parse(Ecosystem::PRIVATE, glob.value, glob.span) {
        Ok(packages) => Some(Signer { name, key: key.into(), packages, until, revoked }),
        Err(reason) => {
            errors.push(bad(glob.value, "a glob", reason, glob.span));
            None
        }
    }
}

fn read_list_source(node: ManifestNode<'_>, errors: &mut Errors) -> Option<SignerListSource> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["root"],
        block: BlockRule::Never,
        example: "signers \"signers.kdl\" root=\"RWQ…\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let path = parts.argument(0).and_then(|value| value.string(errors));
    let root = if let Some(root) = parts.property("root") {
        root.string(errors).and_then(|root| checked_key(&root, errors))
    } else {
        let help = Some("whose signature the list has: `signers \"signers.kdl\" root=\"RWQ…\"`".to_owned());
        errors.push(node.missing_error("`root=`", help));
        None
    };
    let path = path?;
    match EntryPath::parse(path.value) {
        Ok(found) => Some(SignerListSource { path: found, root: root?.into() }),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: path.value.to_owned(),
                what: "a file of a registry",
                reason: format!("it {error}"),
                help: Some("give its path below the registry's URL: \"signers.kdl\"".to_owned()),
                span: path.span,
            });
            None
        }
    }
}

/// Parses the list of signers that a registry has.
pub fn parse_signers(file: &str, text: &str) -> Result<SignerList, ManifestErrors> {
    let mut errors = Errors::new();
    let (mut version, mut signers) = (None, Vec::new());
    match syntax::parse(text) {
        Ok(parsed) => {
            let mut once = UniqueNodes::default();
            for node in nodes(&parsed.document, &parsed.blanked) {
                match node.name() {
                    "version" => {
                        once.check(node, &mut errors);
                        version = node
                            .single_value(&mut errors)
                            .and_then(|value: NodeValue<'_>| value.number((1, i64::MAX), &mut errors));
                    }
                    "signer" => signers.extend(read_signer(node, &mut errors)),
                    _ => node.report_unknown("in a list of signers", &LIST, &mut errors),
                }
            }
            errors.extend(parsed.repaired);
        }
        Err(found) => errors.extend(found),
    }
    let version = version.and_then(|version| u64::try_from(version).ok());
    if version.is_none() && errors.is_empty() {
        errors.push(ManifestError::BadValue {
            value: String::new(),
            what: "a list of signers",
            reason: "it has no `version`".to_owned(),
            help: Some("begin it with `version 1`, and raise that with each change".to_owned()),
            span: (0, 0).into(),
        });
    }
    match ManifestErrors::new(file, &text.into(), errors) {
        Some(errors) => Err(errors),
        None => Ok(SignerList { version: version.unwrap_or_default(), signers }),
    }
}

/// Returns a key of minisign, or reports that it is none.
fn checked_key<'k>(key: &Spanned<&'k str>, errors: &mut Errors) -> Option<&'k str> {
    if is_minisign_key(key.value) {
        return Some(key.value);
    }
    errors.push(ManifestError::BadValue {
        value: key.value.to_owned(),
        what: "a key of minisign",
        reason: "one is 56 characters of base64 that begin with `RW`".to_owned(),
        help: None,
        span: key.span,
    });
    None
}

/// Returns whether a text has the form of minisign's public keys: `Ed`, an id of 8 bytes and a key of 32.
fn is_minisign_key(text: &str) -> bool {
    text.len() == 56
        && text.starts_with("RW")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
