//! What every build sees of the system: compilers and their libraries, and nothing that is anybody's own.

use std::path::{Path, PathBuf};

use super::Root;
use super::specification::Bind;
use crate::build::downloads;
use crate::fs::{self, FsError, Kind};

/// Folders that are links into `/usr` on most systems.
const TOP_FOLDERS: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Files that linkers and loaders read, and the store of Nix, which is there for everybody to read.
const OTHERS: [&str; 5] =
    ["/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/nix/store"];

/// The user that a build believes to be.
pub(super) const USER: u32 = 1000;

/// Returns the system's part of a build's file system.
/// `certificate` is that of the authority behind its downloads, if it may have some.
pub(super) fn root(user: u32, certificate: Option<&str>) -> Result<Root, FsError> {
    let mut root = Root { binds: Vec::new(), links: Vec::new(), files: files(user, certificate) };
    if is_there(Path::new("/usr"))? {
        root.binds.push(Bind::read("/usr"));
    }
    for folder in TOP_FOLDERS.map(Path::new) {
        match fs::lstat(folder)?.map(|stat| stat.kind) {
            Some(Kind::Symlink) => root.links.push((folder.to_owned(), fs::read_link(folder)?)),
            Some(Kind::Folder) => root.binds.push(Bind::read(folder)),
            _ => {}
        }
    }
    for path in OTHERS.map(Path::new) {
        if is_there(path)? {
            root.binds.push(Bind::read(path));
        }
    }
    if is_there(Path::new("/usr/lib/os-release"))? {
        root.links.push(("/etc/os-release".into(), "../usr/lib/os-release".into()));
    }
    Ok(root)
}

/// Returns what a build without a file system of its own may read of the system.
pub(super) fn readable() -> Vec<PathBuf> {
    const FACTS: [&str; 6] =
        ["/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/sys/devices/system/cpu", "/etc/os-release"];
    let top = ["/usr"].into_iter().chain(TOP_FOLDERS).chain(OTHERS).chain(FACTS);
    top.map(PathBuf::from).collect()
}

/// The generated files of `/etc`.
fn files(user: u32, certificate: Option<&str>) -> Vec<(PathBuf, String)> {
    let file = |path: &str, text: String| (PathBuf::from(path), text);
    let names = if certificate.is_some() { "files dns" } else { "files" };
    let mut files = vec![
        file("/etc/passwd", format!("builder:x:{user}:{user}:larder build:/tmp/home:/bin/sh\n")),
        file("/etc/group", format!("builder:x:{user}:\n")),
        file("/etc/hosts", "127.0.0.1 localhost build\n::1 localhost\n".to_owned()),
        file("/etc/nsswitch.conf", format!("passwd: files\ngroup: files\nhosts: {names}\n")),
    ];
    if let Some(certificate) = certificate {
        files.push(file("/etc/resolv.conf", "nameserver 127.0.0.1\n".to_owned()));
        files.extend(downloads::CERTIFICATES.map(|path| file(path, certificate.to_owned())));
    }
    files
}

fn is_there(path: &Path) -> Result<bool, FsError> {
    Ok(fs::stat(path)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_the_system_that_names_people_or_holds_secrets_is_shown() {
        let root = root(USER, None).unwrap();
        let shown: Vec<_> = root.binds.iter().map(|bind| bind.source.as_path()).collect();
        assert!(shown.contains(&Path::new("/usr")));
        for secret in ["/etc/shadow", "/etc/passwd", "/home/me/.ssh", "/root/.ssh", "/run/docker.sock", "/var/lib"] {
            assert!(!shown.iter().any(|shown| Path::new(secret).starts_with(shown)), "{secret}");
            assert!(!readable().iter().any(|shown| Path::new(secret).starts_with(shown)), "{secret}");
        }
        assert!(root.files.iter().any(|(path, text)| path == Path::new("/etc/passwd") && text.lines().count() == 1));
    }
}
