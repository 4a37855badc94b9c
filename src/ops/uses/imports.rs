//! The packages that a file of JavaScript or of TypeScript's declarations loads, found by its text.

/// The words that a module's name follows.
const KEYWORDS: [&[u8]; 3] = [b"require", b"import", b"from"];

/// Returns the modules that a text names in `require("…")`, `import "…"`, `import("…")` and `… from "…"`, in their order.
/// Comments that begin a line are passed over. What is put together as the program runs is not seen.
pub(in crate::ops) fn imports(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let mut begins_line = true;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        if begins_line && rest.starts_with(b"/*") {
            at += find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
            continue;
        }
        if begins_line && rest.starts_with(b"//") {
            at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            continue;
        }
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.');
        let starts_word = at == 0 || !is_word(&bytes[at - 1]);
        let keyword = KEYWORDS.into_iter().find(|word| starts_word && rest.starts_with(word));
        if let Some(keyword) = keyword
            && let Some(module) = module_after(text, at + keyword.len())
        {
            found.push(module);
            at += keyword.len();
            begins_line = false;
            continue;
        }
        begins_line = match bytes[at] {
            b'\n' => true,
            byte => begins_line && byte.is_ascii_whitespace(),
        };
        at += 1;
    }
    found
}

/// Returns the text in quotes that follows a keyword, perhaps behind a parenthesis.
fn module_after(text: &str, at: usize) -> Option<&str> {
    /// The longest module that is looked at.
    const LONGEST: usize = 300;

    let rest = text.get(at..)?.trim_start();
    let rest = rest.strip_prefix('(').map_or(rest, str::trim_start);
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let module = &rest[1..];
    let end = module.bytes().take(LONGEST).position(|byte| byte == quote as u8)?;
    let module = &module[..end];
    (!module.contains(['\n', '\\', ' '])).then_some(module)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The modules that Node brings itself and that packages of npm are named like. With a `/` at their end they are packages.
const OF_NODE: [&str; 22] = [
    "assert",
    "buffer",
    "console",
    "constants",
    "crypto",
    "domain",
    "events",
    "fs",
    "http",
    "https",
    "module",
    "os",
    "path",
    "process",
    "punycode",
    "querystring",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "url",
    "util",
];

/// Returns the name of the package that a module is of: `@scope/name` of `@scope/name/deep.js`. `None` for relative modules,
/// Node's own, and addresses.
pub(in crate::ops) fn package_of(module: &str) -> Option<&str> {
    let is_of_node =
        OF_NODE.contains(&module) || matches!(module, "fs/promises" | "path/posix" | "path/win32" | "util/types");
    if is_of_node || module.is_empty() || module.starts_with(['.', '/', '#']) || module.contains(':') {
        return None;
    }
    let mut ends = module.match_indices('/').map(|(at, _)| at);
    let end = if module.starts_with('@') { ends.nth(1) } else { ends.next() };
    Some(&module[..end.unwrap_or(module.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_wherever_they_are_loaded() {
        let text = "import a from 'a';import{b}from\"b/c\"\nimport 'd'\nexport * from '@e/f/g';\n\
                    const h = require('h'), i = await import( 'i' );\nexport type { J } from 'j'\nlet k: import('k').K;\n";
        assert_eq!(imports(text), ["a", "b/c", "d", "@e/f/g", "h", "i", "j", "k"]);
    }

    #[test]
    fn what_only_looks_like_a_load_is_none() {
        let text = "/**\n * import a from 'a'\n */\n  // require('b')\nx.require('c'); myimport('d'); require(e); from = 'f'\n\
                    const g = { from: 'g' }, h = `from`; import(`i`); require('j\\n')";
        assert_eq!(imports(text), Vec::<&str>::new());
        assert_eq!(imports("from '"), Vec::<&str>::new());
        assert_eq!(imports("/* "), Vec::<&str>::new());
    }

    #[test]
    fn a_module_is_of_a_package() {
        for (module, package) in [
            ("a", Some("a")),
            ("a/b/c", Some("a")),
            ("@a/b/c", Some("@a/b")),
            ("@a", Some("@a")),
            ("./a", None),
            ("/a", None),
            ("#a", None),
            ("node:fs", None),
            ("util", None),
            ("fs/promises", None),
            ("process/", Some("process")),
            ("events/events.js", Some("events")),
            ("https://a/b", None),
            ("", None),
        ] {
            assert_eq!(package_of(module), package, "{module}");
        }
    }
}
