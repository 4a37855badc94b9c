//! The private keys of logs: in `LARDER_LOG_KEY`, or among the user's keys.

use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Label, LogKey};
use crate::ops::key::{self, Keeping, KeyKind};
use crate::ops::{Context, Event, Result};
use crate::package::log::LogSigner;

/// The variable that holds a private key, for machines without keys of their own.
const VARIABLE: &str = "LARDER_LOG_KEY";

/// The name of a log's key whose origin cannot be the name of a file.
const NAME: &str = "log";

/// Returns the private key of a log, if this user has it.
pub(in crate::ops) fn find(context: &Context<'_>, origin: &str) -> Result<Option<LogSigner>> {
    let mut other = None;
    if let Some(text) = context.variables.text(VARIABLE) {
        let signer: LogSigner = text.parse().map_err(|_| BadVariable)?;
        if signer.key().name() == origin {
            return Ok(Some(signer));
        }
        other = Some(signer.key().name().to_owned());
    }
    let of_origin = |public: &str| public.parse().is_ok_and(|key: LogKey| key.name() == origin);
    let keys = key::list_all(context)?.keys;
    let warn = |warning: String| (context.reporter)(Event::Warning(warning));
    let Some(one) = keys.iter().find(|one| of_origin(&one.public)) else {
        if let Some(other) = other {
            warn(format!("{VARIABLE} holds the key of the log `{other}`, and this is the log `{origin}`"));
        }
        return Ok(None);
    };
    match key::find_log(context, &one.name) {
        // Its public part alone is no key that signs.
        Err(error) if one.file.is_none() => {
            let (name, why) = (&one.name, error.in_short());
            warn(format!("the private key `{name}` of the log `{origin}` has no file, and no keyring gives it: {why}"));
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// Returns the private key of a log, and the file that it lies in, unless a variable has it. Makes one if there is none.
pub(in crate::ops) fn find_or_make(context: &Context<'_>, origin: &str) -> Result<(LogSigner, Option<PathBuf>)> {
    if find(context, origin)?.is_none() {
        let name: Label = origin.parse().or_else(|_| NAME.parse()).map_err(|_| NoLogKey(origin.to_owned()))?;
        key::new(context, &name, &KeyKind::Log { origin: origin.to_owned() }, &Keeping::File)?;
    }
    let signer = find(context, origin)?.ok_or_else(|| NoLogKey(origin.to_owned()))?;
    let public = signer.key().to_string();
    let file = key::list_all(context)?.keys.into_iter().find(|one| one.public == public).and_then(|one| one.file);
    Ok((signer, file))
}

/// Only who has the log's key can do this.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the private key of the log `{0}` is not here")]
#[diagnostic(
    code(larder::registry::no_log_key),
    help("it is among the keys of who ran `larder registry init`, see `larder key list`; or set LARDER_LOG_KEY")
)]
pub(super) struct NoLogKey(pub(super) String);

/// A variable that holds no key.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the variable {VARIABLE} holds no private key of a log")]
#[diagnostic(code(larder::key::no_log_key), help("it begins with `PRIVATE+KEY+` and the log's origin"))]
struct BadVariable;

impl Failure for NoLogKey {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for BadVariable {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
