//! Programs that come beside larder.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, conforms};

/// Puts a program on PATH that says what it was given.
fn program(project: &mut Project, folder: &str, name: &str) {
    let path = format!("{folder}/{name}");
    project.write(
        &path,
        "#!/bin/sh\necho \"$0\" | sed 's|.*/||'\nfor word in \"$@\"; do echo \"<$word>\"; done\nexit 7\n",
    );
    std::fs::set_permissions(project.path(&path), std::fs::Permissions::from_mode(0o755)).expect("a file");
    let folder = project.path(folder).display().to_string();
    project.set("PATH", &format!("{folder}:{}", std::env::var("PATH").unwrap_or_default()));
}

#[test]
fn a_name_that_is_no_command_is_a_program_on_path_and_its_status_is_larder_s() {
    let mut project = Project::alone();
    program(&mut project, "tools", "larder-frob");
    let out = project.run("larder --env production -q frob --once 'a b' -C x").exits(7);
    assert_eq!(out.stdout, "larder-frob\n<--env>\n<production>\n<--quiet>\n<--once>\n<a b>\n<-C>\n<x>\n");
    assert_eq!(project.run("larder frob").exits(7).stdout, "larder-frob\n");
    assert_eq!(project.run("larder frob --json").exits(7).stdout, "larder-frob\n<--json>\n");
}

#[test]
fn a_misspelt_command_is_no_program() {
    let mut project = Project::alone();
    project.run("larder snc").exits(2).names(["there is no command `snc`", "did you mean `sync`?"]);
    for line in ["larder --json zzzzzz", "larder zzzzzz --json", "larder zzzzzz -x --json"] {
        conforms(&project.run(line).exits(2).json(), "error");
    }
    for odd in ["larder ../frob", "larder 'a b'", "larder ''"] {
        project.run(odd).exits(2).names(["there is no command"]);
    }
    // What a package or a relative folder has is foreign.
    program(&mut project, "node_modules/.bin", "larder-frob");
    project.run("larder frob").exits(2).names(["there is no command `frob`"]);
    project.set("PATH", "tools:/usr/bin:/bin");
    program_without_path(&project);
    project.run("larder frob").exits(2).names(["there is no command `frob`"]);
}

fn program_without_path(project: &Project) {
    project.write("tools/larder-frob", "#!/bin/sh\n");
    std::fs::set_permissions(project.path("tools/larder-frob"), std::fs::Permissions::from_mode(0o755))
        .expect("a file");
}

#[test]
fn the_server_that_is_not_installed_is_named_with_where_it_should_be() {
    let mut project = Project::alone();
    project.set("PATH", "/usr/bin:/bin");
    project.run("larder serve --port 1").exits(127).names(["larder-serve", "neither beside larder nor on PATH"]);
}
