use miette::Diagnostic;

use super::closure::SHAPES;
use super::lock;
use crate::lock::parse;

/// Says what is wrong with a text, and which part of it.
fn wrong(text: &str) -> (String, String) {
    let error = parse("larder.lock", text).unwrap_err();
    let label = error.labels().and_then(|mut labels| labels.next());
    let part = label.map_or("", |label| &text[label.offset()..label.offset() + label.len()]);
    (error.code().unwrap().to_string(), part.to_owned())
}

#[test]
fn errors_point_at_what_is_wrong() {
    let newer = "# x\nversion = 2\n\n[future]\nx = {}\n";
    assert_eq!(wrong(newer), ("larder::lock::newer".into(), "version = 2".into()));
    let corrupt = |text: &str, part: &str| {
        let text = format!("version = 1\n\n{text}");
        assert_eq!(wrong(&text), ("larder::lock::corrupt".into(), part.into()), "{text}");
    };
    corrupt("[[package]]\nid = \"npm:React!\"\n", "npm:React!");
    corrupt("[[package]]\nid = \"npm:a@1.0.0\"\nedges = [\"npm:b@one\"]\n", "npm:b@one");
    corrupt("[[package]]\nid = \"npm:a@1.0.0\"\nlicense = \"MIT\"\n", "license");
    corrupt("[settings]\nplatforms = [\"beos\"]\n", "beos");
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
