//! Which modules a Python project consists of, where no build has to run to know: a package of plain Python, whose build back end
//! would do nothing but copy them.

use toml::{Table, Value};

use super::PythonProject;
use crate::model::PackageName;

/// A folder or a file of modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PureModule {
    /// Its path in the project: `src/colour`, `colour.py`.
    pub source: String,
    /// Its path in `site-packages`: `colour`, `colour.py`.
    pub place: String,
}

/// Back ends that copy, unless they are told to do more.
const COPYING: [&str; 6] = [
    "setuptools.build_meta",
    "hatchling.build",
    "flit_core.buildapi",
    "poetry.core.masonry.api",
    "uv_build",
    "pdm.backend",
];

/// Requirements of builds that compile modules.
const COMPILERS: [&str; 7] =
    ["maturin", "scikit-build-core", "meson-python", "setuptools-rust", "cython", "pybind11", "nanobind"];

/// What is there where something is compiled, or a program decides.
const SIGNS_OF_BUILDS: [&str; 8] = [
    "setup.py",
    "setup.cfg",
    "Cargo.toml",
    "CMakeLists.txt",
    "meson.build",
    "pdm_build.py",
    "hatch_build.py",
    "build.py",
];

impl PythonProject {
    /// Returns the tool with which a build compiles modules of the package, where its pyproject.toml names one. A folder that is used as it
    /// lies lacks these modules.
    pub fn compiler(&self) -> Option<&'static str> {
        let requires = table(&self.document, &["build-system"])?.get("requires")?.as_array()?;
        let names: Vec<String> = requires
            .iter()
            .filter_map(Value::as_str)
            .map(|one| one.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect())
            .map(|name: String| name.to_ascii_lowercase().replace(['_', '.'], "-"))
            .collect();
        COMPILERS.into_iter().find(|compiler| names.iter().any(|name| name == compiler))
    }

    /// Returns the modules, given the paths of all files. Returns `None` if a build has to run: to compile something, or to know
    /// what belongs to the package.
    pub fn pure_modules(&self, paths: &[&str]) -> Option<Vec<PureModule>> {
        let name = PackageName::pypi(self.name.as_deref()?).ok()?.as_str().replace('-', "_");
        let is_known = self.version.is_some() && self.computed.is_empty() && self.folders.is_empty();
        if !is_known || paths.iter().any(|path| SIGNS_OF_BUILDS.contains(path)) {
            return None;
        }
        let system = table(&self.document, &["build-system"]);
        let backend = system.and_then(|system| system.get("build-backend")?.as_str()).unwrap_or(COPYING[0]);
        let requires = system.and_then(|system| system.get("requires")?.as_array()).into_iter().flatten();
        let mut requires = requires.filter_map(Value::as_str).map(str::to_ascii_lowercase);
        let compiles =
            |one: &String| ["cython", "mypy", "cffi", "numpy", "pybind11"].iter().any(|tool| one.starts_with(tool));
        let is_own = system.is_some_and(|system| system.contains_key("backend-path"));
        if !COPYING.contains(&backend) || is_own || requires.any(|one| compiles(&one)) {
            return None;
        }
        let stated = self.stated_modules(backend)?;
        let modules = if stated.is_empty() { default_modules(&name, backend, paths) } else { stated };
        let is_there = |module: &PureModule| {
            let folder = format!("{}/", module.source);
            paths.iter().any(|path| *path == module.source || path.starts_with(&folder) && is_python(path))
        };
        (!modules.is_empty() && modules.iter().all(is_there)).then_some(modules)
    }

    /// Returns the modules that the back end is told of; none if it finds them by the package's name. Returns `None` if it is told
    /// to do more than to copy.
    fn stated_modules(&self, backend: &str) -> Option<Vec<PureModule>> {
        let tool = |path: &[&str]| table(self.tool()?, path);
        if backend.starts_with("hatchling") {
            let build = tool(&["hatch", "build"]);
            let Some(build) = build else { return Some(Vec::new()) };
            let wheel = table(build, &["targets", "wheel"]);
            let plain = |table: &Table, known: &[&str]| table.keys().all(|key| known.contains(&key.as_str()));
            if !plain(build, &["targets"]) || !wheel.is_none_or(|wheel| plain(wheel, &["packages"])) {
                return None;
            }
            let packages = wheel.and_then(|wheel| wheel.get("packages")?.as_array()).into_iter().flatten();
            return packages.map(|package| module_at(package.as_str()?)).collect();
        }
        if backend.starts_with("poetry") {
            let poetry = tool(&["poetry"]);
            if poetry.is_some_and(|poetry| ["include", "exclude", "build"].iter().any(|key| poetry.contains_key(*key)))
            {
                return None;
            }
            let packages = poetry.and_then(|poetry| poetry.get("packages")?.as_array()).into_iter().flatten();
            return packages.map(poetry_package).collect();
        }
        let settings: &[&str] = match backend.split(['.', '_']).next() {
            Some("setuptools") => &["setuptools"],
            Some("flit") => &["flit"],
            Some("uv") => &["uv", "build-backend"],
            _ => &["pdm", "build"],
        };
        tool(settings).is_none_or(Table::is_empty).then(Vec::new)
    }
}

/// Reads `{ include = "colour", from = "src" }`.
fn poetry_package(package: &Value) -> Option<PureModule> {
    let package = package.as_table()?;
    if package.keys().any(|key| !matches!(key.as_str(), "include" | "from")) {
        return None;
    }
    let include = package.get("include")?.as_str()?;
    let module = module_at(include)?;
    let from = package.get("from").and_then(Value::as_str).map(|from| format!("{}/", from.trim_matches('/')));
    Some(PureModule { source: format!("{}{}", from.unwrap_or_default(), module.source), place: module.source })
}

/// Returns the module at a path, which is called like its folder.
fn module_at(path: &str) -> Option<PureModule> {
    let path = path.trim_start_matches("./").trim_matches('/');
    let is_plain =
        !path.is_empty() && !path.contains(['*', '?', '[', '\\']) && !path.split('/').any(|part| part == "..");
    let place = path.rsplit('/').next()?.to_owned();
    is_plain.then(|| PureModule { source: path.to_owned(), place })
}

/// Finds the modules by the package's name; setuptools takes all that lies in `src`.
fn default_modules(name: &str, backend: &str, paths: &[&str]) -> Vec<PureModule> {
    if backend.starts_with("setuptools") {
        let below = paths.iter().filter_map(|path| path.strip_prefix("src/")).filter(|path| is_python(path));
        let mut found: Vec<&str> = below.filter_map(|path| path.split('/').next()).collect();
        found.sort_unstable();
        found.dedup();
        if !found.is_empty() {
            let module = |place: &str| PureModule { source: format!("src/{place}"), place: place.to_owned() };
            return found.into_iter().map(module).collect();
        }
    }
    for folder in ["src/", ""] {
        for place in [name.to_owned(), format!("{name}.py")] {
            let source = format!("{folder}{place}");
            let package = format!("{source}/__init__.py");
            if paths.iter().any(|path| *path == package || *path == source) {
                return vec![PureModule { source, place }];
            }
        }
    }
    Vec::new()
}

fn is_python(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end == "py")
}

fn table<'t>(document: &'t Table, path: &[&str]) -> Option<&'t Table> {
    path.iter().try_fold(document, |table, key| table.get(*key)?.as_table())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::python_project;

    #[track_caller]
    fn check(document: &str, paths: &[&str], expect: Option<&str>) {
        let text = format!("[project]\nname = 'My.Tool'\nversion = '1'\n{document}");
        let project = python_project(&|file| (file == "pyproject.toml").then(|| text.clone())).unwrap().unwrap();
        let shown = |modules: Vec<PureModule>| {
            modules.iter().map(|one| format!("{} as {}", one.source, one.place)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(project.pure_modules(paths).map(shown).as_deref(), expect, "{document}");
    }

    #[test]
    fn back_ends_that_copy_find_modules_where_they_say() {
        let hatch = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
        let flat = ["pyproject.toml", "my_tool/__init__.py", "tests/test_x.py"];
        let src = ["pyproject.toml", "src/my_tool/__init__.py", "src/other/__init__.py"];
        check("", &flat, Some("my_tool as my_tool"));
        check("", &src, Some("src/my_tool as my_tool, src/other as other"));
        check(hatch, &src, Some("src/my_tool as my_tool"));
        check("", &["my_tool.py"], Some("my_tool.py as my_tool.py"));
        let stated = format!("{hatch}[tool.hatch.build.targets.wheel]\npackages = ['src/other']\n");
        check(&stated, &src, Some("src/other as other"));
        let poetry = "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n\
                      [tool.poetry]\npackages = [{ include = 'other', from = 'src' }]\n";
        check(poetry, &src, Some("src/other as other"));
    }

    #[test]
    fn whatever_decides_more_needs_a_build() {
        let flat = ["my_tool/__init__.py"];
        for document in [
            "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n",
            "[build-system]\nrequires = ['setuptools', 'Cython']\nbuild-backend = 'setuptools.build_meta'\n",
            "[build-system]\nrequires = []\nbuild-backend = 'setuptools.build_meta'\nbackend-path = ['.']\n",
            "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.hooks.vcs]\nversion-file = 'x'\n",
            "[tool.setuptools.packages.find]\nwhere = ['lib']\n",
            "dynamic = ['dependencies']\n",
        ] {
            check(document, &flat, None);
        }
        check("", &["my_tool/__init__.py", "setup.py"], None);
        check("", &["other/__init__.py"], None);
        check(
            "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.targets.wheel]\npackages = ['../x']\n",
            &flat,
            None,
        );
    }

    #[test]
    fn a_build_that_compiles_names_its_tool() {
        for (requires, expected) in [
            ("['maturin>=1,<2']", Some("maturin")),
            ("['setuptools', 'Cython ~= 3.0']", Some("cython")),
            ("['scikit_build_core[pyproject]']", Some("scikit-build-core")),
            ("['setuptools>=61', 'cython-lint']", None),
            ("['hatchling']", None),
        ] {
            let text = format!("[project]\nname = 'a'\nversion = '1'\n[build-system]\nrequires = {requires}\n");
            let project = python_project(&|file| (file == "pyproject.toml").then(|| text.clone())).unwrap().unwrap();
            assert_eq!(project.compiler(), expected, "{requires}");
        }
    }
}
