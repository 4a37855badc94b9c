//! The entries of `dependencies`: a range, a dist-tag or an alias, or a form that larder does not support.

use crate::model::{NpmRange, PackageName, Requirement, Source, split_alias};
use crate::resolve::Wants;

/// Parses an entry of `dependencies`. If its name is invalid, the error names `dependent`.
pub(in crate::registry) fn wants(dependent: &PackageName, alias: &str, text: &str) -> Wants {
    let alias_name = match PackageName::npm(alias) {
        Ok(name) => name,
        Err(error) => {
            let (text, reason) = (format!("{alias}@{text}"), error.to_string());
            return Wants::Unsupported { name: dependent.clone(), text, reason };
        }
    };
    let refuse = |reason: &str| Wants::Unsupported {
        name: alias_name.clone(),
        text: text.to_owned(),
        reason: reason.to_owned(),
    };
    let trimmed = text.trim();
    let (name, range) = if let Some(target) = trimmed.strip_prefix("npm:") {
        let (name, range) = split_alias(target);
        match name.map_or_else(|| Ok(alias_name.clone()), PackageName::npm) {
            Ok(name) => (name, range),
            Err(error) => return refuse(&error.to_string()),
        }
    } else if let Some(source) = Source::from_npm(trimmed) {
        return match source {
            Ok(source) => from_source(alias_name, source, text),
            Err(error) => refuse(&format!("it {error}")),
        };
    } else if let Some(kind) = foreign(trimmed) {
        return refuse(kind);
    } else {
        (alias_name.clone(), trimmed)
    };
    match (if range.is_empty() { "*" } else { range }).parse() {
        Ok(range) => Wants::Requirement(Requirement::npm(alias_name, name, range)),
        Err(_) => refuse("it is not a range of npm's grammar"),
    }
}

/// Returns what an entry asks for that names a place outside of registries.
pub(in crate::registry) fn from_source(alias: PackageName, source: Source, text: &str) -> Wants {
    match "*".parse::<NpmRange>() {
        Ok(any) => {
            let requirement = Requirement::npm(alias.clone(), alias, any);
            Wants::Source { requirement, source, text: text.to_owned() }
        }
        Err(error) => Wants::Unsupported { name: alias, text: text.to_owned(), reason: error.to_string() },
    }
}

/// Returns the reason why a specifier does not name versions of a registry. Returns `None` if it does.
fn foreign(text: &str) -> Option<&'static str> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("workspace") => Some("`workspace:` is understood within a project only"),
        _ if [".tgz", ".tar.gz"].iter().any(|end| text.ends_with(end)) => {
            Some("an archive of a checkout is for the project that has it")
        }
        Some("file" | "link" | "portal") => Some("it is a folder outside of any registry"),
        Some("catalog" | "patch") => Some("it belongs to another package manager"),
        Some(_) => Some("larder knows no such place"),
        None if text.starts_with(['.', '/']) || text.starts_with("~/") => {
            Some("it is a folder outside of any registry")
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(alias: &str, text: &str) -> Result<(String, String), String> {
        match wants(&PackageName::npm("me").unwrap(), alias, text) {
            Wants::Requirement(requirement) => Ok((requirement.package().name.to_string(), requirement.range_text())),
            Wants::Source { source, .. } => Ok(("outside".to_owned(), source.to_string())),
            Wants::Unsupported { reason, .. } => Err(reason),
        }
    }

    #[test]
    fn ranges_tags_and_aliases_are_understood() {
        let check = |text: &str, name: &str, range: &str| {
            assert_eq!(read("a", text).unwrap(), (name.to_owned(), range.to_owned()), "{text}");
        };
        check("^1.2", "a", "^1.2");
        check("", "a", "*");
        check(" next ", "a", "next");
        check(">=1 <2 || 3.x", "a", ">=1 <2 || 3.x");
        check("npm:@s/b@~1", "@s/b", "npm:@s/b@~1");
        check("npm:b", "b", "npm:b@*");
        check("npm:^2.1", "a", "^2.1");
        check("npm:1.0.0 - 2.x", "a", "1.0.0 - 2.x");
        check("npm:7zip-bin@5.2.0", "7zip-bin", "npm:7zip-bin@5.2.0");
        check("npm:404", "404", "npm:404@*");
    }

    #[test]
    fn what_comes_from_elsewhere_is_refused() {
        for text in
            ["git+file:///x.git", "http://h/x.tgz", "file:../x", "../x", "workspace:*", "link:x", "svn+https://h/x"]
        {
            assert!(read("a", text).is_err(), "{text}");
        }
        for text in ["git+https://h/x.git", "github:u/r", "u/r#semver:^1", "https://h/x.tgz", "git@h:u/r.git"] {
            assert_eq!(read("a", text).unwrap().0, "outside", "{text}");
        }
        assert!(read("../a", "1").is_err());
    }
}
