//! Assets of private packages: schemas, adapters, mappings and flows. Read, joined, checked, compared; nothing here does I/O.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `reference` | references from one asset to another |
//! | `adapter` | adapters, and the kinds of them |
//! | `flow` | flows |
//! | `package` | packages with their assets, as a check is given them |
//! | `link` | a reference, and what it means |
//! | `resolve` | what a reference means |
//! | `set` | the assets of several packages, each read once |
//! | `links` | which asset refers to which |
//! | `record` | what a look found, for the next one |
//! | `digest` | digests of assets: of their content and all that they refer to |
//! | `check` | what is wrong with them |
//! | `compatibility` | what a newer version of them breaks for those who use the older one |
//! | `graph` | cycles, orphans |
//! | `reference_graph` | which asset refers to which, as a value of its own; who is touched by a change |
//! | `readiness` | whether flows can be deployed, and why not |
//! | `frozen` | a flow with all that it refers to, as it is deployed |
//! | `carried` | flows with all that they refer to, as one file carries them elsewhere |
//! | `sealed` | files that only who has a key can read |
//! | `foreign` | assets of other tools: what a file is, and configurations that become adapters |

pub mod adapter;
mod carried;
mod check;
mod compatibility;
mod digest;
mod flow;
pub mod foreign;
mod frozen;
mod graph;
mod link;
mod links;
mod package;
mod readiness;
mod record;
mod reference;
mod reference_graph;
mod resolve;
pub mod sealed;
mod set;
#[cfg(test)]
mod tests;

pub use carried::{CarriedFlows, FLOWS_FILE, check_foreign_path};
pub use check::MAPPING_SECRET;
pub use compatibility::{AssetChange, compare as compare_assets, compare_asset};
pub use flow::{ErrorWay, Flow, FlowDependency, Route, Strength};
pub use frozen::{AssetDocument, FLOW_FILE, FlowDocument, FrozenFiles, FrozenFlow, PackageDocument};
pub use link::{Link, LinkRole, Unresolved};
pub use package::{AssetFiles, AssetIndex, AssetPackage, PackageIndex};
pub use readiness::{Readiness, ready_word};
pub use record::AssetRecords;
pub use reference::Reference;
pub use reference_graph::{ReferenceGraph, Touched};
pub use set::{Asset, AssetBody, AssetContent, AssetSet};
