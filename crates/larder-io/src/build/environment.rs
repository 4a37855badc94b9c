//! The variables that a build sees: the same on every machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::BuildError;

/// Where the system's programs are.
pub(super) const SYSTEM: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// The earliest time that a zip archive can say: 1980-01-01, in seconds since 1970.
pub const EARLIEST_ZIP_DATE: u64 = 315_532_800;

/// Returns the variables of every build. `search_path` is for programs, before those of the system.
pub(super) fn variables(search_path: &[PathBuf], source_date: u64) -> Result<BTreeMap<String, String>, BuildError> {
    let system = SYSTEM.map(PathBuf::from);
    let path = joined(search_path.iter().chain(&system))?;
    let date = source_date.max(EARLIEST_ZIP_DATE).to_string();
    let fixed = [
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("TERM", "dumb"),
        ("NO_COLOR", "1"),
        ("USER", "builder"),
        ("LOGNAME", "builder"),
        ("SHELL", "/bin/sh"),
        ("CARGO_NET_OFFLINE", "true"),
        // Programs with OpenSSL in them, as Node, do not start where the system's configuration is there and cannot be read.
        ("OPENSSL_CONF", "/dev/null"),
        ("SOURCE_DATE_EPOCH", &date),
        ("PATH", &path),
    ];
    Ok(fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Returns the variables of Python's builds.
pub(super) fn python(site: &[PathBuf]) -> Result<BTreeMap<String, String>, BuildError> {
    let fixed = [
        ("PYTHONHASHSEED", "0"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONNOUSERSITE", "1"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHONIOENCODING", "utf-8"),
        ("PIP_NO_INDEX", "1"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ];
    let mut variables: BTreeMap<_, _> =
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if !site.is_empty() {
        // For the interpreters that a build starts itself.
        variables.insert("PYTHONPATH".to_owned(), joined(site.iter())?);
    }
    Ok(variables)
}

/// Returns the variables that tell tools the version which they would look for in the history of a repository.
pub(super) fn version(version: &str) -> impl Iterator<Item = (String, String)> {
    const READ_BY_TOOLS: [&str; 5] = [
        "SETUPTOOLS_SCM_PRETEND_VERSION",
        "PBR_VERSION",
        "PDM_BUILD_SCM_VERSION",
        "POETRY_DYNAMIC_VERSIONING_BYPASS",
        "UV_DYNAMIC_VERSIONING_BYPASS",
    ];

    READ_BY_TOOLS.into_iter().map(|name| (name.to_owned(), version.to_owned()))
}

/// Joins folders as `PATH` does.
fn joined<'a>(folders: impl Iterator<Item = &'a PathBuf>) -> Result<String, BuildError> {
    let text = |folder: &'a PathBuf| match folder.to_str() {
        Some(text) if !text.contains(':') => Ok(text),
        _ => Err(unusable(folder)),
    };
    Ok(folders.map(text).collect::<Result<Vec<_>, _>>()?.join(":"))
}

fn unusable(folder: &Path) -> BuildError {
    BuildError::Path(format!("`{}` has a colon or is not UTF-8, and cannot be searched for programs", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_the_same_everywhere_and_own_folders_come_first() {
        let variables = variables(&["/env/bin".into()], 0).unwrap();
        assert_eq!(variables["PATH"], "/env/bin:/usr/local/bin:/usr/bin:/bin");
        assert_eq!(variables["SOURCE_DATE_EPOCH"], "315532800");
        assert_eq!(variables["OPENSSL_CONF"], "/dev/null");
        assert!(!variables.keys().any(|name| name.contains("TOKEN") || name == "HOME"));
        assert!(super::variables(&["/a:b".into()], 0).is_err());
        assert_eq!(python(&["/site".into()]).unwrap()["PYTHONPATH"], "/site");
        assert!(!python(&[]).unwrap().contains_key("PYTHONPATH"));
    }
}
