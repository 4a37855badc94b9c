//! `[build-system]` of a pyproject.toml: how a Python package is built (PEP 517, PEP 518).

use serde::Deserialize;

/// How a Python package is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSystem {
    /// What has to be there for the back end to be imported, as PEP 508 has it.
    pub requires: Vec<String>,
    /// The back end: a module, and after a colon an object in it.
    pub backend: String,
    /// Folders of the source from which the back end is imported, relative to it. Empty if a requirement brings it.
    pub backend_path: Vec<String>,
}

impl BuildSystem {
    /// Reads the table of a pyproject.toml.
    ///
    /// # Errors
    /// The reason, as a lowercase sentence, if the text is no TOML or the table is not what PEP 518 says.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct BuildTables {
            build_system: Option<Table>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Table {
            requires: Vec<String>,
            build_backend: Option<String>,
            #[serde(default)]
            backend_path: Vec<String>,
        }
        let read: BuildTables = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let Some(table) = read.build_system else { return Ok(Self::default()) };
        let legacy = Self::default();
        Ok(Self {
            requires: table.requires,
            // A table without a back end means setuptools, as the file's absence does.
            backend: table.build_backend.unwrap_or(legacy.backend),
            backend_path: table.backend_path,
        })
    }
}

/// What setuptools brought until it left it out, as sources expect that were published before.
const BEFORE_PKG_RESOURCES_LEFT: &str = "setuptools<82";

impl BuildSystem {
    /// Adds what the source's setup.py needs and could not ask for when it was published: `pkg_resources`, which setuptools brought up to
    /// version 81.
    #[must_use]
    pub fn with_needs_of(mut self, setup_py: &str) -> Self {
        let imports = |line: &str| {
            let line = line.trim_start();
            let rest = ["import pkg_resources", "from pkg_resources"].iter().find_map(|start| line.strip_prefix(start));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        let is_of_setuptools = self.requires.iter().any(|wanted| wanted.trim_start().starts_with("setuptools"));
        if is_of_setuptools && setup_py.lines().any(imports) {
            self.requires.push(BEFORE_PKG_RESOURCES_LEFT.to_owned());
        }
        self
    }
}

impl Default for BuildSystem {
    /// Returns what PEP 517 says of a source without a `[build-system]`: setuptools, as `setup.py` was run directly.
    fn default() -> Self {
        Self {
            requires: vec!["setuptools>=40.8.0".to_owned()],
            backend: "setuptools.build_meta:__legacy__".to_owned(),
            backend_path: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_left_setuptools_is_asked_of_one_that_has_it() {
        let needs = |system: BuildSystem, setup_py: &str| system.with_needs_of(setup_py).requires;
        let usual = BuildSystem::default();
        assert_eq!(needs(usual.clone(), "import os\nimport pkg_resources\n"), ["setuptools>=40.8.0", "setuptools<82"]);
        assert_eq!(
            needs(usual.clone(), "try:\n    from pkg_resources import x\n"),
            ["setuptools>=40.8.0", "setuptools<82"]
        );
        assert_eq!(needs(usual, "# import pkg_resources\nimport pkg_resources_other\n").len(), 1);
        let other = BuildSystem::parse("[build-system]\nrequires = ['hatchling']\n").unwrap();
        assert_eq!(needs(other, "import pkg_resources\n"), ["hatchling"]);
    }

    #[test]
    fn a_source_without_a_table_is_built_by_setuptools() {
        assert_eq!(BuildSystem::parse("[project]\nname = 'x'\n"), Ok(BuildSystem::default()));
        assert_eq!(BuildSystem::parse("").unwrap().backend, "setuptools.build_meta:__legacy__");
    }

    #[test]
    fn a_table_without_a_back_end_means_setuptools_with_its_own_requirements() {
        let read = BuildSystem::parse("[build-system]\nrequires = ['setuptools', 'wheel', 'cython<3']\n").unwrap();
        assert_eq!(read.requires, ["setuptools", "wheel", "cython<3"]);
        assert_eq!(read.backend, "setuptools.build_meta:__legacy__");
    }

    #[test]
    fn a_back_end_may_lie_in_the_source() {
        let text = "[build-system]\nrequires = []\nbuild-backend = 'backend:hooks'\nbackend-path = ['_build']\n";
        let read = BuildSystem::parse(text).unwrap();
        assert_eq!((&*read.backend, &*read.backend_path), ("backend:hooks", &["_build".to_owned()][..]));
    }

    #[test]
    fn a_malformed_table_is_named() {
        for text in ["[build-system]\nbuild-backend = 'x'\n", "[build-system]\nrequires = 'x'\n", "[build-system"] {
            assert!(BuildSystem::parse(text).is_err(), "{text}");
        }
    }
}
