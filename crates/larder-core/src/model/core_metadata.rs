//! The metadata of a Python distribution (`METADATA`, `PKG-INFO`), written as e-mail headers.
//!
//! Source: "Core metadata specifications" of the Python packaging user guide.

use std::fmt::Write;

use super::{ExtraName, PackageKey, PackageName, Version};

/// The headers that larder uses, as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CoreMetadata {
    /// `Metadata-Version`
    pub metadata_version: String,
    /// `Name`
    pub name: String,
    /// `Version`
    pub version: String,
    /// `Requires-Python`
    pub requires_python: Option<String>,
    /// `Requires-Dist`
    pub requires: Vec<String>,
    /// `Provides-Extra`
    pub extras: Vec<String>,
    /// `Dynamic`, in lower case.
    pub dynamic: Vec<String>,
}

/// Returns the headers up to the first empty line, each with its name in lower case and its lines without the white space around them.
///
/// # Errors
/// The reason, as a sentence, if the text is not UTF-8.
pub(super) fn headers(bytes: &[u8]) -> Result<Vec<(String, Vec<&str>)>, &'static str> {
    let end = memchr::memmem::find(bytes, b"\n\n").into_iter().chain(memchr::memmem::find(bytes, b"\r\n\r\n")).min();
    let text = std::str::from_utf8(&bytes[..end.unwrap_or(bytes.len())]).map_err(|_| "it is not UTF-8")?;
    let mut headers: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        // A line that begins with white space continues the one before it.
        if line.starts_with([' ', '\t']) {
            headers.iter_mut().last().into_iter().for_each(|(_, lines)| lines.push(line.trim()));
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), vec![value.trim()]));
        }
    }
    Ok(headers)
}

impl CoreMetadata {
    /// Reads the headers, up to the first empty line.
    ///
    /// # Errors
    /// The reason, as a sentence, if the text is not UTF-8 or has no name and version.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut metadata = Self::default();
        for (name, lines) in headers(bytes)? {
            let value = lines.join(" ").trim().to_owned();
            match name.as_str() {
                "metadata-version" => metadata.metadata_version = value,
                "name" if metadata.name.is_empty() => metadata.name = value,
                "version" if metadata.version.is_empty() => metadata.version = value,
                "requires-python" if !value.is_empty() => metadata.requires_python = Some(value),
                "requires-dist" => metadata.requires.push(value),
                "provides-extra" => metadata.extras.push(value),
                "dynamic" => metadata.dynamic.push(value.to_ascii_lowercase()),
                _ => {}
            }
        }
        if metadata.name.is_empty() || metadata.version.is_empty() {
            return Err("it has no `Name` and `Version`");
        }
        Ok(metadata)
    }

    /// Writes the headers in the same form, for the cache.
    pub fn render(&self) -> String {
        let mut text =
            format!("Metadata-Version: {}\nName: {}\nVersion: {}\n", self.metadata_version, self.name, self.version);
        for (header, values) in [
            ("Requires-Python", self.requires_python.as_slice()),
            ("Requires-Dist", &self.requires),
            ("Provides-Extra", &self.extras),
            ("Dynamic", &self.dynamic),
        ] {
            for value in values {
                let _ = writeln!(text, "{header}: {value}");
            }
        }
        text
    }

    /// Returns whether this is the metadata of `version` of `package`. The metadata may omit the local part of the version:
    /// a `2.0+cpu` wheel is often a renamed build of 2.0.
    pub fn is_of(&self, package: &PackageName, version: &pep440_rs::Version) -> bool {
        let name = PackageName::pypi(&self.name).is_ok_and(|name| name == *package);
        name && self
            .version
            .parse::<pep440_rs::Version>()
            .is_ok_and(|own| own == *version || own == version.clone().without_local())
    }

    /// Returns whether this is the metadata of a locked package, as [`Self::is_of`] says.
    pub fn is_of_package(&self, package: &PackageKey) -> bool {
        let is_version = |own: &Version| *own == package.version || package.version.cmp_public(own).is_eq();
        PackageName::parse(package.id.ecosystem, &self.name).is_ok_and(|name| name == package.id.name)
            && Version::parse(package.id.ecosystem, &self.version).is_ok_and(|own| is_version(&own))
    }

    /// Returns whether the metadata of a source distribution also holds for its wheels (PEP 643).
    pub fn is_static(&self) -> bool {
        let format: Option<(u32, u32)> = self
            .metadata_version
            .split_once('.')
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let affects_resolution =
            |header: &String| matches!(header.as_str(), "requires-dist" | "provides-extra" | "requires-python");
        format.is_some_and(|format| format >= (2, 2)) && !self.dynamic.iter().any(affects_resolution)
    }

    /// Returns the extras, normalised, each once.
    pub fn extra_names(&self) -> Vec<ExtraName> {
        let mut extras: Vec<ExtraName> = self.extras.iter().filter_map(|extra| extra.parse().ok()).collect();
        extras.sort();
        extras.dedup();
        extras
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_empty_line() {
        let text = "Metadata-Version: 2.2\r\nName: A.b\nVersion: 1.0\nRequires-Dist: c\n  ; extra == 'd'\nProvides-Extra: D\n\
                    Dynamic: Description\nRequires-Python: >=3.8\n\nRequires-Dist: not-this\n";
        let metadata = CoreMetadata::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.requires, ["c ; extra == 'd'"]);
        assert!(metadata.is_static());
        assert!(metadata.is_of(&PackageName::pypi("a-b").unwrap(), &"1".parse().unwrap()));
        assert_eq!(CoreMetadata::parse(metadata.render().as_bytes()).unwrap(), metadata);
    }

    #[test]
    fn a_local_part_may_be_left_out_and_nothing_else() {
        let says = |says: &str, version: &str| {
            let metadata = CoreMetadata::parse(format!("Name: a\nVersion: {says}\n").as_bytes()).unwrap();
            metadata.is_of(&PackageName::pypi("a").unwrap(), &version.parse().unwrap())
        };
        assert!(says("2.0", "2.0+cpu") && says("2.0+cpu", "2.0+cpu") && says("2", "2.0"));
        assert!(!says("2.0+cpu", "2.0") && !says("2.0+gpu", "2.0+cpu") && !says("1.1.post1", "1.1"));
    }

    #[test]
    fn a_header_whose_value_stands_on_the_next_line_has_no_space_before_it() {
        let text = b"Name: w\nVersion: 1.0\nRequires-Dist:\n  a>=1\n \n";
        assert_eq!(CoreMetadata::parse(text).unwrap().requires, ["a>=1"]);
    }

    #[test]
    fn dynamic_dependencies_are_not_static() {
        let of =
            |text: &str| CoreMetadata::parse(format!("Name: a\nVersion: 1\n{text}").as_bytes()).unwrap().is_static();
        assert!(!of("Metadata-Version: 2.2\nDynamic: Requires-Dist"));
        assert!(!of("Metadata-Version: 2.1"));
        assert!(CoreMetadata::parse(b"Name: \xff\nVersion: 1\n").is_err());
        assert!(CoreMetadata::parse(b"<html>").is_err());
    }
}
