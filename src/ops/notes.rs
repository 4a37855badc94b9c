//! What a user should know of what a sync has just built: scripts that did not run, and tools that need a setting.

use std::path::Path;

use serde::Deserialize;

use crate::fs;
use crate::lock::Closure;
use crate::model::{Dependent, Package, PackageId, PackageKey, Version};
use crate::plan::Plan;

use super::{Project, Result};

/// Returns what there is to tell after a plan was carried out.
pub(super) fn notes(project: &Project, closure: &Closure<'_>, plan: &Plan) -> Result<Vec<String>> {
    let mut notes: Vec<String> = scripts(closure, plan).into_iter().collect();
    for member in &project.members {
        for tool in [Tool::Next, Tool::Vite] {
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
    Ok(notes)
}

/// Names the packages that come with this plan and are not made for this machine, by their own word. Who has just locked
/// them was told then.
pub(super) fn foreign(closure: &Closure<'_>, plan: &Plan) -> Vec<String> {
    let Some(platform) = closure.platform else { return Vec::new() };
    let told = |(key, package): (&PackageKey, &Package)| {
        let why = package.facts.why_not(platform)?;
        Some(format!("{key} is not made for {platform}: {why}"))
    };
    let is_new = new_with(plan);
    closure.packages().filter(|(key, _)| is_new(key)).filter_map(told).collect()
}

/// Returns whether a package comes with a plan.
fn new_with(plan: &Plan) -> impl Fn(&PackageKey) -> bool {
    let added = plan.added.iter().map(|(package, versions)| (package, versions.clone()));
    let changed = plan.changed.iter().map(|(package, before, after)| {
        (package, after.iter().filter(|version| !before.contains(version)).cloned().collect())
    });
    let new: Vec<(&PackageId, Vec<Version>)> = added.chain(changed).collect();
    move |key| new.iter().any(|(package, versions)| **package == key.id && versions.contains(&key.version))
}

/// Names the packages that come with this plan and declare install scripts.
fn scripts(closure: &Closure<'_>, plan: &Plan) -> Option<String> {
    let is_new = new_with(plan);
    let declare: Vec<String> = closure
        .packages()
        .filter(|(key, package)| package.facts.install_script && is_new(key))
        .map(|(key, _)| format!("{} {}", key.id.name, key.version))
        .collect();
    (!declare.is_empty()).then(|| {
        format!(
            "install scripts are not run; declared by {}. Most work without; for one that does not, write `writable npm \
             \"NAME\"` under `resolution`, sync, and run its script in its folder",
            declare.join(", ")
        )
    })
}

/// A tool that takes a member's folder for the whole project unless it is told.
#[derive(Clone, Copy)]
enum Tool {
    Next,
    Vite,
}

impl Tool {
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

    /// Returns the setting that the member's configuration lacks.
    fn setting(self, root: &Path, member: &str) -> Result<Option<String>> {
        let folder = root.join(member);
        let mut file = format!("{}.config.js", self.package());
        for extension in ["js", "mjs", "cjs", "ts", "mts", "cts"] {
            let name = format!("{}.config.{extension}", self.package());
            if let Some(text) = fs::read_if_exists(&folder.join(&name))? {
                let text = String::from_utf8_lossy(&text).into_owned();
                if self.signs().iter().all(|sign| text.contains(sign)) {
                    return Ok(None);
                }
                file = name;
                break;
            }
        }
        let above = vec![".."; member.split('/').count()].join("/");
        Ok(Some(match self {
            Self::Next => {
                let here = if is_module(&folder, &file)? { "import.meta.dirname" } else { "__dirname" };
                format!(
                    "Next.js in {member} has to be told the project's root, in {member}/{file}: \
                     outputFileTracingRoot: path.join({here}, \"{above}\"), \
                     turbopack: {{ root: path.join({here}, \"{above}\") }}"
                )
            }
            Self::Vite => format!(
                "the development server of Vite in {member} has to be told the project's root, in {member}/{file}: \
                 server: {{ fs: {{ allow: [\"{above}\"] }} }}"
            ),
        }))
    }
}

/// Tells whether Node reads a configuration as an ES module.
fn is_module(folder: &Path, file: &str) -> Result<bool> {
    #[derive(Deserialize, Default)]
    struct PackageJson {
        #[serde(rename = "type", default)]
        kind: Option<String>,
    }
    match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("mjs" | "mts") => Ok(true),
        Some("js") => {
            let text = fs::read_if_exists(&folder.join("package.json"))?.unwrap_or_default();
            let json: PackageJson = serde_json::from_slice(&text).unwrap_or_default();
            Ok(json.kind.as_deref() == Some("module"))
        }
        _ => Ok(false),
    }
}
