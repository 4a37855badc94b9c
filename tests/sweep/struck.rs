//! A command whose calls are struck one after the other, and the folder that it changes, put back before each.

use super::trace::{self, Point};
use super::{Blow, copy, has_strace};
use crate::support::{Output, Project};

/// A command, and what was there before it.
pub(super) struct StruckCommand {
    pub(super) project: Project,
    pub(super) command: String,
    before: tempfile::TempDir,
}

impl StruckCommand {
    /// Keeps the project as it is now.
    pub(super) fn new(project: Project, command: String) -> Self {
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        Self { project, command, before }
    }

    pub(super) fn put_back(&self) {
        std::fs::remove_dir_all(self.project.folder()).expect("a folder of ours");
        copy(self.before.path(), self.project.folder());
    }

    /// Traces the command and returns its calls that change the disk.
    fn points(&self) -> Vec<Point> {
        self.put_back();
        let trace = self.before.path().with_extension("trace");
        let file = trace.display().to_string();
        self.project.under(&["strace", "-f", "-qq", "-y", "-s", "8", "-o", &file], &self.command).exits(0);
        let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
        std::fs::remove_file(trace).expect("a trace");
        trace::points(&text, self.project.folder())
    }

    /// Runs the command with a blow at a call. Fails the test if it ends otherwise than such a blow lets it.
    pub(super) fn run(&self, blow: Blow, point: &Point) -> Output {
        let Point { call, nth } = point;
        let injected = match blow {
            Blow::Kill | Blow::KillTwice => format!("inject={call}:signal=KILL:when={nth}"),
            Blow::Fails(error) => format!("inject={call}:error={error}:when={nth}"),
        };
        let trace = format!("trace={call}");
        let output = self
            .project
            .under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &injected], &self.command);
        let is_expected = match blow {
            Blow::Fails(_) => [0, 6].contains(&output.status),
            Blow::Kill | Blow::KillTwice => [0, 137].contains(&output.status),
        };
        assert!(is_expected, "{blow:?} at {point:?}: {}\n{}", output.status, output.stderr);
        output
    }

    /// Strikes every `step`-th of all pairs of a call and a blow. Does nothing on a machine that cannot strike.
    pub(super) fn sweep(step: usize, prepare: fn() -> Self, strike: fn(&Self, Blow, &Point)) {
        if !has_strace() {
            return;
        }
        let struck = prepare();
        let points = struck.points();
        assert!(points.len() > 20, "{points:?}");
        let blows = [Blow::Kill, Blow::Fails("ENOSPC"), Blow::KillTwice, Blow::Fails("EIO")];
        let all = points.iter().flat_map(|point| blows.map(|blow| (point, blow)));
        all.step_by(step).for_each(|(point, blow)| strike(&struck, blow, point));
    }
}
