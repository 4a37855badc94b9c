//! Flows that are deployed in an environment.
//!
//! ```text
//! 12/
//! ├── flows.json          which flows there are, for those who run them
//! └── flows/<name>/       the flow with all that it refers to, as it was when it was deployed
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{EntryPath, Label, TreeDigest};

/// A flow that is deployed in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedFlow {
    /// The identity: `flow:orders/order-intake@1`.
    pub id: Arc<str>,
    /// The version of its package.
    pub version: Arc<str>,
    /// The digest of the flow and all that it refers to.
    #[serde(with = "super::as_text")]
    pub digest: TreeDigest,
    /// The tree of the store that has its files.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// Whether it is suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
}

/// The flows of an environment, by their names.
pub type DeployedFlows = BTreeMap<Arc<str>, DeployedFlow>;

impl DeployedFlow {
    /// Returns the word for its state.
    pub fn state(&self) -> &'static str {
        if self.suspended { "suspended" } else { "deployed" }
    }

    /// Returns what changes when it does: `1.2.0 (0f3a91c2)`, with its state if it is suspended.
    pub fn text(&self) -> String {
        let state = if self.suspended { ", suspended" } else { "" };
        format!("{} ({:.8}{state})", self.version, self.digest)
    }
}

/// The file that says which flows there are.
pub(super) const FLOWS: &str = "flows.json";
/// The folder of the flows.
pub(super) const FLOWS_FOLDER: &str = "flows";

#[derive(Serialize, Deserialize)]
struct FlowsDocument {
    version: u32,
    flows: BTreeMap<Arc<str>, FlowEntry>,
}

#[derive(Serialize, Deserialize)]
struct FlowEntry {
    state: String,
    #[serde(flatten)]
    flow: DeployedFlow,
}

/// Returns the text of `flows.json`.
pub(super) fn document(flows: &DeployedFlows) -> Result<Vec<u8>, serde_json::Error> {
    let entry = |flow: &DeployedFlow| FlowEntry { state: flow.state().to_owned(), flow: flow.clone() };
    let flows = flows.iter().map(|(name, flow)| (Arc::clone(name), entry(flow))).collect();
    let mut text = serde_json::to_vec_pretty(&FlowsDocument { version: 1, flows })?;
    text.push(b'\n');
    Ok(text)
}

/// Reads `flows.json`.
pub(super) fn parse(text: &[u8]) -> Option<DeployedFlows> {
    let document: FlowsDocument = serde_json::from_slice(text).ok().filter(|one: &FlowsDocument| one.version == 1)?;
    Some(document.flows.into_iter().map(|(name, entry)| (name, entry.flow)).collect())
}

/// Returns a name among these that could lead elsewhere: records lie in the checkout, where anybody may have written them.
pub(super) fn stray(flows: &DeployedFlows) -> Option<&str> {
    let is_name =
        |name: &str| name.parse::<Label>().is_ok() && EntryPath::parse(name).is_ok_and(|path| path.as_str() == name);
    flows.keys().map(|name| &**name).find(|name| !is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_the_record_does() {
        let flow = DeployedFlow {
            id: "flow:orders/intake@1".into(),
            version: "1.2.0".into(),
            digest: TreeDigest::of(b"a"),
            tree: TreeDigest::of(b"b"),
            suspended: true,
        };
        let flows: DeployedFlows = [("intake".into(), flow)].into();
        assert_eq!(parse(&document(&flows).unwrap()), Some(flows.clone()));
        assert_eq!(stray(&flows), None);
        let away: DeployedFlows = [("../x".into(), flows["intake"].clone())].into();
        assert_eq!(stray(&away), Some("../x"));
    }
}
