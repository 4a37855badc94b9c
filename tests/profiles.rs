//! Generations and environments: history, going back, switching, running.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use crate::support::{Project, Registry, Universe, assert_transcript, conforms};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "^1"))
        .npm("left", "2.0.0", |p| p.dep("right", "^1"))
        .npm("right", "1.2.0", |p| p)
        .npm("vitest", "3.0.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .pypi("pytest", "8.0", |p| p)
        .serve()
});

/// Three generations: left 1, left 2, left 2 with six.
fn three() -> Project {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    project.dependencies(&["npm \"left\" \"^2\""]).run("larder sync").exits(0);
    project.dependencies(&["npm \"left\" \"^2\"", "pypi \"six\""]).run("larder sync").exits(0);
    project
}

fn left(project: &Project) -> String {
    let text = project.read("node_modules/left/package.json");
    let package: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    package["version"].as_str().expect("a version").to_owned()
}

#[test]
fn history_tells_number_time_and_what_changed() {
    let project = three();
    let said = project.run("larder history").exits(0);
    assert_transcript!(said.stdout, @r"
    3  [NOW]  1 added  (current)
       + pypi:six 1.16
    2  [NOW]  1 changed
       ~ npm:left 1.0.0 -> 2.0.0
    1  [NOW]  2 added
       + npm:left 1.0.0
       + npm:right 1.2.0
    ");
    let said = project.run("larder history --json").exits(0).json();
    conforms(&said, "history");
    let numbers: Vec<_> = said["generations"].as_array().expect("a list").iter().map(|g| g["number"].clone()).collect();
    assert_eq!((numbers, &said["current"]), (vec![3.into(), 2.into(), 1.into()], &3.into()));
    assert_eq!((&said["generations"][0]["parent"], &said["generations"][2]["parent"]), (&2.into(), &().into()));
    assert_eq!(said["generations"][0]["current"], true);
    conforms(&Project::new(&REGISTRY).dependencies(&[]).run_json("larder history --json"), "history");
}

#[test]
fn rollback_goes_back_and_further_back_and_touches_neither_manifest_nor_lock() {
    let project = three();
    let written = (project.read("larder.kdl"), project.read("larder.lock"));
    let said = project.run("larder rollback --json").exits(0).json();
    conforms(&said, "switch");
    assert_eq!((&said["from"], &said["generation"]), (&3.into(), &2.into()));
    assert!(!project.has(".venv") && left(&project) == "2.0.0");
    project.run("larder rollback").exits(0).names(["generation 1"]);
    assert_eq!(left(&project), "1.0.0");
    project.run("larder rollback").exits(1).names(["no parent", "history"]);
    project.run("larder rollback 7").exits(1).names(["no generation 7"]);
    project.run("larder rollback 2").exits(0);
    assert_eq!(left(&project), "2.0.0");
    assert_eq!((project.read("larder.kdl"), project.read("larder.lock")), written);
    project.run("larder verify").exits(0);
    let said = project.run("larder history --json").exits(0).json();
    assert_eq!((&said["current"], &said["rolled_back_from"]), (&2.into(), &3.into()));
}

#[test]
fn a_sync_after_a_rollback_asks_for_forward() {
    let project = three();
    project.run("larder rollback 1").exits(0);
    let before = project.state();
    for command in ["larder sync", "larder ci", "larder sync --frozen"] {
        project.run(command).exits(1).names(["rolled back to generation 1 from 3", "--forward"]);
    }
    assert_eq!(project.state(), before);
    let run = project.run("larder run -- node -p 'require(\"left\").version'").exits(0).names(["was rolled back"]);
    assert_eq!(run.stdout, "1.0.0\n");
    project.run("larder sync --forward").exits(0);
    assert_eq!(left(&project), "2.0.0");
    assert!(project.has(".venv"));
    project.run("larder sync").exits(0).names(["up to date"]);
    assert!(project.run_json("larder history --json")["rolled_back_from"].is_null());
}

#[test]
fn going_back_to_where_one_came_from_ends_a_rollback() {
    let project = three();
    project.run("larder rollback 1").exits(0);
    project.run("larder rollback 3").exits(0);
    project.run("larder sync").exits(0).names(["up to date"]);
}

#[test]
fn an_incomplete_generation_is_not_gone_back_to() {
    let project = three();
    let packages = project.path(".larder/node_modules/.packages");
    let gone = fs::read_dir(&packages).expect("packages").map(|e| e.expect("an entry").path());
    let gone = gone.into_iter().find(|path| path.to_string_lossy().contains("left@1.0.0")).expect("left 1");
    fs::remove_dir_all(gone).expect("a folder");
    project.run("larder rollback 1").exits(1).names(["is incomplete", "left@1.0.0"]);
    assert_eq!(left(&project), "2.0.0");
}

/// Returns the folders that a command lists; none where this machine cannot tell.
fn listed(project: &Project, command: &str) -> Option<Vec<String>> {
    let trace = project.folder().join("trace");
    let strace = ["strace", "-f", "-qq", "-y", "-e", "trace=getdents64", "-o", trace.to_str().expect("text")];
    if project.under(&strace, command).status == 127 {
        crate::sweep::say("NOT TESTED: listed folders are seen with `strace`, which this machine lacks");
        return None;
    }
    let text = fs::read_to_string(trace).expect("a trace");
    let folder =
        |line: &str| Some(line.split_once("getdents64(")?.1.split_once(['<', '>'])?.1.split_once('>')?.0.to_owned());
    Some(text.lines().filter_map(folder).collect())
}

#[test]
fn a_switch_lists_no_folder_until_somebody_else_touched_the_packages() {
    let project = three();
    project.run("larder sync --env production").exits(0);
    let nothing = Some(Vec::<String>::new());
    for command in ["use development", "rollback 1", "rollback 3", "use production", "use development"] {
        let Some(listed) = listed(&project, &format!("larder {command}")) else { return };
        assert_eq!(Some(listed), nothing, "{command}");
    }
    project.run("larder sync").exits(0);
    assert_eq!(listed(&project, "larder sync"), nothing, "there is nothing to do");
    let packages = project.path(".larder/node_modules/.packages");
    let lists_once = |command: &str| {
        let listed = listed(&project, command).expect("strace");
        assert!(
            !listed.is_empty() && listed.iter().all(|folder| Path::new(folder) == packages),
            "{command}: {listed:?}"
        );
    };
    fs::create_dir(packages.join("theirs")).expect("a folder");
    fs::remove_dir(packages.join("theirs")).expect("a folder");
    for generation in [1, 3] {
        lists_once(&format!("larder rollback {generation}"));
    }
    for generation in [1, 3] {
        assert_eq!(listed(&project, &format!("larder rollback {generation}")), nothing);
    }
}

#[test]
fn a_careful_rollback_reads_every_byte() {
    let project = three();
    let file = project.path(".larder/node_modules/.profiles/development/1/node_modules/left/index.js");
    fs::remove_file(&file).expect("a file");
    fs::write(&file, "changed\n").expect("a file");
    project.run("larder rollback 1 --verify").exits(4).names(["index.js", "was changed"]);
    assert_eq!(left(&project), "2.0.0");
    project.run("larder rollback 2 --verify").exits(0);
}

const GROUPS: &str = "dependencies {\n    pypi \"six\"\n}\ngroup \"test\" {\n    pypi \"pytest\"\n    npm \"vitest\" \"^3\"\n}\n\
    environment \"development\" { include \"test\"; }\nenvironment \"staging\" { include \"test\"; }\nenvironment \"production\"\n";

#[test]
fn use_switches_between_environments_that_were_built() {
    let project = Project::new(&REGISTRY);
    project.manifest(GROUPS).run("larder sync").exits(0);
    project.run("larder use production").exits(1).names(["never synced"]);
    project.run("larder use produktion").exits(2).names(["development, staging, production", "did you mean"]);
    project.run("larder sync --env production --no-activate").exits(0);
    assert!(project.has("node_modules/vitest"));
    let said = project.run("larder use production --json").exits(0).json();
    conforms(&said, "switch");
    assert!(!project.has("node_modules"));
    project.run("larder verify").exits(0).names(["production"]);
    project.run("larder use development").exits(0);
    assert!(project.has("node_modules/vitest"));
}

#[test]
fn an_inactive_environment_runs_unless_node_would_look_elsewhere() {
    let project = Project::new(&REGISTRY);
    project.manifest(GROUPS).run("larder sync").exits(0);
    project.run("larder run --env staging -- true").exits(1).names(["staging", "larder use staging", "development"]);
    let python =
        "larder run --env production -- python -c 'import six, importlib.util as u; print(u.find_spec(\"pytest\"))'";
    assert_eq!(project.run(python).exits(0).stdout, "None\n");
    assert!(project.has("node_modules/vitest"), "development stays the active one");
    assert!(project.path(".larder/active").canonicalize().expect("a link").to_string_lossy().contains("development"));
}

#[test]
fn env_prints_what_a_shell_needs() {
    let project = Project::new(&REGISTRY);
    project.manifest(GROUPS);
    project.run("larder env").exits(1).names(["never synced"]);
    project.run("larder sync").exits(0);
    let said = project.run("larder env --json").exits(0).json();
    conforms(&said, "env");
    assert_eq!(said["variables"]["LARDER_ENV"], "development");
    let text = project.run("larder env").exits(0).stdout;
    project.write("see.sh", &format!("{text}python -c 'import pytest; print(pytest.__version__)'\n"));
    let output = std::process::Command::new("sh").arg(project.path("see.sh")).output().expect("sh");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "8.0\n");
    for format in ["fish", "direnv", "lines"] {
        project.run(&format!("larder env --format {format}")).exits(0).names(["VIRTUAL_ENV"]);
    }
    project.run("larder sync --env staging --no-activate").exits(0);
    let said = project.run("larder env --env staging").exits(0);
    said.names(["staging is not the active environment", "leads to development", "larder use staging"]);
    project.run("larder sync --env production --no-activate").exits(0);
    assert_eq!(project.run("larder env --env production").exits(0).stderr, "", "it has no npm packages");
}

#[test]
fn diff_compares_generations_and_environments() {
    let project = three();
    let said = project.run("larder diff 1 2").exits(0);
    assert!(
        said.stdout.starts_with("~ npm:left  1.0.0 -> 2.0.0  ") && said.stdout.contains("(direct)"),
        "{}",
        said.stdout
    );
    let said = project.run_json("larder diff 3 1 --json");
    conforms(&said, "diff");
    assert_eq!((&said["removed"][0]["name"], &said["changed"][0]["name"]), (&"six".into(), &"left".into()));
    assert_eq!((&said["kept"], &said["changed"][0]["direct"]), (&1.into(), &true.into()));
    assert!(said["removed"][0]["bytes"].as_u64().expect("a size") > 100);
    project.run("larder diff 1 9").exits(1).names(["no generation 9"]);
    project.run("larder diff nowhere").exits(2).names(["development, production"]);
    project.run("larder sync --env production --no-activate").exits(0);
    let said = project.run_json("larder diff development@3 production --json");
    assert_eq!((&said["to"]["environment"], &said["kept"]), (&"production".into(), &3.into()));
}

#[test]
fn old_generations_go_and_pinned_ones_stay() {
    let project = Project::new(&REGISTRY);
    let sync = |line: &str| {
        let rest = "environment \"development\" { keep 2; }\n";
        project.manifest(&format!("dependencies {{\n    {line}\n}}\n{rest}")).run("larder sync").exits(0);
    };
    sync("npm \"left\" \"^1\"");
    let said = project.run_json("larder pin --json");
    conforms(&said, "pins");
    for line in ["npm \"left\" \"^2\"", "npm \"right\"", "npm \"vitest\"", "pypi \"six\""] {
        sync(line);
    }
    let numbers = |project: &Project| {
        let said = project.run_json("larder history --json");
        let list = said["generations"].as_array().expect("a list").clone();
        list.iter().map(|g| g["number"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&project), [5, 4, 1]);
    let packages = fs::read_dir(project.path(".larder/node_modules/.packages")).expect("packages");
    let mut names: Vec<_> = packages.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let names: Vec<_> = names.iter().filter_map(|name| name.split_once('-').map(|(name, _)| name)).collect();
    assert_eq!(names, ["left@1.0.0", "right@1.2.0", "vitest@3.0.0"]);
    project.run("larder rollback 1").exits(0);
    assert_eq!(left(&project), "1.0.0");
    project.run("larder unpin 1").exits(0).names(["Generation 1 is no longer pinned", "No generation"]);
    project.run("larder sync --forward").exits(0);
    assert_eq!(numbers(&project), [6, 5]);
    project.run("larder pin 4").exits(1).names(["no generation 4"]);
}

#[test]
fn promotion_gives_exactly_what_was_tested() {
    let project = Project::new(&REGISTRY);
    let rest = "group \"test\" dev=#true {\n    npm \"vitest\" \"^3\"\n}\nenvironment \"staging\" { include \"test\"; }\n\
        environment \"production\" { dev-groups \"forbid\"; locked \"required\"; }\n";
    let manifest = |left: &str| format!("dependencies {{\n    npm \"left\" \"{left}\"\n}}\n{rest}");
    project.manifest(&manifest("^1"));
    project.run("larder promote staging production").exits(1).names(["staging", "never synced"]);
    project.run("larder sync --env staging").exits(0);
    // The lock beside the manifest moves on; what was tested does not.
    project.manifest(&manifest("^2")).run("larder lock").exits(0);
    let said = project.run_json("larder promote staging production --json");
    conforms(&said, "sync");
    let names: Vec<_> = said["plan"]["added"].as_array().expect("added").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["left", "right"]);
    assert!(project.has("node_modules/vitest"), "staging stays the active one");
    project.run("larder use production").exits(0);
    assert!(left(&project) == "1.0.0" && !project.has("node_modules/vitest"));
    project.run("larder verify").exits(0);
    assert_eq!(project.run_json("larder promote staging production --json")["built"], false);
    let said = project.run_json("larder history --env production --json");
    assert_eq!(said["generations"][0]["promoted"]["environment"], "staging");
    // The record of an earlier sync must not hide that it was gone back.
    project.run("larder sync --env staging").exits(0);
    project.manifest(&manifest("^1")).run("larder lock").exits(0);
    project.run("larder sync --env production").exits(0);
    let number = project.run_json("larder history --json")["current"].as_u64().expect("a number");
    project.run("larder promote staging production").exits(0);
    project.run(&format!("larder rollback {number}")).exits(0);
    project.run("larder sync --env production").exits(1).names(["rolled back"]);
    project.run("larder promote staging staging").exits(2);
    project.run("larder promote staging nowhere").exits(2).names(["staging, production"]);
}

#[test]
fn promotion_ends_as_a_sync_does() {
    let project = Project::new(&REGISTRY);
    let manifest =
        |line: &str| format!("dependencies {{\n    {line}\n}}\nenvironment \"staging\"\nenvironment \"production\"\n");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.manifest(&manifest("npm \"vitest\"")).run("larder sync --env production").exits(0);
    project.manifest(&manifest("npm \"left\"")).run("larder sync --env staging --no-activate").exits(0);
    project.write(".git/info/exclude", "");
    let said = project.run("larder promote staging production").exits(0).stderr;
    // What a manifest asks for, or asked for, comes first.
    let moves: Vec<&str> = said.lines().filter(|line| line.starts_with(['+', '-', '~'])).collect();
    assert_eq!(moves, ["- npm:vitest 3.0.0", "+ npm:left 2.0.0", "+ npm:right 1.2.0"]);
    assert_eq!(project.read(".git/info/exclude"), ".larder\nnode_modules\n.venv\n");
    assert_transcript!(said, @r"
    warning: Node programs that are running find the new packages at their next look-up: restart them
    - npm:vitest 3.0.0
    + npm:left 2.0.0
    + npm:right 1.2.0
    production is at generation 2: 2 added, 1 removed
    ");
}

#[test]
fn promotion_is_refused_with_every_reason_at_once() {
    let scripts = serde_json::json!({ "postinstall": "exit 1" });
    let universe = Universe::new()
        .npm("builds", "1.0.0", |p| p.field("scripts", scripts.clone()))
        .npm("compiles", "1.0.0", |p| p.field("scripts", scripts.clone()))
        .npm("extra", "1.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.manifest(
        "dependencies {\n    npm \"builds\"\n    npm \"compiles\"\n}\ngroup \"more\" {\n    npm \"extra\"\n}\n\
         environment \"staging\"\nenvironment \"production\" {\n    include \"more\"\n    policy { scripts \"deny\"; }\n}\n",
    );
    project.run("larder sync").exits(0);
    let said = project.run("larder promote staging production").exits(1);
    said.names(["builds@1.0.0 declares", "compiles@1.0.0 declares", "the group more", "extra@1.0.0 is not in staging"]);
    assert!(!project.has(".larder/node_modules/.profiles/production"));
}

#[test]
fn production_holds_to_what_its_environment_says() {
    let project = Project::new(&REGISTRY);
    let rest = "environment \"development\"\nenvironment \"production\" {\n    locked \"required\"\n    files \"private\"\n}\n";
    let manifest = |left: &str| format!("dependencies {{\n    npm \"left\" \"{left}\"\n    pypi \"six\"\n}}\n{rest}");
    project.manifest(&manifest("^1")).run("larder sync").exits(0);
    project.manifest(&manifest("^2"));
    project.run("larder sync --env production").exits(1).names(["larder.lock"]);
    project.run("larder lock").exits(0);
    project.run("larder sync --env production").exits(0);
    project.run("larder verify").exits(0);
    let open = std::process::Command::new("find")
        .args([
            ".larder/node_modules/.profiles/production",
            ".larder/active/",
            "node_modules/",
            ".venv/",
            "-follow",
            "-perm",
            "/077",
            "-not",
            "-path",
            "*/bin/python*",
        ])
        .current_dir(project.path(""))
        .output();
    let open = String::from_utf8(open.expect("find").stdout).expect("text");
    assert_eq!(open, "");
    let mode = |path: &str| fs::metadata(project.path(path)).expect("a folder").permissions().mode() & 0o077;
    project.manifest(&manifest("^2").replace("files \"private\"", "")).run("larder sync --env production").exits(0);
    assert_eq!(mode(".larder/node_modules/.profiles/production"), mode(".larder/node_modules/.profiles"));
}

#[test]
fn what_only_tests_need_is_not_in_production_on_disk() {
    let project = Project::new(&REGISTRY);
    project.manifest(GROUPS).run("larder sync --env production").exits(0);
    let words = ["-rl", "pytest\\|vitest", ".larder"];
    let found = std::process::Command::new("grep").args(words).current_dir(project.path("")).output();
    let found = String::from_utf8(found.expect("grep").stdout).expect("text");
    let records: Vec<_> = found.lines().filter(|path| !path.ends_with("/larder.lock")).collect();
    assert_eq!(records, Vec::<&str>::new());
}

#[test]
fn two_machines_build_equal_generations() {
    let (one, other) = (Project::new(&REGISTRY), Project::new(&REGISTRY));
    one.manifest(GROUPS).run("larder sync").exits(0);
    other.manifest(GROUPS).write("larder.lock", &one.read("larder.lock")).run("larder ci").exits(0);
    one.run("larder sync --env production").exits(0);
    other.run("larder ci --env production").exits(0);
    for environment in ["development", "production"] {
        let digest = |project: &Project| {
            let said = project.run_json(&format!("larder history --env {environment} --json"));
            said["generations"][0]["digest"].clone()
        };
        assert_eq!(digest(&one), digest(&other));
    }
}

#[test]
fn a_sync_says_that_running_node_programs_see_the_switch() {
    let project = Project::new(&REGISTRY);
    let restart = "restart them";
    let said = project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    assert!(!said.stderr.contains(restart));
    project.dependencies(&["npm \"left\" \"^2\""]).run("larder sync").exits(0).names([restart]);
    let said = project.run("larder sync --env production --no-activate").exits(0);
    assert!(!said.stderr.contains(restart));
    project.run("larder use production").exits(0).names([restart]);
}

#[test]
fn some_packages_go_back_and_the_rest_is_solved_to_fit() {
    let registry = Universe::new()
        .npm("app", "1.0.0", |p| p.dep("part", "^1"))
        .npm("app", "2.0.0", |p| p.dep("part", "^2"))
        .npm("part", "1.0.0", |p| p)
        .npm("part", "2.0.0", |p| p)
        .npm("other", "1.0.0", |p| p)
        .npm("other", "1.1.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"app\" \"1.0.0\"", "npm \"other\" \"1.0.0\""]).run("larder sync").exits(0);
    project.dependencies(&["npm \"app\" \">=1\"", "npm \"other\" \"^1\""]);
    project.run("larder update").exits(0);
    project.run("larder sync").exits(0);
    assert!(project.read("larder.lock").contains("npm:part@2.0.0"));
    let said = project.run_json("larder rollback 1 --only app --json");
    conforms(&said, "sync");
    let lock = project.read("larder.lock");
    for id in ["npm:app@1.0.0", "npm:part@1.0.0", "npm:other@1.1.0"] {
        assert!(lock.contains(id), "{id} is not in\n{lock}");
    }
    assert_eq!(said["generation"], 3);
    project.run("larder ci").exits(0).names(["up to date"]);
    project.run("larder rollback 2 --only ap").exits(2).names(["has no `ap`", "did you mean `app`"]);
    project.dependencies(&["npm \"app\" \"^2\"", "npm \"other\" \"^1\""]).run("larder sync").exits(0);
    let before = project.state();
    project.run("larder rollback 1 --only app").exits(3).names(["app 1.0.0 does not fit"]);
    assert_eq!(project.state(), before);
}

#[test]
fn adopt_moves_aside_and_deletes_nothing() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]);
    project.write("node_modules/mine.txt", "mine\n").write(".venv/mine.txt", "also mine\n");
    project.run("larder sync").exits(1).names(["larder adopt"]);
    project.run("larder adopt").exits(1).names(["node_modules", ".venv", "--yes"]);
    assert_eq!(project.read("node_modules/mine.txt"), "mine\n");
    let said = project.run_json("larder adopt --yes --json");
    conforms(&said, "adopt");
    let places: Vec<_> = said["moved"].as_array().expect("a list").iter().map(|m| m["to"].clone()).collect();
    let texts: Vec<_> =
        places.iter().map(|place| project.read(&format!("{}/mine.txt", place.as_str().expect("a path")))).collect();
    assert_eq!(texts, ["also mine\n", "mine\n"]);
    project.run("larder sync").exits(0);
    project.run("larder adopt").exits(0).names(["nothing"]);
    // Another tool replaced the link.
    fs::remove_file(project.path("node_modules")).expect("a link");
    project.write("node_modules/theirs.txt", "theirs\n");
    project.run("larder adopt --yes").exits(0).names(["node_modules-2"]);
    assert!(project.has("node_modules/left"));
    project.run("larder verify").exits(0);
    project.run("larder gc").exits(0);
    assert_eq!(project.read(".larder/node_modules/.adopted/node_modules-2/theirs.txt"), "theirs\n");
}
