//! `package` nodes.

use super::{check, read};
use crate::manifest::dependencies::seen_as;
use crate::manifest::*;
use crate::model::PackageName;

const EXAMPLE: &str = r#"
package "orders-client" version="2.1.0" license="Apache-2.0" {
description "What the shop knows of orders"
category "integrations"
keywords "orders" "shop"
status "deprecated" replaced-by="orders-client-2"
origins "packages.acme.example"
files "js/**" "py/**" "!**/*.test.*"
node "js"
python "./py/"
bin "orders" "js/bin/orders.mjs"
features { default "rest"; rest; soap "rest" { pypi "zeep" ">=4"; } }
}
dependencies { npm "zod" "^4"; pypi "pydantic" ">=2,<3"; larder "money" "^1.2"; }
"#;

#[test]
fn a_package_is_read_whole() {
    let manifest = parse("m", EXAMPLE, ManifestKind::Package).unwrap();
    let package = manifest.package.as_ref().unwrap();
    assert_eq!((package.name.value.as_str(), package.version.value.to_string()), ("orders-client", "2.1.0".to_owned()));
    assert_eq!(package.category.as_ref().map(|category| category.value.as_str()), Some("integrations"));
    assert_eq!(package.status.replaced_by().map(PackageName::as_str), Some("orders-client-2"));
    assert_eq!(package.python.as_ref().map(|folder| &*folder.value), Some("py"));
    assert_eq!(package.bin[0].file.value.as_str(), "js/bin/orders.mjs");
    assert_eq!((package.files.len(), package.keywords.len(), package.features.len()), (3, 2, 3));
    assert_eq!(package.features[2].dependencies.len(), 1);
    assert_eq!(manifest.dependencies.len(), 3);
    assert_eq!(package.lines_of(["default".parse().unwrap()]).count(), 0, "soap is not among the default features");
    assert_eq!(manifest.identity().map(|(name, _)| name), Some("orders-client"));
}

#[test]
fn a_project_may_be_a_package_and_a_package_alone_needs_no_python() {
    let text = format!("project \"shop\"\nruntimes {{ node \"22\"; }}\nenvironment \"e\"\n{EXAMPLE}");
    assert!(parse("m", &text, ManifestKind::Package).unwrap().package.is_some());
    let errors = parse("m", &text, ManifestKind::Root).unwrap_err().errors;
    assert!(matches!(&errors[..], [ManifestError::NoPython { .. }, ManifestError::Undeclared { .. }]), "{errors:?}");
    let unknown = parse("m", "pakage \"a\"", ManifestKind::Package).unwrap_err();
    assert!(matches!(&unknown.errors[..], [ManifestError::UnknownNode { .. }]));
}

#[test]
fn default_features_bring_what_they_turn_on() {
    let package = |features: &str| {
        let manifest = read(&format!("package \"a\" version=\"1.0.0\" {{ features {{ {features} }} }}"));
        manifest
            .package
            .unwrap()
            .lines_of(["default".parse().unwrap()])
            .map(|line| seen_as(line).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        package("default \"x\"; x \"y\" { npm \"one\" }; y \"x\" { npm \"two\" }; z { npm \"three\" }"),
        ["one", "two"]
    );
    assert!(package("x { npm \"one\" }").is_empty());
}

#[test]
fn what_is_wrong_with_a_package_is_underlined() {
    check("package \"a\"", &[("missing", "package \"a\"")]);
    check("package \"Orders\" version=\"1\"", &[("bad_name", "\"Orders\""), ("bad_value", "\"1\"")]);
    check("package \"a\" version=1.0", &[("unquoted_version", "1.0")]);
    let inside = |text: &str, faults: &[(&str, &str)]| {
        check(&format!("package \"a\" version=\"1.0.0\" {{\n{text}\n}}"), faults);
    };
    inside("descripton \"x\"", &[("unknown_node", "descripton")]);
    inside(
        "node \"../js\"; python \"/py\"; bin \"x\" \"a\\\\b\"",
        &[("bad_value", "\"../js\""), ("bad_value", "\"/py\""), ("bad_value", "\"a\\\\b\"")],
    );
    inside("status \"beat\"", &[("unknown_value", "\"beat\"")]);
    inside("status \"beta\" replaced-by=\"b\"", &[("bad_value", "\"b\"")]);
    inside(
        "files \"../x\" \"a[\" \"/x\"",
        &[("bad_value", "\"../x\""), ("bad_value", "\"a[\""), ("bad_value", "\"/x\"")],
    );
    inside("features { default \"rst\"; rest; rest; }", &[("undeclared", "\"rst\""), ("repeated", "rest")]);
    inside("features { default { npm \"a\" \"^1\"; npm \"a\" \"^2\"; } }", &[("repeated", "npm \"a\" \"^2\"")]);
    inside("bin \"x\" \"a\"; bin \"X\" \"b\"", &[("repeated", "\"X\"")]);
    inside(
        "description \"a\\nb\"; keywords \"a b\" \"c\" \"c\"",
        &[("bad_value", "\"a\\nb\""), ("bad_value", "\"a b\""), ("bad_value", "\"c\"")],
    );
    check("order \"a\" \"b\" \"a\"", &[("repeated", "\"a\"")]);
    check(
        "registries { larder \"r\" \"r/\" }\ndependencies { larder \"a_b\" \"^1\"; larder \"a-b\" \"^1\"; }",
        &[("repeated", "larder \"a-b\" \"^1\"")],
    );
}
