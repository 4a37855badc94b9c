//! Releases that are killed at one system call after the other: there is one release and one tag, and nothing twice.

use super::trace::{self, Point};
use super::{copy, has_strace};
use crate::support::{Output, Project};

const COMMAND: &str = "larder release --registry own";

/// A package with a change since its last release, and what was there before.
struct KilledRelease {
    project: Project,
    before: tempfile::TempDir,
}

impl KilledRelease {
    fn new() -> Self {
        let mut project = Project::alone();
        for (name, value) in [("NAME", "ada"), ("EMAIL", "ada@example.org")] {
            project.set(&format!("GIT_AUTHOR_{name}"), value);
            project.set(&format!("GIT_COMMITTER_{name}"), value);
        }
        project.run("larder registry init registry --origin packages.example").exits(0);
        project
            .write(
                "larder.kdl",
                "package \"money\" version=\"1.0.0\" { node \".\"; }\nregistries { larder \"own\" \"registry/\"; }\n",
            )
            .write(".gitignore", ".larder/\nregistry/\n")
            .write("index.js", "1\n");
        let git = |words: &[&str]| project.program("git", words).exits(0).stdout;
        git(&["-c", "init.defaultBranch=main", "init", "-q"]);
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", "chore: begin"]);
        git(&["tag", "v1.0.0"]);
        git(&["commit", "-q", "--allow-empty", "-m", "feat: new"]);
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        Self { project, before }
    }

    fn put_back(&self) {
        std::fs::remove_dir_all(self.project.folder()).expect("a folder of ours");
        copy(self.before.path(), self.project.folder());
    }

    /// Traces larder itself, without the programs that it starts, and returns its calls that change the disk.
    fn points(&self) -> Vec<Point> {
        let file = self.before.path().with_extension("trace");
        self.project.under(&["strace", "-qq", "-y", "-s", "8", "-o", &file.display().to_string()], COMMAND).exits(0);
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a trace")).into_owned();
        std::fs::remove_file(file).expect("a trace");
        let of_one_thread = text.lines().map(|line| format!("1 {line}\n")).collect::<Vec<_>>().concat();
        trace::points(&of_one_thread, self.project.folder())
    }

    fn killed_at(&self, Point { call, nth }: &Point) -> Output {
        let (trace, kill) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={nth}"));
        self.project.under(&["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &kill], COMMAND)
    }

    fn strike(&self, point: &Point) {
        self.put_back();
        let killed = self.killed_at(point);
        assert!([0, 137].contains(&killed.status), "{point:?}: {}", killed.stderr);
        self.project.run(COMMAND).exits(0);
        self.project.run(COMMAND).exits(0).names(["Nothing to release"]);
        let git = |words: &[&str]| self.project.program("git", words).exits(0).stdout;
        assert_eq!(git(&["tag"]), "v1.0.0\nv1.1.0\n", "{point:?}");
        assert_eq!(git(&["log", "--format=%s", "v1.1.0"]).matches("chore(release): 1.1.0").count(), 1, "{point:?}");
        assert_eq!(git(&["status", "--porcelain"]), "", "{point:?}");
        assert_eq!(self.project.read("CHANGELOG.md").matches("## 1.1.0").count(), 1, "{point:?}");
        assert_eq!(self.project.read("registry/index/mo/ne/money").lines().count(), 1, "{point:?}");
        self.project.run("larder registry verify registry").exits(0);
    }

    /// Kills at every `step`-th call. Does nothing on a machine that cannot strike.
    fn sweep(step: usize) {
        if !has_strace() {
            return;
        }
        let release = Self::new();
        let points = release.points();
        assert!(points.len() > 20, "{points:?}");
        points.iter().step_by(step).for_each(|point| release.strike(point));
    }
}

#[test]
fn a_release_survives_kills() {
    KilledRelease::sweep(13);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_a_release() {
    KilledRelease::sweep(1);
}
