//! What a manifest says, checked and with the spans that errors point at.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::SourceSpan;

use crate::model::{CheckName, Ecosystem, Label, PackageId, Requirement, Settings, Severity, Url};

use super::Claim;

/// A value and where it stands in the manifest's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: SourceSpan,
}

/// A whole manifest: of a project, or of a member (which has only `dependencies` and `groups`).
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file's path, for messages.
    pub file: Arc<str>,
    /// The text that spans point into.
    pub text: Arc<str>,
    /// The `project` node; a member may have none.
    pub project: Option<Project>,
    /// Runtimes, platforms and `resolution`; defaults filled in.
    pub settings: Settings,
    /// The registries: those declared, then `npmjs` and `pypi` where they were not named.
    pub registries: Vec<Registry>,
    /// `dependencies`
    pub dependencies: Vec<Dependency>,
    /// The groups, in order; blocks of one name are one group.
    pub groups: Vec<Group>,
    /// The environments; `development` and `production` where none is declared.
    pub environments: Vec<Environment>,
    /// Groups that exclude each other.
    pub conflicts: Vec<Conflict>,
    /// `members` globs; those that begin with `!` say which folders are none.
    pub members: Vec<Spanned<String>>,
}

/// The `project` node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: Spanned<String>,
    /// Its version.
    pub version: Option<semver::Version>,
    /// Its SPDX license expression.
    pub license: Option<String>,
}

/// One line of `dependencies` or of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What is asked for.
    pub wanted: Wanted,
    /// `optional=#true`
    pub optional: bool,
    /// `registry=`
    pub registry: Option<Label>,
    /// The place of `registry=`'s value.
    pub registry_span: Option<SourceSpan>,
    /// `when=` of an npm, larder or path line (a pypi line's is in its requirement).
    pub when: crate::model::Marker,
    /// `prereleases="allow"` of a pypi line.
    pub prereleases: bool,
    /// The line.
    pub span: SourceSpan,
    /// The range within the line, or the line where it has none.
    pub range_span: SourceSpan,
}

/// What a dependency line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A package of a registry.
    Package(Requirement),
    /// A folder relative to the manifest that names it; its own manifest tells its name.
    Folder(Arc<str>),
}

impl Dependency {
    /// Returns the ecosystem, which is the node's name.
    pub fn ecosystem(&self) -> Ecosystem {
        match &self.wanted {
            Wanted::Package(requirement) => requirement.package().ecosystem,
            Wanted::Folder(_) => Ecosystem::Path,
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
    pub dependencies: Vec<Dependency>,
}

/// Groups of which an environment has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Their names, each once.
    pub groups: Vec<Spanned<Label>>,
    /// The line.
    pub span: SourceSpan,
}

impl Conflict {
    /// Returns whether a group is one of them.
    pub fn has(&self, group: &Label) -> bool {
        self.groups.iter().any(|name| name.value == *group)
    }
}

/// A named selection of groups plus a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Label,
    /// The groups that it has besides `dependencies`.
    pub include: Vec<Label>,
    /// Its policy, over the top-level one.
    pub policy: Policy,
    /// Generations that are kept.
    pub keep: u32,
    /// `files`
    pub files: FilesMode,
    /// Whether Python's byte-code is made ahead; the default in `production`.
    pub compile: bool,
    /// Whether the switch survives power loss; the default in `production`.
    pub durable: bool,
    /// `locked`
    pub locked: LockedMode,
    /// `dev-groups "forbid"`
    pub forbid_dev_groups: bool,
    /// Where it is declared; none for the built-in ones.
    pub places: Option<EnvironmentPlaces>,
}

/// Where the parts of an environment stand that other parts of a manifest can contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentPlaces {
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
    /// As the umask says, sharing bytes with the store.
    #[default]
    Shared,
    /// Nobody but the owner; every file a copy.
    Private,
}

/// Whether sync may bring a stale lock up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockedMode {
    /// It may.
    #[default]
    IfNecessary,
    /// It must not.
    Required,
}

/// What is allowed in an environment: the severity of each check that the manifest says something of.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy(BTreeMap<CheckName, Rule>);

/// A line of a `policy` block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What becomes of what the check finds.
    pub severity: Severity,
    /// The line.
    pub span: SourceSpan,
}

impl Policy {
    /// Sets the rule of a check.
    pub fn set(&mut self, check: CheckName, rule: Rule) {
        self.0.insert(check, rule);
    }

    /// Returns the rule of a check. `None` if the manifest does not mention it.
    pub fn rule(&self, check: CheckName) -> Option<Rule> {
        self.0.get(&check).copied()
    }

    /// Returns the policy of an environment whose own block is `self`, below the top-level `base`: the stricter rule
    /// holds, unless the environment allows.
    pub(super) fn over(&self, base: &Self) -> Self {
        let mut joined = base.clone();
        for (&check, &own) in &self.0 {
            let is_weaker = base.rule(check).is_some_and(|base| base.severity > own.severity);
            if !is_weaker || own.severity == Severity::Allow {
                joined.set(check, own);
            }
        }
        joined
    }
}

/// A named source of packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// The ecosystem whose packages it serves, which is the protocol that it speaks.
    pub ecosystem: Ecosystem,
    /// Its name: what lockfiles know it by.
    pub name: Label,
    /// Where it is.
    pub url: RegistryUrl,
    /// The globs of names that come from here and from nowhere else.
    pub packages: Vec<Claim>,
    /// The higher, the earlier it is asked.
    pub priority: i64,
    /// Where its token is.
    pub token: Option<Token>,
    /// Tried in order when it does not answer.
    pub mirrors: Vec<RegistryUrl>,
    /// Requests per second.
    pub rate_limit: Option<u32>,
    /// Requests at once.
    pub concurrency: Option<u32>,
    /// Its node; none for the built-in ones.
    pub span: Option<SourceSpan>,
}

impl Registry {
    /// Returns the claim by which a package comes from this registry.
    pub fn claim_on(&self, package: &PackageId) -> Option<&Claim> {
        self.packages.iter().find(|claim| claim.covers(package))
    }

    /// Returns a registry of which no more is said than what it is and where.
    pub fn new(ecosystem: Ecosystem, name: Label, url: RegistryUrl) -> Self {
        Self {
            ecosystem,
            name,
            url,
            packages: Vec::new(),
            priority: 0,
            token: None,
            mirrors: Vec::new(),
            rate_limit: None,
            concurrency: None,
            span: None,
        }
    }

    /// Returns the variable of the process's environment that can put a mirror in front: `LARDER_MIRROR_ACME_NPM`.
    pub fn mirror_variable(&self) -> String {
        let name = self.name.as_str().to_ascii_uppercase().replace(['-', '.'], "_");
        format!("LARDER_MIRROR_{name}")
    }
}

/// Where a registry is. Ends with `/` in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryUrl {
    /// `https://…`, or `http://` on loopback.
    Http(Url),
    /// A folder that holds the same files: absolute, or relative to the manifest.
    Folder(Arc<str>),
}

/// A reference to a secret, never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A variable of the process's environment.
    Env(String),
    /// A file that holds it.
    File(String),
    /// The host's entry in `~/.netrc`.
    Netrc,
}
