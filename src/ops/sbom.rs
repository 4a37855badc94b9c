//! The bill of materials of an environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::bom::{self, Bill, BillInput};
use crate::fs;
use crate::lock::Closure;

use super::facts::license_facts::LicenseFacts;
use super::facts::locked_trees::MissingTrees;
use super::project::{head, selection};
use super::{Project, Result, Session, lock};

/// The form of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillForm {
    /// CycloneDX 1.6 as JSON.
    CycloneDx,
    /// SPDX 2.3 as JSON.
    Spdx,
}

/// Whether a bill says when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillTime {
    /// It does not, unless `SOURCE_DATE_EPOCH` is set: bills of one lock are the same.
    Reproducible,
    /// It does.
    Now,
}

/// `larder sbom --json`: see `schema/sbom.json`. The bill itself is what is printed without `--json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sbom {
    /// `cyclonedx` or `spdx`
    pub format: &'static str,
    /// The environment's name.
    pub environment: String,
    /// The number of packages and runtimes.
    pub components: usize,
    /// How many of them have no known license.
    pub without_license: usize,
    /// The file that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The text, unless a file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Writes the bill of what the environment needs on any declared platform. Licenses are read from the packages, which are fetched
/// where this machine does not have them.
pub fn sbom(session: &Session<'_>, form: BillForm, time: BillTime, file: Option<PathBuf>) -> Result<Sbom> {
    let context = session.context;
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let closure = Closure::of(&lockfile.graph, &selection(environment, None));
    let read = LicenseFacts::read(session, &project, closure.packages(), MissingTrees::Fetched)?;
    let read = read.with_local_packages(&project, closure.packages());
    let licenses = read.clarified(&environment.policy.licenses).facts;
    let registries = project.manifest.registries.iter().filter(|registry| !registry.is_public());
    let repositories: BTreeMap<_, _> =
        registries.filter_map(|it| Some((it.name.clone(), it.url.http()?.clone().into_folder().to_string()))).collect();
    let of_variable =
        || context.variables.text("SOURCE_DATE_EPOCH")?.parse().ok().and_then(|it| Timestamp::from_second(it).ok());
    let timestamp = match time {
        BillTime::Now => Timestamp::from_second(Timestamp::now().as_second()).ok(),
        BillTime::Reproducible => of_variable(),
    };
    let (name, version) = head(&project);
    let license = project.manifest.project.as_ref().and_then(|metadata| metadata.license.as_deref());
    let bill = Bill::new(BillInput {
        name: &name,
        version: version.as_deref(),
        license,
        environment: environment.name.as_str(),
        lock: &lockfile,
        closure: &closure,
        licenses: &licenses,
        repositories: &repositories,
        timestamp,
    });
    let (format, text) = match form {
        BillForm::CycloneDx => ("cyclonedx", bom::cyclonedx(&bill)),
        BillForm::Spdx => ("spdx", bom::spdx(&bill)),
    };
    if let Some(file) = &file {
        fs::write_atomic(&context.folder.join(file), text.as_bytes(), fs::Durability::Lazy)?;
    }
    Ok(Sbom {
        format,
        environment: environment.name.to_string(),
        components: bill.len(),
        without_license: licenses.values().filter(|fact| fact.expression.is_none()).count(),
        text: file.is_none().then_some(text),
        file: file.map(|file| file.display().to_string()),
    })
}
