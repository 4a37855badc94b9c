//! A Python that was unpacked, described by its own files: nothing of it runs, as whoever wrote the manifest chose where it comes from.

use std::path::Path;

use super::super::ProfileError;
use super::Interpreter;
use crate::fs;
use crate::model::{Libc, Os, Platform, PythonVersion};

/// No file that is read here is larger: `_sysconfigdata…` has 60 KiB.
const LARGEST: u64 = 4 << 20;

/// Returns the interpreter that was unpacked in `folder`, which the lock says to be of this version and for this platform.
///
/// # Errors
/// [`ProfileError::WrongRuntime`] if it is not.
pub fn of_runtime(folder: &Path, version: &PythonVersion, platform: Platform) -> Result<Interpreter, ProfileError> {
    let wrong = |problem| ProfileError::WrongRuntime { wanted: version.clone(), problem };
    let interpreter = describe(folder, version, platform).map_err(wrong)?;
    match interpreter.unfit(version, Some(platform)) {
        Some(problem) => Err(wrong(problem)),
        None => Ok(interpreter),
    }
}

/// Describes the Python that was unpacked in `folder`, which the lock says to be of this version and for this platform.
///
/// # Errors
/// What is wrong with it, as the end of a sentence: it is of another version, or lacks a file that every Python has.
fn describe(folder: &Path, version: &PythonVersion, platform: Platform) -> Result<Interpreter, String> {
    let PythonVersion { major, minor, patch } = version;
    let (name, full) = (format!("python{major}.{minor}"), format!("{major}.{minor}.{patch}"));
    let library = folder.join("lib").join(&name);
    let patchlevel = text(&folder.join("include").join(&name).join("patchlevel.h"))?;
    let stated = patchlevel.lines().find_map(|line| line.strip_prefix("#define PY_VERSION")).unwrap_or_default();
    let stated = stated.trim().trim_matches('"');
    if stated != full {
        return Err(format!("it is {}", stated.escape_debug()));
    }
    let path = folder.join("bin").join(&name);
    if !fs::stat(&path).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_executable())) {
        return Err(format!("it has no `bin/{name}`"));
    }
    let found = fs::read_dir(&library).map_err(|error| error.source.to_string())?;
    let is_configuration =
        |file: &str| file.starts_with("_sysconfigdata") && Path::new(file).extension().is_some_and(|end| end == "py");
    let configuration = found.iter().filter_map(|found| found.path.to_str()).find(|file| is_configuration(file));
    let configuration = configuration.map(|file| text(&library.join(file))).transpose()?.unwrap_or_default();
    Ok(Interpreter {
        path,
        version: full.clone(),
        soabi: setting(&configuration, "SOABI").trim_matches('\'').to_owned(),
        base_prefix: folder.to_owned(),
        implementation: "cpython".to_owned(),
        system: match platform.os() {
            Os::Linux => "linux",
            Os::Macos => "darwin",
            Os::Windows => "win32",
        }
        .to_owned(),
        machine: platform.machine().to_owned(),
        free_threaded: setting(&configuration, "Py_GIL_DISABLED") == "1",
        libc: if platform.libc() == Some(Libc::Glibc) { "glibc" } else { "" }.to_owned(),
        cache_tag: format!("cpython-{major}{minor}"),
        magic: magic(&library, &folder.join("include").join(&name)).unwrap_or(full),
    })
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = fs::read_up_to(path, LARGEST).map_err(|error| error.to_string())?;
    let bytes = bytes.ok_or_else(|| format!("it has no `{}`", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns a value of `_sysconfigdata…`, as it is written there; empty if there is none.
fn setting<'t>(text: &'t str, name: &str) -> &'t str {
    let value = text.split_once(&format!("'{name}': ")).map_or("", |(_, rest)| rest);
    value.split([',', '\n', '}']).next().unwrap_or_default().trim()
}

/// Returns the magic number of byte-code, in hexadecimal: from the library up to 3.13, from a header since.
fn magic(library: &Path, headers: &Path) -> Option<String> {
    let number = |text: &str, before: &str, after: char| {
        text.split_once(before)?.1.trim_start().split(after).next()?.trim().parse::<u16>().ok()
    };
    let of_library =
        || number(&text(&library.join("importlib/_bootstrap_external.py")).ok()?, "\nMAGIC_NUMBER = (", ')');
    let of_header = || {
        let header = text(&headers.join("internal/pycore_magic_number.h")).ok()?;
        number(&header, "#define PYC_MAGIC_NUMBER ", '\n')
    };
    let [low, high] = of_library().or_else(of_header)?.to_le_bytes();
    Some(format!("{low:02x}{high:02x}0d0a"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(version: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write_new(&path, text.as_bytes(), 0o755).unwrap();
        };
        write("bin/python3.12", "");
        write("include/python3.12/patchlevel.h", &format!("/* x */\n#define PY_VERSION             \"{version}\"\n"));
        write(
            "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py",
            "build_time_vars = {'Py_GIL_DISABLED': 0,\n 'SOABI': 'cpython-312-x86_64-linux-gnu',\n 'prefix': '/install'}\n",
        );
        write(
            "lib/python3.12/importlib/_bootstrap_external.py",
            "x\nMAGIC_NUMBER = (3531).to_bytes(2, 'little') + b'\\r\\n'\n",
        );
        folder
    }

    #[test]
    fn a_python_is_known_by_its_files() {
        let folder = python("3.12.8");
        let version = "3.12.8".parse().unwrap();
        let found = describe(folder.path(), &version, Platform::LinuxX64).unwrap();
        assert_eq!((found.soabi.as_str(), found.magic.as_str()), ("cpython-312-x86_64-linux-gnu", "cb0d0d0a"));
        assert_eq!(found.platform(), Some(Platform::LinuxX64));
        assert!(!found.free_threaded && found.unfit(&version, Some(Platform::LinuxX64)).is_none());
        assert_eq!(
            describe(folder.path(), &"3.12.7".parse().unwrap(), Platform::LinuxX64).unwrap_err(),
            "it is 3.12.8"
        );
    }
}
