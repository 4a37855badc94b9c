//! `larder release`

use crate::cli::args::ReleaseArgs;
use crate::ops::Session;
use crate::ops::release::{self, Release, ReleaseOptions};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ReleaseArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let options = ReleaseOptions {
        registries: arguments.registry.clone(),
        sign: arguments.sign.clone(),
        dry_run: arguments.dry_run,
        abort: arguments.abort,
        branches: arguments.branch.clone(),
        run: arguments.run,
    };
    let release = release::release(session, &options)?;
    output.json(&release);
    report(&release, output);
    DONE
}

fn report(release: &Release, output: &Output) {
    for commit in &release.malformed {
        let short = commit.commit.get(..7).unwrap_or(&commit.commit);
        output.message(format!("warning: {short} is no conventional commit, and does not count: {}", commit.subject));
    }
    for unit in &release.units {
        output.data_line(format!("{} {} → {}", unit.name, unit.from, unit.version));
        if release.outcome == "planned" {
            unit.section.lines().for_each(|line| output.data_line(format!("    {line}").trim_end()));
        }
    }
    for file in &release.published {
        output.message(format!("{} has {} ({})", file.registry, file.file, file.outcome));
    }
    let resumed = if release.resumed { "Went on with a release that stopped. " } else { "" };
    output.message(match (release.outcome, release.prerelease) {
        ("nothing", _) => "Nothing to release: no commit since the last tag is a feat, a fix or breaking".to_owned(),
        ("planned", _) => "Nothing was changed".to_owned(),
        ("aborted", _) => "Gave it up; what was published stays published".to_owned(),
        (_, true) => format!("{resumed}Published a pre-release: the files are as they were"),
        (_, false) => format!("{resumed}Committed and tagged: `git push --follow-tags` gives it to others"),
    });
}
