//! A project in a folder of its own, with a home, a store and a cache of its own.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{Output, PrivateRegistry, Registry};

/// Nothing listens there, so that no test can reach the public registries; what answers is the mirror in front.
const OUT_OF_REACH: &str = "registries {
    npm \"npmjs\" \"http://127.0.0.1:1/npm/\"
    pypi \"pypi\" \"http://127.0.0.1:1/pypi/simple/\"
}

";

/// A project's folder and all that larder keeps outside of it.
pub(crate) struct Project {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Project {
    /// Makes an empty project that sees `registry` as npmjs and PyPI.
    pub(crate) fn new(registry: &Registry) -> Self {
        let mut project = Self::alone();
        project.sees(registry);
        project
    }

    /// Makes a project of other tools: these files, and no larder.kdl.
    pub(crate) fn of_other_tools(registry: &Registry, files: &[(&str, &str)]) -> Self {
        let project = Self::new(registry);
        let _ = std::fs::remove_file(project.path("larder.kdl"));
        for (file, text) in files {
            project.write(file, text);
        }
        project
    }

    /// Makes an empty project whose registries are out of reach.
    pub(crate) fn alone() -> Self {
        let folder = tempfile::Builder::new().prefix("larder-").tempdir().expect("a temporary folder");
        let mut variables = BTreeMap::new();
        for (name, below) in [("HOME", "home"), ("LARDER_STORE", "store"), ("LARDER_CACHE", "cache")] {
            variables.insert(name.to_owned(), folder.path().join(below).display().to_string());
        }
        variables.insert("NO_COLOR".to_owned(), "1".to_owned());
        let inherited = std::env::var("PATH").unwrap_or_default();
        let python = python().executable.parent().map_or_else(String::new, |folder| folder.display().to_string());
        variables.insert("PATH".to_owned(), format!("{python}:{inherited}"));
        let project = Self { folder, variables };
        for below in ["home", "project"] {
            std::fs::create_dir(project.folder.path().join(below)).expect("a folder");
        }
        project
    }

    /// Makes another empty project of the same user: home, store and cache are shared.
    pub(crate) fn beside(&self) -> Self {
        let mut other = Self::alone();
        other.variables.clone_from(&self.variables);
        other
    }

    /// Lets another registry stand for npmjs and PyPI.
    pub(crate) fn sees(&mut self, registry: &Registry) {
        self.variables.insert("LARDER_MIRROR_NPMJS".to_owned(), registry.npm_url());
        self.variables.insert("LARDER_MIRROR_PYPI".to_owned(), registry.pypi_url());
    }

    /// Sets a variable for what is run from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Writes a manifest with these dependencies, for this machine's platform and Python.
    pub(crate) fn dependencies(&self, lines: &[&str]) -> &Self {
        self.manifest(&format!("dependencies {{\n    {}\n}}\n", lines.join("\n    ")))
    }

    /// Writes a manifest for this machine's platform and Python, followed by `rest`.
    pub(crate) fn manifest(&self, rest: &str) -> &Self {
        let (python, platform) = (&python().version, host_platform());
        self.write(
            "larder.kdl",
            &format!(
                "project \"case\" version=\"0.1.0\"\n\nruntimes {{\n    node \"20\"\n    python \"{python}\"\n}}\n\
                 platforms \"{platform}\"\n\n{OUT_OF_REACH}{rest}"
            ),
        )
    }

    /// Writes a manifest that takes private packages from `packages`, followed by `rest`.
    pub(crate) fn with_packages(&self, packages: &PrivateRegistry, rest: &str) -> &Self {
        self.with_registry_line(&packages.line(), rest)
    }

    /// Writes a manifest with a further line of its `registries`, followed by `rest`.
    pub(crate) fn with_registry_line(&self, line: &str, rest: &str) -> &Self {
        let text = self.manifest(rest).read("larder.kdl");
        let declared = OUT_OF_REACH.replace("}\n", &format!("{line}}}\n"));
        self.write("larder.kdl", &text.replace(OUT_OF_REACH, &declared))
    }

    /// Writes a manifest with these runtimes, which come from `registry`, for this machine's platform, followed by `rest`.
    pub(crate) fn with_runtimes(&self, registry: &Registry, runtimes: &str, rest: &str) -> &Self {
        let out_of_reach = OUT_OF_REACH.replace("}\n", &format!("{}}}\n", registry.runtimes()));
        let platform = host_platform();
        self.write(
            "larder.kdl",
            &format!("runtimes {{ {runtimes}; }}\nplatforms \"{platform}\"\n\n{out_of_reach}{rest}"),
        )
    }

    /// Declares other platforms than this machine's in the manifest that was written.
    pub(crate) fn platforms(&self, platforms: &[&str]) -> &Self {
        let named: Vec<_> = platforms.iter().map(|platform| format!("\"{platform}\"")).collect();
        let own = format!("platforms \"{}\"", host_platform());
        self.write("larder.kdl", &self.read("larder.kdl").replace(&own, &format!("platforms {}", named.join(" "))))
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file that can be written");
        self
    }

    /// Reads a file of the project.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Tells whether something lies at a path of the project; a dangling link counts.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Returns the path of something in the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("project").join(path)
    }

    /// Returns the folder that holds the project, the home, the store and the cache.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the store's folder.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Returns the cache's folder.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Deletes the store and the cache, as on another machine.
    pub(crate) fn forget(&self) {
        for below in ["store", "cache"] {
            let _ = std::fs::remove_dir_all(self.folder.path().join(below));
        }
    }

    /// Runs a command line that starts with `larder`; words in single quotes stay together.
    #[track_caller]
    pub(crate) fn run(&self, command: &str) -> Output {
        Output::of(command, &self.command(command).output().expect("larder starts"))
    }

    /// Runs a command line that succeeds, and returns the document it prints.
    #[track_caller]
    pub(crate) fn run_json(&self, command: &str) -> serde_json::Value {
        self.run(command).exits(0).json()
    }

    /// Lists the locked packages: `left 1.0.0, right 1.1.0`.
    pub(crate) fn locked_packages(&self) -> String {
        let list = self.run_json("larder list --json");
        let word = |one: &serde_json::Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
        let packages = list["packages"].as_array().into_iter().flatten();
        packages.map(|one| format!("{} {}", word(one, "name"), word(one, "version"))).collect::<Vec<_>>().join(", ")
    }

    /// Runs a command line that starts with `larder` in another folder.
    #[track_caller]
    pub(crate) fn run_in(&self, folder: &Path, command: &str) -> Output {
        Output::of(command, &self.command(command).current_dir(folder).output().expect("larder starts"))
    }

    /// Starts a command line and does not wait for its end.
    #[track_caller]
    pub(crate) fn start(&self, command: &str) -> Child {
        self.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("larder starts")
    }

    /// Runs a command line that starts with `larder` under another program.
    #[track_caller]
    pub(crate) fn under(&self, program: &[&str], command: &str) -> Output {
        let words = words(command);
        let larder = larder();
        let arguments: Vec<&str> =
            program[1..].iter().copied().chain([&*larder]).chain(words[1..].iter().map(String::as_str)).collect();
        self.program(program[0], &arguments)
    }

    /// Runs another program in the project; one that cannot be started has said nothing.
    #[track_caller]
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments);
        let line = format!("{program} {}", arguments.join(" "));
        match self.at_home(&mut command).output() {
            Ok(output) => Output::of(&line, &output),
            Err(error) => Output { command: line, status: 127, stdout: String::new(), stderr: error.to_string() },
        }
    }

    #[track_caller]
    pub(crate) fn command(&self, command: &str) -> Command {
        let words = words(command);
        assert_eq!(words.first().map(String::as_str), Some("larder"), "a command line starts with `larder`");
        let mut command = Command::new(larder());
        self.at_home(command.args(&words[1..]));
        command
    }

    /// Gives a program the project's folder and variables and nothing else.
    fn at_home<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.current_dir(self.path("")).env_clear().envs(&self.variables).stdin(Stdio::null())
    }

    /// Lists every file of the project with what would change if it was written again: inode, size, time, link target.
    pub(crate) fn listing(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        list(&self.path(""), &mut found);
        found
    }

    /// Lists what a failing command must leave alone: manifest, lock, the links and everything in the profiles.
    pub(crate) fn state(&self) -> BTreeMap<PathBuf, String> {
        let mut listing = self.listing();
        let (own, profiles) = (self.path(".larder"), self.path(".larder/node_modules"));
        listing.retain(|path, _| !path.starts_with(&own) || path.starts_with(&profiles));
        listing
    }
}

/// Returns the binary under test: the one that was built with the tests, or the one that `LARDER_BINARY` names.
fn larder() -> String {
    std::env::var("LARDER_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_larder").to_owned())
}

/// Returns larder's name for the platform that the tests run on.
pub(crate) fn host_platform() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "macos-arm64",
        ("macos", "x86_64") => "macos-x64",
        (os, arch) => panic!("no platform of larder's: {os} {arch}"),
    }
}

/// Returns the version of this machine's Python, as a manifest writes it.
pub(crate) fn python_version() -> &'static str {
    &python().version
}

/// Returns the full version of this machine's Python: `3.11.7`.
pub(crate) fn python_full_version() -> &'static str {
    &python().full_version
}

/// Returns the executable of this machine's Python.
pub(crate) fn python_executable() -> &'static Path {
    &python().executable
}

/// The Python of this machine.
struct Python {
    executable: PathBuf,
    /// As a manifest writes it: `3.11`.
    version: String,
    /// `3.11.7`
    full_version: String,
}

/// Asks the `python3` of this machine about itself, once. A shim would not work with another home.
fn python() -> &'static Python {
    static PYTHON: OnceLock<Python> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let question = "import os, sys; print(os.path.realpath(sys.executable)); print('%d.%d' % sys.version_info[:2]); print('%d.%d.%d' % sys.version_info[:3])";
        let answer = Command::new("python3").args(["-c", question]).output().expect("tests need python3");
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = text.lines().map(str::to_owned);
        let mut next = || lines.next().expect("python3 answers");
        Python { executable: next().into(), version: next(), full_version: next() }
    })
}

fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (quoted, part) in command.split('\'').enumerate().map(|(place, part)| (place % 2 == 1, part)) {
        if quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn list(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry").path();
        // What happened is logged there, failures too.
        if path.ends_with(".larder/logs") {
            continue;
        }
        let about = path.symlink_metadata().expect("an entry that stays");
        let target = std::fs::read_link(&path).map_or_else(|_| String::new(), |target| target.display().to_string());
        let line = format!(
            "inode {} size {} mode {:o} modified {}.{:09} {target}",
            about.ino(),
            about.size(),
            about.mode(),
            about.mtime(),
            about.mtime_nsec()
        );
        if about.is_dir() {
            list(&path, found);
        }
        found.insert(path, line);
    }
}
