//! The profile for `sandbox-exec` of macOS.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{BuildError, utf8};

/// The program that runs another one under a profile.
#[cfg(target_os = "macos")]
pub(super) const EXECUTABLE: &str = "/usr/bin/sandbox-exec";

/// What every build may read of the system: compilers and what they load.
const SYSTEM: [&str; 12] = [
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/include",
    "/usr/share",
    "/bin",
    "/sbin",
    "/System",
    "/Library/Apple",
    "/Library/Developer",
    "/Applications/Xcode.app",
    "/private/var/db/xcode_select_link",
];

/// Returns a profile that allows reading below `readable`, writing below `writable`, and no network.
pub(super) fn profile(readable: &[PathBuf], writable: &[PathBuf]) -> Result<String, BuildError> {
    let mut text = String::from(
        "(version 1)\n(deny default)\n(allow process-fork)\n(allow process-info* (target same-sandbox))\n\
         (allow signal (target same-sandbox))\n(allow sysctl-read)\n(allow file-read-metadata)\n\
         (allow file-read* (literal \"/\") (literal \"/dev/null\") (literal \"/dev/zero\") (literal \"/dev/random\") \
         (literal \"/dev/urandom\"))\n(allow file-write-data (literal \"/dev/null\") (literal \"/dev/zero\"))\n",
    );
    let system = SYSTEM.map(PathBuf::from);
    for path in system.iter().chain(readable) {
        let path = quoted(path)?;
        let _ = writeln!(text, "(allow file-read* file-map-executable process-exec (subpath {path}))");
    }
    for path in writable {
        let path = quoted(path)?;
        let _ = writeln!(text, "(allow file-read* file-write* file-map-executable process-exec (subpath {path}))");
        let _ = writeln!(text, "(deny file-write-setugid (subpath {path}))");
    }
    Ok(text)
}

/// Returns a path as a string of the profile's language.
fn quoted(path: &Path) -> Result<String, BuildError> {
    Ok(format!("\"{}\"", utf8(path)?.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_denies_all_but_what_it_names_and_paths_cannot_end_a_string() {
        let text = profile(&["/opt/python".into()], &["/private/tmp/a\"b".into()]).unwrap();
        assert!(text.starts_with("(version 1)\n(deny default)\n"), "{text}");
        assert!(text.contains("(allow file-read* file-map-executable process-exec (subpath \"/opt/python\"))\n"));
        assert!(text.contains("file-write* file-map-executable process-exec (subpath \"/private/tmp/a\\\"b\"))\n"));
        assert!(!text.contains("network") && !text.contains("mach-lookup"));
        let opened = text.matches('(').count();
        assert_eq!(opened, text.matches(')').count());
    }
}
