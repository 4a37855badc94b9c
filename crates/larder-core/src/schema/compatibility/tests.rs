//! Pairs of versions, each with the reason for what is judged.

use super::super::{Schema, SourceFile};
use super::{ChangeLevel, compare, level};

const XS: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

fn loaded(text: &str) -> Schema {
    let loaded = Schema::load(&SourceFile::new("schema", text), None, &|_| None);
    loaded.schema.unwrap_or_else(|| panic!("{text}: {:#?}", loaded.findings))
}

/// Returns the word for what changed: `same`, `minor` or `breaking`, with the codes of the gravest changes.
fn judged(old: &str, new: &str) -> String {
    let changes = compare(&loaded(old), &loaded(new));
    let Some(level) = level(&changes) else { return "same".to_owned() };
    let mut codes: Vec<&str> = changes
        .iter()
        .filter(|change| change.level == level)
        .map(|change| change.code.trim_start_matches("compatibility."))
        .collect();
    codes.dedup();
    format!("{} {}", level.as_str(), codes.join(" "))
}

/// Compares pairs of what stands in an element `Order` of a schema.
fn xsd(pairs: &[(&str, &str, &str)]) {
    let schema =
        |content: &str| format!("<xs:schema {XS}><xs:element name=\"Order\">{content}</xs:element></xs:schema>");
    for (old, new, expect) in pairs {
        assert_eq!(judged(&schema(old), &schema(new)), *expect, "{old} -> {new}");
    }
}

fn sequence(content: &str) -> String {
    format!("<xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>")
}

const A: &str = "<xs:element name=\"a\" type=\"xs:string\"/>";
const A_OPTIONAL: &str = "<xs:element name=\"a\" type=\"xs:string\" minOccurs=\"0\"/>";
const B: &str = "<xs:element name=\"b\" type=\"xs:string\"/>";
const B_OPTIONAL: &str = "<xs:element name=\"b\" type=\"xs:string\" minOccurs=\"0\"/>";

#[test]
fn elements_and_attributes_of_xml() {
    let s = sequence;
    let with = |attribute: &str| format!("<xs:complexType>{attribute}</xs:complexType>");
    let optional = with("<xs:attribute name=\"k\" type=\"xs:int\"/>");
    let required = with("<xs:attribute name=\"k\" type=\"xs:int\" use=\"required\"/>");
    let fixed = with("<xs:attribute name=\"k\" type=\"xs:int\" fixed=\"1\"/>");
    let wide = with("<xs:attribute name=\"k\" type=\"xs:long\"/>");
    xsd(&[
        // Nothing changed.
        (&s(A), &s(A), "same"),
        // Whoever sends the old form does not send `b`.
        (&s(A), &s(&format!("{A}{B}")), "breaking required"),
        // Nobody has to send it.
        (&s(A), &s(&format!("{A}{B_OPTIONAL}")), "minor added"),
        // Old documents have it, and are not valid any more.
        (&s(&format!("{A}{B}")), &s(A), "breaking removed"),
        // The same for an optional one: some documents have it.
        (&s(&format!("{A}{B_OPTIONAL}")), &s(A), "breaking removed"),
        // Documents without it were valid.
        (&s(A_OPTIONAL), &s(A), "breaking required"),
        // More documents are valid than before.
        (&s(A), &s(A_OPTIONAL), "minor widened"),
        // The order of a sequence is part of what is valid.
        (&s(&format!("{A}{B}")), &s(&format!("{B}{A}")), "breaking order"),
        // Two may come where one could.
        (&s(A), &s("<xs:element name=\"a\" type=\"xs:string\" maxOccurs=\"2\"/>"), "minor widened"),
        // The second one is not valid any more.
        (&s("<xs:element name=\"a\" type=\"xs:string\" maxOccurs=\"unbounded\"/>"), &s(A), "breaking narrowed"),
        // Two are asked for, and one was enough.
        (
            &s("<xs:element name=\"a\" type=\"xs:string\" maxOccurs=\"9\"/>"),
            &s("<xs:element name=\"a\" type=\"xs:string\" minOccurs=\"2\" maxOccurs=\"9\"/>"),
            "breaking required",
        ),
        // A choice has a branch more: old documents take the others.
        (
            &format!("<xs:complexType><xs:choice>{A}{B}</xs:choice></xs:complexType>"),
            &format!("<xs:complexType><xs:choice>{A}{B}<xs:element name=\"c\"/></xs:choice></xs:complexType>"),
            "minor widened added",
        ),
        // A branch is gone: old documents took it.
        (
            &format!("<xs:complexType><xs:choice>{A}{B}<xs:element name=\"c\"/></xs:choice></xs:complexType>"),
            &format!("<xs:complexType><xs:choice>{A}{B}</xs:choice></xs:complexType>"),
            "breaking narrowed removed",
        ),
        // `all` leaves the order open, a sequence does not.
        (
            &format!("<xs:complexType><xs:all>{A}{B}</xs:all></xs:complexType>"),
            &s(&format!("{A}{B}")),
            "breaking narrowed",
        ),
        // The other way round every old order is one of the possible ones.
        (&s(&format!("{A}{B}")), &format!("<xs:complexType><xs:all>{A}{B}</xs:all></xs:complexType>"), "minor widened"),
        // Extension points may be used.
        (&s(&format!("{A}<xs:any minOccurs=\"0\"/>")), &s(A), "breaking narrowed"),
        (
            &s(A),
            &s(&format!("{A}<xs:any namespace=\"##other\" processContents=\"lax\" minOccurs=\"0\"/>")),
            "minor widened",
        ),
        // Attributes are judged as elements are.
        (&with(""), &optional, "minor added"),
        (&with(""), &required, "breaking required"),
        (&optional, &required, "breaking required"),
        (&required, &optional, "minor widened"),
        (&optional, &with(""), "breaking removed"),
        (&optional, &fixed, "breaking narrowed"),
        (&fixed, &optional, "minor widened"),
        (&optional, &wide, "minor widened"),
        (&wide, &optional, "breaking narrowed"),
        // Text between the elements.
        (
            &s(A),
            &format!("<xs:complexType mixed=\"true\"><xs:sequence>{A}</xs:sequence></xs:complexType>"),
            "minor widened",
        ),
    ]);
}

#[test]
fn values_of_xml() {
    let t = |facets: &str| {
        format!("<xs:simpleType><xs:restriction base=\"xs:string\">{facets}</xs:restriction></xs:simpleType>")
    };
    let n = |base: &str, facets: &str| {
        format!("<xs:simpleType><xs:restriction base=\"xs:{base}\">{facets}</xs:restriction></xs:simpleType>")
    };
    xsd(&[
        // Every integer is a decimal.
        (&n("integer", ""), &n("decimal", ""), "minor widened"),
        (&n("decimal", ""), &n("integer", ""), "breaking narrowed"),
        // A receiver that reads a date cannot read any string.
        (&n("date", ""), &n("string", ""), "breaking narrowed"),
        (&n("string", ""), &n("date", ""), "breaking narrowed"),
        // A value more can come; one less may have been sent.
        (
            &t("<xs:enumeration value=\"x\"/>"),
            &t("<xs:enumeration value=\"x\"/><xs:enumeration value=\"y\"/>"),
            "minor widened",
        ),
        (
            &t("<xs:enumeration value=\"x\"/><xs:enumeration value=\"y\"/>"),
            &t("<xs:enumeration value=\"x\"/>"),
            "breaking narrowed",
        ),
        // One for another is one less.
        (&t("<xs:enumeration value=\"x\"/>"), &t("<xs:enumeration value=\"y\"/>"), "breaking narrowed"),
        // Lengths.
        (&t("<xs:maxLength value=\"10\"/>"), &t("<xs:maxLength value=\"20\"/>"), "minor widened"),
        (&t("<xs:maxLength value=\"20\"/>"), &t("<xs:maxLength value=\"10\"/>"), "breaking narrowed"),
        (&t(""), &t("<xs:minLength value=\"1\"/>"), "breaking narrowed"),
        // No least length is one of 0.
        (&t(""), &t("<xs:minLength value=\"0\"/>"), "same"),
        // Bounds.
        (&n("int", "<xs:maxInclusive value=\"9\"/>"), &n("int", "<xs:maxExclusive value=\"9\"/>"), "breaking narrowed"),
        (
            &n("int", "<xs:minInclusive value=\"9\"/>"),
            &n("int", "<xs:minInclusive value=\"8.0\"/>").replace("8.0", "8"),
            "minor widened",
        ),
        (&n("int", ""), &n("long", ""), "minor widened"),
        (
            &n("decimal", "<xs:fractionDigits value=\"2\"/>"),
            &n("decimal", "<xs:fractionDigits value=\"3\"/>"),
            "minor widened",
        ),
        // Two patterns are not compared: another one is another type.
        (&t("<xs:pattern value=\"[a-z]+\"/>"), &t("<xs:pattern value=\"[a-z0-9]+\"/>"), "breaking narrowed"),
        (&t("<xs:pattern value=\"[a-z]+\"/>"), &t(""), "minor widened"),
        (&t(""), &t("<xs:pattern value=\"[a-z]+\"/>"), "breaking narrowed"),
    ]);
}

#[test]
fn roots_and_namespaces_of_xml() {
    let schema = |content: &str| format!("<xs:schema {XS}>{content}</xs:schema>");
    let (one, two) = ("<xs:element name=\"One\"/>", "<xs:element name=\"Two\"/>");
    // A root more can come.
    assert_eq!(judged(&schema(one), &schema(&format!("{one}{two}"))), "minor added");
    // Its documents have no schema any more.
    assert_eq!(judged(&schema(&format!("{one}{two}")), &schema(one)), "breaking removed");
    // Another namespace is another name.
    let named = format!("<xs:schema {XS} targetNamespace=\"urn:a\">{one}</xs:schema>");
    assert_eq!(judged(&schema(one), &named), "breaking namespace");
    // How a type is called, and where it is declared, no document shows.
    let inline = schema(&format!("<xs:element name=\"One\">{}</xs:element>", sequence(A)));
    let apart = schema(&format!(
        "<xs:element name=\"One\" type=\"T\"/><xs:complexType name=\"T\"><xs:sequence>{A}</xs:sequence></xs:complexType>"
    ));
    assert_eq!(judged(&inline, &apart), "minor added");
    // A type that contains itself ends the comparison.
    let tree = |more: &str| {
        schema(&format!(
            "<xs:element name=\"One\" type=\"T\"/><xs:complexType name=\"T\"><xs:sequence><xs:element name=\"t\" \
             type=\"T\" minOccurs=\"0\"/>{more}</xs:sequence></xs:complexType>"
        ))
    };
    assert_eq!(judged(&tree(""), &tree(B)), "breaking required");
    // Another kind of schema.
    assert_eq!(judged(&schema(one), "{\"type\": \"object\"}"), "breaking kind");
}

#[test]
fn json_schemas() {
    let o = |properties: &str, required: &str| {
        format!("{{\"type\": \"object\", \"properties\": {{{properties}}}, \"required\": [{required}]}}")
    };
    let a = "\"a\": {\"type\": \"string\"}";
    let b = "\"b\": {\"type\": \"integer\"}";
    let both = format!("{a}, {b}");
    let of = |schema: &str| o(&format!("\"a\": {schema}"), "");
    let pairs = [
        // New and required: old documents lack it.
        (o(a, "\"a\""), o(&both, "\"a\", \"b\""), "breaking required"),
        (o(a, "\"a\""), o(&both, "\"a\""), "minor added"),
        (o(&both, ""), o(a, ""), "breaking removed"),
        (o(a, ""), o(a, "\"a\""), "breaking required"),
        (o(a, "\"a\""), o(a, ""), "minor widened"),
        // Types.
        (of("{\"type\": \"integer\"}"), of("{\"type\": \"number\"}"), "minor widened"),
        (of("{\"type\": \"number\"}"), of("{\"type\": \"integer\"}"), "breaking narrowed"),
        (of("{\"type\": \"string\"}"), of("{\"type\": [\"string\", \"null\"]}"), "minor widened"),
        (of("{\"type\": [\"string\", \"null\"]}"), of("{\"type\": \"string\"}"), "breaking narrowed"),
        (of("{\"type\": \"string\"}"), of("{\"type\": \"integer\"}"), "breaking narrowed"),
        (
            of("{\"type\": \"string\"}"),
            of("{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"),
            "breaking removed",
        ),
        // Values.
        (of("{\"enum\": [\"x\"]}"), of("{\"enum\": [\"x\", \"y\"]}"), "minor widened"),
        (of("{\"enum\": [\"x\", \"y\"]}"), of("{\"const\": \"x\"}"), "breaking narrowed"),
        (
            of("{\"type\": [\"string\", \"integer\"], \"const\": 1}"),
            of("{\"type\": [\"string\", \"integer\"], \"const\": \"1\"}"),
            "breaking narrowed",
        ),
        (
            of("{\"type\": [\"string\", \"integer\"], \"enum\": [\"a\", \"1\"]}"),
            of("{\"type\": [\"string\", \"integer\"], \"enum\": [\"a\", \"1\", 1]}"),
            "minor widened",
        ),
        (of("{\"type\": \"string\", \"format\": \"email\"}"), of("{\"type\": \"string\"}"), "minor widened"),
        (
            of("{\"type\": \"integer\", \"minimum\": 1}"),
            of("{\"type\": \"integer\", \"minimum\": 2}"),
            "breaking narrowed",
        ),
        (
            of("{\"type\": \"integer\", \"exclusiveMinimum\": 1}"),
            of("{\"type\": \"integer\", \"minimum\": 1}"),
            "minor widened",
        ),
        // Other members.
        (
            o(a, ""),
            o(a, "").replace("}, \"required\"", "}, \"additionalProperties\": false, \"required\""),
            "breaking narrowed",
        ),
        (
            o(a, "").replace("}, \"required\"", "}, \"additionalProperties\": false, \"required\""),
            o(a, ""),
            "minor widened",
        ),
        // Lists.
        (
            of("{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}"),
            of("{\"type\": \"array\", \"items\": {\"type\": \"number\"}}"),
            "minor widened",
        ),
        (
            of("{\"type\": \"array\", \"items\": {\"type\": \"number\"}}"),
            of("{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}"),
            "breaking narrowed",
        ),
        (
            of("{\"type\": \"array\", \"maxItems\": 3}"),
            of("{\"type\": \"array\", \"maxItems\": 2}"),
            "breaking narrowed",
        ),
        (of("{\"type\": \"array\"}"), of("{\"type\": \"array\", \"minItems\": 1}"), "breaking narrowed"),
        // Where a schema stands, and in how many parts, no document shows; a part that has a name can be named.
        (
            of("{\"type\": \"string\"}"),
            o(a, "").replace("\"type\": \"object\"", "\"type\": \"object\", \"allOf\": [true]"),
            "same",
        ),
        // What nobody can tell is breaking.
        (
            o(a, ""),
            o(a, "").replace("\"type\": \"object\"", "\"type\": \"object\", \"not\": {\"required\": [\"z\"]}"),
            "breaking rule",
        ),
        (
            o(a, "").replace("\"type\": \"object\"", "\"type\": \"object\", \"not\": {\"required\": [\"z\"]}"),
            o(a, ""),
            "minor widened",
        ),
        // A choice more is a rule more.
        (
            o(&both, ""),
            o(&both, "").replace(
                "\"type\": \"object\"",
                "\"type\": \"object\", \"oneOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]",
            ),
            "breaking narrowed",
        ),
        (
            o(&both, "").replace(
                "\"type\": \"object\"",
                "\"type\": \"object\", \"anyOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]",
            ),
            o(&both, ""),
            "minor widened",
        ),
    ];
    for (old, new, expect) in pairs {
        assert_eq!(judged(&old, &new), expect, "{old} -> {new}");
    }
}

#[test]
fn what_says_nothing_and_what_widens_in_json_breaks_nobody() {
    let of = |schema: &str| format!("{{\"type\": \"object\", \"properties\": {{\"a\": {{{schema}}}}}}}");
    let object = |rule: &str| of(&format!("\"type\": \"object\", \"properties\": {{\"b\": true}}{rule}"));
    let text = of("\"type\": \"string\"");
    let (plain, more) = ("{\"type\": \"string\"}", "{\"type\": \"string\"}, {\"type\": \"integer\"}");
    let closed = object(", \"additionalProperties\": false");
    for (old, new, expect) in [
        // The default, written out.
        (object(""), object(", \"additionalProperties\": true"), "same"),
        (object(", \"additionalProperties\": {}"), object(""), "same"),
        (object(""), object(", \"minProperties\": 0, \"patternProperties\": {}, \"not\": false"), "same"),
        (of("\"type\": \"array\""), of("\"type\": \"array\", \"uniqueItems\": false"), "same"),
        (of("\"type\": \"array\""), of("\"type\": \"array\", \"uniqueItems\": true"), "breaking rule"),
        (
            of("\"type\": \"array\", \"uniqueItems\": true"),
            of("\"type\": \"array\", \"uniqueItems\": false"),
            "minor widened",
        ),
        // What was forbidden is allowed, all of it or some.
        (closed.clone(), object(", \"additionalProperties\": true"), "minor widened"),
        (closed.clone(), object(", \"additionalProperties\": {\"type\": \"string\"}"), "minor widened"),
        (object(""), object(", \"additionalProperties\": {\"type\": \"string\"}"), "breaking rule"),
        // What let members in that nothing else admits.
        (
            object(", \"patternProperties\": {\"^x\": {}}, \"additionalProperties\": false"),
            closed.clone(),
            "breaking narrowed",
        ),
        (object(", \"patternProperties\": {\"^x\": {\"type\": \"string\"}}"), object(""), "minor widened"),
        (
            of("\"type\": \"array\", \"contains\": {}, \"minContains\": 0"),
            of("\"type\": \"array\", \"contains\": {}"),
            "breaking narrowed",
        ),
        // Bounds.
        (object(", \"maxProperties\": 2"), object(", \"maxProperties\": 3"), "minor widened"),
        (object(", \"minProperties\": 2"), object(", \"minProperties\": 3"), "breaking rule"),
        (object(", \"minProperties\": 2"), object(", \"minProperties\": 1"), "minor widened"),
        // A type more.
        (text.clone(), of("\"type\": [\"string\", \"integer\"]"), "minor widened"),
        (
            of("\"type\": [\"string\", \"integer\"]"),
            of("\"type\": [\"string\", \"number\", \"null\"]"),
            "minor widened",
        ),
        (of("\"type\": [\"string\", \"integer\"]"), of(""), "minor widened"),
        (of("\"type\": [\"string\", \"integer\"]"), text.clone(), "breaking narrowed"),
        (of(""), of("\"type\": [\"string\", \"integer\"]"), "breaking narrowed"),
        (of("\"type\": [\"string\", \"integer\"]"), of("\"type\": [\"string\", \"boolean\"]"), "breaking narrowed"),
        (of("\"enum\": [\"x\"]"), of("\"enum\": [\"x\", 1]"), "minor widened"),
        (of(&format!("\"oneOf\": [{plain}]")), of(&format!("\"oneOf\": [{more}]")), "minor widened"),
        (of(&format!("\"anyOf\": [{plain}]")), of(&format!("\"anyOf\": [{more}]")), "minor widened"),
        (of(&format!("\"oneOf\": [{more}]")), of(&format!("\"oneOf\": [{plain}]")), "breaking narrowed"),
        // An integer is a number, too: it is both of them, and so none.
        (
            of("\"oneOf\": [{\"type\": \"number\"}]"),
            of("\"oneOf\": [{\"type\": \"number\"}, {\"type\": \"integer\"}]"),
            "breaking narrowed",
        ),
    ] {
        assert_eq!(judged(&old, &new), expect, "{old} -> {new}");
    }
}

#[test]
fn services() {
    let wsdl = |operations: &str, extra: &str| {
        format!(
            "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:t=\"urn:t\" targetNamespace=\"urn:t\">\
             <types><xs:schema {XS} targetNamespace=\"urn:t\"><xs:element name=\"In\"><xs:complexType><xs:sequence>\
             <xs:element name=\"a\" type=\"xs:string\"/>{extra}</xs:sequence></xs:complexType></xs:element></xs:schema></types>\
             <message name=\"In\"><part name=\"body\" element=\"t:In\"/></message>\
             <portType name=\"Orders\">{operations}</portType></definitions>"
        )
    };
    let operation = |name: &str| format!("<operation name=\"{name}\"><input message=\"t:In\"/></operation>");
    let (one, two) = (operation("submit"), operation("cancel"));
    // An operation more can be called, one less cannot be any more.
    assert_eq!(judged(&wsdl(&one, ""), &wsdl(&format!("{one}{two}"), "")), "minor operation added");
    assert_eq!(judged(&wsdl(&format!("{one}{two}"), ""), &wsdl(&one, "")), "breaking operation removed");
    // What an operation takes is judged as a document.
    assert_eq!(judged(&wsdl(&one, ""), &wsdl(&one, "<xs:element name=\"b\" type=\"xs:int\"/>")), "breaking required");
    let optional = "<xs:element name=\"b\" type=\"xs:int\" minOccurs=\"0\"/>";
    assert_eq!(judged(&wsdl(&one, ""), &wsdl(&one, optional)), "minor added");
    assert_eq!(judged(&wsdl(&one, ""), &wsdl(&one, "")), "same");
}

#[test]
fn changes_have_places_in_the_new_version() {
    let old = loaded("{\"properties\": {\"a\": {\"type\": \"number\"}}}");
    let new = loaded("{\"properties\": {\n  \"a\": {\"type\": \"integer\"}}}");
    let changes = compare(&old, &new);
    assert_eq!(changes.len(), 1, "{changes:?}");
    let change = &changes[0];
    assert_eq!((change.level, &*change.path), (ChangeLevel::Breaking, "/a"));
    assert_eq!(change.message, "was a decimal and is an integer");
    assert_eq!(change.position.as_ref().map(|(_, position)| (position.line, position.column)), Some((2, 8)));
}
