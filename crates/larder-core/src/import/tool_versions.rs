//! Files that name the versions of a project's tools: asdf's `.tool-versions` (<https://asdf-vm.com/manage/configuration.html>) and
//! mise's `mise.toml` (<https://mise.jdx.dev/configuration.html>).

use toml::{Table, Value};

use super::Runtimes;

/// What these files call Node.
const NODE: [&str; 2] = ["node", "nodejs"];

/// What these files call Python.
const PYTHON: [&str; 1] = ["python"];

/// Reads a `.tool-versions`: a tool and its versions on each line, of which the first counts.
pub fn tool_versions(text: &str) -> Runtimes {
    let lines = text.trim_start_matches('\u{feff}').lines().filter_map(|line| line.split('#').next());
    let tools: Vec<(&str, &str)> = lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    of_tools(|names| {
        let (_, version) = tools.iter().find(|(tool, _)| names.contains(tool))?;
        Some((*version).to_owned())
    })
}

/// Reads the `[tools]` of a mise.toml: a version, a list of which the first counts, or a table with a `version`. A file that cannot be
/// read names none.
pub fn mise(text: &str) -> Runtimes {
    let document: Table = text.trim_start_matches('\u{feff}').parse().unwrap_or_default();
    let tools = document.get("tools").and_then(Value::as_table);
    of_tools(|names| {
        let value = names.iter().find_map(|name| tools?.get(*name))?;
        let value = value.as_array().map_or(Some(value), |versions| versions.first())?;
        let version = value.get("version").unwrap_or(value);
        version.as_str().map(str::to_owned)
    })
}

/// Returns the versions of Node and Python. A name like `latest` or `lts` is none.
fn of_tools(find: impl Fn(&[&str]) -> Option<String>) -> Runtimes {
    let version = |names: &[&str]| {
        find(names)
            .map(|version| version.trim_start_matches('v').to_owned())
            .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    };
    Runtimes { node_file: version(&NODE), python_file: version(&PYTHON), ..Runtimes::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(runtimes: &Runtimes) -> [Option<&str>; 2] {
        [runtimes.node_file.as_deref(), runtimes.python_file.as_deref()]
    }

    #[test]
    fn the_first_version_of_a_tool_counts() {
        let of_asdf = |text: &str| tool_versions(text);
        assert_eq!(named(&of_asdf("nodejs 22.18.0 20.1.0 # ours\npython 3.12.1\n")), [Some("22.18.0"), Some("3.12.1")]);
        assert_eq!(named(&of_asdf("\u{feff}nodejs 22.18.0\r\n")), [Some("22.18.0"), None]);
        assert_eq!(named(&of_asdf("# python 3.9\nnodejs lts\nruby 3.3.0\n")), [None, None]);
        let text = "[tools]\nnode = [\"v22\", \"20\"]\npython = { version = \"3.12\" }\ngo = \"latest\"\n";
        assert_eq!(named(&mise(text)), [Some("22"), Some("3.12")]);
        assert_eq!(named(&mise("[tools]\nnode = \"lts\"\n")), [None, None]);
        assert_eq!(named(&mise("no = toml = file")), [None, None]);
    }
}
