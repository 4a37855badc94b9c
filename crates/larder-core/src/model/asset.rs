//! Assets of private packages: what they are called, their kinds, and the states of flows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Label, PackageName};

/// The kind of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetKind {
    /// What documents look like: XSD, WSDL or JSON Schema.
    Schema,
    /// Where documents come from or go to.
    Adapter,
    /// How one document becomes another.
    Mapping,
    /// How adapters and mappings are joined.
    Flow,
}

impl AssetKind {
    /// All kinds. What one refers to is of a kind before its own, or of its own.
    pub const ALL: [Self; 4] = [Self::Schema, Self::Adapter, Self::Mapping, Self::Flow];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Adapter => "adapter",
            Self::Mapping => "mapping",
            Self::Flow => "flow",
        }
    }
}

impl FromStr for AssetKind {
    type Err = UnknownAssetKind;

    fn from_str(text: &str) -> Result<Self, UnknownAssetKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| UnknownAssetKind(text.to_owned()))
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no kind of assets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of assets: there are schema, adapter, mapping and flow")]
pub struct UnknownAssetKind(pub String);

/// The state of a flow that its manifest declares. Deployed and suspended are states in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowState {
    /// It is being worked on.
    #[default]
    Draft,
    /// It may be deployed.
    Ready,
    /// It is not used any more.
    Archived,
}

impl FlowState {
    /// The words of a manifest.
    pub const WORDS: [(&'static str, Self); 3] =
        [("draft", Self::Draft), ("ready", Self::Ready), ("archived", Self::Archived)];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Archived => "archived",
        }
    }
}

/// The identity of an asset. Written `schema:orders/order@2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId {
    /// The kind.
    pub kind: AssetKind,
    /// The package that declares it.
    pub package: PackageName,
    /// The name.
    pub name: Label,
    /// The version of the asset, which is not the package's.
    pub version: Label,
}

impl AssetId {
    /// The version of an asset whose declaration states none.
    pub const FIRST_VERSION: &'static str = "1";
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}:{}/{}@{}", self.kind, self.package, self.name, self.version);
        f.pad(&text)
    }
}

impl FromStr for AssetId {
    type Err = AssetQueryError;

    fn from_str(text: &str) -> Result<Self, AssetQueryError> {
        match text.parse()? {
            AssetQuery { kind: Some(kind), package: Some(package), name, version: Some(version) } => {
                Ok(Self { kind, package, name, version })
            }
            _ => Err(AssetQueryError {
                text: text.to_owned(),
                reason: "an identity has a kind, a package, a name and a version".to_owned(),
            }),
        }
    }
}

/// A text that asks for assets: `schema:orders/order@2`, or less: without kind, package or version it means all that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetQuery {
    /// The kind.
    pub kind: Option<AssetKind>,
    /// The package.
    pub package: Option<PackageName>,
    /// The name.
    pub name: Label,
    /// The version.
    pub version: Option<Label>,
}

/// Why a text asks for no asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no asset: {reason}")]
pub struct AssetQueryError {
    text: String,
    reason: String,
}

impl FromStr for AssetQuery {
    type Err = AssetQueryError;

    fn from_str(text: &str) -> Result<Self, AssetQueryError> {
        let error = |reason: String| AssetQueryError { text: text.to_owned(), reason };
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (Some(kind.parse().map_err(|e: UnknownAssetKind| error(e.to_string()))?), rest),
            None => (None, text),
        };
        let (package, rest) = split_package(rest);
        let package = package.map(PackageName::larder).transpose().map_err(|e| error(e.to_string()))?;
        let (name, version) = split_version(rest);
        let label = |text: &str| text.parse::<Label>().map_err(|e| error(e.to_string()));
        Ok(Self { kind, package, name: label(name)?, version: version.map(label).transpose()? })
    }
}

impl AssetQuery {
    /// Returns whether an asset is meant.
    pub fn covers(&self, id: &AssetId) -> bool {
        self.kind.is_none_or(|kind| kind == id.kind)
            && self.package.as_ref().is_none_or(|package| package.folded() == id.package.folded())
            && self.name == id.name
            && self.version.as_ref().is_none_or(|version| *version == id.version)
    }
}

/// A reference from one asset to another: `order`, `partner/order@2`, `partner/order#Order`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetReference {
    /// The package. `None`: the one that the reference stands in.
    pub package: Option<PackageName>,
    /// The name.
    pub name: Label,
    /// The version. `None`: the only one that there is.
    pub version: Option<Label>,
    /// What of it is meant, behind `#`: a root element, a type, an operation's message.
    pub entry: Option<Box<str>>,
}

impl FromStr for AssetReference {
    type Err = AssetQueryError;

    fn from_str(text: &str) -> Result<Self, AssetQueryError> {
        let error = |reason: String| AssetQueryError { text: text.to_owned(), reason };
        let (rest, entry) = match text.split_once('#') {
            Some((_, "")) => return Err(error("nothing follows the `#`".to_owned())),
            Some((rest, entry)) => (rest, Some(entry.into())),
            None => (text, None),
        };
        let (package, rest) = split_package(rest);
        let package = package.map(PackageName::larder).transpose().map_err(|e| error(e.to_string()))?;
        let (name, version) = split_version(rest);
        let label = |text: &str| text.parse::<Label>().map_err(|e| error(e.to_string()));
        Ok(Self { package, name: label(name)?, version: version.map(label).transpose()?, entry })
    }
}

/// Splits `@scope/package/name` and `package/name`.
fn split_package(text: &str) -> (Option<&str>, &str) {
    match text.rsplit_once('/') {
        Some((package, name)) => (Some(package), name),
        None => (None, text),
    }
}

fn split_version(text: &str) -> (&str, Option<&str>) {
    match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_a_query_for_itself() {
        let id = AssetId {
            kind: AssetKind::Schema,
            package: PackageName::larder("@acme/orders").unwrap(),
            name: "order".parse().unwrap(),
            version: "2".parse().unwrap(),
        };
        assert_eq!(id.to_string(), "schema:@acme/orders/order@2");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert!("@acme/orders/order@2".parse::<AssetId>().is_err());
        for text in ["schema:@acme/orders/order@2", "@acme/orders/order", "order", "schema:order@2"] {
            assert!(text.parse::<AssetQuery>().unwrap().covers(&id), "{text}");
        }
        for text in ["flow:@acme/orders/order@2", "orders/order", "orders", "order@1"] {
            assert!(!text.parse::<AssetQuery>().unwrap().covers(&id), "{text}");
        }
    }

    #[test]
    fn references_have_a_name_and_may_have_more() {
        let parsed = |text: &str| text.parse::<AssetReference>().map_err(|error| error.to_string());
        let full = parsed("@acme/partner/order@2#Order").unwrap();
        assert_eq!(full.package.unwrap().as_str(), "@acme/partner");
        assert_eq!((full.name.as_str(), full.version.unwrap().as_str()), ("order", "2"));
        assert_eq!(full.entry.as_deref(), Some("Order"));
        assert_eq!(parsed("service.wsdl#place/input").unwrap().entry.as_deref(), Some("place/input"));
        for wrong in ["", "#Order", "order#", "order@", "a b", "Partner!/order", "/order"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
