//! The flows of an environment's generation: which it is to have, and their files.

use std::sync::Arc;

use crate::assets::{FLOW_FILE, FlowDocument, FrozenFlow};
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::{Digest, EntryPath, Label, TreeDigest};
use crate::ops::Result;
use crate::profile::{DeployedFlow, DeployedFlows, ProfileError, Profiles};
use crate::store::{Staging, Store, Tree};

/// Which flows an environment is to have.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) enum FlowUse<'a> {
    /// Those that it has.
    Keep,
    /// Those that it has, and this one.
    Set(&'a str, &'a DeployedFlow),
    /// Those that it has, without this one.
    Remove(&'a str),
    /// Those that another environment has deployed, and its own besides. What is suspended here stays so, and what is suspended
    /// there is not carried.
    TakeOver(&'a DeployedFlows),
}

impl FlowUse<'_> {
    /// Returns the flows that an environment is to have.
    pub(in crate::ops) fn flows(self, profile: &Profiles, environment: &Label) -> Result<DeployedFlows> {
        let mut flows = profile.flows(environment)?;
        match self {
            Self::Keep => {}
            Self::Set(name, flow) => drop(flows.insert(name.into(), flow.clone())),
            Self::Remove(name) => drop(flows.remove(name)),
            Self::TakeOver(others) => {
                for (name, flow) in others.iter().filter(|(_, flow)| !flow.suspended) {
                    let suspended = flows.get(name).is_some_and(|own| own.suspended);
                    flows.insert(Arc::clone(name), DeployedFlow { suspended, ..flow.clone() });
                }
            }
        }
        Ok(flows)
    }
}

/// Returns the files of flows. What the store lost, or what was harmed there, is taken from the environment.
pub(in crate::ops) fn trees(
    store: &Store,
    profile: &Profiles,
    environment: &Label,
    flows: &DeployedFlows,
) -> Result<Vec<Arc<Tree>>> {
    let mut trees = Vec::new();
    for (name, flow) in flows {
        let mut known = store.tree_by_digest(&flow.tree).ok().flatten();
        if let Some(tree) = &known
            && !store.verify_tree(tree)?.is_empty()
        {
            store.remove(&flow.tree)?;
            known = None;
        }
        let tree = match known {
            Some(tree) => tree,
            None => restore(store, profile, environment, name, flow)?,
        };
        trees.push(Arc::new(tree));
    }
    Ok(trees)
}

/// Puts a flow into the store again, from the environment that has it.
fn restore(
    store: &Store,
    profile: &Profiles,
    environment: &Label,
    name: &Arc<str>,
    flow: &DeployedFlow,
) -> Result<Tree> {
    let gone = || ProfileError::NoFlow { name: Arc::clone(name) };
    let read = |path: &EntryPath| profile.flow_file(environment, name, path);
    let list = EntryPath::parse(FLOW_FILE).map_err(|_| gone())?;
    let text = read(&list)?.ok_or_else(gone)?;
    let document = FlowDocument::parse(&text).map_err(|_| gone())?;
    let mut files = std::collections::BTreeMap::new();
    for path in profile.flow_paths(environment, name)? {
        if path != list {
            let content = read(&path)?.and_then(|content| String::from_utf8(content).ok()).ok_or_else(gone)?;
            files.insert(path, content.into());
        }
    }
    let tree = store_flow(store, &FrozenFlow { document, files })?;
    if tree.digest != flow.tree {
        return Err(gone().into());
    }
    Ok(tree)
}

/// Puts the files of a flow into the store.
pub(in crate::ops) fn store_flow(store: &Store, flow: &FrozenFlow) -> Result<Tree> {
    let list = EntryPath::parse(FLOW_FILE).map_err(|_| BadFlowPath)?;
    let text = flow.document.to_text();
    let mut files: Vec<(&EntryPath, &str)> = flow.files.iter().map(|(path, text)| (path, &**text)).collect();
    files.push((&list, &text));
    files.sort_unstable();
    let content = files.iter().map(|(path, text)| (path.as_str(), false, TreeDigest::of(text.as_bytes())));
    let name = Digest::sha256_of(format!("larder flow\0{}", TreeDigest::of_files(content)));
    if let Some(known) = store.tree(&name)? {
        return Ok(known);
    }
    let mut staging: Staging<'_> = store.stage(Some(&name), |_| {})?;
    if let Some(known) = store.tree(&name)? {
        return Ok(known);
    }
    for (path, text) in files {
        staging.write(path, false, text.as_bytes())?;
    }
    Ok(staging.commit(&name)?)
}

/// Reads the flow that a tree of the store has.
pub(in crate::ops) fn read_flow(tree: &Tree) -> Result<Option<FrozenFlow>> {
    let read = |path: &str| fs::read(&tree.folder.join(path));
    let Ok(document) = FlowDocument::parse(&read(FLOW_FILE)?) else { return Ok(None) };
    let mut files = std::collections::BTreeMap::new();
    for entry in tree.entries.iter().filter(|entry| &*entry.path != FLOW_FILE) {
        let (Ok(path), Ok(text)) = (EntryPath::parse(&entry.path), String::from_utf8(read(&entry.path)?)) else {
            return Ok(None);
        };
        files.insert(path, text.into());
    }
    Ok(Some(FrozenFlow { document, files }))
}

/// A name of larder's own that is no path; there is none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{FLOW_FILE}` cannot be stored")]
#[diagnostic(code(larder::flow::path))]
struct BadFlowPath;

impl Failure for BadFlowPath {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
