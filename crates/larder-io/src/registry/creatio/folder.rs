//! Folders of archives: `.gz`, `.zip` and `.nupkg`. Which packages they are of, only their content says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archived::ArchivedPackage;
use super::container::{Container, LARGEST};
use super::error::CreatioError;
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, FullResponse, Request, RequestTarget};
use crate::model::PackageName;
use crate::parallel::map_parallel;
use crate::registry::client::RegistryClient;

/// The most files that are read at once.
const AT_ONCE: usize = 8;

/// The extensions of files that have archives in them.
const EXTENSIONS: [&str; 3] = [".gz", ".zip", ".nupkg"];

/// The packages of a folder, by name.
pub(super) type FolderPackages = BTreeMap<PackageName, Vec<Arc<ArchivedPackage>>>;

/// Returns whether a registry, or what stands for it, is a folder.
pub(super) fn is_folder(client: &RegistryClient) -> bool {
    client.endpoint.addresses().first().is_some_and(|address| address.url().scheme() == "file")
}

/// Reads all archives of a folder.
///
/// # Errors
/// If a file cannot be used: which package it is of is not known, so nothing of the folder can be.
pub(super) fn read_all(client: &RegistryClient) -> Result<FolderPackages, Arc<dyn Failure>> {
    let files = files(client)?;
    let read = map_parallel(&files, AT_ONCE, |file| packages_of(client, file));
    let mut packages = FolderPackages::new();
    for (file, read) in files.iter().zip(read) {
        for package in read? {
            let known: &mut Vec<Arc<ArchivedPackage>> = packages.entry(package.name.clone()).or_default();
            match known.iter().find(|known| known.version == package.version) {
                // The same archive may be there twice: alone, and in an application.
                Some(same) if same.digest == package.digest => {}
                Some(other) => {
                    let of = other.location.clone().unwrap_or_else(|| other.file());
                    let reason = format!("it has another `{}` {} than `{of}` beside it", package.name, package.version);
                    return Err(refused(client, file, reason));
                }
                None => known.push(Arc::new(package)),
            }
        }
    }
    Ok(packages)
}

/// Returns the names of the files of a folder that may have archives in them, in ascending order.
fn files(client: &RegistryClient) -> Result<Vec<String>, Arc<dyn Failure>> {
    let request = Request { target: RequestTarget::Below(""), ..Request::default() };
    let page = client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    let page = String::from_utf8_lossy(&page.bytes);
    let hrefs = page.lines().filter_map(|line| line.strip_prefix("<a href=\"")?.split('"').next());
    let names = hrefs.filter_map(|href| percent_encoding::percent_decode_str(href).decode_utf8().ok());
    let has_archives = |name: &str| {
        let name = name.to_ascii_lowercase();
        EXTENSIONS.iter().any(|extension| name.ends_with(extension))
    };
    Ok(names.filter(|name| has_archives(name)).map(std::borrow::Cow::into_owned).collect())
}

fn packages_of(client: &RegistryClient, file: &str) -> Result<Vec<ArchivedPackage>, Arc<dyn Failure>> {
    let bytes = open(client, file)?.bytes;
    let refused = |reason| refused(client, file, reason);
    let archives = Container::read(bytes).map_err(refused)?.archives;
    let read = archives.iter().map(|(promised, archive)| {
        let package = ArchivedPackage::read(promised.as_deref(), archive).map_err(refused)?;
        let location = (file != package.file()).then(|| file.to_owned());
        Ok(package.located(location))
    });
    read.collect()
}

/// Opens a file of a folder.
pub(super) fn open(client: &RegistryClient, file: &str) -> Result<FullResponse, Arc<dyn Failure>> {
    let path = percent_encoding::utf8_percent_encode(file, percent_encoding::NON_ALPHANUMERIC).to_string();
    let target = RequestTarget::Below(&path);
    let request = Request { target, encoding: Encoding::Identity, limit: Some(LARGEST), ..Request::default() };
    client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)
}

fn refused(client: &RegistryClient, file: &str, reason: String) -> Arc<dyn Failure> {
    Arc::new(CreatioError::Refused { registry: client.name().clone(), file: file.to_owned(), reason })
}
