//! The marketplace: of each application, it has one current file, without a check sum and without history.
//!
//! ```text
//! marketplace/install?appId=com-21874     {"Name":…,"FileLink":"/files/21874/app.zip",…}
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Deserialize;

use super::archived::{self, ArchivedPackage};
use super::container::{Container, LARGEST};
use super::error::CreatioError;
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, FullResponse, Request, RequestTarget};
use crate::model::PackageName;
use crate::registry::CachePolicy;
use crate::registry::client::{ListingError, ListingRequest, RegistryClient};
use crate::registry::listing_record::EncodedRecord;
use crate::registry::once::{OnceValue, lock};

/// The version of the format of records: packages, as the cache has them.
const FORMAT: u32 = 0x6372_0102;

const ACCEPT: &str = "application/json; q=1.0, */*; q=0.8";

/// The most bytes of the description of an application.
const LARGEST_DESCRIPTION: u64 = 1 << 20;

type Packages = Result<Arc<Vec<Arc<ArchivedPackage>>>, Option<Arc<dyn Failure>>>;

type OncePackages = Arc<OnceValue<Packages>>;

/// The applications of a marketplace that packages are to come from.
#[derive(Default)]
pub(super) struct Applications {
    /// The applications that lines name, by the package that they name with it.
    wanted: Mutex<BTreeMap<PackageName, u32>>,
    /// Their packages, as they were in this run.
    known: Mutex<BTreeMap<(u32, bool), OncePackages>>,
}

impl Applications {
    /// Notes the application that a package is to come from.
    pub(super) fn note(&self, package: &PackageName, application: u32) {
        lock(&self.wanted).insert(package.clone(), application);
    }

    /// Returns what the applications have of a package: all of them are looked at, as what comes with a package is found there too.
    pub(super) fn find(
        &self,
        client: &RegistryClient,
        name: &PackageName,
    ) -> Result<Vec<Arc<ArchivedPackage>>, ListingError> {
        let wanted = lock(&self.wanted).clone();
        let of_name = wanted.get(name).copied();
        let registry = || client.name().clone();
        let failed = |error: CreatioError| ListingError::Failed(Arc::new(error));
        let mut applications: Vec<u32> = of_name.map_or_else(|| wanted.values().copied().collect(), |id| vec![id]);
        applications.sort_unstable();
        applications.dedup();
        let mut found: Vec<Arc<ArchivedPackage>> = Vec::new();
        for id in applications {
            let packages = self.packages(client, id).map_err(|failure| match (failure, of_name) {
                (Some(failure), _) => ListingError::Failed(failure),
                (None, Some(id)) => {
                    failed(CreatioError::NoApplication { registry: registry(), id, package: name.clone() })
                }
                (None, None) => ListingError::Missing,
            })?;
            let own = packages.iter().filter(|package| package.name == *name);
            let is_new = |package: &&Arc<ArchivedPackage>| !found.iter().any(|known| known.digest == package.digest);
            let own: Vec<_> = own.filter(is_new).cloned().collect();
            if let (Some(id), true) = (of_name, own.is_empty()) {
                let there: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
                let (package, there) = (name.clone(), there.join(", "));
                return Err(failed(CreatioError::NotInApplication { registry: registry(), id, package, there }));
            }
            found.extend(own);
        }
        match &found[..] {
            [] => Err(ListingError::Missing),
            [first, second, ..] if first.version == second.version => {
                let file = second.location.clone().unwrap_or_default();
                let other = first.location.as_deref().unwrap_or_default();
                let reason = format!("it has another `{name}` {} than application {other}", second.version);
                Err(failed(CreatioError::Refused { registry: registry(), file, reason }))
            }
            _ => Ok(found),
        }
    }

    /// Returns the packages of an application, from the cache as long as its description is fresh.
    fn packages(&self, client: &RegistryClient, id: u32) -> Packages {
        let key = (id, client.cache_policy == CachePolicy::Revalidate);
        let once = Arc::clone(lock(&self.known).entry(key).or_insert_with(|| Arc::new(OnceValue::new())));
        once.get(|| match fetch_packages(client, id) {
            Ok(packages) => Ok(Arc::new(packages.into_iter().map(Arc::new).collect())),
            Err(ListingError::Missing) => Err(None),
            Err(ListingError::Failed(failure)) => Err(Some(failure)),
        })
    }
}

fn fetch_packages(client: &RegistryClient, id: u32) -> Result<Vec<ArchivedPackage>, ListingError> {
    let (name, target) = (format!(".{}", location(id)), address(id));
    let request =
        ListingRequest { package: &name, target: RequestTarget::Below(&target), accept: ACCEPT, format: FORMAT };
    let encode = |description: &FullResponse| {
        let needs_license = describe(client, id, description)?.is_license_required == true;
        let bytes = file(client, id, description)?.bytes;
        let packages = packages_in(bytes, id).map_err(|reason| refused(client, id, reason))?;
        let packages: Vec<_> = packages.into_iter().map(|package| package.with_license(needs_license)).collect();
        Ok(EncodedRecord { header: archived::encode(&packages), body: Vec::new() })
    };
    client.fetch_listing(&request, encode, |record| archived::decode(record.header()))
}

fn packages_in(bytes: Vec<u8>, id: u32) -> Result<Vec<ArchivedPackage>, String> {
    let archives = Container::read(bytes)?.archives;
    let read = archives.iter().map(|(promised, archive)| {
        let package = ArchivedPackage::read(promised.as_deref(), archive)?;
        Ok(package.located(Some(location(id))))
    });
    read.collect()
}

/// Returns the text for an application in a lock: `com-21874`.
pub(super) fn location(id: u32) -> String {
    format!("com-{id}")
}

/// Returns the application that a lock's text stands for.
pub(super) fn parse_location(text: &str) -> Option<u32> {
    text.strip_prefix("com-")?.parse().ok()
}

fn address(id: u32) -> String {
    format!("marketplace/install?appId={}", location(id))
}

/// Opens the current file of an application.
pub(super) fn open(client: &RegistryClient, id: u32) -> Result<FullResponse, Arc<dyn Failure>> {
    let target = address(id);
    let request = Request {
        target: RequestTarget::Below(&target),
        accept: Some(ACCEPT),
        limit: Some(LARGEST_DESCRIPTION),
        ..Request::default()
    };
    let description = client.http.read(&client.endpoint, &request);
    file(client, id, &description.map_err(|error| Arc::new(error) as Arc<dyn Failure>)?)
}

/// The description of an application.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApplicationDescription {
    /// Where its file is, relative to the description.
    file_link: String,
    /// What is no Boolean says nothing.
    #[serde(default)]
    is_license_required: serde_json::Value,
}

fn describe(
    client: &RegistryClient,
    id: u32,
    description: &FullResponse,
) -> Result<ApplicationDescription, Arc<dyn Failure>> {
    serde_json::from_slice(&description.bytes).map_err(|error| wrong_description(client, id, error.to_string()))
}

/// Fetches the file that the description of an application names.
fn file(client: &RegistryClient, id: u32, description: &FullResponse) -> Result<FullResponse, Arc<dyn Failure>> {
    let file_link = describe(client, id, description)?.file_link;
    let invalid = |what: &str| wrong_description(client, id, format!("{what} is not valid"));
    let from: crate::model::Url = description.response.url.parse().map_err(|_| invalid("its URL"))?;
    let url = from.join(&file_link).map_err(|_| invalid("the URL of its file"))?;
    let request = Request {
        target: RequestTarget::At(url.as_str()),
        stated_by: Some(&description.response.url),
        encoding: Encoding::Identity,
        limit: Some(LARGEST),
        ..Request::default()
    };
    client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)
}

fn wrong_description(client: &RegistryClient, id: u32, reason: String) -> Arc<dyn Failure> {
    let (registry, document) = (client.name().clone(), format!("description of application {id}"));
    Arc::new(CreatioError::Document { registry, document, reason })
}

fn refused(client: &RegistryClient, id: u32, reason: String) -> Arc<dyn Failure> {
    Arc::new(CreatioError::Refused { registry: client.name().clone(), file: location(id), reason })
}
