//! The `package` node: what a folder publishes as a private package.

use crate::model::{Catalogs, EntryPath, FeatureName, Label, PackageName, PackageStatus, Version};

use super::dependencies::read_dependencies;
use super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape, NodeValue, UniqueNodes, did_you_mean};
use super::registries::read_glob;
use super::{Executable, Feature, ManifestError, Package, Spanned};

/// The most characters of a description.
const LONGEST_DESCRIPTION: usize = 1000;
/// The most characters of a keyword, a license or an origin.
const LONGEST_WORD: usize = 200;
/// The most keywords, features, executables or origins.
const MOST: usize = 256;

const PARTS: [&str; 10] =
    ["description", "category", "keywords", "status", "origins", "files", "node", "python", "bin", "features"];

/// Reads the node. Returns `None` without a valid name and version.
pub(super) fn read_package(node: ManifestNode<'_>, catalogs: &Catalogs, errors: &mut Errors) -> Option<Package> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["version", "license"],
        block: BlockRule::Maybe,
        example: "package \"NAME\" version=\"0.1.0\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| read_name(value, errors));
    let version = parts.property("version");
    if version.is_none() {
        let help = format!("it is written `{}`", SHAPE.example);
        errors.push(node.missing_error("a version", Some(help)));
    }
    let version = version.and_then(|value| read_version(value, errors));
    let license = parts.property("license").and_then(|value| read_text(value, "a license", LONGEST_WORD, errors));
    let mut package = Package {
        name: name.clone().unwrap_or(Spanned { value: PackageName::larder("unnamed").ok()?, span: node.name_span() }),
        version: version.clone().unwrap_or(Spanned { value: semver::Version::new(0, 0, 0), span: node.name_span() }),
        license,
        description: None,
        category: None,
        keywords: Vec::new(),
        status: PackageStatus::Active,
        origins: Vec::new(),
        files: Vec::new(),
        node: None,
        python: None,
        bin: Vec::new(),
        features: Vec::new(),
        span: node.head_span(),
    };
    let mut once = UniqueNodes::default();
    for part in node.children() {
        if part.name() != "bin" {
            once.check(part, errors);
        }
        read_part(part, &mut package, catalogs, errors);
    }
    (name.is_some() && version.is_some()).then_some(package)
}

/// Reads `order "core" "auth" "plugins"`.
pub(super) fn read_order(node: ManifestNode<'_>, errors: &mut Errors) -> Vec<Spanned<Label>> {
    let mut order: Vec<Spanned<Label>> = Vec::new();
    for value in list(node, errors).arguments {
        let Some(category) = value.label(errors) else { continue };
        match order.iter().find(|known| known.value == category.value) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("category `{}`", category.value),
                help: Some("a category has one place: keep one of them".to_owned()),
                span: category.span,
                first: first.span,
            }),
            None => order.push(category),
        }
    }
    order
}

fn read_part(node: ManifestNode<'_>, package: &mut Package, catalogs: &Catalogs, errors: &mut Errors) {
    let one = |errors: &mut Errors| node.single_value(errors);
    match node.name() {
        "description" => {
            let text = one(errors).and_then(|value| read_text(value, "a description", LONGEST_DESCRIPTION, errors));
            package.description = text;
        }
        "category" => package.category = one(errors).and_then(|value| value.label(errors)),
        "keywords" => package.keywords = read_words(node, "a keyword", errors),
        "status" => package.status = read_status(node, errors).unwrap_or_default(),
        "origins" => package.origins = read_words(node, "an origin", errors),
        "files" => package.files = read_files(node, errors),
        "node" => package.node = one(errors).and_then(|value| read_folder(value, errors)),
        "python" => package.python = one(errors).and_then(|value| read_folder(value, errors)),
        "bin" => read_bin(node, &mut package.bin, errors),
        "features" => package.features = read_features(node, catalogs, errors),
        _ => node.report_unknown("in a package", &PARTS, errors),
    }
}

fn read_name(value: NodeValue<'_>, errors: &mut Errors) -> Option<Spanned<PackageName>> {
    let text = value.string(errors)?;
    match PackageName::larder(text.value) {
        Ok(name) => Some(Spanned { value: name, span: text.span }),
        Err(error) => {
            let near = PackageName::larder(&text.value.to_lowercase().replace(' ', "-"));
            let help = near.ok().map(|near| format!("write \"{near}\""));
            errors.push(ManifestError::BadName { reason: error.to_string(), help, span: text.span });
            None
        }
    }
}

fn read_version(value: NodeValue<'_>, errors: &mut Errors) -> Option<Spanned<semver::Version>> {
    let text = value.version(errors)?;
    let version = Version::private(text.value);
    if let Err(reason) = &version {
        errors.push(ManifestError::BadValue {
            value: text.value.to_owned(),
            what: "a version",
            reason: reason.clone(),
            help: Some("versions are those of SemVer 2, like \"0.4.0\"".to_owned()),
            span: text.span,
        });
    }
    Some(Spanned { value: version.ok()?, span: text.span })
}

/// Reads a text of one line.
fn read_text(value: NodeValue<'_>, what: &'static str, longest: usize, errors: &mut Errors) -> Option<String> {
    let text = value.string(errors)?;
    let reason = if text.value.trim().is_empty() {
        "it is empty".to_owned()
    } else if text.value.chars().any(char::is_control) {
        "it has line breaks or control characters".to_owned()
    } else if text.value.chars().count() > longest {
        format!("it is longer than {longest} characters")
    } else {
        return Some(text.value.to_owned());
    };
    let shown: String = text.value.chars().filter(|c| !c.is_control()).take(40).collect();
    errors.push(ManifestError::BadValue { value: shown, what, reason, help: None, span: text.span });
    None
}

/// Reads a list of words without white space in them, each once.
fn read_words(node: ManifestNode<'_>, what: &'static str, errors: &mut Errors) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for value in list(node, errors).arguments {
        let Some(word) = read_text(value, what, LONGEST_WORD, errors) else { continue };
        let reason = if word.contains(char::is_whitespace) {
            "it has white space in it"
        } else if words.contains(&word) {
            "it is there already"
        } else {
            words.push(word);
            continue;
        };
        let reason = reason.to_owned();
        errors.push(ManifestError::BadValue { value: word, what, reason, help: None, span: value.span });
    }
    words
}

fn read_status(node: ManifestNode<'_>, errors: &mut Errors) -> Option<PackageStatus> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["replaced-by"],
        block: BlockRule::Never,
        example: "status \"deprecated\" replaced-by=\"NAME\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let replaced_by = parts.property("replaced-by").map(|value| (value.span, read_name(value, errors)));
    let word = parts.argument(0)?.choice(&PackageStatus::WORDS.map(|word| (word, word)), errors)?;
    let name = match replaced_by {
        Some((_, None)) => return None,
        Some((_, Some(ref name))) => Some(name.value.clone()),
        None => None,
    };
    let status = PackageStatus::from_word(word, name);
    if status.is_none() {
        errors.push(ManifestError::BadValue {
            value: word.to_owned(),
            what: "a status with `replaced-by=`",
            reason: "only a deprecated package has something in its place".to_owned(),
            help: Some(format!("it is written `{}`", SHAPE.example)),
            span: replaced_by.map_or(node.span(), |(span, _)| span),
        });
    }
    status
}

fn read_files(node: ManifestNode<'_>, errors: &mut Errors) -> Vec<Spanned<String>> {
    let mut globs = Vec::new();
    for value in list(node, errors).arguments {
        let Some(glob) = read_glob(value, errors) else { continue };
        let path = glob.strip_prefix('!').unwrap_or(&glob);
        if path.starts_with(['/', '!']) || path.contains('\\') || path.split('/').any(|part| part == "..") {
            errors.push(ManifestError::BadValue {
                value: glob,
                what: "a glob of a package's files",
                reason: "it leads out of the package".to_owned(),
                help: Some("write it relative to the manifest, like \"js/**\"".to_owned()),
                span: value.span,
            });
            continue;
        }
        globs.push(Spanned { value: glob, span: value.span });
    }
    globs
}

/// Reads a folder of the package; `.` is the package's own.
fn read_folder(value: NodeValue<'_>, errors: &mut Errors) -> Option<Spanned<String>> {
    let text = value.string(errors)?;
    if matches!(text.value, "." | "./") {
        return Some(Spanned { value: ".".to_owned(), span: text.span });
    }
    let path = read_path(&text, "a folder of the package", errors)?;
    Some(Spanned { value: path.value.as_str().to_owned(), span: path.span })
}

fn read_path(text: &Spanned<&str>, what: &'static str, errors: &mut Errors) -> Option<Spanned<EntryPath>> {
    match EntryPath::parse(text.value) {
        Ok(path) => Some(Spanned { value: path, span: text.span }),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what,
                reason: format!("it {error}"),
                help: Some("write it relative to the manifest, with `/` between its parts".to_owned()),
                span: text.span,
            });
            None
        }
    }
}

fn read_bin(node: ManifestNode<'_>, bin: &mut Vec<Executable>, errors: &mut Errors) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (2, 2), properties: &[], block: BlockRule::Never, example: "bin \"NAME\" \"FILE\"" };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let file = parts.argument(1).and_then(|value| value.string(errors));
    let file = file.and_then(|text| read_path(&text, "a file of the package", errors));
    let (Some(name), Some(file)) = (name, file) else { return };
    if let Err(reason) = EntryPath::parse(name.value.as_str()) {
        let reason = format!("the name of an executable {reason}");
        errors.push(ManifestError::BadName { reason, help: Some("give it another name".to_owned()), span: name.span });
        return;
    }
    match bin.iter().find(|other| other.name.value.as_str().eq_ignore_ascii_case(name.value.as_str())) {
        Some(first) => errors.push(ManifestError::Repeated {
            what: format!("executable `{}`", name.value),
            help: Some("keep one of them".to_owned()),
            span: name.span,
            first: first.name.span,
        }),
        None if bin.len() < MOST => bin.push(Executable { name, file }),
        None => errors.push(too_many(node)),
    }
}

/// Reads `features { default "rest"; rest; soap { pypi "zeep" ">=4"; } }`.
fn read_features(block: ManifestNode<'_>, catalogs: &Catalogs, errors: &mut Errors) -> Vec<Feature> {
    const BLOCK: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "features { default; }" };
    block.read_parts(&BLOCK, errors);
    let mut features: Vec<Feature> = Vec::new();
    for node in block.children() {
        let Some(feature) = read_feature(node, catalogs, errors) else { continue };
        match features.iter().find(|other| other.name.value == feature.name.value) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("feature `{}`", feature.name.value),
                help: Some("join them: what a feature turns on stands in one line".to_owned()),
                span: feature.name.span,
                first: first.name.span,
            }),
            None if features.len() < MOST => features.push(feature),
            None => {
                errors.push(too_many(node));
                break;
            }
        }
    }
    let known: Vec<&str> = features.iter().map(|feature| feature.name.value.as_str()).collect();
    for included in features.iter().flat_map(|feature| &feature.includes) {
        if !known.contains(&included.value.as_str()) {
            errors.push(ManifestError::Undeclared {
                what: "feature",
                name: included.value.to_string(),
                help: did_you_mean(included.value.as_str(), &known),
                span: included.span,
            });
        }
    }
    features
}

fn read_feature(node: ManifestNode<'_>, catalogs: &Catalogs, errors: &mut Errors) -> Option<Feature> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, MOST),
        properties: &[],
        block: BlockRule::Maybe,
        example: "NAME \"OTHER-FEATURE\" { pypi \"zeep\" \">=4\"; }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parse_feature(&Spanned { value: node.name(), span: node.name_span() }, errors);
    let mut includes: Vec<Spanned<FeatureName>> = Vec::new();
    for value in parts.arguments {
        let feature = value.string(errors).and_then(|text| parse_feature(&text, errors));
        includes.extend(feature.filter(|new| !includes.iter().any(|known| known.value == new.value)));
    }
    let dependencies = read_dependencies(node, catalogs, errors);
    Some(Feature { name: name?, includes, dependencies })
}

fn parse_feature(text: &Spanned<&str>, errors: &mut Errors) -> Option<Spanned<FeatureName>> {
    match text.value.parse::<FeatureName>() {
        Ok(name) => Some(Spanned { value: name, span: text.span }),
        Err(error) => {
            errors.push(ManifestError::BadName { reason: error.to_string(), help: None, span: text.span });
            None
        }
    }
}

/// Reads a node that is a list of values.
fn list<'a>(node: ManifestNode<'a>, errors: &mut Errors) -> NodeParts<'a> {
    const LIST: NodeShape = NodeShape { arguments: (1, MOST), properties: &[], block: BlockRule::Never, example: "" };
    node.read_parts(&LIST, errors)
}

fn too_many(node: ManifestNode<'_>) -> ManifestError {
    ManifestError::TooLong { limit: MOST, unit: "of these", span: node.head_span() }
}
