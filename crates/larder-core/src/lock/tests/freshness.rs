use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{line, lock, npm, pypi};
use crate::lock::{DeclaredState, LocalManifest, Lockfile, OriginMatch, StaleReason, freshness, misrouted};
use crate::model::{
    Ecosystem, Marker, NpmPeers, Origin, Override, PackageId, PackageName, Platform, Requirement, Settings, Sides,
    TargetPlatform, Version,
};
use crate::resolve::{Dependency, DependencyKind, RequiredLine, Wants};

/// Why a lock is stale for these lines, a sentence each.
fn stale(lock: &Lockfile, lines: &[RequiredLine]) -> Vec<String> {
    let declared = DeclaredState {
        idle_groups: &BTreeSet::new(),
        lines,
        settings: &lock.settings,
        folders: &BTreeMap::new(),
        sides: &Sides::default(),
        routes: &[],
    };
    freshness(lock, &declared).reasons.iter().map(ToString::to_string).collect()
}

/// Why a lock is stale for a line that names a folder, whose package has this version and these dependencies.
fn stale_folder(
    lock: &Lockfile,
    (name, folder): (&str, &str),
    version: &str,
    dependencies: Vec<Dependency>,
) -> Vec<String> {
    let name = PackageName::npm(name).unwrap();
    let lines = [line(Requirement::path(name.clone(), name.clone(), folder.into(), Marker::default()))];
    let version = Version::parse(Ecosystem::Path, version).unwrap();
    let folders = BTreeMap::from([(Arc::from(folder), LocalManifest { name, version, dependencies })]);
    let declared = DeclaredState {
        idle_groups: &BTreeSet::new(),
        lines: &lines,
        settings: &lock.settings,
        folders: &folders,
        sides: &Sides::default(),
        routes: &[],
    };
    freshness(lock, &declared).reasons.iter().map(ToString::to_string).collect()
}

const REACT: &str = r#"
[[require]]
name = "npm:react"
range = "^18.2"
to = ["npm:react@18.3.1"]

[[require]]
name = "npm:tool"
range = "next"
group = "test"
to = ["npm:tool@2.0.0-beta.1"]

[[package]]
id = "npm:react@18.3.1"
registry = "npmjs"

[[package]]
id = "npm:tool@2.0.0-beta.1"
registry = "npmjs"
"#;

fn tool(range: &str) -> RequiredLine {
    RequiredLine { group: Some("test".parse().unwrap()), ..line(npm("tool", range)) }
}

#[test]
fn widening_leaves_a_lock_fresh_and_tightening_does_not() {
    let lock = lock(REACT);
    assert_eq!(stale(&lock, &[line(npm("react", "^18.2")), tool("next")]), [""; 0]);
    assert_eq!(stale(&lock, &[line(npm("react", ">=16")), tool("next")]), [""; 0]);
    assert_eq!(
        stale(&lock, &[line(npm("react", "~18.2")), tool("next")]),
        ["npm react ~18.2 is not satisfied by 18.3.1"]
    );
}

#[test]
fn lines_that_come_go_or_move_make_a_lock_stale() {
    let lock = lock(REACT);
    assert_eq!(
        stale(&lock, &[line(npm("react", "^18.2"))]),
        ["npm tool next of group `test` is locked and no longer wanted"]
    );
    assert_eq!(
        stale(&lock, &[line(npm("react", "^18.2")), tool("next"), line(npm("zod", "^3"))]),
        ["npm zod ^3 is not locked"]
    );
    assert_eq!(stale(&lock, &[line(npm("react", "^18.2")), line(npm("tool", "next"))]).len(), 2);
}

#[test]
fn only_an_unchanged_tag_is_satisfied() {
    let lock = lock(REACT);
    assert_eq!(stale(&lock, &[line(npm("react", "latest")), tool("next")]).len(), 1);
    assert_eq!(stale(&lock, &[line(npm("react", "^18")), tool("canary")]).len(), 1);
    assert_eq!(stale(&lock, &[line(npm("react", "^18")), tool("^2.0.0-beta.0")]), [""; 0]);
}

#[test]
fn python_lines_are_compared_with_extras_and_where_they_hold() {
    let lock = lock(
        r#"
[settings]
python = "3.12"
platforms = ["linux-x64", "windows-x64"]

[[require]]
name = "pypi:colorama"
range = ">=0.4"
when = "sys_platform == 'win32'"
to = [{ to = "pypi:colorama@0.4.6", platforms = ["windows-x64"] }]

[[require]]
name = "pypi:fastapi"
extras = ["standard"]
to = [{ to = "pypi:fastapi@0.115.0rc1", extras = ["standard"] }]

[[package]]
id = "pypi:colorama@0.4.6"

[[package]]
id = "pypi:fastapi@0.115.0rc1"
"#,
    );
    let fastapi = line(pypi("fastapi[standard]"));
    let colorama = |text: &str| line(pypi(text));
    assert_eq!(stale(&lock, &[colorama("colorama; os_name == 'nt'"), fastapi.clone()]), [""; 0]);
    assert_eq!(stale(&lock, &[colorama("colorama"), fastapi]).len(), 1);
    let windows = colorama("colorama>=0.4; sys_platform == 'win32'");
    assert_eq!(stale(&lock, &[windows.clone(), line(pypi("fastapi"))]).len(), 1);
    assert_eq!(
        stale(&lock, &[windows.clone(), line(pypi("fastapi[standard]>=0.115"))]),
        ["pypi fastapi[standard] >=0.115 is not satisfied by 0.115.0rc1"]
    );
    assert_eq!(stale(&lock, &[windows, line(pypi("fastapi[standard]>=0.115rc1"))]), [""; 0]);
}

#[test]
fn whatever_is_locked_for_a_star_of_npm_stays() {
    let lock = lock(
        r#"
[[require]]
name = "npm:types"
range = "*"
to = ["npm:types@19.0.0-alpha.3"]

[[package]]
id = "npm:types@19.0.0-alpha.3"
registry = "npmjs"
"#,
    );
    assert_eq!(stale(&lock, &[line(npm("types", "*"))]), [""; 0]);
    assert_eq!(stale(&lock, &[line(npm("types", ">=0.0.0"))]).len(), 1);
}

#[test]
fn settings_count_by_meaning() {
    let mut source_alone = lock("[[package]]\nid = \"pypi:a@1.0\"\nartifacts = [{ file = \"a-1.0.tar.gz\" }]\n");
    let mut lock = lock("");
    lock.settings.platforms = vec![TargetPlatform::new(Platform::LinuxX64)];
    lock.settings.released_before = Some("2026-06-01T00:00:00Z".parse().unwrap());
    let check_of = |lock: &Lockfile, change: &dyn Fn(&mut Settings)| {
        let mut settings = lock.settings.clone();
        change(&mut settings);
        let declared = DeclaredState {
            idle_groups: &BTreeSet::new(),
            lines: &[],
            settings: &settings,
            folders: &BTreeMap::new(),
            sides: &Sides::default(),
            routes: &[],
        };
        freshness(lock, &declared).reasons
    };
    let check = |change: &dyn Fn(&mut Settings)| check_of(&lock, change);
    // A newer system may have a wheel for what is locked as source.
    source_alone.settings = lock.settings.clone();
    assert_eq!(check_of(&source_alone, &|_| ()), []);
    assert_eq!(check_of(&source_alone, &|s| s.platforms[0].baseline = (2, 35)), [StaleReason::Setting("platforms")]);
    assert_eq!(check(&|_| ()), []);
    assert_eq!(check(&|s| s.released_before = None), []);
    assert_eq!(check(&|s| s.released_before = Some("2026-07-01T00:00:00Z".parse().unwrap())), []);
    assert_eq!(
        check(&|s| s.released_before = Some("2026-05-01T00:00:00Z".parse().unwrap())),
        [StaleReason::Setting("released-before")]
    );
    assert_eq!(check(&|s| s.npm_peers = NpmPeers::Strict), [StaleReason::Setting("npm-peers")]);
    assert_eq!(
        check(&|s| s.platforms.push(TargetPlatform::new(Platform::MacosArm64))),
        [StaleReason::Setting("platforms")]
    );
    assert_eq!(check(&|s| s.platforms[0].baseline = (2, 35)), []);
    assert_eq!(check(&|s| s.platforms[0].baseline = (2, 17)), [StaleReason::Setting("platforms")]);
    assert_eq!(check(&|s| s.node = Some("22".into())), [StaleReason::Setting("node")]);
}

#[test]
fn an_override_may_stand_in_for_a_line() {
    let mut lock = lock(REACT);
    lock.settings.overrides = vec![Override {
        parent: None,
        package: npm("react", "*").package(),
        asked: None,
        replacement: Some(npm("react", "18.3.1")),
    }];
    assert_eq!(stale(&lock, &[line(npm("react", "^17")), tool("next")]), [""; 0]);
}

#[test]
fn a_path_package_is_compared_with_its_own_manifest() {
    let lock = lock(
        r#"
[[require]]
name = "path:theme"
range = "packages/theme"
to = ["path:theme@1.0.0"]

[[package]]
id = "npm:clsx@2.1.0"

[[package]]
id = "path:theme@1.0.0"
folder = "packages/theme"
edges = ["npm:clsx@2.1.0"]
"#,
    );
    let check = |version: &str, dependencies: &[(DependencyKind, Requirement)]| {
        let dependency =
            |(kind, wanted): &(DependencyKind, Requirement)| Dependency::new(*kind, Wants::Requirement(wanted.clone()));
        let dependencies = dependencies.iter().map(dependency).collect();
        stale_folder(&lock, ("theme", "packages/theme"), version, dependencies)
    };
    let normal = DependencyKind::Normal;
    assert_eq!(check("1.0.0", &[(normal, npm("clsx", "^2"))]), [""; 0]);
    assert_eq!(check("1.0.0", &[(normal, npm("clsx", "^2")), (DependencyKind::OptionalPeer, npm("x", "*"))]), [""; 0]);
    assert_eq!(
        check("1.0.0", &[(normal, npm("clsx", "^3"))]),
        ["`packages/theme`: npm clsx ^3 is not satisfied by 2.1.0"]
    );
    assert_eq!(check("1.0.0", &[]), ["`packages/theme`: clsx is locked and no longer wanted"]);
    assert_eq!(check("1.0.1", &[(normal, npm("clsx", "^2"))]), ["`packages/theme`: it is theme 1.0.1 now"]);
}

#[test]
fn lines_of_a_path_package_count_where_their_markers_hold() {
    let text = |edges: &str| {
        format!(
            r#"
[settings]
python = "3.12"
platforms = ["linux-x64", "windows-x64"]

[[require]]
name = "path:jobs"
range = "jobs"
to = ["path:jobs@1.0.0"]

[[package]]
id = "path:jobs@1.0.0"
folder = "jobs"
edges = [{edges}]

[[package]]
id = "pypi:idna@3.6"

[[package]]
id = "pypi:idna@3.20"
"#
        )
    };
    let check = |edges: &str, requirements: &[&str]| {
        let lock = lock(&text(edges));
        let wants = |text: &&str| Dependency::new(DependencyKind::Normal, Wants::Requirement(pypi(text)));
        stale_folder(&lock, ("jobs", "jobs"), "1.0.0", requirements.iter().map(wants).collect())
    };
    let new = r#""pypi:idna@3.20""#;
    assert_eq!(check(new, &["idna<=3.6; python_version<'3.10'", "idna>=3.7; python_version>='3.10'"]), [""; 0]);
    assert_eq!(check(new, &["idna<=3.6; sys_platform=='darwin'", "idna"]), [""; 0]);
    let each = r#"{ to = "pypi:idna@3.6", platforms = ["windows-x64"] }, { to = "pypi:idna@3.20", platforms = ["linux-x64"] }"#;
    let lines = ["idna<=3.6; sys_platform=='win32'", "idna>=3.7; sys_platform!='win32'"];
    assert_eq!(check(each, &lines), [""; 0]);
    assert_eq!(check(new, &lines), ["`jobs`: pypi idna <=3.6 is not satisfied by 3.20"]);
    let swapped = ["idna<=3.6; sys_platform!='win32'", "idna>=3.7; sys_platform=='win32'"];
    assert_eq!(check(each, &swapped).len(), 2);
}

#[test]
fn dangling_edges_are_stale_and_not_corrupt() {
    let lock = lock("[[package]]\nid = \"npm:a@1.0.0\"\nedges = [\"npm:b@1.0.0\"]\n");
    assert_eq!(lock.dangling().len(), 1);
    assert_eq!(stale(&lock, &[]), ["npm:b@1.0.0 is needed and not locked"]);
}

#[test]
fn a_registry_that_took_over_a_name_is_noticed() {
    let lock = lock(REACT);
    let told = |now: &OriginMatch| {
        let route = |id: &PackageId, _: Option<&Origin>| {
            if id.name.as_str() == "tool" { now.clone() } else { OriginMatch::Same }
        };
        misrouted(&lock, route).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&OriginMatch::Other("`acme`".to_owned())),
        ["npm:tool@2.0.0-beta.1 is locked from registry `npmjs` and comes from `acme` now"]
    );
    assert_eq!(
        told(&OriginMatch::None),
        ["npm:tool@2.0.0-beta.1 is locked from registry `npmjs` and no registry serves it now"]
    );
    assert_eq!(told(&OriginMatch::Same), [""; 0]);
}
