//! A generation while it is put together: links, executables and the Python environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::model::{INSTALL_ORDER, TargetInstance, TreeDigest};
use crate::store::{Tree, TreeEntry};

use super::executables::{self, DeclaredRuntimes, ExecutableTarget, Executables};
use super::input::BuildInput;
use crate::profile::as_text::Text;
use crate::profile::compute_layout::python_dependencies;
use crate::profile::generation::{Contents, Generation};
use crate::profile::layout::{Layout, LinkTarget, Links};
use crate::profile::paths::{PROJECT, ProfilePaths};
use crate::profile::python::{self, Interpreter};
use crate::profile::source_copy::copy_tree;
use crate::profile::{ProfileError, deployed_flow, fallback_link, node_modules, private, root_links, runtime};

/// A generation that is being put together.
pub(super) struct GenerationDraft<'a> {
    paths: ProfilePaths<'a>,
    folder: PathBuf,
    /// Where the generation's own copy of the project will lie, if it has one.
    project: Option<PathBuf>,
    /// The generation before it.
    before: Option<&'a Generation>,
    /// The links, relative to the generation.
    pub(super) links: BTreeMap<String, PathBuf>,
    /// The launchers of local packages, relative to the generation, each with the file that it runs.
    launchers: BTreeMap<String, PathBuf>,
    /// The files that several Python packages bring, with the package whose file is there.
    pub(super) contested: BTreeMap<String, Arc<str>>,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

/// The files that larder wrote, relative to the generation.
type Generated = BTreeMap<String, Text<TreeDigest>>;

impl<'a> GenerationDraft<'a> {
    pub(super) fn new(
        paths: ProfilePaths<'a>,
        (folder, project): (PathBuf, Option<PathBuf>),
        before: Option<&'a Generation>,
    ) -> Self {
        let (links, launchers, contested) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { paths, folder, project, before, links, launchers, contested, warnings: Vec::new() }
    }

    /// Makes all but the records.
    pub(super) fn assemble(
        &mut self,
        input: &BuildInput<'_>,
        layout: &Layout,
        trees: &BTreeMap<TreeDigest, Arc<Tree>>,
        projects: &[python::EditablePackage],
    ) -> Result<Generated, ProfileError> {
        fs::create_dir_all(&self.folder.join("bin"))?;
        let runtimes = DeclaredRuntimes::of(input);
        let mut executables = self.node_modules("node_modules", runtimes, &layout.node_modules, (layout, trees))?;
        for (folder, name, target) in undeclared(layout) {
            self.link(format!("{folder}/{name}"), self.absolute(target));
        }
        let hoisted = self.hoisted_executables(&executables, layout, trees)?;
        for (member, links) in &layout.members {
            let place = format!("members/{}/node_modules", root_links::member_folder(member));
            let of_member = self.node_modules(&place, runtimes, links, (layout, trees))?;
            self.warnings.extend(of_member.warnings.into_iter().filter(|told| !executables.warnings.contains(told)));
        }
        for (name, target) in &layout.package_links {
            self.link(format!("packages/{name}"), self.absolute(target));
        }
        let mut generated = self.write_install_order(layout)?;
        generated.extend(self.copy_flows(layout, trees)?);
        if let Some(project) = input.project {
            generated.extend(self.copy_project(project, layout)?);
        }
        let mut of_extras = BTreeMap::new();
        if let Some(interpreter) = input.interpreter {
            let wheels = installables(input, layout, trees);
            self.warnings.extend(projects.iter().filter_map(python::EditablePackage::warning));
            let halves = self.python_halves(layout, trees)?;
            let installed = self.python((input, interpreter), layout, &wheels, (projects, &halves))?;
            of_extras = installed.scripts_of_extras;
            for (name, owner) in installed.scripts {
                executables.offer(&name, ExecutableTarget::File(format!("../python/bin/{name}").into()), &owner);
            }
            let contested = installed.contested.into_iter().map(|(path, owner)| (format!("python/{path}"), owner));
            self.contested = contested.collect();
            self.warn_of_yielded_files(&installed.yielded);
            generated.extend(installed.generated.into_iter().map(|(path, digest)| (format!("python/{path}"), digest)));
            // Those of the environment are made already.
            let links = installed.links.into_iter().map(|(path, target)| (format!("python/{path}"), target));
            self.make_links()?;
            self.links.extend(links);
            generated.extend(self.make_python_launchers(&interpreter.library())?);
        } else {
            self.make_links()?;
        }
        self.link_programs(layout, trees)?;
        // The project has those of the packages that it asks for, whether Node sees them or not.
        executables.offer_private(self.paths, &layout.package_links, layout);
        for name in layout.package_links.keys() {
            let Some(local) = layout.folders.get(name) else { continue };
            executables.offer_live(self.project(), local, name);
        }
        for (name, owner) in of_extras {
            executables.offer_last(&name, &ExecutableTarget::File(format!("../python/bin/{name}").into()), &owner);
        }
        for (name, (program, owner)) in &hoisted.offered {
            executables.offer_last(name, program, owner);
        }
        for (name, (program, _)) in executables.offered {
            let target = match program {
                ExecutableTarget::File(file) => file,
                ExecutableTarget::Live(file) => {
                    let launcher = format!("node_modules/.bin/{name}");
                    let target = format!("../{launcher}").into();
                    self.launchers.entry(launcher).or_insert(file);
                    target
                }
            };
            let path = format!("bin/{name}");
            fs::symlink(&target, &self.folder.join(&path))?;
            self.link(path, target);
        }
        generated.extend(self.make_launchers()?);
        self.warnings.extend(executables.warnings);
        Ok(generated)
    }

    /// Writes the order in which a server installs packages, beside them.
    fn write_install_order(&self, layout: &Layout) -> Result<Generated, ProfileError> {
        if layout.install_order.is_empty() {
            return Ok(Generated::new());
        }
        let packages = serde_json::json!({ "version": 1, "packages": layout.install_order });
        let text = format!("{packages:#}\n");
        let folder = format!("packages/{}", TargetInstance::ECOSYSTEM);
        let place = self.folder.join(&folder);
        fs::create_dir_all(&place)?;
        fs::write_new(&place.join(INSTALL_ORDER), text.as_bytes(), 0o644)?;
        Ok([(format!("{folder}/{INSTALL_ORDER}"), Text(TreeDigest::of(text.as_bytes())))].into())
    }

    /// Copies the files of the deployed flows, and says which there are.
    fn copy_flows(&self, layout: &Layout, trees: &BTreeMap<TreeDigest, Arc<Tree>>) -> Result<Generated, ProfileError> {
        let mut generated = Generated::new();
        if layout.flows.is_empty() {
            return Ok(generated);
        }
        fs::create_dir_all(&self.folder.join(deployed_flow::FLOWS_FOLDER))?;
        for (name, flow) in &layout.flows {
            let tree = trees.get(&flow.tree).ok_or_else(|| ProfileError::NoFlow { name: Arc::clone(name) })?;
            let place = format!("{}/{name}", deployed_flow::FLOWS_FOLDER);
            copy_tree(tree, &self.folder.join(&place))?;
            let digest = |entry: &TreeEntry| (format!("{place}/{}", entry.path), Text(entry.digest));
            generated.extend(tree.entries.iter().map(digest));
        }
        let text = deployed_flow::document(&layout.flows).map_err(|error| ProfileError::BadRecord {
            file: self.folder.join(deployed_flow::FLOWS),
            problem: error.to_string(),
        })?;
        fs::write_new(&self.folder.join(deployed_flow::FLOWS), &text, 0o644)?;
        generated.insert(deployed_flow::FLOWS.to_owned(), Text(TreeDigest::of(&text)));
        Ok(generated)
    }

    /// Copies the project's files. Node finds the generation's packages from there, whichever is active.
    fn copy_project(&mut self, project: &Tree, layout: &Layout) -> Result<Generated, ProfileError> {
        copy_tree(project, &self.folder.join(PROJECT))?;
        if layout.has_node_modules() {
            self.link(format!("{PROJECT}/node_modules"), "../node_modules".into());
        }
        for member in layout.members.keys().filter(|member| !member.starts_with("..")) {
            let up = "../".repeat(member.split('/').count() + 1);
            let target = format!("{up}members/{}/node_modules", root_links::member_folder(member));
            self.link(format!("{PROJECT}/{member}/node_modules"), target.into());
        }
        let digest = |entry: &TreeEntry| (format!("{PROJECT}/{}", entry.path), Text(entry.digest));
        Ok(project.entries.iter().map(digest).collect())
    }

    /// Returns the folder of the project.
    fn project(&self) -> &Path {
        self.project.as_deref().unwrap_or(self.paths.root)
    }

    fn node_modules(
        &mut self,
        place: &str,
        runtimes: DeclaredRuntimes,
        links: &Links,
        (layout, trees): (&Layout, &BTreeMap<TreeDigest, Arc<Tree>>),
    ) -> Result<Executables, ProfileError> {
        for (name, target) in links {
            self.link(format!("{place}/{name}"), self.absolute(target));
        }
        let places = (self.paths, self.project());
        let executables = executables::executables_of_links(places, runtimes, links, layout, trees)?;
        self.link_executables(place, &executables);
        Ok(executables)
    }

    /// Returns the executables of hoisted packages, which lie beside those of the project's own dependencies.
    fn hoisted_executables(
        &mut self,
        own: &Executables,
        layout: &Layout,
        trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    ) -> Result<Executables, ProfileError> {
        let places = (self.paths, self.project());
        let runtimes = DeclaredRuntimes::default();
        let mut hoisted = executables::executables_of_links(places, runtimes, &layout.hoisted, layout, trees)?;
        let mut all = own.clone();
        hoisted.offered.retain(|name, (program, owner)| all.offer_last(name, program, owner));
        self.link_executables("node_modules", &hoisted);
        Ok(hoisted)
    }

    /// Links executables in the `.bin` of a `node_modules`.
    fn link_executables(&mut self, place: &str, executables: &Executables) {
        for (name, (program, _)) in &executables.offered {
            let path = format!("{place}/.bin/{name}");
            match program {
                ExecutableTarget::File(file) => self.link(path, file.clone()),
                ExecutableTarget::Live(file) => drop(self.launchers.insert(path, file.clone())),
            }
        }
    }

    /// Links the programs of the runtimes that larder brings in `runtimes`, which comes first on `PATH`.
    fn link_programs(&mut self, layout: &Layout, trees: &BTreeMap<TreeDigest, Arc<Tree>>) -> Result<(), ProfileError> {
        for (name, realised) in &layout.runtimes {
            let Some(tree) = trees.get(&realised.tree) else { continue };
            let programs = runtime::programs(name).iter().filter(|program| runtime::has_program(tree, program));
            for program in programs {
                let target = self.paths.packages.join(realised.key.as_str()).join("bin").join(program);
                let path = format!("runtimes/{program}");
                fs::create_dir_all(&self.folder.join("runtimes"))?;
                fs::symlink(&target, &self.folder.join(&path))?;
                self.link(path, target);
            }
        }
        Ok(())
    }

    /// Makes `runtimes`, which comes first on `PATH`: only Python, and not what lies beside it, executables of packages that
    /// nobody asked for. A launcher and no link, as Python looks for its environment where it was started.
    fn make_python_launchers(&self, library: &str) -> Result<Generated, ProfileError> {
        const LAUNCHER: &[u8] = b"#!/bin/sh\nexec \"${0%/runtimes/*}/python/bin/${0##*/}\" \"$@\"\n";

        fs::create_dir(&self.folder.join("runtimes"))?;
        let mut generated = Generated::new();
        for name in ["python", "python3", library] {
            let path = format!("runtimes/{name}");
            fs::write_new(&self.folder.join(&path), LAUNCHER, 0o755)?;
            generated.insert(path, Text(TreeDigest::of(LAUNCHER)));
        }
        Ok(generated)
    }

    /// Absolute, as relative ones break bundlers and the tracing of files.
    fn absolute(&self, target: &LinkTarget) -> PathBuf {
        match target {
            LinkTarget::Package(key, name) => self.paths.packages.join(key.as_str()).join("node_modules").join(&**name),
            LinkTarget::Folder(folder) => self.project().join(&**folder),
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

    fn make_launchers(&self) -> Result<Generated, ProfileError> {
        let mut generated = Generated::new();
        for (path, file) in &self.launchers {
            let (text, full) = (node_modules::launcher(file), self.folder.join(path));
            if let Some(parent) = full.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write_new(&full, &text, 0o755)?;
            generated.insert(path.clone(), Text(TreeDigest::of(&text)));
        }
        Ok(generated)
    }

    /// Warns of packages whose files gave way to those of dependents, unless the generation before has the same files.
    fn warn_of_yielded_files(&mut self, yielded: &[python::YieldedFiles]) {
        if yielded.is_empty() {
            return;
        }
        let folder = self.before.map(|before| self.paths.generation(before.number));
        // A record that cannot be read is no reason not to build a new one.
        let known = folder.and_then(|folder| Contents::read(&folder).ok()).map(|contents| contents.contested);
        for yielded in yielded {
            let is_known = |path: &String| {
                let there = known.as_ref().and_then(|known| known.get(&format!("python/{path}")));
                there.is_some_and(|name| *name == yielded.name)
            };
            if !yielded.paths.iter().all(is_known) {
                self.warnings.push(yielded.to_string());
            }
        }
    }

    /// Reads the Python halves of private packages.
    fn python_halves(
        &self,
        layout: &Layout,
        trees: &BTreeMap<TreeDigest, Arc<Tree>>,
    ) -> Result<Vec<python::EditablePackage>, ProfileError> {
        let mut halves = Vec::new();
        for (key, realised, content) in layout.python_halves() {
            let (Some(tree), Some(folder)) = (trees.get(&realised.tree), &content.python) else { continue };
            let place = private::place(self.paths.packages, key, &realised.name);
            let (name, version) = (&*realised.name, &*content.version);
            let direct = layout.package_links.contains_key(&realised.name);
            halves.push(python::PythonHalf { name, version, tree, folder, realised: &place, direct }.read()?);
        }
        Ok(halves)
    }

    fn python(
        &self,
        (input, interpreter): (&BuildInput<'_>, &Interpreter),
        layout: &Layout,
        wheels: &[python::WheelInput],
        (projects, halves): (&[python::EditablePackage], &[python::EditablePackage]),
    ) -> Result<python::BuiltEnvironment, ProfileError> {
        let dependencies = || python_dependencies(input.closure);
        python::build(&python::EnvironmentInput {
            folder: &self.folder.join("python"),
            reached: &self.paths.profile.join("current/python"),
            interpreter,
            wheels,
            files: input.link_mode(),
            projects,
            halves,
            precedence: python::Precedence { owners: &layout.owners, dependencies: &dependencies },
        })
    }
}

/// Returns what packages find that they do not declare: the folder in the generation, the name, and where it leads.
fn undeclared(layout: &Layout) -> impl Iterator<Item = (&'static str, &Arc<str>, &LinkTarget)> {
    let hoisted = layout.hoisted.iter().map(|(name, target)| ("node_modules", name, target));
    hoisted.chain(layout.fallback_links().map(|(name, target)| (fallback_link::FOLDER, name, target)))
}

fn installables(
    input: &BuildInput<'_>,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
) -> Vec<python::WheelInput> {
    let wheels = layout.python.iter().filter_map(|distribution| {
        let bytecode = input.bytecode.and_then(|bytecode| bytecode.get(&distribution.tree)).cloned();
        let tree = trees.get(&distribution.tree)?.clone();
        Some(python::WheelInput { distribution: distribution.clone(), tree, bytecode })
    });
    wheels.collect()
}
