//! `larder key`

use crate::cli::args::{KeyCommand, KeyPurpose};
use crate::ops::Context;
use crate::ops::key::{self, KeyError, KeyKind};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(command: &KeyCommand, context: &Context<'_>, output: &Output) -> CommandResult {
    match command {
        KeyCommand::New { name, kind, origin } => {
            let kind = match kind {
                KeyPurpose::Publisher if origin.is_some() => return Err(KeyError::NoOrigin.into()),
                KeyPurpose::Publisher => KeyKind::Publisher,
                KeyPurpose::Log => KeyKind::Log { origin: origin.clone().unwrap_or_else(|| name.to_string()) },
            };
            let made = key::new(context, name, &kind)?;
            output.json(&made);
            for key in &made.keys {
                output.message(format!("Made the key {}: {}", key.name, key.file.display()));
                output.message("Who has this file can sign as you. The registry's line of those who use it:");
                output.data_line(match kind {
                    KeyKind::Publisher => format!("signer \"{}\" \"{}\"", key.name, key.public),
                    KeyKind::Log { .. } => format!("key \"{}\"", key.public),
                });
            }
        }
        KeyCommand::List => {
            let keys = key::list_all(context)?;
            output.json(&keys);
            for key in &keys.keys {
                output.data_line(format!("{}  {}  {}", key.name, key.kind, key.public));
            }
            if keys.keys.is_empty() {
                output.message("There are no keys: `larder key new` makes one");
            }
        }
    }
    DONE
}
