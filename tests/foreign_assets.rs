//! Assets of other tools: schemas by their content, configurations of adapters by a mapping file, all of it or nothing.

use crate::support::{Project, conforms};

/// A package, and beside it what another tool exported.
fn exported() -> Project {
    let project = Project::alone();
    project.write("larder.kdl", "package \"shop\" version=\"1.0.0\"\n");
    let types = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:t\"><xs:simpleType name=\"Id\"><xs:restriction base=\"xs:string\"/></xs:simpleType></xs:schema>\n";
    let order = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:t\" targetNamespace=\"urn:o\" elementFormDefault=\"qualified\">\n<xs:import namespace=\"urn:t\" schemaLocation=\"http://partner.example/v1/types.xsd\"/>\n<xs:element name=\"Order\"><xs:complexType><xs:sequence><xs:element name=\"Id\" type=\"t:Id\"/></xs:sequence></xs:complexType></xs:element></xs:schema>\n";
    project.write("old/common/types.xsd", types).write("old/order.txt", order);
    project.write("old/invoice.json", "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"type\": \"object\", \"required\": [\"number\"], \"properties\": {\"number\": {\"type\": \"string\"}}}\n");
    let sftp = r#"{"label": "Orders in", "type": "SFTP_CLIENT", "mode": "receive", "server": {"host": "sftp.partner.example", "port": "2222", "secret": "hunter2"}, "dir": "/out", "format": "../order.txt#Order", "owner": "me"}"#;
    project.write("old/connections/orders.json", sftp);
    project.write("old/connections/drop.properties", "type=FILE\nmode=send\ndir=/drop\nformat=invoice.json\n");
    project.write(
        "old/larder/flow.kdl",
        "flow \"intake\" {\n    from \"Orders-in\"\n    map \"to-invoice\"\n    to \"drop\"\n    on-error to=\"drop\"\n}\n",
    );
    project.write(
        "old/larder/to-invoice.kdl",
        "mapping from=\"order#Order\" to=\"invoice\" {\n    namespace \"o\" \"urn:o\"\n    field \"o:Id\" to=\"number\"\n    sample \"samples/a.xml\" expect=\"samples/a.json\"\n}\n",
    );
    project
        .write("old/samples/a.xml", "<Order xmlns=\"urn:o\"><Id>7</Id></Order>\n")
        .write("old/samples/a.json", "{\"number\": \"7\"}\n");
    project.write("old/readme.md", "hello\n");
    let rules = "configurations \"connections/*\" {\n    field \"label\" to=\"name\"\n    field \"type\" to=\"kind\" { value \"SFTP_CLIENT\" \"sftp\"; value \"FILE\" \"file\"; }\n    field \"mode\" to=\"direction\" { value \"receive\" \"in\"; value \"send\" \"out\"; }\n    field \"format\" to=\"schema\"\n    field \"dir\" to=\"path\"\n}\n";
    project.write("rules.kdl", rules);
    project
}

/// The rules that say where the password is to be.
fn with_secret(project: &Project) {
    let rules = project.read("rules.kdl").replace(
        "    field \"dir\"",
        "    field \"server.host\" to=\"host\"\n    field \"server.port\" to=\"port\"\n    secret \"server.secret\" to=\"credentials\" env=\"{NAME}_PASSWORD\"\n    field \"dir\"",
    );
    // Adapters of files have no host.
    let files = rules
        .replace("connections/*", "connections/*.properties")
        .lines()
        .filter(|line| !line.contains("server."))
        .collect::<Vec<_>>()
        .join("\n");
    project.write("rules.kdl", &format!("{}{files}\n", rules.replace("connections/*", "connections/*.json")));
}

#[test]
fn a_folder_of_another_tool_becomes_assets() {
    let project = exported();
    with_secret(&project);
    let told = project.run("larder import assets old --mapping rules.kdl --json").exits(0).json();
    conforms(&told, "import-assets");
    let ids: Vec<&str> =
        told["assets"].as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id")).collect();
    assert_eq!(
        ids,
        [
            "adapter:shop/Orders-in@1",
            "adapter:shop/drop@1",
            "flow:shop/intake@1",
            "mapping:shop/to-invoice@1",
            "schema:shop/invoice@1",
            "schema:shop/order.txt@1",
            "schema:shop/types@1"
        ],
        "{told:#}"
    );
    assert!(told.to_string().contains("`owner`") && !told.to_string().contains("hunter2"), "{told:#}");
    let adapter = project.read("adapters/Orders-in.kdl");
    for line in [
        "adapter kind=\"sftp\" direction=\"in\"",
        "port 2222",
        "credentials env=\"ORDERS_IN_PASSWORD\"",
        "schema \"order.txt#Order\"",
    ] {
        assert!(adapter.contains(line), "{line}: {adapter}");
    }
}

#[test]
fn references_are_rebuilt_and_the_result_is_clean() {
    let project = exported();
    with_secret(&project);
    let text = project.read("old/order.txt");
    std::fs::remove_file(project.path("old/order.txt")).expect("a file of ours");
    project.write("old/order.xsd", &text);
    let configuration = project.read("old/connections/orders.json").replace("order.txt", "order.xsd");
    project.write("old/connections/orders.json", &configuration);
    // Outside of the package, nothing of the other tool's is touched.
    std::fs::rename(project.path("old"), project.path("../old")).expect("a folder of ours");
    project.run("larder import assets ../old --mapping rules.kdl").exits(0);
    assert!(project.read("schemas/order.xsd").contains("schemaLocation=\"common/types.xsd\""));
    assert!(
        std::fs::read_to_string(project.path("../old/order.xsd")).expect("a file").contains("http://partner.example")
    );
    assert!(project.read("larder.kdl").contains("flow \"intake\" \"flows/intake.kdl\"\n"), "a draft");
    assert!(project.has("samples/a.xml") && project.has("mappings/to-invoice.kdl"));
    project.run("larder check").exits(0);
    let before = project.state();
    project.run("larder import assets ../old --mapping rules.kdl").exits(0);
    assert_eq!(project.state(), before, "the second time all is there");
}

#[test]
fn one_thing_that_is_wrong_keeps_all_out() {
    let project = exported();
    let before = project.state();
    // The password would come along, and there is no host.
    let rules = project.read("rules.kdl");
    project.write(
        "rules.kdl",
        &rules.replace("    field \"dir\"", "    field \"server.secret\" to=\"credentials\"\n    field \"dir\""),
    );
    let told = project.run("larder import assets old --mapping rules.kdl").exits(1).stderr;
    assert!(told.contains("a secret in clear text") && !told.contains("hunter2"), "{told}");
    project.write("rules.kdl", "configurations \"*\" {\n    feld \"a\" to=\"b\"\n}\n");
    project.run("larder import assets old --mapping rules.kdl").exits(2).names(["feld", "field"]);
    project.write("rules.kdl", &rules);
    project.run("larder import assets gone").exits(2).names(["gone"]);
    assert_eq!(project.state().len(), before.len());
    assert_eq!(project.read("larder.kdl"), "package \"shop\" version=\"1.0.0\"\n");
    // What is declared already, and says something else.
    with_secret(&project);
    project.write("larder.kdl", "package \"shop\" version=\"1.0.0\"\nassets { schema \"invoice\" \"mine.json\"; }\n");
    project.write("mine.json", "{\"type\": \"string\"}\n");
    project.run("larder import assets old --mapping rules.kdl").exits(1).names(["`invoice`"]);
    assert!(!project.has("adapters"));
    let nowhere = Project::alone();
    nowhere.write("larder.kdl", "project \"nothing\"\n").write("old/a.xsd", "<schema/>");
    nowhere.run("larder import assets old").exits(2).names(["in no package"]);
}

#[test]
fn secrets_of_native_files_and_of_samples_stay_outside() {
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    let adapter = "adapter kind=\"sftp\" direction=\"in\" {\n    schema \"invoice\"\n    host \"sftp.example\"\n    path \"/out\"\n    credentials \"hunter2\"\n}\n";
    for (file, text, place) in [
        ("old/a.kdl", adapter.to_owned(), "a.kdl:5"),
        ("old/a.kdl", adapter.replace("kind=\"sftp\"", "kind=\"sft\""), "a.kdl:1"),
        ("old/a.kdl", adapter.replace("    credentials", "    credentials env=\"A\"\n    // credentials"), "a.kdl:6"),
        (
            "old/m.kdl",
            "mapping from=\"order\" to=\"invoice\" {\n    constant \"hunter2\" to=\"password\"\n}\n".to_owned(),
            "m.kdl:2",
        ),
        ("old/samples/a.json", format!("{{\"number\": \"{token}\"}}\n"), "samples/a.json:1"),
    ] {
        let project = exported();
        with_secret(&project);
        project.write(file, &text);
        let before = project.state();
        let told = project.run("larder import assets old --mapping rules.kdl").exits(1).stderr;
        assert!(told.contains(place) && !told.contains("hunter2") && !told.contains(&token), "{place}: {told}");
        assert_eq!(project.state(), before);
    }
}

#[test]
fn samples_are_not_said_to_be_left_out() {
    let project = exported();
    with_secret(&project);
    std::os::unix::fs::symlink("readme.md", project.path("old/link.md")).expect("a link of ours");
    let told = project.run_json("larder import assets old --mapping rules.kdl --json");
    assert!(told["leftOut"].to_string().contains("link.md: it is a link"), "{told:#}");
    let left_out = told["leftOut"].to_string();
    assert!(!left_out.contains("samples/") && left_out.contains("readme.md"), "{left_out}");
}

#[test]
fn other_packages_and_installed_ones_are_passed_by() {
    let project = Project::alone();
    let schema = "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"type\": \"object\"}\n";
    project
        .write("larder.kdl", "project \"all\"\npackage \"root\" version=\"1.0.0\"\nmembers \"packages/*\"\n")
        .write("packages/one/larder.kdl", "package \"one\" version=\"1.0.0\"\n")
        .write("packages/one/theirs.schema.json", schema)
        .write("node_modules/x/installed.schema.json", schema)
        .write("schemas/ours.schema.json", schema);
    let told = project.run_json("larder import assets . --json");
    let assets = told["assets"].to_string();
    assert!(
        assets.contains("schema:root/ours") && !assets.contains("theirs") && !assets.contains("installed"),
        "{told:#}"
    );
    assert!(told["leftOut"].to_string().contains("packages/one: it is a package of its own"), "{told:#}");
}

#[test]
fn references_follow_what_gets_another_name_or_lies_elsewhere() {
    let project = Project::alone();
    let schema = |namespace: &str, content: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:t\" targetNamespace=\"{namespace}\">{content}</xs:schema>\n"
        )
    };
    let types = schema("urn:t", "<xs:simpleType name=\"Id\"><xs:restriction base=\"xs:string\"/></xs:simpleType>");
    let order = |namespace: &str| {
        let import = "<xs:import namespace=\"urn:t\" schemaLocation=\"../common/types.xsd\"/>";
        schema(namespace, &format!("{import}<xs:element name=\"Order\" type=\"t:Id\"/>"))
    };
    // The same types are in the package already, elsewhere; and there are two files of one name.
    project
        .write("pkg/larder.kdl", "package \"shop\" version=\"1.0.0\"\nassets { schema \"types\" \"xsd/types.xsd\"; }\n")
        .write("pkg/xsd/types.xsd", &types)
        .write("old/common/types.xsd", &types)
        .write("old/a/order.xsd", &order("urn:a"))
        .write("old/b/order.xsd", &order("urn:b"))
        .write(
            "old/a/in.kdl",
            "adapter kind=\"file\" direction=\"in\" {\n    schema \"order#Order\"\n    path \"/in\"\n}\n",
        )
        .write(
            "old/out.kdl",
            "adapter kind=\"file\" direction=\"out\" {\n    schema \"order#Order\"\n    path \"/out\"\n}\n",
        );
    let told = project.run_json("larder -C pkg import assets ../old --json");
    let adapter = project.read("pkg/adapters/in.kdl");
    assert!(adapter.contains("schema \"a-order#Order\""), "{adapter}");
    assert!(project.read("pkg/schemas/b/order.xsd").contains("schemaLocation=\"../../xsd/types.xsd\""), "{told:#}");
    // Which of two is meant, nobody knows.
    let found = told["findings"].as_array().expect("findings");
    assert!(found.len() == 1 && found[0]["file"] == "adapters/out.kdl", "{found:#?}");
    // The same again adds nothing.
    let again = project.run_json("larder -C pkg import assets ../old --json");
    assert!(again["assets"].as_array().expect("a list").iter().all(|one| one["new"] == false), "{again:#}");
}

#[test]
fn references_of_a_folder_in_the_package_follow_too() {
    let project = Project::alone();
    let schema = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"Order\" type=\"xs:string\"/></xs:schema>\n";
    let adapter = "/* Ж */ adapter kind=file direction=in { schema \"order#Order\"; path \"/in\"; }\n";
    project
        .write("pkg/larder.kdl", "package \"shop\" version=\"1.0.0\"\n")
        .write("pkg/in/a/order.xsd", schema)
        .write("pkg/in/b/order.xsd", schema)
        .write("pkg/in/a/read.kdl", adapter);
    let told = project.run_json("larder -C pkg import assets in --json");
    assert_eq!(told["findings"].as_array().map(Vec::len), Some(0), "{told:#}");
    assert!(project.read("pkg/adapters/read.kdl").contains("schema \"a-order#Order\""), "{told:#}");
    assert_eq!(project.read("pkg/in/a/read.kdl"), adapter);
}
