//! What a new version takes away from those who use a private package.

use crate::support::{PrivateRegistry, conforms};

const INDEX: &str = "exports.a = 1\n";

fn manifest(version: &str, rest: &str) -> String {
    format!("package \"orders\" version=\"{version}\" {{\n    node \"js\"\n    python \"py\"\n    {rest}\n}}\n")
}

const ALL: &str = "bin \"orders\" \"js/cli.js\"\n    features { default \"rest\"; rest; soap; }";

/// A registry that has version 1.0.0 and, in the author's folder, another version of which parts are gone.
fn registry(version: &str, rest: &str, exports: &str, python: &str) -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    let (first, next) = (manifest("1.0.0", ALL), manifest(version, rest));
    let package = |exports: &str| format!("{{\"name\": \"orders\", \"exports\": {{{exports}}}}}");
    let (all, left) = (package("\".\": \"./index.js\", \"./api\": \"./api.js\""), package(exports));
    packages.publish(&[
        ("larder.kdl", &first),
        ("js/package.json", &all),
        ("js/index.js", INDEX),
        ("js/api.js", ""),
        ("js/cli.js", ""),
        ("py/acme_orders/__init__.py", "LIMIT = 3\ndef order(): ...\n"),
        ("py/acme_orders/old.py", ""),
    ]);
    let author = packages.author();
    std::fs::remove_file(author.path("package/py/acme_orders/old.py")).expect("a file of ours");
    author.write("package/larder.kdl", &next).write("package/js/package.json", &left);
    author.write("package/py/acme_orders/__init__.py", python);
    packages
}

#[test]
fn a_patch_or_minor_version_that_takes_something_away_is_refused() {
    let packages = registry("1.1.0", "features { default \"rest\"; rest; }", "\".\": \"./index.js\"", "LIMIT = 3\n");
    let author = packages.author();
    let gone = [
        "1.1.0 takes away what 1.0.0 has",
        "`./api` of package.json",
        "module `acme_orders.old`",
        "`order` of the Python module `acme_orders`",
        "feature `soap`",
        "executable `orders`",
        "--allow-breaking",
    ];
    for command in [
        "publish --registry ../packages",
        "publish --registry ../packages --dry-run",
        "check --against latest --registry ../packages",
    ] {
        author.run(&format!("larder -C package {command}")).exits(1).names(gone);
    }
    author.run("larder -C package publish --registry ../packages --allow-breaking").exits(0);
    // That is what the next one has to keep now.
    author.write("package/larder.kdl", &manifest("1.2.0", "features { default \"rest\"; rest; }"));
    let checked = author.run_json("larder -C package check --against latest --registry ../packages --json");
    conforms(&checked, "check");
    assert_eq!(
        (&checked["comparison"]["against"], checked["comparison"]["removed"].as_array().map(Vec::len)),
        (&"1.1.0".into(), Some(0))
    );
    author.run("larder -C package check --against 1.0.0 --registry ../packages").exits(1).names(["what 1.0.0 has"]);
    author.run("larder -C package check --against 1.0.9 --registry ../packages").exits(2).names(["newest is 1.1.0"]);
    author.run("larder -C package check --against nonsense").exits(2);
    author.run("larder -C package publish --registry ../packages").exits(0);
}

#[test]
fn another_major_version_may_take_away_and_a_backport_is_compared_with_its_own() {
    let packages = registry("2.0.0", "", "\".\": \"./index.js\"", "");
    let author = packages.author();
    author.run("larder -C package check --against latest --registry ../packages").exits(0).names(["has no longer"]);
    author.run("larder -C package publish --registry ../packages").exits(0);
    author.write("package/larder.kdl", &manifest("1.0.1", ALL));
    // Both compare with the same version.
    for command in ["publish", "check --against latest"] {
        author.run(&format!("larder -C package {command} --registry ../packages")).exits(1).names(["what 1.0.0 has"]);
    }
    author.write("package/larder.kdl", &manifest("1.1.0-rc.1", ALL));
    author.run("larder -C package publish --registry ../packages").exits(0);
    packages.run("larder yank orders@1.0.0 --registry packages");
    author.write("package/larder.kdl", &manifest("1.0.1", ALL));
    author.run("larder -C package publish --registry ../packages").exits(0);
}

#[test]
fn the_published_archive_is_the_one_that_was_published() {
    let packages =
        registry("1.1.0", ALL, "\".\": \"./index.js\", \"./api\": \"./api.js\"", "LIMIT = 1\ndef order(): ...\n");
    let author = packages.author();
    author.write("package/py/acme_orders/old.py", "");
    let archive = packages.path("artifacts/orders/orders-1.0.0.tar.gz");
    let mut bytes = std::fs::read(&archive).expect("an archive");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&archive, &bytes).expect("an archive of ours");
    author.run("larder -C package publish --registry ../packages").exits(4).names(["orders-1.0.0.tar.gz"]);
    bytes[middle] ^= 1;
    std::fs::write(&archive, &bytes).expect("an archive of ours");
    author.run("larder -C package publish --registry ../packages").exits(0);
}

#[test]
fn check_asks_the_registry_of_the_project_where_registries_are_asked() {
    let packages = registry("1.0.1", ALL, "\".\": \"./index.js\"", "LIMIT = 1\ndef order(): ...\n");
    let author = packages.author();
    let text = format!("{}registries {{\n{}}}\n", manifest("1.0.1", ALL), packages.line());
    author.write("package/larder.kdl", &text);
    author.run("larder -C package check").exits(0);
    author.run("larder -C package check --online").exits(1).names(["`./api`", "acme_orders.old"]);
}

#[test]
fn a_half_without_a_package_json_exports_its_index() {
    let packages = PrivateRegistry::new();
    let manifest = |version: &str| format!("package \"orders\" version=\"{version}\" {{ node \"js\"; }}\n");
    packages.publish(&[
        ("larder.kdl", &manifest("1.0.0")),
        ("js/package.json", "{\"name\": \"orders\", \"main\": \"index.js\"}"),
        ("js/index.js", INDEX),
    ]);
    let author = packages.author();
    author.write("package/larder.kdl", &manifest("1.1.0"));
    std::fs::remove_file(author.path("package/js/package.json")).expect("a file of ours");
    author.run("larder -C package check --against latest --registry ../packages").exits(0);
}

/// A package with a schema that imports one of another package, an adapter and a flow.
fn with_assets(version: &str, assets: &str, registries: &str) -> String {
    format!(
        "package \"orders\" version=\"{version}\"\ndependencies {{\n    larder \"partner\" \"^1\"\n}}\n{registries}\nassets {{\n{assets}\n}}\n"
    )
}

const ASSETS: &str = "schema \"order\" \"order.xsd\"\nschema \"note\" \"note.json\"\nadapter \"in\" \"in.kdl\"\nadapter \"out\" \"out.kdl\"";
const ORDER: &str = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:p=\"urn:p\" targetNamespace=\"urn:o\">\n\
    <xs:import namespace=\"urn:p\" schemaLocation=\"larder:partner/party\"/>\n\
    <xs:element name=\"Order\"><xs:complexType><xs:sequence>\n<xs:element ref=\"p:Party\"/>\n\
    <xs:element name=\"no\" type=\"xs:decimal\"/>\n</xs:sequence></xs:complexType></xs:element>\n</xs:schema>\n";
const PARTY: &str = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:p\">\
    <xs:element name=\"Party\" type=\"xs:string\"/></xs:schema>\n";
const IN: &str = "adapter kind=\"sftp\" direction=\"in\" {\n    schema \"order#Order\"\n    host \"a.example\"\n    path \"/in\"\n    \
    pattern \"*.xml\"\n    credentials env=\"A\"\n}\n";

#[test]
fn assets_that_who_uses_them_relies_on_are_kept() {
    let packages = PrivateRegistry::new();
    let partner = "package \"partner\" version=\"1.0.0\"\nassets { schema \"party\" \"party.xsd\"; }\n";
    packages.publish(&[("larder.kdl", partner), ("party.xsd", PARTY)]);
    let registries = format!("registries {{\n{}}}", packages.line());
    let out = IN.replace("\"in\"", "\"out\"");
    let note = "{\"type\": \"object\", \"properties\": {\"text\": {\"type\": \"string\"}}}\n";
    let files = [
        ("larder.kdl", &*with_assets("1.0.0", ASSETS, &registries)),
        ("order.xsd", ORDER),
        ("note.json", note),
        ("in.kdl", IN),
        ("out.kdl", &*out),
    ];
    let author = packages.author();
    for (path, text) in files {
        author.write(&format!("package/{path}"), text);
    }
    author.run("larder -C package lock").exits(0);
    author.run("larder -C package fetch").exits(0);
    author.run("larder -C package check").exits(0);
    author.run("larder -C package publish --registry ../packages").exits(0);
    let breaking = [
        (
            "order.xsd",
            ORDER.replace("name=\"no\" type=\"xs:decimal\"", "name=\"no\" type=\"xs:int\""),
            "schema `order@1` at /Order/no",
        ),
        (
            "order.xsd",
            ORDER.replace("</xs:sequence>", "<xs:element name=\"b\"/></xs:sequence>"),
            "schema `order@1` at /Order/b",
        ),
        ("order.xsd", ORDER.replace("<xs:element ref=\"p:Party\"/>\n", ""), "schema `order@1` at /Order/Party"),
        ("note.json", note.replace("}}\n", "}, \"required\": [\"text\"]}\n"), "schema `note@1` at /text"),
        ("in.kdl", IN.replace("    pattern \"*.xml\"\n", ""), "adapter `in@1` at pattern: the parameter is gone"),
        ("in.kdl", IN.replace("env=\"A\"", "env=\"B\""), "adapter `in@1` at credentials: it needs env=\"B\" now"),
        (
            "larder.kdl",
            with_assets("1.1.0", &ASSETS.replace("adapter \"out\" \"out.kdl\"", ""), &registries),
            "adapter `out@1`",
        ),
    ];
    for (path, text, told) in &breaking {
        for version in ["1.0.1", "1.1.0"] {
            author.write("package/larder.kdl", &with_assets(version, ASSETS, &registries));
            author.write(&format!("package/{path}"), &text.replace("1.1.0", version));
            let refused = author.run("larder -C package publish --registry ../packages --dry-run").exits(1);
            refused.names(["takes away what 1.0.0 has", told, "--allow-breaking"]);
        }
        let major = author.read("package/larder.kdl").replace("1.1.0", "2.0.0");
        author.write("package/larder.kdl", &major);
        author.run("larder -C package publish --registry ../packages --dry-run").exits(0);
        for (path, text) in files {
            author.write(&format!("package/{path}"), text);
        }
    }
    // More than before is minor, and so is a version beside the older one; what did not change needs nobody who can read it.
    author.write("package/order.xsd", &ORDER.replace("type=\"xs:decimal\"", "type=\"xs:decimal\" minOccurs=\"0\""));
    author.write(
        "package/larder.kdl",
        &with_assets("1.1.0", &format!("{ASSETS}\nschema \"note\" \"note-2.json\" version=\"2\""), &registries),
    );
    author.write("package/note-2.json", "{\"type\": \"object\", \"required\": [\"text\"]}\n");
    let checked = author.run_json("larder -C package check --against latest --registry ../packages --json");
    conforms(&checked, "check");
    let changes = &checked["comparison"]["assets"];
    assert_eq!(
        (changes.as_array().map(Vec::len), &changes[0]["level"], &changes[0]["path"]),
        (Some(1), &"minor".into(), &"/Order/no".into()),
        "{changes:#}"
    );
    author.run("larder -C package publish --registry ../packages").exits(0);
    author.write("package/note.json", &note.replace("}}\n", "}, \"required\": [\"text\"]}\n"));
    author.write("package/larder.kdl", &with_assets("2.0.0", ASSETS, &registries));
    author.run("larder -C package publish --registry ../packages").exits(0);
}
