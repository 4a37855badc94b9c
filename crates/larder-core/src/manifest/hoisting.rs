//! How npm packages are found by those that do not declare them: `fallback` and `hoist` in the `resolution` block.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// How npm packages are found by those that do not declare them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hoisting {
    /// `fallback`
    pub fallback: FallbackMode,
    /// `hoist npm`: globs of the names that the project's own `node_modules` has too. One that begins with `!` excludes names.
    pub names: Vec<String>,
}

/// Whether packages find, last of all, what they do not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FallbackMode {
    /// They find one instance of each name.
    #[default]
    On,
    /// They find what they declare, and nothing else.
    Off,
}

impl Hoisting {
    /// Returns a function that tells whether the project's own `node_modules` has a name that is not its own. A `*` matches
    /// scopes too.
    pub fn matcher(&self) -> impl Fn(&str) -> bool + use<> {
        let set = |is_wanted: fn(&str) -> Option<&str>| {
            let mut set = GlobSetBuilder::new();
            // A glob that does not parse was an error of the manifest already.
            for glob in self.names.iter().filter_map(|glob| Glob::new(is_wanted(glob)?).ok()) {
                set.add(glob);
            }
            set.build().unwrap_or_else(|_| GlobSet::empty())
        };
        let hoisted = set(|glob| (!glob.starts_with('!')).then_some(glob));
        let excluded = set(|glob| glob.strip_prefix('!'));
        move |name| hoisted.is_match(name) && !excluded.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hoisted_unless_it_is_excluded() {
        let check = |globs: &[&str], name: &str| {
            let names = globs.iter().map(|&glob| glob.to_owned()).collect();
            Hoisting { names, ..Hoisting::default() }.matcher()(name)
        };
        assert!(check(&["@tailwindcss/*"], "@tailwindcss/forms") && !check(&["@tailwindcss/*"], "tailwindcss"));
        assert!(check(&["*eslint*"], "@types/eslint") && check(&["*"], "@a/b"));
        assert!(!check(&["*", "!@a/*"], "@a/b") && check(&["*", "!@a/*"], "b"));
        assert!(!check(&[], "a"));
    }
}
