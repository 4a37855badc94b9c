//! Installing a wheel (PEP 427): the path of each file in an environment, and the files that are generated.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::PackageName;
use crate::store::{Tree, TreeEntry};

use super::super::ProfileError;
use super::super::link_mode::LinkMode;
use super::super::linking::TreeSource;
use super::super::shebang;
use super::record::{self, Recorded};
use super::{entry_points, launcher};

/// A file of the environment, by where its content comes from.
#[derive(Clone, Debug)]
pub(super) enum FileSource<'a> {
    /// A file of the wheel.
    Linked(&'a TreeEntry),
    /// A file of the wheel that must be executable and is not.
    Executable(&'a TreeEntry),
    /// A file that larder writes.
    Written(Vec<u8>, FileMode),
}

/// Permissions of a written file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileMode {
    /// Data.
    Plain,
    /// A script.
    Executable,
}

impl FileMode {
    /// Returns the permission bits.
    pub(super) fn bits(self, access: LinkMode) -> u32 {
        match (access, self) {
            (LinkMode::Private, Self::Plain) => 0o600,
            (LinkMode::Private, Self::Executable) => 0o700,
            (LinkMode::Shared | LinkMode::Writable, Self::Plain) => 0o644,
            (LinkMode::Shared | LinkMode::Writable, Self::Executable) => 0o755,
        }
    }
}

/// A wheel's files by their places relative to the environment.
pub(super) type InstalledFiles<'a> = BTreeMap<String, FileSource<'a>>;

/// Names the folders of an environment for one wheel.
#[derive(Clone, Debug)]
pub(super) struct InstallPaths {
    /// `lib/python3.12/site-packages`
    site: String,
    /// `include/site/python3.12`
    headers: String,
}

impl InstallPaths {
    /// For an interpreter whose library is called `python3.12`.
    pub(super) fn new(library: &str) -> Self {
        Self { site: format!("lib/{library}/site-packages"), headers: format!("include/site/{library}") }
    }

    /// Returns the path of `site-packages`.
    pub(super) fn site(&self) -> &str {
        &self.site
    }

    /// Returns a place relative to `site-packages`, if it lies there.
    pub(super) fn in_site<'p>(&self, place: &'p str) -> Option<&'p str> {
        place.strip_prefix(&self.site).and_then(|rest| rest.strip_prefix('/'))
    }

    /// Returns a place relative to `site-packages`, as RECORD has it.
    pub(super) fn recorded_as(&self, place: &str) -> String {
        match self.in_site(place) {
            Some(inside) => inside.to_owned(),
            None => format!("../../../{place}"),
        }
    }
}

/// An opened wheel: its `.dist-info` and `.data` folders.
pub(super) struct OpenedWheel<'a> {
    /// The package's name in messages.
    package: Arc<str>,
    tree: &'a Tree,
    /// `black-24.1.0.dist-info`
    info: &'a str,
    /// `black-24.1.0.data`; others may spell it in several ways.
    data: Vec<&'a str>,
    /// `black`
    name: &'a str,
}

impl<'a> OpenedWheel<'a> {
    /// Finds a wheel's own folders.
    pub(super) fn new(package: &Arc<str>, tree: &'a Tree) -> Result<Self, ProfileError> {
        let mut infos = tree.entries.iter().filter_map(|entry| {
            let (folder, file) = entry.path.split_once('/')?;
            (file == "METADATA" && folder.ends_with(".dist-info")).then_some(folder)
        });
        let bad = |problem: &str| ProfileError::BadWheel { package: package.to_string(), problem: problem.to_owned() };
        let info = infos.next().ok_or_else(|| bad("it has no `.dist-info` folder with METADATA"))?;
        if infos.next().is_some() {
            return Err(bad("it has more than one `.dist-info` folder"));
        }
        let stem = info.strip_suffix(".dist-info").unwrap_or(info);
        let name = stem.split_once('-').map_or(stem, |(name, _)| name);
        Ok(Self { package: package.clone(), tree, info, data: data_folders(tree, name), name })
    }

    /// Returns where each file of the wheel goes. What larder writes itself is not among them: RECORD, INSTALLER,
    /// REQUESTED.
    pub(super) fn places(&self, places: &InstallPaths) -> Result<Vec<(String, &'a TreeEntry)>, ProfileError> {
        let own = self.tree.entries.iter().filter(|entry| !self.is_ours(&entry.path));
        own.map(|entry| Ok((self.place(&entry.path, places)?, entry))).collect()
    }

    /// Returns where the wheel's byte-code goes.
    pub(super) fn places_of_bytecode<'b>(
        &self,
        bytecode: &'b Tree,
        places: &InstallPaths,
    ) -> Result<Vec<(String, &'b TreeEntry)>, ProfileError> {
        bytecode.entries.iter().map(|entry| Ok((self.place(&entry.path, places)?, entry))).collect()
    }

    fn place(&self, path: &str, places: &InstallPaths) -> Result<String, ProfileError> {
        let (top, rest) = path.split_once('/').unwrap_or((path, ""));
        if !self.data.contains(&top) {
            return Ok(format!("{}/{path}", places.site));
        }
        Ok(match rest.split_once('/') {
            Some(("purelib" | "platlib", path)) => format!("{}/{path}", places.site),
            Some(("scripts", path)) => format!("bin/{path}"),
            Some(("headers", path)) => format!("{}/{}/{path}", places.headers, self.name),
            // `lib64` is a link to `lib`.
            Some(("data", path)) => path.strip_prefix("lib64/").map_or(path.to_owned(), |rest| format!("lib/{rest}")),
            _ => return Err(self.bad(format!("`{path}` is in no folder that wheels have"))),
        })
    }

    fn bad(&self, problem: String) -> ProfileError {
        ProfileError::BadWheel { package: self.package.to_string(), problem }
    }

    fn is_ours(&self, path: &str) -> bool {
        let own = path.strip_prefix(self.info).and_then(|rest| rest.strip_prefix('/'));
        matches!(own, Some("RECORD" | "INSTALLER" | "REQUESTED"))
    }

    /// Returns all files that the wheel becomes, and the names in `bin` that are its own.
    pub(super) fn files(
        &self,
        source: &TreeSource<'_>,
        places: &InstallPaths,
        direct: bool,
        bytecode: &[(String, &TreeEntry)],
    ) -> Result<InstalledFiles<'a>, ProfileError> {
        let bad = |problem| self.bad(problem);
        let mut files: InstalledFiles<'a> = BTreeMap::new();
        for (place, entry) in self.places(places)? {
            let origin = if place.starts_with("bin/") {
                self.script(source, places, (&place, entry), &mut files)?
            } else {
                FileSource::Linked(entry)
            };
            if files.insert(place, origin).is_some() {
                return Err(bad(format!("two of its files would be `{}`", entry.path)));
            }
        }
        if let Some(entry) = self.entry("entry_points.txt") {
            let text = String::from_utf8_lossy(&source.read(entry)?).into_owned();
            for entry in entry_points::scripts(&text).map_err(bad)? {
                ProfileError::check_length(self.info, &entry.name)?;
                let launcher = launcher::launcher(&entry);
                files.insert(format!("bin/{}", entry.name), FileSource::Written(launcher, FileMode::Executable));
            }
        }
        let info = format!("{}/{}", places.site, self.info);
        files.insert(format!("{info}/INSTALLER"), FileSource::Written(b"larder\n".to_vec(), FileMode::Plain));
        if direct {
            files.insert(format!("{info}/REQUESTED"), FileSource::Written(Vec::new(), FileMode::Plain));
        }
        let compiled = bytecode.iter().map(|(place, _)| places.recorded_as(place)).collect();
        let record = self.record(source, places, &files, compiled)?;
        files.insert(format!("{info}/RECORD"), FileSource::Written(record.into_bytes(), FileMode::Plain));
        Ok(files)
    }

    /// Returns what a script becomes; one for the environment's Python becomes a launcher, with its source in `files`.
    fn script(
        &self,
        source: &TreeSource<'_>,
        places: &InstallPaths,
        (place, entry): (&str, &'a TreeEntry),
        files: &mut InstalledFiles<'a>,
    ) -> Result<FileSource<'a>, ProfileError> {
        let as_it_is = if entry.executable { FileSource::Linked(entry) } else { FileSource::Executable(entry) };
        // A script is small; a program of megabytes does not begin with `#!`.
        if entry.size >= 1 << 20 {
            return Ok(as_it_is);
        }
        let content = source.read(entry)?;
        if launcher::wants_python(&content) {
            let source = format!("{}/{}", places.site, entry.path);
            let launcher = launcher::script(place, &source);
            if files.insert(source, FileSource::Written(content, FileMode::Plain)).is_some() {
                return Err(self.bad(format!("two of its files would be `{}`", entry.path)));
            }
            return Ok(FileSource::Written(launcher, FileMode::Executable));
        }
        Ok(shebang::repaired(&content).map_or(as_it_is, |script| FileSource::Written(script, FileMode::Executable)))
    }

    /// The wheel's own RECORD tells the hashes of what is linked as it is; all else is hashed here, but byte-code, which
    /// installers list without a hash.
    fn record(
        &self,
        source: &TreeSource<'_>,
        places: &InstallPaths,
        files: &InstalledFiles<'_>,
        mut unhashed: Vec<String>,
    ) -> Result<String, ProfileError> {
        let mut known = match self.entry("RECORD") {
            Some(entry) => record::parse(&String::from_utf8_lossy(&source.read(entry)?)),
            None => BTreeMap::new(),
        };
        let mut recorded = BTreeMap::new();
        for (place, origin) in files {
            let of = match origin {
                FileSource::Written(content, _) => Recorded::of(content),
                FileSource::Linked(entry) | FileSource::Executable(entry) => match known.remove(&*entry.path) {
                    Some(of) if of.size == entry.size => of,
                    _ => Recorded::of(&source.read(entry)?),
                },
            };
            recorded.insert(places.recorded_as(place), of);
        }
        unhashed.push(format!("{}/RECORD", self.info));
        Ok(record::write(&recorded, &unhashed))
    }

    fn entry(&self, name: &str) -> Option<&'a TreeEntry> {
        self.tree
            .entries
            .iter()
            .find(|entry| entry.path.strip_prefix(self.info).and_then(|rest| rest.strip_prefix('/')) == Some(name))
    }
}

/// Returns the `.data` folders of a wheel. Tools have spelled them unlike the `.dist-info` folder: the package's name
/// decides, in its normal form.
fn data_folders<'a>(tree: &'a Tree, name: &str) -> Vec<&'a str> {
    let normal = |name: &str| PackageName::pypi(name).map_or_else(|_| name.to_owned(), |name| name.as_str().to_owned());
    let mut found: Vec<&str> = Vec::new();
    for entry in &tree.entries {
        let Some((folder, _)) = entry.path.split_once('/') else { continue };
        let Some(stem) = folder.strip_suffix(".data").filter(|_| !found.contains(&folder)) else { continue };
        if stem.rsplit_once('-').is_some_and(|(own, _)| own == name || normal(own) == normal(name)) {
            found.push(folder);
        }
    }
    found
}
