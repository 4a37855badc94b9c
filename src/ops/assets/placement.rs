//! What an import adds to the packages of a project: files that are not there yet, and lines of manifests. All of it, or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::assets::check_foreign_path;
use crate::diagnostic::{Exit, Failure, SourceFinding, list};
use crate::document::decode;
use crate::fs::{self, Kind, PathState};
use crate::manifest::edit::{self, Block, quoted};
use crate::model::{AssetId, AssetKind, EntryPath};
use crate::ops::asset_findings::AssetFinding;
use crate::ops::project::staged_files::{InTheWay, Mover, StagedFile, named};
use crate::ops::project::{deployment, inputs, snapshot};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Result};
use crate::profile::Profiles;

use super::remembered::MAX_FILE;

/// What an import came to.
#[derive(Debug, Default)]
pub struct ImportedAssets {
    /// The assets, in the order of their identities.
    pub assets: Vec<ImportedAsset>,
    /// All other files that were written: those of assets, and their samples.
    pub files: Vec<String>,
    /// The manifests that were written.
    pub manifests: Vec<String>,
    /// What was not taken over, a line each.
    pub left_out: Vec<String>,
    /// What is wrong with them as they are now: drafts may be.
    pub findings: Vec<SourceFinding>,
    /// What there is to do now, a line each.
    pub notes: Vec<String>,
}

/// An asset that was imported: an element of `schema/import-assets.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ImportedAsset {
    /// The asset: `schema:orders/order@1`
    pub id: String,
    /// Its file, relative to the project.
    pub file: String,
    /// Whether it is new here; else it was there already, and is the same.
    pub new: bool,
}

/// `larder import assets --json`, `larder import flows --json`: see `schema/import-assets.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSummary<'a> {
    assets: &'a [ImportedAsset],
    files: &'a [String],
    manifests: &'a [String],
    left_out: &'a [String],
    findings: Vec<AssetFinding<'a>>,
    notes: &'a [String],
}

impl ImportedAssets {
    /// Returns what `--json` prints.
    pub fn summary(&self) -> ImportSummary<'_> {
        ImportSummary {
            assets: &self.assets,
            files: &self.files,
            manifests: &self.manifests,
            left_out: &self.left_out,
            findings: self.findings.iter().map(AssetFinding::from).collect(),
            notes: &self.notes,
        }
    }
}

/// Files and lines that are to be there.
#[derive(Debug)]
pub(super) struct Placement {
    root: PathBuf,
    /// The files that are not there yet, by their paths relative to the root.
    files: BTreeMap<String, String>,
    /// Those paths as a disk that does not tell capitals apart has them.
    folded: BTreeMap<String, String>,
    /// The manifests: what was read, which is none of a new package, and what is written.
    manifests: BTreeMap<String, (Option<String>, String)>,
    problems: Vec<String>,
}

impl Placement {
    /// Begins one in a project, and finishes an import that was cut off there. Returns also what that has moved.
    pub(super) fn begin(context: &Context<'_>, root: PathBuf) -> Result<(Self, Vec<String>)> {
        deployment::refuse(&root)?;
        Mover::Import.check_others(&root)?;
        let finished = match Mover::Import.ready(&root)? {
            Some(files) => {
                let held = snapshot::hold(context, &Profiles::open(&root)?)?;
                Mover::Import.move_all(&root, &files, &is_allowed)?;
                held.release()?;
                files.into_iter().map(|file| file.path().to_owned()).collect()
            }
            None => Vec::new(),
        };
        let placement = Self {
            root,
            files: BTreeMap::new(),
            folded: BTreeMap::new(),
            manifests: BTreeMap::new(),
            problems: Vec::new(),
        };
        Ok((placement, finished))
    }

    /// Notes why the import cannot be made.
    pub(super) fn refuse(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Tells whether something stands at a path.
    pub(super) fn is_taken(&self, path: &str) -> Result<bool> {
        Ok(!matches!(fs::inspect_below(&self.root, Path::new(path))?, PathState::Missing))
    }

    /// Has a file be there in the folder of a package. One with the same text stays, and another one is a problem. So is one that
    /// another tool would take for its own.
    pub(super) fn add_file(&mut self, folder: &str, path: &str, text: &str) -> Result<()> {
        let in_package = path;
        let path = &*path_in(folder, path);
        if let Err(error) = EntryPath::parse(path).and_then(|path| path.check_portable()) {
            self.problems.push(format!("`{}` {error}", path.escape_debug()));
            return Ok(());
        }
        if let Err(reason) = check_foreign_path(in_package) {
            self.problems.push(format!("`{path}` {reason}"));
            return Ok(());
        }
        if !is_allowed(path) {
            self.problems.push(format!("`{path}` is in a folder of larder's own, or of git's"));
            return Ok(());
        }
        if let Some(other) = self.folded.insert(path.to_lowercase(), path.to_owned()).filter(|other| other != path) {
            self.problems.push(format!("`{path}` and `{other}` are one file on some disks"));
        }
        match fs::inspect_below(&self.root, Path::new(path))? {
            PathState::Missing => match self.files.insert(path.to_owned(), text.to_owned()) {
                Some(other) if canonical(&other) != canonical(text) => {
                    self.problems.push(format!("there are two files for `{path}`"));
                }
                _ => {}
            },
            PathState::Blocked { path: at, kind: Kind::File } if at == Path::new(path) => {
                let there = fs::read_below(&self.root, path, &[&self.root], MAX_FILE).and_then(|it| decode(it).ok());
                if there.is_none_or(|there| canonical(&there) != canonical(text)) {
                    self.problems.push(format!("`{path}` is there already, and says something else"));
                }
            }
            PathState::Blocked { path: at, kind } => {
                self.problems.push(format!("`{}` is in the way of `{path}`: it is {}", at.display(), named(kind)));
            }
            PathState::Clear => self.problems.push(format!("`{path}` is in the way: it is a folder")),
        }
        Ok(())
    }

    /// Begins a package in a folder where none is.
    pub(super) fn add_package(&mut self, folder: &str, text: String) {
        if !is_allowed(folder) {
            self.problems.push(format!("`{folder}` is a folder of larder's own, or of git's"));
        }
        if self.manifests.insert(manifest_in(folder), (None, text)).is_some() {
            self.problems.push(format!("two packages would be in `{folder}`"));
        }
    }

    /// Changes the manifest of the package in a folder.
    pub(super) fn edit(
        &mut self,
        folder: &str,
        change: impl FnOnce(&str, &str) -> std::result::Result<String, edit::EditError>,
    ) -> Result<()> {
        let file = manifest_in(folder);
        if !self.manifests.contains_key(&file) {
            let text = inputs::manifest(&self.root.join(&file))?;
            self.manifests.insert(file.clone(), (Some(text.clone()), text));
        }
        if let Some((_, text)) = self.manifests.get_mut(&file) {
            *text = change(&file, text)?;
        }
        Ok(())
    }

    /// Declares an asset in the manifest of the package in a folder. A flow is a draft.
    pub(super) fn declare(&mut self, folder: &str, id: &AssetId, path: &str, form: Option<&str>) -> Result<()> {
        let line = declaration(id, path, form);
        self.edit(folder, |file, text| edit::add_line(file, text, &Block::Named("assets"), &line))
    }

    /// Puts all of it into its place. Returns what was written.
    ///
    /// # Errors
    /// All problems that were noted, as one; then nothing is changed.
    pub(super) fn place(mut self, context: &Context<'_>) -> Result<Placed> {
        if !self.problems.is_empty() {
            self.problems.sort_unstable();
            self.problems.dedup();
            return Err(Conflicts { problems: self.problems }.into());
        }
        let placed =
            Placed { files: self.files.keys().cloned().collect(), manifests: self.manifests.keys().cloned().collect() };
        let is_nothing_new = placed.files.is_empty() && placed.manifests.is_empty();
        let staging = Mover::Import.folder(&self.root);
        match fs::inspect_below(&self.root, &Mover::Import.relative_folder())? {
            PathState::Missing if is_nothing_new => return Ok(placed),
            PathState::Clear | PathState::Missing => {}
            PathState::Blocked { path, kind } => return Err(InTheWay::of(&path, kind).into()),
        }
        let held = snapshot::hold(context, &Profiles::open(&self.root)?)?;
        // What an earlier run could not remove.
        fs::remove_tree(&staging)?;
        if is_nothing_new {
            held.release()?;
            return Ok(placed);
        }
        // The files first: nothing names them before the manifests are there.
        let files = match self.prepare(&staging.join("files")) {
            Ok(files) => files,
            Err(error) => {
                fs::remove_tree(&staging)?;
                return Err(error);
            }
        };
        Mover::Import.set_ready(&self.root, &files)?;
        Mover::Import.move_all(&self.root, &files, &is_allowed)?;
        held.release()?;
        Ok(placed)
    }

    /// Writes everything beside its place, if what stands there is still what it was made for. Returns what is to be moved.
    fn prepare(&self, staging: &Path) -> Result<Vec<StagedFile>> {
        for (file, (before, _)) in &self.manifests {
            if inputs::text(&self.root.join(file))? != *before {
                return Err(Moved { file: file.clone() }.into());
            }
        }
        for path in self.files.keys() {
            if self.is_taken(path)? {
                return Err(Moved { file: path.clone() }.into());
            }
        }
        let manifests = self.manifests.iter().map(|(file, (_, text))| (file, text));
        for (file, text) in self.files.iter().chain(manifests) {
            let place = staging.join(file);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write_new(&place, text.as_bytes(), 0o644)?;
        }
        fs::sync_volume(staging)?;
        let new = self.files.keys().map(|path| StagedFile::new(path.clone(), None));
        let manifests = self.manifests.iter();
        let manifests =
            manifests.map(|(file, (before, _))| StagedFile::new(file.clone(), before.as_ref().map(String::as_bytes)));
        Ok(new.chain(manifests).collect())
    }
}

/// What was written.
#[derive(Debug)]
pub(super) struct Placed {
    /// The files that were not there.
    pub(super) files: Vec<String>,
    /// The manifests.
    pub(super) manifests: Vec<String>,
}

pub(super) fn path_in(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// Returns which files an import that was cut off can have been moving.
fn is_allowed(path: &str) -> bool {
    !path.split('/').any(|part| part.eq_ignore_ascii_case(".larder") || part.eq_ignore_ascii_case(".git"))
}

fn manifest_in(folder: &str) -> String {
    path_in(folder, MANIFEST)
}

/// Returns the line that declares an asset.
pub(super) fn declaration(id: &AssetId, path: &str, form: Option<&str>) -> String {
    let mut line = format!("{} {} {}", id.kind, quoted(id.name.as_str()), quoted(path));
    if id.version.as_str() != AssetId::FIRST_VERSION {
        line.push_str(" version=");
        line.push_str(&quoted(id.version.as_str()));
    }
    if let Some(form) = form.filter(|_| id.kind == AssetKind::Schema) {
        line.push_str(" kind=");
        line.push_str(&quoted(form));
    }
    line
}

/// Returns a text as it counts: without a byte order mark, with the line ends of Unix.
pub(super) fn canonical(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// Why an import cannot be made.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this cannot be imported here:{}", list(problems))]
#[diagnostic(code(larder::import::conflicts), help("nothing was changed: an import replaces nothing that is there"))]
struct Conflicts {
    problems: Vec<String>,
}

impl Failure for Conflicts {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A file that changed meanwhile.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{file} was changed while larder looked at it")]
#[diagnostic(code(larder::import::moved), help("nothing was changed: try again"))]
struct Moved {
    file: String,
}

impl Failure for Moved {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
