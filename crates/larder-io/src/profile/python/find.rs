//! Finding the interpreter that a manifest declares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fs::{self, Durability, Kind};
use crate::model::{Platform, PythonVersion};

use super::super::ProfileError;
use super::super::error::FoundPythons;
use super::interpreter::{Interpreter, NoAnswer};

/// Where to look for interpreters.
#[derive(Clone, Debug, Default)]
pub struct InterpreterSearch {
    /// The only interpreter to take (`LARDER_PYTHON`).
    pub explicit: Option<PathBuf>,
    /// The platform that the interpreter has to be for. `None` for any.
    pub platform: Option<Platform>,
    /// The folders of `PATH`, in order.
    pub path_dirs: Vec<PathBuf>,
    /// pyenv's folder, which has `versions` and `shims`.
    pub pyenv_root: Option<PathBuf>,
    /// A file that remembers what interpreters said of themselves.
    pub answers: Option<PathBuf>,
}

/// Finds an interpreter of the declared version: same major and minor, the declared patch or a later one.
pub fn find(wanted: &PythonVersion, search: &InterpreterSearch) -> Result<Interpreter, ProfileError> {
    let mut answers = InterpreterCache::load(search.answers.as_deref());
    let result = look(wanted, search, &mut answers);
    answers.save();
    result
}

fn look(
    wanted: &PythonVersion,
    search: &InterpreterSearch,
    answers: &mut InterpreterCache<'_>,
) -> Result<Interpreter, ProfileError> {
    if let Some(path) = &search.explicit {
        let wrong = |problem| ProfileError::WrongPython { path: path.clone(), wanted: wanted.clone(), problem };
        let interpreter = match answers.ask(path) {
            Ok(interpreter) => interpreter,
            Err(no_answer) => return Err(wrong(no_answer.problem(path)?)),
        };
        return match interpreter.unfit(wanted, search.platform) {
            Some(problem) => Err(wrong(problem)),
            None => Ok(interpreter),
        };
    }
    let mut seen = BTreeSet::new();
    let mut found = FoundPythons::default();
    for path in candidates(wanted, search) {
        let Ok(real) = fs::canonicalize(&path) else { continue };
        if !seen.insert(real) {
            continue;
        }
        // What does not start or does not answer is no interpreter; the search goes on.
        let interpreter = match answers.ask(&path) {
            Ok(interpreter) => interpreter,
            Err(no_answer) => {
                no_answer.problem(&path)?;
                continue;
            }
        };
        if interpreter.unfit(wanted, search.platform).is_none() {
            return Ok(interpreter);
        }
        let version = match (interpreter.platform(), search.platform) {
            (Some(own), Some(wanted)) if own != wanted => format!("{} for {own}", interpreter.version),
            _ => interpreter.version,
        };
        let known = (interpreter.path, version);
        if !found.0.contains(&known) {
            found.0.push(known);
        }
    }
    for (version, path) in pyenv_versions(search.pyenv_root.as_deref()) {
        let is_known = path.parent().is_some_and(|folder| found.0.iter().any(|(path, _)| path.starts_with(folder)));
        if !is_known {
            found.0.push((path, version));
        }
    }
    Err(ProfileError::NoPython { wanted: wanted.clone(), found })
}

/// Returns the first executable of this name in the folders of `PATH` that no package brought.
pub fn on_path(path_dirs: &[PathBuf], name: &str) -> Option<PathBuf> {
    path_dirs.iter().filter(|dir| dir.is_absolute()).find_map(|dir| {
        let path = dir.join(name);
        let real = fs::canonicalize(&path).ok().filter(|real| !is_from_package(real))?;
        let is_program = matches!(fs::stat(&real), Ok(Some(stat)) if stat.is_program());
        is_program.then(|| if is_in_environment(&path) { real } else { path })
    })
}

/// Returns whether a package brought an executable: it would be foreign code that runs.
fn is_from_package(real: &Path) -> bool {
    real.iter().any(|part| part == "node_modules" || part == ".larder") || is_in_environment(real)
}

/// Returns whether an executable lies in a virtual environment, where Python looks for it: beside `pyvenv.cfg` or one folder
/// below it.
fn is_in_environment(path: &Path) -> bool {
    // What cannot be looked at counts as one.
    let has_mark = |folder: &Path| !matches!(fs::lstat(&folder.join("pyvenv.cfg")), Ok(None));
    path.ancestors().skip(1).take(2).any(has_mark)
}

/// Names that say the version come before those that might be anything. pyenv's shims are never run: where `PATH` has
/// them, its versions are looked at instead.
fn candidates(wanted: &PythonVersion, search: &InterpreterSearch) -> Vec<PathBuf> {
    let exact = format!("python{}.{}", wanted.major, wanted.minor);
    let shims = search.pyenv_root.as_ref().map(|root| root.join("shims"));
    let pyenv = || {
        let prefix = format!("{}.{}.", wanted.major, wanted.minor);
        let mut fitting: Vec<_> = pyenv_versions(search.pyenv_root.as_deref())
            .into_iter()
            .filter_map(|(version, path)| Some((version.strip_prefix(&prefix)?.parse::<u32>().ok()?, path)))
            .collect();
        fitting.sort_unstable_by(|a, b| b.cmp(a));
        fitting.into_iter().map(|(_, path)| path)
    };
    let mut candidates = Vec::new();
    for name in [exact.as_str(), "python3", "python"] {
        for dir in &search.path_dirs {
            if shims.as_deref() == Some(dir) {
                candidates.extend(pyenv());
                continue;
            }
            let path = dir.join(name);
            if dir.is_absolute() && matches!(fs::stat(&path), Ok(Some(stat)) if stat.is_executable()) {
                candidates.push(path);
            }
        }
    }
    candidates.extend(pyenv());
    candidates
}

fn pyenv_versions(root: Option<&Path>) -> Vec<(String, PathBuf)> {
    let Some(versions) = root.map(|root| root.join("versions")) else { return Vec::new() };
    let Ok(found) = fs::read_dir(&versions) else { return Vec::new() };
    found
        .into_iter()
        .filter(|found| found.kind == Kind::Folder)
        .filter_map(|found| found.path.to_str().map(str::to_owned))
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .map(|version| {
            let path = versions.join(&version).join("bin/python");
            (version, path)
        })
        .filter(|(_, path)| matches!(fs::stat(path), Ok(Some(_))))
        .collect()
}

/// The answers of interpreters about themselves, by their executables.
struct InterpreterCache<'a> {
    file: Option<&'a Path>,
    known: BTreeMap<PathBuf, CachedInterpreter>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct CachedInterpreter {
    size: u64,
    mtime: i64,
    interpreter: Interpreter,
}

impl<'a> InterpreterCache<'a> {
    fn load(file: Option<&'a Path>) -> Self {
        // A cache: one that cannot be read is one that is empty.
        let known = file
            .and_then(|file| fs::read_if_exists(file).ok().flatten())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { file, known, changed: false }
    }

    fn ask(&mut self, path: &Path) -> Result<Interpreter, NoAnswer> {
        let real = fs::canonicalize(path).map_err(|error| error.source.to_string())?;
        if is_from_package(&real) {
            return Err("it was brought by a package, or is a copy in a virtual environment".into());
        }
        // A virtual environment starts what is installed in it; the interpreter that it was made from does not.
        let path = if is_in_environment(path) { &real } else { path };
        let stat = fs::stat(&real).map_err(|error| error.source.to_string())?.ok_or("it is not there")?;
        let current = |answer: &&CachedInterpreter| (answer.size, answer.mtime) == (stat.size, stat.mtime);
        // A link into a virtual environment leads to the base's executable, which says the same.
        if let Some(answer) = self.known.get(&real).filter(current) {
            return Ok(answer.interpreter.clone());
        }
        let interpreter = Interpreter::ask(path)?;
        // A shim's answer depends on more than its own file: only what a real executable says is remembered.
        if interpreter.path == real {
            let answer = CachedInterpreter { size: stat.size, mtime: stat.mtime, interpreter: interpreter.clone() };
            self.known.insert(real, answer);
            self.changed = true;
        }
        Ok(interpreter)
    }

    fn save(&self) {
        let (true, Some(file)) = (self.changed, self.file) else { return };
        // Losing the answers costs one start of the interpreter next time, so a failure is none.
        if let Some(folder) = file.parent() {
            let _ = fs::create_dir_all(folder);
        }
        if let Ok(bytes) = serde_json::to_vec(&self.known) {
            let _ = fs::write_atomic(file, &bytes, Durability::Lazy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIM: &str = "#!/bin/sh\necho ran >> \"$(dirname \"$0\")/ran\"\nprintf '{\"path\":\"%s\",\"version\":\"VERSION\",\
        \"soabi\":\"x\",\"base_prefix\":\"/\",\"implementation\":\"cpython\",\"system\":\"linux\",\"machine\":\"x86_64\",\
        \"free_threaded\":false,\"cache_tag\":\"x\",\"magic\":\"00\",\"libc\":\"\"}' \"$0\"\n";

    fn fake(path: &Path, version: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write_new(path, SHIM.replace("VERSION", version).as_bytes(), 0o755).unwrap();
    }

    #[test]
    fn the_declared_version_is_found_and_asked_once() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fake(&root.join("a/python3"), "3.11.2");
        fake(&root.join("b/python3.12"), "3.12.5");
        let search = InterpreterSearch {
            path_dirs: vec![root.join("a"), root.join("b")],
            answers: Some(root.join("cache/answers")),
            ..InterpreterSearch::default()
        };
        let wanted: PythonVersion = "3.12".parse().unwrap();
        for _ in 0..2 {
            assert_eq!(find(&wanted, &search).unwrap().path, root.join("b/python3.12"));
        }
        assert_eq!(fs::read_to_string(&root.join("b/ran")).unwrap(), "ran\n");
        assert!(fs::lstat(&root.join("a/ran")).unwrap().is_none());
    }

    #[test]
    fn shims_of_pyenv_are_not_run_and_its_newest_patch_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fake(&root.join("shims/python3.12"), "3.12.9");
        fake(&root.join("versions/3.12.9/bin/python"), "3.12.9");
        fake(&root.join("versions/3.12.10/bin/python"), "3.12.10");
        let search = InterpreterSearch {
            path_dirs: vec![root.join("shims")],
            pyenv_root: Some(root.clone()),
            ..InterpreterSearch::default()
        };
        let found = find(&"3.12".parse().unwrap(), &search).unwrap();
        assert_eq!(found.path, root.join("versions/3.12.10/bin/python"));
        assert!(fs::lstat(&root.join("shims/ran")).unwrap().is_none());
    }

    #[test]
    fn nothing_that_a_package_brought_is_run_and_environments_lead_to_their_base() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let base = root.join("base/python3.12");
        fake(&base, "3.12.5");
        for (folder, is_link) in [("venv", true), ("copied", false)] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder.join("bin")).unwrap();
            fs::write_new(&folder.join("pyvenv.cfg"), b"home = /x\n", 0o644).unwrap();
            if is_link {
                fs::symlink(&base, &folder.join("bin/python3")).unwrap();
            } else {
                fake(&folder.join("bin/python3"), "3.12.5");
            }
            // A script of a wheel.
            fake(&folder.join("bin/python3.12"), "3.12.5");
        }
        fake(&root.join("app/node_modules/evil/python3.12"), "3.12.5");
        fs::create_dir_all(&root.join("app/bin")).unwrap();
        fs::symlink(&root.join("app/node_modules/evil/python3.12"), &root.join("app/bin/python3.12")).unwrap();
        let folders = ["app/bin", "app/node_modules/evil", "venv/bin", "copied/bin"];
        let search = InterpreterSearch {
            path_dirs: folders.map(|folder| root.join(folder)).to_vec(),
            ..InterpreterSearch::default()
        };
        let wanted = "3.12".parse().unwrap();
        assert_eq!(find(&wanted, &search).unwrap().path, base);
        for folder in folders.iter().chain(&["app/node_modules/evil"]) {
            assert!(fs::lstat(&root.join(folder).join("ran")).unwrap().is_none(), "{folder}");
        }
        assert!(fs::lstat(&root.join("base/ran")).unwrap().is_some());
        let explicit =
            InterpreterSearch { explicit: Some(root.join("copied/bin/python3")), ..InterpreterSearch::default() };
        let error = find(&wanted, &explicit).unwrap_err().to_string();
        assert!(error.contains("virtual environment"), "{error}");
    }

    #[test]
    fn one_that_was_ended_is_not_passed_over_for_the_next() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fake(&root.join("later/python3.12"), "3.12.1");
        let search = InterpreterSearch {
            path_dirs: vec![root.join("first"), root.join("later")],
            ..InterpreterSearch::default()
        };
        let wanted: PythonVersion = "3.12".parse().unwrap();
        let ends_with = |signal: &str| {
            let path = root.join("first/python3.12");
            fs::create_dir_all(&root.join("first")).unwrap();
            std::fs::write(&path, format!("#!/bin/sh\nkill -{signal} $$\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            find(&wanted, &search)
        };
        let error = ends_with("KILL").unwrap_err().to_string();
        assert!(error.ends_with("first/python3.12` was ended by signal 9 while it was asked what it is"), "{error}");
        // A crash is its own doing.
        assert_eq!(ends_with("SEGV").unwrap().version, "3.12.1");
    }

    #[test]
    fn what_was_found_instead_is_named() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fake(&root.join("a/python3"), "3.11.2");
        let search = InterpreterSearch { path_dirs: vec![root.join("a")], ..InterpreterSearch::default() };
        let wanted: PythonVersion = "3.12".parse().unwrap();
        let error = find(&wanted, &search).unwrap_err().to_string();
        assert!(error.starts_with("there is no Python 3.12 on this machine: found 3.11.2 ("), "{error}");
        // A version of pyenv's that is on PATH too is told once.
        fake(&root.join("versions/3.10.4/bin/python"), "3.10.4");
        fs::symlink(Path::new("python"), &root.join("versions/3.10.4/bin/python3")).unwrap();
        let pyenv = InterpreterSearch {
            path_dirs: vec![root.join("versions/3.10.4/bin")],
            pyenv_root: Some(root.clone()),
            ..InterpreterSearch::default()
        };
        let error = find(&wanted, &pyenv).unwrap_err().to_string();
        assert_eq!(error.matches("3.10.4 (").count(), 1, "{error}");
        let explicit = InterpreterSearch { explicit: Some(root.join("a/python3")), ..InterpreterSearch::default() };
        let error = find(&wanted, &explicit).unwrap_err().to_string();
        assert!(error.ends_with("is not a Python 3.12: it is 3.11.2"), "{error}");
    }
}
