//! The keyring of the system: secrets that are locked with the user's session.
//!
//! It is asked through the program that the system has for it, with the secret on its standard input or output and never in its
//! arguments: `secret-tool` of libsecret for a Secret Service on D-Bus, `security` for the keychain of macOS.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostic::{Exit, Failure};
use crate::ops::{Context, Result};
use crate::profile::python;
use crate::registry::credentials::Secret;

/// Under which name larder's entries are kept.
const SERVICE: &str = "larder";

/// The service of the session: without it there is no keyring on Linux.
const SESSION_BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// The keyring of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Keyring {
    program: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    SecretService,
    Keychain,
}

/// A call of the keyring's program.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    arguments: Vec<String>,
    input: String,
}

impl Keyring {
    /// Finds the keyring. Returns `None` if this system, or this session, has none.
    pub(in crate::ops) fn find(context: &Context<'_>) -> Option<Self> {
        let (kind, name) = if std::env::consts::OS == "macos" {
            (Kind::Keychain, "security")
        } else {
            context.variables.text(SESSION_BUS)?;
            (Kind::SecretService, "secret-tool")
        };
        let program = python::on_path(&context.variables.search_path(), name)?;
        Some(Self { program, kind })
    }

    /// Keeps a secret in place of the one of this account.
    pub(in crate::ops) fn keep(&self, account: &str, secret: &Secret) -> Result<()> {
        let output = self.call(&self.kind.keep(account, secret))?;
        if output.status.success() { Ok(()) } else { Err(self.refusal(&output).into()) }
    }

    /// Returns the secret of an account. Returns `None` if there is none.
    pub(in crate::ops) fn secret(&self, account: &str) -> Result<Option<Secret>> {
        let output = self.call(&self.kind.look_up(account))?;
        let text = String::from_utf8(output.stdout.clone()).unwrap_or_default();
        match self.kind.decoded(&text) {
            Some(secret) if output.status.success() => Ok(Some(secret)),
            // The programs answer "there is none" and "it is locked" with the same status, but they explain the latter.
            _ if self.kind == Kind::SecretService && !output.stderr.is_empty() => Err(self.refusal(&output).into()),
            _ => Ok(None),
        }
    }

    /// Removes the secret of an account, if there is one.
    pub(in crate::ops) fn remove(&self, account: &str) -> Result<()> {
        self.call(&self.kind.remove(account)).map(|_| ())
    }

    fn call(&self, call: &Call) -> Result<Output> {
        let failed = |error: std::io::Error| KeyringError { program: self.program.clone(), reason: error.to_string() };
        let mut command = Command::new(&self.program);
        command.args(&call.arguments).current_dir("/").stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // A program that ends early says why.
            let _ = input.write_all(call.input.as_bytes());
        }
        Ok(child.wait_with_output().map_err(failed)?)
    }

    fn refusal(&self, output: &Output) -> KeyringError {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().map(str::trim).find(|line| !line.is_empty());
        let reason = first.map_or_else(|| output.status.to_string(), |line| line.chars().take(300).collect());
        KeyringError { program: self.program.clone(), reason }
    }
}

impl Kind {
    fn keep(self, account: &str, secret: &Secret) -> Call {
        match self {
            Self::SecretService => {
                let label = format!("--label={SERVICE}: {account}");
                let arguments = words(&["store", &label, "service", SERVICE, "account", account]);
                Call { arguments, input: secret.text().to_owned() }
            }
            Self::Keychain => {
                // Commands come by standard input. Nothing in base64 has to be quoted.
                let encoded = STANDARD.encode(secret.text());
                let account = account.replace('\\', "\\\\").replace('"', "\\\"");
                let input = format!("add-generic-password -U -s {SERVICE} -a \"{account}\" -w {encoded}\n");
                Call { arguments: words(&["-i"]), input }
            }
        }
    }

    fn look_up(self, account: &str) -> Call {
        let arguments = match self {
            Self::SecretService => words(&["lookup", "service", SERVICE, "account", account]),
            Self::Keychain => words(&["find-generic-password", "-s", SERVICE, "-a", account, "-w"]),
        };
        Call { arguments, input: String::new() }
    }

    fn remove(self, account: &str) -> Call {
        let arguments = match self {
            Self::SecretService => words(&["clear", "service", SERVICE, "account", account]),
            Self::Keychain => words(&["delete-generic-password", "-s", SERVICE, "-a", account]),
        };
        Call { arguments, input: String::new() }
    }

    /// Returns the secret in what the program prints for [`look_up`](Self::look_up).
    fn decoded(self, text: &str) -> Option<Secret> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match self {
            Self::SecretService => Some(Secret::new(text)),
            Self::Keychain => Some(Secret::new(&String::from_utf8(STANDARD.decode(text).ok()?).ok()?)),
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// A keyring that does not do what it is asked for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the system's keyring does not answer: {}: {reason}", program.display())]
#[diagnostic(
    code(larder::keyring::failed),
    help(
        "unlock the keyring, or take {SESSION_BUS} out of the environment: secrets are then kept in files of your own"
    )
)]
struct KeyringError {
    program: PathBuf,
    reason: String,
}

impl Failure for KeyringError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_an_argument() {
        let secret = Secret::new("s3 \"cret");
        for kind in [Kind::SecretService, Kind::Keychain] {
            let call = kind.keep("https://h/ \"x\\", &secret);
            assert!(!call.arguments.concat().contains("cret"), "{call:?}");
        }
        let kept = Kind::Keychain.keep("https://h/\"", &secret).input;
        assert_eq!(kept, "add-generic-password -U -s larder -a \"https://h/\\\"\" -w czMgImNyZXQ=\n");
        assert_eq!(Kind::Keychain.decoded("czMgImNyZXQ=\n"), Some(secret.clone()));
        assert_eq!(Kind::SecretService.decoded("s3 \"cret\n"), Some(secret));
        assert_eq!((Kind::SecretService.decoded("\n"), Kind::Keychain.decoded("%")), (None, None));
    }
}
