//! pip's configuration: <https://pip.pypa.io/en/stable/topics/configuration/>.

use crate::import::Imported;

use super::requirements::add_index;

/// Variables by which pip and uv are told where packages come from.
pub const INDEX_VARIABLES: [&str; 12] = [
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_CONFIG_FILE",
];

/// Reads a pip.conf: the indexes of `[global]` and `[install]`.
pub fn pip_conf(text: &str) -> Imported {
    let mut imported = Imported::default();
    for (option, value) in pip_options(text) {
        match &*option {
            "index-url" | "extra-index-url" | "find-links" => {
                add_index(&mut imported, &format!("--{option}"), value);
            }
            "no-index" if matches!(&*value.to_lowercase(), "0" | "false" | "no" | "off") => {}
            "no-index" => imported.refuse_guard("pip.conf no-index", "name the registry that replaces PyPI"),
            _ => imported.refuse(format!("pip.conf {option}"), "an option of pip's that larder has not"),
        }
    }
    imported
}

/// Splits `[global]` and `[install]` of a pip.conf into options and values, an option with several values once for each.
pub fn pip_options(text: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let (mut section, mut option) = (String::new(), String::new());
    for line in text.trim_start_matches('\u{feff}').lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_lowercase();
            option.clear();
            continue;
        }
        if !matches!(&*section, "global" | "install") {
            continue;
        }
        // An indented line goes on with the values of the one above.
        let values = match trimmed.split_once(['=', ':']).filter(|_| !line.starts_with([' ', '\t'])) {
            Some((name, values)) => {
                option = name.trim().to_lowercase().replace('_', "-");
                values
            }
            None => trimmed,
        };
        if !option.is_empty() {
            found.extend(values.split_whitespace().map(|value| (option.clone(), value)));
        }
    }
    found
}
