//! Under which licenses the packages of an environment are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::fs;
use crate::license::LicenseSource;
use crate::lock::Closure;
use crate::model::PackageKey;
use crate::store::Tree;

use super::facts::license_facts::{self, LicenseFacts};
use super::facts::locked_trees::MissingTrees;
use super::project::selection;
use super::{Project, Result, Session, lock};

/// `larder licenses --json`: see `schema/licenses.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Licenses {
    /// The environment's name.
    pub environment: String,
    /// The packages, sorted.
    pub packages: Vec<LicensedPackage>,
    /// How many packages are under each license; those whose license is unknown are not counted.
    pub by_license: BTreeMap<String, usize>,
    /// How many licenses are known in each way.
    pub by_source: BTreeMap<&'static str, usize>,
}

/// A package with its license.
#[derive(Debug, Serialize)]
pub struct LicensedPackage {
    /// `npm`, `pypi`, `larder`, `path` and so on.
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SPDX expression; `null` if the license is unknown.
    pub license: Option<String>,
    /// How the license is known.
    pub source: &'static str,
    /// What the package's metadata says, if that is not the expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
    /// The files with license texts, relative to the package.
    pub files: Vec<String>,
}

/// The licenses of an environment, with the files that have their texts.
pub struct EnvironmentLicenses {
    /// What is printed.
    pub licenses: Licenses,
    keys: Vec<PackageKey>,
    trees: BTreeMap<PackageKey, Tree>,
}

/// Tells the licenses of what the environment needs, on all declared platforms. What is not on this machine is fetched.
pub fn licenses(session: &Session<'_>) -> Result<EnvironmentLicenses> {
    let project = Project::open(session.context)?;
    let environment = project.environment(session.context)?;
    let lockfile = lock::existing(&project)?;
    let closure = Closure::of(&lockfile.graph, &selection(environment, None));
    let read = LicenseFacts::read(session, &project, closure.packages(), MissingTrees::Fetched)?;
    let read = read.with_local_packages(&project, closure.packages());
    let LicenseFacts { facts, trees } = read.clarified(&environment.policy.licenses);
    let (mut by_license, mut by_source) = (BTreeMap::new(), BTreeMap::new());
    let (mut packages, mut keys) = (Vec::new(), Vec::new());
    for (key, fact) in facts {
        let license = fact.expression.map(|expression| expression.to_string());
        if let Some(license) = &license {
            *by_license.entry(license.clone()).or_default() += 1;
        }
        *by_source.entry(fact.source.as_str()).or_default() += 1;
        packages.push(LicensedPackage {
            ecosystem: key.id.ecosystem.as_str(),
            name: key.id.name.to_string(),
            version: key.version.to_string(),
            source: fact.source.as_str(),
            stated: fact.stated.filter(|stated| license.as_ref() != Some(stated)),
            files: fact.files,
            license,
        });
        keys.push(key);
    }
    let environment = environment.name.to_string();
    Ok(EnvironmentLicenses { licenses: Licenses { environment, packages, by_license, by_source }, keys, trees })
}

impl Licenses {
    /// Returns the packages as comma-separated values (RFC 4180), with a line of titles.
    pub fn csv(&self) -> String {
        let mut text = String::from("ecosystem,name,version,license,source,stated\n");
        for package in &self.packages {
            let [license, stated] = [&package.license, &package.stated].map(|it| it.as_deref().unwrap_or_default());
            let fields = [package.ecosystem, &package.name, &package.version, license, package.source, stated];
            text.push_str(&fields.map(csv_field).join(","));
            text.push('\n');
        }
        text
    }

    /// Returns how many packages' licenses are known in no way.
    pub fn unknown(&self) -> usize {
        let unknown = [LicenseSource::Unknown, LicenseSource::NotFetched];
        unknown.into_iter().filter_map(|source| self.by_source.get(source.as_str())).sum()
    }
}

/// Returns a field in quotes, if it needs some. One that a spreadsheet would take for a formula gets a quotation mark before it.
fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

impl EnvironmentLicenses {
    /// Writes the texts under which the packages of others may be passed on: each once, with the packages that have it. Returns how many
    /// packages these are.
    pub fn write_notices(&self, file: &Path) -> Result<usize> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut without: Vec<String> = Vec::new();
        let all = self.keys.iter().zip(&self.licenses.packages);
        let foreign: Vec<_> = all.filter(|(key, _)| !key.id.ecosystem.is_local()).collect();
        for (key, package) in &foreign {
            let license = package.license.as_deref().unwrap_or("an unknown license");
            let title = format!("{key} ({license})");
            let found = self.trees.get(*key).map(notices).unwrap_or_default();
            if found.is_empty() {
                without.push(title.clone());
            }
            for text in found {
                texts.entry(text).or_default().push(title.clone());
            }
        }
        let mut blocks: Vec<(Vec<String>, String)> = texts.into_iter().map(|(text, titles)| (titles, text)).collect();
        blocks.sort();
        let rule = "-".repeat(80);
        let mut all = format!("Third-party packages of {}, and their licenses.\n", self.licenses.environment);
        for (titles, text) in blocks {
            let _ = write!(all, "\n{rule}\n{}\n{rule}\n\n{}\n", titles.join("\n"), text.trim_end());
        }
        if !without.is_empty() {
            let _ = write!(all, "\n{rule}\nPackages that bring no text of their license:\n{}\n", without.join("\n"));
        }
        fs::write_atomic(file, all.as_bytes(), fs::Durability::Lazy)?;
        Ok(foreign.len())
    }
}

/// Returns the license texts and notices of a package.
fn notices(tree: &Tree) -> Vec<String> {
    let is_notice = |path: &&str| !path.contains('/') && path.to_ascii_uppercase().starts_with("NOTICE");
    let notices = tree.entries.iter().map(|entry| &*entry.path).filter(is_notice).map(str::to_owned);
    let files = license_facts::license_files(tree).into_iter().chain(notices);
    let texts = files.filter_map(|path| license_facts::text(tree, &path));
    texts.map(|text| text.replace("\r\n", "\n")).filter(|text| !text.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_csv_are_safe() {
        for (field, expect) in [("MIT", "MIT"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=1+1", "'=1+1")] {
            assert_eq!(csv_field(field), expect);
        }
    }
}
