use super::*;
use crate::manifest::{ManifestKind, parse};
use crate::model::Platform;

const PACKAGE_JSON: &str = r#"{
  "name": "@acme/store front",
  "engines": { "node": ">=20 <23" },
  "dependencies": { "react": "^18.3", "r16": "npm:react@^16", "mine": "git+https://host/x.git", "any": "", "fs": "1" },
  "devDependencies": { "vitest": "^3", "linked": "file:../x", "ws": "workspace:*" },
  "optionalDependencies": { "fs": "^2" },
  "peerDependencies": { "x": "1" },
  "workspaces": ["./packages/*", "!packages/old"]
}"#;

const PYPROJECT: &str = r#"
[project]
name = "Shop"
requires-python = ">=3.11,<4"
dependencies = [
  "FastAPI[standard] >=0.115,<1",
  "pywin32>=306; sys_platform == 'win32'",
  "own @ git+https://host/own",
  "old (>=1)",
  "sourced",
  "bare",
]
[project.optional-dependencies]
docs = ["sphinx>=8", "shop[extra]"]
[dependency-groups]
lint = ["ruff"]
dev = ["pytest>=8", { include-group = "lint" }, { include-group = "dev" }]
[tool.uv.sources]
sourced = { git = "https://host/x" }
"#;

const REQUIREMENTS: &str = "# pinned
requests==2.32.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb  # by a tool
-r other.txt
-e ./local
--index-url https://pypi.org/simple
./wheels/x.whl
https://host/x.whl
numpy<2 ; python_version < '3.12'
numpy>=2 ; python_version >= '3.12'
numpy==1
broken===>
";

fn words(imported: &Imported) -> Vec<String> {
    imported.lines.iter().map(ImportedLine::what).collect()
}

fn refused(imported: &Imported) -> Vec<&str> {
    imported.not_taken.iter().map(|one| one.what.as_str()).collect()
}

#[test]
fn a_tag_in_the_place_of_a_range_admits_the_node_that_is_there() {
    let imported = package_json(r#"{"engines":{"node":"lts"}}"#).unwrap();
    let (host, node) = (Platform::LinuxX64, Some("22.1.0"));
    let text = template(&Template { name: "x", host, node, python: None, imported: &imported });
    assert!(text.contains("node \"22\""), "{text}");
}

#[test]
fn package_json_becomes_npm_lines() {
    let imported = package_json(PACKAGE_JSON).unwrap();
    assert_eq!(words(&imported), ["npm any", "npm r16 npm:react@^16", "npm react ^18.3", "npm fs ^2", "npm vitest ^3"]);
    assert!(imported.lines[3].optional && imported.lines[4].group.is_some());
    assert_eq!(imported.members, ["packages/*"]);
    assert_eq!(
        refused(&imported),
        [
            "npm mine git+https://host/x.git",
            "npm linked file:../x",
            "npm ws workspace:*",
            "workspaces !packages/old",
            "peerDependencies",
        ]
    );
    assert!(package_json("[]").is_err());
}

#[test]
fn pyproject_becomes_lines_and_groups() {
    let imported = pyproject(PYPROJECT).unwrap();
    let groups: Vec<(&str, usize)> =
        imported.groups().iter().map(|(name, lines)| (name.as_str(), lines.len())).collect();
    assert_eq!(groups, [("dev", 2), ("docs", 1), ("lint", 1)]);
    assert_eq!(imported.dev_groups.iter().map(Label::as_str).collect::<Vec<_>>(), ["dev", "lint"]);
    assert_eq!(
        words(&imported)[..4],
        ["pypi FastAPI[standard] >=0.115,<1", "pypi pywin32 >=306", "pypi old >=1", "pypi bare"]
    );
    assert_eq!(refused(&imported), ["own @ git+https://host/own", "sourced", "shop[extra]"]);
    assert!(pyproject("= 1").is_err());
}

#[test]
fn requirements_are_taken_and_options_listed() {
    let imported = requirements(REQUIREMENTS);
    assert_eq!(words(&imported), ["pypi requests ==2.32.3", "pypi numpy <2", "pypi numpy >=2"]);
    assert_eq!(
        refused(&imported),
        [
            "the options of requests==2.32.3",
            "-e ./local",
            "--index-url https://pypi.org/simple",
            "./wheels/x.whl",
            "https://host/x.whl",
            "pypi numpy ==1",
            "pypi broken ===>",
        ]
    );
    assert_eq!(imported.includes, ["other.txt"]);
}

#[test]
fn what_init_writes_is_a_manifest() {
    let mut imported = package_json(PACKAGE_JSON).unwrap();
    imported.merge(pyproject(PYPROJECT).unwrap());
    imported.merge(requirements(REQUIREMENTS));
    let from = |node, python, imported| {
        template(&Template { name: "store front", host: Platform::LinuxX64, node, python, imported })
    };
    let text = from(Some("v22.11.0"), Some("3.13.1"), &imported);
    let manifest = parse("larder.kdl", &text, ManifestKind::Root).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    assert_eq!(
        manifest.dependencies.len() + manifest.groups.iter().map(|g| g.dependencies.len()).sum::<usize>(),
        imported.lines.len()
    );
    insta::assert_snapshot!(text, @r#"
project "store-front"

runtimes {
    node "22"
    python "3.13"
}

platforms "linux-x64"

dependencies {
    npm "any"
    npm "fs" "^2" optional=#true
    npm "r16" "npm:react@^16"
    npm "react" "^18.3"
    pypi "FastAPI[standard]" ">=0.115,<1"
    pypi "bare"
    pypi "numpy" "<2" when="python_version < '3.12'"
    pypi "numpy" ">=2" when="python_version >= '3.12'"
    pypi "old" ">=1"
    pypi "pywin32" ">=306" when="sys_platform == 'win32'"
    pypi "requests" "==2.32.3"
}

group "dev" dev=#true {
    npm "vitest" "^3"
    pypi "pytest" ">=8"
    pypi "ruff"
}

group "docs" {
    pypi "sphinx" ">=8"
}

group "lint" dev=#true {
    pypi "ruff"
}

members "packages/*"
"#);
    let empty = Imported::default();
    let text = from(None, None, &empty);
    assert_eq!(text, "project \"store-front\"\n\nplatforms \"linux-x64\"\n\ndependencies {\n}\n");
    assert!(parse("larder.kdl", &text, ManifestKind::Root).is_ok());
    let text = from(Some("18.0.0"), Some("3.9.1"), &imported);
    assert!(text.contains("node \"20\"\n    python \"3.11\""), "what the files admit wins: {text}");
    for name in ["", "..", "ü", "@a", "@acme/x", "a b/c", "node_modules"] {
        let text = template(&Template { name, host: Platform::MacosArm64, node: None, python: None, imported: &empty });
        assert!(parse("larder.kdl", &text, ManifestKind::Root).is_ok(), "{text}");
    }
}
