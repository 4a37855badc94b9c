//! What is wrong with mappings, line by line.

use super::super::Mapping;
use super::{checked, object, order, sampled, shown};
use crate::document::SourceFile;

const NS: &str = "namespace \"o\" \"urn:o\"\n";

fn source() -> String {
    order(
        "<xs:sequence><xs:element name=\"Id\" type=\"xs:string\"/><xs:element name=\"Note\" type=\"xs:string\" minOccurs=\"0\"/>\
         <xs:element name=\"Line\" minOccurs=\"0\" maxOccurs=\"unbounded\"><xs:complexType><xs:sequence><xs:element name=\"Sum\" \
         type=\"xs:decimal\"/></xs:sequence><xs:attribute name=\"no\" type=\"xs:int\" use=\"required\"/></xs:complexType></xs:element>\
         </xs:sequence>",
    )
}

/// Checks a mapping of the order into an object.
fn check(body: &str, properties: &str, required: &str) -> String {
    checked(&source(), &object(properties, required), &format!("{NS}{body}")).join("; ")
}

#[test]
fn texts_are_checked_before_anything_else() {
    let parse = |text: &str| match Mapping::parse(&SourceFile::new("m.kdl", text)) {
        Ok(_) => String::new(),
        Err(findings) => shown(&findings).join("; "),
    };
    for (text, expect) in [
        ("", "1:mapping.syntax: the file has no mapping"),
        ("mapping from=\"a\" to=\"b\" {", "1:mapping.syntax: "),
        ("mapping to=\"b\"", "1:mapping.syntax: `mapping` needs `from=`"),
        ("mapping from=\"a\" to=\"b\" {\n  feild \"a\" to=\"b\"\n}", "2:mapping.syntax: "),
        (
            "mapping from=\"a\" to=\"b\" {\n  field \"a//b\" to=\"b\"\n}",
            "2:mapping.syntax: `a//b` is no path: a step has no name",
        ),
        ("mapping from=\"a\" to=\"b\" {\n  field \"a\"\n}", "2:mapping.syntax: `field` needs `to=`"),
        ("mapping from=\"a\" to=\"b\" {\n  field \"a\" to=\"b\" { convert \"decimals\"; }\n}", "2:mapping.syntax: "),
        ("mapping from=\"a\" to=\"b\" {\n  each \"a\" to=\"b\"\n}", "2:mapping.syntax: `each` needs a block"),
        ("mapping from=\"a\" to=\"b\" {\n  sample \"a\"\n}", "2:mapping.syntax: `sample` needs `expect=`"),
        (
            "mapping from=\"a\" to=\"b\" {\n  namespace \"o\" \"u\"\n  namespace \"o\" \"v\"\n}",
            "3:mapping.syntax: the prefix `o` is declared twice",
        ),
    ] {
        let found = parse(text);
        assert!(found.starts_with(expect), "{text}: {found}");
    }
    let long = format!("mapping from=\"a\" to=\"b\" {{\n{}}}", "// x\n".repeat(300_000));
    assert!(parse(&long).contains("longer than"));
}

#[test]
fn paths_have_to_exist_on_both_sides() {
    let a = "\"a\": {\"type\": \"string\"}, \"l\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"n\": {\"type\": \
             \"integer\"}}}}, \"o\": {\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"string\"}}}";
    for (body, expect) in [
        ("field \"o:Id\" to=\"a\"", ""),
        ("field \"o:Ids\" to=\"a\"", "3:mapping.path: there is no `o:Ids`"),
        ("field \"Id\" to=\"a\"", "3:mapping.path: there is no `Id`"),
        ("field \"p:Id\" to=\"a\"", "3:mapping.path: the prefix `p` is not declared"),
        ("field \"o:Id/@x\" to=\"a\"", "3:mapping.path: there is no `@x` below `o:Id`"),
        ("field \"o:Id\" to=\"b\"", "3:mapping.path: there is no `b`"),
        ("field \"o:Id\" to=\"@a\"", "3:mapping.path: `@a`: JSON has members without prefixes, and no attributes"),
        ("field \"o:Id\" to=\"o\"", "3:mapping.path: `o` has parts and no value of its own"),
        ("field \"o:Line/o:Sum\" to=\"a\"", "3:mapping.list: `o:Line/o:Sum` is a list, or leads through one"),
        ("field \"o:Id\" to=\"l\"", "3:mapping.list: `l` is a list"),
        ("field \"o:Id\" to=\"l/n\"", "3:mapping.list: `l/n` leads through a list"),
        ("each \"o:Id\" to=\"l\" { constant 1 to=\"n\"; }", "3:mapping.list: `o:Id` is no list"),
        ("each \"o:Line\" to=\"a\" { constant 1 to=\".\"; }", "3:mapping.list: `a` is no list"),
        ("each \"o:Line\" to=\"l\" { field \"@no\" to=\"n\"; }", ""),
        ("each \"o:Line\" to=\"l\" {\n field \"@nr\" to=\"n\"\n}", "4:mapping.path: there is no `@nr`"),
        ("field \"o:Id\" to=\"a\"\nconstant \"x\" to=\"a\"", "4:mapping.duplicate: `a` is written twice"),
    ] {
        assert_eq!(check(body, a, ""), expect, "{body}");
    }
}

#[test]
fn types_have_to_fit() {
    let of = |schema: &str| format!("\"a\": {schema}");
    for (body, schema, expect) in [
        (
            "field \"o:Id\" to=\"a\"",
            "{\"type\": \"number\"}",
            "3:mapping.convert: `o:Id` is a string, and `a` is a decimal",
        ),
        ("field \"o:Id\" to=\"a\" { convert \"decimal\"; }", "{\"type\": \"number\"}", ""),
        (
            "field \"o:Id\" to=\"a\" { convert \"decimal\"; }",
            "{\"type\": \"integer\"}",
            "3:mapping.convert: `o:Id` is a decimal, and `a` is an integer",
        ),
        (
            "field \"o:Id\" to=\"a\" { convert \"integer\"; default \"x\"; }",
            "{\"type\": \"integer\"}",
            "3:mapping.convert: `x` is no number",
        ),
        (
            "constant \"USD\" to=\"a\"",
            "{\"enum\": [\"EUR\", \"CHF\"]}",
            "3:mapping.convert: `USD` is none of `CHF`, `EUR`",
        ),
        ("constant \"EUR\" to=\"a\"", "{\"enum\": [\"EUR\", \"CHF\"]}", ""),
        ("constant \"x\" to=\"a\"", "{\"type\": \"boolean\"}", "3:mapping.convert: `x` is neither true nor false"),
    ] {
        assert_eq!(check(body, &of(schema), ""), expect, "{body}");
    }
}

#[test]
fn missing_values_of_required_targets_are_warned_of() {
    let a = "\"a\": {\"type\": \"string\"}";
    assert_eq!(
        check("field \"o:Note\" to=\"a\"", a, "\"a\""),
        "3:mapping.optional a: `o:Note` may be missing, and `a` is required"
    );
    assert_eq!(check("field \"o:Note\" to=\"a\" { default \"\"; }", a, "\"a\""), "");
    assert_eq!(check("field \"o:Note\" to=\"a\"", a, ""), "");
    let list = "\"a\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"integer\"}}";
    let body = "each \"o:Line\" to=\"a\" { field \"@no\" to=\".\"; }";
    assert_eq!(check(body, list, "\"a\""), "3:mapping.optional a: `o:Line` may be empty, and `a` may not");
}

#[test]
fn everything_that_is_required_has_to_be_written() {
    let o = "\"a\": {\"type\": \"string\"}, \"o\": {\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"string\"}, \"y\": {\"type\": \
             \"string\"}}, \"required\": [\"x\"]}";
    for (body, required, expect) in [
        ("field \"o:Id\" to=\"a\"", "\"a\"", ""),
        ("field \"o:Id\" to=\"o/x\"", "\"a\"", "1:mapping.required /a: `a` is required and not written"),
        // The optional parent is written, so its required part has to be.
        ("field \"o:Id\" to=\"o/y\"", "", "3:mapping.required /o/x: `x` is required and not written"),
        ("field \"o:Id\" to=\"a\"", "\"o\"", "1:mapping.required /o: `o` is required and not written"),
    ] {
        assert_eq!(check(body, o, required), expect, "{body} {required}");
    }
}

#[test]
fn branches_of_a_choice_exclude_each_other() {
    let target = order(
        "<xs:choice><xs:element name=\"A\" type=\"xs:string\"/><xs:sequence><xs:element name=\"B\" type=\"xs:string\"/><xs:element \
         name=\"C\" type=\"xs:string\"/></xs:sequence></xs:choice>",
    );
    let source = object("\"i\": {\"type\": \"string\"}", "\"i\"");
    let check = |body: &str| checked(&source, &target, &format!("{NS}{body}")).join("; ");
    assert_eq!(check("field \"i\" to=\"o:A\""), "");
    assert_eq!(check("field \"i\" to=\"o:B\"\nfield \"i\" to=\"o:C\""), "");
    assert_eq!(check("field \"i\" to=\"o:B\""), "1:mapping.required /C: `C` is required and not written");
    assert_eq!(
        check(""),
        "1:mapping.required: one of `A`, `B` is required, and none is written".replace("required:", "required :")
    );
    assert_eq!(
        check("field \"i\" to=\"o:A\"\nfield \"i\" to=\"o:B\"\nfield \"i\" to=\"o:C\""),
        "1:mapping.choice : `A` and `B` exclude each other, and all are written"
    );
}

#[test]
fn what_only_a_sample_decides_asks_for_one() {
    let source = object("\"i\": {\"type\": \"string\"}", "\"i\"");
    let json =
        |extra: &str| format!("{{\"type\": \"object\", \"properties\": {{\"a\": {{\"type\": \"string\"}}}}, {extra}}}");
    let xml = |content: &str| {
        order(&format!("<xs:sequence><xs:element name=\"a\" type=\"xs:string\"/>{content}</xs:sequence>"))
    };
    for (target, to, construct) in [
        (json("\"not\": {\"required\": [\"b\"]}"), "a", "not"),
        (json("\"if\": {\"required\": [\"b\"]}, \"then\": true"), "a", "if"),
        (json("\"patternProperties\": {\"^x\": {}}"), "a", "patternProperties"),
        (json("\"unevaluatedProperties\": false"), "a", "unevaluatedProperties"),
        (json("\"oneOf\": [{\"required\": [\"a\"]}, {\"properties\": {\"a\": {\"maxLength\": 3}}}]"), "a", "oneOf"),
        (
            xml("<xs:any minOccurs=\"0\" processContents=\"lax\"/>")
                .replace("<xs:any ", "<xs:any namespace=\"##other\" "),
            "o:a",
            "xs:any",
        ),
    ] {
        let found = checked(&source, &target, &format!("{NS}field \"i\" to=\"{to}\""));
        assert_eq!(found.len(), 2, "{construct}: {found:?}");
        assert!(found[0].starts_with("1:mapping.sample"), "{found:?}");
        assert!(found[1].contains("mapping.undecided") && found[1].contains(&format!("`{construct}`")), "{found:?}");
        let with = checked(&source, &target, &format!("{NS}field \"i\" to=\"{to}\"\nsample \"x\" expect=\"y\""));
        assert_eq!(with.len(), 1, "{construct}: {with:?}");
    }
}

#[test]
fn elements_that_only_a_wildcard_admits_are_decided_by_samples() {
    let target = |wildcard: &str| {
        order(&format!("<xs:sequence>{wildcard}<xs:element name=\"Id\" type=\"xs:string\"/></xs:sequence>"))
    };
    let any = "<xs:any namespace=\"##other\" processContents=\"lax\"/>";
    let body =
        |to: &str| format!("{NS}namespace \"x\" \"urn:x\"\nfield \"o:Id\" to=\"o:Id\"\nfield \"o:Id\" to=\"{to}\"");
    let found = checked(&source(), &target(any), &body("x:Ext/x:Deep")).join("; ");
    assert!(found.contains("mapping.undecided x:Ext/x:Deep: `xs:any` at `x:Ext/x:Deep`"), "{found}");
    assert!(found.contains("mapping.sample"), "{found}");
    // What the wildcard does not admit is misspelt.
    let (misspelt, foreign) =
        ("mapping.path: there is no", "mapping.namespace: neither side has the namespace `urn:x`");
    for (wildcard, to, expected) in [
        (any, "o:Ix", misspelt),
        (any, "Ext", misspelt),
        ("<xs:any namespace=\"urn:y ##local\" processContents=\"lax\"/>", "x:Ext", foreign),
        ("", "x:Ext", foreign),
    ] {
        let found = checked(&source(), &target(wildcard), &body(to)).join("; ");
        assert!(found.contains(expected), "{to}: {found}");
    }
    for (wildcard, to) in [
        ("<xs:any namespace=\"##any\" processContents=\"lax\"/>", "x:Ext"),
        ("<xs:any namespace=\"urn:y urn:x\" processContents=\"lax\"/>", "x:Ext/@kind"),
        ("<xs:any namespace=\"##local\" processContents=\"lax\"/>", "Ext"),
    ] {
        let found = checked(&source(), &target(wildcard), &body(to)).join("; ");
        assert!(!found.contains("mapping.path") && found.contains("mapping.undecided"), "{to}: {found}");
    }
    let with_sample = |expect: &str| {
        let input = "<Order xmlns=\"urn:o\"><Id>7</Id></Order>";
        let body = body("x:Ext/x:Deep");
        sampled(&target(any), &target(any), &body, &input.replace("<Id>", "<e xmlns=\"urn:e\"/><Id>"), expect)
    };
    let good = "<Order xmlns=\"urn:o\"><Ext xmlns=\"urn:x\"><Deep>7</Deep></Ext><Id>7</Id></Order>";
    assert_eq!(with_sample(good), [""; 0]);
    assert!(with_sample(&good.replace("<Deep>7", "<Deep>8")).join("; ").contains("expected `8`, and it is `7`"));
}

#[test]
fn members_that_are_not_listed_are_decided_by_samples() {
    let checked =
        |target: &str, to: &str| checked(&source(), target, &format!("{NS}field \"o:Id\" to=\"{to}\"")).join("; ");
    for (target, construct) in [
        ("{\"type\": \"object\", \"patternProperties\": {\"^x\": {\"type\": \"string\"}}}", "patternProperties"),
        (
            "{\"type\": \"object\", \"properties\": {\"y\": true}, \"patternProperties\": {\"^x\": true}, \"additionalProperties\": false}",
            "patternProperties",
        ),
        (
            "{\"type\": \"object\", \"properties\": {\"y\": true}, \"additionalProperties\": {\"type\": \"string\"}}",
            "additionalProperties",
        ),
        ("{\"type\": \"object\"}", "additionalProperties"),
    ] {
        let expect = format!(
            "1:mapping.sample: only a sample can tell whether the mapping is complete, because of\n- {construct}; \
             3:mapping.undecided xq: `{construct}` at `xq` is decided by samples only"
        );
        assert_eq!(checked(target, "xq"), expect, "{target}");
    }
    // Where members are listed and others only not forbidden, a misspelt one is more likely.
    let listed = "{\"type\": \"object\", \"properties\": {\"y\": {\"type\": \"string\"}}}";
    assert_eq!(checked(listed, "x"), "3:mapping.path: there is no `x`");
    assert_eq!(
        checked("{\"type\": \"object\", \"additionalProperties\": false}", "x"),
        "3:mapping.path: there is no `x`"
    );
    let numbers = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\"}}";
    assert!(checked(numbers, "x").contains("mapping.convert: `o:Id` is a string, and `x` is an integer"));
}

#[test]
fn attributes_that_only_a_wildcard_admits_are_decided_by_samples() {
    let target = |wildcard: &str| {
        let content = format!("<xs:sequence><xs:element name=\"Id\" type=\"xs:string\"/></xs:sequence>{wildcard}");
        order(&content)
    };
    let other = "<xs:anyAttribute namespace=\"##other\" processContents=\"lax\"/>";
    let body =
        |to: &str| format!("{NS}namespace \"x\" \"urn:x\"\nfield \"o:Id\" to=\"o:Id\"\nfield \"o:Id\" to=\"{to}\"");
    for (wildcard, to, is_admitted) in [
        (other, "@x:kind", true),
        (other, "@kind", false),
        (other, "@o:kind", false),
        ("<xs:anyAttribute/>", "@kind", true),
        ("<xs:anyAttribute namespace=\"##local urn:x\"/>", "@x:kind", true),
        ("<xs:anyAttribute namespace=\"##targetNamespace\"/>", "@o:kind", true),
        ("", "@kind", false),
    ] {
        let found = checked(&source(), &target(wildcard), &body(to)).join("; ");
        let expected = if is_admitted { "mapping.undecided @" } else { "mapping.path: there is no" };
        assert!(found.contains(expected), "{wildcard} {to}: {found}");
        assert_eq!(found.contains("mapping.sample"), is_admitted, "{wildcard} {to}: {found}");
    }
    // A schema that has one is complete without an attribute.
    assert_eq!(checked(&source(), &target(other), &format!("{NS}field \"o:Id\" to=\"o:Id\"")), [""; 0]);
    let with_sample = |expect: &str| {
        let input = "<Order xmlns=\"urn:o\" xmlns:x=\"urn:x\" x:from=\"7\"><Id>7</Id></Order>";
        let body = body("@x:kind").replace("field \"o:Id\" to=\"@", "field \"@x:from\" to=\"@");
        sampled(&target(other), &target(other), &body, input, expect)
    };
    let good = "<Order xmlns=\"urn:o\" xmlns:y=\"urn:x\" y:kind=\"7\"><Id>7</Id></Order>";
    assert_eq!(with_sample(good), [""; 0]);
    assert!(with_sample(&good.replace("kind=\"7", "kind=\"8")).join("; ").contains("expected `8`, and it is `7`"));
}

#[test]
fn a_side_that_names_another_schema_is_one_finding() {
    let invoice =
        "\"number\": {\"type\": \"string\"}, \"total\": {\"type\": \"string\"}, \"note\": {\"type\": \"string\"}";
    let failure = "\"reason\": {\"type\": \"string\"}, \"note\": {\"type\": \"string\"}";
    let body = "field \"o:Id\" to=\"number\"\nfield \"o:Id\" to=\"total\"\nfield \"o:Note\" to=\"note\"\n\
                each \"o:Line\" to=\"lines\" { field \"o:Sum\" to=\"sum\"; }";
    let found = check(body, failure, "\"reason\"");
    let expect =
        "1:mapping.side: `t` is another schema than the mapping's target: there is no `number`, `total`, `lines`";
    assert_eq!(found, expect);
    // The other side is checked all the same.
    let found = check(&body.replace("o:Note", "o:Nite"), failure, "\"reason\"");
    assert_eq!(found, format!("{expect}; 5:mapping.path: there is no `o:Nite`"));
    // Another document as the source; a namespace that nobody has says it of itself.
    let other = order("<xs:sequence><xs:element name=\"Street\" type=\"xs:string\"/></xs:sequence>");
    let found = checked(&other, &object(invoice, ""), &format!("{NS}{}", body.replace("\neach", "\n//each")));
    assert_eq!(
        found.join("; "),
        "1:mapping.side: `s` is another schema than the mapping's source: there is no `Id`, `Note`"
    );
    let wrong_namespace = format!("{}{body}", NS.replace("urn:o", "urn:p")).replace("\neach", "\n//each");
    let found = checked(&source(), &object(invoice, ""), &wrong_namespace).join("; ");
    assert_eq!(found, "2:mapping.namespace: neither side has the namespace `urn:p`");
    // One or two wrong lines of several are told one by one.
    let two = body.replace("\"number\"", "\"nr\"").replace("\"note\"", "\"remark\"").replace("\neach", "\n//each");
    let found = check(&two, invoice, "");
    assert!(found.starts_with("3:mapping.path") && found.matches("mapping.path").count() == 2, "{found}");
}
