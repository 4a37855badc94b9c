//! `larder env`

use std::fmt::Write;

use crate::cli::args::{Env, Format};
use crate::ops::{
    Context,
    variables::{Shown, show},
};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Env, context: &Context<'_>, output: &Output) -> Outcome {
    let shown = show(context)?;
    if arguments.format == Format::Lines && !output.is_json() {
        shown.check_lines()?;
    }
    output.document(&shown);
    output.print_exactly(written(&shown, arguments.format).trim_end());
    DONE
}

fn written(shown: &Shown, format: Format) -> String {
    let mut text = String::new();
    for (name, value) in &shown.variables {
        let quoted = quoted(value);
        // Writing to a string does not fail.
        let _ = match format {
            Format::Sh | Format::Direnv => writeln!(text, "export {name}={quoted}"),
            Format::Fish if name == "PATH" => {
                let folders: Vec<_> = std::env::split_paths(value).map(|path| fish(&path.to_string_lossy())).collect();
                writeln!(text, "set -gx PATH {}", folders.join(" "))
            }
            Format::Fish => writeln!(text, "set -gx {name} {}", fish(value)),
            Format::Lines => writeln!(text, "{name}={value}"),
        };
    }
    for name in &shown.unset {
        let _ = match format {
            Format::Sh | Format::Direnv => writeln!(text, "unset {name}"),
            Format::Fish => writeln!(text, "set -e {name}"),
            Format::Lines => Ok(()),
        };
    }
    if format == Format::Direnv {
        for path in &shown.watch {
            let _ = writeln!(text, "watch_file {}", quoted(&path.to_string_lossy()));
        }
    }
    text
}

/// Between single quotes a shell reads everything but those as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Between single quotes fish reads a backslash before those and itself.
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
        assert_eq!(written(&shown, Format::Sh), sh);
        assert_eq!(written(&shown, Format::Direnv), format!("{sh}watch_file '/p/larder.lock'\n"));
        assert_eq!(written(&shown, Format::Lines), "PATH=/it's here:/b\nVIRTUAL_ENV=/a b\\c\n");
        let fish = "set -gx PATH '/it\\'s here' '/b'\nset -gx VIRTUAL_ENV '/a b\\\\c'\nset -e PYTHONHOME\n";
        assert_eq!(written(&shown, Format::Fish), fish);
    }
}
