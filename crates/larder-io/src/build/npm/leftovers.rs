//! What scripts left in a package's folder.

use std::path::{Component, Path, PathBuf};

use crate::fs::{self, FsError, Kind};

/// Why a folder cannot be a package.
pub(super) enum TidyError {
    Fs(FsError),
    Refused(String),
}

impl From<FsError> for TidyError {
    fn from(error: FsError) -> Self {
        Self::Fs(error)
    }
}

/// A folder that node-gyp fills with links to the Python that it used.
const NODE_GYP_PROGRAMS: &str = "build/node_gyp_bins";

/// Removes links that stay inside the folder, as unpacking a tarball does. Refuses those that leave it, sockets, pipes and
/// devices.
pub(super) fn tidy(folder: &Path) -> Result<(), TidyError> {
    if fs::inspect_below(folder, Path::new(NODE_GYP_PROGRAMS))? == fs::PathState::Clear {
        fs::remove_tree(&folder.join(NODE_GYP_PROGRAMS))?;
    }
    for entry in fs::walk(folder, |_| true)? {
        let path = folder.join(&entry.path);
        match entry.kind {
            Kind::File | Kind::Folder => {}
            Kind::Symlink => {
                let leads_to = fs::read_link(&path)?;
                if !stays_inside(&entry.path, &leads_to) {
                    let problem =
                        format!("`{}` leads out of the package, to `{}`", entry.path.display(), leads_to.display());
                    return Err(TidyError::Refused(problem));
                }
                fs::remove_file(&path)?;
            }
            Kind::Other => {
                let problem = format!("`{}` is neither file nor folder", entry.path.display());
                return Err(TidyError::Refused(problem));
            }
        }
    }
    Ok(())
}

/// Tells whether a link at `path` leads to something below the folder that both are relative to.
fn stays_inside(path: &Path, leads_to: &Path) -> bool {
    let mut at = path.parent().map(PathBuf::from).unwrap_or_default();
    leads_to.components().all(|part| match part {
        Component::Normal(name) => {
            at.push(name);
            true
        }
        Component::CurDir => true,
        Component::ParentDir => at.pop(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(prepare: impl FnOnce(&Path)) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/file"), "").unwrap();
        prepare(folder.path());
        match tidy(folder.path()) {
            Ok(()) => {
                let left = fs::walk(folder.path(), |_| true).unwrap();
                Ok(left.into_iter().map(|entry| entry.path.display().to_string()).collect())
            }
            Err(TidyError::Refused(problem)) => Err(problem),
            Err(TidyError::Fs(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn links_inside_go_and_links_out_are_refused() {
        let link = |path: &'static str, to: &'static str| {
            move |folder: &Path| std::os::unix::fs::symlink(to, folder.join(path)).unwrap()
        };
        assert_eq!(tidied(link("a/b/link", "../file")).unwrap(), ["a", "a/b", "a/file"]);
        assert_eq!(tidied(link("a/b/link", "../../a")).unwrap(), ["a", "a/b", "a/file"]);
        for to in ["/etc/shadow", "../../../x", "../../..", "/"] {
            assert_eq!(
                tidied(link("a/b/link", to)).unwrap_err(),
                format!("`a/b/link` leads out of the package, to `{to}`")
            );
        }
    }

    #[test]
    fn pipes_are_refused_and_node_gyps_links_to_python_go() {
        let pipe = |folder: &Path| {
            assert!(std::process::Command::new("mkfifo").arg(folder.join("a/pipe")).status().unwrap().success());
        };
        assert_eq!(tidied(pipe).unwrap_err(), "`a/pipe` is neither file nor folder");
        let gyp = |folder: &Path| {
            std::fs::create_dir_all(folder.join(NODE_GYP_PROGRAMS)).unwrap();
            std::os::unix::fs::symlink("/usr/bin/python3", folder.join(NODE_GYP_PROGRAMS).join("python3")).unwrap();
        };
        assert_eq!(tidied(gyp).unwrap(), ["a", "a/b", "a/file", "build"]);
    }
}
