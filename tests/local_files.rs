//! Packages that a line takes from an archive of the checkout: locked by what lies there, as a manifest is.

use crate::support::{NpmPackage, Project, PypiPackage, Registry, Universe};

fn registry() -> Registry {
    Universe::new()
        .npm("right", "1.2.0", |p| p)
        .npm("right", "1.3.0", |p| p)
        .npm("page", "1.0.0", |p| p.dep("d", ">=1"))
        .npm("d", "0.1.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .pypi("quick", "3.0", |p| p)
        .serve()
}

fn archive(content: &str) -> Vec<u8> {
    NpmPackage::new("d", "1.0.0")
        .dep("right", "^1")
        .file("index.js", &format!("module.exports = '{content}'\n"))
        .tarball()
}

fn wheel() -> PypiPackage {
    PypiPackage::new("acme-tools", "2.1").requires("six").extra("fast", "quick")
}

fn put(project: &Project, path: &str, bytes: &[u8]) {
    let path = project.path(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

fn put_wheel(project: &Project, folder: &str) -> String {
    let file = format!("{folder}/{}", wheel().file_name());
    put(project, &file, &wheel().wheel());
    file
}

#[test]
fn an_archive_is_the_package_whoever_asks_for_it() {
    let registry = registry();
    let project = Project::new(&registry);
    put(&project, "vendor/d-1.0.0.tgz", &archive("own"));
    let file = put_wheel(&project, "vendor");
    project.dependencies(&[
        "npm \"d\" url=\"file:vendor/d-1.0.0.tgz\"",
        "npm \"page\"",
        &format!("pypi \"acme-tools[fast]\" url=\"./{file}\""),
    ]);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"npm:d@1.0.0\"\nurl = \"file:vendor/d-1.0.0.tgz\"\n"), "{lock}");
    assert!(lock.contains("{ file = \"d-1.0.0.tgz\", digest = \"sha512-") && !lock.contains("d@0.1.0"), "{lock}");
    assert!(lock.contains(&format!("id = \"pypi:acme-tools@2.1\"\nurl = \"file:{file}\"\n")), "{lock}");
    assert!(lock.contains("id = \"pypi:quick@3.0\""), "extras count: {lock}");
    assert_eq!(project.run("larder run node -p 'require(\"d\")'").exits(0).stdout, "own\n");
    project.run("larder run python -c 'import acme_tools, six, quick'").exits(0);
    for command in
        ["larder verify", "larder check", "larder check --online", "larder ci", "larder sync --frozen", "larder lock"]
    {
        project.run(command).exits(0);
    }
    assert_eq!(project.read("larder.lock"), lock);
    // Without the store the file itself is taken, with no network.
    project.forget();
    std::fs::remove_dir_all(project.path(".larder")).expect("a generation");
    project.run("larder fetch").exits(0);
    project.run("larder sync --frozen --offline").exits(0);
}

#[test]
fn a_file_that_changed_makes_the_lock_stale() {
    let registry = registry();
    let project = Project::new(&registry);
    put(&project, "vendor/d.tgz", &archive("old"));
    project.dependencies(&["npm \"d\" url=\"file:vendor/d.tgz\""]).run("larder sync").exits(0);
    put(&project, "vendor/d.tgz", &archive("newer"));
    project.run("larder lock --check").exits(1).names(["`vendor/d.tgz` has changed", "npm:d@1.0.0"]);
    project.run("larder ci").exits(1).names(["`vendor/d.tgz` has changed"]);
    // What is locked is in the store, and goes on to be what is installed; without the store the file is refused.
    project.run("larder sync --frozen").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"d\")'").exits(0).stdout, "newer\n");
    project.run("larder ci").exits(0);
    let lock = project.read("larder.lock");
    put(&project, "vendor/d.tgz", &archive("evil"));
    project.forget();
    project.run("larder sync --frozen").exits(4).names(["larder::fetch::integrity", "d.tgz"]);
    std::fs::remove_file(project.path("vendor/d.tgz")).expect("the file");
    project.run("larder lock --check").exits(1).names(["`vendor/d.tgz` is not there"]);
    project.run("larder lock").exits(2).names(["larder::source::no_file", "vendor/d.tgz", "larder.kdl"]);
    assert_eq!(project.read("larder.lock"), lock);
}

#[test]
fn paths_that_leave_the_project_are_refused() {
    let registry = registry();
    let project = Project::new(&registry);
    put(&project, "vendor/d.tgz", &archive("own"));
    for (url, said) in [
        ("file:../d.tgz", "leads out of the project"),
        ("../d.tgz", "leads out of the project"),
        ("file:/srv/d.tgz", "a path of one machine"),
        ("file:///srv/d.tgz", "a path of one machine"),
        ("file:vendor/", "no path of a file"),
    ] {
        let out = project.dependencies(&[&format!("npm \"d\" url=\"{url}\"")]).run("larder lock");
        out.exits(2).names([url, said]);
    }
    project.dependencies(&["npm \"d\" url=\"file:vendor/d.tgz\""]).run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    project.write("larder.lock", &lock.replace("file:vendor/d.tgz", "file:../d.tgz"));
    project.run("larder sync --frozen").exits(2).names(["leads out of the project"]);
    project.write("larder.lock", &lock);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("d.tgz"), archive("own")).expect("a file");
    std::fs::remove_file(project.path("vendor/d.tgz")).expect("the file");
    std::os::unix::fs::symlink(outside.path().join("d.tgz"), project.path("vendor/d.tgz")).expect("a link");
    project.run("larder lock").exits(1).names(["larder::profile::leads_out", "vendor/d.tgz"]);
    project.forget();
    project.run("larder sync --frozen").exits(2).names(["larder::source::leads_out", "vendor/d.tgz"]);
}

#[test]
fn members_name_archives_from_where_they_lie() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("members \"apps/*\"\n");
    put(&project, "apps/web/d-1.0.0.tgz", &archive("own"));
    let wheel = put_wheel(&project, "vendor");
    project.write(
        "apps/web/package.json",
        "{\"name\":\"web\",\"dependencies\":{\"d\":\"file:./d-1.0.0.tgz\",\"lib\":\"file:../../lib\"}}",
    );
    project.write(
        "lib/package.json",
        "{\"name\":\"lib\",\"version\":\"1.0.0\",\"dependencies\":{\"e\":\"../lib/e.tar.gz\"}}",
    );
    put(&project, "lib/e.tar.gz", &NpmPackage::new("e", "3.0.0").tarball());
    for text in [
        format!("dependencies = ['acme-tools[fast] @ ../../{wheel}']"),
        format!("dependencies = ['acme-tools[fast]']\n[tool.uv.sources]\nacme-tools = {{ path = '../../{wheel}' }}"),
        format!("dependencies = ['acme-tools[fast] @ file:///${{PROJECT_ROOT}}/../../{wheel}']"),
    ] {
        project.write("apps/api/pyproject.toml", &format!("[project]\nname = 'api'\nversion = '1'\n{text}\n"));
        project.run("larder sync").exits(0);
        let lock = project.read("larder.lock");
        for place in ["apps/web/d-1.0.0.tgz", "lib/e.tar.gz", &wheel] {
            assert!(lock.contains(&format!("url = \"file:{place}\"\n")), "{place} is not in\n{lock}");
        }
        assert!(lock.contains("id = \"pypi:quick@3.0\""), "extras count: {lock}");
        project.run("larder ci").exits(0);
        project.run("larder sync --frozen").exits(0);
    }
    let poetry = format!(
        "[tool.poetry]\nname = 'api'\nversion = '1'\n[tool.poetry.dependencies]\npython = '>=3.9'\nacme-tools = {{ path = '../../{wheel}', extras = ['fast'] }}\n"
    );
    project.write("apps/api/pyproject.toml", &poetry).run("larder ci").exits(0);
    // A larder.kdl of a member says it as its folder sees it.
    std::fs::remove_file(project.path("apps/web/package.json")).expect("a file");
    project.write("apps/web/larder.kdl", "dependencies {\n    npm \"d\" url=\"./d-1.0.0.tgz\"\n}\n");
    project.run("larder sync").exits(0);
    project.run("larder sync --frozen").exits(0);
    project.write("apps/web/larder.kdl", "dependencies {\n    npm \"d\" url=\"file:../../../d-1.0.0.tgz\"\n}\n");
    project.run("larder lock").exits(2).names(["apps/web/larder.kdl", "leads out of the project"]);
    std::fs::remove_file(project.path("apps/web/larder.kdl")).expect("a file");
    project.write("apps/web/package.json", "{\"name\":\"web\",\"dependencies\":{\"d\":\"file:../../../d.tgz\"}}");
    project.run("larder lock").exits(2).names([
        "apps/web/package.json",
        "d file:../../../d.tgz",
        "leads out of the project",
    ]);
}

#[test]
fn init_takes_archives_over_with_what_lockfiles_say_of_them() {
    let registry = registry();
    let digest = "$INTEGRITY";
    let package_lock = format!(
        r#"{{"name":"r","lockfileVersion":3,"packages":{{"":{{"name":"r","dependencies":{{"d":"file:d/d-1.0.0.tgz"}}}},
        "node_modules/d":{{"version":"1.0.0","resolved":"file:d/d-1.0.0.tgz","integrity":"{digest}","dependencies":{{"right":"^1"}}}},
        "node_modules/right":{{"version":"1.2.0","resolved":"https://registry.npmjs.org/right/-/right-1.2.0.tgz"}}}}}}"#
    );
    let pnpm = format!(
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      d:\n        specifier: file:./d/d-1.0.0.tgz\n        version: file:d/d-1.0.0.tgz\npackages:\n  d@file:d/d-1.0.0.tgz:\n    resolution: {{integrity: {digest}, tarball: file:d/d-1.0.0.tgz}}\n    version: 1.0.0\n  right@1.2.0: {{}}\nsnapshots:\n  d@file:d/d-1.0.0.tgz:\n    dependencies:\n      right: 1.2.0\n  right@1.2.0: {{}}\n"
    );
    let yarn = "# yarn lockfile v1\n\n\"d@file:./d/d-1.0.0.tgz\":\n  version \"1.0.0\"\n  resolved \"file:./d/d-1.0.0.tgz#0123\"\n  dependencies:\n    right \"^1\"\n\nright@^1:\n  version \"1.2.0\"\n".to_owned();
    let berry = "__metadata:\n  version: 8\n\n\"d@file:./d/d-1.0.0.tgz::locator=r%40workspace%3A.\":\n  version: 1.0.0\n  resolution: \"d@file:./d/d-1.0.0.tgz#./d/d-1.0.0.tgz::hash=abc&locator=r%40workspace%3A.\"\n  dependencies:\n    right: \"npm:^1\"\n\n\"r@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"r@workspace:.\"\n  dependencies:\n    d: \"file:./d/d-1.0.0.tgz\"\n\n\"right@npm:^1\":\n  version: 1.2.0\n  resolution: \"right@npm:1.2.0\"\n".to_owned();
    let bun = format!(
        "{{\"lockfileVersion\":1,\"workspaces\":{{\"\":{{\"name\":\"r\",\"dependencies\":{{\"d\":\"file:./d/d-1.0.0.tgz\"}}}}}},\"packages\":{{\"d\":[\"d@./d/d-1.0.0.tgz\",{{\"dependencies\":{{\"right\":\"^1\"}}}},\"{digest}\"],\"right\":[\"right@1.2.0\",\"\",{{}},\"\"]}}}}"
    );
    for (file, text) in [
        ("package-lock.json", package_lock),
        ("pnpm-lock.yaml", pnpm),
        ("yarn.lock", yarn),
        ("yarn.lock", berry),
        ("bun.lock", bun),
    ] {
        let package_json = "{\"name\":\"r\",\"dependencies\":{\"d\":\"file:./d/d-1.0.0.tgz\"}}";
        let project = Project::of_other_tools(&registry, &[("package.json", package_json)]);
        put(&project, "d/d-1.0.0.tgz", &archive("own"));
        let digest = integrity(&archive("own"));
        project.write(file, &text.replace("$INTEGRITY", &digest));
        project.run("larder init").exits(0);
        assert!(project.read("larder.kdl").contains("npm \"d\" url=\"file:d/d-1.0.0.tgz\""), "{file}");
        let lock = project.read("larder.lock");
        assert!(lock.contains("npm:d@1.0.0") && lock.contains("npm:right@1.2.0"), "{file}: {lock}");
        project.run("larder ci").exits(0);
        if text.contains("$INTEGRITY") && file != "bun.lock" {
            std::fs::remove_file(project.path("larder.lock")).expect("a lock");
            project.write(file, &text.replace("$INTEGRITY", &integrity(&archive("other"))));
            project.run(&format!("larder lock --prefer {file}")).exits(4).names(["npm:d@1.0.0"]);
        }
    }
}

/// Returns the digest of a file as npm writes it.
fn integrity(bytes: &[u8]) -> String {
    let mut hasher = larder::fetch::Hasher::new(larder::model::Algorithm::Sha512);
    hasher.update(bytes);
    larder::model::Digest::new(larder::model::Algorithm::Sha512, &hasher.finish()).to_string()
}

#[test]
fn init_takes_wheels_over() {
    let registry = registry();
    let file = wheel().file_name();
    for text in [
        format!(
            "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['acme-tools[fast] @ ./vendor/{file}']\n"
        ),
        format!(
            "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['acme-tools[fast]']\n[tool.uv.sources]\nacme-tools = {{ path = 'vendor/{file}' }}\n"
        ),
        format!(
            "[tool.poetry]\nname = 'api'\nversion = '1'\npackage-mode = false\n[tool.poetry.dependencies]\npython = '>=3.9'\nacme-tools = {{ path = 'vendor/{file}', extras = ['fast'] }}\n"
        ),
    ] {
        let project = Project::of_other_tools(&registry, &[("pyproject.toml", &text)]);
        put_wheel(&project, "vendor");
        project.run("larder init").exits(0);
        let line = format!("pypi \"acme-tools[fast]\" url=\"file:vendor/{file}\"");
        assert!(project.read("larder.kdl").contains(&line), "{text}\n{}", project.read("larder.kdl"));
        project.run("larder lock").exits(0);
        project.run("larder ci").exits(0);
    }
    for text in [
        format!("./vendor/{file}[fast]\n"),
        format!("vendor/{file}[fast] --hash=sha256:{}\n", "ab".repeat(32)),
        format!("acme-tools[fast] @ ./vendor/{file}\n"),
        format!("file:vendor/{file}[fast]\n"),
    ] {
        let project = Project::of_other_tools(&registry, &[("requirements.txt", &text)]);
        put_wheel(&project, "vendor");
        project.run("larder init --no-lock").exits(0);
        let line = format!("pypi \"acme-tools[fast]\" url=\"file:vendor/{file}\"");
        assert!(project.read("larder.kdl").contains(&line), "{text}\n{}", project.read("larder.kdl"));
    }
    let project = Project::of_other_tools(&registry, &[("requirements.txt", "./vendor/x-1-py3-none-any.whl\n")]);
    project.run("larder init --no-lock").exits(0).names(["./vendor/x-1-py3-none-any.whl", "no such wheel"]);
}

#[test]
fn import_takes_archives_over() {
    let registry = registry();
    let project = Project::new(&registry);
    put(&project, "tools/d-1.0.0.tgz", &archive("own"));
    let file = put_wheel(&project, "vendor");
    project.manifest("");
    project.write("tools/package.json", "{\"dependencies\":{\"d\":\"file:d-1.0.0.tgz\",\"gone\":\"file:./gone.tgz\"}}");
    project.run("larder import tools/package.json").exits(0).names(["gone", "no such file in the checkout"]);
    project.write("requirements.txt", &format!("./{file}\n"));
    project.run("larder import requirements.txt").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("npm \"d\" url=\"file:tools/d-1.0.0.tgz\""), "{manifest}");
    assert!(manifest.contains(&format!("pypi \"acme-tools\" url=\"file:{file}\"")), "{manifest}");
}

#[test]
fn other_tools_are_told_where_archives_lie() {
    let registry = registry();
    let project = Project::new(&registry);
    put(&project, "vendor/d.tgz", &archive("own"));
    let file = put_wheel(&project, "vendor");
    project.dependencies(&["npm \"d\" url=\"file:vendor/d.tgz\"", &format!("pypi \"acme-tools\" url=\"file:{file}\"")]);
    project.run("larder lock").exits(0);
    let exported = |form: &str| project.run(&format!("larder export {form}")).exits(0).stdout.clone();
    let lock = exported("package-lock");
    assert!(
        lock.contains("\"resolved\": \"file:vendor/d.tgz\"") && lock.contains("\"d\": \"file:vendor/d.tgz\""),
        "{lock}"
    );
    let lock = exported("pnpm-lock");
    assert!(lock.contains("version: file:vendor/d.tgz") && lock.contains("tarball: 'file:vendor/d.tgz'"), "{lock}");
    let requirements = exported("requirements");
    assert!(requirements.contains(&format!("./{file} \\\n    --hash=sha256:")), "{requirements}");
    let pylock = exported("pylock");
    assert!(pylock.contains(&format!("path = \"{file}\"")) && !pylock.contains("url = \"\""), "{pylock}");
    let bill = exported("package-json");
    assert!(bill.contains("\"d\": \"file:vendor/d.tgz\""), "{bill}");
}
