//! What a user should know of what a sync has just built: scripts that did not run, and tools that need a setting.

use std::path::Path;

use serde::Deserialize;

use crate::difference::Difference;
use crate::fs;
use crate::lock::Closure;
use crate::model::{CheckName, Dependent, PackageId, PackageKey, Version};
use crate::policy::Finding;

use super::{Project, Result};

/// Returns those of the findings in an environment that are told of the packages that a sync brought: the scripts that did not run,
/// and, unless the lock has just been solved, which told it then, what is not made for this machine. What was there before
/// is no news.
pub(super) fn of_new_packages(difference: &Difference, found: Vec<Finding>, foreign_too: bool) -> Vec<Finding> {
    let is_new = is_new(difference);
    let is_told = |finding: &Finding| match finding.check {
        CheckName::Scripts => true,
        CheckName::Platforms => foreign_too,
        _ => false,
    };
    found.into_iter().filter(|one| is_told(one) && one.package.as_ref().is_some_and(&is_new)).collect()
}

/// Returns what there is to tell after a sync.
pub(super) fn notes(project: &Project, closure: &Closure<'_>, found: &[Finding]) -> Result<Vec<String>> {
    let mut notes: Vec<String> = scripts(found).into_iter().collect();
    for member in &project.members {
        for tool in [WorkspaceTool::Next, WorkspaceTool::Vite] {
            let is_used = closure.roots.iter().any(|root| {
                root.dependent == Dependent::Member(member.clone())
                    && root.requirement.ecosystem().has_scopes()
                    && root.requirement.seen_as().as_str() == tool.package()
            });
            if is_used {
                notes.extend(tool.setting(&project.root, member)?);
            }
        }
    }
    notes.extend(foreign(closure, found));
    Ok(notes)
}

/// Names the packages that are not made for this machine, by their own word.
fn foreign(closure: &Closure<'_>, found: &[Finding]) -> Vec<String> {
    let (Some(platform), Some(graph)) = (closure.platform, closure.graph) else { return Vec::new() };
    let told = |key: &PackageKey| {
        let why = graph.packages.get(key)?.facts.exclusion_reason(platform)?;
        Some(format!("{key} is not made for {platform}: {why}"))
    };
    found.iter().filter(|one| one.check == CheckName::Platforms).filter_map(|one| told(one.package.as_ref()?)).collect()
}

/// Returns whether a package is new, or has a new version.
fn is_new(difference: &Difference) -> impl Fn(&PackageKey) -> bool {
    let added = difference.added.iter().map(|(package, versions)| (package, versions.clone()));
    let changed = difference.changed.iter().map(|(package, before, after)| {
        (package, after.iter().filter(|version| !before.contains(version)).cloned().collect())
    });
    let new: Vec<(&PackageId, Vec<Version>)> = added.chain(changed).collect();
    move |key| new.iter().any(|(package, versions)| **package == key.id && versions.contains(&key.version))
}

/// Names the packages that declare install scripts.
fn scripts(found: &[Finding]) -> Option<String> {
    let declare: Vec<String> = found
        .iter()
        .filter(|finding| finding.check == CheckName::Scripts)
        .filter_map(|finding| finding.package.as_ref())
        .map(|key| format!("{} {}", key.id.name, key.version))
        .collect();
    (!declare.is_empty()).then(|| {
        format!(
            "install scripts are not run; declared by {}. Most work without; for one that does not: `larder builds` shows what \
             its scripts do, and `larder builds allow NAME` lets them run, in a sandbox",
            declare.join(", ")
        )
    })
}

/// A tool that takes a member's folder for the whole project unless it is told.
#[derive(Clone, Copy)]
enum WorkspaceTool {
    Next,
    Vite,
}

impl WorkspaceTool {
    fn package(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Vite => "vite",
        }
    }

    /// Words that a configuration with the setting has.
    fn signs(self) -> &'static [&'static str] {
        match self {
            Self::Next => &["outputFileTracingRoot", "turbopack"],
            Self::Vite => &["allow"],
        }
    }

    /// Returns whether the tool finds the project's root by itself: Vite by what declares a workspace there, Next.js by a lockfile
    /// that it knows.
    fn finds_root(self, root: &Path) -> Result<bool> {
        let files: &[&str] = match self {
            Self::Next => &["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"],
            Self::Vite => &["pnpm-workspace.yaml", "lerna.json"],
        };
        for file in files {
            if fs::stat(&root.join(file))?.is_some() {
                return Ok(true);
            }
        }
        Ok(matches!(self, Self::Vite) && package_json(root)?.workspaces.is_some())
    }

    /// Returns the setting that the member's configuration lacks.
    fn setting(self, root: &Path, member: &str) -> Result<Option<String>> {
        if self.finds_root(root)? {
            return Ok(None);
        }
        let folder = root.join(member);
        let mut file = None;
        for extension in ["js", "mjs", "cjs", "ts", "mts", "cts"] {
            let name = format!("{}.config.{extension}", self.package());
            if let Some(text) = fs::read_if_exists(&folder.join(&name))? {
                let text = String::from_utf8_lossy(&text).into_owned();
                if self.signs().iter().all(|sign| text.contains(sign)) {
                    return Ok(None);
                }
                file = Some(name);
                break;
            }
        }
        // What has neither a configuration nor a page is tested with Vite, and not served.
        if file.is_none() && matches!(self, Self::Vite) && fs::stat(&folder.join("index.html"))?.is_none() {
            return Ok(None);
        }
        let place = match &file {
            Some(file) => format!("in {member}/{file}"),
            None => format!("in a {}.config.js, which {member} does not have yet", self.package()),
        };
        let above = vec![".."; member.split('/').count()].join("/");
        Ok(Some(match self {
            Self::Next => {
                let file = file.unwrap_or_else(|| "next.config.js".to_owned());
                let here = if is_module(&folder, &file)? { "import.meta.dirname" } else { "__dirname" };
                format!(
                    "Next.js in {member} has to be told the project's root, {place}: \
                     outputFileTracingRoot: path.join({here}, \"{above}\"), \
                     turbopack: {{ root: path.join({here}, \"{above}\") }}"
                )
            }
            Self::Vite => format!(
                "the development server of Vite in {member} has to be told the project's root, {place}: \
                 server: {{ fs: {{ allow: [\"{above}\"] }} }}"
            ),
        }))
    }
}

/// What the notes look for in a package.json; all else, and a broken one, is nothing to them.
#[derive(Deserialize, Default)]
struct PackageJson {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    workspaces: Option<serde_json::Value>,
}

fn package_json(folder: &Path) -> Result<PackageJson> {
    let text = fs::read_if_exists(&folder.join("package.json"))?.unwrap_or_default();
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}

/// Tells whether Node reads a configuration as an ES module.
fn is_module(folder: &Path, file: &str) -> Result<bool> {
    match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("mjs" | "mts") => Ok(true),
        Some("js") => Ok(package_json(folder)?.kind.as_deref() == Some("module")),
        _ => Ok(false),
    }
}
