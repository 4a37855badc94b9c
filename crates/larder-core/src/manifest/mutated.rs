//! Manifests with something wrong in them.

use super::edit::{self, NewLine, Section};
use super::{ManifestKind, parse};
use crate::model::{Ecosystem, mutation};

const MANIFEST: &str = r#"project "storefront" version="0.4.0" license="Apache-2.0"
runtimes { node "22"; python "3.12"; }
platforms "linux-x64" "macos-arm64"
registries {
    npm "acme-npm" "https://npm.acme.example/" {
        packages "@acme/*"
        token env="ACME_TOKEN"
        mirror "https://npm-eu.acme.example/"
    }
}
dependencies {
    npm "react-16" "npm:react@^16.14" // an alias
    pypi "fastapi[standard]" ">=0.115,<1" when="sys_platform == 'win32'"
    path "packages/theme"
}
group "test" dev=#true { npm "vitest" "^3"; }
environment "production" { policy { scripts "deny"; }; keep 3; files "private"; durable #true; }
resolution {
    npm-peers "strict"
    released-before "2026-11-01T00:00:00Z"
    override npm "a>b" "4.17.21"
    extend npm "x" { npm "y" "^1"; }
}
conflicts { group "test" "dev"; }
members "apps/*" "packages/*"
"#;

#[test]
fn a_mutated_manifest_is_read_or_refused_at_a_place_that_it_has() {
    parse("m", MANIFEST, ManifestKind::Root).unwrap();
    mutation::few_of(&[MANIFEST], |text| {
        for error in parse("m", text, ManifestKind::Root).err().iter().flat_map(|failure| &failure.errors) {
            let span = error.span();
            assert!(text.get(span.offset()..span.offset() + span.len()).is_some(), "{error:?}");
        }
        let line = NewLine { ecosystem: Ecosystem::Npm, name: "new", range: Some("^9"), properties: Vec::new() };
        if let Ok(edited) = edit::add("m", text, &Section::Dependencies, &line) {
            let removed = edit::remove("m", &edited, &Section::Dependencies, Ecosystem::Npm, "new");
            assert!(removed.is_ok(), "{edited:?}");
        }
    });
}
