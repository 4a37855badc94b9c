//! Several larders at the same time: on one project, over one store, beside one that was killed.

use std::process::Child;
use std::thread;
use std::time::Duration;

use crate::support::{Output, Project, Registry, Universe};

fn packages() -> Universe {
    (0..12).fold(Universe::new(), |universe, place| {
        universe.npm(&format!("part-{place}"), "1.0.0", |p| p.file("data.txt", "x")).pypi(
            &format!("piece-{place}"),
            "1.0.0",
            |p| p,
        )
    })
}

fn all(project: &Project) {
    let lines: Vec<_> =
        (0..12).flat_map(|n| [format!("npm \"part-{n}\" \"^1\""), format!("pypi \"piece-{n}\" \">=1\"")]).collect();
    project.dependencies(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[track_caller]
fn all_succeed(running: Vec<Child>) -> Vec<String> {
    let end = |child: Child| Output::of("larder", &child.wait_with_output().expect("an end")).exits(0).stderr;
    running.into_iter().map(end).collect()
}

/// Returns the artifacts that were asked for, and how many times in all.
fn fetched(registry: &Registry) -> (usize, usize) {
    let mut files = registry.take_log();
    files.retain(|path| path.contains("/-/") || (path.starts_with("/pypi/files/") && !path.contains(".metadata")));
    let asked = files.len();
    files.sort();
    files.dedup();
    (files.len(), asked)
}

#[test]
fn eight_syncs_of_one_project_beside_a_collector_make_one_generation() {
    let registry = packages().shuffled(3).serve();
    let project = Project::new(&registry);
    all(&project);
    let mut running: Vec<Child> = (0..8).map(|_| project.start("larder sync")).collect();
    collect_beside(&project, &mut running);
    let said = all_succeed(running);
    assert_eq!(fetched(&registry), (24, 24));
    for said in said {
        assert!(said.matches("waiting for another larder").count() <= 1, "{said}");
    }
    project.run("larder verify --all").exits(0);
    assert!(project.has(".larder/node_modules/.profiles/development/1"));
    assert!(!project.has(".larder/node_modules/.profiles/development/2"));
}

#[test]
fn eight_projects_over_a_cold_store_beside_a_collector_fetch_each_artifact_once() {
    let registry = packages().shuffled(4).serve();
    let first = Project::new(&registry);
    let projects: Vec<Project> = (1..8).map(|_| first.beside()).chain([first.beside()]).collect();
    for project in &projects {
        all(project);
    }
    let mut running: Vec<Child> = projects.iter().map(|project| project.start("larder sync")).collect();
    collect_beside(&first, &mut running);
    all_succeed(running);
    assert_eq!(fetched(&registry), (24, 24));
    for project in &projects {
        project.run("larder verify --all").exits(0);
    }
}

/// Collects everything that nobody needs, again and again, until these have ended.
#[track_caller]
fn collect_beside(project: &Project, running: &mut [Child]) {
    while running.iter_mut().any(|child| child.try_wait().expect("a process of ours").is_none()) {
        project.run("larder gc --older-than 0s").exits(0);
    }
}

#[test]
fn who_holds_a_lock_and_is_killed_lets_it_go() {
    let registry = packages().slow(Duration::from_millis(400)).serve();
    let project = Project::new(&registry);
    all(&project);
    let mut holder = project.start("larder sync");
    thread::sleep(Duration::from_millis(600));
    let waiting = project.start("larder sync");
    thread::sleep(Duration::from_millis(200));
    holder.kill().expect("a process of ours");
    assert_eq!(holder.wait().expect("an end").code(), None, "it was killed");
    all_succeed(vec![waiting]);
    project.run("larder verify").exits(0);
}

#[test]
fn locks_updates_and_syncs_at_once_agree_in_the_end() {
    let registry = packages().shuffled(5).serve();
    let project = Project::new(&registry);
    all(&project);
    let commands = ["larder lock", "larder sync", "larder update", "larder sync", "larder lock", "larder sync"];
    all_succeed(commands.into_iter().map(|command| project.start(command)).collect());
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn lines_that_are_added_at_once_are_all_there() {
    let registry = packages().shuffled(6).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"part-0\" \"^1\""]);
    let adding: Vec<_> = (1..7).map(|n| project.start(&format!("larder add npm:part-{n} pypi:piece-{n}"))).collect();
    all_succeed(adding);
    let manifest = project.read("larder.kdl");
    for n in 1..7 {
        assert!(
            manifest.contains(&format!("\"part-{n}\"")) && manifest.contains(&format!("\"piece-{n}\"")),
            "{manifest}"
        );
        assert!(project.has(&format!("node_modules/part-{n}")), "{n}");
    }
    all_succeed((1..7).map(|n| project.start(&format!("larder remove part-{n}"))).collect());
    assert!(!(1..7).any(|n| project.read("larder.kdl").contains(&format!("\"part-{n}\""))));
    project.run("larder sync --locked").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn nobody_waits_for_a_larder_that_waits_for_the_network() {
    let old = packages().serve();
    let mut project = Project::new(&old);
    project.dependencies(&["npm \"part-0\" \"^1\""]).run("larder sync").exits(0);
    let slow = packages().slow(Duration::from_millis(1500)).serve();
    project.sees(&slow);
    project.forget();
    all(&project);
    // The first answers are those about versions, later ones are the packages.
    let mut syncing = project.start("larder sync");
    let (mut at_once, mut waited) = (0, 0);
    while syncing.try_wait().expect("a process of ours").is_none() {
        thread::sleep(Duration::from_millis(100));
        let said = project.run("larder pin").exits(0);
        *if said.stderr.contains("waiting") { &mut waited } else { &mut at_once } += 1;
    }
    // While the lock is written, and while the generation is built and switched to.
    assert!(at_once >= 3 && waited <= 2, "{at_once} at once, {waited} waited");
    all_succeed(vec![syncing]);
    project.run("larder verify").exits(0);
}

#[test]
fn who_waits_for_a_project_is_told_for_whom() {
    let registry = packages().serve();
    let project = Project::new(&registry);
    all(&project);
    project.run("larder sync").exits(0);
    let lock = std::fs::File::options().write(true).open(project.path(".larder/lock")).expect("a lock");
    lock.lock().expect("nobody holds it");
    let own = std::process::id().to_string();
    project.write(".larder/lock", &format!("at work, process {own}"));
    let waiting = project.start("larder pin");
    thread::sleep(Duration::from_millis(300));
    drop(lock);
    let said = Output::of("larder pin", &waiting.wait_with_output().expect("an end")).exits(0);
    said.names(["waiting for another larder", &format!("process {own}")]);
}
