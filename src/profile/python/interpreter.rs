//! A Python interpreter, asked about itself once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::model::{Platform, PythonVersion};

/// What is known of an interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// Its executable: no shim, no link, not that of a virtual environment.
    pub path: PathBuf,
    /// Its version, `3.12.1`.
    pub version: String,
    /// The tag of extension modules that it loads: `cpython-312-x86_64-linux-gnu`.
    pub soabi: String,
    /// Its installation: `sys.base_prefix`.
    pub base_prefix: PathBuf,
    /// `cpython`
    pub implementation: String,
    /// Python's `sys.platform`.
    pub system: String,
    /// Python's `platform.machine()`.
    pub machine: String,
    /// Whether it runs without the global lock, which needs other wheels.
    pub free_threaded: bool,
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

    /// Returns `python3.12`: the name of its folder below `lib`.
    pub fn library(&self) -> String {
        let (major, minor, _) = self.release();
        format!("python{major}.{minor}")
    }

    /// Returns the platform that wheels for it are built for, where larder knows it.
    pub fn platform(&self) -> Option<Platform> {
        let musl = self.soabi.contains("musl");
        match (self.system.as_str(), self.machine.as_str()) {
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
    pub(super) fn unfit(&self, wanted: &PythonVersion) -> Option<String> {
        let (major, minor, patch) = self.release();
        if self.implementation != "cpython" {
            return Some(format!("it is {} {}", self.implementation, self.version));
        }
        if (major, minor) != (wanted.major, wanted.minor) || patch < wanted.patch {
            return Some(format!("it is {}", self.version));
        }
        self.free_threaded.then(|| format!("it is the free-threaded build of {}", self.version))
    }

    /// Runs `path` and asks. The answer is about the interpreter behind shims, links and virtual environments.
    pub(super) fn ask(path: &Path) -> Result<Self, String> {
        let output = Command::new(path)
            .args(["-I", "-c", QUESTION])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("it does not start: {error}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            return Err(format!("it failed: {}", last.trim()));
        }
        serde_json::from_slice(&output.stdout).map_err(|_| "it does not answer like a Python".to_owned())
    }
}

/// Works on every Python 3; in a virtual environment `_base_executable` is the one it was made from.
const QUESTION: &str = r#"
import json, os, platform, sys, sysconfig
path = getattr(sys, "_base_executable", None) or sys.executable
if sys.prefix != sys.base_prefix:
    real = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
    path = real if os.path.exists(real) else path
print(json.dumps({
    "path": os.path.realpath(path),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "soabi": sysconfig.get_config_var("SOABI") or "",
    "base_prefix": sys.base_prefix,
    "implementation": sys.implementation.name,
    "system": sys.platform,
    "machine": platform.machine(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
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
        }
    }

    #[test]
    fn an_interpreter_serves_its_minor_version_from_the_declared_patch_on() {
        let fits = |version: &str, wanted: &str| python(version).unfit(&wanted.parse().unwrap()).is_none();
        assert!(fits("3.12.4", "3.12"));
        assert!(fits("3.12.4", "3.12.4"));
        assert!(!fits("3.12.3", "3.12.4"));
        assert!(!fits("3.13.0", "3.12"));
        let free = Interpreter { free_threaded: true, ..python("3.12.4") };
        assert!(free.unfit(&"3.12".parse().unwrap()).is_some());
    }

    #[test]
    fn the_abi_tells_musl_from_glibc() {
        assert_eq!(python("3.12.4").platform(), Some(Platform::LinuxX64Musl));
        assert_eq!(python("3.12.4").library(), "python3.12");
    }
}
