//! Building a generation beside the one that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::fs::{self, Demand, Dir, Kind};
use crate::lock::{Closure, Lockfile};
use crate::manifest::FilesMode;
use crate::model::{Label, PackageKey, Platform, TreeDigest};
use crate::store::Tree;

use super::as_text::Text;
use super::draft::Draft;
use super::files::Files;
use super::folders::{self, Folders};
use super::generation::{self, Contents, FORMAT};
use super::head::{Changes, Head, Promoted};
use super::layout::{Layout, Member, Wanted, layout};
use super::python::{Bytecode, Interpreter};
use super::whole::Whole;
use super::{Generation, Key, ProfileError, npm, relocate};

/// What a generation is built from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The environment.
    pub environment: &'a Label,
    /// The platform.
    pub platform: Platform,
    /// The lock.
    pub lock: &'a Lockfile,
    /// The lock's text.
    pub lock_text: &'a str,
    /// Whether switches to it outlive a loss of power.
    pub durable: bool,
    /// The generation whose closure is taken over, where there is one.
    pub promoted: Option<&'a Promoted>,
    /// What of the lock the environment reaches on the platform.
    pub closure: &'a Closure<'a>,
    /// The unpacked artifacts of its packages.
    pub trees: &'a BTreeMap<PackageKey, Arc<Tree>>,
    /// Who may read the files.
    pub files: FilesMode,
    /// The interpreter, where a Python is declared.
    pub interpreter: Option<&'a Interpreter>,
    /// The byte-code of wheels, where it is made ahead.
    pub bytecode: Option<&'a Bytecode>,
    /// Now.
    pub created: jiff::Timestamp,
    /// The version of larder.
    pub larder: &'a str,
}

/// What a build came to.
#[derive(Clone, Debug)]
pub struct Built {
    /// The generation: a new one, or the current one where nothing changed.
    pub generation: Generation,
    /// Whether it is new.
    pub made: bool,
    /// Whether the checkout was moved, and the generation was brought to where it is now.
    pub relocated: bool,
    /// How many packages were realised.
    pub realised: usize,
    /// Whether its record was harmed and is written anew.
    pub recalled: bool,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Where a profile is built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// The checkout.
    pub(super) root: &'a Path,
    /// `.larder/node_modules/.packages`
    pub(super) packages: &'a Path,
    /// `.larder/node_modules/.profiles/<environment>`
    pub(super) profile: &'a Path,
}

/// Whether to build what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat<'a> {
    /// A generation of the same inputs is kept.
    Never,
    /// So is one that a run built which was killed before it switched to it.
    Finish,
    /// It is harmed: build another one, and these packages anew.
    Always(&'a BTreeSet<&'a Key>),
    /// So is the record of the one with this number, and nothing else is known of it: build another one after it.
    After(u64),
}

/// A generation that is put together here and then renamed.
pub(super) const BUILDING: &str = ".building";

/// Builds a generation and renames it into place; `current` is not touched.
pub(super) fn build(
    site: Site<'_>,
    input: &Input<'_>,
    current: Option<&Generation>,
    repeat: Repeat<'_>,
) -> Result<Built, ProfileError> {
    let plan = Plan::new(site, input)?;
    if let (Some(current), Repeat::Never | Repeat::Finish) = (current, repeat)
        && current.inputs == plan.inputs
        // Byte-code that is there and was not asked for does no harm.
        && (current.bytecode.is_some() || input.bytecode.is_none())
    {
        let relocated = relocate::relocate(site, current.number)?;
        let (generation, warnings) = (current.clone(), Vec::new());
        return Ok(Built { generation, made: false, relocated, realised: 0, recalled: false, warnings });
    }
    let last = plan.make_room()?;
    if let (Repeat::Finish, Some(generation)) = (repeat, ready(site, last, current, &plan.inputs)) {
        let relocated = relocate::relocate(site, generation.number)?;
        return Ok(Built { generation, made: true, relocated, realised: 0, recalled: false, warnings: Vec::new() });
    }
    let (parent, harmed) = match repeat {
        Repeat::Never | Repeat::Finish => (current.map(|current| current.number), &BTreeSet::new()),
        Repeat::Always(harmed) => (current.map(|current| current.number), harmed),
        Repeat::After(number) => (Some(number), &BTreeSet::new()),
    };
    let whole = Whole::read(site.root, site.packages)?;
    let realised = plan.realise(harmed)?;
    let number = last + 1;
    let (generation, warnings) = plan.draft((number, parent, input.created), current)?;
    let folder = site.profile.join(BUILDING);
    let placed = whole
        .carry(site.root, site.packages, site.profile, number)
        .and_then(|()| fs::rename(&folder, &site.profile.join(number.to_string())));
    if let Err(error) = placed {
        // The first error is the one to report; what stays is removed by the next build.
        let _ = fs::remove_tree(&folder);
        return Err(error.into());
    }
    Ok(Built { generation, made: true, relocated: false, realised, recalled: false, warnings })
}

/// What a generation will be.
pub(super) struct Plan<'a> {
    site: Site<'a>,
    input: &'a Input<'a>,
    folders: Folders,
    pub(super) layout: Layout,
    closure: Vec<Member>,
    inputs: TreeDigest,
    pub(super) trees: BTreeMap<TreeDigest, Arc<Tree>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(site: Site<'a>, input: &'a Input<'a>) -> Result<Self, ProfileError> {
        let folders = folders::look(site.root, input.lock, input.closure)?;
        let (layout, closure) = layout_of(input, &folders)?;
        if input.interpreter.is_none() && !(layout.python.is_empty() && folders.projects.is_empty()) {
            return Err(ProfileError::UndeclaredPython);
        }
        let inputs = inputs(site.root, input, &layout, &closure, &folders);
        let trees = by_digest(input);
        Ok(Self { site, input, folders, layout, closure, inputs, trees })
    }

    /// Makes the folders to build in, and removes what a killed run left there; returns the last number.
    pub(super) fn make_room(&self) -> Result<u64, ProfileError> {
        fs::create_dir_all(self.site.packages)?;
        fs::create_dir_all(self.site.profile)?;
        fs::set_private(self.site.profile, files(self.input) == Files::Private)?;
        tidy(self.site.root, self.site.profile)
    }

    /// Realises the packages that are harmed or not there, and returns how many.
    pub(super) fn realise(&self, harmed: &BTreeSet<&Key>) -> Result<usize, ProfileError> {
        let Self { site, layout, .. } = self;
        let _span = tracing::info_span!("link packages", packages = layout.packages.len()).entered();
        realise(*site, layout, &self.trees, harmed).map_err(|error| {
            let is_there = |key: &Key| fs::stat(&site.packages.join(key.as_str())).is_ok_and(|stat| stat.is_some());
            let missing = layout.packages.iter().filter(|(key, _)| harmed.contains(key) || !is_there(key));
            self.needing(error, missing.map(|(_, realised)| &realised.tree))
        })
    }

    /// Adds how much room the copies of trees take to an error, if it was room that was missing. Links take none that is
    /// known.
    fn needing<'t>(&self, error: ProfileError, trees: impl Iterator<Item = &'t TreeDigest>) -> ProfileError {
        let ProfileError::Fs(error) = error else { return error };
        let device = |path: &Path| fs::stat(path).ok().flatten().map(|stat| stat.device);
        let links = |tree: &Tree| device(&tree.folder) == device(self.site.packages);
        let trees: Vec<&Arc<Tree>> = trees.filter_map(|tree| self.trees.get(tree)).collect();
        if files(self.input) != Files::Private && trees.iter().all(|tree| links(tree)) {
            return error.into();
        }
        let sizes = trees.iter().flat_map(|tree| tree.entries.iter().map(|entry| entry.size));
        error.needing(Demand::on(self.site.packages).files(sizes)).into()
    }

    /// Puts a generation with this number, parent and time together, where it can be renamed from.
    pub(super) fn draft(
        self,
        (number, parent, created): (u64, Option<u64>, jiff::Timestamp),
        before: Option<&Generation>,
    ) -> Result<(Generation, Vec<String>), ProfileError> {
        let (site, input) = (self.site, self.input);
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
            node_modules: !self.layout.node_modules.is_empty(),
            members: self.layout.members.keys().cloned().collect(),
            closure: Vec::new(),
        };
        let folder = site.profile.join(BUILDING);
        let mut draft = Draft::new(site, folder.clone(), before);
        let filled = draft
            .fill(input, &self.layout, &self.trees, &self.folders.projects)
            .map_err(|error| self.needing(error, self.layout.python.iter().map(|wheel| &wheel.tree)));
        let made = filled.and_then(|generated| {
            generation.closure = self.closure;
            let head = head(site.root, input, &generation, before);
            let links = std::mem::take(&mut draft.links);
            let contested = std::mem::take(&mut draft.contested);
            let contents = Contents { root: site.root.to_owned(), layout: self.layout, generated, links, contested };
            generation.write(&head, input.lock_text, contents, &folder)?;
            if files(input) == Files::Private { Ok(fs::make_private(&folder)?) } else { Ok(()) }
        });
        if let Err(error) = made {
            // The first error is the one to report; what stays is removed by the next build.
            let _ = fs::remove_tree(&folder);
            return Err(error);
        }
        Ok((generation, draft.warnings))
    }
}

/// Returns the generation that a run built and was killed before it switched to it.
fn ready(site: Site<'_>, last: u64, current: Option<&Generation>, inputs: &TreeDigest) -> Option<Generation> {
    let parent = current.map(|current| current.number);
    let newest = Generation::read(&site.profile.join(last.to_string())).ok()?;
    (newest.number == last && newest.parent == parent && newest.inputs == *inputs).then_some(newest)
}

fn head(root: &Path, input: &Input<'_>, generation: &Generation, current: Option<&Generation>) -> Head {
    Head {
        format: FORMAT,
        number: generation.number,
        parent: generation.parent,
        created: generation.created,
        lock: generation.lock,
        digest: generation.digest,
        root: root.to_owned(),
        durable: input.durable,
        promoted: input.promoted.cloned(),
        python: generation.python.is_some(),
        node_modules: generation.node_modules,
        members: generation.members.clone(),
        packages: generation.closure.len(),
        changes: Changes::from(&generation.difference_from(current)),
    }
}

/// Realises packages of the current generation anew: those that are harmed, and those that are not there.
pub(super) fn realise_again(
    site: Site<'_>,
    input: &Input<'_>,
    current: &Generation,
    harmed: &BTreeSet<&Key>,
) -> Result<Built, ProfileError> {
    let contents = Contents::read(&site.profile.join(current.number.to_string()))?;
    let trees = by_digest(input);
    if !contents.layout.packages.values().all(|realised| trees.contains_key(&realised.tree)) {
        // The lock has moved on: what it wants now is built instead.
        return build(site, input, Some(current), Repeat::Always(harmed));
    }
    let whole = Whole::read(site.root, site.packages)?;
    let realised = realise(site, &contents.layout, &trees, harmed)?;
    whole.carry(site.root, site.packages, site.profile, current.number)?;
    Ok(Built {
        generation: current.clone(),
        made: false,
        relocated: false,
        realised,
        recalled: false,
        warnings: Vec::new(),
    })
}

fn by_digest(input: &Input<'_>) -> BTreeMap<TreeDigest, Arc<Tree>> {
    input.trees.values().map(|tree| (tree.digest, tree.clone())).collect()
}

fn layout_of(input: &Input<'_>, folders: &Folders) -> Result<(Layout, Vec<Member>), ProfileError> {
    let digests = input.trees.iter().map(|(package, tree)| (package.clone(), tree.digest)).collect();
    layout(&Wanted {
        lock: input.lock,
        closure: input.closure,
        platform: input.platform,
        trees: &digests,
        folders: &folders.kinds,
        files: files(input),
    })
}

/// Names the byte-code of each Python package.
fn bytecode_of(layout: &Layout, bytecode: &Bytecode) -> BTreeMap<Arc<str>, Text<TreeDigest>> {
    let named = layout
        .python
        .iter()
        .filter_map(|distribution| Some((distribution.name.clone(), Text(bytecode.get(&distribution.tree)?.digest))));
    named.collect()
}

pub(super) fn files(input: &Input<'_>) -> Files {
    match input.files {
        FilesMode::Shared => Files::Shared,
        FilesMode::Private => Files::Private,
    }
}

fn inputs(root: &Path, input: &Input<'_>, layout: &Layout, closure: &[Member], folders: &Folders) -> TreeDigest {
    let projects: Vec<_> = folders.projects.iter().map(|project| project.identity(root)).collect();
    generation::hash(&(
        ("larder inputs 2", input.environment, input.platform.as_str(), input.interpreter, files(input)),
        (layout, closure, projects),
    ))
}

/// Removes what a killed run left, and returns the last number. The project's lock is held.
pub(super) fn tidy(root: &Path, profile: &Path) -> Result<u64, ProfileError> {
    let mut last = 0;
    let Some(folder) = own_folder(root, profile)? else { return Ok(last) };
    for found in folder.list()? {
        let name = found.path.to_string_lossy();
        if name.starts_with('.') {
            folder.remove_tree(&found.path)?;
        } else if let (Kind::Folder, Ok(number)) = (found.kind, name.parse::<u64>()) {
            last = last.max(number);
        }
    }
    Ok(last)
}

/// Opens a folder of larder's own, through no link; one that does not exist is `None`.
pub(super) fn own_folder(root: &Path, folder: &Path) -> Result<Option<Dir>, ProfileError> {
    let way = folder.strip_prefix(root).unwrap_or(folder);
    Ok(Dir::open_below(root, way)?)
}

fn realise(
    site: Site<'_>,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    harmed: &BTreeSet<&Key>,
) -> Result<usize, ProfileError> {
    // One listing instead of a look at each.
    let mut there: rustc_hash::FxHashSet<String> = rustc_hash::FxHashSet::default();
    // Somebody may have taken all of them away.
    fs::create_dir_all(site.packages)?;
    let Some(packages) = own_folder(site.root, site.packages)? else { return Ok(0) };
    for found in packages.list()? {
        let Ok(name) = found.path.into_os_string().into_string() else { continue };
        // Left by a run that was killed: the project's lock is held. Where a package is to be, a link is none.
        if name.starts_with('.') || found.kind != Kind::Folder {
            packages.remove_tree(Path::new(&name))?;
        } else {
            there.insert(name);
        }
    }
    let mut missing: Vec<(&Key, _, Arc<Tree>)> = Vec::new();
    for (key, realised) in &layout.packages {
        let wanted = !there.contains(key.as_str()) || harmed.contains(key);
        if !wanted {
            relocate::folder_links(site, key, realised)?;
        }
        if let (true, Some(tree)) = (wanted, trees.get(&realised.tree)) {
            missing.push((key, realised, tree.clone()));
        }
    }
    npm::realise(site.packages, site.root, &missing)
}
