//! npm, pnpm, Yarn and Bun inside `larder run`: scripts that call each other through them stay in larder's environment.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, Universe, assert_transcript};

fn project() -> Project {
    let registry = Universe::new()
        .npm("tool", "1.0.0", |p| {
            p.bin("tool", "tool.js", "#!/usr/bin/env node\nconsole.log('tool', process.argv.slice(2).join('+'))")
        })
        .serve();
    let mut project = Project::new(&registry);
    project
        .manifest("members \"packages/*\"\ndependencies { npm \"tool\"; }\n")
        .write(
            "package.json",
            r#"{"name":"root","scripts":{"all":"npm run one -- a && yarn two b && pnpm two c && npx tool d && pnpm exec tool e && yarn tool f",
               "one":"tool one","two":"echo two","install-all":"npm ci","version-of":"npm --version","members":"npm run --workspaces build",
               "some":"pnpm --filter web build","away":"cd vendor && npm ci","gone":"npm run nothing","maybe":"npm run nothing --if-present && echo went on"}}"#,
        )
        .write("packages/web/package.json", r#"{"name":"web","version":"1.0.0","scripts":{"build":"echo built web","again":"npm run build"}}"#)
        .write("packages/ui/package.json", r#"{"name":"ui","version":"1.0.0","scripts":{"build":"echo built ui"}}"#)
        .write("vendor/package.json", r#"{"name":"vendored"}"#)
        .write("bin/npm", "#!/bin/sh\necho real npm \"$@\"\n");
    let npm = project.path("bin/npm");
    std::fs::set_permissions(&npm, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    project.set("PATH", &path);
    project.run("larder sync").exits(0);
    project
}

#[test]
fn scripts_that_call_each_other_find_the_environment() {
    let project = project();
    let output = project.run("larder run all").exits(0);
    let said: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(said, ["tool one+a", "two b", "two c", "tool d", "tool e", "tool f"]);
    let output = project.run("larder -C packages/web run again").exits(0);
    assert_eq!(output.stdout.trim(), "built web");
    let output = project.run("larder run members").exits(0);
    // They use nothing of each other, and run side by side.
    let mut lines: Vec<&str> = output.stdout.lines().collect();
    lines.sort_unstable();
    assert_transcript!(lines.join("\n"), @r"
    packages/ui  | built ui
    packages/web | built web
    ");
    let output = project.run("larder run some").exits(0);
    assert_transcript!(output.stdout, @"packages/web | built web");
    project.run("larder run gone").exits(1).names(["no script `nothing`"]);
    assert_eq!(project.run("larder run maybe").exits(0).stdout.trim(), "went on");
}

#[test]
fn what_installs_something_else_is_refused_and_the_rest_is_passed_on() {
    let project = project();
    // What is locked is there already.
    let output = project.run("larder run install-all").exits(0);
    assert_transcript!(output.stderr, @"`npm ci` inside `larder run`: what larder.lock says is installed already");
    project.run("larder run -- npm install left-pad").exits(1).names(["npm install", "larder add"]);
    let output = project.run("larder run version-of").exits(0);
    assert_eq!(output.stdout.trim(), "real npm --version");
    assert_transcript!(output.stderr, @"`npm` inside `larder run`: this is passed on to the real one");
    // A folder that is none of larder's is left to its own tool.
    assert_eq!(project.run("larder run away").exits(0).stdout.trim(), "real npm ci");
}

#[test]
fn an_install_passes_only_where_something_is_installed() {
    let project = Project::new(&Universe::new().serve());
    project.manifest("").write("package.json", r#"{"dependencies": {"left": "1.0.0"}}"#);
    project.run("larder run -- npm ci").exits(1).names(["npm ci"]);
    project.write("package.json", "{}").run("larder run -- npm ci").exits(0);
}

#[test]
fn a_package_manager_is_answered_where_it_is_called_by_name() {
    let project = project();
    for command in ["npm run two x", "yarn two x", "jlpm two x", "bun run two x", "bun two x"] {
        assert_eq!(project.run(&format!("larder run {command}")).exits(0).stdout.trim(), "two x", "{command}");
    }
    assert_eq!(project.run("larder run bunx tool x").exits(0).stdout.trim(), "tool x");
}

/// As npx and its like do, from the project's registries, in an environment of its own.
#[test]
fn a_tool_that_is_in_no_environment_is_run_as_dlx_does() {
    let registry = Universe::new()
        .npm("cowsay", "1.0.0", |p| {
            p.bin("cowsay", "c.js", "#!/usr/bin/env node\nconsole.log('moo', process.argv.slice(2).join('+'))")
        })
        .npm("@acme/kit", "1.0.0", |p| p.bin("kit", "k.js", "#!/usr/bin/env node\nconsole.log('kit')"))
        .npm("plain", "1.0.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    project
        .manifest("dependencies { npm \"plain\"; }\n")
        .write("package.json", r#"{"scripts":{"say":"npx --yes cowsay a --b"}}"#);
    let output = project.run("larder run say").exits(0);
    assert_eq!(output.stdout.trim(), "moo a+--b");
    output.names(["`cowsay` is in no environment: this runs `larder dlx npm:cowsay`"]);
    for command in ["pnpm dlx cowsay x", "yarn dlx -p cowsay cowsay x", "bunx --yes cowsay x", "npm exec -y cowsay x"] {
        assert_eq!(project.run(&format!("larder run {command}")).exits(0).stdout.trim(), "moo x", "{command}");
    }
    assert_eq!(project.run("larder run npx -y @acme/kit").exits(0).stdout.trim(), "kit");
    project.run("larder run -- npx --no cowsay").exits(127);
    project.run("larder run npx --yes nowhere-at-all").exits(3).names(["nowhere-at-all"]);
    // Without a word nothing is fetched.
    project.run("larder run npx cowsay").exits(127).names(["larder dlx npm:cowsay"]);
    // What is installed has no program.
    project.run("larder run npx --yes plain").exits(127).names(["`plain` is installed"]);
    assert!(!project.read("larder.lock").contains("cowsay"));
}

#[test]
fn a_package_that_is_installed_is_run_by_its_own_program() {
    let print = |text: &str| format!("#!/usr/bin/env node\nconsole.log('{text}')");
    let registry = Universe::new()
        .npm("@acme/cli", "1.0.0", |p| p.bin("acme", "a.js", &print("one")))
        .npm("@acme/cli", "2.0.0", |p| p.bin("acme", "a.js", &print("two")))
        .npm("@acme/lib", "1.0.0", |p| p)
        .npm("lib", "1.0.0", |p| p.bin("lib", "l.js", &print("lib")))
        .serve();
    let project = Project::new(&registry);
    project
        .manifest("dependencies { npm \"@acme/cli\" \"^1\"; npm \"@acme/lib\"; npm \"lib\"; }\n")
        .write("package.json", "{}");
    for command in ["npx @acme/cli", "npx --yes @acme/cli", "npx acme"] {
        assert_eq!(project.run(&format!("larder run {command}")).exits(0).stdout.trim(), "one", "{command}");
    }
    project.run("larder run npx --yes @acme/lib").exits(127).names(["@acme/lib"]);
}
