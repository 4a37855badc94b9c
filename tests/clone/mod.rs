//! What a clone may do: everything in a checkout, what larder keeps in it included, may be somebody else's work.

mod content;
mod fuzz;
mod names;
mod reach;

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Project, Registry, Universe, conforms};

const PROFILES: &str = ".larder/node_modules/.profiles";

fn registry() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).pypi("six", "1.16", |p| p).serve()
}

/// A project that was synced, and a folder beside it that is none of larder's business.
fn synced(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]).run("larder sync").exits(0);
    for file in ["preview/1/mine", "preview/mine", "development/mine", "1/mine", "mine"] {
        project.write(&format!("../elsewhere/{file}"), "mine");
    }
    project
}

/// Everything that lies beside the project, with its times.
fn elsewhere(project: &Project) -> Vec<String> {
    reach::listing(&project.folder().join("elsewhere"))
}

/// Puts a link to a folder in the place of something.
fn replace(project: &Project, path: &str, target: &str) {
    let place = project.path(path);
    match place.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(&place).expect("a folder"),
        Ok(_) => fs::remove_file(&place).expect("a file"),
        Err(_) => fs::create_dir_all(place.parent().expect("a parent")).expect("a folder"),
    }
    symlink(target, place).expect("a link");
}

const COMMANDS: [&str; 8] = [
    "larder sync",
    "larder gc --older-than 0s",
    "larder sync --repair",
    "larder rollback 1",
    "larder verify",
    "larder history",
    "larder use development",
    "larder gc",
];

#[test]
fn links_below_larders_own_folder_are_refused_and_lead_nobody_elsewhere() {
    let registry = registry();
    for path in [
        ".larder",
        ".larder/node_modules",
        ".larder/node_modules/.packages",
        PROFILES,
        &format!("{PROFILES}/development"),
        ".larder/lock",
    ] {
        for is_new in [false, true] {
            let project = synced(&registry);
            if is_new {
                fs::remove_dir_all(project.path(".larder")).expect("a folder");
            }
            let up = "../".repeat(path.matches('/').count() + 1);
            replace(&project, path, &format!("{up}elsewhere"));
            let before = elsewhere(&project);
            project.run("larder sync").exits(1).names(["larder::profile::not_ours", path]);
            for command in COMMANDS {
                let output = project.run(command);
                assert!([0, 1, 4].contains(&output.status), "{path}, {command}: {}{}", output.stdout, output.stderr);
                assert_eq!(elsewhere(&project), before, "{path}, {command}");
            }
            // The way out that the message names.
            fs::remove_file(project.path(path)).expect("a link");
            project.run("larder sync --repair").exits(0);
            project.run("larder verify").exits(0);
        }
    }
}

#[test]
fn a_lock_that_leads_to_nothing_makes_no_file_there() {
    let project = synced(&registry());
    replace(&project, ".larder/lock", "../../elsewhere/new");
    let before = elsewhere(&project);
    for command in ["larder sync --repair", "larder pin", "larder gc"] {
        project.run(command);
        assert_eq!(elsewhere(&project), before, "{command}");
    }
    project.run("larder pin").exits(1).names(["`.larder/lock` is a link"]);
}

#[test]
fn generations_and_packages_that_are_links_count_for_nothing() {
    let registry = registry();
    let project = synced(&registry);
    let before = elsewhere(&project);
    replace(&project, &format!("{PROFILES}/development/1"), "../../../../../elsewhere/1");
    for command in ["larder verify", "larder rollback 1", "larder gc --older-than 0s"] {
        project.run(command);
        assert_eq!(elsewhere(&project), before, "{command}");
    }
    project.run("larder verify").exits(1).names(["larder::profile::not_ours", "development/1"]);

    let project = synced(&registry);
    let packages = project.path(".larder/node_modules/.packages");
    let key = fs::read_dir(packages).expect("packages").next().expect("one").expect("an entry").file_name();
    let key = format!(".larder/node_modules/.packages/{}", key.to_string_lossy());
    replace(&project, &key, "../../../../elsewhere");
    project.run("larder verify").exits(4).names([&*key]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(elsewhere(&project).len(), before.len());
}

#[test]
fn links_to_other_places_than_larders_are_not_taken_for_its_own() {
    let project = synced(&registry());
    let before = elsewhere(&project);
    for (link, target) in [
        (".larder/active".to_owned(), "../../elsewhere/development/current"),
        (format!("{PROFILES}/development/current"), "../../../../../elsewhere/1"),
    ] {
        replace(&project, &link, target);
        let output = project.run("larder sync --repair");
        assert_eq!(output.status, 0, "{link}: {}", output.stderr);
        project.run("larder verify").exits(0);
        assert_eq!(elsewhere(&project), before, "{link}");
    }
}

#[test]
fn a_folder_without_larders_record_is_no_environment() {
    let project = synced(&registry());
    for file in ["notes/mine", "preview/1/mine", "preview/mine"] {
        project.write(&format!("{PROFILES}/{file}"), "mine");
    }
    let listed = project.run_json("larder gc --older-than 0s --dry-run --json");
    assert!(!listed["paths"].to_string().contains(".larder"), "{listed}");
    project.run("larder gc --older-than 0s").exits(0);
    for file in ["notes/mine", "preview/1/mine", "preview/mine"] {
        assert!(project.has(&format!("{PROFILES}/{file}")), "{file}");
    }
    project.run("larder verify --all").exits(0);
}

#[test]
fn a_dry_run_lists_all_that_a_collection_takes() {
    let registry = registry();
    let project = Project::new(&registry);
    let manifest = |line: &str, environments: &str| {
        project.manifest(&format!("dependencies {{\n    {line}\n}}\n{environments}"));
    };
    manifest("npm \"left\"", "environment \"development\"\nenvironment \"preview\"\n");
    project.run("larder sync --env preview").exits(0);
    project.run("larder sync --env development").exits(0);
    manifest("npm \"right\"", "environment \"development\" { keep 1; }\n");
    project.run("larder sync").exits(0);
    let listed = project.run_json("larder gc --older-than 0s --dry-run --json");
    conforms(&listed, "gc");
    let paths: Vec<&str> = listed["paths"].as_array().expect("paths").iter().filter_map(|path| path.as_str()).collect();
    for part in [".profiles/preview", ".packages/left@1.0.0-", "/trees/"] {
        assert!(paths.iter().any(|path| path.contains(part)), "{part}: {paths:?}");
    }
    let said = project.run("larder gc --older-than 0s --dry-run").exits(0).stderr;
    assert!(paths.iter().all(|path| said.contains(path) && fs::symlink_metadata(path).is_ok()), "{said}");
    let done = project.run_json("larder gc --older-than 0s --json");
    assert_eq!(done["paths"], listed["paths"]);
    assert!(paths.iter().all(|path| fs::symlink_metadata(path).is_err()), "{paths:?}");
}

#[test]
fn a_record_that_leads_out_of_its_generation_is_no_record() {
    let project = synced(&registry());
    let file = format!("{PROFILES}/development/1/generation.json");
    let text = project.read(&file);
    let forged = text.replace("\"node_modules/left\":", "\"../../../../../../elsewhere/made\":");
    assert_ne!(text, forged);
    project.write(&file, &fuzz::sealed(&forged));
    let head = format!("{PROFILES}/development/1/head.json");
    let root = project.path("").canonicalize().expect("a folder");
    project.write(&head, &project.read(&head).replace(&*root.to_string_lossy(), "/another/place"));
    let before = elsewhere(&project);
    for command in ["larder rollback 1", "larder use development"] {
        project.run(command).exits(4).names(["larder::profile::bad_record"]);
        assert_eq!(elsewhere(&project), before, "{command}");
    }
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(elsewhere(&project), before);
}

#[test]
fn what_a_lock_notes_of_other_folders_is_left_alone() {
    let project = synced(&registry());
    let other = project.folder().join("elsewhere/.mine.tmp");
    fs::write(&other, "mine").expect("a file");
    project.write(".larder.kdl.tmp", "half");
    let root = project.path("").canonicalize().expect("a folder");
    let named = [root.join("larder.kdl"), root.join("../elsewhere/mine"), project.folder().join("elsewhere/mine")];
    let note = named.iter().fold("at work, process 1".to_owned(), |note, file| format!("{note}\0{}", file.display()));
    project.write(".larder/lock", &note);
    project.run("larder sync").exits(0);
    assert!(other.exists());
    assert!(!project.has(".larder.kdl.tmp"), "what lies in the project goes");
}

#[test]
fn members_and_local_packages_through_links_out_of_the_project_are_refused() {
    let registry = registry();
    for (line, link) in [("members \"apps/*\"\n", "apps"), ("members \"apps/web\"\n", "apps/web")] {
        let project = Project::new(&registry);
        project.write("../elsewhere/web/package.json", r#"{"name":"web","dependencies":{"left":"^1"}}"#);
        project.write("../elsewhere/package.json", r#"{"name":"web","dependencies":{"left":"^1"}}"#);
        project.manifest(line);
        replace(&project, link, &format!("{}elsewhere", "../".repeat(link.matches('/').count() + 1)));
        let before = elsewhere(&project);
        project.run("larder sync").exits(1).names(["larder::profile::leads_out", link]);
        assert_eq!(elsewhere(&project), before);
    }
    let project = Project::new(&registry);
    project.write("../elsewhere/package.json", r#"{"name":"theme","dependencies":{"left":"^1"}}"#);
    project.dependencies(&["path \"theme\""]);
    replace(&project, "theme", "../elsewhere");
    let before = elsewhere(&project);
    let output = project.run("larder sync");
    assert!([1, 2].contains(&output.status) && output.stderr.contains("outside the project"), "{}", output.stderr);
    assert_eq!(elsewhere(&project), before);
}
