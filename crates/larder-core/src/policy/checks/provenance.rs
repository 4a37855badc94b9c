//! Packages that were not built by whom the policy wants, or by somebody else than the version before.

use crate::manifest::Policy;
use crate::model::{CheckName, LockedProvenance, PackageKey, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};
use crate::provenance::ProvenanceVerdict;

pub(super) struct ProvenanceCheck;

impl Check for ProvenanceCheck {
    fn name(&self) -> CheckName {
        CheckName::Provenance
    }

    fn code(&self) -> &'static str {
        "larder::policy::provenance"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &CheckStage::ALL
    }

    fn object(&self) -> &'static str {
        "packages of another origin"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "find out why before you go on; `larder trust npm:NAME` accepts who builds a package now; a `require` line that is wrong has \
         to be changed"
    }

    /// Returns a finding for each package that another one built than the version before, and for each whose build was looked up;
    /// most of these are then allowed.
    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.packages();
        let locked = input.lock.provenance.iter().filter(|(key, _)| packages.contains_key(key));
        let mut found: Vec<Finding> =
            locked.filter_map(|(key, locked)| Some(self.package_finding(key, downgrade(key, locked)?))).collect();
        if let Some(known) = input.provenance {
            let judged = packages.into_keys().filter_map(|key| Some((key, known.get(key)?)));
            found.extend(judged.map(|(key, verdict)| self.package_finding(key, format!("{key} {verdict}"))));
        }
        found
    }

    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let (rules, key) = (&policy.provenance, finding.package.as_ref()?);
        let allowed = Judgement { severity: Severity::Allow, rule: None, note: None };
        if rules.span.is_none() {
            return Some(allowed);
        }
        let is_downgrade = input
            .lock
            .provenance
            .get(key)
            .and_then(|locked| downgrade(key, locked))
            .is_some_and(|one| one == finding.message);
        if is_downgrade {
            let severity = if rules.no_downgrade.is_some() { Severity::Deny } else { Severity::Warn };
            return Some(Judgement { severity, rule: rules.no_downgrade, note: None });
        }
        let verdict = input.provenance?.get(key)?;
        let wanted = rules.required.iter().filter(|required| required.names.covers(&key.id));
        let unmet = wanted.into_iter().find(|required| match verdict {
            ProvenanceVerdict::Built(identity) => !required.admits(identity),
            _ => true,
        });
        Some(match unmet {
            None => allowed,
            Some(required) => {
                let is_by_another = matches!(verdict, ProvenanceVerdict::Built(_));
                let note = is_by_another.then(|| format!("{} is required", required.builder()));
                Judgement { severity: Severity::Deny, rule: Some(required.span), note }
            }
        })
    }
}

/// `npm:left@1.1.0 is of github.com/stranger/left by release.yml, and the version before of github.com/acme/left by release.yml`
fn downgrade(key: &PackageKey, locked: &LockedProvenance) -> Option<String> {
    let before = locked.instead_of.as_ref()?;
    Some(match &locked.built_by {
        Some(now) => format!("{key} was built from {now}, and the version before it from {before}"),
        None => format!("nobody vouches for who built {key}, and the version before it was built from {before}"),
    })
}
