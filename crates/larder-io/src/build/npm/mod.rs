//! Runs the install scripts of an npm package.
//!
//! The package lies in a folder with its dependencies, as `node_modules` has them. The scripts may change the package's own
//! folder, or one around it, and see the rest at `/build`. What is then in the package's folder is the package.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `scripts` | which scripts a package has, from its package.json |
//! | `variables` | the variables that npm sets for scripts |
//! | `node` | what belongs to an installed Node: headers, node-gyp |
//! | `package_manager.cjs` | stands in for package managers that scripts call |
//! | `leftovers` | what scripts left in the folder: links go, the rest has to be files |

mod leftovers;
mod node;
mod package_json;
mod scripts;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use node::NodeRuntime;
pub use package_json::{PackageJsonError, parse_package_json};
pub use scripts::{Script, ScriptSet, scripts, scripts_and_called, scripts_digest};

use super::run::{BuildProgram, run};
use super::{Bind, BuildError, Sandbox, environment};
use crate::fs;

/// Where the build sees the folder with the package and its dependencies.
const LAYOUT: &str = "/build";

/// Where the build sees programs that larder brings.
const TOOLS: &str = "/tools";

/// What npm puts on the path for scripts that call `node-gyp`.
const NODE_GYP: &str = "#!/bin/sh\nexec \"$npm_node_execpath\" \"$npm_config_node_gyp\" \"$@\"\n";

/// Runs scripts and programs as package managers do.
const PACKAGE_MANAGER: &str = include_str!("package_manager.cjs");

/// What it is called by.
const PACKAGE_MANAGERS: [&str; 5] = ["npm", "npx", "pnpm", "pnpx", "yarn"];

/// The largest package.json that is read.
const LARGEST: u64 = 16 << 20;

/// An npm package with what it takes to run its install scripts.
#[derive(Clone, Debug)]
pub struct NpmPackage {
    /// What is built, for messages: `npm:better-sqlite3 12.2.0`.
    pub name: String,
    /// The folder that has the package and its dependencies.
    pub layout: PathBuf,
    /// Where the package lies in it: `node_modules/better-sqlite3`.
    pub package: PathBuf,
    /// Which folder of it the scripts may change: that of the package, or one around it, as node-gyp writes beside packages whose
    /// dependencies lie elsewhere than npm puts them. An empty one is the whole.
    pub writable: PathBuf,
    /// Which of its scripts run.
    pub scripts: ScriptSet,
    /// The Node that runs the scripts, and that native modules are for. The sandbox must show it.
    pub node: NodeRuntime,
    /// Folders with programs, before those of the system. The sandbox must show them.
    pub search_path: Vec<PathBuf>,
    /// Variables that are let through.
    pub variables: BTreeMap<String, String>,
    /// The time, in seconds since 1970, for programs that ask for one.
    pub source_date: u64,
    /// The log's file, for all scripts.
    pub log: PathBuf,
}

impl NpmPackage {
    /// Runs the package's scripts, one after the other, and returns whether there were any. Then nothing but files and folders
    /// are in the package's folder.
    pub fn run_scripts(&self, sandbox: &Sandbox) -> Result<bool, BuildError> {
        let folder = self.own_folder()?;
        let invalid = |problem: String| BuildError::Input { package: self.name.clone(), problem };
        let text = fs::read_up_to(&folder.join("package.json"), LARGEST)?;
        let text = text.ok_or_else(|| invalid("it has no package.json".to_owned()))?;
        let has_gyp = fs::lstat(&folder.join("binding.gyp"))?.is_some();
        let document = parse_package_json(&text).map_err(|error| invalid(error.to_string()))?;
        let scripts =
            scripts::own_scripts(&document, has_gyp, self.scripts).map_err(|error| invalid(error.to_string()))?;
        if scripts.is_empty() {
            return Ok(false);
        }
        let tools = self.write_tools(&sandbox.scratch)?;
        let mut sandbox = sandbox.clone();
        if self.writable.as_os_str().is_empty() {
            sandbox.binds.push(Bind::write_at(self.layout.clone(), Path::new(LAYOUT).to_owned()));
        } else {
            let writable = Path::new(LAYOUT).join(&self.writable);
            sandbox.binds.push(Bind::read_at(&self.layout, LAYOUT));
            sandbox.binds.push(Bind::write_at(self.layout.join(&self.writable), writable));
        }
        sandbox.binds.push(Bind::read_at(&tools, TOOLS));
        fs::remove_file(&self.log)?;
        for script in &scripts {
            let folder = sandbox.inside(&folder);
            let mut path = variables::binaries(&folder, &sandbox.inside(&self.layout));
            path.push(sandbox.inside(&tools));
            path.extend(self.node.executable.parent().map(|folder| sandbox.inside(folder)));
            path.extend(self.search_path.iter().map(|folder| sandbox.inside(folder)));
            let mut variables = environment::variables(&path, self.source_date)?;
            variables.extend(variables::of_package(&document));
            variables.extend(variables::of_script(script, &folder, &self.node)?);
            variables.insert("npm_config_cache".to_owned(), format!("{}/npm", sandbox.temporary().display()));
            variables.extend(self.variables.clone());
            run(
                &sandbox,
                BuildProgram {
                    package: &self.name,
                    what: &script.event,
                    program: Path::new("/bin/sh"),
                    arguments: vec!["-c".to_owned(), script.text.clone()],
                    variables,
                    folder: &folder,
                    log: &self.log,
                },
            )
            .map_err(|error| self.explained(error))?;
            self.own_folder()?;
        }
        if self.scripts == ScriptSet::Prepare {
            // It leads to what the scripts ran with, and belongs to no package.
            fs::remove_tree(&folder.join("node_modules"))?;
        }
        leftovers::tidy(&folder).map_err(|error| match error {
            leftovers::TidyError::Fs(error) => error.into(),
            leftovers::TidyError::Refused(problem) => {
                BuildError::Output { package: self.name.clone(), problem, log: self.log.clone() }
            }
        })?;
        Ok(true)
    }

    /// Returns the package's folder, if it is one still: scripts may change what is around it, and a link in its place, or in that of a
    /// folder above it, leads to where they cannot look themselves.
    fn own_folder(&self) -> Result<PathBuf, BuildError> {
        if fs::inspect_below(&self.layout, &self.package)? == fs::PathState::Clear {
            return Ok(self.layout.join(&self.package));
        }
        let problem = "scripts put something else in the place of its folder".to_owned();
        Err(BuildError::Output { package: self.name.clone(), problem, log: self.log.clone() })
    }

    /// Adds what this Node lacks to the error of a script that used node-gyp.
    fn explained(&self, error: BuildError) -> BuildError {
        let BuildError::Failed(mut failed) = error else { return error };
        let calls = |line: &String| line.contains("gyp ERR!") || line.contains("node-gyp");
        let lacks = match &self.node {
            NodeRuntime { headers: None, .. } => "headers (`include/node`)",
            NodeRuntime { node_gyp: None, .. } => "node-gyp",
            _ => return BuildError::Failed(failed),
        };
        if failed.last_lines.iter().any(calls) {
            let executable = self.node.executable.display();
            failed.hint = format!(
                "the Node at `{executable}` has no {lacks}: Node's own distribution has them, on Debian and Ubuntu libnode-dev \
                 and node-gyp. {}",
                failed.hint
            );
        }
        BuildError::Failed(failed)
    }

    /// Writes the programs that npm brings for scripts.
    fn write_tools(&self, scratch: &Path) -> Result<PathBuf, BuildError> {
        let folder = scratch.join("tools");
        fs::create_dir_all(&folder)?;
        fs::remove_file(&folder.join("node-gyp"))?;
        if self.node.node_gyp.is_some() {
            fs::write_new(&folder.join("node-gyp"), NODE_GYP.as_bytes(), 0o755)?;
        }
        if self.scripts == ScriptSet::Prepare {
            fs::write_new(&folder.join("package-manager.cjs"), PACKAGE_MANAGER.as_bytes(), 0o644)?;
            for name in PACKAGE_MANAGERS {
                let text =
                    format!("#!/bin/sh\nexec \"$npm_node_execpath\" \"${{0%/*}}/package-manager.cjs\" {name} \"$@\"\n");
                fs::write_new(&folder.join(name), text.as_bytes(), 0o755)?;
            }
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_stand_in_reads_words_as_the_package_managers_do() {
        const JSON: &str = r#"{"scripts": {"build": "echo built", "test": "echo tested"}}"#;

        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(&scratch.path().join("sub")).unwrap();
        let write = |name: &str, text: &str| fs::write_new(&scratch.path().join(name), text.as_bytes(), 0o644).unwrap();
        write("package.json", JSON);
        write("sub/package.json", r#"{"scripts": {"build": "echo below"}}"#);
        write("stand-in.cjs", PACKAGE_MANAGER);
        let check = |words: &str, expected: Result<&str, &str>| {
            let mut node = Command::new("node");
            node.current_dir(scratch.path()).arg("stand-in.cjs").args(words.split(' '));
            // Where no Node is, nothing can be asked.
            let Ok(output) = node.output() else { return };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
            match expected {
                Ok(expected) => assert_eq!(text(&output.stdout), expected, "{words}: {}", text(&output.stderr)),
                Err(expected) => assert!(text(&output.stderr).contains(expected), "{words}: {}", text(&output.stderr)),
            }
            assert_eq!(output.status.success(), expected.is_ok(), "{words}");
        };
        check("npm run build --silent a -- --x", Ok("built a --x"));
        check("npm --loglevel error run build", Ok("built"));
        check("npm run clean --if-present", Ok(""));
        check("npm run --prefix sub build", Ok("below"));
        check("npm t", Ok("tested"));
        check("npm exec echo -- --x", Ok("--x"));
        check("npx -c echo${IFS}hi", Ok("hi"));
        check("npx --yes echo --x", Ok("--x"));
        check("pnpm run --if-present clean", Ok(""));
        check("pnpm build --watch", Ok("built --watch"));
        check("yarn -s build --silent", Ok("built --silent"));
        check("npm run clean", Err("there is no script `clean`"));
        check("npm run constructor", Err("there is no script `constructor`"));
        check("npm run build -w x", Err("`-w` is for several packages"));
        check("pnpm run -r build", Err("`-r` is for several packages"));
        check("yarn workspace x build", Err("`workspace` is for several packages"));
        check("npm run --prefix nowhere build", Err("`--prefix` names no folder"));
    }
}
