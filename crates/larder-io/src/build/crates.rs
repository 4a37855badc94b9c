//! The Rust crates that a build needs: from the `Cargo.lock` of its sources to a folder that cargo takes them from.
//!
//! ```text
//! vendor/
//! ├── serde-1.0.219/              the unpacked crate
//! │   └── .cargo-checksum.json    the digest of its archive, without which cargo does not take it
//! └── …
//! config.toml                     says that crates.io is that folder
//! ```

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Bind, BuildError, Sandbox};
use crate::fs;

/// A crate of crates.io, as a `Cargo.lock` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedCrate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The sha256 of its archive, in hexadecimal digits.
    pub checksum: String,
}

impl LockedCrate {
    /// Returns the name of its folder, and of its archive without `.crate`.
    pub fn folder_name(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// A `Cargo.lock` that does not say where all crates come from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CargoLockError {
    /// It is not what cargo writes.
    #[error("its Cargo.lock cannot be read: {0}")]
    Syntax(String),
    /// A crate of another place.
    #[error("its Cargo.lock has `{name}` from `{origin}`, and larder fetches crates from crates.io only")]
    Source {
        /// The crate.
        name: String,
        /// Where it comes from.
        origin: String,
    },
    /// A crate without a digest, or with a name that is none.
    #[error("its Cargo.lock has no checksum for `{0}`")]
    Checksum(String),
}

/// The sources that are crates.io.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

#[derive(Deserialize)]
struct CargoLock {
    #[serde(default)]
    package: Vec<CargoLockPackage>,
}

#[derive(Deserialize)]
struct CargoLockPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// Returns the crates that a `Cargo.lock` needs from crates.io. Crates without a source are part of the sources themselves.
pub fn crates(cargo_lock: &str) -> Result<Vec<LockedCrate>, CargoLockError> {
    let document: CargoLock =
        toml::from_str(cargo_lock).map_err(|error| CargoLockError::Syntax(error.message().to_owned()))?;
    let mut found = Vec::new();
    for CargoLockPackage { name, version, source, checksum } in document.package {
        let Some(source) = source else { continue };
        if !CRATES_IO.contains(&source.as_str()) {
            return Err(CargoLockError::Source { name, origin: source });
        }
        let is_digest = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match checksum.filter(is_digest) {
            Some(checksum) if is_plain(&name, "_-") && is_plain(&version, "._-+") => {
                found.push(LockedCrate { name, version, checksum });
            }
            _ => return Err(CargoLockError::Checksum(name)),
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Tells whether a text can be part of a file's name.
fn is_plain(text: &str, others: &str) -> bool {
    let is_known = |character: char| character.is_ascii_alphanumeric() || others.contains(character);
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_') && text.chars().all(is_known)
}

/// Crates in a folder that cargo takes them from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendoredCrates {
    /// The folder that has a folder for each.
    pub folder: PathBuf,
}

impl VendoredCrates {
    /// Lays crates out in a new folder. `unpacked` has the content of each one's archive, without its first folder; files
    /// are linked, not copied, where that is possible.
    pub fn lay_out(folder: &Path, unpacked: &[(LockedCrate, PathBuf)]) -> Result<Self, BuildError> {
        fs::create_dir(folder)?;
        for (of_lock, source) in unpacked {
            let target = folder.join(of_lock.folder_name());
            fs::create_dir(&target)?;
            for entry in fs::walk(source, |_| true)? {
                let path = target.join(&entry.path);
                match entry.kind {
                    fs::Kind::Folder => fs::create_dir(&path)?,
                    fs::Kind::File => drop(fs::hard_link_or_copy(&source.join(&entry.path), &path)?),
                    // Archives have none that are unpacked.
                    fs::Kind::Symlink | fs::Kind::Other => {}
                }
            }
            // An archive may have brought one itself.
            let checksum = target.join(".cargo-checksum.json");
            fs::remove_file(&checksum)?;
            let text = format!("{{\"files\":{{}},\"package\":\"{}\"}}", of_lock.checksum);
            fs::write_new(&checksum, text.as_bytes(), 0o644)?;
        }
        Ok(Self { folder: folder.to_owned() })
    }
}

/// Where the build sees the folder.
const VENDOR: &str = "/vendor";

impl Sandbox {
    /// Shows crates so that cargo takes them, and no others.
    pub(super) fn show_crates(&mut self, crates: &VendoredCrates) -> Result<(), BuildError> {
        self.binds.push(Bind::read_at(&crates.folder, VENDOR));
        let text = configuration(&self.inside(&crates.folder));
        // cargo looks for it in the folders above the sources, and in the home if these lie elsewhere.
        let folder = self.scratch.join("home/.cargo");
        let file = folder.join("config.toml");
        fs::create_dir_all(&folder)?;
        fs::remove_file(&file)?;
        fs::write_new(&file, text.as_bytes(), 0o644)?;
        self.binds.push(Bind::read_at(file, "/.cargo/config.toml"));
        Ok(())
    }
}

/// Returns a configuration for cargo, in which crates.io is `folder`.
fn configuration(folder: &Path) -> String {
    let folder = toml::Value::String(folder.display().to_string());
    format!(
        "[source.crates-io]\nreplace-with = \"larder\"\n\n[source.larder]\ndirectory = {folder}\n\n[net]\noffline = true\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn lock(source: &str, name: &str, checksum: &str) -> String {
        format!(
            "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"{name}\"\n\
             version = \"1.0.0+x\"\nsource = \"{source}\"\n{checksum}"
        )
    }

    #[test]
    fn crates_of_crates_io_are_listed_and_own_ones_are_not() {
        let text = lock(CRATES_IO[0], "serde", &format!("checksum = \"{SUM}\"\n"));
        let expected = LockedCrate { name: "serde".into(), version: "1.0.0+x".into(), checksum: SUM.into() };
        assert_eq!(expected.folder_name(), "serde-1.0.0+x");
        assert_eq!(crates(&text), Ok(vec![expected]));
        assert_eq!(crates("version = 4\n"), Ok(Vec::new()));
    }

    #[test]
    fn other_sources_missing_digests_and_names_that_lead_elsewhere_are_refused() {
        let sum = format!("checksum = \"{SUM}\"\n");
        let source = "git+https://github.com/a/b#c";
        assert_eq!(
            crates(&lock(source, "x", &sum)),
            Err(CargoLockError::Source { name: "x".into(), origin: source.into() })
        );
        assert_eq!(crates(&lock(CRATES_IO[0], "x", "")), Err(CargoLockError::Checksum("x".into())));
        assert_eq!(crates(&lock(CRATES_IO[0], "x", "checksum = \"00\"\n")), Err(CargoLockError::Checksum("x".into())));
        for name in ["../x", "", ".x", "a/b"] {
            assert_eq!(crates(&lock(CRATES_IO[0], name, &sum)), Err(CargoLockError::Checksum(name.into())));
        }
        assert!(matches!(crates("package = 1"), Err(CargoLockError::Syntax(_))));
    }

    #[test]
    fn a_vendored_crate_has_its_files_and_the_digest_of_its_archive() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        std::fs::create_dir_all(source.join("src")).unwrap();
        std::fs::write(source.join("src/lib.rs"), "").unwrap();
        std::fs::write(source.join(".cargo-checksum.json"), "{}").unwrap();
        let of_lock = LockedCrate { name: "a".into(), version: "1.0.0".into(), checksum: SUM.into() };
        let vendor = folder.path().join("vendor");
        VendoredCrates::lay_out(&vendor, &[(of_lock, source.clone())]).unwrap();
        assert!(vendor.join("a-1.0.0/src/lib.rs").exists());
        let text = std::fs::read_to_string(vendor.join("a-1.0.0/.cargo-checksum.json")).unwrap();
        assert_eq!(text, format!("{{\"files\":{{}},\"package\":\"{SUM}\"}}"));
        assert_eq!(std::fs::read_to_string(source.join(".cargo-checksum.json")).unwrap(), "{}");
        assert!(configuration(Path::new("/a\"b")).contains("directory = '/a\"b'\n"));
    }
}
