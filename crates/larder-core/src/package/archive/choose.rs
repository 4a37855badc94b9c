//! Which files of a folder are in a package.
//!
//! The manifest, README and license files of the package's folder are, whatever else is said. Files of version control, of
//! environments and of caches never are. Between them the globs of `files` decide, or without any the `.gitignore` files.

use globset::{GlobBuilder, GlobMatcher};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::manifest::Package;
use crate::model::{is_cache_folder, is_tool_folder};

/// The name of a package's manifest.
pub const MANIFEST: &str = "larder.kdl";

/// The lock of a project.
const LOCK: &str = "larder.lock";

/// Files of the package's folder that always belong to it: names without case, up to their first dot.
const ALWAYS: [&str; 6] = ["readme", "license", "licence", "copying", "notice", "unlicense"];

/// Names that never belong to a package, in whatever folder they are, besides the folders of tools.
const NEVER: [&str; 8] = [".gitignore", ".gitattributes", ".gitmodules", ".hg", ".svn", ".DS_Store", "Thumbs.db", LOCK];

/// The rule by which files belong to a package.
#[derive(Clone, Debug)]
pub struct PackageFiles {
    /// The globs of `files`: whether each adds or takes away.
    globs: Vec<(bool, GlobMatcher)>,
    /// How the names of the package's own archives begin. `None` for a whole project.
    archives: Option<String>,
}

/// The `.gitignore` files that hold in a folder, with the folder of each: outermost first.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules(Vec<(String, Gitignore)>);

impl PackageFiles {
    /// Returns the rule of a package.
    pub fn of(package: &Package) -> Self {
        let globs = package.files.iter().filter_map(|glob| {
            let text = glob.value.strip_prefix('!').unwrap_or(&glob.value);
            // What the manifest's reader took for a glob is one.
            let matcher = GlobBuilder::new(text.trim_end_matches('/')).literal_separator(true).build().ok()?;
            Some((!glob.value.starts_with('!'), matcher.compile_matcher()))
        });
        Self { globs: globs.collect(), archives: Some(format!("{}-", package.name.value.without_scope())) }
    }

    /// Returns the rule of a whole project: what its `.gitignore` files leave, its lock, and what some globs add.
    ///
    /// # Errors
    /// If a glob is none: the glob.
    pub fn of_project(includes: &[String]) -> Result<Self, String> {
        let glob = |text: &String| {
            let matcher = GlobBuilder::new(text.trim_end_matches('/')).literal_separator(true).build();
            matcher.map(|glob| (true, glob.compile_matcher())).map_err(|_| text.clone())
        };
        Ok(Self { globs: includes.iter().map(glob).collect::<Result<_, _>>()?, archives: None })
    }

    /// Returns whether what is ignored may belong to it all the same.
    pub fn adds_ignored(&self) -> bool {
        self.has_members() && !self.globs.is_empty()
    }

    /// Returns whether folders with a manifest of their own belong to it.
    pub fn has_members(&self) -> bool {
        self.archives.is_none()
    }

    /// Returns whether `.gitignore` files are asked.
    pub fn follows_gitignore(&self) -> bool {
        self.globs.is_empty() || self.has_members()
    }

    /// Returns whether a file or a folder with this path never belongs to the package.
    pub fn leaves_out(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let is_bytecode = matches!(extension, Some("pyc" | "pyo"));
        let is_own_archive =
            self.archives.as_ref().is_some_and(|start| name.starts_with(start) && name.ends_with(".tar.gz"));
        let is_lock_of_project = self.has_members() && path == LOCK;
        let is_never = NEVER.contains(&name) || is_tool_folder(name) || is_cache_folder(name);
        is_never && !is_lock_of_project || is_bytecode || is_own_archive
    }

    /// Returns whether a file always belongs to the package.
    pub fn always_takes(&self, path: &str) -> bool {
        if self.has_members() {
            return path == MANIFEST || path == LOCK;
        }
        let stem = path.split('.').next().unwrap_or(path).to_ascii_lowercase();
        let is_text = ALWAYS
            .iter()
            .any(|name| stem == *name || stem.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')));
        path == MANIFEST || !path.contains('/') && is_text
    }

    /// Returns the places in `files` of the globs that would add files and match none of these.
    pub fn unused(&self, paths: &[&str]) -> Vec<usize> {
        let globs = self.globs.iter().enumerate().filter(|(_, (adds, _))| *adds);
        let unused = globs.filter(|(_, (_, glob))| !paths.iter().any(|path| matches(glob, path)));
        unused.map(|(at, _)| at).collect()
    }

    /// Returns whether the globs take a file. The last glob that matches it, or a folder above it, decides.
    pub fn takes(&self, path: &str) -> bool {
        self.globs.iter().rev().find(|(_, glob)| matches(glob, path)).is_some_and(|(takes, _)| *takes)
    }
}

/// Returns whether a glob matches a file or a folder above it.
fn matches(glob: &GlobMatcher, path: &str) -> bool {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path]).any(|name| glob.is_match(name))
}

impl IgnoreRules {
    /// Returns these rules and those of a `.gitignore` in a folder. What is no rule is left out, as git does it.
    #[must_use]
    pub fn with(&self, folder: &str, text: &str) -> Self {
        let mut builder = GitignoreBuilder::new(".");
        for line in text.trim_start_matches('\u{feff}').lines() {
            let _ = builder.add_line(None, line);
        }
        let mut rules = self.clone();
        rules.0.extend(builder.build().ok().map(|built| (folder.to_owned(), built)));
        rules
    }

    /// Returns whether a file or a folder is ignored, if none of the folders above it is. The innermost rule decides.
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for (folder, rules) in self.0.iter().rev() {
            let below = || path.strip_prefix(folder.as_str())?.strip_prefix('/');
            let Some(inside) = (if folder.is_empty() { Some(path) } else { below() }) else { continue };
            match rules.matched(inside, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestKind, parse};

    fn rule(files: &str) -> PackageFiles {
        let text = format!("package \"@acme/orders\" version=\"1.0.0\" {{ {files} }}");
        PackageFiles::of(parse("m", &text, ManifestKind::Package).unwrap().package.as_ref().unwrap())
    }

    #[test]
    fn the_last_glob_that_matches_decides() {
        let rule = rule("files \"js/**\" \"py\" \"!**/*.test.*\" \"js/keep.test.js\"");
        for taken in ["js/a.js", "js/deep/b.js", "py/x/y.py", "js/keep.test.js"] {
            assert!(rule.takes(taken), "{taken}");
        }
        assert_eq!(rule.unused(&["py/x", "js/keep.test.js"]), Vec::<usize>::new());
        assert_eq!(rule.unused(&["py/x"]), [0, 3]);
        for left in ["js/a.test.js", "py/x.test.py", "src/a.js", "jsx/a"] {
            assert!(!rule.takes(left), "{left}");
        }
    }

    #[test]
    fn some_files_always_belong_and_some_never() {
        let rule = rule("");
        for always in ["larder.kdl", "README.md", "readme", "LICENSE", "LICENSE-MIT", "Copying.txt", "NOTICE"] {
            assert!(rule.always_takes(always), "{always}");
        }
        for not in ["docs/README.md", "license_check.py", "x/larder.kdl", "readmes"] {
            assert!(!rule.always_takes(not), "{not}");
        }
        for never in [
            ".git",
            "a/node_modules",
            "py/__pycache__",
            "a.pyc",
            "orders-1.0.0.tar.gz",
            "out/orders-1.0.0.tar.gz",
            "larder.lock",
        ] {
            assert!(rule.leaves_out(never), "{never}");
        }
        for not in ["my-orders-1.0.0.tar.gz", "orders.tar.gz", "git", ".env"] {
            assert!(!rule.leaves_out(not), "{not}");
        }
        let project = PackageFiles::of_project(&["dist/**".to_owned()]).unwrap();
        assert!(project.always_takes("larder.lock") && !project.leaves_out("larder.lock"));
        assert!(project.leaves_out("apps/web/larder.lock") && project.leaves_out("apps/web/node_modules"));
        assert!(!project.always_takes("README.md") && project.takes("dist/a.js") && !project.takes("src/a.js"));
        assert_eq!(PackageFiles::of_project(&["[".to_owned()]).unwrap_err(), "[");
    }

    #[test]
    fn the_innermost_gitignore_decides() {
        let rules = IgnoreRules::default().with("", "dist/\n*.log\n/only\n# x\n\n[").with("a", "!keep.log\n/build");
        for (path, is_folder, ignored) in [
            ("dist", true, true),
            ("dist", false, false),
            ("a/dist", true, true),
            ("x.log", false, true),
            ("a/x.log", false, true),
            ("a/keep.log", false, false),
            ("keep.log", false, true),
            ("only", false, true),
            ("a/only", false, false),
            ("a/build", true, true),
            ("a/b/build", true, false),
            ("ab/keep.log", false, true),
        ] {
            assert_eq!(rules.ignores(path, is_folder), ignored, "{path}");
        }
    }
}
