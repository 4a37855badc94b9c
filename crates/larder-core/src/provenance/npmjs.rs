//! The keys of the public npm registry, as `https://registry.npmjs.org/-/npm/v1/keys` has them.

use crate::model::RegistryKey;

/// The keys, each with the instant at which it expired.
const KEYS: [(&str, Option<&str>); 2] = [
    (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==",
        Some("2025-01-29T00:00:00Z"),
    ),
    (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==",
        None,
    ),
];

/// Returns the keys of the public npm registry.
pub fn npmjs_keys() -> Vec<RegistryKey> {
    let key = |(text, expires): (&str, Option<&str>)| {
        let expires = expires.and_then(|expires| expires.parse().ok());
        Some(text.parse::<RegistryKey>().ok()?.expiring(expires))
    };
    KEYS.into_iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_that_the_registry_names() {
        let keys = npmjs_keys();
        let ids: Vec<String> = keys.iter().map(RegistryKey::id).collect();
        assert_eq!(
            ids,
            [
                "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
                "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U"
            ]
        );
        assert!(keys[0].expires.is_some() && keys[1].expires.is_none());
    }
}
