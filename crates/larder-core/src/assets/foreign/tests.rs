use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::document::SourceFile;
use crate::model::AssetKind;
use crate::schema::SchemaKind;

fn configuration(path: &str, text: &str) -> Configuration {
    match recognise(path, text) {
        Some(ForeignKind::Configuration(found) | ForeignKind::Adapter(found)) => found,
        other => panic!("{path}: {other:?}"),
    }
}

fn rules(text: &str) -> ImportRules {
    ImportRules::parse(&SourceFile { file: "import.kdl".into(), text: text.into() })
        .unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn converted(configuration: &Configuration, rules: Option<&ConfigurationRules>) -> Result<ConvertedAdapter, String> {
    let schema = |text: &str| text.trim_end_matches(".xsd").to_owned();
    convert(configuration, "orders-in", rules, &schema).map_err(|problems| problems.join("\n"))
}

#[test]
fn files_are_known_by_their_content() {
    let schema = |kind| Some(ForeignKind::Schema(kind));
    let xsd = "<?xml version=\"1.0\"?><!-- x --><xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"/>";
    assert_eq!(recognise("a.txt", xsd), schema(SchemaKind::Xsd));
    assert_eq!(recognise("a", "<definitions xmlns=\"x\"/>"), schema(SchemaKind::Wsdl));
    let draft = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}";
    assert_eq!(recognise("a.json", draft), schema(SchemaKind::JsonSchema));
    let typed = "{\"type\": \"object\", \"properties\": {\"a\": {}}}";
    assert_eq!(recognise("a.json", typed), schema(SchemaKind::JsonSchema));
    assert_eq!(recognise("a.schema.json", "{"), schema(SchemaKind::JsonSchema));
    assert_eq!(
        recognise("f.kdl", "flow \"intake\" {\n}\n"),
        Some(ForeignKind::Native(AssetKind::Flow, Some("intake".to_owned())))
    );
    assert_eq!(recognise("larder.kdl", "package \"a\" version=\"1.0.0\"\n"), None);
    assert!(matches!(recognise("c.json", "{\"host\": \"a\"}"), Some(ForeignKind::Configuration(_))));
    let adapter = "{\"kind\": \"sftp\", \"direction\": \"in\"}";
    assert!(matches!(recognise("c.json", adapter), Some(ForeignKind::Adapter(_))));
    for nothing in ["", "hello", "<order/>", "[1]", "{"] {
        assert_eq!(recognise("a.json", nothing), None, "{nothing}");
    }
}

#[test]
fn properties_are_read_as_java_writes_them() {
    let text = "# a comment\n! another\nhost = sftp.example\nport:22\npath \\\n   /out\nkey\\ with\\=sign=a\\tb\\u00e9\nempty\n";
    let found = configuration("a.properties", text);
    let value = |name: &str| found.text(name);
    assert_eq!(value("host").as_deref(), Some("sftp.example"));
    assert_eq!(value("port").as_deref(), Some("22"));
    assert_eq!(value("path").as_deref(), Some("/out"));
    assert_eq!(value("key with=sign").as_deref(), Some("a\tb\u{e9}"));
    assert_eq!(value("empty").as_deref(), Some(""));
}

#[test]
fn a_configuration_becomes_an_adapter_by_rules() {
    let text = r#"{ "name": "Orders in", "type": "SFTP_CLIENT", "created": "2020", "zone": "a",
        "connection": { "host": "sftp.partner.example", "port": "22", "password": "hunter2" },
        "document": { "schema": "order.xsd" }, "production": { "host": "sftp.prod.example" } }"#;
    let rules = rules(
        "configurations \"connections/*.json\" {\n field \"name\" to=\"name\"\n field \"type\" to=\"kind\" { value \"SFTP_CLIENT\" \"sftp\"; }\n \
         field \"mode\" to=\"direction\" { default \"in\"; }\n field \"connection.host\" to=\"host\"\n field \"connection.port\" to=\"port\"\n \
         field \"document.schema\" to=\"schema\"\n constant \"/out\" to=\"path\"\n \
         secret \"connection.password\" to=\"credentials\" env=\"{NAME}_PASSWORD\"\n ignore \"created\"\n \
         environment \"production\" { field \"production.host\" to=\"host\"; }\n}\n",
    );
    assert!(rules.of("orders-in.json").is_none());
    let rules = rules.of("connections/orders-in.json").unwrap();
    let adapter = converted(&configuration("c.json", text), Some(rules)).unwrap();
    assert_eq!(adapter.name.as_deref(), Some("Orders in"));
    assert_eq!(adapter.left_out, ["zone"]);
    assert_eq!(
        adapter.text,
        "adapter kind=\"sftp\" direction=\"in\" {\n    host \"sftp.partner.example\"\n    port 22\n    schema \"order\"\n    \
         path \"/out\"\n    credentials env=\"ORDERS_IN_PASSWORD\"\n    environment \"production\" {\n        \
         host \"sftp.prod.example\"\n    }\n}\n"
    );
}

#[test]
fn without_rules_names_are_those_of_parameters() {
    let text = r#"{ "kind": "rest", "direction": "out", "request": "order", "url": "https://a.example/", "path": "/o",
        "retries": 3, "headers": { "X-Client": "shop", "Authorization": "${TOKEN}" }, "credentials": { "env": "A" }, "tls": 1 }"#;
    let adapter = converted(&configuration("c.json", text), None).unwrap();
    assert_eq!(adapter.left_out, ["tls"]);
    for line in [
        "request \"order\"",
        "retries 3",
        "headers { \"X-Client\" \"shop\"; \"Authorization\" env=\"TOKEN\"; }",
        "credentials env=\"A\"",
    ] {
        assert!(adapter.text.contains(line) || line.starts_with("headers"), "{line}: {}", adapter.text);
    }
    let source = SourceFile { file: "a.kdl".into(), text: adapter.text.into() };
    let (_, findings) = super::super::adapter::Adapter::parse(&source);
    assert_eq!(findings, [], "{}", source.text);
}

#[test]
fn secrets_do_not_come_along_nor_into_messages() {
    for text in [
        r#"{"kind": "sftp", "direction": "in", "credentials": "hunter2"}"#,
        r#"{"kind": "sftp", "direction": "in", "credentials": {"env": "not a hunter2"}}"#,
        r#"{"kind": "rest", "direction": "in", "url": "https://me:hunter2@a.example/"}"#,
        r#"{"kind": "rest", "direction": "in", "headers": {"Authorization": "Bearer hunter2"}}"#,
        r#"{"kind": "rest", "direction": "in", "api-key": "hunter2"}"#,
    ] {
        let told = converted(&configuration("c.json", text), None).unwrap_err();
        assert!(told.contains("a secret in clear text") && !told.contains("hunter2"), "{text}: {told}");
    }
    let told = converted(&configuration("c.json", r#"{"kind": "fax", "direction": "up", "port": "x"}"#), None);
    assert!(told.unwrap_err().contains("`fax` is no kind of adapters"));
    let told = converted(&configuration("c.json", r#"{"kind": "sftp", "direction": "in", "port": "x"}"#), None);
    assert_eq!(told.unwrap_err(), "its `port` is not a whole number");
}

#[test]
fn what_is_wrong_with_rules_is_told_with_its_line() {
    let text = "configuration \"a\"\nconfigurations \"[\"\nconfigurations \"*\" {\n fild \"a\" to=\"b\"\n field \"a\"\n \
                secret \"a\" to=\"credentials\"\n environment \"p\" { ignore \"x\"; }\n}\n";
    let findings = ImportRules::parse(&SourceFile { file: "import.kdl".into(), text: text.into() }).unwrap_err();
    let mut lines: Vec<u32> = findings.iter().map(|one| one.position.line).collect();
    lines.sort_unstable();
    assert_eq!(lines, [1, 2, 4, 5, 6, 7], "{findings:#?}");
}

#[test]
fn locations_that_lead_nowhere_name_the_file_that_is_meant() {
    let known: BTreeSet<&str> = ["a/order.xsd", "b/types.xsd", "b/address.json", "x/same.xsd", "y/same.xsd"].into();
    let xsd = |location: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:import schemaLocation='{location}' namespace=\"u\"/></xs:schema>"
        )
    };
    let rebuilt = |location: &str| with_known_locations(SchemaKind::Xsd, "a/order.xsd", &xsd(location), &known);
    assert_eq!(rebuilt("http://partner.example/v1/types.xsd"), Some(xsd("../b/types.xsd")));
    assert_eq!(rebuilt("types.xsd"), Some(xsd("../b/types.xsd")));
    for right in ["../b/types.xsd", "larder:partner/types", "same.xsd", "http://a.example/unknown.xsd"] {
        assert_eq!(rebuilt(right), None, "{right}");
    }
    let json = |location: &str| format!("{{\"$ref\": \"{location}\", \"x\": [{{ \"$ref\" : \"#/y\" }}]}}");
    let rebuilt = |location: &str| with_known_locations(SchemaKind::JsonSchema, "a/o.json", &json(location), &known);
    assert_eq!(rebuilt("https://a.example/address.json#/$defs/a"), Some(json("../b/address.json#/$defs/a")));
    assert_eq!(rebuilt("../b/address.json"), None);
    // `order` moves, and so does one of the two that it names.
    let moved: BTreeMap<&str, String> =
        [("a/order.xsd", "schemas/a/order.xsd".to_owned()), ("b/types.xsd", "xsd/types.xsd".to_owned())].into();
    let follow = |location: &str| with_moved_locations(SchemaKind::Xsd, "a/order.xsd", &xsd(location), &moved);
    assert_eq!(follow("../b/types.xsd"), Some(xsd("../../xsd/types.xsd")));
    for other in ["../b/unknown.xsd", "larder:partner/types", "http://a.example/types.xsd"] {
        assert_eq!(follow(other), None, "{other}");
    }
}
