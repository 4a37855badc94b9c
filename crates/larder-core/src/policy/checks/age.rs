//! Versions that are too young: those that are locked, by the `age` of an environment; and newer ones of direct dependencies that
//! the top-level `age` keeps away, which only a solve knows.

use crate::manifest::{Policy, RequiredAge};
use crate::model::{CheckName, PackageKey, Severity, TimeLimits, span_text};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding, PublicationTimes};
use crate::resolve::TooYoung;

/// How many versions are listed with a line each.
const LISTED: usize = 3;

pub(super) struct AgeCheck;

impl Check for AgeCheck {
    fn name(&self) -> CheckName {
        CheckName::Age
    }

    fn code(&self) -> &'static str {
        "larder::policy::age"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "versions that are too young"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are too young" }
    }

    fn help(&self) -> &'static str {
        "wait until they are old enough, lock older versions, or admit them with a line in the block of `age`: \
         `exempt npm \"x\" versions=\"…\"`"
    }

    /// Returns a finding for each newer version that is held back, and for every locked one whose time was looked up; most of these
    /// are then allowed.
    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let mut found = self.held_back(input);
        if let Some(known) = input.published {
            let locked = input.packages().into_keys().filter_map(|key| Some((key, known.times.get(key)?)));
            found.extend(locked.map(|(key, published)| {
                let message = match published {
                    Some(published) => format!("{key} was published at {published}"),
                    None => format!("{key} has no time of publication: its registry does not tell"),
                };
                self.package_finding(key, message)
            }));
        }
        found
    }

    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let (key, known) = (finding.package.as_ref()?, input.published?);
        let allowed = Judgement { severity: Severity::Allow, rule: None, note: None };
        let Some(age) = &policy.age else { return Some(allowed) };
        if is_old_enough(age, key, known) {
            return Some(allowed);
        }
        let minimum = span_text(age.minimum.minimum);
        let note = Some(format!("the policy wants an age of {minimum}"));
        Some(Judgement { severity: Severity::Deny, rule: Some(age.span), note })
    }
}

impl AgeCheck {
    fn held_back(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let mut young: Vec<&TooYoung> = input.solve.into_iter().flat_map(|solve| &solve.too_young).collect();
        young.sort_by_key(|young| &young.package);
        young.dedup();
        let help = Some(
            "`larder update` takes them when they are old enough; `exempt` in the block of `age` admits them now"
                .to_owned(),
        );
        let messages: Vec<String> = if young.len() <= LISTED {
            young.into_iter().map(ToString::to_string).collect()
        } else {
            let names: Vec<String> = young.iter().map(|young| young.package.to_string()).collect();
            vec![format!("{} newer versions are too young for `age`: {}", names.len(), names.join(", "))]
        };
        messages.into_iter().map(|one| Finding { help: help.clone(), ..self.project_finding(one) }).collect()
    }
}

fn is_old_enough(age: &RequiredAge, key: &PackageKey, known: &PublicationTimes) -> bool {
    let published = known.times.get(key).copied().flatten();
    let cutoff = age.minimum.cutoff_at(known.now);
    TimeLimits::new(&key.id, None, Some(cutoff), &age.minimum.exempt).admit(&key.version, published)
}
