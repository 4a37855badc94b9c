//! `larder audit --fix`: vulnerabilities are cured by moving as little as possible.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::advisory::Vulnerability;
use crate::difference::Difference;
use crate::model::PackageKey;

use crate::ops::lock::{self, Replacement};
use crate::ops::project::snapshot::InputSnapshot;
use crate::ops::project::target::{EditTarget, Edited};
use crate::ops::summary::DifferenceSummary;
use crate::ops::{Project, Result, Session};

use super::cure::{Cure, Incurable, Patient};
use super::held;
use super::widen::{self, OpenLine, Widened};

/// How far a fix may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Within the manifest's ranges.
    WithinRanges,
    /// Lines of the manifest may be widened.
    Widening,
}

/// What was done to cure vulnerabilities.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The packages that moved.
    pub difference: Difference,
    /// The lines of the manifest that were widened.
    widened: Vec<Widened>,
    /// The vulnerabilities that stay.
    incurable: Vec<Incurable>,
    /// The lines that hold what is vulnerable, and that are not widened, by its package.
    held: BTreeMap<PackageKey, Vec<String>>,
    /// How far the fix went.
    has_widened: bool,
}

/// `fix` in `larder audit --json`.
#[derive(Serialize)]
pub struct FixSummary {
    plan: DifferenceSummary,
    widened: Vec<WidenedLine>,
    remaining: Vec<Remaining>,
}

#[derive(Serialize)]
struct WidenedLine {
    line: String,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Remaining {
    id: String,
    package: String,
    reason: String,
}

impl Fixed {
    /// Returns what people are told.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.difference.lines().collect();
        lines.extend(self.widened.iter().map(|line| format!("Widened {}: {} -> {}", line.line, line.from, line.to)));
        if lines.is_empty() {
            lines.push("Nothing was moved".to_owned());
        }
        let remaining = self.incurable.iter();
        lines.extend(remaining.map(|one| {
            let Vulnerability { id, package, .. } = &one.vulnerability;
            format!("{id} of {package} stays: {}", self.reason(one))
        }));
        lines
    }

    /// Returns `fix` of `--json`.
    pub fn summary(&self) -> FixSummary {
        let line =
            |line: &Widened| WidenedLine { line: line.line.clone(), from: line.from.clone(), to: line.to.clone() };
        let remaining = |one: &Incurable| Remaining {
            id: one.vulnerability.id.clone(),
            package: one.vulnerability.package.to_string(),
            reason: self.reason(one),
        };
        FixSummary {
            plan: DifferenceSummary::from(&self.difference),
            widened: self.widened.iter().map(line).collect(),
            remaining: self.incurable.iter().map(remaining).collect(),
        }
    }

    fn reason(&self, Incurable { vulnerability, brings }: &Incurable) -> String {
        if !brings.is_empty() {
            return format!("a version without it would bring {} in", brings.join(" and "));
        }
        let Some(cure) = vulnerability.known_cure() else {
            return "no later version is known to be without it".to_owned();
        };
        if let Some(held) = self.held.get(&vulnerability.package).filter(|held| !held.is_empty()) {
            let lines = held.join(" and ");
            return format!(
                "{cure}, but {lines} holds it: `--force` widens only ranges of the root's manifest, so change it"
            );
        }
        if self.has_widened {
            format!("{cure}, but what needs the package does not admit a version without it")
        } else {
            format!("{cure}, but the ranges do not admit one without it; `--force` widens lines")
        }
    }
}

/// Cures vulnerabilities, and writes the lock, and the manifest if lines were widened. Returns `None`, and nothing is written, if
/// somebody else was faster.
pub(super) fn fix(
    session: &Session<'_>,
    project: &Project,
    vulnerabilities: &[Vulnerability],
    fix: Fix,
    snapshot: &InputSnapshot,
) -> Result<Option<Fixed>> {
    let before = lock::existing(project)?;
    let mut patient = Patient::new(session, project, &before)?;
    let mut cure = patient.cure(vulnerabilities)?;
    let (mut edited, mut widened) = (None, Vec::new());
    let target = EditTarget::root(project);
    if fix == Fix::Widening && !cure.incurable.is_empty() {
        let stay: Vec<Vulnerability> = cure.incurable.iter().map(|one| one.vulnerability.clone()).collect();
        let mut lines = widen::lines_to(&target, &before, &stay, |id| patient.versions(id))?;
        let open = |lines: &[OpenLine]| target.tried(project, &widen::opened(&target, lines)?);
        patient.take_lines_of(&open(&lines)?);
        let incurable = patient.incurable(vulnerabilities)?;
        if incurable.len() < cure.incurable.len() {
            let stays = |one: &Vulnerability| incurable.iter().any(|other| other.vulnerability == *one);
            let curable: Vec<Vulnerability> = vulnerabilities.iter().filter(|one| !stays(one)).cloned().collect();
            widen::take_nearest(&mut lines, |lines| {
                patient.take_lines_of(&open(lines)?);
                patient.is_curable(&curable)
            })?;
            patient.take_lines_of(&open(&lines)?);
            let found = patient.cure(vulnerabilities)?;
            let (text, told) = widen::widened(&target, &lines, &found.lockfile)?;
            let wider = target.tried(project, &text)?;
            // With the ranges that are written, and what they admit, the choice is made once more.
            let wider_patient = Patient::new(session, &wider, &found.lockfile)?;
            cure = Cure { incurable: found.incurable, ..wider_patient.cure(&[])? };
            wider_patient.release();
            (edited, widened) = (Some((text, wider)), told);
        }
    }
    patient.release();
    let Cure { lockfile, solved, incurable } = cure;
    let has_widened = fix == Fix::Widening;
    let packages = incurable.iter().map(|one| &one.vulnerability.package);
    let held = packages.map(|package| (package.clone(), held::lines(project, package))).collect();
    let text = edited.as_ref().map(|(text, _)| Edited { target: &target, text });
    let project = edited.as_ref().map_or(project, |(_, wider)| wider);
    let replacement = Replacement { project, edited: text.as_ref(), old: &before, snapshot };
    let written = replacement.write(session.context, (lockfile, &solved))?;
    Ok(written.map(|locked| Fixed { difference: locked.difference, widened, incurable, held, has_widened }))
}
