//! Versions that a tool takes from the history of a git repository, as its own rules have them.

use toml::{Table, Value};

use super::setup_cfg::{self, SetupCfg};
use super::{FileReader, PythonProject};

/// A commit, as `git describe --tags --long` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedCommit {
    /// The nearest tag. `None` if there is none that could be a version.
    pub tag: Option<String>,
    /// How many commits came after it, or are there at all.
    pub distance: u64,
    /// The commit's id, in full.
    pub id: String,
}

impl DescribedCommit {
    fn short(&self, digits: usize) -> &str {
        self.id.get(..digits).unwrap_or(&self.id)
    }
}

/// So many digits of a commit setuptools-scm writes, and others.
const DIGITS_OF_SCM: usize = 9;
const DIGITS: usize = 7;

/// Describes a commit by the tags that a glob of git's matches.
pub type Describe<'a> = dyn Fn(&str) -> Option<DescribedCommit> + 'a;

/// The scheme of setuptools-scm where none is chosen.
const GUESSED: &str = "guess-next-dev";

/// Tags that may be versions, as setuptools-scm takes them.
const ANY_VERSION: &str = "*[0-9]*";

/// Tags that may be versions, as pdm takes them, and as poetry-dynamic-versioning does.
const ANY_OF_PDM: &str = "*.*";
const ANY_OF_POETRY: &str = "v[0-9]*";

/// The settings of setuptools-scm that are followed, and those that a version in a repository does not depend on.
const SETTINGS_OF_SCM: &[&str] = &[
    "version_scheme",
    "local_scheme",
    "git_describe_command",
    "scm",
    "root",
    "relative_to",
    "search_parent_directories",
    "project_path",
    "dist_name",
    "normalize",
    "fallback_version",
    "fallback_root",
    "parentdir_prefix_version",
    "write_to",
    "write_to_template",
    "write_to_source",
    "version_file",
    "version_file_template",
];
/// The same of pdm's table, and of the other tools'.
const SETTINGS_OF_PDM: &[&str] = &["source", "write_to", "write_template", "fallback_version"];
const SETTINGS_OF_POETRY: &[&str] = &[
    "enable",
    "vcs",
    "dirty",
    "substitution",
    "files",
    "bump",
    "metadata",
    "strict",
    "tag-dir",
    "fix-shallow-repository",
    "ignore-untracked",
];

/// What takes the version from the history.
enum VersionTool<'d> {
    /// setuptools-scm, and what is built on it: with its table.
    Scm(Option<&'d Table>),
    Pdm(&'d Table),
    Pbr,
    Versioneer {
        prefix: String,
        style: String,
    },
    /// poetry-dynamic-versioning, with its table.
    Poetry(&'d Table),
}

/// Returns the version that a project gets from its history. Returns `None` if it takes none from there.
///
/// # Errors
/// The reason, as a sentence, if its rules are not known.
pub fn version_from_history(
    document: &Table,
    files: &FileReader<'_>,
    describe: &Describe<'_>,
) -> Result<Option<String>, String> {
    let Some(tool) = tool(document, files)? else { return Ok(None) };
    let described = |pattern: &str| describe(pattern).ok_or_else(|| "its history cannot be read".to_owned());
    let version = match tool {
        VersionTool::Scm(settings) => scm(settings, &described)?,
        VersionTool::Pdm(settings) => {
            only_known(settings, SETTINGS_OF_PDM)?;
            guessed(&described(ANY_OF_PDM)?, |commit| format!("+g{}", commit.short(DIGITS)))?
        }
        VersionTool::Pbr => {
            let commit = described(ANY_VERSION)?;
            match &commit.tag {
                Some(tag) => pbr(&version_of_tag(tag)?, commit.distance)?,
                None => format!("0.0.1.dev{}", commit.distance),
            }
        }
        VersionTool::Versioneer { prefix, style } => {
            if !matches!(&*style, "" | "pep440") {
                return Err(not_known("style", &style));
            }
            // What is built sees a tag that is the version, and one with a `v` before it.
            if !matches!(&*prefix, "" | "v") {
                return Err(not_known("tag_prefix", &prefix));
            }
            let commit = described(&format!("{prefix}[[:digit:]]*"))?;
            match commit.tag.as_deref().and_then(|tag| tag.strip_prefix(&*prefix)) {
                None => format!("0+untagged.{}.g{}", commit.distance, commit.short(DIGITS)),
                Some(tag) if commit.distance == 0 => tag.to_owned(),
                Some(tag) => {
                    let join = if tag.contains('+') { '.' } else { '+' };
                    format!("{tag}{join}{}.g{}", commit.distance, commit.short(DIGITS))
                }
            }
        }
        VersionTool::Poetry(settings) => poetry(settings, &described(ANY_OF_POETRY)?)?,
    };
    match version.parse::<pep440_rs::Version>() {
        Ok(version) => Ok(Some(version.to_string())),
        Err(_) => Err(format!("its history says `{}`, which is no version", version.escape_debug())),
    }
}

impl PythonProject {
    /// Returns whether the version that it states stands for the one that poetry-dynamic-versioning puts there.
    pub fn has_placeholder_version(&self) -> bool {
        let project = self.document.get("project");
        let dynamic = project.and_then(|project| project.get("dynamic")?.as_array());
        let is_replaced = project.is_none_or(|project| project.get("version").is_none())
            && (project.is_none_or(|project| project.get("name").is_none())
                || dynamic.into_iter().flatten().any(|field| field.as_str() == Some("version")));
        let settings = table(&self.document, &["poetry-dynamic-versioning"]);
        is_replaced && settings.is_some_and(is_enabled) && requires(&self.document, "poetry-dynamic-versioning")
    }
}

/// Returns whether poetry-dynamic-versioning does anything.
fn is_enabled(settings: &Table) -> bool {
    settings.get("enable").and_then(Value::as_bool) == Some(true)
}

/// Returns a table of a tool's.
fn table<'d>(document: &'d Table, path: &[&str]) -> Option<&'d Table> {
    let tools = document.get("tool")?;
    path.iter().try_fold(tools, |value, key| value.get(*key)).and_then(Value::as_table)
}

/// Returns whether a build needs a package.
fn requires(document: &Table, tool: &str) -> bool {
    let requires = document.get("build-system").and_then(|system| system.get("requires")?.as_array());
    let names = requires.into_iter().flatten().filter_map(Value::as_str);
    names.map(|one| one.to_ascii_lowercase().replace('_', "-")).any(|one| {
        one.strip_prefix(tool).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
    })
}

/// Says that larder does not do what a setting says.
fn not_known(key: &str, value: &str) -> String {
    format!("its `{key}` is `{}`, which larder does not know", value.escape_debug())
}

/// Refuses settings that are not followed: the version would be another than the tool's.
fn only_known(settings: &Table, known: &[&str]) -> Result<(), String> {
    match settings.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        Some((key, value)) => Err(not_known(key, &shown(value))),
        None => Ok(()),
    }
}

/// Returns a value for a message: a text without its quotes.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn tool<'d>(document: &'d Table, files: &FileReader<'_>) -> Result<Option<VersionTool<'d>>, String> {
    let table = |path: &[&str]| table(document, path);
    let text = |table: Option<&'d Table>, key: &str| table.and_then(|table| table.get(key)?.as_str());
    let requires = |tool: &str| requires(document, tool);
    if let Some(settings) = table(&["setuptools_scm"]).or_else(|| table(&["setuptools-scm"])) {
        return Ok(Some(VersionTool::Scm(Some(settings))));
    }
    let hatch = table(&["hatch", "version"]);
    if text(hatch, "source") == Some("vcs") {
        if let Some(pattern) = text(hatch, "tag-pattern").filter(|pattern| !pattern.is_empty()) {
            return Err(not_known("tag-pattern", pattern));
        }
        return Ok(Some(VersionTool::Scm(hatch.and_then(|hatch| hatch.get("raw-options")?.as_table()))));
    }
    if let Some(settings) = table(&["pdm", "version"]).filter(|pdm| text(Some(*pdm), "source") == Some("scm")) {
        return Ok(Some(VersionTool::Pdm(settings)));
    }
    if let Some(settings) = table(&["poetry-dynamic-versioning"]).filter(|settings| is_enabled(settings)) {
        return Ok(Some(VersionTool::Poetry(settings)));
    }
    let own = SetupCfg::parse(&files(setup_cfg::FILE).unwrap_or_default());
    let of_versioneer = table(&["versioneer"]);
    if of_versioneer.is_some() || own.get("versioneer", "vcs").is_some() {
        let setting = |key: &str| {
            let value = if of_versioneer.is_some() { text(of_versioneer, key) } else { own.get("versioneer", key) };
            value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        return Ok(Some(VersionTool::Versioneer { prefix: setting("tag_prefix"), style: setting("style") }));
    }
    if requires("pbr") {
        return Ok(Some(VersionTool::Pbr));
    }
    // Without a table, of setuptools-scm it is enough to be there.
    Ok((requires("setuptools-scm") || requires("flit-scm")).then_some(VersionTool::Scm(None)))
}

/// Returns the version as setuptools-scm computes it: its docs, "Configuration parameters".
fn scm(
    settings: Option<&Table>,
    described: &dyn Fn(&str) -> Result<DescribedCommit, String>,
) -> Result<String, String> {
    settings.map_or(Ok(()), |settings| only_known(settings, SETTINGS_OF_SCM))?;
    let setting = |key: &str| {
        let value = settings.and_then(|table| table.get(key));
        value.map(|value| first_text(value).ok_or_else(|| not_known(key, &shown(value)))).transpose()
    };
    let commit = described(&pattern(settings)?)?;
    let local = match setting("local_scheme")?.as_deref() {
        None | Some("node-and-date" | "node-and-timestamp") => None,
        Some("no-local-version" | "dirty-tag") => Some(""),
        Some(other) => return Err(not_known("local_scheme", other)),
    };
    let is_exact = commit.tag.is_some() && commit.distance == 0;
    let node = || local.map_or_else(|| format!("+g{}", commit.short(DIGITS_OF_SCM)), str::to_owned);
    let scheme = setting("version_scheme")?;
    let scheme = scheme.as_deref().unwrap_or(GUESSED);
    if scheme == GUESSED {
        return guessed(&commit, |_| node());
    }
    let base = commit.tag.as_deref().map_or_else(|| Ok("0.0".to_owned()), version_of_tag)?;
    let distance = commit.distance;
    let numbers = |place: usize| match base.strip_suffix(".dev0") {
        Some(before) => release(before, None),
        None => release(&base, Some(place)),
    };
    let guess = match scheme {
        "post-release" => format!("{base}.post{distance}"),
        "no-guess-dev" => match without_dev(&base)? {
            Some(before) => format!("{before}.dev{distance}"),
            None => format!("{base}.post1.dev{distance}"),
        },
        "only-version" => base.clone(),
        "python-simplified-semver" => format!("{}.dev{distance}", numbers(2)?),
        "release-branch-semver" => format!("{}.dev{distance}", numbers(1)?),
        other => return Err(not_known("version_scheme", other)),
    };
    Ok(if is_exact { base } else { format!("{guess}{}", node()) })
}

/// Returns a text, or the first of a list.
fn first_text(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value.as_array()?.first()?.as_str()).map(str::to_owned)
}

/// Returns the glob by which `git describe` chooses among tags: that of a command of its own, if there is one.
///
/// # Errors
/// The command does something else as well.
fn pattern(settings: Option<&Table>) -> Result<String, String> {
    let of_scm = settings.and_then(|settings| settings.get("scm")?.as_table());
    let of_git = of_scm.and_then(|scm| scm.get("git")?.as_table());
    of_scm.map_or(Ok(()), |scm| only_known(scm, &["git"]))?;
    of_git.map_or(Ok(()), |git| only_known(git, &["describe_command", "pre_parse"]))?;
    let command = settings.and_then(|settings| settings.get("git_describe_command"));
    let Some(command) = command.or_else(|| of_git?.get("describe_command")) else { return Ok(ANY_VERSION.to_owned()) };
    let unknown = || not_known("git_describe_command", &shown(command));
    let words: Vec<String> = match command {
        Value::String(text) => text.split_whitespace().map(|word| word.replace(['"', '\''], "")).collect(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return Err(unknown()),
    };
    let (mut glob, mut takes_all_tags) = (None, false);
    let mut words = words.iter().map(String::as_str);
    if words.next() != Some("git") || words.next() != Some("describe") {
        return Err(unknown());
    }
    while let Some(word) = words.next() {
        let matched = if word == "--match" { words.next() } else { word.strip_prefix("--match=") };
        match (word, matched) {
            (_, Some(matched)) if glob.is_none() => glob = Some(matched.to_owned()),
            ("--tags", None) => takes_all_tags = true,
            ("--dirty" | "--long", None) => {}
            (word, None) if word.starts_with("--abbrev=") && word != "--abbrev=0" => {}
            _ => return Err(unknown()),
        }
    }
    if takes_all_tags { Ok(glob.unwrap_or_else(|| "*".to_owned())) } else { Err(unknown()) }
}

/// Returns the version of the commit's tag, or of a development after it: the last number is one more.
fn guessed(commit: &DescribedCommit, local: impl Fn(&DescribedCommit) -> String) -> Result<String, String> {
    let base = commit.tag.as_deref().map(version_of_tag).transpose()?;
    if let (Some(base), 0) = (&base, commit.distance) {
        return Ok(base.clone());
    }
    let local = local(commit);
    let base = base.as_deref().unwrap_or("0.0");
    let next = without_dev(base)?.map_or_else(|| next(base), |before| Ok(before.to_owned()))?;
    Ok(format!("{next}.dev{}{local}", commit.distance))
}

/// Returns the version that a tag announces: `1.0` for `1.0.dev0`. Returns `None` if it announces none.
///
/// # Errors
/// It is of a development that has a number already.
fn without_dev(version: &str) -> Result<Option<&str>, String> {
    match version.rsplit_once(".dev") {
        Some((before, "0")) => Ok(Some(before)),
        Some(_) => Err(format!("its tag names `{version}`, and larder does not know what comes after that")),
        None => Ok(None),
    }
}

/// Returns a version whose last number is one more: `1.2.3rc2` for `1.2.3rc1`.
fn next(version: &str) -> Result<String, String> {
    let digits = version.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, last) = version.split_at(version.len() - digits);
    let next = last.parse::<u64>().ok().and_then(|last| last.checked_add(1));
    next.map(|next| format!("{before}{next}")).ok_or_else(|| too_large(version))
}

/// Returns the first three numbers of a version, with the one at a place raised and those after it zero.
fn release(version: &str, raised: Option<usize>) -> Result<String, String> {
    let parsed = version.parse::<pep440_rs::Version>().map_err(|_| too_large(version))?;
    let mut numbers = parsed.release().to_vec();
    numbers.resize(if raised.is_some() { 3 } else { numbers.len().max(3) }, 0);
    if let Some(place) = raised {
        numbers[place] = numbers[place].checked_add(1).ok_or_else(|| too_large(version))?;
        numbers[place + 1..].fill(0);
    }
    let epoch = if parsed.epoch() > 0 { format!("{}!", parsed.epoch()) } else { String::new() };
    Ok(epoch + &numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))
}

/// Says that there is no version after one.
fn too_large(version: &str) -> String {
    format!("its tag names no version that another can come after: `{}`", version.escape_debug())
}

/// Returns the version as pbr computes it, which has three numbers.
fn pbr(base: &str, distance: u64) -> Result<String, String> {
    if distance == 0 {
        return Ok(base.to_owned());
    }
    let is_final = base.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'!'));
    if base.contains(".dev") || base.contains(".post") {
        return Err(format!("its tag names `{base}`, and larder does not know what comes after that"));
    }
    let next = if is_final { release(base, Some(2))? } else { next(base)? };
    Ok(format!("{next}.dev{distance}"))
}

/// Returns the version that a tag names: `v1.2.3`, `tools-1.2.3`.
fn version_of_tag(tag: &str) -> Result<String, String> {
    let starts = tag.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && (*at == 0 || matches!(tag.as_bytes()[at - 1], b'-' | b'v' | b'V' | b'/' | b'_'))
    });
    let mut versions = starts.filter_map(|(at, _)| {
        let text = tag[at..].split('+').next()?;
        text.parse::<pep440_rs::Version>().ok().map(|version| version.to_string())
    });
    versions.next().ok_or_else(|| format!("its tag `{}` names no version", tag.escape_debug()))
}

/// Returns the version as poetry-dynamic-versioning computes it.
fn poetry(settings: &Table, commit: &DescribedCommit) -> Result<String, String> {
    for (key, value) in settings {
        let is_usual = match key.as_str() {
            "vcs" => matches!(value.as_str(), Some("any" | "git")),
            "style" => value.as_str() == Some("pep440"),
            "pattern" => value.as_str() == Some("default"),
            key => SETTINGS_OF_POETRY.contains(&key) || value.as_bool() == Some(false),
        };
        if !is_usual {
            return Err(not_known(key, &shown(value)));
        }
    }
    let bumps = match settings.get("bump") {
        None => false,
        Some(Value::Boolean(bumps)) => *bumps,
        Some(other) => return Err(not_known("bump", &shown(other))),
    };
    let base = commit.tag.as_deref().map_or_else(|| Ok("0.0.0".to_owned()), version_of_tag)?;
    let is_exact = commit.distance == 0 && commit.tag.is_some();
    let has_metadata = settings.get("metadata").and_then(Value::as_bool).unwrap_or(!is_exact);
    let metadata = if has_metadata { format!("+{}", commit.short(DIGITS)) } else { String::new() };
    if is_exact {
        return Ok(format!("{base}{metadata}"));
    }
    if base.contains(".dev") || base.contains(".post") {
        return Err(format!("its tag names `{base}`, and larder does not know what comes after that"));
    }
    Ok(if bumps {
        format!("{}.dev{}{metadata}", next(&base)?, commit.distance)
    } else {
        format!("{base}.post{}.dev0{metadata}", commit.distance)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(pyproject: &str, tag: Option<&str>, distance: u64) -> Result<Option<String>, String> {
        let commit = DescribedCommit { tag: tag.map(str::to_owned), distance, id: "0123abcdef0123456789".to_owned() };
        version_from_history(&pyproject.parse().unwrap(), &|_| None, &|_| Some(commit.clone()))
    }

    fn check(pyproject: &str, tag: Option<&str>, distance: u64, expected: &str) {
        assert_eq!(version(pyproject, tag, distance).unwrap().as_deref(), Some(expected), "{pyproject}");
    }

    #[test]
    fn setuptools_scm_takes_the_tag_or_guesses_the_next_version() {
        let plain = "[tool.setuptools_scm]\n";
        check(plain, Some("v1.2.3"), 0, "1.2.3");
        check(plain, Some("v1.2.3"), 5, "1.2.4.dev5+g0123abcde");
        check(plain, Some("tools-2.0rc1"), 1, "2.0rc2.dev1+g0123abcde");
        check(plain, None, 7, "0.1.dev7+g0123abcde");
        check("[build-system]\nrequires = ['setuptools_scm[toml]>=6']\n", Some("3"), 1, "4.dev1+g0123abcde");
        check("[tool.setuptools_scm]\nlocal_scheme = 'no-local-version'\n", Some("1.0"), 2, "1.1.dev2");
        let hatch = |options: &str| format!("[tool.hatch.version]\nsource = 'vcs'\nraw-options = {{ {options} }}\n");
        check(&hatch(""), Some("1.0"), 2, "1.1.dev2+g0123abcde");
        check(&hatch("version_scheme = 'post-release'"), Some("1.0"), 2, "1.0.post2+g0123abcde");
        check(&hatch("version_scheme = 'no-guess-dev'"), Some("1.0"), 2, "1.0.post1.dev2+g0123abcde");
        check(&hatch("version_scheme = 'release-branch-semver'"), Some("1.2.3"), 2, "1.3.0.dev2+g0123abcde");
        check(&hatch("version_scheme = 'python-simplified-semver'"), Some("1.2"), 2, "1.2.1.dev2+g0123abcde");
        assert!(version(&hatch("version_scheme = 'own:f'"), Some("1.0"), 2).unwrap_err().contains("`own:f`"));
    }

    #[test]
    fn other_tools_have_rules_of_their_own() {
        let versioneer = "[tool.versioneer]\nVCS = 'git'\ntag_prefix = 'v'\n";
        check(versioneer, Some("v1.2"), 0, "1.2");
        check(versioneer, Some("v1.2"), 3, "1.2+3.g0123abc");
        check(versioneer, None, 3, "0+untagged.3.g0123abc");
        check("[tool.pdm.version]\nsource = 'scm'\n", Some("1.2"), 3, "1.3.dev3+g0123abc");
        check("[tool.poetry-dynamic-versioning]\nenable = true\n", Some("v1.2"), 3, "1.2.post3.dev0+0123abc");
        check("[build-system]\nrequires = ['pbr>=5']\n", Some("1.2"), 3, "1.2.1.dev3");
        assert_eq!(version("[build-system]\nrequires = ['hatchling']\n", Some("1.2"), 3), Ok(None));
    }

    fn refuses(pyproject: &str, tag: &str, distance: u64, names: &str) {
        let reason = version(pyproject, Some(tag), distance).unwrap_err();
        assert!(reason.contains(names), "{pyproject}: {reason}");
    }

    #[test]
    fn a_number_that_cannot_be_raised_is_refused() {
        let tag = format!("v1.{}", u64::MAX);
        let scm = |scheme: &str| format!("[tool.setuptools_scm]\nversion_scheme = '{scheme}'\n");
        for text in [scm(GUESSED), scm("release-branch-semver"), "[tool.pdm.version]\nsource = 'scm'\n".to_owned()] {
            refuses(&text, &tag, 1, "names no version");
        }
        refuses(&scm("python-simplified-semver"), &format!("1.2.{}", u64::MAX), 1, "names no version");
        refuses("[build-system]\nrequires = ['pbr']\n", &format!("1.2.{}", u64::MAX), 1, "names no version");
        let bumped = "[tool.poetry-dynamic-versioning]\nenable = true\nbump = true\n";
        refuses(bumped, &tag, 1, "names no version");
        check(&scm(GUESSED), Some(&tag), 0, &tag[1..]);
    }

    #[test]
    fn settings_that_are_not_followed_are_refused() {
        for (text, names) in [
            ("[tool.setuptools_scm]\ntag_regex = '^v(?P<version>.*)$'\n", "`tag_regex`"),
            ("[tool.setuptools_scm]\nparse = 'own:parse'\n", "`parse` is `own:parse`"),
            ("[tool.setuptools_scm.tag]\nprefix = 'x-'\n", "`tag`"),
            ("[tool.setuptools_scm]\nversion_scheme = 3\n", "`version_scheme` is `3`"),
            ("[tool.hatch.version]\nsource = 'vcs'\ntag-pattern = 'v(.*)'\n", "`tag-pattern`"),
            ("[tool.hatch.version]\nsource = 'vcs'\nraw-options = { tag_regex = 'x' }\n", "`tag_regex`"),
            ("[tool.pdm.version]\nsource = 'scm'\ntag_filter = 'rel*'\n", "`tag_filter` is `rel*`"),
            ("[tool.pdm.version]\nsource = 'scm'\ntag_regex = 'x'\n", "`tag_regex`"),
            ("[tool.pdm.version]\nsource = 'scm'\nversion_format = 'a:b'\n", "`version_format`"),
            ("[tool.versioneer]\nVCS = 'git'\nstyle = 'git-describe'\n", "`style`"),
            ("[tool.versioneer]\nVCS = 'git'\ntag_prefix = 'rel-'\n", "`tag_prefix` is `rel-`"),
            ("[tool.poetry-dynamic-versioning]\nenable = true\nlatest-tag = true\n", "`latest-tag`"),
            ("[tool.poetry-dynamic-versioning]\nenable = true\nstyle = 'semver'\n", "`style`"),
            ("[tool.poetry-dynamic-versioning]\nenable = true\nbump = { index = 0 }\n", "`bump`"),
        ] {
            refuses(text, "v1.2", 3, names);
        }
    }

    #[test]
    fn a_tag_may_announce_the_version_that_is_developed() {
        let scm = |scheme: &str| format!("[tool.setuptools_scm]\nversion_scheme = '{scheme}'\n");
        check(&scm(GUESSED), Some("v1.0.dev0"), 2, "1.0.dev2+g0123abcde");
        check(&scm("no-guess-dev"), Some("v1.0.dev0"), 2, "1.0.dev2+g0123abcde");
        check(&scm("release-branch-semver"), Some("v1.0.dev0"), 2, "1.0.0.dev2+g0123abcde");
        check("[tool.pdm.version]\nsource = 'scm'\n", Some("1.0.dev0"), 2, "1.0.dev2+g0123abc");
        refuses(&scm(GUESSED), "v1.0.dev3", 2, "`1.0.dev3`");
        check(&scm(GUESSED), Some("v1.0.dev3"), 0, "1.0.dev3");
        check(&scm("only-version"), Some("v3.5.1"), 2, "3.5.1+g0123abcde");
        check(&scm("only-version"), Some("v3.5.1"), 0, "3.5.1");
    }

    #[test]
    fn poetry_states_a_placeholder_where_the_tool_is_enabled() {
        let project = |text: &str| PythonProject { document: text.parse().unwrap(), ..PythonProject::default() };
        let text = "[tool.poetry]\nname = 'a'\nversion = '0.0.0'\n[build-system]\n\
                    requires = ['poetry-core', 'poetry-dynamic-versioning>=1,<2']\n[tool.poetry-dynamic-versioning]\n";
        assert!(project(&format!("{text}enable = true\n")).has_placeholder_version());
        assert!(!project(text).has_placeholder_version());
        let stated = format!("{text}enable = true\n[project]\nname = 'a'\nversion = '1.0'\n");
        assert!(!project(&stated).has_placeholder_version());
        let dynamic = format!("{text}enable = true\n[project]\nname = 'a'\ndynamic = ['version']\n");
        assert!(project(&dynamic).has_placeholder_version());
        assert_eq!(version(text, Some("v1.2"), 3), Ok(None));
    }

    #[test]
    fn a_glob_of_its_own_chooses_among_tags() {
        let of = |text: &str| pattern(Some(&text.parse().unwrap()));
        assert_eq!(of("git_describe_command = 'git describe --tags --long --match \"a-v*\"'\n").as_deref(), Ok("a-v*"));
        assert_eq!(of("git_describe_command = ['git', 'describe', '--tags', '--match=b*']\n").as_deref(), Ok("b*"));
        let of_git = "scm.git.describe_command = \"git describe --dirty --tags --long --match='c*'\"\n";
        assert_eq!(of(of_git).as_deref(), Ok("c*"));
        for options in
            ["--long", "--tags --exclude x", "--tags --match a --match b", "--tags --first-parent", "--tags --all"]
        {
            assert!(of(&format!("git_describe_command = 'git describe {options}'\n")).is_err(), "{options}");
        }
    }
}
