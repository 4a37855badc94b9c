//! Requirements + [`Index`] → [`Resolution`] or [`NoSolution`]: one PubGrub problem for all ecosystems.
//!
//! Pure: what it knows of the world comes through the [`Index`], whose answers are frozen for the time of a run.
//!
//! From the bottom up:
//!
//! | file | what it owns |
//! | --- | --- |
//! | `requirements`, `index`, `resolution` | what is asked, what is known of packages, what is answered |
//! | `variable`, `ordinal_set`, `interned`, `demands` | what the solver decides, and from which versions |
//! | `version_table` | a package's versions, with the sets that are computed from them |
//! | `version_rules` | each ecosystem's contract about versions: which a range stands for, which may be chosen, which is picked |
//! | `likely` | the version that a requirement will most likely get |
//! | `package_extensions` | dependencies that published packages use and do not declare |
//! | `release` | what a version or a line asks for, after overrides and extensions |
//! | `catalog` | the index's answers, prepared and kept from one run of the solver to the next |
//! | `peer_contexts` | the limit on instances of one version, and the error beyond it |
//! | `order`, `picks`, `search_state` | rules that are decided outside the solver, and are carried from one run to the next |
//! | `problem` | the catalog under these rules: where peers are found, what is left out, what cannot be chosen |
//! | `variable_rules` | each ecosystem's contract about variables: which decide a need, and what is demanded of them |
//! | `direct_dependency` | which version of a direct dependency several manifests share |
//! | `prefetch`, `provider` | the solver's questions: what first, which version, what then |
//! | `strict_peers` | strict peers: what npm would pick is not lowered for its own peers |
//! | `adjustments` | what has to change after a solution or a contradiction, before the solver runs again |
//! | `platform_metadata` | where platforms' wheels of one version differ in what they need |
//! | `graph`, `instances`, `sharing` | solution → graph |
//! | `installable` | whether names and identifiers belong together, and there is an order to install packages in |
//! | `derivation`, `reduce`, `explain`, `no_match` | no solution → the lines at fault, in plain words |
//! | `hopeless_lines` | the lines that nothing satisfies, all at once |
//! | `unavoidable` | versions that every solution has, known without a solve |
//! | `unbuilt` | the Python packages that would have to be built, all at once |
//! | `cached_answers` | the cached answers that an outcome rests on |
//! | `held_back` | newer versions whose wheels are for newer systems |
//! | `too_young` | newer versions that `age` keeps away |
//! | `audit` | whether a solved graph is what metadata says |

mod adjustments;
mod audit;
mod bounded_index;
mod cached_answers;
mod catalog;
mod demands;
mod derivation;
mod direct_dependency;
mod explain;
mod graph;
mod held_back;
mod hopeless_lines;
mod index;
mod installable;
mod instances;
mod interned;
mod likely;
mod no_match;
mod order;
mod ordinal_set;
mod package_extensions;
mod peer_contexts;
mod picks;
mod platform_metadata;
mod prefetch;
mod problem;
mod provider;
mod reduce;
mod release;
mod requirements;
mod resolution;
mod search_state;
mod sharing;
mod strict_peers;
mod too_young;
mod unavoidable;
mod unbuilt;
mod variable;
mod variable_rules;
mod version_rules;
mod version_table;

#[cfg(test)]
mod tests;

use pubgrub::PubGrubError;
use rustc_hash::FxHashMap;

use crate::model::Engines;

use catalog::Catalog;
use derivation::Derivation;
use problem::Problem;
use provider::{Provider, SolverStop};
use search_state::SearchState;
use variable::Variable;

pub use audit::{Audited, AuditedPart, Mismatch, audit};
pub use bounded_index::BoundedIndex;
pub use held_back::{HeldBack, held_back, held_back_wheels};
pub use index::{
    AgeRule, Candidate, Chosen, Dependency, DependencyKind, Identity, Index, IndexError, PlatformSet, PrivateTraits,
    Release, UnbuiltRelease, UnknownSource, Versions, Wants,
};
pub use installable::check_identities_kept;
pub use likely::{likely, likely_needs};
pub use package_extensions::EDITION as EXTENSIONS_EDITION;
pub use peer_contexts::TooManyPeerContexts;
pub use release::{RefusedSource, refused_source};
pub use requirements::{LineId, Preferences, RequiredLine, Requirements, RuleId};
pub use resolution::{NoSolution, Resolution, ResolveError, UnbuiltPackage, Warning, WarningKind};
pub use too_young::{TooYoung, too_young};
pub use unavoidable::{Unavoidable, Unwanted, unavoidable};
pub use version_rules::engine_admits;

/// The stack of the solver's thread: derivation trees are dropped recursively, and can be deep.
const STACK: usize = 256 << 20;

/// A version for each variable that was decided.
type Solution = FxHashMap<Variable, u32>;

/// The outcome of a run of the solver.
enum SolverOutcome {
    Solved(Solution),
    Contradiction(Box<Derivation>),
    /// Stopped, to start again with another order of decisions.
    Order(order::Reordering),
    /// Stopped: peers are bound in more ways than can be installed.
    TooManyPeerContexts(TooManyPeerContexts),
}

/// Why an attempt ended without a solution.
enum AttemptError {
    Contradiction(Box<Derivation>),
    Index(IndexError),
    TooManyPeerContexts(TooManyPeerContexts),
}

impl From<IndexError> for AttemptError {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

/// Chooses a version for everything that the requirements lead to.
///
/// The answer is a function of the requirements and of what the index says, not of when it says it.
///
/// # Errors
/// [`ResolveError::NoSolution`] where the requirements contradict each other; [`ResolveError::Index`] where the index
/// failed; [`ResolveError::TooManyPeerContexts`] where peers are bound in too many ways. A package that does not exist is no failure:
/// it has no versions.
pub fn resolve(requirements: &Requirements, index: &dyn Index) -> Result<Resolution, ResolveError> {
    let _span = tracing::info_span!("solve", lines = requirements.lines.len()).entered();
    std::thread::scope(|scope| {
        let solver = std::thread::Builder::new().name("resolve".to_owned()).stack_size(STACK);
        match solver.spawn_scoped(scope, || resolve_here(requirements, index)) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => resolve_here(requirements, index),
        }
    })
}

fn resolve_here(requirements: &Requirements, index: &dyn Index) -> Result<Resolution, ResolveError> {
    let catalog = Catalog::new(requirements, index);
    let mut search_state = SearchState::new(&catalog);
    loop {
        let solution = match attempt(&catalog, &mut search_state) {
            Ok(solution) => solution,
            Err(AttemptError::Contradiction(tree)) => {
                let picks = search_state.picks.clone();
                let unbuilt = unbuilt::unbuilt(&catalog, &tree)?;
                let (tree, search_state) = reduce::reduce(&catalog, *tree, search_state)?;
                let problem = Problem { catalog: &catalog, search_state: &search_state };
                let mut why = explain::explain(problem, &tree)?;
                why.help = strict_peers::advice(&picks, problem, &tree)?.or(why.help);
                hopeless_lines::add(&catalog, &mut why, &reduce::lines(&tree));
                why.packages_from_cache = cached_answers::of_contradiction(&catalog, &tree);
                why.unbuilt = unbuilt;
                return Err(ResolveError::NoSolution(Box::new(why)));
            }
            Err(AttemptError::Index(error)) => return Err(error.into()),
            Err(AttemptError::TooManyPeerContexts(too_many)) => return Err(too_many.into()),
        };
        if platform_metadata::compare_wheels(&catalog, &solution)? {
            search_state = SearchState::new(&catalog);
            continue;
        }
        let (resolution, unsupported) =
            graph::build(Problem { catalog: &catalog, search_state: &search_state }, &solution)?;
        if requirements.settings.engines != Engines::Strict || !catalog.refuse_unsupported(unsupported) {
            installable::check(&catalog, &solution, &resolution.graph)?;
            return Ok(Resolution {
                packages_from_cache: cached_answers::of_solution(&catalog, &solution)?,
                ..resolution
            });
        }
    }
}

/// Runs the solver, adjusts the [`SearchState`] by rules that the solver does not know, and repeats until nothing has to be
/// adjusted.
fn attempt(catalog: &Catalog, search_state: &mut SearchState) -> Result<Solution, AttemptError> {
    loop {
        let problem = Problem { catalog, search_state };
        let provider = Provider::new(problem);
        let known = catalog.count_from_source();
        let ended = run(&provider)?;
        if catalog.count_from_source() > known {
            // What was demanded before had no version from source in it.
            continue;
        }
        let adjustment = match ended {
            SolverOutcome::Solved(solution) => match adjustments::after_solution(problem, &solution)? {
                Some(adjustment) => adjustment,
                None => return Ok(solution),
            },
            SolverOutcome::Contradiction(tree) => match adjustments::after_contradiction(&tree, &provider, problem)? {
                Some(adjustment) => adjustment,
                None => return Err(AttemptError::Contradiction(tree)),
            },
            SolverOutcome::Order(adjustment) => search_state::Adjustment::Order(adjustment),
            SolverOutcome::TooManyPeerContexts(too_many) if problem.is_strict() || search_state.merged.is_some() => {
                return Err(AttemptError::TooManyPeerContexts(too_many));
            }
            SolverOutcome::TooManyPeerContexts(too_many) => search_state::Adjustment::Merge(too_many),
        };
        search_state.apply(adjustment);
    }
}

/// Runs the solver once.
fn run(provider: &Provider) -> Result<SolverOutcome, IndexError> {
    match pubgrub::resolve(provider, Variable::Root, 0u32) {
        Ok(solution) => {
            let solution = solution.into_iter().collect();
            debug_assert!(provider.agrees_with(&solution), "the decisions that stand are not those of the solution");
            Ok(SolverOutcome::Solved(solution))
        }
        Err(PubGrubError::NoSolution(tree)) => Ok(SolverOutcome::Contradiction(Box::new(tree))),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => match source {
            SolverStop::Index(error) => Err(error),
            SolverStop::Order(adjustment) => Ok(SolverOutcome::Order(adjustment)),
            SolverStop::TooManyPeerContexts => {
                Ok(SolverOutcome::TooManyPeerContexts(provider.too_many_peer_contexts()?))
            }
        },
    }
}
