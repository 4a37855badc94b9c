use super::*;
use crate::fs::{self, Durability};
use crate::model::Ecosystem;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write_atomic(&path, text.as_bytes(), Durability::Lazy).unwrap();
    }
    root
}

fn named(root: &Path, folders: &[&str]) -> LocalPackageIndex {
    let mut members = LocalPackageIndex::default();
    for &folder in folders {
        assert_eq!(members.add(root, &folder.into()), None);
    }
    members
}

fn wants(package: &PathPackage) -> Vec<String> {
    let one = |dependency: &Dependency| match &dependency.wants {
        Wants::Requirement(requirement) => {
            format!("{:?} {} {}", dependency.kind, requirement.package(), requirement.range_text())
        }
        Wants::Source { source, .. } => format!("{:?} {source}", dependency.kind),
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
        ("packages/ui/package.json", r#"{"name":"@s/ui"}"#),
    ]);
    let members = named(root.path(), &["packages/ui"]);
    let package = read(root.path(), "packages/theme", &members).unwrap();
    assert_eq!(package.version().to_string(), "0.0.0");
    assert!(package.facts.bin);
    assert_eq!(
        wants(&package),
        [
            "Normal path:@s/ui packages/ui",
            "Normal npm:react ^18",
            "Normal path:my-py path:my-py@packages/py",
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
    let package = read(root.path(), "p", &LocalPackageIndex::default()).unwrap();
    assert_eq!(package.version().to_string(), "1.2.0");
    assert_eq!(wants(&package), ["Normal pypi:b >=1", "Normal pypi:c "]);
    assert_eq!(package.extras, ["fast".parse().unwrap()]);
    assert_eq!(package.groups.values().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn versions_and_licenses_are_those_of_the_ecosystem() {
    let of = |files: &[(&str, &str)]| {
        let root = folder(files);
        let package = read(root.path(), "p", &LocalPackageIndex::default()).unwrap();
        // A lock has it again as it was.
        let version = package.version();
        assert_eq!(Version::parse(Ecosystem::LOCAL, &version.to_string()), Ok(version.clone()));
        (version.to_string(), package.license.stated.unwrap_or_default())
    };
    for (written, expect) in [
        // As locks have them today.
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("1.2.3", "1.2.3"),
        ("1.2.3-rc.1", "1.2.3-rc.1"),
        // What is no SemVer.
        ("2024.5.1.dev3", "2024.5.1.dev3"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.0rc1", "1.0rc1"),
        ("1.0.RC1", "1.0rc1"),
        ("1!2.0", "1!2.0"),
        ("1.0.post2", "1.0.post2"),
        ("1.2+cu121", "1.2+cu121"),
        // Whose normal form is one.
        ("v1.2.3", "1.2.3"),
        ("01.2", "1.2.0"),
        ("2024.05.1", "2024.5.1"),
        ("nightly", "0.0.0"),
    ] {
        let project = format!("[project]\nname = 'p'\nversion = '{written}'\nlicense = 'MIT'\n");
        assert_eq!(of(&[("p/pyproject.toml", &project)]), (expect.to_owned(), "MIT".to_owned()), "{written}");
        let poetry = format!("[tool.poetry]\nname = 'p'\nversion = '{written}'\nlicense = 'ISC'\n");
        assert_eq!(of(&[("p/pyproject.toml", &poetry)]), (expect.to_owned(), "ISC".to_owned()), "{written}");
        let dynamic = [
            (
                "p/pyproject.toml",
                "[project]\nname = 'p'\ndynamic = ['version']\nlicense = { text = 'BSD-2-Clause' }\n\
                 [tool.setuptools.dynamic]\nversion = { attr = 'p.VERSION' }\n",
            ),
            ("p/p.py", &format!("VERSION = '{written}'\n")),
        ];
        // What is no version of Python is computed by something that is not read.
        assert_eq!(of(&dynamic), (expect.to_owned(), "BSD-2-Clause".to_owned()), "{written}");
        let cfg = format!("[metadata]\nname = p\nversion = {written}\nlicense = MIT\n");
        assert_eq!(of(&[("p/setup.cfg", &cfg)]), (expect.to_owned(), "MIT".to_owned()), "{written}");
    }
    for (written, expect) in [("1.2.3", "1.2.3"), ("v1.2.3", "1.2.3"), ("=1.2.3-a", "1.2.3-a"), ("x", "0.0.0")] {
        let text = format!(r#"{{"name":"p","version":"{written}","licenses":[{{"type":"MIT"}}]}}"#);
        assert_eq!(of(&[("p/package.json", &text)]), (expect.to_owned(), "MIT".to_owned()), "{written}");
    }
    // What one half does not say, the other does.
    let python = ("p/pyproject.toml", "[project]\nname = 'p'\nversion = '1.2.3.4'\nlicense = 'MIT'\n");
    assert_eq!(of(&[("p/package.json", r#"{"name":"p"}"#), python]), ("1.2.3.4".to_owned(), "MIT".to_owned()));
    let own = r#"{"name":"p","version":"2.0.0","license":"ISC"}"#;
    assert_eq!(of(&[("p/package.json", own), python]), ("2.0.0".to_owned(), "ISC".to_owned()));
    let kdl = "package \"p\" version=\"1.0.0-rc.1\" license=\"Apache-2.0\"\n";
    assert_eq!(of(&[("p/larder.kdl", kdl)]), ("1.0.0-rc.1".to_owned(), "Apache-2.0".to_owned()));
    assert_eq!(of(&[("p/larder.kdl", "project \"p\" license=\"MIT\"\n")]), ("0.0.0".to_owned(), "MIT".to_owned()));
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
    let members = named(root.path(), &["lib", "theme"]);
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
    let members = named(root.path(), &["lib"]);
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
    let members = named(root.path(), &["lib"]);
    assert_eq!(wants(&read(root.path(), "p", &members).unwrap()), ["Normal ?core-lib"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let root = folder(&[
        ("bad/package.json", "{"),
        ("dyn/pyproject.toml", "[project]\nname = 'a'\ndynamic = ['dependencies']"),
        ("none/pyproject.toml", "[tool.x]"),
    ]);
    let error = |folder: &str| read(root.path(), folder, &LocalPackageIndex::default()).unwrap_err();
    assert!(error("bad").to_string().starts_with("bad/package.json cannot be read"));
    assert!(matches!(error("dyn"), LocalPackageError::Computed { .. }));
    assert!(matches!(error("none"), LocalPackageError::BadManifest { .. }));
    // Who asks for it says whether a build may make it.
    let gone = read(root.path(), "gone", &LocalPackageIndex::default()).unwrap();
    assert_eq!(gone.version(), Version::unbuilt());
}

#[test]
fn a_python_half_that_only_a_build_knows_is_left_out_while_nothing_asks_for_it() {
    let root = folder(&[
        ("p/package.json", r#"{"name":"@x/p","version":"1.0.0","dependencies":{"debug":"4"}}"#),
        ("p/setup.py", "V = '3.6'\nsetup(name='p-py', version='1.0', install_requires=[f'idna=={V}'])\n"),
        ("q/pyproject.toml", "[project]\nname = 'q'\nversion = '1'\ndependencies = ['p-py']"),
        ("r/package.json", r#"{"name":"r","dependencies":{"@x/p":"*"}}"#),
    ]);
    let members = named(root.path(), &["p", "q", "r"]);
    let package = read(root.path(), "p", &members).unwrap();
    assert_eq!(wants(&package), ["Normal npm:debug 4"]);
    assert!(package.warnings[0].starts_with("p/setup.py has its dependencies computed"), "{:?}", package.warnings);
    assert_eq!(wants(&read(root.path(), "r", &members).unwrap()), ["Normal path:@x/p p"]);
    assert!(matches!(read(root.path(), "q", &members).unwrap_err(), LocalPackageError::Computed { .. }));
}

#[test]
fn folders_join_without_dots() {
    assert_eq!(&*join("packages/a", "../b/./c"), "packages/b/c");
    assert_eq!(&*join("", "../b"), "../b");
    assert_eq!(&*join("a", "../.."), "..");
}

#[test]
fn a_package_json_that_names_a_member_by_a_range_means_it_where_its_version_will_do() {
    let root = folder(&[
        (
            "packages/a/package.json",
            r#"{"name":"a","dependencies":{"b":"^1.0.0","bb":"npm:b@^1","b2":"npm:b@^2","c":"^1","d":"*","@s/e":"latest",
               "e1":"npm:@s/e@next"},"peerDependencies":{"f":"2"},"devDependencies":{"bw":"workspace:b@*","by":"workspace:../b",
               "bl":"link:../b","bf":"file:../b","bp":"workspace:packages/b"}}"#,
        ),
        ("packages/b/package.json", r#"{"name":"b","version":"1.0.0"}"#),
        ("packages/c/package.json", r#"{"name":"c"}"#),
        ("packages/d/package.json", r#"{"name":"d","version":"1.0.0-beta.1"}"#),
        ("packages/e/larder.kdl", "project \"own\""),
        ("packages/e/package.json", r#"{"name":"@s/e","version":"3.0.0"}"#),
        ("packages/f/package.json", r#"{"name":"f","version":"2.1.0"}"#),
    ]);
    let folders = ["b", "c", "d", "e", "f"].map(|name| format!("packages/{name}"));
    let members = named(root.path(), &folders.each_ref().map(String::as_str));
    let package = read(root.path(), "packages/a", &members).unwrap();
    assert_eq!(
        wants(&package),
        [
            "Normal path:own path:own@packages/e",
            "Normal path:b packages/b",
            "Normal npm:b npm:b@^2",
            "Normal path:b path:b@packages/b",
            "Normal path:c packages/c",
            "Normal path:d packages/d",
            "Normal npm:@s/e npm:@s/e@next",
            "Normal path:f packages/f",
        ]
    );
    assert_eq!(package.warnings.len(), 2, "{:?}", package.warnings);
    assert!(package.warnings[0].starts_with("packages/a/package.json requires b2 npm:b@^2"), "{:?}", package.warnings);
    let link = |dependency: &Dependency| match &dependency.wants {
        Wants::Requirement(Requirement::Path { alias, name, folder, .. }) => format!("{alias} {name} {folder}"),
        other => panic!("{other:?}"),
    };
    let names: Vec<_> = package.groups.values().flatten().map(link).collect();
    assert_eq!(names, ["bf", "bl", "bp", "bw", "by"].map(|alias| format!("{alias} b packages/b")));
}

#[test]
fn two_folders_that_declare_one_name_are_told() {
    let root = folder(&[
        ("a/package.json", r#"{"name":"x"}"#),
        ("b/package.json", r#"{"name":"x"}"#),
        ("c/pyproject.toml", "[project]\nname = 'x'"),
        ("d/package.json", "{}"),
        ("e/d/package.json", "{}"),
    ]);
    let mut members = named(root.path(), &["a", "c", "d", "e/d"]);
    assert_eq!(members.add(root.path(), &"b".into()), Some((PackageName::npm("x").unwrap(), "a".into())));
}

#[test]
fn poetrys_tables_are_read_where_there_is_no_project() {
    let root = folder(&[
        (
            "p/pyproject.toml",
            "[tool.poetry]\nname = 'My_App'\nversion = '1.2'\n[tool.poetry.dependencies]\npython = '^3.11'\nrequests = '^2.28'\n\
             lib = {path = '../lib', develop = true}\nfast = {version = '~1.4', optional = true}\n\
             win = {version = '*', platform = 'win32', extras = ['x'], python = '^3.12'}\n[tool.poetry.extras]\nspeed = ['fast']\n\
             [tool.poetry.group.test.dependencies]\npytest = '8.*'\n[tool.poetry.scripts]\na = 'a:b'\n",
        ),
        ("lib/pyproject.toml", "[tool.poetry]\nname = 'lib'\nversion = '0.1'"),
    ]);
    let package = read(root.path(), "p", &LocalPackageIndex::default()).unwrap();
    assert_eq!((package.name.as_str(), package.facts.requires_python.as_deref()), ("my-app", Some(">=3.11,<4")));
    assert_eq!(
        wants(&package),
        ["Normal pypi:requests >=2.28,<3", "Normal pypi:win ", "Normal path:lib lib", "Normal pypi:fast >=1.4,<1.5"]
    );
    assert_eq!(package.groups.values().map(Vec::len).collect::<Vec<_>>(), [1]);
    assert!(package.facts.bin);
}

#[test]
fn uvs_sources_lead_where_they_say_and_never_to_a_registry() {
    let sources = "[tool.uv.sources]\nCore_Lib = {path = '../lib', editable = true}\nmember = {workspace = true}\n\
                   lost = {workspace = true}\nforked = {git = 'https://h/x'}\nmany = [{path = '../lib', marker = 'x'}]\n\
                   indexed = {index = 'pytorch'}";
    let needs = "['core-lib[fast]>=2', 'member', 'lost', 'forked', 'many', 'indexed']";
    let root = folder(&[
        (
            "p/pyproject.toml",
            &format!(
                "[project]\nname = 'a'\ndependencies = {needs}\n[dependency-groups]\ntest = ['core-lib']\n\
                 [project.optional-dependencies]\nx = ['core-lib', 'y']\n{sources}"
            ),
        ),
        (
            "lib/pyproject.toml",
            "[project]\nname = 'core-lib'\nversion = '0.2'\n[project.optional-dependencies]\nfast = ['orjson']",
        ),
        ("member/pyproject.toml", "[project]\nname = 'member'"),
    ]);
    let package = read(root.path(), "p", &named(root.path(), &["member"])).unwrap();
    let expected =
        ["path:core-lib lib", "pypi:orjson ", "path:member member", "?lost", "pypi:forked ", "?many", "pypi:indexed "];
    let expected: Vec<_> = expected.iter().chain(&["pypi:y "]).map(|one| format!("Normal {one}")).collect();
    assert_eq!(wants(&package), expected);
    let elsewhere: Vec<_> =
        package.sources.iter().map(|(_, what, source)| format!("{} {source}", what.package())).collect();
    assert_eq!(elsewhere, ["pypi:forked https://h/x"]);
    let group = package.groups.values().flatten().next().map(|dependency| dependency.wants.clone());
    assert!(matches!(group, Some(Wants::Requirement(Requirement::Path { .. }))), "{group:?}");
}

#[test]
fn a_python_package_has_itself_but_no_other_version_of_itself() {
    let root = folder(&[
        ("p/pyproject.toml", "[project]\nname = \"p\"\nversion = \"1.0\"\ndependencies = [\"p>=1\"]"),
        ("q/pyproject.toml", "[project]\nname = \"q\"\nversion = \"1.0\"\ndependencies = [\"q>=2\"]"),
    ]);
    let members = named(root.path(), &["p", "q"]);
    assert_eq!(wants(&read(root.path(), "p", &members).unwrap()), [""; 0]);
    assert_eq!(wants(&read(root.path(), "q", &members).unwrap()), ["Normal ?q"]);
}

#[test]
fn a_manifest_over_the_size_limit_declares_no_name_and_is_refused() {
    let padding = " ".repeat(usize::try_from(MAX_MANIFEST_SIZE).unwrap());
    let root = folder(&[("big/package.json", &format!("{{\"name\":\"big\"}}{padding}"))]);
    let mut local_packages = LocalPackageIndex::default();
    assert_eq!(local_packages.add(root.path(), &"big".into()), None);
    assert_eq!(local_packages.get(PathKind::PackageJson.ecosystem(), &PackageName::npm("big").unwrap()), None);
    let error = read(root.path(), "big", &local_packages).unwrap_err();
    assert!(matches!(error, LocalPackageError::BadManifest { .. }), "{error}");
}

#[test]
fn a_larder_kdl_is_a_package_before_it_is_a_project() {
    let root = folder(&[
        (
            "packages/orders/larder.kdl",
            "project \"Team\" version=\"9.0.0\"\npackage \"orders-client\" version=\"2.1.0\" {\n  \
             features { default \"rest\"; rest { npm \"undici\" \"^7\"; }; soap { pypi \"zeep\" \">=4\"; }; }\n}\n\
             dependencies { larder \"money\" \"^1.2\"; }",
        ),
        ("packages/money/larder.kdl", "package \"money\" version=\"1.3.0\""),
        ("packages/old/larder.kdl", "project \"Old_Name\" version=\"1.0.0\""),
    ]);
    let members = named(root.path(), &["packages/orders", "packages/money", "packages/old"]);
    let package = read(root.path(), "packages/orders", &members).unwrap();
    assert_eq!((package.name.as_str(), package.version().to_string()), ("orders-client", "2.1.0".to_owned()));
    assert_eq!(wants(&package), ["Normal path:money packages/money", "Normal npm:undici ^7"]);
    assert_eq!(read(root.path(), "packages/old", &members).unwrap().name.as_str(), "Old_Name");
}

#[test]
fn a_folder_that_is_linked_under_a_name_that_no_package_may_have_is_left_out() {
    let root = folder(&[
        (
            "a/package.json",
            r#"{"name":"a","dependencies":{"b":"portal:../b"},"devDependencies":{"$tools":"link:../tools"}}"#,
        ),
        ("b/package.json", r#"{"name":"b","version":"1.0.0"}"#),
        ("tools/package.json", r#"{"name":"$tools","version":"1.0.0"}"#),
    ]);
    let package = read(root.path(), "a", &LocalPackageIndex::default()).unwrap();
    assert_eq!((wants(&package), package.groups.len()), (vec!["Normal path:b b".to_owned()], 0));
    let warning = "a/package.json links the folder ../tools, which is left out: `$tools` is not a package name";
    assert!(package.warnings[0].starts_with(warning), "{:?}", package.warnings);
}

#[test]
fn a_linked_folder_is_called_by_its_link_whether_it_is_built_or_not() {
    let name = |text: &str| PackageName::npm(text).unwrap();
    let called = |files: &[(&str, &str)]| {
        let (root, asked) = (folder(files), "w");
        let mut index = LocalPackageIndex::default();
        index.add_linked(root.path(), &"out".into(), &name(asked));
        index.add_folder(root.path(), &"a/out".into(), Some(&name(asked)));
        let of = |folder: &str| index.in_folder(folder).map(|one| one.package.to_string());
        (of("out"), of("a/out"))
    };
    let before = called(&[]);
    assert_eq!(before, (Some("w".to_owned()), Some("out".to_owned())));
    let real = r#"{"name": "real", "version": "1.0.0"}"#;
    assert_eq!(called(&[("out/package.json", real), ("a/out/package.json", real)]), before);
    // A Python package is called as its own manifest says.
    let python = "[project]\nname = 'real'\nversion = '1'\n";
    assert_eq!(called(&[("out/package.json", real), ("out/pyproject.toml", python)]).0, Some("real".to_owned()));
}

#[test]
fn a_build_makes_neither_files_nor_what_lies_outside_of_the_project() {
    let root = folder(&[("README", "words")]);
    let index = LocalPackageIndex::default();
    let told = |folder: &str| read(root.path(), folder, &index).map(|package| package.name.to_string());
    assert_eq!(told("out").unwrap(), "out");
    assert_eq!(told("README").unwrap_err().to_string(), "`README` is no folder");
    assert!(matches!(told("../out").unwrap_err(), LocalPackageError::NoManifest { .. }));
    assert!(["..", "../x", ""].iter().all(|folder| !may_be_built(folder)) && may_be_built("..x"));
}
