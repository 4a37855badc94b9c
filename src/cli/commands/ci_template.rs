//! `larder ci-template`

use crate::cli::args::{CiHostName, CiTemplateArgs};
use crate::ops::Context;
use crate::ops::automation::ci::{CiHost, CiPurpose, Workflow};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CiTemplateArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let host = match arguments.host {
        CiHostName::Github => CiHost::GitHub,
        CiHostName::Gitlab => CiHost::GitLab,
    };
    let purpose = if arguments.release { CiPurpose::Release } else { CiPurpose::Build };
    let workflow = Workflow::of(context, host, purpose)?;
    if arguments.print {
        output.data_verbatim(workflow.text());
        return DONE;
    }
    let placed = workflow.write(arguments.force)?;
    output.json(&placed);
    output.message(placed.line());
    output.message(workflow.advice());
    DONE
}
