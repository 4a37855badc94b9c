//! NuGet v3 feeds: the service index, the list of a package's versions, and its packages.
//!
//! ```text
//! index.json                                          {"resources":[{"@type":"PackageBaseAddress/3.0.0","@id":BASE}, …]}
//! BASE/<id in lower case>/index.json                  {"versions":["1.0.0", …]}
//! BASE/<id>/<version>/<id>.<version>.nupkg            a zip with the package's archive in it
//! ```
//!
//! Source: the NuGet server API, resource `PackageBaseAddress`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::archived::{self, ArchivedPackage};
use super::container::{Container, LARGEST};
use super::error::CreatioError;
use super::nuspec::Nuspec;
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, FullResponse, Network, Request, RequestTarget};
use crate::model::{CreatioVersion, PackageName, Url};
use crate::registry::CachePolicy;
use crate::registry::client::{ListingError, ListingRequest, RegistryClient};
use crate::registry::listing_record::{EncodedRecord, ListingRecord};

/// The version of the format of records: texts, a line each.
const FORMAT: u32 = 0x6372_0003;

/// The name under which the cache has the service index, which no package has.
const SERVICE_INDEX: &str = ".service-index";

const ACCEPT: &str = "application/json; q=1.0, */*; q=0.8";

/// The resource that has lists of versions and packages.
const PACKAGE_BASE_ADDRESS: &str = "PackageBaseAddress/3.0.0";

/// The most versions of a package.
const MOST_VERSIONS: usize = 100_000;

/// A package of a feed.
pub(super) struct FeedPackage {
    pub(super) client: RegistryClient,
    name: PackageName,
    base: Url,
    listed: ListedVersions,
}

/// The versions of a package, in ascending order, each as the feed lists it if that is not its normal form.
type ListedVersions = BTreeMap<CreatioVersion, Option<String>>;

/// Returns a package of a feed, its versions in ascending order, and whether they come from the cache.
pub(super) fn fetch_versions(
    client: &RegistryClient,
    name: &PackageName,
) -> Result<(FeedPackage, Vec<CreatioVersion>, bool), ListingError> {
    let base = base_address(client)?;
    let id = name.as_str().to_ascii_lowercase();
    let url = base.join(&format!("{id}/index.json")).map_err(|_| ListingError::Missing)?;
    let request =
        ListingRequest { package: &id, target: RequestTarget::At(url.as_str()), accept: ACCEPT, format: FORMAT };
    let encode = |document: &FullResponse| {
        read_versions(&document.bytes).map_err(|reason| bad(client, format!("list of versions of {name}"), reason))
    };
    let (listed, is_cached) = client.fetch_listing(
        &request,
        |document| encode(document).map(|listed| lines(listed.iter().map(version_line))),
        |record| {
            let listed =
                decoded(&record).iter().map(|line| parse_version_line(line)).collect::<Option<ListedVersions>>();
            listed.map(|listed| (listed, client.is_cached(&record)))
        },
    )?;
    let versions = listed.keys().cloned().collect();
    Ok((FeedPackage { client: client.clone(), name: name.clone(), base, listed }, versions, is_cached))
}

/// Writes a version for the cache: `1.4.0`, or `1.4.0 1.4` where the feed lists it as `1.4`.
fn version_line((version, spelling): (&CreatioVersion, &Option<String>)) -> String {
    spelling.as_ref().map_or_else(|| version.to_string(), |spelling| format!("{version} {spelling}"))
}

fn parse_version_line(line: &str) -> Option<(CreatioVersion, Option<String>)> {
    let (version, spelling) = line.split_once(' ').map_or((line, None), |(version, rest)| (version, Some(rest)));
    Some((CreatioVersion::parse(version).ok()?, spelling.map(str::to_owned)))
}

/// Returns the URL below which a feed has its packages, from the cache or from its service index. It belongs to the feed: it gets
/// the feed's credentials if it is of the same origin.
fn base_address(client: &RegistryClient) -> Result<Url, ListingError> {
    let is_document = client.endpoint.addresses().iter().all(|address| address.url().as_str().ends_with(".json/"));
    let target = if is_document { RequestTarget::Itself } else { RequestTarget::Below("index.json") };
    let request = ListingRequest { package: SERVICE_INDEX, target, accept: ACCEPT, format: FORMAT };
    let document = || "service index".to_owned();
    let encode = |response: &FullResponse| {
        let base = read_service_index(&response.bytes, &response.response.url);
        base.map(|base| lines([base.to_string()])).map_err(|reason| bad(client, document(), reason))
    };
    let decode = |record: ListingRecord| {
        Some((record.provenance.url.parse::<Url>().ok()?, decoded(&record).first()?.parse::<Url>().ok()?))
    };
    let found = client.fetch_listing(&request, encode, decode);
    let (index, base) = found.map_err(|error| match error {
        ListingError::Missing => ListingError::Failed(bad(client, document(), "there is none".to_owned())),
        failed @ ListingError::Failed(_) => failed,
    })?;
    client.endpoint.trust_named(&index, &base);
    Ok(base)
}

/// Reads a service index, which was fetched from a URL. An encrypted one must not lead to what is not.
fn read_service_index(bytes: &[u8], from: &str) -> Result<Url, String> {
    #[derive(Deserialize)]
    struct ServiceIndex {
        resources: Vec<Resource>,
    }
    #[derive(Deserialize)]
    struct Resource {
        #[serde(rename = "@id")]
        id: String,
        #[serde(rename = "@type")]
        kind: ResourceType,
    }
    /// One type, or several.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum ResourceType {
        One(String),
        Several(Vec<String>),
    }
    let index: ServiceIndex = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let is_base = |resource: &Resource| match &resource.kind {
        ResourceType::One(kind) => kind == PACKAGE_BASE_ADDRESS,
        ResourceType::Several(kinds) => kinds.iter().any(|kind| kind == PACKAGE_BASE_ADDRESS),
    };
    let resource = index.resources.into_iter().find(is_base);
    let resource = resource.ok_or_else(|| format!("it has no `{PACKAGE_BASE_ADDRESS}`"))?;
    let from: Url = from.parse().map_err(|_| "its URL is not valid".to_owned())?;
    let base = from.join(&resource.id).map_err(|_| "the URL of its packages is not valid".to_owned())?;
    if from.is_encrypted() && !base.is_encrypted() {
        return Err("it leads to packages that are not fetched by https".to_owned());
    }
    Ok(base.into_folder())
}

/// Reads a list of versions. Those that are not NuGet's are passed over; the order is ours.
fn read_versions(bytes: &[u8]) -> Result<ListedVersions, String> {
    #[derive(Deserialize)]
    struct VersionList {
        versions: Vec<String>,
    }
    let list: VersionList = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if list.versions.len() > MOST_VERSIONS {
        return Err(format!("it has more than {MOST_VERSIONS} versions"));
    }
    let mut listed = ListedVersions::new();
    for text in &list.versions {
        let Some(version) = CreatioVersion::parse(text).ok().filter(CreatioVersion::is_numeric) else { continue };
        let spelling = text.trim().to_ascii_lowercase();
        if spelling == version.to_string().to_ascii_lowercase() {
            listed.insert(version, None);
        } else {
            listed.entry(version).or_insert(Some(spelling));
        }
    }
    Ok(listed)
}

impl FeedPackage {
    /// Returns a version as its own archive describes it: from the cache, as versions should not change; whoever asks the feed anew
    /// learns that one did.
    pub(super) fn package(&self, version: &CreatioVersion) -> Result<ArchivedPackage, Arc<dyn Failure>> {
        let key = format!("{FORMAT:x}.{}.{version}", self.name.as_str().to_ascii_lowercase());
        let asks_anew =
            self.client.cache_policy == CachePolicy::Revalidate && self.client.http.network() == Network::Online;
        let cached = if asks_anew { None } else { self.client.cache.release(&key) };
        let cached = cached.and_then(|bytes| archived::decode(&bytes));
        if let Some(package) = cached.and_then(|mut packages| packages.pop()) {
            return Ok(package);
        }
        let file = file(&self.name, version);
        let refused = |reason| refused(&self.client, &file, reason);
        let listed = || self.listed.get(version).cloned().flatten();
        let bytes = read(&self.client, &self.base, (&self.name, version), listed)?.bytes;
        let package = package_in(bytes, &self.name, version).map_err(refused)?;
        self.client.cache.store_release(&key, &archived::encode(std::slice::from_ref(&package)));
        Ok(package)
    }
}

/// Opens the archive of a package. Returns the answer of the feed with the file in its bytes.
pub(super) fn open(
    client: &RegistryClient,
    name: &PackageName,
    version: &CreatioVersion,
) -> Result<FullResponse, Arc<dyn Failure>> {
    let base = base_address(client).map_err(|error| match error {
        ListingError::Failed(failure) => failure,
        ListingError::Missing => bad(client, "service index".to_owned(), "there is none".to_owned()),
    })?;
    let listed = || {
        let (package, ..) = fetch_versions(client, name).ok()?;
        package.listed.get(version).cloned().flatten()
    };
    read(client, &base, (name, version), listed)
}

/// Returns the name of a package's file, for messages.
pub(super) fn file(name: &PackageName, version: &CreatioVersion) -> String {
    format!("{name}.{version}.nupkg").to_ascii_lowercase()
}

/// Reads the file of a version, which lies under the version's normal form; else under the one that the feed lists.
fn read(
    client: &RegistryClient,
    base: &Url,
    (name, version): (&PackageName, &CreatioVersion),
    listed: impl FnOnce() -> Option<String>,
) -> Result<FullResponse, Arc<dyn Failure>> {
    let id = name.as_str().to_ascii_lowercase();
    let read = |number: &str| {
        let url = base.join(&format!("{id}/{number}/{id}.{number}.nupkg")).ok()?;
        let target = RequestTarget::At(url.as_str());
        let request = Request { target, encoding: Encoding::Identity, limit: Some(LARGEST), ..Request::default() };
        Some(client.http.read(&client.endpoint, &request))
    };
    let first = read(&version.to_string().to_ascii_lowercase());
    let found = match first {
        Some(Err(missing)) if missing.is_not_found() => {
            Some(listed().and_then(|number| read(&number)).and_then(Result::ok).ok_or(missing))
        }
        other => other,
    };
    match found {
        Some(found) => found.map_err(|error| Arc::new(error) as Arc<dyn Failure>),
        None => Err(bad(client, "service index".to_owned(), "its URL of packages is not valid".to_owned())),
    }
}

/// Reads the package of a nupkg, in which the feed, the nuspec and the descriptor must agree.
fn package_in(bytes: Vec<u8>, name: &PackageName, version: &CreatioVersion) -> Result<ArchivedPackage, String> {
    let container = Container::read(bytes)?;
    let nuspec = Nuspec::read(container.nuspec.as_deref().ok_or("it has no nuspec")?)?;
    let [(promised, archive)] = &container.archives[..] else { return Err("it has no archive".to_owned()) };
    let package = ArchivedPackage::read(promised.as_deref(), archive)?;
    let of_nuspec =
        CreatioVersion::parse(&nuspec.version).map_err(|reason| format!("the version of its nuspec: {reason}"))?;
    if !nuspec.id.eq_ignore_ascii_case(package.name.as_str()) || of_nuspec != package.version {
        return Err(format!(
            "its nuspec says that it is `{}` {of_nuspec}, and its descriptor `{}` {}",
            nuspec.id.escape_debug(),
            package.name,
            package.version
        ));
    }
    if package.name != *name || package.version != *version {
        return Err(format!("it is `{}` {}, and `{name}` {version} was asked for", package.name, package.version));
    }
    Ok(package)
}

fn lines(texts: impl IntoIterator<Item = String>) -> EncodedRecord {
    EncodedRecord { header: texts.into_iter().collect::<Vec<_>>().join("\n").into_bytes(), body: Vec::new() }
}

fn decoded(record: &ListingRecord) -> Vec<String> {
    String::from_utf8_lossy(record.header()).lines().map(str::to_owned).collect()
}

fn refused(client: &RegistryClient, file: &str, reason: String) -> Arc<dyn Failure> {
    Arc::new(CreatioError::Refused { registry: client.name().clone(), file: file.to_owned(), reason })
}

fn bad(client: &RegistryClient, document: String, reason: String) -> Arc<dyn Failure> {
    Arc::new(CreatioError::Document { registry: client.name().clone(), document, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_index_leads_to_packages() {
        let index = |id: &str| {
            format!(
                r#"{{"version":"3.0.0","resources":[{{"@id":"x","@type":"SearchQueryService"}},{{"@id":"{id}","@type":"PackageBaseAddress/3.0.0"}}]}}"#
            )
        };
        let read =
            |id: &str| read_service_index(index(id).as_bytes(), "https://h/v3/index.json").map(|url| url.to_string());
        assert_eq!(read("https://h/v3/flat"), Ok("https://h/v3/flat/".to_owned()));
        assert_eq!(read("flat/"), Ok("https://h/v3/flat/".to_owned()));
        assert!(read("http://localhost/flat/").is_err());
        assert!(read_service_index(br#"{"resources":[]}"#, "https://h/").unwrap_err().contains("PackageBaseAddress"));
        assert!(read_service_index(b"<html>", "https://h/").is_err());
    }

    #[test]
    fn versions_are_sorted_and_each_is_there_once() {
        let read = read_versions(br#"{"versions":["1.10.0","1.2","1.2.0.0","x","1.0.0-rc","1.0.0"]}"#).unwrap();
        assert_eq!(read.keys().map(ToString::to_string).collect::<Vec<_>>(), ["1.0.0-rc", "1.0.0", "1.2.0", "1.10.0"]);
        assert!(read_versions(b"{}").is_err());
    }

    #[test]
    fn a_version_is_listed_in_its_normal_form_or_in_another() {
        let listed = read_versions(br#"{"versions":["1.4","1.5.0-RC","01.6.0","2.0.0.0","2.0.0"]}"#).unwrap();
        let lines: Vec<String> = listed.iter().map(version_line).collect();
        assert_eq!(lines, ["1.4.0 1.4", "1.5.0-rc", "1.6.0 01.6.0", "2.0.0"]);
        let again: Option<ListedVersions> = lines.iter().map(|line| parse_version_line(line)).collect();
        assert_eq!(again, Some(listed));
    }
}
