//! `larder ci-template`

use crate::cli::args::{CiHostName, CiTemplateArgs};
use crate::ops::Context;
use crate::ops::automation::ci::{self, CiHost};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CiTemplateArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let host = match arguments.host {
        CiHostName::Github => CiHost::GitHub,
        CiHostName::Gitlab => CiHost::GitLab,
    };
    if arguments.print {
        output.data_verbatim(host.text());
        return DONE;
    }
    let placed = ci::write(context, host, arguments.force)?;
    output.json(&placed);
    output.message(placed.line());
    output.message(host.advice());
    DONE
}
