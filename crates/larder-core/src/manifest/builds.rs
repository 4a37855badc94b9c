//! The `builds` block: which packages may be built, and whose install scripts may run.

use miette::SourceSpan;

use crate::model::{
    Algorithm, BuildApproval, BuildFile, BuildRules, Digest, Ecosystem, FileUrl, Level, Marker, Requirement,
    SourceError,
};

use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue};
use super::notation::parse_requirement;
use super::requirement::RequirementSpans;
use super::resolution;
use super::{BuildCache, ManifestError};

/// Variables that are the build's own.
const RESERVED: [&str; 5] = ["PATH", "HOME", "TMPDIR", "PYTHONPATH", "SOURCE_DATE_EPOCH"];

/// Reads `builds { allow pypi "psycopg2" ">=2.9" tools="pg_config"; allow npm "x" { file "https://…" sha256="…"; requires "numpy"; }; env "CFLAGS"; isolation "reduced"; cache "acme" signer="ci"; }`.
pub(super) fn read_builds(
    block: ManifestNode<'_>,
    (rules, caches): (&mut BuildRules, &mut Vec<BuildCache>),
    errors: &mut Errors,
) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "builds { … }" };
    block.read_parts(&SHAPE, errors);
    for node in block.children() {
        match node.name() {
            "allow" => rules.approvals.extend(read_approval(node, &rules.approvals, errors)),
            "env" => read_env(node, rules, errors),
            "isolation" => read_isolation(node, rules, errors),
            "cache" => caches.extend(read_cache(node, errors)),
            _ => node.report_unknown("in `builds`", &["allow", "env", "isolation", "cache"], errors),
        }
    }
}

fn read_env(node: ManifestNode<'_>, rules: &mut BuildRules, errors: &mut Errors) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 100), properties: &[], block: BlockRule::Never, example: "env \"CFLAGS\"" };
    let parts = node.read_parts(&SHAPE, errors);
    for value in (0..100).map_while(|place| parts.argument(place)) {
        let Some(name) = value.string(errors) else { continue };
        let is_name = name.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || RESERVED.contains(&name.value) {
            errors.push(ManifestError::BadValue {
                value: name.value.to_owned(),
                what: "a variable that builds can see",
                reason: if is_name { "a build sets it itself" } else { "it is no variable's name" }.to_owned(),
                help: None,
                span: name.span,
            });
        } else if !rules.env.iter().any(|known| **known == *name.value) {
            rules.env.push(name.value.into());
        }
    }
}

fn read_isolation(node: ManifestNode<'_>, rules: &mut BuildRules, errors: &mut Errors) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "isolation \"reduced\"" };
    const LEVELS: [(&str, Level); 3] = [("strict", Level::Strict), ("reduced", Level::Reduced), ("none", Level::None)];
    let parts = node.read_parts(&SHAPE, errors);
    if let Some(level) = parts.argument(0).and_then(|value| value.choice(&LEVELS, errors)) {
        rules.isolation = level;
    }
}

fn read_cache(node: ManifestNode<'_>, errors: &mut Errors) -> Option<BuildCache> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["signer"],
        block: BlockRule::Never,
        example: "cache \"REGISTRY\" signer=\"NAME\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let registry = parts.argument(0).and_then(|value| value.label(errors));
    let Some(signer) = parts.property("signer") else {
        let help = "whose key has to have signed what is taken: a `signer` of that registry".to_owned();
        errors.push(node.missing_error("`signer=`", Some(help)));
        return None;
    };
    Some(BuildCache { signer: signer.label(errors)?, registry: registry? })
}

fn read_approval(node: ManifestNode<'_>, known: &[BuildApproval], errors: &mut Errors) -> Option<BuildApproval> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 3),
        properties: &["tools"],
        block: BlockRule::Maybe,
        example: "allow pypi \"NAME\" \"RANGE\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let kind = parts.argument(0)?;
    let ecosystem = resolution::ecosystem(kind, errors)?;
    if !ecosystem.has_source_distributions() && !ecosystem.has_install_scripts() {
        errors.push(ManifestError::NotYet {
            what: format!("building {ecosystem} packages"),
            help: Some("remove the line: larder builds packages of npm and PyPI".to_owned()),
            span: kind.span,
        });
        return None;
    }
    let name = parts.argument(1)?;
    let package = resolution::package(ecosystem, name, errors)?;
    let versions = match parts.argument(2).map(|value| value.version(errors)) {
        None => None,
        Some(range) => Some(range?),
    };
    let read = |range: super::Spanned<&str>, errors: &mut Errors| -> Option<Requirement> {
        match parse_requirement(ecosystem, package.name.as_str(), Some(range.value), &Marker::default()) {
            Ok(requirement) => Some(requirement),
            Err(error) => {
                errors.push(RequirementSpans { name: name.span, range: Some(range.span) }.error(error));
                None
            }
        }
    };
    let versions = match versions {
        None => None,
        Some(range) => Some(read(range, errors)?),
    };
    let tools = match parts.property("tools") {
        None => Vec::new(),
        Some(value) => read_tools(&value.string(errors)?, errors)?,
    };
    let (files, requires) = read_block(node, package.ecosystem, errors);
    let approval = BuildApproval { package, versions, tools, files, requires };
    if known.contains(&approval) {
        errors.push(ManifestError::Repeated {
            what: format!("the approval of `{}`", approval.package.name),
            help: Some("keep one of them".to_owned()),
            span: node.span(),
            first: name.span,
        });
        return None;
    }
    Some(approval)
}

/// Reads `{ file "https://HOST/FILE" sha256="…"; requires "numpy" "setuptools<82"; }`. Install scripts of npm require nothing.
fn read_block(allow: ManifestNode<'_>, ecosystem: Ecosystem, errors: &mut Errors) -> (Vec<BuildFile>, Vec<Box<str>>) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["sha256"],
        block: BlockRule::Never,
        example: "file \"https://HOST/FILE\" sha256=\"…\"",
    };
    let possible: &[&str] = if ecosystem.has_markers() { &["file", "requires"] } else { &["file"] };
    let mut files: Vec<(BuildFile, SourceSpan)> = Vec::new();
    let mut requires: Vec<Box<str>> = Vec::new();
    for node in allow.children() {
        match node.name() {
            name if !possible.contains(&name) => {
                node.report_unknown("in `allow`", possible, errors);
                continue;
            }
            "requires" => {
                requires.extend(read_requires(node, errors));
                continue;
            }
            _ => {}
        }
        let parts = node.read_parts(&SHAPE, errors);
        let url = parts.argument(0).and_then(|value| read_file_url(value, errors));
        let Some(digest) = parts.property("sha256") else {
            let help = "a build gets just the file that was looked at: `larder builds record NAME` tells its digest";
            errors.push(node.missing_error("`sha256=`", Some(help.to_owned())));
            continue;
        };
        let digest = read_sha256(digest, errors);
        let (Some(url), Some(digest)) = (url, digest) else { continue };
        match files.iter().find(|(known, _)| known.url == url) {
            Some((_, first)) => errors.push(ManifestError::Repeated {
                what: "this file".to_owned(),
                help: Some("keep one of them: an URL has one content".to_owned()),
                span: node.span(),
                first: *first,
            }),
            None => files.push((BuildFile { url, digest }, node.span())),
        }
    }
    (files.into_iter().map(|(file, _)| file).collect(), requires)
}

/// Reads `requires "numpy" "setuptools<82"`.
fn read_requires(node: ManifestNode<'_>, errors: &mut Errors) -> Vec<Box<str>> {
    const MOST: usize = 100;
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, MOST),
        properties: &[],
        block: BlockRule::Never,
        example: "requires \"setuptools<82\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let mut found: Vec<Box<str>> = Vec::new();
    for value in (0..MOST).map_while(|place| parts.argument(place)) {
        let Some(text) = value.string(errors) else { continue };
        match Requirement::from_pep508(text.value) {
            Ok(_) => found.push(text.value.into()),
            Err(error) => errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "what a build needs",
                reason: error.to_string(),
                help: Some("write a Python package and the versions that will do: `\"setuptools<82\"`".to_owned()),
                span: text.span,
            }),
        }
    }
    found
}

fn read_file_url(value: NodeValue<'_>, errors: &mut Errors) -> Option<FileUrl> {
    let text = value.string(errors)?;
    let bad = |error: SourceError| ManifestError::BadValue {
        value: text.value.to_owned(),
        what: "the URL of a file",
        reason: format!("it {error}"),
        help: Some("use https://".to_owned()),
        span: text.span,
    };
    text.value.parse().map_err(|error| errors.push(bad(error))).ok()
}

fn read_sha256(value: NodeValue<'_>, errors: &mut Errors) -> Option<Digest> {
    let text = value.string(errors)?;
    let bad = |_| ManifestError::BadValue {
        value: text.value.to_owned(),
        what: "the SHA-256 of a file",
        reason: "it has 64 hexadecimal digits".to_owned(),
        help: None,
        span: text.span,
    };
    Digest::from_hex(Algorithm::Sha256, text.value).map_err(|error| errors.push(bad(error))).ok()
}

/// Reads names of programs, separated by spaces.
fn read_tools(text: &super::Spanned<&str>, errors: &mut Errors) -> Option<Vec<Box<str>>> {
    let tools: Vec<Box<str>> = text.value.split_whitespace().map(Box::from).collect();
    let is_name = |tool: &str| {
        tool.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c)) && !tool.starts_with(['.', '-'])
    };
    if tools.is_empty() || !tools.iter().all(|tool| is_name(tool)) {
        errors.push(ManifestError::BadValue {
            value: text.value.to_owned(),
            what: "a list of programs",
            reason: "expected names, separated by spaces".to_owned(),
            help: Some("programs are looked for on PATH: `tools=\"pg_config\"`".to_owned()),
            span: text.span,
        });
        return None;
    }
    Some(tools)
}
