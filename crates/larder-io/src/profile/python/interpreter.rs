//! A Python interpreter, asked about itself once.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};

use crate::model::{Platform, PythonVersion};

use super::super::ProfileError;

/// Facts about an interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The executable: no shim, no link, not that of a virtual environment.
    pub path: PathBuf,
    /// The version, `3.12.1`.
    pub version: String,
    /// The tag of extension modules that it loads: `cpython-312-x86_64-linux-gnu`.
    pub soabi: String,
    /// The installation: `sys.base_prefix`.
    pub base_prefix: PathBuf,
    /// `cpython`
    pub implementation: String,
    /// Python's `sys.platform`.
    pub system: String,
    /// Python's `platform.machine()`.
    pub machine: String,
    /// Whether this is the free-threaded build, which needs other wheels.
    pub free_threaded: bool,
    /// The C library, if it is the GNU one: `glibc 2.36`.
    pub libc: String,
    /// The tag in the names of byte-code files: `cpython-312`.
    pub cache_tag: String,
    /// The magic number of its byte-code, in hexadecimal.
    pub magic: String,
}

impl Interpreter {
    /// Returns major, minor and patch.
    pub fn release(&self) -> (u32, u32, u32) {
        let mut parts = self.version.split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().unwrap_or(0)
        });
        let mut next = || parts.next().unwrap_or(0);
        (next(), next(), next())
    }

    /// Returns the interpreter as it is where its folder `from` is linked to `to`.
    pub(in super::super) fn in_place(&self, from: &Path, to: &Path) -> Self {
        let moved = |path: &Path| path.strip_prefix(from).map_or_else(|_| path.to_owned(), |below| to.join(below));
        Self { path: moved(&self.path), base_prefix: moved(&self.base_prefix), ..self.clone() }
    }

    /// Returns `python3.12`: the name of its folder below `lib`.
    pub fn library(&self) -> String {
        let (major, minor, _) = self.release();
        format!("python{major}.{minor}")
    }

    /// Returns the platform that wheels for it are built for, where larder knows it.
    pub fn platform(&self) -> Option<Platform> {
        // Elder Pythons call themselves `gnu` on musl too; and a Python of 32 bits may run on a machine of 64.
        let musl = !self.libc.starts_with("glibc");
        let is_of_machine = self.soabi.contains(&self.machine) && !self.soabi.contains("gnux32");
        match (self.system.as_str(), self.machine.as_str()) {
            ("linux", _) if !is_of_machine => None,
            ("linux", "x86_64") if musl => Some(Platform::LinuxX64Musl),
            ("linux", "aarch64") if musl => Some(Platform::LinuxArm64Musl),
            ("linux", "x86_64") => Some(Platform::LinuxX64),
            ("linux", "aarch64") => Some(Platform::LinuxArm64),
            ("darwin", "x86_64") => Some(Platform::MacosX64),
            ("darwin", "arm64") => Some(Platform::MacosArm64),
            ("win32", "AMD64") => Some(Platform::WindowsX64),
            _ => None,
        }
    }

    /// Returns why the interpreter cannot serve as `wanted`, if so.
    pub(super) fn unfit(&self, wanted: &PythonVersion, platform: Option<Platform>) -> Option<String> {
        let (major, minor, patch) = self.release();
        if self.implementation != "cpython" {
            return Some(format!("it is {} {}", self.implementation, self.version));
        }
        if (major, minor) != (wanted.major, wanted.minor) || patch < wanted.patch {
            return Some(format!("it is {}", self.version));
        }
        if self.free_threaded {
            return Some(format!("it is the free-threaded build of {}", self.version));
        }
        match (platform, self.platform()) {
            (Some(wanted), Some(own)) if wanted != own => Some(format!("it is one for {own}, and not for {wanted}")),
            (Some(wanted), None) => {
                Some(format!("it is one for {} {}, and not for {wanted}", self.system, self.machine))
            }
            _ => None,
        }
    }

    /// Runs `path`, which is not that of a virtual environment, and asks. The answer is about the interpreter behind shims
    /// and links. No `.pth` file and no `sitecustomize` runs: what somebody installed for it is foreign code.
    pub(super) fn ask(path: &Path) -> Result<Self, NoAnswer> {
        let output = Command::new(path)
            .args(["-I", "-S", "-c", QUESTION])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("it does not start: {error}"))?;
        if let Some(signal) = ended_from_outside(output.status) {
            return Err(NoAnswer::Ended(signal));
        }
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            // What is no Python at all may repeat the question.
            let said: String = last.trim().chars().take(LONGEST_COMPLAINT).collect();
            return Err(format!("it failed: {said}").into());
        }
        serde_json::from_slice(&output.stdout).map_err(|_| "it does not answer like a Python".into())
    }
}

/// Why an executable is not known to be a Python.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The file is not an interpreter, or may not be run: the reason.
    Unfit(String),
    /// It was ended by this signal before it answered, so it may be an interpreter.
    Ended(i32),
}

impl NoAnswer {
    /// Returns what is wrong with an executable. Fails if it was ended.
    pub(super) fn problem(self, program: &Path) -> Result<String, ProfileError> {
        match self {
            Self::Unfit(problem) => Ok(problem),
            Self::Ended(signal) => Err(ProfileError::Ended { program: program.to_owned(), signal }),
        }
    }
}

impl<T: Into<String>> From<T> for NoAnswer {
    fn from(problem: T) -> Self {
        Self::Unfit(problem.into())
    }
}

/// Returns the signal with which somebody else ended a program. `None` for one that ended by itself, be it in a crash.
pub fn ended_from_outside(status: ExitStatus) -> Option<i32> {
    use rustix::process::Signal;

    let sent = [Signal::HUP, Signal::INT, Signal::KILL, Signal::TERM].map(Signal::as_raw);
    status.signal().filter(|signal| sent.contains(signal))
}

/// As many characters are repeated of what an executable complains of.
const LONGEST_COMPLAINT: usize = 120;

/// Works on every Python 3. A launcher that hands on to another executable says so in `_base_executable`.
const QUESTION: &str = r#"
import importlib.util, json, os, platform, sys, sysconfig
path = getattr(sys, "_base_executable", None) or sys.executable
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, OSError, ValueError):
    libc = ""
print(json.dumps({
    "path": os.path.realpath(path),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "soabi": sysconfig.get_config_var("SOABI") or "",
    "base_prefix": sys.base_prefix,
    "implementation": sys.implementation.name,
    "system": sys.platform,
    "machine": platform.machine(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "libc": libc,
    "cache_tag": sys.implementation.cache_tag or "",
    "magic": importlib.util.MAGIC_NUMBER.hex(),
}))
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn python(version: &str) -> Interpreter {
        Interpreter {
            path: "/usr/bin/python3.12".into(),
            version: version.to_owned(),
            soabi: "cpython-312-x86_64-linux-musl".to_owned(),
            base_prefix: "/usr".into(),
            implementation: "cpython".to_owned(),
            system: "linux".to_owned(),
            machine: "x86_64".to_owned(),
            free_threaded: false,
            libc: String::new(),
            cache_tag: "cpython-312".to_owned(),
            magic: "cb0d0d0a".to_owned(),
        }
    }

    #[test]
    fn an_interpreter_serves_its_minor_version_from_the_declared_patch_on() {
        let fits = |version: &str, wanted: &str| python(version).unfit(&wanted.parse().unwrap(), None).is_none();
        assert!(fits("3.12.4", "3.12"));
        assert!(fits("3.12.4", "3.12.4"));
        assert!(!fits("3.12.3", "3.12.4"));
        assert!(!fits("3.13.0", "3.12"));
        let free = Interpreter { free_threaded: true, ..python("3.12.4") };
        assert!(free.unfit(&"3.12".parse().unwrap(), None).is_some());
    }

    #[test]
    fn the_c_library_tells_musl_from_glibc() {
        assert_eq!(python("3.12.4").platform(), Some(Platform::LinuxX64Musl));
        assert_eq!(python("3.12.4").library(), "python3.12");
    }

    #[test]
    fn an_interpreter_for_another_platform_does_not_serve() {
        let wanted = "3.12".parse().unwrap();
        let why = |python: &Interpreter| python.unfit(&wanted, Some(Platform::LinuxX64));
        let gnu = Interpreter { libc: "glibc 2.36".to_owned(), ..python("3.12.4") };
        assert_eq!(why(&gnu), None);
        assert_eq!(why(&python("3.12.4")).unwrap(), "it is one for linux-x64-musl, and not for linux-x64");
        let narrow = Interpreter { soabi: "cpython-312-i386-linux-gnu".to_owned(), ..gnu };
        assert_eq!(why(&narrow).unwrap(), "it is one for linux x86_64, and not for linux-x64");
    }
}
