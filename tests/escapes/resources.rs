//! Builds that use up the machine, or do not end.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use larder::build::Level;

use super::job::{Job, User, run, start};

/// Who and how well locked in, for what has to hold everywhere.
const ALL: [(User, Level); 3] =
    [(User::Root, Level::Strict), (User::Other, Level::Strict), (User::Other, Level::Reduced)];

#[test]
fn a_fork_bomb_ends_at_the_limit_of_processes() {
    let script = "
import os, time
count = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        count += 1
except OSError as error:
    print('ended at', count, error)
raise SystemExit(3)
";
    for (user, level) in ALL {
        let Some(ended) = run(user, &Job { processes: Some(40), ..Job::new(level, script) }) else { continue };
        assert_eq!(ended.status, "Exited(3)", "{user:?} {level}: {}", ended.log);
        let count: u32 = ended.log.split(' ').nth(2).and_then(|count| count.parse().ok()).expect("a number");
        assert!((10..60).contains(&count), "{user:?} {level}: {count}");
    }
}

#[test]
fn what_a_build_leaves_running_is_ended_though_it_hides() {
    for (user, level) in ALL {
        let mark = format!("{}", 86_500 + (user as u32) * 2 + level as u32);
        let script = format!(
            "
import os, signal, time
for signals in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(signals, signal.SIG_IGN)
for depth in range(5):
    if os.fork():
        os._exit(0) if depth else time.sleep(0.2)
        if not depth:
            print('left', flush=True)
            os._exit(0)
    os.setsid()
os.execv('/usr/bin/sleep', ['sleep', '{mark}'])
"
        );
        let Some(ended) = run(user, &Job::new(level, &script)) else { continue };
        assert_eq!((ended.status.as_str(), ended.log.as_str()), ("Exited(0)", "left\n"), "{user:?} {level}");
        assert!(!is_running(&mark), "{user:?} {level}");
    }
}

#[test]
fn a_killed_larder_leaves_no_process_and_no_mount() {
    let mounts = || std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    for (user, level) in ALL {
        if !user.is_to_be_had() {
            continue;
        }
        let before = mounts();
        let mark = format!("{}", 86_600 + (user as u32) * 2 + level as u32);
        let script = format!(
            "
import os
if os.fork() == 0:
    os.setsid()
os.execv('/usr/bin/sleep', ['sleep', '{mark}'])
"
        );
        let (mut larder, _folder) = start(user, &Job::new(level, &script), Stdio::null());
        let is_seen =
            wait_until(Duration::from_secs(20), || is_running(&mark) || matches!(larder.try_wait(), Ok(Some(_))));
        assert!(is_seen, "{user:?} {level}: it does not start");
        let was_running = is_running(&mark);
        larder.kill().expect("a process");
        larder.wait().expect("an end");
        if !was_running {
            crate::sweep::say("NOT TESTED: a killed larder, as this machine has no sandbox");
            continue;
        }
        assert!(wait_until(Duration::from_secs(5), || !is_running(&mark)), "{user:?} {level}: it goes on");
        assert_eq!(mounts(), before);
    }
}

#[test]
fn a_build_cannot_fill_the_disk() {
    let limit = Some(16 << 20);
    let one = "
file = open('large', 'wb')
while True:
    file.write(bytes(1 << 20))
";
    // A file without a name is counted by nobody but the kernel, whose limit is that of one file.
    let nameless = "
import os
file = open('large', 'wb')
os.unlink('large')
while True:
    file.write(bytes(1 << 20))
";
    let many = "
import time
for number in range(1000):
    with open('file%d' % number, 'wb') as file:
        file.write(bytes(1 << 20))
    time.sleep(0.02)
";
    for (user, level) in ALL {
        for (script, expected) in [(one, "Signalled(25)"), (nameless, "Signalled(25)"), (many, "Stopped(Disk)")] {
            let Some(ended) = run(user, &Job { disk: limit, ..Job::new(level, script) }) else { continue };
            // Python ignores the signal, and reads an error; the folder is too large in any case.
            let is_refused = ended.log.contains("File too large") || ended.status == expected;
            assert!(is_refused && ended.status != "Exited(0)", "{user:?} {level} {}: {}", ended.status, ended.log);
        }
    }
}

#[test]
fn a_build_cannot_fill_memory() {
    let script = "
blocks = []
try:
    while len(blocks) < 4000:
        blocks.append(bytearray(b'x') * (1 << 20))
except MemoryError:
    print('refused at', len(blocks))
    raise SystemExit(3)
";
    for (user, level) in ALL {
        let Some(ended) = run(user, &Job { memory: Some(256 << 20), ..Job::new(level, script) }) else { continue };
        assert_eq!(ended.status, "Exited(3)", "{user:?} {level}: {}", ended.log);
    }
}

#[test]
fn temporary_files_of_a_strict_sandbox_have_a_size() {
    let script = "
for folder in ('/tmp', '/dev/shm'):
    try:
        with open(folder + '/large', 'wb') as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
        print('ESCAPED', folder)
    except OSError as error:
        print(error)
";
    for user in [User::Root, User::Other] {
        let job = Job { temporary: Some(8 << 20), ..Job::new(Level::Strict, script) };
        let Some(ended) = run(user, &job) else { continue };
        assert_eq!(ended.log.matches("No space left on device").count(), 2, "{}", ended.log);
    }
}

/// Tells whether a `sleep` of the machine has this argument.
fn is_running(mark: &str) -> bool {
    let arguments = format!("sleep\0{mark}\0");
    let processes = std::fs::read_dir(Path::new("/proc")).expect("processes");
    let lines = processes.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok());
    lines.into_iter().any(|line| line == arguments)
}

fn wait_until(most: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < most {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
