//! Schemas of all kinds: right ones, wrong ones, and those that are made to harm.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{ImportRequest, Loaded, Schema, SchemaKind, SourceFile, relative};
use crate::diagnostic::SourceFinding;

const XS: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

/// Reads the first of some files; the others can be imported.
fn load(files: &[(&str, &str)]) -> Loaded {
    let all: BTreeMap<&str, &str> = files.iter().copied().collect();
    let resolver = |request: &ImportRequest<'_>| {
        let name = relative(request.from, request.location?)?;
        all.get(name.as_str()).map(|text| SourceFile::new(name.as_str(), *text))
    };
    Schema::load(&SourceFile::new(files[0].0, files[0].1), None, &resolver)
}

fn shown(findings: &[SourceFinding]) -> Vec<String> {
    let line = |finding: &SourceFinding| {
        format!(
            "{}:{}:{} {}: {}",
            finding.file, finding.position.line, finding.position.column, finding.code, finding.message
        )
    };
    findings.iter().map(line).collect()
}

/// Returns the findings of a schema in one file, from the second word on: where, which rule, what.
fn faults(text: &str) -> Vec<String> {
    shown(&load(&[("s", text)]).findings)
}

fn good(files: &[(&str, &str)]) -> Schema {
    let loaded = load(files);
    assert_eq!(shown(&loaded.findings), Vec::<String>::new());
    loaded.schema.expect("a schema without findings")
}

fn valid(schema: &Schema, entry: Option<&str>, instance: &str) -> Vec<String> {
    shown(&schema.validate(entry, &SourceFile::new("i", instance)))
}

#[test]
fn kinds_are_told_by_content() {
    for (text, expect) in [
        ("<xs:schema/>", Some(SchemaKind::Xsd)),
        ("\u{feff}<?xml version='1.0'?>\n<!-- <a> --><schema>", Some(SchemaKind::Xsd)),
        ("<wsdl:definitions>", Some(SchemaKind::Wsdl)),
        ("<description xmlns='x'/>", Some(SchemaKind::Wsdl)),
        (" {\"type\": 1}", Some(SchemaKind::JsonSchema)),
        ("<html/>", None),
        ("", None),
        ("[]", None),
    ] {
        assert_eq!(SchemaKind::of_content(text), expect, "{text}");
    }
    assert_eq!(faults("hello"), ["s:1:1 schema.kind: this is no schema: neither XML Schema, WSDL nor JSON Schema"]);
}

#[test]
fn imports_and_includes_are_followed_within_the_package() {
    let main = format!(
        "<xs:schema {XS} xmlns:c=\"urn:c\" targetNamespace=\"urn:o\" xmlns=\"urn:o\" elementFormDefault=\"qualified\">\n\
         <xs:import namespace=\"urn:c\" schemaLocation=\"../types/c.xsd\"/>\n<xs:include schemaLocation=\"part.xsd\"/>\n\
         <xs:element name=\"Order\"><xs:complexType><xs:sequence><xs:element name=\"Id\" type=\"c:Id\"/><xs:element name=\"Part\" \
         type=\"Part\"/></xs:sequence></xs:complexType></xs:element></xs:schema>"
    );
    let types = format!(
        "<xs:schema {XS} targetNamespace=\"urn:c\"><xs:simpleType name=\"Id\"><xs:restriction base=\"xs:int\"/></xs:simpleType></xs:schema>"
    );
    // Without a namespace of its own: it takes that of those who include it. It includes back, which is no fault.
    let part = format!(
        "<xs:schema {XS}><xs:include schemaLocation=\"part.xsd\"/><xs:simpleType name=\"Part\"><xs:restriction base=\"xs:string\"><xs:maxLength value=\"3\"/></xs:restriction></xs:simpleType></xs:schema>"
    );
    let files = [("schemas/order.xsd", main.as_str()), ("types/c.xsd", &types), ("schemas/part.xsd", &part)];
    let schema = good(&files);
    assert_eq!((schema.edition(), schema.entries()), ("XSD 1.0", vec!["Order".to_owned(), "Part".to_owned()]));
    let names: Vec<&str> = schema.files().iter().map(|file| &*file.file).collect();
    assert_eq!(names, ["schemas/order.xsd", "types/c.xsd", "schemas/part.xsd"]);
    assert_eq!(valid(&schema, None, "<Order xmlns=\"urn:o\"><Id>1</Id><Part>abc</Part></Order>"), Vec::<String>::new());
    let wrong = valid(&schema, None, "<Order xmlns=\"urn:o\">\n<Id>x</Id>\n<Part>abcd</Part></Order>");
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("i:2:") && wrong[1].starts_with("i:3:"), "{wrong:?}");
    assert_eq!(valid(&schema, Some("Part"), "<any>abc</any>"), Vec::<String>::new());
    let missing = shown(&load(&files[..1]).findings);
    assert!(
        missing[0].starts_with("schemas/order.xsd:2:1 schema.import: `../types/c.xsd` is not in the package"),
        "{missing:?}"
    );
    assert!(missing.iter().any(|line| line.starts_with("schemas/order.xsd:3:1 schema.import")), "{missing:?}");
}

#[test]
fn references_of_xml_schemas_are_all_reported_at_once() {
    let text = format!(
        "<xs:schema {XS} targetNamespace=\"urn:o\" xmlns:o=\"urn:o\" xmlns:p=\"urn:p\">\n\
         <xs:element name=\"A\" type=\"o:Tyep\"/>\n<xs:complexType name=\"Type\"><xs:sequence>\n<xs:element ref=\"o:B\"/>\n\
         <xs:group ref=\"o:G\"/>\n<xs:element name=\"x\" type=\"xs:strin\"/>\n<xs:element name=\"y\" type=\"q:T\"/>\n</xs:sequence>\n\
         <xs:attribute ref=\"p:a\"/>\n</xs:complexType></xs:schema>"
    );
    let loaded = load(&[("s", &text)]);
    let expect = [
        "s:2:28 schema.unresolved: xs:element type=\"o:Tyep\": there is no type {urn:o}Tyep",
        "s:4:18 schema.unresolved: xs:element ref=\"o:B\": there is no element {urn:o}B",
        "s:5:16 schema.unresolved: xs:group ref=\"o:G\": there is no group {urn:o}G",
        "s:6:28 schema.unresolved: xs:element type=\"xs:strin\": there is no type {http://www.w3.org/2001/XMLSchema}strin",
        "s:7:28 schema.unresolved: xs:element type=\"q:T\": the prefix `q` is not declared",
        "s:9:20 schema.unresolved: xs:attribute ref=\"p:a\": there is no attribute {urn:p}a",
    ];
    assert_eq!(shown(&loaded.findings), expect);
    assert_eq!(loaded.findings[0].help.as_deref(), Some("did you mean `o:Type`?"));
    assert_eq!(loaded.findings[3].help.as_deref(), Some("did you mean `xs:string`?"));
}

#[test]
fn types_that_are_based_on_each_other_are_named_at_their_base() {
    let extends = |name: &str, base: &str| {
        format!(
            "<xs:complexType name=\"{name}\"><xs:complexContent><xs:extension base=\"{base}\"/></xs:complexContent></xs:complexType>\n"
        )
    };
    let types = |types: &str| faults(&format!("<xs:schema {XS}>\n{types}</xs:schema>"));
    let circle = [extends("Z", "B"), extends("B", "C"), extends("C", "B")].concat();
    let expect =
        "s:3:65 schema.invalid: types are based on each other: `B`, which is based on `C`, which is based on `B`";
    assert_eq!(types(&circle), [expect]);
    let simple = "<xs:simpleType name=\"t\"><xs:restriction base=\"t\"/></xs:simpleType>";
    let expect = "s:2:47 schema.invalid: types are based on each other: `t`, which is based on `t`";
    assert_eq!(types(simple), [expect]);
    assert_eq!(types(&[extends("A", "B"), extends("B", "xs:anyType")].concat()), [""; 0]);
}

#[test]
fn rules_of_xml_schema_are_told_with_their_places() {
    let schema = |content: &str| format!("<xs:schema {XS}>\n{content}</xs:schema>");
    for (content, rule) in [
        // Two elements of one name, and nothing tells them apart.
        (
            "<xs:element name=\"a\"><xs:complexType><xs:sequence><xs:element name=\"x\" minOccurs=\"0\"/><xs:element name=\"x\"/></xs:sequence></xs:complexType></xs:element>",
            "cos-nonambig",
        ),
        ("<xs:element name=\"a\" minOccurs=\"2\"/>", "minOccurs"),
        ("<xs:element nam=\"a\"/>", "nam"),
        (
            "<xs:simpleType name=\"t\"><xs:restriction base=\"xs:int\"><xs:maxLength value=\"3\"/></xs:restriction></xs:simpleType>",
            "cos-applicable-facets",
        ),
        (
            "<xs:simpleType name=\"t\"><xs:restriction base=\"xs:string\"><xs:pattern value=\"[\"/></xs:restriction></xs:simpleType>",
            "pattern",
        ),
        ("<xs:element name=\"a\"/><xs:element name=\"a\"/>", "declared twice"),
        ("<xs:elemnt name=\"a\"/>", "elemnt"),
    ] {
        let found = faults(&schema(content));
        assert_eq!(found.len(), 1, "{content}: {found:?}");
        assert!(found[0].starts_with("s:2:") && found[0].contains("schema.invalid"), "{content}: {found:?}");
        assert!(found[0].contains(rule), "{content}: {found:?}");
    }
    // What only the second edition has is taken for it.
    let text = schema(
        "<xs:element name=\"a\"><xs:complexType><xs:attribute name=\"x\" type=\"xs:int\"/><xs:assert test=\"@x gt 1\"/></xs:complexType></xs:element>",
    );
    let second = good(&[("s", &text)]);
    assert_eq!(second.edition(), "XSD 1.1");
    assert_eq!(valid(&second, None, "<a x=\"2\"/>"), Vec::<String>::new());
    assert_eq!(valid(&second, None, "<a x=\"1\"/>").len(), 1);
}

#[test]
fn namespaces_have_to_be_coherent() {
    let main = |directive: &str| {
        format!(
            "<xs:schema {XS} targetNamespace=\"urn:o\" xmlns:o=\"urn:o\" xmlns:c=\"urn:c\">\n{directive}\n<xs:element name=\"a\" type=\"c:T\"/></xs:schema>"
        )
    };
    let types = format!(
        "<xs:schema {XS} targetNamespace=\"urn:c\" ><xs:simpleType name=\"T\"><xs:restriction base=\"xs:string\"/></xs:simpleType></xs:schema>"
    );
    let findings =
        |directive: &str| shown(&load(&[("o.xsd", &main(directive)), ("c.xsd", &types)]).findings).join("; ");
    assert_eq!(findings("<xs:import namespace=\"urn:c\" schemaLocation=\"c.xsd\"/>"), "");
    assert!(
        findings("<xs:import namespace=\"urn:d\" schemaLocation=\"c.xsd\"/>")
            .contains("schema.namespace: c.xsd has the namespace `urn:c`, and `urn:d` is imported")
    );
    assert!(
        findings("<xs:include schemaLocation=\"c.xsd\"/>")
            .contains("schema.namespace: c.xsd has the namespace `urn:c`")
    );
    assert!(
        findings("<xs:import namespace=\"urn:o\" schemaLocation=\"c.xsd\"/>")
            .contains("schema.namespace: a schema imports other namespaces than its own")
    );
    assert!(
        findings("<xs:import namespace=\"urn:c\" schemaLocation=\"http://127.0.0.1:9/c.xsd\"/>")
            .contains("schema.import")
    );
}

#[test]
fn json_schemas_of_all_editions_are_read() {
    for (address, edition) in [
        ("https://json-schema.org/draft/2020-12/schema", "JSON Schema 2020-12"),
        ("https://json-schema.org/draft/2019-09/schema", "JSON Schema 2019-09"),
        ("http://json-schema.org/draft-07/schema#", "JSON Schema 7"),
        ("http://json-schema.org/draft-04/schema#", "JSON Schema 4"),
    ] {
        let text = format!(
            "{{\"$schema\": \"{address}\", \"type\": \"object\", \"required\": [\"a\"], \"properties\": {{\"a\": {{\"type\": \"integer\"}}}}}}"
        );
        let schema = good(&[("s", &text)]);
        assert_eq!(schema.edition(), edition);
        assert_eq!(valid(&schema, None, "{\"a\": 1}"), Vec::<String>::new());
        assert_eq!(
            valid(&schema, None, "{\n \"a\": \"x\"}"),
            ["i:2:7 instance.invalid: \"x\" is not of type \"integer\" (type)"]
        );
    }
    let wrong = faults("{\"$schema\": \"https://json-schema.org/draft/2021-12/schema\"}");
    assert!(wrong[0].starts_with("s:1:13 schema.kind"), "{wrong:?}");
}

#[test]
fn references_of_json_schemas_lead_somewhere() {
    let findings = |files: &[(&str, &str)]| shown(&load(files).findings).join("; ");
    for (text, expect) in [
        ("{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {}}}", ""),
        ("{\"$ref\": \"#a\", \"$defs\": {\"x\": {\"$anchor\": \"a\"}}}", ""),
        (
            "{\"properties\": {\n\"a\": {\"$ref\": \"#/$defs/b\"}}, \"$defs\": {\"a\": {}}}",
            "s:2:15 schema.unresolved: $ref \"#/$defs/b\" leads nowhere",
        ),
        (
            "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}}",
            "circle",
        ),
        (
            "{\"$ref\": \"http://127.0.0.1:9/x.json\"}",
            "s:1:10 schema.import: `http://127.0.0.1:9/x.json` is not in the package or its dependencies",
        ),
        ("{\"allOf\": [{\"anyOf\": [{\"$ref\": \"#\"}]}]}", "circle"),
        ("{\"not\": {\"$ref\": \"#\"}}", "circle"),
        // A schema that contains itself is a tree.
        ("{\"properties\": {\"t\": {\"$ref\": \"#\"}}}", ""),
        ("{\"enum\": [{\"$ref\": \"#/nowhere\"}]}", ""),
    ] {
        let found = findings(&[("s", text)]);
        if expect == "circle" {
            assert!(found.contains("leads back to itself"), "{text}: {found}");
        } else {
            assert_eq!(found, expect, "{text}");
        }
    }
    let main = "{\"$id\": \"https://acme.example/order.json\", \"properties\": {\"c\": {\"$ref\": \"common.json#/$defs/money\"}}}";
    let common = "{\"$defs\": {\"money\": {\"type\": \"number\"}}}";
    assert_eq!(findings(&[("order.json", main), ("common.json", common)]), "");
    let schema = good(&[("order.json", main), ("common.json", common)]);
    assert_eq!(valid(&schema, None, "{\"c\": \"x\"}").len(), 1);
    let parts = good(&[("s", "{\"$defs\": {\"a b/c\": {\"type\": \"string\"}}}")]);
    assert_eq!(parts.entries(), ["a b/c"]);
    assert_eq!(valid(&parts, Some("a b/c"), "1").len(), 1);
    assert_eq!(valid(&parts, Some("a c"), "1").len(), 1);
}

#[test]
fn rules_of_json_schema_are_told_with_their_places() {
    for (text, place) in [
        ("{\n\"type\": \"strin\"}", "s:2:9"),
        ("{\"properties\": {\n\"a\": {\"minimum\": \"1\"}}}", "s:2:18"),
        ("{\n\"required\": \"a\"}", "s:2:13"),
        ("{\n\"pattern\": \"(\"}", "s:2:12"),
    ] {
        let found = faults(text);
        assert!(!found.is_empty() && found[0].starts_with(place), "{text}: {found:?}");
        assert!(found.iter().all(|line| line.contains("schema.invalid")), "{text}: {found:?}");
    }
    let all = faults("{\"type\": 1, \"properties\": {\"a\": {\"maxLength\": -1}}}");
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(faults("{\"a\": }")[0].starts_with("s:1:7 schema.syntax"));
    assert!(faults("{\"type\": \"string\", \"type\": \"object\"}")[0].contains("the member `type` is repeated"));
}

const SERVICE: &str = "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" \
    xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:t\" targetNamespace=\"urn:t\">\n\
    <types><xs:schema targetNamespace=\"urn:t\" elementFormDefault=\"qualified\">\n\
    <xs:element name=\"Order\"><xs:complexType><xs:sequence><xs:element name=\"id\" type=\"xs:int\"/></xs:sequence></xs:complexType></xs:element>\n\
    <xs:element name=\"Receipt\" type=\"xs:string\"/><xs:simpleType name=\"Code\"><xs:restriction base=\"xs:int\"/></xs:simpleType></xs:schema></types>\n\
    <message name=\"In\"><part name=\"body\" element=\"t:Order\"/></message>\n\
    <message name=\"Out\"><part name=\"body\" element=\"t:Receipt\"/></message>\n\
    <message name=\"Codes\"><part name=\"code\" type=\"t:Code\"/></message>\n\
    <portType name=\"Orders\"><operation name=\"submit\"><input message=\"t:In\"/><output message=\"t:Out\"/><fault name=\"bad\" message=\"t:Out\"/></operation></portType>\n\
    <portType name=\"Calls\"><operation name=\"check\"><input message=\"t:Codes\"/></operation></portType>\n\
    <binding name=\"OrdersSoap\" type=\"t:Orders\"><soap:binding style=\"document\"/><operation name=\"submit\"/></binding>\n\
    <binding name=\"CallsSoap\" type=\"t:Calls\"><soap:binding style=\"rpc\"/><operation name=\"check\"><input><soap:body namespace=\"urn:calls\"/></input></operation></binding>\n\
    <service name=\"S\"><port name=\"P\" binding=\"t:OrdersSoap\"/></service>\n</definitions>";

#[test]
fn operations_of_services_are_entries() {
    let schema = good(&[("s", SERVICE)]);
    assert_eq!((schema.kind(), schema.edition()), (SchemaKind::Wsdl, "WSDL 1.1"));
    assert_eq!(schema.entries(), ["check/input", "submit/input", "submit/output", "submit/bad"]);
    assert_eq!(valid(&schema, Some("submit/input"), "<Order xmlns=\"urn:t\"><id>1</id></Order>"), Vec::<String>::new());
    assert!(!valid(&schema, Some("submit/input"), "<Receipt xmlns=\"urn:t\">1</Receipt>").is_empty());
    // In the style of remote calls, the operation is an element with one for each part.
    assert_eq!(
        valid(&schema, Some("check/input"), "<c:check xmlns:c=\"urn:calls\"><code>1</code></c:check>"),
        Vec::<String>::new()
    );
    assert_eq!(valid(&schema, Some("check/input"), "<c:check xmlns:c=\"urn:calls\"><code>x</code></c:check>").len(), 1);
    let unknown = schema.shape(Some("submit/inptu")).map(|_| ()).map_err(|error| (error.to_string(), error.help()));
    assert_eq!(
        unknown,
        Err(("the schema has no `submit/inptu`".to_owned(), Some("did you mean `submit/input`?".to_owned())))
    );
}

#[test]
fn references_of_services_lead_somewhere() {
    assert_eq!(faults(SERVICE), Vec::<String>::new());
    for (from, to, line, message) in [
        (
            "element=\"t:Order\"",
            "element=\"t:Ordr\"",
            5,
            "part `body` of message `In`: there is no element {urn:t}Ordr",
        ),
        ("type=\"t:Code\"", "type=\"t:Cod\"", 7, "there is no type {urn:t}Cod"),
        ("<input message=\"t:In\"/>", "<input message=\"t:Inn\"/>", 8, "submit/input: there is no message {urn:t}Inn"),
        ("type=\"t:Orders\"", "type=\"t:Order\"", 10, "binding `OrdersSoap`: there is no port type {urn:t}Order"),
        (
            "<operation name=\"submit\"/></binding>",
            "<operation name=\"submi\"/></binding>",
            10,
            "`Orders` has no operation `submi`",
        ),
        ("binding=\"t:OrdersSoap\"", "binding=\"t:OrderSoap\"", 12, "port: there is no binding {urn:t}OrderSoap"),
        ("<port name=", "<prot name=", 12, "service has no `prot`"),
        ("<message name=\"In\">", "<message>", 5, "message needs the attribute `name`"),
        ("type=\"xs:int\"/></xs:sequence>", "type=\"xs:itn\"/></xs:sequence>", 3, "there is no type"),
        ("element=\"t:Order\"", "element=\"u:Order\"", 5, "the prefix `u` is not declared"),
    ] {
        let found = faults(&SERVICE.replacen(from, to, 1));
        let start = format!("s:{line}:");
        assert!(found.iter().any(|text| text.starts_with(&start) && text.contains(message)), "{to}: {found:?}");
    }
    // Rules inside of an embedded schema have the places of the file.
    let found = faults(&SERVICE.replacen("name=\"Receipt\" type", "name=\"Receipt\" minOccurs=\"1\" type", 1));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("s:4:"), "{found:?}");
}

#[test]
fn services_of_the_second_edition_are_read() {
    let text = format!(
        "<description xmlns=\"http://www.w3.org/ns/wsdl\" {XS} xmlns:t=\"urn:t\" targetNamespace=\"urn:t\">\n<types><xs:schema \
         targetNamespace=\"urn:t\"><xs:element name=\"Order\" type=\"xs:int\"/></xs:schema></types>\n<interface name=\"I\"><operation \
         name=\"submit\"><input element=\"t:Order\"/><output element=\"#none\"/></operation></interface>\n<binding name=\"B\" interface=\"t:I\" \
         type=\"x\"/>\n<service name=\"S\" interface=\"t:I\"><endpoint name=\"E\" binding=\"t:B\"/></service></description>"
    );
    let schema = good(&[("s", &text)]);
    assert_eq!((schema.edition(), schema.entries()), ("WSDL 2.0", vec!["submit/input".to_owned()]));
    let found = faults(&text.replace("binding=\"t:B\"", "binding=\"t:C\""));
    assert_eq!(found, ["s:5:63 schema.unresolved: port: there is no binding {urn:t}C"]);
}

/// Reads a text, and returns the codes of what was found. It must not take long.
fn bounded(text: &str) -> Vec<std::borrow::Cow<'static, str>> {
    let start = Instant::now();
    let loaded = load(&[("s", text)]);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}: {}",
        start.elapsed(),
        text.chars().take(80).collect::<String>()
    );
    assert!(loaded.schema.is_none() || loaded.findings.is_empty());
    loaded.findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn hostile_schemas_are_refused_in_time() {
    let start = Instant::now();
    let xsd = |content: &str| format!("<xs:schema {XS}>{content}</xs:schema>");
    // A document type declaration, with all that it could bring.
    let external = "<!DOCTYPE xs:schema SYSTEM \"file:///etc/passwd\"><xs:schema/>";
    assert_eq!(bounded(external), ["schema.unsafe"]);
    let bomb = "<!DOCTYPE xs:schema [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><xs:schema>&b;</xs:schema>";
    assert_eq!(bounded(bomb), ["schema.unsafe"]);
    // Deep.
    let deep = format!("{}{}", "<xs:sequence>".repeat(10_000), "</xs:sequence>".repeat(10_000));
    let wide = |occurs: &str| {
        let children: Vec<String> = (0..2_001).map(|at| format!("<xs:element name=\"e{at}\" {occurs}/>")).collect();
        let sequence = format!("<xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType>", children.concat());
        xsd(&format!("<xs:element name=\"Wide\">{sequence}</xs:element>"))
    };
    assert_eq!(bounded(&wide("minOccurs=\"0\" maxOccurs=\"1000\"")), ["schema.limit"]);
    assert_eq!(bounded(&wide("")), [""; 0]);
    assert_eq!(bounded(&xsd(&deep)), ["schema.limit"]);
    assert_eq!(bounded(&format!("{}{}", "{\"not\":".repeat(10_000), "}".repeat(10_000))), ["schema.limit"]);
    // Large.
    assert_eq!(bounded(&format!("<xs:schema>{}", " ".repeat(100 * 1024 * 1024))), ["schema.limit"]);
    assert_eq!(bounded(&format!("{{\"a\": \"{}\"}}", "x".repeat(100 * 1024 * 1024))), ["schema.limit"]);
    // Groups that stand for twice as much with each level.
    let group = |number: usize| {
        let next = format!("<xs:group ref=\"g{}\"/>", number + 1);
        let inner = if number == 40 {
            "<xs:element name=\"x\"/>".to_owned()
        } else {
            format!("{next}<xs:element name=\"s{number}\"/>{next}")
        };
        format!("<xs:group name=\"g{number}\"><xs:sequence>{inner}</xs:sequence></xs:group>")
    };
    let groups: String = (0..=40).map(group).collect();
    let found = bounded(&xsd(&format!(
        "{groups}<xs:element name=\"r\"><xs:complexType><xs:group ref=\"g0\"/></xs:complexType></xs:element>"
    )));
    assert_eq!(found.len(), 1, "{found:?}");
    // Types and groups that rest on themselves.
    for circle in [
        "<xs:complexType name=\"a\"><xs:complexContent><xs:extension base=\"b\"/></xs:complexContent></xs:complexType><xs:complexType name=\"b\"><xs:complexContent><xs:extension base=\"a\"/></xs:complexContent></xs:complexType>",
        "<xs:group name=\"a\"><xs:sequence><xs:group ref=\"a\"/></xs:sequence></xs:group>",
        "<xs:attributeGroup name=\"a\"><xs:attributeGroup ref=\"a\"/></xs:attributeGroup><xs:complexType name=\"t\"><xs:attributeGroup ref=\"a\"/></xs:complexType>",
        "<xs:element name=\"a\" substitutionGroup=\"b\"/><xs:element name=\"b\" substitutionGroup=\"a\"/>",
        "<xs:simpleType name=\"a\"><xs:union memberTypes=\"a\"/></xs:simpleType>",
        "<xs:simpleType name=\"a\"><xs:restriction base=\"a\"/></xs:simpleType>",
    ] {
        // An attribute group in a circle is allowed by XML Schema 1.1 only.
        let found = bounded(&xsd(circle));
        assert!(found.len() <= 1, "{circle}: {found:?}");
    }
    // Numbers that no document reaches.
    let many = "<xs:element name=\"r\"><xs:complexType><xs:sequence minOccurs=\"999999999\" maxOccurs=\"999999999\"><xs:sequence minOccurs=\"0\" \
                maxOccurs=\"88888888\"><xs:element name=\"a\" minOccurs=\"77777777\" maxOccurs=\"99999999\"/></xs:sequence></xs:sequence></xs:complexType></xs:element>";
    let loaded = load(&[("s", &xsd(many))]);
    if let Some(schema) = loaded.schema {
        valid(&schema, None, &format!("<r>{}</r>", "<a/>".repeat(2000)));
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    // References that stand for twice as much with each level.
    let definition = |number: usize| {
        let next = format!("{{\"$ref\": \"#/$defs/d{}\"}}", number + 1);
        let inner = if number == 40 {
            "true".to_owned()
        } else {
            format!("{{\"allOf\": [{next}, {next}], \"properties\": {{\"p{number}\": true}}}}")
        };
        format!("\"d{number}\": {inner}")
    };
    let definitions: Vec<String> = (0..=40).map(definition).collect();
    let found = bounded(&format!("{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}}}}}", definitions.join(", ")));
    assert_eq!(found, ["schema.limit"]);
}

#[test]
fn imports_in_a_circle_end() {
    let import = |from: &str, to: &str| {
        format!(
            "<xs:schema {XS} targetNamespace=\"urn:{from}\"><xs:import namespace=\"urn:{to}\" schemaLocation=\"{to}.xsd\"/><xs:element name=\"e\"/></xs:schema>"
        )
    };
    let (a, b) = (import("a", "b"), import("b", "a"));
    good(&[("a.xsd", &a), ("b.xsd", &b)]);
    good(&[
        ("a.json", "{\"properties\": {\"b\": {\"$ref\": \"b.json\"}}}"),
        ("b.json", "{\"properties\": {\"a\": {\"$ref\": \"a.json\"}}}"),
    ]);
}

#[test]
fn patterns_have_bounds() {
    let start = Instant::now();
    let json = good(&[("s", "{\"pattern\": \"^(?=(a+)+$)(a|aa)+$\"}")]);
    let text = format!("\"{}b\"", "a".repeat(5000));
    // Whether it matches or gives up: it ends.
    let _ = valid(&json, None, &text);
    let pattern = "(a*)*(a|aa)*([a-z]+)*X";
    let xsd = good(&[(
        "s",
        &format!(
            "<xs:schema {XS}><xs:element name=\"e\"><xs:simpleType><xs:restriction base=\"xs:string\"><xs:pattern value=\"{pattern}\"/></xs:restriction></xs:simpleType></xs:element></xs:schema>"
        ),
    )]);
    assert_eq!(valid(&xsd, None, &format!("<e>{}</e>", "a".repeat(40))).len(), 1);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
