//! The arguments of bubblewrap, where larder itself may make no namespaces.

use std::path::Path;

use super::specification::{Access, Root};
use super::{BuildError, utf8};

/// Where the build sees the process that larder puts in front of it.
const HELPER: &str = "/.larder";

/// Returns the arguments that show what `root` has and start `helper`, whose own arguments are to follow.
pub(super) fn arguments(root: &Root, helper: &Path) -> Result<Vec<String>, BuildError> {
    let mut arguments: Vec<String> = ["--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1"]
        .into_iter()
        .chain(["--uid", "1000", "--gid", "1000", "--hostname", "build", "--cap-drop", "ALL", "--clearenv"])
        .chain(["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--dir", "/tmp/home"])
        .map(str::to_owned)
        .collect();
    for bind in &root.binds {
        let option = if bind.access == Access::Write { "--bind" } else { "--ro-bind" };
        arguments.extend([option, utf8(&bind.source)?, utf8(&bind.target)?].map(str::to_owned));
    }
    for (path, leads_to) in &root.links {
        arguments.extend(["--symlink", utf8(leads_to)?, utf8(path)?].map(str::to_owned));
    }
    arguments.extend(
        ["--ro-bind", utf8(helper)?, HELPER, "--remount-ro", "/", "--chdir", "/", "--", HELPER].map(str::to_owned),
    );
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Bind;

    #[test]
    fn bubblewrap_is_told_all_that_is_visible_and_nothing_else() {
        let root = Root {
            binds: vec![Bind::read("/usr"), Bind::write_at("/cache/src", "/build")],
            links: vec![("/bin".into(), "usr/bin".into())],
            files: Vec::new(),
        };
        let text = arguments(&root, Path::new("/opt/larder")).unwrap().join(" ");
        assert_eq!(
            text,
            "--unshare-all --die-with-parent --new-session --as-pid-1 --uid 1000 --gid 1000 --hostname build --cap-drop ALL \
             --clearenv --dev /dev --proc /proc --tmpfs /tmp --dir /tmp/home --ro-bind /usr /usr --bind /cache/src /build \
             --symlink usr/bin /bin --ro-bind /opt/larder /.larder --remount-ro / --chdir / -- /.larder"
        );
    }
}
