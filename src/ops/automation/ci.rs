//! `larder ci-template`: workflows that build what is locked, audit it, and propose newer versions once a week; others that release.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ops::project::{find_root, repository};
use crate::ops::{Context, Result};
use crate::profile::python::on_path;

use super::PlacedFile;
use super::placed::{Existing, place};

/// Whose workflows they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiHost {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiPurpose {
    /// It builds, audits and proposes newer versions.
    Build,
    /// It releases what was merged.
    Release,
}

/// The workflow of a project. It belongs to the folder of the repository, which is the only one that hosts look into, and works in
/// that of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    host: CiHost,
    purpose: CiPurpose,
    repository: PathBuf,
    /// The project's folder relative to the repository's, with a slash at its end; empty if it is that one.
    prefix: String,
    /// The branch that others are merged into.
    branch: String,
}

/// The branch of a repository that names none.
const USUAL_BRANCH: &str = "main";

/// What a workflow, or a job of one, adds to the name of its project.
const ENDINGS: [&str; 2] = ["release", "update"];

/// The placeholder of the line that goes to the project's folder.
const WORKING_DIRECTORY: &str = "# WORKING_DIRECTORY\n";

impl Workflow {
    /// Returns the workflow of the project. Outside of a repository the project's folder is taken for one.
    pub fn of(context: &Context<'_>, host: CiHost, purpose: CiPurpose) -> Result<Self> {
        let root = find_root(context)?;
        let prefix = repository::prefix(&root)?;
        let repository = repository::folder_around(&root)?.unwrap_or(root);
        let branch = default_branch(context, &repository);
        Ok(Self { host, purpose, repository, prefix, branch })
    }

    /// Returns the name of the workflow: each project of a repository has its own.
    fn name(&self) -> String {
        let mut folder = self.prefix.trim_end_matches('/').replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        // `larder-release` and the job `larder-update` are those of the project above.
        if ENDINGS
            .iter()
            .any(|word| folder.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('-')))
        {
            folder.push_str("_project");
        }
        let name = if folder.is_empty() { "larder".to_owned() } else { format!("larder-{folder}") };
        match self.purpose {
            CiPurpose::Build => name,
            CiPurpose::Release => format!("{name}-release"),
        }
    }

    /// Returns where the file belongs, relative to the repository.
    fn path(&self) -> String {
        let folder = match self.host {
            CiHost::GitHub => ".github/workflows",
            CiHost::GitLab => ".gitlab",
        };
        format!("{folder}/{}.yml", self.name())
    }

    /// Returns the file.
    pub fn text(&self) -> String {
        let template = match (self.host, self.purpose) {
            (CiHost::GitHub, CiPurpose::Build) => include_str!("github.yml"),
            (CiHost::GitHub, CiPurpose::Release) => include_str!("github-release.yml"),
            (CiHost::GitLab, CiPurpose::Build) => include_str!("gitlab.yml"),
            (CiHost::GitLab, CiPurpose::Release) => include_str!("gitlab-release.yml"),
        };
        let in_expression = format!("'{}larder.sarif'", self.prefix.replace('\'', "''"));
        let text = template
            .replace(WORKING_DIRECTORY, &self.working_directory())
            .replace("LARDER_VERSION", env!("CARGO_PKG_VERSION"))
            .replace("WORKFLOW_NAME", &self.name())
            .replace("MAIN_BRANCH", &scalar(&self.branch))
            .replace("'PROJECT/larder.sarif'", &in_expression);
        let files = ["larder.lock", "larder.sarif", "plan.json", "summary.md"];
        files.into_iter().fold(text, |text, file| {
            text.replace(&format!("PROJECT/{file}"), &scalar(&format!("{}{file}", self.prefix)))
        })
    }

    /// Returns the lines that go to the project's folder: none where the project has that of the repository.
    fn working_directory(&self) -> String {
        let folder = self.prefix.trim_end_matches('/');
        match self.host {
            _ if folder.is_empty() => String::new(),
            CiHost::GitHub => format!("\ndefaults:\n  run:\n    working-directory: {}\n", scalar(folder)),
            CiHost::GitLab => {
                let command = format!("cd '{}'", folder.replace('\'', r"'\''"));
                format!("    - {}\n", quoted(&command))
            }
        }
    }

    /// Returns what is left to do by hand.
    pub fn advice(&self) -> String {
        let include = || format!("Have it in .gitlab-ci.yml: include: [{{ local: {} }}]", self.path());
        match (self.host, self.purpose) {
            (CiHost::GitHub, CiPurpose::Release) => "Name the registries behind `RELEASE`, and their tokens, which are \
                 secrets; if the branch is protected, let the workflow push to it"
                .to_owned(),
            (CiHost::GitLab, CiPurpose::Release) => format!(
                "{}; name the registries behind `RELEASE`; it needs a token with the scope write_repository as \
                 LARDER_PUSH_TOKEN, which may push to the branch",
                include()
            ),
            (CiHost::GitHub, CiPurpose::Build) => {
                "Pull requests of the weekly job need: Settings, Actions, \"Allow GitHub Actions to create pull requests\""
                    .to_owned()
            }
            (CiHost::GitLab, CiPurpose::Build) => format!(
                "{}; the update job needs a schedule, and a token with the scope write_repository as LARDER_PUSH_TOKEN",
                include()
            ),
        }
    }

    /// Writes the file. A file with other text is an error, unless it is to be replaced.
    pub fn write(&self, replaces: bool) -> Result<PlacedFile> {
        let existing = if replaces { Existing::Replaced } else { Existing::Refused };
        place(&self.repository.join(self.path()), &self.text(), existing)
    }
}

/// Returns the branch that others are merged into: that of the remote, else `main`, unless the repository has none and is on another.
fn default_branch(context: &Context<'_>, repository: &Path) -> String {
    let git = on_path(&context.variables.search_path(), "git");
    let ask = |words: &[&str]| {
        let answer = Command::new(git.as_ref()?).arg("-C").arg(repository).args(words).output().ok()?;
        let text = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
        Some(text.trim_end().to_owned())
    };
    let of_remote = || {
        let head = ask(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"])?;
        head.strip_prefix("origin/").map(str::to_owned)
    };
    let has_usual = || ask(&["rev-parse", "--quiet", "--verify", &format!("refs/heads/{USUAL_BRANCH}")]).is_some();
    let current = || ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]).filter(|_| !has_usual());
    of_remote().or_else(current).unwrap_or_else(|| USUAL_BRANCH.to_owned())
}

/// Returns a text as a scalar of YAML.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Returns a text in the quotes of YAML, which has JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn workflow(host: CiHost, prefix: &str) -> (String, Value) {
        workflow_for(host, CiPurpose::Build, prefix)
    }

    fn workflow_for(host: CiHost, purpose: CiPurpose, prefix: &str) -> (String, Value) {
        let (prefix, branch) = (prefix.to_owned(), "trunk".to_owned());
        let workflow = Workflow { host, purpose, repository: PathBuf::new(), prefix, branch };
        let text = workflow.text();
        let parsed = serde_saphyr::from_str(&text).unwrap();
        (text, parsed)
    }

    #[test]
    fn templates_are_yaml_and_name_this_version() {
        let hosts = [(CiHost::GitHub, ""), (CiHost::GitLab, ""), (CiHost::GitHub, "a/"), (CiHost::GitLab, "a/")];
        let purposes = [CiPurpose::Build, CiPurpose::Release];
        for ((host, prefix), purpose) in hosts.into_iter().flat_map(|one| purposes.map(|purpose| (one, purpose))) {
            let (text, parsed) = workflow_for(host, purpose, prefix);
            assert!(parsed.is_object() && text.contains(env!("CARGO_PKG_VERSION")));
            for placeholder in ["LARDER_VERSION", "WORKFLOW_NAME", "MAIN_BRANCH", "WORKING_DIRECTORY", "PROJECT/"] {
                assert!(!text.contains(placeholder), "{placeholder}: {text}");
            }
        }
    }

    #[test]
    fn a_release_sees_all_commits_and_publishes_before_it_pushes_its_tag() {
        let (text, github) = workflow_for(CiHost::GitHub, CiPurpose::Release, "");
        let steps = github["jobs"]["release"]["steps"].as_array().unwrap();
        assert_eq!(steps[0]["with"]["fetch-depth"], 0);
        assert_eq!(github["jobs"]["release"]["permissions"]["contents"], "write");
        assert!(github["on"]["push"].get("tags").is_none() && text.contains("branches: [trunk]"));
        let script = steps.last().unwrap()["run"].as_str().unwrap();
        let place = |text: &str| script.find(text).unwrap();
        assert!(place("FETCH_HEAD") < place("$RELEASE") && place("$RELEASE") < place("push ||"));
        assert!(script.contains("git push --atomic --follow-tags") && text.contains("--branch ${{ github."));
        let (_, gitlab) = workflow_for(CiHost::GitLab, CiPurpose::Release, "apps/shop/");
        let job = &gitlab["larder-apps-shop-release"];
        assert_eq!(
            (&job["variables"]["GIT_DEPTH"], &job["before_script"][2]),
            (&Value::from(0), &"cd 'apps/shop'".into())
        );
        let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let place = |text: &str| script.iter().position(|line| line.contains(text)).unwrap();
        assert!(place("FETCH_HEAD") < place("$RELEASE") && place("$RELEASE") < place("push ||"));
        assert!(script[place("push()")].contains("git push --atomic --follow-tags"));
        assert_eq!(job["variables"]["RELEASE"], "larder release --branch $CI_DEFAULT_BRANCH");
    }

    #[test]
    fn workflows_and_jobs_of_a_project_are_not_those_of_another() {
        let folders =
            ["", "release/", "update/", "a/", "a/release/", "a/update/", "a/pre-release/", "release/release/"];
        let (mut files, mut jobs) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for (prefix, purpose) in folders.iter().flat_map(|one| [(one, CiPurpose::Build), (one, CiPurpose::Release)]) {
            let (prefix, branch) = ((*prefix).to_owned(), "trunk".to_owned());
            let workflow = Workflow { host: CiHost::GitLab, purpose, repository: PathBuf::new(), prefix, branch };
            assert!(files.insert(workflow.path()), "{}", workflow.path());
            let parsed: Value = serde_saphyr::from_str(&workflow.text()).unwrap();
            for job in parsed.as_object().unwrap().keys() {
                assert!(jobs.insert(job.clone()), "{job}");
            }
        }
        assert!(files.contains(".gitlab/larder-release.yml") && files.contains(".gitlab/larder-a-release.yml"));
        assert!(files.contains(".gitlab/larder-release_project.yml"));
    }

    #[test]
    fn a_workflow_works_in_the_folder_of_its_project() {
        let (text, github) = workflow(CiHost::GitHub, "apps/it's shop/");
        assert_eq!(github["name"], "larder-apps-it-s-shop");
        assert_eq!(github["defaults"]["run"]["working-directory"], "apps/it's shop");
        let steps = github["jobs"]["build"]["steps"].as_array().unwrap();
        let upload = steps.iter().find_map(|step| step.get("with")?.get("sarif_file")).unwrap();
        assert_eq!(upload, "apps/it's shop/larder.sarif");
        assert!(text.contains("hashFiles('apps/it''s shop/larder.sarif')") && text.contains("branches: [trunk]"));
        let (_, gitlab) = workflow(CiHost::GitLab, "apps/it's shop/");
        assert_eq!(gitlab[".larder-apps-it-s-shop"]["before_script"][0], "cd 'apps/it'\\''s shop'");
        assert_eq!(gitlab["larder-apps-it-s-shop"]["artifacts"]["paths"][0], "apps/it's shop/larder.sarif");
        let (text, github) = workflow(CiHost::GitHub, "");
        assert!(github.get("defaults").is_none() && text.contains("permissions:\n  contents: read\n\nconcurrency:"));
    }
}
