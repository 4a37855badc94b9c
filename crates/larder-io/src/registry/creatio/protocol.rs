//! The protocol of registries of Creatio packages: a NuGet v3 feed, the marketplace, or a folder of archives.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::container::Container;
use super::error::{AskedFor, CreatioError};
use super::feed;
use super::folder::{self, FolderPackages};
use super::listing::CreatioListing;
use super::marketplace::{self, Applications};
use crate::diagnostic::Failure;
use crate::fetch::{Authorization, FullResponse, RegistryAddress};
use crate::manifest::RegistryForm;
use crate::model::{Artifact, CreatioVersion, PackageName, Requirement, Settings, TargetInstance, Version};
use crate::registry::client::{ListingError, RegistryClient};
use crate::registry::mirror_folder::MirroredPackage;
use crate::registry::once::{OnceValue, lock};
use crate::registry::protocol::{PackageListing, Protocol};

/// A file that was opened, with its name.
type OpenedFile = Result<Arc<(String, Container)>, Arc<dyn Failure>>;

/// The file that was opened last, by the place that locks have of it.
type LastFile = Mutex<Option<(String, Arc<OnceValue<OpenedFile>>)>>;

pub(in crate::registry) struct CreatioProtocol {
    form: RegistryForm,
    applications: Applications,
    folder: OnceValue<Result<Arc<FolderPackages>, Arc<dyn Failure>>>,
    last: LastFile,
}

impl CreatioProtocol {
    pub(in crate::registry) fn new(form: RegistryForm) -> Self {
        Self { form, applications: Applications::default(), folder: OnceValue::new(), last: LastFile::default() }
    }

    /// Returns the file that an artifact is in. The one that was opened last is kept: the packages of an application are opened one
    /// after the other.
    fn file(
        &self,
        client: &RegistryClient,
        package: (&PackageName, &CreatioVersion),
        artifact: &Artifact,
    ) -> OpenedFile {
        let place = artifact.location.as_deref().unwrap_or(&artifact.file);
        let mut last = lock(&self.last);
        let once = match &*last {
            Some((known, once)) if known == place => Arc::clone(once),
            _ => {
                let once = Arc::new(OnceValue::new());
                *last = Some((place.to_owned(), Arc::clone(&once)));
                once
            }
        };
        drop(last);
        once.get(|| {
            let (file, opened) = open_file(client, package, artifact)?;
            match Container::read(opened.bytes) {
                Ok(container) => Ok(Arc::new((file, container))),
                Err(reason) => {
                    let registry = client.name().clone();
                    Err(Arc::new(CreatioError::Refused { registry, file, reason }) as Arc<dyn Failure>)
                }
            }
        })
    }

    /// Returns what the registry has of a package.
    fn list(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        instance: &TargetInstance,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        if folder::is_folder(client) {
            let packages = self.folder.get(|| folder::read_all(client).map(Arc::new)).map_err(ListingError::Failed)?;
            let packages = packages.get(name).cloned().ok_or(ListingError::Missing)?;
            return Ok(Arc::new(CreatioListing::of_archives(client, instance, packages)));
        }
        if self.form == RegistryForm::Marketplace {
            let packages = self.applications.find(client, name)?;
            return Ok(Arc::new(CreatioListing::of_archives(client, instance, packages)));
        }
        let (package, versions, is_cached) = feed::fetch_versions(client, name)?;
        Ok(Arc::new(CreatioListing::of_feed(package, instance, versions, is_cached)))
    }
}

/// Opens the file that an artifact is in. Returns its name for messages, too.
fn open_file(
    client: &RegistryClient,
    (name, version): (&PackageName, &CreatioVersion),
    artifact: &Artifact,
) -> Result<(String, FullResponse), Arc<dyn Failure>> {
    let location = artifact.location.as_deref();
    if folder::is_folder(client) {
        // A mirror has each archive under its own name, whatever file it came in.
        let file = location.unwrap_or(&artifact.file);
        let opened = folder::open(client, file).or_else(|error| match location {
            Some(_) => folder::open(client, &artifact.file).map_err(|_| error),
            None => Err(error),
        });
        return opened.map(|opened| (file.to_owned(), opened));
    }
    match location.and_then(marketplace::parse_location) {
        Some(id) => Ok((marketplace::location(id), marketplace::open(client, id)?)),
        None => Ok((feed::file(name, version), feed::open(client, name, version)?)),
    }
}

impl Protocol for CreatioProtocol {
    /// Packages lie beside the service index.
    fn describe_place(&self, place: RegistryAddress) -> RegistryAddress {
        match self.form {
            RegistryForm::Marketplace => place,
            RegistryForm::Index | RegistryForm::Flat => place.trusted_beside(),
        }
    }

    /// A token is a password. A user may precede it, separated by a colon.
    fn token_authorization(&self, token: &str) -> Authorization {
        match token.split_once(':') {
            Some((user, password)) => Authorization::basic(user, password),
            None => Authorization::bearer(token),
        }
    }

    /// They are in the packages.
    fn lists_dependencies(&self) -> bool {
        false
    }

    fn note(&self, requirement: &Requirement) {
        if let Some(application) = requirement.application() {
            self.applications.note(requirement.name(), application);
        }
    }

    fn cached_listing(&self, _: &RegistryClient, _: &PackageName, _: &Settings) -> Option<Arc<dyn PackageListing>> {
        None
    }

    fn fetch_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        self.list(client, name, &settings.instance).map_err(|error| match error {
            ListingError::Missing => ListingError::Missing,
            ListingError::Failed(failure) => {
                ListingError::Failed(Arc::new(AskedFor { failure, package: name.clone() }))
            }
        })
    }

    fn open_inside(
        &self,
        client: &RegistryClient,
        (name, version): (&PackageName, &Version),
        artifact: &Artifact,
    ) -> Option<Result<Vec<u8>, Arc<dyn Failure>>> {
        let version = version.as_creatio()?;
        Some(self.file(client, (name, version), artifact).and_then(|opened| {
            let (file, container) = &*opened;
            container.archive_of(name).map(<[u8]>::to_vec).ok_or_else(|| {
                let (registry, package) = (client.name().clone(), name.clone());
                Arc::new(CreatioError::Gone { registry, file: file.clone(), package }) as Arc<dyn Failure>
            })
        }))
    }

    fn mirrored_path(&self, _: &PackageName, artifact: &Artifact) -> String {
        artifact.file.clone()
    }

    /// A mirror is a folder of archives, which describe themselves.
    fn describe_mirrored(
        &self,
        _: &RegistryClient,
        _: &[MirroredPackage],
        _: &Settings,
        _: &Path,
    ) -> Result<usize, Arc<dyn Failure>> {
        Ok(0)
    }
}
