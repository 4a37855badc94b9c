//! What a manifest that somebody else wrote may do with this user's secrets, and what messages may do to a terminal.

use crate::support::{Project, Registry, Universe, conforms, host_platform};

const PATH: &str = "/npm/left";

fn serve() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).serve()
}

/// A project whose npm is the registry, asked with this token.
fn project(registry: &Registry, token: &str) -> Project {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nplatforms \"{}\"\nregistries {{\n    npm \"npmjs\" \"{}\" {{\n        {token}\n    }}\n}}\n\
             dependencies {{\n    npm \"left\"\n}}\n",
            host_platform(),
            registry.npm_url()
        ),
    );
    project
}

fn host(registry: &Registry) -> String {
    registry.npm_url().trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

#[test]
fn a_variable_is_sent_where_this_user_agreed_to() {
    let registry = serve();
    let mut project = project(&registry, "token env=\"AWS_SECRET_ACCESS_KEY\"");
    // What is not set cannot be sent.
    project.run("larder lock").exits(0);
    std::fs::remove_file(project.path("larder.lock")).expect("a lock of ours");
    project.set("AWS_SECRET_ACCESS_KEY", "s3cret");
    registry.take_log();
    let pair = format!("AWS_SECRET_ACCESS_KEY@{}", host(&registry));
    let refused = project.run("larder lock").exits(1);
    let refused = refused.names([
        "token_not_allowed",
        &format!("larder login --allow {pair}"),
        "LARDER_ALLOW_TOKEN_ENV",
        "npmjs",
    ]);
    assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
    assert_eq!(registry.take_log(), Vec::<String>::new());
    assert!(!project.has("larder.lock"));

    for agreed in ["AWS_SECRET_ACCESS_KEY@other.example", "OTHER@127.0.0.1", "AWS_SECRET_ACCESS_KEY@127.0.0.1:1"] {
        project.set("LARDER_ALLOW_TOKEN_ENV", agreed);
        project.run("larder lock").exits(1);
    }
    project.set("LARDER_ALLOW_TOKEN_ENV", "nonsense");
    project.run("larder lock").exits(2).names(["nonsense", "NAME@HOST"]);
    project.set("LARDER_ALLOW_TOKEN_ENV", &format!("X@y, {pair}"));
    project.forget();
    project.run("larder lock").exits(0);
    assert!(registry.authorized().contains(&PATH.to_owned()));
}

#[test]
fn an_agreement_is_kept_for_the_user() {
    let registry = serve();
    let mut project = project(&registry, "token env=\"ACME_TOKEN\"");
    project.set("ACME_TOKEN", "s3cret");
    project.run("larder lock").exits(1);
    project.run("larder login --allow 'ACME TOKEN@h'").exits(2);
    // Nobody is there to ask.
    project.run("larder login --allow").exits(1).names(["ACME_TOKEN@127.0.0.1"]);
    let done = project.run_json("larder login --json --allow ACME_TOKEN@127.0.0.1 B@h.example");
    conforms(&done, "login");
    assert_eq!(done["allowed"], serde_json::json!(["ACME_TOKEN@127.0.0.1", "B@h.example"]));
    project.run("larder login --allow C@h.example").exits(0);
    project.run("larder lock").exits(0);
    let kept = std::fs::read_to_string(project.folder().join("home/.config/larder/allowed-tokens")).expect("a file");
    assert!(["ACME_TOKEN@127.0.0.1", "B@h.example", "C@h.example"].iter().all(|pair| kept.contains(pair)), "{kept}");
    project.run("larder login --allow").exits(0);
}

#[test]
fn what_alerts_would_send_is_asked_for_with_the_rest() {
    let mut project = Project::alone();
    project.write(
        "larder.kdl",
        "project \"case\"\nregistries { npm \"a\" \"https://npm.example/\" { token env=\"A\"; }; }\nalerts {\n    slack env=\"S\"\n    \
         email \"a@b\" from=\"c@d\" { smtp \"smtp://mail.example:25\"; user \"u\"; password env=\"M\"; }\n    \
         pagerduty env=\"PAGERDUTY_KEY\"\n    webhook env=\"W\" { authorization env=\"T\"; }\n}\n",
    );
    project.run("larder login --allow").exits(1).names(["A@npm.example M@mail.example:25`"]);
    project.set("W", "https://hooks.example/x");
    project.run("larder login --allow").exits(1).names(["A@npm.example M@mail.example:25 T@hooks.example`"]);
    project.run("larder login --allow A@npm.example M@mail.example T@hooks.example").exits(0);
    let done = project.run_json("larder login --json --allow");
    assert_eq!(done["allowed"], serde_json::json!([]));
}

#[test]
fn a_variable_that_is_for_larder_is_free_and_so_is_what_is_not_sent() {
    let registry = serve();
    let mut project = project(&registry, "token env=\"LARDER_TOKEN_ACME\"");
    project.set("LARDER_TOKEN_ACME", "s3cret");
    project.run("larder sync").exits(0);
    assert!(registry.authorized().contains(&PATH.to_owned()));
    project.set("LARDER_TOKEN_ACME", "two\nlines");
    std::fs::remove_file(project.path("larder.lock")).expect("a lock of ours");
    project.run("larder lock").exits(1).names(["bad_token"]);
}

#[test]
fn a_token_s_file_lies_in_the_project_or_in_the_configuration() {
    let registry = serve();
    let first = Project::alone();
    std::fs::write(first.folder().join("secret"), "s3cret\n").expect("a file");
    let absolute = first.folder().join("secret").display().to_string();
    for file in
        ["../secret", "a/../../secret", "../../nowhere", &absolute, "~/secret", "/etc/hostname", ".git/config", "out"]
    {
        let project = project(&registry, &format!("token file=\"{file}\""));
        for below in ["secret", "home/secret"] {
            std::fs::write(project.folder().join(below), "s3cret\n").expect("a file");
        }
        project.write(".git/config", "s3cret\n");
        std::os::unix::fs::symlink("../secret", project.path("out")).expect("a link");
        registry.take_log();
        project.run("larder lock").exits(1).names(["token_outside", "LARDER_TOKEN_"]);
        assert_eq!(registry.take_log(), Vec::<String>::new());
    }
    for (file, below) in
        [("secrets/token", "project/secrets/token"), ("~/.config/larder/acme", "home/.config/larder/acme")]
    {
        let project = project(&registry, &format!("token file=\"{file}\""));
        let path = project.folder().join(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, "s3cret\n").expect("a file");
        project.run("larder lock").exits(0);
        std::fs::remove_file(&path).expect("a file of ours");
        assert_eq!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").code(), Some(0));
        std::fs::remove_file(project.path("larder.lock")).expect("a lock of ours");
        assert_ne!(project.run("larder lock").status, 0);
    }
}

#[test]
fn a_secret_in_a_manifest_is_refused_and_not_repeated() {
    for (line, url) in [
        ("token \"s3cret\"", "https://h/"),
        ("token value=\"s3cret\"", "https://h/"),
        ("", "https://me:s3cret@h/"),
        ("", "ftp://s3cret@h/"),
        ("", "https:/me:s3cret@h/"),
        ("", "https://h/?token=s3cret"),
    ] {
        let project = Project::alone();
        project.write(
            "larder.kdl",
            &format!("project \"case\"\nregistries {{\n    npm \"a\" \"{url}\" {{\n        {line}\n    }}\n}}\n"),
        );
        for command in ["larder lock", "larder lock --json"] {
            let refused = project.run(command).exits(2);
            assert!(
                !refused.stderr.contains("s3cret") && !refused.stdout.contains("s3cret"),
                "{url} {line}: {}",
                refused.stderr
            );
        }
    }
    let project = Project::alone();
    project
        .write("larder.kdl", "project \"case\"\ndependencies {\n    npm \"a\" \"git+https://me:s3cret@h/a.git\"\n}\n");
    for command in ["larder lock", "larder lock --json"] {
        let refused = project.run(command).exits(2);
        assert!(!refused.stderr.contains("s3cret") && !refused.stdout.contains("s3cret"), "{}", refused.stderr);
    }
}

/// Fails where a terminal would act upon something, or a line is forged.
fn is_harmless(text: &str) {
    let is_bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(is_bad), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("forged")), "{text}");
}

#[test]
fn nothing_that_others_wrote_reaches_the_terminal_raw() {
    const EVIL: &str = "\\u001b]0;x\\u0007\\u009b2J\\u202e\\nforged";
    let registry = serve();
    let body = format!(
        "{{\"name\":\"left\",\"dist-tags\":{{\"latest\":\"1.0.0\"}},\"versions\":{{\"1.0.0\":{{\"name\":\"left\",\
         \"version\":\"1.0.0\",\"deprecated\":\"gone {EVIL}\",\"dependencies\":{{\"right\":\"{EVIL}\"}},\"dist\":\
         {{\"tarball\":\"{}left/-/left-1.0.0.tgz\",\"shasum\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"}}}}}}}}",
        registry.npm_url()
    );
    registry.plays(
        PATH,
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        usize::MAX,
    );
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]);
    for command in ["larder lock", "larder lock --color always", "larder sync -v", "larder lock --json"] {
        let output = project.run(command);
        assert_ne!(output.status, 0, "its dependency has no such range");
        is_harmless(&output.stdout);
        if !command.contains("always") {
            is_harmless(&output.stderr);
        }
        assert!(!output.stderr.contains("\u{1b}]0") && !output.stderr.contains('\u{9b}'), "{}", output.stderr);
    }
    let body = body
        .replace(&format!("\"dependencies\":{{\"right\":\"{EVIL}\"}},"), "")
        .replace("\"shasum\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"", "\"shasum\":null");
    registry.plays(
        PATH,
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        usize::MAX,
    );
    let other = Project::new(&registry);
    let output = other.dependencies(&["npm \"left\""]).run("larder lock").exits(0).names([
        "deprecated: gone",
        "\\u{1b}",
        "\\nforged",
    ]);
    is_harmless(&output.stderr);
}

#[test]
fn names_and_texts_of_the_project_are_shown_harmless_too() {
    let project = Project::alone();
    project.write("larder.kdl", "project \"case\"\ndependencies {\n    npm \"a\u{1b}[2J\u{9b}\u{202e}\" \"^1\"\n    pypi \"x\" \"=\u{1b}c1\"\n}\n");
    for command in ["larder lock", "larder lock --json"] {
        let refused = project.run(command).exits(2);
        is_harmless(&refused.stderr);
        is_harmless(&refused.stdout);
    }
    let odd = project.path("a\nforged\u{1b}[2J");
    std::fs::create_dir(&odd).expect("a folder");
    let refused = project.run_in(&odd, "larder --env \u{1b}[2Jx\nforged lock");
    assert_eq!(refused.status, 2);
    is_harmless(&refused.stderr);
    let refused = project.run("larder \u{1b}[2Jfly").exits(2);
    is_harmless(&refused.stderr);
    let refused = project.run_in(&project.folder().join("home"), "larder init --name \u{9b}2J\u{202e}x");
    is_harmless(&refused.stderr);
    std::fs::remove_file(project.path("larder.kdl")).expect("ours");
    is_harmless(&project.run_in(&odd, "larder lock").exits(2).stderr);
}

#[test]
fn manifest_and_lock_are_regular_files_of_a_size_that_makes_sense() {
    let registry = serve();
    for (name, odd) in [
        ("larder.lock", "/dev/zero"),
        ("larder.lock", "pipe"),
        ("larder.kdl", "pipe"),
        ("larder.kdl", "/dev/zero"),
        ("larder.lock", "large"),
        ("larder.kdl", "large"),
        ("larder.lock", "folder"),
    ] {
        let project = Project::new(&registry);
        project.dependencies(&["npm \"left\""]).run("larder lock").exits(0);
        let path = project.path(name);
        let _ = std::fs::remove_file(&path);
        match odd {
            "pipe" => assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success()),
            "folder" => std::fs::create_dir(&path).expect("a folder"),
            "large" => std::fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a file of holes"),
            target => std::os::unix::fs::symlink(target, &path).expect("a link"),
        }
        for command in ["larder lock", "larder sync", "larder list", "larder fetch", "larder check"] {
            let refused = project.under(&["timeout", "20"], command);
            // Some refuse a link that leads out of the project before anybody asks what it leads to.
            let expected: &[i32] = if odd.starts_with('/') { &[1, 2] } else { &[2] };
            assert!(expected.contains(&refused.status), "{refused:?}");
            refused.names([name]);
        }
    }
    let project = Project::new(&registry);
    project.write("larder.kdl", "project \"case\"\nmembers \"m\"\n").write("m/package.json", "{}");
    std::fs::remove_file(project.path("m/package.json")).expect("ours");
    assert!(
        std::process::Command::new("mkfifo").arg(project.path("m/package.json")).status().expect("mkfifo").success()
    );
    assert_eq!(project.under(&["timeout", "20"], "larder lock").status, 2);
}

#[test]
fn a_manifest_that_is_no_text_is_an_error_of_the_manifest() {
    let project = Project::alone();
    std::fs::write(project.path("larder.kdl"), b"project \"case\"\n// caf\xe9\n").expect("a file");
    project.run("larder lock").exits(2).names(["larder.kdl", "line 2", "UTF-8"]);
    project.write("larder.kdl", "project \"case\"\nmembers \"m\"\n").write("m/x", "");
    std::fs::write(project.path("m/larder.kdl"), b"// caf\xe9\n").expect("a file");
    project.run("larder lock").exits(2).names(["m/larder.kdl", "UTF-8"]);
}

#[test]
fn a_thousand_errors_are_a_hundred() {
    let project = Project::alone();
    let unknown = "a\n".repeat(50_000);
    let lines = format!("dependencies {{\n{}}}\n", "npm \"A B\" 1\n".repeat(30_000));
    let groups = "group \"a b\"\n".repeat(20_000);
    let properties = format!("project \"case\" {}\n", "a=1 ".repeat(30_000));
    for text in [unknown, lines, groups, properties] {
        project.write("larder.kdl", &text);
        let refused = project.under(&["timeout", "120"], "larder lock --json").exits(2);
        assert!(refused.error()["related"].as_array().map_or(1, Vec::len) <= 100);
    }
}

#[test]
fn variables_with_line_breaks_are_not_written_as_lines() {
    let registry = serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    project.run("larder env --format lines").exits(0);
    let path = std::env::var("PATH").unwrap_or_default();
    project.set("PATH", &format!("{path}:/x\nLD_PRELOAD=/evil.so"));
    project.run("larder env --format lines").exits(1).names(["many_lines", "PATH"]);
    project.run("larder env").exits(0);
    project.run("larder env --json").exits(0);
}

#[test]
fn where_larder_starts_and_lives_is_absolute_or_said() {
    let registry = serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    let gone = project.folder().join("gone");
    std::fs::create_dir(&gone).expect("a folder");
    let absolute = project.path("").display().to_string();
    let script = format!("cd {0} && rmdir {0} && exec \"$@\"", gone.display());
    let there = project.under(&["sh", "-c", &script, "sh"], &format!("larder -C {absolute} sync"));
    assert_eq!(there.status, 0, "{there:?}");
    std::fs::create_dir(&gone).expect("a folder");
    assert_eq!(project.under(&["sh", "-c", &script, "sh"], "larder sync").status, 6);

    // Store and cache are told: nothing of larder's is below HOME.
    project.set("HOME", "home");
    project.run("larder sync").exits(0);
    project.set("LARDER_STORE", "");
    project.run("larder lock").exits(2).names(["HOME", "absolute"]);
    assert!(!project.has("home"));
    project.set("XDG_DATA_HOME", "data");
    project.run("larder lock").exits(2).names(["HOME"]);
    let data = project.folder().join("data").display().to_string();
    project.set("XDG_DATA_HOME", &data);
    project.run("larder lock").exits(0);
}

#[test]
fn a_file_that_its_registry_replaced_is_told() {
    let first = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).max_age(0).serve();
    let mut project = Project::new(&first);
    project.dependencies(&["npm \"left\"", "pypi \"six\""]).run("larder lock").exits(0);
    let again = project.run("larder update").exits(0);
    assert!(!again.stderr.contains("replaced"), "{}", again.stderr);
    let second = Universe::new()
        .npm("left", "1.0.0", |p| p.file("new.js", "1"))
        .pypi("six", "1.0", |p| p.file("new.py", "1"))
        .max_age(0)
        .serve();
    project.sees(&second);
    project.run("larder update").exits(0).names(["left@1.0.0", "left-1.0.0.tgz", "replaced", "six"]);
    let document = project.run_json("larder update --json");
    assert_eq!(document["warnings"], serde_json::json!([]));
}

#[test]
fn a_version_that_was_unpublished_is_told_with_a_way_out() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    for (line, path, name) in [
        ("npm \"left\"", "/npm/left/-/left-1.0.0.tgz", "left"),
        ("pypi \"six\"", "/pypi/files/six-1.0-py3-none-any.whl", "six"),
    ] {
        let project = Project::new(&registry);
        project.dependencies(&[line]).run("larder lock").exits(0);
        registry.fail(path, 404);
        project.run("larder sync").exits(5).names([&format!("larder update {name}")]);
    }
}

#[test]
fn an_executable_s_name_that_no_file_can_have_is_the_archive_s_fault() {
    let long = "e".repeat(300);
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p.bin(&long, "cli.js", "x"))
        .pypi("six", "1.0", |p| p.script(&long, "six:main"))
        .serve();
    for line in ["npm \"left\"", "pypi \"six\""] {
        let project = Project::new(&registry);
        project.dependencies(&[line]).run("larder sync").exits(4);
        assert!(!project.has("node_modules"));
    }
}
