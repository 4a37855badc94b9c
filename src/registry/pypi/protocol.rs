//! Python's protocol: a page for each package, at its name below the registry (PEP 503, PEP 691).

use std::sync::Arc;

use super::beside::MetadataBeside;
use super::listing::View;
use super::page::{self, BadPage};
use super::{location, record};
use crate::diagnostic::Failure;
use crate::fetch::{Authorization, Document, Endpoint, Place, Target};
use crate::model::{Artifact, PackageName, Settings};
use crate::registry::RegistryError;
use crate::registry::kept::Encoded;
use crate::registry::listing::{Ask, NoListing, Served, Stated};
use crate::registry::protocol::{Listing, Protocol};

const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json;q=1, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

#[derive(Default)]
pub(in crate::registry) struct Pypi {
    /// What was learned of the registry's server.
    beside: Arc<MetadataBeside>,
}

impl Pypi {
    pub(super) fn ask(
        &self,
        served: &Served,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<super::listing::Listing, NoListing> {
        let view = View::of(settings);
        let path = format!("{name}/");
        let ask = Ask { package: name.as_str(), path: &path, accept: ACCEPT, format: record::FORMAT };
        let convert = |document: &Document| {
            page::read(name, &document.response.url, &document.bytes)
                .map(|files| Encoded { front: record::encode(name, &files), rest: Vec::new() })
                .map_err(|bad| -> Arc<dyn Failure> { Arc::new(bad_page(served, name, bad)) })
        };
        served
            .listing(&ask, convert, |record| super::listing::Listing::decode(served, &self.beside, name, &view, record))
    }
}

impl Protocol for Pypi {
    fn place(&self, place: Place) -> Place {
        location::with_files(place)
    }

    /// A token is a password, of the user before its colon.
    fn token(&self, token: &str) -> Authorization {
        match token.split_once(':') {
            Some((user, password)) => Authorization::basic(user, password),
            None => Authorization::basic("__token__", token),
        }
    }

    fn login(&self, user: &str, password: &str) -> Authorization {
        Authorization::basic(user, password)
    }

    /// The metadata of a file lies beside it, or in it.
    fn lists_needs(&self) -> bool {
        false
    }

    fn kept(&self, served: &Served, name: &PackageName, settings: &Settings) -> Option<Arc<dyn Listing>> {
        let view = View::of(settings);
        let listing = served.kept(name.as_str(), record::FORMAT, |record| {
            super::listing::Listing::decode(served, &self.beside, name, &view, record)
        })?;
        Some(Arc::new(listing))
    }

    fn listing(&self, served: &Served, name: &PackageName, settings: &Settings) -> Result<Arc<dyn Listing>, NoListing> {
        Ok(Arc::new(self.ask(served, name, settings)?))
    }

    fn hinted<'h>(&self, hint: &'h str) -> Target<'h> {
        Target::Beside(hint)
    }

    fn proves_itself(&self, hint: &str, file: &str) -> bool {
        location::is_content_addressed(hint, file)
    }

    fn usual(&self, _: &PackageName, _: &str) -> Option<String> {
        None
    }

    fn stated<'s>(&self, _: &PackageName, _: &Artifact, stated: &'s Stated, endpoint: &Endpoint) -> Vec<Target<'s>> {
        let beside = stated.hint.as_deref().map(Target::Beside);
        let is_there = beside.is_some_and(|beside| endpoint.stands_for(beside, &stated.url));
        beside.into_iter().chain((!is_there).then_some(Target::At(&stated.url))).collect()
    }
}

fn bad_page(served: &Served, package: &PackageName, bad: BadPage) -> RegistryError {
    let registry = served.name().clone();
    match bad {
        BadPage::Unreadable(reason) => RegistryError::PypiIndex { registry, package: package.clone(), reason },
        BadPage::Newer(version) => RegistryError::NewerIndex { registry, package: package.clone(), version },
        BadPage::OtherPackage(answered) => {
            RegistryError::WrongPackage { registry, package: package.to_string(), answered }
        }
    }
}
