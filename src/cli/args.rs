//! The command line's grammar.

mod profiles;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(super) use profiles::{Adopt, Diff, Env, Format, Gc, Pin, Promote, Rollback, Use, Verify};

/// One manifest, one solve, one lockfile for npm, PyPI, private and local packages.
#[derive(Debug, Parser)]
#[command(name = "larder", version, about, disable_help_subcommand = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The switches that every command has.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct Global {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(super) folder: Option<PathBuf>,
    /// The environment, instead of the active one
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) env: Option<String>,
    /// Do not touch the network
    #[arg(long, global = true)]
    pub(super) offline: bool,
    /// Print one JSON document to standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: Color,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more: -v tells what takes how long, -vv each request too
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a larder.kdl, from what the folder already declares
    Init(Init),
    /// Add dependencies: npm:express, pypi:httpx>=0.27, path:packages/theme
    Add(Add),
    /// Remove dependencies
    Remove(Remove),
    /// Move what another tool made aside, so that larder can make its own
    Adopt(Adopt),
    /// Bring larder.lock up to date with the manifest
    Lock(Lock),
    /// Move locked versions to the newest that the manifest admits
    Update(Update),
    /// Build the environment that the lock describes, and make it the active one
    Sync(Sync),
    /// Like sync --locked: the lock must be fresh
    Ci(Ci),
    /// Fill the store with what the lock names, for all environments or the one of --env; build nothing
    Fetch(Fetch),
    /// Run a program in the environment
    Run(Run),
    /// List the locked packages of an environment
    List,
    /// Show who depends on what
    Tree(Tree),
    /// Show why a package is there
    Why(Why),
    /// Show which direct dependencies have newer versions: within the manifest's ranges, and beyond
    Outdated,
    /// Show the generations of an environment
    History,
    /// Compare two generations, or two environments
    Diff(Diff),
    /// Give an environment exactly what another one has
    Promote(Promote),
    /// Never remove a generation
    Pin(Pin),
    /// Let a generation go when it is old
    Unpin(Pin),
    /// Go back to an earlier generation; manifest and lock stay as they are
    Rollback(Rollback),
    /// Remove what no project needs: old generations, and packages that only they had
    Gc(Gc),
    /// Make another environment the active one
    Use(Use),
    /// Print the variables that make programs see the environment: eval "$(larder env)"
    Env(Env),
    /// Check every byte of the environment against what was installed, and the store's with it
    Verify(Verify),
    /// Check the manifest, the lock and the policies
    Check(Check),
    /// Agree that variables with tokens are sent to registries
    Login(Login),
    /// Print completions for a shell
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The project's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Only write the manifest
    #[arg(long)]
    pub(super) no_lock: bool,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// ecosystem:name, with a range where one is wanted: npm:react@^18, pypi:fastapi[standard]>=0.115
    #[arg(required = true, value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
    /// Add to this group instead of the dependencies
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Let resolution go on without it
    #[arg(long)]
    pub(super) optional: bool,
    /// Take it from this registry
    #[arg(long, value_name = "NAME")]
    pub(super) registry: Option<String>,
    /// Only write the manifest and the lock
    #[arg(long)]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// ecosystem:name, or the name alone where only one ecosystem has it
    #[arg(required = true, value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
    /// Remove from this group only
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Only write the manifest and the lock
    #[arg(long)]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct Lock {
    /// Change nothing; fail where the lock is not fresh
    #[arg(long, alias = "locked")]
    pub(super) check: bool,
    /// Prefer the versions that another tool's lockfile chose: package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock, uv.lock,
    /// poetry.lock, pdm.lock, pylock.toml
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(super) prefer: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The packages to move [default: all]
    #[arg(value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Freshness {
    /// Fail where the lock would change
    #[arg(long)]
    pub(super) locked: bool,
    /// Take the lock as it is, without looking whether it is fresh
    #[arg(long, conflicts_with = "locked")]
    pub(super) frozen: bool,
    /// With --frozen: leave out the members that are not on disk
    #[arg(long, requires = "frozen")]
    pub(super) members_present: bool,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct Sync {
    #[command(flatten)]
    pub(super) freshness: Freshness,
    #[command(flatten)]
    pub(super) building: Building,
    /// Heal what was damaged in the environment or the store
    #[arg(long)]
    pub(super) repair: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// After a rollback: build what the lock says, and switch to it
    #[arg(long)]
    pub(super) forward: bool,
}

#[derive(Debug, Args)]
pub(super) struct Ci {
    #[command(flatten)]
    pub(super) building: Building,
}

/// How an environment is built.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Building {
    /// Build the environment without making it the active one
    #[arg(long)]
    pub(super) no_activate: bool,
    /// Make Python's byte-code ahead, as `production` does without being asked
    #[arg(long)]
    pub(super) compile: bool,
}

#[derive(Debug, Args)]
pub(super) struct Fetch {
    #[command(flatten)]
    pub(super) freshness: Freshness,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) freshness: Freshness,
    /// The program and its arguments; a program that only the system has is run after `--`
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
    /// Whether `--` stands before the command.
    #[arg(skip)]
    pub(super) passes_through: bool,
}

impl Run {
    /// Notes whether `--` stands before the command, which ends the words of every command line that has one.
    pub(super) fn look_before(&mut self, words: &[OsString]) {
        let before = words.len().saturating_sub(self.command.len());
        self.passes_through = words[..before].last().is_some_and(|word| word == "--");
    }
}

#[derive(Debug, Args)]
pub(super) struct Tree {
    /// How deep to go
    #[arg(long, value_name = "N")]
    pub(super) depth: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct Why {
    /// ecosystem:name, or the name alone
    #[arg(value_name = "PACKAGE")]
    pub(super) package: String,
}

#[derive(Debug, Args)]
pub(super) struct Login {
    /// Variables and the hosts that they may be sent to [default: what the project asks for, after a question]
    #[arg(long, required = true, value_name = "NAME@HOST", num_args = 0..)]
    pub(super) allow: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Ask the registries too, and compare what they say of each locked package with the lock
    #[arg(long)]
    pub(super) online: bool,
    /// Print what is found as a SARIF log, for code scanning
    #[arg(long, conflicts_with = "json")]
    pub(super) sarif: bool,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}
