//! `larder release`: the right version and changelog of a history, and one release whatever happens in between.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, RELEASE_TOKEN, ReleaseServer, conforms};

fn git(project: &Project, arguments: &[&str]) -> crate::support::Output {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
    project.program("git", &[&identity[..], arguments].concat())
}

fn commit(project: &Project, message: &str) {
    git(project, &["add", "-A"]).exits(0);
    git(project, &["commit", "-q", "--allow-empty", "-m", message]).exits(0);
}

/// Makes a repository of these files, with a first commit.
fn repository(files: &[(&str, &str)]) -> Project {
    let mut project = Project::alone();
    for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"] {
        project.set(name, "ada");
    }
    for name in ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
        project.set(name, "ada@example.org");
    }
    project.set("LARDER_TOKEN_RELEASE", RELEASE_TOKEN);
    git(&project, &["init", "-q"]).exits(0);
    project.write(".gitignore", ".larder/\n");
    for (path, text) in files {
        project.write(path, text);
    }
    commit(&project, "chore: begin");
    project
}

fn tags(project: &Project) -> Vec<String> {
    git(project, &["tag"]).exits(0).stdout.lines().map(str::to_owned).collect()
}

const SHOP: &str = "project \"shop\" version=\"1.2.3\" // ours\n";

#[test]
fn a_release_is_a_version_a_changelog_a_commit_and_a_tag() {
    let project = repository(&[
        ("larder.kdl", SHOP),
        ("package.json", "{\n\t\"name\": \"shop\",\n\t\"version\": \"1.2.3\"\n}\n"),
        ("pyproject.toml", "[project]\nname = 'shop'\nversion = '1.2.3' # ours\n"),
    ]);
    project.run("larder release").exits(0).names(["Nothing to release"]);
    git(&project, &["tag", "v1.2.3"]).exits(0);
    git(&project, &["tag", "unrelated-9.0.0"]).exits(0);
    commit(&project, "feat(cart): keep it");
    commit(&project, "made it better");
    commit(&project, "fix: a sum");
    let planned = project.run_json("larder release --dry-run --json");
    conforms(&planned, "release");
    assert_eq!((&planned["outcome"], &planned["units"][0]["version"]), (&"planned".into(), &"1.3.0".into()));
    assert_eq!(project.read("larder.kdl"), SHOP);

    let done = project.run("larder release --json").exits(0);
    conforms(&done.json(), "release");
    assert_eq!(done.json()["malformed"][0]["subject"], "made it better");
    assert_eq!(project.read("larder.kdl"), SHOP.replace("1.2.3", "1.3.0"));
    assert_eq!(project.read("package.json"), "{\n\t\"name\": \"shop\",\n\t\"version\": \"1.3.0\"\n}\n");
    assert_eq!(project.read("pyproject.toml"), "[project]\nname = 'shop'\nversion = '1.3.0' # ours\n");
    let changelog = project.read("CHANGELOG.md");
    assert!(changelog.starts_with("# Changelog\n\n## 1.3.0 - 2"), "{changelog}");
    assert!(changelog.contains("### Added\n\n- **cart:** keep it (") && changelog.contains("### Fixed\n\n- a sum ("));
    assert_eq!(tags(&project), ["unrelated-9.0.0", "v1.2.3", "v1.3.0"]);
    let subject = git(&project, &["log", "-1", "--format=%s"]).stdout;
    assert_eq!(subject, "chore(release): 1.3.0 [skip ci]\n");
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");
    project.run("larder release").exits(0).names(["Nothing to release"]);
    project.run("larder log").exits(0).names(["release"]);
}

#[test]
fn members_are_released_by_what_changed_below_them() {
    let project = repository(&[
        ("larder.kdl", "project \"shop\"\nmembers \"packages/*\"\n"),
        ("packages/theme/package.json", "{\"name\":\"@acme/theme\",\"version\":\"0.4.0\"}\n"),
        ("packages/money/larder.kdl", "package \"money\" version=\"2.0.0\" { node \".\"; }\n"),
        ("packages/money/index.js", ""),
    ]);
    git(&project, &["tag", "money@2.0.0"]).exits(0);
    project.write("packages/theme/a.css", "a");
    commit(&project, "feat!: other colours");
    project.write("packages/money/index.js", "1");
    commit(&project, "fix: rounding");
    project.write("README.md", "x");
    commit(&project, "feat: words");
    let done = project.run_json("larder release --json");
    let versions: Vec<String> = done["units"]
        .as_array()
        .expect("units")
        .iter()
        .map(|unit| {
            format!("{} {}", unit["name"].as_str().unwrap_or_default(), unit["version"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(versions, ["money 2.0.1", "@acme/theme 1.0.0"]);
    assert_eq!(tags(&project), ["@acme/theme@1.0.0", "money@2.0.0", "money@2.0.1"]);
    assert!(project.read("packages/money/CHANGELOG.md").contains("rounding"));
    assert!(!project.has("CHANGELOG.md"));
    let subject = git(&project, &["log", "-1", "--format=%s"]).stdout;
    assert_eq!(subject, "chore(release): money@2.0.1, @acme/theme@1.0.0 [skip ci]\n");
}

#[test]
fn both_halves_of_a_private_package_have_its_version() {
    let project = repository(&[
        ("larder.kdl", "project \"shop\"\nruntimes { python \"3.12\"; }\nmembers \"packages/*\"\n"),
        ("packages/money/larder.kdl", "package \"money\" version=\"1.0.0\" { node \"js\"; python \"py\"; }\n"),
        ("packages/money/js/package.json", "{\n  \"name\": \"money\",\n  \"version\": \"1.0.0\"\n}\n"),
        ("packages/money/py/pyproject.toml", "[project]\nname = \"money\"\nversion = \"1.0.0\"\n"),
        ("packages/money/tool/package.json", "{\"name\":\"tool\",\"version\":\"7.0.0\"}\n"),
    ]);
    git(&project, &["tag", "money@1.0.0"]).exits(0);
    project.write("packages/money/js/index.js", "1\n");
    commit(&project, "feat: sums");
    project.run("larder release").exits(0);
    assert!(project.read("packages/money/larder.kdl").contains("version=\"1.1.0\""));
    assert!(project.read("packages/money/js/package.json").contains("\"version\": \"1.1.0\""));
    assert!(project.read("packages/money/py/pyproject.toml").contains("version = \"1.1.0\""));
    assert!(project.read("packages/money/tool/package.json").contains("7.0.0"));
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_key_that_is_not_there_is_told_before_anything_is_written() {
    let project = repository(&[
        (
            "larder.kdl",
            "package \"money\" version=\"1.0.0\" { node \".\"; }\nregistries {\n    larder \"own\" \"registry/\"\n}\n",
        ),
        ("index.js", ""),
    ]);
    project.write(".gitignore", ".larder/\nregistry/\n");
    project.run("larder registry init registry --origin packages.acme.example").exits(0);
    project.run("larder key new release").exits(0);
    commit(&project, "feat: new");
    let refused = project.run("larder release --registry own --sign nokey").exits(2);
    let refused = refused.names(["there is no key `nokey`", "release"]);
    assert!(!refused.stderr.contains("packages.acme.example"), "{}", refused.stderr);
    assert!(!project.has("CHANGELOG.md") && !project.has(".larder/release.json"));
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");

    // A key that is lost on the way is replaced by another.
    std::fs::rename(project.path("registry"), project.path("../away")).expect("a folder");
    project.run("larder key new lost").exits(0);
    assert_ne!(project.run("larder release --registry own --sign lost").status, 0);
    std::fs::rename(project.path("../away"), project.path("registry")).expect("a folder");
    let keys = project.folder().join("home/.config/larder/keys");
    for file in ["lost.key", "lost.pub"] {
        std::fs::remove_file(keys.join(file)).expect("a key");
    }
    project.run("larder release").exits(2).names(["there is no key `lost`"]);
    project.run("larder release --sign release").exits(0).names(["Went on with a release that stopped"]);
}

#[test]
fn what_is_not_committed_is_not_released_and_branches_have_prereleases() {
    let project = repository(&[("larder.kdl", SHOP)]);
    commit(&project, "feat: a");
    project.write("larder.kdl", "project \"shop\" version=\"1.2.3\"\n");
    project.run("larder release").exits(1).names(["larder.kdl", "not committed"]);
    project.write("larder.kdl", SHOP);
    git(&project, &["switch", "-q", "-c", "topic"]).exits(0);
    project.run("larder release").exits(2).names(["topic", "--run"]);
    let done = project.run_json("larder release --run 7 --json");
    assert_eq!((&done["prerelease"], &done["units"][0]["version"]), (&true.into(), &"1.3.0-dev.7".into()));
    assert_eq!((project.read("larder.kdl").as_str(), tags(&project).len()), (SHOP, 0));
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");
    project.run("larder release --branch topic").exits(0).names(["Committed and tagged"]);
    assert_eq!(tags(&project), ["v1.3.0"]);
    project.run("larder release --abort").exits(2).names(["no release is under way"]);

    let shallow = Project::alone();
    let from = format!("file://{}", project.path("").display());
    git(&shallow, &["-c", "protocol.file.allow=always", "clone", "-q", "--no-tags", "--depth=1", &from, "."]).exits(0);
    shallow.run("larder release --branch topic").exits(2).names(["shallow", "fetch --unshallow"]);
}

/// Makes a repository of a package for npm, one for PyPI and a private one, and declares registries for all.
fn packages(server: &ReleaseServer) -> Project {
    let root = format!(
        "project \"all\"\nruntimes {{ node \"20\"; python \"3.12\"; }}\nregistries {{\n{}    larder \"own\" \"registry/\"\n}}\nmembers \"packages/*\"\n",
        server.lines()
    );
    let project = repository(&[
        ("larder.kdl", &root),
        ("packages/js/package.json", "{\"name\":\"@acme/js\",\"version\":\"1.0.0\",\"files\":[\"dist\"]}\n"),
        ("packages/js/.gitignore", "dist\n"),
        ("packages/js/README.md", "# js\n"),
        ("packages/js/notes.txt", "not for others"),
        (
            "packages/py/pyproject.toml",
            "[project]\nname = \"acme-py\"\nversion = \"1.0.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"idna>=3\"]\n[project.optional-dependencies]\ntls = [\"certifi; python_version > '3'\"]\n",
        ),
        ("packages/py/src/acme_py/__init__.py", "X = 1\n"),
        ("packages/own/larder.kdl", "package \"own-money\" version=\"1.0.0\" { node \".\"; }\n"),
        ("packages/own/index.js", ""),
    ]);
    project.write(".gitignore", ".larder/\nregistry/\n");
    project.run("larder registry init registry --origin packages.acme.example").exits(0);
    for member in ["js", "py", "own"] {
        project.write(&format!("packages/{member}/new"), "x");
    }
    commit(&project, "feat: new");
    project.write("packages/js/dist/index.js", "exports.x = 1\n");
    project
}

#[test]
fn a_prerelease_of_a_private_package_says_its_commit() {
    let server = ReleaseServer::start();
    let project = packages(&server);
    git(&project, &["switch", "-q", "-c", "topic"]).exits(0);
    let commit = git(&project, &["rev-parse", "HEAD"]).stdout;
    let done = project.run_json("larder release --registry own --run 12 --json");
    let version = format!("1.1.0-dev.12+{}", &commit[..12]);
    assert_eq!(done["published"][0]["file"], format!("own-money-{version}.tar.gz"), "{done}");
    let index = project.read("registry/index/ow/n-/own-money");
    assert!(index.contains(&format!("\"version\":\"{version}\"")), "{index}");
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");
}

const PUBLISH: &str = "larder release --registry own-npm --registry own-pypi --registry own";

#[test]
fn packages_go_to_npm_to_pypi_and_to_a_folder_and_others_can_install_them() {
    let server = ReleaseServer::start();
    let project = packages(&server);
    project.run("larder release --registry nobodys").exits(2).names(["nobodys", "own-npm"]);
    let done = project.run(&format!("{PUBLISH} --json")).exits(0).json();
    conforms(&done, "release");
    assert_eq!(done["published"].as_array().map(Vec::len), Some(3), "{done}");
    let packument = server.packument("@acme/js");
    let version = &packument["versions"]["1.1.0"];
    assert_eq!(packument["dist-tags"]["latest"], "1.1.0");
    let base = git(&project, &["rev-parse", "HEAD^"]).stdout;
    assert_eq!(version["gitHead"].as_str(), Some(base.trim()));
    assert!(version["dist"]["tarball"].as_str().is_some_and(|url| url.ends_with("/npm/@acme/js/-/js-1.1.0.tgz")));
    let forms = server.forms();
    for field in [
        "name=acme-py",
        "version=1.1.0",
        "filetype=sdist",
        "requires_python=>=3.9",
        "requires_dist=idna>=3",
        "provides_extra=tls",
    ] {
        assert!(forms.contains(field), "{field}: {forms}");
    }
    let list = |name: &str| {
        project.write("list.tgz", "");
        std::fs::write(project.path("list.tgz"), server.file(name).expect("a file")).expect("a file");
        project.program("tar", &["-tzf", "list.tgz"]).exits(0).stdout
    };
    assert_eq!(list("js-1.1.0.tgz"), "package/README.md\npackage/dist/index.js\npackage/package.json\n");
    let sdist = list("acme_py-1.1.0.tar.gz");
    assert!(
        sdist.contains("acme_py-1.1.0/PKG-INFO\n") && sdist.contains("acme_py-1.1.0/src/acme_py/__init__.py\n"),
        "{sdist}"
    );
    std::fs::remove_file(project.path("list.tgz")).expect("a file");

    // Somebody else takes them.
    let mut other = Project::alone();
    other.set("LARDER_TOKEN_RELEASE", RELEASE_TOKEN);
    let lines = format!("{}    larder \"own\" \"file://{}/\"\n", server.lines(), project.path("registry").display());
    other.with_registry_line(
        &lines,
        "dependencies {\n    npm \"@acme/js\" \"^1.1\"\n    larder \"own-money\" \"^1.1\"\n}\n",
    );
    other.run("larder sync").exits(0);
    assert_eq!(other.read("node_modules/@acme/js/dist/index.js"), "exports.x = 1\n");
}

#[test]
fn a_release_that_was_refused_goes_on_and_nothing_is_sent_twice() {
    let server = ReleaseServer::start();
    let mut project = packages(&server);
    project.set("LARDER_TOKEN_RELEASE", "wrong");
    project.run(PUBLISH).exits(5).names(["401", "larder login"]);
    project.set("LARDER_TOKEN_RELEASE", RELEASE_TOKEN);
    server.refuse(Some(422));
    project.run("larder release").exits(1).names(["not today"]);
    assert_eq!((server.uploads(), tags(&project).len()), (0, 0));
    server.refuse(None);
    // Taken, and the answer is lost.
    server.lose_answers(true);
    project.run("larder release").exits(0).names(["Went on with a release that stopped"]);
    assert_eq!((server.uploads(), tags(&project).len()), (2, 3));
    project.run("larder release").exits(0).names(["Nothing to release"]);

    // Given up: everything is as it was.
    server.lose_answers(false);
    server.refuse(Some(422));
    project.write("packages/js/new", "y");
    commit(&project, "fix: y");
    project.run("larder release --registry own-npm").exits(1);
    project.run("larder release --abort").exits(0).names(["Gave it up"]);
    assert_eq!(git(&project, &["status", "--porcelain"]).stdout, "");
    project.run("larder release --dry-run").exits(0).names(["1.1.0 → 1.1.1"]);
}

#[test]
fn a_kill_at_any_call_of_git_leaves_one_release_and_one_tag() {
    let mut turn = 0_u32;
    loop {
        turn += 1;
        let server = ReleaseServer::start();
        let mut project = packages(&server);
        let real = std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))
            .map(|folder| folder.join("git"))
            .find(|file| file.is_file())
            .expect("git");
        // The call of this number is not even begun when larder is killed, and done in the next turn.
        let call = turn.div_ceil(2);
        let text = format!(
            "#!/bin/sh\ncase \" $* \" in *\" add \"*|*\" commit \"*|*\" tag --annotate \"*|*\" checkout \"*) ;; *) exec {real} \"$@\";; esac\n\
             n=$(cat \"$COUNT\"); n=$((n + 1)); echo $n > \"$COUNT\"\n\
             [ $n = {call} ] && [ {} = 1 ] && {{ kill -9 $PPID; exit 1; }}\n\
             {real} \"$@\"; status=$?\n[ $n = {call} ] && kill -9 $PPID\nexit $status\n",
            turn % 2,
            real = real.display(),
        );
        let folder = project.path("../tools");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("git"), text).expect("a file");
        std::fs::set_permissions(folder.join("git"), std::fs::Permissions::from_mode(0o755)).expect("a mode");
        let count = project.path("../count");
        std::fs::write(&count, "0").expect("a file");
        project.set("COUNT", &count.display().to_string());
        let path = std::env::var("PATH").unwrap_or_default();
        project.set("PATH", &format!("{}:{path}", folder.display()));
        let status = project.run(PUBLISH).status;
        if status == 0 {
            break;
        }
        assert_eq!(status, 137, "turn {turn}");
        std::fs::remove_file(folder.join("git")).expect("a file");
        let done = project.run("larder release").exits(0);
        done.names(["Went on with a release that stopped"]);
        let released = git(&project, &["log", "--format=%s"]).stdout.matches("chore(release)").count();
        assert_eq!((server.uploads(), tags(&project).len(), released), (2, 3, 1), "turn {turn}");
        assert_eq!(git(&project, &["status", "--porcelain", "-uno"]).stdout, "", "turn {turn}");
    }
    assert!(turn > 8, "{turn} turns");
}
