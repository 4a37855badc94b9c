//! What is installed under a package's name is that package, whatever a lock or the store says.

use std::fs;
use std::path::PathBuf;

use crate::support::{Project, PypiPackage, Registry, Universe};

const LINES: [&str; 4] = ["npm \"left\"", "npm \"right\"", "pypi \"six\"", "pypi \"ten\""];

fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("right", "1.0.0", |p| p)
        .pypi("six", "1.0", |p| p)
        .pypi("ten", "1.0", |p| p)
        .serve()
}

fn synced(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&LINES).run("larder sync").exits(0);
    project
}

/// Returns the first digest of a lock's text behind this.
fn digest_behind<'t>(text: &'t str, mark: &str) -> &'t str {
    let rest = &text[text.find(mark).unwrap_or_else(|| panic!("{mark} in {text}"))..];
    let start = rest.find("sha").expect("a digest");
    let end = rest[start..].find('"').expect("an end");
    &rest[start..start + end]
}

#[test]
fn a_lock_with_the_digests_of_other_packages_is_refused() {
    let registry = registry();
    for (one, other, files) in [
        ("left", "right", ["left-1.0.0.tgz", "right-1.0.0.tgz"]),
        ("six", "ten", ["six-1.0-py3-none-any.whl", "ten-1.0-py3-none-any.whl"]),
    ] {
        let project = synced(&registry);
        let text = project.read("larder.lock");
        let [own, others] = files.map(|file| {
            let name = if text.contains(file) {
                file.to_owned()
            } else {
                format!("name = \"{}\"", file.split('-').next().expect("a name"))
            };
            digest_behind(&text, &name).to_owned()
        });
        let swapped = text.replace(&own, "A DIGEST").replace(&others, &own).replace("A DIGEST", &others);
        assert_ne!(text, swapped);
        project.write("larder.lock", &swapped);
        for command in ["larder sync", "larder sync --frozen", "larder ci", "larder fetch"] {
            let output = project.run(command);
            assert_eq!(output.status, 4, "{command}: {}", output.stderr);
            output.names([one, other]);
        }
        project.write("larder.lock", &text);
        project.run("larder sync").exits(0);
        project.run("larder verify").exits(0);
    }
}

#[test]
fn an_archive_that_says_it_is_another_package_is_refused_as_it_is_unpacked() {
    let evil = Universe::new().npm("evil", "1.0.0", |p| p);
    let archive = evil.npm[0].tarball();
    let registry = Universe::new().npm("left", "1.0.0", |p| p.packed(archive)).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(4).names(["package.json", "`evil` 1.0.0"]);
    assert!(!project.has("node_modules"));
}

/// Returns the records of the store's artifacts of an algorithm, by the text of a file in what they lead to.
fn record(project: &Project, algorithm: &str, file: &str) -> PathBuf {
    let folder = project.store().join("v1/artifacts").join(algorithm);
    let records = fs::read_dir(folder).expect("records").map(|record| record.expect("an entry").path());
    let has =
        |record: &PathBuf| record.canonicalize().is_ok_and(|index| index.with_file_name("files").join(file).exists());
    let text = |record: &PathBuf| {
        fs::read_to_string(record.canonicalize().expect("an index").with_file_name("files").join("package.json"))
            .unwrap_or_default()
    };
    let name = format!("\"{file}\"");
    records.into_iter().find(|record| has(record) || text(record).contains(&name)).expect("a record")
}

#[test]
fn two_records_that_changed_places_are_found_and_healed() {
    let registry = registry();
    for (algorithm, one, other) in [("sha512", "left", "right"), ("sha256", "six/__init__.py", "ten/__init__.py")] {
        let project = synced(&registry);
        let [one, other] = [one, other].map(|file| record(&project, algorithm, file));
        let aside = project.folder().join("aside");
        for (from, to) in [(&one, &aside), (&other, &one), (&aside, &other)] {
            fs::rename(from, to).expect("a record");
        }
        let second = project.beside();
        second.write("larder.lock", &project.read("larder.lock"));
        second.dependencies(&LINES).run("larder sync").exits(4).names(["larder::store::bad_record"]);
        second.run("larder sync --repair").exits(0);
        second.run("larder verify").exits(0);
        assert!(second.read("node_modules/left/package.json").contains("\"left\""));
        project.run("larder sync").exits(0);
        project.run("larder verify").exits(0);
    }
}

#[test]
fn artifacts_with_one_content_share_a_tree_that_knows_both() {
    // Two wheels without a module have the same byte-code: none.
    let empty = |p: PypiPackage| p;
    let registry = Universe::new().pypi("six", "1.0", empty).pypi("ten", "1.0", empty).serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"six\"", "pypi \"ten\""]).run("larder sync --compile").exits(0);
    project.run("larder verify").exits(0);
    let second = project.beside();
    second.dependencies(&["pypi \"six\"", "pypi \"ten\""]).run("larder sync --compile").exits(0);
    second.run("larder verify").exits(0);
}

#[test]
fn byte_code_that_asks_python_not_to_look_is_damage_and_goes() {
    let project = synced(&registry());
    let python = project.path(".venv/bin/python").display().to_string();
    let plant = "import importlib.util, pathlib, py_compile, sys, sysconfig, tempfile\n\
                 site = pathlib.Path(sysconfig.get_path('purelib'))\n\
                 evil = pathlib.Path(tempfile.mkdtemp()) / 'evil.py'\n\
                 evil.write_text('print(\"evil\")')\n\
                 cached = importlib.util.cache_from_source(str(site / 'six' / '__init__.py'))\n\
                 mode = getattr(py_compile.PycInvalidationMode, sys.argv[1])\n\
                 py_compile.compile(str(evil), cfile=cached, invalidation_mode=mode)\n";
    let import = || project.program(&python, &["-c", "import six"]);
    project.program(&python, &["-c", plant, "CHECKED_HASH"]).exits(0);
    project.run("larder verify").exits(0);
    assert!(!import().exits(0).stdout.contains("evil"), "Python compares that itself");
    project.program(&python, &["-c", plant, "UNCHECKED_HASH"]).exits(0);
    assert!(import().exits(0).stdout.contains("evil"));
    project.run("larder verify").exits(4).names(["__pycache__", "was not installed by larder"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    let again = project.path(".venv/bin/python").display().to_string();
    assert!(!project.program(&again, &["-c", "import six"]).exits(0).stdout.contains("evil"));
}

#[test]
fn a_cache_that_is_a_link_is_damage() {
    let project = synced(&registry());
    let cache = project.path(".venv").canonicalize().expect("an environment");
    let library = fs::read_dir(cache.join("lib")).expect("a library").next().expect("one").expect("an entry").path();
    let cache = library.join("site-packages/six/__pycache__");
    let _ = fs::remove_dir_all(&cache);
    std::os::unix::fs::symlink("/tmp", &cache).expect("a link");
    project.run("larder verify").exits(4).names(["six/__pycache__"]);
}
