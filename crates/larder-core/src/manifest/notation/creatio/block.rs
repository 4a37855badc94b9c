//! The `creatio` block: the instance of the platform that Creatio packages are for.
//!
//! ```kdl
//! creatio platform="8.1.3" {
//!     provides "CrtCore" "CrtBase"
//!     provides "CrtOrders" version="1.5"
//!     provides from="instance-packages.json"
//!     constraints "minimum"
//! }
//! ```

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};
use serde_json::Value;

use crate::diagnostic::{Exit, Failure};
use crate::manifest::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue, UniqueNodes};
use crate::manifest::{ManifestError, Spanned};
use crate::model::{CreatioVersion, Ecosystem, EntryPath, PackageName, Settings, StatedVersions, TargetInstance, Uid};

/// Reads the block. Returns the lists that are files: `provides from=`, relative to the root.
pub(super) fn read(
    node: ManifestNode<'_>,
    instance: &mut TargetInstance,
    errors: &mut Errors,
) -> Vec<Spanned<EntryPath>> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &["platform"],
        block: BlockRule::Maybe,
        example: "creatio platform=\"8.1.3\" { … }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    instance.platform = parts.property("platform").and_then(|value| read_platform(value, errors));
    let (mut lists, mut once) = (Vec::new(), UniqueNodes::default());
    let mut named: Vec<(PackageName, SourceSpan)> = Vec::new();
    for child in node.children() {
        match child.name() {
            "provides" => lists.extend(read_provides(child, instance, &mut named, errors)),
            "constraints" => {
                once.check(child, errors);
                let choices = [("any", StatedVersions::Any), ("minimum", StatedVersions::Minimum)];
                let choice = child.single_value(errors).and_then(|value| value.choice(&choices, errors));
                instance.stated_versions = choice.unwrap_or_default();
            }
            _ => child.report_unknown("in `creatio`", &["provides", "constraints"], errors),
        }
    }
    lists
}

/// Reads `provides`: names, a name with its version, or a file.
fn read_provides(
    node: ManifestNode<'_>,
    instance: &mut TargetInstance,
    named: &mut Vec<(PackageName, SourceSpan)>,
    errors: &mut Errors,
) -> Option<Spanned<EntryPath>> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, usize::MAX),
        properties: &["version", "from"],
        block: BlockRule::Never,
        example: "provides \"CrtCore\" \"CrtBase\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let version = parts.property("version").and_then(|value| read_version(value, errors));
    let from = parts.property("from").and_then(|value| read_file(value, errors));
    let unexpected = |what: &'static str, help: &str| ManifestError::Unexpected {
        node: "provides".to_owned(),
        what,
        help: Some(help.to_owned()),
        span: node.head_span(),
    };
    match (parts.arguments.len(), parts.property("version"), parts.property("from")) {
        (0, None, None) => {
            errors.push(node.missing_error("a name or a file", Some(format!("it is written `{}`", SHAPE.example))));
        }
        (0, None, Some(_)) | (1, _, None) | (_, None, None) => {}
        (_, _, Some(_)) => errors.push(unexpected("name or version beside `from=`", "give the file a line of its own")),
        (_, Some(_), None) => errors.push(unexpected(
            "version of other than one package",
            "give each package with a version a line of its own",
        )),
    }
    for value in parts.arguments {
        let Some(text) = value.string(errors) else { continue };
        match PackageName::parse(Ecosystem::CREATIO, text.value) {
            Err(error) => {
                errors.push(ManifestError::BadName { reason: error.to_string(), help: None, span: text.span });
            }
            Ok(name) => {
                if let Some((_, first)) = named.iter().find(|(known, _)| *known == name) {
                    errors.push(ManifestError::Repeated {
                        what: format!("`{name}`"),
                        help: Some("keep one of them".to_owned()),
                        span: text.span,
                        first: *first,
                    });
                    continue;
                }
                named.push((name.clone(), text.span));
                instance.provided.insert(name, version.clone());
            }
        }
    }
    from
}

/// Reads the version of the platform, which others are compared with: it is made of numbers.
fn read_platform(value: NodeValue<'_>, errors: &mut Errors) -> Option<CreatioVersion> {
    let parse = |text: &str| match CreatioVersion::parse(text)? {
        version if version.is_numeric() => Ok(version),
        _ => Err("nothing is before or after what is not made of numbers".to_owned()),
    };
    read_parsed(value, parse, errors)
}

fn read_version(value: NodeValue<'_>, errors: &mut Errors) -> Option<CreatioVersion> {
    read_parsed(value, CreatioVersion::parse, errors)
}

fn read_parsed(
    value: NodeValue<'_>,
    parse: impl Fn(&str) -> Result<CreatioVersion, String>,
    errors: &mut Errors,
) -> Option<CreatioVersion> {
    let text = value.version(errors)?;
    match parse(text.value) {
        Ok(version) => Some(version),
        Err(reason) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a version",
                reason,
                help: Some("versions are up to four numbers, like \"8.1.3\"".to_owned()),
                span: text.span,
            });
            None
        }
    }
}

fn read_file(value: NodeValue<'_>, errors: &mut Errors) -> Option<Spanned<EntryPath>> {
    let text = value.string(errors)?;
    match EntryPath::parse(text.value) {
        Ok(path) => Some(Spanned { value: path, span: text.span }),
        Err(reason) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a file of the project",
                reason: format!("it {reason}"),
                help: None,
                span: text.span,
            });
            None
        }
    }
}

/// A list of what an instance has that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{reason}")]
#[diagnostic(
    code(larder::creatio::provided),
    help("a list is JSON: the names of the instance's packages, or objects with a `Name` and a `PackageVersion`")
)]
pub struct ProvidedListError {
    /// The manifest.
    #[source_code]
    pub source_code: NamedSource<Arc<str>>,
    /// Where the manifest names the list.
    #[label("named here")]
    pub span: SourceSpan,
    /// What is wrong, as a sentence.
    pub reason: String,
}

impl Failure for ProvidedListError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Adds the packages of a list that an instance exported: names, or objects with a `Name`, a `PackageVersion` or `Version`, and a
/// `UId`; one that is none says nothing. What the manifest itself says of a package comes first.
///
/// # Errors
/// What is wrong with the list, as the end of a sentence.
pub fn add_provided(settings: &mut Settings, list: &[u8]) -> Result<(), String> {
    let text = list.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(list);
    let items: Vec<Value> = serde_json::from_slice(text).map_err(|error| format!("is no list of packages: {error}"))?;
    for item in items {
        let field = |key: &str| item.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let name =
            item.as_str().or_else(|| field("Name")).ok_or("lists something that is neither a name nor has a `Name`")?;
        let name =
            PackageName::parse(Ecosystem::CREATIO, name).map_err(|error| format!("lists a wrong name: {error}"))?;
        let version = field("PackageVersion").or_else(|| field("Version")).map(CreatioVersion::parse).transpose();
        let version = version.map_err(|reason| format!("lists a wrong version of {name}: {reason}"))?;
        if let Some(uid) = field("UId").and_then(|text| text.parse::<Uid>().ok()) {
            settings.provided_uids.entry(name.clone()).or_insert(uid);
        }
        settings.instance.provided.entry(name).or_insert(version);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{self, Manifest, ManifestKind};

    fn parse(text: &str) -> Result<Manifest, String> {
        manifest::parse("larder.kdl", text, ManifestKind::Root)
            .map_err(|errors| errors.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn a_manifest_says_what_the_instance_provides() {
        let text = "registries {\n    creatio \"local\" \"vendor/\"\n}\ncreatio platform=\"8.1.3\" {\n    provides \"CrtCore\" \"CrtBase\"\n    provides \"CrtOrders\" version=\"1.5\"\n    \
                    provides from=\"instance/packages.json\"\n    constraints \"minimum\"\n}\n\
                    dependencies {\n    creatio \"UsrOrders\" \">=1.4\"\n    creatio \"MrktApolloApp\" marketplace=21874\n}\n";
        let manifest = parse(text).unwrap();
        let instance = &manifest.settings.instance;
        let lines = [
            "platform 8.1.3",
            "constraints minimum",
            "provides CrtBase",
            "provides CrtCore",
            "provides CrtOrders 1.5.0",
        ];
        assert_eq!(instance.lines(), lines);
        assert_eq!(manifest.provided_lists[0].value.as_str(), "instance/packages.json");
        let ranges: Vec<String> = manifest
            .dependencies
            .iter()
            .map(|line| match &line.spec {
                manifest::DependencySpec::Package(requirement) => requirement.range_text(),
                manifest::DependencySpec::Folder(_) => unreachable!("no line has a folder"),
            })
            .collect();
        assert_eq!(ranges, [">=1.4", "marketplace:21874"]);
    }

    #[test]
    fn what_cannot_be_of_an_instance_is_named() {
        let block = |inside: &str| parse(&format!("creatio {{\n    {inside}\n}}\n")).unwrap_err();
        for (inside, reason) in [
            ("provides", "a name or a file"),
            ("provides \"a-b\"", "not a name of a Creatio package"),
            ("provides \"A\" \"B\" version=\"1\"", "version of other than one package"),
            ("provides \"A\" version=\"1/2\"", "not a version"),
            ("provides \"A\" from=\"x.json\"", "beside `from=`"),
            ("provides from=\"../x.json\"", "has `..` in its path"),
            ("provides \"A\"\n    provides \"a\"", "`a`"),
            ("constraints \"exact\"", "exact"),
            ("provide \"A\"", "provide"),
        ] {
            let error = block(inside);
            assert!(error.contains(reason), "{inside}: {error}");
        }
        for (line, reason) in [
            ("creatio \"A\" \"^1\"", "not a range"),
            ("creatio \"A\" \">=1\" marketplace=7", "marketplace"),
            ("creatio \"A\" marketplace=0", "must lie between 1 and 4294967295"),
            ("creatio \"A\" marketplace=\"7\"", "whole number"),
            ("npm \"a\" marketplace=7", "marketplace"),
            ("creatio \"A\"\n    creatio \"a\"", "creatio dependency"),
            (
                "creatio \"A\" marketplace=1\n}\ngroup \"test\" {\n    creatio \"a\" marketplace=2",
                "`marketplace=2` is not the application that this package comes from: another line has it from application 1",
            ),
        ] {
            let error = parse(&format!("dependencies {{\n    {line}\n}}\n")).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
        let error = parse("creatio platform=\"eight\"\n").unwrap_err();
        assert!(error.contains("not made of numbers"), "{error}");
        let wrong = "creatio {\n    provides \"CrtOrders\" version=\"1.5\"\n}\ndependencies {\n    creatio \"CrtOrders\" \">=1.6\"\n}\n";
        assert!(parse(wrong).unwrap_err().contains("1.5.0"));
    }

    #[test]
    fn lists_of_an_instance_are_names_or_objects() {
        let mut settings = Settings::default();
        settings.instance.read_line("provides CrtOrders 2.0").unwrap();
        let list = r#"["CrtCore", {"Name":"CrtBase","PackageVersion":"7.8.0","UId":"06D9EF10-aaaa-4bbb-8ccc-000000000000"}, {"Name":"crtorders","Version":"1"}, {"Name":"X","Version":"","UId":"x"}]"#;
        add_provided(&mut settings, list.as_bytes()).unwrap();
        let uids: Vec<String> = settings.provided_uids.iter().map(|(name, uid)| format!("{name} {uid}")).collect();
        assert_eq!(uids, ["CrtBase 06d9ef10-aaaa-4bbb-8ccc-000000000000"]);
        assert_eq!(
            settings.instance.lines(),
            ["provides CrtBase 7.8.0", "provides CrtCore", "provides CrtOrders 2.0.0", "provides X"]
        );
        for list in ["{}", "[7]", "[\"a-b\"]", "[{\"Name\":\"A\",\"Version\":\"1/2\"}]", "x"] {
            assert!(add_provided(&mut settings, list.as_bytes()).is_err(), "{list}");
        }
    }
}
