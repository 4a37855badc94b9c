//! Versions that a tool takes from the history of a git repository, as its own rules have them.

use toml::{Table, Value};

use super::FileReader;
use super::setup_cfg::{self, SetupCfg};

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

/// What takes the version from the history.
enum Tool<'d> {
    /// setuptools-scm, and what is built on it: with its table.
    Scm(Option<&'d Table>),
    Pdm,
    Pbr,
    Versioneer {
        prefix: String,
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
    let Some(tool) = tool(document, files) else { return Ok(None) };
    let described = |pattern: &str| describe(pattern).ok_or_else(|| "its history cannot be read".to_owned());
    let version = match tool {
        Tool::Scm(settings) => scm(settings, &described)?,
        Tool::Pdm => guessed(&described(ANY_VERSION)?, |commit| format!("+g{}", commit.short(DIGITS)))?,
        Tool::Pbr => {
            let commit = described(ANY_VERSION)?;
            match &commit.tag {
                Some(_) => guessed(&commit, |_| String::new())?,
                None => format!("0.0.1.dev{}", commit.distance),
            }
        }
        Tool::Versioneer { prefix } => {
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
        Tool::Poetry(settings) => poetry(settings, &described(ANY_VERSION)?)?,
    };
    match version.parse::<pep440_rs::Version>() {
        Ok(version) => Ok(Some(version.to_string())),
        Err(_) => Err(format!("its history says `{}`, which is no version", version.escape_debug())),
    }
}

fn tool<'d>(document: &'d Table, files: &FileReader<'_>) -> Option<Tool<'d>> {
    let table = |path: &[&str]| {
        let tools = document.get("tool")?;
        path.iter().try_fold(tools, |value, key| value.get(*key)).and_then(Value::as_table)
    };
    let text = |table: Option<&'d Table>, key: &str| table.and_then(|table| table.get(key)?.as_str());
    let requires = document.get("build-system").and_then(|system| system.get("requires")?.as_array());
    let requires = |tool: &str| {
        let names = requires.into_iter().flatten().filter_map(Value::as_str);
        names.map(|one| one.to_ascii_lowercase().replace('_', "-")).any(|one| {
            one.strip_prefix(tool)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
        })
    };
    if let Some(settings) = table(&["setuptools_scm"]).or_else(|| table(&["setuptools-scm"])) {
        return Some(Tool::Scm(Some(settings)));
    }
    let hatch = table(&["hatch", "version"]);
    if text(hatch, "source") == Some("vcs") {
        return Some(Tool::Scm(hatch.and_then(|hatch| hatch.get("raw-options")?.as_table())));
    }
    if text(table(&["pdm", "version"]), "source") == Some("scm") {
        return Some(Tool::Pdm);
    }
    if let Some(settings) = table(&["poetry-dynamic-versioning"]) {
        return Some(Tool::Poetry(settings));
    }
    let versioneer = table(&["versioneer"]).map(|table| table.get("tag_prefix").and_then(Value::as_str).unwrap_or(""));
    let own = SetupCfg::parse(&files(setup_cfg::FILE).unwrap_or_default());
    let of_cfg = || own.get("versioneer", "vcs").map(|_| own.get("versioneer", "tag_prefix").unwrap_or(""));
    if let Some(prefix) = versioneer.or_else(of_cfg) {
        return Some(Tool::Versioneer { prefix: prefix.trim_matches(['"', '\'']).to_owned() });
    }
    if requires("pbr") {
        return Some(Tool::Pbr);
    }
    // Without a table, of setuptools-scm it is enough to be there.
    (requires("setuptools-scm") || requires("flit-scm")).then_some(Tool::Scm(None))
}

/// Returns the version as setuptools-scm computes it: its docs, "Configuration parameters".
fn scm(
    settings: Option<&Table>,
    described: &dyn Fn(&str) -> Result<DescribedCommit, String>,
) -> Result<String, String> {
    let setting = |key: &str| settings.and_then(|table| table.get(key)).and_then(first_text);
    let commit = described(&pattern(settings).unwrap_or_else(|| ANY_VERSION.to_owned()))?;
    let local = match setting("local_scheme").as_deref() {
        None | Some("node-and-date" | "node-and-timestamp") => None,
        Some("no-local-version" | "dirty-tag") => Some(""),
        Some(other) => return Err(format!("its `local_scheme` is `{other}`, which larder does not know")),
    };
    let is_exact = commit.tag.is_some() && commit.distance == 0;
    let node = || local.map_or_else(|| format!("+g{}", commit.short(DIGITS_OF_SCM)), str::to_owned);
    let scheme = setting("version_scheme");
    let scheme = scheme.as_deref().unwrap_or(GUESSED);
    if scheme == GUESSED {
        return guessed(&commit, |_| node());
    }
    let base = commit.tag.as_deref().map_or_else(|| Ok("0.0".to_owned()), version_of_tag)?;
    if is_exact {
        return Ok(base);
    }
    let distance = commit.distance;
    Ok(match scheme {
        "post-release" => format!("{base}.post{distance}{}", node()),
        "no-guess-dev" => format!("{base}.post1.dev{distance}{}", node()),
        "only-version" => base,
        "python-simplified-semver" => format!("{}.dev{distance}{}", raised(&base, 2), node()),
        "release-branch-semver" => format!("{}.dev{distance}{}", raised(&base, 1), node()),
        other => return Err(format!("its `version_scheme` is `{other}`, which larder does not know")),
    })
}

/// Returns a text, or the first of a list.
fn first_text(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value.as_array()?.first()?.as_str()).map(str::to_owned)
}

/// Returns the glob that a command of its own gives to `git describe`.
fn pattern(settings: Option<&Table>) -> Option<String> {
    let settings = settings?;
    let of_git = settings.get("scm").and_then(|scm| scm.get("git")?.get("describe_command"));
    let command = settings.get("git_describe_command").or(of_git)?;
    let words: Vec<String> = match command {
        Value::String(text) => text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    let after = words.iter().position(|word| word == "--match").and_then(|at| words.get(at + 1).cloned());
    after.or_else(|| words.iter().find_map(|word| word.strip_prefix("--match=").map(str::to_owned)))
}

/// Returns the version of the commit's tag, or of a development after it: the last number is one more.
fn guessed(commit: &DescribedCommit, local: impl Fn(&DescribedCommit) -> String) -> Result<String, String> {
    let base = commit.tag.as_deref().map(version_of_tag).transpose()?;
    if let (Some(base), 0) = (&base, commit.distance) {
        return Ok(base.clone());
    }
    let local = local(commit);
    let next = next(base.as_deref().unwrap_or("0.0"));
    Ok(format!("{next}.dev{}{local}", commit.distance))
}

/// Returns a version whose last number is one more: `1.2.3rc2` for `1.2.3rc1`.
fn next(version: &str) -> String {
    let version = version.split_once(".dev").map_or(version, |(before, _)| before);
    let digits = version.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, last) = version.split_at(version.len() - digits);
    last.parse::<u64>().map_or_else(|_| format!("{version}.1"), |last| format!("{before}{}", last + 1))
}

/// Returns the first three numbers of a version, with the one at a place raised and those after it zero.
fn raised(version: &str, place: usize) -> String {
    let parsed = version.parse::<pep440_rs::Version>();
    let mut numbers: Vec<u64> = parsed.map(|version| version.release().to_vec()).unwrap_or_default();
    numbers.resize(3, 0);
    numbers[place] += 1;
    numbers[place + 1..].fill(0);
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
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
    for key in ["format", "format-jinja", "pattern"] {
        if let Some(value) = settings.get(key).filter(|value| !(key == "pattern" && value.as_str() == Some("default")))
        {
            return Err(format!("its `{key}` is `{value}`, which larder does not know"));
        }
    }
    let base = commit.tag.as_deref().map_or_else(|| Ok("0.0.0".to_owned()), version_of_tag)?;
    if commit.distance == 0 && commit.tag.is_some() {
        return Ok(base);
    }
    let has_metadata = settings.get("metadata").and_then(Value::as_bool).unwrap_or(true);
    let metadata = if has_metadata { format!("+{}", commit.short(DIGITS)) } else { String::new() };
    let bumps = settings.get("bump").is_some_and(|bump| bump.as_bool().unwrap_or(true));
    Ok(if bumps {
        format!("{}.dev{}{metadata}", next(&base), commit.distance)
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
        check("[build-system]\nrequires = ['pbr>=5']\n", Some("1.2"), 3, "1.3.dev3");
        assert_eq!(version("[build-system]\nrequires = ['hatchling']\n", Some("1.2"), 3), Ok(None));
    }

    #[test]
    fn a_glob_of_its_own_chooses_among_tags() {
        let table: Table = "git_describe_command = 'git describe --long --match \"a-v*\"'\n".parse().unwrap();
        assert_eq!(pattern(Some(&table)).as_deref(), Some("a-v*"));
        let table: Table = "git_describe_command = ['git', 'describe', '--match=b*']\n".parse().unwrap();
        assert_eq!(pattern(Some(&table)).as_deref(), Some("b*"));
    }
}
