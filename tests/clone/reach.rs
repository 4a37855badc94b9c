//! What a run reaches: the files that it opens, and those that it changes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Lists everything below a folder with what shows that it was changed.
pub(super) fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            let about = path.symlink_metadata().expect("an entry that stays");
            let changed = (about.ctime(), about.ctime_nsec());
            found.push(format!("{} {} {:o} {changed:?}", path.display(), about.ino(), about.mode()));
            if about.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Calls that change what their first path names, or their second.
const CHANGES: [&str; 18] = [
    "chmod",
    "fchmodat",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "truncate",
    "unlink",
    "unlinkat",
    "utimensat",
];

/// Returns the calls of a trace that open or change something below `beside` that is not in one of `own`; a name that is
/// only looked at, as the target of a link is, is no content.
pub(super) fn strays(trace: &str, beside: &Path, own: &[PathBuf]) -> Vec<String> {
    let is_stray = |path: &Path| {
        let path = plain(path);
        path.starts_with(beside) && path != beside && !own.iter().any(|own| path.starts_with(own))
    };
    let mut strays = Vec::new();
    for line in trace.lines() {
        let Some((_, call)) = line.split_once(' ') else { continue };
        let Some((name, rest)) = call.trim_start().split_once('(') else { continue };
        let touched: Vec<PathBuf> = match name {
            // What was opened is said at the end of the line, as the system resolved it.
            "open" | "openat" | "openat2" | "creat" => opened(rest).into_iter().collect(),
            "execve" => arguments(rest).into_iter().take(1).collect(),
            "symlink" | "symlinkat" => arguments(rest).into_iter().skip(1).collect(),
            name if CHANGES.contains(&name) => arguments(rest),
            _ => Vec::new(),
        };
        // What is refused changed nothing; an open that is refused has no result to look at.
        let failed = rest.contains(") = -1 ");
        if !failed && touched.iter().any(|path| is_stray(path)) {
            strays.push(line.to_owned());
        }
    }
    strays
}

/// Returns the path behind the descriptor that a call gave: `= 3</tmp/x>`.
fn opened(rest: &str) -> Option<PathBuf> {
    let (_, result) = rest.rsplit_once(") = ")?;
    let (_, path) = result.split_once('<')?;
    Some(path.strip_suffix('>').unwrap_or(path).into())
}

/// Returns a call's paths: `7</tmp/x>, "name"` is one, relative to the folder before it.
fn arguments(rest: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folder = PathBuf::new();
    let mut text = rest.rsplit_once(") = ").map_or(rest, |(text, _)| text);
    while let Some(at) = text.find(['<', '"']) {
        let ends = if text[at..].starts_with('<') { '>' } else { '"' };
        let after = &text[at + 1..];
        let end = after.find(ends).unwrap_or(after.len());
        if ends == '>' {
            folder = after[..end].into();
        } else {
            found.push(folder.join(&after[..end]));
        }
        text = after.get(end + 1..).unwrap_or("");
    }
    found
}

/// Returns a path without `.` and `..`, as its text says.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
        plain
    })
}

#[test]
fn what_leaves_its_own_folders_is_seen() {
    let trace = "7 openat(AT_FDCWD</w/own>, \"../own/a\", O_RDONLY) = 3</w/own/a>\n\
                 7 openat(AT_FDCWD</w/own>, \"link\", O_RDONLY) = 3</w/victim/a>\n\
                 7 openat(AT_FDCWD</w/own>, \"link\", O_RDONLY|O_NOFOLLOW) = -1 ELOOP (Too many)\n\
                 7 mkdirat(4</w/own>, \"../victim/b\", 0777) = 0\n\
                 7 symlinkat(\"../victim\", 4</w/own>, \"b\") = 0\n\
                 7 unlinkat(4</w/victim>, \"b\", 0) = 0\n\
                 7 openat(AT_FDCWD</w/own>, \"/etc/hosts\", O_RDONLY) = 3</etc/hosts>\n\
                 7 readlink(\"/w/own/link\", \"/w/victim\", 4096) = 9\n";
    let found = strays(trace, Path::new("/w"), &["/w/own".into()]);
    let names: Vec<&str> = found.iter().filter_map(|line| line[2..].split_once('(')).map(|(name, _)| name).collect();
    assert_eq!(names, ["openat", "mkdirat", "unlinkat"]);
}
