//! The runs that are swept: a project as it is before, and a command.

use std::any::Any;

use crate::runtimes;
use crate::support::{GitServer, Metadata, Project, Universe};

/// A project as it is before a run, and the servers that it needs, which go on until they are dropped.
pub(super) type Prepared = (Project, Vec<Box<dyn Any>>);

/// A run, and what is there before it.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and most scenes have none")]
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) command: &'static str,
    pub(super) prepare: fn() -> Prepared,
    /// Whether a sync just before the run has nothing to do.
    pub(super) synced: bool,
    /// Whether the command fails where it was done already.
    pub(super) once: bool,
    /// Whether nothing but the same command mends what was there before.
    pub(super) again: bool,
    /// Whether something that larder did not make lies in the checkout.
    pub(super) foreign: bool,
    /// How the code of the error begins where a program of others failed that a blow hit in larder's place.
    pub(super) others: Option<&'static str>,
}

const fn scene(name: &'static str, command: &'static str, prepare: fn() -> Prepared) -> Scene {
    Scene { name, command, prepare, synced: false, once: false, again: false, foreign: false, others: None }
}

/// A scene in which manifest, lock and profile agree before the run.
const fn synced(name: &'static str, command: &'static str, prepare: fn() -> Prepared) -> Scene {
    Scene { synced: true, ..scene(name, command, prepare) }
}

pub(super) static SCENES: [Scene; 29] = [
    scene("new", "larder sync", new),
    scene("changed", "larder sync", changed),
    scene("rich", "larder sync", rich),
    synced("switched", "larder sync --env production", first),
    synced("compiled", "larder sync --compile", first),
    Scene { again: true, ..scene("harmed", "larder sync --repair", harmed) },
    Scene { again: true, ..scene("unrecorded", "larder sync --repair", unrecorded) },
    synced("used", "larder use production", both),
    synced("rolled-back", "larder rollback 1", second),
    synced("taken-back", "larder rollback 1 --only npm:part-3", open),
    scene("forward", "larder sync --forward", rolled_back),
    synced("promoted", "larder promote development production", first),
    synced("pinned", "larder pin 1", second),
    synced("unpinned", "larder unpin 1", pinned),
    scene("collected", "larder gc", superfluous),
    Scene { once: true, again: true, ..scene("begun", "larder init", nothing) },
    synced("added", "larder add npm:part-3 pypi:piece-3 --group jobs", first),
    synced("member-added", "larder -C apps/web add npm:part-3", members),
    Scene { once: true, ..synced("removed", "larder remove npm:part-1 pypi:piece-1", first) },
    scene("locked", "larder lock", changed),
    synced("updated", "larder update", open),
    Scene { again: true, foreign: true, ..scene("adopted", "larder adopt --yes", foreign) },
    Scene { foreign: true, ..scene("copied", "larder sync", copied) },
    synced("deployed", "larder flow deploy intake", deployed),
    Scene { others: Some("larder::build::"), ..scene("built", "larder sync", buildable) },
    Scene { others: Some("larder::git::"), ..scene("cloned", "larder sync", cloneable) },
    scene("node-brought", "larder sync", without_node),
    scene("node-moved", "larder sync", with_old_node),
    scene("python-brought", "larder sync", without_python),
];

fn universe(version: &str) -> Universe {
    (0..4)
        .fold(Universe::new(), |universe, place| {
            let next = format!("part-{}", place + 1);
            universe
                .npm(&format!("part-{place}"), version, |p| {
                    let p = p.file("deep/data.txt", version).bin("cli", "cli.js", "#!/usr/bin/env node\n");
                    if place < 3 { p.dep(&next, "*") } else { p }
                })
                .pypi(&format!("piece-{place}"), version, |p| p)
        })
        .npm("@scope/tool", version, |p| p.file("big.txt", &version.repeat(1 << 17)))
}

/// Writes a manifest whose dependencies have this range, and these environments.
fn manifest(project: &Project, (npm, pypi): (&str, &str), rest: &str) {
    project.manifest(&format!(
        "dependencies {{\n    npm \"part-0\" \"{npm}\"\n    npm \"part-1\" \"{npm}\"\n    npm \"@scope/tool\" \
         \"{npm}\"\n}}\n\ngroup \"jobs\" {{\n    pypi \"piece-0\" \"{pypi}\"\n    pypi \"piece-1\" \"{pypi}\"\n}}\n\n{rest}",
    ));
}

const ENVIRONMENTS: &str =
    "environment \"development\" { include \"jobs\"; }\nenvironment \"production\" { include \"jobs\"; }\n";

fn exactly(project: &Project, version: &str) {
    manifest(project, (version, &format!("=={version}")), ENVIRONMENTS);
}

/// Writes a manifest of version 1.0.0 of everything, with further lines of dependencies, followed by `rest`.
fn exactly_and(project: &Project, lines: &str, rest: &str) {
    exactly(project, "1.0.0");
    let text = project.read("larder.kdl").replacen("dependencies {\n", &format!("dependencies {{\n{lines}"), 1);
    project.write("larder.kdl", &(text + rest));
}

/// A project that was never synced.
fn new() -> Prepared {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    std::fs::create_dir(project.path(".git")).expect("a folder");
    exactly(&project, "2.0.0");
    (project, vec![Box::new(registry)])
}

/// A project that has what it wants.
fn first() -> Prepared {
    let (project, registries) = new();
    project.run("larder sync").exits(0);
    (project, registries)
}

/// A project that has another version of everything.
fn changed() -> Prepared {
    let (old, new) = (universe("1.0.0").serve(), universe("2.0.0").serve());
    let mut project = Project::new(&old);
    exactly(&project, "1.0.0");
    project.run("larder sync").exits(0);
    project.sees(&new);
    exactly(&project, "2.0.0");
    (project, vec![Box::new(old), Box::new(new)])
}

/// Two generations.
fn second() -> Prepared {
    let (project, registries) = changed();
    project.run("larder sync").exits(0);
    (project, registries)
}

/// Two generations, and the second is given up.
fn rolled_back() -> Prepared {
    let (project, registries) = second();
    project.run("larder rollback 1").exits(0);
    (project, registries)
}

/// Two generations, and the first is to stay.
fn pinned() -> Prepared {
    let (project, registries) = second();
    project.run("larder pin 1").exits(0);
    (project, registries)
}

/// Two generations, of which one is kept any longer, and packages of the store that only the other has.
fn superfluous() -> Prepared {
    let (project, registries) = second();
    manifest(&project, ("2.0.0", "==2.0.0"), "environment \"development\" {\n    include \"jobs\"\n    keep 1\n}\n");
    (project, registries)
}

/// Two environments.
fn both() -> Prepared {
    let (project, registries) = first();
    project.run("larder sync --env production").exits(0);
    project.run("larder use development").exits(0);
    (project, registries)
}

/// A package is harmed, in the store too.
fn harmed() -> Prepared {
    let (project, registries) = first();
    let file = project.path("node_modules/part-1/deep/data.txt").canonicalize().expect("a file");
    let script = "require('fs').chmodSync(process.argv[1], 0o644); require('fs').writeFileSync(process.argv[1], 'x')";
    project.program("node", &["-e", script, &file.display().to_string()]).exits(0);
    (project, registries)
}

/// The record of the current generation is harmed, and a package.
fn unrecorded() -> Prepared {
    let (project, registries) = harmed();
    project.write(".larder/node_modules/.profiles/development/current/generation.json", "{}");
    (project, registries)
}

/// Two generations of a manifest that admits every version, and a third one to have.
fn open() -> Prepared {
    let (old, both) = (universe("1.0.0").serve(), joined(&["1.0.0", "2.0.0"]).serve());
    let all = joined(&["1.0.0", "2.0.0", "3.0.0"]).serve();
    let mut project = Project::new(&old);
    manifest(&project, ("*", ">=1"), ENVIRONMENTS);
    project.run("larder sync").exits(0);
    for (registry, command) in [(&both, "larder update"), (&both, "larder sync"), (&all, "larder lock")] {
        project.sees(registry);
        std::fs::remove_dir_all(project.folder().join("cache")).expect("a cache");
        project.run(command).exits(0);
    }
    (project, vec![Box::new(old), Box::new(both), Box::new(all)])
}

fn joined(versions: &[&str]) -> Universe {
    let mut all = Universe::new();
    for version in versions {
        let Universe { npm, pypi, .. } = universe(version);
        all.npm.extend(npm);
        all.pypi.extend(pypi);
    }
    all
}

/// Members, files that nobody else may read, packages that may write into themselves, everything on disk before a switch.
fn rich() -> Prepared {
    let (old, new) = (universe("1.0.0").serve(), universe("2.0.0").serve());
    let mut project = Project::new(&old);
    let rest = "environment \"development\" {\n    include \"jobs\"\n    files \"private\"\n    durable #true\n}\n\n\
                members \"apps/*\"\n\nresolution {\n    writable npm \"part-1\"\n}\n";
    for version in ["1.0.0", "2.0.0"] {
        manifest(&project, (version, &format!("=={version}")), rest);
        project.write("apps/web/larder.kdl", &format!("dependencies {{\n    npm \"part-2\" \"{version}\"\n}}\n"));
        if version == "1.0.0" {
            project.run("larder sync").exits(0);
        }
    }
    project.sees(&new);
    (project, vec![Box::new(old), Box::new(new)])
}

/// What [`rich`] becomes.
fn members() -> Prepared {
    let (project, registries) = rich();
    project.run("larder sync").exits(0);
    (project, registries)
}

/// A copy of a checkout, whose links lead to the other one.
fn copied() -> Prepared {
    let (project, registries) = new();
    let other = project.folder().join("other");
    std::fs::rename(project.path(""), &other).expect("a folder of ours");
    std::fs::create_dir(project.path("")).expect("a folder");
    project.run("larder -C ../other sync").exits(0);
    super::copy(&other, &project.path(""));
    (project, registries)
}

/// A flow that is deployed beside another, and a newer form of both.
fn deployed() -> Prepared {
    let (registry, adapter) =
        (universe("2.0.0").serve(), "adapter kind=\"file\" direction=\"in\" { schema \"order\"; path \"/1\"; }\n");
    let project = Project::new(&registry);
    manifest(&project, ("2.0.0", "==2.0.0"), &format!("{ENVIRONMENTS}\nmembers \"packages/*\"\n"));
    let assets = "schema \"order\" \"order.json\"; adapter \"in\" \"in.kdl\"; adapter \"out\" \"out.kdl\"; \
                  flow \"intake\" \"intake.kdl\" state=\"ready\"; flow \"other\" \"other.kdl\" state=\"ready\"";
    project
        .write("packages/orders/larder.kdl", &format!("package \"orders\" version=\"1.0.0\"\nassets {{ {assets}; }}\n"))
        .write("packages/orders/order.json", "{\"type\": \"object\"}\n")
        .write("packages/orders/in.kdl", adapter)
        .write("packages/orders/out.kdl", &adapter.replace("\"in\"", "\"out\""));
    for flow in ["intake", "other"] {
        let text = format!("flow \"{flow}\" {{ from \"in\"; to \"out\"; on-error to=\"out\"; }}\n");
        project.write(&format!("packages/orders/{flow}.kdl"), &text);
    }
    project.run("larder sync").exits(0);
    project.run("larder flow deploy other").exits(0);
    project.run("larder flow deploy intake").exits(0);
    project.write("packages/orders/in.kdl", &adapter.replace("/1", "/2"));
    (project, vec![Box::new(registry)])
}

/// A folder with what another tool reads.
fn nothing() -> Prepared {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    project.write("package.json", r#"{"name":"shop","dependencies":{"part-3":"^2"}}"#).write(".gitignore", "*.log\n");
    (project, vec![Box::new(registry)])
}

/// A project that asks for a package which exists only as source, and lets it be built.
fn buildable() -> Prepared {
    let (old, new) = (universe("1.0.0").serve(), {
        let universe = universe("1.0.0");
        universe.pypi("piece-built", "1.1", |p| p.requires("piece-0").source_only(Metadata::Stated)).serve()
    });
    let mut project = Project::new(&old);
    exactly(&project, "1.0.0");
    project.run("larder sync").exits(0);
    project.sees(&new);
    exactly_and(&project, "    pypi \"piece-built\"\n", "builds { allow pypi \"piece-built\"; }\n");
    (project, vec![Box::new(old), Box::new(new)])
}

/// A project that asks for packages of git repositories.
fn cloneable() -> Prepared {
    let (registry, server) = (universe("1.0.0").serve(), GitServer::start());
    let (kit, tools) = (server.repository("kit"), server.repository("tools"));
    kit.write("package.json", "{\"name\":\"kit\",\"version\":\"1.0.0\",\"dependencies\":{\"part-2\":\"*\"}}");
    kit.write("index.js", "module.exports = 1\n").commit();
    let pyproject = "[project]\nname = 'piece-cloned'\nversion = '2.1'\n\
                     [build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    tools.write("py/pyproject.toml", pyproject).write("py/src/piece_cloned/__init__.py", "VERSION = '2.1'\n").commit();
    let project = Project::new(&registry);
    exactly(&project, "1.0.0");
    project.run("larder sync").exits(0);
    let (kit, tools) = (kit.url(), tools.url());
    let lines =
        format!("    npm \"kit\" git=\"{kit}\"\n    pypi \"piece-cloned\" git=\"{tools}\" subdirectory=\"py\"\n");
    exactly_and(&project, &lines, "");
    (project, vec![Box::new(registry), Box::new(server)])
}

/// A project that was never synced, for which larder brings Node.
fn without_node() -> Prepared {
    let registry = runtimes::two_nodes().serve();
    let project = Project::new(&registry);
    std::fs::create_dir(project.path(".git")).expect("a folder");
    project.with_runtimes(&registry, runtimes::NODE, "dependencies { npm \"left\"; }\n");
    (project, vec![Box::new(registry)])
}

/// A project that has one Node, and is to have another.
fn with_old_node() -> Prepared {
    let registry = runtimes::two_nodes().serve();
    let project = Project::new(&registry);
    project.with_runtimes(&registry, runtimes::NODE, "dependencies { npm \"left\"; }\n");
    project.run("larder sync").exits(0);
    registry.becomes(&runtimes::newer());
    project.run("larder update --runtimes").exits(0);
    (project, vec![Box::new(registry)])
}

/// A project that was never synced, for which larder brings Python.
fn without_python() -> Prepared {
    let registry = runtimes::pythons().serve();
    let project = runtimes::python_project(&registry, "pypi \"six\"");
    (project, vec![Box::new(registry)])
}

/// Another tool replaced the links.
fn foreign() -> Prepared {
    let (project, registries) = first();
    for (link, file) in [("node_modules", "node_modules/part-0/package.json"), (".venv", ".venv/bin/python")] {
        std::fs::remove_file(project.path(link)).expect("a link");
        project.write(file, "{}");
    }
    (project, registries)
}
