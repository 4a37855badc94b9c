//! Builds that try to get out of their sandbox: as root and as another user, strict and reduced, and where namespaces are
//! denied. Each is refused, and nothing outside is changed or read.
//!
//! `attempts.py` has what is tried; a [`World`](world::World) is what it tries to reach.

mod job;
mod resources;
mod world;

use larder::build::Level;

use job::{Job, User, run};
use world::World;

use crate::support::build::shared_folder;

const ATTEMPTS: &str = include_str!("attempts.py");

/// Attempts that a sandbox without namespaces cannot always refuse, with the first Linux that does.
const NEED_SIGNAL_SCOPES: (&str, (u32, u32)) = ("end_a_process_outside", (6, 12));

#[test]
fn nothing_gets_out_of_a_strict_sandbox_as_root() {
    check(User::Root, Level::Strict, false);
}

#[test]
fn nothing_gets_out_of_a_strict_sandbox_as_another_user() {
    check(User::Other, Level::Strict, false);
}

#[test]
fn nothing_gets_out_of_a_reduced_sandbox() {
    check(User::Other, Level::Reduced, false);
}

#[test]
fn nothing_gets_out_of_a_reduced_sandbox_where_namespaces_are_denied() {
    check(User::Other, Level::Reduced, true);
}

#[test]
fn where_namespaces_are_denied_nothing_runs_in_a_strict_sandbox() {
    let job = Job { deny_namespaces: true, ..Job::new(Level::Strict, "print('it ran')") };
    let Some(ended) = run(User::Other, &job) else { return };
    let error = ended.error.expect("an error");
    assert!(error.starts_with("this machine does not allow a strict sandbox: namespaces: "), "{error}");
    assert_eq!(ended.log, "");
}

/// A stand-in for bubblewrap, which makes no namespaces: it starts the process that larder puts in front of the build.
const BUBBLEWRAP: &str = "#!/bin/sh
while [ \"$1\" != -- ]; do
    if [ \"$1\" = --ro-bind ] && [ \"$3\" = /.larder ]; then helper=$2; fi
    shift
done
shift 2
exec \"$helper\" \"$@\"
";

#[test]
fn where_namespaces_are_denied_bubblewrap_makes_them() {
    use std::os::unix::fs::PermissionsExt;

    let folder = shared_folder();
    let executable = folder.path().join("bwrap");
    std::fs::write(&executable, BUBBLEWRAP).expect("a script");
    std::fs::set_permissions(&executable, PermissionsExt::from_mode(0o755)).expect("rights");
    let job = Job { deny_namespaces: true, folder: Some("/usr".into()), ..Job::new(Level::Strict, "print('it ran')") };
    let with = |bubblewrap| run(User::Other, &Job { bubblewrap: Some(bubblewrap), ..job.clone() }).expect("an end");
    let ended = with(executable);
    assert_eq!((ended.error, ended.status.as_str(), ended.log.as_str()), (None, "Exited(0)", "it ran\n"));

    let broken = folder.path().join("broken");
    std::fs::write(&broken, "#!/bin/sh\necho 'bwrap: no permissions' >&2\nexit 1\n").expect("a script");
    std::fs::set_permissions(&broken, PermissionsExt::from_mode(0o755)).expect("rights");
    let error = with(broken).error.expect("an error");
    assert!(error.contains("namespaces: ") && error.ends_with("bwrap: no permissions"), "{error}");
}

#[test]
fn a_reduced_sandbox_is_refused_to_root() {
    let Some(ended) = run(User::Root, &Job::new(Level::Reduced, "print('it ran')")) else { return };
    assert_eq!(ended.error.as_deref(), Some("a reduced sandbox does not hold root"));
    assert_eq!(ended.log, "");
}

/// Tries everything, and looks at what is outside.
fn check(user: User, level: Level, deny_namespaces: bool) {
    if !user.is_to_be_had() {
        return;
    }
    let mut world = World::new(user);
    let job = Job {
        arguments: vec![world.to_json()],
        tools: Some(world.tools()),
        leaked: Some(world.home()),
        deny_namespaces,
        ..Job::new(level, ATTEMPTS)
    };
    let Some(ended) = run(user, &job) else { return };
    assert_eq!(ended.error, None);
    if level == Level::Reduced && job::linux_version() < NEED_SIGNAL_SCOPES.1 {
        crate::sweep::say(&format!("NOT TESTED: {} needs Linux 6.12", NEED_SIGNAL_SCOPES.0));
        world.forget_process();
    }
    let escaped: Vec<_> = ended.log.lines().filter(|line| line.contains(" ESCAPED ")).collect();
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
    let defined = ATTEMPTS.matches("\n@attempt\n").count();
    let tried = ended.log.lines().filter(|line| line.contains(" refused") || line.contains(" harmless")).count();
    assert!(defined > 90 && tried >= defined, "{tried} of {defined} were tried:\n{}", ended.log);
    // Whatever is not refused has to be without effect: a reduced sandbox says of attributes that they were changed, and a
    // datagram to the own loopback gets lost.
    let is_known = |name: &&str| match level {
        Level::Reduced => name.starts_with("change_the_"),
        _ => *name == "send_by_udp",
    };
    let harmless = ended.log.lines().filter_map(|line| line.strip_suffix(" harmless"));
    assert_eq!(harmless.filter(|name| !is_known(name)).collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(!ended.log.contains(world::SECRET), "{}", ended.log);
    world.check_unchanged();
}
