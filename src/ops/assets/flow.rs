//! `larder flow`: the states of flows. Draft, ready and archived stand in the manifest; deployed and suspended belong to an
//! environment's generation.
//!
//! ```text
//! draft → ready → deployed ⇄ suspended
//!           └───────→ archived
//! ```

use std::path::PathBuf;

use serde::Serialize;

use crate::assets::{AssetIndex, AssetSet, FrozenFiles};
use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs::{self, Durability};
use crate::lock::{self, Closure};
use crate::manifest::{Environment, edit};
use crate::model::{AssetQueryError, FlowState, Label};
use crate::ops::generations::state;
use crate::ops::install::{Activation, BytecodeUse, Installation, Installed, Purpose};
use crate::ops::project::{self, deployment, inputs, snapshot};
use crate::ops::session::{LOCKFILE, MANIFEST};
use crate::ops::{Project, Result, Session};
use crate::profile::{DeployedFlow, ProfileError, Profiles};
use crate::store::Store;

use super::load::ProjectAssets;
use super::ready::{NotReady, known_connections};
use super::{deployable_flows_named, flows_named, installed_flows, own_flows};
use crate::ops::deployed_flows::{self, FlowUse};

/// What became of a flow.
#[derive(Debug, Serialize)]
pub struct FlowChanged {
    /// The flow: `flow:orders/order-intake@1`.
    pub flow: String,
    /// Its state: `ready`, `archived`, `deployed`, `suspended`.
    pub state: &'static str,
    /// The manifest that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The environment that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The environment's current generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Whether the generation is new.
    pub built: bool,
    /// What changed in the environment, a line each.
    pub changes: Vec<String>,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// A flow as it stands: an element of `larder flow list --json`.
#[derive(Debug, Serialize)]
pub struct ListedFlow {
    /// The flow.
    pub flow: String,
    /// The state that its manifest declares; `null` of a flow that is only deployed.
    pub declared: Option<&'static str>,
    /// Its state in the environment: `deployed`, `suspended`, or `null`.
    pub state: Option<&'static str>,
    /// The version of its package in the environment.
    pub version: Option<String>,
    /// The digest of what is deployed.
    pub digest: Option<String>,
}

/// `larder flow list --json`: see `schema/flow-list.json`.
#[derive(Debug, Serialize)]
pub struct FlowListing {
    /// The environment.
    pub environment: String,
    /// The flows, by their names.
    pub flows: Vec<ListedFlow>,
}

/// Lists the flows of the project, and those of the environment.
pub fn list(session: &Session<'_>) -> Result<FlowListing> {
    let project = Project::open(session.context)?;
    let environment = &project.environment(session.context)?.name;
    let deployed = project.profile()?.flows(environment)?;
    let assets = ProjectAssets::with_lock(session, None)?;
    let set = assets.set();
    let mut flows: Vec<ListedFlow> = Vec::new();
    // Of installed packages, those that can be deployed.
    let installed = installed_flows(&set).filter(|at| set.asset(*at).declaration.state == FlowState::Ready);
    for at in own_flows(&set).chain(installed) {
        let asset = set.asset(at);
        let here = deployed.get(asset.id.name.as_str()).filter(|flow| *flow.id == *asset.id.to_string());
        flows.push(ListedFlow {
            flow: asset.id.to_string(),
            declared: Some(asset.declaration.state.as_str()),
            state: here.map(DeployedFlow::state),
            version: here.map(|flow| flow.version.to_string()),
            digest: here.map(|flow| flow.digest.to_string()),
        });
    }
    for flow in
        deployed.values().filter(|flow| !flows.iter().any(|listed| *listed.flow == *flow.id)).collect::<Vec<_>>()
    {
        flows.push(ListedFlow {
            flow: flow.id.to_string(),
            declared: None,
            state: Some(flow.state()),
            version: Some(flow.version.to_string()),
            digest: Some(flow.digest.to_string()),
        });
    }
    flows.sort_by(|one, other| one.flow.cmp(&other.flow));
    Ok(FlowListing { environment: environment.to_string(), flows })
}

/// Declares a draft ready, if nothing is in the way.
pub fn declare_ready(session: &Session<'_>, name: &str) -> Result<FlowChanged> {
    let assets = ProjectAssets::of(session)?;
    let set = assets.set();
    let flow = find(&set, name)?;
    let state = set.asset(flow).declaration.state;
    if state != FlowState::Draft {
        return Err(FlowError::move_of(name, state.as_str(), "ready").into());
    }
    check_ready(&assets, &set, flow)?;
    write_state(&assets, &set, flow, FlowState::Ready)
}

/// Archives a flow: nobody deploys it any more.
pub fn archive(session: &Session<'_>, name: &str) -> Result<FlowChanged> {
    let assets = ProjectAssets::of(session)?;
    let set = assets.set();
    let flow = find(&set, name)?;
    let state = set.asset(flow).declaration.state;
    if state != FlowState::Ready {
        return Err(FlowError::move_of(name, state.as_str(), "archived").into());
    }
    let changed = write_state(&assets, &set, flow, FlowState::Archived)?;
    let Ok(project) = Project::open(session.context) else { return Ok(changed) };
    let profile = project.profile()?;
    let mut warnings = Vec::new();
    for environment in profile.environments()? {
        if profile.flows(&environment)?.contains_key(set.asset(flow).id.name.as_str()) {
            warnings.push(format!(
                "{environment} has it still: `larder flow withdraw {name} --env {environment}` takes it away there"
            ));
        }
    }
    Ok(FlowChanged { warnings, ..changed })
}

/// Deploys a flow in the environment: what it refers to is frozen, and nothing else of the environment moves.
pub fn deploy(session: &Session<'_>, name: &str) -> Result<FlowChanged> {
    let project = Project::open(session.context)?;
    let environment = project.environment(session.context)?;
    let profile = project.profile()?;
    let text = current_lock(&profile, &environment.name)?;
    let assets = ProjectAssets::with_lock(session, Some(lock::parse(LOCKFILE, &text)?))?;
    let set = assets.set();
    let flow = the_one(&set, name, deployable_flows_named(&set, name))?;
    let asset = set.asset(flow);
    let short = asset.id.name.as_str();
    if asset.declaration.state != FlowState::Ready {
        return Err(FlowError::move_of(name, asset.declaration.state.as_str(), "deployed").into());
    }
    let id = asset.id.to_string();
    if let Some(there) = profile.flows(&environment.name)?.get(short) {
        if *there.id != *id {
            let (there, environment) = (there.id.to_string(), environment.name.clone());
            return Err(FlowError::Taken { name: short.to_owned(), there, environment }.into());
        }
        if there.suspended {
            return Err(FlowError::move_of(name, "suspended", "deployed anew").into());
        }
    }
    check_ready(&assets, &set, flow)?;
    let frozen = set.freeze(flow);
    let tree = deployed_flows::store_flow(&session.store, &frozen)?;
    let deployed = DeployedFlow {
        id: id.as_str().into(),
        version: set.owner(flow).version.to_string().into(),
        digest: set.digest(flow),
        tree: tree.digest,
        suspended: false,
    };
    let changed = FlowChanged::of(id, "deployed");
    apply(session, &project, (environment, &text), FlowUse::Set(short, &deployed), changed)
}

/// Suspends a deployed flow in the environment, or resumes a suspended one.
pub fn suspend(session: &Session<'_>, name: &str, suspended: bool) -> Result<FlowChanged> {
    let project = Project::open(session.context)?;
    let environment = project.environment(session.context)?;
    let profile = project.profile()?;
    let text = current_lock(&profile, &environment.name)?;
    let (short, flow) = find_deployed(&profile, environment, name)?;
    if flow.suspended == suspended {
        let wanted = if suspended { "suspended" } else { "resumed" };
        return Err(FlowError::move_of(name, flow.state(), wanted).into());
    }
    let flow = DeployedFlow { suspended, ..flow };
    let changed = FlowChanged::of(flow.id.to_string(), flow.state());
    apply(session, &project, (environment, &text), FlowUse::Set(&short, &flow), changed)
}

/// Takes an archived flow out of the environment.
pub fn withdraw(session: &Session<'_>, name: &str) -> Result<FlowChanged> {
    let project = Project::open(session.context)?;
    let environment = project.environment(session.context)?;
    let profile = project.profile()?;
    let text = current_lock(&profile, &environment.name)?;
    let (short, flow) = find_deployed(&profile, environment, name)?;
    let assets = ProjectAssets::of(session)?;
    let set = assets.set();
    let declared = set.own().find(|at| set.asset(*at).id.to_string() == *flow.id);
    let state = declared.map(|at| set.asset(at).declaration.state);
    if let Some(state) = state.filter(|state| *state != FlowState::Archived) {
        return Err(FlowError::NotArchived { name: name.to_owned(), state: state.as_str() }.into());
    }
    let changed = FlowChanged::of(flow.id.to_string(), "archived");
    apply(session, &project, (environment, &text), FlowUse::Remove(&short), changed)
}

/// Gives flows of the environment what they were in one of its generations: `rollback N --only flow:NAME`. What comes back is checked
/// again.
pub fn roll_back(session: &Session<'_>, number: Option<u64>, name: &str) -> Result<FlowChanged> {
    let project = Project::open(session.context)?;
    let environment = project.environment(session.context)?;
    let profile = project.profile()?;
    let text = current_lock(&profile, &environment.name)?;
    let current = profile.current_summary(&environment.name)?;
    let current = current.ok_or_else(|| ProfileError::NeverSynced(environment.name.clone()))?;
    let number = number.or(current.parent).unwrap_or(current.number);
    let there = profile.generation(&environment.name, number)?.flows;
    let Some(flow) = there.get(name) else {
        let meant = nearest(name, there.keys().map(|name| &**name)).map(str::to_owned);
        let environment = environment.name.clone();
        return Err(FlowError::NotInGeneration { name: name.to_owned(), number, environment, meant }.into());
    };
    check_frozen(&session.store, &project, name, flow)?;
    let changed = FlowChanged::of(flow.id.to_string(), flow.state());
    apply(session, &project, (environment, &text), FlowUse::Set(name, flow), changed)
}

impl FlowChanged {
    fn of(flow: String, state: &'static str) -> Self {
        let (file, environment, generation) = (None, None, None);
        Self { flow, state, file, environment, generation, built: false, changes: Vec::new(), warnings: Vec::new() }
    }
}

/// Builds the environment as its current generation is, but for its flows.
fn apply(
    session: &Session<'_>,
    project: &Project,
    (environment, lock_text): (&Environment, &str),
    flows: FlowUse<'_>,
    changed: FlowChanged,
) -> Result<FlowChanged> {
    let lockfile = lock::parse(LOCKFILE, lock_text)?;
    let profile = project.profile()?;
    let platform = project.platform()?;
    let selection = project::selection(environment, Some(platform));
    let closure = Closure::on_side(&lockfile.graph, &selection, lockfile.graph.sides.of(&environment.include));
    let installation = Installation {
        session,
        project,
        profile: &profile,
        environment,
        platform,
        lock: &lockfile,
        purpose: Purpose::Sync,
        activation: Activation::Leave,
        bytecode: BytecodeUse::AsDeclared,
        flows,
        bundled: None,
    };
    let ingredients = installation.gather(&selection, closure)?;
    installation.check_gathered(&ingredients)?;
    let held = snapshot::hold(session.context, &profile)?;
    state::forget(&project.root, environment.name.as_str())?;
    let Installed { number, built, difference, warnings } = installation.build(&held, lock_text, &ingredients)?;
    held.release()?;
    Ok(FlowChanged {
        environment: Some(environment.name.to_string()),
        generation: Some(number),
        built: built.is_new,
        changes: difference.lines().collect(),
        warnings,
        ..changed
    })
}

/// Checks a flow again that was frozen earlier, as far as nothing but its files is needed.
fn check_frozen(store: &Store, project: &Project, name: &str, flow: &DeployedFlow) -> Result<()> {
    let gone = || ProfileError::NoFlow { name: name.into() };
    let tree = store.tree_by_digest(&flow.tree)?.ok_or_else(gone)?;
    if !store.verify_tree(&tree)?.is_empty() {
        return Err(gone().into());
    }
    let frozen = deployed_flows::read_flow(&tree)?.ok_or_else(gone)?;
    let packages = frozen.document.asset_packages().map_err(|_| gone())?;
    let files = FrozenFiles { flow: &frozen };
    let set = AssetSet::new(packages, &files);
    let environments: Vec<&str> = project.manifest.environments.iter().map(|one| one.name.as_str()).collect();
    let mut findings = set.check(Some(&environments), super::threads());
    findings.retain(|finding| finding.code != "asset.orphan");
    match crate::ops::asset_findings::WrongAssets::new(&findings, &|file| set.text_of(file)) {
        Some(wrong) => Err(wrong.into()),
        None => Ok(()),
    }
}

/// Fails with every reason why a flow cannot be deployed.
fn check_ready(assets: &ProjectAssets, set: &AssetSet<'_>, flow: AssetIndex) -> Result<()> {
    let environments = assets.environments();
    let known = known_connections(assets, set)?;
    let readiness = set.readiness(Some(&[flow]), environments.as_deref(), &known);
    NotReady::check(&readiness)
}

/// Returns the flow of the packages' own that a name means: `order-intake`, or `orders/order-intake`.
fn find(set: &AssetSet<'_>, name: &str) -> Result<AssetIndex> {
    the_one(set, name, flows_named(set, name))
}

/// Returns the one flow that was found by a name.
pub(super) fn the_one(
    set: &AssetSet<'_>,
    name: &str,
    found: std::result::Result<Vec<AssetIndex>, AssetQueryError>,
) -> Result<AssetIndex> {
    let found = found.map_err(|error| FlowError::Name(error.to_string()))?;
    match found[..] {
        [one] => Ok(one),
        [] => {
            let all = own_flows(set).chain(installed_flows(set));
            let names: Vec<String> = all.map(|at| set.asset(at).id.name.to_string()).collect();
            let meant = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
            Err(FlowError::Unknown { name: name.to_owned(), meant, known: names.join(", ") }.into())
        }
        _ => {
            let found = found.iter().map(|at| set.asset(*at).id.to_string()).collect();
            Err(FlowError::Several { name: name.to_owned(), found }.into())
        }
    }
}

fn find_deployed(profile: &Profiles, environment: &Environment, name: &str) -> Result<(String, DeployedFlow)> {
    let flows = profile.flows(&environment.name)?;
    let query = name.parse::<crate::model::AssetQuery>().map_err(|error| FlowError::Name(error.to_string()))?;
    if let Some(flow) = flows.get(query.name.as_str()) {
        return Ok((query.name.to_string(), flow.clone()));
    }
    let meant = nearest(name, flows.keys().map(|name| &**name)).map(str::to_owned);
    Err(FlowError::NotDeployed { name: name.to_owned(), environment: environment.name.clone(), meant }.into())
}

/// Returns the text of the lock that the environment's current generation was built from.
fn current_lock(profile: &Profiles, environment: &Label) -> Result<String> {
    let number = profile.current_number(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
    Ok(profile.lock_text(environment, number)?)
}

/// Writes the state of a flow into its package's manifest.
fn write_state(assets: &ProjectAssets, set: &AssetSet<'_>, flow: AssetIndex, state: FlowState) -> Result<FlowChanged> {
    let asset = set.asset(flow);
    deployment::refuse(&assets.root)?;
    let path: PathBuf = assets.folder(asset.package).join(MANIFEST);
    let text = inputs::manifest(&path)?;
    let file = &set.owner(flow).manifest;
    let name = (asset.id.name.as_str(), asset.id.version.as_str());
    let edited = edit::set_flow_state(file, &text, name, state)?;
    let edited = edited.ok_or_else(|| FlowError::Moved { file: file.to_string() })?;
    fs::write_atomic(&path, edited.as_bytes(), Durability::Whole)?;
    Ok(FlowChanged { file: Some(file.to_string()), ..FlowChanged::of(asset.id.to_string(), state.as_str()) })
}

/// Why a flow does not get another state.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum FlowError {
    /// There is none of this name.
    #[error("there is no flow `{name}`")]
    #[diagnostic(code(larder::flow::unknown), help("{}", match (meant, known.is_empty()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, true) => "no package here declares a flow, nor does an installed one: add it to `assets`".to_owned(),
        (None, false) => format!("there is {known}"),
    }))]
    Unknown { name: String, meant: Option<String>, known: String },
    /// There are several.
    #[error("`{name}` means several flows: {}", found.join(", "))]
    #[diagnostic(code(larder::flow::several), help("write one of them whole"))]
    Several { name: String, found: Vec<String> },
    /// A word that is no name.
    #[error("{0}")]
    #[diagnostic(code(larder::flow::name), help("write it as `order-intake` or `orders/order-intake`"))]
    Name(String),
    /// A move that there is not.
    #[error("flow `{name}` is {from}, and cannot become {to}")]
    #[diagnostic(
        code(larder::flow::no_such_move),
        help("the moves are draft → ready → deployed ⇄ suspended, and from ready or deployed to archived")
    )]
    Move { name: String, from: String, to: String },
    /// It is not in the environment.
    #[error("{environment} has no flow `{name}`")]
    #[diagnostic(code(larder::flow::not_deployed), help("{}", meant.as_ref().map_or_else(|| format!("`larder flow deploy {name} --env {environment}` deploys it"), |meant| format!("did you mean `{meant}`?"))))]
    NotDeployed { name: String, environment: Label, meant: Option<String> },
    /// It is not in a generation.
    #[error("generation {number} of {environment} has no flow `{name}`")]
    #[diagnostic(code(larder::flow::not_in_generation), help("{}", meant.as_ref().map_or_else(|| "`larder diff` shows what it has".to_owned(), |meant| format!("did you mean `{meant}`?"))))]
    NotInGeneration { name: String, number: u64, environment: Label, meant: Option<String> },
    /// Another package has deployed a flow of this name.
    #[error("{environment} has another flow `{name}`: {there}")]
    #[diagnostic(code(larder::flow::taken), help("an environment has one flow of a name: rename one of them"))]
    Taken { name: String, there: String, environment: Label },
    /// It is still in use.
    #[error("flow `{name}` is {state}, and only what is archived is withdrawn")]
    #[diagnostic(code(larder::flow::not_archived), help("archive it first: `larder flow archive {name}`"))]
    NotArchived { name: String, state: &'static str },
    /// The manifest has changed meanwhile.
    #[error("{file} was changed while larder looked at it")]
    #[diagnostic(code(larder::flow::moved), help("try again"))]
    Moved { file: String },
}

impl FlowError {
    fn move_of(name: &str, from: &str, to: &str) -> Self {
        Self::Move { name: name.to_owned(), from: from.to_owned(), to: to.to_owned() }
    }
}

impl Failure for FlowError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } | Self::Several { .. } | Self::Name(_) | Self::NotInGeneration { .. } => {
                Exit::Manifest
            }
            Self::Move { .. }
            | Self::NotDeployed { .. }
            | Self::Taken { .. }
            | Self::NotArchived { .. }
            | Self::Moved { .. } => Exit::Refused,
        }
    }
}
