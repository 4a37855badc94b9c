//! `larder pack`

use crate::cli::args::PackArgs;
use crate::diagnostic::size;
use crate::ops::Context;
use crate::ops::pack::{self, PackOptions, PackWorkspaceOptions};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: PackArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    if arguments.workspace {
        return pack_workspace(arguments, context, output);
    }
    let options =
        PackOptions { out: arguments.out, list_only: arguments.list, allowed_secrets: arguments.allow_secret };
    let packed = pack::pack(context, &options)?;
    output.json(&packed);
    if options.list_only {
        for file in &packed.files {
            output.data_line(format!("{}{}", file.path, if file.executable { "*" } else { "" }));
        }
    }
    let unpacked = packed.files.iter().map(|file| file.size).sum();
    let files = match packed.files.len() {
        1 => "a file".to_owned(),
        count => format!("{count} files"),
    };
    let of = format!("{} {}: {files}, {} ({} packed)", packed.name, packed.version, size(unpacked), size(packed.size));
    match &packed.file {
        Some(file) => {
            output.message(format!("Packed {of}"));
            output.message(format!("sha256 {}", packed.sha256));
            output.message(format!("tree   {}", packed.tree));
            output.data_line(file.display().to_string());
        }
        None => output.message(format!("Would pack {of}")),
    }
    DONE
}

/// `larder pack` of the packages of a workspace.
fn pack_workspace(arguments: PackArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let PackArgs { out, list, workspace: _, zip, allow_secret } = arguments;
    let options = PackWorkspaceOptions { out, zip, list_only: list, allowed_secrets: allow_secret };
    let packed = pack::pack_workspace(context, &options)?;
    output.json(&packed);
    for package in &packed.packages {
        let version = package.version.as_deref().unwrap_or("without a version");
        let files = package.files.len();
        let done = if options.list_only { "Would pack" } else { "Packed" };
        output.message(format!("{done} {} {version}: {files} files ({} packed)", package.name, size(package.size)));
        output.message(format!("sha256 {}", package.sha256));
        if options.list_only {
            package.files.iter().for_each(|file| output.data_line(file.clone()));
        }
        package.file.iter().for_each(|file| output.data_line(file.display().to_string()));
    }
    packed.zip.iter().for_each(|file| output.data_line(file.display().to_string()));
    DONE
}
