//! Imports of flows that are killed, or whose disk fails, at one system call after the other.

use super::Blow;
use super::struck::StruckCommand;
use super::trace::Point;
use crate::carried_flows::exported;

const IMPORT: &str = "larder import flows intake.age --identity key.txt";

/// A project that has one of the packages of the file, without any of its assets.
fn project() -> StruckCommand {
    let (_, project) = exported();
    project.write("packages/orders/larder.kdl", "// ours\npackage \"orders\" version=\"1.0.0\"\n");
    StruckCommand::new(project, IMPORT.to_owned())
}

/// Imports with a blow at a call, looks at what is left, and imports again.
fn strike(struck: &StruckCommand, blow: Blow, point: &Point) {
    let project = &struck.project;
    let place = format!("{blow:?} at {point:?}");
    struck.put_back();
    for _ in 0..if matches!(blow, Blow::KillTwice) { 2 } else { 1 } {
        struck.run(blow, point);
        let listed = project.run("larder flow list --json");
        let is_old = !project.has("packages/partner") && !project.read("packages/orders/larder.kdl").contains("flow");
        match listed.status {
            // All or nothing.
            0 if is_old => assert!(!listed.stdout.contains("order-intake"), "{place}"),
            0 => {
                assert!(listed.stdout.contains("order-intake"), "{place}");
                let checked = project.run("larder ready order-intake");
                assert_eq!(checked.status, 0, "{place}\n{}", checked.stderr);
            }
            // Or it is said that it is not finished.
            _ => assert!(listed.stdout.contains("was cut off"), "{place}\n{}", listed.stdout),
        }
    }
    project.run(IMPORT).exits(0);
    project.run("larder ready order-intake").exits(0);
    assert!(project.read("packages/orders/larder.kdl").starts_with("// ours\n"), "{place}");
    assert!(!project.has(".larder/importing"), "{place}");
}

#[test]
fn an_import_of_flows_survives_blows() {
    StruckCommand::sweep(17, project, strike);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_an_import() {
    let step = std::env::var("SWEEP_EVERY").ok().and_then(|step| step.parse().ok()).unwrap_or(1);
    StruckCommand::sweep(step, project, strike);
}
