//! The files of tools for Creatio packages: `.clio/workspaceSettings.json`.

use crate::creatio::CreatioWorkspace;
pub use crate::creatio::WORKSPACE_SETTINGS;
use crate::manifest::edit::quoted;
use crate::model::Ecosystem;

use super::{ImportError, Imported, ImportedLine};

/// Reads the settings of a workspace: the platform, and the packages that lie elsewhere. The workspace's own are listed as left out.
pub fn workspace_settings(text: &str) -> Result<Imported, ImportError> {
    let workspace = CreatioWorkspace::parse(text.as_bytes())
        .map_err(|reason| ImportError { file: "workspaceSettings.json", reason: format!("it {reason}") })?;
    let mut imported = Imported::default();
    if let Some(platform) = &workspace.platform {
        let line = format!("{} platform={}", Ecosystem::CREATIO, quoted(&platform.to_string()));
        imported.blocks.insert(Ecosystem::CREATIO, line);
    }
    for package in &workspace.external {
        imported.take(ImportedLine {
            group: None,
            ecosystem: Ecosystem::CREATIO,
            name: package.to_string(),
            range: None,
            catalog: None,
            source: None,
            when: None,
            optional: false,
        });
    }
    for package in workspace.packages.iter().filter(|package| !workspace.ignores(package)) {
        let why = "it lies in the workspace: `larder pack --creatio` packs it for others";
        imported.refuse(format!("package {package}"), why);
    }
    Ok(imported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_brings_its_platform_and_what_lies_elsewhere() {
        let text = r#"{"Packages":["UsrOrders","DemoX"],"IgnorePackages":["Demo*"],"ApplicationVersion":"8.1.3","ExternalPackages":["UsrBase"]}"#;
        let imported = workspace_settings(text).unwrap();
        assert_eq!(imported.blocks.values().collect::<Vec<_>>(), ["creatio platform=\"8.1.3\""]);
        let lines: Vec<String> = imported.lines.iter().map(ImportedLine::what).collect();
        assert_eq!(lines, ["creatio UsrBase"]);
        let left: Vec<&str> = imported.not_taken.iter().map(|left| &*left.what).collect();
        assert_eq!(left, ["package UsrOrders"]);
        assert!(workspace_settings("{").unwrap_err().to_string().contains("workspaceSettings.json"));
    }
}
