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
    Comparison(Comparison),
}

/// A variable compared with a text.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) variable: Variable,
    pub(super) operator: Operator,
    /// An extra's name is normalised.
    pub(super) literal: Arc<str>,
    /// The side that the variable is on.
    pub(super) side: Side,
    /// What a version on the left is compared by; derived from the other fields.
    pub(super) specifier: Option<VersionSpecifier>,
}

/// Where the variable of a comparison stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Side {
    Left,
    Right,
}

/// What a marker may ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Variable {
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

/// How a marker compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Operator {
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

/// The values of the variables on one platform for one Python. `extra` is the one extra that is asked about, or empty.
pub(super) struct Environment<'a> {
    pub(super) os_name: &'a str,
    pub(super) sys_platform: &'a str,
    pub(super) platform_machine: &'a str,
    pub(super) platform_system: &'a str,
    pub(super) python_version: &'a str,
    pub(super) python_full_version: &'a str,
    pub(super) extra: &'a str,
}

impl Environment<'_> {
    /// Release and version of the system are unknown until sync and stay empty, as a lock must not depend on the
    /// machine that made it.
    fn value(&self, variable: Variable) -> &str {
        match variable {
            Variable::OsName => self.os_name,
            Variable::SysPlatform => self.sys_platform,
            Variable::PlatformMachine => self.platform_machine,
            Variable::PlatformSystem => self.platform_system,
            Variable::PlatformPythonImplementation => "CPython",
            Variable::ImplementationName => "cpython",
            Variable::PlatformRelease | Variable::PlatformVersion => "",
            Variable::PythonVersion => self.python_version,
            Variable::PythonFullVersion | Variable::ImplementationVersion => self.python_full_version,
            Variable::Extra => self.extra,
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

    pub(super) fn holds(&self, environment: &Environment<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(environment)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(environment)),
            Self::Comparison(comparison) => comparison.holds(environment),
        }
    }

    /// Calls `visit` with every comparison, in order.
    pub(super) fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Comparison)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Comparison(comparison) => visit(comparison),
        }
    }
}

impl Comparison {
    /// Compares as versions where the variable is one and the right side makes a specifier; else as texts, of which
    /// none is less than another.
    fn holds(&self, environment: &Environment<'_>) -> bool {
        let value = environment.value(self.variable);
        let (left, right) = match self.side {
            Side::Left => (value, &*self.literal),
            Side::Right => (&*self.literal, value),
        };
        if let Some(specifier) = &self.specifier {
            return holds_version(specifier, left);
        }
        if self.variable.is_version()
            && self.side == Side::Right
            && let Ok(specifier) = format!("{}{right}", self.operator.as_str()).parse()
        {
            return holds_version(&specifier, left);
        }
        match self.operator {
            Operator::Equal | Operator::LessOrEqual | Operator::GreaterOrEqual => left == right,
            Operator::NotEqual => left != right,
            Operator::In => right.contains(left),
            Operator::NotIn => !right.contains(left),
            Operator::ExactEqual => self.variable.is_version() && left == right,
            Operator::Less | Operator::Greater | Operator::Compatible => false,
        }
    }
}

fn holds_version(specifier: &VersionSpecifier, text: &str) -> bool {
    text.parse::<Version>().is_ok_and(|version| admits(specifier, &version))
}

impl Variable {
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

    /// Knows the spellings of PEP 345 too: `os.name`, `python_implementation`.
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

    /// Tells whether the variable's values are versions.
    pub(super) fn is_version(self) -> bool {
        matches!(
            self,
            Self::PythonVersion | Self::PythonFullVersion | Self::ImplementationVersion | Self::PlatformRelease
        )
    }
}

impl Operator {
    /// Those that are signs, so ordered that none comes after its own beginning.
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

impl Comparison {
    fn key(&self) -> (Variable, Operator, &str, Side) {
        (self.variable, self.operator, &self.literal, self.side)
    }
}

impl PartialEq for Comparison {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Comparison {}

impl PartialOrd for Comparison {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Comparison {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
impl std::hash::Hash for Comparison {
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
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
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

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.literal.contains('\'') { '"' } else { '\'' };
        let (variable, operator, literal) = (self.variable.as_str(), self.operator.as_str(), &self.literal);
        match self.side {
            Side::Left => write!(f, "{variable} {operator} {quote}{literal}{quote}"),
            Side::Right => write!(f, "{quote}{literal}{quote} {operator} {variable}"),
        }
    }
}
