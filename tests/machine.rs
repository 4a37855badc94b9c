//! What the machine does to larder: disks that are full, power that goes, boots that come after.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{NpmPackage, Output, Project, Random, Registry, Universe};

/// `left` 1 is small, `left` 2 is not.
fn registry() -> Registry {
    let mut random = Random::new(11);
    let noise: String =
        (0..3_000_000).map(|_| char::from(b' ' + u8::try_from(random.below(90)).expect("below"))).collect();
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("data.txt", "small\n"))
        .npm("left", "2.0.0", |p| p.file("data.txt", &noise))
        .npm("right", "1.0.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .serve()
}

fn wants(project: &Project, left: &str) {
    let rest = "environment \"development\" { keep 1; }\n";
    project.manifest(&format!("dependencies {{\n    npm \"left\" \"{left}\"\n    pypi \"six\"\n}}\n{rest}"));
}

/// A disk of its own, in memory; it goes when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this user may not mount one.
    fn new(place: &Path) -> Option<Self> {
        Self::with("size=1500k", place)
    }

    fn with(options: &str, place: &Path) -> Option<Self> {
        fs::create_dir_all(place).expect("a folder");
        let mounted = mount(&["-t", "tmpfs", "-o", options, "tmpfs"], place);
        if !mounted {
            let _ = writeln!(std::io::stderr(), "no disk can be mounted here: full disks are not tested");
        }
        mounted.then(|| Self(place.to_owned()))
    }

    /// Leaves no byte on it.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).expect("a file");
        for length in [1 << 16, 1 << 12, 1] {
            while filler.write_all(&vec![b'x'; length]).is_ok() {}
        }
    }

    /// Makes room.
    fn grow(&self) {
        fs::remove_file(self.0.join("filler")).expect("a file");
        self.remount("size=50m");
    }

    fn remount(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], &self.0));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(place).output();
    output.is_ok_and(|output| output.status.success())
}

/// Fails the test unless a run says so of the room that it found missing on a disk.
#[track_caller]
fn tells(said: &Output, disk: &Disk, more: &[&str]) {
    let document = said.json();
    let help = document["error"]["help"].as_str().expect("help");
    assert_eq!(document["error"]["code"], "larder::fs::disk_full", "{help}");
    let place = format!(" are free on `{}`", disk.0.display());
    for text in [&place, " are missing. ", "larder gc"].into_iter().chain(more.iter().copied()) {
        assert!(help.contains(text), "{text}: {help}");
    }
}

#[test]
fn a_full_disk_is_told_and_keeps_the_old_profile_and_gc_makes_room() {
    let registry = registry();
    for part in ["store", "project", "cache"] {
        let project = Project::new(&registry);
        let Some(disk) = Disk::new(&project.folder().join(part)) else { return };
        wants(&project, "^1");
        project.run("larder sync").exits(0);
        wants(&project, "^2");
        if part != "cache" {
            let said = project.run("larder sync --json").exits(6);
            tells(&said, &disk, &["at least 3.0 MB are needed and ", ": at least "]);
            project.run("larder verify").exits(0);
        }
        disk.fill();
        let said = project.run("larder sync --json");
        // A cache is a convenience: without one it works, too.
        assert!(said.status == 6 || part == "cache" && said.status == 0, "{part}: {}", said.stderr);
        if said.status == 6 {
            // The store's disk has not even room for a lease: what is missing is read to be counted.
            let needed =
                if part == "store" { "at least 3.0 MB are needed and 0 B are free" } else { " and 0 B are free" };
            tells(&said, &disk, &[needed]);
            assert_eq!(project.read("node_modules/left/data.txt"), "small\n", "{part}");
            project.run("larder verify").exits(0);
            project.run("larder run --frozen -- python -c 'import six'");
        }
        project.run("larder gc").exits(0);
        disk.grow();
        project.run("larder sync").exits(0);
        assert_eq!(project.read("node_modules/left/data.txt").len(), 3_000_000, "{part}");
        project.run("larder verify").exits(0);
        drop(disk);
    }
}

#[test]
fn a_disk_without_inodes_is_told_apart_from_one_without_room() {
    let files = |p: NpmPackage| (0..300).fold(p, |p, place| p.file(&format!("part-{place}.js"), "x"));
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("many", "1.0.0", files).serve();
    for part in ["store", "project"] {
        let project = Project::new(&registry);
        let Some(disk) = Disk::with("size=50m,nr_inodes=200", &project.folder().join(part)) else { return };
        project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
        let said = project.dependencies(&["npm \"left\"", "npm \"many\""]).run("larder sync --json").exits(6);
        // 300 files, the package's own two.
        tells(&said, &disk, &["at least 302 inodes are needed and ", "`: at least "]);
        project.run("larder verify").exits(0);
        project.run("larder gc").exits(0);
        disk.remount("nr_inodes=9000");
        project.run("larder sync").exits(0);
        project.run("larder verify").exits(0);
    }
}

#[test]
fn gc_frees_a_full_disk() {
    let registry = registry();
    for part in ["store", "project"] {
        let project = Project::new(&registry);
        let Some(disk) = Disk::new(&project.folder().join(part)) else { return };
        wants(&project, "^1");
        project.run("larder sync").exits(0);
        project.dependencies(&["npm \"right\"", "pypi \"six\""]).run("larder sync").exits(0);
        let rest = "environment \"development\" { keep 1; }\n";
        project.manifest(&format!("dependencies {{\n    npm \"right\"\n    pypi \"six\"\n}}\n{rest}"));
        disk.fill();
        let said = project.run_json("larder gc --json");
        assert_eq!((&said["generations"][0]["generation"], &said["store_entries"]), (&1.into(), &1.into()), "{part}");
        project.run("larder verify").exits(0);
        disk.grow();
        project.run("larder sync").exits(0);
        project.run("larder verify").exits(0);
    }
}

/// Returns what a sync of an environment did, call by call: `sync store`, `sync project`, `switch`.
fn steps(project: &Project, environment: &str) -> Option<Vec<&'static str>> {
    let trace = project.folder().join("trace");
    let file = trace.display().to_string();
    let calls = "trace=syncfs,rename,renameat,renameat2";
    let said = project.under(
        &["strace", "-f", "-qq", "-y", "-s", "999", "-o", &file, "-e", calls],
        &format!("larder sync --env {environment}"),
    );
    if said.status == 127 {
        let _ = writeln!(std::io::stderr(), "no strace: what is written to disk before a switch is not tested");
        return None;
    }
    let said = said.exits(0);
    let text = fs::read_to_string(trace).unwrap_or_else(|error| panic!("{error}\n{}", said.stderr));
    let store = project.store().display().to_string();
    let place = project.path("").display().to_string();
    let current = format!(".profiles/{environment}/current\"");
    let step = |line: &str| match line {
        line if line.contains("syncfs(") && line.contains(&store) => Some("sync store"),
        line if line.contains("syncfs(") && line.contains(place.trim_end_matches('/')) => Some("sync project"),
        line if line.contains("syncfs(") => Some("sync of something else"),
        line if line.contains("rename") && line.contains(&current) => Some("switch"),
        _ => None,
    };
    Some(text.lines().filter_map(step).collect())
}

#[test]
fn production_is_on_disk_before_the_switch_and_development_does_not_wait() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"right\"", "pypi \"six\""]).run("larder lock").exits(0);
    let Some(development) = steps(&project, "development") else { return };
    assert_eq!(development, ["switch"]);
    assert_eq!(steps(&project, "production"), Some(vec!["sync store", "sync project", "switch", "sync project"]));
    project.dependencies(&["npm \"right\""]).run("larder lock").exits(0);
    assert_eq!(steps(&project, "production"), Some(vec!["sync store", "sync project", "switch", "sync project"]));
    assert_eq!(steps(&project, "production"), Some(Vec::new()), "there was nothing to do");
}

/// Lets everything in the store be of another boot.
fn reboot(project: &Project) -> [u8; 16] {
    const MAGIC: usize = "larder tree 1\n".len();
    let boot = [7; 16];
    for index in indexes(&project.store().join("v1/trees")) {
        let mut bytes = fs::read(&index).expect("an index");
        let end = bytes.len() - 16;
        bytes[MAGIC..MAGIC + 16].copy_from_slice(&boot);
        let check = blake3::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&check.as_bytes()[..16]);
        fs::write(index, bytes).expect("an index");
    }
    boot
}

fn indexes(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for shard in fs::read_dir(folder).expect("shards") {
        for tree in fs::read_dir(shard.expect("a shard").path()).expect("trees") {
            found.insert(tree.expect("a tree").path().join("index"));
        }
    }
    found
}

/// Changes a byte of the store's only file of this name, as a crash could: size and time stay.
fn harm(project: &Project, name: &str) {
    let trees = indexes(&project.store().join("v1/trees"));
    let file = trees.iter().map(|index| index.with_file_name("files").join(name)).find(|file| file.exists());
    let file = file.expect("a file");
    let time = file.metadata().and_then(|about| about.modified()).expect("a time");
    let mut bytes = fs::read(&file).expect("a file");
    bytes[0] ^= 1;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a file of ours");
    fs::write(&file, bytes).expect("a file of ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).expect("a file of ours");
    fs::File::open(&file).and_then(|file| file.set_modified(time)).expect("a file of ours");
}

/// Returns what was fetched to build another project from a store that was harmed.
fn fetched_again(project: &Project, registry: &Registry) -> (Project, Vec<String>) {
    let other = project.beside();
    other.manifest("dependencies {\n    npm \"left\" \"^1\"\n    pypi \"six\"\n}\n");
    other.write("larder.lock", &project.read("larder.lock"));
    registry.take_log();
    other.run("larder sync").exits(0);
    let mut files = registry.take_log();
    files.retain(|path| path.contains("/-/") || path.contains("/files/"));
    (other, files)
}

#[test]
fn what_an_earlier_boot_left_unsynced_is_hashed_before_it_is_used() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]).run("larder sync").exits(0);
    fs::remove_dir_all(project.path(".larder")).expect("a profile of ours");
    reboot(&project);
    harm(&project, "data.txt");
    let (other, fetched) = fetched_again(&project, &registry);
    assert_eq!(fetched, ["/npm/left/-/left-1.0.0.tgz"], "what was whole is not fetched");
    assert_eq!(other.read("node_modules/left/data.txt"), "small\n");
    other.run("larder verify").exits(0);
}

#[test]
fn what_was_synced_in_its_own_boot_is_not_hashed_again() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]).run("larder sync").exits(0);
    let boot = reboot(&project);
    let note = format!("{:032x}", u128::from_be_bytes(boot));
    let notes = project.store().join("v1/synced");
    fs::create_dir_all(&notes).expect("a folder");
    fs::write(notes.join(note), u64::MAX.to_le_bytes()).expect("a note");
    harm(&project, "data.txt");
    let (other, fetched) = fetched_again(&project, &registry);
    assert_eq!(fetched, Vec::<String>::new());
    other.run("larder verify").exits(4).names(["data.txt"]);
}

#[test]
fn a_store_that_cannot_be_written_serves_new_projects_with_what_it_has() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let first = Project::new(&registry);
    let manifest = |project: &Project, line: &str| {
        project.dependencies(&[line]);
        let text = project.read("larder.kdl");
        let without_python = text.lines().filter(|line| !line.trim().starts_with("python")).collect::<Vec<_>>();
        project.write("larder.kdl", &without_python.join("\n"));
    };
    manifest(&first, "npm \"left\" \"^1\"");
    first.run("larder sync").exits(0);
    // A user that the store does not belong to; where the tests have no such right, the store's own without its rights.
    let store = first.store().display().to_string();
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let user: &[&str] =
        if is_root { &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] } else { &["/usr/bin/env"] };
    if !is_root {
        first.program("chmod", &["-R", "a-w", &store]).exits(0);
    }
    let second = first.beside();
    for line in ["npm \"left\" \"^1\"", "npm \"right\" \"^1\""] {
        manifest(&second, line);
        if is_root {
            for folder in [first.folder(), second.folder()] {
                let all = folder.display().to_string();
                first.program("chown", &["-R", "65534:65534", &all]).exits(0);
            }
            first.program("chown", &["-R", "0:0", &store]).exits(0);
        }
        let output = second.under(user, "larder sync");
        if output.status == 127 || output.stderr.contains("setpriv:") {
            return;
        }
        if line.contains("left") {
            output.exits(0);
            assert!(second.has("node_modules/left/package.json"));
        } else {
            output.exits(6).names(["store/v1"]);
            assert!(second.has("node_modules/left/package.json"));
        }
    }
    if !is_root {
        first.program("chmod", &["-R", "u+w", &store]).exits(0);
    }
}

#[test]
fn a_store_of_somebody_else_is_refused() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    let store = project.store().join("v1").display().to_string();
    project.program("chmod", &["o+w", &store]).exits(0);
    let other = project.beside();
    other.dependencies(&["npm \"left\" \"^1\""]);
    other.run("larder sync").exits(1).names(["larder::store::not_own", "chmod go-w"]);
    assert!(!other.has("node_modules"));
    project.program("chmod", &["o-w", &store]).exits(0);
    other.run("larder sync").exits(0);
}
