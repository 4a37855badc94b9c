//! The private keys of logs: in `LARDER_LOG_KEY`, or below the user's configuration.
//!
//! ```text
//! ~/.config/larder/keys/packages.acme.example.log     PRIVATE+KEY+packages.acme.example+…, mode 0600
//! ```

use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::ops::{Context, Result};
use crate::package::log::LogSigner;

/// The variable that holds a private key, for machines whose configuration is empty.
const VARIABLE: &str = "LARDER_LOG_KEY";

/// No key is longer.
const LONGEST: u64 = 4096;

/// Returns the file of a log's private key.
pub(in crate::ops) fn file(context: &Context<'_>, origin: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '+' };
    let name: String = origin.chars().map(plain).collect();
    context.configuration.join("keys").join(format!("{name}.log"))
}

/// Returns the private key of a log, if this user has it.
pub(in crate::ops) fn find(context: &Context<'_>, origin: &str) -> Result<Option<LogSigner>> {
    if let Some(text) = context.variables.text(VARIABLE) {
        let signer: LogSigner = text.parse().map_err(|_| BadKey(format!("the variable {VARIABLE}")))?;
        if signer.key().name() == origin {
            return Ok(Some(signer));
        }
    }
    let path = file(context, origin);
    let Some(bytes) = fs::read_up_to(&path, LONGEST)? else { return Ok(None) };
    let signer = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<LogSigner>().ok());
    let signer = signer.filter(|signer| signer.key().name() == origin);
    Ok(Some(signer.ok_or_else(|| BadKey(format!("`{}`", path.display())))?))
}

/// Returns the private key of a log, and makes one if there is none.
pub(in crate::ops) fn find_or_make(context: &Context<'_>, origin: &str) -> Result<LogSigner> {
    if let Some(signer) = find(context, origin)? {
        return Ok(signer);
    }
    let signer = LogSigner::generate(origin).ok_or_else(|| BadOrigin(origin.to_owned()))?;
    let path = file(context, origin);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::write_new(&path, format!("{}\n", signer.to_secret()).as_bytes(), 0o600) {
        // Somebody else made one at the same moment.
        Err(error) if error.is_occupied() => find(context, origin)?.ok_or_else(|| error.into()),
        written => written.map(|()| signer).map_err(Into::into),
    }
}

/// A key that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0} holds no private key of this log")]
#[diagnostic(code(larder::key::bad_log_key), help("it begins with `PRIVATE+KEY+` and the log's origin"))]
struct BadKey(String);

/// An origin that cannot be one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` cannot be the origin of a log")]
#[diagnostic(
    code(larder::key::bad_origin),
    help("it is a name without white space and without `+`, like packages.acme.example: `--origin NAME`")
)]
struct BadOrigin(String);

impl Failure for BadKey {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for BadOrigin {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
