use super::*;
use crate::fs::{self, Durability};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write_atomic(&path, text.as_bytes(), Durability::Lazy).unwrap();
    }
    root
}

fn wants(package: &PathPackage) -> Vec<String> {
    let one = |dependency: &Dependency| match &dependency.wants {
        Wants::Requirement(requirement) => {
            format!("{:?} {} {}", dependency.kind, requirement.package(), requirement.range_text())
        }
        Wants::Unsupported { name, .. } => format!("{:?} ?{name}", dependency.kind),
    };
    package.dependencies.iter().map(one).collect()
}

#[test]
fn a_package_json_links_to_members_and_folders() {
    let root = folder(&[
        (
            "packages/theme/package.json",
            r#"{"name":"@s/theme","dependencies":{"react":"^18","@s/ui":"workspace:^","x":"file:../py","z":"workspace:*"},
               "optionalDependencies":{"fsevents":"*"},"peerDependencies":{"p":"1","q":"1"},
               "peerDependenciesMeta":{"q":{"optional":true},"react-dom":{"optional":true},"fsevents":{"optional":true}},"devDependencies":{"vitest":"3"},"bin":"x.js"}"#,
        ),
        ("packages/py/pyproject.toml", "[project]\nname = \"My_Py\"\nversion = \"1.2\""),
    ]);
    let members = Members::from([(PackageName::npm("@s/ui").unwrap(), "packages/ui".into())]);
    let package = read(root.path(), "packages/theme", &members).unwrap();
    assert_eq!(package.version.to_string(), "0.0.0");
    assert!(package.facts.bin);
    assert_eq!(
        wants(&package),
        [
            "Normal path:@s/ui packages/ui",
            "Normal npm:react ^18",
            "Normal path:my-py packages/py",
            "Normal ?z",
            "Optional npm:fsevents *",
            "Peer npm:p 1",
            "OptionalPeer npm:q 1",
            "OptionalPeer npm:react-dom *",
        ]
    );
    assert_eq!(package.groups.keys().map(Label::as_str).collect::<Vec<_>>(), ["dev"]);
}

#[test]
fn a_pyproject_tells_extras_and_groups() {
    let root = folder(&[(
        "p/pyproject.toml",
        "[project]\nname = 'a'\nversion = '1.2'\ndependencies = ['b>=1']\n[project.optional-dependencies]\n\
         Fast = ['c; python_version > \"3\"']\n[dependency-groups]\ntest = ['d', {include-group = 'lint'}]\n\
         lint = [{include-group = 'test'}, 'e']",
    )]);
    let package = read(root.path(), "p", &Members::new()).unwrap();
    assert_eq!(package.version.to_string(), "1.2.0");
    assert_eq!(wants(&package), ["Normal pypi:b >=1", "Normal pypi:c "]);
    assert_eq!(package.extras, ["fast".parse().unwrap()]);
    assert_eq!(package.groups.values().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_pyproject_that_names_a_local_package_means_it() {
    let root = folder(&[
        (
            "p/pyproject.toml",
            "[project]\nname = 'a'\ndependencies = ['core.lib[fast]>=0.2', 'core_lib', 'other', 'theme>=1']",
        ),
        (
            "lib/pyproject.toml",
            "[project]\nname = 'core-lib'\nversion = '0.2'\ndependencies = ['x']\n[project.optional-dependencies]\n\
             fast = ['orjson', 'core-lib[more]']\nmore = ['y', 'core-lib[fast]']\nrest = ['z']",
        ),
        // Of another ecosystem, which has names of its own.
        ("theme/package.json", "{\"name\":\"theme\"}"),
    ]);
    let local = |name: &str, folder: &str| (PackageName::pypi(name).unwrap(), folder.into());
    let members = Members::from([local("core-lib", "lib"), local("theme", "theme")]);
    let package = read(root.path(), "p", &members).unwrap();
    assert_eq!(
        wants(&package),
        [
            "Normal path:core-lib lib",
            "Normal pypi:orjson ",
            "Normal pypi:y ",
            "Normal pypi:other ",
            "Normal pypi:theme >=1",
        ]
    );
    let root = folder(&[
        ("p/pyproject.toml", "[project]\nname = 'a'\ndependencies = [\"core-lib[fast]; sys_platform == 'win32'\"]"),
        (
            "lib/pyproject.toml",
            "[project]\nname = 'core-lib'\nversion = '0.2'\n[project.optional-dependencies]\nfast = ['orjson']",
        ),
    ]);
    let package = read(root.path(), "p", &members).unwrap();
    for dependency in &package.dependencies {
        let Wants::Requirement(requirement) = &dependency.wants else { panic!("{dependency:?}") };
        assert_eq!(requirement.marker().unwrap().to_string(), "sys_platform == 'win32'");
    }
    assert_eq!(wants(&package), ["Normal path:core-lib lib", "Normal pypi:orjson "]);
    let root = folder(&[
        ("p/pyproject.toml", "[project]\nname = 'a'\ndependencies = ['core-lib>=1']"),
        ("lib/pyproject.toml", "[project]\nname = 'core-lib'\nversion = '0.2'"),
    ]);
    assert_eq!(wants(&read(root.path(), "p", &members).unwrap()), ["Normal ?core-lib"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let root = folder(&[
        ("bad/package.json", "{"),
        ("dyn/pyproject.toml", "[project]\nname = 'a'\ndynamic = ['dependencies']"),
        ("none/pyproject.toml", "[tool.x]"),
    ]);
    let error = |folder: &str| read(root.path(), folder, &Members::new()).unwrap_err();
    assert!(error("bad").to_string().starts_with("bad/package.json cannot be read"));
    assert!(matches!(error("dyn"), PathError::Dynamic { .. }));
    assert!(matches!(error("none"), PathError::BadManifest { .. }));
    assert!(matches!(error("gone"), PathError::NoManifest { .. }));
}

#[test]
fn folders_join_without_dots() {
    assert_eq!(&*join("packages/a", "../b/./c"), "packages/b/c");
    assert_eq!(&*join("", "../b"), "../b");
    assert_eq!(&*join("a", "../.."), "..");
}
