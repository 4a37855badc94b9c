//! Local Python packages: visible through a `.pth` file, known through a `.dist-info`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::fs;
use crate::import::{PythonProject, behind_extra, python_project};
use crate::model::PackageName;

use super::super::ProfileError;
use super::module_paths::{self, ModulePaths};
use super::record::{self, Recorded};
use super::wheel::{FileMode, FileSource, InstallPaths, InstalledFiles};
use super::{entry_points, launcher};

/// The largest file of a local package that is read, in bytes.
pub(super) const MAX_FILE_SIZE: u64 = 16 << 20;

/// A local package, as its own files describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct EditablePackage {
    /// The normalised name.
    pub(in super::super) name: String,
    /// The version.
    pub(in super::super) version: String,
    /// The folders of its modules.
    sources: ModulePaths,
    /// Modules that are linked one by one, by their paths below `site-packages`.
    linked: BTreeMap<String, PathBuf>,
    /// `METADATA`, whole.
    metadata: String,
    /// `entry_points.txt`, whole; empty where there are none.
    entry_points: String,
    /// The pyproject.toml, for messages.
    file: PathBuf,
    /// Whether a manifest line asks for it.
    pub(super) direct: bool,
    /// The name of the private package that it is a half of, as messages have it. `None` for other packages.
    pub(super) half_of: Option<String>,
}

impl EditablePackage {
    /// Reads the package in `folder`, which is absolute; `version` is what the lock has, where no file has one. Returns `None` if
    /// there is none.
    pub(in super::super) fn read(root: &Path, folder: &Path, version: &str) -> Result<Option<Self>, ProfileError> {
        let manifest = folder.join("pyproject.toml");
        let pyproject = fs::read_if_exists(&manifest)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let failed = fs::FailedRead::default();
        let files = |file: &str| match file {
            "pyproject.toml" => pyproject.clone(),
            file => failed.kept_text(fs::find_below(folder, file, &[folder, root], MAX_FILE_SIZE)),
        };
        let bad = |problem| ProfileError::BadPyproject { file: manifest.clone(), problem };
        let project = python_project(&files);
        match failed.checked(project)?.map_err(bad)? {
            Some(project) => Self::new(&project, folder, version).map(Some).map_err(bad),
            None => Ok(None),
        }
    }

    /// Reads the Python half in `folder` of a local private package: by its pyproject.toml, else all that the folder has.
    pub(in super::super) fn half(
        root: &Path,
        folder: &Path,
        (name, version): (&str, &str),
    ) -> Result<Self, ProfileError> {
        let half_of = Some(name.to_owned());
        if let Some(project) = Self::read(root, folder, version)? {
            return Ok(Self { half_of, ..project });
        }
        let EditableMetadata { name, version, metadata, entry_points } =
            EditableMetadata::without_project(name, version);
        let sources = ModulePaths { paths: vec![folder.to_owned()], ..ModulePaths::default() };
        let (linked, file) = (BTreeMap::new(), folder.join("pyproject.toml"));
        Ok(Self { name, version, sources, linked, metadata, entry_points, file, direct: true, half_of })
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

    /// Returns the package as it is after its checkout was moved.
    pub(in super::super) fn moved(&self, from: &Path, to: &Path) -> Self {
        let there = |path: &PathBuf| path.strip_prefix(from).map_or_else(|_| path.clone(), |inside| to.join(inside));
        let mut moved = self.clone();
        moved.sources.paths.iter_mut().for_each(|path| *path = there(path));
        moved.sources.renamed.values_mut().chain(moved.linked.values_mut()).for_each(|path| *path = there(path));
        moved.file = there(&moved.file);
        moved
    }

    /// Returns what a user should hear about.
    pub(in super::super) fn warning(&self) -> Option<String> {
        Some(format!("{}: {}", self.name, self.sources.warning.as_ref()?))
    }

    /// Returns the links to packages whose folder is not called like them, by their places in the environment.
    pub(super) fn links(&self, places: &InstallPaths) -> impl Iterator<Item = (String, PathBuf)> {
        let renamed = self.sources.renamed.iter().map(|(module, folder)| (module.replace('.', "/"), folder));
        let linked = self.linked.iter().map(|(path, target)| (path.clone(), target));
        renamed.chain(linked).map(|(path, target)| (format!("{}/{path}", places.site()), target.clone()))
    }

    /// Creates a package whose modules are linked one by one, by their paths below `site-packages`. `file` is its pyproject.toml;
    /// `direct` tells whether a manifest line asks for it.
    pub(super) fn linked(
        description: EditableMetadata,
        linked: BTreeMap<String, PathBuf>,
        (file, direct): (PathBuf, bool),
        half_of: &str,
    ) -> Self {
        let EditableMetadata { name, version, metadata, entry_points } = description;
        let (sources, half_of) = (ModulePaths::default(), Some(half_of.to_owned()));
        Self { name, version, sources, linked, metadata, entry_points, file, direct, half_of }
    }

    /// Describes the package in `folder`. A setup.py may compute its name: then it has the folder's, as in the lock.
    fn new(project: &PythonProject, folder: &Path, version: &str) -> Result<Self, String> {
        let folder_name = folder.file_name().and_then(|name| name.to_str());
        let name = project.name.as_deref().or(folder_name).ok_or("it has no `name`")?;
        let EditableMetadata { name, version, metadata, entry_points } = EditableMetadata::of(project, name, version)?;
        let sources = module_paths::sources(folder, &name, &project.document);
        let (linked, file) = (BTreeMap::new(), folder.join(project.file));
        Ok(Self { name, version, sources, linked, metadata, entry_points, file, direct: true, half_of: None })
    }

    /// Returns the package's files by their places in the environment.
    pub(super) fn files<'a>(&self, places: &InstallPaths) -> Result<InstalledFiles<'a>, ProfileError> {
        let stem = format!("{}-{}", self.name.replace('-', "_"), self.version.replace('-', "_"));
        let info = format!("{}/{stem}.dist-info", places.site());
        let plain = |text: &str| FileSource::Written(text.as_bytes().to_vec(), FileMode::Plain);
        let paths =
            self.sources.paths.iter().fold(String::new(), |paths, path| paths + &path.display().to_string() + "\n");
        let mut files: InstalledFiles<'a> = [
            (format!("{info}/METADATA"), plain(&self.metadata)),
            (
                format!("{info}/WHEEL"),
                plain("Wheel-Version: 1.0\nGenerator: larder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ),
            (format!("{info}/INSTALLER"), plain("larder\n")),
            (format!("{info}/REQUESTED"), plain("")),
        ]
        .into();
        if self.linked.is_empty() {
            files.insert(format!("{}/__editable__.{stem}.pth", places.site()), plain(&paths));
        }
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

/// What a project's files say of it, as the files of a `.dist-info` have it.
pub(super) struct EditableMetadata {
    /// The normalised name.
    pub(super) name: String,
    /// The version.
    pub(super) version: String,
    /// `METADATA`, whole.
    pub(super) metadata: String,
    /// `entry_points.txt`, whole; empty where there are none.
    pub(super) entry_points: String,
}

impl EditableMetadata {
    /// Describes a private package that has no file which describes it to Python. A scope becomes a part of the name.
    pub(super) fn without_project(name: &str, version: &str) -> Self {
        let written = name.trim_start_matches('@').replace('/', "-");
        let name = PackageName::pypi(&written).map_or_else(|_| written.clone(), |name| name.as_str().to_owned());
        let metadata = format!("Metadata-Version: 2.1\nName: {written}\nVersion: {version}\n");
        Self { name, version: version.to_owned(), metadata, entry_points: String::new() }
    }

    /// Describes a project under a name; `version` is what the lock has, where no file has one.
    pub(super) fn of(project: &PythonProject, written: &str, version: &str) -> Result<Self, String> {
        let name = PackageName::pypi(written).map_err(|error| error.to_string())?.as_str().to_owned();
        let version = project.version.as_deref().unwrap_or(version).to_owned();
        if version.contains(['/', '\n', '\0']) {
            return Err(format!("`{version}` is not a version"));
        }
        let mut metadata = format!("Metadata-Version: 2.1\nName: {written}\nVersion: {version}\n");
        for (value, header) in [(&project.description, "Summary"), (&project.requires_python, "Requires-Python")] {
            if let Some(value) = value {
                let _ = writeln!(metadata, "{header}: {}", value.replace(['\n', '\r'], " "));
            }
        }
        requirements(project, &mut metadata);
        Ok(Self { name, version, metadata, entry_points: entry_points_text(project) })
    }
}

fn requirements(project: &PythonProject, metadata: &mut String) {
    for requirement in &project.dependencies {
        let _ = writeln!(metadata, "Requires-Dist: {}", requirement.replace('\n', " "));
    }
    for (extra, requirements) in &project.optional_dependencies {
        let _ = writeln!(metadata, "Provides-Extra: {extra}");
        for requirement in requirements {
            let _ = writeln!(metadata, "Requires-Dist: {}", behind_extra(requirement, extra));
        }
    }
}

/// Returns `entry_points.txt`. What would be lines of its own there is no entry.
fn entry_points_text(project: &PythonProject) -> String {
    let is_line = |text: &String| !text.contains(['\n', '\r']);
    let mut text = String::new();
    for (group, entries) in project.entry_points.iter().filter(|(group, _)| is_line(group)) {
        let _ = writeln!(text, "[{group}]");
        for (name, object) in entries.iter().filter(|(name, object)| is_line(name) && is_line(object)) {
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
        let parse = |text: &str| {
            let project = python_project(&|file| (file == "pyproject.toml").then(|| text.to_owned()))?;
            EditablePackage::new(&project.ok_or("no project")?, root.path(), "1.0.0")
        };
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
