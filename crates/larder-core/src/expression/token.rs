//! Text → tokens with their places.

use std::ops::Range;

use super::path::is_name_start;
use super::{ExpressionError, Number, Path};

/// A token with the bytes that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Path(Path),
    String(Box<str>),
    Number(Number),
    True,
    False,
    And,
    Or,
    Not,
    In,
    Exists,
    Compare(ComparisonOperator),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

/// An operator that compares two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl ComparisonOperator {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Returns whether the operator asks which of two values is the larger.
    pub(super) fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 4096;

/// Signs, longer ones first.
const SIGNS: [(&str, TokenKind); 11] = [
    ("==", TokenKind::Compare(ComparisonOperator::Equal)),
    ("!=", TokenKind::Compare(ComparisonOperator::NotEqual)),
    ("<=", TokenKind::Compare(ComparisonOperator::LessOrEqual)),
    (">=", TokenKind::Compare(ComparisonOperator::GreaterOrEqual)),
    ("<", TokenKind::Compare(ComparisonOperator::Less)),
    (">", TokenKind::Compare(ComparisonOperator::Greater)),
    ("(", TokenKind::Open),
    (")", TokenKind::Close),
    ("[", TokenKind::OpenList),
    ("]", TokenKind::CloseList),
    (",", TokenKind::Comma),
];

/// Signs of other languages, and what is written here.
const FOREIGN: [(&str, &str); 6] = [("&&", "and"), ("||", "or"), ("<>", "!="), ("=~", "=="), ("=", "=="), ("!", "not")];

/// Reads all tokens. Returns everything that is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Vec<ExpressionError>> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression is longer than {MAX_LENGTH} bytes");
        return Err(vec![ExpressionError::new(message, 0..text.len())]);
    }
    let (mut tokens, mut errors) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        match token(&text[at..], first) {
            Ok((kind, length)) => {
                tokens.push(Token { kind, span: at..at + length });
                at += length;
            }
            Err(mut error) => {
                error.span = at + error.span.start..at + error.span.end;
                at = error.span.end.max(at + first.len_utf8());
                errors.push(error);
            }
        }
    }
    if errors.is_empty() { Ok(tokens) } else { Err(errors) }
}

/// Reads the token at the start of a text. Returns it with its length.
fn token(text: &str, first: char) -> Result<(TokenKind, usize), ExpressionError> {
    if first == '\'' || first == '"' {
        return string(text, first);
    }
    if first.is_ascii_digit() || (first == '-' && text[1..].starts_with(|c: char| c.is_ascii_digit())) {
        return number(text);
    }
    let starts_path = first == '@' || first == '`' || is_name_start(first);
    if starts_path || (first == '.' && !text[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.')) {
        return name(text);
    }
    if let Some((foreign, here)) = FOREIGN.iter().find(|(foreign, _)| text.starts_with(foreign))
        && !SIGNS.iter().any(|(sign, _)| sign.len() >= foreign.len() && text.starts_with(sign))
    {
        let error = ExpressionError::new(format!("there is no `{foreign}`"), 0..foreign.len());
        return Err(error.with_help(format!("write `{here}`")));
    }
    match SIGNS.iter().find(|(sign, _)| text.starts_with(sign)) {
        Some((sign, kind)) => Ok((kind.clone(), sign.len())),
        None => Err(ExpressionError::new(format!("`{first}` means nothing here"), 0..first.len_utf8())),
    }
}

fn string(text: &str, quote: char) -> Result<(TokenKind, usize), ExpressionError> {
    match text[1..].find(quote) {
        Some(length) => Ok((TokenKind::String(text[1..=length].into()), length + 2)),
        None => Err(ExpressionError::new("the string is not closed", 0..text.len())),
    }
}

fn number(text: &str) -> Result<(TokenKind, usize), ExpressionError> {
    let bytes = text.as_bytes();
    let is_part = |at: usize| match bytes[at] {
        b'+' | b'-' => at == 0 || matches!(bytes[at - 1], b'e' | b'E'),
        byte => byte == b'.' || byte.is_ascii_alphanumeric() || byte == b'_',
    };
    let length = (0..bytes.len()).find(|&at| !is_part(at)).unwrap_or(bytes.len());
    match text[..length].parse() {
        Ok(number) => Ok((TokenKind::Number(number), length)),
        Err(error) => {
            let error = ExpressionError::new(format!("`{}`: {error}", &text[..length]), 0..length);
            Err(error.with_help("numbers are written 10, -2.5 or 1e6; a name that begins with a digit, in backticks"))
        }
    }
}

fn name(text: &str) -> Result<(TokenKind, usize), ExpressionError> {
    let (path, length) = Path::read(text).map_err(|error| {
        let end = text[error.at()..].chars().next().map_or(error.at(), |c| error.at() + c.len_utf8());
        ExpressionError::new(error.to_string(), 0..end.max(1))
    })?;
    let kind = match &text[..length] {
        "true" => TokenKind::True,
        "false" => TokenKind::False,
        "and" => TokenKind::And,
        "or" => TokenKind::Or,
        "not" => TokenKind::Not,
        "in" => TokenKind::In,
        "exists" => TokenKind::Exists,
        _ => TokenKind::Path(path),
    };
    Ok((kind, length))
}
