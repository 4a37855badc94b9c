//! What is said of manifests that are wrong.

use super::{check, read, rendered};
use crate::manifest::*;

#[test]
fn an_owner_line_names_a_package_of_pypi_and_globs_of_its_own() {
    check(
        "resolution { owner npm \"a\" \"x\"; owner pypi \"a\"; owner pypi \"a\" \"x[\"; owner pypi \"a\" \"x\" \"y\"; owner pypi \"b\" \"y\" }",
        &[("unknown_value", "npm"), ("missing", "owner pypi \"a\""), ("bad_value", "\"x[\""), ("repeated", "\"y\"")],
    );
}

#[test]
fn only_npm_has_a_fallback_and_names_that_are_hoisted() {
    check(
        "resolution { fallback \"of\"; hoist pypi \"a\"; hoist npm; hoist npm \"x[\" \"a\"; hoist npm \"b\" }",
        &[("unknown_value", "\"of\""), ("unknown_value", "pypi"), ("missing", "hoist npm"), ("bad_value", "\"x[\"")],
    );
}

#[test]
fn what_a_package_alone_does_without_is_no_error_beside_another() {
    let package = "package \"cv\" version=\"1.0.0\"\ndependencies { npm \"q\" \"not a range!!\"; pypi \"six\" \">=1\"; larder \"m\" \"^9\"; }";
    check(package, &[("bad_range", "\"not a range!!\"")]);
}

#[test]
fn two_registries_that_claim_one_name_are_named_together() {
    let registries = |more: &str, line: &str| {
        format!(
            "registries {{ larder \"one\" \"../one\" {{ packages \"wid_get\" \"w*\"; }}; \
             larder \"two\" \"../two\" {{ packages \"wid-get\" \"w*\"; {more}}} }}\ndependencies {{ {line}}}"
        )
    };
    check(&registries("", ""), &[("rival_claims", "\"wid-get\"")]);
    check(&registries("priority 1; ", ""), &[]);
    check(&registries("", "larder \"wid-get\" \"1\" registry=\"one\"; "), &[]);
}

#[test]
fn a_package_that_may_be_built_is_named_with_its_ecosystem() {
    check(
        "builds { allow pypi \"a\"; allow pypi \"A\"; allow pypi; allow pypi \"b\" \"one\"; alow pypi \"c\" }",
        &[
            ("repeated", "allow pypi \"A\""),
            ("missing", "allow pypi"),
            ("bad_range", "\"one\""),
            ("unknown_node", "alow"),
        ],
    );
    check("builds { allow larder \"sharp\"; env \"CFLAGS\"; isolation \"none\" }", &[("not_yet", "larder")]);
}

#[test]
fn a_runtime_that_larder_brings_is_declared_with_its_version() {
    check(
        "runtimes { node \"22\" managed=#true exact=#true; python \"3.12.4\" managed=#true }\n\
         registries { runtime \"node\" \"npm:\"; runtime \"python\" \"mirror\" { mirror \"https://h/\"; } }",
        &[],
    );
    check(
        "runtimes { node \"22\" managed=\"yes\"; python \"3.12\" exact=#true }",
        &[("wrong_type", "\"yes\""), ("unexpected", "#true")],
    );
    check(
        "registries { runtime \"ruby\" \"https://h/\"; runtime \"python\" \"npm:\"; runtime \"node\" \"https://h/\" { token env=\"T\"; }; \
         runtime \"node\" \"ftp://h/\" }",
        &[
            ("unknown_value", "\"ruby\""),
            ("bad_value", "\"npm:\""),
            ("unknown_node", "token"),
            ("bad_value", "\"ftp://h/\""),
        ],
    );
    check(
        "registries { runtime \"node\" \"https://h/\"; runtime \"node\" \"https://i/\" }",
        &[("repeated", "runtime \"node\" \"https://i/\"")],
    );
}

#[test]
fn five_faults_are_told_at_once() {
    let text = "project \"shop\"
runtimes {
    python 3.10
}
dependencis {
}
dependencies {
    npm \"react\" \"^18\" whn=\"sys_platform == 'linux'\"
    pypi \"fastapi\" \"0.115\"
}
environment \"production\" { include \"tset\"; }
group \"test\" { npm \"vitest\" }
";
    let failure = parse("larder.kdl", text, ManifestKind::Root).unwrap_err();
    assert_eq!(crate::diagnostic::Failure::exit(&failure).status(), 2);
    insta::assert_snapshot!(rendered(&failure), @r#"
larder::manifest::invalid

  × larder.kdl has 5 errors

Error: larder::manifest::unquoted_version

  × a version must be a quoted string, and `3.10` is not
   ╭─[larder.kdl:3:12]
 2 │ runtimes {
 3 │     python 3.10
   ·            ──┬─
   ·              ╰── needs quotes
 4 │ }
   ╰────
  help: write "3.10"

Error: larder::manifest::unknown_node

  × `dependencis` is not known at the top of a manifest
   ╭─[larder.kdl:5:1]
 4 │ }
 5 │ dependencis {
   · ─────┬─────
   ·      ╰── unknown
 6 │ }
   ╰────
  help: did you mean `dependencies`?

Error: larder::manifest::unknown_property

  × `npm` has no property `whn`
   ╭─[larder.kdl:8:23]
 7 │ dependencies {
 8 │     npm "react" "^18" whn="sys_platform == 'linux'"
   ·                       ─┬─
   ·                        ╰── unknown
 9 │     pypi "fastapi" "0.115"
   ╰────
  help: did you mean `when`?

Error: larder::manifest::bad_range

  × `0.115` is not a PEP 440 specifier
    ╭─[larder.kdl:9:20]
  8 │     npm "react" "^18" whn="sys_platform == 'linux'"
  9 │     pypi "fastapi" "0.115"
    ·                    ───┬───
    ·                       ╰── not a range
 10 │ }
    ╰────
  help: a specifier starts with an operator: "==1.2" for this version, ">=1.2" for this one and
        later

Error: larder::manifest::undeclared

  × there is no group `tset`
    ╭─[larder.kdl:11:36]
 10 │ }
 11 │ environment "production" { include "tset"; }
    ·                                    ───┬──
    ·                                       ╰── not declared
 12 │ group "test" { npm "vitest" }
    ╰────
  help: did you mean `test`?
"#);
}

#[test]
fn unknown_things_are_pointed_at() {
    check("dependecies {}", &[("unknown_node", "dependecies")]);
    check("dependencies { cargo \"x\" }", &[("unknown_node", "cargo")]);
    check("dependencies { npm \"x\" when1=\"\" }", &[("unknown_property", "when1")]);
    check(
        "resolution { npm-peers \"strct\"; enginess \"warn\" }",
        &[("unknown_value", "\"strct\""), ("unknown_node", "enginess")],
    );
    check(
        "environment \"a\" { layout \"flat\"; files \"none\"; keep 0; durable \"yes\"; include \"x\" }",
        &[
            ("unknown_value", "\"flat\""),
            ("unknown_value", "\"none\""),
            ("bad_value", "0"),
            ("wrong_type", "\"yes\""),
            ("undeclared", "\"x\""),
        ],
    );
    check("policy { scripts \"no\"; lisence \"x\" }", &[("unknown_value", "\"no\""), ("unknown_node", "lisence")]);
    check("project \"x\" vers=\"1\" { a; }", &[("unknown_property", "vers"), ("unexpected", "{ a; }")]);
    check(
        "registries { cargo \"x\" \"https://x/\"; npm \"y\" \"https://y/\" { tokn \"a\" } }",
        &[("unknown_node", "cargo"), ("unknown_node", "tokn")],
    );
    check("(t)project (u)\"x\"", &[("unexpected", "t"), ("unexpected", "u")]);
}

#[test]
fn repetition_is_an_error() {
    check("project \"a\"\nproject \"b\"", &[("repeated", "project \"b\"")]);
    check("dependencies {}\ndependencies {}", &[("repeated", "dependencies")]);
    check("dependencies { npm \"a\" optional=#true optional=#false }", &[("repeated", "optional=#false")]);
    check("dependencies { npm \"a\"; npm \"a\" \"^1\"; }", &[("repeated", "npm \"a\" \"^1\"")]);
    check("runtimes { python \"3.12\" }\ndependencies { pypi \"A_b\" \">1\"; pypi \"a.B\" \"<2\" }", &[]);
    check("group \"g\" { path \"a\" }\ngroup \"g\" { path \"./a/\" }", &[("repeated", "path \"./a/\"")]);
    check(
        "registries { npm \"a\" \"https://a/\"; npm \"a\" \"https://b/\" }",
        &[("repeated", "npm \"a\" \"https://b/\"")],
    );
    check("environment \"a\"\nenvironment \"A\"", &[("repeated", "environment \"A\"")]);
    check(
        "group \"g\"\nenvironment \"a\" { include \"g\" \"g\"; keep 1; keep 2 }",
        &[("repeated", "\"g\""), ("repeated", "keep 2")],
    );
    check(
        "resolution { override npm \"a\" \"1\"; override npm \"a\" \"2\"; override npm \"b>a\" \"2\" }",
        &[("repeated", "override npm \"a\" \"2\"")],
    );
    let text = "runtimes { python \"3.12\" }\ndependencies { pypi \"a\" \"<2\" when=\"sys_platform == 'linux'\"; pypi \"a\" \">2\" when=\"sys_platform != 'linux'\" }";
    assert_eq!(read(text).dependencies.len(), 2, "conditions that exclude each other are no repetition");
}

#[test]
fn a_private_package_and_an_npm_package_of_one_name_are_told_with_both_lines() {
    let registries = "registries { larder \"acme\" \"https://acme/\" }\n";
    check(
        &format!("{registries}dependencies {{ larder \"zod\" \"^1\" }}\ngroup \"test\" {{ npm \"zod\" \"^4\" }}"),
        &[("repeated", "npm \"zod\" \"^4\"")],
    );
    check(&format!("{registries}dependencies {{ larder \"zod\" \"^1\"; npm \"zod4\" \"npm:zod@^4\"; }}"), &[]);
}

#[test]
fn features_that_have_no_names_are_pointed_at() {
    let line = |rest: &str| {
        format!("registries {{ larder \"acme\" \"https://acme/\" }}\ndependencies {{ larder \"a\" \"^1\" {rest} }}")
    };
    check(&line("features=\"euro,,rest\""), &[("bad_value", "\"euro,,rest\"")]);
    check(&line("features=\"../x\""), &[("bad_value", "\"../x\"")]);
    check(&line("features=#true"), &[("wrong_type", "#true")]);
    check(&line("default-features=\"no\""), &[("wrong_type", "\"no\"")]);
    check("dependencies { npm \"a\" \"^1\" features=\"x\" }", &[("unknown_property", "features")]);
    let manifest = read(&line("features=\"rest, euro\" default-features=#false beta=#true"));
    let DependencySpec::Package(requirement) = &manifest.dependencies[0].spec else { panic!("a package") };
    let features: Vec<_> = requirement.extras().iter().map(ToString::to_string).collect();
    assert_eq!((&features[..], requirement.takes_beta()), (&["euro".to_owned(), "rest".to_owned()][..], true));
    let manifest = read(&line(""));
    let DependencySpec::Package(requirement) = &manifest.dependencies[0].spec else { panic!("a package") };
    assert_eq!(requirement.extras()[0].as_str(), "default");
}

#[test]
fn versions_without_quotes_get_a_hint() {
    check("runtimes { python 3.10; node 22 }", &[("unquoted_version", "3.10"), ("unquoted_version", "22")]);
    check("runtimes { python 3.12 }\ndependencies { pypi \"x\" }", &[("unquoted_version", "3.12")]);
    check("runtimes { python 3.12.1 }", &[("unquoted_version", "3.12.1")]);
    let python = "runtimes { python \"3.12\" }\n";
    check(&format!("{python}dependencies {{ pypi \"x\" >=1 }}"), &[("unquoted_version", ">=1")]);
    check(&format!("{python}dependencies {{\n  pypi \"x\" >=1,<2\n}}"), &[("unquoted_version", ">=1,<2")]);
    check(&format!("{python}dependencies {{\n  pypi \"x\" ==1.2\n}}"), &[("unquoted_version", "==1.2")]);
    check(&format!("{python}dependencies {{\n  pypi \"x\" ~=1.2\n}}"), &[("unquoted_version", "~=1.2")]);
    check("dependencies {\n  npm \"x\" 1.x\n}", &[("unquoted_version", "1.x")]);
    check(
        "dependencies {\n  npm \"x\" ==1\n  npm \"y\" 1.2.3\n npx \"z\"\n}\nruntimes {\n  python 3.12.1\n}",
        &[
            ("unquoted_version", "==1"),
            ("unquoted_version", "1.2.3"),
            ("unknown_node", "npx"),
            ("unquoted_version", "3.12.1"),
        ],
    );
    check("dependencies {\n  npm \"x\" 18\n}", &[("unquoted_version", "18")]);
}

#[test]
fn requirements_that_do_not_parse_are_pointed_at() {
    check(
        "runtimes { python \"3.12\" }\ndependencies { pypi \"x\" \"^1\"; pypi \"-y\"; pypi \"z\" when=\"os == 1\" }",
        &[("bad_range", "\"^1\""), ("bad_name", "\"-y\""), ("bad_marker", "\"os == 1\"")],
    );
    check(
        "dependencies { npm \"x\" \">=abc\"; npm \"../x\"; npm \"y\" \"user/repo\"; npm \"z\" \"workspace:*\"; path \"/abs\" }",
        &[
            ("bad_range", "\">=abc\""),
            ("bad_name", "\"../x\""),
            ("unsupported_source", "\"user/repo\""),
            ("unsupported_source", "\"workspace:*\""),
            ("bad_value", "\"/abs\""),
        ],
    );
    check(
        "dependencies { npm; npm \"a\" \"1\" \"2\" \"3\"; path \"a\" registry=\"x\"; npm #null }",
        &[("missing", "npm"), ("unexpected", "\"2\""), ("unknown_property", "registry"), ("wrong_type", "#null")],
    );
    check(
        "resolution { released-before \"2026-11-01\"; override path \"a\" \"1\"; override npm \"a>b>c\" \"1\"; extend npm \"x\"; extend npm \"x\" { pypi \"y\" } }",
        &[
            ("bad_value", "\"2026-11-01\""),
            ("unknown_value", "path"),
            ("bad_name", "\"a>b>c\""),
            ("missing", "extend npm \"x\""),
            ("unknown_node", "pypi"),
        ],
    );
}

#[test]
fn parts_that_contradict_each_other_are_pointed_at() {
    check("dependencies { pypi \"a\"; pypi \"b\" }", &[("no_python", "pypi \"a\"")]);
    check("runtimes { pythn \"3.12\" }\ndependencies { pypi \"a\" }", &[("unknown_node", "pythn")]);
    check(
        "dependencies { npm \"a\" registry=\"nmpjs\"; npm \"b\" registry=\"pypi\"; larder \"c\" }",
        &[("undeclared", "\"nmpjs\""), ("registry_kind", "\"pypi\""), ("undeclared", "larder \"c\"")],
    );
    check(
        "group \"t\" dev=#true\nenvironment \"p\" { dev-groups \"forbid\"; include \"t\" }",
        &[("dev_group", "\"t\"")],
    );
    check(
        "registries { npm \"a-b\" \"https://a/\"; npm \"A_b\" \"https://b/\" }",
        &[("mirror_variable", "npm \"A_b\" \"https://b/\"")],
    );
    check("registries { larder \"NpmJs\" \"https://a/\" }", &[("mirror_variable", "larder \"NpmJs\" \"https://a/\"")]);
}

#[test]
fn secrets_and_plain_http_are_refused() {
    check(
        "registries { npm \"a\" \"http://npm.acme.example/\" { token \"abc\"; mirror \"https://u:p@b/\"; key \"RW\" } }",
        &[
            ("plain_http", "\"http://npm.acme.example/\""),
            ("clear_text_token", "\"abc\""),
            ("clear_text_token", "\"https://u:p@b/\""),
            ("bad_value", "\"RW\""),
        ],
    );
    let failure =
        parse("m", "registries { npm \"a\" \"https://a/\" { token 12345 } }", ManifestKind::Root).unwrap_err();
    assert!(!failure.errors[0].to_string().contains("12345"));
    check(
        "registries { npm \"a\" \"https://a/\" { token; token env=\"A\" file=\"b\" } }",
        &[
            ("missing", "token"),
            ("repeated", "token env=\"A\" file=\"b\""),
            ("unexpected", "token env=\"A\" file=\"b\""),
        ],
    );
    let manifest =
        read("registries { npm \"a\" \"https://a/\" { token \"netrc\" }; larder \"b\" \"b/\" { token file=\"t\" } }");
    assert_eq!(manifest.registries[0].token, Some(TokenSource::Netrc));
    assert_eq!(manifest.registries[1].token, Some(TokenSource::File("t".to_owned())));
}

#[test]
fn a_registry_s_timeout_is_a_span_of_time() {
    check(
        "registries { npm \"a\" \"https://a/\" { timeout \"0s\"; }; pypi \"b\" \"https://b/\" { timeout 60; }; larder \"c\" \"https://c/\" { timeout \"2h\"; } }",
        &[("bad_value", "\"0s\""), ("wrong_type", "60"), ("bad_value", "\"2h\"")],
    );
    let manifest = read("registries { npm \"a\" \"https://a/\" { timeout \"90s\"; } }");
    assert_eq!(manifest.registries[0].timeout, Some(std::time::Duration::from_secs(90)));
}

#[test]
fn what_nothing_acts_on_yet_is_refused() {
    check("environment \"a\" { layout \"linked\"; }", &[("not_yet", "layout \"linked\"")]);
    check(
        "registries { npm \"a\" \"https://a/\" { signers \"b\"; }; npm \"b\" \"https://b/\" { freshness \"7d\"; }; }",
        &[("not_yet", "signers"), ("not_yet", "freshness")],
    );
    let failure = parse("m", "alerts", ManifestKind::Member(&crate::model::Catalogs::default())).unwrap_err();
    assert!(matches!(failure.errors[..], [ManifestError::UnknownNode { .. }]), "{failure:?}");
    read("environment \"a\" { layout \"isolated\"; }");
}

#[test]
fn what_is_believed_of_a_registry_is_read_strictly() {
    let (log, publisher) = (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
    );
    let manifest = read(&format!(
        "registries {{ larder \"a\" \"a/\" {{ key \"{log}\"; key \"{log}\"; freshness \"12h\"; \
         signer \"old\" \"{publisher}\" revoked=#true; signer \"new\" \"{publisher}\" packages=\"orders-*\"; }} }}\n\
         policy {{ signatures \"required\"; }}"
    ));
    let trust = &manifest.registries[0].log;
    assert_eq!((trust.keys.len(), trust.freshness.unwrap().as_secs()), (2, 43_200));
    let signers: Vec<(&str, bool)> = trust.signers.iter().map(|one| (one.name.as_str(), one.revoked)).collect();
    assert_eq!(signers, [("old", true), ("new", false)]);
    assert!(manifest.environments.iter().all(|one| one.policy.signatures.is_some()));
    let text = format!(
        "registries {{ larder \"a\" \"a/\" {{ signers \"signers.kdl\" root=\"{publisher}\"; signer \"x\" \"{publisher}\" until=7; }} }}"
    );
    let trust = &read(&text).registries[0].log;
    assert_eq!(trust.signer_list.as_ref().map(|list| list.path.as_str()), Some("signers.kdl"));
    assert_eq!(trust.signers[0].until, Some(7));
    check(
        "registries { larder \"a\" \"a/\" { signers \"../x\" root=\"RW\"; }; larder \"b\" \"b/\" { signers \"x\"; }; }",
        &[("bad_value", "\"../x\""), ("bad_value", "\"RW\""), ("missing", "signers \"x\"")],
    );
    let list =
        |text: &str| crate::manifest::parse_signers("signers.kdl", text).map(|list| (list.version, list.signers.len()));
    assert_eq!(list(&format!("version 3\nsigner \"a\" \"{publisher}\" until=9\n")).unwrap(), (3, 1));
    for bad in ["", "signer \"a\" \"RW\"", "version 0", "version 1\nversion 2", "version 1\nother", "version 1 {"] {
        assert!(list(bad).is_err(), "{bad}");
    }
    check(
        "registries { larder \"a\" \"a/\" { key \"a+1+b\"; signer \"x\" \"RW\"; freshness \"7\"; } }",
        &[("bad_value", "\"a+1+b\""), ("bad_value", "\"RW\""), ("bad_value", "\"7\"")],
    );
    check("policy { signatures \"optional\"; }", &[("unknown_value", "\"optional\"")]);
}

#[test]
fn tasks_that_cannot_run_are_refused() {
    check("tasks { a \"x\" after=\"b\"; b \"y\" after=\"c a\"; c \"z\"; }", &[("cycle", "\"c a\"")]);
    check("tasks { a \"x\" after=\"a\"; }", &[("cycle", "\"a\"")]);
    check("tasks { a \"x\" after=\"biuld\"; build \"y\"; }", &[("undeclared", "\"biuld\"")]);
    check("tasks { a \"x\" environment=\"prod\"; a \"y\"; }", &[("undeclared", "\"prod\""), ("repeated", "a")]);
    check(
        "tasks { a; b \" \"; \"c/d\" \"x\"; e \"x\" shell=\"zsh\"; }",
        &[("missing", "a"), ("bad_value", "\" \""), ("bad_name", "\"c/d\""), ("unknown_property", "shell")],
    );
}

#[test]
fn syntax_errors_are_told_with_their_places() {
    check("dependencies {\n  npm \"a\n}\nfoo #no\n", &[("syntax", "\"a"), ("syntax", "#no")]);
    check("environment \"a\" {\n  durable true\n}", &[("syntax", "true")]);
    check("dependencies {\n  npm \"ü\" \"ü", &[("syntax", "{"), ("syntax", "\"ü")]);
    check(&"a {\n".repeat(33), &[("too_deep", "{")]);
}

#[test]
fn hostile_texts_end_in_errors() {
    for stray in ["}", "=", "a =\n", "a (b)\n", "a b=c=d ", "(a)=", ") ", "a #\"\"\"\n", "\"\n"] {
        let failure = parse("m", &stray.repeat(1000), ManifestKind::Root).unwrap_err();
        assert!((1..=101).contains(&failure.errors.len()), "{stray}");
    }
    check(&"a".repeat(513 * 1024), &[("too_long", "")]);
    for text in
        ["{".repeat(4000), "abc\"{\"".repeat(600), "a{(}".repeat(900), format!("a /* {} */", "*".repeat(50_000))]
    {
        let _ = parse("m", &text, ManifestKind::Root);
    }
}

#[test]
fn merge_conflicts_are_one_error_and_a_line_of_rubbish_is_one() {
    let text = "dependencies {\n<<<<<<< HEAD\n    npm \"a\"\n=======\n    npm \"b\"\n>>>>>>> other\n}\n";
    check(text, &[("conflict", "<<<<<<< HEAD")]);
    let failure = parse("m", "project \"a\"\n=======\n", ManifestKind::Root).unwrap_err();
    let lines = failure.errors.iter().filter(|error| error.span().offset() < 19);
    assert_eq!(lines.count(), 1, "{failure:?}");
}

#[test]
fn groups_that_exclude_each_other_need_environments_that_choose() {
    const GROUPS: &str = "group \"cpu\"\ngroup \"gpu\"\ngroup \"test\"\n";
    let with = |rest: &str| format!("{GROUPS}{rest}");
    let conflict = "conflicts { group \"cpu\" \"gpu\"; }\n";
    check(&with(conflict), &[("no_environments", "group \"cpu\" \"gpu\"")]);
    check(&with(&format!("{conflict}environment \"a\" {{ include \"cpu\" \"test\"; }}\nenvironment \"b\"")), &[]);
    check(
        &with(&format!("{conflict}environment \"a\" {{ include \"cpu\" \"test\" \"gpu\"; }}")),
        &[("excluded", "\"gpu\"")],
    );
    let environment = "environment \"a\"\n";
    check(&with(&format!("{environment}conflicts {{ group \"cpu\" \"gup\"; }}")), &[("undeclared", "\"gup\"")]);
    check(&with(&format!("{environment}conflicts {{ group \"cpu\" \"cpu\"; }}")), &[("repeated", "\"cpu\"")]);
    check(
        &with(&format!("{environment}conflicts {{ group \"cpu\"; groups \"cpu\" \"gpu\"; }}\nconflicts")),
        &[("missing", "group \"cpu\""), ("unknown_node", "groups"), ("missing", "conflicts")],
    );
    let failure =
        parse("larder.kdl", &with(&format!("{environment}conflicts {{ group \"cpu\" \"gup\"; }}")), ManifestKind::Root);
    assert!(rendered(&failure.unwrap_err()).contains("did you mean `gpu`?"));
}

#[test]
fn combinations_of_exclusive_groups_are_bounded() {
    let many = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("\"g{number}\"")).collect();
        let groups = names.iter().map(|name| format!("group {name}\n")).collect::<Vec<_>>().concat();
        format!("environment \"a\"\n{groups}conflicts {{ group {}; }}\n", names.join(" "))
    };
    check(&many(32), &[]);
    let text = many(33);
    let line = text.split("{ ").nth(1).unwrap().split(';').next().unwrap();
    check(&text, &[("too_many_sides", line)]);
}

#[test]
fn a_forgotten_dependency_has_no_registry_or_condition_of_its_own() {
    check(
        "resolution { extend npm \"x\" { npm \"y\" \"^1\" registry=\"npmjs\"; npm \"z\" optional=#true; } }",
        &[("unknown_property", "\"npmjs\""), ("unknown_property", "npm \"z\" optional=#true")],
    );
}
