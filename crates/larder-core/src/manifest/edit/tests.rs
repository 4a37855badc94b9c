use proptest::prelude::*;

use super::*;
use crate::manifest::{DependencySpec, ManifestKind, parse};
use crate::model::Requirement;

fn npm<'a>(name: &'a str, range: &'a str) -> NewLine<'a> {
    NewLine { ecosystem: Ecosystem::Npm, name, range: Some(range), properties: Vec::new() }
}

fn group(name: &str) -> Section {
    Section::Group(name.parse().unwrap())
}

#[track_caller]
fn adds(before: &str, line: &NewLine<'_>, after: &str) {
    assert_eq!(add("larder.kdl", before, &Section::Dependencies, line).unwrap(), after);
}

#[track_caller]
fn removes(before: &str, name: &str, after: &str) {
    assert_eq!(remove("larder.kdl", before, &Section::Dependencies, Ecosystem::Npm, name).unwrap(), after);
}

#[test]
fn a_range_is_replaced_in_place() {
    adds(
        "dependencies {\n  /* x */ npm   'r'\n}\n"
            .replace("'r'", "\"r\"   ^1 when=\"x\" // why\n  npm \"s\" \"1\"")
            .as_str(),
        &npm("r", "^2"),
        "dependencies {\n  /* x */ npm   \"r\"   \"^2\" when=\"x\" // why\n  npm \"s\" \"1\"\n}\n",
    );
    adds("dependencies { npm r; }", &npm("r", "^2"), "dependencies { npm r \"^2\"; }");
    adds("dependencies { npm #\"r\"# #\"^1\"#; }", &npm("r", "^2"), "dependencies { npm #\"r\"# \"^2\"; }");
    let any = NewLine { range: None, ..npm("r", "") };
    adds("dependencies { npm \"r\" \"^1\" optional=#true }", &any, "dependencies { npm \"r\" optional=#true }");
}

#[test]
fn python_names_are_compared_as_python_does() {
    let line = NewLine {
        ecosystem: Ecosystem::Pypi,
        name: "fast-api[all]",
        range: Some(">=1"),
        properties: vec![("when", PropertyValue::Text("os_name == 'nt'")), ("optional", PropertyValue::Flag(true))],
    };
    adds(
        "dependencies { pypi \"Fast_API\" \">0\" optional=#false; }",
        &line,
        "dependencies { pypi \"fast-api[all]\" \">=1\" optional=#true when=\"os_name == 'nt'\"; }",
    );
    let plain = NewLine { name: "fast.api", properties: Vec::new(), ..line };
    adds("dependencies { pypi \"fast-api[all]\"; }", &plain, "dependencies { pypi \"fast-api[all]\" \">=1\"; }");
}

#[test]
fn a_new_line_comes_after_its_kin() {
    adds(
        "dependencies {\r\n\tnpm \"a\" \"1\" // one\r\n\r\n\tpypi \"p\"\r\n\t// end\r\n}\r\n",
        &npm("b", "2"),
        "dependencies {\r\n\tnpm \"a\" \"1\" // one\r\n\tnpm \"b\" \"2\"\r\n\r\n\tpypi \"p\"\r\n\t// end\r\n}\r\n",
    );
    adds(
        "dependencies {\n  npm \"a\" \\\n    \"1\" /* x\n  y */\n}\n",
        &npm("b", "2"),
        "dependencies {\n  npm \"a\" \\\n    \"1\" /* x\n  y */\n  npm \"b\" \"2\"\n}\n",
    );
    adds(
        "dependencies {\n  pypi \"a\" \\ // more\n\n}\n",
        &npm("b", "2"),
        "dependencies {\n  pypi \"a\" \\ // more\n\n  npm \"b\" \"2\"\n}\n",
    );
}

#[test]
fn one_line_blocks_stay_on_one_line() {
    adds("dependencies { npm \"a\"; }\n", &npm("b", "2"), "dependencies { npm \"a\"; npm \"b\" \"2\"; }\n");
    adds("dependencies {} /-{ x; } // y\n", &npm("b", "2"), "dependencies {\n    npm \"b\" \"2\"\n} /-{ x; } // y\n");
    adds("dependencies { npm \"a\" }\n", &npm("b", "2"), "dependencies { npm \"a\"; npm \"b\" \"2\" }\n");
    adds(
        "dependencies { npm \"a\"; /- npm \"c\" }\n",
        &npm("b", "2"),
        "dependencies { npm \"a\"; npm \"b\" \"2\"; /- npm \"c\" }\n",
    );
}

#[test]
fn empty_blocks_are_opened() {
    let full = "dependencies {\n    npm \"b\" \"2\"\n}\n";
    adds("dependencies {}\n", &npm("b", "2"), full);
    adds("dependencies { }\n", &npm("b", "2"), full);
    adds("dependencies {\n}\n", &npm("b", "2"), full);
    adds("dependencies\n", &npm("b", "2"), full);
    adds("dependencies { /- npm \"a\" }\n", &npm("b", "2"), "dependencies { /- npm \"a\"\n    npm \"b\" \"2\"\n}\n");
    adds("dependencies {\n  // none\n}\n", &npm("b", "2"), "dependencies {\n  // none\n    npm \"b\" \"2\"\n}\n");
}

#[test]
fn missing_blocks_are_made() {
    adds("", &npm("b", "2"), "dependencies {\n    npm \"b\" \"2\"\n}\n");
    adds("project \"x\"", &npm("b", "2"), "project \"x\"\n\ndependencies {\n    npm \"b\" \"2\"\n}\n");
    adds(
        "project \"x\" // y\nenvironment \"e\" {\n\tkeep 1\n}\n",
        &npm("b", "2"),
        "project \"x\" // y\n\ndependencies {\n\tnpm \"b\" \"2\"\n}\n\nenvironment \"e\" {\n\tkeep 1\n}\n",
    );
    let text = add("m", "dependencies { npm \"a\" }\n", &group("dev"), &npm("b", "2")).unwrap();
    assert_eq!(text, "dependencies { npm \"a\" }\n\ngroup \"dev\" dev=#true {\n    npm \"b\" \"2\"\n}\n");
    let text = add("m", &text, &group("dev"), &npm("c", "3")).unwrap();
    assert!(text.ends_with("    npm \"b\" \"2\"\n    npm \"c\" \"3\"\n}\n"));
}

#[test]
fn a_line_goes_with_its_own_comment_only() {
    removes(
        "dependencies {\n  // about a\n  npm \"a\" // a\n\n  npm \"b\"\n}\n",
        "a",
        "dependencies {\n  // about a\n\n  npm \"b\"\n}\n",
    );
    removes("dependencies { npm \"a\"; npm \"b\"; }", "a", "dependencies { npm \"b\"; }");
    removes("dependencies { npm \"a\"; npm \"b\" }", "b", "dependencies { npm \"a\"; }");
    removes("dependencies { npm \"a\" }", "a", "dependencies { }");
    removes("dependencies {\n  npm \"a\" \\\n    \"1\";\n  npm \"b\"\n}\n", "a", "dependencies {\n  npm \"b\"\n}\n");
    removes("dependencies {\n  /- npm \"a\"\n  npm \"a\"\n}\n", "a", "dependencies {\n  /- npm \"a\"\n}\n");
}

#[test]
fn what_is_not_there_is_said_so() {
    let text = "dependencies { npm \"react\" }\ngroup \"test\" { npm \"vitest\" }";
    let help = |name: &str| match remove("m", text, &Section::Dependencies, Ecosystem::Npm, name) {
        Err(EditError::NotThere { help, .. }) => help,
        other => panic!("{other:?}"),
    };
    assert_eq!(help("raect").as_deref(), Some("did you mean `react`?"));
    assert_eq!(help("vitest").as_deref(), Some("it is in group `test`"));
    assert!(matches!(remove("m", "a {", &Section::Dependencies, Ecosystem::Npm, "a"), Err(EditError::Manifest(_))));
}

/// One element of a block's body: its text, and the npm name if it is a line.
fn element(index: usize) -> impl Strategy<Value = (String, Option<String>)> {
    let name = format!("p{index}");
    let indent = prop_oneof![Just(""), Just("  "), Just("\t"), Just("    \t")];
    let quote = prop_oneof![Just(("\"", "\"")), Just(("#\"", "\"#")), Just(("", ""))];
    let tail = prop_oneof![
        Just(""),
        Just(" // note { \" }"),
        Just(";"),
        Just(" /* a */ ;  // b"),
        Just(" when=\"os_name == 'nt'\""),
        Just(" /* two\n lines */"),
        Just(" /-\"old\""),
    ];
    let line = (indent.clone(), quote, prop_oneof![Just(""), Just(" \"^1\""), Just(" \\\n  ^2")], tail).prop_map(
        move |(indent, (open, close), range, tail)| {
            (format!("{indent}npm {open}{name}{close}{range}{tail}"), Some(name.clone()))
        },
    );
    let other = prop_oneof![
        Just(String::new()),
        Just("  // comment \"{".to_owned()),
        Just("/* block\n  comment } */".to_owned()),
        Just("  /- npm \"gone\" \"1\"".to_owned()),
        Just("\t/-\n  npm \"gone\"".to_owned()),
        Just("  path \"packages/x\" /-{ a; }".to_owned()),
    ]
    .prop_map(|text| (text, None));
    prop_oneof![3 => line, 2 => other]
}

fn document() -> impl Strategy<Value = (String, Vec<String>)> {
    let path_once = |elements: Vec<(String, Option<String>)>| {
        let mut seen = false;
        elements
            .into_iter()
            .filter(move |(text, _)| !text.contains("path") || !std::mem::replace(&mut seen, true))
            .collect()
    };
    let body = (element(0), element(1), element(2), element(3), element(4))
        .prop_map(move |(a, b, c, d, e)| -> Vec<(String, Option<String>)> { path_once(vec![a, b, c, d, e]) });
    let head = prop_oneof![
        Just(""),
        Just("// license\n"),
        Just("\u{feff}project \"x\" // name\n\n"),
        Just("/- dependencies {\n}\n"),
        Just("platforms linux-x64 /* { */\n"),
    ];
    let foot = prop_oneof![Just(""), Just("\n"), Just("\n\ngroup \"dev\" {\n  npm \"other\"\n}"), Just("\n// end")];
    (head, body, foot, any::<bool>()).prop_map(|(head, body, foot, crlf)| {
        let names = body.iter().filter_map(|(_, name)| name.clone()).collect();
        let lines: Vec<&str> = body.iter().map(|(text, _)| text.as_str()).collect();
        let text = format!("{head}dependencies {{\n{}\n}}{foot}", lines.join("\n"));
        (if crlf { text.replace('\n', "\r\n") } else { text }, names)
    })
}

fn ranges(text: &str) -> Vec<(String, String)> {
    let manifest = parse("m", text, ManifestKind::Root).unwrap_or_else(|e| panic!("{e:?} in {text:?}"));
    let mut ranges: Vec<(String, String)> = manifest
        .dependencies
        .iter()
        .filter_map(|line| match &line.spec {
            DependencySpec::Package(Requirement::Npm { alias, range, .. }) => {
                Some((alias.to_string(), range.to_string()))
            }
            _ => None,
        })
        .collect();
    ranges.sort();
    ranges
}

/// Checks that `shorter` is `longer` with one run of whole lines taken out.
fn one_run_of_lines_less(longer: &str, shorter: &str) -> bool {
    let longer: Vec<&str> = longer.split_inclusive('\n').collect();
    let shorter: Vec<&str> = shorter.split_inclusive('\n').collect();
    let same = longer.iter().zip(&shorter).take_while(|(a, b)| a == b).count();
    let tail = longer.iter().rev().zip(shorter.iter().rev()).take_while(|(a, b)| a == b).count();
    longer.len() > shorter.len() && same + tail >= shorter.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_new_line_leaves_all_others_as_they_were((text, _) in document()) {
        let edited = add("m", &text, &Section::Dependencies, &npm("new", "^9")).unwrap();
        prop_assert!(one_run_of_lines_less(&edited, &text), "{text:?}\n{edited:?}");
        let mut expected = ranges(&text);
        expected.push(("new".to_owned(), "^9".to_owned()));
        expected.sort();
        prop_assert_eq!(ranges(&edited), expected);
        prop_assert_eq!(remove("m", &edited, &Section::Dependencies, Ecosystem::Npm, "new").unwrap(), text);
    }

    #[test]
    fn a_changed_range_leaves_all_other_bytes_as_they_were((text, names) in document()) {
        for name in names {
            let edited = add("m", &text, &Section::Dependencies, &npm(&name, "^9")).unwrap();
            let expected: Vec<_> = ranges(&text)
                .into_iter()
                .map(|(other, range)| if other == name { (other, "^9".to_owned()) } else { (other, range) })
                .collect();
            prop_assert_eq!(ranges(&edited), expected);
            let start = text.bytes().zip(edited.bytes()).take_while(|(a, b)| a == b).count();
            let end = text.bytes().rev().zip(edited.bytes().rev()).take_while(|(a, b)| a == b).count();
            prop_assert!(start + end + 8 >= text.len(), "{text:?}\n{edited:?}");
        }
    }

    #[test]
    fn a_removed_line_leaves_all_others_as_they_were((text, names) in document()) {
        for name in names {
            let edited = remove("m", &text, &Section::Dependencies, Ecosystem::Npm, &name).unwrap();
            prop_assert!(one_run_of_lines_less(&text, &edited), "{text:?}\n{edited:?}");
            let expected: Vec<_> = ranges(&text).into_iter().filter(|(other, _)| *other != name).collect();
            prop_assert_eq!(ranges(&edited), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "dependencies", "group", " ", "\n", "\r\n", "{", "}", ";", "npm", "\"a\"", "\"ü\"", "=", ">=1.2", "\\", "\"",
                "#\"", "\"#", "/-", "//", "/*", "*/", "(t)", "#true", "3.10", "when", "é", "\u{2028}", "\u{feff}", "registries",
                "\"\"\"\n", "environment", "include", "project", "platforms", "override", "resolution", "token",
            ]),
            0..40,
        )
    ) {
        let text = tokens.concat();
        let read = parse("m", &text, ManifestKind::Root);
        if let Err(failure) = &read {
            for error in &failure.errors {
                let span = error.span();
                prop_assert!(text.get(span.offset()..span.offset() + span.len()).is_some(), "{error:?} in {text:?}");
            }
        }
        if let Ok(edited) = add("m", &text, &Section::Dependencies, &npm("new", "^9")) {
            let removed = remove("m", &edited, &Section::Dependencies, Ecosystem::Npm, "new");
            prop_assert!(removed.is_ok(), "{text:?} {edited:?}");
        }
    }
}
