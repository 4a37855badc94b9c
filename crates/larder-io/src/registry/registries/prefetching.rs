//! What is fetched ahead of the solver.

use super::{Registries, RegistriesState};
use crate::model::{PackageId, Requirement};
use crate::registry::once::lock;
use crate::registry::prefetch::Lane;
use crate::registry::protocol::PackageListing;
use crate::resolve;

/// A job that runs ahead of the solver.
pub(super) enum PrefetchJob {
    /// Fetches the listing for a requirement, and what its most likely version needs.
    Requirement(Requirement),
    /// Fetches one release, and nothing that follows from it.
    Release(PackageId, u32),
}

impl Registries {
    /// Fetches ahead what these requirements will need.
    pub(super) fn prefetch_all<'a>(&self, requirements: impl Iterator<Item = &'a Requirement>) {
        let jobs = self.state.not_yet_prefetched(requirements).into_iter().map(PrefetchJob::Requirement);
        self.pool.add(Lane::Cpu, jobs.collect());
    }
}

impl RegistriesState {
    pub(super) fn run_job(&self, lane: Lane, job: PrefetchJob) -> Vec<(Lane, PrefetchJob)> {
        match job {
            PrefetchJob::Requirement(requirement) => self.prefetch(lane, requirement),
            PrefetchJob::Release(package, ordinal) => {
                // An error is reported when the solver needs the release.
                let _ = self.release(&package, ordinal);
                Vec::new()
            }
        }
    }

    /// Fetches what the solver will need for a requirement. Returns the jobs that follow from it. On the processor's lane, a
    /// requirement that needs the network is returned as a job for the network's lane.
    fn prefetch(&self, lane: Lane, requirement: Requirement) -> Vec<(Lane, PrefetchJob)> {
        let package = requirement.package();
        let listing = match lane {
            Lane::Cpu => self.cached_listing(&package),
            Lane::Network => Some(self.listing(&package)),
        };
        match listing {
            None => vec![(Lane::Network, PrefetchJob::Requirement(requirement))],
            Some(Err(_)) => Vec::new(),
            Some(Ok(listing)) => {
                let next = self.next_requirements(&package, &*listing, &requirement);
                next.into_iter().map(|next| (Lane::Cpu, PrefetchJob::Requirement(next))).collect()
            }
        }
    }

    /// Returns the requirements of the version that the solver will most likely choose for a requirement.
    fn next_requirements(
        &self,
        package: &PackageId,
        listing: &dyn PackageListing,
        requirement: &Requirement,
    ) -> Vec<Requirement> {
        let versions = listing.versions();
        let entry = self.entry(package);
        if package.ecosystem.has_scopes() {
            // A version that is chosen elsewhere is chosen again if it matches.
            let fits = |ordinal: &u32| {
                versions
                    .candidates
                    .get(*ordinal as usize)
                    .is_some_and(|candidate| requirement.matches(&candidate.version))
            };
            if lock(&entry.prefetched).iter().any(fits) {
                return Vec::new();
            }
        }
        let Some(ordinal) = resolve::likely(requirement, versions, &self.settings) else { return Vec::new() };
        lock(&entry.prefetched).push(ordinal);
        let Ok(release) = self.release(package, ordinal) else { return Vec::new() };
        self.not_yet_prefetched(resolve::likely_needs(&release, Some(requirement), &self.settings))
    }

    /// Returns the requirements that were not prefetched before, and marks them as prefetched.
    fn not_yet_prefetched<'a>(&self, requirements: impl Iterator<Item = &'a Requirement>) -> Vec<Requirement> {
        let mut prefetched = None;
        requirements
            .filter(|requirement| {
                let package = requirement.package();
                if self.routed.contains(&package) {
                    return false;
                }
                self.record_place(requirement);
                let mut range = requirement.range_text();
                range.extend(requirement.extras().iter().flat_map(|extra| [" ", extra.as_str()]));
                prefetched.get_or_insert_with(|| lock(&self.prefetched)).insert((package, range))
            })
            .cloned()
            .collect()
    }
}
