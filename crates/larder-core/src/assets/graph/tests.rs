//! Circles, and who is touched by a change against brute force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::assets::{AssetFiles, AssetIndex, AssetPackage};
use crate::manifest::{ManifestKind, parse};

#[test]
fn each_circle_is_found_once() {
    let found = |edges: &[(usize, usize)], count| {
        cycles(count, |at| edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| *to).collect())
    };
    assert_eq!(found(&[(0, 1), (1, 2)], 3), Vec::<Vec<usize>>::new());
    assert_eq!(found(&[(0, 1), (1, 2), (2, 1), (3, 3)], 4), [vec![1, 2], vec![3]]);
    assert_eq!(found(&[(0, 0), (0, 1), (1, 0)], 2).len(), 1);
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % below
    }
}

/// An asset, made up: its package, its kind, its name, what its file says.
struct Made {
    package: usize,
    kind: AssetKind,
    name: String,
    text: String,
}

/// Packages with random assets, and which asset refers to which.
struct RandomAssets {
    assets: Vec<Made>,
    edges: BTreeSet<(usize, usize)>,
    packages: usize,
}

impl RandomAssets {
    fn random(random: &mut Random) -> Self {
        let packages = 1 + random.next(4);
        let mut graph = Self { assets: Vec::new(), edges: BTreeSet::new(), packages };
        let of_kind = |graph: &Self, kind| -> Vec<usize> {
            (0..graph.assets.len()).filter(|at| graph.assets[*at].kind == kind).collect()
        };
        for at in 0..=random.next(6) {
            let package = random.next(packages);
            let mut text = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">".to_owned();
            // Schemas include those before them: what those include belongs to them too.
            let before = (0..at).filter(|other| graph.assets[*other].package == package);
            let included: Vec<usize> = before.filter(|_| random.next(3) == 0).collect();
            for other in included {
                let _ = write!(text, "<xs:include schemaLocation=\"schema-{other}\"/>");
                let further: Vec<usize> = graph.targets(other).collect();
                graph.edges.extend(further.iter().chain([&other]).map(|other| (at, *other)));
            }
            let _ = write!(text, "<xs:element name=\"e{at}\" type=\"xs:string\"/></xs:schema>");
            graph.add(package, AssetKind::Schema, text);
        }
        let schemas = of_kind(&graph, AssetKind::Schema);
        let any = |random: &mut Random, list: &[usize]| list[random.next(list.len())];
        for direction in ["in", "out", "out", "in"].iter().take(2 + random.next(3)) {
            let (package, schema) = (random.next(packages), any(random, &schemas));
            let text = format!(
                "adapter kind=\"file\" direction=\"{direction}\" {{ schema \"{}\"; path \"/x\"; }}\n",
                graph.reference(package, schema)
            );
            let at = graph.add(package, AssetKind::Adapter, text);
            graph.edges.insert((at, schema));
        }
        for _ in 0..random.next(4) {
            let (package, from, to) = (random.next(packages), any(random, &schemas), any(random, &schemas));
            let (source, target) = (graph.reference(package, from), graph.reference(package, to));
            let text = format!("mapping from=\"{source}\" to=\"{target}\" {{\n}}\n");
            let at = graph.add(package, AssetKind::Mapping, text);
            graph.edges.extend([(at, from), (at, to)]);
        }
        let (adapters, mappings) = (of_kind(&graph, AssetKind::Adapter), of_kind(&graph, AssetKind::Mapping));
        let first_flow = graph.assets.len();
        let flows = random.next(4);
        for _ in 0..flows {
            graph.add(random.next(packages), AssetKind::Flow, String::new());
        }
        for at in first_flow..first_flow + flows {
            let package = graph.assets[at].package;
            let mut text = format!("flow \"{}\" {{\n", graph.assets[at].name);
            let mut refer = |graph: &mut Self, line: &str, to: usize| {
                let _ = writeln!(text, "    {line}\"{}\"", graph.reference(package, to));
                graph.edges.insert((at, to));
            };
            refer(&mut graph, "from ", any(random, &adapters));
            if !mappings.is_empty() && random.next(2) == 0 {
                refer(&mut graph, "map ", any(random, &mappings));
            }
            refer(&mut graph, "to ", any(random, &adapters));
            refer(&mut graph, "on-error to=", any(random, &adapters));
            // Flows may depend on each other, in circles too.
            if random.next(2) == 0 {
                refer(&mut graph, "depends \"weak\" ", first_flow + random.next(flows));
            }
            text.push_str("}\n");
            graph.assets[at].text = text;
        }
        graph
    }

    fn add(&mut self, package: usize, kind: AssetKind, text: String) -> usize {
        let at = self.assets.len();
        self.assets.push(Made { package, kind, name: format!("{kind}-{at}"), text });
        at
    }

    fn targets(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.edges.iter().filter(move |(from, _)| *from == at).map(|(_, to)| *to)
    }

    fn reference(&self, from: usize, to: usize) -> String {
        let Made { package, name, .. } = &self.assets[to];
        if *package == from { name.clone() } else { format!("p{package}/{name}") }
    }

    fn packages(&self) -> Vec<AssetPackage> {
        let package = |at: usize| {
            let mut text = format!("package \"p{at}\" version=\"1.0.0\"\nassets {{\n");
            for made in self.assets.iter().filter(|made| made.package == at) {
                let _ = writeln!(text, "    {0} \"{1}\" \"{1}\"", made.kind, made.name);
            }
            let manifest = parse("larder.kdl", &(text + "}\n"), ManifestKind::Package).unwrap();
            let package = manifest.package.as_ref().unwrap();
            AssetPackage {
                name: package.name.value.clone(),
                version: package.version.value.clone(),
                manifest: format!("p{at}/larder.kdl").into(),
                text: Arc::clone(&manifest.text),
                folder: format!("p{at}").into(),
                declarations: manifest.assets.clone(),
                dependencies: (0..self.packages).filter(|to| *to != at).map(|to| (format!("p{to}"), to)).collect(),
                absent: BTreeMap::new(),
                is_own: true,
            }
        };
        (0..self.packages).map(package).collect()
    }

    /// Returns from which asset each one can be reached, by as many steps as there are assets.
    fn distances(&self) -> Vec<Vec<Option<usize>>> {
        let count = self.assets.len();
        let mut steps = vec![vec![None; count]; count];
        for (from, to) in &self.edges {
            steps[*from][*to] = Some(1);
        }
        for between in 0..count {
            for from in 0..count {
                for to in 0..count {
                    let Some(by) = steps[from][between].zip(steps[between][to]).map(|(a, b): (usize, usize)| a + b)
                    else {
                        continue;
                    };
                    if steps[from][to].is_none_or(|known: usize| by < known) {
                        steps[from][to] = Some(by);
                    }
                }
            }
        }
        steps
    }
}

impl AssetFiles for RandomAssets {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let found = self.assets.iter().find(|made| made.package == package && made.name == path);
        found.map(|made| made.text.as_str().into())
    }
}

#[test]
fn who_is_touched_is_what_brute_force_finds() {
    let (mut random, mut checked) = (Random(0x9e37_79b9_7f4a_7c15), 0);
    for round in 0..200 {
        let graph = RandomAssets::random(&mut random);
        let set = AssetSet::new(graph.packages(), &graph);
        let place: Vec<usize> = (0..graph.assets.len())
            .map(|at| {
                (0..set.assets().len()).find(|i| set.asset(*i).id.name.as_str() == graph.assets[at].name).unwrap()
            })
            .collect();
        let made = |at: AssetIndex| place.iter().position(|one| *one == at).unwrap();
        for (at, own) in place.iter().enumerate() {
            let unresolved: Vec<_> = set.links(*own).iter().filter_map(|link| link.to.as_ref().err()).collect();
            assert!(unresolved.is_empty(), "round {round}: {}: {unresolved:?}", graph.assets[at].text);
            let found: BTreeSet<usize> = set.targets(*own).map(made).collect();
            assert_eq!(found, graph.targets(at).collect(), "round {round}: {}", graph.assets[at].text);
        }
        let distances = graph.distances();
        let references = set.references();
        for changed in 0..graph.assets.len() {
            let touched = references.touched_by(&[place[changed]]);
            let found: BTreeMap<usize, usize> =
                touched.iter().map(|one| (made(one.asset), one.path.len() - 1)).collect();
            let expected: BTreeMap<usize, usize> = (0..graph.assets.len())
                .filter(|at| *at != changed)
                .filter_map(|at| Some((at, distances[at][changed]?)))
                .collect();
            assert_eq!(found, expected, "round {round}, {}", graph.assets[changed].name);
            assert!(touched.is_sorted_by_key(|one| one.path.len()), "the nearest come first");
            for one in &touched {
                let steps = one.path.windows(2).all(|step| graph.edges.contains(&(made(step[1]), made(step[0]))));
                assert!(steps && one.is_direct() == graph.edges.contains(&(made(one.asset), changed)));
            }
            checked += touched.len();
        }
    }
    assert!(checked > 2000, "{checked}");
}
