//! Moving in where more lies in a repository than its projects ask for: requirements of folders beside, words of configurations, halves that
//! nobody asks for, lockfiles that cannot be read.

use crate::support::{Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new()
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("source-map", "0.7.4", |p| p)
        .npm("debug", "4.0.0", |p| p)
        .npm("bundler", "1.0.0", |p| p.dep("source-map", "*").dep("debug", "*"))
        .pypi("docutils", "0.21", |p| p)
        .pypi("docutils", "0.23", |p| p)
        .pypi("sphinx", "7.0", |p| p.requires("docutils<0.22"))
        .pypi("sphinx", "8.0", |p| p.requires("docutils"))
        .pypi("idna", "3.6", |p| p)
        .pypi("six", "1.16", |p| p)
        .serve()
}

const PYPROJECT: &str =
    "[project]\nname = 'root'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['docutils']\n";

const UV_LOCK: &str = "version = 1\n[[package]]\nname = \"docutils\"\nversion = \"0.23\"\nsource = { registry = \"https://pypi.org/simple\" }\n";

#[test]
fn requirements_of_a_folder_beside_move_no_version_of_a_lockfile() {
    let registry = registry();
    let moved_in = |requirements: &str| {
        let files = [("pyproject.toml", PYPROJECT), ("uv.lock", UV_LOCK), ("api/ref/requirements.txt", requirements)];
        let project = Project::of_other_tools(&registry, &files);
        let told = project.run("larder init").exits(0).stderr;
        project.run("larder lock --check").exits(0);
        let lock = project.read("larder.lock");
        assert!(lock.contains("pypi:docutils@0.23") && !lock.contains("docutils@0.21"), "{lock}");
        let manifest = project.read("larder.kdl");
        assert!(manifest.contains("group \"api-ref\""), "{manifest}");
        assert!(told.contains("1 of 1 packages have the versions that they had"), "{told}");
        assert!(told.contains("Groups that no environment includes: api-ref."), "{told}");
        (told, lock)
    };
    let (told, lock) = moved_in("sphinx==7.0\n");
    let left_out = "group `api-ref`, which no environment includes, is left out of the lock: it would move pypi:docutils 0.23 to 0.21";
    assert!(told.contains(left_out) && !lock.contains("sphinx"), "{told}");
    let (told, lock) = moved_in("sphinx==8.0\n");
    assert!(!told.contains("left out of the lock") && lock.contains("pypi:sphinx@8.0"), "{told}");
    // What the folder of the project itself has for those without the lockfile moves nothing either.
    let files = [
        ("pyproject.toml", &*PYPROJECT.replace("docutils", "sphinx")),
        ("uv.lock", UV_LOCK),
        ("requirements.txt", "docutils==0.21\nsix\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    let why = "Left out pypi docutils ==0.21: the lockfile has 0.23, and moving in changes no version";
    project.run("larder init").exits(0).names([why]);
    assert!(project.read("larder.lock").contains("pypi:six@1.16"));
}

#[test]
fn pins_with_extras_of_a_folder_beside_stay() {
    let registry = registry();
    let lock = UV_LOCK.replace("docutils", "idna").replace("0.23", "3.6");
    let files = [
        ("pyproject.toml", &*PYPROJECT.replace("docutils", "idna>=3")),
        ("uv.lock", &*lock),
        ("server/requirements.txt", "idna[all]==3.6\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("pypi \"idna[all]\" \"==3.6\""), "{manifest}");
}

#[test]
fn indexes_beside_a_requirements_file_stop_init() {
    let registry = registry();
    for (file, text) in [
        ("svc/uv.toml", "[[index]]\nname = 'corp'\nurl = 'https://corp.example/simple'\ndefault = true\n"),
        ("svc/uv.toml", "no-index = true\n"),
        ("svc/pdm.toml", "[pypi]\nurl = 'https://corp.example/simple'\n"),
    ] {
        let project = Project::of_other_tools(&registry, &[("svc/requirements.txt", "six\n"), (file, text)]);
        project.run("larder init --no-lock").exits(2).names(["svc"]);
    }
}

/// A group that had no solution is locked once it has one, by whichever command, and moves nothing of what environments have.
#[test]
fn a_group_that_was_left_out_is_locked_when_it_can_be() {
    let registry = registry();
    let project = Project::new(&registry);
    let environments = "environment \"development\"\n";
    project.manifest(&format!("dependencies {{ pypi \"docutils\"; }}\n{environments}"));
    project.run("larder lock").exits(0);
    let manifest = "dependencies { pypi \"docutils\"; }\ngroup \"docs\" { pypi \"sphinx\" \"==7.0\"; }\n";
    project.manifest(&format!("{manifest}{environments}"));
    project.run("larder lock --check").exits(0);
    project
        .run("larder lock")
        .exits(0)
        .names(["it would move pypi:docutils 0.23 to 0.21", "larder.lock is up to date"]);
    project.run("larder add npm:right").exits(0).names(["group `docs`"]);
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:docutils@0.23") && !lock.contains("sphinx"), "{lock}");
    project.write("larder.kdl", &project.read("larder.kdl").replace("==7.0", "==8.0"));
    project.run("larder lock --check").exits(0);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:sphinx@8.0"));
    // One that is locked stays.
    project.run("larder lock").exits(0).names(["larder.lock is up to date"]);
}

#[test]
fn a_group_that_somebody_adds_to_is_locked_whatever_moves() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("dependencies { pypi \"docutils\"; }\nenvironment \"development\"\n");
    project.run("larder lock").exits(0);
    project.run("larder add --group docs pypi:sphinx==7.0").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:docutils@0.21") && lock.contains("pypi:sphinx@7.0"), "{lock}");
}

#[test]
fn words_and_paths_of_configurations_are_no_packages() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"bundler": "1"}},
        "node_modules/bundler": {"version": "1.0.0"}, "node_modules/source-map": {"version": "0.7.4"}, "node_modules/debug": {"version": "4.0.0"}}}"#;
    let files = [
        ("package.json", r#"{"name": "root", "dependencies": {"bundler": "1"}}"#),
        ("package-lock.json", lock),
        ("webpack.config.js", "module.exports = { devtool: 'source-map', entry: 'debug/x.js', plugins: [] }\n"),
        ("debug/x.js", ""),
        (".bazelrc", "# Settings for debug builds\n"),
        (".all-contributorsrc", r#"{"projectName": "debug"}"#),
    ];
    let project = Project::of_other_tools(&registry, &files);
    let told = project.run("larder init --no-lock").exits(0).stderr;
    assert!(!told.contains("Used here"), "{told}");
    project.write("babel.config.js", "module.exports = { plugins: ['debug'] }\n");
    std::fs::remove_dir_all(project.path("debug")).unwrap();
    std::fs::remove_file(project.path("larder.kdl")).unwrap();
    project.run("larder init --no-lock").exits(0).names(["debug (babel.config.js)"]);
}

#[test]
fn a_pattern_for_packages_of_a_flat_folder_is_told() {
    let registry = registry();
    let jest = r#"{"name": "root", "jest": {"transformIgnorePatterns": ["/node_modules/(?!(right)/)"]}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", jest)]);
    project
        .run("larder init --no-lock")
        .exits(0)
        .names(["`node_modules/(?!…)` in package.json", "(?!\\.packages|NAME)"]);
}

#[test]
fn a_python_half_that_only_a_build_knows_stops_nothing_while_nobody_asks_for_it() {
    let registry = registry();
    let root = r#"{"name": "root", "workspaces": ["py", "q"], "dependencies": {"right": "1"}}"#;
    let setup = "V = '3.6'\nsetup(name='py-half', version='1.0', install_requires=[f'idna=={V}'])\n";
    let files = [
        ("package.json", root),
        ("py/package.json", r#"{"name": "@x/py", "version": "1.0.0"}"#),
        ("py/setup.py", setup),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0);
    project.run("larder sync").exits(0).names(["py/setup.py has its dependencies computed", "is left out"]);
    let asks = PYPROJECT.replace("docutils", "py-half").replace("'root'", "'q'");
    project.write("q/pyproject.toml", &asks);
    project.run("larder lock").exits(2).names(["py/setup.py has its dependencies computed"]);
}

#[test]
fn extras_that_something_asks_for_are_not_told() {
    let registry = registry();
    let sub = "[project]\nname = 'sub'\nversion = '1'\nrequires-python = '>=3.11'\n[project.optional-dependencies]\nx = ['idna']\ny = ['six']\n";
    let asked = |files: &[(&str, &str)]| {
        let project = Project::of_other_tools(&registry, &[&[("sub/pyproject.toml", sub)], files].concat());
        project.run("larder init --no-lock").exits(0).stderr
    };
    let told = asked(&[("requirements.txt", "-e ./sub[x]\n")]);
    assert!(told.contains("Left out extras of sub (y)"), "{told}");
    let app = "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['sub[x,y]']\n";
    let told = asked(&[("app/pyproject.toml", app)]);
    assert!(!told.contains("Left out extras"), "{told}");
}

#[test]
fn a_folder_that_is_linked_under_two_names_has_one() {
    let registry = registry();
    for built in [&[][..], &[("out/package.json", r#"{"name": "real", "version": "1.0.0"}"#)]] {
        let root = r#"{"name": "root", "dependencies": {"w": "link:./out", "v": "link:./out"}}"#;
        let project = Project::of_other_tools(&registry, &[&[("package.json", root)], built].concat());
        let told = project.run("larder init").exits(0).stderr;
        assert!(told.contains("a `path` line has one name for a folder"), "{told}");
        assert_eq!(project.read("larder.kdl").matches("path \"out\"").count(), 1);
        project.run("larder sync").exits(0);
    }
}

#[test]
fn a_second_link_to_a_folder_is_left_out_with_its_line() {
    let registry = registry();
    let root = r#"{"name": "root", "dependencies": {"w": "link:./out"}, "devDependencies": {"v": "link:./out"}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", root)]);
    project.run("larder init").exits(0).names(["Left out the link v to out", "this one is linked as w"]);
    let manifest = project.read("larder.kdl");
    assert!(
        manifest.contains("path \"out\" name=\"w\"") && manifest.matches("path \"out\"").count() == 1,
        "{manifest}"
    );
}

#[test]
fn folders_with_signs_of_globs_are_members_and_those_of_templates_are_none() {
    let registry = registry();
    let package = |name: &str| format!(r#"{{"name": "{name}", "dependencies": {{"right": "1.0.0"}}}}"#);
    let (web, made) = (package("web"), package("made"));
    let files = [("we[b]/package.json", &*web), ("{{p}}/frontend/package.json", &*made)];
    let project = Project::of_other_tools(&registry, &files);
    let told = "Left out the folder {{p}}/frontend: it belongs to a template, of which other projects are made";
    let output = project.run("larder init --no-lock").exits(0).stderr;
    assert!(
        output.contains(told) && output.contains("Members: we[b]\n") && !output.contains("no workspace"),
        "{output}"
    );
    assert!(project.read("larder.kdl").contains("members \"we[[]b[]]\""), "{}", project.read("larder.kdl"));
    project.run("larder lock").exits(0);
    assert_eq!(project.locked_packages(), "right 1.0.0");
}

#[test]
fn what_is_not_built_yet_is_told_once() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["path \"out\" name=\"w\""]);
    project.run("larder sync").exits(0);
    let told = project.run("larder add npm:right").exits(0).stderr;
    assert_eq!(told.matches("`out` holds no package yet").count(), 1, "{told}");
}

#[test]
fn projects_are_told_though_others_are_called_like_them_or_begin_with_a_dot() {
    let registry = registry();
    let app = r#"{"name": "app", "dependencies": {"right": "1"}}"#;
    let files = [
        ("package.json", r#"{"name": "root", "dependencies": {"web": "file:./apps/web", "app": "git+svn://x"}}"#),
        ("apps/web/package.json", r#"{"name": "web"}"#),
        ("app/package.json", app),
        (".plug/package.json", r#"{"name": "plug", "dependencies": {"right": "1"}}"#),
        (".plug/package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
        (".gitignore", ".made/\n"),
        (".made/package.json", app),
        (".made/package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
    ];
    let project = Project::of_other_tools(&registry, &files);
    let told = project.run("larder init --no-lock -v").exits(0).stderr;
    assert!(told.contains("the project in app: no workspace names it"), "{told}");
    assert!(told.contains("the project in .plug: it has a lockfile of its own"), "{told}");
}

#[test]
fn a_lockfile_that_cannot_be_read_does_not_decide() {
    let registry = registry();
    let files = [
        ("package.json", r#"{"name": "root", "packageManager": "npm@10.0.0", "dependencies": {"right": "1"}}"#),
        ("package-lock.json", "xxx{"),
        ("yarn.lock", "# yarn lockfile v1\n\nright@1:\n  version \"1.0.0\"\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0).names(["Left out package-lock.json: yarn.lock beside it decides"]);
    assert!(project.read("larder.lock").contains("npm:right@1.0.0"));
}

#[test]
fn a_member_that_is_gone_is_damage_and_what_a_build_made_is_none() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("members \"p/*\"\ndependencies { path \"out\" name=\"w\"; path \"lib\"; }\n");
    let package = |name: &str| format!(r#"{{"name": "{name}", "version": "1.0.0", "dependencies": {{"right": "1"}}}}"#);
    for (folder, name) in [("out", "w"), ("lib", "lib"), ("p/a", "a")] {
        project.write(&format!("{folder}/package.json"), &package(name));
    }
    project.run("larder sync").exits(0);
    std::fs::remove_dir_all(project.path("out")).unwrap();
    project.run("larder verify").exits(0);
    std::fs::remove_dir_all(project.path("p/a")).unwrap();
    project.run("larder verify").exits(4).names(["`p/a/node_modules", "is missing, with the folder that it lies in"]);
}
