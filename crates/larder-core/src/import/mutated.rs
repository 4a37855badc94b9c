//! Other tools' files with something wrong in them.

use super::{Imported, LocalPlace, Template, package_json, pyproject, requirements, template};
use crate::manifest::{ManifestError, ManifestKind, parse};
use crate::model::{Platform, mutation};

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
    mutation::of(&[lines], |text| {
        becomes_a_manifest(&requirements(text, &|path| Some(LocalPlace::Project(path.to_owned()))));
    });
}
