//! The policy of an environment, as the manifest states it.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use jiff::civil::Date;
use miette::SourceSpan;

use crate::model::{
    AdvisorySeverity, BuildIdentity, CheckName, Label, LicenseExpression, LicenseTerm, MinimumAge, NameGlob, PackageId,
    PackageKey, Requirement, Severity,
};

use super::Spanned;

/// The severities of checks in an environment, for the checks that the manifest mentions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    rules: BTreeMap<CheckName, PolicyRule>,
    /// `advisories`
    pub advisories: AdvisoryRules,
    /// `licenses`
    pub licenses: LicenseRules,
    /// `deny npm "left-pad" reason="…"`
    pub denied: Vec<DeniedPackages>,
    /// `sources`
    pub sources: Option<AllowedSources>,
    /// `age`: how long what is locked has to have been published. `None` in a project whose only `age` is that of the top-level policy,
    /// which is a rule of choice.
    pub age: Option<RequiredAge>,
    /// `health`
    pub health: Option<RequiredHealth>,
    /// `provenance`
    pub provenance: ProvenanceRules,
    /// `signatures "required"`: the line by which the log of every registry of private packages needs a `key` in the manifest, and
    /// packages of npm registries need the registry's signature.
    pub signatures: Option<SourceSpan>,
}

/// A line of a `policy` block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// The severity of the check's findings.
    pub severity: Severity,
    /// The line.
    pub span: SourceSpan,
}

/// `deny npm "left-pad" "@evil/*" versions="<2" reason="use String.padStart"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeniedPackages {
    /// The names of the packages.
    pub names: NameGlob,
    /// The versions, if not all are denied.
    pub versions: Option<Requirement>,
    /// Why they are.
    pub reason: String,
    /// The line.
    pub span: SourceSpan,
}

impl DeniedPackages {
    /// Returns whether a version of a package is denied.
    pub fn covers(&self, package: &PackageKey) -> bool {
        self.names.covers(&package.id) && self.versions.as_ref().is_none_or(|range| range.matches(&package.version))
    }
}

/// `age "14d" { exempt npm "@acme/*"; }` of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredAge {
    /// The age, and the packages that may be younger.
    pub minimum: MinimumAge,
    /// The line.
    pub span: SourceSpan,
}

/// `health { at-least 70; }`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredHealth {
    /// The least score, up to 100.
    pub at_least: u8,
    /// The line.
    pub span: SourceSpan,
}

/// `sources { only "npmjs" "acme" "git"; mirrors "declared"; }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedSources {
    /// The registries that packages may come from, and `git` and `url` for what comes from none. `None` for all.
    pub only: Option<Vec<Spanned<Label>>>,
    /// Whether registries are asked by the addresses of the manifest alone, and not by those that the environment puts before them.
    pub has_declared_mirrors_only: bool,
    /// The node.
    pub span: SourceSpan,
    /// The sources of the top-level policy, where an environment has its own.
    pub base: Option<Box<Self>>,
}

impl AllowedSources {
    /// Returns the node that keeps a source out: that of the top-level policy, if it does.
    pub fn rule_against(&self, name: &str) -> SourceSpan {
        self.base.as_ref().filter(|base| !base.admits(name)).map_or(self.span, |base| base.rule_against(name))
    }

    /// Returns whether packages may come from a registry, or from what is no registry.
    pub fn admits(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|only| only.value.as_str() == name))
    }

    /// Leaves of an environment's sources those that the top-level policy admits.
    fn within(&self, base: &Self) -> Self {
        let only = match (&self.only, &base.only) {
            (Some(own), _) => Some(own.iter().filter(|only| base.admits(only.value.as_str())).cloned().collect()),
            (None, base) => base.clone(),
        };
        let has_declared_mirrors_only = self.has_declared_mirrors_only || base.has_declared_mirrors_only;
        Self { only, has_declared_mirrors_only, span: self.span, base: Some(Box::new(base.clone())) }
    }
}

/// The severities of advisories, and those that are not reported.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AdvisoryRules {
    /// The block, or that of the top-level policy. `None` if there is none: advisories are looked at by `audit` only.
    pub span: Option<SourceSpan>,
    /// The lines for advisories of each severity.
    pub levels: BTreeMap<AdvisorySeverity, PolicyRule>,
    /// `ignore`
    pub ignored: Vec<IgnoredAdvisory>,
}

/// `ignore "GHSA-xxxx-xxxx-xxxx" reason="not reachable" until="2027-01-31"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredAdvisory {
    /// A name of the advisory, in any database.
    pub id: String,
    /// Why it does not matter here.
    pub reason: String,
    /// The last day on which it is ignored.
    pub until: Option<Date>,
    /// The line.
    pub span: SourceSpan,
}

impl IgnoredAdvisory {
    /// Returns whether it is still ignored on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.until.is_none_or(|until| until >= day)
    }
}

impl AdvisoryRules {
    /// Merges an environment's own rules with the top-level ones, as [`Policy`] does with those of checks. What either ignores is
    /// ignored.
    fn merged_with(&self, base: &Self) -> Self {
        let mut merged = base.clone();
        merged.span = self.span.or(base.span);
        for (&level, &own) in &self.levels {
            if own.holds_against(base.levels.get(&level)) {
                merged.levels.insert(level, own);
            }
        }
        merged.ignored.extend(self.ignored.iter().cloned());
        merged
    }
}

/// Who has to have built packages.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProvenanceRules {
    /// The block, or that of the top-level policy. `None` if there is none: nobody asks who built what.
    pub span: Option<SourceSpan>,
    /// `require`
    pub required: Vec<RequiredProvenance>,
    /// The line `no-downgrade`, which demands that each version has the builder of the one before.
    pub no_downgrade: Option<SourceSpan>,
    /// `trusted-root`
    pub trusted_root: Option<TrustedRootFile>,
}

/// `trusted-root "security/trusted_root.json"`: the root of trust, relative to the project's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRootFile {
    /// The file.
    pub path: String,
    /// The line.
    pub span: SourceSpan,
}

/// `require npm "@acme/*" repository="github.com/acme/*"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredProvenance {
    /// The packages.
    pub names: NameGlob,
    /// Where their sources have to be. `None` for anywhere.
    pub repository: Option<RepositoryGlob>,
    /// The file that has to say how they are built. `None` for any.
    pub workflow: Option<String>,
    /// Who has to vouch for the build. `None` for anybody whom the root of trust knows.
    pub issuer: Option<String>,
    /// The line.
    pub span: SourceSpan,
}

/// A glob of repositories. Two are equal where they are written alike.
#[derive(Clone, Debug)]
pub struct RepositoryGlob {
    text: String,
    matcher: GlobMatcher,
}

impl RepositoryGlob {
    /// Creates a glob from its text and its matcher.
    pub(super) fn new(text: &str, matcher: GlobMatcher) -> Self {
        Self { text: text.to_owned(), matcher }
    }
}

impl PartialEq for RepositoryGlob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RepositoryGlob {}

impl RequiredProvenance {
    /// Returns whether a build is one that the line admits.
    pub fn admits(&self, identity: &BuildIdentity) -> bool {
        let is_same = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.repository.as_ref().is_none_or(|glob| glob.matcher.is_match(&identity.repository))
            && is_same(&self.workflow, &identity.workflow)
            && is_same(&self.issuer, &identity.issuer)
    }

    /// Writes who has to have built the packages: `github.com/acme/* by .github/workflows/release.yml`.
    pub fn builder(&self) -> String {
        let repository = self.repository.as_ref().map(|glob| glob.text.clone());
        let workflow = self.workflow.as_ref().map(|workflow| format!("by {workflow}"));
        let issuer = self.issuer.as_ref().map(|issuer| format!("vouched for by {issuer}"));
        let parts: Vec<String> = [repository, workflow, issuer].into_iter().flatten().collect();
        parts.join(" ")
    }
}

impl ProvenanceRules {
    /// Returns whether a line demands that somebody vouches for the build of a package.
    pub fn covers(&self, package: &PackageId) -> bool {
        self.required.iter().any(|required| required.names.covers(package))
    }

    /// Adds an environment's own rules to the top-level ones.
    fn merged_with(&self, base: &Self) -> Self {
        let mut merged = base.clone();
        merged.span = self.span.or(base.span);
        merged.required.extend(self.required.iter().cloned());
        merged.no_downgrade = self.no_downgrade.or(base.no_downgrade);
        merged.trusted_root = self.trusted_root.clone().or_else(|| base.trusted_root.clone());
        merged
    }
}

/// Which licenses packages may have. Nothing is judged where a policy says nothing of licenses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LicenseRules {
    /// The block, or that of the top-level policy. `None` if there is none.
    pub span: Option<SourceSpan>,
    /// The severity of licenses that are not allowed, if it is not that they are denied.
    pub severity: Option<PolicyRule>,
    /// `allow`: the only licenses that packages may have. Empty: all that are not denied.
    pub allow: Vec<LicenseRule>,
    /// `deny`
    pub deny: Vec<LicenseRule>,
    /// `unknown`: the severity of packages whose license is unknown.
    pub unknown: Option<PolicyRule>,
    /// `exception`: licenses that some packages may have nonetheless.
    pub exceptions: Vec<PackageLicense>,
    /// `clarify`: the licenses of packages that do not say it themselves, or not rightly.
    pub clarifications: Vec<PackageLicense>,
}

/// A license of an `allow` or a `deny` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseRule {
    /// The license.
    pub license: LicenseTerm,
    /// The line.
    pub span: SourceSpan,
}

/// `exception npm "x" license="GPL-2.0-only" reason="…"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageLicense {
    /// The packages.
    pub packages: NameGlob,
    /// The license.
    pub license: LicenseExpression,
    /// Why, for those who read it later.
    pub reason: Option<String>,
    /// The line.
    pub span: SourceSpan,
}

impl LicenseRules {
    /// Returns the license that the policy says a package has, with the line. The last line that covers the package holds.
    pub fn clarified(&self, package: &PackageId) -> Option<&PackageLicense> {
        self.clarifications.iter().rfind(|line| line.packages.covers(package))
    }

    /// Merges an environment's own rules with the top-level ones: it adds to them. What it allows itself it may have, though the
    /// top-level policy denies it.
    fn merged_with(&self, base: &Self) -> Self {
        let is_allowed = |denied: &LicenseRule| self.allow.iter().any(|own| own.license == denied.license);
        let mut merged = base.clone();
        merged.span = self.span.or(base.span);
        merged.deny.retain(|denied| !is_allowed(denied));
        merged.deny.extend(self.deny.iter().cloned());
        merged.allow.extend(self.allow.iter().cloned());
        for (merged, own) in [(&mut merged.severity, self.severity), (&mut merged.unknown, self.unknown)] {
            if own.is_some_and(|own| own.holds_against(merged.as_ref())) {
                *merged = own;
            }
        }
        merged.exceptions.extend(self.exceptions.iter().cloned());
        merged.clarifications.extend(self.clarifications.iter().cloned());
        merged
    }
}

impl PolicyRule {
    /// Returns whether an environment's rule holds, and not that of the top-level policy: the stricter one does, unless the
    /// environment has `"allow"`.
    pub(super) fn holds_against(self, base: Option<&Self>) -> bool {
        let is_weaker = base.is_some_and(|base| base.severity > self.severity);
        !is_weaker || self.severity == Severity::Allow
    }
}

impl Policy {
    /// Sets the rule of a check.
    pub fn set(&mut self, check: CheckName, rule: PolicyRule) {
        self.rules.insert(check, rule);
    }

    /// Returns the rule of a check. `None` if the manifest does not mention it.
    pub fn rule(&self, check: CheckName) -> Option<PolicyRule> {
        self.rules.get(&check).copied()
    }

    /// Merges an environment's own block with the top-level policy `base`. The stricter rule holds, unless the environment
    /// has `"allow"`.
    pub(super) fn merged_with(&self, base: &Self) -> Self {
        let mut merged = base.clone();
        merged.signatures = self.signatures.or(base.signatures);
        merged.advisories = self.advisories.merged_with(&base.advisories);
        merged.licenses = self.licenses.merged_with(&base.licenses);
        merged.provenance = self.provenance.merged_with(&base.provenance);
        merged.denied.extend(self.denied.iter().cloned());
        merged.sources = match (&self.sources, &base.sources) {
            (Some(own), Some(base)) => Some(own.within(base)),
            (own, base) => own.clone().or_else(|| base.clone()),
        };
        merged.age.clone_from(&self.age);
        merged.health = [self.health, base.health].into_iter().flatten().max_by_key(|health| health.at_least);
        for (&check, &own) in &self.rules {
            if own.holds_against(base.rules.get(&check)) {
                merged.set(check, own);
            }
        }
        merged
    }
}
