//! `patch` lines: diffs that are applied to the packages of a registry.

use std::sync::Arc;

use crate::model::Version;

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::resolution::{ecosystem, package};
use super::{ManifestError, PatchLine};

/// Reads `patch npm "left-pad" "1.3.0" "patches/left-pad.patch"`.
pub(super) fn read_patch(node: ManifestNode<'_>, patches: &mut Vec<PatchLine>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (4, 4),
        properties: &[],
        block: BlockRule::Never,
        example: "patch npm \"NAME\" \"VERSION\" \"patches/NAME.patch\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let ecosystem = parts.argument(0).and_then(|value| ecosystem(value, errors));
    let version = parts.argument(2).and_then(|value| value.version(errors));
    let file = parts.argument(3).and_then(|value| value.string(errors));
    let Some(ecosystem) = ecosystem else { return };
    let package = parts.argument(1).and_then(|value| package(ecosystem, value, errors));
    let (Some(package), Some(version), Some(file)) = (package, version, file) else { return };
    let parsed = Version::parse(ecosystem, version.value).map_err(|error| ManifestError::BadValue {
        value: version.value.to_owned(),
        what: "a version",
        reason: error.reason,
        help: Some("a patch is for one version, as the lock has it".to_owned()),
        span: version.span,
    });
    let path = read_path(file.value).map_err(|reason| ManifestError::BadValue {
        value: file.value.to_owned(),
        what: "a patch's file",
        reason: reason.to_owned(),
        help: Some(format!("it is written `{}`", SHAPE.example)),
        span: file.span,
    });
    match (parsed, path) {
        (Ok(version), Ok(path)) => {
            let line = PatchLine { package, version, file: path, span: node.span() };
            let same = |other: &&PatchLine| other.package.is_same(&line.package) && other.version == line.version;
            if let Some(first) = patches.iter().find(same) {
                errors.push(ManifestError::Repeated {
                    what: format!("the patch of {}@{}", line.package, line.version),
                    help: Some("a version has one patch: keep one line".to_owned()),
                    span: line.span,
                    first: first.span,
                });
            } else {
                patches.push(line);
            }
        }
        (version, path) => errors.extend([version.err(), path.err()].into_iter().flatten()),
    }
}

/// Reads the path of a patch: a file below the manifest's folder.
fn read_path(text: &str) -> Result<Arc<str>, &'static str> {
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err("its parts are plain names, separated by `/`");
    }
    if text.starts_with(['/', '~']) || text.as_bytes().get(1) == Some(&b':') {
        return Err("it is relative to the manifest, so that it is the same on every machine");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() || text.ends_with('/') {
        return Err("it names no file");
    }
    if parts.contains(&"..") { Err("it leads out of the project") } else { Ok(parts.join("/").into()) }
}

#[cfg(test)]
mod tests {
    use crate::manifest::{ManifestKind, parse};

    #[test]
    fn a_patch_is_for_one_version_of_a_package() {
        let text = "patch npm \"left-pad\" \"1.3.0\" \"patches/left-pad.patch\"\npatch pypi \"Six\" \"1.16\" \"./six.patch\"\n";
        let manifest = parse("m", text, ManifestKind::Root).unwrap();
        let shown = |at: usize| {
            let line = &manifest.patches[at];
            format!("{}@{} {}", line.package, line.version, line.file)
        };
        assert_eq!(shown(0), "npm:left-pad@1.3.0 patches/left-pad.patch");
        assert_eq!(shown(1), "pypi:six@1.16 six.patch");
    }
}
