//! What can go wrong between the rooms.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode, SourceSpan};

use crate::diagnostic::{Exit, Failure, counted, list};
use crate::model::{Dependent, Label, Side};
use crate::resolve::{IndexError, LineId, NoSolution, RuleId, TooManyPeerContexts, UnbuiltPackage};

use super::project::LinePlace;
use super::project::lockfile::LockError;
use super::{Error, Project};

fn listed(reasons: &[String]) -> String {
    match reasons {
        [] => String::new(),
        [one] => format!(": {one}"),
        many => format!(":{}", list(many)),
    }
}

fn with(side: Option<&Side>) -> String {
    let groups: Vec<&str> = side.into_iter().flat_map(Side::groups).collect();
    match groups[..] {
        [] => String::new(),
        [one] => format!(" with group `{one}`"),
        _ => format!(" with groups `{}`", groups.join("` and `")),
    }
}

/// Returns why a registry's metadata could not be had, as a use case fails with it.
pub(super) fn of_index(error: IndexError) -> Error {
    match error {
        IndexError::Failed(failure) => failure.into(),
        IndexError::NotFound { .. } | IndexError::Unserved(_) | IndexError::Unbuilt(_) | IndexError::Outside(_) => {
            LockError::Missing(error.to_string()).into()
        }
    }
}

/// A failure of a registry, with the lines underlined that ask for the package.
#[derive(Debug, thiserror::Error)]
#[error("{}", .failure.failure())]
pub(super) struct Underlined {
    failure: Error,
    file: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
}

impl Underlined {
    /// Joins a failure with lines, of the first file that has one of them.
    pub(super) fn new(project: &Project, lines: &[LineId], failure: Error) -> Self {
        let (file, spans) = shown(project, lines);
        let asked = || Some("asked for here".to_owned());
        let labels = spans.into_iter().map(|span| LabeledSpan::new_with_span(asked(), span)).collect();
        Self { failure, file, labels }
    }
}

impl miette::Diagnostic for Underlined {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.failure.failure().code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.failure.failure().help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        self.failure.failure().related()
    }
}

impl Failure for Underlined {
    fn exit(&self) -> Exit {
        self.failure.failure().exit()
    }
}

/// Returns the places of lines in one file: one drawing shows one file, the first that one of the lines stands in.
fn shown(project: &Project, lines: &[LineId]) -> (Option<NamedSource<Arc<str>>>, Vec<SourceSpan>) {
    let places: Vec<_> = lines.iter().filter_map(|line| project.places.get(line.0 as usize)).collect();
    let file = places.iter().find(|place| place.span.is_some()).map(|place| place.file.clone());
    let name = file.as_ref().map(|file| file.name().to_owned());
    let is_shown = |place: &&&LinePlace| Some(place.file.name()) == name.as_deref();
    let spans = places.iter().filter(is_shown).filter_map(|place| place.span).collect();
    (file, spans)
}

/// A manifest that no versions satisfy, with the lines to change underlined.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unsatisfiable {
    message: String,
    code: &'static str,
    help: Option<String>,
    file: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
    /// Other lines that no versions satisfy.
    others: Vec<Unsatisfiable>,
}

impl Unsatisfiable {
    /// Joins a contradiction with the lines that it comes from.
    pub(super) fn new(project: &Project, core: &NoSolution, side: Option<&Side>) -> Self {
        let message = format!("no versions satisfy the manifest{}{}", with(side), listed(&core.because));
        let help =
            to_build(project, &core.unbuilt).or_else(|| core.help.clone()).map(|help| match left_out(project, core) {
                Some(folder) => format!("{help}; `members \"!{folder}\"` leaves that folder out"),
                None => help,
            });
        let help = match (help, apart(project, core)) {
            (Some(help), Some(apart)) => Some(format!("{help}; {apart}")),
            (help, apart) => help.or(apart),
        };
        let mut joined = Self::at(project, &core.lines, message, "larder::resolve::no_solution", help);
        if core.is_too_young {
            joined.underline_age(project);
        }
        joined.underline_rules(project, &core.rules);
        for other in &core.others {
            let line = Self::of_line(project, other, side);
            let is_beside = joined.file.as_ref().map(NamedSource::name) == line.file.as_ref().map(NamedSource::name);
            // What is said already is only shown where else it is asked for.
            if other.because.last() == core.because.last() && is_beside {
                joined.labels.extend(line.labels);
            } else {
                joined.others.push(line);
            }
        }
        if core.untold > 0 {
            joined.others.push(Self::untold(core.untold));
        }
        joined
    }

    /// Joins what nothing satisfies with the line that asks for it. Where one line does, it is underlined, and the reason is all that is
    /// said.
    fn of_line(project: &Project, core: &NoSolution, side: Option<&Side>) -> Self {
        let joined = Self::new(project, core, side);
        match &core.because[..] {
            [_, reason] => Self { message: reason.clone(), ..joined },
            _ => joined,
        }
    }

    /// Says that there are more lines that nothing satisfies.
    fn untold(number: usize) -> Self {
        let message = format!("nothing satisfies {} either", counted(number, "more line"));
        let help = Some("they are told once these are corrected".to_owned());
        Self { message, code: "larder::resolve::no_solution", help, file: None, labels: Vec::new(), others: Vec::new() }
    }

    /// Underlines `age` too, where the lines shown are those of the root's manifest.
    fn underline_age(&mut self, project: &Project) {
        let manifest = &project.manifest;
        let shows_root = self.file.as_ref().is_some_and(|file| *file.inner() == manifest.text);
        if let Some(span) = manifest.age_span.filter(|_| shows_root) {
            self.labels.push(LabeledSpan::new_with_span(Some("keeps away what is younger".to_owned()), span));
        }
    }

    /// Underlines the lines of `resolution` that have a part in it. They are to be changed: where another file is shown, the root's
    /// manifest is shown instead.
    fn underline_rules(&mut self, project: &Project, rules: &[RuleId]) {
        let manifest = &project.manifest;
        let span = |rule: &RuleId| match *rule {
            RuleId::Override(place) => manifest.rule_spans.overrides.get(place as usize).copied(),
            RuleId::Extension(place) => {
                manifest.rule_spans.of_extension(manifest.settings.extensions.get(place as usize)?)
            }
        };
        let spans: Vec<SourceSpan> = rules.iter().filter_map(span).collect();
        if spans.is_empty() {
            return;
        }
        if self.file.as_ref().is_none_or(|file| *file.inner() != manifest.text) {
            self.file = Some(NamedSource::new(&*manifest.file, Arc::clone(&manifest.text)));
            self.labels.clear();
        }
        let asks = || Some("asks for this in place of what packages say".to_owned());
        self.labels.extend(spans.into_iter().map(|span| LabeledSpan::new_with_span(asks(), span)));
    }

    /// Joins peers that are bound in too many ways with the lines that lead to them.
    pub(super) fn entangled(project: &Project, entangled: &TooManyPeerContexts) -> Self {
        let help = Some(entangled.help());
        Self::at(project, &entangled.lines, entangled.to_string(), "larder::resolve::entangled", help)
    }

    fn at(project: &Project, lines: &[LineId], message: String, code: &'static str, help: Option<String>) -> Self {
        let (file, spans) = shown(project, lines);
        let labels = spans.into_iter().map(|span| LabeledSpan::new_with_span(None, span)).collect();
        Self { message, code, help, file, labels, others: Vec::new() }
    }
}

/// Returns the member without which there is no contradiction, where lines of one contradict others.
fn left_out<'a>(project: &'a Project, core: &NoSolution) -> Option<&'a str> {
    let lines = core.lines.iter().filter_map(|line| project.lines.get(line.0 as usize));
    let folders: BTreeSet<Option<&str>> = lines
        .map(|line| match &line.dependent {
            Dependent::Member(folder) => Some(&**folder),
            Dependent::Project => None,
        })
        .collect();
    let mut members = folders.iter().flatten();
    (folders.len() > 1).then(|| members.next_back().copied()).flatten()
}

/// Returns the way out where lines of several groups contradict each other: no environment need have all of them.
fn apart(project: &Project, core: &NoSolution) -> Option<String> {
    let lines = core.lines.iter().filter_map(|line| project.lines.get(line.0 as usize));
    let groups: BTreeSet<&Label> = lines.filter_map(|line| line.group.as_ref()).collect();
    if groups.len() < 2 {
        return None;
    }
    let quoted = |names: &[&Label]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ");
    let all: Vec<&Label> = groups.iter().copied().collect();
    let by_itself = format!("`conflicts {{ group {}; }}` locks each by itself", quoted(&all));
    let mut environments = project.manifest.environments.iter();
    let count = |included: &[Label]| included.iter().filter(|group| groups.contains(group)).count();
    let Some(environment) = environments.find(|one| count(&one.include) > 1) else {
        return Some(format!("or {by_itself}"));
    };
    let name = &environment.name;
    if environment.spans.is_some() {
        return Some(format!(
            "or take all but one of {} out of `include` of environment `{name}`; {by_itself} then",
            quoted(&all)
        ));
    }
    let mut rest: Vec<&Label> = environment.include.iter().filter(|group| !groups.contains(group)).collect();
    let dev = all.iter().find(|group| group.as_str() == "dev").or(all.first().filter(|_| rest.is_empty()));
    rest.extend(dev);
    rest.sort();
    Some(format!(
        "or, where the groups are alternatives, `environment \"{name}\" {{ include {}; }}` beside `environment \"production\"` installs \
         no others, and {by_itself} then",
        quoted(&rest)
    ))
}

/// Names the packages that would have to be built and that nothing approves yet, where there are several.
fn to_build(project: &Project, unbuilt: &[UnbuiltPackage]) -> Option<String> {
    let rules = &project.manifest.settings.builds;
    let unbuilt: Vec<&UnbuiltPackage> = unbuilt.iter().filter(|one| !one.is_approved(rules)).collect();
    if unbuilt.len() < 2 {
        return None;
    }
    let names: Vec<String> = unbuilt.iter().map(|one| one.package.to_string()).collect();
    let versions = unbuilt.iter().map(|one| match &one.version {
        Some(version) => format!("{} {version}", one.package.name),
        None => one.package.name.to_string(),
    });
    Some(format!(
        "{} packages are there only as source: {}. `larder builds allow {}` lets them be built, in a sandbox; else serve wheels of \
         them from a registry of your own, remove their lines, or leave them out with `override pypi \"NAME\"` under `resolution`",
        unbuilt.len(),
        versions.collect::<Vec<_>>().join(", "),
        names.join(" ")
    ))
}

impl miette::Diagnostic for Unsatisfiable {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

impl Failure for Unsatisfiable {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}
