//! The order of members: who uses whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Dependent;
use crate::ops::Project;
use crate::resolve::Wants;

/// A member of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its folder, relative to the root.
    pub(super) folder: Arc<str>,
    /// Its package's name; the folder if it has none.
    pub(super) name: Arc<str>,
    /// The numbers of the members that its lines lead to, be it through other local packages.
    pub(super) uses: BTreeSet<usize>,
}

/// Returns the members of a project, by folder. Lines of all groups count.
pub(super) fn members(project: &Project) -> Vec<Member> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in &project.lines {
        if let (Dependent::Member(folder), Some(used)) = (&line.dependent, line.requirement.folder()) {
            edges.entry(folder).or_default().insert(used);
        }
    }
    for (folder, package) in &project.path_packages {
        for dependency in &package.dependencies {
            if let Wants::Requirement(requirement) = &dependency.wants
                && let Some(used) = requirement.folder()
            {
                edges.entry(folder).or_default().insert(used);
            }
        }
    }
    let folders = &project.members;
    let member = |folder: &Arc<str>| {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = vec![folder];
        while let Some(folder) = next.pop() {
            let used = edges.get(folder).into_iter().flatten().copied();
            next.extend(used.filter(|used| reached.insert(*used)));
        }
        let number = |used: &&str| folders.iter().position(|other| **other == **used && other != folder);
        Member {
            folder: Arc::clone(folder),
            name: project
                .names
                .in_folder(folder)
                .map_or_else(|| Arc::clone(folder), |local| local.package.as_str().into()),
            uses: reached.iter().filter_map(number).collect(),
        }
    };
    folders.iter().map(member).collect()
}

/// Returns the numbers of the members that a member uses, be it through others.
pub(super) fn reachable(members: &[Member], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(place) = next.pop() {
        let used = members.get(place).into_iter().flat_map(|member| &member.uses);
        next.extend(used.filter(|used| reached.insert(**used)));
    }
    reached
}

/// Returns for each chosen member the chosen ones that it waits for. Of members that use each other the first does not wait.
pub(super) fn waits(members: &[Member], chosen: &BTreeSet<usize>) -> BTreeMap<usize, BTreeSet<usize>> {
    let reached: BTreeMap<usize, BTreeSet<usize>> =
        chosen.iter().map(|&place| (place, reachable(members, place))).collect();
    let waits_for = |place: usize, other: &usize| {
        let is_mutual = reached.get(other).is_some_and(|reached| reached.contains(&place));
        place != *other && chosen.contains(other) && (!is_mutual || *other < place)
    };
    let of = |(&place, reached): (&usize, &BTreeSet<usize>)| {
        (place, reached.iter().copied().filter(|other| waits_for(place, other)).collect())
    };
    reached.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_wait_for_what_they_use_and_circles_end() {
        let member = |name: &str, uses: &[usize]| Member {
            folder: name.into(),
            name: name.into(),
            uses: uses.iter().copied().collect(),
        };
        let members = [member("a", &[1]), member("b", &[2]), member("c", &[1, 3]), member("d", &[])];
        let waits = |chosen: &[usize]| {
            let found = waits(&members, &chosen.iter().copied().collect());
            found.into_iter().map(|(place, waits)| (place, waits.into_iter().collect())).collect::<Vec<(_, Vec<_>)>>()
        };
        assert_eq!(waits(&[0, 1, 2, 3]), [(0, vec![1, 2, 3]), (1, vec![3]), (2, vec![1, 3]), (3, vec![])]);
        assert_eq!(waits(&[0, 3]), [(0, vec![3]), (3, vec![])]);
    }
}
