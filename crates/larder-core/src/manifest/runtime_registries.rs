//! `runtime` nodes of the `registries` block: where runtimes come from.

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::registries::{RUNTIME_KIND, read_url};
use super::{ManifestError, RuntimeAddress, RuntimeRegistry};
use crate::model::RuntimeHost;

/// The address that stands for packages of the npm registry.
const NPM_PACKAGES: &str = "npm:";

/// Reads the `runtime` nodes of the block.
pub(super) fn read_runtime_registries(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<RuntimeRegistry> {
    let mut found: Vec<RuntimeRegistry> = Vec::new();
    for node in block.children().filter(|node| node.name() == RUNTIME_KIND) {
        let Some(registry) = read_runtime_registry(node, errors) else { continue };
        match found.iter().find(|other| other.host == registry.host) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("the address of runtime `{}`", registry.host),
                help: Some("keep one of them, and give others as `mirror`".to_owned()),
                span: registry.span,
                first: first.span,
            }),
            None => found.push(registry),
        }
    }
    found
}

fn read_runtime_registry(node: ManifestNode<'_>, errors: &mut Errors) -> Option<RuntimeRegistry> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Maybe,
        example: "runtime \"node\" \"https://HOST/dist/\"",
    };
    const MIRROR: NodeShape =
        NodeShape { arguments: (1, usize::MAX), properties: &[], block: BlockRule::Never, example: "" };
    let parts = node.read_parts(&SHAPE, errors);
    let hosts = RuntimeHost::ALL.map(|host| (host.as_str(), host));
    let host = parts.argument(0).and_then(|value| value.choice(&hosts, errors));
    let address = parts.argument(1).and_then(|value| match value.as_str() {
        Some(NPM_PACKAGES) if host == Some(RuntimeHost::Node) => Some(RuntimeAddress::NpmPackages),
        Some(NPM_PACKAGES) if host.is_some() => {
            errors.push(ManifestError::BadValue {
                value: NPM_PACKAGES.to_owned(),
                what: "an address of this runtime",
                reason: "the npm registry has packages that hold Node, and no others".to_owned(),
                help: Some("give the address of a mirror, or a folder".to_owned()),
                span: value.span,
            });
            None
        }
        _ => read_url(value, errors).map(RuntimeAddress::Url),
    });
    let mut mirrors = Vec::new();
    for option in node.children() {
        if option.name() == "mirror" {
            let values = option.read_parts(&MIRROR, errors).arguments;
            mirrors.extend(values.into_iter().filter_map(|value| read_url(value, errors)));
        } else {
            option.report_unknown("for a runtime's host", &["mirror"], errors);
        }
    }
    Some(RuntimeRegistry { host: host?, address: address?, mirrors, span: node.head_span() })
}
