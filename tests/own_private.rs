//! The project's own private packages: members that others of the project ask for by name. Node and Python see their halves where
//! they lie, as they see those of a registry.

use crate::support::{Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).pypi("zeep", "4.0", |p| p).serve()
}

/// A project with the members `orders`, which has all that a package can have, and `money`, which it needs. No registry is declared
/// for private packages.
fn project(registry: &Registry, line: &str) -> Project {
    let project = Project::new(registry);
    project
        .dependencies(&[line])
        .write("larder.kdl", &project.read("larder.kdl").replace("platforms", "members \"packages/*\"\nplatforms"))
        .write(
            "packages/orders/larder.kdl",
            "package \"orders\" version=\"1.2.0\" {\n    node \"js\"\n    python \"py\"\n    bin \"orders\" \"js/cli.js\"\n    \
             features { default \"rest\"; rest { npm \"left\" \"*\"; }; soap { npm \"right\" \"*\"; pypi \"zeep\"; }; }\n}\n\
             dependencies { larder \"money\" \"^1\"; }\n",
        )
        .write("packages/orders/js/index.js", "module.exports = `orders and ${require('money')}`\n")
        .write("packages/orders/js/cli.js", "console.log(require('./index.js'), process.argv[2])\n")
        .write("packages/orders/py/acme_orders.py", "NAME = 'py orders'\n")
        .write("packages/money/larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; bin \"pay\" \"pay.sh\"; }\n")
        .write("packages/money/index.js", "module.exports = 'money'\n")
        .write("packages/money/pay.sh", "#!/bin/sh\necho paid\n");
    project
}

fn node(project: &Project, program: &str) -> String {
    project.run(&format!("larder run -- node -p {program}")).exits(0).stdout.trim().to_owned()
}

#[test]
fn halves_and_executables_of_a_member_are_there_where_it_lies() {
    let registry = registry();
    let project = project(&registry, "larder \"orders\" \"^1\"");
    project.run("larder sync").exits(0);
    assert_eq!(node(&project, "require(\"orders\")"), "orders and money");
    assert_eq!(project.run("larder run orders now").exits(0).stdout.trim(), "orders and money now");
    let python = "larder run -- python -c 'import acme_orders; from importlib.metadata import version; \
                  print(acme_orders.NAME, version(\"orders\"))'";
    assert_eq!(project.run(python).exits(0).stdout.trim(), "py orders 1.2.0");
    project.run("larder verify").exits(0);
    project.run("larder lock --locked").exits(0);
    // A file that describes the Python half is an input, even one that was not there.
    project.write(
        "packages/orders/py/pyproject.toml",
        "[project]\nname = 'acme-orders'\nversion = '1.2'\n[project.scripts]\nopen-orders = 'acme_orders:main'\n",
    );
    project.write("packages/orders/py/acme_orders.py", "NAME = 'py orders'\ndef main():\n    print('open')\n");
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run open-orders").exits(0).stdout.trim(), "open");
    // They are live.
    project.write("packages/money/index.js", "module.exports = 'gold'\n");
    assert_eq!(node(&project, "require(\"orders\")"), "orders and gold");
    project.run("larder sync").exits(0).names(["up to date"]);
    // What the root does not ask for is not in its environment.
    project.run("larder run pay").exits(127);
    project.run("larder add larder:money").exits(0);
    assert_eq!(project.run("larder run pay").exits(0).stdout.trim(), "paid");
}

#[test]
fn a_member_has_the_features_that_its_dependents_ask_for() {
    let registry = registry();
    for (features, expected) in [
        ("", "left"),
        (" features=\"soap\"", "left right zeep"),
        (" features=\"soap\" default-features=#false", "right zeep"),
        (" default-features=#false", ""),
    ] {
        let project = project(&registry, &format!("larder \"orders\" \"^1\"{features}"));
        project.run("larder sync").exits(0);
        let lock = project.read("larder.lock");
        let there = ["left", "right", "zeep"].into_iter().filter(|name| lock.contains(&format!(":{name}@")));
        assert_eq!(there.collect::<Vec<_>>().join(" "), expected, "{features}");
        if expected.contains("right") {
            assert_eq!(
                node(&project, "require(\"./packages/orders/node_modules/right/package.json\").version"),
                "1.0.0"
            );
        }
    }
    let project = project(&registry, "larder \"orders\" \"^1\" features=\"soup\"");
    project.run("larder lock").exits(2).names(["larder.kdl", "`soup`", "did you mean `soap`?"]);
    // Another member may ask for more.
    project.write("larder.kdl", &project.read("larder.kdl").replace(" features=\"soup\"", " default-features=#false"));
    project.write(
        "packages/shop/larder.kdl",
        "package \"shop\" version=\"1.0.0\" { node \".\"; }\ndependencies { larder \"orders\" \"*\" features=\"soap\"; }\n",
    );
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:right@"));
}

#[test]
fn features_are_found_whatever_their_spelling_and_whoever_asks_last() {
    let registry = registry();
    let project = project(&registry, "larder \"orders\" \"^1\" features=\"SOAP_x\" default-features=#false");
    let orders = project.read("packages/orders/larder.kdl");
    project.write("packages/orders/larder.kdl", &orders.replace("soap {", "soap_x {"));
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:right@"));
    // A folder that a member leads to asks for more than the root, which was read before it.
    project.write("larder.kdl", &project.read("larder.kdl").replace(" features=\"SOAP_x\"", ""));
    project.write(
        "packages/shop/larder.kdl",
        "package \"shop\" version=\"1.0.0\" { node \".\"; }\ndependencies { path \"../../tools/deep\"; }\n",
    );
    project.write(
        "tools/deep/larder.kdl",
        "package \"deep\" version=\"1.0.0\" { node \".\"; }\ndependencies { larder \"orders\" \"*\" features=\"soap-x\"; }\n",
    );
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:right@"));
    project.run("larder lock --locked").exits(0);
}

#[test]
fn a_half_does_not_lead_out_of_the_project() {
    let registry = registry();
    for half in ["js", "py"] {
        let project = project(&registry, "larder \"orders\" \"^1\"");
        let folder = project.path(&format!("packages/orders/{half}"));
        std::fs::remove_dir_all(&folder).expect("a folder of ours");
        std::os::unix::fs::symlink("/etc", &folder).expect("a link");
        project.run("larder sync").names(["packages/orders", "/etc"]);
        assert!(!project.has("node_modules/orders") && !project.has(".venv"), "{half}");
    }
}

#[test]
fn a_package_that_is_no_member_needs_a_registry() {
    let registry = registry();
    let project = project(&registry, "larder \"order\" \"^1\"");
    project.run("larder lock").exits(2).names(["no registry serves larder packages such as `order`"]);
    project.run("larder lock").exits(2).names(["did you mean the member `orders`?", "asked for here"]);
}
