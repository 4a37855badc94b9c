//! The files of a package: chosen, read, refused.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure, list};
use crate::fetch::{NameFolding, check_names};
use crate::fs::{self, DirEntry, FsError, Kind};
use crate::model::EntryPath;
use crate::ops::Result;
use crate::ops::project::repository;
use crate::ops::session::MANIFEST;
use crate::package::{ArchiveFile, IgnoreRules, MAX_FILES, MAX_SIZE, PackageFiles, find_secret};

use super::OwnPackage;

/// A folder of which files are packed.
struct PackedFolder<'a> {
    /// What messages call it.
    name: String,
    folder: &'a Path,
    rule: PackageFiles,
    /// What the archive has instead of the manifest's own text.
    manifest: Option<&'a str>,
    /// What does not belong to it: what is written, where that is in the folder.
    left_out: Vec<PathBuf>,
}

/// The size of a package, in bytes, from which its files are read on several threads.
const WORTH_THREADS: u64 = 1024 * 1024;

pub(in crate::ops) const GITIGNORE: &str = ".gitignore";

/// Reads the files that belong to a package, sorted by path. `allowed` are paths that may look like secrets.
pub(super) fn read(own: &OwnPackage, allowed: &[String]) -> Result<Vec<ArchiveFile>> {
    let (name, rule) = (own.package.name.value.to_string(), PackageFiles::of(&own.package));
    let manifest = Some(&*own.manifest.text);
    read_folder(&PackedFolder { name, folder: &own.folder, rule, manifest, left_out: Vec::new() }, allowed)
}

/// Reads the files of a whole project, sorted by path: what its `.gitignore` files leave, and what `includes` adds, but not what
/// is written. `allowed` are paths that may look like secrets.
pub(in crate::ops) fn read_project(
    root: &Path,
    written: &[&Path],
    includes: &[String],
    allowed: &[String],
) -> Result<Vec<ArchiveFile>> {
    let rule = PackageFiles::of_project(includes).map_err(|glob| BadInclude { glob })?;
    let place = |path: &&Path| Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
    let left_out = written.iter().filter_map(place).collect();
    let folder = PackedFolder { name: "the project".to_owned(), folder: root, rule, manifest: None, left_out };
    read_folder(&folder, allowed)
}

fn read_folder(own: &PackedFolder<'_>, allowed: &[String]) -> Result<Vec<ArchiveFile>> {
    let mut refusals = Vec::new();
    let chosen = choose(own, &mut refusals)?;
    let size = chosen.iter().map(|file| file.size).sum::<u64>();
    if chosen.len() > MAX_FILES {
        refusals.push(format!("the package has {} files, and {MAX_FILES} are allowed", chosen.len()));
    }
    if size > MAX_SIZE {
        refusals.push(format!("the package has {size} bytes, and {MAX_SIZE} are allowed"));
    }
    if let Err(refusal) = check_names(chosen.iter().map(|file| file.path.as_str()), NameFolding::CaseAndForm) {
        refusals.push(refusal.to_string());
    }
    if !refusals.is_empty() {
        return Err(NotPackable { package: own.name.clone(), refusals }.into());
    }
    let read_one = |file: &ChosenFile| {
        let content = match own.manifest.filter(|_| file.path.as_str() == MANIFEST) {
            Some(text) => text.as_bytes().to_vec(),
            None => fs::read(&file.place)?,
        };
        let secret = if allowed.iter().any(|path| path == file.path.as_str()) {
            None
        } else {
            find_secret(file.path.as_str(), &content)
        };
        let file = ArchiveFile { path: file.path.clone(), executable: file.executable, content };
        Ok::<_, FsError>((file, secret))
    };
    // Of a few small files the threads would take longer than the reading.
    let read: Vec<_> = if size < WORTH_THREADS {
        chosen.iter().map(read_one).collect::<std::result::Result<_, _>>()?
    } else {
        fs::map_parallel(&chosen, read_one)?
    };
    let secrets: Vec<String> = read
        .iter()
        .filter_map(|(file, secret)| {
            let secret = secret.as_ref()?;
            let line = secret.line.map(|line| format!(":{line}")).unwrap_or_default();
            Some(format!("{}{line} looks like {}", file.path, secret.what))
        })
        .collect();
    if !secrets.is_empty() {
        return Err(Secrets { package: own.name.clone(), secrets }.into());
    }
    if let Some(unknown) = allowed.iter().find(|path| !chosen.iter().any(|file| file.path.as_str() == *path)) {
        return Err(UnknownPath { path: unknown.clone() }.into());
    }
    Ok(read.into_iter().map(|(file, _)| file).collect())
}

/// A file that belongs to a package.
struct ChosenFile {
    path: EntryPath,
    /// Where it is read: the end of a link, where it is one.
    place: PathBuf,
    executable: bool,
    size: u64,
}

/// Walks the folder of a package. What belongs to it and cannot be packed is added to `refusals`.
fn choose(own: &PackedFolder<'_>, refusals: &mut Vec<String>) -> Result<Vec<ChosenFile>> {
    let rule = &own.rule;
    let root = fs::canonicalize(own.folder)?;
    let (repository, rules) =
        if rule.follows_gitignore() { ignored_above(&root)? } else { (root.clone(), IgnoreRules::default()) };
    let base = relative(&root, &repository);
    let mut chosen = Vec::new();
    let mut pending = vec![(String::new(), rules, false)];
    while let Some((folder, mut rules, in_ignored)) = pending.pop() {
        let entries = fs::read_dir(&root.join(&folder))?;
        let has = |name: &str| entries.iter().any(|entry| entry.path == Path::new(name));
        // Another package, or a member of the project.
        if !folder.is_empty() && !rule.has_members() && has(MANIFEST) {
            continue;
        }
        if rule.follows_gitignore() && has(GITIGNORE) {
            rules = rules.with(&join(&base, &folder), &gitignore(&root.join(&folder))?);
        }
        for DirEntry { path: name, kind } in entries {
            let Some(name) = name.to_str() else {
                refusals.push(format!("`{}` in `{folder}` has a name that is not Unicode", name.display()));
                continue;
            };
            let path = join(&folder, name);
            if rule.leaves_out(&path) || own.left_out.contains(&root.join(&path)) {
                continue;
            }
            let is_ignored = |is_folder| in_ignored || rules.ignores(&join(&base, &path), is_folder);
            if kind == Kind::Folder {
                let is_ignored = rule.follows_gitignore() && is_ignored(true);
                if !is_ignored || rule.adds_ignored() {
                    pending.push((path, rules.clone(), is_ignored));
                }
                continue;
            }
            let is_left = rule.follows_gitignore() && !is_ignored(false);
            let is_taken = is_left || (!rule.follows_gitignore() || rule.adds_ignored()) && rule.takes(&path);
            if is_taken || rule.always_takes(&path) {
                match choose_file(&root, &path, kind)? {
                    Ok(file) => chosen.push(file),
                    Err(reason) => refusals.push(format!("`{}` {reason}", path.escape_debug())),
                }
            }
        }
    }
    chosen.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(chosen)
}

/// Returns a file of a package, or why it cannot be packed, as the end of a sentence.
fn choose_file(root: &Path, path: &str, kind: Kind) -> Result<std::result::Result<ChosenFile, String>> {
    let checked = EntryPath::parse(path).and_then(|checked| checked.check_portable().map(|()| checked));
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let mut place = root.join(path);
    match kind {
        Kind::File => {}
        Kind::Symlink => {
            let Ok(target) = fs::canonicalize(&place) else {
                return Ok(Err("is a link that leads nowhere".to_owned()));
            };
            if !target.starts_with(root) {
                return Ok(Err(format!("is a link to `{}`, which leaves the package", target.display())));
            }
            place = target;
        }
        Kind::Folder | Kind::Other => return Ok(Err("is neither a file nor a folder".to_owned())),
    }
    match fs::lstat(&place)? {
        Some(stat) if stat.kind == Kind::File => {
            Ok(Ok(ChosenFile { path: checked, place, executable: stat.is_executable(), size: stat.size }))
        }
        Some(stat) if stat.kind == Kind::Folder => {
            Ok(Err("is a link to a folder: an archive has no links, so put the files there".to_owned()))
        }
        _ => Ok(Err("is neither a file nor a folder".to_owned())),
    }
}

/// Returns the folder of the repository around a package, and what its `.gitignore` files say down to the package's folder, whose
/// own is not among them. Outside of a repository that is the package's folder.
fn ignored_above(root: &Path) -> Result<(PathBuf, IgnoreRules)> {
    let repository = repository::folder_around(root)?.unwrap_or_else(|| root.to_owned());
    let mut rules = IgnoreRules::default();
    let above: Vec<&Path> = root.ancestors().skip(1).take_while(|folder| folder.starts_with(&repository)).collect();
    for folder in above.into_iter().rev() {
        rules = rules.with(&relative(folder, &repository), &gitignore(folder)?);
    }
    Ok((repository, rules))
}

/// Reads the `.gitignore` of a folder; without one it is empty.
pub(super) fn gitignore(folder: &Path) -> Result<String> {
    let bytes = fs::read_if_exists(&folder.join(GITIGNORE))?;
    Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
}

fn relative(folder: &Path, above: &Path) -> String {
    folder.strip_prefix(above).unwrap_or(Path::new("")).to_string_lossy().into_owned()
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// A value of `--include` that is not a glob.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{glob}` is no glob, and `--include` takes globs")]
#[diagnostic(code(larder::bundle::bad_include), help("write it as `dist/**`"))]
struct BadInclude {
    glob: String,
}

impl Failure for BadInclude {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Files that no archive can hold.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} cannot be packed:{}", list(refusals))]
#[diagnostic(
    code(larder::package::not_packable),
    help(
        "rename or remove them, or leave them out: in a package by `files \"**\" \"!PATH\"`, in a project by .gitignore"
    )
)]
struct NotPackable {
    package: String,
    refusals: Vec<String>,
}

impl Failure for NotPackable {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Files that look like secrets.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} would make secrets public:{}", list(secrets))]
#[diagnostic(
    code(larder::package::secrets),
    help(
        "leave them out (in a package by `files \"**\" \"!PATH\"`, in a project by .gitignore), or say that it is none: \
         `--allow-secret PATH`"
    )
)]
struct Secrets {
    package: String,
    secrets: Vec<String>,
}

impl Failure for Secrets {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A path of `--allow-secret` that is no file of the package.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no file of the package is `{path}`, which `--allow-secret` names")]
#[diagnostic(
    code(larder::package::unknown_path),
    help("paths are relative to the package's folder; `larder pack --list` shows them")
)]
struct UnknownPath {
    path: String,
}

impl Failure for UnknownPath {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
