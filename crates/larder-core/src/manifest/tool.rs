//! Where the files of a tool are, and what they have:
//!
//! ```text
//! archive "ripgrep" "14.1.1" url="https://…/{version}/…-{platform}.tar.gz" {
//!     platform "linux-x64" as="x86_64-unknown-linux-musl"
//!     bin "rg"
//! }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape};
use super::source::checked;
use super::{ManifestError, Spanned};
use crate::model::{ArchiveSource, EntryPath, Platform, Source, Version, program_name};

/// Reads where a tool's files are, and what they have.
pub(super) fn read_source(
    node: ManifestNode<'_>,
    parts: &NodeParts<'_>,
    errors: &mut Errors,
) -> Option<Spanned<Source>> {
    let (mut words, mut programs) = (Some(BTreeMap::new()), Some(BTreeMap::new()));
    for child in node.children() {
        match child.name() {
            "platform" => add(&mut words, read_platform(child, errors), child, errors),
            "bin" => add(&mut programs, read_program(child, errors), child, errors),
            _ => {
                child.report_unknown("of a tool", &["platform", "bin"], errors);
                words = None;
            }
        }
    }
    let Some(url) = parts.property("url") else {
        let help = "where its files are: url=\"https://HOST/{version}/FILE-{platform}.tar.gz\"";
        errors.push(node.missing_error("`url=`", Some(help.to_owned())));
        return None;
    };
    let text = url.string(errors)?;
    // What is wrong with the version is reported with the requirement.
    let version = Version::tool(parts.argument(1)?.as_str()?).ok()?;
    let source = ArchiveSource::new(text.value, version, words?, programs?);
    let source = checked(source, &text, "the URL of a tool", errors)?;
    Some(Spanned { value: Source::Archive(Arc::new(source)), span: text.span })
}

/// Adds an entry, or notes that one is wrong.
fn add<K: Ord, V>(
    all: &mut Option<BTreeMap<K, V>>,
    entry: Option<(K, V)>,
    node: ManifestNode<'_>,
    errors: &mut Errors,
) {
    let (Some(known), Some((key, value))) = (all.as_mut(), entry) else {
        *all = None;
        return;
    };
    if known.insert(key, value).is_some() {
        errors.push(ManifestError::BadValue {
            value: node.name().to_owned(),
            what: "said once",
            reason: "another line says it already".to_owned(),
            help: Some("keep one of them".to_owned()),
            span: node.span(),
        });
    }
}

/// `platform "linux-x64" as="x86_64-unknown-linux-musl"`
fn read_platform(node: ManifestNode<'_>, errors: &mut Errors) -> Option<(Platform, Arc<str>)> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["as"],
        block: BlockRule::Never,
        example: "platform \"linux-x64\" as=\"x86_64-unknown-linux-musl\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let word = parts.property("as").map(|word| word.string(errors));
    let known: Vec<(&str, Platform)> = Platform::ALL.iter().map(|platform| (platform.as_str(), *platform)).collect();
    let platform = parts.argument(0)?.choice(&known, errors)?;
    let word = match word {
        None => platform.as_str(),
        Some(word) => word?.value,
    };
    Some((platform, word.into()))
}

/// `bin "rg"`, or `bin "rg" "bin/rg"`
fn read_program(node: ManifestNode<'_>, errors: &mut Errors) -> Option<(Arc<str>, Option<EntryPath>)> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (1, 2), properties: &[], block: BlockRule::Never, example: "bin \"NAME\" \"PATH\"" };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0)?.string(errors)?;
    let path = parts.argument(1).map(|path| path.string(errors));
    let bad = |text: &Spanned<&str>, what: &'static str, reason: String| ManifestError::BadValue {
        value: text.value.to_owned(),
        what,
        reason,
        help: Some("a program is written `bin \"NAME\"`, or `bin \"NAME\" \"PATH-IN-THE-ARCHIVE\"`".to_owned()),
        span: text.span,
    };
    let Some(found) = program_name(name.value) else {
        errors.push(bad(&name, "the name of a program", "no program is called like that".to_owned()));
        return None;
    };
    let path = match path {
        None => None,
        Some(path) => {
            let path = path?;
            match EntryPath::parse(path.value) {
                Ok(path) => Some(path),
                Err(error) => {
                    errors.push(bad(&path, "a path in an archive", format!("it {error}")));
                    return None;
                }
            }
        }
    };
    Some((found, path))
}
