//! `larder logout`

use crate::cli::args::LogoutArgs;
use crate::ops::{Context, login};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &LogoutArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let done = login::log_out(context, arguments.registry.as_deref())?;
    output.json(&done);
    output.message(if done.removed {
        format!("Forgot the credentials for {}; the registry itself still takes them", done.url)
    } else {
        format!("There are no credentials for {} to forget", done.url)
    });
    DONE
}
