//! Flows with all that they refer to, as one file carries them to another project.
//!
//! ```text
//! flows.json                         which flows and assets there are, in which files
//! orders-1.2.0/flows/intake.kdl      the files of each package, as they lie in its folder
//! partner-2.1.0/schemas/order.xsd
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::EntryPath;

use super::frozen::{PackageDocument, asset_packages};
use super::package::AssetIndex;
use super::set::AssetSet;
use super::{AssetFiles, AssetPackage, PackageIndex};

/// The name of the file that lists flows and assets.
pub const FLOWS_FILE: &str = "flows.json";

/// Flows with all that they refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedFlows {
    document: FlowsDocument,
    /// The files, by their paths, without the document's.
    files: BTreeMap<EntryPath, Arc<str>>,
}

/// `flows.json`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowsDocument {
    /// The form of the document.
    version: u32,
    flows: Vec<CarriedFlow>,
    packages: Vec<PackageDocument>,
}

/// A flow of `flows.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarriedFlow {
    /// `flow:orders/order-intake@1`
    id: String,
    /// The digest of the flow and all that it refers to.
    digest: String,
}

/// The form that is written.
const VERSION: u32 = 1;

impl AssetSet<'_> {
    /// Returns flows with all that they refer to. What is not there is left out: a check tells that.
    pub fn carry(&self, flows: &[AssetIndex]) -> CarriedFlows {
        let (packages, files) = self.gather(flows);
        let carried =
            |at: &AssetIndex| CarriedFlow { id: self.asset(*at).id.to_string(), digest: self.digest(*at).to_string() };
        let flows = flows.iter().map(carried).collect();
        CarriedFlows { document: FlowsDocument { version: VERSION, flows, packages }, files }
    }
}

impl CarriedFlows {
    /// Reads files that somebody else may have written. Takes only what larder would write: every file belongs to an asset, every
    /// asset to a flow, and all is what its digest says.
    ///
    /// # Errors
    /// Why they are no such files, as a sentence.
    pub fn read(mut files: BTreeMap<EntryPath, Arc<str>>) -> Result<Self, String> {
        let list = EntryPath::parse(FLOWS_FILE).map_err(|error| format!("`{FLOWS_FILE}` {error}"))?;
        let text = files.remove(&list).ok_or_else(|| format!("it has no `{FLOWS_FILE}`"))?;
        let document: FlowsDocument =
            serde_json::from_str(&text).map_err(|error| format!("`{FLOWS_FILE}` cannot be read: {error}"))?;
        if document.version != VERSION {
            return Err(format!("it is of version {}, which this larder does not know", document.version));
        }
        let carried = Self { document, files };
        let set = AssetSet::new(carried.asset_packages()?, &carried);
        let mut flows = Vec::new();
        for flow in &carried.document.flows {
            let found = (0..set.assets().len()).find(|at| set.asset(*at).id.to_string() == flow.id);
            flows.push(found.ok_or_else(|| format!("it has no `{}`", flow.id))?);
        }
        if flows.is_empty() {
            return Err("it has no flow".to_owned());
        }
        let written = set.carry(&flows);
        let differs = |flow: &&CarriedFlow| !written.document.flows.contains(flow);
        if let Some(changed) = carried.document.flows.iter().find(differs) {
            return Err(format!("`{}` is not what its digest says", changed.id));
        }
        if let Some(path) = carried.files.keys().find(|path| !written.files.contains_key(*path)) {
            return Err(format!("no asset has a file `{}`", path.as_str()));
        }
        if written != carried {
            return Err(format!("`{FLOWS_FILE}` does not say what the files are"));
        }
        Ok(carried)
    }

    /// Returns all files, the document included, sorted by their paths.
    pub fn all_files(&self) -> BTreeMap<EntryPath, Arc<str>> {
        let mut all = self.files.clone();
        // Texts and lists of them can always be written, and the name is a path.
        let text = serde_json::to_string_pretty(&self.document).unwrap_or_default() + "\n";
        all.extend(EntryPath::parse(FLOWS_FILE).ok().map(|path| (path, text.into())));
        all
    }

    /// Returns the files of a package, by their paths in its folder.
    pub fn files_of(&self, package: &PackageDocument) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let below = format!("{}/", package.folder);
        self.files.iter().filter_map(move |(path, text)| Some((path.as_str().strip_prefix(&below)?, text)))
    }

    /// Returns the packages.
    pub fn packages(&self) -> &[PackageDocument] {
        &self.document.packages
    }

    /// Returns the identities of the flows that were chosen.
    pub fn flows(&self) -> impl Iterator<Item = &str> {
        self.document.flows.iter().map(|flow| flow.id.as_str())
    }

    /// Returns the packages as a check is given them: all of them are checked.
    ///
    /// # Errors
    /// What in them cannot be, as a sentence.
    pub fn asset_packages(&self) -> Result<Vec<AssetPackage>, String> {
        asset_packages(&self.document.packages, FLOWS_FILE)
    }
}

impl AssetFiles for CarriedFlows {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let folder = &self.document.packages.get(package)?.folder;
        self.files.get(&EntryPath::parse(&format!("{folder}/{path}")).ok()?).cloned()
    }
}
