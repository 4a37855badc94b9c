//! The grammar of programs that come beside larder: theirs is their own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::GlobalArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct CompanionArgs {
    /// What the program is given: `larder-monitor --help` tells
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub(in crate::cli) arguments: Vec<OsString>,
}

impl GlobalArgs {
    /// Returns the options as another program's command line has them. `folder` is that of `-C`.
    pub(in crate::cli) fn words(&self, folder: Option<PathBuf>) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(folder) = folder {
            words.extend(["-C".into(), folder.into()]);
        }
        if let Some(environment) = &self.env {
            words.extend(["--env".into(), environment.into()]);
        }
        let switches = [(self.offline, "--offline"), (self.json, "--json"), (self.quiet, "--quiet")];
        words.extend(switches.into_iter().filter(|(is_set, _)| *is_set).map(|(_, switch)| switch.into()));
        if let Some(color) = self.color.to_possible_value().filter(|_| self.color != super::ColorChoice::Auto) {
            words.extend(["--color".into(), color.get_name().into()]);
        }
        words.extend((0..self.verbose).map(|_| OsString::from("-v")));
        words
    }
}
