//! What an expression says of given values.

use std::borrow::Cow;

use super::syntax::{Operand, OperandKind, SyntaxTree};
use super::token::ComparisonOperator;
use super::{Value, Values};

/// Returns whether an expression holds. Trees are as deep as the reader allows.
pub(super) fn holds(tree: &SyntaxTree, values: &dyn Values) -> bool {
    match tree {
        SyntaxTree::And(parts) => parts.iter().all(|part| holds(part, values)),
        SyntaxTree::Or(parts) => parts.iter().any(|part| holds(part, values)),
        SyntaxTree::Not(part) => !holds(part, values),
        SyntaxTree::Compare { left, comparison, right } => match (value(left, values), value(right, values)) {
            (Some(left), Some(right)) => compare(&left, *comparison, &right),
            _ => false,
        },
        SyntaxTree::In { operand, list } => {
            value(operand, values).is_some_and(|found| list.iter().any(|(item, _)| *found == *item))
        }
        SyntaxTree::Exists { path, .. } => values.is_present(path),
        SyntaxTree::Holds(operand) => value(operand, values).as_deref() == Some(&Value::Boolean(true)),
    }
}

/// Returns whether an expression holds whatever the values are. Returns `None` if that depends on them.
pub(super) fn constant(tree: &SyntaxTree) -> Option<bool> {
    let literal = |operand: &'_ Operand| match &operand.kind {
        OperandKind::Literal(value) => Some(value.clone()),
        OperandKind::Path(_) => None,
    };
    match tree {
        SyntaxTree::And(parts) | SyntaxTree::Or(parts) => {
            // What decides the whole; else all of them have to be known.
            let decides = matches!(tree, SyntaxTree::Or(_));
            let parts: Vec<Option<bool>> = parts.iter().map(constant).collect();
            if parts.contains(&Some(decides)) {
                Some(decides)
            } else {
                parts.iter().all(Option::is_some).then_some(!decides)
            }
        }
        SyntaxTree::Not(part) => constant(part).map(|holds| !holds),
        SyntaxTree::Compare { left, comparison, right } => {
            Some(compare(&literal(left)?, *comparison, &literal(right)?))
        }
        SyntaxTree::In { operand, list } => {
            let found = literal(operand)?;
            Some(list.iter().any(|(item, _)| found == *item))
        }
        SyntaxTree::Exists { .. } => None,
        SyntaxTree::Holds(operand) => Some(literal(operand)? == Value::Boolean(true)),
    }
}

fn value<'a>(operand: &'a Operand, values: &dyn Values) -> Option<Cow<'a, Value>> {
    match &operand.kind {
        OperandKind::Literal(value) => Some(Cow::Borrowed(value)),
        OperandKind::Path(path) => values.value(path).map(Cow::Owned),
    }
}

/// Compares two values. Values of different types are neither equal nor unequal: what cannot be compared does not hold.
fn compare(left: &Value, comparison: ComparisonOperator, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) if !comparison.is_order() => left.cmp(right),
        _ => return false,
    };
    match comparison {
        ComparisonOperator::Equal => order.is_eq(),
        ComparisonOperator::NotEqual => order.is_ne(),
        ComparisonOperator::Less => order.is_lt(),
        ComparisonOperator::LessOrEqual => order.is_le(),
        ComparisonOperator::Greater => order.is_gt(),
        ComparisonOperator::GreaterOrEqual => order.is_ge(),
    }
}
