//! A linear scan of the text, to make it safe for the KDL parser.
//!
//! The parser is recursive: it can overflow the stack on deep nesting and on long block comments, and its time doubles with
//! each `/-` block inside another. So this scan bounds the depth and replaces comments by spaces.

use miette::SourceSpan;

use super::ManifestError;

/// How deep blocks may be nested.
const DEPTH: usize = 32;
/// How deep blocks that are disabled by `/-` may be nested. The parser's time doubles with each.
const DISABLED_DEPTH: usize = 8;
/// How long a text may be.
const LENGTH: usize = 512 * 1024;
/// How many braces a text may have in all.
const BRACES: usize = 4096;

/// A text that is safe to parse.
pub(super) struct ScannedText {
    /// The text with the insides of comments replaced by spaces. Offsets stay the same.
    pub(super) blanked: String,
    /// The number of opening braces, even in strings: a bound on the parser's recursion.
    pub(super) braces: usize,
}

/// Checks that the text is safe for the parser.
pub(super) fn scan(text: &str) -> Result<ScannedText, ManifestError> {
    if text.len() > LENGTH {
        return Err(ManifestError::TooLong { limit: LENGTH, unit: "bytes", span: (0, 0).into() });
    }
    if let Some((at, c)) = text.char_indices().find(|(at, c)| is_forbidden(*c) && !(*at == 0 && *c == '\u{feff}')) {
        return Err(ManifestError::Syntax {
            message: format!("the character U+{:04X} is not allowed in a manifest", u32::from(c)),
            help: Some(format!("to have it in a string, write \\u{{{:x}}}", u32::from(c))),
            span: (at, c.len_utf8()).into(),
        });
    }
    let mut scanner =
        Scanner { bytes: text.as_bytes(), at: 0, blanks: Vec::new(), blocks: Vec::new(), slashdash: false };
    scanner.run()?;
    let mut blanked = text.as_bytes().to_vec();
    for (from, to) in &scanner.blanks {
        blanked[*from..*to].fill(b' ');
    }
    // Whole characters were replaced by spaces, so this is the text's own UTF-8; were it not, the parser would see
    // the text itself.
    let blanked = String::from_utf8(blanked).unwrap_or_else(|_| text.to_owned());
    let braces = blanked.bytes().filter(|&b| b == b'{').count();
    if braces > BRACES {
        return Err(ManifestError::TooLong { limit: BRACES, unit: "braces", span: (0, 0).into() });
    }
    Ok(ScannedText { blanked, braces })
}

/// Returns the length of the newline that `text` starts with, or 0. KDL has seven kinds of newlines.
pub(super) fn newline(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\r' | b'\n' | 0x0b | 0x0c, ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// Returns whether KDL forbids a character: controls, bidirectional controls, and a byte order mark except at the beginning.
/// The parser would not see those in comments, and accepts one of them.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the length of the white space that `text` starts with, or 0.
fn space(text: &[u8]) -> usize {
    match text {
        [b' ' | b'\t', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        // U+1680, U+2000 to U+200A, U+202F, U+205F and U+3000.
        [0xe1, 0x9a, 0x80, ..]
        | [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..]
        | [0xe2, 0x81, 0x9f, ..]
        | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The insides of comments.
    blanks: Vec<(usize, usize)>,
    /// For each open block, whether it is disabled by `/-`.
    blocks: Vec<bool>,
    /// Whether a `/-` applies to whatever comes next.
    slashdash: bool,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), ManifestError> {
        // A `/-` applies across newlines until something follows it.
        let mut filled = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' | b'#' | b'/' if self.skip_opaque()? => {}
                b'/' if self.rest().starts_with(b"/-") && self.blank_adjacent_slashdash()? => {}
                b'/' if self.rest().starts_with(b"/-") => {
                    self.slashdash = true;
                    filled = false;
                    self.at += 2;
                    continue;
                }
                b'{' => self.open_block()?,
                b'}' => {
                    self.blocks.pop();
                    self.slashdash = false;
                    self.at += 1;
                }
                b';' => {
                    self.slashdash = false;
                    self.at += 1;
                }
                b' ' | b'\t' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let length = newline(self.rest());
                    if length > 0 {
                        self.slashdash &= !filled;
                        self.at += length;
                        continue;
                    }
                    self.at += 1;
                }
            }
            filled = true;
        }
        Ok(())
    }

    /// Skips a string, a keyword or a comment, in which braces do not count. Returns whether there was one.
    fn skip_opaque(&mut self) -> Result<bool, ManifestError> {
        match self.rest() {
            [b'"', ..] => self.skip_string(0)?,
            [b'#', ..] => self.skip_hashes()?,
            [b'/', b'/', ..] => self.blank_line_comment(),
            [b'/', b'*', ..] => self.blank_block_comment()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn open_block(&mut self) -> Result<(), ManifestError> {
        self.blocks.push(std::mem::take(&mut self.slashdash));
        let disabled = self.blocks.iter().filter(|&&disabled| disabled).count();
        let limit = if disabled > DISABLED_DEPTH { DISABLED_DEPTH } else { DEPTH };
        if self.blocks.len() > DEPTH || disabled > DISABLED_DEPTH {
            return Err(ManifestError::TooDeep { limit, span: (self.at, 1).into() });
        }
        self.at += 1;
        Ok(())
    }

    /// Skips `#"…"#`, `##"""…"""##`, or a keyword.
    fn skip_hashes(&mut self) -> Result<(), ManifestError> {
        let hashes = self.rest().iter().take_while(|&&b| b == b'#').count();
        self.at += hashes;
        if self.bytes.get(self.at) == Some(&b'"') { self.skip_string(hashes) } else { Ok(()) }
    }

    /// Skips a string, which is raw if `hashes` is not 0.
    fn skip_string(&mut self, hashes: usize) -> Result<(), ManifestError> {
        if self.rest().starts_with(b"\"\"\"") {
            return self.skip_multi_line_string(hashes);
        }
        self.at += 1;
        while self.at < self.bytes.len() && newline(self.rest()) == 0 {
            if self.rest()[0] == b'\\' && hashes == 0 {
                self.at += 2;
            } else if self.closes(1, hashes) {
                self.at += 1 + hashes;
                return Ok(());
            } else {
                self.at += 1;
            }
        }
        // Not closed on its line: the parser reports it.
        self.at = self.at.min(self.bytes.len());
        Ok(())
    }

    /// Skips a string in three quotes. Reports wrong quotes here, as the parser would search the whole text for the end of each
    /// such string.
    fn skip_multi_line_string(&mut self, hashes: usize) -> Result<(), ManifestError> {
        let start = self.at;
        let wrong = |message: &str| ManifestError::Syntax {
            message: message.to_owned(),
            help: Some("a version or name needs one quote at each end".to_owned()),
            span: SourceSpan::from((start, 3)),
        };
        self.at += 3;
        if newline(self.rest()) == 0 {
            return Err(wrong("the text of a multi-line string begins on the line after its quotes"));
        }
        // Whether only white space came since the last newline.
        let mut blank = false;
        while self.at < self.bytes.len() {
            if self.closes(3, hashes) {
                self.at += 3 + hashes;
                return if blank { Ok(()) } else { Err(wrong("a multi-line string is closed on a line of its own")) };
            }
            let (line, gap) = (newline(self.rest()), space(self.rest()));
            match self.rest()[0] {
                _ if line > 0 => blank = true,
                b'\\' if hashes == 0 => {
                    // Escaped white space or newlines are not part of the string.
                    let escaped = &self.rest()[1..];
                    self.at += 1 + newline(escaped).max(space(escaped)).max(1);
                    continue;
                }
                _ if gap > 0 => {}
                _ => blank = false,
            }
            self.at += line.max(gap).max(1);
        }
        Err(wrong("a multi-line string is not closed"))
    }

    /// Returns whether a string with this number of quotes and hashes ends here.
    fn closes(&self, quotes: usize, hashes: usize) -> bool {
        let rest = self.rest();
        rest.len() >= quotes + hashes
            && rest[..quotes].iter().all(|&b| b == b'"')
            && rest[quotes..quotes + hashes].iter().all(|&b| b == b'#')
    }

    /// Blanks a `/-` that follows a value, a name or a block without space, with what it disables: the parser requires space
    /// there. Returns whether there was one.
    fn blank_adjacent_slashdash(&mut self) -> Result<bool, ManifestError> {
        let Some(before) = self.at.checked_sub(1).map(|at| self.bytes[at]) else { return Ok(false) };
        let ends_gap = |gap: usize, length: fn(&[u8]) -> usize| {
            self.at >= gap && length(&self.bytes[self.at - gap..self.at]) == gap
        };
        let is_after_gap = (1..=3).any(|gap| ends_gap(gap, space) || ends_gap(gap, newline));
        if is_after_gap || b"{;=()/\\".contains(&before) || self.blanks.last().is_some_and(|(_, end)| *end == self.at) {
            return Ok(false);
        }
        let start = self.at;
        self.at += 2;
        self.skip_gap()?;
        let is_block = self.bytes.get(self.at) == Some(&b'{');
        // A block can only be followed by a block.
        let taken = if is_block { self.skip_block()? } else { before != b'}' && self.skip_entry()? };
        if taken {
            self.blanks.push((start, self.at));
        } else {
            self.at = start;
        }
        Ok(taken)
    }

    /// Skips white space, newlines and comments.
    fn skip_gap(&mut self) -> Result<(), ManifestError> {
        loop {
            let length = newline(self.rest()).max(space(self.rest()));
            match self.rest() {
                _ if length > 0 => self.at += length,
                [b'/', b'/', ..] => self.blank_line_comment(),
                [b'/', b'*', ..] => self.blank_block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Skips a block. Returns whether it is closed.
    fn skip_block(&mut self) -> Result<bool, ManifestError> {
        let mut depth = 0_usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' | b'#' | b'/' if self.skip_opaque()? => {}
                b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        return Ok(true);
                    }
                }
                _ => self.at += 1,
            }
        }
        Ok(false)
    }

    /// Skips an argument or a property. Returns whether there was one.
    fn skip_entry(&mut self) -> Result<bool, ManifestError> {
        if !self.skip_value()? {
            return Ok(false);
        }
        let end = self.at;
        self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if self.bytes.get(self.at) != Some(&b'=') {
            self.at = end;
            return Ok(true);
        }
        self.at += 1;
        self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.skip_value()
    }

    /// Skips a value with its type annotation. Returns whether there was one.
    fn skip_value(&mut self) -> Result<bool, ManifestError> {
        if self.bytes.get(self.at) == Some(&b'(') {
            let Some(end) = self.rest().iter().position(|&byte| byte == b')') else { return Ok(false) };
            self.at += end + 1;
        }
        match self.bytes.get(self.at) {
            Some(b'"') => return self.skip_string(0).map(|()| true),
            Some(b'#') => {
                let start = self.at;
                self.skip_hashes()?;
                if self.bytes[start..self.at].contains(&b'"') {
                    return Ok(true);
                }
            }
            _ => {}
        }
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            if space(self.rest()) + newline(self.rest()) > 0 || b"\\/(){};[]=\"#".contains(&byte) {
                break;
            }
            self.at += 1;
        }
        Ok(self.at > start)
    }

    fn blank_line_comment(&mut self) {
        self.at += 2;
        let start = self.at;
        while self.at < self.bytes.len() && newline(self.rest()) == 0 {
            self.at += 1;
        }
        self.blanks.push((start, self.at));
    }

    /// Replaces a block comment, which may contain others, by spaces.
    fn blank_block_comment(&mut self) -> Result<(), ManifestError> {
        let start = self.at;
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            let rest = self.rest();
            if rest.starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    self.blanks.push((start, self.at));
                    return Ok(());
                }
            } else {
                self.at += 1;
            }
        }
        Err(ManifestError::Syntax {
            message: "a block comment is not closed".to_owned(),
            help: Some("close it with `*/`; block comments nest".to_owned()),
            span: SourceSpan::from((start, 2)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(levels: usize, filling: &str) -> Result<ScannedText, ManifestError> {
        scan(&format!("{}{}", format!("a {filling} {{\n").repeat(levels), "}".repeat(levels)))
    }

    #[test]
    fn thirty_two_levels_are_the_limit() {
        assert!(depth(32, "").is_ok());
        assert!(
            matches!(depth(33, ""), Err(ManifestError::TooDeep { limit: 32, span }) if span.offset() == 32 * 5 + 3)
        );
    }

    #[test]
    fn braces_in_strings_and_comments_do_not_nest() {
        for filling in [
            "\"{{{\\\"{\"",
            "#\"{\"{\"#",
            "/* { /* { */ { */",
            "##\"\"\"\n{\"\"\"#\n \"\"\"##",
            "\"\"\"\n{ \" {\n\"\"\"",
        ] {
            assert!(depth(20, filling).is_ok(), "{filling}");
        }
        assert!(scan(&"// {\n".repeat(100)).is_ok());
        assert!(scan(&"/* a */ b {\n".repeat(33)).is_err());
    }

    #[test]
    fn comments_become_spaces_of_the_same_length() {
        let text = "a /* ü\n/* */ { */ b // {ö\nc";
        let blanked = scan(text).map(|scanned| scanned.blanked).unwrap_or_default();
        assert_eq!(blanked.len(), text.len());
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>(), ["a", "b", "//", "c"]);
        assert_eq!(blanked.find('\n'), text.rfind('\n'), "a newline inside a block comment ends no line");
        assert!(matches!(scan("a /* b /* */"), Err(ManifestError::Syntax { span, .. }) if span.offset() == 2));
    }

    #[test]
    fn quotes_of_multi_line_strings_are_checked() {
        let at = |text: &str| match scan(text) {
            Err(ManifestError::Syntax { span, .. }) => Some(span.offset()),
            _ => None,
        };
        assert_eq!(at("a \"\"\"x\"\"\""), Some(2));
        assert_eq!(at("a \"\"\"\nx\"\"\""), Some(2));
        assert_eq!(at("a #\"\"\"\nx\n\"\"\""), Some(3));
        assert_eq!(at("a \"\"\"\nx \\\"\"\" \"\"\n  \"\"\" b \"\""), None);
    }

    #[test]
    fn white_space_of_any_kind_may_close_a_multi_line_string() {
        for text in [
            "a \"\"\"\n\u{2001} \t\"\"\"",
            "a \"\"\"\n\u{a0}x\n\u{a0}\u{205f}\u{3000}\"\"\"",
            "a \"\"\"\n  \\\n   \u{2009}  \n  \"\"\"",
            "a \"\"\"\n  \\\u{2009}\n  \"\"\"",
            "a #\"\"\"\n\u{1680}\n\n  \"\"\"#",
        ] {
            assert!(scan(text).is_ok(), "{text:?}");
        }
        assert!(scan("a \"\"\"\n\u{2010}\"\"\"").is_err());
    }

    #[test]
    fn what_a_slashdash_without_space_takes_out_is_blanked() {
        let blanked = |text: &str| scan(text).map(|scanned| scanned.blanked).unwrap_or_default();
        for (text, rest) in [
            ("a \"b\"/-1 2", "a \"b\" 2"),
            ("a/-b c", "a c"),
            ("a \"b\"/-c=1", "a \"b\""),
            ("a \"b\"/- c = (t)#true d", "a \"b\" d"),
            ("a #\"b\"#/-#\"c \"d\" \"#=\"e\" f", "a #\"b\"# f"),
            ("a 1/-{ b \"}\" { c }; /* } */ }\nd", "a 1 d"),
            ("a {}/-{}\nb", "a {} b"),
            ("a \"b\"/-\n/* x */ c d", "a \"b\" d"),
        ] {
            let shown = blanked(text);
            assert_eq!(shown.len(), text.len(), "{text}");
            assert_eq!(shown.split_whitespace().collect::<Vec<_>>().join(" "), rest, "{text}");
        }
        for same in ["a /-b", "/-a", "a {/-b;}", "a;/-b", "(t)/-a", "a b=/-c", "a 1/-", "a 1/-{", "a {}/-b"] {
            assert_eq!(blanked(same), same);
        }
    }

    #[test]
    fn characters_that_kdl_has_no_place_for_are_refused_everywhere() {
        for c in ['\0', '\u{1b}', '\u{7f}', '\u{202e}', '\u{2066}', '\u{200e}', '\u{feff}'] {
            for text in [format!("a {c}b"), format!("// {c}\na"), format!("a \"{c}\""), format!("a /* {c} */")] {
                assert!(matches!(scan(&text), Err(ManifestError::Syntax { .. })), "{text:?}");
            }
        }
        assert!(scan("\u{feff}a \"\u{200d}é\"\r\n\t// ü").is_ok());
    }

    #[test]
    fn nested_slashdashes_are_bounded() {
        assert!(depth(8, "/-").is_ok());
        assert!(matches!(depth(9, "/-"), Err(ManifestError::TooDeep { limit: 8, .. })));
        assert!(scan(&"/- a {\n}\n".repeat(50)).is_ok());
        assert!(scan(&format!("/-\n{}{}", "a {\n".repeat(20), "}\n".repeat(20))).is_ok());
    }
}
