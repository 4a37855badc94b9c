//! What belongs to an installed Node.

use std::path::{Path, PathBuf};

use crate::fs::{self, FsError};

/// A Node with what native modules are built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRuntime {
    /// The executable, behind all links.
    pub executable: PathBuf,
    /// The folder that has all of it, for the sandbox to show: the one above `bin`.
    pub root: PathBuf,
    /// The folder whose `include/node` has its headers.
    pub headers: Option<PathBuf>,
    /// The script of node-gyp that came with it.
    pub node_gyp: Option<PathBuf>,
}

/// Where node-gyp lies, as Node's own distribution and as Debian have it.
const NODE_GYP: [&str; 2] =
    ["lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js", "share/nodejs/node-gyp/bin/node-gyp.js"];

impl NodeRuntime {
    /// Looks at what is around an executable.
    pub fn of(executable: &Path) -> Result<Self, FsError> {
        let executable = fs::canonicalize(executable)?;
        let root = executable.ancestors().nth(2).unwrap_or(Path::new("/usr")).to_owned();
        let is_there = |path: &Path| Ok::<_, FsError>(fs::stat(path)?.is_some());
        let headers = is_there(&root.join("include/node/node_api.h"))?.then(|| root.clone());
        let mut node_gyp = None;
        for path in NODE_GYP.map(|below| root.join(below)) {
            if node_gyp.is_none() && is_there(&path)? {
                node_gyp = Some(path);
            }
        }
        Ok(Self { executable, root, headers, node_gyp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_node_gyp_are_found_around_the_executable() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let file = |below: &str| {
            let path = root.join(below);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            path
        };
        let executable = file("bin/node");
        let bare = NodeRuntime { executable: executable.clone(), root: root.clone(), headers: None, node_gyp: None };
        assert_eq!(NodeRuntime::of(&executable).unwrap(), bare);
        file("include/node/node_api.h");
        let node_gyp = Some(file(NODE_GYP[0]));
        assert_eq!(NodeRuntime::of(&executable).unwrap(), NodeRuntime { headers: Some(root), node_gyp, ..bare });
    }
}
