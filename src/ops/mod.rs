//! One file per use case: what the commands do. Here, and only here, the rooms below are joined.
//!
//! What several use cases need lies in folders beside them: `session` (what the steps of a command share), `project` (what is
//! read of a checkout), `registries`, `install` (what builds an environment), `generations` (what was built) and
//! `moving` (what a repository has from other tools).

pub mod activate;
pub mod add;
pub mod adopt;
pub mod advisories;
pub mod analyze;
pub mod audit;
pub mod builds;
pub mod bundle;
pub mod check;
pub mod compatibility;
pub mod consume;
pub mod diff;
pub mod dlx;
pub mod export;
pub mod fetch;
pub mod gc;
pub mod graph;
pub mod health;
pub mod history;
pub mod import;
pub mod init;
pub mod key;
pub mod licenses;
pub mod list;
pub mod list_packages;
pub mod lock;
pub mod login;
pub mod mirror;
pub mod order;
pub mod outdated;
pub mod pack;
pub mod partial_rollback;
pub mod patch;
pub mod phantom;
pub mod pin;
pub mod promote;
pub mod publish;
pub mod registry;
pub mod remove;
pub mod reproduce;
pub mod rollback;
pub mod run;
pub mod sbom;
pub mod sync;
pub mod templates;
pub mod tree;
pub mod trust;
pub mod update;
pub mod variables;
pub mod verify;
pub mod why;
pub mod yank;

mod age;
mod artifacts;
mod building;
mod failure;
mod generations;
mod install;
mod interpreter;
mod keyring;
mod license_facts;
mod locked_trees;
mod moving;
mod notes;
mod online;
mod packages;
mod policies;
mod project;
mod registries;
mod routing;
mod runtimes;
mod session;
mod solutions;
mod sources;
mod summary;

pub use generations::switch;
pub use install::{Activation, BytecodeUse};
pub use project::Project;
pub use session::{Context, Error, Event, Flags, Reporter, Result, Session, Variables};
