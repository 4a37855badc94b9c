//! The private packages of a repository: `larder list --packages`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::packages::{Discovered, Repository};
use super::{Context, Result};
use crate::model::{PackageName, folder_text};

/// `larder list --packages --json`: see `schema/list-packages.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageListing {
    /// The packages, sorted by name.
    pub packages: Vec<RepositoryPackage>,
    /// Manifests that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableManifest>,
    /// Numbers of packages.
    pub statistics: Statistics,
}

/// A package of the repository.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its folder, relative to the root; `.` is the root.
    pub folder: String,
    /// Its category.
    pub category: Option<String>,
    /// `active`, `beta` or `deprecated`
    pub status: &'static str,
    /// What takes the place of a deprecated package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The packages of the repository on which it depends, sorted.
    pub dependencies: Vec<String>,
    /// The packages of the repository that depend on it, sorted.
    pub dependents: Vec<String>,
    /// Whether it could be published, as far as no registry has to be asked.
    pub healthy: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A manifest that may be of a package.
#[derive(Debug, Serialize)]
pub struct UnreadableManifest {
    /// The file, relative to the root.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Numbers of packages.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// All of them.
    pub total: usize,
    /// By category. Packages without one are in none.
    pub by_category: BTreeMap<String, usize>,
    /// By status.
    pub by_status: BTreeMap<&'static str, usize>,
    /// Those that could be published.
    pub healthy: usize,
    /// Those that could not.
    pub unhealthy: usize,
}

/// Lists the private packages of the repository around the folder that larder was started in.
pub fn list(context: &Context<'_>) -> Result<PackageListing> {
    let repository = Repository::of(context)?;
    let packages: Vec<RepositoryPackage> =
        repository.packages.iter().enumerate().map(|(at, package)| listed(&repository, at, package)).collect();
    let unreadable = repository
        .unreadable
        .iter()
        .map(|(file, error)| UnreadableManifest { file: file.clone(), problem: error.in_short() });
    Ok(PackageListing { statistics: Statistics::of(&packages), packages, unreadable: unreadable.collect() })
}

fn listed(repository: &Repository, at: usize, discovered: &Discovered) -> RepositoryPackage {
    let package = &discovered.own.package;
    let problem = discovered.check().err().map(|error| error.in_short());
    RepositoryPackage {
        name: package.name.value.to_string(),
        version: package.version.value.to_string(),
        folder: folder_text(&discovered.folder).to_owned(),
        category: package.category.as_ref().map(|category| category.value.to_string()),
        status: package.status.as_str(),
        replaced_by: package.status.replaced_by().map(PackageName::to_string),
        dependencies: discovered.needs.iter().map(|at| repository.packages[*at].name().to_string()).collect(),
        dependents: repository.dependents(at).map(|package| package.name().to_string()).collect(),
        healthy: problem.is_none(),
        problem,
    }
}

impl Statistics {
    fn of(packages: &[RepositoryPackage]) -> Self {
        let mut statistics = Self { total: packages.len(), ..Self::default() };
        for package in packages {
            if let Some(category) = &package.category {
                *statistics.by_category.entry(category.clone()).or_default() += 1;
            }
            *statistics.by_status.entry(package.status).or_default() += 1;
            *if package.healthy { &mut statistics.healthy } else { &mut statistics.unhealthy } += 1;
        }
        statistics
    }
}
