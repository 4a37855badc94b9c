//! Whole manifests: what they mean.

mod monitor;
mod package;
mod wrong;

use std::time::Duration;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::*;
use crate::model::{CheckName, Ecosystem, NpmPeers, Platform, Requirement, Severity};

const EXAMPLE: &str = r#"
project "storefront" version="0.4.0" license="Apache-2.0"

runtimes {                      // decides npm engines, Python markers and wheel tags
    node "22"
    python "3.12"
}
platforms "linux-x64" "macos-arm64"

registries {
    npm "acme-npm" "https://npm.acme.example/" {
        packages "@acme/*"
        token env="ACME_TOKEN"
        mirror "https://npm-eu.acme.example/" "../mirror"
        mirror "file:/srv/npm"
        priority 3; rate-limit 10; concurrency 4
    }
    larder "acme" "https://packages.acme.example/" {
    }
}

dependencies {
    npm "react" "^18.3"
    npm "react-16" "npm:react@^16.14"
    npm "@acme/money" "^3.2" registry="acme-npm"
    npm "left-pad"
    pypi "fastapi[standard]" ">=0.115,<1"
    pypi "pywin32" ">=306" when="sys_platform == 'win32'"
    pypi "pre" prereleases="allow" optional=#true
    larder "orders-schema" "^2.1"
    path "packages/theme"
}

group "test" {
    npm "vitest" "^3"
}
group "test" dev=#true { pypi "pytest" ">=8"; }
group "lint" { npm "eslint" "latest"; }

environment "development" { include "test" "lint"; keep 3; layout "isolated"; }
environment "staging"     { include "test"; include "lint"; locked "required"; policy { scripts "allow"; }; }
environment "production"  { files "private"; dev-groups "forbid"; include "lint"; policy { yanked "deny"; scripts "warn"; }; }

policy { scripts "deny"; yanked "warn"; }

resolution {
    npm-peers "strict"
    prereleases "if-necessary"
    released-before "2026-11-01T00:00:00Z"
    engines "strict"
    override npm "lodash" "4.17.21"
    override npm "a>b" "npm:c@1"
    override npm "gone"
    override pypi "urllib3" ">=2.2"
    extend npm "x" { npm "y" "^1"; npm "z"; }
    writable npm "prisma" "sharp"
    owner pypi "opencv-python" "cv2/**" "*.txt"
    fallback "off"
    hoist npm "@tailwindcss/*" "eslint"
    hoist npm "!@tailwindcss/old"
}

members "apps/*" "packages/*"
"#;

fn read(text: &str) -> Manifest {
    match parse("larder.kdl", text, ManifestKind::Root) {
        Ok(manifest) => manifest,
        Err(errors) => panic!("{}", rendered(&errors)),
    }
}

fn rendered(errors: &ManifestErrors) -> String {
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut out, errors).unwrap();
    out
}

fn errors(text: &str) -> Vec<ManifestError> {
    match parse("larder.kdl", text, ManifestKind::Root) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.errors,
    }
}

/// Checks that the text has exactly these faults: each the code's last part and the text that is underlined.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let found: Vec<(String, &str)> = errors(text)
        .iter()
        .map(|error| {
            let code = miette::Diagnostic::code(error).unwrap().to_string();
            let span = error.span();
            (code.replace("larder::manifest::", ""), &text[span.offset()..span.offset() + span.len()])
        })
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(code, place)| (code.as_str(), *place)).collect();
    assert_eq!(
        found,
        expected,
        "of {text}\n{}",
        parse("m", text, ManifestKind::Root).map_or_else(|e| rendered(&e), |_| String::new())
    );
}

#[test]
fn the_whole_grammar_is_read() {
    let manifest = read(EXAMPLE);
    assert_eq!(manifest.settings.npm_peers, NpmPeers::Strict);
    assert_eq!(manifest.settings.node.as_deref(), Some("22"));
    assert_eq!(manifest.settings.overrides.len(), 4);
    assert_eq!(manifest.settings.overrides[1].parent.as_ref().unwrap().as_str(), "a");
    assert_eq!(manifest.settings.overrides[1].replacement.as_ref().unwrap().range_text(), "npm:c@1");
    assert_eq!(manifest.settings.overrides[2].replacement, None);
    assert_eq!(manifest.settings.extensions.len(), 2);
    assert_eq!(manifest.settings.writable.len(), 2);
    assert_eq!(manifest.hoisting.fallback, FallbackMode::Off);
    assert_eq!(manifest.hoisting.names, ["@tailwindcss/*", "eslint", "!@tailwindcss/old"]);
    assert_eq!(manifest.settings.owners.iter().map(|owner| &*owner.files).collect::<Vec<_>>(), ["cv2/**", "*.txt"]);
    assert_eq!(
        manifest.registries.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(),
        ["acme-npm", "acme", "npmjs", "pypi"]
    );
    let npm = &manifest.registries[0];
    assert_eq!((npm.priority, npm.rate_limit, npm.concurrency), (3, Some(Duration::from_millis(100)), Some(4)));
    assert_eq!(npm.mirrors.len(), 3);
    assert_eq!(npm.token, Some(TokenSource::Env("ACME_TOKEN".to_owned())));
    assert_eq!(manifest.dependencies.len(), 9);
    assert!(manifest.dependencies[6].optional && manifest.dependencies[6].prereleases);
    let theme = FolderSpec { folder: "packages/theme".into(), extras: Vec::new(), name: None };
    assert_eq!(manifest.dependencies[8].spec, DependencySpec::Folder(theme));
    let DependencySpec::Package(Requirement::Npm { alias, name, range }) = &manifest.dependencies[1].spec else {
        panic!()
    };
    assert_eq!((alias.as_str(), name.as_str(), range.as_str()), ("react-16", "react", "^16.14"));
    assert_eq!(manifest.groups.len(), 2);
    assert!(manifest.groups[0].dev && manifest.groups[0].dependencies.len() == 2);
    let [development, staging, production] = &manifest.environments[..] else { panic!() };
    assert_eq!((development.include.len(), development.keep), (2, 3));
    assert_eq!((staging.include.len(), staging.locked, staging.durable), (2, LockedMode::Required, false));
    let severity = |environment: &Environment, check| environment.policy.rule(check).map(|rule| rule.severity);
    assert_eq!(severity(staging, CheckName::Scripts), Some(Severity::Allow), "an environment may allow");
    assert_eq!(severity(development, CheckName::Scripts), Some(Severity::Deny));
    assert_eq!(severity(production, CheckName::Yanked), Some(Severity::Deny), "the stricter rule holds");
    assert_eq!(severity(development, CheckName::Yanked), Some(Severity::Warn));
    assert_eq!(severity(production, CheckName::Scripts), Some(Severity::Deny), "the stricter rule holds");
    assert_eq!(severity(production, CheckName::Peers), None);
    assert!(production.compile && !staging.compile);
    assert!(production.durable && production.forbid_dev_groups && production.files == FilesMode::Private);
    assert_eq!(manifest.members.len(), 2);
    let span = manifest.dependencies[0].range_span;
    assert_eq!(&EXAMPLE[span.offset()..span.offset() + span.len()], "\"^18.3\"");
    let span = manifest.dependencies[5].span;
    assert_eq!(
        &EXAMPLE[span.offset()..span.offset() + span.len()],
        r#"pypi "pywin32" ">=306" when="sys_platform == 'win32'""#
    );
}

#[test]
fn defaults_are_filled_in() {
    let manifest = read("group \"a\" { npm \"x\" }\ngroup \"b\" dev=#true\n");
    let platforms: Vec<Platform> = manifest.settings.platforms.iter().map(|target| target.platform).collect();
    assert_eq!(platforms, [Platform::LinuxX64, Platform::MacosArm64]);
    let [development, production] = &manifest.environments[..] else { panic!() };
    assert_eq!(development.include.len(), 2);
    assert!(production.include.is_empty() && production.durable && !development.durable);
    assert!(production.compile && !development.compile);
    assert_eq!(manifest.registries.len(), 2);
    assert_eq!(read("").dependencies.len(), 0);
}

#[test]
fn naming_a_built_in_registry_replaces_it() {
    let manifest = read("registries { npm \"npmjs\" \"http://127.0.0.1:4873\"; pypi \"pypi\" \"./index\" }");
    assert_eq!(manifest.registries.len(), 2);
    assert_eq!(manifest.registries[0].url, RegistryUrl::Http("http://127.0.0.1:4873/".parse().unwrap()));
    assert_eq!(manifest.registries[1].url, RegistryUrl::Folder("./index/".into()));
    check("registries { pypi \"npmjs\" \"./index\" }", &[("bad_name", "pypi \"npmjs\" \"./index\"")]);
}

#[test]
fn baselines_are_read() {
    let manifest = read(
        "platforms \"linux-x64\" \"windows-x64\"\nplatform \"linux-x64\" glibc=\"2.17\"\nplatform \"macos-arm64\" macos=\"13\"\n",
    );
    let targets: Vec<_> = manifest.settings.platforms.iter().map(|t| (t.platform.as_str(), t.baseline)).collect();
    assert_eq!(targets, [("linux-x64", (2, 17)), ("macos-arm64", (13, 0)), ("windows-x64", (0, 0))]);
    check("platform \"linux-x64\" musl=\"1.2\"", &[("unknown_property", "\"1.2\"")]);
    check("platform \"linux-x64\" glibc=2.17", &[("unquoted_version", "2.17")]);
    check("platforms \"linux-x86\"", &[("unknown_value", "\"linux-x86\"")]);
    check("platforms \"linux-x64\" \"linux-x64\"", &[("repeated", "\"linux-x64\"")]);
    check("platforms", &[("missing", "platforms")]);
}

#[test]
fn members_have_dependencies_and_groups_only() {
    let member =
        |text: &str| parse("apps/web/larder.kdl", text, ManifestKind::Member(&crate::model::Catalogs::default()));
    let failure = member("dependencies { pypi \"a\" }\nruntimes { python \"3.12\" }\nmembers \"x\"").unwrap_err();
    assert_eq!(failure.errors.len(), 2);
    let mut root = read("members \"apps/*\"\ngroup \"a\"");
    let web =
        member("dependencies { pypi \"a\" }\ngroup \"web\" dev=#true { npm \"x\" registry=\"nowhere\" }").unwrap();
    let failures = join_members(&mut root, std::slice::from_ref(&web));
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].errors.len(), 2, "no Python and an unknown registry");
    assert_eq!(root.environments[0].include.iter().map(crate::model::Label::as_str).collect::<Vec<_>>(), ["a", "web"]);
    let mut root =
        read("members \"apps/*\"\nruntimes { python \"3.12\" }\nenvironment \"e\" { include \"web\" \"wbe\" }");
    let failures = join_members(&mut root, &[web]);
    assert_eq!(failures.len(), 2);
    assert!(matches!(&failures[0].errors[..], [ManifestError::Undeclared { name, .. }] if name == "wbe"));
}

#[test]
fn ecosystems_of_lines_are_their_nodes() {
    let manifest = read(EXAMPLE);
    let ecosystems: Vec<Ecosystem> = manifest.dependencies.iter().map(DependencyLine::ecosystem).collect();
    assert_eq!(
        ecosystems[3..],
        [Ecosystem::Npm, Ecosystem::Pypi, Ecosystem::Pypi, Ecosystem::Pypi, Ecosystem::Larder, Ecosystem::Path]
    );
}
