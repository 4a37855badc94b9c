//! Private packages with a Node half and a Python half.

use super::output;
use super::python::interpreter;
use crate::fs;
use crate::model::Ecosystem;
use crate::profile::ProfileError;
use crate::profile::fixture::Fixture;

const ORDERS: &str = r#"package "orders" version="2.0.0" {
    node "js"
    python "py"
    bin "orders" "js/cli.js"
}
"#;

/// `orders` needs `money`, which both have two halves, and an npm package; `money` is in an older version as well.
fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.interpreter = interpreter();
    let money = |version: &str| format!("package \"@acme/money\" version=\"{version}\" {{\n    node \".\"\n}}\n");
    fixture
        .private(
            "orders@2.0.0",
            &[
                ("larder.kdl", ORDERS),
                ("js/cli.js", "#!/usr/bin/env node\nconsole.log('cli', require('./index.js'))"),
                ("js/index.js", "module.exports = `orders ${require('@acme/money')} ${require('zod')}`"),
                ("py/acme/orders/__init__.py", "NAME = 'orders'\n"),
                ("py/acme/orders/data.txt", "data"),
                ("py/plain.py", "NAME = 'plain'\n"),
            ],
        )
        .private("@acme/money@2.0.0", &[("larder.kdl", &money("2.0.0")), ("index.js", "module.exports = 'money 2'")])
        .private("@acme/money@1.0.0", &[("larder.kdl", &money("1.0.0")), ("index.js", "module.exports = 'money 1'")])
        .npm("zod@4.0.0", &[("index.js", "module.exports = 'zod'")])
        .wheel(
            "plain@1.0",
            &[
                ("plain.py", "NAME = 'the wheel'\n"),
                ("plainer.py", "NAME = 'plainer'\n"),
                ("plain-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n"),
                ("plain-1.0.dist-info/RECORD", "plain.py,,\nplainer.py,,\nplain-1.0.dist-info/RECORD,,\n"),
            ],
        )
        .private_edge("orders@2.0.0", Ecosystem::Larder, "@acme/money", "@acme/money@2.0.0")
        .private_edge("orders@2.0.0", Ecosystem::Npm, "zod", "zod@4.0.0")
        .root_private("orders", "orders@2.0.0")
        .root_private("@acme/money", "@acme/money@1.0.0")
        .root_wheel("plain@1.0");
    fixture
}

#[test]
fn both_halves_are_seen_and_each_dependent_has_its_own_version() {
    let fixture = shop();
    if fixture.interpreter.is_none() {
        return;
    }
    let built = fixture.sync();
    let root = &fixture.root;
    if let Some(said) = output(root, "node", &["-p", "require('orders') + ', ' + require('@acme/money')"]) {
        assert_eq!(said, "orders money 2 zod, money 1");
        assert_eq!(
            output(root, root.join(".larder/active/bin/orders").to_str().unwrap(), &[]).unwrap(),
            "cli orders money 2 zod"
        );
    }
    let python = root.join(".venv/bin/python");
    let program = "import acme.orders, plain, plainer, importlib.metadata as m; \
                   print(acme.orders.NAME, plain.NAME, plainer.NAME, m.version('orders'))";
    assert_eq!(output(root, python.to_str().unwrap(), &["-c", program]).unwrap(), "orders plain plainer 2.0.0");
    let text = |path: &str| fs::read_to_string(&root.join(".larder/active/packages").join(path)).unwrap();
    assert_eq!(text("@acme/money/index.js"), "module.exports = 'money 1'");
    assert_eq!(text("orders/larder.kdl"), ORDERS);
    // What gives way is told once, and is no damage.
    let told: Vec<_> = built.warnings.iter().filter(|warning| warning.contains("modules")).collect();
    assert_eq!(told.len(), 1, "{:?}", built.warnings);
    assert!(told[0].contains("pypi:plain@1.0 installs") && told[0].contains("larder:orders"), "{}", told[0]);
    assert_eq!(fixture.verify(), Vec::<String>::new());
    assert!(!fixture.sync().is_new);
}

#[test]
fn what_is_changed_in_a_private_package_is_damage() {
    let fixture = shop();
    if fixture.interpreter.is_none() {
        return;
    }
    fixture.sync();
    let file = fixture.root.join(".larder/active/packages/orders/py/plain.py");
    super::overwrite(&fs::canonicalize(&file).unwrap(), "NAME = 'evil'\n");
    let damage = fixture.verify();
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert!(damage[0].contains("orders"), "{damage:?}");
    let link = fixture
        .root
        .join(".venv/lib")
        .join(fixture.interpreter.as_ref().unwrap().library())
        .join("site-packages/plain.py");
    fs::remove_file(&link).unwrap();
    assert_eq!(fixture.verify().len(), 2);
}

#[test]
fn two_private_packages_cannot_have_one_module() {
    let mut fixture = shop();
    if fixture.interpreter.is_none() {
        return;
    }
    fixture
        .private(
            "other@1.0.0",
            &[("larder.kdl", "package \"other\" version=\"1.0.0\" { python \".\"; }"), ("plain/__init__.py", "")],
        )
        .root_private("other", "other@1.0.0");
    let error = fixture.build().unwrap_err();
    assert!(matches!(error, ProfileError::ClaimedTwice { .. }), "{error}");
}

#[test]
fn a_package_that_is_not_what_it_says_is_refused() {
    for (manifest, expected) in [
        ("package \"bad\" version=\"1.0.0\" { node \"js\"; }", "no such folder"),
        ("package \"bad\" version=\"1.0.0\" { bin \"x\" \"x.js\"; }", "no such file"),
        ("project \"bad\"", "has no `package`"),
        ("package {", "bad"),
    ] {
        let mut fixture = Fixture::new();
        fixture.private("bad@1.0.0", &[("larder.kdl", manifest)]).root_private("bad", "bad@1.0.0");
        let error = fixture.try_layout().unwrap_err();
        assert!(matches!(error, ProfileError::BadPrivatePackage { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
