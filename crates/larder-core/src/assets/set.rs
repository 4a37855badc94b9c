//! The assets of several packages. Each is read once, when it is first looked at.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Position, SourceFinding};
use crate::document::SourceFile;
use crate::manifest::AssetDeclaration;
use crate::mapping::Mapping;
use crate::model::{AssetId, AssetKind, AssetReference, TreeDigest};
use crate::schema::{ImportRequest, Schema, SchemaKind, relative};

use super::Flow;
use super::adapter::Adapter;
use super::link::Link;
use super::package::{AssetFiles, AssetIndex, AssetPackage, FileRead, PackageIndex};

/// The assets of several packages.
pub struct AssetSet<'f> {
    packages: Vec<AssetPackage>,
    assets: Vec<Asset>,
    /// The first asset of each package, and one more place for the end of the last.
    starts: Vec<AssetIndex>,
    /// The schemas, by the names of their files.
    by_file: BTreeMap<Arc<str>, AssetIndex>,
    pub(super) files: &'f dyn AssetFiles,
}

/// An asset of a package.
#[derive(Debug)]
pub struct Asset {
    /// The identity.
    pub id: AssetId,
    /// The package.
    pub package: PackageIndex,
    /// What the manifest says.
    pub declaration: AssetDeclaration,
    content: OnceLock<AssetContent>,
    pub(super) links: OnceLock<Vec<Link>>,
    pub(super) digest: OnceLock<TreeDigest>,
}

/// The file of an asset, read.
#[derive(Debug)]
pub struct AssetContent {
    /// The file. `None`: it is not there, which is among the findings.
    pub source: Option<SourceFile>,
    /// What it says.
    pub body: AssetBody,
    /// What is wrong with it, whatever it refers to.
    pub findings: Vec<SourceFinding>,
    /// The other files that belong to it: what a schema imports.
    pub imported: Vec<SourceFile>,
    /// The files that were looked for.
    pub(super) reads: Vec<FileRead>,
}

/// What the file of an asset says, as far as it could be read.
#[derive(Debug)]
pub enum AssetBody {
    /// A schema.
    Schema(Option<Schema>),
    /// An adapter.
    Adapter(Option<Adapter>),
    /// A mapping.
    Mapping(Option<Mapping>),
    /// A flow.
    Flow(Option<Flow>),
}

impl AssetBody {
    fn none(kind: AssetKind) -> Self {
        match kind {
            AssetKind::Schema => Self::Schema(None),
            AssetKind::Adapter => Self::Adapter(None),
            AssetKind::Mapping => Self::Mapping(None),
            AssetKind::Flow => Self::Flow(None),
        }
    }
}

impl<'f> AssetSet<'f> {
    /// Joins packages, whose dependencies are places among them.
    pub fn new(packages: Vec<AssetPackage>, files: &'f dyn AssetFiles) -> Self {
        let (mut assets, mut starts, mut by_file) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (at, package) in packages.iter().enumerate() {
            starts.push(assets.len());
            for declaration in &package.declarations {
                if declaration.kind == AssetKind::Schema {
                    by_file.entry(package.file(declaration.file.value.as_str())).or_insert(assets.len());
                }
                let id = AssetId {
                    kind: declaration.kind,
                    package: package.name.clone(),
                    name: declaration.name.value.clone(),
                    version: declaration.version.clone(),
                };
                assets.push(Asset {
                    id,
                    package: at,
                    declaration: declaration.clone(),
                    content: OnceLock::new(),
                    links: OnceLock::new(),
                    digest: OnceLock::new(),
                });
            }
        }
        starts.push(assets.len());
        Self { packages, assets, starts, by_file, files }
    }

    /// Returns the packages.
    pub fn packages(&self) -> &[AssetPackage] {
        &self.packages
    }

    /// Returns the assets.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Returns an asset.
    pub fn asset(&self, at: AssetIndex) -> &Asset {
        &self.assets[at]
    }

    /// Returns the package of an asset.
    pub fn owner(&self, at: AssetIndex) -> &AssetPackage {
        &self.packages[self.assets[at].package]
    }

    /// Returns the assets of a package.
    pub fn of_package(&self, package: PackageIndex) -> impl Iterator<Item = AssetIndex> + Clone + use<> {
        self.starts[package]..self.starts[package + 1]
    }

    /// Returns the assets whose findings count.
    pub fn own(&self) -> impl Iterator<Item = AssetIndex> + '_ {
        (0..self.assets.len()).filter(|at| self.owner(*at).is_own)
    }

    /// Returns the schema that a file is declared as.
    pub fn schema_of_file(&self, file: &str) -> Option<AssetIndex> {
        self.by_file.get(file).copied()
    }

    /// Reads a file of a package.
    pub fn read(&self, package: PackageIndex, path: &str) -> Option<SourceFile> {
        let text = self.files.read(package, path)?;
        Some(SourceFile { file: self.packages[package].file(path), text })
    }

    /// The same, and notes what was looked for, and found.
    fn read_noting(&self, package: PackageIndex, path: &str, reads: &RefCell<Vec<FileRead>>) -> Option<SourceFile> {
        let source = self.read(package, path);
        let digest = source.as_ref().map(|source| TreeDigest::of(source.text.as_bytes()));
        reads.borrow_mut().push((package, path.into(), digest));
        source
    }

    /// Returns where an asset is declared: the manifest, and the line's place in it.
    pub fn declared_at(&self, at: AssetIndex) -> (&Arc<str>, Position) {
        let package = self.owner(at);
        (&package.manifest, Position::of(&package.text, self.assets[at].declaration.span.offset()))
    }

    /// Returns the text of a file or manifest that messages call so.
    pub fn text_of(&self, file: &str) -> Option<Arc<str>> {
        if let Some(package) = self.packages.iter().find(|package| *package.manifest == *file) {
            return Some(Arc::clone(&package.text));
        }
        let package = self.package_of_file(file)?;
        self.files.read(package, self.packages[package].path(file)?)
    }

    /// Returns the file of an asset, read.
    pub fn content(&self, at: AssetIndex) -> &AssetContent {
        self.assets[at].content.get_or_init(|| self.load(at))
    }

    /// Returns an asset's schema, if it is one that can be used.
    pub fn schema(&self, at: AssetIndex) -> Option<&Schema> {
        match &self.content(at).body {
            AssetBody::Schema(schema) => schema.as_ref(),
            _ => None,
        }
    }

    /// Returns an asset's adapter.
    pub fn adapter(&self, at: AssetIndex) -> Option<&Adapter> {
        match &self.content(at).body {
            AssetBody::Adapter(adapter) => adapter.as_ref(),
            _ => None,
        }
    }

    /// Returns an asset's mapping.
    pub fn mapping(&self, at: AssetIndex) -> Option<&Mapping> {
        match &self.content(at).body {
            AssetBody::Mapping(mapping) => mapping.as_ref(),
            _ => None,
        }
    }

    /// Returns an asset's flow.
    pub fn flow(&self, at: AssetIndex) -> Option<&Flow> {
        match &self.content(at).body {
            AssetBody::Flow(flow) => flow.as_ref(),
            _ => None,
        }
    }

    /// Returns all files that belong to an asset: its own, what it imports, and its samples.
    pub fn files_of(&self, at: AssetIndex) -> Vec<SourceFile> {
        let content = self.content(at);
        let package = self.assets[at].package;
        let samples = self.mapping(at).map(Mapping::samples).unwrap_or_default();
        let samples = samples.iter().flat_map(|one| [&one.sample, &one.expect]);
        let samples = samples.filter_map(|path| self.read(package, path));
        content.source.iter().chain(&content.imported).cloned().chain(samples).collect()
    }

    fn load(&self, at: AssetIndex) -> AssetContent {
        let asset = &self.assets[at];
        let path = asset.declaration.file.value.as_str();
        let reads = RefCell::new(Vec::new());
        let Some(source) = self.read_noting(asset.package, path, &reads) else {
            let package = self.owner(at);
            let position = Position::of(&package.text, asset.declaration.file.span.offset());
            let (kind, name) = (asset.id.kind, &asset.id.name);
            let (message, help) = match self.files.obstacle(asset.package, path) {
                Some(obstacle) => (
                    format!("`{path}` of {kind} `{name}` cannot be read: {obstacle}"),
                    "a file is UTF-8 of at most 8 MiB; XML may be in another encoding that its declaration or a byte order mark says",
                ),
                None => (
                    format!("{kind} `{name}` has no file `{path}`"),
                    "correct the path; a file is text of at most 8 MiB, inside of the package's folder",
                ),
            };
            let finding = SourceFinding::error("asset.file", &package.manifest, position, message).with_help(help);
            let body = AssetBody::none(asset.id.kind);
            return AssetContent {
                source: None,
                body,
                findings: vec![finding],
                imported: Vec::new(),
                reads: reads.into_inner(),
            };
        };
        let mut imported = Vec::new();
        let (body, findings) = match asset.id.kind {
            AssetKind::Schema => {
                let form = asset.declaration.form.and_then(|form| form.parse::<SchemaKind>().ok());
                let loaded = Schema::load(&source, form, &|request| self.import(request, &reads));
                imported = loaded.files.into_iter().filter(|file| file.file != source.file).collect();
                (AssetBody::Schema(loaded.schema), loaded.findings)
            }
            AssetKind::Adapter => {
                let (adapter, findings) = Adapter::parse(&source);
                (AssetBody::Adapter(adapter), findings)
            }
            AssetKind::Mapping => match Mapping::parse(&source) {
                Ok(mapping) => (AssetBody::Mapping(Some(mapping)), Vec::new()),
                Err(findings) => (AssetBody::Mapping(None), findings),
            },
            AssetKind::Flow => {
                let (flow, findings) = Flow::parse(&source);
                (AssetBody::Flow(flow), findings)
            }
        };
        AssetContent { source: Some(source), body, findings, imported, reads: reads.into_inner() }
    }

    /// Returns what a schema imports: a file of its own package, or a schema of a package that it depends on, named as
    /// `larder:partner/party` or by its namespace alone.
    fn import(&self, request: &ImportRequest<'_>, reads: &RefCell<Vec<FileRead>>) -> Option<SourceFile> {
        let from = self.package_of_file(request.from)?;
        let Some(location) = request.location else {
            return self.by_namespace(from, request.namespace?, reads);
        };
        if let Some(reference) = location.strip_prefix("larder:") {
            let reference: AssetReference = reference.parse().ok()?;
            let found = self.resolve(from, AssetKind::Schema, &reference).ok()?;
            let asset = &self.assets[found];
            return self.read_noting(asset.package, asset.declaration.file.value.as_str(), reads);
        }
        let file = relative(request.from, location)?;
        self.read_noting(from, self.packages[from].path(&file)?, reads)
    }

    /// Returns the package that a file belongs to: the one whose folder is the longest.
    fn package_of_file(&self, file: &str) -> Option<PackageIndex> {
        let holds = |at: &PackageIndex| self.packages[*at].path(file).is_some();
        (0..self.packages.len()).filter(holds).max_by_key(|at| self.packages[*at].folder.len())
    }

    /// Returns the XML schema with a target namespace: of the package itself, or of one that it depends on.
    fn by_namespace(&self, from: PackageIndex, namespace: &str, reads: &RefCell<Vec<FileRead>>) -> Option<SourceFile> {
        let packages = std::iter::once(from).chain(self.packages[from].dependencies.values().copied());
        let schemas = packages.flat_map(|package| self.of_package(package));
        let mut schemas = schemas.filter(|at| self.assets[*at].id.kind == AssetKind::Schema);
        schemas.find_map(|at| {
            let asset = &self.assets[at];
            let source = self.read_noting(asset.package, asset.declaration.file.value.as_str(), reads)?;
            let states = |quote: char| source.text.contains(&format!("targetNamespace={quote}{namespace}{quote}"));
            (states('"') || states('\'')).then_some(source)
        })
    }
}
