//! Checkouts and locks that somebody else wrote, by seed. Whatever they hold, nothing outside the project and larder's own
//! folders is read, written or removed, and every command ends, with a status of its own.
//!
//! The tests take a few. All of them take many minutes:
//!
//! ```sh
//! cargo test clone::fuzz::all -- --ignored --nocapture
//! FUZZ=17 cargo test …                        # one seed
//! FUZZ=100..200 cargo test …                  # some
//! ```
//!
//! It stands on `strace`; without it these tests say so and look only at what was changed.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use larder::model::TreeDigest;
use tempfile::TempDir;

use super::reach;
use crate::support::{Project, Random, Registry, Universe};
use crate::sweep::{copy, has_strace, say};

/// A project with all that larder keeps of one: two generations, two environments, members, both ecosystems.
struct Ground {
    project: Project,
    before: TempDir,
    /// What lies in the checkout, relative to it.
    places: Vec<PathBuf>,
    is_traced: bool,
    _registry: Registry,
}

const COMMANDS: [&str; 12] = [
    "larder sync",
    "larder sync --repair",
    "larder gc --older-than 0s",
    "larder rollback 1",
    "larder sync --forward",
    "larder rollback --verify",
    "larder verify --all",
    "larder sync --env production",
    "larder use production",
    "larder gc --dry-run",
    "larder sync --frozen",
    "larder promote development production",
];

/// No command takes longer than this, in seconds.
const PATIENCE: &str = "120";

impl Ground {
    fn new() -> Self {
        let universe = ["1.0.0", "2.0.0"].into_iter().fold(Universe::new(), |universe, version| {
            universe
                .npm("left", version, |p| p.dep("right", "*").bin("left", "cli.js", "#!/usr/bin/env node\n"))
                .npm("right", version, |p| p)
                .npm("@scope/tool", version, |p| p)
                .pypi("piece", version, |p| p)
        });
        let registry = universe.serve();
        let project = Project::new(&registry);
        fs::create_dir_all(project.path(".git/info")).expect("a folder");
        project.write("apps/web/package.json", r#"{"name":"web","version":"1.0.0","dependencies":{"right":"*"}}"#);
        for version in ["1.0.0", "2.0.0"] {
            project.manifest(&format!(
                "dependencies {{\n    npm \"left\" \"{version}\"\n    npm \"@scope/tool\" \"*\"\n    pypi \"piece\" \
                 \"=={version}\"\n}}\nmembers \"apps/*\"\nenvironment \"development\" {{ keep 1; }}\nenvironment \
                 \"production\"\n"
            ));
            project.run("larder sync").exits(0);
            project.run("larder pin").exits(0);
        }
        project.run("larder sync --env production --no-activate").exits(0);
        for file in ["secret", "development/1/generation.json", "preview/1/head.json", "web/package.json", ".git/HEAD"]
        {
            project.write(&format!("../victim/{file}"), "{\"name\":\"web\",\"version\":\"1.0.0\"}");
        }
        project.write("../victim/.secret.tmp", "half");
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        let mut places = Vec::new();
        walk(&project.path(""), Path::new(""), &mut places);
        places.sort();
        Self { project, before, places, is_traced: has_strace(), _registry: registry }
    }

    fn put_back(&self) {
        for folder in ["project", "store", "cache", "victim"] {
            let place = self.project.folder().join(folder);
            fs::remove_dir_all(&place).expect("a folder of ours");
            copy(&self.before.path().join(folder), &place);
        }
    }

    /// Changes the checkout as the seed says, and runs a few commands in it.
    fn attempt(&self, seed: u64, change: fn(&Self, &mut Random) -> Vec<String>) {
        self.put_back();
        let random = &mut Random::new(seed + 1);
        random.below(2);
        let changes = change(self, random);
        let first = random.below(COMMANDS.len());
        for command in [COMMANDS[first], COMMANDS[random.below(COMMANDS.len())], "larder sync --repair"] {
            self.runs(command, &format!("seed {seed}: {changes:#?}\n{command}"));
        }
    }

    fn runs(&self, command: &str, place: &str) {
        let folder = self.project.folder().canonicalize().expect("a folder");
        let (victim, trace) = (folder.join("victim"), self.before.path().join("trace"));
        let before = reach::listing(&victim);
        let file = trace.display().to_string();
        let traced = ["timeout", PATIENCE, "strace", "-f", "-qq", "-y", "-s", "4096", "-e", "trace=%file", "-o", &file];
        let program = if self.is_traced { &traced[..] } else { &traced[..2] };
        let output = self.project.under(program, command);
        let status = output.status;
        assert!((0..=6).contains(&status), "{place}: ends with {status}\n{}{}", output.stdout, output.stderr);
        assert!(!output.stderr.contains("panicked"), "{place}\n{}", output.stderr);
        assert_eq!(reach::listing(&victim), before, "{place}: changed what is not its own\n{}", output.stderr);
        if self.is_traced {
            let text = String::from_utf8_lossy(&fs::read(&trace).expect("a trace")).into_owned();
            let own = ["project", "store", "cache", "home"].map(|own| folder.join(own));
            let strays = reach::strays(&text, &folder, &own);
            assert!(strays.is_empty(), "{place}: reached\n{}", strays.join("\n"));
        }
    }
}

fn walk(root: &Path, below: &Path, places: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root.join(below)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = below.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            walk(root, &path, places);
        }
        places.push(path);
    }
}

/// Names that mean something to larder, in folders of its own.
const NAMES: [&str; 14] = [
    ".larder/node_modules/.profiles/preview",
    ".larder/node_modules/.profiles/.removed-preview",
    ".larder/node_modules/.profiles/development/.building",
    ".larder/node_modules/.profiles/development/.removed-1",
    ".larder/node_modules/.profiles/development/.current.tmp",
    ".larder/node_modules/.profiles/development/.leading",
    ".larder/node_modules/.profiles/development/7",
    ".larder/node_modules/.profiles/development/pins",
    ".larder/node_modules/.profiles/development/rolled-back",
    ".larder/node_modules/.packages/.staging",
    ".larder/node_modules/.packages/evil@1.0.0-0123456789abcdef0123456789abcdef",
    ".larder/node_modules/.adopted",
    ".larder/state-production",
    ".larder/.whole.tmp",
];

/// Places that matter most; others are as likely as their number.
const PLACES: [&str; 18] = [
    ".larder",
    ".larder/lock",
    ".larder/whole",
    ".larder/active",
    ".larder/state-development",
    ".larder/node_modules",
    ".larder/node_modules/.packages",
    ".larder/node_modules/.profiles",
    ".larder/node_modules/.profiles/development",
    ".larder/node_modules/.profiles/development/current",
    ".larder/node_modules/.profiles/development/1",
    ".larder/node_modules/.profiles/development/2",
    ".larder/node_modules/.profiles/production",
    "apps",
    "apps/web",
    ".git",
    ".git/info",
    "node_modules",
];

/// Changes a checkout, and says how.
fn checkout(ground: &Ground, random: &mut Random) -> Vec<String> {
    (0..=random.below(4)).map(|_| one_change(ground, random)).collect()
}

fn one_change(ground: &Ground, random: &mut Random) -> String {
    let project = &ground.project;
    if random.below(6) == 0 {
        return forgery(ground, random);
    }
    let place = match random.below(5) {
        0 | 1 => PathBuf::from(PLACES[random.below(PLACES.len())]),
        2 => PathBuf::from(NAMES[random.below(NAMES.len())]),
        _ => ground.places[random.below(ground.places.len())].clone(),
    };
    let path = project.path("").join(&place);
    let victim = project.folder().join("victim");
    let target = ["", "secret", "preview", "new", "development/1", ".git", "development"];
    let target = victim.join(target[random.below(target.len())]);
    let up = place.components().count();
    let relative: PathBuf =
        (0..up).map(|_| "..").collect::<PathBuf>().join(target.strip_prefix(project.folder()).expect("below"));
    let how = random.below(8);
    if how < 7 && (through_link(project, &place) || !clear(&path)) {
        return format!("nothing at {}", place.display());
    }
    match how {
        0 | 1 => symlink(&target, &path).expect("a link"),
        2 | 3 => symlink(&relative, &path).expect("a link"),
        4 => drop(Command::new("mkfifo").arg(&path).status().expect("mkfifo")),
        5 => fs::write(&path, ["", "garbage", "{}", "1\n2\n", "../../../victim"][random.below(5)]).expect("a file"),
        6 => fs::create_dir_all(path.join("inner/1")).expect("a folder"),
        _ if path.symlink_metadata().is_ok_and(|about| !about.is_symlink()) && !through_link(project, &place) => {
            let mode = [0o000, 0o444, 0o4755, 0o777][random.below(4)];
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        }
        _ => {}
    }
    format!("{} becomes {how} ({})", place.display(), target.display())
}

/// Tells whether an earlier change leads the way to a place out of the checkout.
fn through_link(project: &Project, place: &Path) -> bool {
    let root = project.path("").canonicalize().expect("a folder");
    let parent = root.join(place.parent().unwrap_or(Path::new("")));
    parent.canonicalize().is_ok_and(|parent| !parent.starts_with(&root))
}

/// Removes what lies at a path; tells whether something can be made there.
fn clear(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path).is_ok(),
        Ok(_) => fs::remove_file(path).is_ok(),
        Err(_) => fs::create_dir_all(path.parent().expect("a parent")).is_ok(),
    }
}

/// Writes a record that says something else, with the digest of that.
fn forgery(ground: &Ground, random: &mut Random) -> String {
    let project = &ground.project;
    let root = project.path("").canonicalize().expect("a folder").display().to_string();
    let (root, victim) = (root.as_str(), project.folder().join("victim").display().to_string());
    let environment = ["development", "production"][random.below(2)];
    let number = if environment == "production" { 1 } else { 1 + random.below(2) };
    let folder = format!(".larder/node_modules/.profiles/{environment}/{number}");
    let up = "../".repeat(6);
    let (file, from, to) = match random.below(9) {
        0 => ("generation.json", "\"node_modules/left\"".to_owned(), format!("\"{up}victim/made\"")),
        1 => ("generation.json", "\"python/pyvenv.cfg\"".to_owned(), format!("\"{up}victim/secret\"")),
        2 => ("generation.json", root.to_owned(), victim),
        3 => ("head.json", root.to_owned(), victim),
        4 => ("head.json", "\"apps/web\"".to_owned(), "\"../victim/web\"".to_owned()),
        5 => ("keys", "left@".to_owned(), "../../../../../victim/left@".to_owned()),
        6 => ("generation.json", "\"name\":\"left\"".to_owned(), format!("\"name\":\"{up}victim\"")),
        7 => {
            if through_link(project, Path::new(".larder/lock")) || !clear(&project.path(".larder/lock")) {
                return "nothing at .larder/lock".to_owned();
            }
            project.write(".larder/lock", &format!("at work, process 1\0{victim}/secret\0{root}/../victim/secret"));
            return "a note of another folder's file".to_owned();
        }
        _ => {
            let facts =
                format!("root {root}\ngeneration 1\nlock\tfresh\nlink\t{victim}/.profiles/development/current\t1\n");
            let state = ".larder/state-development";
            if through_link(project, Path::new(state)) || !clear(&project.path(state)) {
                return format!("nothing at {state}");
            }
            project.write(state, &format!("larder {}\n{facts}", env!("CARGO_PKG_VERSION")));
            return "a record of a sync".to_owned();
        }
    };
    let path = format!("{folder}/{file}");
    if through_link(project, Path::new(&path)) || !project.path(&path).is_file() {
        return format!("nothing at {path}");
    }
    let text = project.read(&path).replace(&from, &to);
    let text = if file == "generation.json" { sealed(&text) } else { text };
    fs::write(project.path(&path), text).expect("a record");
    if file == "generation.json" && random.below(2) == 0 {
        // One that was built elsewhere is brought here.
        let head = format!("{folder}/head.json");
        if project.path(&head).is_file() {
            fs::write(project.path(&head), project.read(&head).replace(root, "/another/place")).expect("a head");
        }
    }
    format!("{path}: {from} becomes {to}")
}

/// Gives a record the digest that it ends with.
pub(super) fn sealed(record: &str) -> String {
    let Some((text, _)) = record.rsplit_once(",\"check\":\"") else { return record.to_owned() };
    let check = TreeDigest::of(format!("{text}}}").as_bytes());
    format!("{text},\"check\":\"{check}\"}}")
}

/// Values that a lock's author would like to see followed.
const VALUES: [&str; 12] = [
    "../../victim",
    "../victim/web",
    "/etc/passwd",
    "..",
    "apps/../../victim",
    "left/../../../victim",
    "file:///etc/passwd",
    "http://127.0.0.1:1/x.tgz",
    "\\u001b]0;x\\u0007",
    "",
    "999999999999999999999.0.0",
    "sha512-AAAA",
];

/// Changes the lock, and says how.
fn lock(ground: &Ground, random: &mut Random) -> Vec<String> {
    let project = &ground.project;
    let mut lines: Vec<String> = project.read("larder.lock").lines().map(str::to_owned).collect();
    let mut changes = Vec::new();
    for _ in 0..=random.below(3) {
        let at = random.below(lines.len());
        let other = random.below(lines.len());
        let quoted = |line: &str| Some((line.find('"')?, line.rfind('"')?)).filter(|(start, end)| start < end);
        match random.below(6) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            // Two lines of one kind exchange what they say.
            3 => {
                let key = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
                let alike: Vec<usize> =
                    (0..lines.len()).filter(|other| key(&lines[*other]) == key(&lines[at])).collect();
                lines.swap(at, alike[random.below(alike.len())]);
            }
            4 => {
                if let Some((start, end)) = quoted(&lines[at]) {
                    lines[at].replace_range(start + 1..end, VALUES[random.below(VALUES.len())]);
                }
            }
            _ => {
                let mut bytes = lines[at].clone().into_bytes();
                if !bytes.is_empty() {
                    let place = random.below(bytes.len());
                    bytes[place] ^= 1 << random.below(7);
                }
                lines[at] = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        changes.push(format!("line {at}: {}", lines.get(at).map_or("", String::as_str)));
        if lines.is_empty() {
            break;
        }
    }
    if random.below(12) == 0 {
        fs::remove_file(project.path("larder.lock")).expect("a lock");
        let target = project.folder().join("victim/secret");
        symlink(target, project.path("larder.lock")).expect("a link");
        return vec!["larder.lock leads elsewhere".to_owned()];
    }
    project.write("larder.lock", &(lines.join("\n") + "\n"));
    if random.below(2) == 0 {
        fs::remove_dir_all(project.path(".larder")).expect("a folder");
    }
    changes
}

#[test]
fn a_few_checkouts_of_strangers_reach_nothing_else() {
    let ground = Ground::new();
    for seed in 0..8 {
        ground.attempt(seed, checkout);
    }
}

#[test]
fn a_few_locks_of_strangers_reach_nothing_else() {
    let ground = Ground::new();
    for seed in 0..8 {
        ground.attempt(seed, lock);
    }
}

#[test]
#[ignore = "takes many minutes"]
fn all_checkouts() {
    all("checkouts", checkout);
}

#[test]
#[ignore = "takes many minutes"]
fn all_locks() {
    all("locks", lock);
}

fn all(what: &str, change: fn(&Ground, &mut Random) -> Vec<String>) {
    let ground = Ground::new();
    let seeds = seeds(&std::env::var("FUZZ").unwrap_or_default());
    let mut failed = 0;
    for seed in seeds.clone() {
        let attempt = std::panic::AssertUnwindSafe(|| ground.attempt(seed, change));
        if std::panic::catch_unwind(attempt).is_err() {
            say(&format!("{what}: seed {seed} failed"));
            failed += 1;
        }
    }
    say(&format!("{what}: seeds {seeds:?}, {failed} failed"));
    assert_eq!(failed, 0, "failures");
}

fn seeds(text: &str) -> Range<u64> {
    match text.split_once("..") {
        Some((start, end)) => start.parse().expect("a seed")..end.parse().expect("a seed"),
        None => text.parse().map_or(0..500, |one| one..one + 1),
    }
}
