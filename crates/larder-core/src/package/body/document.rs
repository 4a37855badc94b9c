//! The JSON of a body: compact, with its fields in one order, those without content left out. One body has one text.
//!
//! ```json
//! {"name":"orders-client","version":"2.1.0","license":"Apache-2.0","category":"integrations","status":"beta",
//!  "dependencies":[{"ecosystem":"npm","name":"zod","range":"^4"},
//!                  {"ecosystem":"pypi","name":"fastapi","range":">=0.115","features":["standard"],"when":"os_name == 'nt'"}],
//!  "features":{"default":{"includes":["rest"]},"rest":{}},
//!  "node":"js","python":"py","bin":{"orders":"js/bin/orders.mjs"},
//!  "assets":[{"kind":"flow","name":"order-intake","version":"1","file":"flows/order-intake.kdl","state":"ready"}],"tree":"0f…"}
//! ```
//!
//! `features` of a Python dependency are its extras; of a private one `"default-features":false` and `"beta":true` say the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Body, BodyAsset, BodyDependency, BodyFeature};
use crate::manifest::parse_requirement;
use crate::model::{
    Ecosystem, EntryPath, ExtraName, FeatureName, FlowState, Marker, PackageName, PackageStatus, Version,
};

/// Why a text is not the body of a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is too long.
    #[error("it has {0} bytes, and {limit} are allowed", limit = Body::MAX_SIZE)]
    TooLong(usize),
    /// It is not JSON, or has other fields.
    #[error("{0}")]
    Json(String),
    /// A field has a value that it cannot have.
    #[error("`{value}` is no {field}: {reason}", value = .value.escape_debug())]
    Value {
        /// The field: `name`.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It says the same as another text.
    #[error("it is not written as larder writes it")]
    NotCanonical,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyDocument {
    name: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    license: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, rename = "replaced-by", skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<Box<str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<DependencyDocument>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    features: BTreeMap<String, FeatureDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    python: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    bin: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetDocument>,
    tree: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetDocument {
    kind: String,
    name: String,
    version: String,
    file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct DependencyDocument {
    ecosystem: String,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    range: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
    #[serde(default = "yes", rename = "default-features", skip_serializing_if = "is_true")]
    default_features: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    beta: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureDocument {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    includes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<DependencyDocument>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

fn yes() -> bool {
    true
}

impl Body {
    /// Returns the text that a publisher signs.
    pub fn to_json(&self) -> String {
        // Maps with keys of text and values of text, lists and numbers can always be written.
        serde_json::to_string(&BodyDocument::from(self)).unwrap_or_default()
    }

    /// Reads the text of a body that somebody published.
    pub fn parse(text: &str) -> Result<Self, BodyError> {
        if text.len() > Self::MAX_SIZE {
            return Err(BodyError::TooLong(text.len()));
        }
        let document: BodyDocument = serde_json::from_str(text).map_err(|error| BodyError::Json(error.to_string()))?;
        let body = Self::try_from(document)?;
        if body.to_json() == text { Ok(body) } else { Err(BodyError::NotCanonical) }
    }
}

/// Returns dependencies in the order in which a body has them, each once.
pub(super) fn sorted(mut dependencies: Vec<BodyDependency>) -> Vec<BodyDependency> {
    dependencies.sort_by_cached_key(|dependency| DependencyDocument::from(dependency));
    dependencies.dedup();
    dependencies
}

impl From<&Body> for BodyDocument {
    fn from(body: &Body) -> Self {
        let dependencies = |of: &[BodyDependency]| of.iter().map(DependencyDocument::from).collect();
        let feature = |feature: &BodyFeature| FeatureDocument {
            includes: feature.includes.iter().map(ToString::to_string).collect(),
            dependencies: dependencies(&feature.dependencies),
        };
        Self {
            name: body.name.to_string(),
            version: body.version.to_string(),
            description: body.description.clone(),
            license: body.license.clone(),
            category: body.category.as_ref().map(ToString::to_string),
            keywords: body.keywords.clone(),
            status: (body.status != PackageStatus::Active).then(|| body.status.as_str().to_owned()),
            replaced_by: body.status.replaced_by().map(ToString::to_string),
            origins: body.origins.clone(),
            dependencies: dependencies(&body.dependencies),
            features: body.features.iter().map(|(name, of)| (name.to_string(), feature(of))).collect(),
            node: body.node.clone(),
            python: body.python.clone(),
            bin: body.bin.iter().map(|(name, file)| (name.to_string(), file.to_string())).collect(),
            assets: body.assets.iter().map(AssetDocument::from).collect(),
            tree: body.tree.to_string(),
        }
    }
}

impl From<&BodyAsset> for AssetDocument {
    fn from(asset: &BodyAsset) -> Self {
        Self {
            kind: asset.kind.to_string(),
            name: asset.name.to_string(),
            version: asset.version.to_string(),
            file: asset.file.to_string(),
            state: asset.state.map(|state| state.as_str().to_owned()),
        }
    }
}

impl TryFrom<AssetDocument> for BodyAsset {
    type Error = BodyError;

    fn try_from(document: AssetDocument) -> Result<Self, BodyError> {
        let state = |text: &str| {
            let known = FlowState::WORDS.into_iter().find(|(word, _)| *word == text);
            known.map(|(_, state)| state).ok_or("it is not known")
        };
        Ok(Self {
            kind: named("kind", document.kind, str::parse)?,
            name: named("asset", document.name, str::parse)?,
            version: named("version", document.version, str::parse)?,
            file: named("file", document.file, EntryPath::parse)?,
            state: document.state.map(|text| named("state", text, state)).transpose()?,
        })
    }
}

impl From<&BodyDependency> for DependencyDocument {
    fn from(dependency: &BodyDependency) -> Self {
        let requirement = &dependency.requirement;
        let when = requirement.marker().filter(|_| requirement.ecosystem().has_markers()).unwrap_or(&dependency.when);
        let default = ExtraName::default_feature();
        let has_default = requirement.extras().contains(&default);
        let is_listed = |extra: &&ExtraName| requirement.ecosystem().has_markers() || **extra != default;
        Self {
            ecosystem: requirement.ecosystem().to_string(),
            name: requirement.seen_as().to_string(),
            range: requirement.range_text(),
            features: requirement.extras().iter().filter(is_listed).map(ToString::to_string).collect(),
            default_features: has_default || !requirement.ecosystem().has_features(),
            beta: requirement.takes_beta(),
            optional: dependency.optional,
            when: (!when.is_always()).then(|| when.to_string()),
        }
    }
}

impl TryFrom<BodyDocument> for Body {
    type Error = BodyError;

    fn try_from(document: BodyDocument) -> Result<Self, BodyError> {
        let replaced_by = document.replaced_by.map(|text| named("replaced-by", text, PackageName::larder));
        let status = document.status.unwrap_or_else(|| PackageStatus::Active.as_str().to_owned());
        let status = PackageStatus::from_word(&status, replaced_by.transpose()?).ok_or(BodyError::Value {
            field: "status",
            value: status,
            reason: "it is not known".to_owned(),
        })?;
        let feature = |document: FeatureDocument| {
            let includes = document.includes.into_iter().map(|text| named("feature", text, str::parse));
            let includes: Result<Vec<FeatureName>, BodyError> = includes.collect();
            Ok(BodyFeature { includes: includes?, dependencies: dependencies(document.dependencies)? })
        };
        let features: Result<BTreeMap<FeatureName, BodyFeature>, BodyError> = document
            .features
            .into_iter()
            .map(|(name, document)| Ok((named("feature", name, str::parse)?, feature(document)?)))
            .collect();
        let features = features?;
        if let Some(unknown) = features.values().flat_map(|of| &of.includes).find(|name| !features.contains_key(*name))
        {
            let reason = "the package has no such feature".to_owned();
            return Err(BodyError::Value { field: "feature", value: unknown.to_string(), reason });
        }
        let bin = document
            .bin
            .into_iter()
            .map(|(name, file)| Ok((named("bin", name, str::parse)?, named("bin", file, EntryPath::parse)?)));
        Ok(Self {
            name: named("name", document.name, PackageName::larder)?,
            version: named("version", document.version, Version::private)?,
            description: document.description,
            license: document.license,
            category: document.category.map(|text| named("category", text, str::parse)).transpose()?,
            keywords: document.keywords,
            status,
            origins: document.origins,
            dependencies: dependencies(document.dependencies)?,
            features,
            node: document.node.map(folder).transpose()?,
            python: document.python.map(folder).transpose()?,
            bin: bin.collect::<Result<_, BodyError>>()?,
            assets: document.assets.into_iter().map(BodyAsset::try_from).collect::<Result<_, _>>()?,
            tree: named("tree", document.tree, str::parse)?,
        })
    }
}

fn dependencies(documents: Vec<DependencyDocument>) -> Result<Vec<BodyDependency>, BodyError> {
    Ok(sorted(documents.into_iter().map(BodyDependency::try_from).collect::<Result<_, _>>()?))
}

impl TryFrom<DependencyDocument> for BodyDependency {
    type Error = BodyError;

    fn try_from(document: DependencyDocument) -> Result<Self, BodyError> {
        let ecosystem: Ecosystem = named("ecosystem", document.ecosystem, str::parse)?;
        let when: Marker = match document.when {
            Some(text) => named("when", text, str::parse)?,
            None => Marker::default(),
        };
        let mut name = document.name;
        let mut features: Vec<ExtraName> = Vec::new();
        if ecosystem.has_features() {
            features.extend(document.default_features.then(ExtraName::default_feature));
            for feature in document.features {
                features.push(named("feature", feature, str::parse)?);
            }
        } else if !document.features.is_empty() {
            name = format!("{name}[{}]", document.features.join(","));
        }
        let requirement =
            named("dependency", name, |name| parse_requirement(ecosystem, name, Some(&document.range), &when))?;
        let requirement = requirement.with_features(features, document.beta);
        let when = if ecosystem.has_markers() { Marker::default() } else { when };
        Ok(Self { requirement, optional: document.optional, when })
    }
}

/// Checks a folder of the package.
fn folder(text: Box<str>) -> Result<Box<str>, BodyError> {
    if *text == *"." {
        return Ok(text);
    }
    named("folder", String::from(text), EntryPath::parse).map(|path| path.as_str().into())
}

/// Reads the value of a field.
fn named<T, E: ToString>(
    field: &'static str,
    value: String,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, BodyError> {
    parse(&value).map_err(|error| BodyError::Value { field, reason: error.to_string(), value })
}
