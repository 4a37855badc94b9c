//! `larder env`

use std::fmt::Write;

use crate::cli::args::{EnvArgs, EnvFormat};
use crate::ops::{
    Context,
    variables::{Shown, show},
};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &EnvArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let shown = show(context)?;
    if arguments.format == EnvFormat::Lines && !output.is_json() {
        shown.check_lines()?;
    }
    output.json(&shown);
    output.data_verbatim(written(&shown, arguments.format).trim_end());
    DONE
}

fn written(shown: &Shown, format: EnvFormat) -> String {
    let mut text = String::new();
    for (name, value) in &shown.variables {
        let quoted = quoted(value);
        // Writing to a string does not fail.
        let _ = match format {
            EnvFormat::Sh | EnvFormat::Direnv => writeln!(text, "export {name}={quoted}"),
            EnvFormat::Fish if name == "PATH" => {
                let folders: Vec<_> = std::env::split_paths(value).map(|path| fish(&path.to_string_lossy())).collect();
                writeln!(text, "set -gx PATH {}", folders.join(" "))
            }
            EnvFormat::Fish => writeln!(text, "set -gx {name} {}", fish(value)),
            EnvFormat::Lines => writeln!(text, "{name}={value}"),
        };
    }
    for name in &shown.unset {
        let _ = match format {
            EnvFormat::Sh | EnvFormat::Direnv => writeln!(text, "unset {name}"),
            EnvFormat::Fish => writeln!(text, "set -e {name}"),
            EnvFormat::Lines => Ok(()),
        };
    }
    if format == EnvFormat::Direnv {
        for path in &shown.watch {
            let _ = writeln!(text, "watch_file {}", quoted(&path.to_string_lossy()));
        }
    }
    text
}

/// Quotes a text for sh: between single quotes, only single quotes are special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Quotes a text for fish: between single quotes, single quotes and backslashes are special.
fn fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_every_shell() {
        let shown = Shown {
            environment: "production".to_owned(),
            generation: 3,
            path: Vec::new(),
            variables: [("PATH", "/it's here:/b"), ("VIRTUAL_ENV", "/a b\\c")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            unset: vec!["PYTHONHOME".to_owned()],
            watch: vec!["/p/larder.lock".into()],
        };
        let sh = "export PATH='/it'\\''s here:/b'\nexport VIRTUAL_ENV='/a b\\c'\nunset PYTHONHOME\n";
        assert_eq!(written(&shown, EnvFormat::Sh), sh);
        assert_eq!(written(&shown, EnvFormat::Direnv), format!("{sh}watch_file '/p/larder.lock'\n"));
        assert_eq!(written(&shown, EnvFormat::Lines), "PATH=/it's here:/b\nVIRTUAL_ENV=/a b\\c\n");
        let fish = "set -gx PATH '/it\\'s here' '/b'\nset -gx VIRTUAL_ENV '/a b\\\\c'\nset -e PYTHONHOME\n";
        assert_eq!(written(&shown, EnvFormat::Fish), fish);
    }
}
