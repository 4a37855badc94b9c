//! `larder trust`

use crate::cli::args::{TrustArgs, TrustCommand};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &TrustArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(package) = &arguments.package {
        let locked = ops::trust::trust_build(session, package)?;
        output.message(format!("Who builds {package} now is accepted"));
        super::lock::report(&locked, output);
        return DONE;
    }
    let Some(TrustCommand::Registry { name }) = &arguments.command else { return DONE };
    let locked = ops::trust::trust_registry(session, name)?;
    output.message(format!("The history that registry {name} has now is accepted"));
    super::lock::report(&locked, output);
    DONE
}
