//! Which versions of a package may be chosen at all: the rules of Python packages, of which private ones have one.

use pep440_rs::{Operator, VersionSpecifier, VersionSpecifiers};

use crate::model::{
    Ecosystem, Facts, PackageId, Prereleases, PypiSpecifier, PythonVersion, Requirement, Settings, Version,
};

use crate::resolve::index::Candidate;
use crate::resolve::requirements::Requirements;

/// The conditions under which versions of a package may be chosen at all.
pub(in crate::resolve) struct Admission {
    python: Option<pep440_rs::Version>,
    /// The specifiers of the manifest's own lines and overrides.
    named: Vec<PypiSpecifier>,
    settings: Prereleases,
    /// A line says `prereleases="allow"`.
    allowed_by_line: bool,
}

impl Admission {
    /// Collects what lines and overrides say about a package.
    pub(in crate::resolve) fn new(requirements: &Requirements, package: &PackageId) -> Self {
        let lines = requirements.lines.iter().filter(|line| line.requirement.package().is_same(package));
        let asked = lines.clone().map(|line| &line.requirement);
        let replacements = requirements.settings.overrides.iter().filter_map(|found| found.replacement.as_ref());
        let named = asked
            .chain(replacements.filter(|replacement| replacement.package().is_same(package)))
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

    /// Creates the condition that a version is not yanked, unless it is locked.
    pub(in crate::resolve) fn of_not_yanked() -> Self {
        Self { python: None, named: Vec::new(), settings: Prereleases::default(), allowed_by_line: false }
    }

    /// Returns whether a version may be chosen: its interpreter fits; it is not yanked, unless locked or pinned; it is no
    /// pre-release where none is wanted.
    pub(in crate::resolve) fn admits(&self, candidate: &Candidate, locked: bool) -> bool {
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
        let exact = |one: &VersionSpecifier| matches!(one.operator(), Operator::Equal | Operator::ExactEqual);
        self.named.iter().any(|specifier| specifier.specifiers().iter().any(exact) && version.is_specified(specifier))
    }

    /// Returns whether pre-releases are taken as readily as final versions: only where the settings or a line allow them.
    pub(in crate::resolve) fn prereleases_count_as_final(&self) -> bool {
        self.allowed_by_line || self.settings == Prereleases::Allow
    }
}

/// Returns why a release cannot be used with the declared Python, by the word of its own metadata. The bounds of a local
/// package are its owner's own, and all of them hold.
pub(in crate::resolve) fn unfit(settings: &Settings, ecosystem: Ecosystem, facts: &Facts) -> Option<String> {
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
pub(in crate::resolve) fn python_fits(python: &pep440_rs::Version, specifiers: &VersionSpecifiers) -> bool {
    specifiers.iter().all(|one| match one.operator() {
        Operator::LessThan | Operator::LessThanEqual => true,
        Operator::Equal | Operator::EqualStar | Operator::ExactEqual | Operator::TildeEqual => python >= one.version(),
        _ => PypiSpecifier::from(VersionSpecifiers::from(one.clone())).admits(python),
    })
}
