//! Requirements + [`Index`] → [`Resolution`] or [`NoSolution`]: one PubGrub problem for all ecosystems.
//!
//! Pure: what it knows of the world comes through the [`Index`], whose answers are frozen for the time of a run.

mod index;
mod requirements;
mod resolution;

pub use index::{Candidate, Dependency, DependencyKind, Index, IndexError, PlatformSet, Release, Versions, Wants};
pub use requirements::{LineId, Preferences, RequiredLine, Requirements};
pub use resolution::{NoSolution, Resolution, ResolveError, Warning};
