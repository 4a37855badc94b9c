//! Manifests, and what other tools have instead of one, with something wrong in them.

use super::edit::{self, NewLine, Section};
use super::import::{Imported, Template, package_json, pyproject, requirements, template};
use super::{ManifestError, ManifestKind, parse};
use crate::model::{Ecosystem, Platform, mutation};

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

/// Fails the test unless the manifest that `init` makes of this is one, or too long for one.
fn becomes_a_manifest(imported: &Imported) {
    let name = imported.name.as_deref().unwrap_or("folder");
    let from = Template { name, host: Platform::LinuxX64, node: Some("22.1.0"), python: Some("3.12.4"), imported };
    let text = template(&from);
    if let Err(failure) = parse("m", &text, ManifestKind::Root) {
        let is_too_long = matches!(failure.errors[..], [ManifestError::TooLong { .. }]);
        assert!(is_too_long, "{failure:?}\n{text}");
    }
}

#[test]
fn what_init_makes_of_mutated_files_is_a_manifest() {
    let json = r#"{"name":"@shop/web","version":"1.2.3","license":"MIT","engines":{"node":">=20 <23"},"workspaces":
        ["apps/*",{"packages":["x"]}],"dependencies":{"react":"^18.3","old":"npm:react@^16","gone":"git+ssh://g/x","ws":"workspace:*"},
        "devDependencies":{"vitest":"latest"},"optionalDependencies":{"fsevents":"*"},"peerDependencies":{"p":"1"}}"#;
    mutation::of(&[json], |text| drop(package_json(text).map(|imported| becomes_a_manifest(&imported))));
    let toml = r#"[project]
name = "Shop.API"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["fastapi[standard]>=0.115,<1", "pywin32; sys_platform == 'win32'", "x @ https://x.example/x.whl"]
[project.optional-dependencies]
docs = ["sphinx"]
[dependency-groups]
test = ["pytest>=8", {include-group = "docs"}]
[tool.uv]
dev-dependencies = ["ruff"]
"#;
    mutation::of(&[toml], |text| drop(pyproject(text).map(|imported| becomes_a_manifest(&imported))));
    let lines = "# pinned\n-r base.txt\n--index-url https://x.example/simple\nfastapi[all]==0.115.0 \\\n    --hash=sha256:00\n\
                 -e ./lib\npywin32>=306 ; sys_platform == 'win32'  # note\n";
    mutation::of(&[lines], |text| becomes_a_manifest(&requirements(text)));
}
