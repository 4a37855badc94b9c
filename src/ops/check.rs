//! Checking manifest, lock and policies, without touching anything.

use serde::Serialize;

use crate::lock::{Closure, Lockfile};
use crate::policy::{self, CheckStage, Finding, FindingReport, LocatedFinding, NamedText};

use super::packages::ProjectPackages;
use super::project::{lockfile, selection};
use super::session::{LOCKFILE, MANIFEST};
use super::{Error, Project, Result, Session, lock, online, policies};

/// What was checked, and found.
#[derive(Debug)]
pub struct Checked {
    /// The environments that were checked.
    pub environments: Vec<String>,
    /// How many packages the lock has.
    pub packages: usize,
    /// The private packages that were held to what publishing asks.
    pub own_packages: Vec<String>,
    /// What was found, in the order of the checks.
    pub findings: Vec<LocatedFinding>,
    /// The manifest's text.
    manifest: String,
    /// The lock's text.
    lock: String,
}

/// `larder check --json`: see `schema/check.json`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    environments: &'a [String],
    packages: usize,
    #[serde(rename = "ownPackages", skip_serializing_if = "<[_]>::is_empty")]
    own_packages: &'a [String],
    findings: Vec<FindingReport>,
}

impl Checked {
    /// Returns what `--json` prints.
    pub fn summary(&self) -> Summary<'_> {
        let findings = self.findings.iter().map(|one| one.report(self.lock_document())).collect();
        Summary {
            environments: &self.environments,
            packages: self.packages,
            own_packages: &self.own_packages,
            findings,
        }
    }

    /// Returns what `--sarif` prints.
    pub fn sarif(&self) -> impl Serialize {
        policy::sarif(&self.findings, self.lock_document(), NamedText { file: MANIFEST, text: &self.manifest })
    }

    /// Returns the findings that are denied as an error.
    pub fn refusal(&self) -> Option<Error> {
        policies::refuse(&self.findings, &self.lock).err()
    }

    fn lock_document(&self) -> NamedText<'_> {
        NamedText { file: LOCKFILE, text: &self.lock }
    }
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
pub fn check(session: &Session<'_>, with: ComparedWith) -> Result<Checked> {
    let own = ProjectPackages::of(session.context);
    if let Ok(own) = &own
        && own.is_alone
        && lockfile::text(&own.root)?.is_none()
    {
        return Ok(Checked {
            environments: Vec::new(),
            packages: 0,
            own_packages: own.check()?,
            findings: Vec::new(),
            manifest: String::new(),
            lock: String::new(),
        });
    }
    // What is wrong with the manifest is told of all of it, and not of the package alone.
    let project = Project::open(session.context)?;
    let own_packages = own?.check()?;
    let lock = lockfile::text(&project.root)?.unwrap_or_default();
    let lockfile = lock::fresh(&project)?;
    let mut findings = match with {
        ComparedWith::Manifest => Vec::new(),
        ComparedWith::Registries => policies::mismatched(&lockfile, &online::compare(session, &project, &lockfile)?),
    };
    findings.extend(of_all_environments(&project, &lockfile));
    Ok(Checked {
        environments: project.manifest.environments.iter().map(|one| one.name.to_string()).collect(),
        packages: lockfile.graph.packages.len(),
        own_packages,
        findings: policies::describe(findings, &lockfile, &lock),
        manifest: project.manifest.text.to_string(),
        lock,
    })
}

/// Returns what is found in any environment, each once and as severe as in the strictest.
fn of_all_environments(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for environment in &project.manifest.environments {
        let platforms = lockfile.settings.platforms.iter().map(|target| Some(target.platform));
        let reached: Vec<Closure<'_>> =
            platforms.map(|platform| Closure::of(&lockfile.graph, &selection(environment, platform))).collect();
        for finding in policies::judge(project, environment, lockfile, &reached, CheckStage::OnRequest) {
            match all.iter_mut().find(|known| (known.check, &known.message) == (finding.check, &finding.message)) {
                Some(known) if known.severity < finding.severity => *known = finding,
                Some(_) => {}
                None => all.push(finding),
            }
        }
    }
    all.sort_by(|a, b| {
        let place = |finding: &Finding| {
            (policy::CHECKS.iter().position(|check| check.name() == finding.check), finding.package.clone())
        };
        place(a).cmp(&place(b))
    });
    all
}
