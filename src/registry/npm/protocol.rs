//! npm's protocol: a document for each package, at its name below the registry.

use std::sync::Arc;

use super::location;
use super::record::{self, BadDocument, Form};
use crate::diagnostic::Failure;
use crate::fetch::{Document, Endpoint, Target};
use crate::model::{Artifact, PackageName, Settings};
use crate::registry::RegistryError;
use crate::registry::listing::{Ask, NoListing, Served, Stated};
use crate::registry::protocol::{Listing, Protocol};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
const FULL: &str = "application/json; q=1.0, */*; q=0.8";

pub(in crate::registry) struct Npm;

impl Protocol for Npm {
    fn lists_needs(&self) -> bool {
        true
    }

    fn kept(&self, served: &Served, name: &PackageName, settings: &Settings) -> Option<Arc<dyn Listing>> {
        let form = Form::for_settings(settings);
        let listing = served.kept(name.as_str(), record::FORMAT, |record| {
            super::listing::Listing::decode(served, name, form, record)
        })?;
        Some(Arc::new(listing))
    }

    fn listing(&self, served: &Served, name: &PackageName, settings: &Settings) -> Result<Arc<dyn Listing>, NoListing> {
        let form = Form::for_settings(settings);
        let path = name.as_str().replace('/', "%2f");
        let accept = if form == Form::Full { FULL } else { ABBREVIATED };
        let ask = Ask { package: name.as_str(), path: &path, accept, format: record::FORMAT };
        let convert = |document: &Document| {
            record::encode(name, &document.bytes, form)
                .map_err(|bad| -> Arc<dyn Failure> { Arc::new(bad_document(served, name, bad)) })
        };
        let listing =
            served.listing(&ask, convert, |record| super::listing::Listing::decode(served, name, form, record))?;
        Ok(Arc::new(listing))
    }

    fn usual(&self, name: &PackageName, file: &str) -> Option<String> {
        Some(location::usual(name, file))
    }

    fn stated<'s>(
        &self,
        name: &PackageName,
        artifact: &Artifact,
        stated: &'s Stated,
        endpoint: &Endpoint,
    ) -> Vec<Target<'s>> {
        let is_usual = location::is_usual(&stated.url, &location::usual(name, &artifact.file), endpoint);
        if is_usual { Vec::new() } else { vec![Target::At(&stated.url)] }
    }
}

fn bad_document(served: &Served, package: &PackageName, bad: BadDocument) -> RegistryError {
    let registry = served.name().clone();
    match bad {
        BadDocument::Unreadable(reason) => RegistryError::NpmMetadata { registry, package: package.clone(), reason },
        BadDocument::OtherPackage(answered) => {
            RegistryError::WrongPackage { registry, package: package.to_string(), answered }
        }
    }
}
