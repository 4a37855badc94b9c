//! A flow with all that it refers to, as it is deployed and carried elsewhere.
//!
//! ```text
//! flow.json                          which assets there are, in which files
//! orders-1.2.0/flows/intake.kdl      the files of each package, as they lie in its folder
//! partner-2.1.0/schemas/order.xsd
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::SourceSpan;
use serde::{Deserialize, Serialize};

use crate::manifest::{AssetDeclaration, Spanned};
use crate::model::{AssetId, AssetQuery, EntryPath, FlowState, Label, PackageName, Version};

use super::package::AssetIndex;
use super::set::AssetSet;
use super::{AssetFiles, AssetPackage, PackageIndex};

/// The name of the file that lists the assets.
pub const FLOW_FILE: &str = "flow.json";

/// A flow with all that it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenFlow {
    /// What it consists of.
    pub document: FlowDocument,
    /// The files, by their paths, without the document's.
    pub files: BTreeMap<EntryPath, Arc<str>>,
}

/// `flow.json`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowDocument {
    /// The form of the document.
    pub version: u32,
    /// The flow: `flow:orders/order-intake@1`.
    pub flow: String,
    /// The digest of the flow and all that it refers to.
    pub digest: String,
    /// The packages, the flow's own first.
    pub packages: Vec<PackageDocument>,
}

/// A package of `flow.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageDocument {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The folder of its files.
    pub folder: String,
    /// The packages to which it refers: name → folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
    /// Its assets.
    pub assets: Vec<AssetDocument>,
}

/// An asset of `flow.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetDocument {
    /// The identity.
    pub id: String,
    /// The file, in the package's folder.
    pub file: String,
    /// `kind=` of a schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
}

impl AssetSet<'_> {
    /// Returns a flow with all that it refers to. What is not there is left out: a check tells that.
    pub fn freeze(&self, flow: AssetIndex) -> FrozenFlow {
        let (packages, files) = self.gather(&[flow]);
        let document = FlowDocument {
            version: 1,
            flow: self.asset(flow).id.to_string(),
            digest: self.digest(flow).to_string(),
            packages,
        };
        FrozenFlow { document, files }
    }

    /// Returns the packages and files of flows and all that they refer to; the package of the first flow comes first.
    pub(super) fn gather(&self, flows: &[AssetIndex]) -> (Vec<PackageDocument>, BTreeMap<EntryPath, Arc<str>>) {
        let closure = self.closure(flows.iter().copied());
        let own = flows.first().map(|flow| self.asset(*flow).package);
        let used: BTreeSet<PackageIndex> = closure.iter().map(|at| self.asset(*at).package).collect();
        let packages: Vec<PackageIndex> =
            own.into_iter().chain(used.into_iter().filter(|package| Some(*package) != own)).collect();
        let folder = |at: PackageIndex| format!("{}-{}", self.packages()[at].name, self.packages()[at].version);
        let mut files = BTreeMap::new();
        let mut documents = Vec::new();
        for at in &packages {
            let package = &self.packages()[*at];
            let dependencies = package.dependencies.iter().filter(|(_, to)| packages.contains(to));
            let mut document = PackageDocument {
                name: package.name.to_string(),
                version: package.version.to_string(),
                folder: folder(*at),
                dependencies: dependencies.map(|(name, to)| (name.clone(), folder(*to))).collect(),
                assets: Vec::new(),
            };
            for asset in closure.iter().filter(|asset| self.asset(**asset).package == *at) {
                let declaration = &self.asset(*asset).declaration;
                document.assets.push(AssetDocument {
                    id: self.asset(*asset).id.to_string(),
                    file: declaration.file.value.to_string(),
                    form: declaration.form.map(str::to_owned),
                });
                for file in self.files_of(*asset) {
                    let owner = packages.iter().find_map(|at| Some((*at, self.packages()[*at].path(&file.file)?)));
                    let path = owner.and_then(|(at, path)| EntryPath::parse(&format!("{}/{path}", folder(at))).ok());
                    files.extend(path.map(|path| (path, file.text)));
                }
            }
            documents.push(document);
        }
        (documents, files)
    }
}

impl FlowDocument {
    /// Returns the text of the document.
    pub fn to_text(&self) -> String {
        // Texts and lists of them can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads the document of a flow that somebody else may have written.
    ///
    /// # Errors
    /// Why it is none, as a sentence.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Self =
            serde_json::from_slice(text).map_err(|error| format!("{FLOW_FILE} cannot be read: {error}"))?;
        if document.version != 1 {
            return Err(format!("{FLOW_FILE} is of version {}, which this larder does not know", document.version));
        }
        document.asset_packages()?;
        Ok(document)
    }

    /// Returns the packages as a check is given them: all of them are checked.
    ///
    /// # Errors
    /// What in the document cannot be, as a sentence.
    pub fn asset_packages(&self) -> Result<Vec<AssetPackage>, String> {
        asset_packages(&self.packages, FLOW_FILE)
    }
}

/// Returns packages of a document as a check is given them: all of them are checked.
///
/// # Errors
/// What in them cannot be, as a sentence.
pub(super) fn asset_packages(documents: &[PackageDocument], file: &str) -> Result<Vec<AssetPackage>, String> {
    let mut places: BTreeMap<&str, PackageIndex> = BTreeMap::new();
    for (at, package) in documents.iter().enumerate() {
        places.entry(&package.folder).or_insert(at);
    }
    let mut packages = Vec::new();
    for package in documents {
        let name = PackageName::larder(&package.name).map_err(|error| error.to_string())?;
        let folder = EntryPath::parse(&package.folder).map_err(|error| format!("`{}` {error}", package.folder))?;
        let mut dependencies = BTreeMap::new();
        for (needed, folder) in &package.dependencies {
            let at = *places.get(folder.as_str()).ok_or_else(|| format!("`{folder}` is no folder of a package"))?;
            dependencies.insert(needed.clone(), at);
        }
        let declarations: Result<Vec<AssetDeclaration>, String> =
            package.assets.iter().map(|asset| declaration(asset, &name)).collect();
        packages.push(AssetPackage {
            version: Version::private(&package.version)?,
            manifest: file.into(),
            text: "".into(),
            folder: folder.as_str().into(),
            declarations: declarations?,
            dependencies,
            absent: BTreeMap::new(),
            is_own: true,
            name,
        });
    }
    Ok(packages)
}

fn declaration(asset: &AssetDocument, package: &PackageName) -> Result<AssetDeclaration, String> {
    let span: SourceSpan = (0, 0).into();
    let query: AssetQuery = asset.id.parse().map_err(|error: crate::model::AssetQueryError| error.to_string())?;
    let kind = query.kind.ok_or_else(|| format!("`{}` has no kind", asset.id))?;
    if query.package.as_ref() != Some(package) {
        return Err(format!("`{}` is not of package {package}", asset.id));
    }
    let form = match asset.form.as_deref() {
        None => None,
        Some("xsd") => Some("xsd"),
        Some("wsdl") => Some("wsdl"),
        Some("json-schema") => Some("json-schema"),
        Some(other) => return Err(format!("`{other}` is no kind of schemas")),
    };
    let file = EntryPath::parse(&asset.file).map_err(|error| format!("`{}` {error}", asset.file))?;
    let first: Label = AssetId::FIRST_VERSION.parse().map_err(|error: crate::model::LabelError| error.to_string())?;
    Ok(AssetDeclaration {
        kind,
        name: Spanned { value: query.name, span },
        file: Spanned { value: file, span },
        version: query.version.unwrap_or(first),
        form,
        state: FlowState::Draft,
        span,
    })
}

/// The files of a frozen flow.
impl AssetFiles for FrozenFiles<'_> {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let folder = &self.flow.document.packages.get(package)?.folder;
        self.flow.files.get(&EntryPath::parse(&format!("{folder}/{path}")).ok()?).cloned()
    }
}

/// Reads the files of a frozen flow.
pub struct FrozenFiles<'a> {
    /// The flow.
    pub flow: &'a FrozenFlow,
}
