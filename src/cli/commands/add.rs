//! `larder add`

use crate::cli::args::Add;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Add, session: &Session<'_>, output: &Output) -> Outcome {
    let request = ops::add::Request {
        packages: &arguments.packages,
        group: arguments.group.as_deref(),
        optional: arguments.optional,
        registry: arguments.registry.as_deref(),
        syncs: !arguments.no_sync,
    };
    let changes = ops::add::add(session, &request)?;
    super::sync::after_edit(&changes, arguments.no_sync, session, output)?;
    DONE
}
