//! `conflicts`: groups that exclude each other have a solution each, in one lock.

use crate::support::{Project, Registry, Universe, assert_transcript, host_platform, python_version};

/// What exists: a public `lib` in three versions, tools that limit it, and `torch` in two registries of its own.
struct World {
    public: Registry,
    cpu: Registry,
    cu12: Registry,
}

impl World {
    fn serve() -> Self {
        let torch = |built: &str, needs: &str| {
            let file = format!("FOR = {built:?}\n");
            let torch = |version: &str| (version.to_owned(), file.clone());
            let mut universe = Universe::new();
            for (version, file) in [torch("2.0"), torch("2.1")] {
                universe = universe.pypi("torch", &version, |torch| {
                    let torch = torch.file("torch/built.py", &file);
                    if needs.is_empty() { torch } else { torch.requires(needs) }
                });
            }
            universe.serve()
        };
        let mut public = Universe::new()
            .pypi("app", "1.0", |app| app.requires("lib"))
            .pypi("old-tool", "1.0", |tool| tool.requires("lib<2"))
            .pypi("new-tool", "1.0", |tool| tool.requires("lib>=3"))
            .pypi("vision", "1.0", |vision| vision.requires("torch"))
            .pypi("nvidia-blas", "1.0", |blas| blas)
            .pypi("torch", "9.0", |torch| torch)
            .npm("left", "1.0.0", |left| left)
            .npm("left", "2.0.0", |left| left)
            .npm("plugin", "1.0.0", |plugin| plugin.peer("left", "*"));
        for version in ["1.0", "2.0", "3.0"] {
            public = public.pypi("lib", version, |lib| lib);
        }
        Self { public: public.serve(), cpu: torch("cpu", ""), cu12: torch("cu12", "nvidia-blas") }
    }

    fn project(&self, rest: &str) -> Project {
        let project = Project::new(&self.public);
        self.write(&project, rest);
        project
    }

    fn write(&self, project: &Project, rest: &str) {
        let (host, python) = (host_platform(), python_version());
        project.write(
            "larder.kdl",
            &format!(
                "project \"case\"\nruntimes {{ node \"20\"; python \"{python}\"; }}\nplatforms \"{host}\"\n\
                 registries {{\n    pypi \"cpu\" \"{}\"\n    pypi \"cu12\" \"{}\"\n}}\n{rest}",
                self.cpu.pypi_url(),
                self.cu12.pypi_url(),
            ),
        );
    }
}

const TORCH: &str = "dependencies { pypi \"vision\"; pypi \"app\"; }
group \"cpu\" { pypi \"torch\" registry=\"cpu\"; }
group \"gpu\" { pypi \"torch\" \"<2.1\" registry=\"cu12\"; }
conflicts { group \"cpu\" \"gpu\"; }
environment \"development\" { include \"gpu\"; }
environment \"test\" { include \"cpu\"; }
environment \"production\"
";

/// Returns the versions of a package that an environment has, each with its registry.
fn versions(project: &Project, environment: &str, name: &str) -> Vec<String> {
    let listed = project.run_json(&format!("larder list --env {environment} --json"));
    let packages = listed["packages"].as_array().expect("packages").iter().filter(|package| package["name"] == name);
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("registry"), text("version"))
        })
        .collect()
}

#[test]
fn both_sides_of_a_conflict_are_in_one_lock_from_a_registry_each() {
    let world = World::serve();
    let project = world.project(TORCH);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("sides = [\n    \"cpu\",\n    \"gpu\",\n]"), "{lock}");
    for edge in
        ["{ to = \"pypi+cpu:torch@2.1\", sides = [\"cpu\"] }", "{ to = \"pypi+cu12:torch@2.0\", sides = [\"gpu\"] }"]
    {
        assert!(lock.contains(edge), "{edge}\n{lock}");
    }
    assert!(!world.public.take_log().iter().any(|path| path.contains("torch")));
    project.run("larder lock --locked").exits(0);
    project.run("larder check").exits(0);
    project.run("larder fetch").exits(0);
    for (environment, registry, blas) in
        [("development", "cu12 2.0", 1), ("test", "cpu 2.1", 0), ("production", "cpu 2.1", 0)]
    {
        assert_eq!(versions(&project, environment, "torch"), [registry], "{environment}");
        assert_eq!(versions(&project, environment, "nvidia-blas").len(), blas, "{environment}");
        assert_eq!(versions(&project, environment, "lib"), ["pypi 3.0"], "{environment}");
        project.run(&format!("larder sync --offline --env {environment}")).exits(0);
        let built = project.run("larder run -- python -c 'import torch.built; print(torch.built.FOR)'").exits(0).stdout;
        assert_eq!(built.trim(), registry.split(' ').next().unwrap_or_default(), "{environment}");
        project.run("larder verify").exits(0);
        let why = project.run("larder why torch").exits(0).stdout;
        let torch = format!("pypi+{}", registry.replace(' ', ":torch@"));
        assert!(why.contains("vision") && why.matches("torch@").count() == why.matches(&torch).count(), "{why}");
        let tree = project.run("larder tree").exits(0).stdout;
        assert!(tree.contains(registry.split(' ').next_back().unwrap_or_default()), "{tree}");
    }
    let differ = project.run("larder diff test development").exits(0).stdout;
    assert_transcript!(differ, @r"
    ~ pypi:torch        2.1 -> 2.0  488 B -> 516 B  (direct)
    + pypi:nvidia-blas  1.0         437 B
    ");
    // Solving again changes nothing, whatever order is declared.
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    let mut lines: Vec<&str> = TORCH.lines().collect();
    lines.reverse();
    let reversed = lines.join("\n").replace("group \"cpu\" \"gpu\"", "group \"gpu\" \"cpu\"");
    let other = world.project(&reversed);
    other.run("larder lock").exits(0);
    assert_eq!(other.read("larder.lock"), lock);
}

#[test]
fn what_is_outside_of_a_conflict_agrees_as_far_as_it_can() {
    let world = World::serve();
    let manifest = |cpu: &str, gpu: &str| {
        format!(
            "dependencies {{ pypi \"app\"; }}\ngroup \"cpu\" {{ {cpu}; }}\ngroup \"gpu\" {{ {gpu}; }}\n\
             conflicts {{ group \"cpu\" \"gpu\"; }}\nenvironment \"a\" {{ include \"cpu\"; }}\n\
             environment \"b\" {{ include \"gpu\"; }}\nenvironment \"c\"\n"
        )
    };
    let (old, new, other) = ("pypi \"old-tool\"", "pypi \"new-tool\"", "npm \"left\"");
    for (cpu, gpu, expected) in [
        (old, other, ["1.0", "1.0", "1.0"]),
        (other, old, ["1.0", "1.0", "1.0"]),
        (old, new, ["1.0", "3.0", "1.0"]),
        (new, old, ["3.0", "1.0", "3.0"]),
        (other, other, ["3.0", "3.0", "3.0"]),
    ] {
        let project = world.project(&manifest(cpu, gpu));
        project.run("larder lock").exits(0);
        let found = ["a", "b", "c"].map(|environment| versions(&project, environment, "lib"));
        assert_eq!(found, expected.map(|version| [format!("pypi {version}")]), "{cpu} {gpu}");
        project.run("larder lock --locked").exits(0);
    }
    // What is locked is not given up for another side's sake.
    let project = world.project(&manifest(other, other));
    project.run("larder lock").exits(0);
    world.write(&project, &manifest(other, old));
    project.run("larder lock --locked").exits(1);
    project.run("larder lock").exits(0);
    let found = ["a", "b"].map(|environment| versions(&project, environment, "lib").concat());
    assert_eq!(found, ["pypi 3.0", "pypi 1.0"]);
    // An update of it makes all agree again.
    project.run("larder update lib").exits(0);
    let found = ["a", "b"].map(|environment| versions(&project, environment, "lib").concat());
    assert_eq!(found, ["pypi 1.0", "pypi 1.0"]);
}

const LEFT: &str = "dependencies { npm \"plugin\"; }
group \"one\" { npm \"left\" \"^1\"; }
group \"two\" { npm \"left\" \"^2\"; }
group \"free\" { pypi \"lib\"; }
conflicts { group \"one\" \"two\"; }
environment \"one\" { include \"one\" \"free\"; }
environment \"two\" { include \"two\" \"free\"; }
environment \"bare\"
";

#[test]
fn npm_has_sides_too_and_peers_are_bound_on_each() {
    let world = World::serve();
    let project = world.project(LEFT);
    for (environment, version) in [("one", "1.0.0"), ("two", "2.0.0"), ("bare", "1.0.0")] {
        project.run(&format!("larder sync --env {environment}")).exits(0);
        let found = project.run("larder run -- node -p 'require(\"plugin/package.json\"); 1'");
        assert_eq!(found.status, 0, "{}", found.stderr);
        assert_eq!(versions(&project, environment, "left"), [format!("npmjs {version}")]);
        project.run("larder verify").exits(0);
    }
    project.run("larder ci --env two").exits(0);
    let outdated = project.run_json("larder outdated --env one --json");
    let told: Vec<_> = outdated["packages"].as_array().expect("packages").iter().collect();
    assert_eq!(told.len(), 1, "{outdated}");
    assert_eq!((told[0]["name"].as_str(), told[0]["locked"].as_str()), (Some("left"), Some("1.0.0")));
    let outdated = project.run_json("larder outdated --env two --json");
    assert_eq!(outdated["packages"], serde_json::json!([]));
}

#[test]
fn lines_are_added_to_a_side_and_removed_from_it() {
    let world = World::serve();
    let project = world.project(LEFT);
    project.run("larder lock").exits(0);
    let before = project.read("larder.lock");
    project.run("larder add pypi:old-tool --group one").exits(0);
    assert_eq!(versions(&project, "one", "old-tool"), ["pypi 1.0"]);
    assert_eq!(versions(&project, "two", "old-tool"), [""; 0]);
    // Its side has to give way, the other one keeps what it has.
    assert_eq!(versions(&project, "one", "lib"), ["pypi 1.0"]);
    assert_eq!(versions(&project, "two", "lib"), ["pypi 3.0"]);
    project.run("larder remove pypi:old-tool").exits(0);
    project.run("larder update lib").exits(0);
    assert_eq!(project.read("larder.lock"), before);

    // What cannot be solved says on which side.
    let told = project.run("larder add 'pypi:lib>=3' pypi:old-tool --group two").exits(3).stderr;
    assert_transcript!(told, @r#"
    larder::resolve::no_solution

      × no versions satisfy the manifest with group `two`:
      │ - the project asks for lib >=3 (group two)
      │ - the project asks for old-tool (group two)
      │ - old-tool 1.0 needs lib <2
      │ - no version of lib satisfies both
        ╭─[larder.kdl:10:32]
      9 │ group "one" { npm "left" "^1"; }
     10 │ group "two" { npm "left" "^2"; pypi "lib" ">=3"; pypi "old-tool"; }
        ·                                ────────────────  ───────────────
     11 │ group "free" { pypi "lib"; }
        ╰────
      help: ask for a range that takes lib 1.0, which the others named here accept
    "#);
    assert_eq!(project.read("larder.lock"), before);
}

#[test]
fn a_lock_of_other_sides_is_stale() {
    let world = World::serve();
    let project = world.project(LEFT);
    project.run("larder sync --env one").exits(0);
    let lock = project.read("larder.lock");
    // An edge that was moved to the other side.
    let harmed = lock.replacen("sides = [\"one\"]", "sides = [\"two\"]", 1);
    assert_ne!(harmed, lock);
    project.write("larder.lock", &harmed);
    project.run("larder lock --locked").exits(1);
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    // Groups that exclude each other no more cannot be in one solution here; an environment of another side needs one.
    let third = LEFT.replace(
        "conflicts { group \"one\" \"two\"; }",
        "group \"three\"; conflicts { group \"one\" \"two\" \"three\"; }",
    );
    world.write(&project, &third);
    let told = project.run("larder check").exits(1).stderr;
    assert_transcript!(told, @r"
    larder::lock::stale

      × larder.lock is not up to date: `conflicts` has changed
      help: `larder lock` brings it up to date; commit the result
    ");
    world.write(&project, &LEFT.replace("conflicts { group \"one\" \"two\"; }", ""));
    project.run("larder lock --locked").exits(1);
    project.run("larder lock").exits(3);
    assert_eq!(project.read("larder.lock"), lock);
    // A lock without a solution for an environment is no lock for it, asked or not.
    let both = third.replace("environment \"bare\"", "environment \"bare\" { include \"three\"; }");
    world.write(&project, &both);
    project.run("larder sync --frozen --env bare").exits(1);
    project.run("larder list --env bare").exits(1);
}

#[test]
fn several_conflicts_have_a_side_for_each_combination_that_an_environment_has() {
    let world = World::serve();
    let project = world.project(
        "group \"one\" { npm \"left\" \"^1\"; }\ngroup \"two\" { npm \"left\" \"^2\"; }\n\
         group \"old\" { pypi \"lib\" \"<2\"; }\ngroup \"mid\" { pypi \"lib\" \"==2.*\"; }\ngroup \"new\" { pypi \"lib\" \">=3\"; }\n\
         conflicts { group \"one\" \"two\"; }\nconflicts { group \"old\" \"mid\" \"new\"; }\n\
         environment \"a\" { include \"one\" \"old\"; }\nenvironment \"b\" { include \"two\" \"new\"; }\n\
         environment \"c\" { include \"two\"; }\n",
    );
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("sides = [\n    \"mid\",\n    \"new+two\",\n    \"old+one\",\n]"), "{lock}");
    for (environment, left, lib) in
        [("a", "npmjs 1.0.0", "pypi 1.0"), ("b", "npmjs 2.0.0", "pypi 3.0"), ("c", "npmjs 2.0.0", "")]
    {
        assert_eq!(versions(&project, environment, "left").concat(), left);
        assert_eq!(versions(&project, environment, "lib").concat(), lib);
    }
    project.run("larder lock --locked").exits(0);
}

#[test]
fn groups_of_members_exclude_each_other_over_all_manifests() {
    let world = World::serve();
    let project = world.project(
        "members \"apps/*\"\nconflicts { group \"cpu\" \"gpu\"; }\n\
         environment \"a\" { include \"cpu\"; }\nenvironment \"b\" { include \"gpu\"; }\n",
    );
    project.write(
        "apps/web/larder.kdl",
        "project \"web\"\ngroup \"cpu\" { pypi \"torch\" registry=\"cpu\"; }\ngroup \"gpu\" { pypi \"torch\" registry=\"cu12\"; }\n",
    );
    project.run("larder lock").exits(0);
    assert_eq!(versions(&project, "a", "torch"), ["cpu 2.1"]);
    assert_eq!(versions(&project, "b", "torch"), ["cu12 2.1"]);
    project.run("larder lock --locked").exits(0);
    project.write("apps/web/larder.kdl", "project \"web\"\ngroup \"cpu\" { pypi \"torch\" registry=\"cpu\"; }\n");
    let told = project.run("larder lock").exits(2).stderr;
    assert_transcript!(told, @r#"
    larder::manifest::invalid

      × larder.kdl has 2 errors

    Error: larder::manifest::undeclared

      × there is no group `gpu`
        ╭─[larder.kdl:9:25]
      8 │ members "apps/*"
      9 │ conflicts { group "cpu" "gpu"; }
        ·                         ──┬──
        ·                           ╰── not declared
     10 │ environment "a" { include "cpu"; }
        ╰────
      help: did you mean `cpu`?

    Error: larder::manifest::undeclared

      × there is no group `gpu`
        ╭─[larder.kdl:11:27]
     10 │ environment "a" { include "cpu"; }
     11 │ environment "b" { include "gpu"; }
        ·                           ──┬──
        ·                             ╰── not declared
        ╰────
      help: did you mean `cpu`?
    "#);
    // Registries of lines that can meet contradict each other still.
    project.write(
        "apps/web/larder.kdl",
        "project \"web\"\ndependencies { pypi \"torch\" registry=\"cpu\"; }\ngroup \"cpu\"\ngroup \"gpu\" { pypi \"torch\" registry=\"cu12\"; }\n",
    );
    project.run("larder lock").exits(2);
}

#[test]
fn versions_are_promoted_and_taken_back_on_their_side() {
    let world = World::serve();
    let project = world.project(TORCH);
    project.run("larder sync --env development").exits(0);
    // Production has neither group, and gets what was tested: the shared packages of development's side.
    project.run("larder promote development production").exits(0);
    let head = project.read(".larder/node_modules/.profiles/production/current/generation.json");
    assert!(head.contains("cu12") && head.contains("2.0"), "{head}");
    project.run("larder promote development test").exits(1);

    let project = world.project(&TORCH.replace("\"app\"", "\"lib\" \"<3\""));
    project.run("larder sync --env development").exits(0);
    world.write(&project, &TORCH.replace("\"app\"", "\"lib\" \"<4\""));
    project.run("larder update").exits(0);
    project.run("larder sync --env development").exits(0);
    assert_eq!(versions(&project, "development", "lib"), ["pypi 3.0"]);
    project.run("larder rollback --only pypi:lib --env development").exits(0);
    // Both sides had agreed on it, and do so still.
    assert_eq!(versions(&project, "development", "lib"), ["pypi 2.0"]);
    assert_eq!(versions(&project, "test", "lib"), ["pypi 2.0"]);
    assert_eq!(versions(&project, "test", "torch"), ["cpu 2.1"]);
}

#[test]
fn groups_that_are_alternatives_are_in_no_environment_when_moving_in() {
    let registry = Universe::new()
        .pypi("tool", "1.0", |tool| tool)
        .pypi("lib", "1.0", |lib| lib)
        .pypi("lib", "2.0", |lib| lib)
        .serve();
    let groups = "[project]\nname = 'x'\nversion = '1'\n[dependency-groups]\ndev = ['tool']\nold = ['lib==1.0']\nnew = ['lib==2.0']\n";
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", groups)]);
    project.run("larder init").exits(0).names(["Groups that no environment includes: new, old."]);
    project.run("larder lock").exits(0).names(["which no environment includes, is left out of the lock"]);
    let written = project.read("larder.kdl");
    let (before, _) = written.split_once("\nenvironment").expect("environments");
    let alternatives =
        "`environment \"development\" { include \"dev\"; }` beside `environment \"production\"` installs no others";
    project.write("larder.kdl", before);
    project
        .run("larder lock")
        .exits(3)
        .names([alternatives, "`conflicts { group \"new\" \"old\"; }` locks each by itself"]);
    project.write(
        "larder.kdl",
        &format!("{before}\nenvironment \"development\" {{ include \"dev\" \"new\" \"old\"; }}\n"),
    );
    project.run("larder lock").exits(3).names(["out of `include` of environment `development`"]);
    // Both ways lead out.
    let apart = "conflicts { group \"new\" \"old\"; }\nenvironment \"development\" { include \"dev\"; }\nenvironment \"production\"\n";
    project.write("larder.kdl", &format!("{before}\n{apart}"));
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"pypi:lib@1.0\"") && lock.contains("id = \"pypi:lib@2.0\""), "{lock}");
}
