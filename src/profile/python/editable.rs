//! Local Python packages: visible through a `.pth` file, known through a `.dist-info`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::fs;
use crate::model::PackageName;

use super::super::ProfileError;
use super::module_paths::{self, ModulePaths};
use super::record::{self, Recorded};
use super::wheel::{FileMode, FileSource, InstallPaths, InstalledFiles};
use super::{entry_points, launcher};

/// A local package, as its pyproject.toml describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct EditablePackage {
    /// The normalised name.
    pub(in super::super) name: String,
    /// The version.
    pub(in super::super) version: String,
    /// The folders of its modules.
    sources: ModulePaths,
    /// `METADATA`, whole.
    metadata: String,
    /// `entry_points.txt`, whole; empty where there are none.
    entry_points: String,
    /// The pyproject.toml, for messages.
    file: PathBuf,
}

impl EditablePackage {
    /// Reads the pyproject.toml in `folder`, which is absolute; `version` is what the lock has, where the file has none.
    pub(in super::super) fn read(folder: &Path, version: &str) -> Result<Self, ProfileError> {
        let file = folder.join("pyproject.toml");
        let text = fs::read_to_string(&file)?;
        Self::parse(&text, file.clone(), version, folder)
            .map_err(|problem| ProfileError::BadPyproject { file, problem })
    }

    /// Returns what makes it different from others, wherever the checkout is.
    pub(in super::super) fn identity(&self, root: &Path) -> impl Serialize {
        let inside = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_owned();
        let mut paths = self.sources.paths.iter().map(inside);
        let plain =
            (self.name.clone(), self.version.clone(), paths.next(), self.metadata.clone(), self.entry_points.clone());
        let further: Vec<PathBuf> = paths.collect();
        let renamed: BTreeMap<String, PathBuf> =
            self.sources.renamed.iter().map(|(module, path)| (module.clone(), inside(path))).collect();
        let is_plain = further.is_empty() && renamed.is_empty();
        (plain, (!is_plain).then_some((further, renamed)))
    }

    /// Returns what a user should hear about.
    pub(in super::super) fn warning(&self) -> Option<String> {
        Some(format!("{}: {}", self.name, self.sources.warning.as_ref()?))
    }

    /// Returns the links to packages whose folder is not called like them, by their places in the environment.
    pub(super) fn links(&self, places: &InstallPaths) -> impl Iterator<Item = (String, PathBuf)> {
        let place = |module: &String| format!("{}/{}", places.site(), module.replace('.', "/"));
        self.sources.renamed.iter().map(move |(module, folder)| (place(module), folder.clone()))
    }

    /// `[project]` (PEP 621) counts; Poetry's older table has the same names for what is read here, and some other shapes,
    /// which count for nothing.
    fn parse(text: &str, file: PathBuf, version: &str, folder: &Path) -> Result<Self, String> {
        let document: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let poetry = document.get("tool").and_then(|tool| tool.get("poetry")?.as_table());
        let table =
            document.get("project").and_then(toml::Value::as_table).or(poetry).ok_or("it has no `[project]`")?;
        let word = |key: &str| table.get(key).and_then(toml::Value::as_str);
        let written = word("name").ok_or("it has no `name`")?;
        let name = PackageName::pypi(written).map_err(|error| error.to_string())?.as_str().to_owned();
        let version = word("version").unwrap_or(version).to_owned();
        if version.contains(['/', '\n', '\0']) {
            return Err(format!("`{version}` is not a version"));
        }
        let mut metadata = format!("Metadata-Version: 2.1\nName: {written}\nVersion: {version}\n");
        for (key, header) in [("description", "Summary"), ("requires-python", "Requires-Python")] {
            if let Some(value) = word(key) {
                let _ = writeln!(metadata, "{header}: {}", value.replace(['\n', '\r'], " "));
            }
        }
        requirements(table, &mut metadata);
        Ok(Self {
            sources: module_paths::sources(folder, &name, &document),
            metadata,
            entry_points: entry_points_text(table, poetry),
            name,
            version,
            file,
        })
    }

    /// Returns the package's files by their places in the environment.
    pub(super) fn files<'a>(&self, places: &InstallPaths) -> Result<InstalledFiles<'a>, ProfileError> {
        let stem = format!("{}-{}", self.name.replace('-', "_"), self.version.replace('-', "_"));
        let info = format!("{}/{stem}.dist-info", places.site());
        let plain = |text: &str| FileSource::Written(text.as_bytes().to_vec(), FileMode::Plain);
        let paths =
            self.sources.paths.iter().fold(String::new(), |paths, path| paths + &path.display().to_string() + "\n");
        let mut files: InstalledFiles<'a> = [
            (format!("{}/__editable__.{stem}.pth", places.site()), plain(&paths)),
            (format!("{info}/METADATA"), plain(&self.metadata)),
            (
                format!("{info}/WHEEL"),
                plain("Wheel-Version: 1.0\nGenerator: larder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ),
            (format!("{info}/INSTALLER"), plain("larder\n")),
            (format!("{info}/REQUESTED"), plain("")),
        ]
        .into();
        if !self.entry_points.is_empty() {
            files.insert(format!("{info}/entry_points.txt"), plain(&self.entry_points));
        }
        let bad = |problem| ProfileError::BadPyproject { file: self.file.clone(), problem };
        for entry in entry_points::scripts(&self.entry_points).map_err(bad)? {
            ProfileError::check_length("", &entry.name)
                .map_err(|_| bad("the name of a script is too long to be a file's".to_owned()))?;
            let launcher = launcher::launcher(&entry);
            files.insert(format!("bin/{}", entry.name), FileSource::Written(launcher, FileMode::Executable));
        }
        let recorded = files
            .iter()
            .filter_map(|(place, origin)| match origin {
                FileSource::Written(content, _) => Some((places.recorded_as(place), Recorded::of(content))),
                FileSource::Linked(_) | FileSource::Executable(_) => None,
            })
            .collect();
        let record = record::write(&recorded, &[format!("{stem}.dist-info/RECORD")]);
        files.insert(format!("{info}/RECORD"), plain(&record));
        Ok(files)
    }
}

fn requirements(table: &toml::Table, metadata: &mut String) {
    let list = |value: Option<&toml::Value>| -> Vec<String> {
        let items = value.and_then(toml::Value::as_array);
        items.into_iter().flatten().filter_map(|item| Some(item.as_str()?.replace('\n', " "))).collect()
    };
    for requirement in list(table.get("dependencies")) {
        let _ = writeln!(metadata, "Requires-Dist: {requirement}");
    }
    let extras = table.get("optional-dependencies").and_then(toml::Value::as_table);
    for (extra, requirements) in extras.into_iter().flatten() {
        let _ = writeln!(metadata, "Provides-Extra: {extra}");
        for requirement in list(Some(requirements)) {
            let _ = match requirement.split_once(';') {
                Some((bare, marker)) => {
                    writeln!(metadata, "Requires-Dist: {}; ({}) and extra == '{extra}'", bare.trim(), marker.trim())
                }
                None => writeln!(metadata, "Requires-Dist: {requirement}; extra == '{extra}'"),
            };
        }
    }
}

/// Poetry's own table may have the scripts where `[project]` has none.
fn entry_points_text(table: &toml::Table, poetry: Option<&toml::Table>) -> String {
    let mut groups: Vec<(&str, &toml::Table)> = Vec::new();
    for (key, group) in [("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")] {
        let scripts = table.get(key).or_else(|| poetry?.get(key));
        groups.extend(scripts.and_then(toml::Value::as_table).map(|table| (group, table)));
    }
    let others = table.get("entry-points").and_then(toml::Value::as_table);
    groups.extend(
        others.into_iter().flatten().filter_map(|(group, entries)| Some((group.as_str(), entries.as_table()?))),
    );
    let mut text = String::new();
    for (group, entries) in groups {
        let _ = writeln!(text, "[{group}]");
        for (name, object) in entries.iter().filter_map(|(name, object)| Some((name, object.as_str()?))) {
            let _ = writeln!(text, "{name} = {object}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_laid_out_as_it_says_or_as_its_folders_show() {
        let root = tempfile::tempdir().unwrap();
        let parse = |text: &str| EditablePackage::parse(text, "pyproject.toml".into(), "1.0.0", root.path());
        let plain = "[project]\nname = 'My.Tool'\n[project.scripts]\ntool = 'my_tool:main'\n";
        let project = parse(plain).unwrap();
        assert_eq!((&*project.name, &*project.version), ("my-tool", "1.0.0"));
        assert_eq!(project.sources.paths, [root.path()]);
        assert!(project.warning().unwrap().contains("no Python module"));
        assert_eq!(project.entry_points, "[console_scripts]\ntool = my_tool:main\n\n");
        fs::create_dir_all(&root.path().join("src/my_tool")).unwrap();
        fs::write_new(&root.path().join("src/my_tool/a.py"), b"", 0o644).unwrap();
        assert_eq!(parse(plain).unwrap().sources.paths, [root.path().join("src")]);
        assert_eq!(parse(plain).unwrap().warning(), None);
        let declared = format!("{plain}\n[tool.setuptools.packages.find]\nwhere = ['lib']\n");
        assert_eq!(parse(&declared).unwrap().sources.paths, [root.path().join("lib")]);
        let poetry = "[tool.poetry]\nname = 'a'\nversion = '2'\n[tool.poetry.scripts]\na = 'a:main'\n";
        assert_eq!(parse(poetry).unwrap().entry_points, "[console_scripts]\na = a:main\n\n");
        assert!(parse("[build-system]\n").is_err());
    }
}
