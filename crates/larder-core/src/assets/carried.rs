//! Flows with all that they refer to, as one file carries them to another project.
//!
//! ```text
//! flows.json                         which flows and assets there are, in which files
//! orders-1.2.0/flows/intake.kdl      the files of each package, as they lie in its folder
//! partner-2.1.0/schemas/order.xsd
//! ```

use std::collections::{BTreeMap, BTreeSet};
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

/// The most flows, packages and assets of a file: what somebody else made must not cost hours.
const MOST_FLOWS: usize = 1_000;
const MOST_PACKAGES: usize = 2_000;
const MOST_ASSETS: usize = 10_000;

/// The endings of files that assets have: other tools run none of them.
const ENDINGS: [&str; 5] = [".kdl", ".xsd", ".wsdl", ".json", ".xml"];

/// Files with such an ending that other tools look for by their names, and do what they say.
const OF_TOOLS: [&str; 20] = [
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "composer.json",
    "deno.json",
    "tsconfig.json",
    "jsconfig.json",
    "nx.json",
    "project.json",
    "lerna.json",
    "turbo.json",
    "rush.json",
    "bower.json",
    "vercel.json",
    "angular.json",
    "global.json",
    "pom.xml",
    "build.xml",
    "ivy.xml",
    "settings.xml",
];

/// Checks that a path in the folder of a package can be that of an asset's file which comes from elsewhere: no tool takes it for its
/// own.
///
/// # Errors
/// Why it cannot, as what follows the path in a sentence.
pub fn check_foreign_path(path: &str) -> Result<(), &'static str> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    if lower.split('/').any(|part| part.starts_with('.')) {
        return Err("has a name that begins with a dot, as files of tools do");
    }
    if lower.split('/').any(|part| part == "node_modules") {
        return Err("is in a folder that package managers fill");
    }
    if name.starts_with("larder.") {
        return Err("is a file of larder's own");
    }
    if OF_TOOLS.contains(&name) {
        return Err("is a file that another tool does what it says");
    }
    Ok(())
}

/// Checks the same of a file of flows, whose files have the endings of assets.
fn check_carried_path(path: &str) -> Result<(), &'static str> {
    check_foreign_path(path)?;
    let lower = path.to_ascii_lowercase();
    if ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return Ok(());
    }
    Err("has another ending than files of flows have: .kdl, .xsd, .wsdl, .json, .xml")
}

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
        carried.check_form()?;
        let set = AssetSet::new(carried.asset_packages()?, &carried);
        let mut by_id: BTreeMap<String, AssetIndex> = BTreeMap::new();
        for at in 0..set.assets().len() {
            by_id.entry(set.asset(at).id.to_string()).or_insert(at);
        }
        let mut flows = Vec::new();
        for flow in &carried.document.flows {
            flows.push(*by_id.get(&flow.id).ok_or_else(|| format!("it has no `{}`", flow.id))?);
        }
        if flows.is_empty() {
            return Err("it has no flow".to_owned());
        }
        let written = set.carry(&flows);
        // Both are in the order of the document.
        let both = carried.document.flows.iter().zip(&written.document.flows);
        if let Some((changed, _)) = both.into_iter().find(|(read, written)| read != written) {
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

    /// Checks that there is not more than larder would read elsewhere, and that no file is one of another tool's.
    ///
    /// # Errors
    /// What there cannot be, as a sentence.
    pub fn check_form(&self) -> Result<(), String> {
        let document = &self.document;
        let assets = document.packages.iter().map(|package| package.assets.len()).sum();
        let counts = [
            (document.flows.len(), MOST_FLOWS, "flows"),
            (document.packages.len(), MOST_PACKAGES, "packages"),
            (assets, MOST_ASSETS, "assets"),
        ];
        if let Some((_, most, what)) = counts.into_iter().find(|(count, most, _)| count > most) {
            return Err(format!("it has more than {most} {what}"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = document.flows.iter().find(|flow| !seen.insert(&flow.id)) {
            return Err(format!("it names `{}` twice", twice.id));
        }
        for package in &document.packages {
            for (path, _) in self.files_of(package) {
                check_carried_path(path).map_err(|reason| format!("`{}` {reason}", path.escape_debug()))?;
            }
        }
        Ok(())
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
