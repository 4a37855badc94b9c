//! Documents of all kinds, and those that are made to harm.

use std::time::{Duration, Instant};

use super::{DocumentProblem, MAX_BYTES, MAX_DEPTH, Name, json_text, parse_json, parse_xml, xml_text};

/// Returns what is wrong with a text and where.
fn xml_error(text: &str) -> (DocumentProblem, usize) {
    parse_xml(text)
        .map_err(|error| (error.problem, error.offset))
        .expect_err(&text.chars().take(60).collect::<String>())
}

#[test]
fn elements_know_their_names_and_places() {
    let text =
        "<?xml version='1.0'?>\n<o:a xmlns:o='urn:o' xmlns='urn:d' x='1' o:y='2'>t<b xmlns=''/>&lt;<![CDATA[<]]></o:a>";
    let root = parse_xml(text).unwrap();
    assert_eq!((root.name.clone(), root.text.as_str()), (Name::new("urn:o", "a"), "t<<"));
    assert_eq!(root.attribute("x"), Some("1"));
    assert_eq!(root.attributes[1].name, Name::new("urn:o", "y"));
    assert_eq!(&text[root.attributes[1].value_offset..][..1], "2");
    assert_eq!(root.children[0].name, Name::local("b"));
    assert_eq!(&text[root.children[0].offset()..][..2], "<b");
    assert_eq!(root.qualified("o:z"), Some(Name::new("urn:o", "z")));
    assert_eq!(root.qualified("z"), Some(Name::new("urn:d", "z")));
    assert_eq!(root.children[0].qualified("z"), Some(Name::local("z")));
    assert_eq!(root.qualified("p:z"), None);
    assert_eq!(root.declarations(), [("o", "urn:o"), ("", "urn:d")]);
}

#[test]
fn what_is_written_is_read_back() {
    let text = "<a xmlns='urn:a' xmlns:b='urn:b' b:x='&lt;&#10;\"'><b:c>1 &amp; 2</b:c><d/></a>";
    let root = parse_xml(text).unwrap();
    let again = parse_xml(&xml_text(&root)).unwrap();
    assert_eq!(xml_text(&again), xml_text(&root));
    assert_eq!(again.attributes[0].value, "<\n\"");
    assert_eq!(again.children[0].text, "1 & 2");
    let json = "{\"a\": [1.50, {\"b\\u00e9\\n\": null}, [], {}], \"c\": true}";
    let node = parse_json(json).unwrap();
    let again = parse_json(&json_text(&node)).unwrap();
    assert_eq!(again.to_serde(), serde_json::from_str::<serde_json::Value>(json).unwrap());
    assert_eq!(node.pointer("/a/1/bé\n").map(|node| node.offset), Some(json.find("null").unwrap()));
    assert_eq!(node.pointer("/a/9"), None);
}

#[test]
fn document_types_are_refused_with_all_that_they_could_do() {
    for text in [
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\"><a/>",
        "<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"x\"> %p;]><a/>",
        "<!doctype a><a/>",
    ] {
        assert_eq!(xml_error(text), (DocumentProblem::Doctype, 0), "{text}");
    }
    assert!(matches!(xml_error("<a>&undeclared;</a>").0, DocumentProblem::Syntax(_)));
    assert!(parse_xml("<a><!-- <!DOCTYPE b> --><![CDATA[<!DOCTYPE b>]]></a>").is_ok());
}

#[test]
fn size_depth_and_number_are_bounded_in_time() {
    let start = Instant::now();
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(parse_xml(&deep(MAX_DEPTH)).is_ok());
    for levels in [MAX_DEPTH + 1, 10_000] {
        assert_eq!(xml_error(&deep(levels)), (DocumentProblem::TooDeep, 3 * MAX_DEPTH));
    }
    let attributes = (0..100_000).map(|number| format!(" a{number}=''")).collect::<Vec<_>>().concat();
    assert_eq!(xml_error(&format!("<a{attributes}/>")).0, DocumentProblem::TooManyAttributes(1000));
    let wide = format!("<a>{}</a>", "<b/>".repeat(600_000));
    assert_eq!(xml_error(&wide).0, DocumentProblem::TooManyNodes);
    assert_eq!(xml_error(&" ".repeat(MAX_BYTES + 1)).0, DocumentProblem::TooLong);
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse_json(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse_json(&nested(100_000)).map_err(|error| error.problem), Err(DocumentProblem::TooDeep));
    let many = format!("[{}0]", "0,".repeat(600_000));
    assert_eq!(parse_json(&many).map_err(|error| error.problem), Err(DocumentProblem::TooManyNodes));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn what_is_not_json_is_refused_where_it_goes_wrong() {
    for (text, offset) in [
        ("", 0),
        ("{", 1),
        ("{a: 1}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\": 1,}", 8),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("01", 0),
        ("1.", 0),
        ("-", 0),
        (".5", 0),
        ("+1", 0),
        ("1e", 0),
        ("\"a", 0),
        ("\"\\x\"", 0),
        ("\"\n\"", 1),
        ("tru", 0),
        ("1 1", 2),
        ("// c\n1", 0),
        ("{\"a\": 1, \"a\": 2}", 9),
        ("NaN", 0),
        ("\"\\ud800\"", 0),
        ("'a'", 0),
    ] {
        let error = parse_json(text).expect_err(text);
        assert!(matches!(error.problem, DocumentProblem::Syntax(_)), "{text}");
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
    assert!(parse_json("\u{feff}{}").is_ok());
}

#[test]
fn what_is_not_well_formed_is_refused_where_it_goes_wrong() {
    for (text, offset) in [("<a>\n<b></a>", 7), ("<a", 2), ("<a/><b/>", 4), ("", 0)] {
        let (problem, at) = xml_error(text);
        assert!(matches!(problem, DocumentProblem::Syntax(_)), "{text}");
        assert!(at.abs_diff(offset) <= 4, "{text}: {at}");
    }
    assert!(matches!(xml_error("<p:a/>").0, DocumentProblem::Syntax(_)));
}
