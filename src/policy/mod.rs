//! Rules over a lockfile → findings.

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::lock::{self, Closure};
use crate::manifest::Policy;
use crate::model::PackageKey;

/// A package that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The package.
    pub package: PackageKey,
    /// Where the manifest sets the rule.
    pub set: SourceSpan,
}

/// What a policy can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `scripts "deny"`: no package declares install scripts.
    Scripts,
}

/// Applies a policy to what an environment reaches. The findings are sorted by package.
pub fn check(closure: &Closure<'_>, policy: &Policy) -> Vec<Finding> {
    let Some(set) = policy.deny_scripts else { return Vec::new() };
    closure
        .packages()
        .filter(|(_, package)| package.facts.install_script)
        .map(|(key, _)| Finding { rule: Rule::Scripts, package: key.clone(), set })
        .collect()
}

/// A policy that refuses what is locked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PolicyError {
    /// `scripts "deny"`
    #[error("the policy denies install scripts, and {} declare{} one", counted(.offences), if .offences.len() == 1 { "s" } else { "" })]
    #[diagnostic(
        code(larder::policy::scripts),
        help("larder never runs these scripts; leave the package out, or remove the policy if it works without them")
    )]
    Scripts {
        /// The manifest.
        #[source_code]
        manifest: NamedSource<String>,
        /// Where it sets the rule.
        #[label("the policy")]
        set: SourceSpan,
        /// The packages.
        #[related]
        offences: Vec<Offence>,
    },
}

/// A package in the lockfile that breaks a rule.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{package} declares an install script")]
pub struct Offence {
    /// The package.
    pub package: PackageKey,
    /// The lockfile.
    #[source_code]
    lock: NamedSource<String>,
    /// The package's block.
    #[label("locked here")]
    span: Option<SourceSpan>,
}

fn counted(offences: &[Offence]) -> String {
    match offences {
        [one] => one.package.to_string(),
        many => format!("{} packages", many.len()),
    }
}

/// A text with the name of its file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The file's path.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Document<'_> {
    fn source(&self) -> NamedSource<String> {
        NamedSource::new(self.file, self.text.to_owned())
    }
}

impl PolicyError {
    /// Tells findings with the texts that they point into. None where there are none.
    pub fn new(findings: &[Finding], manifest: Document<'_>, lock: Document<'_>) -> Option<Self> {
        let first = findings.first()?;
        let offences = findings
            .iter()
            .map(|finding| Offence {
                package: finding.package.clone(),
                lock: lock.source(),
                span: lock::span_of(lock.text, &finding.package),
            })
            .collect();
        Some(match first.rule {
            Rule::Scripts => Self::Scripts { manifest: manifest.source(), set: first.set, offences },
        })
    }
}

impl Failure for PolicyError {
    fn exit(&self) -> Exit {
        match self {
            Self::Scripts { .. } => Exit::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::lock::Selection;

    const LOCK: &str = "version = 1\n\n[[require]]\nname = \"npm:a\"\nto = [\n    \"npm:a@1.0.0\",\n]\n\n[[package]]\n\
                        id = \"npm:a@1.0.0\"\nregistry = \"npmjs\"\ninstall-script = true\n\n[[package]]\n\
                        id = \"npm:b@1.0.0\"\nregistry = \"npmjs\"\ninstall-script = true\n";

    #[test]
    fn only_reached_packages_break_a_rule_and_both_places_are_shown() {
        let lock = lock::parse("larder.lock", LOCK).unwrap();
        let closure = Closure::of(&lock.graph, &Selection { groups: BTreeSet::new(), platform: None });
        assert_eq!(check(&closure, &Policy::default()), []);
        let findings = check(&closure, &Policy { deny_scripts: Some((7, 14).into()) });
        let manifest = Document { file: "larder.kdl", text: "policy scripts \"deny\"" };
        let Some(PolicyError::Scripts { set, offences, .. }) =
            PolicyError::new(&findings, manifest, Document { file: "larder.lock", text: LOCK })
        else {
            panic!("there is a finding");
        };
        assert_eq!(set, (7, 14).into());
        assert_eq!(offences.len(), 1);
        let span = offences[0].span.unwrap();
        assert_eq!(&LOCK[span.offset()..span.offset() + span.len()], "\"npm:a@1.0.0\"");
    }
}
