//! The plan of a generation, and carrying it out: packages are realised, and the rest is put together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::fs::{self, Demand, Kind};
use crate::model::{RuntimeName, TreeDigest};
use crate::store::Tree;

use super::draft::GenerationDraft;
use super::input::BuildInput;
use crate::profile::as_text::Text;
use crate::profile::compute_layout::{compute_layout, read_private};
use crate::profile::fallback_link;
use crate::profile::generation::{Contents, Generation, RuntimeOfGeneration};
use crate::profile::generation_summary::{ChangeSummary, GenerationSummary};
use crate::profile::key::RealisedKey;
use crate::profile::layout::{ClosurePackage, Layout};
use crate::profile::layout_input::LayoutInput;
use crate::profile::leftovers::remove_leftovers;
use crate::profile::link_mode::LinkMode;
use crate::profile::local_folders::{self, LocalFolders};
use crate::profile::paths::{BUILDING, PROJECT, ProfilePaths, open_own_folder};
use crate::profile::python::Bytecode;
use crate::profile::record_file::{FORMAT, hash};
use crate::profile::relocate;
use crate::profile::runtime::{self, RuntimeTree};
use crate::profile::tool_settings;
use crate::profile::{ProfileError, node_modules};

/// The plan of a generation: computed first, then carried out.
pub(in crate::profile) struct Plan<'a> {
    paths: ProfilePaths<'a>,
    input: &'a BuildInput<'a>,
    folders: LocalFolders,
    pub(in crate::profile) layout: Layout,
    closure: Vec<ClosurePackage>,
    pub(super) inputs: TreeDigest,
    pub(in crate::profile) trees: BTreeMap<TreeDigest, Arc<Tree>>,
}

impl<'a> Plan<'a> {
    pub(in crate::profile) fn new(paths: ProfilePaths<'a>, input: &'a BuildInput<'a>) -> Result<Self, ProfileError> {
        let root = input.project.map_or(paths.root, |project| &project.folder);
        let folders = local_folders::look(root, input.lock, input.closure)?;
        let (layout, closure) = layout_of(input, &folders)?;
        let has_python = || layout.python_halves().next().is_some();
        if input.interpreter.is_none() && (!layout.python.is_empty() || !folders.projects.is_empty() || has_python()) {
            return Err(ProfileError::UndeclaredPython);
        }
        let inputs = inputs((paths.root, root), input, &layout, &closure, &folders);
        let trees = input.trees_by_digest();
        Ok(Self { paths, input, folders, layout, closure, inputs, trees })
    }

    /// Makes the folders to build in, and removes what a killed run left there; returns the last number.
    pub(in crate::profile) fn prepare_folders(&self) -> Result<u64, ProfileError> {
        fs::create_dir_all(self.paths.packages)?;
        fs::create_dir_all(self.paths.profile)?;
        fs::set_private(self.paths.profile, self.input.link_mode() == LinkMode::Private)?;
        tool_settings::write(self.paths.root)?;
        remove_leftovers(self.paths.root, self.paths.profile)
    }

    /// Realises the packages that are damaged or not there, and returns how many.
    pub(in crate::profile) fn realise(&self, damaged: &BTreeSet<&RealisedKey>) -> Result<usize, ProfileError> {
        let Self { paths, layout, .. } = self;
        let _span = tracing::info_span!("link packages", packages = layout.packages.len()).entered();
        realise(*paths, layout, &self.trees, damaged).map_err(|error| {
            let is_there =
                |key: &RealisedKey| fs::stat(&paths.packages.join(key.as_str())).is_ok_and(|stat| stat.is_some());
            let missing = layout.realised_trees().filter(|(key, _)| damaged.contains(key) || !is_there(key));
            self.with_space_demand(error, missing.map(|(_, tree)| tree))
        })
    }

    /// Adds how much room the copies of trees take to an error, if it was room that was missing. Links take none that is
    /// known.
    fn with_space_demand<'t>(&self, error: ProfileError, trees: impl Iterator<Item = &'t TreeDigest>) -> ProfileError {
        let ProfileError::Fs(error) = error else { return error };
        let device = |path: &Path| fs::stat(path).ok().flatten().map(|stat| stat.device);
        let links = |tree: &Tree| device(&tree.folder) == device(self.paths.packages);
        let trees: Vec<&Arc<Tree>> = trees.filter_map(|tree| self.trees.get(tree)).collect();
        if self.input.link_mode() != LinkMode::Private && trees.iter().all(|tree| links(tree)) {
            return error.into();
        }
        let sizes = trees.iter().flat_map(|tree| tree.entries.iter().map(|entry| entry.size));
        error.needing(Demand::on(self.paths.packages).files(sizes)).into()
    }

    /// Puts a generation with this number, parent and time together, where it can be renamed from.
    pub(in crate::profile) fn draft(
        self,
        (number, parent, created): (u64, Option<u64>, jiff::Timestamp),
        before: Option<&Generation>,
    ) -> Result<(Generation, Vec<String>), ProfileError> {
        let (paths, input) = (self.paths, self.input);
        let _span = tracing::info_span!("write generation", number, environment = %input.environment).entered();
        let mut generation = Generation {
            format: FORMAT,
            number,
            parent,
            created,
            larder: input.larder.to_owned(),
            lock: TreeDigest::of(input.lock_text.as_bytes()),
            environment: input.environment.clone(),
            platform: input.platform,
            digest: Generation::digest(input.platform, input.interpreter, &self.closure, &self.layout),
            inputs: self.inputs,
            python: input.interpreter.cloned(),
            bytecode: input.bytecode.map(|bytecode| bytecode_of(&self.layout, bytecode)),
            runtimes: input.runtimes.iter().map(of_generation).collect(),
            node_modules: self.layout.has_node_modules(),
            members: self.layout.members.keys().cloned().collect(),
            closure: Vec::new(),
            flows: self.layout.flows.clone(),
        };
        let folder = paths.profile.join(BUILDING);
        let place = input.project.map(|_| paths.generation(number).join(PROJECT));
        let projects = self.folders.projects.iter().map(|one| match (input.project, &place) {
            (Some(project), Some(place)) => one.moved(&project.folder, place),
            _ => one.clone(),
        });
        let projects: Vec<_> = projects.collect();
        let mut draft = GenerationDraft::new(paths, (folder.clone(), place), before);
        let assembled = draft
            .assemble(input, &self.layout, &self.trees, &projects)
            .map_err(|error| self.with_space_demand(error, self.layout.python.iter().map(|wheel| &wheel.tree)));
        let made = assembled.and_then(|generated| {
            generation.closure = self.closure;
            let summary = summary(paths.root, input, (&generation, &self.layout), before);
            let links = std::mem::take(&mut draft.links);
            let contested = std::mem::take(&mut draft.contested);
            let contents = Contents { root: paths.root.to_owned(), layout: self.layout, generated, links, contested };
            generation.write(&summary, (input.lock_text, input.manifests), contents, &folder)?;
            if input.link_mode() == LinkMode::Private { Ok(fs::make_private(&folder)?) } else { Ok(()) }
        });
        if let Err(error) = made {
            // The first error is the one to report; what stays is removed by the next build.
            let _ = fs::remove_tree(&folder);
            return Err(error);
        }
        Ok((generation, draft.warnings))
    }
}

fn summary(
    root: &Path,
    input: &BuildInput<'_>,
    (generation, layout): (&Generation, &Layout),
    current: Option<&Generation>,
) -> GenerationSummary {
    GenerationSummary {
        format: FORMAT,
        number: generation.number,
        parent: generation.parent,
        created: generation.created,
        lock: generation.lock,
        digest: generation.digest,
        root: root.to_owned(),
        durable: input.durable,
        promoted: input.promoted.cloned(),
        fallback: layout.fallback_links().next().is_some(),
        python: generation.python.is_some(),
        node_modules: generation.node_modules,
        members: generation.members.clone(),
        project: input.project.map(|project| names_of_project(project)).unwrap_or_default(),
        packages: generation.closure.len(),
        changes: ChangeSummary::from(&generation.difference_from(current)),
    }
}

/// Returns the names in the folder of a project.
pub fn names_of_project(project: &Tree) -> Vec<Arc<str>> {
    let names = project.entries.iter().map(|entry| entry.path.split('/').next().unwrap_or(&entry.path));
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().map(Arc::from).collect()
}

fn layout_of(input: &BuildInput<'_>, folders: &LocalFolders) -> Result<(Layout, Vec<ClosurePackage>), ProfileError> {
    let digests = input.trees.iter().map(|(package, tree)| (package.clone(), tree.digest)).collect();
    let private = read_private(input.trees, input.lock)?;
    let (layout, closure) = compute_layout(&LayoutInput {
        private: &private,
        lock: input.lock,
        closure: input.closure,
        platform: input.platform,
        trees: &digests,
        folders: &folders.kinds,
        files: input.link_mode(),
        hoisting: input.hoisting,
        environments: input.environments,
        runtimes: input.runtimes,
    })?;
    Ok((Layout { flows: input.flows.clone(), ..layout }, closure))
}

fn of_generation(runtime: &RuntimeTree) -> (Arc<str>, RuntimeOfGeneration) {
    let version = runtime.key.version.to_string().into();
    (runtime.key.name.as_str().into(), RuntimeOfGeneration { version, tree: runtime.tree.digest })
}

/// Names the byte-code of each Python package.
fn bytecode_of(layout: &Layout, bytecode: &Bytecode) -> BTreeMap<Arc<str>, Text<TreeDigest>> {
    let named = layout
        .python
        .iter()
        .filter_map(|distribution| Some((distribution.name.clone(), Text(bytecode.get(&distribution.tree)?.digest))));
    named.collect()
}

/// Computes the digest of everything that a generation is built from. The project lies at `read`, if not at the root.
fn inputs(
    (root, read): (&Path, &Path),
    input: &BuildInput<'_>,
    layout: &Layout,
    closure: &[ClosurePackage],
    folders: &LocalFolders,
) -> TreeDigest {
    let projects: Vec<_> = folders.projects.iter().map(|project| project.identity(read)).collect();
    // One that larder brings lies in the checkout, and moves with it.
    let is_managed = layout.runtimes.contains_key(RuntimeName::Python.as_str());
    let interpreter = input
        .interpreter
        .map(|interpreter| if is_managed { interpreter.in_place(root, Path::new("")) } else { interpreter.clone() });
    let inputs = hash(&(
        ("larder inputs 3", input.environment, input.platform.as_str(), interpreter, input.link_mode()),
        (layout, closure, projects),
    ));
    match input.project {
        Some(project) => hash(&("larder bundled inputs 1", inputs.to_string(), project.digest.to_string())),
        None => inputs,
    }
}

pub(in crate::profile) fn realise(
    paths: ProfilePaths<'_>,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    damaged: &BTreeSet<&RealisedKey>,
) -> Result<usize, ProfileError> {
    // One listing instead of a look at each.
    let mut there: rustc_hash::FxHashSet<String> = rustc_hash::FxHashSet::default();
    // Somebody may have taken all of them away.
    fs::create_dir_all(paths.packages)?;
    let Some(packages) = open_own_folder(paths.root, paths.packages)? else { return Ok(0) };
    for found in packages.list()? {
        let Ok(name) = found.path.into_os_string().into_string() else { continue };
        if name == fallback_link::NAME && found.kind == Kind::Symlink {
            continue;
        }
        // Left by a run that was killed: the project's lock is held. Where a package is to be, a link is none.
        if name.starts_with('.') || name == fallback_link::NAME || found.kind != Kind::Folder {
            packages.remove_tree(Path::new(&name))?;
        } else {
            there.insert(name);
        }
    }
    fallback_link::settle(paths.root, layout.fallback_links().next().is_some())?;
    let mut missing: Vec<(&RealisedKey, _, Arc<Tree>)> = Vec::new();
    for (key, realised) in &layout.packages {
        let wanted = !there.contains(key.as_str()) || damaged.contains(key);
        if !wanted {
            relocate::update_folder_links(paths, key, realised)?;
        }
        if let (true, Some(tree)) = (wanted, trees.get(&realised.tree)) {
            missing.push((key, realised, tree.clone()));
        }
    }
    let mut runtimes = Vec::new();
    for realised in layout.runtimes.values() {
        let is_missing = !there.contains(realised.key.as_str()) || damaged.contains(&realised.key);
        if let (true, Some(tree)) = (is_missing, trees.get(&realised.tree)) {
            runtimes.push((realised, tree.clone()));
        }
    }
    Ok(node_modules::realise(paths.packages, paths.root, &missing)? + runtime::realise(paths.packages, &runtimes)?)
}
