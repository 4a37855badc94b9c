//! Paths below a trusted folder, resolved without following links: whoever makes a link decides where it leads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Dir, FsError, Kind, Stat, lstat};

/// The state of a path below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathState {
    /// Folders only: the path is one.
    Clear,
    /// Folders, the last of which do not exist.
    Missing,
    /// A link or a file stands where a folder should be.
    Blocked {
        /// The path of what stands there, relative to the root.
        path: PathBuf,
        /// The kind of what stands there.
        kind: Kind,
    },
}

/// The size limit for records, 512 MiB: larder writes none that is larger.
const LARGEST_RECORD: u64 = 512 << 20;

/// Inspects each part of the path `relative` below `root`, the last one included. No link is followed.
///
/// # Errors
/// If `relative` is absolute or contains `..`, or the system refuses.
pub fn inspect_below(root: &Path, relative: &Path) -> Result<PathState, FsError> {
    let mut below = PathBuf::new();
    for part in relative.components() {
        match part {
            Component::Normal(part) => below.push(part),
            Component::CurDir => continue,
            _ => return Err(FsError::new(Action::Inspect, root.join(relative), Errno::INVAL)),
        }
        match lstat(&root.join(&below))? {
            None => return Ok(PathState::Missing),
            Some(Stat { kind: Kind::Folder, .. }) => {}
            Some(Stat { kind, .. }) => return Ok(PathState::Blocked { path: below, kind }),
        }
    }
    Ok(PathState::Clear)
}

/// Reads a regular file that larder wrote. Returns `None` if it does not exist. Anything else at `path`, like a link, a pipe
/// or a device, is an error ([`FsError::is_wrong_kind`]).
pub fn read_record(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    let failed = |error: io::Error| FsError::new(Action::Read, path, error);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(Errno::LOOP | Errno::MLINK) => return Err(failed(wrong_kind("it is a link"))),
        Err(errno) => return Err(failed(errno.into())),
    };
    let stat = Stat::of(&file).map_err(failed)?;
    if stat.kind != Kind::File {
        return Err(failed(wrong_kind("it is not a regular file")));
    }
    if stat.size > LARGEST_RECORD {
        return Err(failed(wrong_kind("it is larger than any that larder writes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stat.size).unwrap_or_default());
    (&mut file).take(LARGEST_RECORD).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Returns the error that [`FsError::is_wrong_kind`] recognises.
fn wrong_kind(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

impl Dir {
    /// Opens the folder `relative` below `root` without following links. Returns `None` if it does not exist.
    ///
    /// Each part is opened in the one before it, so that later changes to the path do not matter.
    pub fn open_below(root: &Path, relative: &Path) -> Result<Option<Self>, FsError> {
        let mut dir = Self::open(root)?;
        for part in relative.components() {
            let name = match part {
                Component::Normal(name) => name.to_str(),
                Component::CurDir => continue,
                _ => None,
            };
            let name = name.ok_or_else(|| FsError::new(Action::List, root.join(relative), Errno::INVAL))?;
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
        let look = |relative: &str| inspect_below(&inside, Path::new(relative)).unwrap();
        let blocked = |path: &str, kind| PathState::Blocked { path: path.into(), kind };
        assert_eq!(
            [look("a/b"), look(""), look("a/b/none/d")],
            [PathState::Clear, PathState::Clear, PathState::Missing]
        );
        assert_eq!(look("a/link/c"), blocked("a/link", Kind::Symlink));
        assert_eq!(look("a/file"), blocked("a/file", Kind::File));
        assert!(inspect_below(&inside, Path::new("../out")).is_err());
        assert!(inspect_below(&inside, &outside).is_err());

        let open = |relative: &str| Dir::open_below(&inside, Path::new(relative));
        assert!(open("a/b").unwrap().is_some() && open("a/none").unwrap().is_none());
        for relative in ["a/link", "a/link/c", "a/file", "../out"] {
            assert!(open(relative).is_err(), "{relative}");
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
