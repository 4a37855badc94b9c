//! Versions with known vulnerabilities.

use crate::advisory::Vulnerability;
use crate::manifest::Policy;
use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct AdvisoriesCheck;

impl Check for AdvisoriesCheck {
    fn name(&self) -> CheckName {
        CheckName::Advisories
    }

    fn code(&self) -> &'static str {
        "larder::policy::advisories"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &CheckStage::ALL
    }

    fn object(&self) -> &'static str {
        "known vulnerabilities"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "`larder audit --fix` moves what a newer version cures; what does not matter here can be ignored: \
         `policy { advisories { ignore \"ID\" reason=\"…\" until=\"2030-01-31\"; } }`"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let Some(known) = input.advisories else { return Vec::new() };
        let packages = input.packages();
        let there = known.found.iter().filter(|vulnerability| packages.contains_key(&vulnerability.package));
        let found = there.map(|vulnerability| Finding {
            vulnerability: Some(Box::new(vulnerability.clone())),
            ..self.package_finding(&vulnerability.package, sentence(vulnerability))
        });
        let missing = known.missing.iter().map(|source| Finding {
            help: Some("`larder advisories update` fetches them".to_owned()),
            ..self.project_finding(format!("nothing is known of the advisories of {source}: they were never fetched"))
        });
        found.chain(missing).collect()
    }

    /// A policy that denies some advisories denies not to know of any.
    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let (rules, known) = (&policy.advisories, input.advisories?);
        let Some(vulnerability) = &finding.vulnerability else {
            let strictest = rules.levels.values().max_by_key(|rule| rule.severity)?;
            let (severity, rule) = (strictest.severity.max(Severity::Warn), Some(strictest.span));
            return Some(Judgement { severity, rule, note: None });
        };
        let ignored = || rules.ignored.iter().filter(|ignored| vulnerability.is_named(&ignored.id));
        if let Some(holds) = ignored().find(|ignored| ignored.holds_on(known.today)) {
            return Some(Judgement { severity: Severity::Allow, rule: Some(holds.span), note: None });
        }
        let rule = rules.levels.get(&vulnerability.severity());
        let over = ignored().filter_map(|ignored| ignored.until).max();
        Some(Judgement {
            severity: rule.map_or(self.default_severity(), |rule| rule.severity),
            rule: rule.map(|rule| rule.span),
            note: over.map(|until| format!("larder.kdl ignored it until {until}")),
        })
    }
}

/// `npm:lodash@4.17.10 has a critical vulnerability: GHSA-…, CVE-…: Prototype pollution; 4.17.12 does not have it`
fn sentence(vulnerability: &Vulnerability) -> String {
    let Vulnerability { package, summary, severity, .. } = vulnerability;
    let kind = match severity {
        Some(severity) => format!("a {severity} vulnerability"),
        None => format!("a vulnerability of unknown severity, which counts as {}", vulnerability.severity()),
    };
    let names: Vec<&str> = vulnerability.names().collect();
    let summary = if summary.is_empty() { String::new() } else { format!(": {summary}") };
    let fix = vulnerability.known_cure().unwrap_or_else(|| "no later version is known to be without it".to_owned());
    format!("{package} has {kind}: {}{summary}; {fix}", names.join(", "))
}
