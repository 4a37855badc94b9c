//! Publishers' signatures: whether a version is signed by somebody whom the manifest lets sign it.

use crate::manifest::Signer;
use crate::model::{Label, PackageId};
use crate::package::{Published, PublisherKey};
use crate::registry::RegistryError;

/// Checks that a version is signed, if a `signer` line covers its package.
pub(super) fn check(
    signers: &[Signer],
    registry: &Label,
    package: &PackageId,
    published: &Published,
) -> Result<(), RegistryError> {
    let covering: Vec<&Signer> = signers.iter().filter(|signer| signer.packages.covers(package)).collect();
    if covering.is_empty() {
        return Ok(());
    }
    let signatures = published.deposit.as_ref().map(|deposit| deposit.signatures.as_slice()).unwrap_or_default();
    let has_signed = |signer: &&&Signer| {
        let key = signer.key.parse::<PublisherKey>();
        key.is_ok_and(|key| signatures.iter().any(|text| key.verify(published.body.as_bytes(), text).is_ok()))
    };
    if covering.iter().filter(|signer| !signer.revoked).any(|signer| has_signed(&signer)) {
        return Ok(());
    }
    let names =
        |signers: &[&Signer]| signers.iter().map(|signer| format!("`{}`", signer.name)).collect::<Vec<_>>().join(", ");
    let reason = match covering.iter().find(has_signed) {
        Some(revoked) => format!("its signature is of `{}`, whose key is revoked", revoked.name),
        None if signatures.is_empty() => format!("it has no signature, and {} should have signed it", names(&covering)),
        None => format!("none of its signatures is one of {} over what the registry says of it", names(&covering)),
    };
    Err(RegistryError::BadSignature {
        registry: registry.clone(),
        package: format!("{} {}", package.name, published.version),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Exit, Failure};
    use crate::manifest::Claim;
    use crate::model::{Ecosystem, PackageName};
    use crate::package::{Deposit, SigningKey};

    fn signer(name: &str, key: &SigningKey, revoked: bool) -> Signer {
        let packages = Claim::parse(Ecosystem::PRIVATE, "orders-*", (0, 0).into()).unwrap();
        Signer { name: name.parse().unwrap(), key: key.public().unwrap().as_str().into(), packages, revoked }
    }

    fn published(name: &str, version: &str, signatures: Vec<String>) -> Published {
        let deposit = Deposit {
            artifact: "a.tar.gz".to_owned(),
            sha256: "ab".repeat(32),
            size: 1,
            time: None,
            publisher: None,
            signatures,
        };
        let body = body(name, version);
        let version = version.parse().unwrap();
        Published { version, body, deposit: Some(deposit), yanked: None, status: None }
    }

    fn body(name: &str, version: &str) -> String {
        format!(r#"{{"name":"{name}","version":"{version}"}}"#)
    }

    #[test]
    fn only_a_signature_over_this_body_by_a_key_that_counts_will_do() {
        let (ours, theirs, old) =
            (SigningKey::generate().unwrap(), SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let signers = vec![signer("release", &ours, false), signer("old", &old, true)];
        let registry: Label = "acme".parse().unwrap();
        let check = |name: &str, published: &Published| {
            let id = PackageId::new(Ecosystem::PRIVATE, PackageName::larder(name).unwrap());
            super::check(&signers, &registry, &id, published).map_err(|error| (error.exit(), error.to_string()))
        };
        let sign = |key: &SigningKey, name: &str, version: &str| key.sign(body(name, version).as_bytes(), "x");
        let name = "orders-client";
        assert_eq!(check(name, &published(name, "1.0.0", vec![sign(&ours, name, "1.0.0")])), Ok(()));
        assert_eq!(check("money", &published("money", "1.0.0", Vec::new())), Ok(()));
        for (signatures, expected) in [
            (Vec::new(), "has no signature"),
            (vec![sign(&theirs, name, "1.0.0")], "none of its signatures"),
            // A signature of another version, or of another package.
            (vec![sign(&ours, name, "0.9.0")], "none of its signatures"),
            (vec![sign(&ours, "orders-other", "1.0.0")], "none of its signatures"),
            (vec![sign(&old, name, "1.0.0")], "revoked"),
        ] {
            let (exit, message) = check(name, &published(name, "1.0.0", signatures)).unwrap_err();
            assert_eq!(exit, Exit::Integrity);
            assert!(message.contains(expected), "{message}");
        }
        // The registry changes the dependencies below the signature.
        let mut changed = published(name, "1.0.0", vec![sign(&ours, name, "1.0.0")]);
        changed.body = changed.body.replace('}', r#","dependencies":[]}"#);
        assert!(check(name, &changed).is_err());
    }
}
