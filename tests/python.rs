//! Python environments: what tools that know nothing of larder find in them.

use std::fs;

use crate::support::{Project, PypiPackage, Registry, Universe};

fn site_packages(project: &Project) -> std::path::PathBuf {
    let lib = project.path(".venv/lib");
    let python = fs::read_dir(lib).expect("a virtual environment").next().expect("a Python").expect("an entry");
    python.path().join("site-packages")
}

fn byte_code(project: &Project) -> usize {
    let Ok(found) = fs::read_dir(site_packages(project).join("six/__pycache__")) else { return 0 };
    found.count()
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&["pypi \"six\""]);
    project
}

#[test]
fn production_has_its_byte_code_and_development_where_it_is_asked_for() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).serve();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    assert_eq!(byte_code(&project), 0);
    project.run("larder sync --compile").exits(0);
    assert_eq!(byte_code(&project), 1);
    // It stays until something else changes.
    project.run("larder sync").exits(0);
    project.run("larder sync --compile").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(fs::read_link(project.path(".larder/active/../current")).expect("a link").to_string_lossy(), "2");

    project.run("larder sync --env production").exits(0);
    assert_eq!(byte_code(&project), 1);
    project.run("larder verify").exits(0);
}

#[test]
fn harmed_byte_code_is_made_again() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).serve();
    let project = project(&registry);
    project.run("larder sync --compile").exits(0);
    let folder = site_packages(&project).join("six/__pycache__");
    let file = fs::read_dir(folder).expect("byte-code").next().expect("a file").expect("an entry").path();
    let before = fs::read(&file).expect("a file");
    // Through the hard link: the store's is harmed too.
    let mut permissions = fs::metadata(&file).expect("a file").permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a file of a temporary folder")]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).expect("permissions");
    fs::write(&file, "harm").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair --compile").exits(0);
    assert_eq!(fs::read(&file).expect("a file").len(), before.len());
    project.run("larder verify").exits(0);
}

#[test]
fn a_repair_trusts_no_byte_code_that_it_did_not_compile() {
    let registry = Universe::new().pypi("six", "1.16", |p| p.file("six/__init__.py", "WORD = 'wheel'\n")).serve();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    // Other code under the time and the size of the source: Python itself cannot tell.
    project.write(
        "forge.py",
        "import importlib.util, marshal, os, six\n\
         source = os.stat(six.__file__)\n\
         code = compile(\"WORD = 'forged'\", six.__file__, 'exec')\n\
         stamp = b''.join(int(n).to_bytes(4, 'little') for n in (0, source.st_mtime, source.st_size))\n\
         cached = six.__spec__.cached\n\
         os.makedirs(os.path.dirname(cached), exist_ok=True)\n\
         open(cached, 'wb').write(importlib.util.MAGIC_NUMBER + stamp + marshal.dumps(code))\n",
    );
    project.run("larder run -- python -B forge.py").exits(0);
    let word = || project.run("larder run -- python -B -c 'import six; print(six.WORD)'").exits(0).stdout;
    assert_eq!(word(), "forged\n");
    project.run("larder sync --repair").exits(0);
    assert_eq!(word(), "wheel\n");
    assert_eq!(fs::read_link(project.path(".larder/active/../current")).expect("a link").to_string_lossy(), "1");
}

#[test]
fn a_local_package_is_never_taken_from_a_registry() {
    // Somebody else has put a package of the same name there.
    let registry = Universe::new()
        .pypi("core-lib", "9.0", |p| p)
        .pypi("fast-json", "1.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.write(
        "libs/core/pyproject.toml",
        "[project]\nname = 'core-lib'\nversion = '0.2'\ndependencies = ['six']\n[project.optional-dependencies]\nfast = ['fast-json']\n",
    );
    project.write("libs/core/src/core_lib/__init__.py", "NAME = 'ours'\n");
    project.write(
        "tools/cli/pyproject.toml",
        "[project]\nname = 'cli-tool'\nversion = '0.1'\ndependencies = ['core-lib[fast]>=0.2']\n[project.scripts]\ncli-tool = 'cli_tool:main'\n",
    );
    project.write(
        "tools/cli/cli_tool/__init__.py",
        "import core_lib, fast_json, six\ndef main():\n    print(core_lib.NAME)\n",
    );
    project.dependencies(&["path \"libs/core\"", "path \"tools/cli\""]);
    project.run("larder sync").exits(0);
    let output = project.run("larder run -- cli-tool");
    assert_eq!(output.stdout.trim(), "ours");
    assert!(!project.read("larder.lock").contains("9.0"));
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
}

/// Lets a shell run a script in the project; none where the shell is not installed.
fn shell(project: &Project, program: &str, script: &str) -> Option<Vec<String>> {
    project.write("script", script);
    let output = project.program(program, &["script"]);
    if output.status == 127 {
        return None;
    }
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{program}: {}", output.stdout);
    Some(output.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn every_shell_enters_the_environment_and_leaves_it_as_it_came() {
    let registry = Universe::new().pypi("six", "1.16", |p| p.script("six-tool", "six:main")).serve();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    let own = project.path(".venv").canonicalize().expect("an environment");
    let posix = |environment: &str| {
        format!(
            "set -u\nold=$PATH\nPYTHONHOME=/x\nexport PYTHONHOME\n. {environment}/bin/activate\n. {environment}/bin/activate\n\
             echo \"$VIRTUAL_ENV\"\ncommand -v six-tool\necho \"[${{PYTHONHOME-}}]\"\ndeactivate\n\
             echo \"$PYTHONHOME ${{VIRTUAL_ENV-none}}\"\n[ \"$old\" = \"$PATH\" ] && echo same\n"
        )
    };
    let fish = "set old \"$PATH\"\nset -gx PYTHONHOME /x\nsource .venv/bin/activate.fish\nsource .venv/bin/activate.fish\n\
                echo $VIRTUAL_ENV\ncommand -v six-tool\necho \"[$PYTHONHOME]\"\ndeactivate\n\
                set -q VIRTUAL_ENV; or set -g VIRTUAL_ENV none\necho $PYTHONHOME $VIRTUAL_ENV\n\
                test \"$old\" = \"$PATH\"; and echo same\n";
    let csh = "set old=\"$PATH\"\nsetenv PYTHONHOME /x\nset prompt=\"% \"\nsource .venv/bin/activate.csh\n\
               source .venv/bin/activate.csh\necho \"$VIRTUAL_ENV\"\nwhich six-tool\nif (! $?PYTHONHOME) echo \"[]\"\n\
               deactivate\nif (! $?VIRTUAL_ENV) echo \"$PYTHONHOME none\"\n\
               if (\"$old\" == \"$PATH\" && \"$prompt\" == \"% \") echo same\n";
    let nu = "let old = $env.PATH\n$env.PYTHONHOME = '/x'\noverlay use .venv/bin/activate.nu\nprint $env.VIRTUAL_ENV\n\
              print (which six-tool | get path.0)\nprint $'[($env.PYTHONHOME? | default '')]'\ndeactivate\n\
              print $'/x ($env.VIRTUAL_ENV? | default none)'\nif $old == $env.PATH { print same }\n";
    for (program, script) in
        [("sh", posix("./.venv")), ("bash", posix(".venv")), ("zsh", posix(".venv")), ("fish", fish.to_owned())]
            .into_iter()
            .chain([("tcsh", csh.to_owned()), ("nu", nu.to_owned())])
    {
        let Some(said) = shell(&project, program, &script) else { continue };
        let [environment, tool, home, left, same] = &said[..] else { panic!("{program}: {said:?}") };
        assert_eq!(fs::canonicalize(environment).expect("a folder"), own, "{program}");
        assert_eq!(*tool, format!("{environment}/bin/six-tool"), "{program}");
        assert_eq!([home, left, same], ["[]", "/x none", "same"], "{program}");
    }
}

#[test]
fn two_packages_that_want_one_place_are_both_named() {
    for (other, place, first) in [
        (&["six/__init__.py/inner.py"][..], "six/__init__.py", "pypi:six@1.16"),
        (&["six"], "site-packages/six`", "pypi:other@1.0"),
        (&["other-1.0.data/data/bin/python3"], "`bin/python3`", "the environment itself"),
        (&["other-1.0.data/scripts/activate"], "`bin/activate`", "the environment itself"),
        (&["other-1.0.data/data/lib64"], "`lib64`", "the environment itself"),
    ] {
        let files = |p: PypiPackage| other.iter().fold(p, |p, path| p.file(path, "other"));
        let registry = Universe::new().pypi("six", "1.16", |p| p).pypi("other", "1.0", files).serve();
        let project = project(&registry);
        project.dependencies(&["pypi \"six\"", "pypi \"other\""]);
        project.run("larder sync").exits(1).names(["larder::profile::claimed_twice", place, first, "pypi:other@1.0"]);
        assert!(!project.has(".venv"));
    }
    // The same content is no contradiction, and a link to `lib` is a way to it.
    let both = |p: PypiPackage| p.file("shared/__init__.py", "");
    let registry = Universe::new()
        .pypi("six", "1.16", both)
        .pypi("other", "1.0", |p| both(p).file("other-1.0.data/data/lib64/other/data.txt", "data"))
        .serve();
    let project = project(&registry);
    project.dependencies(&["pypi \"six\"", "pypi \"other\""]).run("larder sync").exits(0);
    assert_eq!(project.read(".venv/lib/other/data.txt"), "data");
    project.run("larder verify").exits(0);
}

/// Serves two packages that bring `shared/main.py`, and one that depends on both.
fn twins() -> Registry {
    let with = |p: PypiPackage, owner: &str| {
        p.file("shared/__init__.py", "")
            .file("shared/main.py", &format!("OWNER = '{owner}'\n"))
            .file("README.md", owner)
    };
    Universe::new()
        .pypi("six", "1.16", |p| with(p, "six"))
        .pypi("other", "1.0", |p| with(p, "other"))
        .pypi("above", "1.0", |p| with(p, "above").requires("other").requires("between"))
        .pypi("between", "1.0", |p| p.requires("six"))
        .pypi("next", "1.0", |p| p)
        .serve()
}

#[track_caller]
fn owner(project: &Project) -> String {
    project.run("larder run -- python -c 'import shared.main as m; print(m.OWNER)'").exits(0).stdout.trim().to_owned()
}

#[test]
fn an_owner_line_says_whose_file_is_there() {
    let registry = twins();
    let project = Project::new(&registry);
    let lines = "dependencies { pypi \"six\"; pypi \"other\"; }\n";
    let resolution = |rest: &str| format!("{lines}resolution {{ {rest}; }}\n");
    project.manifest(lines).run("larder sync").exits(1).names([
        "larder::profile::claimed_twice",
        "pypi:other@1.0 and pypi:six@1.16",
        "`owner pypi \"other\" \"shared/main.py\"`",
        "`owner pypi \"six\" \"shared/main.py\"`",
    ]);
    assert!(!project.has(".venv"));
    for (at, name) in ["six", "other", "six"].into_iter().enumerate() {
        project.manifest(&resolution(&format!("owner pypi \"{name}\" \"shared/**\"")));
        project.run("larder sync").exits(0);
        assert_eq!(owner(&project), name);
        project.run("larder verify").exits(0);
        project.run("larder lock --locked").exits(0);
        let current = fs::read_link(project.path(".larder/active/../current")).expect("a link");
        assert_eq!(current.to_string_lossy(), (at + 1).to_string());
        // RECORD names what is there.
        let record = |name: &str| {
            let file = site_packages(&project).join(format!("{name}.dist-info/RECORD"));
            fs::read_to_string(file).expect("a record").contains("shared/main.py")
        };
        assert_eq!((record("six-1.16"), record("other-1.0")), (name == "six", name == "other"));
    }
    project.run("larder sync --compile").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(owner(&project), "six");
    // What is harmed is healed to what it was.
    let file = site_packages(&project).join("shared/main.py");
    fs::remove_file(&file).expect("removed");
    fs::write(&file, "OWNER = 'nobody'\n").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    assert_eq!(owner(&project), "six");

    let two = "owner pypi \"six\" \"shared/**\"; owner pypi \"other\" \"**/main.py\"";
    project.manifest(&resolution(two)).run("larder sync").exits(1).names(["larder::profile::owned_twice", "main.py"]);
}

#[test]
fn all_packages_that_install_one_file_are_told_at_once() {
    let with = |path: &'static str| {
        move |p: PypiPackage| {
            let owner = p.name.clone();
            p.file(path, &format!("OWNER = '{owner}'\n"))
        }
    };
    let registry = Universe::new()
        .pypi("aa", "1", with("scripts/benchmark.py"))
        .pypi("bb", "1", with("scripts/benchmark.py"))
        .pypi("cc", "1", with("tools/run.py"))
        .pypi("dd", "1", with("tools/run.py"))
        .serve();
    let project = Project::new(&registry);
    let lines = "dependencies { pypi \"aa\"; pypi \"bb\"; pypi \"cc\"; pypi \"dd\"; }\n";
    project.manifest(lines).run("larder sync").exits(1).names([
        "pypi:aa@1 and pypi:bb@1 both install",
        "so do pypi:cc@1 and pypi:dd@1",
        "`owner pypi \"aa\" \"scripts/benchmark.py\"` or `owner pypi \"bb\" \"scripts/benchmark.py\"`",
        "`owner pypi \"cc\" \"tools/run.py\"` or `owner pypi \"dd\" \"tools/run.py\"`",
    ]);
    let owners = "owner pypi \"aa\" \"scripts/benchmark.py\"; owner pypi \"dd\" \"tools/run.py\"";
    project.manifest(&format!("{lines}resolution {{ {owners}; }}\n")).run("larder sync").exits(0);
}

#[test]
fn a_dependent_replaces_files_of_what_it_depends_on_and_says_so_once() {
    let registry = twins();
    let project = Project::new(&registry);
    let output = project.dependencies(&["pypi \"above\""]).run("larder sync").exits(0);
    assert_eq!(output.stderr.matches("which depends on pypi:other@1.0").count(), 1, "{}", output.stderr);
    assert_eq!(output.stderr.matches("which depends on pypi:six@1.16").count(), 1, "{}", output.stderr);
    assert!(!output.stderr.contains("README"), "{}", output.stderr);
    assert_eq!(owner(&project), "above");
    project.run("larder verify").exits(0);
    let output = project.dependencies(&["pypi \"above\"", "pypi \"next\""]).run("larder sync").exits(0);
    assert!(!output.stderr.contains("depends on"), "{}", output.stderr);
    assert_eq!(owner(&project), "above");
}

#[test]
fn namespaces_and_documents_at_the_top_never_collide() {
    let legacy = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
    let modern = "# Shared.\nfrom pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n";
    let with = |p: PypiPackage, init: &str, name: &str| {
        p.file("backports/__init__.py", init)
            .file(&format!("backports/{name}.py"), "")
            .file("README.md", name)
            .file("LICENSE", name)
    };
    let registry = Universe::new()
        .pypi("one", "1.0", |p| with(p, legacy, "one"))
        .pypi("two", "1.0", |p| with(p, modern, "two"))
        .pypi("three", "1.0", |p| with(p, "", "three"))
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"one\"", "pypi \"two\"", "pypi \"three\""]);
    let output = project.run("larder sync --compile").exits(0);
    assert!(!output.stderr.contains("both install"), "{}", output.stderr);
    let check = "larder run -- python -c 'import backports.one, backports.two, backports.three'";
    project.run(check).exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn a_script_of_a_wheel_runs_as_it_was_written() {
    let source = "#!python -E\n# -*- coding: latin-1 -*-\n\"\"\"Its own words: \u{e9}.\"\"\"\nfrom __future__ import \
                  annotations\nimport sys, os\nif __name__ == '__main__':\n    print(len(__doc__), \
                  os.path.basename(sys.argv[0]), *sys.argv[1:], f.__annotations__ if 'f' in dir() else '')\n";
    let plain = "#!python\nimport sys\nprint(__doc__, sys._getframe().f_lineno)\n";
    let six = |p: PypiPackage| {
        p.file("Six-1.16.data/scripts/doc-tool", source)
            .file("Six-1.16.data/scripts/sub/deep-tool", plain)
            .file("Six-1.16.data/data/share/six.txt", "data")
            .file("fixtures.data/x.txt", "not for larder")
    };
    let registry = Universe::new().pypi("six", "1.16", six).serve();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    // The two bytes of `é` are two letters of that encoding.
    assert_eq!(project.run("larder run -- doc-tool 'a b'").exits(0).stdout, "18 doc-tool a b \n");
    let python = project.run("larder run -- python .venv/bin/doc-tool x").exits(0);
    assert_eq!(python.stdout, "18 doc-tool x \n");
    let deep = project.program(project.path(".venv/bin/sub/deep-tool").to_str().expect("a path"), &[]);
    assert_eq!((deep.status, deep.stdout.trim()), (0, "None 3"), "{}", deep.stderr);
    assert_eq!(project.read(".venv/share/six.txt"), "data");
    let kept = site_packages(&project).join("Six-1.16.data/scripts/doc-tool");
    assert_eq!(fs::read_to_string(kept).expect("a source"), source);
    assert!(site_packages(&project).join("fixtures.data/x.txt").exists());
    project.run("larder verify").exits(0);
}

#[test]
fn an_environment_goes_on_where_its_project_was_moved_to() {
    let six = |p: PypiPackage| p.file("six/__init__.py", "def main():\n    pass\n").script("six-tool", "six:main");
    let registry = Universe::new().pypi("six", "1.16", six).serve();
    let project = Project::new(&registry);
    let long = format!("it's a \"quoted\" path of {}/app", "many bytes ".repeat(14));
    let moved = long.replace("app", "moved");
    project.dependencies(&["pypi \"six\""]);
    project.write(&format!("{long}/larder.kdl"), &project.read("larder.kdl"));
    let sync = |folder: &str| {
        let folder = project.path(folder).display().to_string();
        for command in ["sync", "verify"] {
            project.program(env!("CARGO_BIN_EXE_larder"), &["-C", &folder, command]).exits(0);
        }
    };
    let tool = |folder: &str| {
        let path = project.path(folder).join(".venv/bin");
        for (program, arguments) in [("six-tool", &[][..]), ("python", &["-c", "import six"])] {
            let output = project.program(path.join(program).to_str().expect("a path"), arguments);
            assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{program}");
        }
    };
    sync(&long);
    tool(&long);
    fs::rename(project.path(&long), project.path(&moved)).expect("a folder that can be moved");
    tool(&moved);
    sync(&moved);
    tool(&moved);
}
