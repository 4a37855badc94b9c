//! Tokens → tree. `not` binds closest, then `and`, then `or`.

use std::ops::Range;

use super::token::{ComparisonOperator, Token, TokenKind};
use super::{ExpressionError, Path, Value};

/// An expression as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SyntaxTree {
    /// All of these.
    And(Vec<SyntaxTree>),
    /// One of these.
    Or(Vec<SyntaxTree>),
    Not(Box<SyntaxTree>),
    Compare {
        left: Operand,
        comparison: ComparisonOperator,
        right: Operand,
    },
    In {
        operand: Operand,
        list: Vec<(Value, Range<usize>)>,
    },
    Exists {
        path: Path,
        span: Range<usize>,
    },
    /// A Boolean by itself.
    Holds(Operand),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) kind: OperandKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OperandKind {
    Path(Path),
    Literal(Value),
}

/// The deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 32;

impl SyntaxTree {
    /// Returns the paths in the order of the text.
    pub(super) fn paths(&self) -> Vec<&Path> {
        let mut paths = Vec::new();
        self.add_paths(&mut paths);
        paths
    }

    fn add_paths<'a>(&'a self, paths: &mut Vec<&'a Path>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.add_paths(paths)),
            Self::Not(part) => part.add_paths(paths),
            Self::Compare { left, right, .. } => paths.extend(left.path().into_iter().chain(right.path())),
            Self::In { operand, .. } | Self::Holds(operand) => paths.extend(operand.path()),
            Self::Exists { path, .. } => paths.push(path),
        }
    }
}

impl Operand {
    fn path(&self) -> Option<&Path> {
        match &self.kind {
            OperandKind::Path(path) => Some(path),
            OperandKind::Literal(_) => None,
        }
    }
}

/// Reads an expression that consists of all tokens. `end` is the length of the text.
pub(super) fn read(tokens: &[Token], end: usize) -> Result<SyntaxTree, ExpressionError> {
    let mut reader = ExpressionParser { tokens, at: 0, end };
    let tree = reader.or(0)?;
    match reader.peek() {
        None => Ok(tree),
        Some(TokenKind::Compare(_) | TokenKind::In) => {
            let error = ExpressionError::new("a comparison has two sides", reader.span());
            Err(error.with_help("join comparisons with `and`: a < b and b < c"))
        }
        Some(TokenKind::Close) => Err(ExpressionError::new("`)` without `(`", reader.span())),
        Some(_) => {
            let error = ExpressionError::new("`and` or `or` is missing before this", reader.span());
            Err(error)
        }
    }
}

struct ExpressionParser<'a> {
    tokens: &'a [Token],
    at: usize,
    end: usize,
}

impl ExpressionParser<'_> {
    fn or(&mut self, depth: usize) -> Result<SyntaxTree, ExpressionError> {
        let mut parts = vec![self.and(depth)?];
        while self.take(&TokenKind::Or) {
            parts.push(self.and(depth)?);
        }
        Ok(single(parts, SyntaxTree::Or))
    }

    fn and(&mut self, depth: usize) -> Result<SyntaxTree, ExpressionError> {
        let mut parts = vec![self.not(depth)?];
        while self.take(&TokenKind::And) {
            parts.push(self.not(depth)?);
        }
        Ok(single(parts, SyntaxTree::And))
    }

    fn not(&mut self, depth: usize) -> Result<SyntaxTree, ExpressionError> {
        if depth > MAX_DEPTH {
            return Err(ExpressionError::new(format!("nested more than {MAX_DEPTH} deep"), self.span()));
        }
        if self.take(&TokenKind::Not) {
            return Ok(SyntaxTree::Not(Box::new(self.not(depth + 1)?)));
        }
        let open = self.span();
        if self.take(&TokenKind::Open) {
            let tree = self.or(depth + 1)?;
            return if self.take(&TokenKind::Close) {
                Ok(tree)
            } else {
                let error = ExpressionError::new("`(` is not closed", open);
                Err(error)
            };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<SyntaxTree, ExpressionError> {
        if self.take(&TokenKind::Exists) {
            let span = self.span();
            let operand = self.operand()?;
            return match operand.kind {
                OperandKind::Path(path) => Ok(SyntaxTree::Exists { path, span }),
                OperandKind::Literal(_) => Err(ExpressionError::new("`exists` asks for a path", span)),
            };
        }
        let left = self.operand()?;
        match self.peek() {
            Some(&TokenKind::Compare(comparison)) => {
                self.at += 1;
                Ok(SyntaxTree::Compare { left, comparison, right: self.operand()? })
            }
            Some(TokenKind::In) => {
                self.at += 1;
                Ok(SyntaxTree::In { operand: left, list: self.list()? })
            }
            Some(TokenKind::Not) if self.tokens.get(self.at + 1).is_some_and(|next| next.kind == TokenKind::In) => {
                let error = ExpressionError::new("`not` comes first", self.span());
                Err(error.with_help("write `not a in [..]`"))
            }
            _ => Ok(SyntaxTree::Holds(left)),
        }
    }

    fn list(&mut self) -> Result<Vec<(Value, Range<usize>)>, ExpressionError> {
        if !self.take(&TokenKind::OpenList) {
            let error = ExpressionError::new("`in` asks for a list", self.span());
            return Err(error.with_help("write it like ['EUR', 'USD']"));
        }
        let mut values = Vec::new();
        loop {
            let operand = self.operand()?;
            let OperandKind::Literal(value) = operand.kind else {
                let error = ExpressionError::new("a list has literals only", operand.span);
                return Err(error.with_help("strings are written in quotes: 'EUR'"));
            };
            values.push((value, operand.span));
            if self.take(&TokenKind::CloseList) {
                return Ok(values);
            }
            if !self.take(&TokenKind::Comma) {
                return Err(ExpressionError::new("`,` or `]` is missing", self.span()));
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, ExpressionError> {
        let span = self.span();
        let kind = match self.peek() {
            Some(TokenKind::Path(path)) => OperandKind::Path(path.clone()),
            Some(TokenKind::String(text)) => OperandKind::Literal(Value::String(text.clone())),
            Some(TokenKind::Number(number)) => OperandKind::Literal(Value::Number(number.clone())),
            Some(TokenKind::True) => OperandKind::Literal(Value::Boolean(true)),
            Some(TokenKind::False) => OperandKind::Literal(Value::Boolean(false)),
            Some(_) => return Err(ExpressionError::new("a path or a literal is missing before this", span)),
            None => return Err(ExpressionError::new("the expression ends too early", span)),
        };
        self.at += 1;
        Ok(Operand { kind, span })
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    fn take(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek() == Some(kind);
        self.at += usize::from(found);
        found
    }
}

fn single(mut parts: Vec<SyntaxTree>, join: fn(Vec<SyntaxTree>) -> SyntaxTree) -> SyntaxTree {
    if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) }
}
