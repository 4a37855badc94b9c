//! The way to a path below a folder that is known: a link on it leads wherever its maker likes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Dir, FsError, Kind, Stat, lstat};

/// What lies on the way to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Folders only.
    Clear,
    /// Folders, as far as anything is there.
    Missing,
    /// Something else than a folder.
    Blocked {
        /// Where, relative to the folder that the way begins in.
        path: PathBuf,
        /// What it is.
        kind: Kind,
    },
}

/// Larger files of larder's own are nobody's work of ours: 512 MiB.
const LARGEST_RECORD: u64 = 512 << 20;

/// Looks along the way from `root` to the folder `way` below it. The folder itself is part of the way; no link is followed.
///
/// # Errors
/// When `way` is absolute or has `..` in it, or the machine refuses.
pub fn look_along(root: &Path, way: &Path) -> Result<Way, FsError> {
    let mut below = PathBuf::new();
    for part in way.components() {
        match part {
            Component::Normal(part) => below.push(part),
            Component::CurDir => continue,
            _ => return Err(FsError::new(Action::Inspect, root.join(way), Errno::INVAL)),
        }
        match lstat(&root.join(&below))? {
            None => return Ok(Way::Missing),
            Some(Stat { kind: Kind::Folder, .. }) => {}
            Some(Stat { kind, .. }) => return Ok(Way::Blocked { path: below, kind }),
        }
    }
    Ok(Way::Clear)
}

/// Reads a regular file of larder's own; one that does not exist is `None`. What lies there instead, a link, a pipe or a
/// device, is neither followed nor waited for: it is an error.
pub fn read_record(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    let failed = |error: io::Error| FsError::new(Action::Read, path, error);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(Errno::LOOP | Errno::MLINK) => return Err(failed(wrong("it is a link"))),
        Err(errno) => return Err(failed(errno.into())),
    };
    let stat = Stat::of(&file).map_err(failed)?;
    if stat.kind != Kind::File {
        return Err(failed(wrong("it is not a regular file")));
    }
    if stat.size > LARGEST_RECORD {
        return Err(failed(wrong("it is larger than any that larder writes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stat.size).unwrap_or_default());
    (&mut file).take(LARGEST_RECORD).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// What [`FsError::is_wrong_kind`] knows again.
fn wrong(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

impl Dir {
    /// Opens the folder `way` below `root`, through no link; one that does not exist is `None`.
    ///
    /// Each part is opened in the one before it, so that the folder stays the one that was looked at whatever happens to
    /// its path.
    pub fn open_below(root: &Path, way: &Path) -> Result<Option<Self>, FsError> {
        let mut dir = Self::open(root)?;
        for part in way.components() {
            let name = match part {
                Component::Normal(name) => name.to_str(),
                Component::CurDir => continue,
                _ => None,
            };
            let name = name.ok_or_else(|| FsError::new(Action::List, root.join(way), Errno::INVAL))?;
            dir = match dir.open_dir(name) {
                Err(error) if error.is_not_found() => return Ok(None),
                opened => opened?,
            };
        }
        Ok(Some(dir))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir_all, symlink, write_new};
    use super::*;

    #[test]
    fn a_link_on_the_way_is_named_and_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("in"), root.path().join("out"));
        create_dir_all(&inside.join("a/b")).unwrap();
        create_dir_all(&outside.join("c")).unwrap();
        symlink(&outside, &inside.join("a/link")).unwrap();
        write_new(&inside.join("a/file"), b"", 0o644).unwrap();
        let look = |way: &str| look_along(&inside, Path::new(way)).unwrap();
        let blocked = |path: &str, kind| Way::Blocked { path: path.into(), kind };
        assert_eq!([look("a/b"), look(""), look("a/b/none/d")], [Way::Clear, Way::Clear, Way::Missing]);
        assert_eq!(look("a/link/c"), blocked("a/link", Kind::Symlink));
        assert_eq!(look("a/file"), blocked("a/file", Kind::File));
        assert!(look_along(&inside, Path::new("../out")).is_err());
        assert!(look_along(&inside, &outside).is_err());

        let open = |way: &str| Dir::open_below(&inside, Path::new(way));
        assert!(open("a/b").unwrap().is_some() && open("a/none").unwrap().is_none());
        for way in ["a/link", "a/link/c", "a/file", "../out"] {
            assert!(open(way).is_err(), "{way}");
        }
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        write_new(&path("file"), b"text", 0o644).unwrap();
        symlink(&path("file"), &path("link")).unwrap();
        symlink(Path::new("/dev/zero"), &path("zero")).unwrap();
        create_dir_all(&path("folder")).unwrap();
        rustix::fs::mknodat(CWD, path("pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(read_record(&path("file")).unwrap().unwrap(), b"text");
        assert_eq!(read_record(&path("none")).unwrap(), None);
        for name in ["link", "zero", "folder", "pipe"] {
            assert!(read_record(&path(name)).is_err(), "{name}");
        }
    }
}
