//! The packages that a configuration names: what it loads stands below a key that says so. Comments, prose, patterns and the values of other
//! keys are no names.

use serde_json::Value;

/// Keys below which names of packages stand, or in a list.
const KEYS: [&str; 47] = [
    "addons",
    "customSyntax",
    "environment",
    "extends",
    "format",
    "framework",
    "globalSetup",
    "globalTeardown",
    "import/parsers",
    "import/resolver",
    "importSource",
    "jsxImportSource",
    "lint",
    "loader",
    "loaders",
    "modules",
    "noExternal",
    "parser",
    "parserPreset",
    "plugin",
    "pluginSearchDirs",
    "plugins",
    "postcssPlugins",
    "preset",
    "presets",
    "processor",
    "processors",
    "reporter",
    "reporters",
    "require",
    "require.resolve",
    "meta.resolve",
    "resolver",
    "runner",
    "setupFiles",
    "setupFilesAfterEnv",
    "snapshotResolver",
    "snapshotSerializers",
    "stringifier",
    "syntax",
    "testEnvironment",
    "testRunner",
    "testSequencer",
    "transpilePackages",
    "types",
    "use",
    "watchPlugins",
];

/// Keys below which each key stands for something, and the value is the name of a package.
const MAPS: [&str; 16] = [
    "alias",
    "compressors",
    "entry",
    "fallback",
    "manualChunks",
    "moduleNameMapper",
    "namers",
    "optimizers",
    "packagers",
    "ProvidePlugin",
    "resolvers",
    "runtimes",
    "transform",
    "transformers",
    "transforms",
    "validators",
];

/// Keys below which the keys are names of packages, and the values their options.
const KEYED: [&str; 5] = ["import/parsers", "import/resolver", "plugins", "postcssPlugins", "presets"];

/// Keys of an entry below one of the others that name its package.
const OF_ENTRY: [&str; 5] = ["loader", "name", "parser", "resolve", "transform"];

/// Keys whose tools have words of their own: a name of a package has a hyphen, a scope or a path there.
const WITH_WORDS: [&str; 11] = [
    "environment",
    "format",
    "framework",
    "lint",
    "parser",
    "reporter",
    "reporters",
    "runner",
    "syntax",
    "testEnvironment",
    "types",
];

/// Packages that are called like such a word.
const CALLED_LIKE_A_WORD: [&str; 4] = ["eslint", "jest", "jsdom", "prettier"];

/// What functions count as that make paths, as Node's `path.resolve` does.
const PATH: &str = "";

/// Returns the names in a JSON or YAML value: a configuration that is one name extends that.
pub(super) fn names_of_value(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    match value {
        Value::String(text) => found.push(text.as_str()),
        _ => collect(value, &mut Vec::new(), &mut found),
    }
    found
}

fn collect<'v>(value: &'v Value, path: &mut Vec<&'v str>, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if is_name(path, text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect(value, path, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                found.extend(path.last().is_some_and(|parent| KEYED.contains(parent)).then_some(key.as_str()));
                path.push(key);
                collect(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Returns whether a text is the name of a package, by the keys that lead to it.
fn is_name(path: &[&str], text: &str) -> bool {
    let Some((nearest, above)) = path.split_last().filter(|(nearest, _)| **nearest != PATH) else { return false };
    let parent = above.last().copied().unwrap_or_default();
    let has_words =
        WITH_WORDS.contains(nearest) && !text.contains(['-', '@', '/']) && !CALLED_LIKE_A_WORD.contains(&text);
    let of_entry = OF_ENTRY.contains(nearest) && KEYS.contains(&parent);
    let is_bundled = *nearest == "include" && parent == "optimizeDeps";
    (KEYS.contains(nearest) || of_entry || MAPS.contains(&parent) || MAPS.contains(nearest) || is_bundled) && !has_words
}

/// Returns the names in the text of a configuration in JavaScript, TypeScript or JSON with comments.
pub(super) fn names_of_text(text: &str) -> Vec<&str> {
    let mut reader = Reader { open: vec![Open::default()], ..Reader::default() };
    let tokens = Tokens { text, at: 0, before: Before::Operator };
    tokens.for_each(|token| reader.take(token));
    reader.settle();
    reader.found
}

/// What is open: an object, a list or a call.
#[derive(Default)]
struct Open<'t> {
    /// What it is the value of, or the function that is called.
    of: Option<&'t str>,
    /// The key whose value is being read.
    key: Option<&'t str>,
    is_object: bool,
}

/// Reads tokens, with the keys that lead to each.
#[derive(Default)]
struct Reader<'t> {
    open: Vec<Open<'t>>,
    /// The last word, or words joined by points: a key or a function, if what follows says so.
    word: Option<&'t str>,
    /// The last text: a key, if a colon follows.
    text: Option<&'t str>,
    /// The key that was read last, if it is a name where options follow.
    keyed: Option<&'t str>,
    /// How many `?` wait for their colons.
    choices: usize,
    found: Vec<&'t str>,
}

impl<'t> Reader<'t> {
    fn take(&mut self, token: Token<'t>) {
        if !matches!(token, Token::Mark(':')) {
            self.settle();
        }
        let keyed = self.keyed.take();
        self.found.extend(keyed.filter(|_| matches!(token, Token::Mark('{'))));
        match token {
            Token::Word(word) => self.word = Some(word),
            Token::Text(text) => self.text = Some(text),
            Token::Mark(mark) => self.mark(mark),
        }
    }

    /// Takes the last text for a value: no colon follows it.
    fn settle(&mut self) {
        let Some(text) = self.text.take() else { return };
        if is_name(&self.path(), text) {
            self.found.push(text);
        }
    }

    fn path(&self) -> Vec<&'t str> {
        self.open.iter().flat_map(|open| [open.of, open.key]).flatten().collect()
    }

    fn mark(&mut self, mark: char) {
        let word = self.word.take();
        match mark {
            ':' if self.choices > 0 => {
                self.choices -= 1;
                self.settle();
            }
            ':' => {
                let key = self.text.take().or(word);
                self.keyed = key.filter(|_| self.path_above().is_some_and(|parent| KEYED.contains(&parent)));
                self.set_key(key);
            }
            '=' => self.set_key(word.map(|word| word.rsplit('.').next().unwrap_or(word))),
            '?' => self.choices += 1,
            '(' => {
                let of = word.map(called);
                self.open.push(Open { of, ..Open::default() });
            }
            '[' | '{' => self.open.push(Open { is_object: mark == '{', ..Open::default() }),
            ')' | ']' | '}' if self.open.len() > 1 => drop(self.open.pop()),
            ',' | ';' => {
                self.choices = 0;
                if self.open.last().is_some_and(|open| open.is_object) || mark == ';' {
                    self.set_key(None);
                }
            }
            _ => {}
        }
    }

    fn set_key(&mut self, key: Option<&'t str>) {
        if let Some(open) = self.open.last_mut() {
            open.key = key;
        }
    }

    /// Returns the key whose value the innermost object is.
    fn path_above(&self) -> Option<&'t str> {
        let above = self.open.split_last().map_or(&[][..], |(_, above)| above);
        let own = self.open.last().and_then(|open| open.of);
        own.or_else(|| above.iter().rev().find_map(|open| open.key.or(open.of)))
    }
}

/// Returns what a called function counts as: `require.resolve` in full, `x.plugins.push` as `plugins`, others by their last word.
fn called(function: &str) -> &str {
    let from = |end: &str| function.ends_with(end).then(|| &function[function.len() - end.len()..]);
    if let Some(found) = from("require.resolve").or_else(|| from("meta.resolve")) {
        return found;
    }
    let mut words = function.rsplit('.');
    match words.next() {
        Some("resolve" | "join") => PATH,
        Some("push" | "concat" | "unshift") => words.next().unwrap_or_default(),
        last => last.unwrap_or_default(),
    }
}

#[derive(Clone, Copy)]
enum Token<'t> {
    Word(&'t str),
    Text(&'t str),
    Mark(char),
}

/// What stands before a slash: behind a value it divides, else a pattern begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Operator,
    Value,
}

/// The tokens of a text. Comments and patterns are passed over.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
    before: Before,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest = &self.text[self.at..];
            let first = rest.chars().next()?;
            if rest.starts_with("//") || rest.starts_with("#!") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if first == '/' && self.before == Before::Operator {
                self.at += pattern_length(rest);
                self.before = Before::Value;
            } else if matches!(first, '"' | '\'' | '`') {
                let (text, length) = quoted(rest, first);
                self.at += length;
                self.before = Before::Value;
                if let Some(text) = text {
                    return Some(Token::Text(text));
                }
            } else if is_word(first) {
                let length = rest.find(|c| !is_word(c) && c != '.').unwrap_or(rest.len());
                self.at += length;
                let word = rest[..length].trim_end_matches('.');
                self.before = if matches!(word, "return" | "default") { Before::Operator } else { Before::Value };
                return Some(Token::Word(word));
            } else {
                self.at += first.len_utf8();
                if first.is_whitespace() {
                    continue;
                }
                self.before = if matches!(first, ')' | ']' | '}') { Before::Value } else { Before::Operator };
                return Some(Token::Mark(first));
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Returns the text in quotes with which a text begins, and how long it is with them. `None`: it is no plain text, or does not end.
fn quoted(text: &str, quote: char) -> (Option<&str>, usize) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return (None, at),
            _ if c == quote => {
                let inner = &text[1..at];
                let is_plain = !inner.is_empty() && !inner.contains("${") && !inner.contains(char::is_whitespace);
                return (is_plain.then_some(inner), at + 1);
            }
            _ => {}
        }
    }
    (None, text.len())
}

/// Returns how long the pattern is with which a text begins: `/[/]x/`.
fn pattern_length(text: &str) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keys_say_of_is_a_name_and_the_rest_is_not() {
        for (text, expect) in [
            ("module.exports = { devtool: 'source-map', mode: 'production' }", &[][..]),
            ("export default defineConfig({ use: { storageState: 'playwright/.auth/user.json' } })", &[]),
            (
                "module.exports = { presets: ['@babel/env', ['react-app', { flow: false, x: 'y' }]] }",
                &["@babel/env", "react-app"],
            ),
            ("// plugins: ['a']\nmodule.exports = { /* extends: 'b', */ plugins: ['c'] }", &["c"]),
            ("module.exports = { plugins: { 'postcss-x': {}, y: {}, z } }", &["postcss-x", "y"]),
            ("export default { transform: { '^.+\\\\.tsx?$': ['ts-jest', { tsconfig: 'a' }] } }", &["ts-jest"]),
            (
                "export default { test: { environment: 'jsdom', reporters: ['verbose', 'x-reporter'] } }",
                &["jsdom", "x-reporter"],
            ),
            (
                "x({ module: { rules: [{ test: /['\"]\\.css$/, use: ['style-loader', { loader: 'css-loader' }] }] } })",
                &["style-loader", "css-loader"],
            ),
            ("new webpack.ProvidePlugin({ process: 'process/browser' })", &["process/browser"]),
            (
                "x = { resolve: { alias: { react: 'preact/compat' }, fallback: { crypto: require.resolve('crypto-browserify') } } }",
                &["preact/compat", "crypto-browserify"],
            ),
            ("x = { entry: path.resolve(__dirname, 'src'), plugins: [p.resolve('dist'), react('z')] }", &[]),
            ("config.plugins.push('a'); config.presets = ['b']; const name = 'c'", &["a", "b"]),
            ("x = { extends: on ? 'a' : 'b', name: 'c' }", &["a", "b"]),
            (
                "{ // base\n \"extends\": \"@tsconfig/node20/tsconfig.json\", \"compilerOptions\": { \"lib\": [\"dom\"], \"plugins\": [{ \"name\": \"ts-x\" }] } }",
                &["@tsconfig/node20/tsconfig.json", "ts-x"],
            ),
            ("x = { projects: [{ name: 'chromium' }], a: `b`, plugins: [`c ${d}`, `e`", &["e"]),
            ("{ plugins: 'a", &[]),
        ] {
            assert_eq!(names_of_text(text), expect, "{text}");
        }
    }

    #[test]
    fn values_are_read_as_texts_are() {
        let value: Value = serde_json::json!({
            "preset": "ts-jest", "testMatch": ["x"], "plugins": {"postcss-x": {"name": "y"}}, "settings": {"import/resolver": {"node": {}}},
        });
        let mut found = names_of_value(&value);
        found.sort_unstable();
        assert_eq!(found, ["node", "postcss-x", "ts-jest"]);
        assert_eq!(names_of_value(&Value::from("@acme/prettier-config")), ["@acme/prettier-config"]);
    }
}
