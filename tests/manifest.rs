//! What is wrong with a manifest is told at once, and nothing is written.

use crate::support::{Project, Universe, conforms};

const FIVE_FAULTS: &str = r#"project "case"

runtimes {
    python 3.10
}
platfroms "linux-x64"

dependencies {
    pypi "six" "=1.0"
    npm "left" "^1" wen="always"
}

environment "production" {
    include "tset"
}
"#;

#[test]
fn five_faults_are_five_errors_and_nothing_is_written() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    project.write("larder.kdl", FIVE_FAULTS);
    let before = project.listing();
    for command in ["larder lock", "larder sync", "larder list", "larder check"] {
        project.run(command).exits(2).names(["3.10", "platfroms", "=1.0", "wen", "tset"]);
    }
    let failed = project.run("larder lock --json").exits(2);
    conforms(&failed.json(), "error");
    let error = failed.error();
    let count = |field: &str| error[field].as_array().map_or(0, Vec::len);
    assert_eq!(count("labels").max(count("related")), 5, "{error:#}");
    assert_eq!(project.listing(), before);
    assert_eq!(registry.take_log(), Vec::<String>::new());
}

#[test]
fn an_unknown_name_gets_the_nearest_known_one() {
    let project = Project::alone();
    project.write("larder.kdl", "project \"case\"\ndependecies {\n}\n");
    project.run("larder lock").exits(2).names(["dependecies", "dependencies", "larder.kdl"]);
}

#[test]
fn a_folder_without_a_manifest_is_told_how_to_get_one() {
    let project = Project::alone();
    for command in ["larder lock", "larder sync", "larder list", "larder run true"] {
        project.run(command).exits(2).names(["larder.kdl", "init"]);
    }
}

#[test]
fn usage_errors_exit_with_2() {
    let project = Project::alone();
    for command in ["larder", "larder fly", "larder sync --sideways", "larder add", "larder sync --locked --frozen"] {
        project.run(command).exits(2);
    }
    let error = project.run("larder sync --sideways --json").exits(2).error();
    assert_eq!(error["code"], "larder::cli::usage");
    assert!(error["message"].to_string().contains("--sideways"), "{error}");
    project.run("larder --version").exits(0).names(["larder"]);
}

#[test]
fn python_packages_need_a_declared_python() {
    let registry = Universe::new().pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    project.write("larder.kdl", "project \"case\"\ndependencies {\n    pypi \"six\"\n}\n");
    project.run("larder lock").exits(2).names(["python"]);
}

#[test]
fn a_registry_s_folder_that_is_not_there_is_told() {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        "project \"case\"\nregistries { npm \"npmjs\" \"./nowhere\"; }\ndependencies {\n    npm \"left\"\n}\n",
    );
    project.run("larder lock").exits(5).names(["npmjs", "nowhere", "no such folder"]);
}
