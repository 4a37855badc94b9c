//! Whether adapters reach what they name: tried when somebody asks for it, and kept as evidence.
//!
//! ```text
//! .larder/probes.json    of each environment and adapter: what was tried, when, and what came of it
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::assets::adapter::{Adapter, AdapterKind, Direction, ParameterValue};
use crate::assets::{AssetIndex, AssetSet};
use crate::diagnostic::{Exit, Failure};
use crate::fetch::{Destination, RootCertificateSources};
use crate::fs::{self, Durability};
use crate::model::AssetKind;
use crate::ops::{Result, Session, client_options};

use super::load::ProjectAssets;

const FILE: &str = ".larder/probes.json";

/// What came of a probe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeResult {
    /// The adapter.
    pub adapter: String,
    /// The environment whose values were used.
    pub environment: String,
    /// What was tried: `sftp.example:22`, or a folder.
    pub target: String,
    /// How: `tcp`, `tls`, `http`, `https`, or `folder`.
    #[serde(default)]
    pub protocol: String,
    /// Whether it was reached.
    pub reached: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When.
    pub time: String,
    /// The digest of the adapter.
    pub digest: String,
}

/// The results that are kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Probes {
    version: u32,
    results: Vec<ProbeResult>,
}

impl Probes {
    /// Reads the results of a project. What cannot be read is no evidence.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let bytes = match fs::read_record(&root.join(FILE)) {
            Err(error) if error.is_wrong_kind() => None,
            bytes => bytes?,
        };
        let read = bytes.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        Ok(read.filter(|read| read.version == 1).unwrap_or_default())
    }

    /// Returns why the adapter was not reached, a sentence for each environment in which it was tried as it is now, and failed.
    pub(super) fn failures(&self, adapter: &str, digest: impl FnOnce() -> String) -> Vec<String> {
        let mut of_adapter = self.results.iter().filter(|result| result.adapter == adapter).peekable();
        if of_adapter.peek().is_none() {
            return Vec::new();
        }
        let digest = digest();
        let failed = of_adapter.filter(|result| result.digest == digest && !result.reached);
        failed.map(ProbeResult::failure).collect()
    }
}

impl ProbeResult {
    fn failure(&self) -> String {
        let Self { adapter, environment, target, problem, time, .. } = self;
        let place = if environment.is_empty() { String::new() } else { format!(" in {environment}") };
        let problem = problem.as_deref().map(|problem| format!(": {problem}")).unwrap_or_default();
        format!("{adapter} did not reach {target}{place} at {time}{problem}")
    }
}

/// Tries the adapters that flows need; without flows all of the packages' own. Notes what came of it.
pub(super) fn probe(
    session: &Session<'_>,
    assets: &ProjectAssets,
    set: &AssetSet<'_>,
    flows: Option<&[AssetIndex]>,
) -> Result<Vec<ProbeResult>> {
    if session.context.offline {
        return Err(Offline.into());
    }
    let environment = session.context.environment.clone();
    let environment = environment.or_else(|| Some((*assets.environments()?.first()?).to_owned())).unwrap_or_default();
    let needed: Vec<AssetIndex> = match flows {
        Some(flows) => set.closure(flows.iter().copied()),
        None => set.own().collect(),
    };
    let roots = client_options(session.context)?.roots;
    let mut results = Vec::new();
    for at in needed.into_iter().filter(|at| set.asset(*at).id.kind == AssetKind::Adapter) {
        let Some(target) = set.adapter(at).and_then(|adapter| ProbeTarget::of(adapter, &environment)) else { continue };
        let tried = target.reach(&roots);
        results.push(ProbeResult {
            adapter: set.asset(at).id.to_string(),
            environment: environment.clone(),
            target: target.to_string(),
            protocol: target.protocol().to_owned(),
            reached: tried.is_ok(),
            problem: tried.err(),
            time: jiff::Timestamp::now()
                .round(jiff::Unit::Second)
                .unwrap_or_else(|_| jiff::Timestamp::now())
                .to_string(),
            digest: set.digest(at).to_string(),
        });
    }
    let mut known: BTreeMap<(String, String), ProbeResult> = BTreeMap::new();
    for result in Probes::read(&assets.root)?.results.into_iter().chain(results.clone()) {
        known.insert((result.environment.clone(), result.adapter.clone()), result);
    }
    let probes = Probes { version: 1, results: known.into_values().collect() };
    let text = serde_json::to_vec_pretty(&probes).unwrap_or_default();
    fs::create_dir_all(&assets.root.join(".larder"))?;
    fs::write_atomic(&assets.root.join(FILE), &text, Durability::Lazy)?;
    Ok(results)
}

/// What an adapter has to reach.
enum ProbeTarget {
    Host(Destination),
    Folder(String),
}

impl ProbeTarget {
    /// Returns what an adapter has to reach with the values of an environment. What only receives reaches nothing.
    fn of(adapter: &Adapter, environment: &str) -> Option<Self> {
        let parameters = adapter.parameters_in(environment);
        let rules = adapter.kind.rules();
        let default = |name: &str| rules.parameter(name)?.default.as_ref();
        let text = |name: &str| match parameters.get(name) {
            Some(ParameterValue::Texts(texts)) => texts.first().cloned(),
            Some(_) => None,
            None => default(name)?.as_str().map(str::to_owned),
        };
        let number = |name: &str| match parameters.get(name) {
            Some(ParameterValue::Number(number)) => u16::try_from(*number).ok(),
            Some(_) => None,
            None => u16::try_from(default(name)?.as_u64()?).ok(),
        };
        let begins_with_tls = text("tls").is_some_and(|tls| tls == "implicit");
        let host = |port: Option<u16>| {
            Some(Self::Host(Destination { host: text("host")?, port: port?, tls: begins_with_tls, path: None }))
        };
        match adapter.kind {
            AdapterKind::File => Some(Self::Folder(text("path")?)),
            // What begins with TLS has a port of its own.
            AdapterKind::Ftp if begins_with_tls && !parameters.contains_key("port") => host(Some(990)),
            AdapterKind::Ftp | AdapterKind::Sftp => host(number("port")),
            AdapterKind::Email => {
                let usual = match (text("protocol")?.as_str(), begins_with_tls) {
                    ("imap", true) => 993,
                    ("imap", false) => 143,
                    (_, true) => 465,
                    (_, false) => 587,
                };
                host(number("port").or(Some(usual)))
            }
            AdapterKind::Http | AdapterKind::Rest | AdapterKind::Soap if adapter.direction == Direction::Out => {
                let url = url::Url::parse(&text("url")?).ok()?;
                Some(Self::Host(Destination {
                    host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
                    port: url.port_or_known_default()?,
                    tls: url.scheme() == "https",
                    path: Some(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()),
                }))
            }
            AdapterKind::Http | AdapterKind::Rest | AdapterKind::Soap => None,
        }
    }

    fn protocol(&self) -> &'static str {
        match self {
            Self::Host(destination) => destination.protocol(),
            Self::Folder(_) => "folder",
        }
    }

    /// Tries it.
    ///
    /// # Errors
    /// Why it is not reached, as a sentence.
    fn reach(&self, roots: &RootCertificateSources) -> std::result::Result<(), String> {
        match self {
            Self::Folder(path) => match fs::stat(Path::new(path)) {
                Ok(Some(stat)) if stat.kind == fs::Kind::Folder => Ok(()),
                Ok(_) => Err("there is no such folder".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Self::Host(destination) => destination.reach(roots),
        }
    }
}

impl std::fmt::Display for ProbeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(Destination { host, port, .. }) => write!(f, "{host}:{port}"),
            Self::Folder(path) => f.write_str(path),
        }
    }
}

/// A probe needs the network.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("adapters cannot be tried offline")]
#[diagnostic(code(larder::ready::offline), help("leave `--probe` or `--offline` out"))]
struct Offline;

impl Failure for Offline {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}
