//! When the packages of a lock were published, for policies that want them to have a certain age.

use jiff::Timestamp;

use crate::manifest::Environment;
use crate::model::{Package, PackageKey};
use crate::policy::PublicationTimes;
use crate::registry::CachePolicy;

use crate::ops::session::release;
use crate::ops::{Project, Result, Session, failure, registries};

/// Looks up when packages were published, if the policy of an environment wants an age. A time does not change: a cached listing
/// of any age tells it.
pub(in crate::ops) fn asked_for<'p>(
    session: &Session<'_>,
    project: &Project,
    packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    environments: &[&Environment],
) -> Result<Option<PublicationTimes>> {
    if environments.iter().all(|environment| environment.policy.age.is_none()) {
        return Ok(None);
    }
    let is_served = |package: &Package| package.origin.as_ref().is_some_and(|origin| origin.registry().is_some());
    let served = packages.filter(|(_, package)| is_served(package)).map(|(key, _)| key.clone());
    let keys: Vec<PackageKey> = served.collect();
    let registries = registries::open(session, project, CachePolicy::AnyAge)?;
    let times = registries.publication_times(&keys).map_err(failure::of_index)?;
    release(registries);
    Ok(Some(PublicationTimes { times, now: Timestamp::now() }))
}
