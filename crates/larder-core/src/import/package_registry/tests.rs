use super::*;
use crate::model::mutation;

const LIST: &str = r#"{"registry":"creatio","packages":[
        {"name":"UsrOrders","version":"1.4"}, {"name":"UsrBase","version":null}, {"name":"UsrApp","version":">=1, <2"},
        {"name":"left-pad","version":"1.3.0","registry":"npmjs"}, {"name":"react","version":"^18","registry":"npm"},
        {"name":"six","version":"1.16","registry":"pip"}, {"name":"fastapi","version":"latest","registry":"pypi"},
        {"name":"orders","version":"1.2.0","registry":"larder"}]}"#;

fn lines(text: &str) -> Vec<String> {
    package_registry(text).unwrap().lines.iter().map(ImportedLine::what).collect()
}

#[test]
fn versions_are_themselves_and_ranges_are_ranges() {
    assert_eq!(
        lines(LIST),
        [
            "creatio UsrOrders =1.4",
            "creatio UsrBase",
            "creatio UsrApp >=1, <2",
            "npm left-pad =1.3.0",
            "npm react ^18",
            "pypi six ==1.16",
            "pypi fastapi",
            "larder orders =1.2.0"
        ]
    );
    assert_eq!(lines("\u{feff}[{\"name\":\"a\",\"registry\":\"NPM\"}]"), ["npm a"]);
    mutation::of(&[LIST], |text| drop(package_registry(text)));
}

#[test]
fn what_cannot_be_taken_is_listed() {
    for (entry, what, why) in [
        ("{\"name\":\"a\",\"version\":\"1\"}", "package a", "names no `registry`"),
        ("{\"name\":\"a\",\"registry\":\"https://npm.acme.example/\"}", "package a", "is no kind of registry"),
        ("{\"name\":\"a\",\"registry\":\"path\"}", "package a", "is no kind of registry"),
        ("{\"version\":\"1\",\"registry\":\"npm\"}", "package 1", "no `name`"),
        ("{\"name\":7,\"registry\":\"npm\"}", "package 1", "`name` is no text"),
        ("\"a@1\"", "package 1", "no object"),
        ("{\"name\":\"a b\",\"registry\":\"npm\"}", "npm a b", ""),
        ("{\"name\":\"a\",\"version\":\"^^1\",\"registry\":\"pypi\"}", "pypi a ^^1", "PEP 440"),
    ] {
        let imported = package_registry(&format!("[{entry}]")).unwrap();
        let [left] = &imported.not_taken[..] else { panic!("{entry}: {imported:?}") };
        assert!(imported.lines.is_empty() && left.what == what && left.why.contains(why), "{entry}: {left:?}");
    }
    for text in ["7", "{}", "{\"packages\":{}}", "[", "[{]"] {
        let error = package_registry(text).unwrap_err().to_string();
        assert!(error.starts_with("package-registry.json cannot be read"), "{error}");
    }
}
