//! What the checks say of a project's lock, and what its policies refuse.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::slice::from_ref;

use rustc_hash::FxHashMap;

use crate::license::LicenseFact;
use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{CheckName, Package, PackageKey, Severity};
use crate::policy::{
    self, CheckInput, CheckStage, Finding, FindingReport, KnownVulnerabilities, LocatedFinding, NamedText, PolicyError,
    PublicationTimes, SolveNotes, UnusedLine,
};
use crate::provenance::{ProvenanceVerdict, SignatureVerdict};
use crate::resolve::Mismatch;

use super::project::{own_runtimes, selection};
use super::session::{LOCKFILE, MANIFEST};
use super::{
    Context, Project, Result, Session, advisories, facts::attestations, facts::publication_times,
    facts::registry_signatures,
};

/// A lock that is judged, with its project.
pub(super) struct Subject<'a> {
    context: &'a Context<'a>,
    project: &'a Project,
    lockfile: &'a Lockfile,
    /// What is known of vulnerabilities, once a policy asked for it.
    advisories: OnceCell<KnownVulnerabilities>,
    /// What is known of licenses, if it was read.
    licenses: Option<BTreeMap<PackageKey, LicenseFact>>,
    /// What is known of when packages were published, if it was looked up.
    published: Option<PublicationTimes>,
    /// What the registries' signatures are worth, if they were judged.
    signatures: Option<BTreeMap<PackageKey, SignatureVerdict>>,
    /// What is known of who built packages, if it was looked up.
    provenance: Option<BTreeMap<PackageKey, ProvenanceVerdict>>,
    /// The direct dependencies that nothing uses, if they were looked for.
    unused: Option<Vec<UnusedLine>>,
    /// The score of the dependencies' health, if it was computed.
    health: Option<u8>,
    /// Why versions were yanked, if registries were asked.
    yank_reasons: Option<&'a BTreeMap<PackageKey, String>>,
}

impl<'a> Subject<'a> {
    /// Begins; nothing is read before a policy asks for it.
    pub(super) fn new(context: &'a Context<'a>, project: &'a Project, lockfile: &'a Lockfile) -> Self {
        Self {
            context,
            project,
            lockfile,
            advisories: OnceCell::new(),
            licenses: None,
            published: None,
            signatures: None,
            provenance: None,
            unused: None,
            health: None,
            yank_reasons: None,
        }
    }

    /// Begins, and looks up what the policies of environments want to know of packages: when they were published, whether their
    /// registries signed them, and who built them.
    pub(super) fn looking_up<'p, I: Iterator<Item = (&'p PackageKey, &'p Package)>>(
        session: &'a Session<'_>,
        (project, lockfile): (&'a Project, &'a Lockfile),
        packages: impl Fn() -> I,
        environments: &[&Environment],
    ) -> Result<Self> {
        let published = publication_times::asked_for(session, project, packages(), environments)?;
        let signatures = registry_signatures::asked_for(
            session,
            project,
            packages(),
            environments,
            registry_signatures::SignatureScope::ByPolicy,
        )?;
        let provenance = attestations::asked_for(session, project, packages(), environments)?;
        let subject = Self::new(session.context, project, lockfile).with_publication_times(published);
        Ok(subject.with_signatures(signatures).with_provenance(provenance))
    }

    /// Has vulnerabilities judged in any case.
    pub(super) fn with_advisories(self, known: KnownVulnerabilities) -> Self {
        Self { advisories: OnceCell::from(known), ..self }
    }

    /// Has no vulnerabilities judged.
    pub(super) fn without_advisories(self) -> Self {
        self.with_advisories(KnownVulnerabilities::default())
    }

    /// Has licenses judged.
    pub(super) fn with_licenses(self, known: BTreeMap<PackageKey, LicenseFact>) -> Self {
        Self { licenses: Some(known), ..self }
    }

    /// Has ages judged, if the times of publication are known.
    pub(super) fn with_publication_times(self, published: Option<PublicationTimes>) -> Self {
        Self { published, ..self }
    }

    /// Has the registries' signatures judged, if they are known.
    pub(super) fn with_signatures(self, signatures: Option<BTreeMap<PackageKey, SignatureVerdict>>) -> Self {
        Self { signatures, ..self }
    }

    /// Has judged who built packages, if it is known.
    pub(super) fn with_provenance(self, provenance: Option<BTreeMap<PackageKey, ProvenanceVerdict>>) -> Self {
        Self { provenance, ..self }
    }

    /// Has dependencies that nothing uses judged, if they are known.
    pub(super) fn with_unused(self, unused: Option<Vec<UnusedLine>>) -> Self {
        Self { unused, ..self }
    }

    /// Has the score of the dependencies' health judged, if it is known.
    pub(super) fn with_health(self, health: Option<u8>) -> Self {
        Self { health, ..self }
    }

    /// Has told why versions were yanked.
    pub(super) fn with_yank_reasons(self, reasons: &'a BTreeMap<PackageKey, String>) -> Self {
        Self { yank_reasons: Some(reasons), ..self }
    }

    /// Fails where the environment's policy forbids what only the files of the closure's packages tell: their licenses, and that
    /// nothing uses them. Returns what it only warns of.
    pub(super) fn check_gathered(&self, environment: &Environment, closure: &Closure<'_>) -> Result<Vec<Finding>> {
        let input = CheckInput { closures: Some(from_ref(closure)), ..self.input() };
        let manifest = &self.project.manifest;
        self.refuse_denied(policy::check_environment(&input, manifest, environment, CheckStage::Gathered))
    }

    /// Fails where the environment's policy forbids what the closure has; returns what it only warns of.
    pub(super) fn check(&self, environment: &Environment, closure: &Closure<'_>) -> Result<Vec<Finding>> {
        self.refuse_denied(self.judge(environment, from_ref(closure), CheckStage::BeforeBuild)?)
    }

    fn refuse_denied(&self, findings: Vec<Finding>) -> Result<Vec<Finding>> {
        if findings.iter().any(Finding::is_denied) {
            let text = self.lockfile.to_text();
            refuse(&describe(findings.clone(), self.lockfile, &text), &text)?;
        }
        Ok(findings)
    }

    /// Returns what is found in the parts of a lock that an environment reaches.
    pub(super) fn judge(
        &self,
        environment: &Environment,
        reached: &[Closure<'_>],
        on: CheckStage,
    ) -> Result<Vec<Finding>> {
        let advisories = self.advisories(from_ref(environment))?;
        let input = CheckInput { closures: Some(reached), advisories, ..self.input() };
        Ok(policy::check_environment(&input, &self.project.manifest, environment, on))
    }

    /// Returns what is found in each environment, with the environment.
    pub(super) fn judge_each(&self, environments: &[&'a Environment]) -> Result<Vec<(&'a Environment, Vec<Finding>)>> {
        let platforms = || self.lockfile.settings.platforms.iter().map(|target| Some(target.platform));
        let judged = environments.iter().map(|&environment| {
            let selections = platforms().map(|platform| selection(environment, platform));
            let reached: Vec<_> = selections.map(|one| Closure::of(&self.lockfile.graph, &one)).collect();
            Ok((environment, self.judge(environment, &reached, CheckStage::OnRequest)?))
        });
        judged.collect()
    }

    /// Returns what is told of a lock that a project goes on with.
    pub(super) fn standing(&self) -> Result<Vec<Finding>> {
        self.check_whole(&self.input(), CheckStage::ExistingLock)
    }

    /// Returns what is told of a lock that was just solved, and that replaces another.
    pub(super) fn solved(&self, before: &Lockfile, solve: &SolveNotes) -> Result<Vec<Finding>> {
        let input = CheckInput { previous: Some(before), solve: Some(solve), ..self.input() };
        self.check_whole(&input, CheckStage::AfterSolve)
    }

    /// Returns what is found in the whole lock, the groups included that no environment has.
    pub(super) fn whole(&self) -> Result<Vec<Finding>> {
        self.check_whole(&self.input(), CheckStage::OnRequest)
    }

    fn check_whole(&self, input: &CheckInput<'_>, stage: CheckStage) -> Result<Vec<Finding>> {
        let advisories = self.advisories(&self.project.manifest.environments)?;
        let input = CheckInput { advisories, ..input.clone() };
        Ok(policy::check_lock(&input, &self.project.manifest, stage))
    }

    /// Looks up the vulnerabilities of the lock if the policy of an environment says something of advisories.
    fn advisories(&self, environments: &[Environment]) -> Result<Option<&KnownVulnerabilities>> {
        let is_asked = environments.iter().any(|environment| environment.policy.advisories.span.is_some());
        if self.advisories.get().is_none() && is_asked {
            let known = advisories::look_up(self.context, self.project, self.lockfile)?;
            return Ok(Some(self.advisories.get_or_init(|| known)));
        }
        Ok(self.advisories.get())
    }

    fn input(&self) -> CheckInput<'_> {
        CheckInput {
            registries: &self.project.manifest.registries,
            lines: &self.project.lines,
            environments: &self.project.manifest.environments,
            local_warnings: &self.project.warnings,
            engine_mismatches: own_runtimes::warnings(self.project),
            licenses: self.licenses.as_ref(),
            published: self.published.as_ref(),
            signatures: self.signatures.as_ref(),
            provenance: self.provenance.as_ref(),
            unused: self.unused.as_deref(),
            health: self.health,
            yank_reasons: self.yank_reasons,
            ..CheckInput::whole(self.lockfile)
        }
    }
}

/// Returns whether the policy of an environment says that a check's findings are told.
pub(super) fn is_asked_for(check: CheckName, environment: &Environment) -> bool {
    environment.policy.rule(check).is_some_and(|rule| rule.severity > Severity::Allow)
}

/// Returns findings of several environments, each once and as severe as in the strictest, in the order of the checks.
pub(super) fn joined(found: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let mut places: FxHashMap<(CheckName, String), usize> = FxHashMap::default();
    for finding in found {
        match places.entry((finding.check, finding.message.clone())) {
            Entry::Occupied(place) => {
                let known = &mut all[*place.get()];
                if known.severity < finding.severity {
                    *known = finding;
                }
            }
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(finding);
            }
        }
    }
    let order = |check: CheckName| policy::CHECKS.iter().position(|known| known.name() == check);
    all.sort_by(|a, b| (order(a.check), &a.package).cmp(&(order(b.check), &b.package)));
    all
}

/// Fails with the findings that are denied.
pub(super) fn refuse(described: &[LocatedFinding], lock_text: &str) -> Result<()> {
    match PolicyError::new(described, NamedText { file: LOCKFILE, text: lock_text }) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Returns the findings that are repeated whenever a lock is used unchanged: those that need nothing but the lock and the manifest.
pub(super) fn standing_alone(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    policy::check_lock(&CheckInput::whole(lockfile), &project.manifest, CheckStage::ExistingLock)
}

/// Returns what of a lock is not what its registries say.
pub(super) fn mismatched(lockfile: &Lockfile, mismatches: &[Mismatch]) -> Vec<Finding> {
    let subject = CheckInput { mismatches, ..CheckInput::whole(lockfile) };
    policy::check_named(CheckName::Metadata).map(|check| check.run(&subject)).unwrap_or_default()
}

/// Looks up the places of findings.
pub(super) fn describe(findings: Vec<Finding>, lockfile: &Lockfile, lock_text: &str) -> Vec<LocatedFinding> {
    policy::locate(findings, lockfile, lock_text, MANIFEST)
}

/// Returns findings as `--json` prints them.
pub(super) fn reports(described: &[LocatedFinding], lock_text: &str) -> Vec<FindingReport> {
    described.iter().map(|one| one.report(NamedText { file: LOCKFILE, text: lock_text })).collect()
}

/// Returns findings as the strings of `"warnings"`: packages and folders that want the same Node are told of together.
pub(super) fn messages(findings: &[Finding]) -> impl Iterator<Item = String> {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for finding in findings {
        let shared = match finding.message.split_once(": ") {
            Some((who, wants)) if finding.check == CheckName::Engines => Some((who, wants)),
            _ => None,
        };
        match shared {
            None => told.push((finding.message.clone(), Vec::new())),
            Some((who, wants)) => match told.iter_mut().find(|(known, all)| known == wants && !all.is_empty()) {
                Some((_, all)) => all.push(who),
                None => told.push((wants.to_owned(), vec![who])),
            },
        }
    }
    told.into_iter().map(|(message, who)| match who[..] {
        [] => message,
        [one] => format!("{one}: {message}"),
        [ref first @ .., last] => {
            let plural = message.replacen("it wants", "they want", 1).replacen("wants", "want", 1);
            format!("{} and {last}: {plural}", first.join(", "))
        }
    })
}
