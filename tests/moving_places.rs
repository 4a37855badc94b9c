//! Moving in keeps where packages came from: what a registry of the company had does not come from a public one, unsaid.

use crate::support::{Project, Registry, Universe};

/// Public registries that have strangers' packages under the names.
fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("right", "1.0.0", |p| p)
        .npm("@corp/own", "1.0.0", |p| p)
        .pypi("tx", "0.0.1", |p| p)
        .pypi("idna", "3.6", |p| p)
        .serve()
}

const PACKAGE: (&str, &str) = ("package.json", r#"{"name": "root", "dependencies": {"left": "*"}}"#);
const PYTHON: (&str, &str) =
    ("pyproject.toml", "[project]\nname = 'root'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['tx']\n");

/// Lockfiles of npm's tools that have a package from a place.
fn of_npm(version: &str, url: &str, integrity: &str) -> Vec<(&'static str, String)> {
    let encoded = url.replace(':', "%3A").replace('/', "%2F");
    vec![
        (
            "package-lock.json",
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"left": "*"}}}},
                "node_modules/left": {{"version": "{version}", "resolved": "{url}", "integrity": "{integrity}"}}}}}}"#
            ),
        ),
        (
            "yarn.lock",
            format!(
                "# yarn lockfile v1\n\n\nleft@*:\n  version \"{version}\"\n  resolved \"{url}#00\"\n  integrity {integrity}\n"
            ),
        ),
        (
            "pnpm-lock.yaml",
            format!(
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      left:\n        specifier: '*'\n        version: {version}\n\
                 packages:\n  left@{version}:\n    resolution: {{integrity: {integrity}, tarball: {url}}}\nsnapshots:\n  left@{version}: {{}}\n"
            ),
        ),
        (
            "bun.lock",
            format!(
                "{{\"lockfileVersion\": 1, \"workspaces\": {{\"\": {{\"dependencies\": {{\"left\": \"*\"}}}}}},\n\
                 \"packages\": {{\"left\": [\"left@{version}\", \"{url}\", {{}}, \"{integrity}\"]}}}}"
            ),
        ),
        // Its checksums are not those of a registry.
        (
            "yarn.lock",
            format!(
                "__metadata:\n  version: 8\n\n\"left@npm:*\":\n  version: {version}\n  resolution: \"left@npm:{version}::__archiveUrl={encoded}\"\n\
                 \x20 languageName: node\n  linkType: hard\n\n\"root@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"root@workspace:.\"\n\
                 \x20 dependencies:\n    left: \"npm:*\"\n  languageName: unknown\n  linkType: soft\n"
            ),
        ),
    ]
}

/// Lockfiles of Python's tools that have a package from a place.
fn of_python(version: &str, index: &str, hash: &str) -> Vec<(&'static str, String)> {
    let wheel = format!("tx-{version}-py3-none-any.whl");
    vec![
        (
            "uv.lock",
            format!(
                "version = 1\n[[package]]\nname = \"tx\"\nversion = \"{version}\"\nsource = {{ registry = \"{index}\" }}\n\
                 wheels = [{{ url = \"{index}/{wheel}\", hash = \"sha256:{hash}\" }}]\n"
            ),
        ),
        (
            "poetry.lock",
            format!(
                "[[package]]\nname = \"tx\"\nversion = \"{version}\"\nfiles = [{{file = \"{wheel}\", hash = \"sha256:{hash}\"}}]\n\
                 [package.source]\ntype = \"legacy\"\nurl = \"{index}\"\nreference = \"corp\"\n"
            ),
        ),
        (
            "pdm.lock",
            format!(
                "[[package]]\nname = \"tx\"\nversion = \"{version}\"\nfiles = [{{url = \"{index}/{wheel}\", hash = \"sha256:{hash}\"}}]\n"
            ),
        ),
        (
            "pylock.toml",
            format!(
                "lock-version = \"1.0\"\n[[packages]]\nname = \"tx\"\nversion = \"{version}\"\nindex = \"{index}\"\n\
                 wheels = [{{ name = \"{wheel}\", url = \"{index}/{wheel}\", hashes = {{ sha256 = \"{hash}\" }} }}]\n"
            ),
        ),
    ]
}

const SHA512: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn what_a_registry_had_that_nothing_names_is_a_guard() {
    let registry = registry();
    let npm = of_npm("9.9.9", "https://npm.corp.example/left/-/left-9.9.9.tgz", SHA512);
    let python = of_python("2.0+cpu", "https://corp.example/simple", SHA256);
    let npm = npm
        .into_iter()
        .map(|lock| (PACKAGE, lock, ["npm:left 9.9.9 from https://npm.corp.example/", "packages \"left\""]));
    let python = python
        .into_iter()
        .map(|lock| (PYTHON, lock, ["pypi:tx 2.0+cpu from https://corp.example/", "packages \"tx\""]));
    for (manifest, (file, text), [what, line]) in npm.chain(python) {
        let project = Project::of_other_tools(&registry, &[manifest, (file, &text)]);
        project.run("larder init").exits(2).names(["other_registry", what, line, "--leave-out"]);
        assert!(!project.has("larder.lock"), "{file}");
        project.run("larder sync").exits(2).names([what]);
        let other = if manifest == PACKAGE { "npm:right" } else { "pypi:idna" };
        project.run(&format!("larder add {other}")).exits(2).names([what]);
        assert!(!project.has("larder.lock"), "{file}");
        std::fs::remove_file(project.path("larder.kdl")).unwrap();
        project.run("larder init --leave-out").exits(0).names([what, "another registry is asked now"]);
        assert!(project.has("larder.lock"), "{file}");
    }
}

#[test]
fn a_claim_says_where_a_package_comes_from() {
    let registry = registry();
    let (file, text) = &of_npm("9.9.9", "https://npm.corp.example/left/-/left-9.9.9.tgz", SHA512)[0];
    let project = Project::of_other_tools(&registry, &[PACKAGE, (file, text)]);
    project.run("larder init").exits(2);
    let manifest = project.read("larder.kdl");
    let claim = "registries { npm \"npmjs\" \"https://registry.npmjs.org/\" { packages \"left\"; }; }";
    project.write("larder.kdl", &format!("{manifest}\n{claim}\n"));
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("left@1.0.0"));
}

#[test]
fn a_lockfile_that_was_made_behind_a_mirror_has_public_packages() {
    let registry = registry();
    let first = Project::of_other_tools(&registry, &[PACKAGE]);
    first.run("larder init").exits(0);
    first.run("larder lock").exits(0);
    let lock = first.read("larder.lock");
    let digest = lock.split("digest = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mirror = "https://nexus.corp.example/repository/npm-all/left/-/left-1.0.0.tgz";
    for (digest, status) in [(digest, 0), (SHA512, 2)] {
        for (file, text) in of_npm("1.0.0", mirror, digest).into_iter().take(4) {
            let project = Project::of_other_tools(&registry, &[PACKAGE, (file, &text)]);
            let told = project.run("larder init").exits(status);
            if status == 2 {
                told.names(["npm:left 1.0.0 from https://nexus.corp.example/", "packages \"left\""]);
            }
        }
    }
    // The public hosts are known, and those that the environment names.
    let asked = format!("{}left/-/left-9.9.9.tgz", registry.npm_url());
    for url in ["https://registry.yarnpkg.com/left/-/left-9.9.9.tgz", &asked] {
        for (file, text) in of_npm("9.9.9", url, SHA512) {
            let project = Project::of_other_tools(&registry, &[PACKAGE, (file, &text)]);
            project.run("larder init").exits(0).names(["npm:left 1.0.0 (was 9.9.9)"]);
        }
    }
}

#[test]
fn what_its_registry_still_has_comes_from_there() {
    let (public, corp) = (registry(), Universe::new().npm("@corp/own", "2.0.0", |p| p).serve());
    let lock = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"@corp/own": "*"}}}},
        "node_modules/@corp/own": {{"version": "2.0.0", "resolved": "{}@corp/own/-/own-2.0.0.tgz"}}}}}}"#,
        corp.npm_url()
    );
    let package = ("package.json", r#"{"name": "root", "dependencies": {"@corp/own": "*"}}"#);
    let npmrc = format!("@corp:registry={}\n", corp.npm_url());
    let project = Project::of_other_tools(&public, &[package, ("package-lock.json", &lock), (".npmrc", &npmrc)]);
    project.run("larder init").exits(0).names(["1 of 1 packages"]);
    let project = Project::of_other_tools(&public, &[package, ("package-lock.json", &lock)]);
    project.run("larder init").exits(2).names(["npm:@corp/own 2.0.0"]);
}

#[test]
fn a_package_that_no_public_registry_has_is_told_with_its_place() {
    let registry = registry();
    let package = ("package.json", r#"{"name": "root", "dependencies": {"only-ours": "*", "left": "*"}}"#);
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"only-ours": "*", "left": "*"}},
        "node_modules/left": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/left/-/left-1.0.0.tgz"},
        "node_modules/only-ours": {"version": "1.0.0", "resolved": "https://npm.corp.example/only-ours/-/only-ours-1.0.0.tgz"}}}"#;
    let project = Project::of_other_tools(&registry, &[package, ("package-lock.json", lock)]);
    project.run("larder init").exits(2).names(["npm:only-ours 1.0.0 from https://npm.corp.example/"]);
}

#[test]
fn options_that_keep_public_indexes_out_stop_init() {
    let registry = registry();
    for (file, text) in [
        ("requirements.txt", "--no-index\n--find-links wheels\ntx\n"),
        ("pip.conf", "[global]\nno-index = true\n"),
        ("uv.toml", "no-index = true\nfind-links = ['wheels']\n"),
    ] {
        let project = Project::of_other_tools(&registry, &[PYTHON, (file, text), ("wheels/x.txt", "")]);
        project.run("larder init").exits(2).names(["no-index", "--leave-out"]);
        assert!(!project.has("larder.kdl"), "{file}");
    }
}

#[test]
fn the_usual_index_of_a_project_beside_is_asked_for_what_its_lockfile_has_from_there() {
    let (public, corp) = (registry(), Universe::new().pypi("tx", "2.0", |p| p).serve());
    let project = |name: &str, wanted: &str, more: &str| {
        format!(
            "[project]\nname = '{name}'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['{wanted}']\n\
             [tool.uv]\npackage = false\n{more}"
        )
    };
    let lock = |name: &str, version: &str, index: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"{index}\" }}\n"
        )
    };
    let index = format!("[[tool.uv.index]]\nname = 'corp'\nurl = '{}'\ndefault = true\n", corp.pypi_url());
    let root = project("root", "idna", "");
    let (own, own_lock) = (project("p", "tx", &index), lock("tx", "2.0", &corp.pypi_url()));
    let root_lock = lock("idna", "3.6", "https://pypi.org/simple");
    let files =
        [("pyproject.toml", &*root), ("uv.lock", &root_lock), ("py/pyproject.toml", &own), ("py/uv.lock", &own_lock)];
    let project = Project::of_other_tools(&public, &files);
    project.run("larder init").exits(0).names(["2 of 2 packages"]);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("packages \"tx\"") && !manifest.contains("pypi \"pypi\""), "{manifest}");
    let lock = project.read("larder.lock");
    assert!(lock.contains("tx@2.0") && lock.contains("idna@3.6"), "{lock}");
}

#[test]
fn extras_of_folders_of_poetry_are_asked_for() {
    let registry = registry();
    let core = "[tool.poetry]\nname = 'core'\nversion = '1.0.0'\n[tool.poetry.dependencies]\npython = '^3.11'\n\
                idna = {version = '*', optional = true}\n[tool.poetry.extras]\nfast = ['idna']\n\
                [build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n";
    let root = "[tool.poetry]\nname = 'root'\nversion = '1.0.0'\npackage-mode = false\n[tool.poetry.dependencies]\n\
                python = '^3.11'\ncore = {path = 'core', develop = true, extras = ['fast']}\n";
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", root), ("core/pyproject.toml", core)]);
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("path \"core[fast]\""), "{manifest}");
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("idna@3.6"));
}

#[test]
fn a_pin_of_a_version_of_the_projects_own_package_stops_nothing() {
    let registry = registry();
    let files = [
        ("pnpm-workspace.yaml", "packages: ['py/*']\n"),
        ("package.json", r#"{"name": "root"}"#),
        (
            "py/a/pyproject.toml",
            "[project]\nname = 'idna'\nversion = '9'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n",
        ),
        ("py/a/package.json", r#"{"name": "py-idna", "version": "1.0.0"}"#),
        ("py/hello/requirements.txt", "idna==3.6\n"),
    ];
    for files in [&files[..], &[files[0], files[1], files[2], files[4]]] {
        let project = Project::of_other_tools(&registry, files);
        project.run("larder init").exits(0).names(["pypi idna ==3.6", "the project's own is"]);
        project.run("larder lock").exits(0);
    }
}

/// That a locked version brings another package by git is no reason to take a newer one unasked.
#[test]
fn a_locked_version_that_brings_another_by_git_is_not_replaced_unasked() {
    const GYP: &str = "https://github.com/electron/gyp#06b29aa";

    let registry = Universe::new()
        .npm("rebuild", "3.7.0", |p| p.dep("gyp", GYP))
        .npm("rebuild", "4.2.1", |p| p)
        .npm("builder", "1.0.0", |p| p.dep("rebuild", "^3"))
        .npm("builder", "1.1.0", |p| p)
        .serve();
    let files = |asked: &str, builder: &str| {
        let package = format!(r#"{{"name": "root", "dependencies": {{{asked}}}}}"#);
        let lock = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{{asked}}}}}, {builder}
                "node_modules/gyp": {{"version": "10.2.0", "resolved": "git+ssh://git@github.com/electron/gyp.git#06b29aa"}},
                "node_modules/rebuild": {{"version": "3.7.0", "dependencies": {{"gyp": "{GYP}"}}}}}}}}"#
        );
        Project::of_other_tools(&registry, &[("package.json", &package), ("package-lock.json", &lock)])
    };
    let project = files(r#""rebuild": ">=3.7.0""#, "");
    let told = format!("npm:rebuild@3.7.0 (gyp as `{GYP}`)");
    project.run("larder init").exits(3).names([&told, "`resolution { transitive \"git\"; }`", "the first lock keeps"]);
    project.run("larder sync").exits(3).names([&told]);
    // Whoever wants no such package takes newer versions.
    project.run("larder update").exits(0);
    assert_eq!(project.locked_packages(), "rebuild 4.2.1");
    // Where it is needed no more, that is the reason for which others moved.
    let builder = r#""node_modules/builder": {"version": "1.0.0", "dependencies": {"rebuild": "^3"}},"#;
    let told = format!("~ npm:builder 1.1.0 (was 1.0.0): it needs npm:rebuild@3.7.0, which asks for gyp as `{GYP}`");
    files(r#""builder": "^1""#, builder).run("larder init").exits(0).names([&told]);
}
