//! Commits of each kind, written into a repository by `git fast-import`, and what each of them says.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::{Project, Random};

/// Where the project and its units lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The repository is the project.
    Whole,
    /// It has two members, and no version of its own.
    Members,
    /// The project lies in `apps/shop`, beside another one.
    Below,
}

/// Which tags there are of what was committed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    Released,
    /// An older release has a tag, too.
    Later,
    Missing,
    /// Others have tags that look like releases.
    Foreign,
    /// A candidate of the next version was released.
    Prereleased,
}

/// A commit, or a few that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Feature,
    Fix,
    Performance,
    Internal,
    Scoped,
    Breaking,
    InternalBreaking,
    Footer,
    Footers,
    Decoy,
    UnknownType,
    UnknownBreaking,
    Malformed,
    Merge,
    Revert,
    RevertTwo,
    RevertMerge,
    /// Of a feature that comes before the others, which the last release has.
    RevertReleased,
    RevertedFeature,
    Reapply,
    ReapplyReleased,
    SquashOfHost,
    SquashThatBreaks,
    SquashOfGit,
    Fixup,
}

/// What a change is in a changelog.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) group: Option<&'static str>,
    pub(super) scope: Option<&'static str>,
    pub(super) text: String,
    pub(super) broken: Option<String>,
}

/// What a commit says.
#[derive(Clone, Debug)]
pub(super) enum Says {
    Changes(Vec<Change>),
    /// That these do not count; the change that it is where one of them was released.
    Reverts(Vec<usize>, Change),
    Malformed,
    Nothing,
}

/// A commit.
pub(super) struct Step {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) parents: Vec<usize>,
    pub(super) paths: Vec<&'static str>,
    pub(super) says: Says,
    /// What a merge brought.
    pub(super) brought: Vec<usize>,
}

/// Something with a version.
pub(super) struct Unit {
    pub(super) folder: &'static str,
    /// What its tags begin with.
    pub(super) tag: &'static str,
    /// The version that its manifest states, and the one of its last tag.
    pub(super) stated: (u64, u64, u64, bool),
    pub(super) tagged: Option<(u64, u64, u64, bool)>,
}

/// A repository with a history.
pub(super) struct Made {
    pub(super) project: Project,
    pub(super) layout: Layout,
    pub(super) units: Vec<Unit>,
    pub(super) steps: Vec<Step>,
    /// The commit of the last release.
    pub(super) tagged: Option<usize>,
}

const STATED: (u64, u64, u64, bool) = (1, 2, 3, true);

impl Layout {
    /// Returns the folder of the project.
    pub(super) fn folder(self) -> &'static str {
        if self == Self::Below { "apps/shop" } else { "" }
    }

    /// Returns the folder of what a file belongs to, relative to the project; `None` if that is another project.
    pub(super) fn owner(self, path: &str) -> Option<&'static str> {
        match self {
            Self::Below => path.starts_with("apps/shop/").then_some(""),
            Self::Members if path.starts_with("packages/a/") => Some("packages/a"),
            Self::Members if path.starts_with("packages/b/") => Some("packages/b"),
            Self::Whole | Self::Members => Some(""),
        }
    }

    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Whole => &[("larder.kdl", "project \"shop\" version=\"1.2.3\"\n")],
            Self::Members => &[
                ("larder.kdl", "project \"all\"\nmembers \"packages/*\"\n"),
                ("packages/a/package.json", "{\"name\": \"@acme/a\", \"version\": \"1.2.3\"}\n"),
                ("packages/b/larder.kdl", "package \"b\" version=\"1.2.3\" { node \".\"; }\n"),
            ],
            Self::Below => &[
                ("apps/shop/larder.kdl", "project \"shop\" version=\"1.2.3\"\n"),
                ("apps/blog/larder.kdl", "project \"blog\" version=\"1.2.3\"\n"),
            ],
        }
    }

    fn paths(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Whole => &[&["x"], &["src/y"], &["x", "docs/ä z"]],
            Self::Members => &[
                &["packages/a/x"],
                &["packages/b/src/y"],
                &["packages/a/z", "packages/b/z"],
                &["packages/a.txt"],
                &["packages/ab/x", "README.md"],
            ],
            Self::Below => &[&["apps/shop/x"], &["apps/blog/x"], &["README.md"], &["apps/shop/y", "apps/blog/y"]],
        }
    }

    fn units(self) -> Vec<Unit> {
        let unit = |folder, tag| Unit { folder, tag, stated: STATED, tagged: None };
        match self {
            Self::Whole => vec![unit("", "v")],
            Self::Members => vec![unit("packages/a", "@acme/a@"), unit("packages/b", "b@")],
            Self::Below => vec![unit("", "shop@")],
        }
    }
}

/// Writes a history.
pub(super) struct Generator {
    random: Random,
    made: Made,
    git: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    words: usize,
}

impl Generator {
    pub(super) fn new(seed: u64, layout: Layout) -> Self {
        let mut project = Project::alone();
        for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"] {
            project.set(name, "ada");
        }
        for name in ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
            project.set(name, "ada@example.org");
        }
        project.program("git", &["-c", "init.defaultBranch=main", "init", "-q"]).exits(0);
        let mut git = Command::new("git")
            .args(["fast-import", "--quiet", "--date-format=raw", "--cat-blob-fd=1"])
            .current_dir(project.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests need git");
        let (input, output) = (git.stdin.take().expect("a pipe"), git.stdout.take().expect("a pipe"));
        let made = Made { project, layout, units: layout.units(), steps: Vec::new(), tagged: None };
        let mut generator =
            Self { random: Random::new(seed), made, git, input, output: BufReader::new(output), words: 0 };
        let files: Vec<(&'static str, &str)> =
            layout.files().iter().copied().chain([(".gitignore", ".larder/\n")]).collect();
        generator.commit("chore: begin", &[], &files, Says::Changes(Vec::new()));
        generator
    }

    /// Adds commits to the main branch.
    pub(super) fn add(&mut self, ops: &[Op]) {
        for op in ops {
            self.op(*op);
        }
    }

    /// Tags what there is as the last release.
    pub(super) fn tag(&mut self, tags: Tags) {
        let head = self.head();
        let units = self.made.units.iter().map(|unit| unit.tag).collect::<Vec<_>>();
        if tags != Tags::Missing {
            self.made.tagged = Some(head);
            for (place, tag) in units.iter().enumerate() {
                self.made.units[place].tagged = Some(STATED);
                self.write_tag(&format!("{tag}1.2.3"), head);
            }
        }
        match tags {
            Tags::Released | Tags::Missing => {}
            Tags::Later => self.write_tag("v1.1.0", 0),
            Tags::Prereleased => {
                self.write_tag("v1.3.0-rc.1", head);
                self.made.units[0].stated = (1, 3, 0, false);
                let text = "project \"shop\" version=\"1.3.0-rc.1\"\n";
                self.commit("chore: a candidate", &[head], &[("larder.kdl", text)], Says::Changes(Vec::new()));
            }
            Tags::Foreign => {
                let mut foreign = vec!["9.0.0", "v10", "release-3.0.0", "other@8.0.0", "v1.9.9-rc.1"];
                if self.made.layout == Layout::Below {
                    foreign.extend(["v8.0.0", "blog@5.0.0", "shop@x"]);
                }
                for tag in foreign {
                    self.write_tag(tag, head);
                }
                // Nobody merged it.
                let commit = "mark :999\ncommitter ada <a@example.org> 1700000000 +0000\ndata 7\nfeat: ?\n";
                let (tag, from) = (units[0], head + 1);
                let text = format!(
                    "commit refs/heads/side\n{commit}from :{from}\n\nreset refs/tags/{tag}7.0.0\nfrom :999\n\n"
                );
                self.input.write_all(text.as_bytes()).expect("git takes it");
            }
        }
    }

    /// Checks the main branch out.
    pub(super) fn finish(self) -> Made {
        let Self { made, mut git, input, .. } = self;
        drop(input);
        assert!(git.wait().expect("git ends").success());
        made.project.program("git", &["reset", "-q", "--hard", "main"]).exits(0);
        made
    }

    fn head(&self) -> usize {
        self.made.steps.len() - 1
    }

    /// Writes one line of a commit's subject that no other one has.
    fn words(&mut self) -> String {
        let words =
            ["keep the cart", "sum it up", "a faster way: by hand", "say so (again)", "ümlaut", "it's \"quoted\""];
        self.words += 1;
        format!("{} {}", words[self.random.below(words.len())], self.words)
    }

    fn op(&mut self, op: Op) {
        match op {
            Op::Feature | Op::Fix | Op::Performance | Op::Internal => drop(self.plain(op)),
            Op::Scoped => {
                let (scope, word) = [("api", "feat"), ("cart, ui", "fix"), ("deps", "chore")][self.random.below(3)];
                let mut change = self.change(word);
                change.scope = Some(scope);
                let message = format!("{word}({scope}): {}\n\nReviewed-by: Z\nRefs: #133", change.text);
                self.simple(&message, Says::Changes(vec![change]));
            }
            Op::Breaking | Op::InternalBreaking | Op::UnknownBreaking => {
                let word = match op {
                    Op::Breaking => ["feat", "fix", "FEAT"][self.random.below(3)],
                    Op::InternalBreaking => ["refactor", "chore", "docs"][self.random.below(3)],
                    _ => "deps",
                };
                let mut change = self.change(word);
                change.broken = Some(change.text.clone());
                self.simple(&format!("{word}!: {}", change.text), Says::Changes(vec![change]));
            }
            Op::Footer | Op::Footers => {
                let word = ["feat", "fix", "chore"][self.random.below(3)];
                let token = ["BREAKING CHANGE", "BREAKING-CHANGE"][self.random.below(2)];
                let mut change = self.change(word);
                let (mut message, mut broken) =
                    (format!("{word}: {}\n\nA body.\n\n- a list\n\nRefs: #7\n", change.text), Vec::new());
                for _ in 0..if op == Op::Footers { 2 } else { 1 } {
                    broken.push(self.words());
                    message.extend([format!("{token}: {}\n", broken[broken.len() - 1])]);
                }
                change.broken = Some(broken.join("; "));
                self.simple(&message, Says::Changes(vec![change]));
            }
            Op::Decoy => {
                let decoys = [
                    "This is no BREAKING CHANGE at all",
                    "breaking change: lower case",
                    "Feat: not in the body",
                    "* one\n* two: three",
                ];
                let decoy = decoys[self.random.below(decoys.len())];
                let change = self.change("fix");
                self.simple(&format!("fix: {}\n\n{decoy}", change.text), Says::Changes(vec![change]));
            }
            Op::UnknownType => {
                let message = format!("feature: {}", self.words());
                self.simple(&message, Says::Malformed);
            }
            Op::Malformed => {
                let forms =
                    ["made it better {}", "fix(: {}", "fix {}", "fix(a) b: {}", ": {}", "Fixes #{}", "feat - {}"];
                let message = forms[self.random.below(forms.len())].replace("{}", &self.words());
                self.simple(&message, Says::Malformed);
            }
            Op::Merge => drop(self.merge()),
            Op::Revert => {
                self.plain(Op::Feature);
                self.revert(self.head());
            }
            Op::RevertTwo => {
                let (one, other) = (self.plain(Op::Feature), self.plain(Op::Fix));
                let ids = [one, other].map(|place| self.made.steps[place].id[..9].to_owned());
                let paths = [one, other].iter().flat_map(|place| self.made.steps[*place].paths.clone()).collect();
                let change = self.change("revert");
                let message = format!("revert: {}\n\nRefs: {}", change.text, ids.join(", "));
                self.with_paths(&message, paths, Says::Reverts(vec![one, other], change));
            }
            Op::RevertMerge => {
                let merge = self.merge();
                let step = &self.made.steps[merge];
                let message = format!(
                    "Revert \"{}\"\n\nThis reverts commit {}, reversing\nchanges made to {}.\n",
                    step.message, step.id, self.made.steps[step.parents[0]].id
                );
                let paths = step.brought.iter().flat_map(|place| self.made.steps[*place].paths.clone()).collect();
                let change = reverted(&step.message);
                self.with_paths(&message, paths, Says::Reverts(vec![merge], change));
            }
            Op::RevertReleased => self.revert(1),
            Op::RevertedFeature => {
                let place = self.plain(Op::Feature);
                self.revert(place);
            }
            Op::Reapply => {
                let place = self.plain(Op::Feature);
                self.revert(place);
                let form = self.random.below(2);
                self.reapply(form, place, self.head());
            }
            Op::ReapplyReleased => {
                let form = self.random.below(2);
                self.reapply(form, 1, 2);
            }
            Op::SquashOfHost | Op::SquashThatBreaks => {
                let (one, mut other, title) = (self.change("feat"), self.change("fix"), self.words());
                let mut message =
                    format!("{title} (#7)\n\n* feat: {}\n\nWhy.\n\n* wip\n\n* fix: {}\n", one.text, other.text);
                if op == Op::SquashThatBreaks {
                    other.broken = Some(self.words());
                    message.extend([format!("\nBREAKING CHANGE: {}\n", other.broken.clone().unwrap_or_default())]);
                }
                message += "\n---------\n\nCo-authored-by: Ada <ada@example.org>";
                self.simple(&message, Says::Changes(vec![one, other]));
            }
            Op::SquashOfGit => {
                let (one, other) = (self.change("fix"), self.change("feat"));
                let header = |id: char| {
                    format!(
                        "commit {}\nAuthor: Ada <ada@example.org>\nDate:   Thu Nov 26\n\n",
                        id.to_string().repeat(40)
                    )
                };
                let message = format!(
                    "Squashed commit of the following:\n\n{}    fix: {}\n\n    Why.\n\n{}    feat: {}\n",
                    header('a'),
                    one.text,
                    header('b'),
                    other.text
                );
                self.simple(&message, Says::Changes(vec![one, other]));
            }
            Op::Fixup => {
                let message =
                    format!("{} feat: {}", ["fixup!", "squash!", "amend!"][self.random.below(3)], self.words());
                self.simple(&message, Says::Nothing);
            }
        }
    }

    fn change(&mut self, word: &str) -> Change {
        let group = match word.to_ascii_lowercase().as_str() {
            "feat" => Some("Added"),
            "fix" => Some("Fixed"),
            "perf" => Some("Performance"),
            "revert" => Some("Reverted"),
            _ => None,
        };
        Change { group, scope: None, text: self.words(), broken: None }
    }

    fn plain(&mut self, op: Op) -> usize {
        let (message, change) = self.plain_message(op);
        self.simple(&message, Says::Changes(vec![change]))
    }

    fn plain_message(&mut self, op: Op) -> (String, Change) {
        let words: &[&str] = match op {
            Op::Feature => &["feat", "Feat"],
            Op::Performance => &["perf"],
            Op::Internal => &["docs", "style", "refactor", "test", "build", "ci", "chore"],
            _ => &["fix", "FIX"],
        };
        let word = words[self.random.below(words.len())];
        let change = self.change(word);
        let body = ["", "\n\nA body\nof two lines.", "\n\nSigned-off-by: Ada <ada@example.org>"][self.random.below(3)];
        (format!("{word}: {}{body}", change.text), change)
    }

    /// Merges a branch of two commits, which began before the last commit of the main branch.
    fn merge(&mut self) -> usize {
        let base = self.head();
        let mut brought = Vec::new();
        let mut tip = base;
        for op in [Op::Feature, Op::Fix] {
            let (message, change) = self.plain_message(op);
            let paths = self.paths();
            tip = self.commit_paths(&message, &[tip], paths, Says::Changes(vec![change]));
            brought.push(tip);
        }
        let (message, change) = self.plain_message(Op::Fix);
        let paths = self.paths();
        let main = self.commit_paths(&message, &[base], paths, Says::Changes(vec![change]));
        let forms =
            ["Merge branch 'topic'", "Merge pull request #12 from ada/topic", "feat: a merge with words of its own"];
        let message = forms[self.random.below(forms.len())];
        let merge = self.commit_paths(message, &[main, tip], Vec::new(), Says::Nothing);
        self.made.steps[merge].brought = brought;
        merge
    }

    /// Reverts a commit as git does.
    fn revert(&mut self, place: usize) {
        let step = &self.made.steps[place];
        let subject = step.message.lines().next().unwrap_or_default().to_owned();
        let message = format!("Revert \"{subject}\"\n\nThis reverts commit {}.\n", step.id);
        let paths = step.paths.clone();
        self.with_paths(&message, paths, Says::Reverts(vec![place], reverted(&subject)));
    }

    /// Reverts the revert of a commit, as newer versions of git tell it, or older ones.
    fn reapply(&mut self, form: usize, place: usize, revert: usize) {
        let (step, revert_step) = (&self.made.steps[place], &self.made.steps[revert]);
        let subject = step.message.lines().next().unwrap_or_default().to_owned();
        let title =
            if form == 0 { format!("Reapply \"{subject}\"") } else { format!("Revert \"Revert \"{subject}\"\"") };
        let message = format!("{title}\n\nThis reverts commit {}.\n", revert_step.id);
        let paths = step.paths.clone();
        let Says::Changes(changes) = &step.says else { panic!("a plain commit") };
        let says = Says::Reverts(vec![revert], changes[0].clone());
        self.with_paths(&message, paths, says);
    }

    fn paths(&mut self) -> Vec<&'static str> {
        let all = self.made.layout.paths();
        all[self.random.below(all.len())].to_vec()
    }

    fn simple(&mut self, message: &str, says: Says) -> usize {
        let paths = self.paths();
        self.with_paths(message, paths, says)
    }

    fn with_paths(&mut self, message: &str, paths: Vec<&'static str>, says: Says) -> usize {
        self.commit_paths(message, &[self.head()], paths, says)
    }

    fn commit_paths(&mut self, message: &str, parents: &[usize], paths: Vec<&'static str>, says: Says) -> usize {
        let content = self.made.steps.len().to_string();
        let files: Vec<(&'static str, &str)> = paths.into_iter().map(|path| (path, &*content)).collect();
        self.commit(message, parents, &files, says)
    }

    /// Writes a commit.
    fn commit(&mut self, message: &str, parents: &[usize], files: &[(&'static str, &str)], says: Says) -> usize {
        let place = self.made.steps.len();
        let mut text = format!(
            "commit refs/heads/main\nmark :{}\ncommitter ada <ada@example.org> {} +0000\ndata {}\n{message}\n",
            place + 1,
            1_700_000_000 + place * 60,
            message.len()
        );
        for (number, parent) in parents.iter().enumerate() {
            text.extend([format!("{} :{}\n", if number == 0 { "from" } else { "merge" }, parent + 1)]);
        }
        for (path, content) in files {
            text.extend([format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len())]);
        }
        text.extend([format!("\nget-mark :{}\n", place + 1)]);
        self.input.write_all(text.as_bytes()).and_then(|()| self.input.flush()).expect("git takes it");
        let mut id = String::new();
        self.output.read_line(&mut id).expect("git answers");
        let paths = files.iter().map(|(path, _)| *path).collect();
        let (id, message, parents) = (id.trim().to_owned(), message.to_owned(), parents.to_vec());
        self.made.steps.push(Step { id, message, parents, paths, says, brought: Vec::new() });
        place
    }

    fn write_tag(&mut self, name: &str, place: usize) {
        writeln!(self.input, "reset refs/tags/{name}\nfrom :{}\n", place + 1).expect("git takes it");
    }
}

fn reverted(subject: &str) -> Change {
    Change { group: Some("Reverted"), scope: None, text: subject.to_owned(), broken: None }
}
