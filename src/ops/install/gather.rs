//! Bringing together the unpacked artifacts of a closure: from the store, else from the registries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::build::{BuildError, FailedStep};
use crate::diagnostic::{Exit, Failure, list};
use crate::fetch::{self, FetchError, NameFolding, RequestedArtifact};
use crate::fs;
use crate::lock::{Closure, Selection};
use crate::model::{Attestation, Builds, Digest, Package, PackageKey, PatchedPackage, Platform, TreeDigest};
use crate::package;
use crate::store::{Lease, Store, StoreError, Tree};

use super::laid_out;
use super::patched;
use super::scripted::Scripted;
use crate::ops::building::{self, Builder, ScriptRunner};
use crate::ops::registries::LazyRegistries;
use crate::ops::{Error, Project, Result, artifacts};

/// What was brought together.
#[derive(Debug, Default)]
pub(in crate::ops) struct Gathered {
    /// The trees, one per package that is not a local folder.
    pub(in crate::ops) trees: BTreeMap<PackageKey, Arc<Tree>>,
    /// How many were fetched.
    pub(in crate::ops) fetched: usize,
    /// How many bytes came.
    pub(in crate::ops) bytes: u64,
    /// Keeps the trees from being collected until something is built from them.
    _lease: Option<Lease>,
}

impl Gathered {
    /// Returns a closure's trees that are in the store already, by names under which it has them. Private packages have the files that
    /// the lock names, unless they are patched.
    pub(in crate::ops) fn of_store(
        store: &Store,
        closure: &Closure<'_>,
        patches: &[PatchedPackage],
        (trees, names): (BTreeMap<PackageKey, Arc<Tree>>, &[Digest]),
    ) -> Result<Self> {
        for (package, tree) in trees.iter().filter(|(package, _)| PatchedPackage::find(patches, package).is_none()) {
            attested(closure, package, tree)?;
        }
        Ok(Self { trees, _lease: Some(store.lease(names.iter())?), ..Self::default() })
    }
}

/// What is done about optional packages that their registry does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Completeness {
    /// They are missed like others.
    Whole,
    /// They are left out.
    WithoutMissingOptional,
}

/// Optional packages that were left out: a warning for each.
#[derive(Debug, Default)]
pub(in crate::ops) struct LeftOutPackages {
    /// They could not be fetched, which may be otherwise the next time.
    pub(in crate::ops) not_fetched: Vec<String>,
    /// Their install scripts failed.
    pub(in crate::ops) scripts_failed: Vec<String>,
}

impl LeftOutPackages {
    /// Returns all warnings.
    pub(in crate::ops) fn warnings(self) -> impl Iterator<Item = String> {
        self.not_fetched.into_iter().chain(self.scripts_failed)
    }
}

/// Gathers a closure: the tree of every package, fetched where the store does not have it. Returns the closure that was
/// gathered, and what was left out of it.
///
/// Bytes that are not what was promised are no reason to leave a package out, and neither is being offline.
pub(in crate::ops) fn gather<'g>(
    source: &LazyRegistries<'_>,
    selection: &Selection,
    mut closure: Closure<'g>,
    preparation: &PackageSteps<'_>,
    completeness: Completeness,
) -> Result<(Closure<'g>, Gathered, LeftOutPackages)> {
    let may_leave_out = completeness == Completeness::WithoutMissingOptional;
    let (mut missing, mut left_out) = (BTreeSet::new(), LeftOutPackages::default());
    loop {
        let failed = match attempt(source, &closure, preparation) {
            Ok(gathered) => return Ok((closure, gathered, left_out)),
            Err(failed) => failed,
        };
        let subject = match &failed {
            GatherFailure::Fetch(FetchError::Source(subject, _) | FetchError::Interrupted { subject, .. })
                if may_leave_out && !source.session.context.offline =>
            {
                subject.owner.package().cloned()
            }
            GatherFailure::Scripts(package, _) if may_leave_out => Some(package.clone()),
            _ => None,
        };
        let Some(subject) = subject else { return Err(failed.into_error()) };
        missing.insert(subject.clone());
        let Some(without) = closure.graph.map(|graph| Closure::without(graph, selection, &missing)) else {
            return Err(failed.into_error());
        };
        if without.packages().any(|(key, _)| missing.contains(key)) {
            return Err(failed.into_error());
        }
        match &failed {
            GatherFailure::Scripts(_, error) => {
                let step = &error.step;
                left_out.scripts_failed.push(format!(
                    "{subject} is optional and was left out: its script `{step}` {}. Its log: `{}`",
                    error.reason,
                    error.log.display()
                ));
            }
            GatherFailure::Fetch(error) => {
                let reason = std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"));
                let warning = format!("{subject} is optional and was left out, as it cannot be fetched{reason}");
                left_out.not_fetched.push(warning);
            }
            GatherFailure::Otherwise(_) => {}
        }
        closure = without;
    }
}

/// Why a closure could not be gathered.
enum GatherFailure {
    /// An artifact could not be had.
    Fetch(FetchError),
    /// A script of a package failed.
    Scripts(PackageKey, Box<FailedStep>),
    /// Something else.
    Otherwise(Error),
}

impl<E: Into<Error>> From<E> for GatherFailure {
    fn from(error: E) -> Self {
        Self::Otherwise(error.into())
    }
}

impl GatherFailure {
    fn into_error(self) -> Error {
        match self {
            Self::Fetch(error) => error.into(),
            Self::Scripts(_, error) => BuildError::Failed(error).into(),
            Self::Otherwise(error) => error,
        }
    }
}

/// What is done with packages besides fetching them.
pub(in crate::ops) struct PackageSteps<'a> {
    /// The patches that are applied.
    pub(in crate::ops) patches: &'a [PatchedPackage],
    /// What is done with those that exist only as source.
    pub(in crate::ops) sources: SourceUse<'a>,
    /// What runs the install scripts of those that were approved.
    pub(in crate::ops) scripts: Option<&'a ScriptRunner<'a>>,
    /// What is there of packages that are built or whose scripts run, and is taken whatever would come of that now.
    pub(in crate::ops) carried: &'a BTreeMap<PackageKey, Arc<Tree>>,
}

/// What is done with packages that exist only as source.
pub(in crate::ops) enum SourceUse<'a> {
    /// The sources and the tools that build them are gathered.
    Gathered(&'a Builds),
    /// They are built, unless the store has what comes of them.
    Built(&'a Builder<'a>),
}

fn attempt(
    source: &LazyRegistries<'_>,
    closure: &Closure<'_>,
    PackageSteps { patches: rules, sources, scripts, carried }: &PackageSteps<'_>,
) -> std::result::Result<Gathered, GatherFailure> {
    let platform = source.project.platform()?;
    let approvals = &source.project.manifest.settings.builds;
    let (mut wanted, mut planned, mut unapproved) = (Vec::new(), Vec::new(), Vec::new());
    for (key, package) in closure.packages() {
        let Some(origin) = &package.origin else { continue };
        let Some(artifact) = package.artifact_for(platform) else {
            return Err(NoArtifact::OtherPlatform { package: key.clone(), platform }.into());
        };
        if !artifact.kind.needs_build() {
            let native = artifact.is_native(&package.facts);
            wanted.push(RequestedArtifact { native, ..RequestedArtifact::new(key, origin, artifact) });
            continue;
        }
        if !approvals.approves(&key.id, &key.version) {
            unapproved.push(UnapprovedSource { package: key.clone(), file: artifact.file.as_str().into() });
            continue;
        }
        if carried.contains_key(key) {
            continue;
        }
        match sources {
            SourceUse::Built(builder) => planned.push((builder, builder.plan((key, package), origin, artifact)?)),
            SourceUse::Gathered(builds) => wanted.extend(building::inputs(builds, key, origin, artifact, platform)?),
        }
    }
    if !unapproved.is_empty() {
        return Err(NoArtifact::OnlySource(unapproved).into());
    }
    let mut scripted = match scripts {
        Some(runner) => {
            let built: Vec<_> = planned.iter().map(|(_, one)| (one.package.clone(), one.output.clone())).collect();
            Scripted::plan(source, (runner, closure), (rules, &built), carried, &mut wanted)?
        }
        None => Scripted::default(),
    };
    let outputs = || planned.iter().map(|(_, planned)| (&planned.package, &planned.output));
    let laid_out: Vec<(PackageKey, Digest)> = wanted
        .iter()
        .filter_map(|wanted| Some((wanted.owner.package()?.clone(), wanted.artifact.laid_out_name()?)))
        .collect();
    let own = wanted.iter().filter_map(|wanted| Some((wanted.owner.package()?, wanted.artifact.digest.as_ref()?)));
    let own = own.chain(laid_out.iter().map(|(package, name)| (package, name)));
    let changed: Vec<Digest> = own
        .chain(outputs())
        .filter_map(|(package, name)| Some(PatchedPackage::find(rules, package)?.applied_to(name)))
        .collect();
    let inputs = planned.iter().flat_map(|(_, planned)| &planned.inputs);
    let fetched = wanted.iter().chain(inputs).filter_map(|wanted| wanted.artifact.digest.as_ref());
    let made = outputs().map(|(_, output)| output).chain(scripted.outputs());
    let lease = match source
        .session
        .store
        .lease(fetched.chain(made).chain(&changed).chain(laid_out.iter().map(|(_, name)| name)))
    {
        Err(StoreError::Fs(error)) if error.is_disk_full() => {
            return Err(GatherFailure::Fetch(fetch::disk_full_error(&source.session.store, source, &wanted, error)));
        }
        lease => lease?,
    };
    let mut gathered = Gathered { _lease: Some(lease), ..Gathered::default() };
    let (mut built, mut missing) = (Vec::new(), Vec::new());
    for (builder, planned) in planned {
        let found = match builder.find(&planned)? {
            None => building::cache::find(source, &planned.package, &planned.output)?,
            found => found,
        };
        match found {
            Some(tree) => built.push((planned.package, planned.output, tree)),
            None => missing.push((builder, planned)),
        }
    }
    let as_they_are = wanted.len();
    wanted.extend(missing.iter().flat_map(|(_, planned)| planned.inputs.iter().cloned()));
    let fetched = artifacts::fetch(source.session, source, &wanted, folds(source.project));
    source.opened()?;
    let fetched = fetched.map_err(GatherFailure::Fetch)?;
    gathered.fetched = fetched.iter().filter(|fetched| fetched.bytes > 0).count();
    gathered.bytes = fetched.iter().map(|fetched| fetched.bytes).sum();
    let (whole, mut inputs) = fetched.split_at(as_they_are);
    for (builder, planned) in missing {
        let (own, rest) = inputs.split_at(planned.inputs.len());
        built.push((planned.package.clone(), planned.output.clone(), builder.build(&planned, own)?));
        inputs = rest;
    }
    let prepared = |package: &PackageKey, name: Option<&Digest>, tree: &Tree| match name
        .zip(PatchedPackage::find(rules, package))
    {
        None => Ok(Arc::new(tree.clone())),
        Some((name, rule)) => patched::apply(&source.session.store, source.project, (package, name), rule, tree),
    };
    for (package, output, tree) in &built {
        gathered.trees.insert(package.clone(), prepared(package, Some(output), tree)?);
    }
    for (wanted, fetched) in wanted.into_iter().zip(whole) {
        let Some(package) = wanted.owner.package() else { continue };
        attested(closure, package, &fetched.tree)?;
        if let Some(runner) = scripts {
            runner.check(package, &fetched.tree)?;
        }
        let tree = match wanted.artifact.laid_out_name() {
            None => prepared(package, wanted.artifact.digest.as_ref(), &fetched.tree)?,
            Some(name) => {
                let tree = laid_out::apply(&source.session.store, package, &name, &fetched.tree)?;
                prepared(package, Some(&name), &tree)?
            }
        };
        gathered.trees.insert(package.clone(), tree);
    }
    if let Some(runner) = scripts {
        let run = scripted.run(runner, closure, &mut gathered.trees)?;
        run.map_err(|(package, step)| GatherFailure::Scripts(package, step))?;
    }
    for (key, _) in closure.packages() {
        if let Some(tree) = carried.get(key) {
            gathered.trees.insert(key.clone(), Arc::clone(tree));
        }
    }
    Ok(gathered)
}

/// Makes sure that a private package has the files that the lock names by their digest, however they were packed, and that its own
/// manifest says what its registry said of it.
fn attested(closure: &Closure<'_>, key: &PackageKey, tree: &Tree) -> Result<()> {
    check_attested(closure.graph.and_then(|graph| graph.packages.get(key)?.attestation.as_ref()), key, tree)
}

/// As [`attested`], of a package of which a registry said this.
pub(in crate::ops) fn check_attested(said: Option<&Attestation>, key: &PackageKey, tree: &Tree) -> Result<()> {
    match said {
        Some(locked) if locked.tree != tree.digest => {
            Err(OtherFiles { package: key.clone(), locked: locked.tree, found: tree.digest }.into())
        }
        Some(locked) => {
            let manifest = fs::read_if_exists(&tree.folder.join(package::MANIFEST))?.unwrap_or_default();
            let reason = match package::body_of_manifest(&manifest, tree.digest) {
                Ok(body) if Digest::sha256_of(body.to_json()) == locked.body => return Ok(()),
                Ok(_) => "its larder.kdl has other dependencies, features, programs or words".to_owned(),
                Err(reason) => reason,
            };
            Err(OtherBody { package: key.clone(), reason }.into())
        }
        None => Ok(()),
    }
}

/// A private package whose own manifest does not say what its registry said of it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} is not what its registry says of it: {reason}")]
#[diagnostic(
    code(larder::sync::other_body),
    help("what was locked is not what its publisher packed: do not trust the registry, and ask who runs it")
)]
struct OtherBody {
    package: PackageKey,
    reason: String,
}

impl Failure for OtherBody {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

/// A private package whose files are not those that the lock names.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} has other files than are locked: their digest is {found}, and the lock has {locked}")]
#[diagnostic(
    code(larder::sync::other_files),
    help("its registry states a digest that its archive does not have: do not trust it, and ask who runs it")
)]
struct OtherFiles {
    package: PackageKey,
    locked: TreeDigest,
    found: TreeDigest,
}

impl Failure for OtherFiles {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

/// Returns the tree of one package, fetched if the store does not have it, with its patch applied.
pub(in crate::ops) fn package_tree(
    source: &LazyRegistries<'_>,
    key: &PackageKey,
    package: &Package,
    patched: Option<&PatchedPackage>,
) -> Result<Arc<Tree>> {
    let Some(origin) = &package.origin else { return Err(NoArtifact::Local { package: key.clone() }.into()) };
    let platform = source.project.platform()?;
    let artifact =
        package.artifact_for(platform).ok_or_else(|| NoArtifact::OtherPlatform { package: key.clone(), platform })?;
    if artifact.kind.needs_build() {
        return Err(NoArtifact::Built { package: key.clone() }.into());
    }
    let wanted = RequestedArtifact::new(key, origin, artifact);
    let laid_out_name = wanted.artifact.laid_out_name();
    let _lease = source.session.store.lease(wanted.artifact.digest.iter().chain(&laid_out_name))?;
    let fetched = artifacts::fetch(source.session, source, std::slice::from_ref(&wanted), folds(source.project));
    source.opened()?;
    let store = &source.session.store;
    let Some(tree) = fetched?.into_iter().next().map(|fetched| fetched.tree) else {
        return Err(NoArtifact::Local { package: key.clone() }.into());
    };
    let tree = match &laid_out_name {
        Some(name) => laid_out::apply(store, key, name, &tree)?,
        None => Arc::new(tree),
    };
    match (patched, laid_out_name.as_ref().or(wanted.artifact.digest.as_ref())) {
        (Some(patched), Some(name)) => patched::apply(store, source.project, (key, name), patched, &tree),
        _ => Ok(tree),
    }
}

/// Returns which names are one on a platform that the project is for: what installs here has to install there.
pub(in crate::ops) fn folds(project: &Project) -> NameFolding {
    let platforms = project.manifest.settings.platforms.iter();
    platforms.map(|target| NameFolding::of(target.platform.os())).max().unwrap_or_default()
}

/// Packages that cannot be installed here.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum NoArtifact {
    /// They have to be built, and no line of the manifest allows that.
    #[error("{}", only_source(.0))]
    #[diagnostic(
        code(larder::sync::only_source),
        help(
            "let them be built, in a sandbox, by a block of larder.kdl: `builds {{ {} }}`{}",
            allow_lines(.0),
            other_way(.0)
        )
    )]
    OnlySource(Vec<UnapprovedSource>),
    /// It is built, and its files are not those that its registry serves.
    #[error("{package} is built from source: its files are not there before that")]
    #[diagnostic(
        code(larder::sync::built),
        help("write the patch by hand: it is applied to what is built, as the environment has it")
    )]
    Built {
        /// The package.
        package: PackageKey,
    },
    /// It is no package of a registry.
    #[error("{package} is a folder of the project, and has no files to fetch")]
    #[diagnostic(code(larder::sync::local), help("edit the folder itself"))]
    Local {
        /// The package.
        package: PackageKey,
    },
    /// It has files for other platforms only.
    #[error("the lock has no file of {package} for {platform}")]
    #[diagnostic(code(larder::sync::other_platform), help("`larder lock` after adding the platform to `platforms`"))]
    OtherPlatform {
        /// The package.
        package: PackageKey,
        /// This machine.
        platform: Platform,
    },
}

/// A package that exists only as source.
#[derive(Debug)]
pub(super) struct UnapprovedSource {
    package: PackageKey,
    /// Its source distribution.
    file: Box<str>,
}

fn only_source(sources: &[UnapprovedSource]) -> String {
    let each: Vec<String> = sources.iter().map(|one| format!("{} (`{}`)", one.package, one.file)).collect();
    match &each[..] {
        [one] => format!("{one} exists only as source, and nothing lets it be built"),
        all => format!("{} packages exist only as source, and nothing lets them be built:{}", all.len(), list(all)),
    }
}

fn allow_lines(sources: &[UnapprovedSource]) -> String {
    let line = |one: &UnapprovedSource| format!("allow {} \"{}\"", one.package.id.ecosystem, one.package.id.name);
    sources.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn other_way(sources: &[UnapprovedSource]) -> &'static str {
    let is_scripted = |one: &UnapprovedSource| one.package.id.ecosystem.has_install_scripts();
    if sources.iter().all(is_scripted) {
        " (`larder builds` shows their scripts); or ask for versions that a registry serves"
    } else {
        "; or ask for versions that have a wheel"
    }
}

impl Failure for NoArtifact {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
