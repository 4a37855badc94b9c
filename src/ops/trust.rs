//! What a user accepts of a registry: a history that is not the one seen before.

use crate::diagnostic::{Exit, Failure, nearest};
use crate::model::Label;
use crate::registry::{CachePolicy, forget_history};

use super::lock::{self, Locked, Wish};
use super::project;
use super::project::snapshot::{self, InputSnapshot};
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
