//! `larder registry push`: a registry is copied to where it is served from.

use crate::support::{PackageServer, Project, conforms};

fn publish(project: &Project, version: &str) {
    project
        .write("orders/larder.kdl", &format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n"))
        .write("orders/index.js", &format!("module.exports = '{version}'\n"));
    project.run("larder -C orders publish --registry ../packages").exits(0);
}

fn author() -> Project {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    publish(&project, "1.0.0");
    project
}

#[test]
fn a_folder_gets_what_it_lacks_and_is_whole() {
    let author = author();
    let pushed = author.run_json("larder registry push packages --to served --json");
    conforms(&pushed, "registry-push");
    assert_eq!(pushed["origin"], "packages.example");
    author.run("larder registry verify served").exits(0).names(["1 version,"]);
    assert_eq!(author.run_json("larder registry push packages --to served --json")["files"], 0);
    publish(&author, "1.1.0");
    author.write("packages/signers.kdl", "version 1\n").write("packages/signers.kdl.minisig", "a signature\n");
    author.write("packages/notes.txt", "for ourselves\n");
    let again = author.run_json("larder registry push packages --to served --json");
    assert!(again["files"].as_u64().is_some_and(|count| count < 10), "{again}");
    author.run("larder registry verify served").exits(0).names(["2 versions"]);
    assert!(author.has("served/signers.kdl.minisig") && !author.has("served/notes.txt"));
    assert!(!author.has("served/.lock") && !author.has("served/incoming"));
    // A copy that has gone on by itself, or has another history, is left alone.
    publish(&author, "1.2.0");
    author.run("larder registry push served --to packages").exits(1).names(["is newer"]);
    author.run("larder registry init other --origin packages.example").exits(0);
    author.run("larder registry push other --to served").exits(1).names(["is newer"]);
    for version in 0..9 {
        author.run("larder registry sign other").exits(0);
        let _ = version;
    }
    let refused = author.run("larder registry push other --to served").exits(4);
    let refused = refused.names(["is no older state of", "other"]);
    assert!(!refused.stderr.contains("damaged"), "{}", refused.stderr);
    author.run("larder registry init third --origin third.example").exits(0);
    let refused = author.run("larder registry push third --to served").exits(4);
    let refused = refused.names(["is no older state of", "third"]);
    assert!(!refused.stderr.contains("damaged"), "{}", refused.stderr);
    author.run("larder registry verify served").exits(0).names(["2 versions"]);
}

#[test]
fn a_folder_may_have_any_name_and_a_registry_that_cannot_be_leaves_none() {
    let author = author();
    author.run("larder registry push packages --to 'to be served'").exits(0);
    author.run("larder registry verify 'to be served'").exits(0).names(["1 version,"]);
    author.run(&format!("larder registry push packages --to file://{}", author.path("by-url").display())).exits(0);
    author.run("larder registry verify by-url").exits(0);
    author.run("larder registry push packages --to ''").exits(2);
    for command in ["larder registry init 'we ird'", "larder registry init fine --origin 'bad origin'"] {
        author.run(command).exits(2).names(["no origin"]);
    }
    assert!(!author.has("we ird") && !author.has("fine"));
}

#[test]
fn a_server_gets_the_checkpoint_last_and_a_push_that_was_cut_off_goes_on() {
    let (server, mut author) = (PackageServer::empty(), author());
    let to = server.url();
    author
        .run(&format!("larder registry push packages --to {to}"))
        .exits(5)
        .names(["(401)", &format!("`larder login {to}`")]);
    let line = format!("larder \"acme\" \"{to}\" {{ token env=\"LARDER_TOKEN_ACME\"; }}");
    author.write("larder.kdl", &format!("registries {{ {line}; }}\nruntimes {{ node \"20\"; }}\n"));
    author.set("LARDER_TOKEN_ACME", "publishing-token");
    server.fail_next(403);
    author.run("larder registry push packages --to acme").exits(5).names(["(403)"]);
    server.take_puts();
    author.run("larder registry push packages --to acme").exits(0).names(["packages.example"]);
    let order = server.take_puts();
    let place = |part: &str| order.iter().position(|path| path.contains(part)).expect("a path");
    let last = |part: &str| order.iter().rposition(|path| path.contains(part)).expect("a path");
    assert!(last("artifacts/") < place("index/") && last("index/") < place("tile/"), "{order:?}");
    assert!(last("tile/") < place("heads/") && last("heads/") < place("checkpoint"), "{order:?}");
    assert_eq!(order.last().map(String::as_str), Some("larder-registry.json"));
    author.run("larder registry push packages --to acme").exits(0);
    assert_eq!(server.take_puts(), [""; 0]);
    // Cut off in the middle: readers see the older state, and the next run goes on.
    publish(&author, "1.1.0");
    server.fail_after(3);
    author.run("larder registry push packages --to acme").exits(5);
    let copied_to = server.folder().display().to_string();
    author.run(&format!("larder registry verify {copied_to}"));
    author.run("larder registry push packages --to acme").exits(0);
    author.run(&format!("larder registry verify {copied_to}")).exits(0).names(["2 versions"]);
}
