//! Why no version matches a requirement: the package or the version does not exist, or may not be chosen.

use std::collections::BTreeSet;

use pubgrub::VersionSet;

use crate::diagnostic::nearest;
use crate::model::{ExtraName, PackageId, PackageName, Platform, TargetPlatform, Version};

use super::catalog::Catalog;
use super::index::{Candidate, IndexError};
use super::ordinal_set::OrdinalSet;
use super::release::Need;
use super::variable::PackageIx;
use super::version_rules::larder::{self, Lacking};
use super::version_rules::{self, python_fits};
use super::version_table::{NoVersions, VersionTable};

/// Why no version matches, and what can be done.
pub(super) struct NoMatch {
    pub(super) reason: String,
    pub(super) help: Option<String>,
    /// Whether it is `age` that keeps away what would match.
    pub(super) is_too_young: bool,
}

impl NoMatch {
    fn new(reason: String, help: impl Into<Option<String>>) -> Self {
        Self { reason, help: help.into(), is_too_young: false }
    }

    fn too_young(reason: String, help: String) -> Self {
        Self { reason, help: Some(help), is_too_young: true }
    }
}

/// Writes what is asked for: `react ^18`, `uvicorn[standard] >=0.20`, `numpy`.
pub(super) fn asked_for(need: &Need) -> String {
    let requirement = &need.requirement;
    format!("{} {}", requirement.name_with_extras(), requirement.range_text()).trim_end().to_owned()
}

/// Returns whether a set has all versions of a package that has several.
pub(super) fn is_every(table: &VersionTable, set: &OrdinalSet) -> bool {
    table.usable.subset_of(set) && (0..table.count()).filter(|place| set.contains(place)).nth(1).is_some()
}

/// Names versions: `react 18.2.0`, `react 17.0.0 to 18.2.0`, `every version of react`.
pub(super) fn versions(catalog: &Catalog, package: PackageIx, set: &OrdinalSet) -> Result<String, IndexError> {
    let table = catalog.table(package)?;
    let name = catalog.interned.id(package).name;
    let inside: Vec<u32> = (0..table.count()).filter(|place| set.contains(place)).collect();
    let version = |place: u32| &table.candidate(place).version;
    Ok(match inside[..] {
        [] => name.to_string(),
        [one] => format!("{name} {}", version(one)),
        _ if is_every(&table, set) => format!("every version of {name}"),
        [one, two] => format!("{name} {} and {}", version(one), version(two)),
        [first, .., last] if last - first + 1 == inside.len() as u32 => {
            format!("{name} {} to {}", version(first), version(last))
        }
        [first, .., last] => {
            format!("{name} {} to {} ({} versions)", version(first), version(last), inside.len())
        }
    })
}

/// Finds out why no version matches a need, on a platform where Python's wheels decide.
pub(super) fn explain(catalog: &Catalog, need: &Need, platform: Option<Platform>) -> Result<NoMatch, IndexError> {
    let package = catalog.part(need.package, platform);
    let table = catalog.table(package)?;
    let PackageId { ecosystem, name, .. } = catalog.interned.id(package);
    if let Some(missing) = &table.missing {
        let elsewhere = match missing {
            NoVersions::In(_) => format!(
                "check the spelling; if another registry has it, claim the name there: `packages \"{name}\"` under `registries`"
            ),
            NoVersions::Everywhere => {
                format!("declare a registry that has it: `registries {{ {ecosystem} \"NAME\" \"https://HOST/\"; }}`")
            }
        };
        let help = if ecosystem.has_install_order() {
            let named = need.requirement.range_text().starts_with("marketplace:");
            let numbered = if named {
                ""
            } else {
                "if it is of a marketplace, name its application: `marketplace=21874` on its line, or `larder add --marketplace 21874`; "
            };
            let all = missing_in_order(catalog)?;
            let quoted: Vec<String> = all.iter().map(|name| format!("\"{name}\"")).collect();
            match &quoted[..] {
                [_, _, ..] => format!(
                    "{} packages that are needed are in no registry. What the platform has of them, say so: `provides {}` under \
                     `{ecosystem}`; {numbered}else {elsewhere}",
                    quoted.len(),
                    quoted.join(" ")
                ),
                _ => format!(
                    "if the platform has it, say so: `provides \"{name}\"` under `{ecosystem}`; {numbered}else {elsewhere}"
                ),
            }
        } else {
            elsewhere
        };
        let reason = match missing {
            NoVersions::In(registry) => format!("{ecosystem} package {name} does not exist in registry {registry}"),
            NoVersions::Everywhere => format!("no registry serves {ecosystem} packages such as {name}"),
        };
        return Ok(NoMatch::new(reason, help));
    }
    let matching = catalog.admitted(&need.requirement, &table.versions);
    let Some(best) = matching.descending().next() else {
        return Ok(no_match(&table, need, lost(catalog, &table, need)));
    };
    let usable = matching.intersection(&table.usable);
    if usable.is_empty() {
        return Ok(unusable(catalog, &table, need, best));
    }
    let lacking = catalog
        .platforms
        .iter()
        .copied()
        .filter(|&one| platform.is_none_or(|platform| platform == one))
        .find(|&one| catalog.installable(need.package, &table, &usable, one).is_empty());
    Ok(match lacking {
        Some(platform) => no_wheel(catalog, &table, need, &usable, platform),
        None => {
            NoMatch::new(format!("no version of {} can be installed everywhere it is needed", asked_for(need)), None)
        }
    })
}

/// Returns the packages of an ecosystem with an order of installation that lines lead to, by the newest version of each, and that are in
/// no registry: a platform has dozens, and all are named at once.
fn missing_in_order(catalog: &Catalog) -> Result<BTreeSet<PackageName>, IndexError> {
    let leads_on = |package: PackageIx| {
        let ecosystem = catalog.interned.id(package).ecosystem;
        ecosystem.has_install_order() || ecosystem.is_published_with_larder()
    };
    let lines = catalog
        .requirements
        .lines
        .iter()
        .filter(|line| !catalog.requirements.settings.instance.provides(&line.requirement));
    let mut open: Vec<PackageIx> = lines.map(|line| catalog.interned.package(line.requirement.package())).collect();
    let (mut seen, mut missing) = (BTreeSet::new(), BTreeSet::new());
    while let Some(package) = open.pop() {
        if !leads_on(package) || !seen.insert(package) {
            continue;
        }
        let table = catalog.table(package)?;
        if table.missing.is_some() && catalog.interned.id(package).ecosystem.has_install_order() {
            missing.insert(catalog.interned.id(package).name);
        }
        if let Some(newest) = table.usable.descending().next() {
            open.extend(catalog.prepared(package, newest)?.needs.iter().map(|need| need.package));
        }
    }
    Ok(missing)
}

/// Returns the highest version that matches and was chosen before, by a lock or another tool's lockfile: the registry has none that matches.
fn lost<'c>(catalog: &'c Catalog<'_>, table: &VersionTable, need: &Need) -> Option<&'c Version> {
    let locked = catalog.requirements.preferences.versions.get(&catalog.interned.id(need.package))?;
    let is_there = |version: &Version| (0..table.count()).any(|place| table.candidate(place).version == *version);
    locked.iter().rev().find(|version| need.requirement.matches(version) && !is_there(version))
}

fn no_match(table: &VersionTable, need: &Need, lost: Option<&Version>) -> NoMatch {
    let name = need.requirement.package().name;
    if let Some(tag) = need.requirement.tag() {
        let tags: Vec<_> = table.versions.tags.keys().map(String::as_str).collect();
        let help = match tags[..] {
            [] => None,
            [only] => Some(format!("its only dist-tag is {only}")),
            _ => Some(format!("its dist-tags are {}", tags.join(", "))),
        };
        return NoMatch::new(format!("{name} has no dist-tag `{tag}`"), help);
    }
    let range = need.requirement.range_text();
    let of_range = (0..table.count()).rev().filter(|&place| {
        let candidate = table.candidate(place);
        need.requirement.matches(&candidate.version) && !candidate.yanked
    });
    let mut lacking =
        of_range.filter_map(|place| Some((place, larder::lacking(&need.requirement, table.candidate(place))?)));
    if let Some((place, lacking)) = lacking.next() {
        return without(&name, table.candidate(place), &range, &lacking);
    }
    let reason = format!("no version of {name} matches {range}");
    match newest(table) {
        Some(newest) => {
            let newest = format!("the newest is {name} {newest}");
            let help = match lost {
                Some(lost) => format!("{name} {lost} was locked, and its registry does not have it; {newest}"),
                None => newest,
            };
            NoMatch::new(reason, help)
        }
        None if table.count() == 0 => {
            let help =
                "its registry lists none, or none that can be read as one: ask its authors, or for another package";
            NoMatch::new(format!("{name} has no versions"), help.to_owned())
        }
        None => NoMatch::new(reason, None),
    }
}

/// Returns what no version of a private package's range has, by the example of the best.
fn without(name: &PackageName, best: &Candidate, range: &str, lacking: &Lacking) -> NoMatch {
    let version = &best.version;
    match lacking {
        Lacking::Beta => NoMatch::new(
            format!("{name} {version} is a beta"),
            "write `beta=#true` on the line that asks for it: `larder add … --beta` does".to_owned(),
        ),
        Lacking::Feature(feature) => {
            let declared = best.private.as_deref().map_or(&[][..], |private| &private.features);
            let names: Vec<&str> = declared.iter().map(ExtraName::as_str).collect();
            let help = match nearest(feature.as_str(), names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => format!("{name} {version} has no features"),
                None => format!("{name} {version} has {}", names.join(", ")),
            };
            NoMatch::new(format!("no version of {name} that matches {range} has the feature `{feature}`"), help)
        }
    }
}

/// Returns the newest version that can be chosen: a final one, where there is one.
fn newest(table: &VersionTable) -> Option<&Version> {
    let is_final = |place: &u32| !table.candidate(*place).version.is_prerelease();
    let place = table.usable.descending().find(is_final).or_else(|| table.usable.descending().next())?;
    Some(&table.candidate(place).version)
}

/// Returns why all matching versions are ruled out, by the example of the best.
fn unusable(catalog: &Catalog, table: &VersionTable, need: &Need, best: u32) -> NoMatch {
    let settings = &catalog.requirements.settings;
    let candidate = table.candidate(best);
    let what = format!("{} {}", need.requirement.package().name, candidate.version);
    if let (Some(before), Some(published)) = (settings.released_before, candidate.published)
        && published >= before
    {
        let reason = format!("{what} was published at {published}, and `released-before` is {before}");
        return NoMatch::new(reason, "set a later `released-before`, or ask for an older version".to_owned());
    }
    if let Some(before) = settings.released_before.filter(|_| candidate.published.is_none()) {
        let from =
            table.versions.origin.as_ref().map_or_else(String::new, |origin| format!(" by {}", origin.described()));
        let reason = format!("{what} has no time of publication{from}, and `released-before` is {before}");
        let help = "only what is known to be old enough passes `released-before`: ask a registry or mirror that tells when \
                    its versions were published, or remove `released-before`";
        return NoMatch::new(reason, help.to_owned());
    }
    let limits = settings.time_limits(&need.requirement.package());
    if let Some(cutoff) = limits.cutoff().filter(|_| !candidate.is_in_time(&limits)) {
        return too_young(table, need, candidate, cutoff);
    }
    if let (Some(python), Some(wanted)) = (&settings.python, &candidate.requires_python)
        && !python_fits(&python.full(), wanted)
    {
        let reason = format!("{what} needs Python {wanted}, and the manifest declares {python}");
        let help = match newest(table) {
            Some(other) => format!(
                "declare a Python that it takes under `runtimes`, or ask for {} {other}, the newest for Python {python}",
                need.requirement.package().name
            ),
            None => "declare a Python that it takes under `runtimes`: no version takes the declared one".to_owned(),
        };
        return NoMatch::new(reason, help);
    }
    if candidate.yanked {
        let why = candidate.private.as_ref().and_then(|private| private.yank_reason.as_deref());
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let reason = format!("{what} was yanked{why}");
        let help = match version_rules::of(need.requirement.ecosystem()).pin_of_yanked(&candidate.version) {
            Some(pin) => format!("pin it with `{pin}` if you want it nonetheless"),
            None => "ask for another version: a yanked one is taken only where it is locked".to_owned(),
        };
        return NoMatch::new(reason, help);
    }
    if candidate.version.is_prerelease() {
        let reason = format!("{what} is a pre-release, and `prereleases` is \"never\"");
        return NoMatch::new(reason, "write `prereleases=\"allow\"` on its line".to_owned());
    }
    NoMatch::new(format!("{what} cannot be chosen"), None)
}

/// Says that nothing that matches is old enough for `age`.
fn too_young(table: &VersionTable, need: &Need, candidate: &Candidate, cutoff: jiff::Timestamp) -> NoMatch {
    let (ecosystem, name) = (need.requirement.ecosystem(), need.requirement.package().name);
    let what = format!("{name} {}", candidate.version);
    let exempt = format!("`exempt {ecosystem} \"{name}\"` in the block of `age`");
    if let Some(published) = candidate.published {
        let reason =
            format!("{what} was published at {published}, and `age` admits what was published before {cutoff}");
        let older = newest(table).map(|older| format!("; {name} {older} is old enough")).unwrap_or_default();
        return NoMatch::too_young(
            reason,
            format!("`larder update` takes it once it is old enough, and {exempt} admits it now{older}"),
        );
    }
    let (from, registry) = table.versions.origin.as_ref().map_or_else(Default::default, |origin| {
        (
            format!(" by {}", origin.described()),
            "`age { unknown \"allow\"; }` in the block of that registry, or ".to_owned(),
        )
    });
    let reason =
        format!("{what} has no time of publication{from}, and `age` admits what was published before {cutoff}");
    NoMatch::too_young(reason, format!("{registry}{exempt} admits it"))
}

fn no_wheel(catalog: &Catalog, table: &VersionTable, need: &Need, usable: &OrdinalSet, platform: Platform) -> NoMatch {
    let name = need.requirement.package().name;
    let range = need.requirement.range_text();
    let matching = if range.is_empty() { String::new() } else { format!(" that matches {range}") };
    let reason = format!("no version of {name}{matching} has a wheel for {platform}");
    if let Some(newer) = usable.descending().find_map(|place| newer_system(catalog, need, place, platform)) {
        let help = format!(
            "a wheel exists for {}: write `{}` beside the other platforms",
            newer.system(),
            newer.declaration()
        );
        return NoMatch::new(reason, help);
    }
    let others = table.usable.intersection(table.with_wheels(platform));
    let list: Vec<String> = others.descending().take(3).map(|place| version(table, place)).collect();
    // Without its only platform a project is for none.
    let is_only = catalog.platforms.len() == 1;
    let help = if list.is_empty() {
        let elsewhere: Vec<_> = Platform::ALL
            .into_iter()
            .filter(|&other| !usable.is_disjoint(table.with_wheels(other)))
            .map(Platform::as_str)
            .collect();
        match elsewhere[..] {
            [] if usable.descending().all(|place| table.candidate(place).sdist) => {
                format!("{name} has no wheels at all: `larder builds allow pypi:{name}` lets it be built, in a sandbox")
            }
            [] => format!(
                "its wheels are for other platforms or Pythons than the manifest declares: if it is for one system only, say so on \
                 its line, `when=\"sys_platform == 'win32'\"`; one of your own can be served from a registry that claims {name}"
            ),
            _ if is_only => format!("it has wheels for {} and not for {platform}", elsewhere.join(", ")),
            _ => format!(
                "it has wheels for {}: drop {platform} from `platforms`, or ask for {name} only where they are, with `when=`",
                elsewhere.join(", ")
            ),
        }
    } else if is_only {
        format!("these have one: {name} {}", list.join(", "))
    } else {
        format!("these have one: {name} {}; or drop {platform} from `platforms`", list.join(", "))
    };
    NoMatch::new(reason, help)
}

/// Returns the oldest system on which a version would have a wheel for a platform, if it is newer than the declared one.
fn newer_system(catalog: &Catalog, need: &Need, place: u32, platform: Platform) -> Option<TargetPlatform> {
    let baseline = catalog.index.oldest_system(&catalog.interned.id(need.package), place, platform)?;
    let declared = catalog.requirements.settings.platforms.iter().find(|target| target.platform == platform)?;
    (baseline > declared.baseline).then_some(TargetPlatform { platform, baseline })
}

fn version(table: &VersionTable, place: u32) -> String {
    let version: &Version = &table.candidate(place).version;
    version.to_string()
}
