//! `larder import assets DIR`: schemas, configurations of adapters and larder's own files become assets of the package around the
//! current folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::assets::AssetSet;
use crate::assets::foreign::{ImportRules, with_moved_locations};
use crate::diagnostic::{Exit, Failure, SourceFinding};
use crate::document::SourceFile;
use crate::fs;
use crate::model::{AssetId, AssetKind, Label};
use crate::ops::asset_findings::WrongAssets;
use crate::ops::project::{inputs, locate_root};
use crate::ops::{Result, Session};

use super::foreign_folder::{self, ForeignAsset};
use super::load::ProjectAssets;
use super::placement::{ImportedAsset, Placement, canonical, path_in};
use super::portable;

pub use super::placement::ImportedAssets;

/// What is imported.
#[derive(Clone, Debug)]
pub struct AssetImport {
    /// The folder.
    pub folder: PathBuf,
    /// The file that says what configurations of adapters mean.
    pub mapping: Option<PathBuf>,
}

/// Adds the assets of a folder to the package around the current one. Flows are drafts.
///
/// # Errors
/// The folder or the mapping file cannot be read; a configuration cannot become an adapter; or something that is not the same is
/// where an asset would go. Nothing is changed then.
pub fn import(session: &Session<'_>, request: &AssetImport) -> Result<ImportedAssets> {
    let context = session.context;
    let root = locate_root(context)?;
    let (mut placement, finished) = Placement::begin(context, root.clone())?;
    let assets = ProjectAssets::of(session)?;
    let set = assets.set();
    let holds = |at: &usize| context.folder.starts_with(assets.folder(*at));
    let package = (0..set.packages().len()).filter(holds).max_by_key(|at| assets.folder(*at).as_os_str().len());
    let package = package.ok_or(OutsideOfPackages)?;
    let own_folder = set.packages()[package].folder.to_string();
    let from = context.folder.join(&request.folder);
    if fs::stat(&from)?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
        return Err(NoFolder { folder: request.folder.display().to_string() }.into());
    }
    let from = fs::canonicalize(&from)?;
    let rules = match &request.mapping {
        Some(file) => Some(rules(&context.folder.join(file), file)?),
        None => None,
    };
    let mapping = request.mapping.as_ref().and_then(|file| fs::canonicalize(&context.folder.join(file)).ok());
    // Files that lie in the package already are declared where they are.
    let inside =
        from.strip_prefix(fs::canonicalize(assets.folder(package))?).ok().and_then(Path::to_str).map(str::to_owned);
    let place = |path: &str| inside.as_ref().map(|inside| path_in(inside, path));
    let is_declared = |path: &str| {
        let here = place(path);
        here.is_some_and(|here| set.of_package(package).any(|at| set.asset(at).declaration.file.value.as_str() == here))
    };
    let is_mapping = |path: &str| mapping.as_ref().is_some_and(|mapping| *mapping == from.join(path));
    let mut found = foreign_folder::read(&from, rules.as_ref(), &|path| is_mapping(path) || is_declared(path))?;
    let mut imported = ImportedAssets { left_out: found.left_out, ..ImportedAssets::default() };
    if !finished.is_empty() {
        imported.notes.push(format!("an import that was cut off was finished first: {} files", finished.len()));
    }
    found.problems.into_iter().for_each(|problem| placement.refuse(problem));
    let in_schemas = found
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::Schema)
        .all(|asset| asset.path.starts_with("schemas/"));
    let version: Label = AssetId::FIRST_VERSION.parse().map_err(|_| OutsideOfPackages)?;
    let id_of = |asset: &ForeignAsset| AssetId {
        kind: asset.kind,
        package: set.packages()[package].name.clone(),
        name: asset.name.clone(),
        version: version.clone(),
    };
    let there = |id: &AssetId| set.of_package(package).find(|at| set.asset(*at).id == *id);
    let path_of = |asset: &ForeignAsset| match place(&asset.path) {
        // What was changed is another file.
        Some(here) if asset.is_unchanged || asset.kind == AssetKind::Schema => here,
        _ => new_path(asset, in_schemas),
    };
    if inside.is_none() {
        // What is there already may lie elsewhere than in the folder.
        let schemas = found.assets.iter().filter(|asset| asset.kind == AssetKind::Schema);
        let moved: BTreeMap<String, String> = schemas
            .map(|asset| {
                let known = there(&id_of(asset)).map(|at| set.asset(at).declaration.file.value.as_str().to_owned());
                (asset.path.clone(), known.unwrap_or_else(|| path_of(asset)))
            })
            .collect();
        let moved: BTreeMap<&str, String> = moved.iter().map(|(from, to)| (from.as_str(), to.clone())).collect();
        for asset in &mut found.assets {
            let Some(kind) = asset.schema else { continue };
            if let Some(text) = with_moved_locations(kind, &asset.path, &asset.text, &moved) {
                (asset.text, asset.is_unchanged, asset.is_converted) = (text, false, true);
            }
        }
    }
    for asset in &found.assets {
        let path = path_of(asset);
        let id = id_of(asset);
        let there = there(&id);
        let file = path_in(&own_folder, &path);
        if let Some(at) = there {
            let same =
                set.content(at).source.as_ref().is_some_and(|source| canonical(&source.text) == canonical(&asset.text));
            if !same {
                placement.refuse(format!(
                    "`{}`: there is another {} `{}` already, which says something else",
                    asset.path, id.kind, id.name
                ));
            }
            let file = path_in(&own_folder, set.asset(at).declaration.file.value.as_str());
            imported.assets.push(ImportedAsset { id: id.to_string(), file, new: false });
            continue;
        }
        if place(&asset.path).as_ref() == Some(&path) && !asset.is_unchanged {
            let what = if asset.kind == AssetKind::Schema { "locations" } else { "references" };
            imported.left_out.push(format!("{file}: its {what} stay as they are, as it lies in the package already"));
        }
        // What was converted has been looked at for that.
        let kind = Some(asset.kind).filter(|_| !asset.is_converted);
        let problems = asset.others.iter().map(|(sample, text)| portable::problem_of_file(sample, text, None));
        for problem in problems.chain([portable::problem_of_file(&asset.path, &asset.text, kind)]).flatten() {
            placement.refuse(problem);
        }
        if place(&asset.path).as_ref() != Some(&path) {
            placement.add_file(&own_folder, &path, &asset.text)?;
        }
        for (sample, text) in asset.others.iter().filter(|_| inside.is_none()) {
            placement.add_file(&own_folder, sample, text)?;
        }
        placement.declare(&own_folder, &id, &path, asset.form)?;
        imported.assets.push(ImportedAsset { id: id.to_string(), file, new: true });
    }
    if imported.assets.is_empty() {
        imported.notes.push("nothing in it is an asset that is not declared yet".to_owned());
    }
    let placed = placement.place(context)?;
    (imported.files, imported.manifests) = (placed.files, placed.manifests);
    imported.assets.sort();
    imported.left_out.sort();
    if imported.assets.iter().any(|asset| asset.new) {
        let files: Vec<&str> =
            imported.assets.iter().filter(|asset| asset.new).map(|asset| asset.file.as_str()).collect();
        // They are there, whatever comes of looking at them.
        match findings(session, &files) {
            Ok(found) => imported.findings = found,
            Err(error) => imported.notes.push(format!("the new assets were not checked: {}", error.in_short())),
        }
    }
    Ok(imported)
}

/// Returns what is wrong with new assets, now that they are there.
fn findings(session: &Session<'_>, files: &[&str]) -> Result<Vec<SourceFinding>> {
    let assets = ProjectAssets::of(session)?;
    let set: AssetSet<'_> = assets.set();
    let mut found = assets.check(&set);
    found.retain(|finding| finding.is_error() && files.contains(&&*finding.file));
    Ok(found)
}

/// Returns where a file from elsewhere goes. Schemas keep their places relative to each other.
fn new_path(asset: &ForeignAsset, in_schemas: bool) -> String {
    match asset.kind {
        AssetKind::Schema if in_schemas => asset.path.clone(),
        AssetKind::Schema => format!("schemas/{}", asset.path),
        AssetKind::Adapter => format!("adapters/{}.kdl", asset.name),
        AssetKind::Mapping => format!("mappings/{}.kdl", asset.name),
        AssetKind::Flow => format!("flows/{}.kdl", asset.name),
    }
}

fn rules(path: &Path, shown: &Path) -> Result<ImportRules> {
    let text = inputs::manifest(path)?;
    let source = SourceFile { file: shown.display().to_string().into(), text: text.into() };
    ImportRules::parse(&source).map_err(|findings| {
        let text = std::sync::Arc::clone(&source.text);
        match WrongAssets::new(&findings, &|_| Some(std::sync::Arc::clone(&text))) {
            Some(wrong) => WrongRules { wrong }.into(),
            None => OutsideOfPackages.into(),
        }
    })
}

/// A mapping file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the mapping file cannot be read")]
struct WrongRules {
    wrong: WrongAssets,
}

impl miette::Diagnostic for WrongRules {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new("larder::import::mapping"))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        self.wrong.related()
    }
}

/// The folder to import from is not there, or is a file.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no folder `{folder}`")]
#[diagnostic(code(larder::import::no_folder), help("check its name: it is looked for in the current folder"))]
struct NoFolder {
    folder: String,
}

/// There is no package that could have assets.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the current folder is in no package, and assets belong to one")]
#[diagnostic(
    code(larder::import::no_package),
    help("go to a package's folder, or begin one: `package \"NAME\" version=\"0.1.0\"` in larder.kdl")
)]
struct OutsideOfPackages;

impl Failure for WrongRules {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for NoFolder {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for OutsideOfPackages {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
