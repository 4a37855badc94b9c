//! `larder registry`

use crate::cli::args::{RegistryArgs, RegistryCommand, WitnessCommand};
use crate::diagnostic::{counted, size};
use crate::ops::{Session, registry};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &RegistryArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let context = session.context();
    match &arguments.command {
        RegistryCommand::Init { dir, origin } => {
            let created = registry::init(context, dir, origin.as_deref())?;
            output.json(&created);
            output.message(format!("Made registry {} in {}", created.origin, created.folder));
            if let Some(secret) = &created.secret {
                output.message(format!("Its private key is {secret}: keep a copy of it in a safe place"));
            }
            output.message("Those who use it write, under `registries` in larder.kdl:");
            output.message(format!("    larder \"NAME\" \"URL\" {{ key \"{}\"; }}", created.key));
        }
        RegistryCommand::Sign { dir } => {
            let signed = registry::sign(context, dir)?;
            output.json(&signed);
            for one in &signed.integrated {
                output.message(format!("Added {one}"));
            }
            output.message(format!("Signed {} at {} events", signed.origin, signed.size));
        }
        RegistryCommand::Push { dir, to } => {
            let pushed = registry::push(session, dir, to)?;
            output.json(&pushed);
            let registry::Pushed { origin, size: entries, to, files, bytes } = pushed;
            output.message(format!("{to} has {origin} at {entries} entries: {files} files copied, {}", size(bytes)));
        }
        RegistryCommand::Witness(WitnessCommand::Export) => {
            output.json_always(&registry::export_witness(context)?);
        }
        RegistryCommand::Witness(WitnessCommand::Import { file }) => {
            let imported = registry::import_witness(context, file)?;
            output.json(&imported);
            for origin in &imported.origins {
                output.message(format!("Witnessed {origin}"));
            }
        }
        RegistryCommand::Verify { dir } => {
            let whole = registry::verify(context, dir)?;
            output.json(&whole);
            let registry::Whole { origin, size, packages, versions, .. } = whole;
            output.message(format!(
                "{origin} is whole: {}, {}, {}",
                counted(packages, "package"),
                counted(versions, "version"),
                counted(usize::try_from(size).unwrap_or(usize::MAX), "event")
            ));
        }
    }
    DONE
}
