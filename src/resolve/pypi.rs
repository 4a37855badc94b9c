//! Python: which versions a specifier stands for, which may be chosen at all, and which of several is taken.

use pep440_rs::{Operator, VersionSpecifier, VersionSpecifiers};

use crate::model::{
    Ecosystem, Facts, Platform, Prereleases, PypiSpecifier, PythonVersion, Requirement, Settings, Version,
};

use super::Solution;
use super::catalog::{Catalog, Loaded};
use super::index::{Candidate, IndexError, Versions};
use super::problem::{Demands, Problem};
use super::rules::{Asked, Decided, Rules};
use super::set::Set;
use super::variable::{PackageIx, Variable};

/// The rules of Python.
pub(super) struct Pypi;

impl Rules for Pypi {
    fn admission(&self, catalog: &Catalog<'_>, package: PackageIx) -> Option<Admission> {
        Some(Admission::new(catalog, package))
    }

    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let python = settings.python.as_ref().map(PythonVersion::full);
        let candidates = &versions.candidates;
        let fits = |place: &u32| {
            let candidate = &candidates[*place as usize];
            let runs = match (&candidate.requires_python, &python) {
                (Some(admits), Some(python)) => python_fits(python, admits),
                _ => true,
            };
            let has_wheel = || settings.platforms.iter().any(|target| candidate.wheels.contains(target.platform));
            candidate.is_before(settings.released_before)
                && !candidate.yanked
                && runs
                && (candidate.is_source_only() || has_wheel())
                && requirement.matches(&candidate.version)
        };
        let as_final = settings.prereleases == Prereleases::Allow;
        choice(candidates, as_final, (0..candidates.len() as u32).rev().filter(fits))
    }

    fn demand(
        &self,
        problem: &Problem<'_>,
        asked: &Asked<'_>,
        set: Set,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let Asked { need, package, platforms, .. } = *asked;
        let catalog = problem.catalog;
        let loaded = catalog.loaded(package)?;
        catalog.note_source(package, &loaded, &set);
        for &platform in catalog.platforms.iter().filter(|&&platform| platforms.contains(platform)) {
            let set = catalog.installable(package, &loaded, &set, platform);
            if problem.is_tied(package) {
                demands.push(Variable::Py(package), set.clone());
            }
            for extra in need.requirement.extras() {
                let extra = catalog.extra(package, extra);
                demands.push(Variable::PyExtra(package, extra, platform), set.clone());
            }
            demands.push(Variable::PyOn(package, platform), set);
        }
        Ok(())
    }

    fn decided(&self, problem: &Problem<'_>, asked: &Asked<'_>, _: &Solution) -> Result<Vec<Decided>, IndexError> {
        let decided = |&platform: &Platform| Decided {
            variable: Variable::PyOn(asked.package, platform),
            scope: problem.catalog.home(),
            on: Some(platform),
        };
        Ok(problem.catalog.platforms.iter().map(decided).collect())
    }
}

/// Picks a version: a locked one, one that is decided for another platform, the highest final one, the highest pre-release.
/// One that has to be built is picked only where there is no other.
///
/// This is all there is to pre-releases, whoever asks: the manifest's lines and packages alike. Unless `prereleases` says
/// "allow", for the project or on the package's line, or "never", a pre-release is taken where no final version is left that
/// satisfies everything asked so far. A specifier that names one, as `>=2.0rc1`, `<=1.0a1` or `==2.0rc1`, admits it like any
/// other version, and makes no final one that fits give way.
pub(super) fn pick(loaded: &Loaded, range: &Set, elsewhere: Option<u32>) -> Option<u32> {
    let own = || choice(&loaded.versions.candidates, loaded.prereleases, range.descending());
    loaded.locked_in(range).or(elsewhere).or_else(own)
}

/// Returns the highest final version that need not be built, else the highest that need not be, else the same of those that
/// have to be built. Where pre-releases count as final, the highest is.
fn choice(candidates: &[Candidate], as_final: bool, descending: impl Iterator<Item = u32>) -> Option<u32> {
    let (mut built, mut final_source, mut source) = (None, None, None);
    for place in descending {
        let candidate = &candidates[place as usize];
        let is_final = as_final || !candidate.version.is_prerelease();
        match (candidate.is_source_only(), is_final) {
            (false, true) => return Some(place),
            (false, false) => drop(built.get_or_insert(place)),
            (true, true) => drop(final_source.get_or_insert(place)),
            (true, false) => drop(source.get_or_insert(place)),
        }
    }
    built.or(final_source).or(source)
}

/// What the manifest says about which versions of a package may be chosen at all.
pub(super) struct Admission {
    python: Option<pep440_rs::Version>,
    /// The specifiers of the manifest's own lines and overrides.
    named: Vec<PypiSpecifier>,
    settings: Prereleases,
    /// A line says `prereleases="allow"`.
    allowed_by_line: bool,
}

impl Admission {
    /// Collects what lines and overrides say about a package.
    pub(super) fn new(catalog: &Catalog, package: PackageIx) -> Self {
        let requirements = catalog.requirements;
        let id = catalog.id(package);
        let lines = requirements.lines.iter().filter(|line| line.requirement.package().is_same(&id));
        let asked = lines.clone().map(|line| &line.requirement);
        let replacements = requirements.settings.overrides.iter().filter_map(|found| found.replacement.as_ref());
        let named = asked
            .chain(replacements.filter(|replacement| replacement.package().is_same(&id)))
            .filter_map(Requirement::specifier)
            .cloned()
            .collect();
        Self {
            python: requirements.settings.python.as_ref().map(PythonVersion::full),
            named,
            settings: requirements.settings.prereleases,
            allowed_by_line: lines.clone().any(|line| line.prereleases),
        }
    }

    /// Returns whether a version may be chosen: its interpreter fits; it is not yanked, unless locked or pinned; it is no
    /// pre-release where none is wanted.
    pub(super) fn admits(&self, candidate: &Candidate, locked: bool) -> bool {
        let unwanted = self.settings == Prereleases::Never && !self.allowed_by_line;
        self.interpreter_fits(candidate)
            && (!candidate.yanked || locked || self.pins(&candidate.version))
            && !(unwanted && candidate.version.is_prerelease())
    }

    fn interpreter_fits(&self, candidate: &Candidate) -> bool {
        match (&self.python, &candidate.requires_python) {
            (Some(python), Some(specifiers)) => python_fits(python, specifiers),
            _ => true,
        }
    }

    fn pins(&self, version: &Version) -> bool {
        let Some(version) = version.as_pypi() else { return false };
        let exact = |one: &VersionSpecifier| matches!(one.operator(), Operator::Equal | Operator::ExactEqual);
        self.named.iter().any(|specifier| specifier.specifiers().iter().any(exact) && specifier.admits(version))
    }

    /// Returns whether pre-releases are taken as readily as final versions: only where the settings or a line allow them.
    pub(super) fn prereleases_count_as_final(&self) -> bool {
        self.allowed_by_line || self.settings == Prereleases::Allow
    }
}

/// Returns why a release cannot be used with the declared Python, by the word of its own metadata. The bounds of a local
/// package are its owner's own, and all of them hold.
pub(super) fn unfit(settings: &Settings, ecosystem: Ecosystem, facts: &Facts) -> Option<String> {
    let (python, wanted) = (settings.python.as_ref()?, facts.requires_python.as_deref()?);
    let specifier: PypiSpecifier = wanted.parse().ok()?;
    let fits = if ecosystem.is_local() {
        specifier.admits(&python.full())
    } else {
        python_fits(&python.full(), specifier.specifiers())
    };
    (!fits).then(|| format!("it needs Python {wanted}, and the manifest declares {python}"))
}

/// Returns whether `Requires-Python` admits an interpreter. Upper bounds are guesses about Pythons to come and are passed
/// over, as installers that lock do: a package that guessed wrong would otherwise be replaced by an old one that did
/// not guess.
pub(super) fn python_fits(python: &pep440_rs::Version, specifiers: &VersionSpecifiers) -> bool {
    specifiers.iter().all(|one| match one.operator() {
        Operator::LessThan | Operator::LessThanEqual => true,
        Operator::Equal | Operator::EqualStar | Operator::ExactEqual | Operator::TildeEqual => python >= one.version(),
        _ => PypiSpecifier::from(VersionSpecifiers::from(one.clone())).admits(python),
    })
}
