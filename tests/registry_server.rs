//! Publishing to a server, and locking from it.

use crate::support::{PACKAGE_TOKEN, PackageServer, Project, conforms};
use crate::sweep::say;

fn package(project: &Project, version: &str) {
    let manifest = format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n");
    project.write("orders/larder.kdl", &manifest).write("orders/index.js", &format!("module.exports = '{version}'\n"));
}

/// A checkout with a package and with a consumer of it.
fn checkout(server: &PackageServer) -> Project {
    let mut project = Project::alone();
    project.set("LARDER_TOKEN_ACME", PACKAGE_TOKEN);
    package(&project, "1.0.0");
    let registries = format!("registries {{ {}; }}\n", server.line());
    project.write("larder.kdl", &format!("{registries}runtimes {{ node \"20\"; }}\nmembers \"orders\"\n"));
    project
}

#[test]
fn a_server_takes_what_its_token_may_publish() {
    let server = PackageServer::start();
    let mut project = checkout(&server);
    let published = project.run("larder -C orders publish --registry acme --json").exits(0).json();
    conforms(&published, "publish");
    assert_eq!((&published["outcome"], &published["registry"]), (&"added".into(), &"acme".into()));
    let again = project.run("larder -C orders publish --registry acme").exits(0);
    again.names(["with the same files"]);
    project.write("orders/index.js", "changed\n");
    let refused = project.run("larder -C orders publish --registry acme").exits(1);
    refused.names(["(409): immutable", "raise `version`"]);
    // A server that is out of order is asked again.
    package(&project, "1.1.0");
    server.fail_next(503);
    project.run("larder -C orders publish --registry acme").exits(0).names(["Published to acme"]);
    server.fail_next(500);
    project.run("larder yank orders@1.1.0 --registry acme").exits(0);
    project.set("LARDER_TOKEN_ACME", "another-secret");
    package(&project, "1.2.0");
    let refused = project.run("larder -C orders publish --registry acme").exits(5);
    let refused = refused.names(["(401): no token", "scope `publish`"]);
    assert!(!refused.stderr.contains("another-secret"));
    let offline = project.run("larder -C orders publish --registry acme --offline").exits(5);
    assert!(!offline.stderr.contains("another-secret"));
}

#[test]
fn a_lock_asks_for_few_files_and_for_no_index_file_that_it_has() {
    let server = PackageServer::start();
    let project = checkout(&server);
    project.run("larder -C orders publish --registry acme").exits(0);
    package(&project, "1.1.0");
    project.run("larder -C orders publish --registry acme").exits(0);
    let consumer = project.beside();
    let registries = format!("registries {{ {}; }}\n", server.line());
    consumer.write(
        "larder.kdl",
        &format!("{registries}runtimes {{ node \"20\"; }}\ndependencies {{ larder \"orders\" \"^1\"; }}\n"),
    );
    let before = server.requests();
    consumer.run("larder lock").exits(0);
    // The description, the checkpoint, a tile, a bundle of entries, a shard, the index file.
    assert_eq!(server.requests() - before, 6);
    assert!(consumer.read("larder.lock").contains("orders@1.1.0"));
    consumer.run("larder sync").exits(0);
    let before = server.requests();
    consumer.run("larder update").exits(0);
    assert_eq!(server.requests() - before, 4);
    project.run("larder yank orders@1.1.0 --registry acme").exits(0);
    consumer.run("larder sync --locked").exits(0);
    std::fs::remove_file(consumer.path("larder.lock")).unwrap();
    consumer.run("larder lock").exits(0);
    assert!(consumer.read("larder.lock").contains("orders@1.0.0"));
    // An older state is served again: it is told, and is older than the lock.
    let checkpoint = std::fs::read(server.folder().join("checkpoint")).unwrap();
    project.run("larder unyank orders@1.1.0 --registry acme").exits(0);
    consumer.run("larder update").exits(0);
    std::fs::write(server.folder().join("checkpoint"), checkpoint).unwrap();
    consumer.run("larder update").exits(5).names(["was seen before", "fewer than the 4 lines"]);
}

#[test]
#[ignore = "takes minutes: 200,000 events"]
fn a_large_registry_is_read_in_few_requests_and_written_in_little_time() {
    let server = PackageServer::start();
    server.fill(10_000, 20);
    let mut project = checkout(&server);
    project.set("LARDER_LOG_KEY", &server.secret());
    let timed = |what: &str, command: &str, project: &Project| {
        let (start, before) = (std::time::Instant::now(), server.requests());
        project.run(command).exits(0);
        say(&format!("{what}: {} ms, {} requests", start.elapsed().as_millis(), server.requests() - before));
        server.requests() - before
    };
    let folder = server.folder().display().to_string();
    timed("publish", &format!("larder -C orders publish --registry {folder}"), &project);
    timed("verify", &format!("larder registry verify {folder}"), &project);
    let lines: Vec<String> = (0..200).map(|one| format!("    larder \"package-{:06}\" \"^1\"", one * 49)).collect();
    let lines = lines.join("\n");
    let registries = format!("registries {{ {}; }}\n", server.line());
    let manifest = format!("{registries}runtimes {{ node \"20\"; }}\ndependencies {{\n{lines}\n}}\n");
    let consumer = project.beside();
    consumer.write("larder.kdl", &manifest);
    let (answers, bytes) = server.beside_indexes();
    let requests = timed("lock of 200, cold", "larder lock", &consumer);
    assert!(requests <= 240, "{requests}");
    let (more_answers, more_bytes) = server.beside_indexes();
    let (answers, bytes) = (more_answers - answers, more_bytes - bytes);
    say(&format!("beside index files: {answers} requests, {bytes} bytes"));
    assert!(answers <= 40 && bytes <= 2_000_000, "{answers} requests, {bytes} bytes");
    std::fs::remove_file(consumer.path("larder.lock")).unwrap();
    let requests = timed("lock of 200, warm", "larder lock", &consumer);
    assert!(requests <= 8, "{requests}");
}
