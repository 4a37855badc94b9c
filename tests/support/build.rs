//! Folders for a build, and a sandbox in which it runs.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use larder::build::{Bind, BuildError, Level, Sandbox};
use tempfile::TempDir;

/// The folders of one build.
pub(crate) struct BuildFolder {
    folder: TempDir,
}

impl BuildFolder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("larder-build-").tempdir().expect("a temporary folder");
        for below in ["sources", "output", "scratch"] {
            std::fs::create_dir(folder.path().join(below)).expect("a folder");
        }
        Self { folder }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file of the sources.
    pub(crate) fn source(&self, path: &str, text: &str) -> &Self {
        let path = self.path("sources").join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    pub(crate) fn sandbox(&self, level: Level) -> Sandbox {
        let mut sandbox = Sandbox::new(level, helper(), self.path("scratch"));
        sandbox.binds.extend(python().1.iter().map(Bind::read));
        sandbox
    }
}

/// Returns a Python that builds see, and the folder that the sandbox has to show for it.
pub(crate) fn python() -> (&'static Path, Option<&'static Path>) {
    static FOUND: OnceLock<(PathBuf, Option<PathBuf>)> = OnceLock::new();
    let (executable, folder) = FOUND.get_or_init(|| {
        let of_system = ["/usr/bin/python3", "/usr/local/bin/python3"].map(PathBuf::from);
        of_system.into_iter().find(|path| path.exists()).map_or_else(
            || {
                let executable = super::project::python_executable().to_owned();
                let prefix = executable.ancestors().nth(2).map(Path::to_owned);
                (executable, prefix)
            },
            |path| (path, None),
        )
    });
    (executable, folder.as_deref())
}

/// Makes a folder that every user can enter.
pub(crate) fn shared_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::Builder::new().prefix("larder-shared-").tempdir_in("/tmp").expect("a temporary folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("rights");
    folder
}

fn everybody_enters(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    path.metadata().is_ok_and(|about| about.permissions().mode() & 0o001 != 0)
}

/// The variable that names this executable of larder to a process that the tests start.
pub(crate) const HELPER: &str = "LARDER_TEST_HELPER";

/// Returns larder itself, where every user may execute it.
pub(crate) fn helper() -> &'static Path {
    static COPY: OnceLock<(Option<TempDir>, PathBuf)> = OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        if let Some(path) = std::env::var_os(HELPER) {
            return (None, path.into());
        }
        let built = Path::new(env!("CARGO_BIN_EXE_larder"));
        if built.ancestors().all(everybody_enters) {
            return (None, built.to_owned());
        }

        let folder = shared_folder();
        let path = folder.path().join("larder");
        std::fs::copy(env!("CARGO_BIN_EXE_larder"), &path).expect("a copy");
        (Some(folder), path)
    });
    path
}

/// Says, where it is seen, that this machine has no such sandbox; every other error is a failed test.
#[track_caller]
pub(crate) fn is_untested<T>(result: &Result<T, BuildError>) -> bool {
    let Err(error @ BuildError::Unavailable { .. }) = result else { return false };
    crate::sweep::say(&format!("NOT TESTED: {error}"));
    true
}
