//! The text of markers: PEP 508's grammar.

use std::sync::Arc;

use pep440_rs::VersionSpecifier;

use crate::diagnostic::nearest;

use super::expression::{Expression, MarkerComparison, MarkerOperator, MarkerVariable, VariableSide};

/// How deep parentheses may be nested. Real markers have one or two levels.
const MAX_DEPTH: usize = 32;

/// Parses a whole marker. The error is the end of a sentence.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { rest: text, depth: 0 };
    let expression = parser.disjunction()?;
    parser.skip_blanks();
    if parser.rest.is_empty() { Ok(expression) } else { Err(format!("`{}` is left over", parser.rest)) }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

/// An operand of a comparison.
enum Operand {
    Variable(MarkerVariable),
    Literal(Arc<str>),
}

impl Parser<'_> {
    fn disjunction(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.conjunction()?];
        while self.word("or") {
            parts.push(self.conjunction()?);
        }
        Ok(Expression::any(parts))
    }

    fn conjunction(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.atom()?];
        while self.word("and") {
            parts.push(self.atom()?);
        }
        Ok(Expression::all(parts))
    }

    fn atom(&mut self) -> Result<Expression, String> {
        if !self.sign("(") {
            return self.comparison().map(Expression::Comparison);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("parentheses are nested deeper than {MAX_DEPTH}"));
        }
        let inner = self.disjunction()?;
        self.depth -= 1;
        if self.sign(")") { Ok(inner) } else { Err("a parenthesis is not closed".to_owned()) }
    }

    fn comparison(&mut self) -> Result<MarkerComparison, String> {
        let left = self.operand()?;
        let operator = self.operator()?;
        let right = self.operand()?;
        let (variable, literal, variable_side) = match (left, right) {
            (Operand::Variable(variable), Operand::Literal(literal)) => (variable, literal, VariableSide::Left),
            (Operand::Literal(literal), Operand::Variable(variable)) => (variable, literal, VariableSide::Right),
            _ => return Err("a variable is compared with a quoted text".to_owned()),
        };
        let literal = match variable {
            MarkerVariable::Extra => literal.parse::<super::ExtraName>().map_or(literal, |name| name.as_str().into()),
            _ => literal,
        };
        let specifier = (variable.is_version() && variable_side == VariableSide::Left)
            .then(|| format!("{}{literal}", operator.as_str()).parse::<VersionSpecifier>().ok())
            .flatten();
        Ok(MarkerComparison { variable, operator, literal, variable_side, specifier })
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.skip_blanks();
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let (literal, rest) = self.rest[1..].split_once(quote).ok_or("a quoted text is not closed")?;
            self.rest = rest;
            return Ok(Operand::Literal(literal.into()));
        }
        let end = self.rest.find(|c: char| !is_name_character(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err("a variable or a quoted text is missing".to_owned());
        }
        self.rest = rest;
        MarkerVariable::from_name(name).map(Operand::Variable).ok_or_else(|| {
            match nearest(name, MarkerVariable::ALL.iter().map(|v| v.as_str())) {
                Some(known) => format!("`{name}` is not a variable; `{known}` is"),
                None => format!("`{name}` is not a variable"),
            }
        })
    }

    fn operator(&mut self) -> Result<MarkerOperator, String> {
        if self.word("not") {
            return if self.word("in") {
                Ok(MarkerOperator::NotIn)
            } else {
                Err("`in` is missing after `not`".to_owned())
            };
        }
        if self.word("in") {
            return Ok(MarkerOperator::In);
        }
        MarkerOperator::SIGNS
            .into_iter()
            .find(|operator| self.sign(operator.as_str()))
            .ok_or_else(|| "an operator is missing: <, <=, ==, !=, >=, >, ~=, ===, in or not in".to_owned())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        self.rest.strip_prefix(sign).map(|rest| self.rest = rest).is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(word) {
            Some(rest) if !rest.starts_with(is_name_character) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}
