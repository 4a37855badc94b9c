//! A marker as a tree of comparisons, and how it is decided.

use std::fmt;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifier};

use crate::model::pypi::range::admits;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Expression {
    /// All of these hold; two or more.
    All(Vec<Expression>),
    /// Any of these holds; two or more.
    Any(Vec<Expression>),
    /// One comparison.
    Comparison(MarkerComparison),
}

/// A variable compared with a text.
#[derive(Clone, Debug)]
pub(super) struct MarkerComparison {
    pub(super) variable: MarkerVariable,
    pub(super) operator: MarkerOperator,
    /// An extra's name is normalised.
    pub(super) literal: Arc<str>,
    /// Where the variable stands.
    pub(super) variable_side: VariableSide,
    /// The specifier that a version on the left is compared with. Derived from the other fields.
    pub(super) specifier: Option<VersionSpecifier>,
}

/// The side of the operator that the variable stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum VariableSide {
    Left,
    Right,
}

/// A variable of PEP 508.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum MarkerVariable {
    OsName,
    SysPlatform,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonVersion,
    PythonFullVersion,
    ImplementationName,
    ImplementationVersion,
    Extra,
}

/// A comparison operator of PEP 508.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum MarkerOperator {
    ExactEqual,
    Equal,
    NotEqual,
    Compatible,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    In,
    NotIn,
}

/// The values of the variables on one platform, for one Python and at most one extra.
pub(super) struct MarkerEnvironment<'a> {
    pub(super) os_name: &'a str,
    pub(super) sys_platform: &'a str,
    pub(super) platform_machine: &'a str,
    pub(super) platform_system: &'a str,
    pub(super) python_version: &'a str,
    pub(super) python_full_version: &'a str,
    pub(super) extra: &'a str,
}

impl MarkerEnvironment<'_> {
    /// Returns the value of a variable. Release and version of the system are empty, as a lock must not depend on the machine
    /// that made it.
    fn value(&self, variable: MarkerVariable) -> &str {
        match variable {
            MarkerVariable::OsName => self.os_name,
            MarkerVariable::SysPlatform => self.sys_platform,
            MarkerVariable::PlatformMachine => self.platform_machine,
            MarkerVariable::PlatformSystem => self.platform_system,
            MarkerVariable::PlatformPythonImplementation => "CPython",
            MarkerVariable::ImplementationName => "cpython",
            MarkerVariable::PlatformRelease | MarkerVariable::PlatformVersion => "",
            MarkerVariable::PythonVersion => self.python_version,
            MarkerVariable::PythonFullVersion | MarkerVariable::ImplementationVersion => self.python_full_version,
            MarkerVariable::Extra => self.extra,
        }
    }
}

impl Expression {
    /// Joins conditions of which all must hold.
    pub(super) fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::All(parts) }
    }

    /// Joins conditions of which any must hold.
    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::Any(parts) }
    }

    pub(super) fn holds(&self, environment: &MarkerEnvironment<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(environment)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(environment)),
            Self::Comparison(comparison) => comparison.holds(environment),
        }
    }

    /// Returns the text of the condition that holds where this one does not. `None`: no operator says that.
    pub(super) fn negated(&self) -> Option<String> {
        let join = |parts: &[Self], word: &str| {
            let parts: Option<Vec<String>> = parts.iter().map(|part| Some(format!("({})", part.negated()?))).collect();
            Some(parts?.join(word))
        };
        match self {
            Self::All(parts) => join(parts, " or "),
            Self::Any(parts) => join(parts, " and "),
            Self::Comparison(comparison) => {
                let is_ordered = comparison.variable.is_version();
                let operator = comparison.operator.inverse(is_ordered)?;
                Some(Self::Comparison(MarkerComparison { operator, specifier: None, ..comparison.clone() }).to_string())
            }
        }
    }

    /// Returns the condition with those comparisons decided that `decide` knows of; an error if that decides it as a whole.
    pub(super) fn decided(&self, decide: &impl Fn(&MarkerComparison) -> Option<bool>) -> Result<Self, bool> {
        let (parts, ends, joined): (_, _, fn(Vec<Self>) -> Self) = match self {
            Self::All(parts) => (parts, false, Self::all),
            Self::Any(parts) => (parts, true, Self::any),
            Self::Comparison(comparison) => return decide(comparison).map_or_else(|| Ok(self.clone()), Err),
        };
        let mut open = Vec::new();
        for part in parts {
            match part.decided(decide) {
                Ok(part) => open.push(part),
                Err(holds) if holds == ends => return Err(holds),
                Err(_) => {}
            }
        }
        if open.is_empty() { Err(!ends) } else { Ok(joined(open)) }
    }

    /// Calls `visit` with every comparison, in order.
    pub(super) fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a MarkerComparison)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Comparison(comparison) => visit(comparison),
        }
    }
}

impl MarkerComparison {
    /// Returns whether it holds where an extra is asked for. `None` if it says nothing of extras.
    pub(super) fn holds_with_extra(&self, extra: &str) -> Option<bool> {
        let environment = MarkerEnvironment {
            os_name: "",
            sys_platform: "",
            platform_machine: "",
            platform_system: "",
            python_version: "",
            python_full_version: "",
            extra,
        };
        (self.variable == MarkerVariable::Extra).then(|| self.holds(&environment))
    }

    /// Compares versions if the variable is one and the right operand forms a specifier with the operator. Otherwise compares
    /// texts, which have no order.
    fn holds(&self, environment: &MarkerEnvironment<'_>) -> bool {
        let value = environment.value(self.variable);
        let (left, right) = match self.variable_side {
            VariableSide::Left => (value, &*self.literal),
            VariableSide::Right => (&*self.literal, value),
        };
        if let Some(specifier) = &self.specifier {
            return holds_version(specifier, left);
        }
        if self.variable.is_version()
            && self.variable_side == VariableSide::Right
            && let Ok(specifier) = format!("{}{right}", self.operator.as_str()).parse()
        {
            return holds_version(&specifier, left);
        }
        match self.operator {
            MarkerOperator::Equal | MarkerOperator::LessOrEqual | MarkerOperator::GreaterOrEqual => left == right,
            MarkerOperator::NotEqual => left != right,
            MarkerOperator::In => right.contains(left),
            MarkerOperator::NotIn => !right.contains(left),
            MarkerOperator::ExactEqual => self.variable.is_version() && left == right,
            MarkerOperator::Less | MarkerOperator::Greater | MarkerOperator::Compatible => false,
        }
    }
}

fn holds_version(specifier: &VersionSpecifier, text: &str) -> bool {
    text.parse::<Version>().is_ok_and(|version| admits(specifier, &version))
}

impl MarkerVariable {
    pub(super) const ALL: [Self; 12] = [
        Self::OsName,
        Self::SysPlatform,
        Self::PlatformMachine,
        Self::PlatformPythonImplementation,
        Self::PlatformRelease,
        Self::PlatformSystem,
        Self::PlatformVersion,
        Self::PythonVersion,
        Self::PythonFullVersion,
        Self::ImplementationName,
        Self::ImplementationVersion,
        Self::Extra,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OsName => "os_name",
            Self::SysPlatform => "sys_platform",
            Self::PlatformMachine => "platform_machine",
            Self::PlatformPythonImplementation => "platform_python_implementation",
            Self::PlatformRelease => "platform_release",
            Self::PlatformSystem => "platform_system",
            Self::PlatformVersion => "platform_version",
            Self::PythonVersion => "python_version",
            Self::PythonFullVersion => "python_full_version",
            Self::ImplementationName => "implementation_name",
            Self::ImplementationVersion => "implementation_version",
            Self::Extra => "extra",
        }
    }

    /// Parses a variable, also in the spellings of PEP 345: `os.name`, `python_implementation`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "os.name" => Some(Self::OsName),
            "sys.platform" => Some(Self::SysPlatform),
            "platform.version" => Some(Self::PlatformVersion),
            "platform.machine" => Some(Self::PlatformMachine),
            "platform.python_implementation" | "python_implementation" => Some(Self::PlatformPythonImplementation),
            _ => Self::ALL.into_iter().find(|variable| variable.as_str() == name),
        }
    }

    /// Returns whether the variable's values are versions.
    pub(super) fn is_version(self) -> bool {
        matches!(
            self,
            Self::PythonVersion | Self::PythonFullVersion | Self::ImplementationVersion | Self::PlatformRelease
        )
    }
}

impl MarkerOperator {
    /// The operators that are signs. A sign comes before those that it begins with.
    pub(super) const SIGNS: [Self; 8] = [
        Self::ExactEqual,
        Self::Equal,
        Self::NotEqual,
        Self::Compatible,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Less,
        Self::Greater,
    ];

    /// Returns the operator that holds where this one does not; texts have no order.
    fn inverse(self, is_ordered: bool) -> Option<Self> {
        Some(match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Less if is_ordered => Self::GreaterOrEqual,
            Self::LessOrEqual if is_ordered => Self::Greater,
            Self::Greater if is_ordered => Self::LessOrEqual,
            Self::GreaterOrEqual if is_ordered => Self::Less,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ExactEqual => "===",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Compatible => "~=",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl MarkerComparison {
    fn key(&self) -> (MarkerVariable, MarkerOperator, &str, VariableSide) {
        (self.variable, self.operator, &self.literal, self.variable_side)
    }
}

impl PartialEq for MarkerComparison {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for MarkerComparison {}

impl PartialOrd for MarkerComparison {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for MarkerComparison {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
impl std::hash::Hash for MarkerComparison {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::Comparison(comparison) => return comparison.fmt(f),
            Self::All(parts) => (parts, " and "),
            Self::Any(parts) => (parts, " or "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            match part {
                Self::Comparison(comparison) => comparison.fmt(f)?,
                Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for MarkerComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.literal.contains('\'') { '"' } else { '\'' };
        let (variable, operator, literal) = (self.variable.as_str(), self.operator.as_str(), &self.literal);
        match self.variable_side {
            VariableSide::Left => write!(f, "{variable} {operator} {quote}{literal}{quote}"),
            VariableSide::Right => write!(f, "{quote}{literal}{quote} {operator} {variable}"),
        }
    }
}
