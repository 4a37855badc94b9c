//! Modules that only let a package lie in several folders: any of them serves as well as another.

/// The kind of a package's `__init__.py`, by how much it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stub {
    /// Nothing: comments, a documentation string.
    Empty,
    /// The file extends `__path__`, with `pkgutil` or `pkg_resources`.
    Extends,
    /// The file has code of its own.
    Code,
}

/// Returns the kind of an `__init__.py` with this content. A file that is not known to be a stub is code.
pub(super) fn stub(content: &[u8]) -> Stub {
    /// The longest known has a license above its one line.
    const LONGEST: usize = 1 << 13;

    let Some(text) = std::str::from_utf8(content).ok().filter(|text| text.len() <= LONGEST) else { return Stub::Code };
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut found = Stub::Empty;
    let mut is_first = true;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let statement = line.trim();
        if statement.is_empty() || statement.starts_with('#') {
            rest = after;
            continue;
        }
        if let (true, Some(after)) = (is_first, documentation(rest.trim_start())) {
            (rest, is_first) = (after, false);
            continue;
        }
        (rest, is_first) = (after, false);
        match kind(statement) {
            Some(kind) => found = found.max(kind),
            None => return Stub::Code,
        }
    }
    found
}

/// Returns what follows the string that a text begins with, up to the end of its line; `None` if it begins with none, or
/// something else is on that line.
fn documentation(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['r', 'R', 'u', 'U']);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(*quote))?;
    let inside = &text[quote.len()..];
    let mut escaped = false;
    let end = inside.char_indices().find_map(|(at, c)| {
        let is_end = !escaped && inside[at..].starts_with(quote);
        escaped = c == '\\' && !escaped;
        is_end.then_some(at)
    })?;
    let (behind, after) = inside[end + quote.len()..].split_once('\n').unwrap_or((&inside[end + quote.len()..], ""));
    let behind = behind.trim();
    (behind.is_empty() || behind.starts_with('#')).then_some(after)
}

/// Returns what a statement of a stub does; `None` for any other statement.
fn kind(statement: &str) -> Option<Stub> {
    // No string of these statements has a `#`.
    let statement = statement.split('#').next().unwrap_or(statement);
    let plain: String =
        statement.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '"' { '\'' } else { c }).collect();
    let mut found = Stub::Empty;
    for part in plain.trim_end_matches(';').split(';') {
        let part = part.strip_prefix("try:").filter(|rest| !rest.is_empty()).unwrap_or(part);
        match part {
            "__path__=extend_path(__path__,__name__)"
            | "__path__=pkgutil.extend_path(__path__,__name__)"
            | "__path__=__import__('pkgutil').extend_path(__path__,__name__)"
            | "__import__('pkg_resources').declare_namespace(__name__)"
            | "pkg_resources.declare_namespace(__name__)"
            | "declare_namespace(__name__)" => found = Stub::Extends,
            "try:"
            | "pass"
            | "except:"
            | "importpkgutil"
            | "importpkg_resources"
            | "frompkgutilimportextend_path"
            | "frompkg_resourcesimportdeclare_namespace"
            | "exceptImportError:"
            | "exceptModuleNotFoundError:"
            | "exceptException:" => {}
            other if other.starts_with("from__future__import") => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_extend_a_path_are_known() {
        for text in [
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "__path__ = __import__(\"pkgutil\").extend_path(__path__, __name__)  # type: ignore\r\n",
            "# A licence.\n\nfrom pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)",
            "\"\"\"A namespace.\n\nOf many.\"\"\"\nimport pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n",
            "try:\n    __import__('pkg_resources').declare_namespace(__name__)\nexcept ImportError:\n    \
             __path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "from __future__ import absolute_import\nimport pkg_resources; pkg_resources.declare_namespace(__name__);\n",
        ] {
            assert_eq!(stub(text.as_bytes()), Stub::Extends, "{text}");
        }
    }

    #[test]
    fn what_does_nothing_is_empty_and_all_else_is_code() {
        for text in
            ["", "\u{feff}\n", "# x\n", "'it\\'s'\n", "r'''Doc\n'''  # x\n", "from __future__ import print_function"]
        {
            assert_eq!(stub(text.as_bytes()), Stub::Empty, "{text}");
        }
        for text in [
            "x = 1\n",
            "'doc'; x = 1\n",
            "'''never ends\n",
            "import os\n",
            "__path__ = []\n",
            "'doc'\n'no doc' + x\n",
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n__version__ = '1'\n",
        ] {
            assert_eq!(stub(text.as_bytes()), Stub::Code, "{text}");
        }
        assert_eq!(stub(b"\xff"), Stub::Code);
    }
}
