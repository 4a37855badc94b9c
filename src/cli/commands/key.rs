//! `larder key`

use crate::cli::args::{KeyCommand, KeyPurpose};
use crate::ops::Context;
use crate::ops::key::{self, Keeping, KeyError, KeyKind, PASSWORD};
use crate::registry::credentials::Secret;

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(command: &KeyCommand, context: &Context<'_>, output: &Output) -> CommandResult {
    match command {
        KeyCommand::Sign { key, file } => {
            let signed = key::sign(context, key, file)?;
            output.json(&signed);
            output.message(format!("Signed by {}: {}", signed.public, signed.signature.display()));
        }
        KeyCommand::New { name, kind, origin, password, keyring } => {
            let kind = match kind {
                KeyPurpose::Publisher if origin.is_some() => return Err(KeyError::NoOrigin.into()),
                KeyPurpose::Publisher => KeyKind::Publisher,
                KeyPurpose::Log => KeyKind::Log { origin: origin.clone().unwrap_or_else(|| name.to_string()) },
            };
            let keeping = match (*password, *keyring) {
                (true, _) => Keeping::Protected(new_password(context)?),
                (false, true) => Keeping::Keyring,
                (false, false) => Keeping::File,
            };
            let made = key::new(context, name, &kind, &keeping)?;
            output.json(&made);
            for key in &made.keys {
                output.message(match (&key.file, *password) {
                    (None, _) => format!("Made the key {}: it is in the system's keyring", key.name),
                    (Some(file), true) => {
                        format!(
                            "Made the key {}: {}. Who has it and the password can sign as you",
                            key.name,
                            file.display()
                        )
                    }
                    (Some(file), false) => {
                        format!("Made the key {}: {}. Who has this file can sign as you", key.name, file.display())
                    }
                });
                output.message("The registry's line of those who use it:");
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

/// Gets the password of a new key: from the variable, or twice from whoever sits at the terminal.
fn new_password(context: &Context<'_>) -> Result<Secret, KeyError> {
    if let Some(password) = context.variables.text(PASSWORD) {
        return Ok(Secret::new(&password));
    }
    let ask = |question: &str| (context.ask_secret)(question).ok_or_else(|| KeyError::NoPassword("new".to_owned()));
    let (first, again) = (ask("Password of the new key: ")?, ask("The same again: ")?);
    if first == again && !first.is_empty() { Ok(Secret::new(&first)) } else { Err(KeyError::OtherPassword) }
}
