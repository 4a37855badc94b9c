use super::*;
use crate::lock::{self, Lockfile};
use crate::manifest::{self, Manifest, ManifestKind};
use crate::model::{CheckName, Dependent, Marker, PackageName, Requirement};
use crate::policy::{
    CheckInput, CheckStage, Finding, FindingFiles, NamedText, PolicyError, SolveNotes, check_lock, github_annotations,
    locate, sarif,
};
use crate::resolve::RequiredLine;

const SETTINGS: &str = "[settings]\nnode = \"22\"\npython = \"3.12\"\nplatforms = [\"linux-x64\", \"macos-arm64\"]\n";

/// A lock with a package whose block is given, and one that leads to it.
fn locked(package: &str, facts: &str) -> Lockfile {
    let ecosystem = package.split(':').next().unwrap_or_default();
    parsed(&format!(
        "[[require]]\nname = \"{ecosystem}:app\"\nto = [\n    \"{ecosystem}:app@1.0.0\",\n]\n\n[[package]]\n\
         id = \"{ecosystem}:app@1.0.0\"\nregistry = \"home\"\nedges = [\n    \"{package}\",\n]\n\n[[package]]\n\
         id = \"{package}\"\nregistry = \"home\"\n{facts}"
    ))
}

fn parsed(text: &str) -> Lockfile {
    lock::parse("larder.lock", &format!("version = 1\n\n{SETTINGS}\n{text}")).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn manifest(text: &str) -> Manifest {
    manifest::parse("larder.kdl", text, ManifestKind::Root).unwrap()
}

/// What a check says when it is asked about a subject.
#[track_caller]
fn says(check: CheckName, subject: &CheckInput<'_>, expected: &[&str]) {
    let found: Vec<_> = crate::policy::check_named(check).unwrap().run(subject);
    let messages: Vec<&str> = found.iter().map(|finding| &*finding.message).collect();
    assert_eq!(messages, expected);
    assert!(found.iter().all(|finding| finding.check == check), "{found:?}");
}

#[test]
fn codes_and_names_are_stable_and_each_is_there_once() {
    let codes = CHECKS.map(|check| (check.name().as_str(), check.code()));
    for (name, code) in codes {
        assert_eq!(code, format!("larder::policy::{name}"));
        assert_eq!(codes.iter().filter(|(other, _)| *other == name).count(), 1);
    }
    for configurable in CheckName::CONFIGURABLE {
        let check = crate::policy::check_named(configurable).expect("a check for each name that a manifest may have");
        let stages = check.stages();
        assert!(stages.contains(&CheckStage::BeforeBuild) && stages.contains(&CheckStage::OnRequest), "{configurable}");
    }
}

#[test]
fn what_metadata_says_of_a_package_is_told_with_its_name() {
    let deprecated = locked("npm:old@1.0.0", "deprecated = \" use new \"\n");
    says(CheckName::Deprecated, &CheckInput::whole(&deprecated), &["npm:old@1.0.0 is deprecated: use new"]);
    says(CheckName::Deprecated, &CheckInput { previous: Some(&deprecated), ..CheckInput::whole(&deprecated) }, &[]);
    let yanked = locked("pypi:six@1.16", "yanked = true\n");
    let said =
        "pypi:six@1.16 was yanked from its registry: `larder update six` looks for another, unless a line pins it";
    says(CheckName::Yanked, &CheckInput::whole(&yanked), &[said]);
    let scripted = locked("npm:native@1.0.0", "install-script = true\n");
    says(CheckName::Scripts, &CheckInput::whole(&scripted), &["npm:native@1.0.0 declares an install script"]);
}

#[test]
fn runtimes_are_compared_with_those_that_are_declared() {
    let node = |wanted: &str| locked("npm:a@1.0.0", &format!("node = \"{wanted}\"\n"));
    says(CheckName::Engines, &CheckInput::whole(&node(">=18")), &[]);
    let newer = node(">=24");
    let said = "npm:a@1.0.0: wants Node >=24, and the manifest declares 22";
    says(CheckName::Engines, &CheckInput::whole(&newer), &[said]);
    let own = "apps/web: it wants Node >=24, and the manifest declares 22";
    let with_own = CheckInput { engine_mismatches: vec![own.to_owned()], ..CheckInput::whole(&newer) };
    says(CheckName::Engines, &with_own, &[said, own]);
    let strict = parsed("[[package]]\nid = \"npm:a@1.0.0\"\nregistry = \"home\"\nnode = \">=24\"\n");
    let mut strict = strict;
    strict.settings.engines = crate::model::Engines::Strict;
    says(CheckName::Engines, &CheckInput::whole(&strict), &[]);

    let python = |wanted: &str| locked("pypi:a@1.0", &format!("requires-python = \"{wanted}\"\n"));
    says(CheckName::Python, &CheckInput::whole(&python(">=3.8,<4")), &[]);
    let said = "pypi:a@1.0: wants Python >=3.8,<3.12, and the manifest declares 3.12";
    says(CheckName::Python, &CheckInput::whole(&python(">=3.8,<3.12")), &[said]);
}

#[test]
fn a_package_is_told_of_where_it_is_required_and_does_not_run() {
    let native = locked("npm:native@1.0.0", "os = [\"darwin\"]\n");
    let said = "npm:native@1.0.0: its `os` is darwin, and app 1.0.0 needs it on linux-x64";
    says(CheckName::Platforms, &CheckInput::whole(&native), &[said]);
    let text = |kind: &str| {
        format!(
            "[[require]]\nname = \"npm:app\"\nto = [\n    \"npm:app@1.0.0\",\n]\n\n[[package]]\nid = \"npm:app@1.0.0\"\n\
             edges = [\n    {{ to = \"npm:image@1.0.0\"{kind} }},\n]\n\n[[package]]\nid = \"npm:image@1.0.0\"\n\
             os = [\"darwin\"]\nedges = [\n    \"npm:store@1.0.0\",\n]\n\n[[package]]\nid = \"npm:store@1.0.0\"\nos = [\"darwin\"]\n"
        )
    };
    // What is left out somewhere requires nothing there.
    says(CheckName::Platforms, &CheckInput::whole(&parsed(&text(", kind = \"optional\""))), &[]);
    let required = parsed(&text(""));
    let image = "npm:image@1.0.0: its `os` is darwin, and app 1.0.0 needs it on linux-x64";
    let store = "npm:store@1.0.0: its `os` is darwin, and image 1.0.0 needs it on linux-x64";
    says(CheckName::Platforms, &CheckInput::whole(&required), &[image, store]);
}

#[test]
fn an_unmet_peer_is_told_of_once_with_what_it_gets() {
    let edge = "{ to = \"npm:react@17.0.0\", kind = \"peer\", unmet = \"^18\" }";
    let lock = parsed(&format!(
        "[[require]]\nname = \"npm:dom\"\nto = [\n    \"npm:dom@18.0.0(react@17.0.0)\",\n]\n\n[[package]]\n\
         id = \"npm:dom@18.0.0\"\n\n[[package.instance]]\npeers = \"(react@17.0.0)\"\nedges = [\n    {edge},\n]\n\n\
         [[package.instance]]\npeers = \"(react@17.0.0)~1\"\nedges = [\n    {edge},\n]\n\n[[package]]\nid = \"npm:react@17.0.0\"\n"
    ));
    let said = "npm:dom@18.0.0: wants peer react ^18, and gets react 17.0.0";
    says(CheckName::Peers, &CheckInput::whole(&lock), &[said]);
    let text = lock.to_text();
    let found = check_lock(&CheckInput::whole(&lock), &manifest(""), CheckStage::OnRequest);
    let described = locate(found, &lock, &text, "larder.kdl");
    let span = described[0].locked.unwrap();
    assert_eq!(&text[span.offset()..span.offset() + span.len()], edge, "the edge is where it is locked");
}

#[test]
fn a_replaced_file_and_an_idle_claim_are_told_of() {
    let with = |digit: char| {
        let digest: String = std::iter::repeat_n(digit, 64).collect();
        let digest = crate::model::Digest::from_hex(crate::model::Algorithm::Sha256, &digest).unwrap();
        locked("pypi:a@1.0", &format!("artifacts = [\n    {{ file = \"a-1.0.whl\", digest = \"{digest}\" }},\n]\n"))
    };
    let (before, after) = (with('a'), with('b'));
    let found = check_lock(
        &CheckInput { previous: Some(&before), ..CheckInput::whole(&after) },
        &manifest(""),
        CheckStage::AfterSolve,
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].message.starts_with("pypi:a@1.0: its registry replaced `a-1.0.whl`"), "{}", found[0].message);
    says(CheckName::Replaced, &CheckInput { previous: Some(&after), ..CheckInput::whole(&after) }, &[]);
    // Another registry may serve other bytes, too.
    let renamed = lock::parse("larder.lock", &before.to_text().replace("\"home\"", "\"away\"")).unwrap();
    let told = crate::policy::check_named(CheckName::Replaced)
        .unwrap()
        .run(&CheckInput { previous: Some(&renamed), ..CheckInput::whole(&after) });
    assert_eq!(told.len(), 1);

    let manifest = manifest("registries { npm \"home\" \"https://npm.example/\" { packages \"ap*\" \"@ap/*\"; }; }");
    let lock = locked("npm:a@1.0.0", "");
    let said =
        "registry `home` claims `@ap/*`, and no locked package has such a name: check how it is spelt, or leave it out";
    says(CheckName::Claims, &CheckInput { registries: &manifest.registries, ..CheckInput::whole(&lock) }, &[said]);
}

#[test]
fn what_only_a_solve_knows_is_told_when_it_has_solved() {
    let lock = locked("pypi:a@1.0", "");
    let package = lock.graph.packages.keys().next().unwrap().clone();
    let kinds = [crate::resolve::WarningKind::MissingPeer, crate::resolve::WarningKind::UnknownExtra];
    let warning = |kind| crate::resolve::Warning { package: package.clone(), kind, message: "lacks it".to_owned() };
    let solve = SolveNotes { warnings: kinds.map(warning).into(), ..SolveNotes::default() };
    let subject = CheckInput { solve: Some(&solve), ..CheckInput::whole(&lock) };
    says(CheckName::Peers, &subject, &["pypi:a@1.0: lacks it"]);
    says(CheckName::Extras, &subject, &["pypi:a@1.0: lacks it"]);
}

#[test]
fn a_line_is_judged_as_it_is_written_now() {
    let parsed_range = |range: &str| {
        parsed(&format!(
            "[[require]]\nname = \"npm:a\"\nrange = \"{range}\"\nto = [\n    \"npm:a@1.0.0\",\n]\n\n\
             [[package]]\nid = \"npm:a@1.0.0\"\nregistry = \"home\"\n"
        ))
    };
    let a = || PackageName::npm("a").unwrap();
    let now = |range: &str| {
        vec![RequiredLine {
            dependent: Dependent::Project,
            group: None,
            requirement: Requirement::npm(a(), a(), range.parse().unwrap()),
            optional: false,
            when: Marker::default(),
            prereleases: false,
        }]
    };
    let said = |range: &str| format!("larder.kdl takes `{range}` of npm:a, whatever comes");
    let (closed, open) = (parsed_range("^1"), parsed_range(">=1"));
    says(CheckName::Ranges, &CheckInput { lines: &now("*"), ..CheckInput::whole(&closed) }, &[&said("*")]);
    says(CheckName::Ranges, &CheckInput { lines: &now("^1"), ..CheckInput::whole(&open) }, &[]);
    says(CheckName::Ranges, &CheckInput { lines: &now(">=1"), ..CheckInput::whole(&open) }, &[&said(">=1")]);
    says(CheckName::Ranges, &CheckInput::whole(&open), &[&said(">=1")]);
}

/// What an environment's policy makes of a package with a script and a deprecation.
fn judged(policy: &str) -> (Lockfile, Vec<Finding>) {
    let lock = locked("npm:native@1.0.0", "install-script = true\ndeprecated = \"gone\"\n");
    let manifest = manifest(&format!("environment \"production\" {{ policy {{ {policy} }}; }}"));
    let found = crate::policy::check_environment(
        &CheckInput::whole(&lock),
        &manifest,
        &manifest.environments[0],
        CheckStage::BeforeBuild,
    );
    (lock, found)
}

#[test]
fn severity_is_what_the_policy_says() {
    let severities = |policy: &str| {
        let found = judged(policy).1;
        found.iter().map(|finding| format!("{} {}", finding.severity.as_str(), finding.check)).collect::<Vec<_>>()
    };
    assert_eq!(severities(""), ["warn ranges", "warn deprecated", "warn scripts"]);
    let allowing = |rest: &str| severities(&format!("ranges {{ wildcard \"allow\"; }}; {rest}"));
    assert_eq!(allowing("scripts \"deny\"; deprecated \"allow\";"), ["deny scripts"]);
    assert_eq!(allowing("scripts \"warn\"; deprecated \"deny\";"), ["deny deprecated", "warn scripts"]);
}

#[test]
fn a_refusal_shows_the_rule_the_package_and_the_path() {
    use miette::Diagnostic;
    let (lock, found) = judged("scripts \"deny\";");
    let text = lock.to_text();
    let described = locate(found, &lock, &text, "larder.kdl");
    let error = PolicyError::new(&described, NamedText { file: "larder.lock", text: &text }).expect("a refusal");
    assert_eq!(error.to_string(), "the policy denies install scripts, and npm:native@1.0.0 declares one");
    assert_eq!(error.code().unwrap().to_string(), "larder::policy::scripts");
    let source = error.source_code().expect("the manifest");
    let rule = error.labels().expect("the rule").next().unwrap();
    assert_eq!(source.read_span(rule.inner(), 0, 0).unwrap().data(), b"scripts \"deny\"");
    let offences: Vec<_> = error.related().expect("the packages").collect();
    let help = offences[0].help().expect("the path").to_string();
    assert_eq!(help, "it is there by larder.kdl → npm:app@1.0.0 → npm:native@1.0.0");

    let (lock, found) = judged("scripts \"deny\"; deprecated \"deny\";");
    let described = locate(found, &lock, &text, "larder.kdl");
    let error = PolicyError::new(&described, NamedText { file: "larder.lock", text: &text }).expect("a refusal");
    assert_eq!(error.code().unwrap().to_string(), "larder::policy::refused");
    assert_eq!(error.related().expect("both").count(), 2);
    assert!(PolicyError::new(&[], NamedText { file: "larder.lock", text: &text }).is_none());
}

#[test]
fn sarif_names_the_rule_the_place_and_the_level() {
    let (lock, found) = judged("scripts \"deny\";");
    let text = lock.to_text();
    let described = locate(found, &lock, &text, "larder.kdl");
    let (lock, manifest) =
        (NamedText { file: "larder.lock", text: &text }, NamedText { file: "larder.kdl", text: "x" });
    let files = FindingFiles { lock, manifest, prefix: "" };
    let log = serde_json::to_value(sarif(&described, files, &[])).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "larder::policy::scripts").expect("the script");
    assert_eq!(result["level"], "error");
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "larder.lock");
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    assert_eq!(text.lines().nth(line - 1), Some("id = \"npm:native@1.0.0\""));
    assert_eq!(result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "larder.kdl");
    assert_eq!(run["results"][0]["level"], "warning");
}

#[test]
fn files_are_named_as_the_repository_around_the_project_knows_them() {
    let (lock, found) = judged("scripts \"deny\";");
    let text = lock.to_text();
    let described = locate(found, &lock, &text, "larder.kdl");
    let (lock, manifest) =
        (NamedText { file: "larder.lock", text: &text }, NamedText { file: "larder.kdl", text: "x" });
    let files = FindingFiles { lock, manifest, prefix: "apps/shop/" };
    let log = serde_json::to_value(sarif(&described, files, &[])).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "larder::policy::scripts").expect("the script");
    let uri = |of: &str| &result[of][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(
        (uri("locations"), uri("relatedLocations")),
        (&"apps/shop/larder.lock".into(), &"apps/shop/larder.kdl".into())
    );
    let annotations = github_annotations(&described, files);
    assert!(annotations.lines().all(|line| line.contains(" file=apps/shop/larder.")), "{annotations}");
}
