//! The commands, one file each.

pub(super) mod activate;
pub(super) mod add;
pub(super) mod adopt;
pub(super) mod advisories;
pub(super) mod analyze;
pub(super) mod audit;
pub(super) mod builds;
pub(super) mod bundle;
pub(super) mod check;
pub(super) mod ci_template;
pub(super) mod completions;
pub(super) mod diff;
pub(super) mod dlx;
pub(super) mod env;
pub(super) mod export;
pub(super) mod fetch;
pub(super) mod gc;
pub(super) mod graph;
pub(super) mod health;
pub(super) mod history;
pub(super) mod hooks;
pub(super) mod import;
pub(super) mod init;
pub(super) mod key;
pub(super) mod licenses;
pub(super) mod list;
pub(super) mod lock;
pub(super) mod log;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod order;
pub(super) mod outdated;
pub(super) mod pack;
pub(super) mod package_manager;
pub(super) mod patch;
pub(super) mod pin;
pub(super) mod promote;
pub(super) mod publish;
pub(super) mod registry;
pub(super) mod remove;
pub(super) mod rollback;
pub(super) mod run;
pub(super) mod sbom;
pub(super) mod schedule;
pub(super) mod sync;
pub(super) mod tree;
pub(super) mod trust;
pub(super) mod unbundle;
pub(super) mod update;
pub(super) mod verify;
pub(super) mod why;
pub(super) mod yank;

use std::process::ExitCode;

use super::CommandResult;
use super::output::Output;

/// The result of a successful command.
const DONE: CommandResult = Ok(ExitCode::SUCCESS);
