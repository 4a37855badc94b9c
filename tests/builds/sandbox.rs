//! A program in a sandbox: what it sees, how it ends, what it leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use larder::build::{Bind, BuildError, Level, Outcome, Program, Sandbox, Status, Stop};

use crate::support::build::{BuildFolder, is_untested};

/// Runs a script of the shell at `/build`. Returns `None` where this machine has no sandbox.
fn shell(folder: &BuildFolder, sandbox: &Sandbox, script: &str) -> Option<Outcome> {
    let mut sandbox = sandbox.clone();
    sandbox.binds.push(Bind::write_at(folder.path("sources"), "/build"));
    let program = Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into()), ("GIVEN".into(), "yes".into())]),
        folder: sandbox.inside(&folder.path("sources")),
    };
    let outcome = sandbox.run(&program, &folder.path("log"));
    (!is_untested(&outcome)).then(|| outcome.expect("a sandbox"))
}

#[test]
fn a_program_sees_its_sources_and_the_system_and_nothing_else() {
    let folder = BuildFolder::new();
    folder.source("input", "hello\n");
    let script = "cat input; echo out > made; pwd; ls /; ls -A /tmp/home | wc -l; env | sort; umask; hostname 2>/dev/null \
                  || cat /proc/sys/kernel/hostname; ls -d /proc/[0-9]* | wc -l; exit 7";
    let Some(outcome) = shell(&folder, &folder.sandbox(Level::Strict), script) else { return };
    assert_eq!(outcome.status, Status::Exited(7));
    let text = outcome.last_lines.join("\n");
    let of_root: Vec<_> = outcome.last_lines[2..].iter().take_while(|line| *line != "0").collect();
    for name in of_root {
        let known =
            ["bin", "build", "dev", "etc", "lib", "lib32", "lib64", "libx32", "nix", "proc", "sbin", "tmp", "usr"];
        assert!(known.contains(&name.as_str()), "{name}\n{text}");
    }
    assert!(text.starts_with("hello\n/build\n"), "{text}");
    assert!(
        text.contains("\n0\nGIVEN=yes\nHOME=/tmp/home\nPATH=/usr/bin:/bin\nPWD=/build\nTMPDIR=/tmp\n0022\nbuild\n"),
        "{text}"
    );
    assert_eq!(std::fs::read_to_string(folder.path("sources/made")).unwrap(), "out\n");
    assert_eq!(std::fs::read_to_string(folder.path("log")).unwrap().trim_end(), text);
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = BuildFolder::new();
    for level in [Level::Strict, Level::None] {
        let mut sandbox = folder.sandbox(level);
        sandbox.limits.time = Duration::from_millis(600);
        let mark = format!("{}", 86_400 + u32::from(level == Level::None));
        let script = format!("setsid sleep {mark} & (sleep {mark} &) ; trap '' TERM; sleep {mark}");
        let Some(outcome) = shell(&folder, &sandbox, &script) else { continue };
        assert_eq!(outcome.status, Status::Stopped(Stop::Time));
        assert!(!is_running(&format!("sleep\0{mark}")), "{level}");
    }
}

#[test]
fn what_a_program_left_running_ends_with_it() {
    let folder = BuildFolder::new();
    for level in [Level::Strict, Level::None] {
        let mark = format!("{}", 86_410 + u32::from(level == Level::None));
        let script = format!("setsid sleep {mark} & exit 0");
        let Some(outcome) = shell(&folder, &folder.sandbox(level), &script) else { continue };
        assert_eq!(outcome.status, Status::Exited(0));
        assert!(!is_running(&format!("sleep\0{mark}")), "{level}");
    }
}

#[test]
fn a_program_that_fills_the_disk_is_ended() {
    let folder = BuildFolder::new();
    let mut sandbox = folder.sandbox(Level::Strict);
    sandbox.limits.disk = 8 << 20;
    // Many files, so that the limit for one of them is none for all.
    let script = "i=0; while true; do head -c 100000 /dev/zero > file$i || exit 3; i=$((i+1)); done";
    let Some(outcome) = shell(&folder, &sandbox, script) else { return };
    assert_eq!(outcome.status, Status::Stopped(Stop::Disk));
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let folder = BuildFolder::new();
    let program = Program {
        path: "/usr/bin/no-such-program".into(),
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        folder: "/".into(),
    };
    for level in [Level::Strict, Level::None] {
        let result = folder.sandbox(level).run(&program, &folder.path("log"));
        if !is_untested(&result) {
            let error = result.unwrap_err();
            assert!(matches!(&error, BuildError::NotStarted { .. }), "{error}");
            assert!(error.to_string().contains("`/usr/bin/no-such-program`"), "{error}");
        }
    }
}

/// Tells whether a process of the machine has these arguments.
fn is_running(arguments: &str) -> bool {
    let processes =
        std::fs::read_dir("/proc").expect("processes").filter_map(|entry| Some(entry.ok()?.path().join("cmdline")));
    processes.filter_map(|path| std::fs::read_to_string(path).ok()).any(|line| line.starts_with(arguments))
}
