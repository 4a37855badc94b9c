//! `larder add`

use crate::cli::args::AddArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &AddArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let request = ops::add::AddRequest {
        packages: &arguments.packages,
        group: arguments.group.as_deref(),
        optional: arguments.optional,
        registry: arguments.registry.as_deref(),
        marketplace: arguments.marketplace,
        private: ops::add::PrivateOptions {
            features: arguments.features.as_deref(),
            without_default_features: arguments.no_default_features,
            beta: arguments.beta,
        },
        syncs: !arguments.no_sync,
    };
    let changes = ops::add::add(session, &request)?;
    super::sync::sync_after_edit(&changes, arguments.no_sync, session, output)?;
    DONE
}
