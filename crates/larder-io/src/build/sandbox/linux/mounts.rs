//! The file system that a build sees.
//!
//! ```text
//! /            a tmpfs, read-only in the end
//! ├── usr …    what is visible, each a bind of its own, read-only and without set-user-id bits
//! ├── build …  what may be written
//! ├── etc      generated
//! ├── proc     of the own processes only; what is not about a process is read-only
//! ├── dev      null, zero, full, random, urandom, shm
//! └── tmp      a tmpfs of a limited size
//! ```
//!
//! Two roots are left one after the other: the machine's moves to `/old` of a first tmpfs, from where everything visible is
//! bound into `/new`; that one becomes the root, and what is above it goes.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root};

use super::RefusedStep;
use crate::build::sandbox::specification::{Access, Bind, Root};
use crate::fs::{self, FsError, Kind};

/// Where the machine's files are while the new root is made.
const OLD: &str = "/old";

/// Where the new root is made.
const NEW: &str = "/new";

/// Devices without which little runs, and which hold nothing.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// What of `/proc` is not about processes, and could be changed by somebody with more rights than a build has.
const MACHINE: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];

/// What of `/proc` tells about the machine and its kernel what no build needs.
const HIDDEN: [&str; 6] = ["kcore", "keys", "key-users", "timer_list", "sched_debug", "kallsyms"];

/// Makes `root` the root of this process, which must be alone in its mount namespace and the first of its process namespace.
pub(super) fn enter(root: &Root, temporary: u64) -> Result<(), RefusedStep> {
    let base = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", base).map_err(RefusedStep::at("mounts of its own"))?;
    let size = |bytes: u64, mode: &str| CString::new(format!("size={bytes},mode={mode}")).unwrap_or_default();
    let plain = MountFlags::NOSUID | MountFlags::NODEV;
    let tmpfs = |path: &str, bytes, mode| {
        mount("tmpfs", path, "tmpfs", plain, Some(size(bytes, mode).as_c_str())).map_err(RefusedStep::at("a tmpfs"))
    };

    tmpfs("/tmp", 1 << 20, "0755")?;
    chdir("/tmp").map_err(RefusedStep::at("a new root"))?;
    make_folder(Path::new("/tmp/new"))?;
    make_folder(Path::new("/tmp/old"))?;
    pivot_root("/tmp", "/tmp/old").map_err(RefusedStep::at("a new root"))?;
    chdir("/").map_err(RefusedStep::at("a new root"))?;
    tmpfs(NEW, 16 << 20, "0755")?;

    for folder in ["proc", "dev", "tmp", "etc"] {
        make_folder(&Path::new(NEW).join(folder))?;
    }
    process_files()?;
    devices()?;
    tmpfs("/new/dev/shm", temporary, "1777")?;
    tmpfs("/new/tmp", temporary, "1777")?;
    for (path, text) in &root.files {
        let path = below_new(path);
        make_folder(path.parent().unwrap_or(Path::new(NEW)))?;
        fs::write_new(&path, text.as_bytes(), 0o644).map_err(at_path)?;
    }
    for bind in &root.binds {
        show(bind)?;
    }
    for (path, leads_to) in &root.links {
        let path = below_new(path);
        make_folder(path.parent().unwrap_or(Path::new(NEW)))?;
        fs::symlink(leads_to, &path).map_err(at_path)?;
    }
    fs::create_dir(Path::new("/new/tmp/home")).map_err(at_path)?;
    fs::open_to_all(Path::new("/new/tmp/home")).map_err(at_path)?;

    let read_only = plain | MountFlags::BIND | MountFlags::RDONLY;
    mount_remount("/new/dev", read_only & !MountFlags::NODEV, c"").map_err(RefusedStep::at("read-only devices"))?;
    mount_remount(NEW, read_only, c"").map_err(RefusedStep::at("a read-only root"))?;
    chdir(NEW).map_err(RefusedStep::at("the root"))?;
    pivot_root(".", ".").map_err(RefusedStep::at("the root"))?;
    unmount(".", UnmountFlags::DETACH).map_err(RefusedStep::at("leaving the machine's files"))?;
    chdir("/").map_err(RefusedStep::at("the root"))
}

/// Binds something visible, and takes away what may not be done with it.
fn show(bind: &Bind) -> Result<(), RefusedStep> {
    let (source, target) = (below(OLD, &bind.source), below_new(&bind.target));
    let stat = fs::lstat(&source).map_err(at_path)?;
    match stat.map(|stat| stat.kind) {
        Some(Kind::Folder) => make_folder(&target)?,
        Some(Kind::File) => {
            make_folder(target.parent().unwrap_or(Path::new(NEW)))?;
            if fs::lstat(&target).map_err(at_path)?.is_none() {
                fs::write_new(&target, b"", 0o644).map_err(at_path)?;
            }
        }
        _ => return Err(RefusedStep(format!("`{}` is neither file nor folder", bind.source.display()))),
    }
    let refused = |error| RefusedStep(format!("showing `{}`: {error}", bind.source.display()));
    mount_bind_recursive(&source, &target).map_err(refused)?;
    restrict(&target, bind.access).map_err(refused)
}

/// Takes rights away from the mount at `target` and from all below it. What the machine took away stays away.
fn restrict(target: &Path, access: Access) -> Result<(), rustix::io::Errno> {
    let table = fs::read_to_string(Path::new("/old/proc/self/mountinfo")).map_err(|_| rustix::io::Errno::IO)?;
    for (path, flags) in mounts_below(&table, target) {
        let mut flags = flags | MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
        if access == Access::Read {
            flags |= MountFlags::RDONLY;
        }
        mount_remount(&path, flags, c"")?;
    }
    Ok(())
}

/// Returns the mounts at and below a path, with their flags: `proc_pid_mountinfo(5)`.
fn mounts_below(table: &str, path: &Path) -> Vec<(PathBuf, MountFlags)> {
    let of_line = |line: &str| {
        let mut fields = line.split(' ').skip(4);
        let (at, options) = (unescape(fields.next()?), fields.next()?);
        let flags = options.split(',').map(|option| match option {
            "ro" => MountFlags::RDONLY,
            "nosuid" => MountFlags::NOSUID,
            "nodev" => MountFlags::NODEV,
            "noexec" => MountFlags::NOEXEC,
            "noatime" => MountFlags::NOATIME,
            "nodiratime" => MountFlags::NODIRATIME,
            "relatime" => MountFlags::RELATIME,
            _ => MountFlags::empty(),
        });
        at.starts_with(path).then(|| (at, flags.collect()))
    };
    table.lines().filter_map(of_line).collect()
}

/// Reads a path of the kernel's table, where blanks and backslashes are octal numbers.
fn unescape(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;

    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let number = after.get(..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match number {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &after[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// Mounts `/proc` of the own process namespace.
fn process_files() -> Result<(), RefusedStep> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/new/proc", "proc", flags, None).map_err(RefusedStep::at("/proc of its own"))?;
    for name in MACHINE {
        let path = Path::new("/new/proc").join(name);
        if fs::lstat(&path).map_err(at_path)?.is_some() {
            mount_bind(&path, &path).map_err(RefusedStep::at("/proc"))?;
            mount_remount(&path, flags | MountFlags::BIND | MountFlags::RDONLY, c"")
                .map_err(RefusedStep::at("/proc"))?;
        }
    }
    for name in HIDDEN {
        let path = Path::new("/new/proc").join(name);
        if fs::lstat(&path).map_err(at_path)?.is_some() {
            mount_bind("/old/dev/null", &path).map_err(RefusedStep::at("/proc"))?;
        }
    }
    Ok(())
}

/// Fills `/dev`. The devices are the machine's own: nobody but root may make any.
fn devices() -> Result<(), RefusedStep> {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("tmpfs", "/new/dev", "tmpfs", flags, Some(c"size=65536,mode=0755")).map_err(RefusedStep::at("/dev"))?;
    for name in DEVICES {
        let path = Path::new("/new/dev").join(name);
        fs::write_new(&path, b"", 0o644).map_err(at_path)?;
        mount_bind(Path::new("/old/dev").join(name), &path).map_err(RefusedStep::at("devices"))?;
    }
    make_folder(Path::new("/new/dev/shm"))?;
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ];
    for (name, leads_to) in links {
        fs::symlink(Path::new(leads_to), &Path::new("/new/dev").join(name)).map_err(at_path)?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), RefusedStep> {
    fs::create_dir_all(path).map_err(at_path)
}

fn below_new(path: &Path) -> PathBuf {
    below(NEW, path)
}

/// Returns an absolute path as it is seen from outside of its root.
fn below(root: &str, path: &Path) -> PathBuf {
    Path::new(root).join(path.strip_prefix("/").unwrap_or(path))
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn at_path(error: FsError) -> RefusedStep {
    RefusedStep(format!("{error}: {}", error.source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_below_a_path_and_keep_what_was_taken_from_them() {
        let table = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                     35 21 8:2 / /new/usr rw,noatime - ext4 /dev/sda2 rw\n\
                     36 35 8:3 /x /new/usr/a\\040b ro,nosuid,nodev,noexec master:2 - ext4 /dev/sda3 rw\n\
                     37 21 8:3 /x /new/usrlocal rw - ext4 /dev/sda3 rw\n";
        let found = mounts_below(table, Path::new("/new/usr"));
        let expected = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        assert_eq!(found, [("/new/usr".into(), MountFlags::NOATIME), ("/new/usr/a b".into(), expected)]);
    }

    #[test]
    fn a_path_of_the_kernels_table_is_unescaped() {
        assert_eq!(unescape("/a\\040b\\134c\\"), Path::new("/a b\\c\\"));
        assert_eq!(below("/old", Path::new("/a/b")), Path::new("/old/a/b"));
    }
}
