//! setup.py, as far as it is written literally: the arguments of its call of `setup`, and the names at the top of the file that they
//! refer to. Nothing is run.

use std::collections::BTreeMap;

use super::super::python_text::{PythonToken, python_tokens};
use super::FileReader;

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

/// Returns whether a file is a setup script: a module of this name may be a part of a program.
fn is_script(tokens: &[PythonToken<'_>]) -> bool {
    const TOOLS: [&str; 3] = ["setuptools", "distutils", "skbuild"];
    let is_tool = |name: &str| name == "setup" || name.split('.').any(|part| TOOLS.contains(&part));
    let is_defined = |at: usize| at.checked_sub(1).is_some_and(|at| tokens[at] == PythonToken::Name("def"));
    let mut names = tokens.iter().enumerate();
    names.any(|(at, token)| matches!(token, PythonToken::Name(name) if is_tool(name)) && !is_defined(at))
}

impl SetupPy {
    /// Reads the script of a folder. Returns `None` if it has none.
    pub(super) fn read(files: &FileReader<'_>) -> Option<Self> {
        let text = files(FILE)?;
        is_script(&python_tokens(&text)).then(|| Self::parse(&text))
    }

    /// Reads the file.
    pub(super) fn parse(text: &str) -> Self {
        let tokens = python_tokens(text);
        // `setup(…)`, or `setuptools.setup(…)`.
        let is_setup = |name: &str| name.rsplit('.').next() == Some("setup");
        let call = tokens
            .windows(2)
            .position(|pair| matches!(pair, [PythonToken::Name(name), PythonToken::Mark('(')] if is_setup(name)));
        let Some(start) = call else { return Self { is_open: true, ..Self::default() } };
        let names = assignments(&tokens[..start]);
        let mut reader = SetupReader { tokens: &tokens, at: start + 2, names: &names };
        let mut setup = Self::default();
        while let Some(token) = reader.peek() {
            match token {
                PythonToken::Mark(')') => break,
                PythonToken::Mark(',') => reader.at += 1,
                PythonToken::Name(name) if reader.tokens.get(reader.at + 1) == Some(&PythonToken::Mark('=')) => {
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

/// Returns the literals that lines at the top of the file assign to names. One that is assigned twice, or changed, is computed.
fn assignments(tokens: &[PythonToken<'_>]) -> BTreeMap<String, Option<Literal>> {
    let mut known: BTreeMap<String, Option<Literal>> = BTreeMap::new();
    for line in tokens.split(|token| *token == PythonToken::End) {
        // What is assigned under a condition is computed.
        let (is_conditional, line) = match line {
            [PythonToken::Indentation, line @ ..] => (true, line),
            line => (false, line),
        };
        let [PythonToken::Name(name), second, rest @ ..] = line else { continue };
        let assigned = match (second, rest.first()) {
            (PythonToken::Mark('='), Some(next)) if *next != PythonToken::Mark('=') => Some(rest),
            _ => None,
        };
        let literal = assigned.filter(|_| !is_conditional).and_then(|value| {
            let mut reader = SetupReader { tokens: value, at: 0, names: &known };
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

struct SetupReader<'t> {
    tokens: &'t [PythonToken<'t>],
    at: usize,
    names: &'t BTreeMap<String, Option<Literal>>,
}

impl<'t> SetupReader<'t> {
    fn peek(&self) -> Option<&'t PythonToken<'t>> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, mark: char) -> bool {
        let is_there = self.peek() == Some(&PythonToken::Mark(mark));
        self.at += usize::from(is_there);
        is_there
    }

    /// Reads an argument's value up to its end. `None`: it is computed.
    fn argument(&mut self) -> Option<Literal> {
        let value = self.value(0);
        let is_whole = matches!(self.peek(), Some(PythonToken::Mark(',' | ')')) | None);
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
                PythonToken::Mark('(' | '[' | '{') => depth += 1,
                PythonToken::Mark(')' | ',') if depth == 0 => return,
                PythonToken::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
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
            PythonToken::Text(text) => {
                let mut text = text.clone();
                while let Some(PythonToken::Text(more)) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Some(Literal::Text(text))
            }
            PythonToken::Mark('[') => self.list(']', depth).map(Literal::List),
            PythonToken::Mark('(') => self.list(')', depth).map(Literal::List),
            PythonToken::Mark('{') => self.table(depth),
            PythonToken::Name("None" | "True" | "False") => Some(Literal::Other),
            PythonToken::Name(name) if self.peek() != Some(&PythonToken::Mark('(')) => self.names.get(*name)?.clone(),
            _ => None,
        }
    }

    fn list(&mut self, end: char, depth: usize) -> Option<Vec<Literal>> {
        let mut values = Vec::new();
        while !self.take(end) {
            values.push(self.value(depth + 1)?);
            if !self.take(',') && self.peek() != Some(&PythonToken::Mark(end)) {
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
            if !self.take(',') && self.peek() != Some(&PythonToken::Mark('}')) {
                return None;
            }
        }
        Some(Literal::Table(entries))
    }
}
