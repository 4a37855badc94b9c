//! Wheels from Python projects, by back ends that the projects bring themselves.

use std::collections::BTreeMap;
use std::io::Read;

use larder::build::{Backend, BuildError, BuildOutput, ConfigSetting, Level, PythonSources};
use larder::model::{Ecosystem, PackageId, PackageKey, PackageName, Version};

use crate::support::build::{BuildFolder, is_untested, python};

/// A back end that makes a wheel of its settings and of what it sees.
const BACKEND: &str = r#"
import os, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return ["cython>=3", "numpy ; python_version >= '3.9'"]

def build_wheel(folder, config_settings=None, metadata_directory=None):
    print("building in", os.getcwd(), "for", sorted(os.environ))
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        def add(path, text):
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            wheel.writestr(info, text)
        add("demo.py", "settings = %r" % (config_settings,))
        add("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        add("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        add("demo-1.0.dist-info/RECORD", "")
    return name
"#;

fn project(folder: &BuildFolder, backend: &str) -> PythonSources {
    folder.source("backend/own_backend.py", backend);
    PythonSources {
        name: "pypi:demo 1.0".into(),
        sources: folder.path("sources"),
        subdirectory: None,
        version: None,
        output: folder.path("output"),
        interpreter: python().0.to_owned(),
        site: Vec::new(),
        search_path: Vec::new(),
        backend: Backend { object: "own_backend".into(), path: vec!["backend".into()] },
        crates: None,
        config_settings: BTreeMap::new(),
        variables: BTreeMap::new(),
        source_date: 0,
        log: folder.path("log"),
    }
}

fn wheel(folder: &BuildFolder, project: &PythonSources) -> Option<Result<std::path::PathBuf, BuildError>> {
    let id = PackageId::new(Ecosystem::Pypi, PackageName::pypi("demo").expect("a name"));
    let package = PackageKey { id, version: Version::parse(Ecosystem::Pypi, "1.0").expect("a version") };
    let built = project.wheel(&folder.sandbox(Level::Strict), BuildOutput::Wheel, &package);
    (!is_untested(&built)).then_some(built)
}

#[test]
fn a_wheel_is_built_by_the_back_end_that_the_project_brings() {
    let folder = BuildFolder::new();
    let settings = [("--opt".to_owned(), ConfigSetting::Several(vec!["a".into(), "b".into()]))];
    let project = PythonSources { config_settings: settings.into(), ..project(&folder, BACKEND) };
    let Some(built) = wheel(&folder, &project) else { return };
    let mut zip = zip::ZipArchive::new(std::fs::File::open(built.unwrap()).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_name("demo.py").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "settings = {'--opt': ['a', 'b']}");
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(log.starts_with("building in /build for ['CARGO_NET_OFFLINE', 'HOME', 'LANG', "), "{log}");
}

#[test]
fn metadata_of_a_back_end_without_the_hook_come_from_a_wheel() {
    let folder = BuildFolder::new();
    let (project, sandbox) = (project(&folder, BACKEND), folder.sandbox(Level::Strict));
    let metadata = project.metadata(&sandbox, BuildOutput::Wheel);
    if is_untested(&metadata) {
        return;
    }
    assert_eq!(metadata.unwrap(), b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n");
    let requires = project.requires(&sandbox, BuildOutput::Wheel).unwrap();
    assert_eq!(requires, ["cython>=3", "numpy ; python_version >= '3.9'"]);
    assert!(project.requires(&sandbox, BuildOutput::Editable).unwrap().is_empty());
    let failed = project.metadata(&sandbox, BuildOutput::Editable).unwrap_err().to_string();
    assert!(failed.contains("no hook `build_editable`"), "{failed}");
}

#[test]
fn a_back_end_that_fails_shows_its_last_lines_and_what_is_missing() {
    let folder = BuildFolder::new();
    let failing = "def build_wheel(folder, settings, metadata=None):\n    \
                   raise SystemExit('x.c:1:10: fatal error: Python.h: No such file or directory')\n";
    let Some(built) = wheel(&folder, &project(&folder, failing)) else { return };
    let error = built.unwrap_err();
    assert!(error.to_string().starts_with("pypi:demo 1.0 cannot be built: `wheel` ended with status 1\n"), "{error}");
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.contains("python3-dev") && help.contains(folder.path("log").to_str().unwrap()), "{help}");
}

#[test]
fn what_a_back_end_leaves_is_judged() {
    let cases = [
        ("pass", "it left no wheel"),
        ("open(folder + '/other-1.0-py3-none-any.whl', 'w')", "it made `other-1.0-py3-none-any.whl`, and not demo 1.0"),
        ("open(folder + '/demo-2.0-py3-none-any.whl', 'w')", "it made `demo-2.0-py3-none-any.whl`, and not demo 1.0"),
        (
            "[open(folder + '/demo-1.0-%s-none-any.whl' % tag, 'w') for tag in ('py2', 'py3')]",
            "it left more than one wheel",
        ),
        ("os.symlink('/etc/shadow', folder + '/demo-1.0-py3-none-any.whl')", "the wheel that it left is not a file"),
        ("os.mkfifo(folder + '/demo-1.0-py3-none-any.whl')", "the wheel that it left is not a file"),
    ];
    for (code, problem) in cases {
        let folder = BuildFolder::new();
        let text =
            format!("import os\ndef build_wheel(folder, settings, metadata=None):\n    {code}\n    return 'x'\n");
        let Some(built) = wheel(&folder, &project(&folder, &text)) else { return };
        let error = built.unwrap_err();
        assert!(matches!(error, BuildError::Output { .. }), "{error}");
        assert_eq!(error.to_string(), format!("pypi:demo 1.0 was built, but {problem}"));
    }
}

#[test]
fn a_link_instead_of_metadata_is_not_followed() {
    let folder = BuildFolder::new();
    let text = "import os\ndef prepare_metadata_for_build_wheel(folder, settings=None):\n    \
                os.symlink('/etc/shadow', folder + '/../METADATA')\n    os._exit(0)\n";
    let metadata = project(&folder, text).metadata(&folder.sandbox(Level::Strict), BuildOutput::Wheel);
    if !is_untested(&metadata) {
        assert!(metadata.unwrap_err().to_string().contains("`METADATA` is too large, or no file"));
    }
}

#[test]
fn a_back_end_outside_of_the_sources_is_refused() {
    let folder = BuildFolder::new();
    for path in ["../elsewhere", "/usr/lib/python3"] {
        let mut project = project(&folder, BACKEND);
        project.backend.path = vec![path.into()];
        let error = wheel(&folder, &project).unwrap().unwrap_err();
        assert!(matches!(error, BuildError::BackendPath { .. }), "{error}");
    }
}
