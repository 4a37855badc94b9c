//! What a command line of npm, pnpm, Yarn or Bun means inside `larder run`. Pure: arguments → [`PackageManagerCall`].

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::model::{PackageName, split_at_version};

/// A package manager that scripts call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageManager {
    /// `npm`
    Npm,
    /// `npx`, and `pnpx` and `bunx`, which take the same.
    Npx,
    /// `pnpm`
    Pnpm,
    /// `yarn`, and `jlpm`, the Yarn of `JupyterLab`.
    Yarn,
    /// `bun`
    Bun,
}

impl PackageManager {
    /// The names of their programs.
    pub const PROGRAMS: [(&'static str, Self); 8] = [
        ("npm", Self::Npm),
        ("npx", Self::Npx),
        ("pnpm", Self::Pnpm),
        ("pnpx", Self::Npx),
        ("yarn", Self::Yarn),
        ("jlpm", Self::Yarn),
        ("bun", Self::Bun),
        ("bunx", Self::Npx),
    ];

    /// Returns the one whose program has this path.
    pub fn of_program(path: &OsStr) -> Option<(&'static str, Self)> {
        let name = std::path::Path::new(path).file_name()?;
        Self::PROGRAMS.into_iter().find(|(program, _)| name == *program)
    }

    /// Tells whether one of them has a program of this name, which is no path.
    pub(super) fn has_program(name: &OsStr) -> bool {
        Self::PROGRAMS.iter().any(|(program, _)| name == *program)
    }
}

/// What a command line means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PackageManagerCall {
    /// The folder that it is about, relative to the current one.
    pub(super) folder: Option<PathBuf>,
    /// What it does.
    pub(super) action: CallAction,
}

/// What a command line does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum CallAction {
    /// Runs a script of the nearest package.json.
    Script {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Vec<OsString>,
        /// What happens where there is none of that name.
        otherwise: Otherwise,
    },
    /// Runs a program of the environment: its name and its arguments.
    Program(Vec<OsString>),
    /// Runs a program of the environment by its name, or that of its package.
    Tool {
        /// The name and the arguments.
        command: Vec<OsString>,
        /// What happens where the environment has neither.
        absent: WithoutProgram,
    },
    /// Runs a tool that nobody declares, as `larder dlx` does.
    Dlx(DlxCall),
    /// Runs a script in members.
    Members {
        /// `--filter` patterns.
        filters: Vec<String>,
        /// The script's name and its arguments.
        command: Vec<OsString>,
    },
    /// Lists the scripts.
    List,
    /// Installs what is locked, which larder has done.
    Installed(String),
    /// Changes what is installed, which larder does.
    Installs(String),
    /// Anything else: the real program does it.
    #[default]
    Real,
}

/// What happens where the environment has neither program nor package of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithoutProgram {
    /// That is an error.
    Fails,
    /// The name is that of a package, which is fetched.
    Fetched,
}

/// A tool that is run without being declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DlxCall {
    /// Packages of npm with their versions, if it is a program of theirs.
    pub(super) with: Vec<String>,
    /// The package, with its version, or the program.
    pub(super) tool: String,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
}

/// What happens where there is no script of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// That is an error.
    Fails,
    /// That is well: `--if-present`.
    Passes,
    /// The name is that of a program of the environment.
    RunsProgram,
    /// The real package manager knows what it is: Bun runs files too.
    Real,
}

/// Options with which an install installs nothing, or elsewhere.
const OTHERWISE: [&str; 11] = [
    "-h",
    "--help",
    "-v",
    "--version",
    "-g",
    "--global",
    "--dry-run",
    "--package-lock-only",
    "--lockfile-only",
    "--fix-lockfile",
    "--update-checksums",
];

/// Reads a command line, without the program's name.
pub(super) fn parse(manager: PackageManager, arguments: &[OsString]) -> PackageManagerCall {
    let mut words = Words { rest: arguments, ..Words::default() };
    let action = words.read(manager);
    PackageManagerCall { action: action.unwrap_or_default(), ..words.call }
}

/// Whether what is missing may be fetched without a question.
#[derive(Default, PartialEq, Eq)]
enum Fetching {
    #[default]
    Unsaid,
    /// `--yes`
    Allowed,
    /// `--no`, `--offline`
    Refused,
}

/// The words that are left, and what the options before them said.
#[derive(Default)]
struct Words<'a> {
    rest: &'a [OsString],
    call: PackageManagerCall,
    /// The members that are meant, if any are.
    filters: Option<Vec<String>>,
    if_present: bool,
    /// The packages that a program is to come from.
    packages: Vec<String>,
    /// Whether `-p` was said, by which some mean packages.
    has_p: bool,
    fetching: Fetching,
}

impl<'a> Words<'a> {
    fn read(&mut self, manager: PackageManager) -> Option<CallAction> {
        match manager {
            _ if matches!(self.peek(), Some("-v" | "--version")) => None,
            PackageManager::Npx => self.npx(),
            PackageManager::Npm => self.npm(),
            PackageManager::Pnpm => self.pnpm(),
            PackageManager::Yarn => self.yarn(),
            PackageManager::Bun => self.bun(),
        }
    }

    fn peek(&self) -> Option<&'a str> {
        self.rest.first()?.to_str()
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.rest = &self.rest[1..];
        Some(word)
    }

    /// Takes the options before the next word that is none. `None`: one is not known, so that it is not known what follows it.
    fn options(&mut self) -> Option<()> {
        while let Some(word) = self.peek().filter(|word| word.starts_with('-') && *word != "--") {
            self.rest = &self.rest[1..];
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            match name {
                "-C" | "--dir" | "--prefix" | "--cwd" => {
                    self.call.folder = Some(PathBuf::from(value.or_else(|| self.next())?));
                }
                "-w" | "--workspace" | "--filter" | "-F" | "--include" | "--from" => {
                    let pattern = value.or_else(|| self.next())?.trim_start_matches("./").to_owned();
                    self.filters.get_or_insert_default().push(pattern);
                }
                "-r" | "--recursive" | "-ws" | "--workspaces" | "-A" | "--all" => {
                    let _ = self.filters.get_or_insert_default();
                }
                "--if-present" => self.if_present = true,
                "--package" => {
                    let package = value.or_else(|| self.next())?.to_owned();
                    self.packages.push(package);
                }
                "-p" if value.is_none() => self.has_p = true,
                "-y" | "--yes" if value.is_none_or(|value| value == "true") && self.fetching != Fetching::Refused => {
                    self.fetching = Fetching::Allowed;
                }
                "--no" | "--no-install" | "--offline" if value.is_none() => self.fetching = Fetching::Refused,
                "-s"
                | "--silent"
                | "-y"
                | "--yes"
                | "--prefer-offline"
                | "--prefer-online"
                | "-q"
                | "--quiet"
                | "--stream"
                | "--parallel"
                | "--verbose"
                | "--no-progress"
                | "--foreground-scripts"
                | "--ignore-scripts"
                | "-t"
                | "-v"
                | "-i"
                | "--topological"
                | "--topological-dev"
                | "--interlaced"
                    if value.is_none() => {}
                _ if value.is_some() => {}
                _ => return None,
            }
        }
        Some(())
    }

    fn npm(&mut self) -> Option<CallAction> {
        self.options()?;
        match self.next()? {
            "run" | "run-script" | "rum" | "urn" => {
                self.options()?;
                let Some(name) = self.next() else { return Some(CallAction::List) };
                let arguments = self.npm_arguments();
                Some(self.script(name, arguments, Otherwise::Fails))
            }
            name @ ("start" | "test" | "stop" | "restart") => {
                let arguments = self.npm_arguments();
                Some(self.script(name, arguments, Otherwise::Fails))
            }
            "t" | "tst" => {
                let arguments = self.npm_arguments();
                Some(self.script("test", arguments, Otherwise::Fails))
            }
            "exec" | "x" => self.npx(),
            word @ ("install" | "i" | "in" | "add" | "ci" | "clean-install" | "ic") => self.install(word),
            word @ ("install-test" | "it" | "update" | "up" | "upgrade" | "uninstall" | "un" | "remove" | "rm"
            | "r" | "link" | "ln" | "dedupe" | "ddp" | "prune" | "rebuild") => {
                Some(CallAction::Installs(word.to_owned()))
            }
            _ => None,
        }
    }

    /// Returns what npm hands to a script: words that are no options of npm's own, and all behind `--`.
    fn npm_arguments(&mut self) -> Vec<OsString> {
        let mut found = Vec::new();
        let mut words = self.rest.iter();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--") => found.extend(words.by_ref().cloned()),
                Some("--if-present") => self.if_present = true,
                Some("-w" | "--workspace") => {
                    let pattern = words.next().and_then(|word| word.to_str()).unwrap_or_default();
                    self.filters.get_or_insert_default().push(pattern.trim_start_matches("./").to_owned());
                }
                Some("-ws" | "--workspaces") => {
                    let _ = self.filters.get_or_insert_default();
                }
                Some(text) if text.starts_with('-') => {}
                _ => found.push(word.clone()),
            }
        }
        found
    }

    /// One that asks for a version, or for packages beside, wants something else than what is installed.
    fn npx(&mut self) -> Option<CallAction> {
        if matches!(self.peek(), Some("-p" | "-v" | "--version")) {
            return None;
        }
        self.options()?;
        if self.peek() == Some("--") {
            self.next();
        }
        let name = self.peek()?;
        let names_packages = self.has_p || !self.packages.is_empty();
        if let Some(manager) = package_manager(name).filter(|_| !names_packages) {
            self.next();
            return self.read(manager);
        }
        let has_version = name.get(1..).is_some_and(|rest| rest.contains('@'));
        let is_program = !has_version && !names_packages && !name.starts_with('-') && self.filters.is_none();
        let is_fetched = self.fetching == Fetching::Allowed && names_package(name);
        let absent = if is_fetched { WithoutProgram::Fetched } else { WithoutProgram::Fails };
        is_program.then(|| CallAction::Tool { command: self.rest.to_vec(), absent })
    }

    /// `pnpm dlx`, `yarn dlx`: a tool from its registry, whatever is installed.
    fn dlx(&mut self) -> Option<CallAction> {
        let mut with = std::mem::take(&mut self.packages);
        loop {
            match self.next()? {
                "-p" | "--package" => with.push(self.next()?.to_owned()),
                "-q" | "--quiet" | "-s" | "--silent" | "-y" | "--yes" | "--" => {}
                word if word.starts_with('-') => with.push(word.strip_prefix("--package=")?.to_owned()),
                tool => {
                    if let Some(manager) = package_manager(tool) {
                        return self.read(manager);
                    }
                    let are_packages = with.iter().all(|one| names_package(one));
                    let is_known = are_packages && names_package(tool);
                    let (tool, arguments) = (tool.to_owned(), self.rest.to_vec());
                    return is_known.then_some(CallAction::Dlx(DlxCall { with, tool, arguments }));
                }
            }
        }
    }

    fn program(&self) -> CallAction {
        CallAction::Program(self.rest.to_vec())
    }

    fn pnpm(&mut self) -> Option<CallAction> {
        self.options()?;
        match self.next()? {
            "run" | "run-script" => {
                self.options()?;
                let Some(name) = self.next() else { return Some(CallAction::List) };
                Some(self.script(name, self.rest.to_vec(), Otherwise::Fails))
            }
            "t" => Some(self.script("test", self.rest.to_vec(), Otherwise::Fails)),
            "exec" if self.filters.is_none() => Some(self.program()),
            "dlx" => self.dlx(),
            word @ ("install" | "i" | "ci") => self.install(word),
            word @ ("add" | "update" | "up" | "upgrade" | "remove" | "rm" | "uninstall" | "un" | "link" | "ln"
            | "unlink" | "import" | "rebuild" | "rb" | "prune" | "dedupe" | "fetch" | "install-test" | "it") => {
                Some(CallAction::Installs(word.to_owned()))
            }
            "exec" | "create" | "help" | "publish" | "pack" | "config" | "c" | "store" | "why" | "list" | "ls"
            | "ll" | "outdated" | "audit" | "root" | "bin" | "env" | "setup" | "server" | "init" | "deploy"
            | "licenses" | "login" | "logout" | "patch" | "patch-commit" | "self-update" | "doctor" | "cache"
            | "exec-env" => None,
            name => Some(self.script(name, self.rest.to_vec(), Otherwise::RunsProgram)),
        }
    }

    fn yarn(&mut self) -> Option<CallAction> {
        let is_option = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with('-'));
        if self.rest.iter().all(is_option) {
            return self.install("install");
        }
        self.options()?;
        match self.next() {
            None => Some(CallAction::Installed("install".to_owned())),
            Some("install") => self.install("install"),
            Some("run") => {
                self.options()?;
                let Some(name) = self.next() else { return Some(CallAction::List) };
                Some(self.script(name, self.rest.to_vec(), Otherwise::RunsProgram))
            }
            Some("exec") => Some(self.program()),
            Some("dlx") => self.dlx(),
            Some("node") => {
                let command = [OsString::from("node")].iter().chain(self.rest).cloned().collect();
                Some(CallAction::Program(command))
            }
            Some("workspace") => {
                let member = self.next()?;
                self.filters = Some(vec![member.to_owned()]);
                if self.peek() == Some("run") {
                    self.next();
                }
                let name = self.next()?;
                Some(self.script(name, self.rest.to_vec(), Otherwise::Fails))
            }
            Some("workspaces") => {
                if self.peek() == Some("foreach") {
                    self.next();
                }
                self.filters.get_or_insert_default();
                self.options()?;
                if self.next()? != "run" {
                    return None;
                }
                let name = self.next()?;
                Some(self.script(name, self.rest.to_vec(), Otherwise::Fails))
            }
            Some(
                word @ ("add"
                | "remove"
                | "up"
                | "upgrade"
                | "upgrade-interactive"
                | "link"
                | "unlink"
                | "import"
                | "dedupe"
                | "rebuild"
                | "autoclean"),
            ) => Some(CallAction::Installs(word.to_owned())),
            Some(
                "help" | "config" | "pack" | "publish" | "npm" | "info" | "why" | "list" | "audit" | "cache" | "init"
                | "create" | "version" | "plugin" | "set" | "bin" | "constraints" | "patch" | "patch-commit"
                | "outdated" | "licenses" | "login" | "logout" | "global" | "policies" | "stage" | "search" | "tag"
                | "team" | "owner",
            ) => None,
            Some(name) => Some(self.script(name, self.rest.to_vec(), Otherwise::RunsProgram)),
        }
    }

    fn bun(&mut self) -> Option<CallAction> {
        self.options()?;
        match self.next()? {
            "run" => {
                self.options()?;
                let Some(name) = self.next() else { return Some(CallAction::List) };
                Some(self.script(name, self.rest.to_vec(), Otherwise::Real))
            }
            "x" => self.npx(),
            word @ ("install" | "i" | "ci") => self.install(word),
            word @ ("add" | "a" | "remove" | "rm" | "update" | "link" | "unlink") => {
                Some(CallAction::Installs(word.to_owned()))
            }
            "test" | "build" | "repl" | "exec" | "audit" | "outdated" | "publish" | "patch" | "pm" | "info"
            | "init" | "create" | "c" | "upgrade" | "feedback" | "why" | "help" => None,
            name => Some(self.script(name, self.rest.to_vec(), Otherwise::Real)),
        }
    }

    /// An install that names packages asks for others than those that are locked; one that is to tell or to write something else is the
    /// real program's.
    fn install(&mut self, word: &str) -> Option<CallAction> {
        let tells = |word: &OsString| OTHERWISE.iter().any(|option| word == option);
        if self.rest.iter().any(tells) {
            return None;
        }
        while self.options().is_none() {}
        let word = word.to_owned();
        Some(if self.rest.is_empty() { CallAction::Installed(word) } else { CallAction::Installs(word) })
    }

    fn script(&mut self, name: &str, arguments: Vec<OsString>, otherwise: Otherwise) -> CallAction {
        if let Some(filters) = self.filters.take() {
            let command = std::iter::once(OsString::from(name)).chain(arguments).collect();
            return CallAction::Members { filters, command };
        }
        let otherwise = if self.if_present { Otherwise::Passes } else { otherwise };
        CallAction::Script { name: name.to_owned(), arguments, otherwise }
    }
}

/// Returns the package manager that a tool is, by whichever version it is named: it installs no less for being fetched first.
fn package_manager(tool: &str) -> Option<PackageManager> {
    let name = split_at_version(tool).map_or(tool, |(name, _)| name);
    PackageManager::PROGRAMS.into_iter().find_map(|(program, manager)| (program == name).then_some(manager))
}

/// Returns whether a word is the name of a package of npm's, perhaps with a version or a tag: no path, no address.
pub(super) fn names_package(word: &str) -> bool {
    let (name, version) = split_at_version(word).unwrap_or((word, ""));
    PackageName::npm(name).is_ok() && !version.contains([':', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let (_, manager) = PackageManager::of_program(&words[0]).unwrap();
        let PackageManagerCall { folder, action } = parse(manager, &words[1..]);
        let text = |words: &[OsString]| words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        let told = match action {
            CallAction::Script { name, arguments, otherwise } => format!("{otherwise:?} {name} [{}]", text(&arguments)),
            CallAction::Program(command) => format!("program [{}]", text(&command)),
            CallAction::Tool { command, absent: WithoutProgram::Fails } => format!("tool [{}]", text(&command)),
            CallAction::Tool { command, absent: WithoutProgram::Fetched } => {
                format!("tool or dlx [{}]", text(&command))
            }
            CallAction::Dlx(DlxCall { with, tool, arguments }) => {
                format!("dlx {}", [with, vec![tool, text(&arguments)]].concat().join(" ")).trim_end().to_owned()
            }
            CallAction::Members { filters, command } => format!("members {filters:?} [{}]", text(&command)),
            CallAction::List => "list".to_owned(),
            CallAction::Installed(word) => format!("installed {word}"),
            CallAction::Installs(word) => format!("installs {word}"),
            CallAction::Real => "real".to_owned(),
        };
        folder.map_or(told.clone(), |folder| format!("{} {told}", folder.display()))
    }

    #[test]
    fn command_lines_are_understood_as_their_tools_do() {
        for (line, expected) in [
            ("npm run build", "Fails build []"),
            ("npm run -s build --mode x -- --watch y", "Fails build [x --watch y]"),
            ("npm test", "Fails test []"),
            ("npm --prefix web run build", "web Fails build []"),
            ("npm run build -w @acme/ui x", "members [\"@acme/ui\"] [build x]"),
            ("npm -w @acme/ui run build", "members [\"@acme/ui\"] [build]"),
            ("npm run --workspaces --if-present build", "members [] [build]"),
            ("npm run build --if-present", "Passes build []"),
            ("npm run", "list"),
            ("npm exec -- tsc -p .", "tool [tsc -p .]"),
            ("npm ci", "installed ci"),
            ("npm ci --prefix web --no-audit", "web installed ci"),
            ("npm install --save-dev left-pad", "installs install"),
            ("npm update", "installs update"),
            ("npm ci --help", "real"),
            ("npm install --package-lock-only", "real"),
            ("yarn --silent --version", "real"),
            ("npm version patch", "real"),
            ("npm -v", "real"),
            ("npx tsc --noEmit", "tool [tsc --noEmit]"),
            ("npx --yes rimraf dist", "tool or dlx [rimraf dist]"),
            ("npx -y @scope/tool x", "tool or dlx [@scope/tool x]"),
            ("npx --yes --offline cowsay", "tool [cowsay]"),
            ("npx pnpm@9 install", "installed install"),
            ("npx --yes yarn add plain", "installs add"),
            ("pnpm --package=cowsay dlx pypi:six", "real"),
            ("npx create-vite@latest x", "real"),
            ("npx @scope/tool x", "tool [@scope/tool x]"),
            ("npx -p a b", "real"),
            ("npx --yes -p a b", "real"),
            ("npx --package=a b", "real"),
            ("npx --no tsc", "tool [tsc]"),
            ("npx ./x.js", "tool [./x.js]"),
            ("npx user/repository", "tool [user/repository]"),
            ("pnpx cowsay x", "tool [cowsay x]"),
            ("bun x cowsay", "tool [cowsay]"),
            ("pnpm dlx cowsay --loud", "dlx cowsay --loud"),
            ("pnpm --silent dlx @acme/create@2 x", "dlx @acme/create@2 x"),
            ("pnpm --package=@angular/cli dlx ng new", "dlx @angular/cli ng new"),
            ("pnpm dlx -c 'a | b'", "real"),
            ("pnpm dlx user/repository", "real"),
            ("yarn dlx -q -p typescript tsc -v", "dlx typescript tsc -v"),
            ("yarn dlx cowsay@latest", "dlx cowsay@latest"),
            ("yarn workspaces foreach -A -p run build", "members [] [build]"),
            ("pnpm build --watch", "RunsProgram build [--watch]"),
            ("pnpm run build -- --watch", "Fails build [-- --watch]"),
            ("pnpm -r build", "members [] [build]"),
            ("pnpm --filter ./web... run build", "members [\"web...\"] [build]"),
            ("pnpm -C web exec tsc", "web program [tsc]"),
            ("pnpm install --frozen-lockfile", "installed install"),
            ("pnpm i left-pad", "installs i"),
            ("pnpm publish", "real"),
            ("yarn", "installed install"),
            ("yarn --frozen-lockfile", "installed install"),
            ("yarn --help", "real"),
            ("yarn install --immutable", "installed install"),
            ("yarn add left-pad", "installs add"),
            ("jlpm workspace web run build", "members [\"web\"] [build]"),
            ("yarn build x", "RunsProgram build [x]"),
            ("yarn run build", "RunsProgram build []"),
            ("yarn workspace web build x", "members [\"web\"] [build x]"),
            ("yarn workspaces foreach -A run build", "members [] [build]"),
            ("yarn workspaces run test", "members [] [test]"),
            ("yarn node x.js", "program [node x.js]"),
            ("yarn --cwd web start", "web RunsProgram start []"),
            ("bun run build --watch", "Real build [--watch]"),
            ("bun run --filter web build", "members [\"web\"] [build]"),
            ("bun dev", "Real dev []"),
            ("bun test", "real"),
            ("bun install", "installed install"),
            ("bun add left-pad", "installs add"),
            ("bunx tsc -p .", "tool [tsc -p .]"),
        ] {
            assert_eq!(call(line), expected, "{line}");
        }
    }
}
