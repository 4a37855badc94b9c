//! The names of files: wheels (PEP 427) and source distributions (PEP 625 and older conventions).

use crate::model::PackageName;

/// The parsed name of a file of a Python package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileName<'a> {
    /// A wheel.
    Wheel(WheelName<'a>),
    /// A source distribution.
    Sdist {
        /// The version, as written.
        version: &'a str,
    },
}

/// The parts of a wheel's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WheelName<'a> {
    /// The version, as written.
    pub(super) version: &'a str,
    /// The build tag. Of wheels that differ only in it, the highest wins.
    pub(super) build: Option<(u64, &'a str)>,
    /// Interpreters, separated by dots.
    pub(super) python: &'a str,
    /// ABIs, separated by dots.
    pub(super) abi: &'a str,
    /// Platforms, separated by dots.
    pub(super) platform: &'a str,
}

impl<'a> FileName<'a> {
    /// Parses the name of a file of `package`. Returns `None` for other kinds of files and for files of other packages.
    pub(super) fn parse(package: &PackageName, file: &'a str) -> Option<Self> {
        if let Some(stem) = file.strip_suffix(".whl") {
            return WheelName::parse(package, stem).map(Self::Wheel);
        }
        let stem = file.strip_suffix(".tar.gz").or_else(|| file.strip_suffix(".zip"))?;
        // In old names both parts may contain `-`: the version begins after the `-` that follows the package's name.
        stem.match_indices('-')
            .map(|(at, _)| (&stem[..at], &stem[at + 1..]))
            .find(|(name, version)| is_name(package, name) && version.starts_with(|c: char| c.is_ascii_alphanumeric()))
            .map(|(_, version)| Self::Sdist { version })
    }

    /// Returns the version, as written.
    pub(super) fn version(&self) -> &'a str {
        match self {
            Self::Wheel(wheel) => wheel.version,
            Self::Sdist { version } => version,
        }
    }
}

impl<'a> WheelName<'a> {
    fn parse(package: &PackageName, stem: &'a str) -> Option<Self> {
        let mut parts = stem.split('-');
        let (name, version) = (parts.next()?, parts.next()?);
        let rest: [Option<&str>; 5] = std::array::from_fn(|_| parts.next());
        let (build, [python, abi, platform]) = match rest {
            [Some(a), Some(b), Some(c), None, _] => (None, [a, b, c]),
            [Some(build), Some(a), Some(b), Some(c), None] => (Some(build), [a, b, c]),
            _ => return None,
        };
        let build = match build {
            Some(text) => {
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                Some((text[..digits].parse().ok()?, &text[digits..]))
            }
            None => None,
        };
        is_name(package, name).then_some(Self { version, build, python, abi, platform })
    }
}

fn is_name(package: &PackageName, text: &str) -> bool {
    // Nearly all names have the spelling of PEP 427, which can be compared without a copy.
    let same = |(a, b): (u8, u8)| a == b || (a == b'-' && matches!(b, b'_' | b'.')) || a == b.to_ascii_lowercase();
    let package_text = package.as_str();
    (package_text.len() == text.len() && package_text.bytes().zip(text.bytes()).all(same))
        || PackageName::pypi(text).is_ok_and(|name| name == *package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_and_sdists_are_told_apart() {
        let name = PackageName::pypi("my-package").unwrap();
        let Some(FileName::Wheel(wheel)) = FileName::parse(&name, "My.Package-1.0-2b-py2.py3-none-any.whl") else {
            panic!("a wheel")
        };
        assert_eq!((wheel.version, wheel.build, wheel.python), ("1.0", Some((2, "b")), "py2.py3"));
        let version = |file| FileName::parse(&name, file).map(|name| name.version());
        assert_eq!(version("my_package-1.0.tar.gz"), Some("1.0"));
        assert_eq!(version("my-package-1.0-1.zip"), Some("1.0-1"));
        for other in ["my-package-1.0.win32-py2.4.exe", "other-1.0.tar.gz", "my_package-1.0-any.whl", "my-package.whl"]
        {
            assert_eq!(version(other), None, "{other}");
        }
    }
}
