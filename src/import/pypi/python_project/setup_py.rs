//! setup.py, as far as it is written literally: the arguments of its call of `setup`, and the names at the top of the file that they
//! refer to. Nothing is run.

use std::collections::BTreeMap;

/// The file's name.
pub(super) const FILE: &str = "setup.py";

/// Deeper nesting is not read.
const DEEPEST: usize = 8;

/// What the call of `setup` says.
#[derive(Debug, Default)]
pub(super) struct SetupPy {
    /// The arguments, by name. `None`: it is computed.
    arguments: BTreeMap<String, Option<Literal>>,
    /// Whether arguments come from elsewhere too: `setup(**options)`.
    is_open: bool,
}

/// A value that is written literally.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Literal {
    Text(String),
    List(Vec<Literal>),
    Table(Vec<(String, Literal)>),
    Other,
}

impl SetupPy {
    /// Reads the file.
    pub(super) fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        // `setup(…)`, or `setuptools.setup(…)`.
        let is_setup = |name: &str| name.rsplit('.').next() == Some("setup");
        let call =
            tokens.windows(2).position(|pair| matches!(pair, [Token::Name(name), Token::Mark('(')] if is_setup(name)));
        let Some(start) = call else { return Self { is_open: true, ..Self::default() } };
        let names = assignments(&tokens[..start]);
        let mut reader = Reader { tokens: &tokens, at: start + 2, names: &names };
        let mut setup = Self::default();
        while let Some(token) = reader.peek() {
            match token {
                Token::Mark(')') => break,
                Token::Mark(',') => reader.at += 1,
                Token::Name(name) if reader.tokens.get(reader.at + 1) == Some(&Token::Mark('=')) => {
                    let name = (*name).to_owned();
                    reader.at += 2;
                    setup.arguments.insert(name, reader.argument());
                }
                _ => {
                    setup.is_open = true;
                    reader.skip();
                }
            }
        }
        setup
    }

    /// Returns an argument that is a string.
    pub(super) fn text(&self, argument: &str) -> Option<String> {
        match self.arguments.get(argument)?.as_ref()? {
            Literal::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Returns an argument that is a list of strings, which is empty where it is not given. `None`: it is computed.
    pub(super) fn list(&self, argument: &str) -> Option<Vec<String>> {
        match self.arguments.get(argument) {
            None => (!self.is_open).then(Vec::new),
            Some(value) => strings(value.as_ref()?),
        }
    }

    /// Returns an argument that is a table of lists of strings, which is empty where it is not given. `None`: it is computed.
    pub(super) fn table(&self, argument: &str) -> Option<BTreeMap<String, Vec<String>>> {
        match self.arguments.get(argument) {
            None => (!self.is_open).then(BTreeMap::new),
            Some(Some(Literal::Table(entries))) => {
                entries.iter().map(|(name, value)| Some((name.clone(), strings(value)?))).collect()
            }
            Some(_) => None,
        }
    }
}

/// Returns the strings of a list, or the lines of one string.
fn strings(value: &Literal) -> Option<Vec<String>> {
    let text = |value: &Literal| match value {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    };
    match value {
        Literal::List(values) => values.iter().map(text).collect(),
        Literal::Text(text) => {
            Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    Text(String),
    /// A string whose value is computed: `f"…"`.
    Computed,
    Mark(char),
    /// The end of a line outside of brackets.
    End,
    /// White space at the beginning of a line outside of brackets.
    Indentation,
}

/// Splits Python text. Numbers are names; what is no token is a mark.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut depth) = (text, 0usize);
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if c == '\n' {
            if depth == 0 && found.last().is_some_and(|last| *last != Token::End) {
                found.push(Token::End);
            }
            rest = &rest[1..];
            if depth == 0 && rest.starts_with([' ', '\t']) {
                found.push(Token::Indentation);
            }
        } else if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
        } else if matches!(c, '"' | '\'') {
            let (value, after) = string(rest, false);
            found.push(Token::Text(value));
            rest = after;
        } else if is_word(c) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let prefix = word.to_ascii_lowercase();
            if after.starts_with(['"', '\'']) && matches!(&*prefix, "r" | "u" | "b" | "f" | "rb" | "br" | "rf" | "fr") {
                let (value, after) = string(after, prefix.contains('r'));
                found.push(if prefix.contains('f') { Token::Computed } else { Token::Text(value) });
                rest = after;
            } else {
                found.push(Token::Name(word));
                rest = after;
            }
        } else {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if !c.is_whitespace() {
                found.push(Token::Mark(c));
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// Reads a string that begins with its quote. Returns its value, and the text behind it.
fn string(text: &str, is_raw: bool) -> (String, &str) {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let quote = if text.starts_with(&triple) { &*triple } else { quote };
    let mut value = String::new();
    let mut rest = &text[quote.len()..];
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(quote) {
            return (value, after);
        }
        if c == '\n' && quote.len() == 1 {
            break;
        }
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            value.push(c);
            continue;
        }
        let Some(escaped) = rest.chars().next() else { break };
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            _ if is_raw => value.extend([c, escaped]),
            '\n' => {}
            'n' => value.push('\n'),
            't' => value.push('\t'),
            '\\' | '\'' | '"' => value.push(escaped),
            other => value.extend([c, other]),
        }
    }
    (value, rest)
}

/// Returns the literals that lines at the top of the file assign to names. One that is assigned twice, or changed, is computed.
fn assignments(tokens: &[Token<'_>]) -> BTreeMap<String, Option<Literal>> {
    let mut known: BTreeMap<String, Option<Literal>> = BTreeMap::new();
    for line in tokens.split(|token| *token == Token::End) {
        // What is assigned under a condition is computed.
        let (is_conditional, line) = match line {
            [Token::Indentation, line @ ..] => (true, line),
            line => (false, line),
        };
        let [Token::Name(name), second, rest @ ..] = line else { continue };
        let assigned = match (second, rest.first()) {
            (Token::Mark('='), Some(next)) if *next != Token::Mark('=') => Some(rest),
            _ => None,
        };
        let literal = assigned.filter(|_| !is_conditional).and_then(|value| {
            let mut reader = Reader { tokens: value, at: 0, names: &known };
            reader.value(0).filter(|_| reader.at == value.len())
        });
        match known.get_mut(name.split('.').next().unwrap_or(name)) {
            Some(before) => *before = None,
            None if assigned.is_some() => drop(known.insert((*name).to_owned(), literal)),
            None => {}
        }
    }
    known
}

struct Reader<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    names: &'t BTreeMap<String, Option<Literal>>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token<'t>> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, mark: char) -> bool {
        let is_there = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(is_there);
        is_there
    }

    /// Reads an argument's value up to its end. `None`: it is computed.
    fn argument(&mut self) -> Option<Literal> {
        let value = self.value(0);
        let is_whole = matches!(self.peek(), Some(Token::Mark(',' | ')')) | None);
        if !is_whole {
            self.skip();
        }
        value.filter(|_| is_whole)
    }

    /// Skips to the end of an argument.
    fn skip(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ',') if depth == 0 => return,
                Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Literal> {
        if depth > DEEPEST {
            return None;
        }
        let token = self.peek()?;
        self.at += 1;
        match token {
            Token::Text(text) => {
                let mut text = text.clone();
                while let Some(Token::Text(more)) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Some(Literal::Text(text))
            }
            Token::Mark('[') => self.list(']', depth).map(Literal::List),
            Token::Mark('(') => self.list(')', depth).map(Literal::List),
            Token::Mark('{') => self.table(depth),
            Token::Name("None" | "True" | "False") => Some(Literal::Other),
            Token::Name(name) if self.peek() != Some(&Token::Mark('(')) => self.names.get(*name)?.clone(),
            _ => None,
        }
    }

    fn list(&mut self, end: char, depth: usize) -> Option<Vec<Literal>> {
        let mut values = Vec::new();
        while !self.take(end) {
            values.push(self.value(depth + 1)?);
            if !self.take(',') && self.peek() != Some(&Token::Mark(end)) {
                return None;
            }
        }
        Some(values)
    }

    fn table(&mut self, depth: usize) -> Option<Literal> {
        let mut entries = Vec::new();
        while !self.take('}') {
            let Literal::Text(name) = self.value(depth + 1)? else { return None };
            if !self.take(':') {
                return None;
            }
            entries.push((name, self.value(depth + 1)?));
            if !self.take(',') && self.peek() != Some(&Token::Mark('}')) {
                return None;
            }
        }
        Some(Literal::Table(entries))
    }
}
