//! The folder that a Python was built for, and the few files that name it.
//!
//! Python itself finds its home where it lies. What it was built for is named by what compiles against it: `_sysconfigdata…`,
//! `Makefile`, pkg-config's files, the first lines of scripts.

use std::path::Path;

/// Returns whether a file of a Python may name the folder that it was built for, by its path below the runtime.
pub(super) fn may_name_it(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let ends = |end: &str| Path::new(file).extension().is_some_and(|extension| extension == end);
    let is_library = |folder: &str| folder.strip_prefix("lib/python3.").is_some_and(|minor| !minor.contains('/'));
    match folder {
        "bin" => true,
        "lib/pkgconfig" => ends("pc"),
        _ if is_library(folder) => {
            (file.starts_with("_sysconfigdata") && ends("py"))
                || (file.starts_with("_sysconfig_vars") && ends("json"))
                || file == "build-details.json"
        }
        _ => {
            let config = folder.rsplit_once('/').filter(|(_, last)| last.starts_with("config-"));
            config.is_some_and(|(above, _)| is_library(above)) && matches!(file, "Makefile" | "python-config.py")
        }
    }
}

/// Returns whether a folder of a Python has such files, or a folder that has.
pub(super) fn may_hold_some(folder: &str) -> bool {
    matches!(folder, "bin" | "lib" | "lib/pkgconfig")
        || folder.strip_prefix("lib/python3.").is_some_and(|rest| match rest.split_once('/') {
            Some((_, below)) => below.starts_with("config-") && !below.contains('/'),
            None => true,
        })
}

/// Returns the folder that a Python was built for, from the text of its `_sysconfigdata…`.
pub(super) fn built_for(sysconfigdata: &str) -> Option<&str> {
    let (_, rest) = sysconfigdata.split_once("'prefix': '")?;
    let (prefix, _) = rest.split_once('\'')?;
    let is_folder = prefix.starts_with('/') && prefix.len() > 1 && !prefix.ends_with('/');
    is_folder.then_some(prefix)
}

/// Replaces a folder, where a text names it or something below it. Done backwards, it is undone.
pub(super) fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        new.push_str(before);
        new.push_str(if starts_a_path(&new) && ends_a_name(after) { to } else { from });
        rest = after;
    }
    new.push_str(rest);
    new
}

/// Returns whether a path may begin behind a text: `/opt/install` does not name `/install`, and `-I/install` does.
fn starts_a_path(before: &str) -> bool {
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    !before.ends_with(is_of_path) || ["-I", "-L", "-B", "-F"].iter().any(|option| before.ends_with(option))
}

fn ends_a_name(after: &str) -> bool {
    !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_may_name_it() {
        for path in [
            "bin/python3.12-config",
            "lib/pkgconfig/python-3.12.pc",
            "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py",
            "lib/python3.14/_sysconfig_vars__linux_x86_64-linux-gnu.json",
            "lib/python3.12/config-3.12-x86_64-linux-gnu/Makefile",
        ] {
            assert!(may_name_it(path), "{path}");
            let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
            assert!(folders.into_iter().all(may_hold_some), "{path}");
        }
        for path in ["lib/python3.12/os.py", "lib/python3.12/test/Makefile", "include/python3.12/pyconfig.h", "x"] {
            assert!(!may_name_it(path), "{path}");
        }
        assert!(!may_hold_some("lib/python3.12/test"));
    }

    #[test]
    fn a_folder_is_replaced_where_it_is_one_and_that_is_undone_backwards() {
        let text = "# x\nbuild_time_vars = {'CFLAGS': '-I/install/include -L/install/lib',\n 'prefix': '/install',\n \
                    'x': '/install.old /opt/install /installs /install/lib:/install'}\n";
        assert_eq!(built_for(text), Some("/install"));
        let new = replaced(text, "/install", "/home/me/app");
        assert!(new.contains("-I/home/me/app/include -L/home/me/app/lib"), "{new}");
        assert!(new.contains("'prefix': '/home/me/app'"), "{new}");
        assert!(new.contains("'/install.old /opt/install /installs /home/me/app/lib:/home/me/app'"), "{new}");
        assert_eq!(replaced(&new, "/home/me/app", "/install"), text);
        assert_eq!(built_for("'prefix': ''"), None);
        assert_eq!(built_for("'prefix': '/'"), None);
    }
}
