//! Checking manifest, lock and policies, without touching anything.

use serde::Serialize;

use crate::model::{Ecosystem, PackageId};
use crate::policy::{self, FindingFiles, FindingReport, LocatedFinding, NamedText};

use super::asset_findings::AssetFinding;
use super::assets::{self, CheckedAssets};
use super::compatibility::{self, Baseline, Comparison};
use super::facts::registry_notices::{AskedPackages, Notices};
use super::failed_check::{FailedCheck, Other};
use super::packages::{OwnPackage, ProjectPackages, prepare};
use super::policies::Subject;
use super::project::{lockfile, repository};
use super::registry::target::RegistryTarget;
use super::session::{LOCKFILE, MANIFEST};
use super::{
    Error, Project, Result, Session, analyze, facts::license_facts, inspection, lock, online, order, policies,
};

/// What was checked, and found.
#[derive(Debug)]
pub struct Checked {
    /// The environments that were checked.
    pub environments: Vec<String>,
    /// How many packages the lock has.
    pub packages: usize,
    /// The private packages that were held to what publishing asks.
    pub own_packages: Vec<String>,
    /// The package whose folder larder was started in, compared with a published version.
    pub comparison: Option<Comparison>,
    /// What was found, in the order of the checks.
    pub findings: Vec<LocatedFinding>,
    /// What was found in the packages' assets.
    pub assets: CheckedAssets,
    /// The manifest's text.
    manifest: String,
    /// The lock's text.
    lock: String,
    /// The project's folder relative to its repository's.
    prefix: String,
}

/// `larder check --json`: see `schema/check.json`.
#[derive(Debug, Serialize)]
pub struct CheckSummary<'a> {
    environments: &'a [String],
    packages: usize,
    #[serde(rename = "ownPackages", skip_serializing_if = "<[_]>::is_empty")]
    own_packages: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
    findings: Vec<FindingReport>,
    #[serde(skip_serializing_if = "is_zero")]
    assets: usize,
    #[serde(rename = "assetFindings", skip_serializing_if = "Vec::is_empty")]
    asset_findings: Vec<AssetFinding<'a>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Checked {
    /// Returns what `--json` prints.
    pub fn summary(&self) -> CheckSummary<'_> {
        let findings = self.findings.iter().map(|one| one.report(self.lock_document())).collect();
        CheckSummary {
            environments: &self.environments,
            packages: self.packages,
            own_packages: &self.own_packages,
            comparison: self.comparison.as_ref(),
            findings,
            assets: self.assets.count,
            asset_findings: self.assets.findings.iter().map(AssetFinding::from).collect(),
        }
    }

    /// Returns what `--sarif` prints.
    pub fn sarif(&self) -> impl Serialize {
        policy::sarif(&self.findings, self.files(), &self.assets.findings)
    }

    /// Returns what `--github` prints.
    pub fn github(&self) -> String {
        let policies = policy::github_annotations(&self.findings, self.files());
        policies + &policy::github_annotations_in_files(&self.assets.findings, self.files())
    }

    /// Returns the findings that are denied as an error, with all that was found besides.
    pub fn refusal(&self) -> Option<Error> {
        let denied = policies::refuse(&self.findings, &self.lock).err();
        let has_denied = denied.is_some();
        let assets = self.assets.refusal().map(Error::from);
        let breaking = self.comparison.as_ref().and_then(Comparison::refusal).map(Error::from);
        let has_wrong_assets = assets.is_some();
        let mut causes = denied.into_iter().chain(assets).chain(breaking);
        let cause = causes.next()?;
        let mut others: Vec<Other> = causes.map(Other::Error).collect();
        // A policy that refuses tells its own.
        others.extend(self.findings.iter().filter(|_| !has_denied).map(Other::warning));
        if !has_wrong_assets {
            others.extend(self.assets.diagnostics().into_iter().map(Other::Asset));
        }
        Some(FailedCheck::join(cause, others))
    }

    fn lock_document(&self) -> NamedText<'_> {
        NamedText { file: LOCKFILE, text: &self.lock }
    }

    fn files(&self) -> FindingFiles<'_> {
        let manifest = NamedText { file: MANIFEST, text: &self.manifest };
        FindingFiles { lock: self.lock_document(), manifest, prefix: &self.prefix }
    }
}

/// What is asked of `check`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CheckOptions {
    /// What the lock is compared with.
    pub with: ComparedWith,
    /// The published version that the package is compared with. `None`: with the registries, the one that it has to keep what it
    /// promises of, if any.
    pub against: Option<Baseline>,
    /// The registry of the package: a name in larder.kdl, or a folder.
    pub registry: Option<String>,
}

/// What a lock is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ComparedWith {
    /// The manifest and its policies, offline.
    #[default]
    Manifest,
    /// Also what the registries say of each locked package.
    Registries,
}

/// Checks a project and its private packages, and changes nothing. A package that stands alone needs no lock.
pub fn check(session: &Session<'_>, options: &CheckOptions) -> Result<Checked> {
    let own = ProjectPackages::of(session.context);
    if let Ok(own) = &own
        && own.is_alone
        && lockfile::text(&own.root)?.is_none()
    {
        let assets = assets::check(session)?;
        return Ok(Checked {
            environments: Vec::new(),
            packages: 0,
            own_packages: check_own(own, &assets)?,
            comparison: comparison(session, options)?,
            findings: Vec::new(),
            assets,
            manifest: String::new(),
            lock: String::new(),
            prefix: repository::prefix(&own.root)?,
        });
    }
    // What is wrong with the manifest is told of all of it, and not of the package alone.
    let project = Project::open(session.context)?;
    let assets = assets::check(session)?;
    let own_packages = check_own(&own?, &assets)?;
    match check_locked(session, options, &project, own_packages) {
        Ok(checked) => Ok(Checked { assets, ..checked }),
        // What was found in assets is told whatever else is wrong.
        Err(error) => Err(FailedCheck::join(error, beside(&assets))),
    }
}

/// Returns what was found in assets, as it is told beside another error.
fn beside(assets: &CheckedAssets) -> Vec<Other> {
    match assets.refusal() {
        Some(wrong) => vec![Other::Error(wrong.into())],
        None => assets.diagnostics().into_iter().map(Other::Asset).collect(),
    }
}

/// Checks all of a project but its assets, which were checked.
fn check_locked(
    session: &Session<'_>,
    options: &CheckOptions,
    project: &Project,
    own_packages: Vec<String>,
) -> Result<Checked> {
    order::refuse_cycles(project)?;
    let lock = lockfile::text(&project.root)?.unwrap_or_default();
    let lockfile = lock::fresh(project)?;
    let comparison = comparison(session, options)?;
    let mut findings = match options.with {
        ComparedWith::Manifest => Vec::new(),
        ComparedWith::Registries => policies::mismatched(&lockfile, &online::compare(session, project, &lockfile)?),
    };
    let environments = inspection::environments(session, project)?;
    let notices = match options.with {
        ComparedWith::Manifest => None,
        ComparedWith::Registries => Some(Notices::ask(session, project, &lockfile, AskedPackages::Private)?),
    };
    let today = notices.as_ref().map_or(&lockfile, |notices| &notices.lockfile);
    let mut subject = Subject::looking_up(session, (project, today), || lockfile.graph.packages.iter(), &environments)?
        .with_unused(analyze::asked_for(session, project, &lockfile, &environments)?);
    if let Some(notices) = &notices {
        subject = subject.with_yank_reasons(&notices.yank_reasons);
    }
    if let Some(known) = license_facts::asked_for(session, project, &lockfile, &environments)? {
        subject = subject.with_licenses(known);
    }
    let judged = subject.judge_each(&environments)?;
    findings.extend(policies::joined(judged.into_iter().flat_map(|(_, found)| found)));
    Ok(Checked {
        environments: environments.iter().map(|one| one.name.to_string()).collect(),
        packages: lockfile.graph.packages.len(),
        own_packages,
        comparison,
        findings: policies::describe(findings, &lockfile, &lock),
        assets: CheckedAssets::default(),
        manifest: project.manifest.text.to_string(),
        lock,
        prefix: repository::prefix(&project.root)?,
    })
}

/// Holds the packages to what publishing asks. What is wrong with their assets is told first, all of it.
fn check_own(own: &ProjectPackages, assets: &CheckedAssets) -> Result<Vec<String>> {
    own.check(&|name| assets.has_checked(name)).map_err(|error| match assets.refusal() {
        Some(wrong) => FailedCheck::join(wrong.into(), vec![Other::Error(error)]),
        None => FailedCheck::join(error, beside(assets)),
    })
}

/// Compares the package whose folder larder was started in with a published version, if that is asked for, or if registries are and
/// the package belongs to one.
fn comparison(session: &Session<'_>, options: &CheckOptions) -> Result<Option<Comparison>> {
    let context = session.context();
    let baseline = match (&options.against, options.with) {
        (Some(baseline), _) => baseline,
        (None, ComparedWith::Registries) if OwnPackage::of(context).is_ok() => &Baseline::Promised,
        (None, _) => return Ok(None),
    };
    let project = Project::open(context).ok();
    let has_registry =
        project.iter().flat_map(|one| &one.manifest.registries).any(|one| one.ecosystem.is_published_with_larder());
    if options.against.is_none() && !has_registry {
        return Ok(None);
    }
    let prepared = prepare(&OwnPackage::of(context)?, &[])?;
    let id = PackageId::new(Ecosystem::PRIVATE, prepared.body.name.clone());
    let target = RegistryTarget::find(context, project.as_ref(), options.registry.as_deref(), &id)?;
    compatibility::compare(session, &target, &prepared, baseline)
}
