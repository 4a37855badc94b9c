//! Poetry's tables of a pyproject.toml: <https://python-poetry.org/docs/pyproject/>.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::import::Imported;

use super::index_order::{OrderedIndex, add_claiming, add_ordered, is_pypi};

/// Reads of `[tool.poetry]` what is not about dependencies.
pub(super) fn settings(poetry: &Table, imported: &mut Imported) {
    let license = poetry.get("license").and_then(Value::as_str).map(str::to_owned);
    imported.license = imported.license.take().or(license);
    let sources: Vec<&Value> = poetry.get("source").and_then(Value::as_array).into_iter().flatten().collect();
    add_sources(&sources, poetry, imported);
}

/// What a source is for: <https://python-poetry.org/docs/repositories/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    Primary,
    Supplemental,
    Explicit,
}

impl Priority {
    fn of(source: &Value) -> Option<Self> {
        let is_set = |key: &str| source.get(key).and_then(Value::as_bool).unwrap_or_default();
        match source.get("priority").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            None if is_set("secondary") => Some(Self::Supplemental),
            None | Some("primary" | "default") => Some(Self::Primary),
            Some("supplemental" | "secondary") => Some(Self::Supplemental),
            Some("explicit") => Some(Self::Explicit),
            Some(_) => None,
        }
    }
}

/// Returns the index that a source is; `None` if it names none. PyPI needs no URL.
fn index_of(source: &Value) -> Option<OrderedIndex<'_>> {
    let text = |key: &str| source.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    match text("url") {
        Some(url) if is_pypi(url) => Some(OrderedIndex { name, ..OrderedIndex::PYPI }),
        Some(url) if !name.is_empty() => Some(OrderedIndex { name, url, is_flat: false }),
        None if name.eq_ignore_ascii_case("pypi") => Some(OrderedIndex { name, ..OrderedIndex::PYPI }),
        _ => None,
    }
}

/// Takes over the sources. Primary ones are asked for all, in their order, and supplemental ones behind them; PyPI where it is one of
/// them, or where there is no primary one. An explicit one has the packages that name it.
fn add_sources(sources: &[&Value], poetry: &Table, imported: &mut Imported) {
    let (mut primary, mut supplemental, mut explicit) = (Vec::new(), Vec::new(), Vec::new());
    for source in sources {
        match (index_of(source), Priority::of(source)) {
            (Some(index), Some(Priority::Primary)) => primary.push(index),
            (Some(index), Some(Priority::Supplemental)) => supplemental.push(index),
            (Some(index), Some(Priority::Explicit)) => explicit.push(index),
            _ => {
                let name = source.get("name").and_then(Value::as_str).unwrap_or_default();
                imported.refuse_guard(format!("tool.poetry.source {name}"), "declare the index in `registries`");
            }
        }
    }
    let is_listed = sources.iter().any(|source| index_of(source).is_some_and(|index| is_pypi(index.url)));
    let implicit = (primary.is_empty() && !is_listed).then_some(OrderedIndex::PYPI);
    let order: Vec<OrderedIndex<'_>> = primary.into_iter().chain(implicit).chain(supplemental).collect();
    if order.is_empty() {
        let why = "all are explicit: name the registry that has what names none";
        imported.refuse_guard("tool.poetry.source", why);
    }
    add_ordered(&order, imported);
    let named = named_sources(poetry);
    for index in explicit {
        let is_it = |name: &Option<String>| name.as_deref() == Some(&*index.name.to_lowercase());
        let packages = named.iter().filter(|(_, names)| names.len() == 1 && names.iter().all(is_it));
        let packages: Vec<String> = packages.map(|(package, _)| (*package).clone()).collect();
        add_claiming(index, packages, imported);
    }
    for (package, names) in named {
        let known = |name: &Option<String>| {
            let name = name.as_deref().unwrap_or_default();
            let is_it = |index: &OrderedIndex<'_>| index.name.eq_ignore_ascii_case(name);
            let is_explicit = |source: &&Value| {
                Priority::of(source) == Some(Priority::Explicit) && index_of(source).is_some_and(|index| is_it(&index))
            };
            order.first().is_some_and(is_it) || sources.iter().any(is_explicit)
        };
        if names.len() > 1 || !names.iter().all(known) {
            let sources: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("any")).collect();
            imported.refuse_guard(
                format!("tool.poetry.dependencies {package} from {}", sources.join(" or ")),
                "`registry=` in its line, or `packages` of a registry, says from where it comes",
            );
        }
    }
}

/// Returns the packages that entries take from sources, with the names of those in lower case; `None` is any.
fn named_sources(poetry: &Table) -> BTreeMap<&String, BTreeSet<Option<String>>> {
    let groups = poetry.get("group").and_then(Value::as_table).into_iter().flatten().map(|(_, group)| group);
    let lists = groups.filter_map(|group| group.get("dependencies"));
    let lists = lists.chain(poetry.get("dependencies")).chain(poetry.get("dev-dependencies"));
    let mut found: BTreeMap<&String, BTreeSet<Option<String>>> = BTreeMap::new();
    for (package, wanted) in lists.filter_map(Value::as_table).flatten() {
        let entries = wanted.as_array().map_or(std::slice::from_ref(wanted), Vec::as_slice);
        let names = entries.iter().map(|entry| entry.get("source").and_then(Value::as_str).map(str::to_lowercase));
        let names: BTreeSet<Option<String>> = names.collect();
        if names.iter().any(Option::is_some) {
            found.entry(package).or_default().extend(names);
        }
    }
    found
}

/// What an entry of Poetry's tables asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PoetryDependency {
    /// A folder, relative to the pyproject.toml.
    Folder(String),
    /// A requirement, as PEP 508 writes it; a folder of which extras are asked for, or under conditions, as PDM names it.
    Requirement(String),
}

/// Parses an entry of a table of dependencies. A list has one requirement for each condition.
pub(super) fn poetry_dependencies(name: &str, wanted: &Value) -> Vec<PoetryDependency> {
    let table = match wanted {
        Value::Array(several) => return several.iter().flat_map(|wanted| poetry_dependencies(name, wanted)).collect(),
        Value::Table(table) => table,
        wanted => {
            let text = wanted
                .as_str()
                .and_then(poetry_specifier)
                .map_or_else(|| unreadable(name, wanted), |range| format!("{name}{range}"));
            return vec![PoetryDependency::Requirement(text)];
        }
    };
    let word = |key: &str| table.get(key).and_then(Value::as_str);
    let is_set = |key: &str| table.get(key).and_then(Value::as_bool).unwrap_or_default();
    let has_conditions = ["extras", "markers", "platform", "python"].iter().any(|key| table.contains_key(*key));
    let folder = word("path").filter(|path| !is_archive(path));
    if let Some(folder) = folder
        && (folder.starts_with('/') || !has_conditions && !is_set("optional"))
    {
        return vec![PoetryDependency::Folder(folder.to_owned())];
    }
    let elsewhere = word("git")
        .map(|url| {
            let name = ["rev", "tag", "branch"].into_iter().find_map(word);
            let name = name.map(|name| format!("@{name}")).unwrap_or_default();
            let folder = word("subdirectory").map(|folder| format!("#subdirectory={folder}")).unwrap_or_default();
            format!("git+{url}{name}{folder}")
        })
        .or_else(|| folder.map(|folder| format!("file:///${{PROJECT_ROOT}}/{folder}")))
        .or_else(|| word("url").or(word("file")).or(word("path")).map(str::to_owned));
    let extras: Vec<&str> =
        table.get("extras").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = name.to_owned();
    if !extras.is_empty() {
        text = format!("{text}[{}]", extras.join(","));
    }
    match (elsewhere, word("version").unwrap_or("*")) {
        (Some(url), _) => text = format!("{text} @ {url}"),
        (None, range) => match poetry_specifier(range) {
            Some(range) => text.push_str(&range),
            None => return vec![PoetryDependency::Requirement(unreadable(name, wanted))],
        },
    }
    let mut conditions: Vec<String> = word("markers").map(|marker| format!("({marker})")).into_iter().collect();
    conditions.extend(word("platform").map(|platform| format!("sys_platform == '{platform}'")));
    let python = word("python").and_then(poetry_specifier).unwrap_or_default();
    for clause in python.split(',').filter(|clause| !clause.is_empty()) {
        let (operator, version) = clause.split_at(clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len()));
        conditions.push(format!("python_full_version {operator} '{version}'"));
    }
    if !conditions.is_empty() {
        text = format!("{text} ; {}", conditions.join(" and "));
    }
    vec![PoetryDependency::Requirement(text)]
}

fn is_archive(path: &str) -> bool {
    [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end))
}

/// Returns a text that fails to parse as a requirement, so that the error quotes the entry.
fn unreadable(name: &str, wanted: &Value) -> String {
    format!("{name} {wanted}")
}

/// Converts a range of Poetry's to a PEP 440 specifier. Returns `None` if it cannot be expressed as one.
pub(super) fn poetry_specifier(range: &str) -> Option<String> {
    if range.contains('|') {
        let branches = range.split('|').map(str::trim).filter(|branch| !branch.is_empty());
        return union(branches.map(|branch| Span::of(&poetry_specifier(branch)?)).collect::<Option<_>>()?);
    }
    let clauses = range.split(',').map(str::trim).filter(|clause| !clause.is_empty() && *clause != "*");
    clauses.map(clause).collect::<Option<Vec<_>>>().map(|clauses| clauses.join(","))
}

/// The versions from one on, up to another that is none of them, if there is one.
struct Span {
    from: Vec<u64>,
    to: Option<Vec<u64>>,
}

impl Span {
    /// Reads `>=1.2,<2`.
    fn of(specifier: &str) -> Option<Self> {
        let numbers = |text: &str| text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>();
        let (from, to) = specifier.split_once(',').map_or((specifier, None), |(from, to)| (from, Some(to)));
        let to = match to {
            Some(to) => Some(numbers(to.strip_prefix('<')?)?),
            None => None,
        };
        Some(Self { from: numbers(from.strip_prefix(">=")?)?, to })
    }
}

/// Writes several spans as one: from the first to the end of the last, without the series between them, `!=3.0.*`. Returns `None` where what
/// lies between is not made of series.
fn union(mut spans: Vec<Span>) -> Option<String> {
    /// The most series that are left out.
    const MOST: usize = 50;

    let text = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
    spans.sort_by(|one, other| one.from.cmp(&other.from));
    let mut spans = spans.into_iter();
    let first = spans.next()?;
    let (mut end, mut holes) = (first.to, Vec::new());
    for Span { from, to } in spans {
        let Some(known) = &end else { break };
        let length = known.len().max(from.len());
        let padded = |numbers: &[u64]| [numbers, &vec![0; length - numbers.len()]].concat();
        let (mut at, from) = (padded(known), padded(&from));
        while at < from {
            let place = at.iter().zip(&from).position(|(at, from)| at != from)?;
            if at[place + 1..].iter().any(|part| *part > 0) || holes.len() == MOST {
                return None;
            }
            holes.push(format!("!={}.*", text(&at[..=place])));
            at[place] += 1;
        }
        end = to.map(|to| if padded(known) > to { known.clone() } else { to });
    }
    let bounds = [Some(format!(">={}", text(&first.from))), end.map(|end| format!("<{}", text(&end)))];
    Some(bounds.into_iter().flatten().chain(holes).collect::<Vec<_>>().join(","))
}

fn clause(text: &str) -> Option<String> {
    let bounded = |version: &str, fixed: fn(&[u64]) -> usize| {
        let version = version.trim();
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let release = version[..end].trim_end_matches('.').split('.').map(str::parse);
        let mut release: Vec<u64> = release.collect::<Result<_, _>>().ok()?;
        let last = fixed(&release);
        release.truncate(last + 1);
        *release.get_mut(last)? += 1;
        let upper: Vec<_> = release.iter().map(u64::to_string).collect();
        Some(format!(">={version},<{}", upper.join(".")))
    };
    if let Some(version) = text.strip_prefix('^') {
        return bounded(version, |release| release.iter().position(|part| *part > 0).unwrap_or(release.len() - 1));
    }
    if let Some(version) = text.strip_prefix('~').filter(|version| !version.starts_with('=')) {
        return bounded(version, |release| usize::from(release.len() > 1));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("=={text}"));
    }
    Some(text.chars().filter(|c| !c.is_whitespace()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_asked_in_their_order() {
        let sources = |text: &str| {
            let mut imported = Imported::default();
            settings(&text.parse().unwrap(), &mut imported);
            let told: Vec<String> = imported.not_taken.iter().map(|left| left.what.clone()).collect();
            let taken = imported.registries.iter().map(|one| {
                let host = one.url.trim_start_matches("https://").split('.').next().unwrap_or_default();
                format!("{}={host} {:?} {}", one.name, one.priority, one.packages.join("+")).trim_end().to_owned()
            });
            taken.chain(told).collect::<Vec<_>>().join(", ")
        };
        let own = "[[source]]\nname = 'own'\nurl = 'https://own.example/simple'\n";
        let other = "[[source]]\nname = 'other'\nurl = 'https://other.example/simple'\n";
        let pypi = "[[source]]\nname = 'PyPI'\npriority = 'primary'\n";
        let only = "[[source]]\nname = 'PyPI'\npriority = 'explicit'\n";
        let from = |name: &str| format!("[dependencies]\ntx = {{version = '1', source = '{name}'}}\n");
        for (text, expected) in [
            (pypi.to_owned(), ""),
            ("[[source]]\nname = 'p'\nurl = 'https://pypi.org/simple/'\n".to_owned(), ""),
            (own.to_owned(), "pypi=own None"),
            (format!("{own}{other}"), "own=own Some(1), pypi=other None"),
            (format!("{own}{pypi}"), "own=own Some(1)"),
            (format!("{own}{other}{pypi}"), "own=own Some(2), other=other Some(1)"),
            // No registry joins below PyPI's priority.
            (format!("{pypi}{own}"), "pypi=pypi Some(2), own=own Some(1)"),
            (format!("{own}priority = 'supplemental'\n"), "pypi=pypi Some(2), own=own Some(1)"),
            (format!("{own}priority = 'odd'\n"), "tool.poetry.source own"),
            (format!("{own}{only}"), "pypi=own None"),
            (format!("{own}{only}{}", from("pypi")), "pypi=own None, pypi-public=pypi None tx"),
            (format!("{own}priority = 'explicit'\n{}", from("own")), "own=own None tx"),
            (format!("{own}priority = 'explicit'\n{only}"), "own=own None, tool.poetry.source"),
            (format!("{own}{pypi}{}", from("own")), "own=own Some(1)"),
            (
                format!("{own}priority = 'supplemental'\n{}", from("own")),
                "pypi=pypi Some(2), own=own Some(1), tool.poetry.dependencies tx from own",
            ),
            (
                format!(
                    "{own}priority = 'explicit'\n[dependencies]\ntx = [{{version = '1', source = 'own'}}, {{version = '2'}}]\n"
                ),
                "own=own None, tool.poetry.dependencies tx from any or own",
            ),
        ] {
            assert_eq!(sources(&text), expected, "{text}");
        }
    }

    #[test]
    fn folders_keep_their_extras_and_conditions() {
        let read = |entry: &str| {
            let table: Table = format!("core = {entry}").parse().unwrap();
            poetry_dependencies("core", &table["core"]).remove(0)
        };
        let wanted = |text: &str| PoetryDependency::Requirement(text.to_owned());
        let folder = |path: &str| PoetryDependency::Folder(path.to_owned());
        for (entry, expected) in [
            ("{path = '../core', develop = true}", folder("../core")),
            ("{path = '../core', extras = ['fast', 'x']}", wanted("core[fast,x] @ file:///${PROJECT_ROOT}/../core")),
            ("{path = 'core', optional = true}", wanted("core @ file:///${PROJECT_ROOT}/core")),
            (
                "{path = 'core', platform = 'linux'}",
                wanted("core @ file:///${PROJECT_ROOT}/core ; sys_platform == 'linux'"),
            ),
        ] {
            assert_eq!(read(entry), expected, "{entry}");
        }
    }

    #[test]
    fn ranges_are_written_as_specifiers() {
        for (range, expected) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^1.2", ">=1.2,<2"),
            ("^0.2.3", ">=0.2.3,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0.0", ">=0.0,<0.1"),
            ("^0", ">=0,<1"),
            ("^1.2b1", ">=1.2b1,<2"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("1.2", "==1.2"),
            ("1.2.3", "==1.2.3"),
            ("1.2.*", "==1.2.*"),
            ("^0.3", ">=0.3,<0.4"),
            ("~1.2", ">=1.2,<1.3"),
            (">=1,<3", ">=1,<3"),
            (">=3.11,<4.0, !=3.12.1", ">=3.11,<4.0,!=3.12.1"),
            (">= 1, <2", ">=1,<2"),
            ("*", ""),
            ("^1 || ^2", ">=1,<3"),
            ("^2.0 || ^3.4", ">=2.0,<4,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*"),
            ("^3.4||^1.2", ">=1.2,<4,!=2.*,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*"),
            ("^1 || >=2.1", ">=1,!=2.0.*"),
            ("^0.2.3 | ^0.3.1", ">=0.2.3,<0.4,!=0.3.0.*"),
            (">=1,<5 || ^2", ">=1,<5"),
        ] {
            assert_eq!(poetry_specifier(range).as_deref(), Some(expected), "{range}");
        }
        assert_eq!(poetry_specifier("1 || 2"), None);
        assert_eq!(poetry_specifier(">=1,<1.5.2 || ^2"), None);
        assert_eq!(poetry_specifier("^1 || ^99"), None);
        assert_eq!(poetry_specifier("^x"), None);
    }
}
