//! What a trace says: the calls of a run that change the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The `nth` call of a name that a thread makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) call: String,
    pub(super) nth: usize,
}

/// Returns the calls of a trace that change what lies below `folder`.
pub(super) fn points(trace: &str, folder: &Path) -> Vec<Point> {
    let folder = folder.display().to_string();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut points = BTreeSet::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = rest.trim_start().split_once('(') else { continue };
        if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        if changes_the_disk(name, arguments, &folder) {
            points.insert(Point { call: name.to_owned(), nth: *count });
        }
    }
    points.into_iter().collect()
}

/// The calls that change the disk, whatever their arguments.
const CALLS: [&str; 25] = [
    "chmod",
    "copy_file_range",
    "creat",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "symlink",
    "symlinkat",
    "syncfs",
    "unlink",
    "unlinkat",
    "utimensat",
];

/// Tells whether a call may change what lies below `folder`.
fn changes_the_disk(name: &str, arguments: &str, folder: &str) -> bool {
    match name {
        "open" | "openat" => arguments.contains("O_CREAT") || arguments.contains("O_TMPFILE"),
        "write" | "pwrite64" | "writev" => arguments.split(',').next().is_some_and(|file| file.contains(folder)),
        _ => CALLS.contains(&name),
    }
}

#[test]
fn calls_that_change_the_disk_are_counted_by_thread() {
    let trace = "7 openat(AT_FDCWD</w>, \"a\", O_RDONLY) = 3</w/a>\n\
                 7 openat(AT_FDCWD</w>, \"b\", O_WRONLY|O_CREAT, 0666) = 3</w/b>\n\
                 8 openat(AT_FDCWD</w>, \"c\", O_WRONLY|O_CREAT, 0666 <unfinished ...>\n\
                 8 <... openat resumed>) = 4</w/c>\n\
                 7 write(3</w/b>, \"x\", 1) = 1\n7 write(2</dev/null>, \"x\", 1) = 1\n8 fsync(4</w/c>) = 0\n";
    let point = |call: &str, nth| Point { call: call.to_owned(), nth };
    let expected = [point("fsync", 1), point("openat", 1), point("openat", 2), point("write", 1)];
    assert_eq!(points(trace, Path::new("/w")), expected);
}
