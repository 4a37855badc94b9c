//! `larder dlx`: a tool is run without being added, from an environment in the cache.

use crate::support::{Project, Registry, Universe};

fn universe() -> Universe {
    Universe::new()
        .npm("cowsay", "1.0.0", |p| p.bin("cowsay", "cli.js", "#!/usr/bin/env node\nconsole.log('moo 1', ...process.argv.slice(2), process.cwd().split('/').pop());\n"))
        .npm("@acme/kit", "1.0.0", |p| p.bin("ng", "ng.js", "#!/usr/bin/env node\nconsole.log('ng');\n").bin("other", "o.js", "#!/usr/bin/env node\n"))
        .npm("plain", "1.0.0", |p| p)
        .pypi("ruff", "0.4.1", |p| p.script("ruff", "ruff:main").file("ruff/__init__.py", "import sys\ndef main():\n    print('ruff 0.4.1', *sys.argv[1:])\n    return 3\n"))
        .pypi("ruff", "0.5.0", |p| p.script("ruff", "ruff:main").file("ruff/__init__.py", "def main():\n    print('ruff 0.5.0')\n"))
}

fn newer() -> Registry {
    universe()
        .npm("cowsay", "2.0.0", |p| p.bin("cowsay", "cli.js", "#!/usr/bin/env node\nconsole.log('moo 2');\n"))
        .serve()
}

#[test]
fn a_tool_runs_in_the_current_folder_and_adds_nothing_to_it() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let said = project.run("larder dlx npm:cowsay 'a b' --json").exits(0);
    assert_eq!(said.stdout, "moo 1 a b --json project\n");
    assert_eq!(project.run("larder x pypi:ruff@0.4.1 check -q").exits(3).stdout, "ruff 0.4.1 check -q\n");
    assert_eq!(project.run("larder dlx pypi:ruff -- x").exits(0).stdout, "ruff 0.5.0\n");
    assert_eq!(project.run("larder dlx --with npm:@acme/kit ng").exits(0).stdout, "ng\n");
    assert!(project.listing().is_empty(), "{:?}", project.listing());
    // From the cache, without a network.
    assert_eq!(project.run("larder dlx --offline npm:cowsay").exits(0).stdout, "moo 1 project\n");
    project.run("larder dlx --offline npm:plain").exits(5);
}

#[test]
fn a_choice_counts_for_a_day_or_until_it_is_refreshed() {
    let registry = universe().serve();
    let mut project = Project::new(&registry);
    project.run("larder dlx npm:cowsay").exits(0);
    let newer = newer();
    project.sees(&newer);
    assert_eq!(project.run("larder dlx npm:cowsay").exits(0).stdout, "moo 1 project\n");
    assert_eq!(project.run("larder dlx --refresh npm:cowsay").exits(0).stdout, "moo 2\n");
    assert_eq!(project.run("larder dlx npm:cowsay@1.0.0").exits(0).stdout, "moo 1 project\n");
}

#[test]
fn what_has_no_such_program_is_told_and_not_kept() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.run("larder dlx npm:@acme/kit").exits(127).names(["ng, other", "--with"]);
    project.run("larder dlx npm:plain").exits(127).names(["has none at all"]);
    project.run("larder dlx cowsay").exits(2).names(["npm:cowsay"]);
    project.run("larder dlx npm:nowhere").exits(3).names(["nowhere"]);
    let kept = std::fs::read_dir(project.folder().join("cache/dlx")).expect("a folder").count();
    assert_eq!(kept, 2);
}

#[test]
fn what_is_not_used_any_more_is_collected() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.run("larder dlx npm:cowsay").exits(0);
    let count = || std::fs::read_dir(project.folder().join("cache/dlx")).map_or(0, Iterator::count);
    project.run("larder gc").exits(0);
    assert_eq!(count(), 1);
    project.run("larder gc --older-than 0d --dry-run").exits(0);
    assert_eq!(count(), 1);
    project.run("larder gc --older-than 0d").exits(0);
    assert_eq!(count(), 0);
    assert_eq!(project.run("larder dlx npm:cowsay").exits(0).stdout, "moo 1 project\n");
}
