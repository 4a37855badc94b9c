//! Bodies: of manifests, as text, from hostile text.

use super::*;
use crate::manifest::{ManifestKind, parse};
use crate::model::mutation;

const MANIFEST: &str = r#"
package "orders-client" version="2.1.0+build.7" license="Apache-2.0" {
    description "What the shop knows of \"orders\""
    category "integrations"
    keywords "orders" "shop"
    status "deprecated" replaced-by="@acme/orders-2"
    origins "packages.acme.example"
    files "js/**"
    node "js"
    python "."
    bin "orders" "js/bin/orders.mjs"
    features { default "rest"; rest; soap "rest" { pypi "zeep" ">=4"; } }
}
dependencies {
    pypi "FastAPI[standard,All]" ">=0.115, <1" when="sys_platform == 'win32'"
    npm "zod" "^4" optional=#true
    npm "react-16" "npm:react@^16.14"
    npm "any"
    larder "money" "^1.2" when="sys_platform == 'linux'"
}
"#;

fn body(text: &str) -> Body {
    let manifest = parse("larder.kdl", text, ManifestKind::Package).unwrap();
    Body::of(&manifest, manifest.package.as_ref().unwrap(), TreeDigest([7; 32])).unwrap()
}

#[test]
fn one_body_has_one_text() {
    let text = body(MANIFEST).to_json();
    insta::assert_snapshot!(text.replace(",{", ",\n{").replace("\"features\":{\"default", "\n\"features\":{\"default"), @r#"
    {"name":"orders-client","version":"2.1.0+build.7","description":"What the shop knows of \"orders\"","license":"Apache-2.0","category":"integrations","keywords":["orders","shop"],"status":"deprecated","replaced-by":"@acme/orders-2","origins":["packages.acme.example"],"dependencies":[{"ecosystem":"larder","name":"money","range":"^1.2","when":"sys_platform == 'linux'"},
    {"ecosystem":"npm","name":"any","range":"*"},
    {"ecosystem":"npm","name":"react-16","range":"npm:react@^16.14"},
    {"ecosystem":"npm","name":"zod","range":"^4","optional":true},
    {"ecosystem":"pypi","name":"fastapi","range":">=0.115,<1","features":["all","standard"],"when":"sys_platform == 'win32'"}],
    "features":{"default":{"includes":["rest"]},"rest":{},"soap":{"includes":["rest"],"dependencies":[{"ecosystem":"pypi","name":"zeep","range":">=4"}]}},"node":"js","python":".","bin":{"orders":"js/bin/orders.mjs"},"tree":"0707070707070707070707070707070707070707070707070707070707070707"}
    "#);
    assert_eq!(Body::parse(&text).unwrap(), body(MANIFEST));
    let mut lines: Vec<&str> = MANIFEST.lines().collect();
    lines[14..19].reverse();
    assert_eq!(body(&lines.join("\n")).to_json(), text, "the order of lines does not count");
}

#[test]
fn a_small_body_is_a_short_text() {
    let text = body("package \"a\" version=\"1.0.0\"").to_json();
    assert_eq!(text, format!(r#"{{"name":"a","version":"1.0.0","tree":"{}"}}"#, "07".repeat(32)));
    assert_eq!(body("package \"@acme/a\" version=\"1.0.0\"").archive_name(), "a-1.0.0.tar.gz");
}

#[test]
fn what_only_the_checkout_knows_is_no_dependency_of_a_package() {
    let text = "package \"a\" version=\"1.0.0\" { features { x { path \"../b\" } } }\n\
                dependencies { npm \"g\" git=\"https://h/g.git\"; pypi \"p\" prereleases=\"allow\"; npm \"fine\" }";
    let manifest = parse("m", text, ManifestKind::Package).unwrap();
    let errors = Body::of(&manifest, manifest.package.as_ref().unwrap(), TreeDigest([0; 32])).unwrap_err().errors;
    let places: Vec<&str> = errors.iter().map(|error| &text[error.span().offset()..][..error.span().len()]).collect();
    assert_eq!(places, ["path \"../b\"", "npm \"g\" git=\"https://h/g.git\"", "pypi \"p\" prereleases=\"allow\""]);
}

#[test]
fn a_text_that_larder_would_not_write_is_refused() {
    let tree = "07".repeat(32);
    let text = |rest: &str| format!(r#"{{"name":"a","version":"1.0.0"{rest},"tree":"{tree}"}}"#);
    for (rest, reason) in [
        (r#","dependencies":[]"#, "not written as larder"),
        (r#", "node":"js""#, "not written as larder"),
        (r#","node":"js/""#, "not written as larder"),
        (r#","node":"../js""#, "has `..`"),
        (r#","node":"js","node":"js""#, "duplicate field"),
        (r#","nodes":"js""#, "unknown field"),
        (r#","status":"active""#, "not written as larder"),
        (r#","status":"gone""#, "it is not known"),
        (r#","status":"beta","replaced-by":"b""#, "it is not known"),
        (r#","features":{"x":{"includes":["y"]}}"#, "no such feature"),
        (r#","bin":{"../x":"a"}"#, "is not a name"),
        (r#","bin":{"x":"/a"}"#, "is absolute"),
        (r#","dependencies":[{"ecosystem":"npm","name":"b"},{"ecosystem":"npm","name":"a"}]"#, "not written as larder"),
        (
            r#","dependencies":[{"ecosystem":"npm","name":"a","range":"npm:b@1","features":["x"]}]"#,
            "not a package name",
        ),
        (r#","dependencies":[{"ecosystem":"path","name":"../a"}]"#, "is a path dependency"),
        (r#","dependencies":[{"ecosystem":"npm","name":"a","range":"https://h/a.tgz"}]"#, "is a URL dependency"),
        (r#","dependencies":[{"ecosystem":"larder","name":"A"}]"#, "upper case"),
    ] {
        let error = Body::parse(&text(rest)).expect_err(rest).to_string();
        assert!(error.contains(reason), "{rest}: {error}");
    }
    assert!(Body::parse(&text("")).is_ok());
    assert!(Body::parse(&text("").replace("1.0.0", "../1.0.0")).is_err());
    assert!(Body::parse(&text(&format!(r#","description":"{}""#, "x".repeat(60_000)))).is_err());
    for wrong in ["", "null", "[]", "{}", "\u{feff}{}"] {
        assert!(Body::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_mutated_text_is_the_same_body_or_refused() {
    let text = body(MANIFEST).to_json();
    mutation::few_of(&[&text], |mutated| {
        if let Ok(body) = Body::parse(mutated) {
            assert_eq!(body.to_json(), mutated);
        }
    });
}
