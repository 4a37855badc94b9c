//! A manifest's contents, validated, with the spans that errors point at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use miette::SourceSpan;

use crate::model::{
    AssetKind, Catalogs, Ecosystem, EntryPath, ExtraName, FeatureName, FlowState, Label, LogKey, Override, PackageId,
    PackageName, PackageStatus, RegistryKey, Requirement, RuntimeHost, RuntimeName, Settings, Source, Url, Version,
};

use super::alerts::Alerts;
use super::monitor::Monitor;
use super::policy::Policy;
use super::spanned::{Spanned, Task};
use super::{Claim, FolderSpec, Hoisting, RuleSpans};

/// The manifest of a project, or of a member, which has only `project`, `package`, `dependencies`, `group`s and `tasks`.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file's path, as messages show it.
    pub file: Arc<str>,
    /// The text that spans point into.
    pub text: Arc<str>,
    /// The `project` node. A member may have none.
    pub project: Option<ProjectMetadata>,
    /// The `package` node.
    pub package: Option<Package>,
    /// `assets`: what the package brings besides, in the order of the text.
    pub assets: Vec<AssetDeclaration>,
    /// The runtimes, platforms and `resolution`, with defaults filled in.
    pub settings: Settings,
    /// Overrides by members: `override npm "ms" "workspace:*"`. What replaces them is known with the members.
    pub member_overrides: Vec<Spanned<Override>>,
    /// Where the rules of `resolution` are written.
    pub rule_spans: RuleSpans,
    /// `fallback` and `hoist` in `resolution`
    pub hoisting: Hoisting,
    /// `cache` in `builds`: where what was built elsewhere is looked for, in this order.
    pub build_caches: Vec<BuildCache>,
    /// The declared registries, then the built-in ones that are not declared: `npmjs` and `pypi`.
    pub registries: Vec<Registry>,
    /// Where runtimes come from, where that is not their usual host.
    pub runtime_registries: Vec<RuntimeRegistry>,
    /// Where advisories come from, where that is not OSV's public archives.
    pub advisory_sources: Vec<AdvisorySource>,
    /// The values of `runtimes`: `"22"`.
    pub runtime_spans: BTreeMap<RuntimeName, SourceSpan>,
    /// The catalogs; of a member, those of its root.
    pub catalogs: Catalogs,
    /// `dependencies`
    pub dependencies: Vec<DependencyLine>,
    /// The groups, in the order of the text. Blocks of the same name are one group.
    pub groups: Vec<Group>,
    /// The environments. If none is declared, `development` and `production`.
    pub environments: Vec<Environment>,
    /// Groups that exclude each other.
    pub conflicts: Vec<Conflict>,
    /// The globs of `members`. A glob that begins with `!` excludes folders.
    pub members: Vec<Spanned<String>>,
    /// `order`: the categories of packages, those first on which the others build.
    pub order: Vec<Spanned<Label>>,
    /// `tasks`
    pub tasks: Vec<Task>,
    /// `hooks`
    pub hooks: Vec<Hook>,
    /// `monitor`
    pub monitor: Monitor,
    /// `alerts`
    pub alerts: Alerts,
    /// `patch` lines.
    pub patches: Vec<PatchLine>,
    /// `age` of the top-level policy.
    pub age_span: Option<SourceSpan>,
    /// The files that list what an instance has.
    pub provided_lists: Vec<Spanned<EntryPath>>,
}

/// `patch npm "left-pad" "1.3.0" "patches/left-pad.patch"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchLine {
    /// The package.
    pub package: PackageId,
    /// The version that the patch is for.
    pub version: Version,
    /// The patch's file, relative to the root.
    pub file: Arc<str>,
    /// The line.
    pub span: SourceSpan,
}

/// `cache "acme" signer="ci"`: a registry of private packages that has what builds made elsewhere. It is taken if this signer of the
/// registry signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildCache {
    /// The registry.
    pub registry: Spanned<Label>,
    /// The name of the `signer` in the registry's block.
    pub signer: Spanned<Label>,
}

/// A program of the project that a sync runs, where this user allowed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// When it runs.
    pub time: HookTime,
    /// The line as it is written: `./scripts/check.sh --fast`.
    pub command: String,
    /// The program's file, relative to the manifest's folder.
    pub program: EntryPath,
    /// What the program is given.
    pub arguments: Vec<String>,
    /// The line.
    pub span: SourceSpan,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookTime {
    /// Before a sync that has something to do.
    BeforeSync,
    /// After it.
    AfterSync,
}

impl HookTime {
    /// Returns the words of the line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeSync => "before sync",
            Self::AfterSync => "after sync",
        }
    }
}

impl Manifest {
    /// Returns the name and the version by which others in the checkout know the folder of this manifest: those of its
    /// `package`, else those of its `project`.
    pub fn identity(&self) -> Option<(&str, Option<&semver::Version>)> {
        let package = self.package.as_ref().map(|package| (package.name.value.as_str(), Some(&package.version.value)));
        package.or_else(|| self.project.as_ref().map(|project| (&*project.name.value, project.version.as_ref())))
    }

    /// Returns the `patch` line of a version of a package.
    pub fn patch_of(&self, package: &PackageId, version: &Version) -> Option<&PatchLine> {
        self.patches.iter().find(|line| line.package.is_same(package) && line.version == *version)
    }
}

/// The `project` node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectMetadata {
    /// Its name.
    pub name: Spanned<String>,
    /// Its version.
    pub version: Option<semver::Version>,
    /// Its SPDX license expression.
    pub license: Option<String>,
}

/// What a `package` node says. Paths are relative to the manifest's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: Spanned<PackageName>,
    /// Its version.
    pub version: Spanned<semver::Version>,
    /// Its SPDX license expression.
    pub license: Option<String>,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// The label by which listings group packages.
    pub category: Option<Spanned<Label>>,
    /// Words by which it is found, in the order of the text.
    pub keywords: Vec<String>,
    /// Its state.
    pub status: PackageStatus,
    /// The origins of the registries in which it may appear. Empty: in any.
    pub origins: Vec<String>,
    /// The globs of its files. One that begins with `!` excludes files. Empty: all that `.gitignore` leaves.
    pub files: Vec<Spanned<String>>,
    /// The folder of its Node half; `.` is the package's own.
    pub node: Option<Spanned<String>>,
    /// The folder of its Python half; `.` is the package's own.
    pub python: Option<Spanned<String>>,
    /// Its executables, in the order of the text.
    pub bin: Vec<Executable>,
    /// Its features, in the order of the text.
    pub features: Vec<Feature>,
    /// The node without its block.
    pub span: SourceSpan,
}

/// `bin "orders" "js/bin/orders.mjs"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The name by which it is run.
    pub name: Spanned<Label>,
    /// The file.
    pub file: Spanned<EntryPath>,
}

/// `schema "order" "schemas/order.xsd" version="2"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetDeclaration {
    /// The kind.
    pub kind: AssetKind,
    /// The name.
    pub name: Spanned<Label>,
    /// The file.
    pub file: Spanned<EntryPath>,
    /// The version, which is not the package's.
    pub version: Label,
    /// `kind=` of a schema: `xsd`, `wsdl` or `json-schema`. `None`: its content tells.
    pub form: Option<&'static str>,
    /// `state=` of a flow.
    pub state: FlowState,
    /// The line.
    pub span: SourceSpan,
}

/// `soap "rest" { pypi "zeep" ">=4"; }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: Spanned<FeatureName>,
    /// The features that it turns on.
    pub includes: Vec<Spanned<FeatureName>>,
    /// The dependencies that it adds.
    pub dependencies: Vec<DependencyLine>,
}

impl Package {
    /// Returns the lines that hold where some features of the package do, and those that they include.
    pub fn lines_of(&self, features: impl IntoIterator<Item = ExtraName>) -> impl Iterator<Item = &DependencyLine> {
        // Features are asked for as extras are, whatever the case and the separators of their names.
        let named = |name: &FeatureName| name.as_str().parse::<ExtraName>().ok();
        let mut on: Vec<ExtraName> = features.into_iter().collect();
        let mut at = 0;
        while let Some(name) = on.get(at).cloned() {
            let feature = self.features.iter().filter(|feature| named(&feature.name.value).as_ref() == Some(&name));
            for included in feature.flat_map(|feature| &feature.includes).filter_map(|one| named(&one.value)) {
                if !on.contains(&included) {
                    on.push(included);
                }
            }
            at += 1;
        }
        let is_on = move |feature: &&Feature| named(&feature.name.value).is_some_and(|name| on.contains(&name));
        self.features.iter().filter(is_on).flat_map(|feature| &feature.dependencies)
    }
}

/// One line of `dependencies` or of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyLine {
    /// The package or folder that the line asks for.
    pub spec: DependencySpec,
    /// `optional=#true`
    pub optional: bool,
    /// `registry=`
    pub registry: Option<Label>,
    /// The span of the value of `registry=`.
    pub registry_span: Option<SourceSpan>,
    /// `git=` or `url=`, with the span of its value.
    pub source: Option<Spanned<Source>>,
    /// `when=` of an npm, larder or path line. The `when=` of a pypi line is part of its requirement.
    pub when: crate::model::Marker,
    /// The whole property `catalog=` of a line that takes its range from a catalog.
    pub catalog_span: Option<SourceSpan>,
    /// `prereleases="allow"` of a pypi line.
    pub prereleases: bool,
    /// The line.
    pub span: SourceSpan,
    /// The range within the line, or the line if it has no range.
    pub range_span: SourceSpan,
}

/// The package or folder that a dependency line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencySpec {
    /// A package of a registry.
    Package(Requirement),
    /// A folder. The package's name is in the folder's own manifest.
    Folder(FolderSpec),
}

impl DependencyLine {
    /// Returns the ecosystem, which is the node's name.
    pub fn ecosystem(&self) -> Ecosystem {
        match &self.spec {
            DependencySpec::Package(requirement) => requirement.package().ecosystem,
            DependencySpec::Folder(_) => Ecosystem::LOCAL,
        }
    }
}

/// A named list of extra dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Spanned<Label>,
    /// `dev=#true`
    pub dev: bool,
    /// Its lines.
    pub dependencies: Vec<DependencyLine>,
}

/// Groups that exclude each other: an environment includes at most one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The groups' names, without repetitions.
    pub groups: Vec<Spanned<Label>>,
    /// The line.
    pub span: SourceSpan,
}

impl Conflict {
    /// Returns whether the conflict names a group.
    pub fn has(&self, group: &Label) -> bool {
        self.groups.iter().any(|name| name.value == *group)
    }
}

/// A named selection of groups plus a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Label,
    /// The groups that it includes besides `dependencies`.
    pub include: Vec<Label>,
    /// Its policy, merged with the top-level one.
    pub policy: Policy,
    /// The number of generations to keep.
    pub keep: u32,
    /// `files`
    pub files: FilesMode,
    /// Whether Python byte-code is compiled at sync. Default: only in `production`.
    pub compile: bool,
    /// Whether a switch survives power loss. Default: only in `production`.
    pub durable: bool,
    /// `locked`
    pub locked: LockedMode,
    /// `dev-groups "forbid"`
    pub forbid_dev_groups: bool,
    /// The spans of its declaration. `None` for a built-in environment.
    pub spans: Option<EnvironmentSpans>,
}

impl Environment {
    /// Returns the groups that it includes besides `dependencies`.
    pub fn groups(&self) -> BTreeSet<Label> {
        self.include.iter().cloned().collect()
    }
}

/// The spans of the parts of an environment that other parts of a manifest can contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSpans {
    /// The node.
    pub node: SourceSpan,
    /// The names in `include`, in the order of [`Environment::include`].
    pub include: Vec<SourceSpan>,
    /// `dev-groups "forbid"`
    pub forbid_dev_groups: Option<SourceSpan>,
}

/// Who may read a profile's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FilesMode {
    /// Permissions follow the umask, and files share their bytes with the store.
    #[default]
    Shared,
    /// Only the owner may read. Every file is a copy.
    Private,
}

/// Whether `sync` may update a stale lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockedMode {
    /// It may.
    #[default]
    IfNecessary,
    /// It must not.
    Required,
}

/// `advisories "osv" "https://osv.acme.example/"`: where advisories come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySource {
    /// What is there.
    pub form: AdvisoryForm,
    /// Its place.
    pub url: RegistryUrl,
    /// The line.
    pub span: SourceSpan,
}

/// How a source tells of advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdvisoryForm {
    /// Records of OSV: archives on a server, or a folder.
    Osv,
    /// A registry that answers of the versions that it is asked about, as npm's does. It is one that the manifest has.
    Registry,
}

/// How a registry tells which files it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RegistryForm {
    /// A document for each package.
    #[default]
    Index,
    /// One page or folder with the files of all packages, as pip's `--find-links` has it.
    Flat,
    /// The current file of each application, and nothing of what it was: a marketplace.
    Marketplace,
}

/// A named source of packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// `form`
    pub form: RegistryForm,
    /// The ecosystem whose packages it serves, which determines its protocol.
    pub ecosystem: Ecosystem,
    /// Its name, by which lockfiles refer to it.
    pub name: Label,
    /// Its address.
    pub url: RegistryUrl,
    /// The claims: globs of package names that come only from this registry.
    pub packages: Vec<Claim>,
    /// Registries of higher priority are asked first.
    pub priority: i64,
    /// The source of its token.
    pub token: Option<TokenSource>,
    /// The mirrors, tried in order if the registry does not answer.
    pub mirrors: Vec<RegistryUrl>,
    /// `rate-limit`: the least time from one request to the next.
    pub rate_limit: Option<Duration>,
    /// Whether a version whose time of publication it does not tell is old enough for `age`.
    pub admits_unknown_age: bool,
    /// `timeout`: how long an answer is waited for, and each further part of it.
    pub timeout: Option<Duration>,
    /// The most concurrent requests.
    pub concurrency: Option<u32>,
    /// `key` of a registry that signs its packages itself.
    pub keys: Vec<RegistryKey>,
    /// What is believed of its log and its publishers, if larder publishes to it.
    pub log: LogTrust,
    /// Its node. `None` for a built-in registry.
    pub span: Option<SourceSpan>,
}

/// What is believed of a registry's log and of its publishers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogTrust {
    /// `key`: the keys of which one has to sign the log's checkpoints. Several while keys rotate.
    pub keys: Vec<LogKey>,
    /// `signer`: the keys of publishers.
    pub signers: Vec<Signer>,
    /// `signers`: the list of further keys of publishers that the registry has.
    pub signer_list: Option<SignerListSource>,
    /// `freshness`: the age that a state may have.
    pub freshness: Option<Duration>,
}

/// `signers "signers.kdl" root="RWQ…"`: a list of keys at the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerListSource {
    /// The list's path below the registry. Its signature is beside it, with `.minisig` behind its name.
    pub path: EntryPath,
    /// The public key that signs the list, as minisign writes it.
    pub root: Box<str>,
}

/// A list of publishers' keys, as a registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerList {
    /// Its version, which only grows.
    pub version: u64,
    /// The keys.
    pub signers: Vec<Signer>,
}

/// `signer "release" "RWQf6LRC…" packages="orders-*"`: a publisher's key, and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Its name, for messages.
    pub name: Label,
    /// The public key, as minisign writes it.
    pub key: Box<str>,
    /// The packages that it signs.
    pub packages: Claim,
    /// `until`: the length of the registry's log up to which its signatures count.
    pub until: Option<u64>,
    /// Whether its signatures do not count any more.
    pub revoked: bool,
}

impl Registry {
    /// Returns the claim of this registry that covers a package.
    pub fn claim_on(&self, package: &PackageId) -> Option<&Claim> {
        self.packages.iter().find(|claim| claim.covers(package))
    }

    /// Creates a registry without options.
    pub fn new(ecosystem: Ecosystem, name: Label, url: RegistryUrl) -> Self {
        Self {
            ecosystem,
            form: RegistryForm::default(),
            name,
            url,
            packages: Vec::new(),
            priority: 0,
            token: None,
            mirrors: Vec::new(),
            rate_limit: None,
            admits_unknown_age: false,
            timeout: None,
            concurrency: None,
            keys: Vec::new(),
            log: LogTrust::default(),
            span: None,
        }
    }

    /// Returns the environment variable that sets a mirror to ask first: `LARDER_MIRROR_ACME_NPM`.
    pub fn mirror_variable(&self) -> String {
        let name = self.name.as_str().to_ascii_uppercase().replace(['-', '.'], "_");
        format!("LARDER_MIRROR_{name}")
    }
}

/// `runtime "node" "https://mirror/dist/"`: where runtimes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeRegistry {
    /// Whose place it takes.
    pub host: RuntimeHost,
    /// Its address.
    pub address: RuntimeAddress,
    /// The mirrors, tried in order if it does not answer.
    pub mirrors: Vec<RegistryUrl>,
    /// The node.
    pub span: SourceSpan,
}

/// The address of a host of runtimes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeAddress {
    /// A server or a folder with the files of the usual host.
    Url(RegistryUrl),
    /// `npm:`: the packages of the npm registry that hold the runtime.
    NpmPackages,
}

impl RuntimeRegistry {
    /// Returns the environment variable that sets a mirror of a host to ask first: `LARDER_MIRROR_RUNTIME_NODE`.
    pub fn mirror_variable(host: RuntimeHost) -> String {
        format!("LARDER_MIRROR_RUNTIME_{}", host.as_str().to_ascii_uppercase().replace('-', "_"))
    }
}

/// The address of a registry. Both forms end with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryUrl {
    /// `https://…`, or `http://` on loopback.
    Http(Url),
    /// A folder with the same files: absolute, or relative to the manifest.
    Folder(Arc<str>),
}

impl RegistryUrl {
    /// Returns the URL, if it is on a server.
    pub fn http(&self) -> Option<&Url> {
        match self {
            Self::Http(url) => Some(url),
            Self::Folder(_) => None,
        }
    }
}

/// The source of a token. A manifest never contains the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// An environment variable.
    Env(String),
    /// A file that contains the token.
    File(String),
    /// The entry of the registry's host in `~/.netrc`.
    Netrc,
}
