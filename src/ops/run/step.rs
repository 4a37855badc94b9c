//! What a shell is to run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::Command;

use crate::model::Label;

/// The shell that runs tasks and scripts.
pub(super) const SHELL: &str = "/bin/sh";

/// The longest arguments that are written into the text for the shell, in bytes: the system takes no word over 128 KiB.
const LONGEST: usize = 64 * 1024;

/// A script or a task, ready for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShellStep {
    /// Its name.
    pub(super) name: String,
    /// The folder that it runs in: that of the file that has it.
    pub(super) folder: PathBuf,
    /// Its command, as it is written.
    pub(super) command: String,
    /// What runs before it, and whose failure is its own: a `pre` script.
    pub(super) before: Option<String>,
    /// What runs after it, unless it failed: a `post` script.
    pub(super) after: Option<String>,
    /// The environment that it runs in, unless the command line names one.
    pub(super) environment: Option<Label>,
    /// Variables of its own.
    pub(super) variables: Vec<(&'static str, String)>,
}

impl ShellStep {
    /// Returns the shell that runs it in its folder. Arguments that are too long for one word are those of the shell.
    pub(super) fn shell(&self, arguments: &[OsString]) -> Command {
        let mut shell = Command::new(SHELL);
        shell.arg("-c").current_dir(&self.folder);
        if arguments.iter().map(|argument| argument.len() + 3).sum::<usize>() < LONGEST {
            shell.arg(self.text(arguments));
        } else {
            let with_its_own = Self { command: format!("{} \"$@\"", self.command), ..self.clone() };
            shell.arg(with_its_own.text(&[])).arg("sh").args(arguments);
        }
        shell
    }

    /// Returns the text for `sh -c`, with arguments behind the command as npm puts them there: as words that the shell does not
    /// change. What runs before and after has a shell of its own, which keeps its `cd` and `exit` to itself.
    pub(super) fn text(&self, arguments: &[OsString]) -> OsString {
        let mut own = self.command.clone().into_bytes();
        for argument in arguments {
            own.push(b' ');
            own.extend(quoted(argument));
        }
        if self.before.is_none() && self.after.is_none() {
            return OsString::from_vec(own);
        }
        let around = |part: &Option<String>| part.clone().map(String::into_bytes);
        let parts = [around(&self.before), Some(own), around(&self.after)];
        // A line of its own ends a comment.
        let shells: Vec<Vec<u8>> =
            parts.into_iter().flatten().map(|part| [&b"(\n"[..], &part, b"\n)"].concat()).collect();
        OsString::from_vec(shells.join(&b" && "[..]))
    }
}

/// Returns an argument as a word of a POSIX shell.
fn quoted(argument: &OsStr) -> Vec<u8> {
    let bytes = argument.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(byte);
    if !bytes.is_empty() && bytes.iter().all(is_plain) {
        return bytes.to_vec();
    }
    let mut word = vec![b'\''];
    for &byte in bytes {
        match byte {
            b'\'' => word.extend(br"'\''"),
            byte => word.push(byte),
        }
    }
    word.push(b'\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_words_and_what_stands_around_has_its_own_shell() {
        let step = |before: Option<&str>, after: Option<&str>| ShellStep {
            name: "a".to_owned(),
            folder: PathBuf::new(),
            command: "run x # now".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            environment: None,
            variables: Vec::new(),
        };
        let words: Vec<OsString> = ["--a=b", "it's", "", "$HOME *"].map(OsString::from).into();
        assert_eq!(step(None, None).text(&[]), "run x # now");
        assert_eq!(step(None, None).text(&words), r"run x # now --a=b 'it'\''s' '' '$HOME *'");
        assert_eq!(step(Some("cd y"), None).text(&[]), "(\ncd y\n) && (\nrun x # now\n)");
        assert_eq!(step(None, Some("say")).text(&words[..1]), "(\nrun x # now --a=b\n) && (\nsay\n)");
    }
}
