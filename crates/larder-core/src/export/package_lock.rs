//! `package-lock.json`, version 3: every folder that npm makes, with what it installs there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::manifests::{self, ECOSYSTEM, Importer};
use super::node_modules::{FolderContent, NodeId, NodeModules, ROOT};
use super::{DependencyTable, ExportError, ExportInput, Exported};
use crate::model::{Edge, EdgeKind, InstanceKey, Origin, Package, PackageName, Source};

const FORM: &str = "package-lock.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageLock {
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    lockfile_version: u32,
    requires: bool,
    packages: BTreeMap<String, Value>,
}

/// Writes the npm half of an environment as a `package-lock.json`, which `npm ci` installs beside the project's package.json.
///
/// The packages' own ranges are written as the versions that were chosen, so that overrides and peers that larder bound against
/// their range are no errors to npm.
pub fn package_lock(input: &ExportInput<'_>) -> Result<Exported, ExportError> {
    let importers = manifests::importers(input, FORM)?;
    if let Some(member) = importers.get(1)
        && importers[0].workspaces.is_none()
    {
        return Err(ExportError::Workspace {
            folder: member.folder.to_string(),
            reason: "the project's package.json has no `workspaces`",
            help: "write them there; pnpm has its own file for them: larder export pnpm-lock",
        });
    }
    let mut tree = NodeModules::place(input, &importers)?;
    let linked_as: Vec<Option<PackageName>> = importers.iter().map(link_name).collect();
    let members = linked_as.iter().enumerate().skip(1).filter_map(|(place, name)| Some((place, name.as_ref()?)));
    tree.link_members(members);
    let writer =
        PackageLockWriter { input, importers: &importers, flags: Flags::of(&tree, input, &importers), tree: &tree };
    let mut packages = BTreeMap::new();
    for node in 0..tree.nodes.len() {
        packages.insert(tree.nodes[node].location.clone(), Value::Object(writer.entry(node)?));
    }
    let root = &importers[0];
    let document = PackageLock {
        name: root.name.clone(),
        version: root.version.clone(),
        lockfile_version: 3,
        requires: true,
        packages,
    };
    let is_package = |content: &FolderContent<'_>| matches!(content, FolderContent::Package(_));
    let count = tree.nodes.iter().filter(|node| is_package(&node.content)).count();
    let left_out = input.left_out(ECOSYSTEM, |root| manifests::is_in(input, root));
    Ok(Exported { text: super::pretty(&document), packages: count, left_out })
}

/// Returns the name under which npm links a member.
fn link_name(importer: &Importer<'_>) -> Option<PackageName> {
    let folder = importer.folder.rsplit('/').next();
    PackageName::npm(importer.name.as_deref().or(folder)?).ok()
}

struct PackageLockWriter<'i, 'a> {
    input: &'i ExportInput<'a>,
    importers: &'i [Importer<'a>],
    tree: &'i NodeModules<'a>,
    flags: Flags,
}

impl<'a> PackageLockWriter<'_, 'a> {
    fn entry(&self, node: NodeId) -> Result<Map<String, Value>, ExportError> {
        match self.tree.nodes[node].content {
            FolderContent::Importer(place) => Ok(importer(&self.importers[place])),
            FolderContent::Folder(instance) => Ok(self.folder(node, instance)),
            FolderContent::Link(instance) => {
                let folder = self.package(instance).and_then(|package| package.folder.as_deref()).unwrap_or_default();
                Ok(link(folder))
            }
            FolderContent::MemberLink(place) => Ok(link(&self.importers[place].folder)),
            FolderContent::Package(instance) => self.placed(node, instance),
        }
    }

    /// Returns the entry of a local package that is no member: as its own package.json has it.
    fn folder(&self, node: NodeId, instance: &InstanceKey) -> Map<String, Value> {
        let known = self.input.package_json.get(&*self.tree.nodes[node].location);
        let mut entry = Map::new();
        put(&mut entry, "name", known.and_then(|known| known.name.clone()).map(Value::from));
        put(&mut entry, "version", known.and_then(|known| known.version.clone()).map(Value::from));
        for (key, section) in [
            ("dependencies", DependencyTable::Normal),
            ("optionalDependencies", DependencyTable::Optional),
            ("peerDependencies", DependencyTable::Peer),
        ] {
            let edges = self.input.anywhere.edges(instance);
            let declared = edges.filter_map(|edge| Some((edge.name.as_str(), known?.entry(edge.name.as_str())?)));
            let of_section = declared.filter(|(_, entry)| entry.section == section);
            put(&mut entry, key, table(of_section.map(|(name, entry)| (name, entry.specifier))));
        }
        entry
    }

    fn placed(&self, node: NodeId, instance: &InstanceKey) -> Result<Map<String, Value>, ExportError> {
        let key = &instance.package;
        let mut entry = Map::new();
        let Some(package) = self.package(instance) else { return Ok(entry) };
        let folder = self.tree.nodes[node].location.rsplit("node_modules/").next();
        if folder != Some(key.id.name.as_str()) {
            entry.insert("name".to_owned(), key.id.name.as_str().into());
        }
        entry.insert("version".to_owned(), key.version.to_string().into());
        let artifact = package.artifacts.first();
        if let Some(Origin::Source(pinned)) = &package.origin {
            if let Source::Git(git) = &pinned.source
                && git.subdirectory.is_some()
            {
                return Err(ExportError::Source {
                    package: key.to_string(),
                    place: pinned.to_string(),
                    form: "npm",
                    reason: "takes whole repositories only",
                    help: "publish the package, or take it from a repository of its own",
                });
            }
            entry.insert("resolved".to_owned(), manifests::source_specifier(pinned).into());
        } else {
            let url = artifact.and_then(|it| self.input.urls.get(&(key.clone(), it.file.clone())));
            put(&mut entry, "resolved", url.cloned().map(Value::from));
        }
        let digest = artifact.and_then(|artifact| artifact.digest.as_ref());
        put(&mut entry, "integrity", digest.map(|digest| digest.to_string().into()));
        for flag in self.flags.of_node(node) {
            entry.insert(flag.to_owned(), true.into());
        }
        let facts = &package.facts;
        put(&mut entry, "hasInstallScript", facts.install_script.then_some(true.into()));
        put(&mut entry, "deprecated", facts.deprecated.clone().map(Value::from));
        let edges = |kind: EdgeKind| {
            let edges =
                self.input.anywhere.edges(instance).filter(move |edge| edge.kind == kind && self.is_right(node, edge));
            table(edges.map(|edge| (edge.name.as_str(), self.specifier(edge))))
        };
        put(&mut entry, "dependencies", edges(EdgeKind::Normal));
        put(&mut entry, "bin", self.input.executables.get(key).cloned());
        put(&mut entry, "engines", facts.node.as_ref().map(|node| json!({ "node": node })));
        for (name, list) in [("os", &facts.os), ("cpu", &facts.cpu), ("libc", &facts.libc)] {
            put(&mut entry, name, (!list.is_empty()).then(|| list.clone().into()));
        }
        put(&mut entry, "optionalDependencies", edges(EdgeKind::Optional));
        let optional = edges(EdgeKind::OptionalPeer);
        let mut peers = edges(EdgeKind::Peer).unwrap_or_else(|| Value::Object(Map::new()));
        if let (Value::Object(peers), Some(Value::Object(optional))) = (&mut peers, &optional) {
            peers.extend(optional.clone());
            let meta = optional.keys().map(|name| (name.clone(), json!({ "optional": true })));
            entry.insert("peerDependenciesMeta".to_owned(), Value::Object(meta.collect()));
        }
        put(&mut entry, "peerDependencies", Some(peers).filter(|peers| *peers != json!({})));
        Ok(entry)
    }

    /// Returns whether a node finds what an edge leads to; an optional peer it may not.
    fn is_right(&self, node: NodeId, edge: &Edge) -> bool {
        let found = self.tree.find(self.tree.start(node, edge), &edge.name);
        found.is_some_and(|found| self.tree.nodes[found].is(&edge.to))
    }

    /// Returns the version that an edge leads to, as a package.json would name it.
    fn specifier(&self, edge: &Edge) -> String {
        let key = &edge.to.package;
        match self.package(&edge.to).and_then(|package| package.origin.as_ref()) {
            Some(Origin::Source(pinned)) => manifests::source_specifier(pinned),
            None => "*".to_owned(),
            _ if edge.name == key.id.name => key.version.to_string(),
            _ => format!("npm:{}@{}", key.id.name, key.version),
        }
    }

    fn package(&self, instance: &InstanceKey) -> Option<&'a Package> {
        self.input.lock.graph.packages.get(&instance.package)
    }
}

/// Returns the entry of the project or of a member: as its package.json has it.
fn importer(importer: &Importer<'_>) -> Map<String, Value> {
    let mut entry = Map::new();
    put(&mut entry, "name", importer.name.clone().map(Value::from));
    put(&mut entry, "version", importer.version.clone().map(Value::from));
    put(&mut entry, "workspaces", importer.workspaces.clone());
    let of = |section: DependencyTable| {
        let all = importer.dependencies.iter().filter(|(_, dependency)| dependency.entry.section == section);
        table(all.map(|(name, dependency)| (name.as_str(), dependency.entry.specifier.clone())))
    };
    put(&mut entry, "dependencies", of(DependencyTable::Normal));
    put(&mut entry, "devDependencies", of(DependencyTable::Development));
    put(&mut entry, "optionalDependencies", of(DependencyTable::Optional));
    put(&mut entry, "peerDependencies", of(DependencyTable::Peer));
    entry
}

fn link(folder: &str) -> Map<String, Value> {
    Map::from_iter([("resolved".to_owned(), folder.into()), ("link".to_owned(), true.into())])
}

fn put(entry: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        entry.insert(key.to_owned(), value);
    }
}

/// Returns a table of dependencies. `None` if it would be empty.
fn table<'n>(entries: impl Iterator<Item = (&'n str, String)>) -> Option<Value> {
    let map: Map<String, Value> = entries.map(|(name, specifier)| (name.to_owned(), specifier.into())).collect();
    (!map.is_empty()).then_some(Value::Object(map))
}

/// Under which kinds of edges each node is reached, which is what npm leaves out packages by.
struct Flags {
    /// Reached by edges that are neither optional nor for development.
    plain: Vec<bool>,
    without_development: Vec<bool>,
    without_optional: Vec<bool>,
    without_peers: Vec<bool>,
}

impl Flags {
    fn of(tree: &NodeModules<'_>, input: &ExportInput<'_>, importers: &[Importer<'_>]) -> Self {
        let reach = |skips: &dyn Fn(DependencyTable) -> bool| {
            let mut reached = vec![false; tree.nodes.len()];
            let mut waiting: Vec<NodeId> = vec![ROOT];
            waiting.extend(
                (0..tree.nodes.len()).filter(|node| matches!(tree.nodes[*node].content, FolderContent::MemberLink(_))),
            );
            waiting.extend((1..importers.len()).map(|place| ROOT + place));
            while let Some(node) = waiting.pop() {
                if std::mem::replace(&mut reached[node], true) {
                    continue;
                }
                let mut follow = |edge: &Edge, section: DependencyTable| {
                    if !skips(section) {
                        waiting.extend(tree.find(tree.start(node, edge), &edge.name));
                    }
                };
                match tree.nodes[node].content {
                    FolderContent::Importer(place) => {
                        importers[place].dependencies.values().for_each(|it| follow(it.edge, it.entry.section));
                    }
                    FolderContent::Folder(instance) | FolderContent::Package(instance) => {
                        input.anywhere.edges(instance).for_each(|edge| follow(edge, section(edge.kind)));
                    }
                    FolderContent::Link(instance) => {
                        let folder =
                            input.lock.graph.packages.get(&instance.package).and_then(|it| it.folder.as_deref());
                        waiting.extend(folder.and_then(|folder| tree.folder(folder)));
                    }
                    FolderContent::MemberLink(_) => {}
                }
            }
            reached
        };
        Self {
            plain: reach(&|section| matches!(section, DependencyTable::Development | DependencyTable::Optional)),
            without_development: reach(&|section| section == DependencyTable::Development),
            without_optional: reach(&|section| section == DependencyTable::Optional),
            without_peers: reach(&|section| section == DependencyTable::Peer),
        }
    }

    /// Returns the flags of a node, as npm's arborist sets them.
    fn of_node(&self, node: NodeId) -> Vec<&'static str> {
        let mut flags = Vec::new();
        let (development, optional) = (!self.without_development[node], !self.without_optional[node]);
        if development {
            flags.push("dev");
        }
        if optional {
            flags.push("optional");
        }
        if !development && !optional && !self.plain[node] {
            flags.push("devOptional");
        }
        if !self.without_peers[node] {
            flags.push("peer");
        }
        flags
    }
}

fn section(kind: EdgeKind) -> DependencyTable {
    match kind {
        EdgeKind::Normal => DependencyTable::Normal,
        EdgeKind::Optional => DependencyTable::Optional,
        EdgeKind::Peer | EdgeKind::OptionalPeer => DependencyTable::Peer,
    }
}
