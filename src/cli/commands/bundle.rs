//! `larder bundle`

use crate::cli::args::BundleArgs;
use crate::ops::Session;
use crate::ops::bundle::{BundleOptions, bundle};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &BundleArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let options = BundleOptions {
        output: arguments.output.clone(),
        image: arguments.oci.clone(),
        includes: arguments.include.clone(),
        allowed_secrets: arguments.allow_secret.clone(),
    };
    let bundled = bundle(session, &options)?;
    output.json(&bundled);
    for warning in &bundled.warnings {
        output.message(format!("warning: {warning}"));
    }
    let runtimes = bundled.runtimes.iter().fold(String::new(), |all, runtime| format!("{all}, {runtime}"));
    output.message(format!(
        "Bundled {} for {}: {} packages{runtimes}, {} files of the project",
        bundled.environment, bundled.platform, bundled.packages, bundled.files
    ));
    if let Some(file) = &bundled.file {
        output.message(format!("{}: {} bytes, sha256 {}", file.path.display(), file.size, file.sha256));
    }
    if let Some(image) = &bundled.image {
        output.message(format!("{}: {} layers, {}", image.folder.display(), image.layers.len(), image.digest));
    }
    DONE
}
