//! Packages that a line takes from a git repository: locked by commit and by digest.

use std::fs;

use crate::support::{GitRepository, GitServer, Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new()
        .npm("right", "1.2.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .npm("page", "1.0.0", |p| p.dep("ui-kit", "*"))
        .serve()
}

/// Writes an npm package.
fn ui_kit(repository: &GitRepository, version: &str) -> String {
    repository
        .write("package.json", &format!("{{\"name\":\"ui-kit\",\"version\":\"{version}\",\"files\":[\"lib\"],\"main\":\"lib/index.js\",\"dependencies\":{{\"right\":\"^1\"}}}}"))
        .write("lib/index.js", &format!("module.exports = '{version}'\n"))
        .write("secret.txt", "not packed")
        .commit()
}

/// Writes a Python package of plain source into a folder.
fn acme_tools(repository: &GitRepository, version: &str) -> String {
    repository
        .write("py/pyproject.toml", &format!(
            "[project]\nname = 'acme-tools'\nversion = '{version}'\ndependencies = ['six']\n[project.scripts]\nacme = 'acme_tools:main'\n\
             [build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
        ))
        .write("py/src/acme_tools/__init__.py", &format!("VERSION = '{version}'\n\ndef main():\n    print('acme', VERSION)\n"))
        .write("py/src/acme_tools/data.txt", "data")
        .write("py/tests/test_it.py", "import acme_tools\n")
        .commit()
}

fn locked_commit(project: &Project) -> String {
    let lock = project.read("larder.lock");
    let line = lock.lines().find(|line| line.starts_with("commit = ")).expect("a commit");
    line.trim_start_matches("commit = ").trim_matches('"').to_owned()
}

#[test]
fn packages_of_both_ecosystems_come_from_git_without_a_build() {
    let (registry, server) = (registry(), GitServer::start());
    let (ui, tools) = (server.repository("ui"), server.repository("tools"));
    let first = ui_kit(&ui, "1.0.0");
    acme_tools(&tools, "2.1");
    tools.git(&["tag", "--annotate", "--message=x", "v2.1"]);
    acme_tools(&tools, "3.0");
    let project = Project::new(&registry);
    project.dependencies(&[
        &format!("npm \"ui-kit\" git=\"{}\" branch=\"main\"", ui.url()),
        "npm \"page\"",
        &format!("pypi \"acme-tools\" git=\"{}\" tag=\"v2.1\" subdirectory=\"py\"", tools.url()),
    ]);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    let ui_lines =
        format!("id = \"npm:ui-kit@1.0.0\"\ngit = \"{}\"\nbranch = \"main\"\ncommit = \"{first}\"\n", ui.url());
    assert!(lock.contains(&ui_lines), "{lock}");
    let tool_lines = format!(
        "id = \"pypi:acme-tools@2.1\"\ngit = \"{}\"\ntag = \"v2.1\"\nsubdirectory = \"py\"\ncommit = \"",
        tools.url()
    );
    assert!(lock.contains(&tool_lines) && lock.contains("kind = \"source\""), "{lock}");
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout, "1.0.0\n");
    assert!(!project.has("node_modules/ui-kit/secret.txt") && project.has("node_modules/ui-kit/lib/index.js"));
    let data = "import acme_tools, six, os; print(os.path.exists(os.path.join(os.path.dirname(acme_tools.__file__), \"data.txt\")))";
    assert_eq!(project.run(&format!("larder run python -c '{data}'")).exits(0).stdout, "True\n");
    assert_eq!(project.run("larder run acme").exits(0).stdout, "acme 2.1\n");
    project.run("larder run python -c 'import test_it'").exits(1);
    for command in
        ["larder verify", "larder check", "larder check --online", "larder sync --locked", "larder sync --frozen"]
    {
        project.run(command).exits(0);
    }
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);

    // Another machine gets the same, and once it is fetched no network is needed.
    let other = Project::new(&registry);
    other.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &lock);
    other.run("larder sync --frozen").exits(0);
    assert_eq!(other.run("larder run acme").exits(0).stdout, "acme 2.1\n");
    let generation = |project: &Project| project.run_json("larder history --json")["generations"][0]["digest"].clone();
    assert_eq!(generation(&project), generation(&other));
    drop(server);
    fs::remove_dir_all(other.path(".larder")).expect("removed");
    other.run("larder sync --frozen --offline").exits(0);
    fs::remove_dir_all(other.store()).expect("removed");
    // The repositories in the cache are enough.
    other.run("larder sync --repair").exits(0).names(["5 packages fetched again"]);
}

#[test]
fn a_branch_that_moved_stays_until_it_is_updated() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let first = ui_kit(&ui, "1.0.0");
    let project = Project::new(&registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project.run("larder sync").exits(0);
    let second = ui_kit(&ui, "1.1.0");
    project.run("larder lock").exits(0);
    project.run("larder add npm:page").exits(0);
    project.run("larder update right").exits(0);
    assert_eq!(locked_commit(&project), first);
    project.forget();
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout, "1.0.0\n");
    let outdated = project.run_json("larder outdated --json");
    assert_eq!(
        (&outdated["packages"][0]["name"], &outdated["packages"][0]["update"]),
        (&"ui-kit".into(), &"1.1.0".into())
    );
    project.run("larder update ui-kit").exits(0);
    assert_eq!(locked_commit(&project), second);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout, "1.1.0\n");
}

#[test]
fn revs_are_commits_in_full_or_abbreviated_and_names() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let first = ui_kit(&ui, "1.0.0");
    ui.git(&["tag", "v1.0.0"]);
    let second = ui_kit(&ui, "1.1.0");
    ui.git(&["branch", "side", "v1.0.0"]);
    let project = Project::new(&registry);
    for (reference, commit) in [
        (format!("rev=\"{first}\""), &first),
        (format!("rev=\"{}\"", &first[..9]), &first),
        ("rev=\"side\"".to_owned(), &first),
        ("rev=\"v1.0.0\"".to_owned(), &first),
        (format!("rev=\"{second}\""), &second),
        ("branch=\"side\"".to_owned(), &first),
        (String::new(), &second),
    ] {
        project.forget();
        project
            .dependencies(&[&format!("npm \"ui-kit\" git=\"{}\" {reference}", ui.url())])
            .run("larder lock")
            .exits(0);
        assert_eq!(locked_commit(&project), **commit, "{reference}");
    }
    for (reference, said) in [
        ("branch=\"gone\"", "branch `gone`"),
        ("tag=\"v9\"", "tag `v9`"),
        ("rev=\"0000000\"", "commit, tag or branch `0000000`"),
    ] {
        let lock = project.read("larder.lock");
        let out =
            project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\" {reference}", ui.url())]).run("larder lock");
        out.exits(5).names(["larder::git::no_reference", said]);
        assert_eq!(project.read("larder.lock"), lock);
    }
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\" subdirectory=\"deep\"", ui.url())]);
    project.run("larder lock").exits(2).names(["larder::git::no_folder", "`deep`"]);
}

#[test]
fn a_commit_that_is_gone_says_so() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, "1.0.0");
    let project = Project::new(&registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project.run("larder lock").exits(0);
    ui.write("lib/index.js", "module.exports = 'rewritten'\n");
    ui.git(&["commit", "--quiet", "--all", "--amend", "--message=other"]);
    ui.git(&["reflog", "expire", "--expire=now", "--all"]).prune();
    project.forget();
    project.run("larder sync").exits(5).names(["larder::git::no_commit", &locked_commit(&project)]);
    project.run("larder update ui-kit").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout, "rewritten\n");
}

#[test]
fn submodules_are_part_of_the_tree() {
    let (registry, server) = (registry(), GitServer::start());
    let (ui, core) = (server.repository("ui"), server.repository("core"));
    core.write("core.js", "module.exports = 'core'\n").commit();
    ui_kit(&ui, "1.0.0");
    let address = core.folder().display().to_string();
    ui.git(&["submodule", "--quiet", "add", &address, "lib/core"]);
    ui.write(".gitmodules", "[submodule \"lib/core\"]\n\tpath = lib/core\n\turl = ../core.git\n").commit();
    let project = Project::new(&registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit/lib/core/core.js\")'").exits(0).stdout, "core\n");
    for (url, said) in [
        ("file:///etc", "no place that larder"),
        ("ext::sh -c touch% /tmp/x", "submodule whose URL"),
        ("--upload-pack=x", "no place that larder"),
    ] {
        ui.write(".gitmodules", &format!("[submodule \"lib/core\"]\n\tpath = lib/core\n\turl = {url}\n")).commit();
        project.run("larder update ui-kit").exits(4).names(["larder::git::refused", "lib/core", said]);
    }
}

#[test]
fn trees_that_are_made_to_harm_are_refused() {
    let (registry, server) = (registry(), GitServer::start());
    let project = Project::new(&registry);
    let hostile = |name: &str, harm: &dyn Fn(&GitRepository)| {
        let ui = server.repository(name);
        ui_kit(&ui, "1.0.0");
        harm(&ui);
        ui.commit();
        project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]).run("larder sync")
    };
    let link = |target: &'static str| {
        move |ui: &GitRepository| std::os::unix::fs::symlink(target, ui.folder().join("lib/leak")).expect("a link")
    };
    // As in a tarball, a link that leaves the package is left out or refused, and never followed.
    let out = hostile("leaving", &link("/etc/passwd"));
    assert!(!project.has("node_modules/ui-kit/lib/leak"), "{}", out.stderr);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
    hostile("lfs", &|ui| {
        ui.write("lib/large.bin", pointer);
    })
    .exits(4)
    .names(["lib/large.bin", "is kept by Git"]);
    hostile("hooks", &|ui| {
        ui.write(".gitattributes", "* filter=evil\n").write("lib/x.js", "1\n");
        ui.write(".gitconfig", "[filter \"evil\"]\n\tsmudge = touch /tmp/larder-evil\n\trequired = true\n");
    })
    .exits(0);
    assert!(!std::path::Path::new("/tmp/larder-evil").exists());
    hostile("other", &|ui| {
        ui.write("package.json", "{\"name\":\"evil\",\"version\":\"1.0.0\"}");
    })
    .exits(2)
    .names(["calls it"]);
    hostile("none", &|ui| fs::remove_file(ui.folder().join("package.json")).expect("removed"))
        .exits(2)
        .names(["there is no"]);
}

#[test]
fn a_prepare_script_needs_an_approval() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui.write("package.json", "{\"name\":\"ui-kit\",\"version\":\"1.0.0\",\"scripts\":{\"prepare\":\"touch ran\"}}")
        .commit();
    let project = Project::new(&registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(1).names(["npm:ui-kit@1.0.0", "exists only as source"]);
    assert!(!project.has(".larder/active"));
}

#[test]
fn without_git_the_error_says_so() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, "1.0.0");
    let mut project = Project::new(&registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project.set("PATH", "/nowhere");
    project.run("larder lock").exits(6).names(["larder::git::no_program", "no `git` on PATH"]);
}

#[test]
fn entries_of_a_package_json_and_a_pyproject_are_sources() {
    let (registry, server) = (registry(), GitServer::start());
    let (ui, tools) = (server.repository("ui"), server.repository("tools"));
    ui_kit(&ui, "1.0.0");
    ui.git(&["tag", "v1.0.0"]);
    ui_kit(&ui, "2.0.0");
    ui.git(&["tag", "v2.0.0"]);
    acme_tools(&tools, "2.1");
    let project = Project::new(&registry);
    project.manifest("members \"apps/*\"\n");
    project.write(
        "apps/web/package.json",
        &format!("{{\"name\":\"web\",\"dependencies\":{{\"ui-kit\":\"git+{}#semver:^1\"}}}}", ui.url()),
    );
    project.write(
        "apps/api/pyproject.toml",
        &format!(
            "[project]\nname = 'api'\nversion = '1'\ndependencies = ['acme-tools @ git+{}@main#subdirectory=py']\n",
            tools.url()
        ),
    );
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"npm:ui-kit@1.0.0\"\n") && lock.contains("range = \"^1\"\n"), "{lock}");
    assert!(lock.contains("id = \"pypi:acme-tools@2.1\"\n") && lock.contains("rev = \"main\"\n"), "{lock}");
    project.run("larder sync --locked").exits(0);
    project.run("larder sync --frozen").exits(0);
    project.write("apps/api/pyproject.toml", &format!(
        "[project]\nname = 'api'\nversion = '1'\ndependencies = ['acme-tools']\n[tool.uv.sources]\nacme-tools = {{ git = '{}', branch = 'main', subdirectory = 'py' }}\n", tools.url()
    ));
    project.run("larder sync --locked").exits(1).names(["acme-tools@2.1 is locked from", "(branch main, folder py)"]);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run acme").exits(0).stdout, "acme 2.1\n");
}

#[test]
fn what_packages_bring_by_git_is_refused_with_who_asks() {
    let server = GitServer::start();
    let ui = server.repository("ui");
    ui_kit(&ui, "1.0.0");
    let registry = Universe::new()
        .npm("right", "1.2.0", |p| p)
        .npm("page", "1.0.0", |p| p.dep("frame", "^1"))
        .npm("frame", "1.0.0", |p| p.dep("ui-kit", &format!("git+{}", ui.url())))
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"page\""]);
    project.run("larder lock").exits(3).names(["page", "frame 1.0.0", "ui-kit", "may not bring others"]);
    project.manifest("dependencies {\n    npm \"page\"\n}\nresolution {\n    transitive \"url\"\n}\n");
    project.run("larder lock").exits(3).names(["may not bring others"]);

    let allowed = "dependencies {\n    npm \"page\"\n}\nresolution {\n    transitive \"git\"\n}\n";
    project.manifest(allowed).run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains(&format!("id = \"npm:ui-kit@1.0.0\"\ngit = \"{}\"\n", ui.url())), "{lock}");
    for command in ["larder sync --locked", "larder sync --frozen", "larder check --online", "larder lock"] {
        project.run(command).exits(0);
    }
    ui_kit(&ui, "1.5.0");
    project.run("larder update page").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder update ui-kit").exits(0);
    assert!(project.read("larder.lock").contains("id = \"npm:ui-kit@1.5.0\"\ngit"));
    project
        .manifest(&allowed.replace("git", "url"))
        .run("larder sync --locked")
        .exits(1)
        .names(["ui-kit@1.5.0 is locked from"]);
}

#[test]
fn init_takes_sources_over() {
    let (registry, server) = (registry(), GitServer::start());
    let (ui, tools) = (server.repository("ui"), server.repository("tools"));
    ui_kit(&ui, "1.0.0");
    ui.git(&["tag", "v1.0.0"]);
    acme_tools(&tools, "2.1");
    let project = Project::new(&registry);
    project.write(
        "package.json",
        &format!(
            "{{\"name\":\"web\",\"dependencies\":{{\"ui-kit\":\"git+{}#semver:^1\",\"kit\":\"acme/kit#v2\"}}}}",
            ui.url()
        ),
    );
    project.write("pyproject.toml", &format!(
        "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['acme-tools @ git+{}@main#subdirectory=py', 'x @ https://h/x-1-py3-none-any.whl ; sys_platform == \"win32\"']\n", tools.url()
    ));
    project.run("larder init --no-lock").exits(0);
    let manifest = project.read("larder.kdl");
    for line in [
        format!("npm \"ui-kit\" git=\"{}\" range=\"^1\"", ui.url()),
        "npm \"kit\" git=\"https://github.com/acme/kit.git\" rev=\"v2\"".to_owned(),
        format!("pypi \"acme-tools\" git=\"{}\" rev=\"main\" subdirectory=\"py\"", tools.url()),
        "pypi \"x\" url=\"https://h/x-1-py3-none-any.whl\" when=\"sys_platform == 'win32'\"".to_owned(),
    ] {
        assert!(manifest.contains(&line), "{line} is not in\n{manifest}");
    }
}

#[test]
fn what_cannot_be_fetched_names_its_line_and_stops_no_group_that_nobody_includes() {
    let (registry, server) = (registry(), GitServer::start());
    let url = server.repository("gone").url().to_owned();
    drop(server);
    let project = Project::new(&registry);
    let group = format!("group \"later\" {{ npm \"ui-kit\" git=\"{url}\"; }}\n");
    project.manifest(&format!("environment \"development\" {{ include \"later\"; }}\n{group}"));
    project
        .run("larder lock")
        .exits(5)
        .names(["npm:ui-kit, which larder.kdl asks for: git cannot fetch from", "stated here"]);
    project.manifest(&format!("dependencies {{ npm \"right\"; }}\n{group}environment \"development\"\n"));
    let told = project.run("larder lock").exits(0).stderr;
    assert!(told.contains("group `later`, which no environment includes, is left out of the lock"), "{told}");
    assert!(project.read("larder.lock").contains("npm:right@1.2.0"));
    project.run("larder sync --locked").exits(0);

    // What a local package takes for its own development concerns nobody who depends on it.
    project.manifest("dependencies { path \"lib\"; }\n").write(
        "lib/pyproject.toml",
        &format!("[project]\nname = 'lib'\nversion = '1'\ndependencies = ['six']\n[dependency-groups]\ntest = ['x @ git+{url}']\n"),
    );
    project.run("larder lock").exits(0);
    project.write(
        "lib/pyproject.toml",
        &format!("[project]\nname = 'lib'\nversion = '1'\ndependencies = ['x @ git+{url}']\n"),
    );
    project.run("larder lock").exits(5).names(["pypi:x, which lib/pyproject.toml asks for"]);
}
