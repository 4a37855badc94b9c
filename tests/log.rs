//! What `-v`, `-vv` and `LARDER_LOG` tell of a run.

use crate::support::{Project, Universe, host_platform};

#[test]
fn a_run_tells_how_long_its_phases_take_if_asked() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]);
    let quiet = project.run("larder lock").exits(0).stderr;
    assert!(!quiet.contains("time.busy"), "{quiet}");
    let phases = project.run("larder sync -v").exits(0).stderr;
    for phase in ["read project", "read lock", "fetch", "link packages", "write generation", "switch"] {
        assert!(phases.lines().any(|line| line.contains(phase) && line.contains("time.busy")), "{phase}: {phases}");
    }
    assert!(!phases.contains("request"), "{phases}");
}

#[test]
fn each_request_is_told_without_its_secrets() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::alone();
    project.set("LARDER_TOKEN_ACME", "s3cret");
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nplatforms \"{}\"\nregistries {{\n    npm \"npmjs\" \"{}\" {{\n        \
             token env=\"LARDER_TOKEN_ACME\"\n    }}\n}}\ndependencies {{\n    npm \"left\"\n}}\n",
            host_platform(),
            registry.npm_url()
        ),
    );
    let log = project.run("larder lock -vv").exits(0).stderr;
    assert!(log.lines().any(|line| line.contains("request{url=") && line.contains("status=200")), "{log}");
    project.set("LARDER_LOG", "trace");
    let all = project.run("larder sync").exits(0).stderr;
    assert!(all.contains("request{url=") && !all.contains("s3cret"), "{all}");
    assert_eq!(registry.authorized().len(), 2, "the document and the tarball");
}

#[test]
fn a_filter_that_cannot_be_understood_is_a_mistake() {
    let mut project = Project::alone();
    project.set("LARDER_LOG", "hyper=trace");
    project.run("larder check").exits(2).names(["LARDER_LOG is `hyper=trace`", "larder::fetch=trace"]);
}
