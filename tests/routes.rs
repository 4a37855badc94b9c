//! `registry=`: one registry for each package, or one for each platform.

use crate::support::{Project, Registry, Universe, assert_transcript, host_platform, python_version};

/// A platform that the tests do not run on, and how a line is limited to it and to the others.
fn other_platform() -> (&'static str, &'static str, &'static str) {
    match host_platform() {
        "linux-x64" | "linux-arm64" => ("macos-arm64", "sys_platform == 'darwin'", "sys_platform == 'linux'"),
        _ => ("linux-x64", "sys_platform == 'linux'", "sys_platform == 'darwin'"),
    }
}

/// Registries `cpu` and `cu12` of torch, beside what npmjs and PyPI have.
struct Registries {
    public: Registry,
    cpu: Registry,
    cu12: Registry,
}

impl Registries {
    fn serve() -> Self {
        let torch = |built: &str, requires: &[&str]| {
            let mut universe = Universe::new();
            for version in ["2.0", "2.1"] {
                universe = universe.pypi("torch", version, |mut torch| {
                    for requirement in requires {
                        torch = torch.requires(requirement);
                    }
                    torch.file("torch/built.py", &format!("FOR = {built:?}\n"))
                });
            }
            universe
                .npm("native", "1.0.0", |native| native.file("built.js", &format!("module.exports = {built:?}\n")))
                .serve()
        };
        let public = Universe::new()
            .pypi("torch", "9.0", |torch| torch)
            .pypi("vision", "1.0", |vision| vision.requires("torch>=2"))
            .pypi("nvidia-blas", "1.0", |blas| blas)
            .npm("native", "9.0.0", |native| native)
            .npm("user", "1.0.0", |user| user.dep("native", "*"))
            .npm("plugin", "1.0.0", |plugin| plugin.peer("native", "*"))
            .serve();
        Self { public, cpu: torch("cpu", &[]), cu12: torch("cu12", &["nvidia-blas"]) }
    }

    /// Writes a manifest for this machine and another platform that knows all registries.
    fn project(&self, rest: &str) -> Project {
        let project = Project::new(&self.public);
        self.write(&project, rest);
        project
    }

    fn write(&self, project: &Project, rest: &str) {
        let (other, _, _) = other_platform();
        let (host, python) = (host_platform(), python_version());
        let (cpu, cu12) = (&self.cpu, &self.cu12);
        project.write(
            "larder.kdl",
            &format!(
                "project \"case\"\nruntimes {{ node \"20\"; python \"{python}\"; }}\nplatforms \"{host}\" \"{other}\"\n\
                 registries {{\n    pypi \"cpu\" \"{}\"\n    pypi \"cu12\" \"{}\"\n    npm \"cpu-npm\" \"{}\"\n    \
                 npm \"cu12-npm\" \"{}\"\n}}\n{rest}",
                cpu.pypi_url(),
                cu12.pypi_url(),
                cpu.npm_url(),
                cu12.npm_url(),
            ),
        );
    }
}

#[test]
fn lines_that_name_two_registries_for_one_package_are_both_pointed_at() {
    let registries = Registries::serve();
    for rest in [
        "dependencies { pypi \"torch\" registry=\"cpu\"; }\ngroup \"gpu\" { pypi \"Torch\" registry=\"cu12\"; }\n",
        "dependencies { npm \"native\" registry=\"cpu-npm\"; npm \"n\" \"npm:native@*\" registry=\"cu12-npm\"; }\n",
    ] {
        let project = registries.project(rest);
        let told = project.run("larder lock --json").exits(2).json();
        let error = &told["error"]["related"][0];
        let labels = error["labels"].as_array().expect("labels");
        assert_eq!((error["code"].as_str(), labels.len()), (Some("larder::manifest::registries"), 2), "{told}");
        let text = project.read("larder.kdl");
        let place = |label: &serde_json::Value| {
            let start = usize::try_from(label["offset"].as_u64().expect("a number")).expect("a place");
            let length = usize::try_from(label["length"].as_u64().expect("a number")).expect("a length");
            text[start..start + length].to_owned()
        };
        let mut named: Vec<_> = labels.iter().map(place).collect();
        named.sort();
        assert!(named[0].starts_with("\"cpu") && named[1].starts_with("\"cu12"), "{named:?}");
        assert!(!project.has("larder.lock"));
    }
}

#[test]
fn a_contradiction_between_root_member_and_local_package_is_told_in_both_files() {
    let registries = Registries::serve();
    let root = "dependencies { pypi \"torch\" registry=\"cpu\"; }\nmembers \"apps/*\"\n";
    let project = registries.project(root);
    project.write("apps/web/larder.kdl", "dependencies { pypi \"torch\" registry=\"cu12\"; }\n");
    let told = project.run("larder lock").exits(2).stderr;
    assert_transcript!(told, @r#"
    larder::manifest::invalid

      × the manifests of the root and its members do not fit

    Error: larder::manifest::invalid

      × apps/web/larder.kdl has an error

    Error: larder::manifest::registries

      × pypi:torch comes from registry `cu12` here, but from `cpu` in larder.kdl
       ╭─[apps/web/larder.kdl:1:38]
     1 │ dependencies { pypi "torch" registry="cu12"; }
       ·                                      ───┬──
       ·                                         ╰── `cu12` here
       ╰────
      help: name one registry for it, or give the lines `when=` conditions that exclude each other

    Error: larder::manifest::invalid

      × larder.kdl has an error

    Error: larder::manifest::registries

      × pypi:torch comes from registry `cpu` here, but from `cu12` in apps/web/larder.kdl
        ╭─[larder.kdl:10:38]
      9 │ }
     10 │ dependencies { pypi "torch" registry="cpu"; }
        ·                                      ──┬──
        ·                                        ╰── `cpu` here
     11 │ members "apps/*"
        ╰────
      help: name one registry for it, or give the lines `when=` conditions that exclude each other
    "#);

    let project = registries.project("dependencies { pypi \"torch\" registry=\"cpu\"; path \"lib\"; }\n");
    project.write("lib/larder.kdl", "project \"lib\"\ndependencies { pypi \"torch\" registry=\"cu12\"; }\n");
    let told = project.run("larder lock").exits(2).stderr;
    assert_transcript!(told, @r#"
    larder::manifest::invalid

      × the manifests of the root and its members do not fit

    Error: larder::manifest::invalid

      × larder.kdl has an error

    Error: larder::manifest::registries

      × pypi:torch comes from registry `cpu` here, but from `cu12` in lib/larder.kdl
        ╭─[larder.kdl:10:38]
      9 │ }
     10 │ dependencies { pypi "torch" registry="cpu"; path "lib"; }
        ·                                      ──┬──
        ·                                        ╰── `cpu` here
        ╰────
      help: name one registry for it, or give the lines `when=` conditions that exclude each other

    Error: larder::manifest::invalid

      × lib/larder.kdl has an error

    Error: larder::manifest::registries

      × pypi:torch comes from registry `cu12` here, but from `cpu` in larder.kdl
       ╭─[lib/larder.kdl:2:38]
     1 │ project "lib"
     2 │ dependencies { pypi "torch" registry="cu12"; }
       ·                                      ───┬──
       ·                                         ╰── `cu12` here
       ╰────
      help: name one registry for it, or give the lines `when=` conditions that exclude each other
    "#);

    // What only a local package names holds too, and one registry named twice is no contradiction.
    let project =
        registries.project("dependencies { pypi \"vision\"; path \"lib\"; pypi \"torch\" registry=\"cu12\"; }\n");
    project.write("lib/larder.kdl", "project \"lib\"\ndependencies { pypi \"torch\" registry=\"cu12\"; }\n");
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"pypi:torch@2.1\"\nregistry = \"cu12\""), "{lock}");
}

#[test]
fn platforms_that_lines_separate_have_a_registry_each() {
    let registries = Registries::serve();
    let (other, there, here) = other_platform();
    let lines = |there: &str, here: &str| {
        format!(
            "dependencies {{\n    pypi \"vision\"\n    pypi \"torch\" registry=\"cpu\" when=\"{there}\"\n    \
             pypi \"torch\" \"<2.1\" registry=\"cu12\" when=\"{here}\"\n}}\n"
        )
    };
    let project = registries.project(&lines(there, here));
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let host = host_platform();
    for expected in [
        "id = \"pypi+cpu:torch@2.1\"\nregistry = \"cpu\"".to_owned(),
        "id = \"pypi+cu12:torch@2.0\"\nregistry = \"cu12\"".to_owned(),
        format!("{{ to = \"pypi+cpu:torch@2.1\", platforms = [\"{other}\"] }}"),
        format!("{{ to = \"pypi+cu12:torch@2.0\", platforms = [\"{host}\"] }}"),
    ] {
        assert!(lock.contains(&expected), "{expected}\n{lock}");
    }
    // The public index has a torch, and is not asked for it.
    let asked = registries.public.take_log();
    assert!(asked.iter().any(|path| path.contains("vision")) && !asked.iter().any(|path| path.contains("torch")));
    project.run("larder lock --locked").exits(0);
    project.run("larder sync").exits(0);
    let built = project.run("larder run -- python -c 'import torch.built, nvidia_blas; print(torch.built.FOR)'");
    assert_eq!(built.stdout.trim(), "cu12", "{}", built.stderr);
    project.run("larder verify").exits(0);
    let listed = project.run_json("larder list --json");
    let torches: Vec<_> = listed["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter(|package| package["name"] == "torch")
        .map(|package| (package["registry"].as_str().unwrap_or_default(), package["platforms"].to_string()))
        .collect();
    assert_eq!(torches, [("cpu", format!("[\"{other}\"]")), ("cu12", format!("[\"{host}\"]"))]);
    project.run("larder why torch").exits(0);
    project.run("larder outdated").exits(0);

    // The other way round is another lock.
    registries.write(&project, &lines(here, there));
    project.run("larder lock --locked").exits(1);
    project.run("larder sync").exits(0);
    let built = project.run("larder run -- python -c 'import torch.built; print(torch.built.FOR)'");
    assert_eq!(built.stdout.trim(), "cpu");
    // And one registry for all is one more.
    registries.write(&project, "dependencies { pypi \"vision\"; pypi \"torch\" registry=\"cpu\"; }\n");
    project.run("larder lock --locked").exits(1);
    project.run("larder sync").exits(0);
    assert!(!project.read("larder.lock").contains("pypi+"));
}

#[test]
fn a_platform_whose_line_names_no_registry_has_the_usual_one() {
    let registries = Registries::serve();
    let (_, there, here) = other_platform();
    let project = registries.project(&format!(
        "dependencies {{\n    pypi \"torch\" registry=\"cpu\" when=\"{there}\"\n    pypi \"torch\" when=\"{here}\"\n}}\n"
    ));
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("\"pypi:torch@9.0\"\nregistry = \"pypi\"") && lock.contains("pypi+cpu:torch@2.1"), "{lock}");
    // Where no line asks for it, the registry that is named counts everywhere.
    registries.write(
        &project,
        &format!("dependencies {{ pypi \"vision\"; pypi \"torch\" registry=\"cpu\" when=\"{there}\"; }}\n"),
    );
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("\"pypi:torch@2.1\"\nregistry = \"cpu\"") && !lock.contains("torch@9.0"), "{lock}");
}

#[test]
fn an_npm_package_has_a_registry_for_each_platform_too() {
    let registries = Registries::serve();
    let (other, there, here) = other_platform();
    let project = registries.project(&format!(
        "dependencies {{\n    npm \"user\"\n    npm \"plugin\"\n    npm \"native\" registry=\"cpu-npm\" when=\"{there}\"\n    \
         npm \"native\" registry=\"cu12-npm\" when=\"{here}\"\n}}\n"
    ));
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    for (registry, platform) in [("cpu", other), ("cu12", host_platform())] {
        let edge = format!("{{ to = \"npm+{registry}-npm:native@1.0.0\", platforms = [\"{platform}\"] }}");
        assert_eq!(lock.matches(&edge).count(), 2, "{edge}\n{lock}");
        let peer = edge.replace(", platforms", ", kind = \"peer\", platforms");
        assert_eq!(lock.matches(&peer).count(), 1, "{peer}\n{lock}");
    }
    project.run("larder lock --locked").exits(0);
    let built = project.run("larder run -- node -p 'require(\"native/built.js\")'");
    assert_eq!(built.stdout.trim(), "cu12");
    assert!(!registries.public.take_log().iter().any(|path| path.contains("native")));
}
