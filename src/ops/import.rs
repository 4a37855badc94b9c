//! Taking over one file of another tool into a manifest that is there: lines are added, and none is changed.

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::import::locks::{self, LockedVersions};
use crate::import::{self, ImportedBlockLine, ImportedLine, NotTaken};
use crate::lock::Lockfile;
use crate::manifest::edit::{self, NewLine, PropertyValue, Section};
use crate::manifest::{DependencyLine, DependencySpec, Manifest, parse_folder};
use crate::model::{PackageName, Source};
use crate::registry::path;

use super::init::{self, Guards};
use super::lock::{self, Changes, Replacement, Wish};
use super::moving::{own_packages, requirements, workspace};
use super::project::snapshot::{self, InputSnapshot};
use super::project::target::{EditTarget, Edited};
use super::project::{self, inputs, lockfile};
use super::session::LOCKFILE;
use super::{Event, Project, Result, Session, sync};

/// What to take over.
#[derive(Clone, Copy, Debug)]
pub struct ImportRequest<'a> {
    /// The file.
    pub file: &'a Path,
    /// What is done about parts that keep something out and have no counterpart.
    pub guards: Guards,
    /// Whether a sync follows: what it would refuse is refused before anything is written.
    pub syncs: bool,
}

/// What became of the file.
#[derive(Debug)]
pub struct Taken {
    /// The lines that were added, and what became of the lock.
    pub changes: Changes,
    /// How many lines the manifest had already.
    pub known: usize,
    /// What was not taken over, with the reason.
    pub left: Vec<NotTaken>,
}

/// Adds what a file declares to the manifest of the member that larder was started in, else to the root's. What is there already
/// stays as it is, and what contradicts it is named.
pub fn import(session: &Session<'_>, request: &ImportRequest<'_>) -> Result<Taken> {
    let root = project::find_root(session.context)?;
    let path = session.context.folder.join(request.file);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(read) = init::reader(&name) else { return Err(Unknown { name }.into()) };
    let Some(bytes) = inputs::read(&path, inputs::MANIFEST_SIZE)? else {
        return Err(NotThere(request.file.display().to_string()).into());
    };
    let text = String::from_utf8_lossy(&bytes);
    let above = path.parent().and_then(|above| above.strip_prefix(&root).ok()?.to_str());
    let mut imported = match above.filter(|_| locks::is_requirements(&name)) {
        Some(above) => import::requirements(&text, &|place| requirements::archive_at(&root, above, place)),
        None => read(&text)?,
    };
    // What a requirements file names was found; what others name lies beside them.
    if !locks::is_requirements(&name) {
        imported.place_files(above);
    } else if let Some(group) = requirements::group_for(&path) {
        imported = imported.into_group(&group);
    }
    if let Some(above) = above {
        imported.includes.iter_mut().for_each(|included| *included = path::join(above, included).to_string());
    }
    own_packages::leave_out_missing_files(&root, &mut imported);
    imported.settle_catalogs();
    imported.tell_conflicts();
    let locked = lockfile::read(&root)?.lockfile().unwrap_or_default();
    imported.settle_patches(&[(LOCKFILE.to_owned(), npm_versions(&locked))]);
    init::check_guards(&imported, request.guards)?;
    let declared = Project::read(root.clone())?.manifest.registries.into_iter().map(|registry| registry.ecosystem);
    init::leave_out_unserved(&mut imported, declared);
    snapshot::undisturbed(&root, |snapshot| import_once(session, &root, &imported, request, snapshot))
}

/// Returns the versions that a lock has of packages of npm: a patch for every version is one for each of them.
fn npm_versions(lockfile: &Lockfile) -> LockedVersions {
    let mut versions = LockedVersions::default();
    for key in lockfile.graph.packages.keys().filter(|key| key.id.ecosystem.has_scopes()) {
        versions.add_npm(key.id.name.as_str(), &key.version.to_string());
    }
    versions
}

/// None where somebody else wrote manifest or lock meanwhile.
fn import_once(
    session: &Session<'_>,
    root: &Path,
    imported: &import::Imported,
    request: &ImportRequest<'_>,
    snapshot: &InputSnapshot,
) -> Result<Option<Taken>> {
    let old = Project::read(root.to_owned())?;
    let target = EditTarget::of(session.context, &old)?;
    let mut imported = imported.clone();
    workspace::override_with_members(root, &old.names, &[], &mut imported);
    let mut edits = Edits::new(&target, imported.not_taken.clone());
    for line in &imported.lines {
        edits.take_line(line)?;
    }
    for part in imported.parts() {
        edits.take_part(&part)?;
    }
    for included in &imported.includes {
        let lines = requirements::lines_of(root, included)?;
        if !lines.is_some_and(|lines| lines.iter().all(|line| has_line(&target.manifest, line))) {
            edits.left.push(NotTaken::new(format!("-r {included}"), "import that file too"));
        }
    }
    let before = lock::read(&old)?.lockfile().unwrap_or_default();
    let project = target.tried(&old, &edits.text)?;
    let known = old.idle_groups();
    for group in project.idle_groups().into_iter().filter(|group| !known.contains(group)) {
        edits.added.push(format!("No environment includes group `{group}`: `include \"{group}\"` in one takes it in"));
    }
    let (lockfile, solved) = lock::solve(session, &project, &Wish::keeping(&before)).inspect_err(|_| {
        for left in imported.conflicts_told() {
            (session.context.reporter)(Event::Warning(format!("{} are left out: {}", left.what, left.why)));
        }
    })?;
    if request.syncs {
        sync::check(session, &project, &lockfile)?;
    }
    let edited = Edited { target: &target, text: &edits.text };
    let replacement = Replacement { project: &project, edited: Some(&edited), old: &before, snapshot };
    let locked = replacement.write(session.context, (lockfile, &solved))?;
    let (lines, known, left) = (edits.added, edits.known, edits.left);
    Ok(locked.map(|locked| Taken { changes: Changes { lines, locked }, known, left }))
}

/// The manifest's text while lines are added.
struct Edits<'a> {
    target: &'a EditTarget,
    text: String,
    added: Vec<String>,
    known: usize,
    left: Vec<NotTaken>,
}

impl<'a> Edits<'a> {
    fn new(target: &'a EditTarget, left: Vec<NotTaken>) -> Self {
        Self { target, text: target.text().to_owned(), added: Vec::new(), known: 0, left }
    }

    /// Adds a dependency, unless the section has one of its name.
    fn take_line(&mut self, line: &ImportedLine) -> Result<()> {
        let section = line.group.clone().map_or(Section::Dependencies, Section::Group);
        let there: Vec<&DependencyLine> =
            lines_of(&self.target.manifest, &section).filter(|other| is_same(line, other)).collect();
        if let Some(other) = there.first() {
            let written = self.target.manifest.text.get(other.span.offset()..other.span.offset() + other.span.len());
            let written = written.unwrap_or_default().trim_end_matches(';').trim().to_owned();
            if there.iter().any(|other| asks_the_same(line, other)) {
                self.known += 1;
            } else {
                self.left.push(NotTaken::new(line.what(), format!("{section} has `{written}`")));
            }
            return Ok(());
        }
        let mut properties = Vec::new();
        match &line.catalog {
            None => {}
            Some(None) => properties.push(("catalog", PropertyValue::Flag(true))),
            Some(Some(catalog)) => properties.push(("catalog", PropertyValue::Text(catalog))),
        }
        let source = line.source.as_ref().map(|source| source.seen_from(self.target.folder()));
        for (name, value) in source.iter().flat_map(Source::properties) {
            properties.push((name, PropertyValue::Text(value)));
        }
        if let Some(when) = &line.when {
            properties.push(("when", PropertyValue::Text(when)));
        }
        if line.optional {
            properties.push(("optional", PropertyValue::Flag(true)));
        }
        // Folders are named from the root until a manifest has them.
        let spec = if line.ecosystem.is_local() { parse_folder(&line.name).ok() } else { None };
        let folder = spec.map(|spec| spec.seen_from(self.target.folder()));
        let name = folder.as_deref().unwrap_or(&line.name);
        let new = NewLine { ecosystem: line.ecosystem, name, range: line.range.as_deref(), properties };
        self.text = edit::add(&self.target.file, &self.text, &section, &new)?;
        self.added.push(format!("Added {} to {section}{}", line.what(), self.target.suffix()));
        Ok(())
    }

    /// Adds another part, unless the manifest has one that says something about the same.
    fn take_part(&mut self, part: &ImportedBlockLine) -> Result<()> {
        if !self.target.is_root() {
            let why = "only the root's manifest has such lines: import it there";
            self.left.push(NotTaken::new(part.line.clone(), why));
            return Ok(());
        }
        match edit::find_line(&self.target.file, &self.text, &part.block, &part.key)? {
            Some(written) if part.says(&written) => self.known += 1,
            Some(written) => self.left.push(NotTaken::new(part.line.clone(), format!("there is `{written}`"))),
            None => {
                self.text = edit::add_line(&self.target.file, &self.text, &part.block, &part.line)?;
                self.added.push(format!("Added {}", part.line));
            }
        }
        Ok(())
    }
}

fn lines_of<'m>(manifest: &'m Manifest, section: &Section) -> impl Iterator<Item = &'m DependencyLine> {
    let group = section.group().cloned();
    let plain = group.is_none().then_some(&manifest.dependencies).into_iter().flatten();
    let grouped = manifest.groups.iter().filter(move |one| Some(&one.name.value) == group.as_ref());
    plain.chain(grouped.flat_map(|group| &group.dependencies))
}

/// Returns whether a manifest asks for the package of an imported line, in whatever section.
fn has_line(manifest: &Manifest, line: &ImportedLine) -> bool {
    let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
    manifest.dependencies.iter().chain(grouped).any(|other| is_same(line, other))
}

/// Returns whether a line of a manifest is about the package of an imported one.
fn is_same(line: &ImportedLine, other: &DependencyLine) -> bool {
    let bare = line.name.split('[').next().unwrap_or(&line.name).trim();
    let name = PackageName::parse(line.ecosystem, bare);
    match &other.spec {
        DependencySpec::Package(requirement) => {
            requirement.package().ecosystem == line.ecosystem && name.is_ok_and(|name| name == *requirement.seen_as())
        }
        DependencySpec::Folder(_) => false,
    }
}

fn asks_the_same(line: &ImportedLine, other: &DependencyLine) -> bool {
    let DependencySpec::Package(requirement) = &other.spec else { return false };
    let same_range = line.catalog.is_some() || line.requirement().is_some_and(|asked| asked == *requirement);
    let same_source = line.source.as_ref() == other.source.as_ref().map(|source| &source.value);
    same_range && same_source && line.optional == other.optional
}

/// A file that is none of another tool's.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is no file that can be imported")]
#[diagnostic(
    code(larder::import::unknown),
    help(
        "known are package.json, pnpm-workspace.yaml, .npmrc, .yarnrc.yml, bunfig.toml, pyproject.toml, requirements files \
         (.txt, .in), pip.conf, Pipfile, package-registry.json and workspaceSettings.json; the versions of a lockfile are taken by `larder lock --prefer {name}`"
    )
)]
struct Unknown {
    name: String,
}

impl Failure for Unknown {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A file that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no `{0}`")]
#[diagnostic(code(larder::import::not_there), help("check its name: it is looked for in the current folder"))]
struct NotThere(String);

impl Failure for NotThere {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
