//! Which registry a package comes from, and where its bytes do: claims, locks that contradict them, mirrors, caches.

use crate::support::{Project, Registry, Universe, host_platform, python_version};

/// Writes a manifest whose npmjs and PyPI are `public`, with further registries.
fn manifest(project: &Project, public: &Registry, registries: &str, rest: &str) {
    let (python, platform) = (python_version(), host_platform());
    let (npm, pypi) = (public.npm_url(), public.pypi_url());
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nruntimes {{\n    node \"20\"\n    python \"{python}\"\n}}\nplatforms \"{platform}\"\n\
             registries {{\n    npm \"npmjs\" \"{npm}\"\n    pypi \"pypi\" \"{pypi}\"\n    {registries}\n}}\n{rest}\n"
        ),
    );
}

/// The same names in a public and a private registry; the public versions are higher.
fn both() -> (Registry, Registry) {
    let public = Universe::new()
        .npm("@acme/money", "99.0.0", |p| p)
        .npm("acme-tool", "99.0.0", |p| p)
        .npm("left", "1.0.0", |p| p)
        .pypi("acme-tool", "99.0", |p| p);
    let private = Universe::new().npm("@acme/money", "1.0.0", |p| p).npm("acme-tool", "1.0.0", |p| p).pypi(
        "acme-tool",
        "1.0",
        |p| p,
    );
    (public.serve(), private.serve())
}

#[test]
fn a_claim_covers_every_spelling_of_a_name() {
    let (public, private) = both();
    for (line, kind, globs) in [
        ("pypi \"Acme_Tool\"", "pypi", &["acme_*", "Acme-*", "acme.*", "acme[._]tool", "ACME.TOOL"][..]),
        ("npm \"acme-tool\" \"*\"", "npm", &["Acme-*", "acme-tool"]),
        ("npm \"@acme/money\" \"*\"", "npm", &["@Acme/*", "@acme/*"]),
        ("npm \"coin\" \"npm:@acme/money@*\"", "npm", &["@acme/mone?"]),
    ] {
        for glob in globs {
            let project = Project::alone();
            let url = if kind == "npm" { private.npm_url() } else { private.pypi_url() };
            let acme = format!("{kind} \"acme\" \"{url}\" {{ packages \"{glob}\"; }}");
            manifest(&project, &public, &acme, &format!("dependencies {{\n    {line}\n}}"));
            let said = project.run("larder lock").exits(0);
            assert!(!said.stderr.contains("claims"), "{glob}: {}", said.stderr);
            let lock = project.read("larder.lock");
            assert!(lock.contains("registry = \"acme\"") && !lock.contains("99.0"), "{glob}: {lock}");
            assert_eq!(public.take_log(), Vec::<String>::new(), "{glob}");
        }
    }
}

#[test]
fn a_claim_that_covers_nothing_is_told() {
    let (public, private) = both();
    let project = Project::alone();
    let acme = format!("npm \"acme\" \"{}\" {{ packages \"@acme/*\" \"@amce/*\"; }}", private.npm_url());
    manifest(&project, &public, &acme, "dependencies {\n    npm \"@acme/money\" \"^1\"\n}");
    // Once more: the lock that is fresh by then is no reason to be silent.
    for _ in 0..2 {
        let said = project.run("larder lock --json").exits(0).json();
        let warnings = said["warnings"].as_array().expect("warnings");
        let told = warnings.iter().filter_map(|warning| warning.as_str()).filter(|text| text.contains("claims"));
        let told: Vec<&str> = told.collect();
        assert!(told.len() == 1 && told[0].contains("`acme` claims `@amce/*`"), "{told:?}");
    }
}

#[test]
fn a_lock_from_a_registry_that_lost_the_name_is_refused() {
    let (public, private) = both();
    for (line, kind, glob) in
        [("npm \"@acme/money\" \"*\"", "npm", "@acme/*"), ("pypi \"acme-tool\"", "pypi", "acme_*")]
    {
        let project = Project::alone();
        let url = if kind == "npm" { private.npm_url() } else { private.pypi_url() };
        let rest = format!("dependencies {{\n    {line}\n}}");
        manifest(&project, &public, "", &rest);
        project.run("larder sync").exits(0);
        manifest(&project, &public, &format!("{kind} \"acme\" \"{url}\" {{ packages \"{glob}\"; }}"), &rest);
        let state = project.state();
        public.take_log();
        for command in
            ["larder check", "larder ci", "larder lock --check", "larder sync --frozen", "larder fetch --frozen"]
        {
            project.run(command).exits(1).names(["acme", if kind == "npm" { "npmjs" } else { "pypi" }]);
        }
        assert_eq!(project.state(), state);
        project.run("larder sync").exits(0);
        let lock = project.read("larder.lock");
        assert!(lock.contains("registry = \"acme\"") && !lock.contains("99.0"), "{lock}");
        project.run("larder sync --frozen").exits(0);
        project.run("larder ci").exits(0);
        assert_eq!(public.take_log(), Vec::<String>::new());
    }
}

#[test]
fn a_lock_whose_registry_a_line_contradicts_or_nobody_declares_is_stale() {
    let (public, private) = both();
    let project = Project::alone();
    let corp = |name: &str| format!("npm \"{name}\" \"{}\"", private.npm_url());
    let line = |rest: &str| format!("dependencies {{\n    npm \"@acme/money\" \"*\"{rest}\n}}");
    manifest(&project, &public, &corp("corp"), &line(""));
    project.run("larder lock").exits(0);
    manifest(&project, &public, &corp("corp"), &line(" registry=\"corp\""));
    for command in ["larder ci", "larder sync --frozen"] {
        project.run(command).exits(1).names(["`npmjs`", "`corp`"]);
    }
    project.run("larder lock").exits(0);
    project.run("larder check").exits(0);
    assert!(project.read("larder.lock").contains("@acme/money@1.0.0"));
    manifest(&project, &public, &corp("renamed"), &line(" registry=\"renamed\""));
    for command in ["larder ci", "larder sync --frozen"] {
        project.run(command).exits(1).names(["`corp`", "`renamed`"]);
    }
    // Without `registry=` and without a priority, `corp` is not asked for anything.
    manifest(&project, &public, &corp("corp"), &line(""));
    project.run("larder ci").exits(1).names(["`corp`", "`npmjs`"]);
    // One that is asked first may not have the package: that is not known offline.
    manifest(&project, &public, &format!("{} {{ priority 5; }}", corp("corp")), &line(""));
    project.run("larder check").exits(0);
}

#[test]
fn requirements_that_changed_are_no_matter_to_a_frozen_lock() {
    let (public, private) = both();
    let project = Project::alone();
    let acme = format!("npm \"acme\" \"{}\" {{ packages \"@acme/*\"; }}", private.npm_url());
    manifest(&project, &public, &acme, "dependencies {\n    npm \"@acme/money\" \"^1\"\n}");
    project.run("larder lock").exits(0);
    manifest(&project, &public, &acme, "dependencies {\n    npm \"@acme/money\" \"^7\"\n}");
    project.run("larder ci").exits(1);
    project.run("larder sync --frozen").exits(0);
}

#[test]
fn a_line_takes_nothing_claimed_from_elsewhere() {
    let (public, private) = both();
    let project = Project::alone();
    let acme = format!("npm \"acme\" \"{}\" {{ packages \"@Acme/*\"; }}", private.npm_url());
    manifest(&project, &public, &acme, "dependencies {\n    npm \"@acme/money\" \"*\" registry=\"npmjs\"\n}");
    project.run("larder lock").exits(2).names(["larder::manifest::claimed", "@acme/money", "`acme`", "`npmjs`"]);
    manifest(&project, &public, &acme, "dependencies {\n    npm \"@acme/money\" \"*\" registry=\"acme\"\n}");
    project.run("larder lock").exits(0);
    manifest(&project, &public, &acme, "members \"apps/*\"");
    project.write("apps/web/larder.kdl", "dependencies {\n    npm \"x\" \"npm:@acme/money@*\" registry=\"npmjs\"\n}\n");
    project.run("larder lock").exits(2).names(["larder::manifest::claimed", "apps/web/larder.kdl", "`acme`"]);
    assert_eq!(public.take_log(), Vec::<String>::new());
}
