//! Giving one environment what another one has: the same closure, cut to the groups it includes.

use crate::diagnostic::{Exit, Failure, list};
use crate::lock::{self, Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{Label, Side};
use crate::plan::{self, Plan};
use crate::policy;
use crate::profile::{self, Generation, Needs, ProfileError, Promoted};

use super::context::LOCKFILE;
use super::registries::LazyRegistries;
use super::sync::Synced;
use super::{
    Event, Project, Result, Session, bytecode, gather, generations, interpreter, project, seen, state, switch,
};

/// Makes the current closure of `from` that of `to`. The lock that `from` was built from counts, not the one that lies
/// beside the manifest now.
pub fn promote(session: &Session<'_>, from: &str, to: &str) -> Result<Synced> {
    let (context, store) = (session.context, &session.store);
    let project = Project::open(context)?;
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
    check(&lockfile, &closure, &tested, source, target)?;

    let python = interpreter::find(context, &project, &closure, platform)?;
    let is_active = profile.active()?.as_ref() == Some(&target.name);
    if is_active {
        profile.check_links(Needs::of(&closure, python.as_ref()))?;
    }
    let gathered = gather::gather(&LazyRegistries::new(session, &project), &closure)?;
    let python_to_compile = python.as_ref().filter(|_| target.compile);
    let _leased = python_to_compile.map(|python| bytecode::lease(store, python, &gathered.trees)).transpose()?;
    let compile = |python| bytecode::compile(context, store, python, &gathered.trees);
    let compiled = python_to_compile.map(compile).transpose()?;
    let held = seen::hold(context, &profile)?;
    let before = profile.current(&target.name).ok().flatten();
    let there = before.as_ref().map(Generation::packages).unwrap_or_default();
    let plan = Plan { direct: plan::direct(&closure), ..plan::plan(&there, &plan::contents(&closure)) };
    let used = gathered.trees.values().chain(compiled.iter().flatten().map(|(_, tree)| tree));
    store.note_project(profile.root(), used.map(|tree| tree.digest))?;
    (context.reporter)(Event::Building(closure.instances.len()));
    let built = profile.build(
        &held,
        &profile::Input {
            environment: &target.name,
            platform,
            lock: &lockfile,
            lock_text: &text,
            durable: target.durable,
            promoted: Some(&Promoted { environment: source.name.clone(), number: tested.number }),
            closure: &closure,
            trees: &gathered.trees,
            files: target.files,
            interpreter: python.as_ref(),
            bytecode: compiled.as_ref(),
            created: jiff::Timestamp::now(),
            larder: env!("CARGO_PKG_VERSION"),
        },
    )?;
    let number = built.generation.number;
    state::forget(&project.root, target.name.as_str())?;
    generations::take_over(&profile, &held, store, target, number)?;
    let mut warnings = built.warnings;
    if built.made {
        warnings.extend(generations::retire(&profile, &held, target));
        let had_npm = before.is_some_and(|before| before.node_modules || !before.members.is_empty());
        warnings.extend((is_active && had_npm).then(|| switch::RESTART.to_owned()));
    }
    held.finish()?;
    let folder = profile.folder(&target.name, number);
    let unchanged = Synced::unchanged(target.name.to_string(), number, folder);
    Ok(Synced { built: built.made, plan, fetched: gathered.fetched, bytes: gathered.bytes, warnings, ..unchanged })
}

/// Collects every reason why the closure must not become the target's.
fn check(
    lockfile: &Lockfile,
    closure: &Closure<'_>,
    tested: &Generation,
    source: &Environment,
    target: &Environment,
) -> Result<()> {
    let mut reasons = Vec::new();
    for finding in policy::check(closure, &target.policy) {
        let rule = match finding.rule {
            policy::Rule::Scripts => "declares an install script, which the policy denies",
        };
        reasons.push(format!("{} {rule}", finding.package));
    }
    for group in target.include.iter().filter(|group| !source.include.contains(group)) {
        reasons.push(format!("{} includes the group {group}, {} does not", target.name, source.name));
    }
    let there = tested.packages();
    for (key, _) in closure.packages() {
        if there.get(&key.id).is_none_or(|versions| !versions.contains(&key.version)) {
            reasons.push(format!("{key} is not in {}: nobody has tested it there", source.name));
        }
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
