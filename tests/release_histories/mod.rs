//! Thirty generated histories of a repository, each with the versions, the tags and the changelogs that a model derives from what Conventional
//! Commits and Semantic Versioning say, never from larder's code.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `generate` | commits of each kind, written into a repository, and what each says |
//! | `model` | what follows from them |

mod generate;
mod model;

use std::collections::BTreeSet;

use crate::support::{Output, Project, conforms};
use generate::{Generator, Layout, Op, Tags};

/// A history: what was committed before the last release, and since.
struct History {
    name: &'static str,
    layout: Layout,
    tags: Tags,
    before: &'static [Op],
    since: &'static [Op],
}

const fn history(
    name: &'static str,
    layout: Layout,
    tags: Tags,
    before: &'static [Op],
    since: &'static [Op],
) -> History {
    History { name, layout, tags, before, since }
}

const HISTORIES: [History; 30] = {
    use Layout::{Below, Members, Whole};
    use Op::{
        Breaking, Decoy, Feature, Fix, Fixup, Footer, Footers, Internal, InternalBreaking, Malformed, Merge,
        Performance, Reapply, ReapplyReleased, Revert, RevertMerge, RevertReleased, RevertTwo, RevertedFeature, Scoped,
        SquashOfGit, SquashOfHost, SquashThatBreaks, UnknownBreaking, UnknownType,
    };
    use Tags::{Foreign, Later, Missing, Prereleased, Released};
    [
        history("no commit", Whole, Released, &[Feature], &[]),
        history("fixes", Whole, Released, &[Feature], &[Fix, Fix]),
        history("a feature among fixes", Whole, Released, &[], &[Fix, Feature, Fix]),
        history("faster", Whole, Released, &[], &[Performance, Internal]),
        history("nothing that users notice", Whole, Released, &[Feature], &[Internal, Internal, Internal]),
        history("scopes", Whole, Released, &[], &[Scoped, Scoped, Scoped]),
        history("exclamation mark", Whole, Released, &[Breaking], &[Fix, Breaking]),
        history("footers that break", Whole, Released, &[], &[Footer, Fix]),
        history("two footers that break", Whole, Released, &[], &[Footers]),
        history("footers that do not", Whole, Released, &[], &[Decoy, Decoy]),
        history("an internal change that breaks", Whole, Released, &[], &[InternalBreaking]),
        history("an unknown type", Whole, Released, &[], &[UnknownType, UnknownBreaking]),
        history("malformed", Whole, Released, &[], &[Malformed, Malformed, Fix]),
        history("nothing but malformed", Whole, Released, &[], &[Malformed, Malformed]),
        history("merged", Whole, Released, &[], &[Merge, Fix, Merge]),
        history("a revert", Whole, Released, &[], &[Fix, Revert]),
        history("a revert of what was released", Whole, Released, &[Feature], &[RevertReleased]),
        history("brought back", Whole, Released, &[], &[Reapply, Reapply]),
        history("brought back later", Whole, Released, &[RevertedFeature], &[ReapplyReleased]),
        history("two reverted at once", Whole, Released, &[], &[Fix, RevertTwo]),
        history("a merge that was reverted", Whole, Released, &[], &[Fix, RevertMerge]),
        history("squashed by a host", Whole, Released, &[], &[SquashOfHost, SquashThatBreaks]),
        history("squashed by git", Whole, Released, &[], &[SquashOfGit, Fixup]),
        history("no tag", Whole, Missing, &[], &[Feature, Fix]),
        history("tags of others", Whole, Foreign, &[Fix], &[Feature]),
        history("tagged twice", Whole, Later, &[Breaking, Feature], &[Fix]),
        history("after a candidate", Whole, Prereleased, &[Breaking], &[Fix, Feature]),
        history("members", Members, Released, &[Feature], &[Feature, Fix, Merge, Breaking, RevertTwo]),
        history("members without tags", Members, Missing, &[], &[Scoped, Malformed, RevertMerge, Fix]),
        history("one of several projects", Below, Foreign, &[Feature], &[Feature, Fix, Merge, Internal, Fix]),
    ]
};

/// Runs a history that a seed varies.
fn check(seed: u64, history: &History) {
    let place = format!("{} ({seed})", history.name);
    let mut generator = Generator::new(seed, history.layout);
    generator.add(history.before);
    generator.tag(history.tags);
    generator.add(history.since);
    let made = generator.finish();
    let expected = model::releases(&made);
    let project = &made.project;
    let folder = project.path(history.layout.folder());
    let release = || project.run_in(&folder, "larder release --json").exits(0).json();
    let before = tags(project);

    let done = release();
    conforms(&done, "release");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let found: Vec<(String, String, String)> = done["units"]
        .as_array()
        .expect("units")
        .iter()
        .map(|unit| {
            let section = text(&unit["section"]);
            let lines = section.split_once('\n').expect("a heading").1.to_owned();
            (text(&unit["tag"]), text(&unit["version"]), lines)
        })
        .collect();
    assert_eq!(found, expected.units, "{place}\n{}", log(project).stdout);
    let malformed: BTreeSet<String> =
        done["malformed"].as_array().expect("a list").iter().map(|one| text(&one["subject"])).collect();
    assert_eq!(malformed, expected.malformed, "{place}");

    let new: BTreeSet<String> = &tags(project) - &before;
    assert_eq!(new, expected.units.iter().map(|(tag, ..)| tag.clone()).collect(), "{place}");
    let subject = project.program("git", &["log", "-1", "--format=%s"]).stdout;
    assert_eq!(subject.starts_with("chore(release): "), !new.is_empty(), "{place}: {subject}");
    for unit in done["units"].as_array().expect("units") {
        let changelog = std::fs::read_to_string(folder.join(text(&unit["folder"])).join("CHANGELOG.md"));
        assert!(changelog.expect("a changelog").contains(&text(&unit["section"])), "{place}");
    }
    assert_eq!(release()["outcome"], "nothing", "{place}: twice");
    assert_eq!(&tags(project) - &before, new, "{place}: twice");
}

fn tags(project: &Project) -> BTreeSet<String> {
    project.program("git", &["tag"]).exits(0).stdout.lines().map(str::to_owned).collect()
}

fn log(project: &Project) -> Output {
    project.program("git", &["log", "--graph", "--stat", "--format=%h %s%n%b"])
}

#[test]
fn each_history_has_the_version_and_the_changelog_that_follow() {
    let seeds = std::env::var("LARDER_HISTORY_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    for seed in 0..seeds {
        for (number, history) in HISTORIES.iter().enumerate() {
            check(seed * 1000 + u64::try_from(number).expect("a small number"), history);
        }
    }
}
