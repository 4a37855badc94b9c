//! The `assets` block: the schemas, adapters, mappings and flows that a package brings.

use miette::SourceSpan;

use crate::model::{AssetId, AssetKind, EntryPath, FlowState, Label};

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::{AssetDeclaration, ManifestError, Spanned};

/// The most assets of a package.
const MOST: usize = 4096;

/// The forms of schemas, as `kind=` names them.
const SCHEMA_FORMS: [(&str, &str); 3] = [("xsd", "xsd"), ("wsdl", "wsdl"), ("json-schema", "json-schema")];

/// Reads `assets { schema "order" "schemas/order.xsd"; flow "intake" "flows/intake.kdl" state="ready"; }`.
pub(super) fn read_assets(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<AssetDeclaration> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "assets { schema \"order\" \"schemas/order.xsd\"; }",
    };
    block.read_parts(&SHAPE, errors);
    let mut assets: Vec<AssetDeclaration> = Vec::new();
    for node in block.children() {
        let Ok(kind) = node.name().parse::<AssetKind>() else {
            node.report_unknown("in `assets`", &["schema", "adapter", "mapping", "flow"], errors);
            continue;
        };
        let Some(asset) = read_asset(node, kind, errors) else { continue };
        let is_same = |other: &&AssetDeclaration| {
            other.kind == kind && other.name.value == asset.name.value && other.version == asset.version
        };
        match assets.iter().find(is_same) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("{kind} `{}`", asset.name.value),
                help: Some("give it another name, or a `version=` of its own".to_owned()),
                span: asset.name.span,
                first: first.name.span,
            }),
            None if assets.len() < MOST => assets.push(asset),
            None => {
                errors.push(ManifestError::TooLong { limit: MOST, unit: "assets", span: node.head_span() });
                break;
            }
        }
    }
    assets
}

/// Returns the error of a manifest that has assets and is of no package.
pub(super) fn no_package(span: SourceSpan) -> ManifestError {
    ManifestError::Missing {
        node: "assets".to_owned(),
        what: "a `package` beside it",
        help: Some("assets belong to a package: add `package \"NAME\" version=\"0.1.0\"`".to_owned()),
        span,
    }
}

fn read_asset(node: ManifestNode<'_>, kind: AssetKind, errors: &mut Errors) -> Option<AssetDeclaration> {
    let shape = |properties, example| NodeShape { arguments: (2, 2), properties, block: BlockRule::Never, example };
    let shape = match kind {
        AssetKind::Schema => shape(&["version", "kind"], "schema \"NAME\" \"FILE.xsd\""),
        AssetKind::Adapter => shape(&["version"], "adapter \"NAME\" \"FILE.kdl\""),
        AssetKind::Mapping => shape(&["version"], "mapping \"NAME\" \"FILE.kdl\""),
        AssetKind::Flow => shape(&["version", "state"], "flow \"NAME\" \"FILE.kdl\" state=\"draft\""),
    };
    let parts = node.read_parts(&shape, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let file = parts.argument(1).and_then(|value| value.string(errors)).and_then(|text| read_file(&text, errors));
    let version = match parts.property("version") {
        None => AssetId::FIRST_VERSION.parse::<Label>().ok(),
        Some(value) => {
            let text = value.version(errors)?;
            let version = text.value.parse::<Label>();
            if let Err(error) = &version {
                errors.push(ManifestError::BadName { reason: error.to_string(), help: None, span: text.span });
            }
            version.ok()
        }
    };
    let form = match parts.property("kind") {
        None => None,
        Some(value) => Some(value.choice(&SCHEMA_FORMS, errors)?),
    };
    let state = match parts.property("state") {
        None => FlowState::default(),
        Some(value) => value.choice(&FlowState::WORDS, errors)?,
    };
    Some(AssetDeclaration { kind, name: name?, file: file?, version: version?, form, state, span: node.span() })
}

fn read_file(text: &Spanned<&str>, errors: &mut Errors) -> Option<Spanned<EntryPath>> {
    match EntryPath::parse(text.value) {
        Ok(path) => Some(Spanned { value: path, span: text.span }),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a file of the package",
                reason: format!("it {error}"),
                help: Some("write it relative to the manifest, with `/` between its parts".to_owned()),
                span: text.span,
            });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::{ManifestKind, parse};

    fn errors(assets: &str) -> Vec<String> {
        let text = format!("package \"orders\" version=\"1.0.0\"\nassets {{\n{assets}\n}}\n");
        match parse("m", &text, ManifestKind::Package) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.errors.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn assets_are_read_with_versions_and_states() {
        let text = "package \"orders\" version=\"1.0.0\"\nassets {\n  schema \"order\" \"order.xsd\"\n  \
                    schema \"order\" \"order2.xsd\" version=\"2\"\n  adapter \"in\" \"in.kdl\"\n  \
                    mapping \"m\" \"m.kdl\"\n  flow \"f\" \"./flows/f.kdl\" state=\"ready\"\n  flow \"g\" \"g.kdl\"\n}\n";
        let manifest = parse("m", text, ManifestKind::Package).unwrap();
        let shown: Vec<String> = manifest
            .assets
            .iter()
            .map(|one| {
                format!("{} {}@{} {} {}", one.kind, one.name.value, one.version, one.file.value, one.state.as_str())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "schema order@1 order.xsd draft",
                "schema order@2 order2.xsd draft",
                "adapter in@1 in.kdl draft",
                "mapping m@1 m.kdl draft",
                "flow f@1 flows/f.kdl ready",
                "flow g@1 g.kdl draft"
            ]
        );
    }

    #[test]
    fn wrong_assets_are_all_told() {
        assert_eq!(errors("schema \"a\" \"a.xsd\"\nschema \"a\" \"b.xsd\""), ["schema `a` is repeated"]);
        let found = errors(
            "schma \"a\" \"a.xsd\"\nschema \"a\"\nflow \"f\" \"f.kdl\" state=\"deployed\"\nadapter \"b\" \"../b.kdl\"\n\
             mapping \"m\" \"m.kdl\" version=2\nschema \"x\" \"x\" kind=\"dtd\"\nflow \"a b\" \"f.kdl\"",
        );
        assert_eq!(
            found,
            [
                "`schma` is not known in `assets`",
                "`schema` needs more values",
                "`deployed` is not a value of `state`",
                "`../b.kdl` is not a file of the package: it has `..` in its path",
                "a version must be a quoted string, and `2` is not",
                "`dtd` is not a value of `kind`",
                "`a b` is not a name: letters, digits, `-`, `_` and `.` are allowed, and a letter or digit comes first",
            ]
        );
        let alone = parse("m", "assets { schema \"a\" \"a.xsd\"; }\n", ManifestKind::Package).unwrap_err();
        assert_eq!(alone.errors[0].to_string(), "`assets` needs a `package` beside it");
    }
}
