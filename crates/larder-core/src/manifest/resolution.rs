//! The `resolution` block.

use crate::model::{
    Catalogs, Ecosystem, Engines, Extension, FileOwner, Marker, NameGlob, NpmPeers, NpmRange, Override, PackageId,
    PackageName, Prereleases, Requirement, Settings, TransitiveSources, split_at_version,
};

use super::claims::name_glob;
use super::dependencies::read_dependency;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue, UniqueNodes, did_you_mean};
use super::notation::parse_requirement;
use super::registries::read_glob;
use super::requirement::{RequirementError, RequirementSpans};
use super::{DependencyLine, DependencySpec, FallbackMode, Hoisting, ManifestError, RuleSpans, Spanned};

const OPTIONS: [&str; 11] = [
    "npm-peers",
    "prereleases",
    "released-before",
    "engines",
    "override",
    "extend",
    "writable",
    "owner",
    "fallback",
    "hoist",
    "transitive",
];
const ONE: NodeShape = NodeShape { arguments: (1, 1), properties: &[], block: BlockRule::Never, example: "" };

/// Reads the block.
pub(super) fn read_resolution(
    block: ManifestNode<'_>,
    (settings, member_overrides, spans, hoisting): (
        &mut Settings,
        &mut Vec<Spanned<Override>>,
        &mut RuleSpans,
        &mut Hoisting,
    ),
    errors: &mut Errors,
) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "resolution { … }" };
    block.read_parts(&SHAPE, errors);
    let mut once = UniqueNodes::default();
    let mut overrides = Vec::new();
    let mut owners = Vec::new();
    for node in block.children() {
        if !matches!(node.name(), "override" | "extend" | "writable" | "owner" | "hoist") {
            once.check(node, errors);
        }
        match node.name() {
            "npm-peers" => {
                const CHOICES: [(&str, NpmPeers); 3] =
                    [("relaxed", NpmPeers::Relaxed), ("provided", NpmPeers::Provided), ("strict", NpmPeers::Strict)];
                settings.npm_peers = choice(node, &CHOICES, errors);
            }
            "prereleases" => {
                const CHOICES: [(&str, Prereleases); 3] = [
                    ("if-necessary", Prereleases::IfNecessary),
                    ("allow", Prereleases::Allow),
                    ("never", Prereleases::Never),
                ];
                settings.prereleases = choice(node, &CHOICES, errors);
            }
            "engines" => {
                const CHOICES: [(&str, Engines); 2] = [("warn", Engines::Warn), ("strict", Engines::Strict)];
                settings.engines = choice(node, &CHOICES, errors);
            }
            "released-before" => settings.released_before = read_timestamp(node, errors),
            "override" => {
                if let Some(read) = read_override(node, errors) {
                    report_repeated_override(&overrides, &read.0, errors);
                    overrides.push(read);
                }
            }
            "extend" => read_extend(node, settings, spans, errors),
            "writable" => read_writable(node, settings, errors),
            "owner" => read_owner(node, &mut owners, errors),
            "fallback" => {
                const CHOICES: [(&str, FallbackMode); 2] = [("on", FallbackMode::On), ("off", FallbackMode::Off)];
                hoisting.fallback = choice(node, &CHOICES, errors);
            }
            "hoist" => read_hoist(node, hoisting, errors),
            "transitive" => read_transitive(node, &mut settings.transitive, errors),
            _ => node.report_unknown("in `resolution`", &OPTIONS, errors),
        }
    }
    let (by_members, overrides): (Vec<_>, Vec<_>) = overrides.into_iter().partition(|(_, by)| *by == By::Member);
    member_overrides.extend(by_members.into_iter().map(|(read, _)| read));
    spans.overrides.extend(overrides.iter().map(|(read, _)| read.span));
    settings.overrides.extend(overrides.into_iter().map(|(read, _)| read.value));
    settings.owners.extend(owners.into_iter().map(|read| read.value));
}

fn choice<T: Copy + Default>(node: ManifestNode<'_>, choices: &[(&'static str, T)], errors: &mut Errors) -> T {
    let value = node.read_parts(&ONE, errors).argument(0);
    value.and_then(|value| value.choice(choices, errors)).unwrap_or_default()
}

fn read_timestamp(node: ManifestNode<'_>, errors: &mut Errors) -> Option<jiff::Timestamp> {
    node.read_parts(&ONE, errors).argument(0)?.instant(errors)
}

/// What replaces a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Another requirement, or nothing.
    Requirement,
    /// The member of its name.
    Member,
}

/// `override npm "parent>child@<4" "4.17.21"`; without a range the dependency is removed, and with `workspace:*` the member of its name
/// stands in for it.
fn read_override(node: ManifestNode<'_>, errors: &mut Errors) -> Option<(Spanned<Override>, By)> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 3),
        properties: &[],
        block: BlockRule::Never,
        example: "override npm \"NAME\" \"RANGE\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let ecosystem = parts.argument(0).and_then(|value| ecosystem(value, errors));
    let range = parts.argument(2).map(|value| value.version(errors));
    let name = parts.argument(1)?.string(errors)?;
    let ecosystem = ecosystem?;
    let range = match range {
        Some(None) => return None,
        range => range.flatten(),
    };
    // What is solved as one for all dependents may still be removed from one of them, to open a cycle.
    let names_parents = has_overrides_of_parents(ecosystem);
    let (parent, child) = match split_override(name.value) {
        parts if names_parents => parts,
        _ => (None, name.value.trim()),
    };
    let (child, asked) = match split_at_version(child) {
        Some((child, asked)) if ecosystem.has_scopes() => (child, Some(asked)),
        _ => (child, None),
    };
    let bad_name = |e: crate::model::NameError, errors: &mut Errors| {
        let help = name.value.contains('>').then(|| {
            let all = Ecosystem::ALL.into_iter().filter(|one| has_overrides_of_parents(*one));
            let names: Vec<String> = all.map(|one| format!("of {one}")).collect();
            format!("names {} may be written `PARENT>NAME`, of one parent", names.join(" and "))
        });
        errors.push(ManifestError::BadName { reason: e.to_string(), help, span: name.span });
    };
    let parent = match parent.map(|parent| PackageName::parse(ecosystem, parent)).transpose() {
        Ok(parent) => parent,
        Err(e) => {
            bad_name(e, errors);
            return None;
        }
    };
    let package = match PackageName::parse(ecosystem, child) {
        Ok(package) => PackageId::new(ecosystem, package),
        Err(e) => {
            bad_name(e, errors);
            return None;
        }
    };
    let asked = match asked.map(str::parse::<NpmRange>).transpose() {
        Ok(asked) => asked,
        Err(error) => {
            errors.push(ManifestError::BadName { reason: error.to_string(), help: None, span: name.span });
            return None;
        }
    };
    if asked.as_ref().is_some_and(|asked| asked.tag().is_some()) {
        errors.push(ManifestError::BadName {
            reason: format!("`{}` ends in a dist-tag, and an override is for a range", name.value),
            help: Some("write `NAME@RANGE`, or the name alone".to_owned()),
            span: name.span,
        });
        return None;
    }
    let by = match &range {
        Some(range) if ecosystem.has_scopes() && range.value == OF_MEMBER => By::Member,
        _ => By::Requirement,
    };
    let replacement = match range.as_ref().filter(|_| by == By::Requirement) {
        None => None,
        Some(range) => match parse_requirement(ecosystem, child, Some(range.value), &Marker::default()) {
            Ok(requirement) => Some(requirement),
            Err(error) => {
                errors.push(RequirementSpans { name: name.span, range: Some(range.span) }.error(error));
                return None;
            }
        },
    };
    Some((Spanned { value: Override { parent, package, asked, replacement }, span: node.span() }, by))
}

/// What stands in the place of a range where a member is meant.
pub const OF_MEMBER: &str = "workspace:*";

/// Splits what an override replaces into parent and child, each with its range if it has one: `a>b`, `a@2>b@<3`, `b@>=1 <3`. The `>`
/// of a range follows an `@`, a space or a `|`, or comes before `=` or a space.
pub fn split_override(selector: &str) -> (Option<&str>, &str) {
    let is_between = |at: &usize| {
        let before = selector[..*at].chars().next_back();
        let after = selector[*at + 1..].chars().next();
        before.is_some_and(|c| !matches!(c, '@' | ' ' | '|' | '<')) && after.is_some_and(|c| !matches!(c, '=' | ' '))
    };
    match selector.match_indices('>').map(|(at, _)| at).find(is_between) {
        Some(at) => (Some(selector[..at].trim()), selector[at + 1..].trim()),
        None => (None, selector.trim()),
    }
}

/// Returns the name of what an override replaces: `b` of `a>b@<3`.
pub fn overridden_name(selector: &str) -> &str {
    let (_, child) = split_override(selector);
    split_at_version(child).map_or(child, |(name, _)| name)
}

fn report_repeated_override(overrides: &[(Spanned<Override>, By)], read: &Spanned<Override>, errors: &mut Errors) {
    let same = |(other, _): &&(Spanned<Override>, By)| {
        let (one, other) = (&read.value, &other.value);
        one.package == other.package && one.parent == other.parent && one.asked == other.asked
    };
    if let Some((first, _)) = overrides.iter().find(same) {
        errors.push(ManifestError::Repeated {
            what: format!("the override of `{}`", read.value.package.name),
            help: Some("keep one of them".to_owned()),
            span: read.span,
            first: first.span,
        });
    }
}

/// `extend npm "x" { npm "y" "^1" }`
fn read_extend(node: ManifestNode<'_>, settings: &mut Settings, spans: &mut RuleSpans, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Maybe,
        example: "extend npm \"NAME\" { npm \"OTHER\" \"RANGE\" }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let ecosystem = parts.argument(0).and_then(|value| ecosystem(value, errors));
    let package = ecosystem.and_then(|ecosystem| package(ecosystem, parts.argument(1)?, errors));
    if parts.complete && node.children().next().is_none() {
        let help = format!("it is written `{}`", SHAPE.example);
        errors.push(node.missing_error("a block with the dependencies to add", Some(help)));
    }
    for child in node.children() {
        let Some(line) = read_dependency(child, &Catalogs::default(), errors) else { continue };
        report_unused_properties(child, &line, errors);
        let Some(package) = &package else { continue };
        match line.spec {
            DependencySpec::Package(dependency) if extends(package.ecosystem, dependency.package().ecosystem) => {
                let extension = Extension { package: package.clone(), dependency };
                spans.extensions.push(Spanned { value: extension.clone(), span: child.span() });
                settings.extensions.push(extension);
            }
            _ => {
                let also = if extends(package.ecosystem, Ecosystem::PRIVATE) { " and by private ones" } else { "" };
                let help = format!("a package of {0} can be extended only by packages of {0}{also}", package.ecosystem);
                errors.push(ManifestError::UnknownNode {
                    name: child.name().to_owned(),
                    place: "in this `extend`",
                    help: Some(help),
                    span: child.name_span(),
                });
            }
        }
    }
}

/// Returns whether what one dependent asks for can be overridden, and not only what all ask for.
fn has_overrides_of_parents(ecosystem: Ecosystem) -> bool {
    ecosystem.has_scopes() || ecosystem.has_install_order()
}

/// Returns whether packages of one ecosystem may be made to depend on those of another: a package with an order of installation may need
/// what is private, and knows no way to say it.
fn extends(package: Ecosystem, dependency: Ecosystem) -> bool {
    package == dependency || package.has_install_order() && dependency.is_published_with_larder()
}

/// Reports the properties of a line in an `extend` block, where they would have no effect.
fn report_unused_properties(node: ManifestNode<'_>, line: &DependencyLine, errors: &mut Errors) {
    let help =
        "lines of an `extend` block have only a name and a range: move other properties to a line of `dependencies`";
    let said = [
        ("registry", line.registry.is_some(), line.registry_span),
        (
            line.source.as_ref().map_or("git", |source| source.value.kind()),
            line.source.is_some(),
            line.source.as_ref().map(|source| source.span),
        ),
        ("optional", line.optional, None),
        ("when", !line.when.is_always(), None),
        ("prereleases", line.prereleases, None),
    ];
    for (name, _, span) in said.into_iter().filter(|(_, is_said, _)| *is_said) {
        errors.push(ManifestError::UnknownProperty {
            node: node.name().to_owned(),
            name: name.to_owned(),
            help: Some(help.to_owned()),
            span: span.unwrap_or(line.span),
        });
    }
}

/// `writable npm "prisma" …`
fn read_writable(node: ManifestNode<'_>, settings: &mut Settings, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "writable npm \"NAME\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let Some(ecosystem) = parts.argument(0).and_then(|value| ecosystem(value, errors)) else { return };
    for value in parts.arguments.into_iter().skip(1) {
        let Some(package) = package(ecosystem, value, errors) else { continue };
        if !settings.writable.contains(&package) {
            settings.writable.push(package);
        }
    }
}

/// `owner pypi "opencv-python" "cv2/**" …`
fn read_owner(node: ManifestNode<'_>, owners: &mut Vec<Spanned<FileOwner>>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (3, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "owner pypi \"NAME\" \"PATH/**\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let Some(ecosystem) = parts.argument(0).and_then(|value| owning_ecosystem(value, errors)) else { return };
    let Some(package) = parts.argument(1).and_then(|value| package(ecosystem, value, errors)) else { return };
    for value in parts.arguments.into_iter().skip(2) {
        let Some(files) = read_glob(value, errors) else { continue };
        let span = value.span;
        if let Some(first) = owners.iter().find(|other| *other.value.files == *files) {
            errors.push(ManifestError::Repeated {
                what: format!("the owner of `{files}`"),
                help: Some("a file has one owner: keep one of them".to_owned()),
                span,
                first: first.span,
            });
            continue;
        }
        owners.push(Spanned { value: FileOwner { package: package.clone(), files: files.into() }, span });
    }
}

/// `transitive "git" "url"`
fn read_transitive(node: ManifestNode<'_>, transitive: &mut TransitiveSources, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 2),
        properties: &[],
        block: BlockRule::Never,
        example: "transitive \"git\" \"url\"",
    };
    const CHOICES: [(&str, TransitiveSources); 2] =
        [("git", TransitiveSources { git: true, url: false }), ("url", TransitiveSources { git: false, url: true })];
    for value in node.read_parts(&SHAPE, errors).arguments {
        if let Some(kind) = value.choice(&CHOICES, errors) {
            transitive.git |= kind.git;
            transitive.url |= kind.url;
        }
    }
}

/// `hoist npm "@tailwindcss/*" …`
fn read_hoist(node: ManifestNode<'_>, hoisting: &mut Hoisting, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "hoist npm \"@SCOPE/*\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let Some(value) = parts.argument(0) else { return };
    match ecosystem(value, errors) {
        None => {}
        Some(found) if found.has_scopes() => {
            hoisting.names.extend(parts.arguments.into_iter().skip(1).filter_map(|value| read_glob(value, errors)));
        }
        Some(found) => errors.push(ManifestError::UnknownValue {
            value: found.to_string(),
            what: "an ecosystem whose packages can be hoisted".to_owned(),
            help: Some("only packages of `npm` lie in a `node_modules`".to_owned()),
            span: value.span,
        }),
    }
}

/// Reads the ecosystem of an `owner` line: only Python packages share a folder.
fn owning_ecosystem(value: NodeValue<'_>, errors: &mut Errors) -> Option<Ecosystem> {
    let found = ecosystem(value, errors)?;
    if !found.shares_one_folder() {
        errors.push(ManifestError::UnknownValue {
            value: found.to_string(),
            what: "an ecosystem whose packages share a folder".to_owned(),
            help: Some("only packages of `pypi` can install one file".to_owned()),
            span: value.span,
        });
        return None;
    }
    Some(found)
}

/// Reads the ecosystem of a line about packages of registries.
pub(super) fn ecosystem(value: NodeValue<'_>, errors: &mut Errors) -> Option<Ecosystem> {
    let word = value.string(errors)?;
    let found = word.value.parse().ok().filter(|found: &Ecosystem| found.has_registries());
    if found.is_none() {
        errors.push(ManifestError::UnknownValue {
            value: word.value.to_owned(),
            what: "an ecosystem that can be steered".to_owned(),
            help: did_you_mean(word.value, &Ecosystem::served()),
            span: word.span,
        });
    }
    found
}

/// Reads a glob of an ecosystem's names.
pub(super) fn names(ecosystem: Ecosystem, text: &Spanned<&str>, errors: &mut Errors) -> Option<NameGlob> {
    let reason = match name_glob(ecosystem, text.value) {
        Ok(names) => return Some(names),
        Err(reason) => reason,
    };
    let (value, what) = (text.value.to_owned(), "a glob of names");
    errors.push(ManifestError::BadValue { value, what, reason, help: None, span: text.span });
    None
}

/// Returns whether a glob stands for more names than one.
pub(super) fn is_of_several(names: &str) -> bool {
    names.contains(['*', '?', '[', '{'])
}

/// Reads the `versions` of a package.
pub(super) fn versions(
    ecosystem: Ecosystem,
    name: &Spanned<&str>,
    range: &Spanned<&str>,
    errors: &mut Errors,
) -> Option<Requirement> {
    let read = parse_requirement(ecosystem, name.value, Some(range.value), &Marker::default());
    read.map_err(|error| errors.push(RequirementSpans { name: name.span, range: Some(range.span) }.error(error))).ok()
}

/// Reads the name of a package.
pub(super) fn package(ecosystem: Ecosystem, value: NodeValue<'_>, errors: &mut Errors) -> Option<PackageId> {
    let text = value.string(errors)?;
    match PackageName::parse(ecosystem, text.value) {
        Ok(name) => Some(PackageId::new(ecosystem, name)),
        Err(e) => {
            errors.push(RequirementSpans { name: text.span, range: None }.error(RequirementError::Name(e.to_string())));
            None
        }
    }
}
