//! setuptools' setup.cfg: <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>.

use std::collections::BTreeMap;

/// The file's name.
pub(super) const FILE: &str = "setup.cfg";

/// The sections of a setup.cfg, each with its options: keys in lower case, values with their line breaks.
#[derive(Debug, Default)]
pub(super) struct SetupCfg(BTreeMap<String, BTreeMap<String, String>>);

impl SetupCfg {
    /// Reads the file, as Python's `configparser` does: a line that begins with white space continues the value above it.
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let (mut section, mut key) = (String::new(), None::<String>);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let trimmed = line.trim();
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with([' ', '\t']) {
                let value = key.as_ref().and_then(|key| sections.get_mut(&section)?.get_mut(key));
                if let Some(value) = value.filter(|_| !trimmed.is_empty()) {
                    value.push('\n');
                    value.push_str(trimmed);
                }
            } else if let Some(name) = trimmed.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                name.trim().clone_into(&mut section);
                key = None;
            } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
                let name = name.trim().to_lowercase().replace('-', "_");
                sections.entry(section.clone()).or_default().insert(name.clone(), value.trim().to_owned());
                key = Some(name);
            }
        }
        Self(sections)
    }

    /// Returns the value of an option.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.0.get(section)?.get(key).map(String::as_str)
    }

    /// Returns the options of a section, keys in lower case.
    pub(super) fn section(&self, section: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.get(section).into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Returns the elements of a list: one on each line, or separated by semicolons or, where a value has no requirements, commas.
pub(super) fn lines(value: &str) -> Vec<String> {
    let lines = value.lines().map(|line| line.split(" #").next().unwrap_or(line).trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}
