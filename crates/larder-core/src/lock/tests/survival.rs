//! What is written can be read again, whatever it is.

use std::sync::Arc;

use proptest::prelude::*;

use super::closure::SHAPES;
use super::{lock, npm, pypi};
use crate::lock::{Lockfile, parse, salvage};
use crate::model::mutation;
use crate::model::{
    Algorithm, Artifact, ArtifactKind, Attestation, Dependent, Digest, Dropped, Ecosystem, Edge, EdgeKind, Engines,
    Extension, Facts, FileOwner, GitReference, GitSource, Graph, IndexHistory, Instance, InstanceKey, Marker, NpmPeers,
    Origin, Override, Package, PackageDescriptor, PackageId, PackageKey, PackageName, PinnedSource, Platform,
    Prereleases, Requirement, RootEdge, Settings, Source, TargetPlatform, TreeDigest, Version,
};

// A graph is made of a few names and versions, so that edges meet.

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,8}", Just("quote \" and \\ back".to_owned()), Just("line\nbreak\u{7f}\u{1}é".to_owned())]
}

fn package_key() -> impl Strategy<Value = PackageKey> {
    let npm =
        (prop::sample::select(vec!["a", "@s/b", "c.d", "E"]), prop::sample::select(vec!["1.0.0", "2.0.0-rc.1+x"]));
    let pypi = (prop::sample::select(vec!["p", "q-r"]), prop::sample::select(vec!["1.0", "1!2.0.post1+cu12"]));
    let key = |ecosystem, (name, version): (&str, &str)| PackageKey {
        id: PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap()),
        version: Version::parse(ecosystem, version).unwrap(),
    };
    let routed = |mut key: PackageKey| {
        key.id.registry = Some("t-1.x".parse().unwrap());
        key
    };
    prop_oneof![
        npm.prop_map(move |parts| key(Ecosystem::Npm, parts)),
        pypi.prop_map(move |parts| key(Ecosystem::Pypi, parts)),
        Just(routed(key(Ecosystem::Pypi, ("p", "1.0")))),
        Just(key(Ecosystem::Path, ("theme", "0.1.0"))),
    ]
}

fn platforms() -> impl Strategy<Value = Vec<Platform>> {
    prop::sample::subsequence(Platform::ALL.to_vec(), 0..3)
}

fn edge() -> impl Strategy<Value = Edge> {
    let peers = prop::sample::select(vec!["", "", "(react@18.3.1)", "(a@1.0.0)(b@2.0.0)~0f"]);
    let kind = prop::sample::select(vec![EdgeKind::Normal, EdgeKind::Optional, EdgeKind::Peer, EdgeKind::OptionalPeer]);
    let extra = prop::option::of(prop::sample::select(vec!["fast", "all"]));
    let sides = prop::sample::subsequence(vec!["cpu", "gpu+web"], 0..2);
    (package_key(), peers, kind, extra, platforms(), prop::option::of(text()), any::<bool>(), sides).prop_map(
        |(package, peers, kind, extra, platforms, unmet, renamed, sides)| Edge {
            name: if renamed { PackageName::pypi("alias").unwrap() } else { package.id.name.clone() },
            to: InstanceKey { package, peers: peers.into() },
            kind,
            extra: extra.map(|e| e.parse().unwrap()),
            extras: extra.map(|e| e.parse().unwrap()).into_iter().collect(),
            platforms,
            unmet,
            sides: sides.into_iter().map(|side| side.parse().unwrap()).collect(),
        },
    )
}

fn creatio_facts() -> PackageDescriptor {
    let uid = "06d9ef10-0000-0000-0000-000000000001".parse().unwrap();
    let maintainer = Some("Acme \"& sons\"".to_owned());
    PackageDescriptor { uid, kind: 1, install_behavior: u32::MAX, maintainer, needs_license: true }
}

fn package() -> impl Strategy<Value = Whole> {
    let kind = prop::sample::select(vec![ArtifactKind::Tarball, ArtifactKind::Wheel, ArtifactKind::Sdist]);
    let artifact = (text(), kind, any::<bool>(), prop::option::of(text()), platforms()).prop_map(
        |(file, kind, hashed, location, platforms)| Artifact {
            file,
            kind,
            digest: hashed.then(|| Digest::new(Algorithm::Sha256, &[7; 32])),
            location,
            platforms,
        },
    );
    let facts =
        (prop::collection::vec(text(), 0..2), prop::option::of(text()), any::<bool>(), prop::option::of(text()))
            .prop_map(|(list, node, flag, deprecated)| Facts {
                os: list.clone(),
                cpu: Vec::new(),
                libc: list,
                node,
                requires_python: deprecated.clone(),
                bin: flag,
                install_script: !flag,
                deprecated,
                yanked: flag,
                descriptor: flag.then(|| Box::new(creatio_facts())),
            });
    let dropped =
        text().prop_map(|reason| Dropped { name: PackageName::npm("@s/gone").unwrap(), range: reason.clone(), reason });
    let instance = (prop::collection::vec(edge(), 0..3), prop::collection::vec(dropped, 0..2))
        .prop_map(|(edges, dropped)| Instance { edges, dropped });
    let peers = prop::sample::subsequence(vec!["", "(a@1.0.0)", "(a@2.0.0)~ff"], 1..3);
    let instances = (peers, instance)
        .prop_map(|(peers, instance)| peers.into_iter().map(|p| (p, instance.clone())).collect::<Vec<_>>());
    let git = |reference: GitReference, subdirectory: Option<&str>| {
        let repository = "https://h/x.git".parse().unwrap();
        let subdirectory = subdirectory.map(|folder| folder.parse().unwrap());
        let source = Source::Git(GitSource { repository, reference, subdirectory });
        let commit = Some("0123456789abcdef0123456789abcdef01234567".parse().unwrap());
        Origin::Source(Arc::new(PinnedSource { source, commit }))
    };
    let url = Source::Url("https://h/x.tgz?a=b".parse().unwrap());
    let origin = prop::option::of(prop::sample::select(vec![
        Origin::Registry("npmjs".parse().unwrap()),
        Origin::Source(Arc::new(PinnedSource { source: url, commit: None })),
        git(GitReference::Head, None),
        git(GitReference::Branch("main".parse().unwrap()), Some("py/x")),
        git(GitReference::Tag("v1".parse().unwrap()), None),
        git(GitReference::Rev("9f3c".parse().unwrap()), None),
        git(GitReference::Range("^1 || 2".into()), None),
    ]));
    let folder = prop::option::of(text().prop_map(Arc::from));
    (origin, folder, prop::collection::vec(artifact, 0..3), facts, instances).prop_map(
        |(origin, folder, artifacts, facts, instances)| {
            let attestation = folder.is_none().then(|| Attestation {
                tree: TreeDigest::of(b"tree"),
                body: Digest::sha256_of("body"),
                history: IndexHistory { lines: 17, digest: Digest::sha256_of("history") },
                is_signed: false,
            });
            (Package { origin, folder, artifacts, facts, attestation }, instances)
        },
    )
}

fn path(alias: &str, name: &str, folder: &str) -> Requirement {
    let (alias, name) = (PackageName::npm(alias).unwrap(), PackageName::npm(name).unwrap());
    Requirement::Path { alias, name, folder: folder.into(), marker: Marker::default() }
}

fn root() -> impl Strategy<Value = RootEdge> {
    let requirement = prop_oneof![
        Just(npm("a", "^1 || latest")),
        Just(npm("@s/b", "next")),
        Just(Requirement::Npm {
            alias: PackageName::npm("old").unwrap(),
            name: PackageName::npm("@s/b").unwrap(),
            range: "".parse().unwrap(),
        }),
        Just(pypi("p[y,x]>=1,<2; python_version < '3.13' and (os_name == 'nt' or extra == 'e')")),
        Just(pypi("p")),
        Just(Requirement::larder(PackageName::npm("l").unwrap(), "^2.1".parse().unwrap())),
        Just(
            Requirement::larder(PackageName::npm("l").unwrap(), "~1".parse().unwrap())
                .with_features(["soap".parse().unwrap()], true)
        ),
        Just(path("theme", "@s/theme", "packages/@x/theme")),
        Just(path("theme", "theme", "path:odd@name")),
        Just(Requirement::Path {
            alias: PackageName::npm("theme").unwrap(),
            name: PackageName::npm("theme").unwrap(),
            folder: "../theme".into(),
            marker: "sys_platform == 'linux'".parse().unwrap(),
        }),
    ];
    let dependent = prop_oneof![Just(Dependent::Project), text().prop_map(|t| Dependent::Member(t.into()))];
    let group = prop::option::of(Just("test".parse().unwrap()));
    (dependent, group, requirement, any::<bool>(), prop::collection::vec(edge(), 0..3)).prop_map(
        |(dependent, group, requirement, optional, to)| RootEdge { dependent, group, requirement, optional, to },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    (platforms(), any::<bool>(), any::<u32>()).prop_map(|(platforms, full, number)| {
        let platforms = platforms.into_iter().map(TargetPlatform::new);
        let mut settings = Settings { platforms: platforms.collect(), ..Settings::default() };
        if full {
            settings.platforms.push(TargetPlatform { platform: Platform::WindowsX64, baseline: (number % 7 + 1, 0) });
            settings.node = Some("22".into());
            settings.python = Some("3.12.4".parse().unwrap());
            settings.npm_peers = NpmPeers::Strict;
            settings.prereleases = Prereleases::Never;
            settings.engines = Engines::Strict;
            settings.released_before = Some(jiff::Timestamp::from_second(i64::from(number)).unwrap());
            settings.writable = vec![npm("prisma", "*").package()];
            settings.owners = vec![FileOwner { package: pypi("p").package(), files: "p/**".into() }];
            let package = npm("a", "*").package();
            let replacement = Some(pypi("p[x]==1; os_name == 'nt'"));
            settings.overrides = vec![
                Override {
                    parent: Some(PackageName::npm("@s/b").unwrap()),
                    package: package.clone(),
                    asked: "<3".parse().ok(),
                    replacement,
                },
                Override { parent: None, package: package.clone(), asked: None, replacement: None },
            ];
            settings.extensions = vec![Extension { package, dependency: npm("b", "^1") }];
        }
        settings
    })
}

/// A package with its instances by their peers.
type Whole = (Package, Vec<(&'static str, Instance)>);
type Parts = (Settings, Vec<RootEdge>, Vec<(PackageKey, Whole)>);

fn parts() -> impl Strategy<Value = Parts> {
    let packages = prop::collection::vec((package_key(), package()), 0..6);
    (settings(), prop::collection::vec(root(), 0..4), packages)
}

fn built(settings: &Settings, roots: Vec<RootEdge>, packages: &[(PackageKey, Whole)]) -> Lockfile {
    let sides = ["gpu+web", "cpu"].into_iter().filter(|_| roots.len() > 1).map(|side| side.parse().unwrap()).collect();
    let mut graph = Graph { roots, sides, ..Graph::default() };
    for (key, (package, instances)) in packages {
        if graph.packages.insert(key.clone(), package.clone()).is_none() {
            let key = |peers: &str| InstanceKey { package: key.clone(), peers: peers.into() };
            graph.instances.extend(instances.iter().map(|(peers, instance)| (key(peers), instance.clone())));
        } else {
            graph.packages.insert(key.clone(), packages.iter().find(|(k, _)| k == key).unwrap().1.0.clone());
        }
    }
    Lockfile::new(settings.clone(), graph)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lock_survives_being_written((settings, roots, packages) in parts()) {
        let lock = built(&settings, roots, &packages);
        let text = lock.to_text();
        let read = parse("larder.lock", &text);
        prop_assert!(read.is_ok(), "{:?}\n{text}", read.err().map(|e| e.to_string()));
        prop_assert_eq!(read.ok(), Some(lock), "{}", text);
    }

    #[test]
    fn the_text_does_not_depend_on_order((settings, roots, packages) in parts()) {
        let lock = built(&settings, roots.clone(), &packages);
        let mut shuffled = lock.graph.clone();
        shuffled.roots.reverse();
        shuffled.roots.iter_mut().for_each(|root| root.to.reverse());
        shuffled.instances.values_mut().for_each(|instance| instance.edges.reverse());
        shuffled.packages.values_mut().for_each(|package| package.artifacts.reverse());
        prop_assert_eq!(lock.to_text(), Lockfile::new(settings, shuffled).to_text());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(version = 1\n|\\[\\[package\\]\\]\n|id = \"npm:a@1\\.0\\.0\"\n|edges = \\[|\\]|\"[@:(~a-z.]{0,6}\"|,|=|<<<<<<< x\n|=======\n|>>>>>>> y\n){0,12}") {
        let _ = parse("larder.lock", &text);
        let _ = salvage(&text);
    }
}

#[test]
fn a_mutated_lock_is_read_or_refused() {
    let text = lock(SHAPES).to_text();
    let (ours, theirs) = text.split_at(text.len() / 2);
    let conflict = format!("{ours}\n<<<<<<< ours\n{theirs}\n=======\nid = \"npm:a@2.0.0\"\n>>>>>>> theirs\n{theirs}");
    mutation::of(&[&text, &conflict], |text| {
        if let Ok(lock) = parse("larder.lock", text) {
            let written = lock.to_text();
            let again = parse("larder.lock", &written).map(|again| again.to_text());
            assert!(again.is_ok_and(|again| again == written), "is written as {written}");
            lock.dangling();
        }
        let salvaged = salvage(text).to_text();
        assert!(parse("larder.lock", &salvaged).is_ok(), "is salvaged as {salvaged}");
    });
}
