//! Credentials that other tools keep: .npmrc, pip.conf, uv.toml. What is sent where, and what is not.

use crate::support::creatio::{CreatioPackage, with_feed};
use crate::support::{Project, Registry, Universe, host_platform, python_version};

const LEFT: &str = "/npm/left";
const ALPHA: &str = "/pypi/simple/alpha/";

fn serve() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).pypi("alpha", "1.0", |p| p).serve()
}

/// A project whose registries these are, with lines of them.
fn project(registry: &Registry, npm: &str, pypi: &str) -> Project {
    let project = Project::alone();
    let (npm_url, pypi_url) = (registry.npm_url(), registry.pypi_url());
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nruntimes {{ node \"20\"; python \"{}\"; }}\nplatforms \"{}\"\nregistries {{\n    npm \"npmjs\" \"{npm_url}\" {{ {npm} }}\n    \
             pypi \"pypi\" \"{pypi_url}\" {{ {pypi} }}\n}}\ndependencies {{\n    npm \"left\"\n    pypi \"alpha\"\n}}\n",
            python_version(),
            host_platform(),
        ),
    );
    project
}

fn host(registry: &Registry) -> String {
    registry.npm_url().trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

/// Locks anew, and returns what npm's registry was shown.
#[track_caller]
fn shown(project: &Project, registry: &Registry, path: &str) -> Vec<String> {
    let _ = std::fs::remove_file(project.path("larder.lock"));
    project.forget();
    registry.take_credentials("");
    project.run("larder lock").exits(0);
    let mut shown = registry.take_credentials(path);
    shown.dedup();
    shown
}

#[test]
fn npm_s_own_file_of_the_user_counts() {
    let registry = serve();
    let mut project = project(&registry, "", "");
    let host = host(&registry);
    assert_eq!(shown(&project, &registry, LEFT), [""; 0]);
    project.set("SOME_SECRET", "s3cret");
    for (line, expected) in [
        (format!("//{host}/npm/:_authToken=${{SOME_SECRET}}"), "Bearer s3cret"),
        (format!("//{host}/:_authToken=plain"), "Bearer plain"),
        (format!("//{host}/npm/:_auth=YTpi"), "Basic YTpi"),
        (format!("//{host}/npm/:username=a\n//{host}/npm/:_password=Yg=="), "Basic YTpi"),
        (format!("//{host}/:_authToken=wide\n//{host}/npm/:_authToken=close"), "Bearer close"),
        (format!("//{host}/npm/:_authToken=${{UNSET-other}}"), "Bearer other"),
    ] {
        project.write("../home/.npmrc", &line);
        assert_eq!(shown(&project, &registry, LEFT), [expected], "{line}");
    }
    for line in [
        format!("//{host}/np/:_authToken=x"),
        format!("//{host}/npm/left/:_authToken=x"),
        format!("//{host}/other/:_authToken=x"),
        "//127.0.0.1/:_authToken=x".to_owned(),
        format!("//{host}/npm/:_authToken=${{UNSET}}"),
        "_authToken=x".to_owned(),
    ] {
        project.write("../home/.npmrc", &line);
        assert_eq!(shown(&project, &registry, LEFT), [""; 0], "{line}");
    }
    project.write("../elsewhere", &format!("//{host}/:_authToken=named"));
    project.set("NPM_CONFIG_USERCONFIG", &project.path("../elsewhere").display().to_string());
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer named"]);
    assert_eq!(shown(&project, &registry, ALPHA), [""; 0], "npm's file is for npm's registries");
}

#[test]
fn a_checkout_s_npmrc_sends_no_variable_unasked() {
    let registry = serve();
    let mut project = project(&registry, "", "");
    let host = host(&registry);
    project.write(".npmrc", &format!("//{host}/:_authToken=${{AWS_SECRET}}\n"));
    project.write("../home/.npmrc", &format!("//{host}/:_authToken=mine\n"));
    // What is not set cannot be sent, and what the user has counts.
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer mine"]);
    project.set("AWS_SECRET", "s3cret");
    std::fs::remove_file(project.path("larder.lock")).expect("a lock of ours");
    registry.take_log();
    let pair = format!("AWS_SECRET@{host}");
    let refused =
        project.run("larder lock").exits(1).names(["token_not_allowed", ".npmrc", &format!("--allow {pair}")]);
    assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
    assert_eq!(registry.take_log(), [""; 0]);
    project.run("larder login --allow").exits(1).names([&*pair]);
    project.run(&format!("larder login --allow {pair}")).exits(0);
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer s3cret"]);
    project.run("larder login --allow").exits(0);
    // A variable that is for larder is free, and so is a token as it stands; both go before the user's.
    project.set("LARDER_TOKEN_ACME", "free");
    project.write(".npmrc", &format!("//{host}/:_authToken=${{LARDER_TOKEN_ACME}}\n"));
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer free"]);
    project.write(".npmrc", &format!("//{host}/:_authToken=plain\n"));
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer plain"]);
}

#[test]
fn urls_of_pip_and_uv_have_credentials() {
    let registry = serve();
    let mut project = project(&registry, "", "");
    let url = registry.pypi_url().replace("http://", "http://me:pw@");
    let expected = "Basic bWU6cHc=";
    for (file, text) in [
        ("../home/.config/pip/pip.conf", format!("[global]\nextra-index-url = {url}\n")),
        ("../home/.config/uv/uv.toml", format!("index-url = \"{url}\"\n")),
        ("uv.toml", format!("[[index]]\nname = \"acme\"\nurl = \"{url}\"\n")),
        ("pyproject.toml", format!("[[tool.uv.index]]\nname = \"acme\"\nurl = \"{url}\"\n")),
    ] {
        project.write(file, &text);
        assert_eq!(shown(&project, &registry, ALPHA), [expected], "{file}");
        assert_eq!(shown(&project, &registry, LEFT), [""; 0]);
        std::fs::remove_file(project.path(file)).expect("a file of ours");
        assert_eq!(shown(&project, &registry, ALPHA), [""; 0], "{file}");
    }
    project.write("../pip.ini", &format!("[global]\nindex-url = {url}\n"));
    project.set("PIP_CONFIG_FILE", &project.path("../pip.ini").display().to_string());
    assert_eq!(shown(&project, &registry, ALPHA), [expected]);
    project.set("PIP_INDEX_URL", &url.replace(":pw@", ":other@"));
    assert_eq!(shown(&project, &registry, ALPHA), ["Basic bWU6b3RoZXI="], "a variable goes before a file");
    project.set("PIP_INDEX_URL", "");
    project.set("PIP_CONFIG_FILE", "/dev/null");
    assert_eq!(shown(&project, &registry, ALPHA), [""; 0]);
    project.set("PIP_INDEX_URL", &url.replace("/pypi/simple/", "/pypi/sim/"));
    assert_eq!(shown(&project, &registry, ALPHA), [""; 0], "another path");
}

#[test]
fn the_manifest_s_token_goes_before_what_tools_keep() {
    let registry = serve();
    let mut project = project(&registry, "token env=\"LARDER_TOKEN_ACME\"", "token \"netrc\"");
    let url = registry.pypi_url().replace("http://", "http://me:pw@");
    project.write("../home/.npmrc", &format!("//{}/:_authToken=kept\n", host(&registry)));
    project.set("PIP_INDEX_URL", &url);
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer kept"]);
    assert_eq!(shown(&project, &registry, ALPHA), ["Basic bWU6cHc="]);
    project.set("LARDER_TOKEN_ACME", "named");
    project.write("../home/.netrc", "machine 127.0.0.1 login a password b\n");
    assert_eq!(shown(&project, &registry, LEFT), ["Bearer named"]);
    assert_eq!(shown(&project, &registry, ALPHA), ["Basic YTpi"]);
}

#[test]
fn a_redirect_to_another_path_or_host_takes_no_credentials_along() {
    let (registry, other) = (serve(), serve());
    let project = project(&registry, "", "");
    project.write("../home/.npmrc", &format!("//{}/npm/:_authToken=s3cret\n", host(&registry)));
    for to in [other.url(LEFT), registry.url("/pypi/simple/alpha/")] {
        let answer = format!("HTTP/1.1 302 -\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        registry.plays(LEFT, answer.as_bytes(), 1);
        let _ = std::fs::remove_file(project.path("larder.lock"));
        project.forget();
        registry.take_credentials("");
        project.run("larder lock");
        assert_eq!(other.authorized(), [""; 0]);
        assert_eq!(registry.authorized().iter().find(|path| path.starts_with("/pypi")), None);
    }
    assert_eq!(other.take_log(), [LEFT]);
}

#[test]
fn nothing_of_them_is_written() {
    let registry = serve();
    let mut project = project(&registry, "", "");
    let host = host(&registry);
    project.write("../home/.npmrc", &format!("//{host}/npm/:_authToken=n3edle\n"));
    project.set("PIP_INDEX_URL", &registry.pypi_url().replace("http://", "http://me:n3edle@"));
    for command in ["larder lock -vv", "larder sync -vv --json", "larder check --online", "larder list --json"] {
        let said = project.run(command);
        assert!(!said.stdout.contains("n3edle") && !said.stderr.contains("n3edle"), "{command}");
    }
    registry.fail(LEFT, 401);
    project.forget();
    let said = project.run("larder update -vv").exits(5);
    assert!(!said.stdout.contains("n3edle") && !said.stderr.contains("n3edle"), "{}", said.stderr);
    let grep = project.program("grep", &["-rl", "n3edle", "..", "--exclude=.npmrc"]);
    assert_eq!(grep.stdout, "", "a file has a secret");
}

#[test]
fn a_feeds_token_is_for_what_its_service_index_names_at_the_same_origin() {
    let index =
        |base: &str| format!(r#"{{"resources":[{{"@id":"{base}","@type":"PackageBaseAddress/3.0.0"}}]}}"#).into_bytes();
    let packages = || with_feed(Universe::new(), &[CreatioPackage::new("UsrOrders", "1.0.0")]);
    let other = packages().serve();
    let registry = packages()
        .file("/v3/index.json", index("/nuget/flat/"))
        .file("/away/index.json", index(&other.url("/nuget/flat/")))
        .serve();
    let with = |feed: &str| {
        let mut project = Project::alone();
        project.set("FEED_TOKEN", "s3cret");
        project.set("LARDER_ALLOW_TOKEN_ENV", &format!("FEED_TOKEN@{}", registry.url("").replace("http://", "")));
        let line = format!("    creatio \"feed\" \"{}\" {{ token env=\"FEED_TOKEN\"; }}\n", registry.url(feed));
        project.with_registry_line(&line, "dependencies {\n    creatio \"UsrOrders\" \">=1.0\"\n}\n");
        project
    };
    let project = with("/v3/index.json");
    project.run("larder sync").exits(0);
    let asked = registry.take_log();
    assert!(asked.iter().any(|path| path.contains(".nupkg")), "{asked:?}");
    assert_eq!(registry.authorized(), asked, "packages beside the folder of the service index are the feed's own");
    // From the lock alone, on another machine.
    registry.take_credentials("");
    let late = with("/v3/index.json");
    late.write("larder.lock", &project.read("larder.lock"));
    late.run("larder sync --locked").exits(0);
    assert_eq!(registry.authorized(), registry.take_log());
    registry.take_credentials("");
    // Another origin gets no token, whatever a service index says.
    with("/away/index.json").run("larder sync").exits(0);
    assert_eq!(registry.authorized(), ["/away/index.json"]);
    assert_eq!((other.authorized(), other.take_log().is_empty()), (Vec::<String>::new(), false));
}
