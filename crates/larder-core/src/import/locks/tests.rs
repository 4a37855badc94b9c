//! What each lockfile says of one small project: `a` asks for `b`, which two places have in two versions, and for `real` under
//! another name; the workspace `apps/web` has its own `b`.

use super::*;
use crate::model::{Ecosystem, PackageKey, PackageName, PythonVersion, Version};

const SHA512: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";

fn npm(name: &str, version: &str) -> PackageKey {
    LockedVersions::default().add_npm(name, version).unwrap()
}

fn name(text: &str) -> PackageName {
    PackageName::npm(text).unwrap()
}

fn version(text: &str) -> Version {
    Version::parse(Ecosystem::Npm, text).unwrap()
}

fn read_one(file: &str, text: &str) -> LockedVersions {
    let member = Dependent::Member("apps/web".into());
    let range = |name: &str, range: &str| (name.to_owned(), range.to_owned());
    let declared = [
        DeclaredRanges { dependent: Dependent::Project, ranges: vec![range("a", "^1.0.0"), range("b", "^2.0.0")] },
        DeclaredRanges { dependent: member, ranges: vec![range("b", "^1.0.0")] },
    ];
    read(file, text, "", &declared, &Settings::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Fails the test unless the lockfile was understood.
fn understands(file: &str, text: &str, has_integrity: bool) {
    let found = read_one(file, &text.replace("SRI", SHA512));
    let preferences = found.preferences();
    let line = |dependent: &Dependent, alias| preferences.lines.get(&(dependent.clone(), name(alias)));
    let member = Dependent::Member("apps/web".into());
    assert_eq!(line(&Dependent::Project, "a"), Some(&version("1.0.0")), "{file}");
    assert_eq!(line(&Dependent::Project, "b"), Some(&version("2.0.0")), "{file}");
    assert_eq!(line(&member, "b"), Some(&version("1.1.0")), "{file}");
    let edge = |alias| preferences.edges.get(&(npm("a", "1.0.0"), name(alias)));
    assert_eq!((edge("b"), edge("other")), (Some(&version("1.1.0")), Some(&version("3.0.0"))), "{file}");
    assert_eq!(found.packages()[&npm("b", "1.1.0").id].len(), 2, "{file}");
    assert!(found.packages().contains_key(&npm("real", "3.0.0").id), "{file}");
    assert!(!found.packages().contains_key(&npm("other", "3.0.0").id), "{file}");
    assert_eq!(found.digests(&npm("a", "1.0.0")).count(), usize::from(has_integrity), "{file}");
}

#[test]
fn npms_folders_are_walked_as_node_walks_them() {
    let text = r#"{"lockfileVersion": 3, "packages": {
        "": {"workspaces": ["apps/*"], "dependencies": {"a": "^1.0.0", "b": "^2.0.0", "git": "g/x"}},
        "apps/web": {"name": "web", "devDependencies": {"b": "^1.0.0"}},
        "apps/web/node_modules/b": {"version": "1.1.0"},
        "node_modules/web": {"resolved": "apps/web", "link": true},
        "node_modules/a": {"version": "1.0.0", "integrity": "SRI", "dependencies": {"b": "^1", "other": "npm:real@3"}},
        "node_modules/a/node_modules/b": {"version": "1.1.0"},
        "node_modules/b": {"version": "2.0.0"},
        "node_modules/git": {"version": "1.0.0", "resolved": "git+ssh://git@host/x.git#0123"},
        "node_modules/other": {"name": "real", "version": "3.0.0"}
    }}"#;
    understands("package-lock.json", text, true);
    let git = PackageName::npm("git").unwrap();
    assert!(!read_one("package-lock.json", text).packages().keys().any(|id| id.name == git));
}

#[test]
fn what_npm_6_wrote_is_read_too() {
    let text = r#"{"lockfileVersion": 1, "requires": true, "dependencies": {
        "a": {"version": "1.0.0", "integrity": "SRI", "requires": {"b": "^1", "other": "npm:real@3"}, "dependencies": {"b": {"version": "1.1.0"}}},
        "b": {"version": "2.0.0", "requires": true, "dependencies": {"kept-inside": {"version": "1.0.0", "bundled": true}}},
        "git": {"version": "git+ssh://git@host/x.git#0123", "from": "g/x"},
        "other": {"version": "npm:real@3.0.0"}
    }}"#
    .replace("SRI", SHA512);
    let found = read_one("package-lock.json", &text);
    let names: Vec<_> = found.packages().keys().map(ToString::to_string).collect();
    assert_eq!(names, ["npm:a", "npm:b", "npm:real"]);
    let preferred = found.preferences();
    let edge = |name: &str| preferred.edges.get(&(npm("a", "1.0.0"), self::name(name))).cloned();
    assert_eq!(edge("b").unwrap().to_string(), "1.1.0");
    assert_eq!(edge("other").unwrap().to_string(), "3.0.0");
    let line = |name: &str| preferred.lines.get(&(Dependent::Project, self::name(name))).cloned();
    assert_eq!(line("b").unwrap().to_string(), "2.0.0");
    assert_eq!(found.digests(&npm("a", "1.0.0")).count(), 1);
}

#[test]
fn what_pnpm_bound_peers_to_is_read() {
    let nine = r"
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.0.0(peer@5.0.0)}
      b: {specifier: ^2.0.0, version: 2.0.0}
      web: {specifier: 'workspace:*', version: link:apps/web}
  apps/web:
    devDependencies:
      b: {specifier: ^1.0.0, version: 1.1.0}
packages:
  a@1.0.0:
    resolution: {integrity: SRI}
    peerDependencies: {peer: ^5}
  b@1.1.0: {resolution: {integrity: SRI}}
  b@2.0.0: {resolution: {integrity: SRI}}
  real@3.0.0: {resolution: {integrity: SRI}}
snapshots:
  a@1.0.0(peer@5.0.0):
    dependencies: {b: 1.1.0, other: real@3.0.0, peer: 5.0.0}
  b@1.1.0: {}
";
    understands("pnpm-lock.yaml", nine, true);
    let peer = (npm("a", "1.0.0"), name("peer"));
    let edges = read_one("pnpm-lock.yaml", &nine.replace("SRI", SHA512)).preferences().edges;
    assert_eq!(edges.get(&peer).map(ToString::to_string).as_deref(), Some("5.0.0"));
    let six = r"
lockfileVersion: '6.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.0.0(peer@5.0.0)}
      b: {specifier: ^2.0.0, version: 2.0.0}
  apps/web:
    devDependencies:
      b: {specifier: ^1.0.0, version: 1.1.0}
packages:
  /a@1.0.0(peer@5.0.0):
    resolution: {integrity: SRI}
    peerDependencies: {peer: ^5}
    dependencies: {b: 1.1.0, other: /real@3.0.0, peer: 5.0.0}
  /b@1.1.0: {resolution: {integrity: SRI}}
  /b@2.0.0: {resolution: {integrity: SRI}}
  /real@3.0.0: {resolution: {integrity: SRI}}
";
    understands("pnpm-lock.yaml", six, true);
    assert!(read("pnpm-lock.yaml", "lockfileVersion: 5.4\n", "", &[], &Settings::default()).is_err());
}

#[test]
fn a_version_of_yarn_is_that_of_the_file_at_the_registry() {
    let entry = |resolved: &str| format!("x@^1.0.0:\n  version \"1.0.0\"\n  resolved \"{resolved}\"\n");
    for (resolved, expected) in [
        ("https://host/x/-/x-1.0.1.tgz#00", "1.0.1"),
        ("https://host/x/-/x-1.0.0.tgz", "1.0.0"),
        ("https://host/download/x/1.0.1/abcd", "1.0.0"),
        ("https://host/x/-/x-latest.tgz", "1.0.0"),
    ] {
        let preferences = read_one("yarn.lock", &entry(resolved)).preferences();
        let chosen = preferences.versions.get(&npm("x", "1.0.0").id);
        assert!(
            chosen.is_some_and(|versions| versions.contains(&version(expected)) && versions.len() == 1),
            "{resolved}"
        );
    }
}

#[test]
fn a_folder_in_a_lockfile_of_yarn_is_no_version_of_a_registry() {
    let text = "\"x@file:../x\":\n  version \"1.0.0\"\n\n\"y@^1\":\n  version \"1.0.0\"\n";
    let found = read_one("yarn.lock", text);
    assert!(found.npm_versions("x").is_none() && found.npm_versions("y").is_some());
}

#[test]
fn yarns_entries_are_found_by_range() {
    let classic = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://host/a.tgz#00\"\n  integrity SRI\n  \
                   dependencies:\n    b \"^1.0.0\"\n    other \"npm:real@^3.0.0\"\n\nb@^1.0.0:\n  version \"1.1.0\"\n\n\
                   b@^2.0.0, \"b@>=2 <3\":\n  version \"2.0.0\"\n\n\"other@npm:real@^3.0.0\":\n  version \"3.0.0\"\n";
    understands("yarn.lock", classic, true);
    let berry = r#"
__metadata:
  version: 8
  cacheKey: 10c0

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  dependencies:
    b: "npm:^1.0.0"
    other: "npm:real@^3.0.0"
  checksum: 10c0/00
  languageName: node
  linkType: hard

"b@npm:^1.0.0":
  version: 1.1.0
  resolution: "b@npm:1.1.0"

"b@npm:2 || 3, b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"

"other@npm:real@^3.0.0":
  version: 3.0.0
  resolution: "real@npm:3.0.0"

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."
  dependencies:
    a: "npm:^1.0.0"
    b: "npm:^2.0.0"

"web@workspace:apps/web":
  version: 0.0.0-use.local
  resolution: "web@workspace:apps/web"
  dependencies:
    b: "npm:^1.0.0"
"#;
    understands("yarn.lock", berry, false);
}

#[test]
fn buns_places_are_walked_upwards() {
    let text = r#"{
        "lockfileVersion": 1,
        "workspaces": {
            "": {"name": "root", "dependencies": {"a": "^1.0.0", "b": "^2.0.0"}},
            "apps/web": {"name": "web", "devDependencies": {"b": "^1.0.0"}},
        },
        "packages": {
            "a": ["a@1.0.0", "", {"dependencies": {"b": "^1", "other": "npm:real@3"}}, "SRI"],
            "a/b": ["b@1.1.0", "", {}, "SRI"],
            "b": ["b@2.0.0", "", {}, "SRI"],
            "other": ["real@3.0.0", "", {}, "SRI"],
            "web": ["web@workspace:apps/web"],
            "web/b": ["b@1.1.0", "", {}, "SRI"],
            "@s/x": ["@s/x@1.0.0", "", {"dependencies": {"b": "^2", "y": "1"}}, "SRI"],
            "@s/x/y": ["y@1.0.0", "", {"dependencies": {"b": "^2"}}, "SRI"],
        },
    }"#;
    understands("bun.lock", text, true);
    let found = read_one("bun.lock", &text.replace("SRI", SHA512)).preferences();
    for from in [npm("@s/x", "1.0.0"), npm("y", "1.0.0")] {
        assert_eq!(found.edges.get(&(from, name("b"))), Some(&version("2.0.0")));
    }
}

#[test]
fn what_buns_root_has_lies_on_top_whatever_it_is_called() {
    let text = r#"{
        "lockfileVersion": 1,
        "workspaces": {"": {"name": "a", "dependencies": {"b": "^1.0.0"}, "devDependencies": {"c": "1"}}},
        "packages": {
            "a": ["a@1.0.0", "", {"dependencies": {"b": "^2"}}, "SRI"],
            "a/b": ["b@2.0.0", "", {}, "SRI"],
            "b": ["b@1.1.0", "", {}, "SRI"],
            "c": ["c@1.0.0", "", {"dependencies": {"a": "1"}}, "SRI"],
        },
    }"#;
    let found = read_one("bun.lock", text).preferences();
    assert_eq!(found.lines.get(&(Dependent::Project, name("b"))), Some(&version("1.1.0")));
}

#[test]
fn the_last_document_of_a_pnpm_lock_is_the_projects() {
    let own = "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      pnpm: {specifier: 12.0.0, version: 12.0.0}\n\n---\n";
    let lock =
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1.0.0, version: 1.0.0}\n";
    for text in [lock.to_owned(), format!("{own}{lock}")] {
        let found = read_one("pnpm-lock.yaml", &text).preferences();
        assert_eq!(found.lines.get(&(Dependent::Project, name("a"))), Some(&version("1.0.0")), "{text}");
    }
}

#[test]
fn members_that_packages_of_registries_have_are_noted() {
    let npm = r#"{"lockfileVersion": 3, "packages": {
        "": {"workspaces": ["m"], "dependencies": {"a": "^1.0.0"}},
        "m": {"name": "m", "version": "1.0.0"},
        "node_modules/m": {"resolved": "m", "link": true},
        "node_modules/a": {"version": "1.0.0", "dependencies": {"m": "^1"}}}}"#;
    let bun = r#"{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"a": "^1.0.0"}}, "m": {"name": "m"}},
        "packages": {"a": ["a@1.0.0", "", {"dependencies": {"m": "^1"}}, "SRI"], "m": ["m@workspace:m"]}}"#;
    let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    m: \"npm:^1\"\n\n\
         \"m@npm:^1, m@workspace:m\":\n  version: 0.0.0-use.local\n  resolution: \"m@workspace:m\"\n";
    let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1.0.0, version: 1.0.0}\n\
         snapshots:\n  a@1.0.0:\n    dependencies:\n      m: link:m\n";
    for (file, text) in [("package-lock.json", npm), ("bun.lock", bun), ("yarn.lock", berry), ("pnpm-lock.yaml", pnpm)]
    {
        let found = read_one(file, text);
        assert_eq!(found.linked().collect::<Vec<_>>(), [&name("m")], "{file}");
    }
}

fn python_versions(file: &str, text: &str) -> Vec<String> {
    let platform = crate::model::Platform::LinuxX64;
    let settings = Settings {
        python: Some("3.12".parse::<PythonVersion>().unwrap()),
        platforms: vec![crate::model::TargetPlatform::new(platform)],
        ..Settings::default()
    };
    let found = read(file, text, "", &[], &settings).unwrap_or_else(|error| panic!("{error}"));
    let all = found
        .packages()
        .iter()
        .flat_map(|(id, versions)| versions.iter().map(move |version| format!("{id} {version}")));
    all.collect()
}

#[test]
fn pythons_lockfiles_count_where_their_conditions_hold() {
    let hash = "0".repeat(64);
    let uv = format!(
        "version = 1\n[[package]]\nname = \"own\"\nversion = \"0.1\"\nsource = {{ editable = \".\" }}\n\
         [[package]]\nname = \"numpy\"\nversion = \"1.26.4\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n\
         resolution-markers = [\"python_full_version < '3.12'\"]\n\
         [[package]]\nname = \"numpy\"\nversion = \"2.1.0\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n\
         resolution-markers = [\"python_full_version >= '3.12'\", \"sys_platform == 'win32'\"]\n\
         wheels = [{{ url = \"https://host/numpy-2.1.0-py3-none-any.whl\", hash = \"sha256:{hash}\" }}]\n"
    );
    assert_eq!(python_versions("uv.lock", &uv), ["pypi:numpy 2.1.0"]);
    let source = "[[package]]\nname = \"old\"\nversion = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\n\
                  sdist = { url = \"https://host/old-1.tar.gz\" }\n";
    let found = read("uv.lock", source, "", &[], &Settings::default()).unwrap();
    assert_eq!(found.preferences().source_only.iter().map(ToString::to_string).collect::<Vec<_>>(), ["pypi:old"]);
    let poetry = format!(
        "[[package]]\nname = \"Six\"\nversion = \"1.16.0\"\nfiles = [{{file = \"six-1.16.0-py2.py3-none-any.whl\", hash = \"sha256:{hash}\"}}]\n\
         [[package]]\nname = \"win\"\nversion = \"1\"\nmarkers = \"sys_platform == 'win32'\"\nfiles = []\n\
         [[package]]\nname = \"asked\"\nversion = \"1\"\noptional = true\nmarkers = \"extra == 'llms' or extra == 'all'\"\nfiles = []\n\
         [[package]]\nname = \"asked-win\"\nversion = \"1\"\nmarkers = \"extra == 'llms' and sys_platform == 'win32'\"\nfiles = []\n\
         [[package]]\nname = \"forked\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://host/x\"\n\
         [metadata]\nlock-version = \"2.1\"\n"
    );
    assert_eq!(python_versions("poetry.lock", &poetry), ["pypi:asked 1", "pypi:six 1.16.0"]);
    let pylock = format!(
        "lock-version = \"1.0\"\n[[packages]]\nname = \"six\"\nversion = \"1.16.0\"\n\
         wheels = [{{ name = \"six-1.16.0-py2.py3-none-any.whl\", hashes = {{ sha256 = \"{hash}\" }} }}]\n\
         [[packages]]\nname = \"here\"\nversion = \"1\"\ndirectory = {{ path = \".\" }}\n"
    );
    assert_eq!(python_versions("pylock.dev.toml", &pylock), ["pypi:six 1.16.0"]);
}

#[test]
fn a_lockfile_below_the_root_names_members_from_the_root() {
    let text = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0"}}}"#;
    let found = read("web/package-lock.json", text, "web", &[], &Settings::default()).unwrap();
    assert!(found.preferences().lines.contains_key(&(Dependent::Member("web".into()), name("a"))));
}

#[test]
fn what_no_reader_understands_is_an_error_that_names_the_file() {
    for (file, text) in [
        ("package-lock.json", "[]"),
        ("pnpm-lock.yaml", "a: ["),
        ("yarn.lock", "  version \"1\"\n"),
        ("bun.lock", "{"),
        ("uv.lock", "= 1"),
        ("Cargo.lock", ""),
    ] {
        let error = read(file, text, "", &[], &Settings::default()).unwrap_err();
        assert!(error.to_string().starts_with(file), "{error}");
    }
    // Aliases of aliases would be a billion entries.
    let bomb: String = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, at| {
        let last = format!("*a{}", at - 1);
        format!("{text}a{at}: &a{at} [{}]\n", vec![last; 10].join(", "))
    });
    assert!(read("pnpm-lock.yaml", &bomb, "", &[], &Settings::default()).is_err());
}

#[test]
fn yarn_has_on_top_what_most_depend_on_and_else_what_it_comes_to_first() {
    let entry = |descriptor: &str, version: &str, dependencies: &str| {
        format!("{descriptor}:\n  version \"{version}\"\n{dependencies}\n")
    };
    let on = |names: &[&str]| format!("  dependencies:\n    {}\n", names.join("\n    "));
    let text = [
        entry("a@1", "1.0.0", &on(&["deep 1", "few 1", "own 2", "tied 2"])),
        entry("b@1", "1.0.0", &on(&["deep 2", "few 2", "own 2", "tied 1"])),
        entry("c@1", "1.0.0", &on(&["few 2", "tied 2"])),
        entry("d@1", "1.0.0", &on(&["tied 1"])),
        entry("deep@1", "1.0.0", ""),
        entry("deep@2", "2.0.0", ""),
        entry("few@1", "1.0.0", ""),
        entry("few@2", "2.0.0", ""),
        entry("own@1", "1.0.0", ""),
        entry("own@2", "2.0.0", ""),
        entry("tied@1", "1.0.0", ""),
        entry("tied@2", "2.0.0", ""),
    ]
    .concat();
    let lines = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
    let declared = [
        DeclaredRanges { dependent: Dependent::Project, ranges: lines(&["b", "own"]) },
        DeclaredRanges { dependent: Dependent::Member("web".into()), ranges: lines(&["a", "c", "d"]) },
    ];
    let found = read("yarn.lock", &text, "", &declared, &Settings::default()).unwrap();
    let on_top = |name| found.found_on_top(name).map(ToString::to_string);
    for (name, expected) in [("own", "1.0.0"), ("few", "2.0.0"), ("tied", "1.0.0"), ("deep", "2.0.0"), ("a", "1.0.0")] {
        assert_eq!(on_top(name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn a_name_under_which_another_package_lies_is_not_that_packages() {
    let text = "is-even@1:\n  version \"1.0.0\"\n  dependencies:\n    ms \"npm:is-number@6\"\n\nis-odd@1:\n  version \"1.0.0\"\n  dependencies:\n    ms \"npm:is-number@6\"\n\n\"ms@npm:is-number@6\":\n  version \"6.0.0\"\n\n\
                ms@2:\n  version \"2.0.0\"\n\nuser@1:\n  version \"1.0.0\"\n  dependencies:\n    ms \"2\"\n";
    let lines = ["is-even", "is-odd", "user"].map(|name| (name.to_owned(), "1".to_owned())).to_vec();
    let declared = [DeclaredRanges { dependent: Dependent::Project, ranges: lines }];
    let found = read("yarn.lock", text, "", &declared, &Settings::default()).unwrap();
    assert_eq!(found.found_on_top("ms"), None, "is-number lies there");
}

#[test]
fn what_every_dependent_goes_without_is_optional_whatever_the_lockfile() {
    let package_lock = r#"{"lockfileVersion": 3, "packages": {
        "": {"dependencies": {"watch": "1", "plain": "1"}},
        "node_modules/watch": {"version": "1.0.0", "optionalDependencies": {"native": "1", "shared": "1"}},
        "node_modules/plain": {"version": "1.0.0", "dependencies": {"shared": "1"}},
        "node_modules/native": {"version": "1.0.0", "optional": true},
        "node_modules/shared": {"version": "1.0.0"}}}"#;
    let bun_lock = r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "r", "dependencies": {"watch": "1", "plain": "1"}}}, "packages": {
        "watch": ["watch@1.0.0", "", {"optionalDependencies": {"native": "1", "shared": "1"}}, ""],
        "plain": ["plain@1.0.0", "", {"dependencies": {"shared": "1"}}, ""],
        "native": ["native@1.0.0", "", {}, ""], "shared": ["shared@1.0.0", "", {}, ""]}}"#;
    let yarn_lock = "watch@1:\n  version \"1.0.0\"\n  optionalDependencies:\n    native \"1\"\n    shared \"1\"\n\n\
                     plain@1:\n  version \"1.0.0\"\n  dependencies:\n    shared \"1\"\n\n\
                     native@1:\n  version \"1.0.0\"\n\nshared@1:\n  version \"1.0.0\"\n";
    let berry_lock = "__metadata:\n  version: 8\n\n\
                      \"r@workspace:.\":\n  resolution: \"r@workspace:.\"\n  dependencies:\n    watch: \"npm:1\"\n    plain: \"npm:1\"\n\n\
                      \"watch@npm:1\":\n  resolution: \"watch@npm:1.0.0\"\n  dependencies:\n    native: \"npm:1\"\n    shared: \"npm:1\"\n  \
                      dependenciesMeta:\n    native:\n      optional: true\n    shared:\n      optional: true\n\n\
                      \"plain@npm:1\":\n  resolution: \"plain@npm:1.0.0\"\n  dependencies:\n    shared: \"npm:1\"\n\n\
                      \"native@npm:1\":\n  resolution: \"native@npm:1.0.0\"\n\n\"shared@npm:1\":\n  resolution: \"shared@npm:1.0.0\"\n";
    let pnpm_lock = "lockfileVersion: '9.0'\nsnapshots:\n  watch@1.0.0:\n    optionalDependencies: {native: 1.0.0, shared: 1.0.0}\n  \
                     plain@1.0.0:\n    dependencies: {shared: 1.0.0}\n  native@1.0.0: {}\n  shared@1.0.0: {}\n";
    let declared = [DeclaredRanges {
        dependent: Dependent::Project,
        ranges: ["watch", "plain"].map(|name| (name.to_owned(), "1".to_owned())).to_vec(),
    }];
    for (file, text) in [
        ("package-lock.json", package_lock),
        ("bun.lock", bun_lock),
        ("yarn.lock", yarn_lock),
        ("yarn.lock", berry_lock),
        ("pnpm-lock.yaml", pnpm_lock),
    ] {
        let found = read(file, text, "", &declared, &Settings::default()).unwrap();
        let optional: Vec<&str> =
            ["watch", "plain", "native", "shared", "none"].into_iter().filter(|name| found.is_optional(name)).collect();
        assert_eq!(optional, ["native"], "{text}");
    }
}

#[test]
fn what_only_a_circle_of_packages_asks_for_is_remembered() {
    let text = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      loader:\n        specifier: '1'\n        version: 1.0.0(pack@5.0.0)\n\
                packages:\n  loader@1.0.0:\n    peerDependencies:\n      pack: '5'\n    peerDependenciesMeta:\n      pack:\n        optional: true\n  \
                pack@5.0.0: {}\n  terser@1.0.0:\n    peerDependencies:\n      pack: '5'\n\
                snapshots:\n  loader@1.0.0(pack@5.0.0):\n    optionalDependencies:\n      pack: 5.0.0\n  \
                pack@5.0.0:\n    dependencies:\n      terser: 1.0.0(pack@5.0.0)\n  terser@1.0.0(pack@5.0.0):\n    dependencies:\n      pack: 5.0.0\n";
    let found = read("pnpm-lock.yaml", text, "", &[], &Settings::default()).unwrap();
    let remembered = remembered_peers([&found].into_iter());
    let remembered: Vec<_> = remembered.iter().map(|peer| format!("{} {}", peer.dependent, peer.name)).collect();
    assert_eq!(remembered, ["loader pack"]);
}

#[test]
fn an_optional_peer_that_is_asked_for_in_another_version_is_remembered() {
    let text = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"svelte": "5", "types": "6"}},
        "node_modules/types": {"version": "6.21.0"},
        "node_modules/svelte": {"version": "5.0.0", "dependencies": {"esrap": "2"}},
        "node_modules/svelte/node_modules/types": {"version": "8.65.0", "optional": true, "peer": true},
        "node_modules/svelte/node_modules/esrap": {"version": "2.3.0", "peerDependencies": {"types": "^8", "svelte": "5"},
            "peerDependenciesMeta": {"types": {"optional": true}, "svelte": {"optional": true}}}}}"#;
    let found = read("package-lock.json", text, "", &[], &Settings::default()).unwrap();
    let remembered = remembered_peers([&found].into_iter());
    let [peer] = &remembered[..] else { panic!("{remembered:?}") };
    let versions: Vec<String> = peer.versions.iter().map(ToString::to_string).collect();
    assert_eq!((peer.dependent.as_str(), peer.name.as_str(), versions), ("esrap", "types", vec!["8.65.0".to_owned()]));
}

#[test]
fn yaml_that_grows_as_it_is_read_is_refused_at_once() {
    let level = |level: usize| {
        let before = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", "))
    };
    let bomb = format!("a0: &a0 [x, x]\n{}packages: *a8\n", (1..9).map(level).collect::<String>());
    let reason = crate::import::pnpm_workspace(&bomb).unwrap_err().to_string();
    assert!(reason.contains("> 20000"), "{reason}");
    let anchors = "catalog: &own\n  react: ^19\ncatalogs:\n  next: *own\n";
    assert_eq!(crate::import::pnpm_workspace(anchors).unwrap().catalogs.len(), 2);
}

#[test]
fn what_yarn_adds_by_a_list_of_its_own_is_an_edge() {
    let entry = |name: &str, asked: &str, version: &str, more: &str| {
        format!("\"{name}@npm:{asked}\":\n  version: {version}\n  resolution: \"{name}@npm:{version}\"\n{more}\n")
    };
    let text = format!(
        "__metadata:\n  version: 8\n\n\"r@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"r@workspace:.\"\n  dependencies:\n    \
         got: \"npm:9.6.0\"\n\n{}{}{}",
        entry("got", "9.6.0", "9.6.0", ""),
        entry("@types/keyv", "^3.1.1", "3.1.4", ""),
        entry("@types/responselike", "^2.0.0", "2.0.0", "")
    );
    let found = read("yarn.lock", &text, "", &[], &Settings::default()).unwrap();
    let edges: Vec<String> = found.npm_edges().map(|(from, name)| format!("{from} {name}")).collect();
    assert_eq!(edges, ["npm:got@9.6.0 @types/keyv"]);
    assert!(found.targets(&npm("got", "9.6.0"), &name("@types/keyv")).eq([npm("@types/keyv", "3.1.4")]));
}
