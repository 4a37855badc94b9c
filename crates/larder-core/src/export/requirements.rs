//! Requirements with the digests of their files, as `pip install --require-hashes` and `uv pip sync` read them.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::python::{self, ECOSYSTEM, PythonPackage};
use super::{ExportError, ExportInput, Exported, LeftOut};
use crate::model::{Label, Origin, Source, folder_text};

/// The index that pip asks unless it is told otherwise.
const USUAL_INDEX: &str = "https://pypi.org/simple/";

/// Writes the Python half of an environment as requirements, each with its version and the digests of its files.
///
/// Local folders have no digest, and are listed in [`Exported::left_out`]: what they need is in the text.
pub fn requirements(input: &ExportInput<'_>) -> Result<Exported, ExportError> {
    let packages = python::packages(input)?;
    let mut text = format!(
        "# Exported by larder: {} for Python {}.\n# Install with: pip install --no-deps --require-hashes -r FILE\n",
        input.environment,
        python::requires_python(input)
    );
    indexes(input, &packages, &mut text);
    let mut left_out = input.left_out(ECOSYSTEM, |root| python::is_in(input, root));
    let mut written = 0;
    for package in &packages {
        if let Some(folder) = &package.package.folder {
            let folder = format!("{}{}", input.base, folder_text(folder));
            let reason = format!("a folder has no digest; after the others: pip install --no-deps -e {folder}");
            left_out.push(LeftOut { line: format!("path:{}", package.key.id.name), reason });
            continue;
        }
        let subject = match &package.package.origin {
            Some(Origin::Source(pinned)) => match &pinned.source {
                Source::Url(url) => format!("{} @ {}", package.key.id.name, url.as_str()),
                // Behind a name pip takes a URL alone.
                Source::File(file) if input.base.is_empty() => format!("./{}", file.path()),
                Source::File(file) => format!("{}{}", input.base, file.path()),
                Source::Archive(source) => format!("{} @ {source}", package.key.id.name),
                Source::Git(_) => {
                    return Err(ExportError::Source {
                        package: package.key.to_string(),
                        place: pinned.to_string(),
                        form: "requirements",
                        reason: "can name a repository only without a digest, which pip refuses beside others",
                        help: "larder export pylock can name its commit",
                    });
                }
            },
            _ => format!("{}=={}", package.key.id.name, package.key.version),
        };
        text.push_str(&subject);
        if let Some(marker) = &package.marker {
            let _ = write!(text, " ; {marker}");
        }
        let mut digests = BTreeSet::new();
        for artifact in package.artifacts() {
            let digest = package.digest(artifact)?;
            digests.insert(format!("{}:{}", digest.algorithm().as_str(), digest.to_hex()));
        }
        for digest in digests {
            let _ = write!(text, " \\\n    --hash={digest}");
        }
        text.push('\n');
        written += 1;
    }
    Ok(Exported { text, packages: written, left_out })
}

/// Writes which indexes are asked, if there are others than the usual one. Files of another content than the locked one are
/// refused whichever index has them.
fn indexes(input: &ExportInput<'_>, packages: &[PythonPackage<'_>], text: &mut String) {
    let of = |package: &PythonPackage<'_>| package.package.origin.as_ref().and_then(Origin::registry).cloned();
    let named: BTreeSet<Label> = packages.iter().filter_map(of).collect();
    let mut urls: Vec<&String> = named.iter().filter_map(|name| input.registries.get(name)).collect();
    urls.sort_by_key(|url| **url != USUAL_INDEX);
    if urls.iter().any(|url| **url != USUAL_INDEX) {
        for (place, url) in urls.into_iter().enumerate() {
            let option = if place == 0 { "--index-url" } else { "--extra-index-url" };
            let _ = writeln!(text, "{option} {url}");
        }
    }
    text.push('\n');
}
