//! Samples: what goes in, and what comes out.

use super::{XS, object, order, sampled};

fn line(occurs: &str) -> String {
    format!(
        "<xs:element name=\"Line\" {occurs}><xs:complexType><xs:sequence><xs:element name=\"Amount\" type=\"xs:decimal\" \
         minOccurs=\"0\"/><xs:element name=\"Tag\" type=\"xs:string\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence>\
         <xs:attribute name=\"no\" type=\"xs:int\"/></xs:complexType></xs:element>"
    )
}

fn full_order() -> String {
    order(&format!(
        "<xs:sequence><xs:element name=\"Id\" type=\"xs:string\"/><xs:element name=\"Date\" type=\"xs:dateTime\" \
         minOccurs=\"0\"/><xs:element name=\"Note\" type=\"xs:string\" minOccurs=\"0\"/><xs:element name=\"Paid\" \
         type=\"xs:boolean\" minOccurs=\"0\"/><xs:element name=\"Weight\" type=\"xs:double\" minOccurs=\"0\" nillable=\"true\"/>\
         <xs:element name=\"Lines\" minOccurs=\"0\"><xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType></xs:element>\
         </xs:sequence><xs:attribute name=\"lang\" type=\"xs:string\"/>",
        line("maxOccurs=\"unbounded\"")
    ))
}

const NS: &str = "namespace \"o\" \"urn:o\"\n";

/// Runs a mapping of an order into JSON.
fn to_json(body: &str, content: &str, properties: &str, expect: &str) {
    let input = format!("<Order xmlns=\"urn:o\">{content}</Order>");
    let found = sampled(&full_order(), &object(properties, ""), &format!("{NS}{body}"), &input, expect);
    assert_eq!(found, Vec::<String>::new(), "{body}");
}

#[test]
fn values_become_members() {
    let text = "\"a\": {\"type\": \"string\"}";
    let number = "\"a\": {\"type\": \"number\"}";
    let boolean = "\"a\": {\"type\": \"boolean\"}";
    let nested = "\"a\": {\"type\": \"object\", \"properties\": {\"b\": {\"type\": \"string\"}}}";
    for (body, content, properties, expect) in [
        ("field \"o:Id\" to=\"a\"", "<Id>7</Id>", text, "{\"a\": \"7\"}"),
        // White space of a string is kept.
        ("field \"o:Id\" to=\"a\"", "<Id> x </Id>", text, "{\"a\": \" x \"}"),
        ("field \"o:Id\" to=\"a\" { convert \"decimal\"; }", "<Id> 1.50 </Id>", number, "{\"a\": 1.5}"),
        ("field \"o:Id\" to=\"a\" { convert \"integer\"; }", "<Id>007</Id>", number, "{\"a\": 7}"),
        ("field \"o:Id\" to=\"a\" { convert \"boolean\"; }", "<Id>1</Id>", boolean, "{\"a\": true}"),
        ("field \"o:Paid\" to=\"a\"", "<Id/><Paid>0</Paid>", boolean, "{\"a\": false}"),
        ("field \"o:Paid\" to=\"a\"", "<Id/><Paid>1</Paid>", text, "{\"a\": \"true\"}"),
        (
            "field \"o:Date\" to=\"a\" { convert \"date\"; }",
            "<Id/><Date>2026-02-03T10:00:00Z</Date>",
            text,
            "{\"a\": \"2026-02-03\"}",
        ),
        // A missing optional value is missing, or its default.
        ("field \"o:Note\" to=\"a\"", "<Id/>", text, "{}"),
        ("field \"o:Note\" to=\"a\" { default \"none\"; }", "<Id/>", text, "{\"a\": \"none\"}"),
        // An empty one is there.
        ("field \"o:Note\" to=\"a\" { default \"none\"; }", "<Id/><Note/>", text, "{\"a\": \"\"}"),
        // One that is nil is not.
        (
            "field \"o:Weight\" to=\"a\" { convert \"decimal\"; default 0; }",
            "<Id/><Weight xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>",
            number,
            "{\"a\": 0}",
        ),
        ("field \"o:Weight\" to=\"a\" { convert \"decimal\"; }", "<Id/><Weight>1.5E1</Weight>", number, "{\"a\": 15}"),
        ("constant \"EUR\" to=\"a\"", "<Id/>", text, "{\"a\": \"EUR\"}"),
        ("constant 1.50 to=\"a\"", "<Id/>", number, "{\"a\": 1.5}"),
        ("constant #true to=\"a\"", "<Id/>", boolean, "{\"a\": true}"),
        // Objects on the way are made.
        ("field \"o:Id\" to=\"a/b\"", "<Id>7</Id>", nested, "{\"a\": {\"b\": \"7\"}}"),
        ("field \"o:Note\" to=\"a/b\"", "<Id>7</Id>", nested, "{}"),
        // Names that are not plain.
        ("field \"o:Id\" to=\"`a b/c`\"", "<Id>7</Id>", "\"a b/c\": {\"type\": \"string\"}", "{\"a b/c\": \"7\"}"),
    ] {
        to_json(body, content, properties, expect);
    }
    let attribute = sampled(
        &full_order(),
        &object(text, ""),
        "field \"@lang\" to=\"a\"",
        "<Order xmlns=\"urn:o\" lang=\"de\"><Id/></Order>",
        "{\"a\": \"de\"}",
    );
    assert_eq!(attribute, Vec::<String>::new());
}

#[test]
fn lists_become_lists() {
    let lines = "\"lines\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"amount\": {\"type\": \
                 \"number\"}, \"no\": {\"type\": \"integer\"}, \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}}}";
    let content =
        "<Id/><Lines><Line no=\"1\"><Amount>1.10</Amount><Tag>x</Tag><Tag>y</Tag></Line><Line no=\"2\"/></Lines>";
    for (body, content, expect) in [
        (
            "each \"o:Lines/o:Line\" to=\"lines\" {\n field \"o:Amount\" to=\"amount\" { default 0; }\n field \"@no\" to=\"no\"\n}",
            content,
            "{\"lines\": [{\"amount\": 1.1, \"no\": 1}, {\"amount\": 0, \"no\": 2}]}",
        ),
        // A list in a list.
        (
            "each \"o:Lines/o:Line\" to=\"lines\" {\n each \"o:Tag\" to=\"tags\" { field \".\" to=\".\"; }\n}",
            content,
            "{\"lines\": [{\"tags\": [\"x\", \"y\"]}, {}]}",
        ),
        (
            "each \"o:Lines/o:Line\" to=\"lines\" { constant 1 to=\"no\"; }",
            content,
            "{\"lines\": [{\"no\": 1}, {\"no\": 1}]}",
        ),
        // A list that is missing is missing.
        ("each \"o:Lines/o:Line\" to=\"lines\" { field \"@no\" to=\"no\"; }", "<Id/>", "{}"),
    ] {
        to_json(body, content, lines, expect);
    }
    // A required list is empty rather than missing.
    let required = sampled(
        &full_order(),
        &object(lines, "\"lines\""),
        &format!("{NS}each \"o:Lines/o:Line\" to=\"lines\" {{ field \"@no\" to=\"no\"; }}"),
        "<Order xmlns=\"urn:o\"><Id/></Order>",
        "{\"lines\": []}",
    );
    assert_eq!(required, Vec::<String>::new());
}

#[test]
fn json_becomes_xml_in_the_order_of_the_schema() {
    let source = object(
        "\"id\": {\"type\": \"integer\"}, \"lang\": {\"type\": \"string\"}, \"note\": {\"type\": [\"string\", \"null\"]}, \
         \"rows\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"integer\"}, \
         \"sum\": {\"type\": \"number\"}, \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}}}",
        "\"id\"",
    );
    for (body, input, expect) in [
        // Written last, first in the schema.
        (
            "field \"note\" to=\"o:Note\"\nfield \"id\" to=\"o:Id\"\nfield \"lang\" to=\"@lang\"",
            "{\"id\": 5, \"note\": \"<&\", \"lang\": \"de\"}",
            "<o:Order xmlns:o=\"urn:o\" lang=\"de\"><o:Id>5</o:Id><o:Note>&lt;&amp;</o:Note></o:Order>",
        ),
        // `null` is missing.
        (
            "field \"id\" to=\"o:Id\"\nfield \"note\" to=\"o:Note\"",
            "{\"id\": 5, \"note\": null}",
            "<Order xmlns=\"urn:o\"><Id>5</Id></Order>",
        ),
        (
            "field \"id\" to=\"o:Id\"\nfield \"note\" to=\"o:Note\" { default \"-\"; }",
            "{\"id\": 5, \"note\": null}",
            "<Order xmlns=\"urn:o\"><Id>5</Id><Note>-</Note></Order>",
        ),
        (
            "field \"id\" to=\"o:Id\"\neach \"rows\" to=\"o:Lines/o:Line\" {\n field \"n\" to=\"@no\"\n field \"sum\" to=\"o:Amount\"\n \
             each \"tags\" to=\"o:Tag\" { field \".\" to=\".\"; }\n}",
            "{\"id\": 1e2, \"rows\": [{\"n\": 1, \"sum\": 2.50, \"tags\": [\"a\", \"b\"]}, {\"n\": 2}]}",
            "<Order xmlns=\"urn:o\"><Id>100</Id><Lines><Line no=\"1\"><Amount>2.5</Amount><Tag>a</Tag><Tag>b</Tag></Line><Line \
             no=\"2\"/></Lines></Order>",
        ),
        // No item, no parent.
        (
            "field \"id\" to=\"o:Id\"\neach \"rows\" to=\"o:Lines/o:Line\" { field \"n\" to=\"@no\"; }",
            "{\"id\": 1, \"rows\": []}",
            "<Order xmlns=\"urn:o\"><Id>1</Id></Order>",
        ),
    ] {
        let found = sampled(&source, &full_order(), &format!("{NS}{body}"), input, expect);
        assert_eq!(found, Vec::<String>::new(), "{body}");
    }
}

#[test]
fn two_namespaces_meet_in_one_document() {
    let source = object("\"id\": {\"type\": \"string\"}", "\"id\"");
    let target = format!(
        "<xs:schema {XS} targetNamespace=\"urn:a\" xmlns:a=\"urn:a\" elementFormDefault=\"qualified\" \
         attributeFormDefault=\"qualified\"><xs:element name=\"R\"><xs:complexType><xs:sequence><xs:element name=\"In\" \
         type=\"xs:string\"/><xs:element name=\"Out\" form=\"unqualified\" type=\"xs:string\"/></xs:sequence><xs:attribute \
         name=\"k\" type=\"xs:string\"/></xs:complexType></xs:element></xs:schema>"
    );
    let body = "namespace \"x\" \"urn:a\"\nfield \"id\" to=\"x:In\"\nfield \"id\" to=\"Out\"\nfield \"id\" to=\"@x:k\"";
    let expect = "<R xmlns=\"urn:a\" xmlns:p=\"urn:a\" p:k=\"1\"><In>1</In><Out xmlns=\"\">1</Out></R>";
    assert_eq!(sampled(&source, &target, body, "{\"id\": \"1\"}", expect), Vec::<String>::new());
}

#[test]
fn json_becomes_json() {
    let source = object(
        "\"a\": {}, \"m\": {\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": {\"type\": \"integer\"}}}",
        "",
    );
    let target = object(
        "\"b\": {}, \"k\": {\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": {\"type\": \"number\"}}}",
        "",
    );
    for (body, input, expect) in [
        // What has no type stays as it is.
        ("field \"a\" to=\"b\"", "{\"a\": 1.50}", "{\"b\": 1.5}"),
        ("field \"a\" to=\"b\"", "{\"a\": \"1.50\"}", "{\"b\": \"1.50\"}"),
        ("field \"a\" to=\"b\"", "{\"a\": true}", "{\"b\": true}"),
        ("field \"a\" to=\"b\"", "{\"a\": null}", "{}"),
        ("field \"a\" to=\"b\"", "{\"a\": {\"x\": 1}}", "{}"),
        ("field \"a\" to=\"b\" { convert \"string\"; }", "{\"a\": 1.50}", "{\"b\": \"1.5\"}"),
        // Lists of lists.
        (
            "each \"m\" to=\"k\" { each \".\" to=\".\" { field \".\" to=\".\"; }; }",
            "{\"m\": [[1, 2], [], [3]]}",
            "{\"k\": [[1, 2], [], [3]]}",
        ),
    ] {
        assert_eq!(sampled(&source, &target, body, input, expect), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn differences_are_shown_path_by_path() {
    let lines = "\"id\": {\"type\": \"string\"}, \"lines\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": \
                 {\"no\": {\"type\": \"integer\"}}}}";
    let body =
        format!("{NS}field \"o:Id\" to=\"id\"\neach \"o:Lines/o:Line\" to=\"lines\" {{ field \"@no\" to=\"no\"; }}");
    let input = "<Order xmlns=\"urn:o\"><Id>7</Id><Lines><Line no=\"1\"/><Line no=\"2\"/></Lines></Order>";
    let expect = "{\n  \"id\": \"8\",\n  \"lines\": [\n    {\"no\": 1},\n    {\"no\": 3},\n    {}]}";
    assert_eq!(
        sampled(&full_order(), &object(lines, ""), &body, input, expect),
        [
            "2:mapping.difference /id: expected \"8\", and it is \"7\"",
            "3:mapping.difference /lines: expected 3 items, and there are 2",
            "5:mapping.difference /lines/1/no: expected 3, and it is 2",
        ]
    );
    let source = object("\"id\": {\"type\": \"string\"}, \"n\": {\"type\": \"integer\"}", "\"id\"");
    let body = format!("{NS}field \"id\" to=\"o:Id\"\neach \"l\" to=\"o:Lines/o:Line\" {{ field \"n\" to=\"@no\"; }}");
    let source = source.replace("\"n\": {", "\"l\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"integer\"}}}}, \"n\": {");
    let expect = "<Order xmlns=\"urn:o\">\n<Id>x</Id>\n<Lines>\n<Line no=\"1\"/>\n<Line no=\"3\"><Amount>1</Amount></Line>\n</Lines>\n</Order>";
    assert_eq!(
        sampled(&source, &full_order(), &body, "{\"id\": \"y\", \"l\": [{\"n\": 1}, {\"n\": 2}]}", expect),
        [
            "2:mapping.difference /Order/Id: expected `x`, and it is `y`",
            "5:mapping.difference /Order/Lines/Line[2]/@no: expected `3`, and it is `2`",
            "5:mapping.difference /Order/Lines/Line[2]/Amount: expected an element, and it is missing",
        ]
    );
}

#[test]
fn samples_that_are_wrong_themselves_are_told() {
    let target = object("\"a\": {\"type\": \"integer\"}", "");
    let body = format!("{NS}field \"o:Id\" to=\"a\" {{ convert \"integer\"; }}");
    let run = |input: &str, expect: &str| sampled(&full_order(), &target, &body, input, expect).join("; ");
    assert!(run("<Order xmlns=\"urn:o\"/>", "{}").starts_with("1:instance.invalid"));
    assert!(run("<Order xmlns=\"urn:o\">", "{}").starts_with("1:instance.syntax"));
    assert!(run("<Order xmlns=\"urn:o\"><Id>1</Id></Order>", "{\"a\": \"1\"}").starts_with("1:instance.invalid /a"));
    assert_eq!(
        run("<Order xmlns=\"urn:o\"><Id>x</Id></Order>", "{\"a\": 1}"),
        "3:mapping.convert: `o:Id`: `x` is no number"
    );
}

#[test]
fn an_item_without_a_value_is_no_item_and_members_may_have_names_of_a_pattern() {
    let source = "{\"type\": \"object\", \"properties\": {\"L\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \
                  \"properties\": {\"x\": {\"type\": \"string\"}}}}}}";
    let input = "{\"L\": [{\"x\": \"q\"}, {}]}";
    let list = |items: &str| object(&format!("\"L\": {{\"type\": \"array\", \"items\": {items}}}"), "");
    let found = sampled(
        source,
        &list("{\"type\": \"string\"}"),
        "each \"L\" to=\"L\" { field \"x\" to=\".\"; }",
        input,
        "{\"L\": [\"q\"]}",
    );
    assert_eq!(found, Vec::<String>::new());
    let objects = list("{\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"string\"}}}");
    let found = sampled(
        source,
        &objects,
        "each \"L\" to=\"L\" { field \"x\" to=\"x\"; }",
        input,
        "{\"L\": [{\"x\": \"q\"}, {}]}",
    );
    assert_eq!(found, Vec::<String>::new());
    let numbers = "{\"type\": \"object\", \"patternProperties\": {\"^x\": {\"type\": \"number\"}}, \"additionalProperties\": false}";
    let source = "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}}";
    let body = |to: &str| format!("field \"a\" to=\"{to}\" {{ convert \"decimal\"; }}");
    assert_eq!(sampled(source, numbers, &body("xq"), "{\"a\": \"1.50\"}", "{\"xq\": 1.5}"), Vec::<String>::new());
    let found = sampled(source, numbers, &body("q"), "{\"a\": \"1\"}", "{\"q\": 1}").join("; ");
    assert!(!found.is_empty(), "no pattern admits it");
}
