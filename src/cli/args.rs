//! The grammar of the command line.

mod assets;
mod audit;
mod automation;
mod builds;
mod companion;
mod inventory;
mod operations;
mod packages;
mod profiles;
mod registry;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::ops::compatibility::Baseline;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(super) use assets::{
    ExplainArgs, ExplainCommand, ExportCommand, FlowArgs, FlowCommand, ImpactArgs, ImportCommand, ReadyArgs,
};
pub(super) use audit::{
    AdvisoriesArgs, AdvisoriesCommand, AuditArgs, HealthArgs, HealthCommand, ReportFormat, TrustedRootArgs,
};
pub(super) use automation::{
    CiHostName, CiTemplateArgs, CompletionsArgs, HooksArgs, HooksCommand, ScheduleArgs, ServiceArgs, ServiceCommand,
    ServiceExportArgs, SupervisorName,
};
pub(super) use builds::{BuildsArgs, BuildsCommand};
pub(super) use companion::CompanionArgs;
pub(super) use inventory::{
    BillFormName, ExportArgs, ExportFormName, GraphArgs, GraphFormName, LicensesArgs, SbomArgs,
};
pub(super) use operations::{BackupArgs, LogArgs, ReleaseArgs, RestoreArgs, SelfArgs, SelfCommand};
pub(super) use packages::{Grouping, KeyArgs, KeyCommand, KeyPurpose, ListArgs, OrderArgs, PackArgs};
pub(super) use profiles::{
    AdoptArgs, DiffArgs, EnvArgs, EnvFormat, GcArgs, PinArgs, PromoteArgs, RollbackArgs, UseArgs, VerifyArgs,
};
pub(super) use registry::{
    DeprecateArgs, PublishArgs, RegistryArgs, RegistryCommand, TrustArgs, TrustCommand, UnyankArgs, WitnessCommand,
    YankArgs,
};

/// One manifest, one solve, one lockfile for npm, PyPI, private and local packages.
#[derive(Debug, Parser)]
#[command(name = "larder", version, about, max_term_width = 100)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Under which the help of a command lists the options that every command has.
const EVERYWHERE: &str = "Options of every command";

/// The options that every command has.
#[derive(Clone, Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct GlobalArgs {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    pub(super) folder: Option<PathBuf>,
    /// Use this environment instead of the active one
    #[arg(long, value_name = "NAME", global = true, help_heading = EVERYWHERE)]
    pub(super) env: Option<String>,
    /// Do not touch the network
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(super) offline: bool,
    /// Print one JSON document to standard output
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(super) json: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = EVERYWHERE)]
    pub(super) color: ColorChoice,
    /// Print only data and errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(super) quiet: bool,
    /// Say more: -v tells what takes how long, -vv each request too
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
}

/// When to use colour.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a larder.kdl from the folder's package.json, pyproject.toml or requirements.txt
    Init(InitArgs),
    /// Add dependencies: npm:express, pypi:httpx>=0.27, path:packages/theme
    Add(AddArgs),
    /// Remove dependencies
    Remove(RemoveArgs),
    /// Move the files of other tools out of the way, so that larder can make its own
    Adopt(AdoptArgs),
    /// Bring larder.lock up to date with the manifest
    Lock(LockArgs),
    /// Update locked versions to the newest that the manifest allows
    Update(UpdateArgs),
    /// Build the environment that the lock describes, and make it the active one
    Sync(SyncArgs),
    /// Like sync --locked: the lock must be fresh
    Ci(CiArgs),
    /// Download the locked packages of all environments, or of --env, to the store, or to a folder; build nothing
    Fetch(FetchArgs),
    /// Write an environment as it runs into one file: its packages, its runtimes, the project's files
    Bundle(BundleArgs),
    /// Make a bundle a generation of a deployment folder, and switch to it
    Unbundle(UnbundleArgs),
    /// Run a task, a script of the package.json, or a program of the environment; without a name, list what there is
    Run(RunArgs),
    /// Run a tool that the project does not have, from an environment of its own: npm:cowsay, pypi:ruff@0.4
    #[command(visible_alias = "x")]
    Dlx(DlxArgs),
    /// Add what another tool's file declares: package.json, requirements.txt, .npmrc; or assets, or flows
    Import(ImportArgs),
    /// Write an environment's lock in the form of another tool: pylock.toml, package-lock.json; or flows as one file
    Export(ExportArgs),
    /// Open a package for editing; --commit makes a patch of the changes
    Patch(PatchArgs),
    /// Show under which licenses the packages of an environment are
    Licenses(LicensesArgs),
    /// Write the bill of materials of an environment: CycloneDX or SPDX
    Sbom(SbomArgs),
    /// Show the packages of an environment as a graph
    Graph(GraphArgs),
    /// Look for what could be better: unused and outdated dependencies, several versions of one package
    Analyze,
    /// Check what is committed, by a hook of git; or allow the manifest's own hooks
    Hooks(HooksArgs),
    /// Write a workflow for CI: it builds what is locked, audits it, and proposes newer versions
    CiTemplate(CiTemplateArgs),
    /// Have the project audited each night, and the store cleaned up each week
    Schedule(ScheduleArgs),
    /// Write units that keep services and the monitor running
    Service(ServiceArgs),
    /// Watch services and the machine, restart what fails, tell people: runs larder-monitor
    #[command(disable_help_flag = true)]
    Monitor(CompanionArgs),
    /// List the locked packages of an environment, or the private packages of the repository
    List(ListArgs),
    /// Show the private packages of the repository in the order in which they build on each other
    Order(OrderArgs),
    /// Show the dependency tree of an environment
    Tree(TreeArgs),
    /// Show which dependencies need a package
    Why(WhyArgs),
    /// Show what has to be built, or let it be built
    Builds(BuildsArgs),
    /// Show which direct dependencies have newer versions: within the manifest's ranges, and beyond
    Outdated,
    /// Show the generations of an environment
    History,
    /// Compare two generations, or two environments
    Diff(DiffArgs),
    /// Build an environment with exactly the packages of another
    Promote(PromoteArgs),
    /// Keep a generation until it is unpinned
    Pin(PinArgs),
    /// Let old generations be removed again
    Unpin(PinArgs),
    /// Go back to an earlier generation; manifest and lock stay as they are
    Rollback(RollbackArgs),
    /// Remove old generations, and packages and cached answers that no project needs
    Gc(GcArgs),
    /// Tell whether flows can be deployed, and every reason why not
    Ready(ReadyArgs),
    /// Tell which adapters, mappings, flows and packages a change of an asset touches
    Impact(ImpactArgs),
    /// Move flows from state to state: draft, ready, archived; deployed and suspended in an environment
    Flow(FlowArgs),
    /// Explain what larder knows: the parameters of a kind of adapters
    Explain(ExplainArgs),
    /// Make another environment the active one
    Use(UseArgs),
    /// Print the variables that activate the environment in a shell: eval "$(larder env)"
    Env(EnvArgs),
    /// Check every file of the environment and of its packages in the store
    Verify(VerifyArgs),
    /// Check the manifest, the lock and the policies
    Check(CheckArgs),
    /// Look for known vulnerabilities and other dangers in all that is locked
    Audit(AuditArgs),
    /// Score the health of the dependencies, and tell which installed packages are damaged
    Health(HealthArgs),
    /// Fetch advisories about vulnerabilities, or tell how old those are that are here
    Advisories(AdvisoriesArgs),
    /// Keep credentials for a registry, or allow variables to be sent there
    Login(LoginArgs),
    /// Forget the credentials for a registry
    Logout(LogoutArgs),
    /// Make the archive of the private package in this folder
    Pack(PackArgs),
    /// Make and list the keys that sign private packages
    Key(KeyArgs),
    /// Pack and sign the private package in this folder, and add it to a registry
    Publish(PublishArgs),
    /// Take a version of a private package out of choice; who has locked it can still install it
    Yank(YankArgs),
    /// Let a yanked version be chosen again
    Unyank(UnyankArgs),
    /// Tell the users of a private package to move on
    Deprecate(DeprecateArgs),
    /// Accept what a registry shows, though it is not what was seen before
    Trust(TrustArgs),
    /// Make, sign and check registries of private packages
    Registry(RegistryArgs),
    /// Write what the project cannot get back from registries into one file, and check it
    Backup(BackupArgs),
    /// Put the files of a backup into their places, all or none
    Restore(RestoreArgs),
    /// Sync whenever a manifest of the project or of its local packages changes
    Watch,
    /// Tell what is wrong and what is due, each with its command
    Doctor,
    /// Release what was committed since the last tag: version, changelog, packages in registries, commit and tag
    Release(ReleaseArgs),
    /// Show what happened to the project: who changed what, when, and what failed
    Log(LogArgs),
    /// Tell which larder this is
    #[command(name = "self")]
    Own(SelfArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Any other name: the program `larder-NAME`.
    #[command(external_subcommand)]
    Companion(Vec<OsString>),
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The project's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Begin a private package: from `package`, `node`, `python`, or a folder
    #[arg(long, value_name = "TEMPLATE", conflicts_with_all = ["no_lock", "leave_out"])]
    pub(super) template: Option<String>,
    /// Begin a project that uses this private package, and lock it
    #[arg(long, value_name = "PACKAGE", requires = "registry", conflicts_with_all = ["template", "no_lock", "leave_out"])]
    pub(super) consume: Option<String>,
    /// Where the private package is: a URL or a folder
    #[arg(long, value_name = "URL", requires = "consume")]
    pub(super) registry: Option<String>,
    /// Only write the manifest
    #[arg(long)]
    pub(super) no_lock: bool,
    /// Go on without what keeps something out and has no counterpart here: an index, a cutoff
    #[arg(long)]
    pub(super) leave_out: bool,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct AddArgs {
    /// ecosystem:name, with an optional range: npm:react@^18, pypi:fastapi[standard]>=0.115
    #[arg(required = true, value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
    /// Add to this group instead of the dependencies
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Continue without it if it cannot be resolved
    #[arg(long)]
    pub(super) optional: bool,
    /// Take it from this registry
    #[arg(long, value_name = "NAME")]
    pub(super) registry: Option<String>,
    /// Take it from this application of the marketplace, by its number
    #[arg(long, value_name = "NUMBER")]
    pub(super) marketplace: Option<u32>,
    /// Turn on features of a private package: rest,soap
    #[arg(long, value_name = "NAMES")]
    pub(super) features: Option<String>,
    /// Leave out the default features of a private package
    #[arg(long)]
    pub(super) no_default_features: bool,
    /// Take versions of a private package that are marked as beta
    #[arg(long)]
    pub(super) beta: bool,
    /// Write the manifest and the lock, but do not sync
    #[arg(long)]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// ecosystem:name, or the name alone if only one ecosystem has it; or an asset: schema:orders/order
    #[arg(required = true, value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
    /// Remove assets although others refer to them
    #[arg(long)]
    pub(super) force: bool,
    /// Remove from this group only
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Write the manifest and the lock, but do not sync
    #[arg(long)]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct LockArgs {
    /// Change nothing; fail if the lock is not fresh
    #[arg(long, alias = "locked")]
    pub(super) check: bool,
    /// Prefer the versions that another tool's lockfile chose: package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock, uv.lock,
    /// poetry.lock, pdm.lock, pylock.toml
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(super) prefer: Vec<String>,
    #[command(flatten)]
    pub(super) trust: TrustedRootArgs,
}

#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// The packages to move [default: all]
    #[arg(value_name = "PACKAGE")]
    pub(super) packages: Vec<String>,
    /// Move what builds the packages, and not the packages
    #[arg(long)]
    pub(super) builds: bool,
    /// Move the runtimes that larder brings, and no package
    #[arg(long, conflicts_with_all = ["builds", "packages"])]
    pub(super) runtimes: bool,
    /// Move direct dependencies group by group, and keep those with which the test succeeds; print a summary in Markdown
    #[arg(long, conflicts_with_all = ["builds", "runtimes"])]
    pub(super) plan: bool,
    /// With --plan: the most groups that are tried
    #[arg(long, value_name = "N", default_value_t = 10, requires = "plan")]
    pub(super) limit: usize,
    /// With --plan: the command that has to succeed, in a copy of the checkout that has the new versions
    #[arg(long, value_name = "COMMAND", requires = "plan")]
    pub(super) test: Option<String>,
    #[command(flatten)]
    pub(super) trust: TrustedRootArgs,
}

/// How the lock is used.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct LockUseArgs {
    /// Fail if the lock would change
    #[arg(long)]
    pub(super) locked: bool,
    /// Use the lock as it is, without checking that it is fresh
    #[arg(long, conflicts_with = "locked")]
    pub(super) frozen: bool,
    /// With --frozen: leave out the members that are not on disk
    #[arg(long, requires = "frozen")]
    pub(super) members_present: bool,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct SyncArgs {
    #[command(flatten)]
    pub(super) lock: LockUseArgs,
    #[command(flatten)]
    pub(super) build: BuildArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// Repair damage in the environment and the store
    #[arg(long)]
    pub(super) repair: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// After a rollback: build what the lock says, and switch to it
    #[arg(long)]
    pub(super) forward: bool,
    #[command(flatten)]
    pub(super) trust: TrustedRootArgs,
}

#[derive(Debug, Args)]
pub(super) struct CiArgs {
    #[command(flatten)]
    pub(super) build: BuildArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) trust: TrustedRootArgs,
}

/// Where packages are fetched from.
#[derive(Clone, Debug, Args)]
pub(super) struct SourceArgs {
    /// Fetch from this folder, which `fetch --to` made, before any registry: also by `LARDER_MIRROR`
    #[arg(long, value_name = "DIR")]
    pub(super) mirror: Option<PathBuf>,
}

/// How an environment is built.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct BuildArgs {
    /// Build the environment without making it the active one
    #[arg(long)]
    pub(super) no_activate: bool,
    /// Compile Python byte-code; `production` does so by default
    #[arg(long)]
    pub(super) compile: bool,
    /// Run the manifest's hooks, in CI and under --frozen too: each has to be allowed by `larder hooks allow`
    #[arg(long)]
    pub(super) hooks: bool,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    #[command(flatten)]
    pub(super) lock: LockUseArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// Write registries to this folder that have what the lock needs, for machines without a network: `ci --mirror DIR`
    #[arg(long, value_name = "DIR")]
    pub(super) to: Option<PathBuf>,
    /// With --to: what these platforms need, or `all` [default: all that the lock has]
    #[arg(long, value_name = "PLATFORM", requires = "to", value_delimiter = ',')]
    pub(super) platform: Vec<String>,
    /// Fetch the packages of this list in place of the lock's, without what they depend on: [{"name","version","registry"}]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["frozen", "locked"])]
    pub(super) batch: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct BundleArgs {
    /// The file to write: shop.tar.zst
    #[arg(short, long, value_name = "FILE", required_unless_present = "oci")]
    pub(super) output: Option<PathBuf>,
    /// Write an image layout of the OCI to this folder, with a layer each for runtimes, packages and the project
    #[arg(long, value_name = "DIR")]
    pub(super) oci: Option<PathBuf>,
    /// Also take files of the project that git ignores: `dist/**`
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,
    /// Take a file that looks like a secret
    #[arg(long, value_name = "PATH")]
    pub(super) allow_secret: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct UnbundleArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The deployment folder [default: the current folder]
    #[arg(value_name = "DIR")]
    pub(super) deployment: Option<PathBuf>,
    /// Refuse a bundle that has another SHA-256 digest
    #[arg(long, value_name = "HEX")]
    pub(super) sha256: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) lock: LockUseArgs,
    /// Run it in every member, after the members that it uses
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Only in these members: a glob of names or folders, with what they use (PATTERN...), with what uses them (...PATTERN), or
    /// not in them (!PATTERN)
    #[arg(long, value_name = "PATTERN", requires = "recursive")]
    pub(super) filter: Vec<String>,
    /// In all members at once, as servers need it
    #[arg(long, requires = "recursive")]
    pub(super) parallel: bool,
    /// The name and its arguments; write `--` before a program that is not in the environment
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
    /// Whether `--` precedes the command.
    #[arg(skip)]
    pub(super) has_separator: bool,
}

impl RunArgs {
    /// Detects whether `--` precedes the command, which is the end of the command line.
    pub(super) fn detect_separator(&mut self, words: &[OsString]) {
        let before = words.len().saturating_sub(self.command.len());
        self.has_separator = words[..before].last().is_some_and(|word| word == "--");
    }
}

#[derive(Debug, Args)]
pub(super) struct DlxArgs {
    /// Further packages of the tool's environment
    #[arg(long, value_name = "PACKAGE")]
    pub(super) with: Vec<String>,
    /// Choose versions anew, though they were chosen today
    #[arg(long)]
    pub(super) refresh: bool,
    /// The package, like npm:cowsay, or with --with a program of its name; then the program's arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PACKAGE")]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    pub(super) command: Option<ImportCommand>,
    /// package.json, pnpm-workspace.yaml, .npmrc, .yarnrc.yml, bunfig.toml, pyproject.toml, requirements.txt, pip.conf
    #[arg(value_name = "FILE", required = true)]
    pub(super) file: Option<PathBuf>,
    /// Go on without what keeps something out and has no counterpart here: an index, a cutoff
    #[arg(long)]
    pub(super) leave_out: bool,
    /// Write the manifest and the lock, but do not sync
    #[arg(long)]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct PatchArgs {
    /// The package as the lock has it, like left-pad or npm:left-pad@1.3.0
    #[arg(value_name = "PACKAGE", required_unless_present = "commit", conflicts_with = "commit")]
    pub(super) package: Option<String>,
    /// Make a patch of what was changed in this folder, and name it in the manifest
    #[arg(long, value_name = "DIR")]
    pub(super) commit: Option<PathBuf>,
    /// Write the patch, the manifest and the lock, but do not sync
    #[arg(long, requires = "commit")]
    pub(super) no_sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct TreeArgs {
    /// The number of levels to show: 1 for direct dependencies alone
    #[arg(long, value_name = "N")]
    pub(super) depth: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// ecosystem:name, or the name alone
    #[arg(value_name = "PACKAGE", required_unless_present = "phantom")]
    pub(super) package: Option<String>,
    /// Show which npm packages use others that they do not declare: all, or those that the package uses or is used by
    #[arg(long)]
    pub(super) phantom: bool,
}

#[derive(Debug, Args)]
pub(super) struct LoginArgs {
    /// The registry: a name in larder.kdl, or a URL [default: the only one of the project]
    #[arg(value_name = "REGISTRY")]
    pub(super) registry: Option<String>,
    /// Log in with a user and a password, instead of a token
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Read the token or the password from standard input
    #[arg(long)]
    pub(super) token_stdin: bool,
    /// Only let variables be sent to hosts as tokens [default: ask about those of the project]
    #[arg(long, value_name = "NAME@HOST", num_args = 0.., conflicts_with_all = ["registry", "user", "token_stdin"])]
    pub(super) allow: Option<Vec<String>>,
}

#[derive(Debug, Args)]
pub(super) struct LogoutArgs {
    /// The registry: a name in larder.kdl, or a URL [default: the only one that there is a login to]
    #[arg(value_name = "REGISTRY")]
    pub(super) registry: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Compare each locked package with its registry's metadata, too
    #[arg(long)]
    pub(super) online: bool,
    /// Compare the package in this folder with a published version: latest (the one that `publish` compares with), or VERSION. What it takes
    /// away is an error where its number does not allow for it
    #[arg(long, value_name = "VERSION")]
    pub(super) against: Option<BaselineArgument>,
    /// The registry to compare with: a name in larder.kdl, or a folder
    #[arg(long, value_name = "REGISTRY", requires = "against")]
    pub(super) registry: Option<String>,
    #[command(flatten)]
    pub(super) format: ReportFormat,
}

/// `latest`, or a version.
#[derive(Clone, Debug)]
pub(super) struct BaselineArgument(pub(super) Baseline);

impl std::str::FromStr for BaselineArgument {
    type Err = semver::Error;

    fn from_str(text: &str) -> Result<Self, semver::Error> {
        Ok(Self(if text == "latest" { Baseline::Latest } else { Baseline::Version(text.parse()?) }))
    }
}
