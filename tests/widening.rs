//! Lines that hold what is vulnerable, and that `audit --fix --force` does not widen.

use crate::audit::{FOLDER, record};
use crate::support::{Project, Universe};

#[test]
fn a_line_that_nobody_widens_is_named_by_its_place() {
    let registry = Universe::new().npm("v", "1.0.0", |p| p).npm("v", "1.0.1", |p| p).serve();
    let project = Project::new(&registry);
    project.write("osv/1.json", &record("GHSA-1", "v", "1.0.1", "HIGH").to_string());
    let by_line = "members \"packages/*\"\n";
    project.write("packages/a/larder.kdl", "dependencies {\n    npm \"v\" \"1.0.0\"\n}\n");
    for (lines, place) in [
        (by_line, "`v 1.0.0` in packages/a/larder.kdl:2 holds it"),
        ("dependencies {\n    npm \"vv\" \"npm:v@1.0.0\"\n}\n", "`vv npm:v@1.0.0` in larder.kdl:"),
        (
            "dependencies {\n    npm \"v\" \"^1\"\n}\nresolution {\n    override npm \"v\" \"1.0.0\"\n}\n",
            "the override of npm:v with `1.0.0` in larder.kdl holds it",
        ),
    ] {
        project.with_registry_line(FOLDER, lines);
        project.run("larder lock").exits(0);
        for command in ["larder audit --fix", "larder audit --fix --force"] {
            let told = project.run(command).exits(1).names([place, "1.0.1 does not have it"]);
            assert!(!told.stderr.contains("what needs the package"), "{}", told.stderr);
        }
    }
}
