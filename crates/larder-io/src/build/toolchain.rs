//! What a build's output depends on besides its inputs, as far as it can be known before: compilers, linker, C library,
//! system.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::environment;
use crate::fs::{self, FsError};
use crate::model::TreeDigest;

/// The programs that compile and link.
const PROGRAMS: [&str; 6] = ["cc", "c++", "ld", "as", "make", "rustc"];

/// Where the C library is, by architecture and system; the first one counts.
const GLIBC: [&str; 5] = [
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
];
const MUSL: [&str; 2] = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"];

/// The compilers, the C library and the system of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The digests of programs, by their names. A program that the machine lacks is not in it.
    pub programs: BTreeMap<String, TreeDigest>,
    /// The library of the Rust compiler, whose program is only its front: its name has its version's hash.
    pub rust: Option<String>,
    /// The C library: `glibc 2.36`, `musl` and its digest.
    pub libc: String,
    /// The system's ID and version, as `/etc/os-release` has them: `debian 12`.
    pub system: String,
}

impl Toolchain {
    /// Returns the toolchain that a build sees with these folders before those of the system, and the interpreter that runs it.
    ///
    /// Read once per process: programs that are replaced meanwhile are not noticed.
    pub fn of_machine(search_path: &[PathBuf], interpreter: Option<&Path>) -> Result<Arc<Self>, FsError> {
        type Known = BTreeMap<(Vec<PathBuf>, Option<PathBuf>), Arc<Toolchain>>;
        static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());

        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (search_path.to_vec(), interpreter.map(Path::to_owned));
        if let Some(toolchain) = known.get(&key) {
            return Ok(Arc::clone(toolchain));
        }
        let toolchain = Arc::new(Self::read(search_path, interpreter)?);
        known.insert(key, Arc::clone(&toolchain));
        Ok(toolchain)
    }

    fn read(search_path: &[PathBuf], interpreter: Option<&Path>) -> Result<Self, FsError> {
        let mut programs = BTreeMap::new();
        let mut rust = None;
        for name in PROGRAMS {
            let Some(path) = find(name, search_path)? else { continue };
            programs.insert(name.to_owned(), TreeDigest::of(&fs::read(&path)?));
            if name == "rustc" {
                rust = rust_library(&path)?;
            }
        }
        if let Some(interpreter) = interpreter {
            programs.insert("interpreter".to_owned(), TreeDigest::of(&fs::read(&fs::canonicalize(interpreter)?)?));
        }
        Ok(Self { programs, rust, libc: libc()?, system: system()? })
    }

    /// Returns the digest of the machine's git, which sources of a repository are shown as one again with. Returns `None` if there is none.
    pub fn of_git() -> Result<Option<TreeDigest>, FsError> {
        find("git", &[])?.map(|path| Ok(TreeDigest::of(&fs::read(&path)?))).transpose()
    }

    /// Returns the digest of what the machine's libraries say of themselves to pkg-config: their versions, and where their headers lie.
    /// Returns `None` if there are none.
    pub fn of_libraries() -> Result<Option<TreeDigest>, FsError> {
        libraries(&["/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/share"].map(Path::new))
    }

    /// Returns all of it as lines, in a fixed order: the same text is the same toolchain.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, digest) in &self.programs {
            let _ = writeln!(text, "{name} {digest}");
        }
        if let Some(rust) = &self.rust {
            let _ = writeln!(text, "rust {rust}");
        }
        let _ = writeln!(text, "libc {}\nsystem {}", self.libc, self.system);
        text
    }

    /// Returns the digest of [`Toolchain::to_text`].
    pub fn digest(&self) -> TreeDigest {
        TreeDigest::of(self.to_text().as_bytes())
    }
}

/// Finds a program as a build does, behind all links.
fn find(name: &str, search_path: &[PathBuf]) -> Result<Option<PathBuf>, FsError> {
    for folder in search_path.iter().map(PathBuf::as_path).chain(environment::SYSTEM.map(Path::new)) {
        let path = folder.join(name);
        let stat = fs::stat(&path)?;
        if stat.is_some_and(|stat| stat.is_program()) {
            return fs::canonicalize(&path).map(Some);
        }
    }
    Ok(None)
}

/// Reads the `.pc` files in the `pkgconfig` of these folders and of the folders in them, as Debian has one for each architecture.
fn libraries(folders: &[&Path]) -> Result<Option<TreeDigest>, FsError> {
    const FOLDER: &str = "pkgconfig";

    let mut texts: BTreeMap<PathBuf, TreeDigest> = BTreeMap::new();
    for folder in folders.iter().filter(|folder| fs::stat(folder).is_ok_and(|stat| stat.is_some())) {
        let inner = fs::read_dir(folder)?.into_iter().filter(|entry| entry.kind == fs::Kind::Folder);
        let inner = inner.map(|entry| folder.join(entry.path).join(FOLDER));
        for place in inner.chain([folder.join(FOLDER)]) {
            let is_folder = fs::stat(&place)?.is_some_and(|stat| stat.kind == fs::Kind::Folder);
            for entry in if is_folder { fs::read_dir(&place)? } else { Vec::new() } {
                if entry.path.extension().is_some_and(|extension| extension == "pc") {
                    let path = place.join(entry.path);
                    let text = fs::read_if_exists(&path)?.unwrap_or_default();
                    texts.insert(path, TreeDigest::of(&text));
                }
            }
        }
    }
    let mut lines = String::new();
    for (path, digest) in &texts {
        let _ = writeln!(lines, "{} {digest}", path.display());
    }
    Ok((!lines.is_empty()).then(|| TreeDigest::of(lines.as_bytes())))
}

fn rust_library(rustc: &Path) -> Result<Option<String>, FsError> {
    let folder = rustc.ancestors().nth(2).unwrap_or(Path::new("/usr")).join("lib");
    if fs::stat(&folder)?.is_none() {
        return Ok(None);
    }
    let names = fs::read_dir(&folder)?.into_iter().filter_map(|entry| entry.path.into_os_string().into_string().ok());
    Ok(names.into_iter().find(|name| name.starts_with("librustc_driver")))
}

fn libc() -> Result<String, FsError> {
    for path in GLIBC.map(Path::new) {
        if let Some(bytes) = fs::read_if_exists(path)? {
            return Ok(glibc_version(&bytes).unwrap_or_else(|| format!("glibc {}", TreeDigest::of(&bytes))));
        }
    }
    for path in MUSL.map(Path::new) {
        if let Some(bytes) = fs::read_if_exists(path)? {
            return Ok(format!("musl {}", TreeDigest::of(&bytes)));
        }
    }
    Ok("unknown".to_owned())
}

/// Reads the version in glibc's own words: `GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.`
fn glibc_version(library: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b" release version ";
    let at = memchr::memmem::find(library, BEFORE)? + BEFORE.len();
    let length = library[at..].iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let version = std::str::from_utf8(&library[at..at + length]).ok()?.trim_end_matches('.');
    (!version.is_empty()).then(|| format!("glibc {version}"))
}

fn system() -> Result<String, FsError> {
    if let Some(bytes) = fs::read_if_exists(Path::new("/etc/os-release"))? {
        return Ok(os_release(&String::from_utf8_lossy(&bytes)));
    }
    let of_mac = fs::read_if_exists(Path::new("/System/Library/CoreServices/SystemVersion.plist"))?;
    let version = of_mac.and_then(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let after = text.split_once("<key>ProductVersion</key>")?.1.split_once("<string>")?.1.to_owned();
        after.split_once("</string>").map(|(version, _)| version.to_owned())
    });
    Ok(version.map_or_else(|| "unknown".to_owned(), |version| format!("macos {version}")))
}

/// Reads ID and version: os-release(5). Rolling systems have no version.
fn os_release(text: &str) -> String {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.trim_matches(['"', '\'', ' ']).to_owned()).filter(|value| !value.is_empty())
    };
    let id = field("ID").unwrap_or_else(|| "linux".to_owned());
    field("VERSION_ID").map_or_else(|| id.clone(), |version| format!("{id} {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_known_by_what_its_programs_are_and_not_by_where_they_lie() {
        use std::os::unix::fs::PermissionsExt;

        let at = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rustc");
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
            let toolchain = Toolchain::of_machine(&[folder.path().to_owned()], None).unwrap();
            (toolchain.programs["rustc"], toolchain.digest())
        };
        assert_eq!(at("one"), at("one"));
        assert_ne!(at("one").1, at("two").1);
        assert_eq!(at("one").0, TreeDigest::of(b"one"));
    }

    #[test]
    fn another_version_of_a_library_is_another_toolchain() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x86_64-linux-gnu/pkgconfig");
        let digest = || libraries(&[root.path(), &root.path().join("none")]).unwrap();
        assert_eq!(digest(), None);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("libpq.pc"), "Version: 15.1\n").unwrap();
        let before = digest();
        assert!(before.is_some() && before == digest());
        std::fs::write(folder.join("libpq.pc"), "Version: 15.2\n").unwrap();
        assert_ne!(digest(), before);
    }

    #[test]
    fn versions_are_read_from_what_systems_say_of_themselves() {
        let text = b"\0GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.\nCopyright";
        assert_eq!(glibc_version(text).unwrap(), "glibc 2.36");
        assert_eq!(glibc_version(b"nothing"), None);
        assert_eq!(glibc_version(b" release version x"), None);
        assert_eq!(os_release("NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n"), "debian 12");
        assert_eq!(os_release("ID=arch\nVERSION_ID=\n"), "arch");
        assert_eq!(os_release(""), "linux");
    }

    #[test]
    fn the_text_has_one_line_for_each_fact_in_a_fixed_order() {
        let programs = [("ld".to_owned(), TreeDigest([1; 32])), ("cc".to_owned(), TreeDigest([0; 32]))];
        let toolchain =
            Toolchain { programs: programs.into(), rust: None, libc: "glibc 2.36".into(), system: "debian 12".into() };
        let (cc, ld) = ("00".repeat(32), "01".repeat(32));
        assert_eq!(toolchain.to_text(), format!("cc {cc}\nld {ld}\nlibc glibc 2.36\nsystem debian 12\n"));
    }
}
