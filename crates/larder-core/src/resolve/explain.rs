//! A contradiction in plain words: a chain that begins at the manifest's lines and ends where they meet.

use std::collections::BTreeSet;

use pubgrub::{External, VersionSet};

use crate::diagnostic::counted;
use crate::model::{NpmPeers, PackageId};

use super::derivation::{Derivation, facts};
use super::index::{DependencyKind, IndexError, PlatformSet};
use super::no_match::{self, NoMatch};
use super::ordinal_set::OrdinalSet;
use super::problem::Problem;
use super::reduce;
use super::release::{Need, manifest_name};
use super::requirements::{LineId, RuleId};
use super::resolution::NoSolution;
use super::variable::{PackageIx, Variable};
use super::version_rules;

/// A chain longer than this is cut in the middle.
const LONGEST: usize = 10;

/// One step of the chain.
struct ChainStep {
    /// The manifest line, where it is one.
    line: Option<u32>,
    /// The package that asks. `None` for a manifest line.
    from: Option<PackageIx>,
    /// Which of its versions do.
    versions: OrdinalSet,
    /// The requirement. `None` if the versions themselves cannot be used.
    asked: Option<StepDemand>,
    /// The text of a line, or the reason why versions cannot be used.
    text: String,
}

struct StepDemand {
    variable: Variable,
    package: PackageIx,
    set: OrdinalSet,
    need: Need,
}

/// The most versions that are looked at for one that would do.
const MOST_LOOKED_AT: usize = 200;

/// The end of a chain of reasons.
#[derive(Default)]
struct End {
    /// The contradiction, if it needs saying.
    sentence: Option<String>,
    /// The advice.
    help: Option<String>,
    /// Whether it is `age` that keeps away what would do.
    is_too_young: bool,
    /// Whether it is about what a line of `resolution` asks for.
    is_by_rule: bool,
}

impl End {
    fn new(sentence: String, help: Option<String>) -> Self {
        Self { sentence: Some(sentence), help, ..Self::default() }
    }
}

impl ChainStep {
    /// Returns the line of `resolution` because of which this is asked for.
    fn rule(&self) -> Option<RuleId> {
        self.asked.as_ref()?.need.rule
    }

    /// Returns whether a manifest line asks for this by its own words.
    fn is_by_line(&self) -> bool {
        self.line.is_some() && self.rule().is_none()
    }
}

/// Explains a contradiction, which rests on the lines of the problem.
pub(super) fn explain(problem: Problem, tree: &Derivation) -> Result<NoSolution, IndexError> {
    let explainer = Explainer { problem };
    let steps = explainer.steps(tree)?;
    let order = chain(&steps);
    let mut because = Vec::new();
    let mut told = BTreeSet::new();
    for place in order {
        let sentence = explainer.sentence(&steps, place, &mut told)?;
        because.extend(sentence.filter(|sentence| !because.contains(sentence)));
    }
    if because.len() > LONGEST - 1 {
        let cut = because.len() - (LONGEST - 2);
        because.splice(4..4 + cut, [format!("… ({cut} more steps of this kind)")]);
    }
    let End { sentence, help, is_too_young, is_by_rule } = explainer.end(&steps, python_half(tree))?;
    because.extend(sentence);
    let rules: BTreeSet<RuleId> = steps.iter().filter_map(ChainStep::rule).collect();
    let rules: Vec<RuleId> = rules.into_iter().collect();
    let help = match (explainer.other_rules(&rules), help) {
        (Some(change), Some(help)) if is_by_rule => Some(format!("{change}; {help}")),
        (Some(change), Some(help)) => Some(format!("{help}; or {change}")),
        (change, help) => change.or(help),
    };
    let lines: BTreeSet<LineId> = reduce::lines(tree).into_iter().map(|line| explainer.id(line)).collect();
    let lines = lines.into_iter().collect();
    let (unbuilt, packages_from_cache, others, untold) = Default::default();
    Ok(NoSolution { lines, rules, because, help, is_too_young, unbuilt, packages_from_cache, others, untold })
}

/// Returns what versions, named as in `react 17.0.0 to 18.2.0` or `every version of react`, do to what they ask for.
fn verb(who: &str, is_peer: bool) -> &'static str {
    let are_several = who.contains(" to ") || who.contains(" and ");
    match (is_peer, are_several) {
        (false, false) => "needs",
        (false, true) => "need",
        (true, false) => "wants as a peer",
        (true, true) => "want as a peer",
    }
}

/// Orders steps so that each comes after one that leads to it, starting at the lines.
fn chain(steps: &[ChainStep]) -> Vec<usize> {
    let mut order = Vec::with_capacity(steps.len());
    let mut taken = vec![false; steps.len()];
    let follow = |start: usize, order: &mut Vec<usize>, taken: &mut Vec<bool>| {
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            if std::mem::replace(&mut taken[place], true) {
                continue;
            }
            order.push(place);
            let Some(asked) = &steps[place].asked else { continue };
            open.extend((0..steps.len()).rev().filter(|&next| !taken[next] && steps[next].from == Some(asked.package)));
        }
    };
    for place in 0..steps.len() {
        follow(place, &mut order, &mut taken);
    }
    order
}

struct Explainer<'a> {
    problem: Problem<'a>,
}

impl Explainer<'_> {
    /// Returns what the contradiction rests on, less what only joins the parts of one package.
    fn steps(&self, tree: &Derivation) -> Result<Vec<ChainStep>, IndexError> {
        let mut steps = Vec::new();
        for fact in facts(tree) {
            match fact {
                External::FromDependencyOf(Variable::Line(line), _, to, set) => {
                    steps.extend(self.line_step(*line, *to, set));
                }
                External::FromDependencyOf(from, versions, to, set) => {
                    steps.extend(self.release_step(*from, versions, *to, set)?);
                }
                External::Custom(variable, versions, reason) => {
                    let Some(package) = variable.package() else { continue };
                    let same = |step: &&mut ChainStep| {
                        step.from == Some(package) && step.asked.is_none() && step.text == *reason
                    };
                    match steps.iter_mut().find(same) {
                        Some(step) => step.versions = step.versions.union(versions),
                        None => steps.push(ChainStep {
                            line: None,
                            from: Some(package),
                            versions: versions.clone(),
                            asked: None,
                            text: reason.clone(),
                        }),
                    }
                }
                External::NotRoot(..) | External::NoVersions(..) => {}
            }
        }
        // The chain begins at the lines, in the manifest's order.
        steps.sort_by_key(|step| step.line.map_or(u32::MAX, |line| self.id(line).0));
        Ok(steps)
    }

    /// Returns a line's place in the requirements.
    fn id(&self, line: u32) -> LineId {
        self.problem.catalog.lines[line as usize].id
    }

    fn line_step(&self, place: u32, variable: Variable, set: &OrdinalSet) -> Option<ChainStep> {
        let catalog = self.problem.catalog;
        let line = &catalog.lines[place as usize];
        let need = line.need.clone()?;
        let variable = of_package(variable);
        let group = catalog.requirements.lines[line.id.0 as usize].group.as_ref();
        let group = group.map(|group| format!(" (group {group})")).unwrap_or_default();
        let who = manifest_name(&catalog.manifests[line.manifest as usize]);
        let text = format!("{who} asks for {}{group}", self.words(&need));
        let asked = StepDemand { variable, package: variable.package()?, set: set.clone(), need };
        Some(ChainStep { line: Some(place), from: None, versions: OrdinalSet::empty(), asked: Some(asked), text })
    }

    fn release_step(
        &self,
        from: Variable,
        versions: &OrdinalSet,
        to: Variable,
        set: &OrdinalSet,
    ) -> Result<Option<ChainStep>, IndexError> {
        let (Some(package), Some(target)) = (from.package(), to.package()) else { return Ok(None) };
        let joins = |variable| {
            use Variable::{Bucket, BucketFeature, BucketRange, Py, PyExtra, PyOn, PythonHalf};
            let is_python = matches!(variable, Py(_) | PyOn(..) | PyExtra(..));
            is_python || matches!(variable, Bucket(..) | BucketFeature(..) | BucketRange(..) | PythonHalf(_))
        };
        if package == target && joins(from) && joins(to) {
            return Ok(None);
        }
        let to = of_package(to);
        let Some(ordinal) = versions.descending().next() else { return Ok(None) };
        let prepared = self.problem.catalog.prepared(package, ordinal)?;
        let meant = |need: &&Need| match to {
            Variable::Nested { alias, .. } => need.alias == alias,
            _ => self.problem.catalog.parts(need.package).any(|(part, _)| part == target),
        };
        let mut needs: Vec<&Need> = prepared.needs.iter().filter(meant).collect();
        if needs.len() > 1 {
            let platform = match to {
                Variable::PyOn(_, platform) | Variable::PyExtra(_, _, platform) => Some(platform),
                _ => None,
            };
            let holds = |need: &&Need| {
                let extras = match from {
                    Variable::PyExtra(_, extra, _) | Variable::BucketFeature(_, _, extra) => {
                        vec![self.problem.catalog.interned.extra_name(extra)]
                    }
                    _ => Vec::new(),
                };
                let on = self.problem.catalog.need_holds_on(need, &extras);
                platform.map_or(on != PlatformSet::NONE, |platform| on.contains(platform))
            };
            needs.retain(|need| holds(need));
        }
        let Some(need) = needs.first() else { return Ok(None) };
        let asked = StepDemand { variable: to, package: target, set: set.clone(), need: (*need).clone() };
        let mut versions = versions.clone();
        if self.problem.search_state.picks.holds(to) {
            // Ranges that differ are one to the solver where both are narrowed to what is held.
            for other in versions.clone().descending() {
                let says_the_same = |known: &Need| meant(&known) && known.requirement == need.requirement;
                if !self.problem.catalog.prepared(package, other)?.needs.iter().any(says_the_same) {
                    versions = versions.intersection(&OrdinalSet::singleton(other).complement());
                }
            }
        }
        Ok(Some(ChainStep { line: None, from: Some(package), versions, asked: Some(asked), text: String::new() }))
    }

    /// Returns the sentence of a step, together with those that say the same of other versions.
    fn sentence(
        &self,
        steps: &[ChainStep],
        place: usize,
        told: &mut BTreeSet<usize>,
    ) -> Result<Option<String>, IndexError> {
        if !told.insert(place) {
            return Ok(None);
        }
        let step = &steps[place];
        let Some(from) = step.from else { return Ok(Some(step.text.clone())) };
        let Some(asked) = &step.asked else {
            let (catalog, why) = (self.problem.catalog, &step.text);
            return Ok(Some(if no_match::is_every(&*catalog.table(from)?, &step.versions) {
                format!("no version of {} can be used: {why}", catalog.interned.id(from).name)
            } else {
                format!("{} cannot be used: {why}", self.versions(from, &step.versions)?)
            }));
        };
        let words = self.words(&asked.need);
        let mut versions = step.versions.clone();
        let mut others = BTreeSet::new();
        for (other, candidate) in steps.iter().enumerate() {
            let Some(also) = &candidate.asked else { continue };
            if candidate.from == Some(from) && also.package == asked.package {
                let same = self.words(&also.need) == words;
                if same {
                    versions = versions.union(&candidate.versions);
                    told.insert(other);
                } else {
                    others.insert(other);
                }
            }
        }
        let all = others.iter().filter(|other| !told.contains(other)).count();
        if all > 2 {
            let mut ranges: Vec<String> = vec![asked.need.requirement.range_text()];
            for other in others {
                told.insert(other);
                versions = versions.union(&steps[other].versions);
                if let Some(also) = &steps[other].asked {
                    let range = also.need.requirement.range_text();
                    if !ranges.contains(&range) {
                        ranges.push(range);
                    }
                }
            }
            let more = ranges.len().saturating_sub(3);
            ranges.truncate(3);
            let more = if more > 0 { format!(" or {}", counted(more, "other range")) } else { String::new() };
            let name = asked.need.requirement.seen_as();
            let who = self.versions(from, &versions)?;
            let verb = verb(&who, asked.need.is_peer());
            let said =
                told.iter().filter_map(|&told| Some(&steps[told]).filter(|step| step.from == Some(from))?.rule());
            let said = said.min().map(|rule| self.says(rule)).unwrap_or_default();
            return Ok(Some(format!("{who} {verb} {name} {}{more}{said}", ranges.join(", "))));
        }
        let who = self.versions(from, &versions)?;
        Ok(Some(format!("{who} {} {words}", verb(&who, asked.need.is_peer()))))
    }

    /// Writes what is asked for, and the line of `resolution` that says so: `send 99.0.0, as `override npm "send" "99.0.0"` says`.
    fn words(&self, need: &Need) -> String {
        let said = need.rule.map(|rule| self.says(rule)).unwrap_or_default();
        format!("{}{said}", no_match::asked_for(need))
    }

    fn says(&self, rule: RuleId) -> String {
        format!(", as `{}` says", self.rule(rule))
    }

    /// Writes a line of `resolution`.
    fn rule(&self, rule: RuleId) -> String {
        let settings = &self.problem.catalog.requirements.settings;
        match rule {
            RuleId::Override(place) => settings.overrides[place as usize].to_string(),
            RuleId::Extension(place) => {
                let PackageId { ecosystem, name, .. } = &settings.extensions[place as usize].package;
                format!("extend {ecosystem} \"{name}\"")
            }
        }
    }

    /// Advises to change the lines of `resolution` that have a part in the contradiction. `None` if none has.
    fn other_rules(&self, rules: &[RuleId]) -> Option<String> {
        let written: Vec<String> = rules.iter().map(|&rule| format!("`{}`", self.rule(rule))).collect();
        match &written[..] {
            [] => None,
            [one] => Some(format!("change {one} under `resolution`, or remove it")),
            many => Some(format!("change one of {} under `resolution`, or remove it", many.join(", "))),
        }
    }

    /// Names versions of a package: `react 18.2.0`, `react 17.0.0 to 18.2.0`, `every version of react`.
    fn versions(&self, package: PackageIx, versions: &OrdinalSet) -> Result<String, IndexError> {
        no_match::versions(self.problem.catalog, package, versions)
    }

    fn end(&self, steps: &[ChainStep], python_half: Option<PackageIx>) -> Result<End, IndexError> {
        let catalog = self.problem.catalog;
        let asked: Vec<&StepDemand> = steps.iter().filter_map(|step| step.asked.as_ref()).collect();
        let refused = steps.iter().find(|step| step.from.is_some() && step.asked.is_none());
        let refused = refused.and_then(|step| Some((&step.versions, step.from?)));
        if let Some(asked) = asked.iter().find(|asked| asked.set.is_empty()) {
            let platform = match asked.variable {
                Variable::PyOn(_, platform) | Variable::PyExtra(_, _, platform) => Some(platform),
                _ => None,
            };
            let NoMatch { reason, help, is_too_young } = no_match::explain(catalog, &asked.need, platform)?;
            let is_by_rule = asked.need.rule.is_some();
            // What is refused is in the way of newer versions than those that ask for what is not there.
            let help = match refused {
                Some((versions, package)) if !is_by_rule => Some(self.way_around(steps, package, versions)?),
                _ => help,
            };
            return Ok(End { sentence: Some(reason), help, is_too_young, is_by_rule });
        }
        for one in &asked {
            let (count, satisfying) = common(steps, one.variable);
            if count > 1 && satisfying.is_empty() {
                let name = catalog.interned.id(one.package).name;
                let both = if count == 2 { "both" } else { "all of these" };
                let end = format!("no version of {name} satisfies {both}");
                return Ok(End::new(end, self.way_out(steps, one.variable)?));
            }
        }
        if let Some(package) = python_half {
            let id = catalog.interned.id(package);
            let end = format!(
                "{} has a Python half, so that an environment has one version of it, and these ask for several",
                id.name
            );
            let help = "ask for ranges that one version satisfies, or put the lines into groups that exclude each other \
                        with `conflicts`";
            return Ok(End::new(end, self.general_way_out(steps).or(Some(help.to_owned()))));
        }
        if let Some((versions, package)) = refused {
            let help = self.way_around(steps, package, versions)?;
            return Ok(End { help: self.general_way_out(steps).or(Some(help)), ..End::default() });
        }
        let end = "so every way to satisfy these leads to a contradiction".to_owned();
        Ok(End::new(end, self.general_way_out(steps)))
    }

    /// Names the versions that would do if a line gave way, and the override that would settle it.
    fn way_out(&self, steps: &[ChainStep], variable: Variable) -> Result<Option<String>, IndexError> {
        let catalog = self.problem.catalog;
        let on_it = |step: &&ChainStep| step.asked.as_ref().is_some_and(|asked| asked.variable == variable);
        let others = steps.iter().filter(on_it).filter(|step| step.from.is_some());
        let wanted =
            others.filter_map(|step| step.asked.as_ref()).fold(OrdinalSet::full(), |set, a| set.intersection(&a.set));
        let by_line = steps.iter().filter(on_it).any(ChainStep::is_by_line);
        if let Some(package) = variable.package()
            && by_line
            && wanted != OrdinalSet::full()
            && let Some(best) = wanted.descending().next()
        {
            let id = catalog.interned.id(package);
            let version = catalog.table(package)?.candidate(best).version.clone();
            return Ok(Some(format!(
                "ask for a range that takes {} {version}, which the others named here accept",
                id.name
            )));
        }
        if steps.iter().filter(on_it).any(|step| step.rule().is_some()) {
            return Ok(self.general_way_out(steps));
        }
        Ok(self.general_way_out(steps).or_else(|| {
            let PackageId { ecosystem, name, .. } = catalog.interned.id(variable.package()?);
            Some(format!(
                "change one of these lines, or settle it with `override {ecosystem} \"{name}\" \"…\"` under `resolution`"
            ))
        }))
    }

    /// Returns the advice about versions that do not run on the declared Node, where engines are strict. `None` if that is not the
    /// reason.
    fn other_runtime(
        &self,
        package: PackageIx,
        versions: &OrdinalSet,
        others: &OrdinalSet,
    ) -> Result<Option<String>, IndexError> {
        let catalog = self.problem.catalog;
        let (name, table) = (catalog.interned.id(package).name, catalog.table(package)?);
        let settings = &catalog.requirements.settings;
        let is_unfit = |ordinal: u32| -> Result<bool, IndexError> {
            let prepared = catalog.prepared(package, ordinal)?;
            Ok(version_rules::refused_engine(settings, prepared.release.facts.node.as_deref()).is_some())
        };
        let best = (0..table.count()).rev().find(|ordinal| versions.contains(ordinal));
        if !best.map(is_unfit).transpose()?.unwrap_or_default() {
            return Ok(None);
        }
        let mut fitting = None;
        for ordinal in others.descending().take(MOST_LOOKED_AT) {
            if !is_unfit(ordinal)? {
                fitting = Some(&table.candidate(ordinal).version);
                break;
            }
        }
        let declare = "declare a Node that it takes under `runtimes`";
        Ok(Some(match fitting {
            Some(version) => format!("{declare}, or ask for {name} {version}, which runs on the declared one"),
            None => declare.to_owned(),
        }))
    }

    /// Returns the advice about versions that cannot be used.
    fn way_around(&self, steps: &[ChainStep], package: PackageIx, versions: &OrdinalSet) -> Result<String, IndexError> {
        let catalog = self.problem.catalog;
        let PackageId { ecosystem, name, .. } = catalog.interned.id(package);
        let by_line = steps
            .iter()
            .any(|step| step.is_by_line() && step.asked.as_ref().is_some_and(|asked| asked.package == package));
        let table = catalog.table(package)?;
        if let Some(best) = (0..table.count()).rev().find(|ordinal| versions.contains(ordinal)) {
            let (settings, prepared) = (&catalog.requirements.settings, catalog.prepared(package, best)?);
            let facts = &prepared.release.facts;
            if ecosystem.is_local() && version_rules::unfit(settings, ecosystem, facts).is_some() {
                let help = "declare a Python that it takes under `runtimes`, or change its own `requires-python`";
                return Ok(help.to_owned());
            }
            if by_line && catalog.platforms.iter().any(|&platform| !facts.admit(platform)) {
                let help = "`optional=#true` on its line leaves it out where it does not run; without `engines \"strict\"` it is \
                            there all the same";
                return Ok(help.to_owned());
            }
        }
        let others = table.usable.intersection(&versions.complement());
        if by_line && let Some(advice) = self.other_runtime(package, versions, &others)? {
            return Ok(advice);
        }
        let is_source = !table.source_only().is_empty() && versions.subset_of(table.source_only());
        if is_source && others.subset_of(table.source_only()) {
            let leave = if by_line {
                "or remove its line".to_owned()
            } else {
                format!("or leave it out with `override pypi \"{name}\"` under `resolution`")
            };
            return Ok(format!(
                "`larder builds allow {ecosystem}:{name}` lets it be built, in a sandbox; else serve a wheel of it from a \
                 registry of your own, {leave}"
            ));
        }
        let others = if is_source { table.built_first(&others) } else { others };
        let other = others.descending().next().filter(|_| by_line);
        let newest = versions.intersection(&table.usable).descending().next().filter(|_| is_source);
        // A build helps against nothing else.
        if let Some(newest) = newest
            && catalog.prepared(package, newest)?.release.lacks_metadata
        {
            let build = format!("`larder builds allow {ecosystem}:{name}` lets it be built, in a sandbox");
            return Ok(match other {
                Some(other) => {
                    let version = &table.candidate(other).version;
                    format!("{build}; or ask for another version, for example {name} {version}, which needs no build")
                }
                None => format!("{build}; or override what it asks for under `resolution`"),
            });
        }
        Ok(match other {
            Some(other) => {
                let version = &table.candidate(other).version;
                format!(
                    "ask for another version, for example {name} {version}, or override what it asks for under `resolution`"
                )
            }
            None => "override what it asks for under `resolution`, or do without it".to_owned(),
        })
    }

    fn general_way_out(&self, steps: &[ChainStep]) -> Option<String> {
        let peer = |step: &ChainStep| {
            step.asked
                .as_ref()
                .is_some_and(|a| matches!(a.need.kind, DependencyKind::Peer | DependencyKind::OptionalPeer))
        };
        let strict = self.problem.catalog.requirements.settings.npm_peers == NpmPeers::Strict;
        (strict && steps.iter().any(peer)).then(|| {
            "change one of these lines, or set `npm-peers \"relaxed\"` under `resolution` to be warned about peers instead"
                .to_owned()
        })
    }
}

/// Returns the variable that decides the version of a private package whose feature a variable is; any other variable itself.
fn of_package(variable: Variable) -> Variable {
    match variable {
        Variable::BucketFeature(package, bucket, _) => Variable::Bucket(package, bucket),
        other => other,
    }
}

/// Returns the private package of which a contradiction needs two versions with a Python half.
fn python_half(tree: &Derivation) -> Option<PackageIx> {
    facts(tree).into_iter().find_map(|fact| match fact {
        External::FromDependencyOf(_, _, Variable::PythonHalf(package), _) => Some(*package),
        _ => None,
    })
}

/// Returns how many ask for a variable, and what would satisfy all of them, whichever of their versions are taken.
fn common(steps: &[ChainStep], variable: Variable) -> (usize, OrdinalSet) {
    let mut askers: Vec<(&ChainStep, OrdinalSet)> = Vec::new();
    for step in steps {
        let Some(asked) = step.asked.as_ref().filter(|asked| asked.variable == variable) else { continue };
        match askers.iter_mut().find(|(known, _)| (known.line, known.from) == (step.line, step.from)) {
            Some((_, set)) => *set = set.union(&asked.set),
            None => askers.push((step, asked.set.clone())),
        }
    }
    let all = askers.iter().fold(OrdinalSet::full(), |all, (_, set)| all.intersection(set));
    (askers.len(), all)
}
