//! `larder ready`: whether flows can be deployed, and every reason why not.

use serde::Serialize;

use crate::assets::{AssetIndex, AssetSet, Readiness, ready_word};
use crate::diagnostic::{Exit, Failure, SourceFinding, list};
use crate::ops::{Result, Session};

use super::deployable_flows_named;
use super::load::ProjectAssets;
use super::probe::{self, ProbeResult, Probes};
use crate::ops::asset_findings::{self as findings, AssetFinding};

/// Whether flows can be deployed.
#[derive(Debug)]
pub struct Readied {
    readiness: Readiness,
    /// The adapters that were tried, if that was asked for.
    pub probes: Vec<ProbeResult>,
}

/// `larder ready --json`: see `schema/ready.json`.
#[derive(Debug, Serialize)]
pub struct ReadySummary<'a> {
    ready: bool,
    issues: &'a [String],
    findings: Vec<AssetFinding<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    probes: &'a [ProbeResult],
}

impl Readied {
    /// Returns what `--json` prints.
    pub fn summary(&self) -> ReadySummary<'_> {
        ReadySummary {
            ready: self.readiness.is_ready(),
            issues: &self.readiness.issues,
            findings: self.readiness.findings.iter().map(AssetFinding::from).collect(),
            probes: &self.probes,
        }
    }

    /// Returns whether the flows can be deployed.
    pub fn is_ready(&self) -> bool {
        self.readiness.is_ready()
    }

    /// Returns every reason why not, a line each; or the word for what can be deployed, behind warnings and notes.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.readiness.issues.clone();
        lines.extend(self.readiness.findings.iter().map(findings::line));
        if self.is_ready() {
            lines.push(ready_word().to_owned());
        }
        lines
    }
}

/// Looks whether flows can be deployed; without names all of the packages at and below the folder that larder was started in.
pub fn ready(session: &Session<'_>, names: &[String], probes_adapters: bool) -> Result<Readied> {
    // Who names a flow may mean one of an installed package.
    let assets = if names.is_empty() { ProjectAssets::of(session)? } else { ProjectAssets::with_lock(session, None)? };
    let set = assets.set();
    let flows = names.iter().map(|name| find(&set, name)).collect::<Result<Vec<Vec<AssetIndex>>>>()?;
    let flows: Vec<AssetIndex> = flows.into_iter().flatten().collect();
    let flows = (!names.is_empty()).then_some(&flows[..]);
    let probes = if probes_adapters { probe::probe(session, &assets, &set, flows)? } else { Vec::new() };
    let known = known_connections(&assets, &set)?;
    let environments = assets.environments();
    Ok(Readied { readiness: set.readiness(flows, environments.as_deref(), &known), probes })
}

fn find(set: &AssetSet<'_>, name: &str) -> Result<Vec<AssetIndex>> {
    let found = deployable_flows_named(set, name).map_err(|error| NoFlow(error.to_string()))?;
    if found.is_empty() { Err(NoFlow(format!("there is no flow `{name}`")).into()) } else { Ok(found) }
}

/// Returns why adapters were not reached by the last probes, as long as the adapters are the same.
pub(super) fn known_connections<'a>(
    assets: &ProjectAssets,
    set: &'a AssetSet<'_>,
) -> Result<impl Fn(AssetIndex) -> Vec<String> + use<'a>> {
    let probes = Probes::read(&assets.root)?;
    Ok(move |at: AssetIndex| probes.failures(&set.asset(at).id.to_string(), || set.digest(at).to_string()))
}

/// A flow that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::ready::no_flow), help("`larder flow list` shows the flows that there are"))]
struct NoFlow(String);

impl Failure for NoFlow {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A flow that cannot be deployed yet.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the flow is not ready:{}", list(reasons))]
#[diagnostic(code(larder::flow::not_ready), help("`larder ready` shows what is in the way"))]
pub(super) struct NotReady {
    reasons: Vec<String>,
}

impl NotReady {
    /// Fails with every reason why flows cannot be deployed.
    pub(super) fn check(readiness: &Readiness) -> Result<()> {
        if readiness.is_ready() {
            return Ok(());
        }
        let wrong = readiness.findings.iter().filter(|finding| SourceFinding::is_error(finding));
        let reasons = readiness.issues.iter().cloned().chain(wrong.map(findings::line)).collect();
        Err(Self { reasons }.into())
    }
}

impl Failure for NotReady {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
