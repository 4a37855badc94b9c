//! Why a runtime cannot be locked.

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::model::{ManagedRuntime, Platform, RuntimeKey, RuntimeName, RuntimeSource};
use crate::ops::Project;
use crate::registry::NoRuntime;

/// A runtime of the manifest that cannot be locked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
#[diagnostic(code(larder::runtime::not_there))]
pub(in crate::ops) struct RuntimeError {
    message: String,
    #[help]
    help: String,
    #[source_code]
    file: NamedSource<Arc<str>>,
    #[label("declared here")]
    span: Option<SourceSpan>,
    exit: Exit,
}

impl RuntimeError {
    /// Nothing could be chosen for these platforms.
    pub(super) fn new(
        project: &Project,
        (name, rule): (RuntimeName, &ManagedRuntime),
        platforms: &[Platform],
        reason: NoRuntime,
    ) -> Self {
        let (title, wanted) = (title(name), wanted(rule));
        let (message, help) = match reason {
            NoRuntime::NoVersion { nearest } if nearest.is_empty() => (
                format!("{} has no {title} {wanted} for {}", source(rule.source), list(platforms)),
                "check the address of the runtime under `registries`, and `platforms`".to_owned(),
            ),
            NoRuntime::NoVersion { nearest } => {
                let nearest: Vec<String> = nearest.iter().map(ToString::to_string).collect();
                (
                    format!("{} has no {title} {wanted}", source(rule.source)),
                    format!("the nearest that it has: {}", nearest.join(", ")),
                )
            }
            NoRuntime::NoArchive { platforms } => (
                format!("{} has no {title} {wanted} for {}", source(rule.source), list(&platforms)),
                "remove the platform from `platforms`, declare another version, or give another address of the runtime under \
                 `registries`"
                    .to_owned(),
            ),
            NoRuntime::NotExact { newest, platforms } => (
                format!(
                    "no {title} {wanted} is there for every platform, as `exact` wants: {newest} is not for {}",
                    list(&platforms)
                ),
                "declare an older version that all platforms have, or let platforms differ: remove `exact`".to_owned(),
            ),
        };
        Self::at(project, name, message, help, Exit::NoSolution)
    }

    /// An archive that its source gives no digest of.
    pub(super) fn without_digest(project: &Project, key: RuntimeKey, file: &str) -> Self {
        let message = format!("the source of {key} gives no digest of `{file}`, so it cannot be locked");
        let help = "take the runtime from another source".to_owned();
        Self::at(project, key.name, message, help, Exit::Integrity)
    }

    fn at(project: &Project, name: RuntimeName, message: String, help: String, exit: Exit) -> Self {
        let manifest = &project.manifest;
        let file = NamedSource::new(&*manifest.file, Arc::clone(&manifest.text));
        Self { message, help, file, span: manifest.runtime_spans.get(&name).copied(), exit }
    }
}

impl Failure for RuntimeError {
    fn exit(&self) -> Exit {
        self.exit
    }
}

fn title(name: RuntimeName) -> &'static str {
    match name {
        RuntimeName::Node => "Node",
        RuntimeName::Python => "Python",
    }
}

fn source(source: RuntimeSource) -> &'static str {
    match source {
        RuntimeSource::NodeDistribution => "the distribution of Node",
        RuntimeSource::NpmPackages => "the npm registry",
        RuntimeSource::PythonBuildStandalone => "python-build-standalone",
    }
}

/// Writes the declared range: `22`, `3.12`, `3.12.4 or later`.
fn wanted(rule: &ManagedRuntime) -> String {
    let lowest = rule.lowest;
    match rule.fixed {
        1 => lowest.major.to_string(),
        2 if lowest.patch > 0 => format!("{lowest} or later"),
        2 => format!("{}.{}", lowest.major, lowest.minor),
        _ => lowest.to_string(),
    }
}

fn list(platforms: &[Platform]) -> String {
    platforms.iter().map(|platform| platform.as_str()).collect::<Vec<_>>().join(", ")
}
