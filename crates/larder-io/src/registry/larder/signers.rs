//! Publishers' signatures: whether a version is signed by somebody whom the manifest lets sign it.

use std::sync::Arc;

use crate::diagnostic::Failure;
use crate::manifest::Signer;
use crate::model::{Label, PackageId};
use crate::package::{Published, PublisherKey};
use crate::registry::RegistryError;

/// Checks that a version is signed, if a signer covers its package. `is_before` tells whether the log is seen to have had the
/// version when it was this long.
pub(super) fn check(
    (signers, registry): (&[Signer], &Label),
    package: &PackageId,
    published: &Published,
    is_before: impl Fn(u64) -> Result<bool, Arc<dyn Failure>>,
) -> Result<(), Arc<dyn Failure>> {
    let covering: Vec<&Signer> = signers.iter().filter(|signer| signer.packages.covers(package)).collect();
    if covering.is_empty() {
        return Ok(());
    }
    let signatures = published.deposit.as_ref().map(|deposit| deposit.signatures.as_slice()).unwrap_or_default();
    let has_signed = |signer: &&&Signer| {
        let key = signer.key.parse::<PublisherKey>();
        key.is_ok_and(|key| signatures.iter().any(|text| key.verify(published.body.as_bytes(), text).is_ok()))
    };
    let mut expired = None;
    for signer in covering.iter().filter(|signer| !signer.revoked && has_signed(signer)) {
        match signer.until {
            None => return Ok(()),
            Some(limit) if is_before(limit)? => return Ok(()),
            Some(limit) => expired = Some((signer, limit)),
        }
    }
    let names =
        |signers: &[&Signer]| signers.iter().map(|signer| format!("`{}`", signer.name)).collect::<Vec<_>>().join(", ");
    let reason = match (expired, covering.iter().find(has_signed)) {
        (Some((signer, limit)), _) => format!(
            "its signature is of `{}`, whose key counts for the first {limit} entries of the log, and this version is not seen to be \
             among them",
            signer.name
        ),
        (None, Some(revoked)) => format!("its signature is of `{}`, whose key is revoked", revoked.name),
        (None, None) if signatures.is_empty() => {
            format!("it has no signature, and {} should have signed it", names(&covering))
        }
        (None, None) => {
            format!("none of its signatures is one of {} over what the registry says of it", names(&covering))
        }
    };
    let (registry, package) = (registry.clone(), format!("{} {}", package.name, published.version));
    Err(Arc::new(RegistryError::BadSignature { registry, package, reason }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Exit;
    use crate::manifest::Claim;
    use crate::model::{Ecosystem, PackageName};
    use crate::package::{Deposit, SigningKey};

    fn signer(name: &str, key: &SigningKey, revoked: bool) -> Signer {
        let packages = Claim::parse(Ecosystem::PRIVATE, "orders-*", (0, 0).into()).unwrap();
        Signer {
            name: name.parse().unwrap(),
            key: key.public().unwrap().as_str().into(),
            packages,
            until: None,
            revoked,
        }
    }

    fn published(name: &str, version: &str, signatures: Vec<String>) -> Published {
        let deposit = Deposit {
            artifact: "a.tar.gz".to_owned(),
            sha256: "ab".repeat(32),
            size: 1,
            time: None,
            publisher: None,
            index: None,
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
            super::check((&signers, &registry), &id, published, |_| Ok(false))
                .map_err(|error| (error.exit(), error.to_string()))
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
        // A key that was rotated counts for what the log had before.
        let rotated = [Signer { until: Some(7), ..signer("release", &ours, false) }];
        let id = PackageId::new(Ecosystem::PRIVATE, PackageName::larder(name).unwrap());
        let signed = published(name, "1.0.0", vec![sign(&ours, name, "1.0.0")]);
        let seen = |is_before: bool| {
            let check = super::check((&rotated, &registry), &id, &signed, |limit| Ok(limit == 7 && is_before));
            check.map_err(|error| error.to_string())
        };
        assert_eq!(seen(true), Ok(()));
        assert!(seen(false).unwrap_err().contains("the first 7 entries"));
    }
}
