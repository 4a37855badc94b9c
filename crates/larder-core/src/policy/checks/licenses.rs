//! Licenses that the policy does not allow.

use std::borrow::Cow;

use miette::SourceSpan;

use crate::license::{LicenseFact, LicenseSource};
use crate::manifest::{LicenseRules, Policy};
use crate::model::{CheckName, LicenseExpression, LicenseTerm, PackageKey, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct LicensesCheck;

impl Check for LicensesCheck {
    fn name(&self) -> CheckName {
        CheckName::Licenses
    }

    fn code(&self) -> &'static str {
        "larder::policy::licenses"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::Gathered, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "licenses that are not allowed"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "leave the package out, or say in `policy { licenses { … } }` why it may be used: `exception npm \"x\" license=\"…\" \
         reason=\"…\"`; where a package says its license wrongly or not at all: `clarify npm \"x\" license=\"…\"`"
    }

    /// Returns a finding for every package whose license was read; most of them are then allowed.
    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let Some(licenses) = input.licenses else { return Vec::new() };
        let known = input.packages().into_keys().filter_map(|key| Some((key, licenses.get(key)?)));
        known.map(|(key, fact)| self.package_finding(key, sentence(key, fact))).collect()
    }

    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let (rules, key) = (&policy.licenses, finding.package.as_ref()?);
        let fact = input.licenses?.get(key)?;
        Some(judge(rules, key, fact))
    }
}

fn sentence(key: &PackageKey, fact: &LicenseFact) -> String {
    match (&fact.expression, fact.source, &fact.stated) {
        (Some(expression), ..) => format!("{key} is under {expression}"),
        (None, LicenseSource::NotFetched, _) => {
            format!("the license of {key} is unknown: its files are not on this machine")
        }
        (None, _, Some(stated)) => format!("the license of {key} is unknown: it says `{stated}`"),
        (None, _, None) => format!("the license of {key} is unknown: it declares none, and has no text of one"),
    }
}

/// Returns what the rules say of a package.
fn judge(rules: &LicenseRules, key: &PackageKey, fact: &LicenseFact) -> Judgement {
    let allowed = Judgement { severity: Severity::Allow, rule: None, note: None };
    let Some(block) = rules.span else { return allowed };
    let clarified = rules.clarified(&key.id);
    let expression = match clarified {
        Some(line) => Some(Cow::Borrowed(&line.license)),
        None => fact.expression.as_ref().map(Cow::Borrowed),
    };
    let Some(expression) = expression else {
        let severity = rules.unknown.map_or(Severity::Warn, |rule| rule.severity);
        return Judgement { severity, rule: Some(rules.unknown.map_or(block, |rule| rule.span)), note: None };
    };
    let excepted: Vec<&LicenseExpression> =
        rules.exceptions.iter().filter(|line| line.packages.covers(&key.id)).map(|line| &line.license).collect();
    let is_excepted =
        |term: &LicenseTerm| excepted.iter().any(|license| license.terms().any(|known| known.admits(term)));
    let denial = |term: &LicenseTerm| rules.deny.iter().find(|rule| rule.license.excludes(term));
    let is_listed = |term: &LicenseTerm| rules.allow.iter().any(|rule| rule.license.admits(term));
    let accepts =
        |term: &LicenseTerm| is_excepted(term) || denial(term).is_none() && (rules.allow.is_empty() || is_listed(term));
    if expression.is_satisfied(accepts) {
        return allowed;
    }
    let denied = expression.terms().filter(|term| !is_excepted(term)).find_map(|term| denial(&term));
    let (rule, why): (SourceSpan, String) = match (denied, rules.allow.first()) {
        (Some(rule), _) => (rule.span, format!("`deny \"{}\"`", rule.license)),
        (None, Some(allow)) => (allow.span, "it is not among those that are allowed".to_owned()),
        (None, None) => (block, String::new()),
    };
    let note = match clarified {
        Some(line) => format!("by `clarify` {}; {why}", line.license),
        None => why,
    };
    let severity = rules.severity.map_or(Severity::Deny, |rule| rule.severity);
    Judgement { severity, rule: Some(rule), note: Some(note).filter(|note| !note.is_empty()) }
}
