//! `larder login` and `logout`: with a terminal and without, with a keyring and without, and what is left of a secret.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::{Output, PackageServer, Project, Registry, Universe, conforms, host_platform};

const SECRET: &str = "n3edle-token";
const LEFT: &str = "/npm/left";
const WHOAMI: &str = "/npm/-/whoami";

fn serve() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).file(WHOAMI, b"{\"username\":\"ada\"}".to_vec()).serve()
}

fn project(registry: &Registry) -> Project {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nplatforms \"{}\"\nregistries {{\n    npm \"acme\" \"{}\" {{ packages \"*\"; }}\n}}\ndependencies {{\n    \
             npm \"left\"\n}}\n",
            host_platform(),
            registry.npm_url()
        ),
    );
    project
}

/// Runs a command line with this text on its standard input.
#[track_caller]
fn with_input(project: &Project, command: &str, input: &str) -> Output {
    let mut process = project.command(command);
    let mut child =
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("larder starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("larder reads");
    Output::of(command, &child.wait_with_output().expect("larder ends"))
}

/// Puts a program in the place of libsecret's, which keeps secrets in a folder and its arguments in a file.
fn with_keyring(project: &mut Project) {
    let tool = "#!/bin/sh\necho \"$@\" >> \"$HOME/keyring/arguments\"\nfor last; do :; done\n\
                file=\"$HOME/keyring/$(echo \"$last\" | tr / _)\"\n\
                case $1 in\nstore) cat > \"$file\";;\nlookup) [ -f \"$file\" ] && cat \"$file\";;\nclear) rm -f \"$file\";;\nesac\n";
    project.write("../tools/secret-tool", tool).write("../home/keyring/arguments", "");
    let tool = project.path("../tools/secret-tool");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let inherited = std::env::var("PATH").expect("a PATH");
    project.set("PATH", &format!("{}:{inherited}", tool.parent().expect("a folder").display()));
    project.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
}

/// Returns the files below the project's folder that have the secret.
fn files_with_secret(project: &Project) -> Vec<String> {
    let found = project.program("grep", &["-rl", SECRET, ".."]).stdout;
    found.lines().map(str::to_owned).collect()
}

#[test]
fn a_token_is_checked_kept_sent_and_forgotten() {
    let registry = serve();
    let project = project(&registry);
    let done = with_input(&project, "larder login --token-stdin --json", &format!("{SECRET}\n")).exits(0).json();
    conforms(&done, "login");
    assert_eq!(
        (&done["account"], &done["keptIn"], &done["url"]),
        (&"ada".into(), &"file".into(), &registry.npm_url().into())
    );
    assert_eq!(registry.take_credentials(WHOAMI), [format!("Bearer {SECRET}")]);
    let file = project.folder().join("home/.config/larder/secrets/logins.json");
    assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(file.parent().expect("a folder").metadata().expect("a folder").permissions().mode() & 0o777, 0o700);
    project.run("larder sync -vv").exits(0);
    assert!(registry.take_credentials(LEFT).iter().all(|shown| shown == &format!("Bearer {SECRET}")));
    assert_eq!(files_with_secret(&project), ["../home/.config/larder/secrets/logins.json"]);
    // The same with a user, in place of the token.
    with_input(&project, "larder login acme --user ada --token-stdin", "pw").exits(0).names([
        "Logged in",
        "as ada",
        "logins.json",
    ]);
    assert_eq!(registry.take_credentials(WHOAMI), ["Basic YWRhOnB3"]);
    assert_eq!(files_with_secret(&project), [""; 0]);
    let out = project.run_json("larder logout --json");
    conforms(&out, "logout");
    assert_eq!(out["removed"], true);
    project.run("larder logout acme").exits(0).names(["no credentials"]);
    project.forget();
    project.run("larder update").exits(0);
    assert_eq!(registry.take_credentials(LEFT), [""; 0]);
}

#[test]
fn a_token_that_the_registry_refuses_is_not_kept() {
    let registry = serve();
    let project = project(&registry);
    registry.fail(WHOAMI, 401);
    let refused = with_input(&project, "larder login --token-stdin", SECRET).exits(5);
    refused.names(["does not accept", "acme"]);
    for (input, command, exit) in [
        ("", "larder login --token-stdin", 1),
        ("two\nlines", "larder login --token-stdin", 1),
        (SECRET, "larder login other --token-stdin", 2),
        (SECRET, "larder login http://h.example/ --token-stdin", 2),
        (SECRET, "larder login https://me:n3edle-token@h.example/ --token-stdin", 2),
        // Nobody is there to ask.
        (SECRET, "larder login", 1),
    ] {
        let refused = with_input(&project, command, input).exits(exit);
        assert!(!refused.stderr.contains(SECRET), "{command}: {}", refused.stderr);
    }
    assert_eq!(files_with_secret(&project), [""; 0]);
    assert!(!project.folder().join("home/.config/larder/secrets").exists());
}

#[test]
fn a_login_is_for_what_lies_below_its_url() {
    let (registry, other) = (serve(), serve());
    let project = project(&registry);
    let shown = |url: &str| {
        with_input(&project, &format!("larder --offline login {url} --token-stdin"), SECRET).exits(0);
        let _ = std::fs::remove_file(project.path("larder.lock"));
        project.forget();
        registry.take_credentials("");
        project.run("larder lock").exits(0);
        project.run(&format!("larder logout {url}")).exits(0);
        registry.take_credentials(LEFT).len()
    };
    assert_ne!((shown(&registry.url("/")), shown(&registry.npm_url())), (0, 0));
    for url in [registry.url("/np/"), registry.url("/npm/left/"), other.npm_url(), registry.pypi_url()] {
        assert_eq!(shown(&url), 0, "{url}");
    }
    // Whoever else can read the file has the tokens.
    with_input(&project, "larder login --token-stdin", SECRET).exits(0);
    let file = project.folder().join("home/.config/larder/secrets/logins.json");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("a file of ours");
    project.forget();
    project.run("larder update").exits(1).names(["others can read", "chmod 600"]);
    std::fs::write(&file, format!("{{\"{SECRET}")).expect("a file of ours");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a file of ours");
    let refused = project.run("larder update").exits(1).names(["logins.json", "log in again"]);
    assert!(!refused.stderr.contains(SECRET));
}

#[test]
fn a_keyring_keeps_the_secret_where_there_is_one() {
    let registry = serve();
    let mut project = project(&registry);
    with_keyring(&mut project);
    with_input(&project, "larder login --token-stdin", SECRET).exits(0).names(["system's keyring"]);
    let kept = files_with_secret(&project);
    assert!(kept.len() == 1 && kept[0].starts_with("../home/keyring/http:__127.0.0.1"), "{kept:?}");
    project.run("larder lock").exits(0);
    assert!(registry.take_credentials(LEFT).contains(&format!("Bearer {SECRET}")));
    let arguments = std::fs::read_to_string(project.path("../home/keyring/arguments")).expect("a file");
    assert!(arguments.contains("store") && arguments.contains("lookup") && !arguments.contains(SECRET), "{arguments}");
    // In a session without the keyring it is said, and nothing is asked without credentials.
    project.set("DBUS_SESSION_BUS_ADDRESS", "");
    project.forget();
    registry.take_log();
    project.run("larder update").exits(1).names(["keyring has no secret", "larder login"]);
    assert_eq!(registry.take_log(), [""; 0]);
    project.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    project.run("larder logout").exits(0);
    assert_eq!(files_with_secret(&project), [""; 0]);
    project.write("../tools/secret-tool", "#!/bin/sh\necho 'the collection is locked' >&2\nexit 1\n");
    with_input(&project, "larder login --token-stdin", SECRET).exits(1).names(["is locked", "keyring"]);
    assert_eq!(files_with_secret(&project), [""; 0]);
}

#[test]
fn a_terminal_asks_and_does_not_show_the_answer() {
    let registry = serve();
    let project = project(&registry);
    let script = "import os, pty, sys\n\
                  pid, terminal = pty.fork()\n\
                  if pid == 0:\n    os.execv(sys.argv[1], [sys.argv[1], 'login'])\n\
                  answers, said = [(b'for a token): ', b'\\n'), (b'Token: ', b'n3edle-token\\n')], b''\n\
                  while True:\n    \
                      try: piece = os.read(terminal, 4096)\n    \
                      except OSError: break\n    \
                      if not piece: break\n    \
                      said += piece\n    \
                      if answers and said.endswith(answers[0][0]): os.write(terminal, answers.pop(0)[1])\n\
                  sys.stdout.write(said.decode())\n\
                  sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n";
    let larder = project.command("larder login").get_program().to_string_lossy().into_owned();
    let said = project.program("python3", &["-c", script, &larder]).exits(0);
    assert!(said.stdout.contains("Logged in to") && said.stdout.contains("as ada"), "{}", said.stdout);
    assert!(!said.stdout.contains(SECRET), "{}", said.stdout);
    assert_eq!(registry.take_credentials(WHOAMI), [format!("Bearer {SECRET}")]);
    assert_eq!(files_with_secret(&project), ["../home/.config/larder/secrets/logins.json"]);
}

#[test]
fn a_registry_of_private_packages_is_logged_in_to_for_publishing() {
    let server = PackageServer::start();
    let project = Project::alone();
    let line = server.line().replace("token env=\"LARDER_TOKEN_ACME\";", "");
    project
        .write("larder.kdl", &format!("registries {{ {line}; }}\nruntimes {{ node \"20\"; }}\nmembers \"orders\"\n"));
    project
        .write("orders/larder.kdl", "package \"orders\" version=\"1.0.0\" { node \".\"; }\n")
        .write("orders/index.js", "");
    project.run("larder -C orders publish --registry acme").exits(5).names(["401"]);
    with_input(&project, "larder login acme --token-stdin", "publishing-token").exits(0).names(["not asked"]);
    project.run("larder -C orders publish --registry acme").exits(0).names(["Published to acme"]);
}

#[test]
fn a_registry_that_nothing_declares_is_logged_in_to_by_its_url() {
    let files = ["/private/larder-registry.json", "/private/checkpoint"];
    let registry = files.iter().fold(Universe::new(), |all, file| all.file(file, b"{}".to_vec())).serve();
    let project = Project::alone();
    let url = registry.url("/private/");
    for file in files {
        registry.fail(file, 401);
    }
    project.write(".gitignore", "mine\n");
    let consume = format!("larder init --consume orders --registry {url}");
    let login = format!("`larder login {url}`");
    let wanted = project.run(&consume).exits(5);
    wanted.names(["(401)", &login]);
    assert!(!project.has("larder.kdl"));
    assert_eq!(project.read(".gitignore"), "mine\n");
    std::fs::remove_file(project.path(".gitignore")).expect("a file");
    project.run("larder init --consume orders --registry http://127.0.0.1:9/").exits(5);
    assert!(!project.has(".gitignore") && !project.has("larder.kdl"));
    // The URL that is named is one that can be logged in to.
    with_input(&project, &format!("larder login {url} --token-stdin"), SECRET).exits(0);
    project.run("larder registry init packages --origin packages.example").exits(0);
    let pushed = project.run(&format!("larder registry push packages --to {url}")).exits(5);
    let pushed = pushed.names(["(401)", &login]);
    assert!(!pushed.stderr.contains("unnamed"), "{}", pushed.stderr);
}
