use super::*;

fn read(files: &[(&str, &str)]) -> PythonProject {
    try_read(files).unwrap().unwrap()
}

fn try_read(files: &[(&str, &str)]) -> Result<Option<PythonProject>, String> {
    python_project(&|name| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned()))
}

const SETUPTOOLS: &str = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n";

#[test]
fn dynamic_fields_are_read_from_the_files_that_setuptools_would_read() {
    let dynamic = format!(
        "{SETUPTOOLS}[project]\nname = 'a'\ndynamic = ['version', 'dependencies', 'optional-dependencies']\n\
         [tool.setuptools.dynamic]\nversion = {{attr = 'a.about.__version__'}}\ndependencies = {{file = ['req.txt', 'more.txt']}}\n\
         optional-dependencies.test = {{file = 'test.txt'}}\n"
    );
    let project = read(&[
        ("pyproject.toml", &dynamic),
        ("req.txt", "six>=1 # why\n# none\n\n-r other.txt\n"),
        ("more.txt", "attrs\n"),
        ("test.txt", "pytest\n"),
        ("src/a/about.py", "X = 1\n__version__: str = \"1.4\"  # here\n"),
    ]);
    assert_eq!(project.version.as_deref(), Some("1.4"));
    assert_eq!(project.dependencies, ["six>=1", "attrs"]);
    assert_eq!(project.optional_dependencies["test"], ["pytest"]);
    assert!(project.computed.is_empty() && project.is_package);
    let lost = read(&[("pyproject.toml", &dynamic)]);
    assert_eq!((lost.version, lost.computed.len()), (None, 2));
}

#[test]
fn setup_cfg_is_read_as_setuptools_reads_it() {
    let cfg = "[metadata]\nname = My-App\nversion = attr: app.__version__\ndescription = It works\n[options]\npython_requires = >=3.9\n\
               install_requires =\n    six>=1\n    # none\n    attrs; python_version < '3.12'\n[options.extras_require]\ntest =\n  pytest\n\
               docs = sphinx\n[options.entry_points]\nconsole_scripts =\n    app = app.cli:main\n[flake8]\nmax-line-length = 100\n";
    let project = read(&[("setup.cfg", cfg), ("app/__init__.py", "__version__ = '2.0'\n")]);
    assert_eq!((project.name.as_deref(), project.version.as_deref()), (Some("My-App"), Some("2.0")));
    assert_eq!(project.dependencies, ["six>=1", "attrs; python_version < '3.12'"]);
    assert_eq!(project.optional_dependencies.keys().collect::<Vec<_>>(), ["docs", "test"]);
    assert_eq!(
        project.entry_points,
        [("console_scripts".to_owned(), vec![("app".to_owned(), "app.cli:main".to_owned())])]
    );
    assert_eq!((project.file, project.requires_python.as_deref()), ("setup.cfg", Some(">=3.9")));
    assert_eq!(try_read(&[("setup.cfg", "[flake8]\nmax-line-length = 1\n")]), Ok(None));
    assert_eq!(try_read(&[("pyproject.toml", "[tool.ruff]\n")]), Ok(None));
    assert!(try_read(&[("pyproject.toml", "[project]\nname = 1\n")]).is_err());
}

#[test]
fn of_setup_py_counts_what_is_written_literally() {
    let py = "import os\nfrom setuptools import setup, find_packages\n\nREQUIRES = [\n    'six>=1',  # why\n    \"attrs\"\n    '>=20',\n]\n\
              setup(\n    name='app',\n    version=\"1.0\",\n    packages=find_packages('src', exclude=['tests']),\n    install_requires=REQUIRES,\n\
              \x20   extras_require={'test': ['pytest'], \"docs\": ('sphinx',)},\n    long_description=open('README').read(),\n\
              \x20   entry_points={'console_scripts': ['app = app:main']},\n    python_requires='>=3.9',\n)\n";
    let project = read(&[("setup.py", py)]);
    assert_eq!((project.name.as_deref(), project.version.as_deref()), (Some("app"), Some("1.0")));
    assert_eq!(project.dependencies, ["six>=1", "attrs>=20"]);
    assert_eq!(project.optional_dependencies.len(), 2);
    assert_eq!(project.entry_points[0].1, [("app".to_owned(), "app:main".to_owned())]);
    assert!(project.computed.is_empty());
}

#[test]
fn what_setup_py_computes_is_known_to_a_build_only() {
    for value in [
        "install_requires=open('requirements.txt').read().split()",
        "install_requires=[x for x in NAMES]",
        "install_requires=[f'six=={VERSION}']",
        "install_requires=NAMES + ['six']",
        "install_requires=CHANGED",
        "install_requires=DEPENDS",
        "**options",
    ] {
        let py = format!(
            "CHANGED = ['a']\nCHANGED.append('b')\nif X:\n    DEPENDS = ['a']\nsetup(name='app', {value}, version='1')"
        );
        let project = read(&[("setup.py", &py)]);
        assert!(project.computed.contains(&"dependencies".to_owned()), "{value}");
        assert_eq!(project.version.as_deref(), Some("1"), "{value}");
    }
    let project = read(&[("setup.py", "from setuptools import setup\nif __name__ == '__main__':\n    setup()\n")]);
    assert_eq!((project.name, project.computed.len()), (None, 0));
    // Nothing that is cut off, nested or strange is a reason to stop.
    for text in
        ["setup(", "setup(name='", "setup(a=[[[[[[[[[[[[[[[[[[1", "setup(a={'x'", "setup(a=\\", "\u{feff}setup(é='ü\\"]
    {
        drop(try_read(&[("setup.py", text)]));
    }
}

#[test]
fn a_module_called_setup_is_no_script() {
    let view = "from django.http import HttpResponse\n\ndef setup(request):\n    django.setup()\n    return HttpResponse(\"x\")\n";
    assert_eq!(try_read(&[("setup.py", view)]), Ok(None));
    let script = "import setuptools\n\nsetuptools.setup(name=\"x\")\n";
    assert!(try_read(&[("setup.py", script)]).unwrap().is_some());
}

#[test]
fn groups_need_no_project() {
    let groups = "[dependency-groups]\nmain = [\"idna==3.6\"]\n";
    // It is no project of a workspace.
    assert_eq!(try_read(&[("pyproject.toml", groups)]), Ok(None));
    let project = project_or_groups(&|file| (file == "pyproject.toml").then(|| groups.to_owned())).unwrap().unwrap();
    assert_eq!((&project.name, project.is_package), (&None, false));
    assert_eq!(project.groups.keys().collect::<Vec<_>>(), ["main"]);
    let settings = |file: &str| (file == "pyproject.toml").then(|| "[tool.black]\n".to_owned());
    assert_eq!(project_or_groups(&settings), Ok(None));
}

#[test]
fn a_hook_of_hatch_reads_requirements_files() {
    let hook = "[build-system]\nbuild-backend = 'hatchling.build'\n[project]\nname = 'a'\n\
                dynamic = ['dependencies', 'optional-dependencies']\n\
                [tool.hatch.metadata.hooks.requirements_txt]\nFILES\n\
                [tool.hatch.metadata.hooks.requirements_txt.optional-dependencies]\nmcp = ['mcp.txt']\n";
    for files in ["filename = 'req.txt'", "files = ['req.txt']"] {
        let text = hook.replace("FILES", files);
        let project = read(&[("pyproject.toml", &text), ("req.txt", "# all\nsix>=1\n\nhttpx\n"), ("mcp.txt", "mcp\n")]);
        assert_eq!(project.dependencies, ["six>=1", "httpx"]);
        assert_eq!(project.optional_dependencies["mcp"], ["mcp"]);
        assert!(project.computed.is_empty());
        let lost = read(&[("pyproject.toml", &text)]);
        assert!(lost.computed.contains(&"dependencies".to_owned()));
    }
}

#[test]
fn versions_are_found_where_backends_look() {
    let check = |table: &str, files: &[(&str, &str)], expected: Option<&str>| {
        let text = format!("[project]\nname = 'my-app'\ndynamic = ['version']\n{table}");
        let mut all = vec![("pyproject.toml", &*text)];
        all.extend(files);
        assert_eq!(read(&all).version.as_deref(), expected, "{table}");
    };
    check("[tool.hatch.version]\npath = 'a.py'\n", &[("a.py", "VERSION = '3.1'\n")], Some("3.1"));
    check("[tool.pdm.version]\nsource = 'file'\npath = 'a.py'\n", &[("a.py", "__version__='3.2'")], Some("3.2"));
    let flit = "[build-system]\nbuild-backend = 'flit_core.buildapi'\n";
    check(flit, &[("src/my_app/__init__.py", "__version__ = '3.3'")], Some("3.3"));
    let maturin = "[build-system]\nbuild-backend = 'maturin'\n";
    check(maturin, &[("Cargo.toml", "[package]\nname = 'x'\nversion = '3.4.0'\n")], Some("3.4.0"));
    let scm = "[tool.setuptools_scm]\nversion_file = 'v.py'\n";
    check(scm, &[("v.py", "__version__ = version = '3.5.dev1+g12'\n")], Some("3.5.dev1+g12"));
    check("[tool.setuptools.dynamic]\nversion = {file = 'VERSION'}\n", &[("VERSION", "3.6\n")], Some("3.6"));
    check("[tool.hatch.version]\nsource = 'vcs'\n", &[], None);
    check("[tool.hatch.version]\npath = 'a.py'\n", &[("a.py", "__version__ = compute()\n")], None);
}
