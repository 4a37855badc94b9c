//! Random universes whose packages declare what may be missing: with a fallback, nobody finds another version of what it
//! declares.

use std::collections::BTreeMap;

use crate::support::{NpmPackage, Project, Random, Universe};

const PACKAGES: usize = 8;

/// Tells, of each realised package, which version it finds under each name that it declares, or `none`, and the range.
const FOUND: &str = r"
const fs = require('fs'), path = require('path'), { createRequire } = require('module');
const packages = '.larder/node_modules/.packages', found = {};
for (const key of fs.readdirSync(packages)) {
  const folder = path.join(packages, key, 'node_modules', key.replace(/@.*/, ''));
  const file = path.resolve(folder, 'package.json');
  if (key === 'node_modules' || !fs.existsSync(file)) continue;
  const json = JSON.parse(fs.readFileSync(file));
  for (const table of ['dependencies', 'optionalDependencies', 'peerDependencies'])
    for (const [name, range] of Object.entries(json[table] ?? {})) {
      let version = 'none';
      try { version = createRequire(file)(name).version } catch {}
      found[`${key} ${name} ${range}`] = version;
    }
}
console.log(JSON.stringify(found));
";

fn universe(random: &mut Random) -> Universe {
    let mut universe = Universe::new();
    for name in 0..PACKAGES {
        for version in 1..4 {
            let mut wants: Vec<(usize, String, usize)> = Vec::new();
            for to in (0..PACKAGES).filter(|to| *to != name) {
                let range = ["*", "^1", "^2", "^3"][random.below(4)];
                wants.push((to, range.to_owned(), random.below(9)));
            }
            universe = universe.npm(&format!("p{name}"), &format!("{version}.0.0"), |mut p: NpmPackage| {
                let mut optional = serde_json::Map::new();
                for (to, range, kind) in wants {
                    let to = format!("p{to}");
                    p = match kind {
                        0 => p.dep(&to, &range),
                        1 => p.optional(&to, &range),
                        2 => p.peer(&to, &range),
                        3 | 4 => {
                            optional.insert(to.clone(), serde_json::json!({"optional": true}));
                            p.peer(&to, &range)
                        }
                        _ => p,
                    };
                }
                p.field("peerDependenciesMeta", optional.into())
            });
        }
    }
    universe
}

/// Returns what every package finds under the names that it declares.
#[track_caller]
fn found(project: &Project) -> BTreeMap<String, String> {
    let said = project.program("node", &["-e", FOUND]).exits(0).stdout;
    serde_json::from_str(&said).expect("JSON")
}

/// Syncs a random project without a fallback and with one; returns how many names the fallback has.
#[track_caller]
fn check(seed: u64) -> usize {
    let random = &mut Random::new(seed);
    let registry = universe(random).serve();
    let project = Project::new(&registry);
    let line = |random: &mut Random| format!("npm \"p{}\" \"^{}\"", random.below(PACKAGES), 1 + random.below(3));
    let (own, group) = (line(random), line(random));
    for member in ["a", "b"] {
        let (name, version) = (random.below(PACKAGES), 1 + random.below(3));
        let json = format!(r#"{{"name":"{member}","dependencies":{{"p{name}":"^{version}"}}}}"#);
        project.write(&format!("{member}/package.json"), &json);
    }
    let rest = format!("members \"a\" \"b\"\ndependencies {{\n    {own}\n}}\ngroup \"dev\" {{ {group}; }}\n");
    let strict = format!("{rest}resolution {{ fallback \"off\"; }}\n");
    let synced = project.manifest(&strict).run("larder sync");
    if synced.status == 3 {
        // Lines that contradict each other, or peers that are bound in a thousand ways: there is no lock.
        return 0;
    }
    synced.exits(0);
    let without = found(&project);
    project.manifest(&rest).run("larder sync --locked").exits(0);
    let with = found(&project);
    project.run("larder verify").exits(0);
    assert_eq!(without.keys().collect::<Vec<_>>(), with.keys().collect::<Vec<_>>(), "{seed}");
    for (declared, before) in &without {
        let now = &with[declared];
        if before != "none" {
            assert_eq!(now, before, "{seed}: {declared}");
        } else if now != "none" {
            let range = declared.rsplit(' ').next().expect("a range");
            let fits = range == "*" || range.trim_start_matches('^') == &now[..1];
            assert!(fits, "{seed}: {declared} finds {now}");
        }
    }
    std::fs::read_dir(project.path(".larder/active/fallback/node_modules")).map_or(0, Iterator::count)
}

fn check_all(seeds: std::ops::Range<u64>) {
    assert!(seeds.map(check).sum::<usize>() > 0, "no universe has a fallback");
}

#[test]
fn nobody_finds_another_version_of_what_it_declares() {
    check_all(0..4);
}

#[test]
#[ignore = "takes minutes"]
fn nobody_finds_another_version_of_what_it_declares_in_a_hundred_universes() {
    check_all(0..100);
}
