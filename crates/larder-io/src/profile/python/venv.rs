//! A virtual environment without pip: what `python -m venv --without-pip` makes, with wheels linked in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Action, Dir, FsError};
use crate::model::TreeDigest;
use crate::store::{Tree, TreeEntry};

use super::super::ProfileError;
use super::super::as_text::Text;
use super::super::layout::{AskedBy, Distribution};
use super::super::link_mode::LinkMode;
use super::super::linking::TreeSource;
use super::editable::EditablePackage;
use super::file_conflicts::{Contribution, resolve_conflicts};
use super::file_precedence::Precedence;
use super::wheel::{FileMode, FileSource, InstallPaths, InstalledFiles, OpenedWheel};
use super::{Interpreter, activate, bytecode, half};

pub(in super::super) use super::file_conflicts::YieldedFiles;

/// The input of [`build`].
#[derive(Debug)]
pub(in super::super) struct EnvironmentInput<'a> {
    /// The folder to build in; it does not exist yet.
    pub(in super::super) folder: &'a Path,
    /// The path by which the environment will be reached, for files that have it written in.
    pub(in super::super) reached: &'a Path,
    /// The interpreter.
    pub(in super::super) interpreter: &'a Interpreter,
    /// The packages.
    pub(in super::super) wheels: &'a [WheelInput],
    /// How files are written: for their owner only, or for everybody.
    pub(in super::super) files: LinkMode,
    /// Local packages.
    pub(in super::super) projects: &'a [EditablePackage],
    /// The Python halves of private packages.
    pub(in super::super) halves: &'a [EditablePackage],
    /// The rules for files that several packages bring.
    pub(in super::super) precedence: Precedence<'a>,
}

/// A package with what is installed of it.
#[derive(Clone, Debug)]
pub(in super::super) struct WheelInput {
    /// The package.
    pub(in super::super) distribution: Distribution,
    /// The unpacked wheel.
    pub(in super::super) tree: Arc<Tree>,
    /// The wheel's byte-code, where it is precompiled.
    pub(in super::super) bytecode: Option<Arc<Tree>>,
}

/// The files of a built environment that are not linked from wheels.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct BuiltEnvironment {
    /// The files that larder wrote, relative to the environment.
    pub(in super::super) generated: BTreeMap<String, Text<TreeDigest>>,
    /// The links, relative to the environment.
    pub(in super::super) links: BTreeMap<String, PathBuf>,
    /// The executables of direct dependencies, with the dependency.
    pub(in super::super) scripts: BTreeMap<String, Arc<str>>,
    /// The executables of packages that extras of manifest lines name, with the package.
    pub(in super::super) scripts_of_extras: BTreeMap<String, Arc<str>>,
    /// The files that several packages bring with different content, relative to the environment, with the name of the
    /// package whose file is there.
    pub(in super::super) contested: BTreeMap<String, Arc<str>>,
    /// Which packages gave way to those that depend on them.
    pub(in super::super) yielded: Vec<YieldedFiles>,
}

/// Builds an environment.
pub(in super::super) fn build(environment: &EnvironmentInput<'_>) -> Result<BuiltEnvironment, ProfileError> {
    let places = InstallPaths::new(&environment.interpreter.library());
    let mut parts = vec![own_part(environment)];
    let mut compiled = Vec::new();
    for (part, bytecode) in fs::map_parallel(environment.wheels, |wheel| parts_of(wheel, &places))? {
        parts.push(part);
        compiled.extend(bytecode);
    }
    let halves: Vec<&EditablePackage> = environment.halves.iter().collect();
    let shadowed = half::give_way(&mut parts, &halves, &places)?;
    let projects = environment.projects.iter().map(|project| (project, "path"));
    for (project, kind) in projects.chain(environment.halves.iter().map(|half| (half, "larder"))) {
        let files = project.files(&places)?;
        let (name, owner) = (project.name.as_str().into(), format!("{kind}:{}", project.name).into());
        let asked_by = if project.direct { AskedBy::Line } else { AskedBy::Packages };
        parts.push(Contribution { name, owner, asked_by, source: None, files });
    }
    let mut links = links(environment.interpreter);
    let linked = environment.projects.iter().chain(environment.halves);
    links.extend(linked.flat_map(|project| project.links(&places)));
    let resolved = resolve_conflicts(&mut parts, &links, &places, &environment.precedence)?;
    let mut contested = resolved.contested;
    contested.extend(shadowed.contested);
    let yielded = shadowed.yielded.into_iter().chain(resolved.yielded).collect();
    drop_duplicate_bytecode(&parts, &mut compiled, &mut contested);
    parts.append(&mut compiled);

    let dir = create_folders(environment.folder, places.site(), &parts, &links)?;
    let generated = fs::map_parallel(&parts, |part| place(&dir, part, environment.files))?;
    for (name, target) in &links {
        dir.symlink(target, name)?;
    }
    let scripts_of =
        |asked_by| parts.iter().skip(1).filter(move |part| part.asked_by == asked_by).flat_map(scripts).collect();
    let (scripts, scripts_of_extras) = (scripts_of(AskedBy::Line), scripts_of(AskedBy::Extra));
    let generated = generated.into_iter().flatten().collect();
    Ok(BuiltEnvironment { generated, links, scripts, scripts_of_extras, contested, yielded })
}

/// Returns where each file of a wheel that is linked as it is lies in an environment.
pub(in super::super) fn linked_files<'a>(
    distribution: &Distribution,
    tree: &'a Tree,
    library: &str,
) -> Result<Vec<(String, &'a TreeEntry)>, ProfileError> {
    OpenedWheel::new(&distribution.name, tree)?.places(&InstallPaths::new(library))
}

/// Returns where each byte-code file of a wheel lies in an environment.
pub(in super::super) fn compiled_files<'b>(
    distribution: &Distribution,
    tree: &Tree,
    bytecode: &'b Tree,
    library: &str,
) -> Result<Vec<(String, &'b TreeEntry)>, ProfileError> {
    OpenedWheel::new(&distribution.name, tree)?.places_of_bytecode(bytecode, &InstallPaths::new(library))
}

/// Returns the files of a wheel, and those of its byte-code, which lies in another tree.
fn parts_of<'a>(
    wheel: &'a WheelInput,
    places: &InstallPaths,
) -> Result<(Contribution<'a>, Option<Contribution<'a>>), ProfileError> {
    let WheelInput { distribution, tree, bytecode } = wheel;
    let owner: Arc<str> = format!("pypi:{}@{}", distribution.name, distribution.version).into();
    let opened = OpenedWheel::new(&owner, tree)?;
    let source = TreeSource::open(tree, distribution.files)?;
    let mut compiled = Vec::new();
    let mut part_of_bytecode = None;
    if let Some(bytecode) = bytecode {
        compiled = opened.places_of_bytecode(bytecode, places)?;
        let files = compiled.iter().map(|(place, entry)| (place.clone(), FileSource::Linked(entry))).collect();
        let source = Some(TreeSource::open(bytecode, distribution.files)?);
        part_of_bytecode = Some(Contribution {
            name: distribution.name.clone(),
            owner: owner.clone(),
            asked_by: AskedBy::Packages,
            source,
            files,
        });
    }
    let files = opened.files(&source, places, distribution.direct, &compiled)?;
    let (name, asked_by) = (distribution.name.clone(), distribution.asked_by());
    Ok((Contribution { name, owner, asked_by, source: Some(source), files }, part_of_bytecode))
}

/// The files of `venv` itself.
fn own_part<'a>(environment: &EnvironmentInput<'_>) -> Contribution<'a> {
    let interpreter = environment.interpreter;
    let home = interpreter.path.parent().unwrap_or(Path::new("/"));
    let config = format!(
        "home = {}\nimplementation = CPython\ninclude-system-site-packages = false\nversion = {}\nexecutable = {}\n",
        home.display(),
        interpreter.version,
        interpreter.path.display()
    );
    let mut files: InstalledFiles<'a> =
        [("pyvenv.cfg".to_owned(), FileSource::Written(config.into_bytes(), FileMode::Plain))].into();
    for (name, text) in activate::scripts(environment.reached) {
        files.insert(format!("bin/{name}"), FileSource::Written(text.into_bytes(), FileMode::Plain));
    }
    let (name, owner) = ("".into(), "the environment itself".into());
    Contribution { name, owner, asked_by: AskedBy::Packages, source: None, files }
}

fn links(interpreter: &Interpreter) -> BTreeMap<String, PathBuf> {
    let mut links: BTreeMap<String, PathBuf> = [
        ("bin/python".to_owned(), interpreter.path.clone()),
        ("bin/python3".to_owned(), "python".into()),
        (format!("bin/{}", interpreter.library()), "python".into()),
    ]
    .into();
    if interpreter.system == "linux" {
        links.insert("lib64".to_owned(), "lib".into());
    }
    links
}

/// Byte-code of a file that two wheels share is kept once: it comes from the same source, and need not be the same to
/// the bit. That of a file that gave way goes with it.
fn drop_duplicate_bytecode(
    parts: &[Contribution<'_>],
    compiled: &mut [Contribution<'_>],
    contested: &mut BTreeMap<String, Arc<str>>,
) {
    let files = parts.iter().flat_map(|part| part.files.keys());
    let mut taken: BTreeSet<String> = files.filter(|path| path.contains("/__pycache__/")).cloned().collect();
    let mut decided: BTreeMap<String, Arc<str>> = BTreeMap::new();
    for part in compiled {
        part.files.retain(|path, _| {
            let source = if contested.is_empty() { None } else { bytecode::source(path) };
            if let Some(owner) = source.and_then(|source| contested.get(&source)) {
                decided.insert(path.clone(), owner.clone());
                if *owner != part.name {
                    return false;
                }
            }
            taken.insert(path.clone())
        });
    }
    contested.append(&mut decided);
}

fn create_folders(
    root: &Path,
    site: &str,
    parts: &[Contribution<'_>],
    links: &BTreeMap<String, PathBuf>,
) -> Result<Dir, ProfileError> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    let files = parts.iter().flat_map(|part| part.files.keys()).chain(links.keys()).map(String::as_str);
    let parents = files.filter_map(|path| path.rsplit_once('/')).map(|(parent, _)| parent);
    for mut folder in parents.chain([site, "bin"]) {
        // Those above a folder that is known are known.
        while folders.insert(folder) {
            match folder.rsplit_once('/') {
                Some((above, _)) => folder = above,
                None => break,
            }
        }
    }
    fs::create_dir_all(root)?;
    let dir = Dir::open(root)?;
    for folder in folders {
        dir.create_dir(folder)?;
    }
    Ok(dir)
}

fn place(
    dir: &Dir,
    part: &Contribution<'_>,
    access: LinkMode,
) -> Result<Vec<(String, Text<TreeDigest>)>, ProfileError> {
    let mut generated = Vec::new();
    // Files come sorted: those of one folder together, which is opened once.
    let mut open: Option<(&str, Dir)> = None;
    for (path, origin) in &part.files {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if open.as_ref().is_none_or(|(folder, _)| *folder != parent) {
            open = Some((parent, dir.open_dir(if parent.is_empty() { "." } else { parent })?));
        }
        let Some((_, into)) = &open else { continue };
        match (origin, &part.source) {
            (FileSource::Linked(entry), Some(source)) => source.place(entry, into, name)?,
            (FileSource::Executable(entry), Some(source)) => source.copy_executable(entry, into, name)?,
            (FileSource::Written(content, mode), _) => {
                write(into, name, content, mode.bits(access))?;
                generated.push((path.clone(), Text(TreeDigest::of(content))));
            }
            (FileSource::Linked(_) | FileSource::Executable(_), None) => {}
        }
    }
    Ok(generated)
}

fn write(into: &Dir, name: &str, content: &[u8], mode: u32) -> Result<(), ProfileError> {
    use std::io::Write;
    into.create_file(name, mode)?
        .write_all(content)
        .map_err(|error| FsError::new(Action::Write, into.path().join(name), error))?;
    Ok(())
}

fn scripts<'a>(part: &'a Contribution<'_>) -> impl Iterator<Item = (String, Arc<str>)> + 'a {
    let names = part.files.keys().filter_map(|path| path.strip_prefix("bin/"));
    names.filter(|name| !name.contains('/')).map(|name| (name.to_owned(), part.owner.clone()))
}
