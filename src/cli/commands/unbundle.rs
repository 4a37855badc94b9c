//! `larder unbundle`

use crate::cli::args::UnbundleArgs;
use crate::ops::Session;
use crate::ops::bundle::{UnbundleOptions, unbundle};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &UnbundleArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let UnbundleArgs { file, deployment, sha256 } = arguments;
    let options = UnbundleOptions { file: file.clone(), folder: deployment.clone(), sha256: sha256.clone() };
    let unbundled = unbundle(session, &options)?;
    output.json(&unbundled);
    for warning in &unbundled.warnings {
        output.message(format!("warning: {warning}"));
    }
    let (environment, generation) = (&unbundled.environment, unbundled.generation);
    let place = unbundled.folder.display();
    output.message(if unbundled.built {
        format!("Generation {generation} of {environment} runs in {place}")
    } else {
        format!("{place} has this bundle already: generation {generation} of {environment}")
    });
    DONE
}
