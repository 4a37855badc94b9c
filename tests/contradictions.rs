//! What is told of manifests that nothing satisfies: all of it at once, as far as it is found soon.

use crate::support::{Project, Universe, host_platform, python_version};

#[test]
fn contradictions_that_have_nothing_in_common_are_told_at_once() {
    let mut universe = Universe::new()
        .pypi("old-tool", "1.0", |tool| tool.requires("lib<2"))
        .pypi("new-tool", "1.0", |tool| tool.requires("lib>=3"))
        .pypi("old-web", "1.0", |web| web.requires("net<2"))
        .pypi("new-web", "1.0", |web| web.requires("net>=3"))
        .pypi("fine", "1.0", |fine| fine);
    for version in ["1.0", "3.0"] {
        universe = universe.pypi("lib", version, |lib| lib).pypi("net", version, |net| net);
    }
    let registry = universe.serve();
    let project = Project::new(&registry);
    let write = |lines: &str| {
        let (host, python) = (host_platform(), python_version());
        project.write(
            "larder.kdl",
            &format!(
                "project \"case\"\nruntimes {{ python \"{python}\"; }}\nplatforms \"{host}\"\ndependencies {{\n{lines}}}\n"
            ),
        );
    };
    let tools = "    pypi \"old-tool\"\n    pypi \"new-tool\"\n";
    let web = "    pypi \"old-web\"\n    pypi \"new-web\"\n";
    write(&format!("    pypi \"fine\"\n{tools}{web}"));
    project
        .run("larder lock")
        .exits(3)
        .names(["old-tool 1.0 needs lib <2", "new-tool 1.0 needs lib >=3"])
        .names(["old-web 1.0 needs net <2", "new-web 1.0 needs net >=3"]);
    let error = project.run("larder lock --json").exits(3).error();
    let related = error["related"].as_array().expect("a list");
    assert_eq!(related.len(), 1, "{error}");
    assert_eq!(related[0]["labels"].as_array().map(Vec::len), Some(2), "{error}");
    // Where one of them is all there is, it is told alone.
    write(&format!("    pypi \"fine\"\n{web}"));
    let refused = project.run("larder lock").exits(3).names(["old-web 1.0 needs net <2"]);
    assert_eq!(refused.stderr.matches("no versions satisfy the manifest").count(), 1, "{}", refused.stderr);
}

#[test]
fn lines_that_nothing_satisfies_are_counted_where_they_are_too_many_to_tell() {
    let registry = Universe::new().npm("left", "1.0.0", |left| left).serve();
    let project = Project::new(&registry);
    let lines =
        |number: usize| (0..number).map(|at| format!("    npm \"gone-{at:02}\" \"^1\"\n")).collect::<Vec<_>>().concat();
    project.manifest(&format!("dependencies {{\n    npm \"left\" \"^1\"\n{}}}\n", lines(58)));
    project.run("larder lock").exits(3).names(["nothing satisfies 7 more lines either"]);
    project.manifest(&format!("dependencies {{\n{}}}\n", lines(51)));
    let refused = project.run("larder lock").exits(3);
    assert!(!refused.stderr.contains("more line"), "{}", refused.stderr);
}
