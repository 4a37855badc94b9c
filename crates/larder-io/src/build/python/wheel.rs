//! The file that a build is to leave: one wheel, of the expected package and version.

use std::path::Path;

use crate::fs::{self, Kind};
use crate::model::{PackageKey, PackageName, Version};

/// Returns the name of the only wheel in a folder.
pub(super) fn only_wheel(folder: &Path) -> Result<String, String> {
    let entries = fs::read_dir(folder).map_err(|_| "it left no wheel".to_owned())?;
    let is_wheel = |path: &Path| path.extension().is_some_and(|extension| extension == "whl");
    let mut wheels = entries.into_iter().filter(|entry| is_wheel(&entry.path));
    match (wheels.next(), wheels.next()) {
        (None, _) => Err("it left no wheel".to_owned()),
        (Some(_), Some(_)) => Err("it left more than one wheel".to_owned()),
        (Some(wheel), None) if wheel.kind != Kind::File => Err("the wheel that it left is not a file".to_owned()),
        (Some(wheel), None) => {
            let name = wheel.path.into_os_string().into_string();
            name.map_err(|_| "the name of the wheel that it left is not UTF-8".to_owned())
        }
    }
}

/// Returns what is wrong with a wheel's name, which is `NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM.whl`: PEP 427.
pub(super) fn mismatch(file: &str, package: &PackageKey) -> Option<String> {
    let parts: Vec<&str> = file.strip_suffix(".whl")?.split('-').collect();
    let (5 | 6, [name, built, ..]) = (parts.len(), &parts[..]) else {
        return Some(format!("`{file}` is not a name that a wheel can have"));
    };
    let PackageKey { id, version } = package;
    let is_name = PackageName::parse(id.ecosystem, name).is_ok_and(|name| name == id.name);
    let is_version = Version::parse(id.ecosystem, built).is_ok_and(|built| built == *version);
    (!is_name || !is_version).then(|| format!("it made `{file}`, and not {} {version}", id.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageId};

    fn check(file: &str) -> Option<String> {
        let id = PackageId::new(Ecosystem::Pypi, PackageName::pypi("My.Package").unwrap());
        mismatch(file, &PackageKey { id, version: Version::parse(Ecosystem::Pypi, "1.0").unwrap() })
    }

    #[test]
    fn a_wheel_is_of_the_package_and_version_however_they_are_spelt() {
        for file in ["my_package-1.0-py3-none-any.whl", "My.Package-1.0.0-1-cp311-cp311-linux_x86_64.whl"] {
            assert_eq!(check(file), None, "{file}");
        }
        assert_eq!(
            check("my_package-1.1-py3-none-any.whl").unwrap(),
            "it made `my_package-1.1-py3-none-any.whl`, and not my-package 1.0"
        );
        assert!(check("other-1.0-py3-none-any.whl").is_some());
        assert!(check("my_package-1.0+local-py3-none-any.whl").is_some());
        assert!(check("my_package-1.0.whl").unwrap().contains("not a name"));
        assert!(check("-----.whl").is_some());
    }

    #[test]
    fn one_file_is_a_wheel_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(only_wheel(&at("none")).is_err());
        std::fs::write(at("notes.txt"), "").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap_err(), "it left no wheel");
        std::os::unix::fs::symlink("/etc/passwd", at("a-1-py3-none-any.whl")).unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap_err(), "the wheel that it left is not a file");
        std::fs::remove_file(at("a-1-py3-none-any.whl")).unwrap();
        std::fs::write(at("b-1-py3-none-any.whl"), "").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap(), "b-1-py3-none-any.whl");
        std::fs::write(at("c-1-py3-none-any.whl"), "").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap_err(), "it left more than one wheel");
    }
}
