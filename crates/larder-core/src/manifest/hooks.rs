//! The `hooks` block: programs of the project that a sync runs before and after it, where the user allowed them.

use crate::model::EntryPath;

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::{Hook, HookTime, ManifestError};

/// The most hooks of a manifest.
const MOST: usize = 16;

/// Reads `hooks { before "sync" "./scripts/check.sh"; after "sync" "./scripts/migrate.sh"; }`.
pub(super) fn read_hooks(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<Hook> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "hooks { before \"sync\" \"./scripts/check.sh\"; }",
    };
    block.read_parts(&SHAPE, errors);
    let mut hooks: Vec<Hook> = Vec::new();
    for node in block.children() {
        let Some(hook) = read_hook(node, errors) else { continue };
        if let Some(first) = hooks.iter().find(|other| other.time == hook.time && other.command == hook.command) {
            errors.push(ManifestError::Repeated {
                what: format!("hook `{}`", hook.command),
                help: Some("it runs once: name it once".to_owned()),
                span: hook.span,
                first: first.span,
            });
        } else if hooks.len() == MOST {
            errors.push(ManifestError::BadValue {
                value: hook.command,
                what: "a hook",
                reason: format!("there are more than {MOST}"),
                help: Some("let one program call the others".to_owned()),
                span: hook.span,
            });
            break;
        } else {
            hooks.push(hook);
        }
    }
    hooks
}

fn read_hook(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Hook> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Never,
        example: "before \"sync\" \"./scripts/check.sh\"",
    };
    let time = match node.name() {
        "before" => HookTime::BeforeSync,
        "after" => HookTime::AfterSync,
        _ => {
            node.report_unknown("in `hooks`", &["before", "after"], errors);
            return None;
        }
    };
    let parts = node.read_parts(&SHAPE, errors);
    parts.argument(0)?.choice(&[("sync", ())], errors)?;
    let command = parts.argument(1)?.string(errors)?;
    let refused = |reason: String, help: &str| ManifestError::BadValue {
        value: command.value.to_owned(),
        what: "a hook",
        reason,
        help: Some(help.to_owned()),
        span: command.span,
    };
    if command.value.contains(char::is_control) {
        errors.push(refused("it has a control character".to_owned(), "write it in one line"));
        return None;
    }
    let Some(words) = words(command.value) else {
        errors.push(refused("a quote is not closed".to_owned(), QUOTED));
        return None;
    };
    let mut words = words.into_iter();
    let written = &*words.next().unwrap_or_default();
    // A bare name would be whatever the PATH of the day has under it.
    if !written.contains('/') {
        errors.push(refused(
            "it is not the path of a file of the project".to_owned(),
            "hooks are files that lie beside the manifest or below: `./scripts/check.sh`. They are run without a shell",
        ));
        return None;
    }
    match EntryPath::parse(written) {
        Ok(program) => Some(Hook {
            time,
            command: command.value.to_owned(),
            program,
            arguments: words.collect(),
            span: node.span(),
        }),
        Err(reason) => {
            errors.push(refused(format!("it {reason}"), "hooks are files that lie beside the manifest or below"));
            None
        }
    }
}

/// What helps who writes a path or an argument with spaces.
const QUOTED: &str = "a path or an argument with spaces stands in single quotes: `'./my scripts/check.sh' 'two words'`";

/// Splits a command into words at white space. Single quotes keep a word together, and nothing else has a meaning, as no shell reads
/// it. Returns `None` if a quote is not closed.
fn words(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for character in command.chars() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            character if character.is_whitespace() && !is_quoted => words.extend(word.take()),
            character => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    (!is_quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestKind, parse};

    #[test]
    fn hooks_are_files_of_the_project_with_arguments() {
        let text = "hooks { before \"sync\" \"./scripts/check.sh --fast  2\"; after \"sync\" \"scripts/migrate\" }";
        let hooks = parse("m", text, ManifestKind::Root).unwrap().hooks;
        assert_eq!((hooks[0].time, hooks[0].program.as_str()), (HookTime::BeforeSync, "scripts/check.sh"));
        assert_eq!(hooks[0].arguments, ["--fast", "2"]);
        let text = "hooks { before \"sync\" \"'./my scripts/check.sh' --as 'two words' it'' ''\" }";
        let quoted = parse("m", text, ManifestKind::Root).unwrap().hooks;
        assert_eq!(
            (quoted[0].program.as_str(), &quoted[0].arguments[..]),
            ("my scripts/check.sh", &["--as", "two words", "it", ""].map(str::to_owned)[..],)
        );
        assert!(parse("m", "hooks { before \"sync\" \"'./a b\" }", ManifestKind::Root).is_err());
        assert_eq!((hooks[1].time, &*hooks[1].command), (HookTime::AfterSync, "scripts/migrate"));
    }

    #[test]
    fn what_could_be_another_program_tomorrow_is_no_hook() {
        for bad in [
            "before \"sync\" \"check\"",
            "before \"sync\" \"\"",
            "before \"sync\" \"/usr/bin/make\"",
            "before \"sync\" \"../check.sh\"",
            "before \"sync\" \"./a/../../check.sh\"",
            "before \"sync\" \"./check.sh\\nother\"",
            "before \"lock\" \"./check.sh\"",
            "during \"sync\" \"./check.sh\"",
            "before \"sync\"",
            "before \"sync\" \"./a.sh\"; before \"sync\" \"./a.sh\"",
        ] {
            assert!(parse("m", &format!("hooks {{ {bad}; }}"), ManifestKind::Root).is_err(), "{bad}");
        }
    }
}
