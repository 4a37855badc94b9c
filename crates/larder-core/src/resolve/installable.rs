//! What a solution must be besides satisfying: names and identifiers belong together, and there is an order in which packages can be
//! installed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Graph, Override, PackageKey, PackageName, Uid, install_order};

use super::Solution;
use super::catalog::Catalog;
use super::index::{Identity, IndexError};
use super::variable::Variable;

/// Why chosen packages cannot be installed together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub(super) enum NotInstallable {
    /// One name for two packages.
    #[error("`{name}` has the UId {first} by the word of {first_by}, and {second} by that of {second_by}")]
    #[diagnostic(
        code(larder::resolve::uid),
        help(
            "two packages have one name: claim it for the registry that has the right one, `packages \"{name}\"`, or ask their authors"
        )
    )]
    TwoUids {
        /// The name.
        name: PackageName,
        /// An identifier.
        first: Uid,
        /// Who states it.
        first_by: String,
        /// Another.
        second: Uid,
        /// Who states that one.
        second_by: String,
    },
    /// One package under two names.
    #[error("the UId {uid} is that of `{first}` by the word of {first_by}, and of `{second}` by that of {second_by}")]
    #[diagnostic(
        code(larder::resolve::uid),
        help("a copy of a package needs a UId of its own: ask the author of the one that is a copy")
    )]
    TwoNames {
        /// The identifier.
        uid: Uid,
        /// A name.
        first: PackageName,
        /// Who states it.
        first_by: String,
        /// Another.
        second: PackageName,
        /// Who states that one.
        second_by: String,
    },
    /// Another package under the name of a locked one.
    #[error("`{name}` has the UId {found} now, and the lock has {locked}")]
    #[diagnostic(
        code(larder::resolve::uid),
        help(
            "it is another package under a name that was taken: find out who publishes it, and claim the name for the registry that has the \
             right one. To take it nonetheless, remove what asks for it, run `larder lock`, and add it again"
        )
    )]
    ChangedUid {
        /// The name.
        name: PackageName,
        /// The identifier in the lock.
        locked: Uid,
        /// The identifier of what was chosen.
        found: Uid,
    },
    /// Packages that wait for each other.
    #[error("these packages depend on each other, so that none can be installed first: {}", chain(.0))]
    #[diagnostic(
        code(larder::resolve::cycle),
        help(
            "one of these dependencies has to go: ask the authors, or remove one, for example the last: `{}` under `resolution`",
            removal(.0)
        )
    )]
    Cycle(Vec<PackageKey>),
}

impl Failure for NotInstallable {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}

/// Writes a cycle, its first at both ends.
fn chain(cycle: &[PackageKey]) -> String {
    let names = cycle.iter().chain(cycle.first()).map(|key| key.id.name.as_str());
    names.collect::<Vec<_>>().join(" → ")
}

/// Returns the line that removes the dependency with which a cycle closes.
fn removal(cycle: &[PackageKey]) -> String {
    let (Some(first), Some(last)) = (cycle.first(), cycle.last()) else { return String::new() };
    let parent = Some(last.id.name.clone());
    Override { parent, package: first.id.clone(), asked: None, replacement: None }.to_string()
}

/// Checks a solution, and the graph that it is.
pub(super) fn check(catalog: &Catalog, solution: &Solution, graph: &Graph) -> Result<(), IndexError> {
    let failed = |error: NotInstallable| IndexError::Failed(Arc::new(error));
    let mut releases = BTreeMap::new();
    for (&variable, &ordinal) in solution {
        let Variable::Single(package) = variable else { continue };
        let prepared = catalog.prepared(package, ordinal)?;
        if let Some(identity) = &prepared.release.identity {
            releases.insert(identity.name.clone(), identity.clone());
        }
    }
    let provided = &catalog.requirements.settings.provided_uids;
    check_identities(releases.values().map(|identity| &**identity), provided).map_err(failed)?;
    check_order(graph).map_err(failed)
}

/// Checks that what has the name of a locked package is that package.
///
/// # Errors
/// Fails if its identifier is another one.
pub fn check_identities_kept(locked: &Graph, chosen: &Graph) -> Result<(), IndexError> {
    let uids = |graph: &'_ Graph| -> BTreeMap<PackageName, Uid> {
        graph
            .packages
            .iter()
            .filter_map(|(key, package)| {
                let facts = package.facts.descriptor.as_ref()?;
                Some((key.id.name.clone(), facts.uid.clone()))
            })
            .collect()
    };
    let known = uids(locked);
    for (name, found) in uids(chosen) {
        if let Some(locked) = known.get(&name).filter(|locked| **locked != found) {
            let locked = locked.clone();
            return Err(IndexError::Failed(Arc::new(NotInstallable::ChangedUid { name, locked, found })));
        }
    }
    Ok(())
}

/// Who says that a name and an identifier belong together in a list of what the instance provides.
const LIST: &str = "the instance's list";

/// Checks that each name has one identifier, and each identifier one name; those of `provided` too, by the word of the instance.
fn check_identities<'i>(
    identities: impl Iterator<Item = &'i Identity> + Clone,
    provided: &'i BTreeMap<PackageName, Uid>,
) -> Result<(), NotInstallable> {
    // What packages say of themselves comes before what others say of them.
    let own = identities.clone().map(|one| (&one.name, &one.uid, one.name.as_str()));
    let others =
        identities.flat_map(|one| one.depends_on.iter().map(move |(name, uid)| (name, uid, one.name.as_str())));
    let stated = own.chain(others);
    let names: BTreeSet<&PackageName> = stated.clone().map(|(name, ..)| name).collect();
    let uids: BTreeSet<&Uid> = stated.clone().map(|(_, uid, _)| uid).collect();
    // What else an instance has is its own affair.
    let listed = provided.iter().filter(|(name, uid)| names.contains(*name) || uids.contains(*uid));
    let listed = listed.map(|(name, uid)| (name, uid, LIST));
    let mut by_name: BTreeMap<&PackageName, (&Uid, &str)> = BTreeMap::new();
    let mut by_uid: BTreeMap<&Uid, (&PackageName, &str)> = BTreeMap::new();
    for (name, uid, by) in listed.chain(stated) {
        let &mut (first, first_by) = by_name.entry(name).or_insert((uid, by));
        if first != uid {
            return Err(NotInstallable::TwoUids {
                name: name.clone(),
                first: first.clone(),
                first_by: first_by.to_owned(),
                second: uid.clone(),
                second_by: by.to_owned(),
            });
        }
        let &mut (first, first_by) = by_uid.entry(uid).or_insert((name, by));
        if first != name {
            return Err(NotInstallable::TwoNames {
                uid: uid.clone(),
                first: first.clone(),
                first_by: first_by.to_owned(),
                second: name.clone(),
                second_by: by.to_owned(),
            });
        }
    }
    Ok(())
}

/// Checks that packages which are installed in an order have one.
fn check_order(graph: &Graph) -> Result<(), NotInstallable> {
    let ordered = |key: &PackageKey| key.id.ecosystem.has_install_order();
    let mut depends: BTreeMap<PackageKey, BTreeSet<PackageKey>> = BTreeMap::new();
    for (key, instance) in graph.instances.iter().filter(|(key, _)| ordered(&key.package)) {
        let targets = instance.edges.iter().map(|edge| edge.to.package.clone()).filter(ordered);
        depends.entry(key.package.clone()).or_default().extend(targets);
    }
    install_order(&depends).map(drop).map_err(NotInstallable::Cycle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TargetInstance;

    fn name(text: &str) -> PackageName {
        PackageName::parse(TargetInstance::ECOSYSTEM, text).unwrap()
    }

    fn uid(number: u8) -> Uid {
        format!("00000000-0000-0000-0000-0000000000{number:02x}").parse().unwrap()
    }

    fn identity(own: (&str, u8), depends_on: &[(&str, u8)]) -> Identity {
        let depends_on = depends_on.iter().map(|(text, number)| (name(text), uid(*number))).collect();
        Identity { name: name(own.0), uid: uid(own.1), depends_on }
    }

    #[test]
    fn a_name_and_a_uid_belong_together() {
        let app = identity(("App", 1), &[("Base", 2), ("CrtCore", 3)]);
        let none = BTreeMap::new();
        let check = |others: &[Identity]| {
            check_identities(others.iter().chain([&app]), &none).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[identity(("base", 2), &[("crtcore", 3)])]), Ok(()));
        let error = check(&[identity(("Base", 9), &[])]).unwrap_err();
        assert!(error.contains("`Base` has the UId") && error.contains("by that of App"), "{error}");
        assert!(check(&[identity(("Other", 2), &[])]).unwrap_err().contains("is that of `Other`"));
        assert!(check(&[identity(("Other", 4), &[("CrtCore", 5)])]).unwrap_err().contains("`CrtCore` has the UId"));
    }

    #[test]
    fn what_an_instance_says_of_its_packages_counts() {
        let app = identity(("App", 1), &[("CrtCore", 3)]);
        let check = |listed: &[(&str, u8)]| {
            let listed = listed.iter().map(|(text, number)| (name(text), uid(*number))).collect();
            check_identities([&app].into_iter(), &listed).map_err(|error| error.to_string())
        };
        // Two of an instance's own that are alike concern nobody here.
        assert_eq!(check(&[("crtcore", 3), ("CrtA", 7), ("CrtB", 7)]), Ok(()));
        let error = check(&[("CrtCore", 4)]).unwrap_err();
        assert!(error.contains("by the word of the instance's list") && error.contains("by that of App"), "{error}");
        assert!(
            check(&[("CrtOld", 3)]).unwrap_err().contains("is that of `CrtOld` by the word of the instance's list")
        );
    }
}
