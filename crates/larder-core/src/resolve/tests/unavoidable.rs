//! What no solution can do without, beside what the solver says.

use std::collections::{BTreeMap, BTreeSet};

use super::{World, key};
use crate::model::PackageId;
use crate::resolve::{Requirements, ResolveError, Unwanted, resolve, unavoidable};

impl World {
    fn requirements_without(&self, unwanted: Option<&Unwanted>) -> Requirements {
        let excluded = unwanted.map(|one| (one.package.clone(), one.versions.clone()));
        let mut preferences = self.preferences.clone();
        preferences.excluded = excluded.into_iter().collect::<BTreeMap<_, _>>();
        Requirements {
            lines: self.lines.clone(),
            settings: self.settings.clone(),
            preferences,
            routes: self.routes.clone(),
        }
    }

    /// Returns whether these versions of a package are seen to be in every solution; all packages may lead to it. Wherever they are, there
    /// is no solution without them.
    #[track_caller]
    fn cannot_do_without(&self, versions: &[&str]) -> bool {
        let dependents: BTreeSet<PackageId> = self.packages.keys().cloned().collect();
        let unwanted = Unwanted {
            package: key(versions[0]).0,
            versions: versions.iter().map(|version| key(version).1).collect(),
            dependents,
        };
        let found = unavoidable(&self.requirements_without(None), self, std::slice::from_ref(&unwanted)).found;
        let solved = resolve(&self.requirements_without(Some(&unwanted)), self);
        if found == [true] {
            assert!(matches!(solved, Err(ResolveError::NoSolution(_))), "{versions:?} can be done without");
        }
        found == [true]
    }
}

#[test]
fn what_every_version_of_every_dependent_needs_is_unavoidable() {
    let world = World::new()
        .has("npm a@1.0.0", &["b ^1"])
        .has("npm a@1.1.0", &["b ^1"])
        .has("npm b@1.0.0", &["c ^1"])
        .has("npm b@1.1.0", &["c ~1.0.0"])
        .has("npm c@1.0.0", &[])
        .has("npm c@1.1.0", &["a ^1"])
        .asks("npm a ^1");
    assert!(world.cannot_do_without(&["npm c@1.0.0", "npm c@1.1.0"]));
    assert!(world.cannot_do_without(&["npm b@1.0.0", "npm b@1.1.0"]));
    // Another version of a dependent does with another version.
    assert!(!world.cannot_do_without(&["npm c@1.0.0"]));
    assert!(!world.cannot_do_without(&["npm b@1.1.0"]));
}

#[test]
fn what_gives_way_is_not_unavoidable() {
    let world = World::new()
        .has("npm a@1.0.0", &["opt b ^1", "c ^1"])
        .has("npm b@1.0.0", &[])
        .has("npm c@1.0.0", &["peer b ^1"])
        .has("npm d@1.0.0", &["b ^1"])
        .asks("npm a ^1")
        .asks_with("npm d ^1", |line| line.optional = true);
    assert!(!world.cannot_do_without(&["npm b@1.0.0"]));
    let marked = World::new()
        .has("pypi a@1.0", &["b>=1; sys_platform == 'win32'", "c>=1; sys_platform == 'linux'"])
        .has("pypi b@1.0", &[])
        .has("pypi c@1.0", &[])
        .asks("pypi a>=1");
    assert!(!marked.cannot_do_without(&["pypi b@1.0"]));
    assert!(marked.cannot_do_without(&["pypi c@1.0"]));
}

#[test]
fn a_locked_version_stays_for_a_line_that_takes_any() {
    let world =
        World::new().has("npm a@1.0.0", &[]).has("npm a@2.0.0-rc.1", &[]).locked("npm a@2.0.0-rc.1").asks("npm a *");
    assert!(!world.cannot_do_without(&["npm a@1.0.0"]));
}

#[test]
fn what_is_unavoidable_has_no_solution_in_random_worlds() {
    let mut state = 7_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut unavoidable, mut open) = (0, 0);
    for round in 0..120 {
        let ecosystem = ["npm", "pypi"][round % 2];
        let mut world = World::new();
        for (package, name) in ["a", "b", "c", "d"].iter().enumerate() {
            for version in 1..4 {
                let mut needs = Vec::new();
                for other in &["a", "b", "c", "d"][package + 1..] {
                    if below(2) == 0 {
                        let bound = 1 + below(3);
                        let range = [format!(">={bound}"), format!("<={bound}")][below(2) as usize].clone();
                        needs.push(format!("{other}{}{range}", if ecosystem == "npm" { " " } else { "" }));
                    }
                }
                let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
                world = world.has(&format!("{ecosystem} {name}@{version}.0.0"), &needs);
            }
        }
        world = world.asks(&format!("{ecosystem} a{}>={}", if ecosystem == "npm" { " " } else { "" }, 1 + below(3)));
        let name = ["b", "c", "d"][below(3) as usize];
        let versions: Vec<String> =
            (1..4).filter(|_| below(4) > 0).map(|version| format!("{ecosystem} {name}@{version}.0.0")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        if versions.is_empty() {
            continue;
        }
        if world.cannot_do_without(&versions) {
            unavoidable += 1;
        } else {
            open += 1;
        }
    }
    assert!(unavoidable >= 10 && open >= 10, "{unavoidable} unavoidable, {open} open");
}
