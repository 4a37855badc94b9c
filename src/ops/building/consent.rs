//! What builds may have beyond the sandbox, where a manifest asks for it and this user agreed.
//!
//! A manifest may come from anybody. So what weakens the sandbox holds for a project only once this user agreed to it there, or
//! where a variable says so, as in CI.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::build::{Bind, Level, Sandbox, Toolchain};
use crate::diagnostic::{Exit, Failure, list};
use crate::fs::{self, Durability};
use crate::model::{BuildFile, BuildRules, PackageKey, TreeDigest};
use crate::ops::project::Project;
use crate::ops::{Context, Result, Variables};
use crate::profile::python::on_path;

/// The variable that agrees where there is no user to ask: `isolation=reduced`, separated by commas or spaces.
const AGREED: &str = "LARDER_ALLOW_BUILDS";

/// No file of agreements is larger.
const LARGEST: u64 = 1 << 20;

/// Something that a manifest wants for its builds and that a user has to agree to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ops) enum BuildGrant {
    /// Builds are locked in no better than this.
    Isolation(Level),
    /// Builds see a variable of the user.
    Variable(String),
    /// Builds of a package see a program of the machine.
    Tool(String),
}

impl fmt::Display for BuildGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Isolation(level) => write!(f, "isolation={level}"),
            Self::Variable(name) => write!(f, "env={name}"),
            Self::Tool(name) => write!(f, "tools={name}"),
        }
    }
}

impl FromStr for BuildGrant {
    type Err = BadBuildGrant;

    fn from_str(text: &str) -> std::result::Result<Self, BadBuildGrant> {
        let bad = || BadBuildGrant(text.to_owned());
        let is_word = |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control());
        match text.split_once('=') {
            Some(("isolation", level)) => level.parse().map(Self::Isolation).map_err(|_| bad()),
            Some(("env", name)) if is_word(name) => Ok(Self::Variable(name.to_owned())),
            Some(("tools", name)) if is_word(name) => Ok(Self::Tool(name.to_owned())),
            _ => Err(bad()),
        }
    }
}

/// A text that is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` is nothing that builds can be allowed")]
#[diagnostic(code(larder::builds::bad_grant), help("it is written isolation=reduced, env=CFLAGS or tools=pg_config"))]
pub(in crate::ops) struct BadBuildGrant(String);

impl Failure for BadBuildGrant {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Returns what a manifest asks for.
fn asked(rules: &BuildRules) -> BTreeSet<BuildGrant> {
    let isolation = (rules.isolation != Level::Strict).then_some(BuildGrant::Isolation(rules.isolation));
    let variables = rules.env.iter().map(|name| BuildGrant::Variable(name.to_string()));
    let tools = rules.approvals.iter().flat_map(|one| &one.tools).map(|tool| BuildGrant::Tool(tool.to_string()));
    isolation.into_iter().chain(variables).chain(tools).collect()
}

/// Returns what a project asks for and nobody agreed to yet.
pub(in crate::ops) fn unconfirmed(context: &Context<'_>, project: &Project) -> Result<Vec<BuildGrant>> {
    let asked = asked(&project.manifest.settings.builds);
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut agreed: BTreeSet<BuildGrant> = kept(context)?.remove(&project.root).unwrap_or_default();
    let text = context.variables.text(AGREED).unwrap_or_default();
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    agreed.extend(words.map(str::parse).collect::<std::result::Result<Vec<_>, BadBuildGrant>>()?);
    let covers = |wanted: &BuildGrant| match wanted {
        // Who agreed to a weaker one agreed to this.
        BuildGrant::Isolation(level) => {
            agreed.iter().any(|grant| matches!(grant, BuildGrant::Isolation(agreed) if agreed <= level))
        }
        wanted => agreed.contains(wanted),
    };
    Ok(asked.into_iter().filter(|wanted| !covers(wanted)).collect())
}

/// Returns the variables by which a copy of a project may have what this user agreed to for the project.
pub(in crate::ops) fn carried(context: &Context<'_>, root: &Path) -> Result<Variables> {
    let agreed = kept(context)?.remove(root).unwrap_or_default();
    let mut words: Vec<String> = agreed.iter().map(ToString::to_string).collect();
    words.extend(context.variables.text(AGREED));
    let agreed = (!words.is_empty()).then(|| (AGREED.into(), words.join(",").into()));
    Ok(context.variables.all().into_iter().chain(agreed).collect())
}

/// Remembers what this user agreed to for a project.
pub(in crate::ops) fn remember(context: &Context<'_>, root: &Path, grants: &[BuildGrant]) -> Result<()> {
    let mut known = kept(context)?;
    let of_project = known.entry(root.to_owned()).or_default();
    let before = of_project.len();
    of_project.extend(grants.iter().cloned());
    if of_project.len() == before {
        return Ok(());
    }
    let mut text = "# What builds of projects may have: `larder builds allow`\n".to_owned();
    for (root, grants) in known {
        let lines = grants.iter().map(|grant| format!("{grant} {}\n", root.display()));
        text.extend(lines);
    }
    fs::create_dir_all(&context.configuration)?;
    Ok(fs::write_atomic(&agreements(context), text.as_bytes(), Durability::Whole)?)
}

/// Returns the file that keeps what this user agreed to.
fn agreements(context: &Context<'_>) -> PathBuf {
    context.configuration.join("allowed-builds")
}

/// Reads what this user agreed to, by project: a grant and a project's root a line, with comments.
fn kept(context: &Context<'_>) -> Result<BTreeMap<PathBuf, BTreeSet<BuildGrant>>> {
    let text = fs::read_up_to(&agreements(context), LARGEST)?.unwrap_or_default();
    let mut kept: BTreeMap<PathBuf, BTreeSet<BuildGrant>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&text).lines().filter(|line| !line.starts_with('#')) {
        if let Some((grant, root)) = line.split_once(' ') {
            kept.entry(root.into()).or_default().insert(grant.parse()?);
        }
    }
    Ok(kept)
}

/// What the build of a package has beyond its inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    /// How well it is locked in.
    pub(super) level: Level,
    /// The variables of the user that it sees, with their values.
    pub(super) variables: BTreeMap<String, String>,
    tools: Vec<HostTool>,
    /// The files that it downloads.
    pub(super) files: Vec<BuildFile>,
}

/// A program of the machine that a build sees.
#[derive(Clone, Debug)]
struct HostTool {
    name: String,
    /// The file, behind all links.
    file: PathBuf,
    /// What of the machine is shown for it.
    shown: PathBuf,
}

impl Exceptions {
    /// Returns what the build of a package has.
    ///
    /// # Errors
    /// If the manifest asks for something that nobody agreed to, or for a program that is not there.
    pub(super) fn of(context: &Context<'_>, project: &Project, package: &PackageKey) -> Result<Self> {
        let unconfirmed = unconfirmed(context, project)?;
        if !unconfirmed.is_empty() {
            return Err(NotAgreed { package: package.clone(), grants: unconfirmed }.into());
        }
        let rules = &project.manifest.settings.builds;
        let value = |name: &str| Some((name.to_owned(), context.variables.text(name)?));
        let variables = rules.env.iter().filter_map(|name| value(name)).collect();
        let mut tools = Vec::new();
        for name in rules.tools_of(&package.id, &package.version) {
            let found = on_path(&context.variables.search_path(), name);
            let found = found.ok_or_else(|| NoTool { package: package.clone(), name: name.to_owned() })?;
            let file = fs::canonicalize(&found)?;
            let shown = shown_for(&file, context.variables.path("HOME").as_deref(), &project.root);
            tools.push(HostTool { name: name.to_owned(), file, shown });
        }
        let files = rules.files_of(&package.id, &package.version).into_iter().cloned().collect();
        Ok(Self { level: rules.isolation, variables, tools, files })
    }

    /// Shows the programs to a build, and returns the folders that they are found in.
    pub(super) fn show(&self, sandbox: &mut Sandbox) -> Vec<PathBuf> {
        let outside = self.tools.iter().filter(|tool| !tool.file.starts_with("/usr"));
        sandbox.binds.extend(outside.map(|tool| Bind::read(&tool.shown)));
        self.tools.iter().filter_map(|tool| tool.file.parent().map(Path::to_owned)).collect()
    }

    /// Returns the lines by which an output is told from others: none if there are no exceptions.
    pub(super) fn key_lines(&self) -> Result<String> {
        let mut lines = String::new();
        for (name, value) in &self.variables {
            // Writing to a string does not fail.
            let _ = writeln!(lines, "env {name} {}", TreeDigest::of(value.as_bytes()));
        }
        for HostTool { name, file, .. } in &self.tools {
            let digest = TreeDigest::of(&fs::read(file)?);
            let _ = writeln!(lines, "tool {name} {} {digest}", file.display());
        }
        if !self.tools.is_empty()
            && let Some(libraries) = Toolchain::of_libraries()?
        {
            // Such a program tells of libraries: an updated one is another input, though the program is the same.
            let _ = writeln!(lines, "libraries {libraries}");
        }
        for BuildFile { url, digest } in &self.files {
            let _ = writeln!(lines, "file {} {digest}", url.as_str());
        }
        Ok(lines)
    }
}

/// Returns what is shown for a program: what was installed with it, unless that is more than a build may see.
fn shown_for(file: &Path, home: Option<&Path>, project: &Path) -> PathBuf {
    let installed = file.ancestors().nth(2).filter(|folder| folder.parent().is_some());
    let is_private = |folder: &&Path| {
        home.into_iter().chain([project]).any(|private| private.starts_with(folder)) || folder.ends_with(".local")
    };
    installed.filter(|folder| !is_private(folder)).unwrap_or(file).to_owned()
}

/// What a manifest asks for and nobody agreed to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(
    "the manifest asks for more than a sandbox gives to build {package}, and nobody on this machine agreed:{}",
    list(grants)
)]
#[diagnostic(
    code(larder::builds::not_agreed),
    help("nothing was run. If you want that, say so once for this project: {}", agreement(grants))
)]
struct NotAgreed {
    package: PackageKey,
    grants: Vec<BuildGrant>,
}

fn agreement(grants: &[BuildGrant]) -> String {
    let words: Vec<String> = grants.iter().map(ToString::to_string).collect();
    format!("`larder builds allow {}`, or in CI {AGREED}={}", words.join(" "), words.join(","))
}

impl Failure for NotAgreed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A program that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} is built with `{name}`, which is not on PATH")]
#[diagnostic(
    code(larder::builds::no_tool),
    help("install it, or take it out of `tools=` of the package's `allow` line")
)]
struct NoTool {
    package: PackageKey,
    name: String,
}

impl Failure for NoTool {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_they_are_written() {
        for text in ["isolation=none", "env=CFLAGS", "tools=pg_config"] {
            assert_eq!(text.parse::<BuildGrant>().unwrap().to_string(), text);
        }
        for bad in ["", "isolation", "isolation=weak", "env=", "tools=a b", "other=x"] {
            assert!(bad.parse::<BuildGrant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_for_a_program_is_never_a_home_or_the_project() {
        let shown = |file: &str| shown_for(Path::new(file), Some(Path::new("/home/me")), Path::new("/work/shop"));
        assert_eq!(shown("/home/me/pg/bin/pg_config"), Path::new("/home/me/pg"));
        for alone in
            ["/home/me/bin/tool", "/home/me/tool", "/work/shop/bin/tool", "/home/me/.local/bin/tool", "/bin/tool"]
        {
            assert_eq!(shown(alone), Path::new(alone));
        }
    }
}
