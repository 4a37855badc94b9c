//! The text of keys: `npm:react-dom@18.3.1(react@18.3.1)`.

use crate::model::{Ecosystem, InstanceKey, PackageId, PackageKey, PackageName, Version};

/// Parses `npm:react` or `pypi+cpu:torch`. The error is a sentence.
pub(super) fn package_id(text: &str) -> Result<PackageId, String> {
    let (ecosystem, name) =
        text.split_once(':').ok_or_else(|| format!("`{text}` does not begin with an ecosystem, like `npm:react`"))?;
    let (ecosystem, registry) = match ecosystem.split_once('+') {
        Some((ecosystem, registry)) => (ecosystem, Some(registry)),
        None => (ecosystem, None),
    };
    let ecosystem: Ecosystem = ecosystem.parse().map_err(|e: crate::model::EcosystemError| e.to_string())?;
    let registry = registry.map(str::parse).transpose().map_err(|e: crate::model::LabelError| e.to_string())?;
    let name = PackageName::parse(ecosystem, name).map_err(|e| e.to_string())?;
    Ok(PackageId { registry, ..PackageId::new(ecosystem, name) })
}

/// Parses `npm:react@18.3.1`.
pub(super) fn package_key(text: &str) -> Result<PackageKey, String> {
    let key = instance_key(text)?;
    if key.peers.is_empty() { Ok(key.package) } else { Err(format!("`{text}` has peers where a package is named")) }
}

/// Parses `npm:react-dom@18.3.1(react@18.3.1)`. A scope begins with `@` too, and names may have parentheses, but no
/// version does.
pub(super) fn instance_key(text: &str) -> Result<InstanceKey, String> {
    let error = || format!("`{text}` is not like `npm:react@18.3.1`");
    let colon = text.find(':').ok_or_else(error)?;
    let after = text.get(colon + 2..).ok_or_else(error)?;
    let at = colon + 2 + after.find('@').ok_or_else(error)?;
    let id = package_id(&text[..at])?;
    let rest = &text[at + 1..];
    let end = rest.find(['(', '~']).unwrap_or(rest.len());
    let version = Version::parse(id.ecosystem, &rest[..end]).map_err(|e| e.to_string())?;
    Ok(InstanceKey { package: PackageKey { id, version }, peers: rest[end..].into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_being_written() {
        for text in [
            "npm:react@18.3.1",
            "npm:@a/b@1.0.0-rc.1(@c/d@2.0.0)(e@1.0.0)~0f3a",
            "pypi:x@1!2.0+cu121",
            "pypi+t-1.x:x@2",
        ] {
            assert_eq!(instance_key(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_says_why() {
        for text in [
            "react@1.0.0",
            "npm:",
            "npm:é@1",
            "npm:react",
            "npm:@a@1.0.0",
            "gem:x@1.0.0",
            "npm:x@one",
            "npm+:x@1.0.0",
            "+a:x@1",
        ] {
            assert!(instance_key(text).is_err(), "{text}");
        }
        assert!(package_key("npm:x@1.0.0(y@1.0.0)").is_err());
    }
}
