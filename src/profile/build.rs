//! Building a generation beside the one that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Kind};
use crate::lock::{Closure, Lockfile};
use crate::manifest::FilesMode;
use crate::model::{Label, PackageKey, Platform, TreeDigest};
use crate::store::Tree;

use super::as_text::Text;
use super::executables::{self, Executables};
use super::folders::{self, Folders};
use super::generation::{self, Contents, FORMAT};
use super::head::{Changes, Head, Promoted};
use super::layout::{Files, Layout, Links, Member, Target, Wanted, layout};
use super::python::{self, Bytecode, Interpreter};
use super::{Generation, Key, ProfileError, npm, relocate, roots};

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
    /// Nothing of it is known: build another one, and all packages anew.
    All,
}

/// A generation that is put together here and then renamed.
const BUILDING: &str = ".building";

/// Builds a generation and renames it into place; `current` is not touched.
pub(super) fn build(
    site: Site<'_>,
    input: &Input<'_>,
    current: Option<&Generation>,
    repeat: Repeat<'_>,
) -> Result<Built, ProfileError> {
    let folders = folders::look(site.root, input.lock, input.closure)?;
    let (layout, closure) = layout_of(input, &folders)?;
    if input.interpreter.is_none() && !(layout.python.is_empty() && folders.projects.is_empty()) {
        return Err(ProfileError::UndeclaredPython);
    }
    let inputs = inputs(site.root, input, &layout, &closure, &folders);
    if let (Some(current), Repeat::Never | Repeat::Finish) = (current, repeat)
        && current.inputs == inputs
        // Byte-code that is there and was not asked for does no harm.
        && (current.bytecode.is_some() || input.bytecode.is_none())
    {
        let relocated = relocate::relocate(site, current.number)?;
        let (generation, warnings) = (current.clone(), Vec::new());
        return Ok(Built { generation, made: false, relocated, realised: 0, warnings });
    }
    let trees: BTreeMap<TreeDigest, Arc<Tree>> = input.trees.values().map(|tree| (tree.digest, tree.clone())).collect();
    fs::create_dir_all(site.packages)?;
    fs::create_dir_all(site.profile)?;
    let last = tidy(site.profile)?;
    if let (Repeat::Finish, Some(generation)) = (repeat, ready(site, last, current, &inputs)) {
        let relocated = relocate::relocate(site, generation.number)?;
        return Ok(Built { generation, made: true, relocated, realised: 0, warnings: Vec::new() });
    }
    let number = last + 1;
    let harmed = match repeat {
        Repeat::Never | Repeat::Finish => &BTreeSet::new(),
        Repeat::Always(harmed) => harmed,
        Repeat::All => &layout.packages.keys().collect(),
    };
    let realised = realise(site, &layout, &trees, harmed)?;

    let generation = Generation {
        format: FORMAT,
        number,
        parent: current.map(|current| current.number),
        created: input.created,
        larder: input.larder.to_owned(),
        lock: TreeDigest::of(input.lock_text.as_bytes()),
        environment: input.environment.clone(),
        platform: input.platform,
        digest: Generation::digest(input.platform, input.interpreter, &closure, &layout),
        inputs,
        python: input.interpreter.cloned(),
        bytecode: input.bytecode.map(|bytecode| bytecode_of(&layout, bytecode)),
        node_modules: !layout.node_modules.is_empty(),
        members: layout.members.keys().cloned().collect(),
        closure,
    };
    let folder = site.profile.join(BUILDING);
    let mut draft = Draft { site, folder: folder.clone(), links: BTreeMap::new(), warnings: Vec::new() };
    let made = draft.fill(input, &layout, &trees, &folders.projects).and_then(|generated| {
        let head = head(site.root, input, &generation, current);
        let contents =
            Contents { root: site.root.to_owned(), layout, generated, links: std::mem::take(&mut draft.links) };
        generation.write(&head, input.lock_text, contents, &folder)?;
        if files(input) == Files::Private {
            fs::make_private(&folder)?;
        }
        Ok(fs::rename(&folder, &site.profile.join(number.to_string()))?)
    });
    if let Err(error) = made {
        // The first error is the one to report; what stays is removed by the next build.
        let _ = fs::remove_tree(&folder);
        return Err(error);
    }
    Ok(Built { generation, made: true, relocated: false, realised, warnings: draft.warnings })
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
        changes: Changes::from(&generation.plan_from(current)),
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
    let trees: BTreeMap<TreeDigest, Arc<Tree>> = input.trees.values().map(|tree| (tree.digest, tree.clone())).collect();
    if !contents.layout.packages.values().all(|realised| trees.contains_key(&realised.tree)) {
        // The lock has moved on: what it wants now is built instead.
        return build(site, input, Some(current), Repeat::Always(harmed));
    }
    let realised = realise(site, &contents.layout, &trees, harmed)?;
    Ok(Built { generation: current.clone(), made: false, relocated: false, realised, warnings: Vec::new() })
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

fn files(input: &Input<'_>) -> Files {
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
pub(super) fn tidy(profile: &Path) -> Result<u64, ProfileError> {
    let mut last = 0;
    for found in fs::read_dir(profile)? {
        let name = found.path.to_string_lossy();
        if name.starts_with('.') {
            fs::remove_tree(&profile.join(&found.path))?;
        } else if let (Kind::Folder, Ok(number)) = (found.kind, name.parse::<u64>()) {
            last = last.max(number);
        }
    }
    Ok(last)
}

fn realise(
    site: Site<'_>,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    harmed: &BTreeSet<&Key>,
) -> Result<usize, ProfileError> {
    // One listing instead of a look at each.
    let mut there: rustc_hash::FxHashSet<String> = rustc_hash::FxHashSet::default();
    for found in fs::read_dir(site.packages)? {
        let Ok(name) = found.path.into_os_string().into_string() else { continue };
        if name.starts_with('.') {
            // Left by a run that was killed: the project's lock is held.
            fs::remove_tree(&site.packages.join(&name))?;
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

fn installables(
    input: &Input<'_>,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
) -> Vec<python::Installable> {
    let wheels = layout.python.iter().filter_map(|distribution| {
        let bytecode = input.bytecode.and_then(|bytecode| bytecode.get(&distribution.tree)).cloned();
        let tree = trees.get(&distribution.tree)?.clone();
        Some(python::Installable { distribution: distribution.clone(), tree, bytecode })
    });
    wheels.collect()
}

/// A generation that is being put together.
struct Draft<'a> {
    site: Site<'a>,
    folder: PathBuf,
    links: BTreeMap<String, PathBuf>,
    warnings: Vec<String>,
}

type Generated = BTreeMap<String, Text<TreeDigest>>;

impl Draft<'_> {
    fn fill(
        &mut self,
        input: &Input<'_>,
        layout: &Layout,
        trees: &BTreeMap<TreeDigest, Arc<Tree>>,
        projects: &[python::Project],
    ) -> Result<Generated, ProfileError> {
        fs::create_dir_all(&self.folder.join("bin"))?;
        let mut executables = self.node_modules("node_modules", &layout.node_modules, layout, trees)?;
        for (member, links) in &layout.members {
            let place = format!("members/{}/node_modules", roots::member_folder(member));
            self.node_modules(&place, links, layout, trees)?;
        }
        for (name, target) in &layout.shelf {
            self.link(format!("packages/{name}"), self.absolute(target));
        }
        let mut generated = Generated::new();
        if let Some(interpreter) = input.interpreter {
            let wheels = installables(input, layout, trees);
            let installed = self.python((interpreter, files(input)), &wheels, projects)?;
            for (name, owner) in installed.scripts {
                executables.offer(&name, format!("../python/bin/{name}").into(), &owner);
            }
            generated.extend(installed.generated.into_iter().map(|(path, digest)| (format!("python/{path}"), digest)));
            // Those of the environment are made already.
            let links = installed.links.into_iter().map(|(path, target)| (format!("python/{path}"), target));
            self.make_links()?;
            self.links.extend(links);
        } else {
            self.make_links()?;
        }
        let made: Vec<_> =
            executables.offered.into_iter().map(|(name, (file, _))| (format!("bin/{name}"), file)).collect();
        for (path, target) in made {
            fs::symlink(&target, &self.folder.join(&path))?;
            self.link(path, target);
        }
        self.warnings.extend(executables.warnings);
        Ok(generated)
    }

    fn node_modules(
        &mut self,
        place: &str,
        links: &Links,
        layout: &Layout,
        trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    ) -> Result<Executables, ProfileError> {
        for (name, target) in links {
            self.link(format!("{place}/{name}"), self.absolute(target));
        }
        let executables = executables::of_links(self.site.root, self.site.packages, links, layout, trees)?;
        for (name, (file, _)) in &executables.offered {
            self.link(format!("{place}/.bin/{name}"), file.clone());
        }
        Ok(executables)
    }

    /// Absolute, as relative ones break bundlers and the tracing of files.
    fn absolute(&self, target: &Target) -> PathBuf {
        match target {
            Target::Package(key, name) => self.site.packages.join(key.as_str()).join("node_modules").join(&**name),
            Target::Folder(folder) => self.site.root.join(&**folder),
        }
    }

    fn link(&mut self, path: String, target: PathBuf) {
        self.links.insert(path, target);
    }

    fn make_links(&self) -> Result<(), ProfileError> {
        let mut above = "";
        for (path, target) in &self.links {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            if parent != above {
                fs::create_dir_all(&self.folder.join(parent))?;
                above = parent;
            }
            fs::symlink(target, &self.folder.join(path))?;
        }
        Ok(())
    }

    fn python(
        &self,
        (interpreter, files): (&Interpreter, Files),
        wheels: &[python::Installable],
        projects: &[python::Project],
    ) -> Result<python::Installed, ProfileError> {
        python::build(&python::Environment {
            folder: &self.folder.join("python"),
            reached: &self.site.profile.join("current/python"),
            interpreter,
            wheels,
            files,
            projects,
        })
    }
}
