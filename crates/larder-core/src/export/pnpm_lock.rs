//! `pnpm-lock.yaml`, version 9: packages, and their instances by the peers that they are bound to. Of all forms it is the nearest to
//! larder's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::manifests::{self, ECOSYSTEM, Importer, ImporterDependency, relative};
use super::node_modules::is_peer;
use super::yaml::scalar;
use super::{DependencyTable, ExportError, ExportInput, Exported, PnpmPatch};
use crate::model::{Edge, EdgeKind, InstanceKey, Origin, Package, PackageKey, Source};

const FORM: &str = "pnpm-lock.yaml";

/// The registry whose files pnpm finds without being told where they are.
const USUAL_REGISTRY: &str = "https://registry.npmjs.org/";

/// Writes the npm half of an environment as a `pnpm-lock.yaml`, which `pnpm install --frozen-lockfile` installs beside the project's
/// package.json.
pub fn pnpm_lock(input: &ExportInput<'_>) -> Result<Exported, ExportError> {
    let importers = manifests::importers(input, FORM)?;
    let writer = PnpmLockWriter { input, importers: &importers };
    let instances = writer.reached(|_| true);
    let mut text = format!(
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: {}\n  excludeLinksFromLockfile: false\n",
        input.pnpm.installs_peers
    );
    if !input.pnpm.overrides.is_empty() {
        text.push_str("\noverrides:\n");
    }
    for (selector, range) in &input.pnpm.overrides {
        let _ = writeln!(text, "  {}: {}", scalar(selector), scalar(range));
    }
    if let Some(checksum) = &input.pnpm.extensions_checksum {
        let _ = write!(text, "\npackageExtensionsChecksum: {checksum}\n");
    }
    if !input.pnpm.patches.is_empty() {
        text.push_str("\npatchedDependencies:\n");
    }
    for PnpmPatch { selector, path, hash } in &input.pnpm.patches {
        let _ = if input.pnpm.repeats_paths {
            writeln!(text, "  {}:\n    hash: {hash}\n    path: {}", scalar(selector), scalar(path))
        } else {
            writeln!(text, "  {}: {hash}", scalar(selector))
        };
    }
    text.push_str("\nimporters:\n");
    for importer in &importers {
        writer.importer(importer, &mut text);
    }
    writer.packages(&instances, &mut text);
    writer.snapshots(&instances, &mut text);
    let packages: BTreeSet<&PackageKey> = instances.iter().map(|instance| &instance.package).collect();
    let mut left_out = input.left_out(ECOSYSTEM, |root| manifests::is_in(input, root));
    let patched = packages.iter().filter(|key| input.pnpm.patch_of(key).is_some());
    let patched: Vec<String> = patched.map(|key| format!("patch {key}")).collect();
    left_out.retain(|one| !patched.contains(&one.line));
    Ok(Exported { text, packages: packages.len(), left_out })
}

struct PnpmLockWriter<'i, 'a> {
    input: &'i ExportInput<'a>,
    importers: &'i [Importer<'a>],
}

impl<'a> PnpmLockWriter<'_, 'a> {
    fn importer(&self, importer: &Importer<'a>, text: &mut String) {
        let folder = if importer.folder.is_empty() { "." } else { &importer.folder };
        let tables = [
            ("dependencies", DependencyTable::Normal),
            ("devDependencies", DependencyTable::Development),
            ("optionalDependencies", DependencyTable::Optional),
        ];
        if importer.dependencies.is_empty() {
            let _ = write!(text, "\n  {}: {{}}\n", scalar(folder));
            return;
        }
        let _ = write!(text, "\n  {}:\n", scalar(folder));
        for (title, section) in tables {
            // pnpm installs a package's own peers, and lists them as plain dependencies.
            let is_in = |dependency: &ImporterDependency<'_>| match dependency.entry.section {
                DependencyTable::Peer => section == DependencyTable::Normal,
                own => own == section,
            };
            let mut of_section = importer.dependencies.iter().filter(|(_, it)| is_in(it)).peekable();
            if of_section.peek().is_none() {
                continue;
            }
            let _ = writeln!(text, "    {title}:");
            for (name, dependency) in of_section {
                let specifier = &dependency.entry.specifier;
                let is_copied = specifier.starts_with("file:");
                let version = self.reference(dependency.edge, &importer.folder, is_copied);
                let _ = writeln!(
                    text,
                    "      {}:\n        specifier: {}\n        version: {}",
                    scalar(name.as_str()),
                    scalar(specifier),
                    scalar(&version)
                );
            }
        }
    }

    fn packages(&self, instances: &BTreeSet<&'a InstanceKey>, text: &mut String) {
        let mut entries: BTreeMap<String, String> = BTreeMap::new();
        for instance in instances {
            let Some(package) = self.package(instance) else { continue };
            let mut lines = vec![format!("resolution: {}", self.resolution(&instance.package, package))];
            let has_place = package.folder.is_some() || package.origin.as_ref().and_then(Origin::source).is_some();
            if has_place {
                lines.push(format!("version: {}", scalar(&instance.package.version.to_string())));
            }
            let facts = &package.facts;
            lines.extend(facts.node.as_ref().map(|node| format!("engines: {{node: {}}}", quoted(node))));
            for (name, list) in [("cpu", &facts.cpu), ("os", &facts.os), ("libc", &facts.libc)] {
                if !list.is_empty() {
                    let list: Vec<String> = list.iter().map(|item| quoted(item)).collect();
                    lines.push(format!("{name}: [{}]", list.join(", ")));
                }
            }
            lines.extend(facts.deprecated.as_ref().map(|message| format!("deprecated: {}", quoted(message.trim()))));
            lines.extend(facts.bin.then(|| "hasBin: true".to_owned()));
            let mut block: String = lines.iter().fold(String::new(), |text, line| text + "    " + line + "\n");
            let peers: BTreeMap<&str, bool> = self
                .input
                .anywhere
                .edges(instance)
                .filter(|edge| is_peer(edge))
                .map(|edge| (edge.name.as_str(), edge.kind == EdgeKind::OptionalPeer))
                .collect();
            // The lock has the versions that peers are bound to, and not their ranges.
            if !peers.is_empty() {
                block.push_str("    peerDependencies:\n");
                for name in peers.keys() {
                    let _ = writeln!(block, "      {}: '*'", scalar(name));
                }
            }
            if peers.values().any(|optional| *optional) {
                block.push_str("    peerDependenciesMeta:\n");
                for (name, _) in peers.iter().filter(|(_, optional)| **optional) {
                    let _ = writeln!(block, "      {}:\n        optional: true", scalar(name));
                }
            }
            entries.insert(self.package_name(instance), block);
        }
        if !entries.is_empty() {
            text.push_str("\npackages:\n");
        }
        for (name, block) in entries {
            let _ = write!(text, "\n  {}:\n{block}", scalar(&name));
        }
    }

    fn snapshots(&self, instances: &BTreeSet<&'a InstanceKey>, text: &mut String) {
        let required = self.reached(|section| section != DependencyTable::Optional);
        let mut entries: BTreeMap<String, String> = BTreeMap::new();
        for instance in instances {
            let mut block = String::new();
            for (title, is_optional) in [("dependencies", false), ("optionalDependencies", true)] {
                let edges = self.edges(instance).filter(|edge| (edge.kind == EdgeKind::Optional) == is_optional);
                let table: BTreeMap<&str, String> =
                    edges.map(|edge| (edge.name.as_str(), self.reference(edge, "", false))).collect();
                if !table.is_empty() {
                    let _ = writeln!(block, "    {title}:");
                }
                for (name, version) in table {
                    let _ = writeln!(block, "      {}: {}", scalar(name), scalar(&version));
                }
            }
            if !required.contains(instance) {
                block.push_str("    optional: true\n");
            }
            entries.insert(self.snapshot_name(instance), block);
        }
        if !entries.is_empty() {
            text.push_str("\nsnapshots:\n");
        }
        for (name, block) in entries {
            let content = if block.is_empty() { " {}\n".to_owned() } else { format!("\n{block}") };
            let _ = write!(text, "\n  {}:{content}", scalar(&name));
        }
    }

    /// Returns the instances that pnpm installs: all that are reached, but linked folders.
    fn reached(&self, follows: impl Fn(DependencyTable) -> bool) -> BTreeSet<&'a InstanceKey> {
        let direct = self.importers.iter().flat_map(|importer| importer.dependencies.values());
        let direct = direct
            .filter(|it| follows(it.entry.section))
            .filter(|it| self.folder(&it.edge.to).is_none() || it.entry.specifier.starts_with("file:"));
        let mut waiting: Vec<&'a InstanceKey> = direct.map(|dependency| &dependency.edge.to).collect();
        let mut reached = BTreeSet::new();
        while let Some(instance) = waiting.pop() {
            if reached.insert(instance) {
                let edges = self.edges(instance).filter(|edge| self.folder(&edge.to).is_none());
                let section = |edge: &Edge| match edge.kind {
                    EdgeKind::Optional => DependencyTable::Optional,
                    EdgeKind::Normal | EdgeKind::Peer | EdgeKind::OptionalPeer => DependencyTable::Normal,
                };
                waiting.extend(edges.filter(|edge| follows(section(edge))).map(|edge| &edge.to));
            }
        }
        reached
    }

    fn edges(&self, instance: &InstanceKey) -> impl Iterator<Item = &'a Edge> {
        let is_of_npm = |edge: &&Edge| edge.to.package.id.ecosystem.has_scopes() || self.folder(&edge.to).is_some();
        self.input.anywhere.edges(instance).filter(is_of_npm)
    }

    /// Returns how a dependent in a folder names what an edge leads to.
    fn reference(&self, edge: &Edge, from: &str, is_copied: bool) -> String {
        if let Some(folder) = self.folder(&edge.to) {
            return if is_copied { format!("file:{folder}") } else { format!("link:{}", relative(from, folder)) };
        }
        let name = self.snapshot_name(&edge.to);
        let own = format!("{}@", edge.name);
        match name.strip_prefix(&own) {
            Some(version) => version.to_owned(),
            None => name,
        }
    }

    fn snapshot_name(&self, instance: &InstanceKey) -> String {
        // Where two bindings look the same, larder adds a hash behind a `~`.
        let peers = match instance.peers.rsplit_once('~') {
            Some((peers, hash)) if !hash.ends_with(')') => format!("{peers}({hash})"),
            _ => instance.peers.to_string(),
        };
        let patch = self.input.pnpm.patch_of(&instance.package).filter(|_| self.folder(instance).is_none());
        let patch = patch.map(|patch| format!("(patch_hash={})", patch.hash)).unwrap_or_default();
        format!("{}{patch}{peers}", self.package_name(instance))
    }

    fn package_name(&self, instance: &InstanceKey) -> String {
        let key = &instance.package;
        if let Some(folder) = self.folder(instance) {
            return format!("{}@file:{folder}", key.id.name);
        }
        match self.package(instance).and_then(|package| package.origin.as_ref()) {
            Some(Origin::Source(pinned)) => format!("{}@{}", key.id.name, manifests::source_specifier(pinned)),
            _ => format!("{}@{}", key.id.name, key.version),
        }
    }

    fn resolution(&self, key: &PackageKey, package: &Package) -> String {
        if let Some(folder) = &package.folder {
            return format!("{{directory: {}, type: directory}}", quoted(folder));
        }
        let artifact = package.artifacts.first();
        let digest = artifact.and_then(|artifact| artifact.digest.as_ref());
        let mut parts: Vec<String> = digest.map(|digest| format!("integrity: {digest}")).into_iter().collect();
        if let Some(Origin::Source(pinned)) = &package.origin {
            match &pinned.source {
                Source::Git(git) => {
                    parts = pinned.commit.iter().map(|commit| format!("commit: {}", commit.as_str())).collect();
                    parts.extend(git.subdirectory.as_ref().map(|folder| format!("path: {}", quoted(folder.as_str()))));
                    parts.push(format!("repo: {}", quoted(git.repository.as_str())));
                    parts.push("type: git".to_owned());
                }
                Source::Url(url) => parts.push(format!("tarball: {}", quoted(url.as_str()))),
                Source::File(file) => parts.push(format!("tarball: {}", quoted(file.as_str()))),
                // No package of npm's is a tool by URL.
                Source::Archive(_) => {}
            }
        } else {
            let url = artifact.and_then(|it| self.input.urls.get(&(key.clone(), it.file.clone())));
            let elsewhere = url.filter(|url| !url.starts_with(USUAL_REGISTRY));
            parts.extend(elsewhere.map(|url| format!("tarball: {}", quoted(url))));
        }
        format!("{{{}}}", parts.join(", "))
    }

    fn folder(&self, instance: &InstanceKey) -> Option<&'a str> {
        let folder = self.package(instance)?.folder.as_ref()?;
        self.input.is_npm_folder(folder).then_some(folder)
    }

    fn package(&self, instance: &InstanceKey) -> Option<&'a Package> {
        self.input.lock.graph.packages.get(&instance.package)
    }
}

/// Returns a text as a scalar that is safe inside of brackets and braces.
fn quoted(text: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@".contains(&byte);
    let is_plain = text.bytes().all(is_word) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_plain && *scalar(text) == *text {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''").replace(['\n', '\r'], " "))
    }
}
