//! Whether the names of an expression exist, and its types fit.

use std::ops::Range;

use super::syntax::{Operand, OperandKind, SyntaxTree};
use super::token::ComparisonOperator;
use super::{ExpressionError, Lookup, Path, Scope, ValueType};

/// Returns everything that is wrong with an expression where these names exist.
pub(super) fn check(tree: &SyntaxTree, scope: &dyn Scope) -> Vec<ExpressionError> {
    let mut check = ExpressionCheck { scope, errors: Vec::new() };
    check.tree(tree);
    check.errors
}

struct ExpressionCheck<'a> {
    scope: &'a dyn Scope,
    errors: Vec<ExpressionError>,
}

impl ExpressionCheck<'_> {
    fn tree(&mut self, tree: &SyntaxTree) {
        match tree {
            SyntaxTree::And(parts) | SyntaxTree::Or(parts) => parts.iter().for_each(|part| self.tree(part)),
            SyntaxTree::Not(part) => self.tree(part),
            SyntaxTree::Compare { left, comparison, right } => self.compare(left, *comparison, right),
            SyntaxTree::In { operand, list } => {
                let Some(found) = self.operand(operand) else { return };
                for (value, span) in list {
                    self.fits(found, value.value_type(), span.clone());
                }
            }
            SyntaxTree::Exists { path, span } => {
                if let Lookup::Unknown { step, nearest } = self.scope.lookup(path) {
                    self.unknown(path, step, nearest, span.clone());
                }
            }
            SyntaxTree::Holds(operand) => match self.operand(operand) {
                None | Some(ValueType::Boolean | ValueType::Any) => {}
                Some(found) => {
                    let error = ExpressionError::new(format!("this is {found}, not a Boolean"), operand.span.clone());
                    self.errors.push(error.with_help("compare it, or ask `exists`"));
                }
            },
        }
    }

    fn compare(&mut self, left: &Operand, comparison: ComparisonOperator, right: &Operand) {
        let (left_type, right_type) = (self.operand(left), self.operand(right));
        let (Some(left_type), Some(right_type)) = (left_type, right_type) else { return };
        if !self.fits(left_type, right_type, right.span.clone()) || !comparison.is_order() {
            return;
        }
        if left_type == ValueType::Boolean || right_type == ValueType::Boolean {
            let message = format!("`{}` does not order Booleans", comparison.as_str());
            self.errors.push(ExpressionError::new(message, left.span.start..right.span.end));
        }
    }

    fn fits(&mut self, left: ValueType, right: ValueType, span: Range<usize>) -> bool {
        if !left.fits(right) {
            let error = ExpressionError::new(format!("{left} is compared with {right}"), span);
            self.errors.push(match (left, right) {
                (ValueType::Number, ValueType::String) => error.with_help("numbers are written without quotes"),
                (ValueType::String, ValueType::Number) => error.with_help("strings are written in quotes: '10'"),
                _ => error,
            });
        }
        left.fits(right)
    }

    /// Returns the type of an operand, or reports that it has none.
    fn operand(&mut self, operand: &Operand) -> Option<ValueType> {
        let path = match &operand.kind {
            OperandKind::Literal(value) => return Some(value.value_type()),
            OperandKind::Path(path) => path,
        };
        let problem = match self.scope.lookup(path) {
            Lookup::Value(found) => return Some(found),
            Lookup::Unknown { step, nearest } => {
                self.unknown(path, step, nearest, operand.span.clone());
                return None;
            }
            Lookup::List => "leads to a list, and lists are not compared",
            Lookup::Structure => "has parts, and only single values are compared",
        };
        let error = ExpressionError::new(format!("`{path}` {problem}"), operand.span.clone());
        self.errors.push(error.with_help(format!("`exists {path}` is possible")));
        None
    }

    fn unknown(&mut self, path: &Path, step: usize, nearest: Option<String>, span: Range<usize>) {
        let name = path.steps.get(step).map_or_else(|| ".".to_owned(), ToString::to_string);
        let message = match step {
            0 => format!("there is no `{name}`"),
            _ => format!("there is no `{name}` below `{}`", Path { steps: path.steps[..step].to_vec() }),
        };
        let error = ExpressionError::new(message, span);
        self.errors.push(match nearest {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error,
        });
    }
}
