//! What a user accepts: a registry's history that is not the one seen before, and that a package is built by somebody else.

use std::collections::BTreeSet;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::model::{Label, PackageId};
use crate::registry::{CachePolicy, forget_history};

use super::lock::{self, Locked, Wish};
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Known;
use super::update::NotLocked;
use super::{Project, Result, Session};

/// Accepts the history that a registry has now: forgets what was seen of its log, and locks again without the histories that the
/// lock has of its packages.
pub fn trust_registry(session: &Session<'_>, name: &str) -> Result<Locked> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| accept(session, &Project::read(root.clone())?, name, snapshot))
}

fn accept(session: &Session<'_>, project: &Project, name: &str, snapshot: &InputSnapshot) -> Result<Option<Locked>> {
    let registries = &project.manifest.registries;
    let Some(registry) = registries.iter().find(|registry| registry.name.as_str() == name) else {
        let meant = nearest(name, registries.iter().map(|registry| registry.name.as_str())).map(str::to_owned);
        return Err(NoRegistry { name: name.to_owned(), meant }.into());
    };
    forget_history(&session.context.cache, &project.root, registry)?;
    let old = lock::read(project)?.lockfile().unwrap_or_default();
    let label: &Label = &registry.name;
    let without = old.without_histories(label);
    let wish = Wish { cache_policy: CachePolicy::Revalidate, ..Wish::keeping(&without) };
    lock::replace(session, project, &old, &wish, snapshot)
}

/// Accepts who builds a package now: later versions have to be built by the same.
pub fn trust_build(session: &Session<'_>, name: &str) -> Result<Locked> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| accept_build(session, &Project::read(root.clone())?, name, snapshot))
}

fn accept_build(
    session: &Session<'_>,
    project: &Project,
    name: &str,
    snapshot: &InputSnapshot,
) -> Result<Option<Locked>> {
    let old = lock::existing(project)?;
    let known = Known::parse(name);
    let named: BTreeSet<&PackageId> =
        old.graph.packages.keys().map(|key| &key.id).filter(|id| known.names(id)).collect();
    if named.is_empty() {
        let there = old.graph.packages.keys().map(|key| key.id.name.as_str());
        let meant = nearest(name, there).map(str::to_owned);
        return Err(NotLocked { name: name.to_owned(), meant }.into());
    }
    let mut new = old.clone();
    for (_, locked) in new.provenance.iter_mut().filter(|(key, _)| named.contains(&key.id)) {
        locked.instead_of = None;
    }
    new.provenance.retain(|_, locked| locked.built_by.is_some() || locked.instead_of.is_some());
    let written = lock::write(session.context, project, None, &new, snapshot)?;
    Ok(written.map(|changed| Locked { changed, ..Locked::unchanged(project, new) }))
}

/// A registry that is not declared.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no registry `{name}` in larder.kdl")]
#[diagnostic(
    code(larder::trust::no_registry),
    help("{}", meant.as_ref().map_or_else(|| "name one of its `registries`".to_owned(), |meant| format!("did you mean `{meant}`?")))
)]
struct NoRegistry {
    name: String,
    meant: Option<String>,
}

impl Failure for NoRegistry {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
