//! `larder publish`

use crate::cli::args::PublishArgs;
use crate::diagnostic::{counted, size};
use crate::ops::Session;
use crate::ops::publish::{Publication, PublishOptions, publish};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &PublishArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let PublishArgs { registry, sign, dry_run, allow_breaking, allow_secret } = arguments;
    let options = PublishOptions {
        registry: registry.clone(),
        sign: sign.clone(),
        dry_run: *dry_run,
        allow_breaking: *allow_breaking,
        allowed_secrets: allow_secret.clone(),
    };
    let published = publish(session, &options)?;
    output.json(&published);
    let Publication { registry, package, version, files, outcome, .. } = &published;
    for file in files {
        output.detail(file);
    }
    let what = format!("{package} {version}, {}, {}", counted(files.len(), "file"), size(published.size));
    let signed = published.signed_by.as_ref().map_or("not signed", |_| "signed");
    output.message(match *outcome {
        "none" => format!(
            "Would publish to {registry}: {what}, {signed}; all of it can be read by whoever may read {registry}"
        ),
        "unchanged" => format!("{package} {version} is in {registry} already, with the same files"),
        "submitted" => format!("Left for the owner of {registry} to sign: {what}, {signed}"),
        _ => format!("Published to {registry}: {what}, {signed}"),
    });
    DONE
}
