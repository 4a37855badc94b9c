//! Requirements + [`Index`] → [`Resolution`] or [`NoSolution`]: one PubGrub problem for all ecosystems.
//!
//! Pure: what it knows of the world comes through the [`Index`], whose answers are frozen for the time of a run.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `catalog` | what is known: names, versions, sets of versions |
//! | `release` | what a version or a line asks for, after overrides and extensions |
//! | `problem` | what a choice demands of others; where npm's peers are found |
//! | `provider` | the solver's questions: what first, which version, what then |
//! | `npm`, `pypi`, `larder`, `path` | an ecosystem's ranges and its picks |
//! | `lines` | the manifests' lines: their order, and which versions direct dependencies share |
//! | `platforms` | where platforms' wheels of one version differ in what they need |
//! | `ahead` | which versions are fetched before they are asked for |
//! | `steering`, `order` | what one run teaches the next; in which order Python packages are decided |
//! | `picks` | strict peers: what npm would pick is not lowered for its own peers |
//! | `graph`, `instances` | solution → graph |
//! | `entangled` | peers that are bound in more ways than can be installed |
//! | `held_back` | newer versions whose wheels are for newer systems |
//! | `reduce`, `explain`, `wanting` | no solution → the lines at fault, in plain words |
//! | `doubt` | the cached answers that an outcome rests on |

mod ahead;
mod catalog;
mod doubt;
mod entangled;
mod explain;
mod forgotten;
mod graph;
mod held_back;
mod index;
mod instances;
mod larder;
mod lines;
mod npm;
mod order;
mod path;
mod picks;
mod platforms;
mod problem;
mod provider;
mod pypi;
mod reduce;
mod release;
mod requirements;
mod resolution;
mod set;
mod steering;
mod variable;
mod wanting;

#[cfg(test)]
mod tests;

use pubgrub::PubGrubError;
use rustc_hash::FxHashMap;

use crate::model::Engines;

use catalog::Catalog;
use problem::Problem;
use provider::{Provider, Stop};
use set::Set;
use steering::Steering;
use variable::Variable;

pub use entangled::Entangled;
pub use forgotten::EDITION as FORGOTTEN;
pub use held_back::{HeldBack, held_back};
pub use index::{
    Candidate, Chosen, Dependency, DependencyKind, Index, IndexError, PlatformSet, Release, Versions, Wants,
};
pub use npm::{engine_admits, tagged};
pub use pypi::python_fits;
pub use requirements::{LineId, Preferences, RequiredLine, Requirements};
pub use resolution::{NoSolution, Resolution, ResolveError, Warning};

/// What the solver's thread may use: trees of contradictions are dropped recursively, and can be deep.
const STACK: usize = 256 << 20;

/// A version for each variable that was decided.
type Solution = FxHashMap<Variable, u32>;

/// Why a set of versions is impossible, as the solver derived it.
type Derivation = pubgrub::DerivationTree<Variable, Set, String>;

/// How a run of the solver ends.
enum Ended {
    Solved(Solution),
    Contradiction(Box<Derivation>),
    /// Given up, to begin anew in another order.
    Order(order::Lesson),
    /// Given up: peers are bound in too many ways.
    Entangled(Entangled),
}

/// Why an attempt ended without a solution.
enum Failed {
    Contradiction(Box<Derivation>),
    Index(IndexError),
    Entangled(Entangled),
}

impl From<IndexError> for Failed {
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
/// failed; [`ResolveError::Entangled`] where peers are bound in too many ways. A package that does not exist is no failure:
/// it has no versions.
pub fn resolve(requirements: &Requirements, index: &dyn Index) -> Result<Resolution, ResolveError> {
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
    let mut steering = Steering::new(&catalog);
    loop {
        let solution = match attempt(&catalog, &mut steering) {
            Ok(solution) => solution,
            Err(Failed::Contradiction(tree)) => {
                let picks = steering.picks.clone();
                let (tree, steering) = reduce::reduce(&catalog, *tree, steering)?;
                let doubtful = doubt::of_contradiction(&catalog, &tree);
                let problem = Problem { catalog: &catalog, steering: &steering };
                let mut why = explain::explain(problem, &tree)?;
                why.help = picks.way_out(problem, &tree)?.or(why.help);
                why.doubtful = doubtful;
                return Err(ResolveError::NoSolution(why));
            }
            Err(Failed::Index(error)) => return Err(error.into()),
            Err(Failed::Entangled(entangled)) => return Err(entangled.into()),
        };
        if platforms::tell_apart(&catalog, &solution)? {
            steering = Steering::new(&catalog);
            continue;
        }
        let (resolution, foreign) = graph::build(Problem { catalog: &catalog, steering: &steering }, &solution)?;
        if requirements.settings.engines != Engines::Strict || !catalog.refuse_foreign(foreign) {
            return Ok(Resolution { doubtful: doubt::of_solution(&catalog, &solution)?, ..resolution });
        }
    }
}

/// Solves, learns from what goes wrong outside the solver's view, and solves again, until there is nothing to learn.
fn attempt(catalog: &Catalog, steering: &mut Steering) -> Result<Solution, Failed> {
    loop {
        let problem = Problem { catalog, steering };
        let provider = Provider::new(problem);
        let known = catalog.count_from_source();
        let ended = run(&provider)?;
        if catalog.count_from_source() > known {
            // What was demanded before had no version from source in it.
            continue;
        }
        let lesson = match ended {
            Ended::Solved(solution) => match steering::look_through(problem, &solution)? {
                Some(lesson) => lesson,
                None => return Ok(solution),
            },
            Ended::Contradiction(tree) => match steering::learn(&tree, &provider, problem)? {
                Some(lesson) => lesson,
                None => return Err(Failed::Contradiction(tree)),
            },
            Ended::Order(lesson) => steering::Lesson::Order(lesson),
            Ended::Entangled(entangled) if problem.is_strict() || steering.merged.is_some() => {
                return Err(Failed::Entangled(entangled));
            }
            Ended::Entangled(entangled) => steering::Lesson::Merge(entangled),
        };
        steering.take(lesson);
    }
}

/// Runs the solver once.
fn run(provider: &Provider) -> Result<Ended, IndexError> {
    match pubgrub::resolve(provider, Variable::Root, 0u32) {
        Ok(solution) => {
            let solution = solution.into_iter().collect();
            debug_assert!(provider.agrees_with(&solution), "the decisions that stand are not those of the solution");
            Ok(Ended::Solved(solution))
        }
        Err(PubGrubError::NoSolution(tree)) => Ok(Ended::Contradiction(Box::new(tree))),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => match source {
            Stop::Index(error) => Err(error),
            Stop::Order(lesson) => Ok(Ended::Order(lesson)),
            Stop::Entangled => Ok(Ended::Entangled(provider.entangled()?)),
        },
    }
}
