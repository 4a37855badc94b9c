//! A package made ready to be published: its body and its archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assets::MAPPING_SECRET;
use crate::assets::adapter::{Adapter, secret};
use crate::diagnostic::{Exit, Failure, SourceFinding};
use crate::document::SourceFile;
use crate::manifest::ManifestErrors;
use crate::mapping::Mapping;
use crate::model::AssetKind;
use crate::ops::Result;
use crate::ops::asset_findings::WrongAssets;
use crate::package::{self, ArchiveFile, Body, check_contents, tree_digest};

use super::{OwnPackage, files};

/// A package that can be published.
#[derive(Debug)]
pub(in crate::ops) struct PublishablePackage {
    /// What its publisher says of it.
    pub(in crate::ops) body: Body,
    /// Its files, sorted by path.
    pub(in crate::ops) files: Vec<ArchiveFile>,
}

impl PublishablePackage {
    /// Returns the archive of the package.
    pub(in crate::ops) fn archive(&self) -> Vec<u8> {
        package::write(&self.body.folder_name(), &self.files)
    }
}

/// Reads a package's files and holds them to all that needs no registry. `allowed` are paths that may look like secrets.
pub(in crate::ops) fn prepare(own: &OwnPackage, allowed: &[String]) -> Result<PublishablePackage> {
    let prepared = prepare_checked(own, allowed)?;
    check_assets(own, &prepared.files)?;
    Ok(prepared)
}

/// The same for a package whose assets were checked.
pub(super) fn prepare_checked(own: &OwnPackage, allowed: &[String]) -> Result<PublishablePackage> {
    let files = files::read(own, allowed)?;
    let errors = check_contents(&own.package, &own.manifest.assets, &files);
    if let Some(errors) = ManifestErrors::new(&own.manifest.file, &own.manifest.text, errors) {
        return Err(errors.into());
    }
    let body = Body::of(&own.manifest, &own.package, tree_digest(&files))?;
    Ok(PublishablePackage { body, files })
}

/// Makes sure that no adapter and no mapping has a secret in clear text: whoever can read the registry could read it.
fn check_assets(own: &OwnPackage, files: &[ArchiveFile]) -> Result<()> {
    let mut secrets = Vec::new();
    let mut texts: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let kinds = [AssetKind::Adapter, AssetKind::Mapping];
    for asset in own.manifest.assets.iter().filter(|asset| kinds.contains(&asset.kind)) {
        let found = files.binary_search_by(|file| file.path.cmp(&asset.file.value)).ok().map(|at| &files[at]);
        let Some(found) = found else { continue };
        // What cannot be read cannot be looked through.
        let text = std::str::from_utf8(&found.content).map_err(|error| UnreadableAdapter {
            file: asset.file.value.as_str().to_owned(),
            offset: error.valid_up_to(),
        })?;
        let source = SourceFile { file: asset.file.value.as_str().into(), text: text.into() };
        if asset.kind == AssetKind::Adapter {
            // Nor does anybody know of what is wrong otherwise.
            secrets.extend(Adapter::parse(&source).1.into_iter().filter(SourceFinding::is_error));
        } else {
            match Mapping::parse(&source) {
                Ok(mapping) => secrets.extend(secret::find_in_mapping(&mapping).into_iter().map(|(position, what)| {
                    SourceFinding::error(MAPPING_SECRET, &source.file, position, format!("there is {what}"))
                })),
                // Whether there is a secret in it, nobody knows.
                Err(unreadable) => secrets.extend(unreadable),
            }
        }
        texts.insert(source.file, source.text);
    }
    match WrongAssets::new(&secrets, &|file| texts.get(file).cloned()) {
        Some(wrong) => Err(wrong.into()),
        None => Ok(()),
    }
}

/// An adapter or a mapping that is no text.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` is not UTF-8 text: byte {offset} of it is none")]
#[diagnostic(code(larder::package::unreadable_adapter), help("save it as UTF-8; it is looked through for secrets"))]
struct UnreadableAdapter {
    file: String,
    offset: usize,
}

impl Failure for UnreadableAdapter {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
