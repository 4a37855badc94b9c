//! A virtual environment without pip: what `python -m venv --without-pip` makes, with wheels linked in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Action, Dir, FsError};
use crate::model::TreeDigest;
use crate::store::{Tree, TreeEntry};

use super::super::ProfileError;
use super::super::as_text::Text;
use super::super::layout::Distribution;
use super::super::link_mode::LinkMode;
use super::super::linking::Source;
use super::editable::Project;
use super::file_conflicts::{Part, Settled, settle};
use super::file_precedence::Precedence;
use super::wheel::{Files, Mode, Origin, Places, Wheel};
use super::{Interpreter, activate, bytecode};

pub(in super::super) use super::file_conflicts::Yielded;

/// What an environment is built from.
#[derive(Debug)]
pub(in super::super) struct Environment<'a> {
    /// Where it is built; the folder does not exist yet.
    pub(in super::super) folder: &'a Path,
    /// Where it will be reached, for what must have it written in.
    pub(in super::super) reached: &'a Path,
    /// The interpreter.
    pub(in super::super) interpreter: &'a Interpreter,
    /// The packages.
    pub(in super::super) wheels: &'a [Installable],
    /// Who may read what is written.
    pub(in super::super) files: LinkMode,
    /// Local packages.
    pub(in super::super) projects: &'a [Project],
    /// What decides whose file counts where two packages bring one.
    pub(in super::super) precedence: Precedence<'a>,
}

/// A package with what is installed of it.
#[derive(Clone, Debug)]
pub(in super::super) struct Installable {
    /// The package.
    pub(in super::super) distribution: Distribution,
    /// Its unpacked wheel.
    pub(in super::super) tree: Arc<Tree>,
    /// Its byte-code, where that is made ahead.
    pub(in super::super) bytecode: Option<Arc<Tree>>,
}

/// What is in a built environment besides linked files.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Installed {
    /// The files that larder wrote, relative to the environment.
    pub(in super::super) generated: BTreeMap<String, Text<TreeDigest>>,
    /// The links, relative to the environment.
    pub(in super::super) links: BTreeMap<String, PathBuf>,
    /// The executables of direct dependencies, with the dependency.
    pub(in super::super) scripts: BTreeMap<String, Arc<str>>,
    /// The files that several packages bring with different content, relative to the environment, with the name of the
    /// package whose file is there.
    pub(in super::super) contested: BTreeMap<String, Arc<str>>,
    /// Which packages gave way to those that depend on them.
    pub(in super::super) yielded: Vec<Yielded>,
}

/// Builds an environment.
pub(in super::super) fn build(environment: &Environment<'_>) -> Result<Installed, ProfileError> {
    let places = Places::new(&environment.interpreter.library());
    let mut parts = vec![own_part(environment)];
    let mut compiled = Vec::new();
    for (part, bytecode) in fs::map_parallel(environment.wheels, |wheel| parts_of(wheel, &places))? {
        parts.push(part);
        compiled.extend(bytecode);
    }
    for project in environment.projects {
        let files = project.files(&places)?;
        let (name, owner) = (project.name.as_str().into(), format!("path:{}", project.name).into());
        parts.push(Part { name, owner, direct: true, source: None, files });
    }
    let mut links = links(environment.interpreter);
    links.extend(environment.projects.iter().flat_map(|project| project.links(&places)));
    let Settled { mut contested, yielded } = settle(&mut parts, &links, &places, &environment.precedence)?;
    drop_taken(&parts, &mut compiled, &mut contested);
    parts.append(&mut compiled);

    let dir = create_folders(environment.folder, places.site(), &parts, &links)?;
    let generated = fs::map_parallel(&parts, |part| place(&dir, part, environment.files))?;
    for (name, target) in &links {
        dir.symlink(target, name)?;
    }
    let scripts = parts.iter().skip(1).filter(|part| part.direct).flat_map(scripts).collect();
    let generated = generated.into_iter().flatten().collect();
    Ok(Installed { generated, links, scripts, contested, yielded })
}

/// Returns where each file of a wheel that is linked as it is lies in an environment.
pub(in super::super) fn linked_files<'a>(
    distribution: &Distribution,
    tree: &'a Tree,
    library: &str,
) -> Result<Vec<(String, &'a TreeEntry)>, ProfileError> {
    Wheel::new(&distribution.name, tree)?.places(&Places::new(library))
}

/// Like [`linked_files`], for the wheel's byte-code.
pub(in super::super) fn compiled_files<'b>(
    distribution: &Distribution,
    tree: &Tree,
    bytecode: &'b Tree,
    library: &str,
) -> Result<Vec<(String, &'b TreeEntry)>, ProfileError> {
    Wheel::new(&distribution.name, tree)?.places_of_bytecode(bytecode, &Places::new(library))
}

/// What a wheel brings, and its byte-code, which lies in another tree.
fn parts_of<'a>(wheel: &'a Installable, places: &Places) -> Result<(Part<'a>, Option<Part<'a>>), ProfileError> {
    let Installable { distribution, tree, bytecode } = wheel;
    let owner: Arc<str> = format!("pypi:{}@{}", distribution.name, distribution.version).into();
    let opened = Wheel::new(&owner, tree)?;
    let source = Source::open(tree, distribution.files)?;
    let mut compiled = Vec::new();
    let mut part_of_bytecode = None;
    if let Some(bytecode) = bytecode {
        compiled = opened.places_of_bytecode(bytecode, places)?;
        let files = compiled.iter().map(|(place, entry)| (place.clone(), Origin::Linked(entry))).collect();
        let source = Some(Source::open(bytecode, distribution.files)?);
        part_of_bytecode =
            Some(Part { name: distribution.name.clone(), owner: owner.clone(), direct: false, source, files });
    }
    let files = opened.files(&source, places, distribution.direct, &compiled)?;
    let (name, direct) = (distribution.name.clone(), distribution.direct);
    Ok((Part { name, owner, direct, source: Some(source), files }, part_of_bytecode))
}

/// The files of `venv` itself.
fn own_part<'a>(environment: &Environment<'_>) -> Part<'a> {
    let interpreter = environment.interpreter;
    let home = interpreter.path.parent().unwrap_or(Path::new("/"));
    let config = format!(
        "home = {}\nimplementation = CPython\ninclude-system-site-packages = false\nversion = {}\nexecutable = {}\n",
        home.display(),
        interpreter.version,
        interpreter.path.display()
    );
    let mut files: Files<'a> = [("pyvenv.cfg".to_owned(), Origin::Written(config.into_bytes(), Mode::Plain))].into();
    for (name, text) in activate::scripts(environment.reached) {
        files.insert(format!("bin/{name}"), Origin::Written(text.into_bytes(), Mode::Plain));
    }
    Part { name: "".into(), owner: "the environment itself".into(), direct: false, source: None, files }
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
fn drop_taken(parts: &[Part<'_>], compiled: &mut [Part<'_>], contested: &mut BTreeMap<String, Arc<str>>) {
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
    parts: &[Part<'_>],
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

fn place(dir: &Dir, part: &Part<'_>, access: LinkMode) -> Result<Vec<(String, Text<TreeDigest>)>, ProfileError> {
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
            (Origin::Linked(entry), Some(source)) => source.place(entry, into, name)?,
            (Origin::Executable(entry), Some(source)) => source.copy_executable(entry, into, name)?,
            (Origin::Written(content, mode), _) => {
                write(into, name, content, mode.bits(access))?;
                generated.push((path.clone(), Text(TreeDigest::of(content))));
            }
            (Origin::Linked(_) | Origin::Executable(_), None) => {}
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

fn scripts<'a>(part: &'a Part<'_>) -> impl Iterator<Item = (String, Arc<str>)> + 'a {
    let names = part.files.keys().filter_map(|path| path.strip_prefix("bin/"));
    names.filter(|name| !name.contains('/')).map(|name| (name.to_owned(), part.owner.clone()))
}
