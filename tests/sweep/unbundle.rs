//! Bundles whose unpacking is killed, or whose disk fails, at one system call after the other.

use super::Blow;
use super::struck::StruckCommand;
use super::trace::Point;
use crate::bundle::{bundled, host, shop, universe};

/// A deployment of one bundle, which another one is to follow.
fn deployment() -> StruckCommand {
    let registry = universe().serve();
    let [first, second] = ["1.0.0", "2.0.0"].map(|version| shop(&registry, version));
    let [first, second] =
        [&first, &second].map(|project| std::fs::read(bundled(project, "b.tar.zst")).expect("a bundle"));
    let host = host();
    for (name, bundle) in [("first.tar.zst", first), ("second.tar.zst", second)] {
        std::fs::create_dir_all(host.folder()).expect("a folder");
        std::fs::write(host.path(name), bundle).expect("a bundle");
    }
    host.run("larder unbundle first.tar.zst shop").exits(0);
    StruckCommand::new(host, "larder unbundle second.tar.zst shop".to_owned())
}

/// Unbundles with a blow at a call, looks at what is left, and unbundles again.
fn strike(deployment: &StruckCommand, blow: Blow, point: &Point) {
    let host = &deployment.project;
    let place = format!("{blow:?} at {point:?}");
    deployment.put_back();
    for _ in 0..if matches!(blow, Blow::KillTwice) { 2 } else { 1 } {
        let output = deployment.run(blow, point);
        let greeting = host.read("shop/greeting.txt");
        let version = greeting.trim().strip_prefix("of ").unwrap_or_else(|| panic!("{place}: {greeting}")).to_owned();
        assert!(output.status != 0 || version == "2.0.0", "{place}");
        host.run("larder -C shop run hello").exits(0).names([&version]);
        let verified = host.run("larder -C shop verify");
        assert_eq!(verified.status, 0, "{place}\n{}", verified.stderr);
    }
    host.run(&deployment.command).exits(0);
    host.run("larder -C shop run hello").exits(0).names(["2.0.0 theme"]);
    host.run("larder -C shop rollback").exits(0);
    host.run("larder -C shop run hello").exits(0).names(["1.0.0 theme"]);
    host.run("larder gc").exits(0);
    let staged = host.store().join("v1/staging");
    let left = std::fs::read_dir(&staged).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "{place}: {}", staged.display());
}

#[test]
fn an_unpacked_bundle_survives_blows() {
    StruckCommand::sweep(199, deployment, strike);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_a_bundle() {
    let step = std::env::var("SWEEP_EVERY").ok().and_then(|step| step.parse().ok()).unwrap_or(1);
    StruckCommand::sweep(step, deployment, strike);
}
