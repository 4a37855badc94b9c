//! `larder init --template` and `--consume`: a package that can be packed at once, a project that locks, and nothing overwritten.

use crate::support::{PrivateRegistry, Project, conforms};

#[test]
fn each_built_in_template_begins_a_package_that_can_be_published() {
    for template in ["package", "node", "python"] {
        let project = Project::alone();
        let started = project
            .run(&format!("larder init --template {template} --name @acme/orders-client --json"))
            .exits(0)
            .json();
        conforms(&started, "init-template");
        project.run("larder check").exits(0).names(["@acme/orders-client 0.1.0 can be published"]);
        project.run("larder pack").exits(0);
        assert!(project.has("orders-client-0.1.0.tar.gz"), "{template}");
        // A second time changes nothing.
        let before = project.listing();
        project
            .run(&format!("larder init --template {template} --name other"))
            .exits(2)
            .names(["is there already", "larder.kdl"]);
        assert_eq!(project.listing(), before);
    }
}

#[test]
fn a_folder_is_a_template() {
    let project = Project::alone();
    project
        .write("house/larder.kdl", "package \"{{name}}\" version=\"1.0.0\" { python \"src\"; }\n")
        .write("house/src/{{module}}/__init__.py", "NAME = '{{name}}'\n")
        .write("house/node_modules/x", "");
    std::fs::create_dir(project.path("my-tool")).expect("a folder");
    project.run_in(&project.path("my-tool"), "larder init --template ../house").exits(0);
    assert_eq!(project.read("my-tool/src/my_tool/__init__.py"), "NAME = 'my-tool'\n");
    assert!(!project.has("my-tool/node_modules"));
    project.run_in(&project.path("my-tool"), "larder check").exits(0);
}

#[test]
fn what_is_no_template_writes_nothing() {
    let project = Project::alone();
    project.write("broken/larder.kdl", "package \"{{name}}\" vrsion=\"1.0.0\"\n").write("none/x", "");
    let before = project.listing();
    project.run("larder init --template pakage --name a").exits(2).names(["did you mean `package`?"]);
    project.run("larder init --template ./nowhere --name a").exits(2).names(["there is no such folder"]);
    project.run("larder init --template ./none --name a").exits(2).names(["it has no larder.kdl"]);
    project.run("larder init --template ./broken --name a").exits(2).names(["vrsion"]);
    project.run("larder init --template package --name Orders").exits(2).names(["upper case"]);
    assert_eq!(project.listing(), before);
}

#[test]
fn a_project_begins_with_a_private_package() {
    let registry = PrivateRegistry::new();
    for version in ["1.2.0", "1.3.0"] {
        let manifest = format!("package \"orders-client\" version=\"{version}\" {{ node \"js\"; }}\n");
        registry.publish(&[("larder.kdl", &manifest), ("js/index.js", "module.exports = 1\n")]);
    }
    let place = registry.path("").display().to_string();
    let project = Project::alone();
    let command = format!("larder init --consume orders-client --registry file://{place} --json");
    let begun = project.run(&command).exits(0).json();
    conforms(&begun, "init-consume");
    assert_eq!(begun["changed"], true);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("larder \"orders-client\" \"^1.3.0\""), "{manifest}");
    project.run("larder lock --check").exits(0);
    // A second time changes nothing.
    let before = project.listing();
    assert_eq!(project.run(&command).exits(0).json()["changed"], false);
    assert_eq!(project.listing(), before);
    project.run("larder init --consume orders-client --registry ./elsewhere").exits(2).names(["has no such registry"]);
    // A package that is not there leaves no project behind.
    let other = Project::alone();
    let failed = other.run(&format!("larder init --consume order-client --registry file://{place}"));
    assert_ne!(failed.status, 0, "{}", failed.stderr);
    assert!(!other.has("larder.kdl"));
    other.run(&format!("larder init --consume Orders --registry file://{place}")).exits(2).names(["upper case"]);
    other.run("larder init --consume orders-client").exits(2);
}
