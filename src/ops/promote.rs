//! Giving one environment what another one has: the same closure, cut to the groups it includes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure, list};
use crate::lock::{self, Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{BuildRules, Label, PackageKey, Side};
use crate::policy::CheckStage;
use crate::profile::{Generation, ProfileError, PromotionSource};
use crate::store::Tree;

use super::deployed_flows::FlowUse;
use super::generations::state;
use super::install::{Activation, BytecodeUse, Installation, Installed, Promotion, Purpose, tested};
use super::policies::Subject;
use super::project::{self, snapshot};
use super::session::LOCKFILE;
use super::sync::Synced;
use super::{Project, Result, Session};

/// Makes the current closure of `from` that of `to`. The lock that `from` was built from counts, not the one that lies
/// beside the manifest now.
pub fn promote(session: &Session<'_>, from: &str, to: &str) -> Result<Synced> {
    let project = Project::open(session.context)?;
    let [source, target] = [from, to].map(|name| project::choose(&project.manifest, Some(name), None));
    let (source, target) = (source?, target?);
    if source.name == target.name {
        return Err(PromoteError::Itself(source.name.clone()).into());
    }
    let profile = project.profile()?;
    let tested = profile.current(&source.name)?.ok_or_else(|| ProfileError::NeverSynced(source.name.clone()))?;
    let text = profile.lock_text(&source.name, tested.number)?;
    let lockfile = lock::parse(LOCKFILE, &text)?;
    let platform = project.platform()?;
    let selection = project::selection(target, Some(platform));
    // What was tested is on the source's side: the target's own may be another.
    let sides = &lockfile.graph.sides;
    let tested_on = sides.of(&source.include);
    let fits = |side: &&Side| target.include.iter().all(|group| sides.counts(Some(group), side));
    let side = tested_on.filter(fits).or_else(|| sides.of(&target.include));
    let closure = Closure::on_side(&lockfile.graph, &selection, side);
    let subject = Subject::looking_up(session, (&project, &lockfile), || closure.packages(), &[target])?;
    check(&subject, (&lockfile, &project.manifest.settings.builds), &closure, &tested, [source, target])?;

    let promoted = Promotion {
        source: PromotionSource { environment: source.name.clone(), number: tested.number },
        carried: tested::made(session, &lockfile, &tested)?,
    };
    let installation = Installation {
        session,
        project: &project,
        profile: &profile,
        environment: target,
        platform,
        lock: &lockfile,
        purpose: Purpose::Promote(&promoted),
        activation: Activation::Leave,
        bytecode: BytecodeUse::AsDeclared,
        flows: FlowUse::TakeOver(&tested.flows),
        bundled: None,
    };
    let ingredients = installation.gather(&selection, closure)?;
    installation.check_gathered(&ingredients)?;
    refuse_others(&lockfile, &tested, &ingredients.gathered.trees, [source, target])?;
    let held = snapshot::hold(session.context, &profile)?;
    // What a sync noted does not tell what this leaves, which may be gone back from.
    state::forget(&project.root, target.name.as_str())?;
    let Installed { number, built, difference, warnings } = installation.build(&held, &text, &ingredients)?;
    held.release()?;
    let folder = profile.folder(&target.name, number);
    let unchanged = Synced::unchanged(target.name.to_string(), number, folder);
    let (fetched, bytes) = ingredients.fetched();
    Ok(Synced { built: built.is_new, difference, fetched, bytes, warnings, ..unchanged })
}

/// Fails where something had to be built anew, and another thing came of it than was tested.
fn refuse_others(
    lockfile: &Lockfile,
    tested: &Generation,
    trees: &BTreeMap<PackageKey, Arc<Tree>>,
    [source, target]: [&Environment; 2],
) -> Result<()> {
    let others = tested::trees(lockfile, tested)
        .filter(|(key, digest)| trees.get(key).is_some_and(|tree| tree.digest != *digest));
    let reasons: Vec<String> = others
        .map(|(key, _)| {
            format!(
                "what was built of {key} is in the store no more, and another thing comes of it now than {} has",
                source.name
            )
        })
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    let (from, to) = (source.name.clone(), target.name.clone());
    Err(PromoteError::Refused { from, number: tested.number, to, reasons }.into())
}

/// Collects every reason why the closure must not become the target's.
fn check(
    subject: &Subject<'_>,
    (lockfile, approvals): (&Lockfile, &BuildRules),
    closure: &Closure<'_>,
    tested: &Generation,
    [source, target]: [&Environment; 2],
) -> Result<()> {
    let mut reasons = Vec::new();
    let findings = subject.judge(target, std::slice::from_ref(closure), CheckStage::BeforeBuild)?;
    let denied = findings.iter().filter(|finding| finding.is_denied());
    reasons.extend(denied.map(|finding| format!("{}, which the policy denies", finding.message)));
    for group in target.include.iter().filter(|group| !source.include.contains(group)) {
        reasons.push(format!("{} includes the group {group}, {} does not", target.name, source.name));
    }
    let there = tested.packages();
    for (key, _) in closure.packages() {
        if there.get(&key.id).is_none_or(|versions| !versions.contains(&key.version)) {
            reasons.push(format!("{key} is not in {}: nobody has tested it there", source.name));
        }
    }
    let promoted: BTreeSet<&PackageKey> = closure.packages().map(|(key, _)| key).collect();
    let is_withdrawn = |key: &PackageKey| promoted.contains(key) && !approvals.approves(&key.id, &key.version);
    for (key, _) in tested::trees(lockfile, tested).filter(|(key, _)| is_withdrawn(key)) {
        reasons.push(format!("code of {key} ran for what {} has, and no line allows that any more", source.name));
    }
    for dangling in lockfile.dangling() {
        reasons.push(format!("the lock of {} lacks {}", source.name, dangling.to.package));
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let (from, to) = (source.name.clone(), target.name.clone());
    Err(PromoteError::Refused { from, number: tested.number, to, reasons }.into())
}

/// Why an environment does not get what another one has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum PromoteError {
    /// Both are one.
    #[error("{0} cannot be promoted to itself")]
    #[diagnostic(code(larder::promote::itself))]
    Itself(Label),
    /// The target's rules forbid it.
    #[error("generation {number} of {from} cannot become {to}'s{}", listed(reasons))]
    #[diagnostic(
        code(larder::promote::refused),
        help("`larder diff {to} {from}` shows what would change; change the manifest, sync {from}, and promote again")
    )]
    Refused { from: Label, number: u64, to: Label, reasons: Vec<String> },
}

fn listed(reasons: &[String]) -> String {
    format!(":{}", list(reasons))
}

impl Failure for PromoteError {
    fn exit(&self) -> Exit {
        match self {
            Self::Itself(_) => Exit::Manifest,
            Self::Refused { .. } => Exit::Refused,
        }
    }
}
