//! `larder monitor`, and any other `larder NAME` that is a program of its own.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::cli::args::{CommandLine, CompanionArgs, GlobalArgs};
use crate::ops::{Context, companion};

use super::CommandResult;

pub(in crate::cli) fn monitor(arguments: &CompanionArgs, global: &GlobalArgs, context: &Context<'_>) -> CommandResult {
    replace("monitor".as_ref(), &arguments.arguments, global, context)
}

pub(in crate::cli) fn run(words: &[OsString], global: &GlobalArgs, context: &Context<'_>) -> CommandResult {
    let Some((name, rest)) = words.split_first() else { return super::DONE };
    replace(name, rest, global, context)
}

/// Becomes the program; returns only if that fails.
fn replace(name: &std::ffi::OsStr, rest: &[OsString], global: &GlobalArgs, context: &Context<'_>) -> CommandResult {
    let mut words = global.words(global.folder.is_some().then(|| context.folder.clone()));
    words.extend_from_slice(rest);
    let known = CommandLine::command();
    let known: Vec<&str> = known.get_subcommands().map(clap::Command::get_name).collect();
    Err(companion::replace(context, name, &words, &known))
}
