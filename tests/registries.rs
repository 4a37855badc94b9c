//! Which registry a package comes from, and where its bytes do: claims, locks that contradict them, mirrors, caches.

use crate::support::{NpmPackage, Project, PypiPackage, Registry, Universe, host_platform, python_version};

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
fn a_lock_that_names_no_registry_is_stale() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    for (rest, name) in [(LEFT, "npmjs"), (SIX, "pypi")] {
        let project = Project::alone();
        manifest(&project, &registry, "", rest);
        project.run("larder lock").exits(0);
        let lock = project.read("larder.lock");
        project.write("larder.lock", &lock.replace(&format!("registry = \"{name}\"\n"), ""));
        for command in ["larder ci", "larder sync --frozen", "larder check"] {
            project.run(command).exits(1).names(["from no registry", name]);
        }
        project.run("larder sync").exits(0);
        assert_eq!(project.read("larder.lock"), lock);
    }
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

const LEFT: &str = "dependencies {\n    npm \"left\" \"^1\"\n}";
const SIX: &str = "dependencies {\n    pypi \"six\"\n}";
const USUAL: &str = "/npm/left/-/left-1.0.0.tgz";

fn left() -> NpmPackage {
    NpmPackage::new("left", "1.0.0")
}

fn six() -> PypiPackage {
    PypiPackage::new("six", "1.0")
}

/// A host of files that is no registry.
fn cdn() -> Registry {
    let files = Universe::new().file("/cdn/left.tgz", left().tarball());
    files.file(&format!("/cdn/{}", six().file_name()), six().wheel()).serve()
}

/// A registry whose documents say that its files are on another host.
fn with_files_at(cdn: &Registry) -> Registry {
    let (tarball, wheel) = (cdn.url("/cdn/left.tgz"), cdn.url(&format!("/cdn/{}", six().file_name())));
    Universe::new().npm("left", "1.0.0", |p| p.tarball_at(&tarball)).pypi("six", "1.0", |p| p.wheel_at(&wheel)).serve()
}

#[test]
fn a_tarball_on_a_second_host_comes_from_the_registry_where_it_has_it() {
    let cdn = cdn();
    let registry = with_files_at(&cdn);
    let project = Project::alone();
    manifest(&project, &registry, "", LEFT);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(!lock.contains("127.0.0.1") && !lock.contains("location"), "{lock}");
    assert_eq!(cdn.take_log(), Vec::<String>::new());
    // Where it does not, it says where it is; the lock does not.
    registry.fail(USUAL, 404);
    for command in ["larder sync", "larder sync --frozen"] {
        project.forget();
        std::fs::remove_dir_all(project.path(".larder")).expect("a profile");
        project.run(command).exits(0);
        assert_eq!(cdn.take_log(), ["/cdn/left.tgz"]);
    }
}

#[test]
fn mirrors_are_asked_before_a_second_host() {
    let cdn = cdn();
    let registry = with_files_at(&cdn);
    let mirror = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::alone();
    let acme =
        format!("npm \"acme\" \"{}\" {{ packages \"left\"; mirror \"{}\"; }}", registry.npm_url(), mirror.npm_url());
    manifest(&project, &registry, &acme, LEFT);
    registry.fail(USUAL, 503);
    project.run("larder sync").exits(0);
    assert_eq!(cdn.take_log(), Vec::<String>::new());
    assert!(mirror.take_log().contains(&USUAL.to_owned()));
    // One that the environment puts in front, too.
    project.forget();
    std::fs::remove_dir_all(project.path(".larder")).expect("a profile");
    manifest(&project, &registry, "", LEFT);
    project.write("larder.lock", &project.read("larder.lock").replace("\"acme\"", "\"npmjs\""));
    project.sees(&mirror);
    registry.take_log();
    project.run("larder sync --frozen").exits(0);
    assert_eq!((cdn.take_log(), registry.take_log()), (Vec::new(), Vec::new()));
}

#[test]
fn a_wheel_on_a_second_host_is_found_where_the_page_says() {
    let cdn = cdn();
    let registry = with_files_at(&cdn);
    let project = Project::alone();
    manifest(&project, &registry, "", SIX);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(!lock.contains("127.0.0.1") && !lock.contains("location"), "{lock}");
    assert!(cdn.take_log().contains(&format!("/cdn/{}", six().file_name())));
}

#[test]
fn a_mirror_with_its_files_elsewhere_is_asked_for_one_page() {
    let names = ["a", "b", "c", "d"];
    let path = |name: &str| format!("/files/packages/aa/bb/{}/{name}-1.0-py3-none-any.whl", name.repeat(60));
    let mirror = Universe::new().serve();
    let universe = names.iter().fold(Universe::new(), |universe, name| {
        let wheel = PypiPackage::new(name, "1.0").wheel();
        universe.pypi(name, "1.0", |p| p.wheel_at(&mirror.url(&path(name)))).file(&path(name), wheel)
    });
    mirror.becomes(&universe);
    let project = Project::new(&mirror);
    // The index is the public one: what a lock keeps of its files' URLs does not tell where a mirror has them.
    let (python, platform) = (python_version(), host_platform());
    let lines = names.map(|name| format!("pypi \"{name}\"\n")).concat();
    let head = format!("project \"case\"\nruntimes {{\n    python \"{python}\"\n}}\nplatforms \"{platform}\"\n");
    project.write("larder.kdl", &format!("{head}dependencies {{\n{lines}}}\n"));
    project.run("larder lock").exits(0);
    project.forget();
    mirror.take_log();
    project.run("larder sync --frozen").exits(0);
    let asked = mirror.take_log();
    let count = |begins: &str| asked.iter().filter(|path| path.starts_with(begins)).count();
    assert_eq!((count("/pypi/simple/"), count("/files/")), (1, names.len()), "{asked:?}");
}

#[test]
fn a_location_in_a_lock_counts_only_where_the_registry_says_the_same() {
    let evil = cdn();
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    for (rest, file) in [(LEFT, "left-1.0.0.tgz".to_owned()), (SIX, six().file_name())] {
        let project = Project::alone();
        manifest(&project, &registry, "", rest);
        project.run("larder lock").exits(0);
        let lock = project.read("larder.lock");
        let of_evil = if rest == LEFT { evil.url("/cdn/left.tgz") } else { evil.url(&format!("/cdn/{file}")) };
        for location in [of_evil.as_str(), "secret/left.tgz", "../../secret", "/secret"] {
            project.forget();
            let (before, after) = lock.split_once(&format!("file = \"{file}\"")).expect("an artifact");
            let after = match after.split_once(", location = \"") {
                Some((between, rest)) => format!("{between}{}", &rest[rest.find('"').expect("an end") + 1..]),
                None => after.to_owned(),
            };
            project.write("larder.lock", &format!("{before}file = \"{file}\", location = \"{location}\"{after}"));
            let _ = std::fs::remove_dir_all(project.path(".larder"));
            registry.take_log();
            project.run("larder sync --frozen").exits(0);
            assert_eq!(evil.take_log(), Vec::<String>::new(), "{location}");
            let asked = registry.take_log();
            assert!(asked.iter().all(|path| !path.contains("secret")), "{location}: {asked:?}");
        }
    }
}

#[test]
fn an_unusual_place_below_a_registry_costs_no_question_that_it_did_not_cost() {
    let universe = |url: &str| {
        let universe = Universe::new().npm("left", "1.0.0", |p| p.tarball_at(url));
        universe.file("/npm/files/9f/left.tgz", left().tarball())
    };
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    registry.becomes(&universe(&registry.url("/npm/files/9f/left.tgz")));
    let project = Project::alone();
    manifest(&project, &registry, "", LEFT);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("location = \"files/9f/left.tgz\""));
    assert_eq!(registry.take_log(), ["/npm/left"]);
    project.run("larder sync").exits(0);
    assert_eq!(registry.take_log(), ["/npm/files/9f/left.tgz"]);
    // On another machine its document is asked for, and not the usual place, where it is not.
    project.forget();
    std::fs::remove_dir_all(project.path(".larder")).expect("a profile");
    project.run("larder sync --frozen").exits(0);
    assert_eq!(registry.take_log(), ["/npm/left", "/npm/files/9f/left.tgz"]);
}

#[test]
fn ordinary_installs_ask_for_nothing_but_the_files() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    let project = Project::alone();
    manifest(&project, &registry, "", "dependencies {\n    npm \"left\" \"^1\"\n    pypi \"six\"\n}");
    project.run("larder lock").exits(0);
    registry.take_log();
    project.run("larder sync").exits(0);
    let mut asked = registry.take_log();
    asked.sort();
    assert_eq!(asked, [USUAL.to_owned(), format!("/pypi/files/{}", six().file_name())]);
    // A solve with a warm cache asks for nothing at all.
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert_eq!(registry.take_log(), Vec::<String>::new());
}

#[test]
fn a_token_is_not_sent_beside_the_path_of_its_registry() {
    let file = six().file_name();
    let (tarball, wheel) = ("/other/left.tgz".to_owned(), format!("/other/{file}"));
    let registry = Universe::new().serve();
    let universe = Universe::new()
        .npm("left", "1.0.0", |p| p.tarball_at(&registry.url(&tarball)))
        .pypi("six", "1.0", |p| p.wheel_at(&registry.url(&wheel)))
        .pypi("seven", "1.0", |p| p)
        .file(&tarball, left().tarball())
        .file(&wheel, six().wheel());
    registry.becomes(&universe);
    registry.fail("/npm/left/-/left-1.0.0.tgz", 404);
    let project = Project::alone();
    let token = "packages \"*\"; token file=\"token\";";
    let both = format!(
        "npm \"a\" \"{}\" {{ {token} }}\n    pypi \"b\" \"{}\" {{ {token} }}",
        registry.npm_url(),
        registry.pypi_url()
    );
    let lines = "dependencies {\n    npm \"left\" \"^1\"\n    pypi \"six\"\n    pypi \"seven\"\n}";
    manifest(&project, &registry, &both, lines);
    project.write("token", "secret\n").run("larder sync").exits(0);
    let (asked, known) = (registry.take_log(), registry.authorized());
    for path in [&tarball, &wheel] {
        assert!(asked.contains(path) && !known.contains(path), "{path}: {known:?}");
    }
    for path in ["/npm/left", "/pypi/simple/six/", "/pypi/files/seven-1.0-py3-none-any.whl"] {
        assert!(known.contains(&path.to_owned()), "{path}: {known:?}");
    }
}

#[test]
fn credentials_that_are_kept_by_host_are_for_the_whole_host() {
    let tarball = "/other/left.tgz";
    let registry = Universe::new().serve();
    let at = registry.url(tarball);
    registry.becomes(&Universe::new().npm("left", "1.0.0", |p| p.tarball_at(&at)).file(tarball, left().tarball()));
    registry.fail(USUAL, 404);
    let project = Project::alone();
    let acme = format!("npm \"acme\" \"{}\" {{ packages \"*\"; token \"netrc\"; }}", registry.npm_url());
    manifest(&project, &registry, &acme, LEFT);
    project.write("../home/.netrc", "machine 127.0.0.1 login me password secret\n").run("larder sync").exits(0);
    assert!(registry.authorized().contains(&tarball.to_owned()), "{:?}", registry.authorized());
}

/// Locks `left` and `six` at their first versions, then lets the registry have what comes later; its answers are still fresh in
/// the cache.
fn grown(later: &Universe) -> (Registry, Project) {
    let first = Universe::new().npm("left", "1.0.0", |p| p).npm("base", "1.0.0", |p| p).pypi("six", "1.0", |p| p);
    let registry = first.serve();
    let project = Project::alone();
    let lines = "dependencies {\n    npm \"left\" \"^1\"\n    npm \"base\" \"^1\"\n    pypi \"six\"\n}";
    manifest(&project, &registry, "", lines);
    project.run("larder lock").exits(0);
    registry.becomes(later);
    registry.take_log();
    (registry, project)
}

fn later() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .npm("base", "1.0.0", |p| p)
        .npm("base", "2.0.0", |p| p)
        .npm("top", "1.0.0", |p| p.dep("base", "^1"))
        .npm("top", "2.0.0", |p| p.dep("base", "^2"))
        .npm("wish", "1.0.0", |p| p.optional("base", "^2"))
        .tag("left", "next", "2.0.0")
        .pypi("six", "1.0", |p| p)
        .pypi("six", "2.0", |p| p)
}

#[test]
fn a_registry_is_asked_again_before_it_is_said_to_have_no_such_version_or_tag() {
    for (line, asked, locked) in [
        ("npm \"left\" \"^2\"", "/npm/left", "npm:left@2.0.0"),
        ("npm \"left\" \"next\"", "/npm/left", "npm:left@2.0.0"),
        ("pypi \"six\" \">=2\"", "/pypi/simple/six/", "pypi:six@2.0"),
    ] {
        let (registry, project) = grown(&later());
        manifest(&project, &registry, "", &format!("dependencies {{\n    {line}\n}}"));
        project.run("larder lock").exits(0);
        assert!(project.read("larder.lock").contains(&format!("id = \"{locked}\"")), "{line}");
        let log = registry.take_log();
        assert_eq!(log.iter().filter(|path| *path == asked).count(), 1, "{log:?}");
        // What is not there nevertheless is said after one more question.
        manifest(
            &project,
            &registry,
            "",
            &format!("dependencies {{\n    {}\n}}", line.replace('2', "7").replace("next", "none")),
        );
        project.run("larder lock").exits(3);
        let log = registry.take_log();
        assert_eq!(log, [asked], "{line}");
    }
}

#[test]
fn what_lacks_a_version_in_a_cache_is_not_passed_over() {
    // `top` is new, and needs what the cache does not know of.
    for (line, locked) in [("npm \"top\" \"*\"", "npm:top@2.0.0"), ("npm \"wish\" \"*\"", "npm:base@2.0.0")] {
        let (registry, project) = grown(&later());
        manifest(&project, &registry, "", &format!("dependencies {{\n    {line}\n}}"));
        project.run("larder lock").exits(0);
        let lock = project.read("larder.lock");
        assert!(lock.contains(&format!("id = \"{locked}\"")), "{line}: {lock}");
        assert_eq!(registry.take_log().iter().filter(|path| *path == "/npm/base").count(), 1);
    }
}

#[test]
fn adding_always_asks() {
    let (registry, project) = grown(&later());
    manifest(&project, &registry, "", "dependencies {\n    npm \"base\" \"^1\"\n}");
    for (spec, asked, locked) in [("npm:left", "/npm/left", "left@2.0.0"), ("pypi:six", "/pypi/simple/six/", "six@2.0")]
    {
        std::fs::remove_file(project.path("larder.lock")).expect("a lock");
        registry.take_log();
        project.run(&format!("larder add {spec} --no-sync")).exits(0);
        assert!(project.read("larder.lock").contains(locked));
        let log = registry.take_log();
        assert_eq!(log.iter().filter(|path| *path == asked).count(), 1, "{log:?}");
        assert!(!log.contains(&"/npm/base".to_owned()), "{log:?}");
    }
}

#[test]
fn a_registry_that_cannot_be_asked_again_does_not_undo_what_was_found() {
    let (registry, project) = grown(&later());
    manifest(&project, &registry, "", "dependencies {\n    npm \"wish\" \"*\"\n}");
    registry.fail("/npm/base", 500);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("wish@1.0.0"));
}

#[test]
fn a_file_that_a_cached_page_lists_and_nobody_has_is_looked_for_in_a_new_page() {
    let first = Universe::new().pypi("six", "1.0", |p| p).pypi("six", "1.1", |p| p);
    let registry = first.serve();
    let project = Project::alone();
    manifest(&project, &registry, "", "dependencies {\n    pypi \"six\" \"==1.0\"\n}");
    project.run("larder lock").exits(0);
    // 1.1 was withdrawn, and its metadata was never asked for.
    registry.becomes(&Universe::new().pypi("six", "1.0", |p| p));
    manifest(&project, &registry, "", SIX);
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("six@1.0"));
}

#[test]
fn what_has_no_time_of_publication_does_not_pass_released_before() {
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p.published("2024-01-01T00:00:00Z"))
        .npm("left", "1.1.0", |p| p)
        .npm("right", "1.0.0", |p| p)
        .npm("tagged", "1.0.0", |p| p.published("2024-01-01T00:00:00Z"))
        .npm("tagged", "2.0.0", |p| p.published("2026-01-01T00:00:00Z"))
        .tag("tagged", "next", "2.0.0")
        .pypi("six", "1.0", |p| p)
        .pypi("six", "1.1", |p| p.uploaded(None))
        .pypi("seven", "1.0", |p| p.uploaded(None))
        .serve();
    let project = Project::alone();
    let before = "resolution { released-before \"2025-01-01T00:00:00Z\"; }";
    let lines = ["npm \"left\" \"^1\"", "npm \"tagged\" \"next\"", "pypi \"six\""].join("\n    ");
    manifest(&project, &registry, "", &format!("dependencies {{\n    {lines}\n}}\n{before}"));
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    for locked in ["npm:left@1.0.0", "npm:tagged@1.0.0", "pypi:six@1.0"] {
        assert!(lock.contains(&format!("id = \"{locked}\"")), "{locked}: {lock}");
    }
    for (line, registry_name) in [("npm \"right\" \"*\"", "`npmjs`"), ("pypi \"seven\"", "`pypi`")] {
        manifest(&project, &registry, "", &format!("dependencies {{\n    {line}\n}}\n{before}"));
        project.run("larder lock").exits(3).names(["no time of publication", registry_name, "released-before"]);
    }
}
