//! Which commands are logged: those that may change something, by what they may change.

use std::path::PathBuf;

use crate::ops::operation_log::{Operation, Trace};

use super::args::{
    BuildsCommand, Command, HealthCommand, HooksCommand, ImportCommand, KeyCommand, PackArgs, RegistryCommand,
    ServiceArgs, ServiceCommand, SyncArgs, UpdateArgs, WitnessCommand,
};
use super::commands::remove;

impl Command {
    /// Returns what is logged of the command; `None` if it changes nothing.
    pub(super) fn operation(&self) -> Option<Operation> {
        let (name, trace, subjects) = match self {
            Self::Init(arguments) => ("init", Trace::Changes, arguments.consume.iter().cloned().collect()),
            Self::Add(arguments) => ("add", Trace::Changes, arguments.packages.clone()),
            Self::Remove(arguments) if remove::takes_assets(arguments) => {
                ("remove", Trace::Always, arguments.packages.clone())
            }
            Self::Remove(arguments) => ("remove", Trace::Changes, arguments.packages.clone()),
            Self::Adopt(_) => ("adopt", Trace::Always, Vec::new()),
            Self::Lock(arguments) if !arguments.check => ("lock", Trace::Changes, arguments.prefer.clone()),
            Self::Update(UpdateArgs { packages, .. }) => ("update", Trace::Changes, packages.clone()),
            Self::Sync(SyncArgs { dry_run: false, repair: true, .. }) => ("sync repair", Trace::Always, Vec::new()),
            Self::Sync(SyncArgs { dry_run: false, .. }) => ("sync", Trace::Changes, Vec::new()),
            Self::Ci(_) => ("ci", Trace::Changes, Vec::new()),
            Self::Unbundle(arguments) => ("unbundle", Trace::Changes, vec![arguments.file.display().to_string()]),
            Self::Import(arguments) => match &arguments.command {
                Some(ImportCommand::Assets { source, .. }) => ("import assets", Trace::Always, path(source)),
                Some(ImportCommand::Flows { file, .. }) => ("import flows", Trace::Always, path(file)),
                None => ("import", Trace::Changes, arguments.file.iter().map(|file| file.display().to_string()).collect()),
            },
            Self::Patch(arguments) if arguments.commit.is_some() => ("patch commit", Trace::Changes, Vec::new()),
            Self::Promote(arguments) => {
                ("promote", Trace::Changes, vec![arguments.from.clone(), arguments.to.clone()])
            }
            Self::Pin(arguments) => ("pin", Trace::Always, numbers(arguments.generation)),
            Self::Unpin(arguments) => ("unpin", Trace::Always, numbers(arguments.generation)),
            Self::Rollback(arguments) => {
                let subjects = numbers(arguments.generation).into_iter().chain(arguments.only.iter().cloned());
                ("rollback", Trace::Changes, subjects.collect())
            }
            Self::Gc(arguments) if !arguments.dry_run => ("gc", Trace::Always, Vec::new()),
            Self::Use(arguments) => ("use", Trace::Changes, vec![arguments.environment.clone()]),
            Self::Login(arguments) => ("login", Trace::Security, arguments.registry.iter().cloned().collect()),
            Self::Logout(arguments) => ("logout", Trace::Security, arguments.registry.iter().cloned().collect()),
            Self::Key(arguments) => match &arguments.command {
                KeyCommand::New { .. } => ("key new", Trace::Security, Vec::new()),
                KeyCommand::Sign { .. } => ("key sign", Trace::Security, Vec::new()),
                KeyCommand::List => return None,
            },
            Self::Publish(arguments) if !arguments.dry_run => {
                ("publish", Trace::Security, arguments.registry.iter().cloned().collect())
            }
            Self::Yank(arguments) => ("yank", Trace::Security, vec![arguments.version.package.clone()]),
            Self::Unyank(arguments) => ("unyank", Trace::Security, vec![arguments.package.clone()]),
            Self::Deprecate(arguments) => ("deprecate", Trace::Security, vec![arguments.package.clone()]),
            Self::Trust(arguments) => ("trust", Trace::Security, arguments.package.iter().cloned().collect()),
            Self::Registry(arguments) => match &arguments.command {
                RegistryCommand::Init { dir, .. } => ("registry init", Trace::Security, path(dir)),
                RegistryCommand::Sign { dir } => ("registry sign", Trace::Security, path(dir)),
                RegistryCommand::Push { dir, .. } => ("registry push", Trace::Security, path(dir)),
                RegistryCommand::Witness(WitnessCommand::Import { file }) => {
                    ("registry witness import", Trace::Security, path(file))
                }
                RegistryCommand::Witness(WitnessCommand::Export) | RegistryCommand::Verify { .. } => return None,
            },
            Self::Builds(arguments) => match &arguments.command {
                Some(BuildsCommand::Allow { packages }) => ("builds allow", Trace::Security, packages.clone()),
                Some(BuildsCommand::Push { registry, .. }) => ("builds push", Trace::Security, vec![registry.clone()]),
                Some(BuildsCommand::Record { package, .. }) => {
                    ("builds record", Trace::Security, vec![package.clone()])
                }
                None => return None,
            },
            Self::Audit(arguments) if arguments.fix => ("audit fix", Trace::Changes, Vec::new()),
            Self::Health(arguments) if matches!(arguments.command, Some(HealthCommand::Cleanup)) => {
                ("health cleanup", Trace::Always, Vec::new())
            }
            Self::Hooks(arguments) => match arguments.command {
                HooksCommand::Install => ("hooks install", Trace::Always, Vec::new()),
                HooksCommand::Allow => ("hooks allow", Trace::Security, Vec::new()),
            },
            Self::Flow(arguments) => match arguments.command.operation() {
                Some((name, flow)) => (name, Trace::Changes, vec![flow.to_owned()]),
                None => return None,
            },
            Self::CiTemplate(arguments) if !arguments.print => ("ci-template", Trace::Always, Vec::new()),
            Self::Backup(arguments) => ("backup", Trace::Always, path(&arguments.file)),
            Self::Restore(arguments) if !arguments.list => ("restore", Trace::Always, path(&arguments.file)),
            Self::Release(arguments) if !arguments.dry_run => ("release", Trace::Security, arguments.registry.clone()),
            Self::Schedule(_) => ("schedule", Trace::Always, Vec::new()),
            Self::Service(ServiceArgs { command: ServiceCommand::Export(arguments) }) if !arguments.print => {
                ("service export", Trace::Always, Vec::new())
            }
            Self::Lock(_)
            | Self::Sync(_)
            | Self::Patch(_)
            | Self::Gc(_)
            | Self::Publish(_)
            | Self::Audit(_)
            | Self::Health(_)
            | Self::CiTemplate(_)
            | Self::Service(_)
            | Self::Fetch(_)
            | Self::Bundle(_)
            // What these sync is logged each time.
            | Self::Watch
            | Self::Run(_)
            | Self::Dlx(_)
            | Self::Export(_)
            | Self::Licenses(_)
            | Self::Sbom(_)
            | Self::Graph(_)
            | Self::Analyze
            | Self::List(_)
            | Self::Order(_)
            | Self::Tree(_)
            | Self::Why(_)
            | Self::Outdated
            | Self::History
            | Self::Diff(_)
            | Self::Env(_)
            | Self::Verify(_)
            | Self::Pack(PackArgs { .. })
            | Self::Check(_)
            | Self::Advisories(_)
            | Self::Completions(_)
            | Self::Ready(_)
            | Self::Impact(_)
            | Self::Explain(_)
            | Self::Restore(_)
            | Self::Doctor
            | Self::Release(_)
            | Self::Log(_)
            | Self::Own(_)
            | Self::Monitor(_)
            | Self::Companion(_) => return None,
        };
        Some(Operation { name, subjects, folder: self.folder(), trace })
    }

    /// Returns the folder that the command works on, if it is not the project that larder was started in.
    fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Unbundle(arguments) => arguments.deployment.clone(),
            Self::Restore(arguments) => arguments.target.clone(),
            _ => None,
        }
    }
}

fn numbers(generation: Option<u64>) -> Vec<String> {
    generation.iter().map(ToString::to_string).collect()
}

fn path(path: &std::path::Path) -> Vec<String> {
    vec![path.display().to_string()]
}
