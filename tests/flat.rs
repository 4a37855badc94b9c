//! Registries of plain files: a folder of wheels, and pages that link to some.

use crate::support::{Project, PypiPackage, Universe};

fn wheel(project: &Project, folder: &str, package: &PypiPackage) {
    let place = project.path(folder).join(package.file_name());
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
    std::fs::write(place, package.wheel()).expect("a wheel");
}

fn version(project: &Project, module: &str) -> String {
    let program = format!("larder run -- python -c 'import {module}; print({module}.__version__)'");
    project.run(&program).exits(0).stdout.trim().to_owned()
}

#[test]
fn a_folder_of_wheels_is_a_registry() {
    let registry = Universe::new().pypi("own", "9.0", |p| p).pypi("six", "1.16", |p| p).serve();
    let project = Project::new(&registry);
    wheel(&project, "wheels", &PypiPackage::new("own", "1.0").requires("six"));
    wheel(&project, "wheels", &PypiPackage::new("own", "1.1").requires("six"));
    wheel(&project, "wheels", &PypiPackage::new("other-thing", "3.0"));
    project.manifest("");
    let manifest = project.read("larder.kdl");
    let with = |place: &str, options: &str, lines: &str| {
        let registries = format!("registries {{\n    pypi \"own\" \"{place}\" {{ form \"flat\"; {options} }}");
        let text = manifest.replacen("registries {", &registries, 1);
        project.write("larder.kdl", &format!("{text}dependencies {{\n    {lines}\n}}\n"));
    };
    with("wheels/", "priority 1", "pypi \"own\"\n    pypi \"other-thing\"");
    project.run("larder sync").exits(0);
    assert_eq!((version(&project, "own"), version(&project, "other_thing")), ("1.1".to_owned(), "3.0".to_owned()));
    assert_eq!(version(&project, "six"), "1.16", "what it has not, the index has");
    let lock = project.read("larder.lock");
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
    // Another user has nothing but the lock.
    std::fs::remove_dir_all(project.folder().join("store")).ok();
    project.run("larder sync --locked").exits(0);
    // Only what it claims, and through `..`.
    std::fs::rename(project.path("wheels"), project.folder().join("wheels")).expect("moved");
    with("../wheels", "packages \"own\"", "pypi \"own\" \"==1.0\"");
    project.run("larder sync").exits(0);
    assert_eq!(version(&project, "own"), "1.0");
    with("../wheels", "packages \"own\"", "pypi \"own\" \">=2\"");
    project.run("larder lock").exits(3).names(["own", "1.1"]);
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    with("../gone", "packages \"own\"", "pypi \"own\"");
    project.run("larder lock").exits(5).names(["gone"]);
    assert!(lock.contains("registry = \"own\""));
    project.write(
        "larder.kdl",
        &manifest.replacen("registries {", "registries {\n    npm \"x\" \"wheels/\" { form \"flat\"; }", 1),
    );
    project.run("larder lock").exits(2).names(["kind pypi"]);
}

#[test]
fn a_page_that_links_to_files_is_a_registry() {
    let own = PypiPackage::new("own", "2.0");
    let page = format!(
        "<html><body><h1>Files</h1><a href=\"files/{0}\">{0}</a><br><a href=\"../up.html\">up</a><a href=\"notes.txt\">notes</a></body>",
        own.file_name()
    );
    let universe = Universe::new()
        .file("/links/page.html", page.clone().into_bytes())
        .file(&format!("/links/files/{}", own.file_name()), own.wheel());
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"own\""]);
    let manifest = project.read("larder.kdl");
    let with = |place: &str| {
        let registries = format!("registries {{\n    pypi \"links\" \"{place}\" {{ form \"flat\"; priority 1; }}");
        project.write("larder.kdl", &manifest.replacen("registries {", &registries, 1));
    };
    with(&registry.url("/links/page.html"));
    project.run("larder sync").exits(0);
    assert_eq!(version(&project, "own"), "2.0");
    // So is one on disk.
    project.write("links/page.html", &page);
    wheel(&project, "links/files", &PypiPackage::new("own", "2.0"));
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    with("links/page.html");
    project.run("larder sync").exits(0);
    assert_eq!(version(&project, "own"), "2.0");
}
