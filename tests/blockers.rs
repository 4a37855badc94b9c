//! What keeps a lock from being made, told as a whole; and what does not keep it.

use crate::support::{Project, Universe};

/// A page of a package of which there is nothing but source, and the source itself, which does not state its dependencies.
fn source_only(universe: Universe, name: &str) -> Universe {
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(metadata.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, format!("{name}-1.0/PKG-INFO"), metadata.as_bytes()).expect("an entry");
    let archive = builder.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive");
    let page = format!("<a href=\"../../files/{name}-1.0.tar.gz\">{name}-1.0.tar.gz</a>");
    universe
        .file(&format!("/pypi/simple/{name}/"), page.into_bytes())
        .file(&format!("/pypi/files/{name}-1.0.tar.gz"), archive)
}

#[test]
fn all_packages_that_would_have_to_be_built_are_told_at_once() {
    let mut universe = Universe::new().pypi("six", "1.16", |p| p).pypi("user", "1.0", |p| p.requires("third"));
    for name in ["first", "second", "third"] {
        universe = source_only(universe, name);
    }
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"first\"", "pypi \"six\"", "pypi \"second\"", "pypi \"user\""]);
    let output = project.run("larder lock").exits(3);
    output.names(["3 packages are there only as source: first 1.0, second 1.0, third 1.0"]);
    output.names(["`larder builds allow pypi:first pypi:second pypi:third` lets them be built"]);
    assert!(!project.has("larder.lock"));
    // One alone is told as before.
    project.dependencies(&["pypi \"first\"", "pypi \"six\""]);
    let output = project.run("larder lock").exits(3);
    assert!(!output.stderr.contains("packages are there only as source"), "{}", output.stderr);
}

/// What a version needs is asked of its build: with a Python that is declared and not there, that is what is said.
#[test]
fn a_build_that_lacks_the_declared_python_says_so() {
    let registry = source_only(Universe::new(), "first").serve();
    let project = Project::new(&registry);
    project.manifest("dependencies { pypi \"first\"; }\nbuilds { allow pypi \"first\"; }\n");
    let manifest = project.read("larder.kdl");
    let python = crate::support::python_version();
    project.write("larder.kdl", &manifest.replace(&format!("python \"{python}\""), "python \"3.99\""));
    let output = project.run("larder lock").exits(6).names(["3.99"]);
    assert!(!output.stderr.contains("declares no Python"), "{}", output.stderr);
}

#[test]
fn a_group_that_no_environment_includes_does_not_block() {
    let registry = source_only(Universe::new().pypi("six", "1.16", |p| p), "first").serve();
    let project = Project::new(&registry);
    let environments = "environment \"development\" { include \"test\"; }\nenvironment \"production\"\n";
    let manifest = |environments: &str| {
        project.manifest(&format!(
            "dependencies {{ pypi \"six\"; }}\ngroup \"test\" {{ pypi \"six\"; }}\ngroup \"later\" {{ pypi \"first\"; pypi \"six\"; }}\n{environments}"
        ));
    };
    manifest(environments);
    let told = project.run("larder lock").exits(0).stderr;
    assert!(told.contains("group `later`, which no environment includes, is left out"), "{told}");
    assert!(!project.read("larder.lock").contains("first"));
    project.run("larder lock --locked").exits(0);
    project.run("larder sync").exits(0);
    // Once something includes it, it counts.
    manifest(&environments.replace("\"test\"", "\"test\" \"later\""));
    project.run("larder lock --locked").exits(1).names(["first"]);
    project.run("larder lock").exits(3).names(["first"]);
    // One that has a solution is locked as any other.
    project.manifest(&format!(
        "dependencies {{ pypi \"six\"; }}\ngroup \"later\" {{ pypi \"six\" \"==1.16\"; }}\n{}",
        environments.replace("include \"test\";", "")
    ));
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("group = \"later\""));
}

/// Markers and wheels need a Python, whoever asks for the package.
#[test]
fn a_package_that_brings_python_packages_needs_a_declared_python() {
    let registry = Universe::new().pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    project.write("lib/pyproject.toml", "[project]\nname = \"lib\"\nversion = \"1.0\"\ndependencies = [\"six\"]\n");
    project.manifest("dependencies {\n    path \"lib\"\n}\n");
    let manifest = project.read("larder.kdl");
    let python = format!("python \"{}\"", crate::support::python_version());
    assert!(manifest.contains(&python), "{manifest}");
    project.write("larder.kdl", &manifest.replace(&python, ""));
    project.run("larder lock").exits(2).names(["has Python dependencies, and larder.kdl declares no Python"]);
    assert!(!project.has("larder.lock"));
    project.write("larder.kdl", &manifest).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains(".whl"));
}

/// Lines of `resolution` are lines of the manifest: one that is in the way is named and underlined, whoever it is that asks.
#[test]
fn an_override_that_is_in_the_way_is_underlined() {
    let registry = Universe::new().npm("web", "4.1.0", |p| p.dep("send", "^0.19")).npm("send", "0.19.0", |p| p).serve();
    let project = Project::new(&registry);
    let resolution = "resolution { override npm \"send\" \"99.0.0\"; }\n";
    let labels = || {
        let error = project.run("larder lock --json").exits(3).json()["error"].clone();
        let help = error["help"].as_str().expect("help").to_owned();
        assert!(help.starts_with("change `override npm \"send\" \"99.0.0\"` under `resolution`"), "{help}");
        let text = project.read("larder.kdl");
        let labels = error["labels"].as_array().expect("labels").iter().map(|label| {
            let at = |name: &str| usize::try_from(label[name].as_u64().expect("a number")).expect("a small number");
            assert_eq!(label["file"], "larder.kdl");
            text[at("offset")..at("offset") + at("length")].to_owned()
        });
        labels.collect::<Vec<_>>()
    };
    project.manifest(&format!("dependencies {{ npm \"web\" \"^4\"; }}\n{resolution}"));
    assert_eq!(labels(), ["npm \"web\" \"^4\"", "override npm \"send\" \"99.0.0\""]);
    // The line that leads there is a member's: the root's manifest is shown, in which there is something to change.
    project.manifest(&format!("members \"app\"\n{resolution}"));
    project.write("app/package.json", "{ \"name\": \"app\", \"dependencies\": { \"web\": \"^4\" } }");
    assert_eq!(labels(), ["override npm \"send\" \"99.0.0\""]);
}
