//! Private packages: depended on, locked, installed, moved, withdrawn.

use std::fs;

use crate::support::{PrivateRegistry, Project, Registry, Universe, conforms};

fn public() -> Registry {
    Universe::new()
        .npm("zod", "4.0.0", |p| p)
        .npm("zod", "4.1.0", |p| p)
        .npm("orders", "9.9.9", |p| p)
        .pypi("pydantic", "2.1", |p| p)
        .pypi("zeep", "4.0", |p| p.requires("lxml<5"))
        .pypi("lxml", "4.9", |p| p)
        .pypi("lxml", "5.1", |p| p)
        .serve()
}

/// `orders` with a half for Node and one for Python, which need a package of npm, one of PyPI and `money`.
fn orders(version: &str, rest: &str) -> String {
    format!(
        r#"package "orders" version="{version}" license="MIT" {{
    node "js"
    python "py"
    bin "orders" "js/cli.js"
    features {{ default "rest"; rest; soap {{ pypi "zeep" ">=4"; }}; }}
    {rest}
}}
dependencies {{
    npm "zod" "^4"
    pypi "pydantic" ">=2,<3"
    larder "money" "^1"
}}
registries {{ larder "acme" "https://packages.acme.example/"; }}
runtimes {{ python "3.11"; }}
"#
    )
}

/// The files of a version of `orders`.
fn orders_files(version: &str, rest: &str) -> [(&'static str, String); 5] {
    [
        ("larder.kdl", orders(version, rest)),
        ("js/package.json", r#"{"name": "orders", "main": "index.js"}"#.to_owned()),
        (
            "js/index.js",
            format!(
                "module.exports = `orders {version} ${{require('money')}} ${{require('zod/package.json').version}}`"
            ),
        ),
        ("js/cli.js", "#!/usr/bin/env node\nconsole.log(require('./index.js'))\n".to_owned()),
        ("py/acme_orders/__init__.py", format!("import pydantic\nVERSION = '{version}'\n")),
    ]
}

fn publish_orders(packages: &PrivateRegistry, version: &str, rest: &str) {
    let files = orders_files(version, rest);
    packages.publish(&files.each_ref().map(|(path, content)| (*path, content.as_str())));
}

fn registry_without_orders() -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    packages.publish(&[
        ("larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; }\n"),
        ("index.js", "module.exports = 'money'\n"),
    ]);
    packages
}

fn registry() -> PrivateRegistry {
    let packages = registry_without_orders();
    publish_orders(&packages, "1.0.0", "");
    packages
}

fn locked(project: &Project, name: &str) -> Vec<String> {
    let lock = project.read("larder.lock");
    let id = format!("id = \"{name}@");
    lock.lines().filter_map(|line| Some(line.strip_prefix(&id)?.trim_end_matches('"').to_owned())).collect()
}

fn python(project: &Project, program: &str) -> String {
    let python = project.path(".venv/bin/python").display().to_string();
    project.program(&python, &["-c", program]).exits(0).stdout.trim().to_owned()
}

#[test]
fn a_package_of_both_worlds_is_locked_installed_moved_and_withdrawn() {
    let (public, packages) = (public(), registry());
    for range in ["^1.0", ">=1.0.0, <2.0.0"] {
        let project = Project::new(&public);
        project.with_packages(&packages, &format!("dependencies {{\n    larder \"orders\" \"{range}\"\n}}\n"));
        project.run("larder lock").exits(0);
        project.run("larder sync --locked").exits(0);
        assert_eq!(
            project.program("node", &["-p", "require('orders')"]).exits(0).stdout.trim(),
            "orders 1.0.0 money 4.1.0"
        );
        assert_eq!(project.run("larder run orders").exits(0).stdout.trim(), "orders 1.0.0 money 4.1.0");
        assert_eq!(python(&project, "import acme_orders; print(acme_orders.VERSION)"), "1.0.0");
        assert!(project.has(".larder/active/packages/orders/larder.kdl"));
        assert!(!project.has(".larder/active/packages/money") && !project.has("node_modules/money"));
        project.run("larder verify").exits(0);
        project.run("larder sync").exits(0).names(["up to date"]);
    }

    let project = Project::new(&public);
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n");
    project.run("larder sync").exits(0);
    publish_orders(&packages, "1.1.0", "");
    publish_orders(&packages, "2.0.0", "");
    let before = project.read("larder.lock");
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), before, "what others publish does not change a lock");
    project.run("larder outdated").names(["orders", "1.1.0", "2.0.0"]);
    project.run("larder update").exits(0);
    assert_eq!(locked(&project, "larder:orders"), ["1.1.0"]);
    project.run("larder sync").exits(0);
    assert_eq!(python(&project, "import acme_orders; print(acme_orders.VERSION)"), "1.1.0");
    project.run("larder rollback").exits(0);
    assert_eq!(python(&project, "import acme_orders; print(acme_orders.VERSION)"), "1.0.0");
    project.run("larder sync --forward").exits(0);

    packages.run("larder yank orders@1.1.0 --reason 'wrong totals' --registry packages");
    let anew = Project::new(&public);
    anew.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n");
    anew.run("larder lock").exits(0);
    assert_eq!(locked(&anew, "larder:orders"), ["1.0.0"]);
    let old = project.beside();
    old.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &project.read("larder.lock"));
    old.run("larder sync --frozen").exits(0);
    assert_eq!(python(&old, "import acme_orders; print(acme_orders.VERSION)"), "1.1.0");
}

#[test]
fn what_is_packed_twice_is_one_archive_and_what_is_signed_is_believed() {
    let (public, packages) = (public(), registry_without_orders());
    let author = packages.author();
    for folder in ["one", "deep/two"] {
        for (path, content) in orders_files("1.0.0", "") {
            author.write(&format!("{folder}/{path}"), &content);
        }
        author
            .run(&format!("larder -C {folder} pack --out {}", author.path(&format!("{folder}-out")).display()))
            .exits(0);
    }
    let archive = |folder: &str| fs::read(author.path(folder).join("orders-1.0.0.tar.gz")).expect("an archive");
    assert_eq!(archive("one-out"), archive("deep/two-out"));
    let key = author.run_json("larder key new release --json")["keys"][0]["public"].as_str().expect("a key").to_owned();
    let registry = packages.path("").display().to_string();
    author.run(&format!("larder -C one publish --registry {registry} --sign release")).exits(0);
    author.run(&format!("larder -C deep/two publish --registry {registry}")).exits(0).names(["already"]);
    author.run("larder registry verify packages").exits(0);
    let project = Project::new(&public);
    let lines = "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n";
    project.with_packages(&packages, lines);
    let trust = format!(" {{ signer \"release\" \"{key}\" packages=\"orders\"; }}\n");
    let line = packages.line();
    let text = project.read("larder.kdl").replace(&line, &format!("{}{trust}", line.trim_end()));
    project.write("larder.kdl", &text).run("larder sync").exits(0);
    assert_eq!(project.run("larder run orders").exits(0).stdout.trim(), "orders 1.0.0 money 4.1.0");
}

#[test]
fn private_packages_are_listed_explained_and_drawn_as_others_are() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\" features=\"soap\"\n}\n");
    project.run("larder sync").exits(0);
    let list = project.run("larder list --json").exits(0);
    conforms(&list.json(), "list");
    project.run("larder list").names(["orders", "money", "zeep", "zod"]);
    project.run("larder why zod").exits(0).names(["larder:orders@1.0.0"]);
    project.run("larder why money").exits(0).names(["larder:orders@1.0.0"]);
    let tree = project.run("larder tree").exits(0);
    assert_eq!(tree.stdout.matches("orders").count(), 1, "{}", tree.stdout);
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n");
    project.run("larder sync --locked").exits(1).names(["orders"]);
    let lock = project.read("larder.lock");
    for line in ["extras = [\"default\", \"soap\"]", "history = \"1:sha256:", "tree = \""] {
        assert!(lock.contains(line), "{line} is not in\n{lock}");
    }
}

#[test]
fn add_writes_a_range_and_unknown_features_and_conflicts_are_explained() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    project.with_packages(&packages, "dependencies {\n}\n");
    project.run("larder add larder:orders").exits(0);
    assert!(project.read("larder.kdl").contains("larder \"orders\" \"^1.0.0\""));
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\" features=\"soapy\"\n}\n");
    project.run("larder lock").exits(3).names(["`soapy`", "did you mean `soap`?"]);
    let lines = "dependencies {\n    larder \"orders\" \"^1.0\" features=\"soap\"\n    pypi \"lxml\" \">=5\"\n}\n";
    project.with_packages(&packages, lines);
    project.run("larder lock").exits(3).names(["orders 1.0.0 needs zeep >=4", "zeep 4.0 needs lxml <5", "lxml >=5"]);
    let lines = "dependencies {\n    larder \"orders\" \"^1.0\"\n    npm \"orders\" \"^9\"\n}\n";
    project.with_packages(&packages, lines);
    project.run("larder lock").exits(2).names(["`orders`, the name of a private package and of an npm package"]);
}

#[test]
fn a_beta_needs_a_word_and_a_deprecated_version_is_told_with_what_replaces_it() {
    let (public, packages) = (public(), registry());
    publish_orders(&packages, "1.1.0", "status \"beta\"");
    let project = Project::new(&public);
    let line = |rest: &str| format!("dependencies {{\n    larder \"orders\" \"^1.0\"{rest}\n}}\n");
    project.with_packages(&packages, &line("")).run("larder lock").exits(0);
    assert_eq!(locked(&project, "larder:orders"), ["1.0.0"]);
    project.with_packages(&packages, &line(" beta=#true")).run("larder lock").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(locked(&project, "larder:orders"), ["1.1.0"]);
    packages.run("larder deprecate orders@1.0.0 --replaced-by orders-2 --registry packages");
    let project = Project::new(&public);
    project
        .with_packages(&packages, &line(""))
        .run("larder lock")
        .exits(0)
        .names(["deprecated", "use orders-2 instead"]);
}

#[test]
fn an_environment_with_packages_of_one_half_is_whole() {
    let registry = Universe::new().pypi("six", "1.16", |p| p.file("six.py", "WHOSE = 'theirs'\n")).serve();
    let packages = PrivateRegistry::new();
    packages.publish(&[("larder.kdl", "package \"js\" version=\"1.0.0\" { node \".\"; }"), ("index.js", "")]);
    packages.publish(&[
        ("larder.kdl", "package \"six\" version=\"1.0.0\" { python \"py\"; }"),
        ("py/six/__init__.py", "WHOSE = 'ours'\n"),
    ]);
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"js\" \"^1\"; }\n");
    project.run("larder sync").exits(0);
    project.run("larder verify").exits(0);
    // A wheel with a file where the package has a folder of the same module.
    project.with_packages(&packages, "dependencies { larder \"six\" \"^1\"; pypi \"six\"; }\n");
    project.run("larder sync").exits(0).names(["those come first"]);
    project.run("larder verify").exits(0);
    assert_eq!(python(&project, "import six; print(six.WHOSE)"), "ours");
}

#[test]
fn a_history_that_contradicts_the_lock_is_refused() {
    let public = public();
    let with = |versions: &[&str]| {
        let packages = PrivateRegistry::new();
        for version in versions {
            packages.publish(&[("larder.kdl", &format!("package \"money\" version=\"{version}\" \n"))]);
        }
        packages
    };
    let packages = with(&["1.0.0", "1.1.0"]);
    let project = Project::new(&public);
    let lines = "dependencies {\n    larder \"money\" \"^1.0\"\n}\n";
    project.with_packages(&packages, lines).run("larder lock").exits(0);
    // As of a project whose manifest names the keys of both, and not the first.
    let lock = project.read("larder.lock");
    let lock = lock.split_once("\n[[log]]").map_or(&*lock, |(rest, _)| rest).to_owned();
    // Somebody else, who has not seen the registry before, with the same lock: it was made anew. A fork is as long, longer, or
    // shorter, from its first line on or after a line of the same bytes.
    for (versions, status, said) in [
        (&["1.0.1", "1.1.0"][..], 4, "the history of larder:money at registry `acme` is not the one"),
        (&["1.0.0", "1.1.1"], 4, "the history of larder:money at registry `acme` is not the one"),
        (&["1.0.0", "1.1.1", "1.2.0"], 4, "the history of larder:money at registry `acme` is not the one"),
        (&["1.1.0"], 5, "fewer than the 2 lines"),
        (&["1.0.0"], 5, "fewer than the 2 lines"),
        (&["1.1.1"], 5, "fewer than the 2 lines"),
    ] {
        let other = with(versions);
        let later = Project::new(&public);
        later.with_packages(&other, lines).write("larder.lock", &lock);
        later.run("larder update").exits(status).names([said]);
        assert_eq!(later.read("larder.lock"), lock);
    }
}

#[test]
fn an_archive_with_other_files_or_bytes_is_refused() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n").run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let start = lock.find("tree = \"").expect("a digest") + 8;
    let forged = format!("{}{}{}", &lock[..start], "00".repeat(32), &lock[start + 64..]);
    project
        .write("larder.lock", &forged)
        .run("larder sync --frozen")
        .exits(4)
        .names(["has other files than are locked"]);
    // What the registry said of the package has to be what the package says of itself.
    let start = lock.find("body = \"sha256-").expect("a digest") + 15;
    let forged = format!("{}{}{}", &lock[..start], "A".repeat(42), &lock[start + 42..]);
    project
        .write("larder.lock", &forged)
        .run("larder sync --frozen")
        .exits(4)
        .names(["is not what its registry says of it"]);
    project.write("larder.lock", &lock);
    let archive = packages.path("artifacts/orders/orders-1.0.0.tar.gz");
    let other = packages.path("artifacts/money/money-1.0.0.tar.gz");
    fs::copy(other, archive).expect("a file");
    let fresh = Project::new(&public);
    fresh.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &lock);
    fresh.run("larder sync --frozen").exits(4);
}

#[test]
fn branches_that_move_different_private_packages_merge_line_by_line() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    let both = "dependencies {\n    larder \"orders\" \"^1.0\"\n    larder \"money\" \"^1.0\"\n}\n";
    project.with_packages(&packages, both).run("larder lock").exits(0);
    let base = project.read("larder.lock");
    publish_orders(&packages, "1.1.0", "");
    packages.publish(&[
        ("larder.kdl", "package \"money\" version=\"1.1.0\" { node \".\"; }\n"),
        ("index.js", "module.exports = 'money 1.1'\n"),
    ]);
    project.run("larder update orders").exits(0);
    let ours = project.read("larder.lock");
    project.write("larder.lock", &base).run("larder update money").exits(0);
    let theirs = project.read("larder.lock");
    project.write("base", &base).write("ours", &ours).write("theirs", &theirs);
    let merged = project.program("git", &["merge-file", "-p", "ours", "base", "theirs"]);
    // An edge from `orders` to `money` stands where both moved: that is for larder to settle.
    if merged.status == 0 {
        project.write("larder.lock", &merged.stdout);
    } else {
        project.write("larder.lock", &merged.stdout).run("larder lock").exits(0);
    }
    project.run("larder sync --locked").exits(0);
    assert_eq!(locked(&project, "larder:orders"), ["1.1.0"]);
    assert_eq!(locked(&project, "larder:money"), ["1.1.0"]);
}

#[test]
fn an_optional_package_that_cannot_be_fetched_is_left_out_and_a_required_one_is_not() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    let lines =
        |orders: &str| format!("dependencies {{\n    larder \"orders\" \"^1.0\"{orders}\n    npm \"zod\" \"^4\"\n}}\n");
    project.with_packages(&packages, &lines(" optional=#true")).run("larder lock").exits(0);
    let archive = packages.path("artifacts/orders/orders-1.0.0.tar.gz");
    let bytes = fs::read(&archive).expect("an archive");
    fs::remove_file(&archive).expect("an archive");
    project.run("larder sync").exits(0).names(["larder:orders@1.0.0 is optional and was left out"]);
    assert!(project.has("node_modules/zod") && !project.has("node_modules/orders"));
    // It is tried again.
    fs::write(&archive, bytes).expect("an archive");
    project.run("larder sync").exits(0);
    assert!(project.has("node_modules/orders"));
    project.with_packages(&packages, &lines(""));
    fs::remove_file(&archive).expect("an archive");
    let fresh = Project::new(&public);
    fresh.write("larder.kdl", &project.read("larder.kdl")).run("larder sync").exits(5).names(["orders"]);
    // One that no registry has is dropped, with a record.
    let lines = "dependencies {\n    larder \"gone\" \"^1.0\" optional=#true\n}\n";
    let project = Project::new(&public);
    project.with_packages(&packages, lines).run("larder sync").exits(0);
    assert_eq!(locked(&project, "larder:gone"), Vec::<String>::new());
}

#[test]
fn environments_promote_differ_repair_and_collect_private_packages() {
    let (public, packages) = (public(), registry());
    let project = Project::new(&public);
    let environment = "environment \"development\"\nenvironment \"production\"\n";
    let lines = "dependencies {\n    larder \"orders\" \"^1.0\"\n}\n";
    project.with_packages(&packages, &format!("{lines}{environment}")).run("larder sync").exits(0);
    publish_orders(&packages, "1.1.0", "");
    project.run("larder update orders").exits(0).names(["orders", "1.1.0"]);
    project.run("larder sync").exits(0);
    project.run("larder diff 1 2").names(["orders", "1.1.0"]);
    project.run("larder promote development production").exits(0);
    let file = project.path(".larder/active/packages/orders/js/index.js").canonicalize().expect("a file");
    fs::remove_file(&file).expect("a file");
    fs::write(&file, "evil").expect("a file");
    project.run("larder verify").exits(4).names(["orders"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder gc").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder run orders").exits(0).names(["orders 1.1.0 money 4.1.0"]);
    // A checkout that was moved.
    let place = project.folder().canonicalize().expect("a folder").join("moved here");
    fs::rename(project.path(""), &place).expect("a folder of ours");
    fs::create_dir(project.path("")).expect("a folder");
    let place = place.display().to_string();
    project.run(&format!("larder -C '{place}' sync")).exits(0);
    project.run(&format!("larder -C '{place}' verify")).exits(0);
    let program = "import acme_orders; print(acme_orders.VERSION)";
    let said = project.program(&format!("{place}/.venv/bin/python"), &["-c", program]).exits(0);
    assert_eq!(said.stdout.trim(), "1.1.0");
}

#[test]
fn scripts_and_metadata_of_a_python_half_are_there_and_a_package_in_between_has_none_in_bin() {
    let (public, packages) = (public(), PrivateRegistry::new());
    let pyproject = |name: &str| {
        format!("[project]\nname = \"{name}\"\nversion = \"7.0\"\n[project.scripts]\n{name} = \"{name}:main\"\n")
    };
    for (name, needs) in [
        ("deep", ""),
        (
            "tool",
            "dependencies { larder \"deep\" \"*\"; }\nregistries { larder \"acme\" \"https://acme.example/\"; }\n",
        ),
    ] {
        packages.publish(&[
            ("larder.kdl", &format!("package \"{name}\" version=\"1.0.0\" {{ python \"py\"; }}\n{needs}")),
            ("py/pyproject.toml", &pyproject(name)),
            (&format!("py/src/{name}/__init__.py"), &format!("def main():\n    print('{name}')\n")),
        ]);
    }
    let project = Project::new(&public);
    project.with_packages(&packages, "dependencies {\n    larder \"tool\" \"^1\"\n}\n").run("larder sync").exits(0);
    assert_eq!(project.run("larder run tool").exits(0).stdout.trim(), "tool");
    assert!(!project.has(".larder/active/bin/deep") && project.has(".venv/bin/deep"));
    assert_eq!(
        python(&project, "import importlib.metadata as m, deep; print(m.version('tool'), deep.__name__)"),
        "7.0 deep"
    );
    project.run("larder verify").exits(0);
}

#[test]
fn a_member_and_the_project_may_have_two_versions_of_a_node_half_and_one_of_a_python_half() {
    let (public, packages) = (public(), registry());
    publish_orders(&packages, "2.0.0", "");
    packages.publish(&[
        ("larder.kdl", "package \"money\" version=\"2.0.0\" { node \".\"; }\n"),
        ("index.js", "module.exports = 'money 2'\n"),
    ]);
    let project = Project::new(&public);
    project.write("apps/web/larder.kdl", "dependencies {\n    larder \"money\" \"^2\"\n}\n");
    let lines = "dependencies {\n    larder \"money\" \"^1\"\n}\nmembers \"apps/*\"\n";
    project.with_packages(&packages, lines).run("larder sync").exits(0);
    assert_eq!(project.program("node", &["-p", "require('money')"]).exits(0).stdout.trim(), "money");
    let web = project.path("apps/web").display().to_string();
    let program = format!("process.chdir('{web}'); require('module').createRequire('{web}/x.js')('money')");
    assert_eq!(project.program("node", &["-p", &program]).exits(0).stdout.trim(), "money 2");
    project.write("apps/web/larder.kdl", "dependencies {\n    larder \"orders\" \"^2\"\n}\n");
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1\"\n}\nmembers \"apps/*\"\n");
    project.run("larder lock").exits(3).names(["orders has a Python half"]);
}

#[test]
fn two_halves_with_one_module_are_named_as_they_are_published() {
    let packages = PrivateRegistry::new();
    for name in ["@acme/fx", "@shop/x"] {
        let manifest = format!("package \"{name}\" version=\"1.0.0\" {{ python \"py\"; }}\n");
        packages.publish(&[("larder.kdl", &manifest), ("py/n/__init__.py", "\n")]);
    }
    let registry = Universe::new().serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"@acme/fx\" \"*\"; larder \"@shop/x\" \"*\"; }\n");
    let refused = project.run("larder sync");
    assert_ne!(refused.status, 0);
    refused.names(["larder:@acme/fx and larder:@shop/x both install"]);
}

#[test]
fn an_optional_line_that_is_dropped_is_told_with_the_reason() {
    let packages = PrivateRegistry::new();
    packages.publish(&[("larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; }\n"), ("index.js", "\n")]);
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.with_packages(
        &packages,
        "dependencies {\n    larder \"monye\" \"^1\" optional=#true\n    larder \"money\" \"^2\" optional=#true\n    \
         npm \"left\" \"^9\" optional=#true when=\"sys_platform == 'win32'\"\n}\n",
    );
    let locked = project.run("larder lock").exits(0).names([
        "larder:monye ^1 of larder.kdl is optional and was left out of the lock: larder:monye is not in registry `acme`",
        "larder:money ^2 of larder.kdl is optional and was left out of the lock: there is no such version; the newest is 1.0.0",
    ]);
    assert!(!locked.stderr.contains("npm:left"), "it holds nowhere: {}", locked.stderr);
}

#[test]
fn features_and_betas_are_added_by_options() {
    let packages = PrivateRegistry::new();
    packages.publish(&[
        (
            "larder.kdl",
            "package \"fx\" version=\"1.0.0\" { node \".\"; status \"beta\"; features { default \"rest\"; rest; soap; } }\n",
        ),
        ("index.js", "\n"),
    ]);
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "");
    project.run("larder add larder:fx --no-sync").exits(3).names(["beta=#true", "--beta"]);
    project.run("larder add npm:left --features x --no-sync").exits(2).names(["npm:left is no private package"]);
    project.run("larder add larder:fx --features soap --no-default-features --beta --no-sync").exits(0);
    let line = "larder \"fx\" \"^1.0.0\" features=\"soap\" default-features=#false beta=#true";
    assert!(project.read("larder.kdl").contains(line), "{}", project.read("larder.kdl"));
}
