//! `larder audit --fix` beside all choices that there are.

use serde_json::{Value, json};

use crate::audit::{FOLDER, ids};
use crate::support::{Project, Random, Registry, Universe};

/// A small universe of Python packages, of which an environment has one version each: every choice can be tried.
struct SmallUniverse {
    /// For each package and version, what it needs: (package, least version, greatest version).
    needs: Vec<Vec<Vec<(usize, usize, usize)>>>,
}

const PACKAGES: usize = 4;
const VERSIONS: usize = 3;

impl SmallUniverse {
    fn new(random: &mut Random) -> Self {
        let version = |package: usize, random: &mut Random| {
            let targets = (package + 1)..PACKAGES;
            let needed: Vec<usize> = targets.filter(|_| random.below(2) == 0).collect();
            let bounds = |target: usize, random: &mut Random| {
                let (a, b) = (random.below(VERSIONS), random.below(VERSIONS));
                (target, a.min(b), a.max(b))
            };
            needed.into_iter().map(|target| bounds(target, random)).collect()
        };
        let package = |package: usize, random: &mut Random| (0..VERSIONS).map(|_| version(package, random)).collect();
        Self { needs: (0..PACKAGES).map(|at| package(at, random)).collect() }
    }

    fn served(&self, most: usize) -> Universe {
        let mut universe = Universe::new();
        for (package, versions) in self.needs.iter().enumerate() {
            for (version, needs) in versions.iter().enumerate().take(most) {
                universe = universe.pypi(&format!("p{package}"), &format!("{version}.0"), |mut p| {
                    for (target, least, greatest) in needs {
                        p = p.requires(&format!("p{target}>={least}.0,<={greatest}.0"));
                    }
                    p
                });
            }
        }
        universe
    }

    /// Returns what follows from versions of all packages, if they fit: those that are reached from the first.
    fn reached(&self, choice: &[usize]) -> Option<Vec<Option<usize>>> {
        let mut reached = vec![None; PACKAGES];
        let mut open = vec![0];
        while let Some(package) = open.pop() {
            reached[package] = Some(choice[package]);
            for &(target, least, greatest) in &self.needs[package][choice[package]] {
                if !(least..=greatest).contains(&choice[target]) {
                    return None;
                }
                if reached[target].is_none() {
                    open.push(target);
                }
            }
        }
        Some(reached)
    }

    /// Returns the fewest packages of a lock that have to move so that a package has no bad version; `None` if it always has. Of
    /// the first package only one version is admitted, if there is one.
    fn fewest_moves(&self, sick: &Sick, first: Option<usize>) -> Option<usize> {
        let Sick { locked, vulnerable, bad, .. } = sick;
        let all = (0..VERSIONS.pow(u32::try_from(PACKAGES).expect("few"))).map(|number| {
            (0..PACKAGES)
                .map(|at| number / VERSIONS.pow(u32::try_from(at).expect("few")) % VERSIONS)
                .collect::<Vec<_>>()
        });
        let cured = all
            .filter(|choice| first.is_none_or(|first| choice[0] == first))
            .filter_map(|choice| self.reached(&choice))
            .filter(|reached| reached[*vulnerable].is_none_or(|version| !bad[version]));
        let moves = |reached: Vec<Option<usize>>| {
            locked.iter().zip(reached).filter(|(before, after)| before.is_some() && *before != after).count()
        };
        cured.map(moves).min()
    }
}

/// A project of which a locked package is vulnerable.
struct Sick {
    /// The versions that are locked, of each package.
    locked: Vec<Option<usize>>,
    /// The package.
    vulnerable: usize,
    /// Which of its versions are vulnerable.
    bad: Vec<bool>,
    project: Project,
    lock: String,
}

impl Sick {
    /// Locks a line of the first package, and makes one of the locked packages vulnerable; `None` if nothing fits the line.
    fn new(registry: &Registry, line: &str, random: &mut Random) -> Option<Self> {
        let project = Project::new(registry);
        project.with_registry_line(FOLDER, &format!("dependencies {{\n    {line}\n}}\n"));
        project.write("osv/none.json", &json!({ "id": "X-0" }).to_string());
        if project.run("larder lock").status != 0 {
            return None;
        }
        let lock = project.read("larder.lock");
        let version =
            |package: usize| (0..VERSIONS).find(|version| lock.contains(&format!("\"pypi:p{package}@{version}.0\"")));
        let locked: Vec<Option<usize>> = (0..PACKAGES).map(version).collect();
        let there: Vec<usize> = (0..PACKAGES).filter(|&package| locked[package].is_some()).collect();
        let vulnerable = there[random.below(there.len())];
        let bad: Vec<bool> = (0..VERSIONS).map(|at| Some(at) == locked[vulnerable] || random.below(3) == 0).collect();
        let versions: Vec<String> = (0..VERSIONS).filter(|&at| bad[at]).map(|at| format!("{at}.0")).collect();
        let record = json!({ "id": "X-1", "affected": [{ "package": { "ecosystem": "PyPI", "name": format!("p{vulnerable}") }, "versions": versions }] });
        project.write("osv/one.json", &record.to_string());
        Some(Self { locked, vulnerable, bad, project, lock })
    }
}

/// Returns how many packages of the lock before a fix moved.
fn moves(document: &Value) -> usize {
    let plan = &document["fix"]["plan"];
    ["changed", "removed"].iter().map(|kind| plan[kind].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn a_fix_moves_as_few_packages_as_any_choice_would() {
    let (mut cured, mut incurable) = (0, 0);
    for seed in 0..24 {
        let mut random = Random::new(seed);
        let universe = SmallUniverse::new(&mut random);
        let registry = universe.served(VERSIONS).serve();
        let Some(sick) = Sick::new(&registry, "pypi \"p0\"", &mut random) else { continue };
        let document = sick.project.run("larder audit --fix --json").json();
        let found = (moves(&document), ids(&document));
        if let Some(fewest) = universe.fewest_moves(&sick, None) {
            assert_eq!(found, (fewest, vec![]), "seed {seed}: {document:#}\n{}", sick.lock);
            cured += 1;
        } else {
            assert_eq!(found, (0, vec!["X-1"]), "seed {seed}: {document:#}\n{}", sick.lock);
            incurable += 1;
        }
    }
    assert!(cured >= 8 && incurable >= 2, "{cured} cured, {incurable} not");
}

#[test]
fn a_forced_fix_widens_a_line_only_where_no_choice_within_cures_and_no_farther() {
    let (mut within, mut widened, mut incurable) = (0, 0, 0);
    for seed in 0..40 {
        let mut random = Random::new(1_000 + seed);
        let universe = SmallUniverse::new(&mut random);
        let registry = universe.served(VERSIONS).serve();
        let first = random.below(VERSIONS - 1);
        let Some(sick) = Sick::new(&registry, &format!("pypi \"p0\" \"=={first}.0\""), &mut random) else { continue };
        let manifest = sick.project.read("larder.kdl");
        let document = sick.project.run("larder audit --fix --force --json").json();
        let found = (moves(&document), ids(&document));
        let lines = document["fix"]["widened"].as_array().map_or(0, Vec::len);
        let told = format!("seed {seed}: {document:#}\n{}\n{}", sick.lock, sick.project.read("larder.kdl"));
        let cures = (first..VERSIONS).find_map(|version| Some((version, universe.fewest_moves(&sick, Some(version))?)));
        let Some((version, fewest)) = cures else {
            assert_eq!((found, lines), ((0, vec!["X-1"]), 0), "{told}");
            assert_eq!(
                (sick.project.read("larder.lock"), sick.project.read("larder.kdl")),
                (sick.lock, manifest),
                "{told}"
            );
            incurable += 1;
            continue;
        };
        assert_eq!((found, lines), ((fewest, vec![]), usize::from(version > first)), "{told}");
        assert!(sick.project.read("larder.lock").contains(&format!("\"pypi:p0@{version}.0\"")), "{told}");
        if version == first {
            assert_eq!(sick.project.read("larder.kdl"), manifest, "{told}");
            within += 1;
        } else {
            sick.project.run("larder lock --locked").exits(0);
            widened += 1;
        }
    }
    assert!(within >= 2 && widened >= 6 && incurable >= 2, "{within} within, {widened} widened, {incurable} not");
}

/// Returns a record about versions of a Python package.
fn about(id: &str, package: &str, versions: &[&str], severity: &str) -> String {
    let affected = json!([{ "package": { "ecosystem": "PyPI", "name": package }, "versions": versions }]);
    json!({ "id": id, "affected": affected, "database_specific": { "severity": severity } }).to_string()
}

#[test]
fn a_cure_brings_no_vulnerability_in() {
    let universe =
        ["1.0", "1.1", "1.2", "2.0"].into_iter().fold(Universe::new(), |all, version| all.pypi("p", version, |p| p));
    let universe = universe
        .pypi("a", "1.1", |p| p)
        .pypi("a", "1.0", |p| p.requires("c>=1"))
        .pypi("c", "1.2", |p| p)
        .pypi("c", "2.0", |p| p)
        .pypi("q", "1.0", |p| p)
        .pypi("q", "1.1", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    let lines = |range: &str| {
        let line = |package: &str| format!("    pypi \"{package}\" \"{range}\"\n");
        format!("dependencies {{\n{}    pypi \"a\"\n}}\n", line("p") + &line("q"))
    };
    for (id, package, versions, severity) in [
        ("GHSA-low", "p", &["1.0"][..], "LOW"),
        ("GHSA-critical", "p", &["1.2", "2.0"], "CRITICAL"),
        ("GHSA-a", "a", &["1.1"], "HIGH"),
        ("GHSA-c", "c", &["2.0"], "HIGH"),
    ] {
        project.write(&format!("osv/{id}.json"), &about(id, package, versions, severity));
    }
    project.with_registry_line(FOLDER, &lines("==1.0")).run("larder lock").exits(0);
    project.with_registry_line(FOLDER, &lines(">=1.0")).run("larder lock").exits(0);
    project.run("larder audit --fix").exits(0);
    let lock = project.read("larder.lock");
    for chosen in ["pypi:p@1.1", "pypi:a@1.0", "pypi:c@1.2", "pypi:q@1.0"] {
        assert!(lock.contains(chosen), "{chosen}\n{lock}");
    }
}

#[test]
fn a_cure_that_cannot_but_bring_something_in_brings_less_than_it_cures() {
    let universe = Universe::new().pypi("p", "1.0", |p| p).pypi("p", "1.1", |p| p).pypi("p", "1.2", |p| p);
    let registry = universe.serve();
    let lines = |range: &str| format!("dependencies {{ pypi \"p\" \"{range}\"; }}\n");
    for (severity, left) in [("LOW", "X-now"), ("HIGH", "X-before")] {
        let project = Project::new(&registry);
        project.write("osv/1.json", &about("X-before", "p", &["1.0"], "HIGH"));
        project.write("osv/2.json", &about("X-now", "p", &["1.1", "1.2"], severity));
        project.with_registry_line(FOLDER, &lines("==1.0")).run("larder lock").exits(0);
        project.with_registry_line(FOLDER, &lines(">=1.0")).run("larder lock").exits(0);
        let document = project.run("larder audit --fix --json").exits(1).json();
        assert_eq!(ids(&document), [left], "{document:#}");
    }
}

/// `a` is cured by a version that needs `b`, which has a critical vulnerability; nothing else of `b` is there.
fn cured_by_worse(registry: &Registry, policy: &str, rest: &str) -> Project {
    let project = Project::new(registry);
    project.write("osv/a.json", &about("X-a", "a", &["1.0"], "LOW"));
    project.write("osv/b.json", &about("Y-b", "b", &["1.0"], "CRITICAL"));
    for range in ["==1.0", ">=1.0"] {
        let lines = format!("{policy}dependencies {{ pypi \"a\" \"{range}\"; }}\n{rest}");
        project.with_registry_line(FOLDER, &lines).run("larder lock").exits(0);
    }
    project
}

#[test]
fn what_a_cure_would_bring_in_is_named_and_what_is_ignored_is_not_counted() {
    let universe =
        Universe::new().pypi("a", "1.0", |p| p).pypi("a", "1.1", |p| p.requires("b")).pypi("b", "1.0", |p| p);
    let registry = universe.serve();
    let project = cured_by_worse(&registry, "", "");
    let brings = "would bring Y-b of pypi:b@1.0 in";
    project.run("larder audit").exits(1).names([brings]);
    project.run("larder audit --fix").exits(1).names(["X-a of pypi:a@1.0 stays", brings]);
    let ignored = "policy { advisories { ignore \"Y-b\" reason=\"not reached\"; }; }\n";
    let project = cured_by_worse(&registry, ignored, "");
    project.run("larder audit --fix").exits(0);
    assert!(project.read("larder.lock").contains("pypi:a@1.1"));
    // That a group has it does not make it harmless for those who do without the group.
    let project =
        cured_by_worse(&registry, "", "group \"dev\" dev=#true { pypi \"b\"; }\nenvironment \"production\"\n");
    project.run("larder audit --fix").exits(1);
    assert!(project.read("larder.lock").contains("pypi:a@1.0"));
}

#[test]
fn of_many_that_cannot_be_cured_together_not_all_are_looked_at_to_tell() {
    let packages: Vec<String> = (0..10).map(|at| format!("p{at}")).collect();
    let mut universe = Universe::new().pypi("c", "1.0", |p| p).pypi("c", "2.0", |p| p);
    for package in &packages {
        universe = universe.pypi(package, "1.0", |p| p).pypi(package, "1.1", |p| p.requires("c>=2"));
    }
    let registry = universe.serve();
    let project = Project::new(&registry);
    for package in &packages {
        project.write(&format!("osv/{package}.json"), &about(&format!("X-{package}"), package, &["1.0"], "HIGH"));
    }
    let lines = packages.iter().map(|package| format!("    pypi \"{package}\"\n")).collect::<Vec<_>>().concat();
    project.with_registry_line(FOLDER, &format!("dependencies {{\n    pypi \"c\" \"==1.0\"\n{lines}}}\n"));
    project.run("larder lock").exits(0);
    let document = project.run("larder audit --json").exits(1).json();
    let findings = document["findings"].as_array().expect("findings");
    let told = |said: &Value| {
        let advisories = findings.iter().filter_map(|one| one.get("advisory")).filter(|one| one.is_object());
        advisories.filter(|one| one["curedByUpdate"] == *said).count()
    };
    assert_eq!((told(&json!(false)), told(&Value::Null)), (8, 2), "{document:#}");
    project.run("larder audit").exits(1).names(["`larder audit --fix` finds out whether a version without it"]);
    let document = project.run("larder audit --fix --json").exits(1).json();
    assert_eq!(document["fix"]["remaining"].as_array().map(Vec::len), Some(10), "{document:#}");
}

#[test]
fn what_no_range_does_without_is_told_however_much_of_it_there_is() {
    let packages: Vec<String> = (0..12).map(|at| format!("p{at}")).collect();
    let universe = packages.iter().fold(Universe::new(), |all, package| {
        all.npm(package, "1.0.0", |p| p).npm(package, "1.1.0", |p| p).npm(package, "2.0.0", |p| p)
    });
    let universe = packages.iter().fold(universe, |all, package| {
        let needs = |version: &str| (format!("on-{package}"), version.to_owned());
        [needs("1.0.0"), needs("1.1.0")]
            .iter()
            .fold(all, |all, (name, version)| all.npm(name, version, |p| p.dep(package, "^1")))
    });
    let registry = universe.serve();
    let project = Project::new(&registry);
    for package in &packages {
        let record = crate::audit::record(&format!("X-{package}"), package, "2.0.0", "HIGH");
        project.write(&format!("osv/{package}.json"), &record.to_string());
    }
    let lines =
        packages.iter().map(|package| format!("    npm \"on-{package}\" \"^1\"\n")).collect::<Vec<_>>().concat();
    project.with_registry_line(FOLDER, &format!("dependencies {{\n{lines}}}\n")).run("larder lock").exits(0);
    let document = project.run("larder audit --json").exits(1).json();
    let findings = document["findings"].as_array().expect("findings");
    let incurable = findings.iter().filter(|one| one["advisory"]["curedByUpdate"] == json!(false));
    assert_eq!(incurable.count(), 12, "{document:#}");
}
