//! Files that install scripts download: declared, answered from the cache, and found out by watching once.

use serde_json::json;

use crate::support::{NpmPackage, Output, Project, Registry, Universe, conforms, sha256_hex};

const CONTENT: &[u8] = b"{\"from\": \"far away\"}\n";

/// A package that downloads what it exports.
fn downloading(url: &str) -> impl FnOnce(NpmPackage) -> NpmPackage {
    let scheme = url.split(':').next().unwrap_or_default();
    let script = format!(
        "require('{scheme}').get('{url}', answer => {{\n    if (answer.statusCode !== 200) {{ console.error('status', answer.statusCode); process.exit(1); }}\n    \
         answer.pipe(require('fs').createWriteStream('made.json'));\n}}).on('error', error => {{ throw error; }});\n"
    );
    move |p| {
        p.field("scripts", json!({ "install": "node get.js" }))
            .file("get.js", &script)
            .file("index.js", "module.exports = require('./made.json').from;\n")
    }
}

fn project(registry: &Registry, allow: &str) -> Project {
    let project = Project::new(registry);
    project.manifest(&format!("dependencies {{ npm \"native\" \"^1\"; }}\nbuilds {{ {allow}; }}\n"));
    project
}

/// Returns whether this machine has a sandbox, and says where it is seen that it has none.
fn has_sandbox(out: &Output) -> bool {
    let is_missing = out.stderr.contains("larder::build::no_sandbox");
    if is_missing {
        crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
    }
    !is_missing
}

fn exports(project: &Project) -> String {
    project.run("larder run node -p 'require(\"native\")'").exits(0).stdout
}

/// Puts a file where larder keeps those that builds download.
fn keep(project: &Project, content: &[u8]) {
    let folder = project.cache().join("build-files");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("sha256-{}", sha256_hex(content))), content).expect("a file");
}

#[test]
fn a_declared_file_is_answered_under_its_own_name_and_without_a_network() {
    let url = "https://downloads.example/v1/tool.json?os=linux";
    let registry = Universe::new().npm("native", "1.0.0", downloading(url)).serve();
    let allow = format!("allow npm \"native\" {{ file \"{url}\" sha256=\"{}\"; }}", sha256_hex(CONTENT));
    let first = project(&registry, &allow);
    keep(&first, CONTENT);
    let out = first.run("larder sync");
    if !has_sandbox(&out) {
        return;
    }
    out.exits(0);
    assert_eq!(exports(&first), "far away\n");

    // What the line names is part of what is built: another file makes another package.
    let other = b"{\"from\": \"elsewhere\"}\n";
    keep(&first, other);
    first.write("larder.kdl", &first.read("larder.kdl").replace(&sha256_hex(CONTENT), &sha256_hex(other)));
    first.run("larder sync").exits(0);
    assert_eq!(exports(&first), "elsewhere\n");
    first.run("larder verify").exits(0);
}

#[test]
fn what_is_not_declared_is_refused_and_told() {
    let registry = Universe::new().npm("native", "1.0.0", downloading("https://other.example/x")).serve();
    let allow =
        format!("allow npm \"native\" {{ file \"https://downloads.example/x\" sha256=\"{}\"; }}", sha256_hex(CONTENT));
    let declared = project(&registry, &allow);
    keep(&declared, CONTENT);
    let out = declared.run("larder sync");
    if !has_sandbox(&out) {
        return;
    }
    out.exits(1).names(["status 403", "it asked for https://other.example/x", "`larder builds record native`"]);
    assert!(!declared.has(".larder/active"));
    let nothing = project(&registry, "allow npm \"native\"");
    nothing.run("larder sync").exits(1).names(["a build has no network", "`larder builds record native`"]);
}

#[test]
fn a_file_that_was_replaced_stops_the_build_before_it_begins() {
    let build = |registry: &Registry, content: &[u8]| {
        let url = registry.url("/files/tool.json");
        let packages = Universe::new().npm("native", "1.0.0", downloading(&url)).serve();
        let allow = format!("allow npm \"native\" {{ file \"{url}\" sha256=\"{}\"; }}", sha256_hex(content));
        (project(&packages, &allow), packages)
    };
    let files = Universe::new().file("/files/tool.json", CONTENT.to_vec()).serve();
    let (lying, _packages) = build(&files, b"another");
    lying
        .run("larder sync")
        .exits(4)
        .names([&sha256_hex(CONTENT), &format!("larder.kdl says {}", sha256_hex(b"another"))]);
    assert!(!lying.has(".larder/active"));
    let (honest, _packages) = build(&files, CONTENT);
    let out = honest.run("larder sync");
    if has_sandbox(&out) {
        out.exits(0);
        assert_eq!(exports(&honest), "far away\n");
        // It was fetched once, and is kept longer than what was built of it.
        files.take_log();
        std::fs::remove_dir_all(honest.store()).expect("the store");
        std::fs::remove_dir_all(honest.path(".larder")).expect("the environment");
        honest.run("larder sync").exits(0);
        assert!(files.take_log().is_empty());
    }
}

#[test]
fn watching_once_tells_the_lines_that_let_it_build() {
    let files = Universe::new().file("/files/tool.json", CONTENT.to_vec()).serve();
    let url = files.url("/files/tool.json");
    let packages = Universe::new().npm("native", "1.0.0", downloading(&url)).npm("plain", "1.0.0", |p| p);
    let registry = packages.npm("distant", "1.0.0", downloading("https://downloads.example/x")).serve();
    let project = project(&registry, "allow npm \"native\"; allow npm \"distant\"");
    let more = "\"native\" \"^1\"; npm \"distant\" \"^1\"; npm \"plain\" \"^1\";";
    project.write("larder.kdl", &project.read("larder.kdl").replace("\"native\" \"^1\";", more));
    project.run("larder builds record native").exits(1).names(["larder.lock"]);
    project.run("larder lock").exits(0);
    project.run("larder builds record plain").exits(1).names(["plain has no install scripts that may run"]);
    let out = project.run("larder builds record distant");
    if !has_sandbox(&out) {
        return;
    }
    out.exits(1).names([
        "https://downloads.example/x was refused: its host was not named",
        "\n- status 403\n",
        "run it again with --from downloads.example\n",
    ]);
    project.run("larder builds record distant --from 'a b'").exits(2).names(["`a b` is no host"]);
    // A host is named as it was told, or with the port that it has anyway.
    for host in ["downloads.example", "DOWNLOADS.example:443"] {
        let tried = project.run(&format!("larder builds record distant --from {host}")).exits(1);
        tried.names(["https://downloads.example/x cannot be had"]);
    }
    let host = url.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    let recorded = project.run(&format!("larder builds record npm:native --from {host} --json")).exits(0).json();
    conforms(&recorded, "builds-record");
    assert_eq!(recorded["files"], json!([{ "url": url, "sha256": sha256_hex(CONTENT) }]));
    let told = project.run(&format!("larder builds record native --from {host}")).exits(0).stdout;
    assert!(!project.has(".larder/active"), "nothing of it is kept");
    let text =
        project.read("larder.kdl").replace("; allow npm \"distant\"", "").replace("allow npm \"native\";", &told);
    project.write("larder.kdl", &text.replace("npm \"distant\" \"^1\"; ", ""));
    project.run("larder sync").exits(0);
    assert_eq!(exports(&project), "far away\n");
}

#[test]
fn lines_that_say_too_little_are_refused_with_their_place() {
    let registry = Universe::new().npm("native", "1.0.0", |p| p).serve();
    let refused = |block: &str, words: [&str; 2]| {
        project(&registry, &format!("allow npm \"native\" {{ {block}; }}")).run("larder lock").exits(2).names(words);
    };
    let digest = sha256_hex(CONTENT);
    refused("file \"https://a.example/x\"", ["`sha256=`", "larder builds record NAME"]);
    refused(&format!("file \"http://a.example/x\" sha256=\"{digest}\""), ["http://a.example/x", "is not encrypted"]);
    refused("file \"https://a.example/x\" sha256=\"12\"", ["SHA-256", "64 hexadecimal digits"]);
    refused(&format!("file sha256=\"{digest}\""), ["a value", "file \"https://HOST/FILE\""]);
    refused("url \"https://a.example/x\"", ["`url` is not known in `allow`", "`file` is possible"]);
    refused("requires \"six\"", ["`requires` is not known in `allow`", "`file` is possible"]);
    let twice = format!("file \"https://a.example/x\" sha256=\"{digest}\"");
    refused(&format!("{twice}; {twice}"), ["this file", "keep one of them"]);
    let weak = project(&registry, &format!("isolation \"reduced\"; allow npm \"native\" {{ {twice}; }}"));
    weak.run("larder check").exits(1);
}
