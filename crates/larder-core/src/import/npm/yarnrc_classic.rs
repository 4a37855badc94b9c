//! The .yarnrc of Yarn 1: <https://classic.yarnpkg.com/lang/en/docs/yarnrc/>.

use crate::import::Imported;

use super::npmrc;

/// Settings that change nothing for larder.
const WITHOUT_MEANING: [&str; 7] = [
    "lastUpdateCheck",
    "yarn-path",
    "save-prefix",
    "network-timeout",
    "workspaces-experimental",
    "version-tag-prefix",
    "email",
];

/// Reads a .yarnrc: a key and a value on each line, each in quotes or not.
pub fn yarnrc_classic(text: &str) -> Imported {
    let mut imported = Imported::default();
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = key_and_value(line);
        // A flag of all commands, or of one: `--registry`, `--*.registry`, `--install.registry`.
        let flag = key.strip_prefix("--");
        let key = match flag {
            Some(flag) if flag == "registry" || flag.ends_with(".registry") => "registry",
            _ => flag.filter(|flag| flag.ends_with(":registry")).unwrap_or(key),
        };
        match key.strip_suffix(":registry").filter(|scope| scope.len() > 1 && scope.starts_with('@')) {
            Some(scope) => npmrc::add(&mut imported, &scope[1..], value, vec![format!("{scope}/*")]),
            // Yarn's own is a mirror of npm's.
            None if key == "registry" && value.trim_end_matches('/') == "https://registry.yarnpkg.com" => {}
            None if key == "registry" => npmrc::add(&mut imported, "npmjs", value, Vec::new()),
            None if WITHOUT_MEANING.contains(&key) || key.starts_with("--") => {}
            None => imported.refuse(format!(".yarnrc {key}"), "a setting of Yarn's that larder has not"),
        }
    }
    imported
}

fn key_and_value(line: &str) -> (&str, &str) {
    let quoted = line.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (key, value) = quoted.or_else(|| line.split_once(char::is_whitespace)).unwrap_or((line, ""));
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or_default(),
        None => value.split(char::is_whitespace).next().unwrap_or_default(),
    };
    (key.trim_end_matches(':'), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_taken_over() {
        let text = "# yarn\nregistry \"https://own.example/\"\n\"@acme:registry\" \"https://acme.example\"\n\
                    lastUpdateCheck 12\n--install.frozen-lockfile true\nyarn-offline-mirror \"./mirror\"\n";
        let imported = yarnrc_classic(text);
        let taken = imported.registries.iter().map(|one| (&*one.name, &*one.url, one.packages.join(" ")));
        assert_eq!(
            taken.collect::<Vec<_>>(),
            [("npmjs", "https://own.example/", String::new()), ("acme", "https://acme.example", "@acme/*".to_owned()),]
        );
        assert_eq!(
            imported.not_taken.iter().map(|left| &*left.what).collect::<Vec<_>>(),
            [".yarnrc yarn-offline-mirror"]
        );
        for line in [
            "--registry \"https://own.example/\"",
            "--*.registry https://own.example/",
            "\"--install.registry\" \"https://own.example/\"",
            "registry \"https://own.example/\" # our mirror",
            "registry https://own.example/ # our mirror",
        ] {
            let taken = yarnrc_classic(line);
            assert_eq!(
                taken.registries.iter().map(|one| &*one.url).collect::<Vec<_>>(),
                ["https://own.example/"],
                "{line}"
            );
        }
        assert!(yarnrc_classic("registry \"https://registry.yarnpkg.com\"\n").registries.is_empty());
    }
}
