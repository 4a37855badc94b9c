//! Thirty histories, each with the version and the changelog that follow.

use semver::Version;

use super::*;

/// Commits from the oldest on: an id, the number of parents, a message.
type Commits<'a> = &'a [(&'a str, usize, &'a str)];

fn read(commits: Commits<'_>) -> CommitHistory {
    let parents = ["", ""].map(str::to_owned);
    read_history(commits.iter().rev().map(|(id, number, message)| MessageCommit {
        id,
        parents: &parents[..*number],
        message,
        counts: true,
    }))
}

/// Checks the version that follows from 1.2.3 (empty: none), the lines of the changelog, and what is malformed.
#[track_caller]
fn check(commits: Commits<'_>, version: &str, lines: &[&str], malformed: &[&str]) {
    let history = read(commits);
    let next = next_version(&Version::new(1, 2, 3), history.bump());
    assert_eq!(next.as_ref().map(ToString::to_string).unwrap_or_default(), version);
    let section = section(&Version::new(9, 9, 9), "2026-11-26", &history);
    let told: Vec<&str> = section.lines().skip(1).filter(|line| !line.is_empty()).collect();
    assert_eq!(told, lines, "{section}");
    let subjects: Vec<&str> = history.malformed.iter().map(|(_, subject)| &**subject).collect();
    assert_eq!(subjects, malformed);
}

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

#[test]
fn types_decide_how_much_a_version_rises() {
    check(&[], "", &[], &[]);
    check(&[(A, 1, "fix: a")], "1.2.4", &["### Fixed", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "feat: a")], "1.3.0", &["### Added", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "perf: a")], "1.2.4", &["### Performance", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "docs: a"), (B, 1, "style: b"), (C, 1, "refactor: c")], "", &[], &[]);
    check(&[(A, 1, "test: a"), (B, 1, "chore(deps): b"), (C, 1, "ci: c")], "", &[], &[]);
    check(
        &[(A, 1, "fix: a"), (B, 1, "feat: b"), (C, 1, "fix: c")],
        "1.3.0",
        &["### Added", "- b (bbbbbbb)", "### Fixed", "- c (ccccccc)", "- a (aaaaaaa)"],
        &[],
    );
    check(&[(A, 1, "FEAT: a")], "1.3.0", &["### Added", "- a (aaaaaaa)"], &[]);
}

#[test]
fn scopes_are_told_and_bangs_and_footers_break() {
    check(&[(A, 1, "fix(parser): a")], "1.2.4", &["### Fixed", "- **parser:** a (aaaaaaa)"], &[]);
    check(
        &[(A, 1, "feat(api)!: drop v1")],
        "2.0.0",
        &["### Breaking changes", "- **api:** drop v1 (aaaaaaa)", "### Added", "- **api:** drop v1 (aaaaaaa)"],
        &[],
    );
    check(
        &[(A, 1, "fix: a\n\nbody\n\nBREAKING CHANGE: the order\nis another one")],
        "2.0.0",
        &["### Breaking changes", "- the order is another one (aaaaaaa)", "### Fixed", "- a (aaaaaaa)"],
        &[],
    );
    check(
        &[(A, 1, "chore: a\n\nBREAKING-CHANGE: node 22")],
        "2.0.0",
        &["### Breaking changes", "- node 22 (aaaaaaa)"],
        &[],
    );
    check(&[(A, 1, "refactor!: a")], "2.0.0", &["### Breaking changes", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "fix: a\n\nNot a BREAKING CHANGE at all")], "1.2.4", &["### Fixed", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "fix: a\n\nReviewed-by: Z\nRefs: #133")], "1.2.4", &["### Fixed", "- a (aaaaaaa)"], &[]);
}

#[test]
fn merges_do_not_count_and_squashed_branches_do() {
    check(&[(A, 1, "fix: a"), (B, 2, "Merge branch 'x'")], "1.2.4", &["### Fixed", "- a (aaaaaaa)"], &[]);
    check(&[(A, 2, "feat: a merge with a message")], "", &[], &[]);
    check(&[(A, 1, "Merge pull request #1 from x")], "", &[], &[]);
    check(
        &[(A, 1, "Add a thing (#7)\n\n* feat: a thing\n* fix(ui): its colour\n* wip")],
        "1.3.0",
        &["### Added", "- a thing (aaaaaaa)", "### Fixed", "- **ui:** its colour (aaaaaaa)"],
        &[],
    );
    check(
        &[(A, 1, "feat: a thing (#7)\n\n* feat: a thing (#7)\n* fix: b")],
        "1.3.0",
        &["### Added", "- a thing (#7) (aaaaaaa)", "### Fixed", "- b (aaaaaaa)"],
        &[],
    );
    check(&[(A, 1, "fixup! fix: a"), (B, 1, "squash! feat: b")], "", &[], &[]);
    check(
        &[(
            A,
            1,
            "Add a thing (#7)\n\n* feat: a thing\n\n* wip\n\nBREAKING CHANGE: b\n\n---------\n\nCo-authored-by: Z",
        )],
        "2.0.0",
        &["### Breaking changes", "- b (aaaaaaa)", "### Added", "- a thing (aaaaaaa)"],
        &[],
    );
    check(
        &[(A, 1, "feat: a thing (#7)\n\n* feat: a thing\n* one of a list\n\nBREAKING CHANGE: b")],
        "2.0.0",
        &["### Breaking changes", "- b (aaaaaaa)", "### Added", "- a thing (#7) (aaaaaaa)"],
        &[],
    );
    let of_git = format!("Squashed commit of the following:\n\ncommit {B}\nAuthor: Z\n\n    fix: b\n\n    Why.\n");
    check(&[(A, 1, &of_git)], "1.2.4", &["### Fixed", "- b (aaaaaaa)"], &[]);
}

#[test]
fn what_was_reverted_does_not_count() {
    let revert = |id: &str| format!("Revert \"feat: a\"\n\nThis reverts commit {id}.\n");
    check(&[(A, 1, "feat: a"), (B, 1, &revert(A))], "", &[], &[]);
    check(&[(A, 1, "feat: a"), (B, 1, &revert(A)), (C, 1, "fix: c")], "1.2.4", &["### Fixed", "- c (ccccccc)"], &[]);
    check(&[(B, 1, &revert(A))], "1.2.4", &["### Reverted", "- feat: a (bbbbbbb)"], &[]);
    let again = format!("Revert \"Revert \"feat: a\"\"\n\nThis reverts commit {B}.");
    check(&[(A, 1, "feat: a"), (B, 1, &revert(A)), (C, 1, &again)], "1.3.0", &["### Added", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "feat!: a"), (B, 1, "revert: feat: a\n\nRefs: aaaaaaa")], "", &[], &[]);
    let reapply = format!("Reapply \"feat: a\"\n\nThis reverts commit {B}.");
    check(&[(A, 1, "feat: a"), (B, 1, &revert(A)), (C, 1, &reapply)], "1.3.0", &["### Added", "- a (aaaaaaa)"], &[]);
    check(&[(C, 1, &reapply)], "1.3.0", &["### Added", "- a (ccccccc)"], &[]);
    check(&[(C, 1, &again)], "1.3.0", &["### Added", "- a (ccccccc)"], &[]);
    let two = "revert: both\n\nRefs: aaaaaaa, bbbbbbb";
    check(&[(A, 1, "feat: a"), (B, 1, "fix: b"), (C, 1, two)], "", &[], &[]);
    let quoted = format!("Revert \"fix: say \"a\"\"\n\nThis reverts commit {A}.");
    check(&[(B, 1, &quoted)], "1.2.4", &["### Reverted", "- fix: say \"a\" (bbbbbbb)"], &[]);
}

#[test]
fn a_revert_of_a_revert_is_about_the_first_commit() {
    let of = |subject: &str| format!("{subject}\n\nThis reverts commit {A}.");
    let gone = ["### Reverted", "- feat: a (bbbbbbb)"];
    check(&[(B, 1, &of("Revert \"Revert \"Revert \"feat: a\"\"\""))], "1.2.4", &gone, &[]);
    check(&[(B, 1, &of("Revert \"Reapply \"feat: a\"\""))], "1.2.4", &gone, &[]);
    let back = ["### Added", "- a (bbbbbbb)"];
    check(&[(B, 1, &of("Reapply \"Reapply \"feat: a\"\""))], "1.3.0", &back, &[]);
    check(&[(B, 1, &of("Reapply \"feat: a\" (#13)"))], "1.3.0", &back, &[]);
    check(&[(B, 1, &of("Revert \"Revert \"feat: a\" (#12)\" (#13)"))], "1.3.0", &back, &[]);
    let numbered = of("Revert \"feat: a (#11)\" (#12)");
    check(&[(B, 1, &numbered)], "1.2.4", &["### Reverted", "- feat: a (#11) (bbbbbbb)"], &[]);
    let merge = of("Revert \"Revert \"Merge branch 'x'\"\"");
    check(&[(B, 1, &merge)], "1.2.4", &["### Reverted", "- Revert \"Merge branch 'x'\" (bbbbbbb)"], &[]);
    let request = "Revert \"feat: a (#11)\" (#12)\n\nReverts acme/shop#11";
    check(&[(A, 1, "feat: a (#11)"), (B, 1, request)], "", &[], &[]);
}

#[test]
fn a_revert_of_another_unit_leaves_what_this_one_has() {
    let parents = [String::new()];
    let revert = format!("Revert \"feat: a\"\n\nThis reverts commit {A}. Only in one.");
    let commit = |id, message, counts| MessageCommit { id, parents: &parents, message, counts };
    let bump = |counts| read_history([commit(B, &revert, counts), commit(A, "feat: a", true)]).bump();
    assert_eq!((bump(false), bump(true)), (Bump::Minor, Bump::None));
}

#[test]
fn a_reverted_merge_leaves_the_side_that_its_revert_names() {
    let (on_main, on_branch) = ([A.to_owned()], [A.to_owned()]);
    let (of_merge, of_revert) = ([B.to_owned(), C.to_owned()], ["d".repeat(40)]);
    let bump = |kept: &str| {
        let revert = format!(
            "Revert \"Merge branch 'x'\"\n\nThis reverts commit {}, reversing\nchanges made to {kept}.",
            of_revert[0]
        );
        let commit = |id, parents, message| MessageCommit { id, parents, message, counts: true };
        read_history([
            commit("eeeeeee", &of_revert[..], &*revert),
            commit(&of_revert[0], &of_merge, "Merge branch 'x'"),
            commit(C, &on_branch, "fix: on the branch"),
            commit(B, &on_main, "feat: on main"),
        ])
        .bump()
    };
    assert_eq!((bump(B), bump(C)), (Bump::Minor, Bump::Patch));
}

#[test]
fn what_leads_into_a_list_is_no_footer() {
    let both = ["### Added", "- big (aaaaaaa)", "### Fixed", "- small (aaaaaaa)"];
    check(&[(A, 1, "feat: big\n\nChanges:\n\n* fix: small\n")], "1.3.0", &both, &[]);
    check(&[(A, 1, "feat: big\n\nChanges:\n")], "1.3.0", &both[..2], &[]);
    check(
        &[(A, 1, "feat(api): big\n\nSee:\n* docs: words\n\nBREAKING CHANGE: gone")],
        "2.0.0",
        &["### Breaking changes", "- **api:** gone (aaaaaaa)", "### Added", "- **api:** big (aaaaaaa)"],
        &[],
    );
    let listed = "chore: x\n\nSquashed commit of the following:\n\n* feat: big\n* fix: small";
    check(&[(A, 1, listed)], "1.3.0", &both, &[]);
}

#[test]
fn what_cannot_be_read_is_listed_and_does_not_count() {
    check(&[(A, 1, "updated stuff")], "", &[], &["updated stuff"]);
    check(&[(A, 1, "feature: a"), (B, 1, "fix:b")], "1.2.4", &["### Fixed", "- b (bbbbbbb)"], &["feature: a"]);
    check(&[(A, 1, ""), (B, 1, "feat: ")], "", &[], &["feat:", ""]);
    check(&[(A, 1, "deps!: a")], "2.0.0", &["### Breaking changes", "- a (aaaaaaa)"], &[]);
    check(&[(A, 1, "fix(: a"), (B, 1, "fix: b")], "1.2.4", &["### Fixed", "- b (bbbbbbb)"], &["fix(: a"]);
    check(
        &[(A, 1, "feat: <script>alert(1)</script>")],
        "1.3.0",
        &["### Added", "- &lt;script>alert(1)&lt;/script> (aaaaaaa)"],
        &[],
    );
}

#[test]
fn tags_of_others_and_prereleases_are_no_releases() {
    let last = |names: &TagNames, tags: &[&str]| {
        last_release(names, tags.iter().copied()).map(|(version, _)| version.to_string())
    };
    assert_eq!(last(&TagNames::Plain, &[]), None);
    let tags = ["v1.2.0", "v1.10.0", "1.99.0", "v2", "release-3.0.0", "v1.11.0-rc.1", "theme@4.0.0", "v1.3.0.1", "vX"];
    assert_eq!(last(&TagNames::Plain, &tags).as_deref(), Some("1.10.0"));
    assert_eq!(last(&TagNames::Of("theme".to_owned()), &tags).as_deref(), Some("4.0.0"));
    assert_eq!(last(&TagNames::Of("@acme/theme".to_owned()), &["@acme/theme@0.1.0"]).as_deref(), Some("0.1.0"));
    assert_eq!(TagNames::Of("a".to_owned()).tag(&Version::new(1, 0, 0)), "a@1.0.0");
}

#[test]
fn a_prerelease_becomes_what_it_was_for() {
    let next = |version: &str, bump| next_version(&version.parse().unwrap(), bump).unwrap().to_string();
    assert_eq!(next("0.4.0", Bump::Major), "1.0.0");
    assert_eq!((next("2.0.0-rc.1", Bump::Patch), next("2.0.0-rc.1", Bump::Major)), ("2.0.0".into(), "2.0.0".into()));
    assert_eq!((next("2.0.1-rc.1", Bump::Minor), next("2.1.0-rc.1", Bump::Major)), ("2.1.0".into(), "3.0.0".into()));
    let dev = prerelease(&Version::new(1, 3, 0), 17);
    assert_eq!((dev.to_string(), pypi_version(&dev)), ("1.3.0-dev.17".to_owned(), Some("1.3.0.dev17".to_owned())));
    assert_eq!(pypi_version(&"1.0.0-weird.x".parse().unwrap()), None);
}

#[test]
fn a_section_goes_before_the_others_and_only_once() {
    let version = Version::new(1, 3, 0);
    let new = "## 1.3.0 - 2026-11-26\n\n### Added\n\n- a\n";
    assert_eq!(insert_section("", &version, new), format!("# Changelog\n\n{new}"));
    let old = "# Changes\n\nWords.\n\n## [Unreleased]\n\n- x\n\n## [1.2.3] - 2026-01-01\n\n- old\n";
    let written = insert_section(old, &version, new);
    assert_eq!(written, old.replace("## [1.2.3]", &format!("{new}\n## [1.2.3]")));
    assert_eq!(insert_section(&written, &version, new), written);
    assert_eq!(insert_section("# Log\r\n", &version, new), format!("# Log\r\n\r\n{}", new.replace('\n', "\r\n")));
    assert_eq!(insert_section("# Log", &version, "## 1.3.0\n"), "# Log\n\n## 1.3.0\n");
}

#[test]
fn versions_are_written_and_every_other_byte_stays() {
    let json = "{\n\t\"name\": \"a\",\r\n  \"version\" : \"1.0.0\", \"x\": {\"version\": \"1.0.0\"} }\n";
    let written = set_package_json_version("package.json", json, "1.1.0").unwrap().unwrap();
    assert_eq!(written, json.replacen("\"1.0.0\"", "\"1.1.0\"", 1));
    assert_eq!(set_package_json_version("package.json", "{}", "1.1.0"), Ok(None));
    assert!(set_package_json_version("package.json", "{\"version\": 1}", "1.1.0").is_err());
    assert!(set_package_json_version("package.json", "[", "1.1.0").is_err());

    let toml = "# mine\n[project]\nname='a'\nversion = '1.0.0'  # here\n[tool.poetry]\nversion=\"1.0.0\"\n[tool.x]\nversion = \"1.0.0\"\n";
    let written = set_pyproject_version("pyproject.toml", toml, "1.1.0").unwrap().unwrap();
    assert_eq!(written, toml.replacen("'1.0.0'", "'1.1.0'", 1).replacen("\"1.0.0\"", "\"1.1.0\"", 1));
    assert_eq!(set_pyproject_version("pyproject.toml", "[project]\ndynamic=['version']\n", "1.1.0"), Ok(None));
}
