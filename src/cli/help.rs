//! The help of larder itself: its commands in groups, as clap has none.

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use serde::Serialize;

use super::args::CommandLine;
use super::error_output;
use super::output::Output;

/// The groups of commands, in the order in which they are listed.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Everyday",
        &[
            "init", "add", "remove", "lock", "update", "sync", "ci", "run", "dlx", "list", "tree", "why", "outdated",
            "import", "export", "patch", "builds",
        ],
    ),
    (
        "Environments",
        &[
            "use", "env", "history", "diff", "rollback", "promote", "pin", "unpin", "verify", "adopt", "fetch",
            "bundle", "unbundle", "gc",
        ],
    ),
    (
        "Packages",
        &[
            "pack",
            "publish",
            "yank",
            "unyank",
            "deprecate",
            "order",
            "key",
            "registry",
            "login",
            "logout",
            "ready",
            "impact",
            "flow",
            "explain",
        ],
    ),
    (
        "Checks",
        &[
            "check",
            "audit",
            "advisories",
            "licenses",
            "sbom",
            "health",
            "analyze",
            "graph",
            "trust",
            "hooks",
            "ci-template",
            "schedule",
        ],
    ),
    (
        "Operations",
        &[
            "release",
            "doctor",
            "monitor",
            "service",
            "log",
            "backup",
            "restore",
            "watch",
            "self",
            "completions",
            "help",
        ],
    ),
];

/// What `larder help` does.
const HELP: &str = "Show this list, or what a command does and takes";

/// Returns what a command line gets that asks for help, or names no command. Returns `None` for any other.
pub(super) fn asked(error: &clap::Error, words: &[OsString]) -> Option<clap::Error> {
    let kinds = [ErrorKind::DisplayHelp, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if kinds.contains(&error.kind()) { grouped().try_get_matches_from(words).err() } else { None }
}

/// Returns the help that a command line with `--json` asks for. `larder help` itself takes no options. Returns `None` if it asks for none.
pub(super) fn asked_as_document(words: &[OsString]) -> Option<clap::Error> {
    let words: Vec<OsString> = words.iter().filter(|word| *word != "--json").cloned().collect();
    let error = CommandLine::try_parse_from(&words).err().filter(|error| error.kind() == ErrorKind::DisplayHelp)?;
    Some(asked(&error, &words).unwrap_or(error))
}

/// `larder help COMMAND --json`: see `schema/help.json`.
#[derive(Serialize)]
struct HelpDocument {
    help: String,
}

/// Prints clap's help as a document.
pub(super) fn print_document(error: &clap::Error) -> ExitCode {
    let output = Output::json_only();
    output.json(&HelpDocument { help: error.render().to_string() });
    output.take_write_error().map_or(ExitCode::SUCCESS, |error| error_output::print_write_error(&output, error))
}

/// Returns larder's command line with a help that lists the commands by group.
fn grouped() -> clap::Command {
    let command = CommandLine::command();
    let (header, literal) = (*command.get_styles().get_header(), *command.get_styles().get_literal());
    let width = command.get_subcommands().map(|one| one.get_name().len()).max().unwrap_or_default();
    let mut listing = String::new();
    for (group, names) in GROUPS {
        let _ = writeln!(listing, "{header}{group}:{header:#}");
        for name in names {
            let one = command.find_subcommand(name);
            // The command `help` is clap's own, and is not among the others.
            let about = match one {
                Some(one) => one.get_about().map(ToString::to_string).unwrap_or_default(),
                None => HELP.to_owned(),
            };
            let _ = write!(listing, "  {literal}{name}{literal:#}{:1$}  {about}", "", width - name.len());
            for alias in one.into_iter().flat_map(clap::Command::get_visible_aliases) {
                let _ = write!(listing, " [alias: {alias}]");
            }
            listing.push('\n');
        }
        listing.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listing}{header}Options:{header:#}\n{{options}}"
    );
    command.help_template(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let command = CommandLine::command();
        let visible = command.get_subcommands().filter(|one| !one.is_hide_set());
        let mut all: Vec<&str> = visible.map(clap::Command::get_name).chain(["help"]).collect();
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        all.sort_unstable();
        listed.sort_unstable();
        assert_eq!(all, listed);
    }
}
