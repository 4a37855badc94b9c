//! Rules of a project's own: comparisons of what the monitor measures.

use std::ops::Range;
use std::time::Duration;

use miette::SourceSpan;

use super::super::monitor::{Monitor, read_span};
use super::super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::super::{ManifestError, Spanned};
use crate::expression::{Expression, ExpressionError, NameTable, ValueType};
use crate::model::{AlertCategory, AlertLevel, Label};

/// `rule "slow-api" when="api.responseTime > 2000" level="warning" category="performance" cooldown="15m"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// The name, which alerts have as their component too.
    pub name: Spanned<Label>,
    /// `when`: what is told, while it holds.
    pub when: Expression,
    /// `level`
    pub level: AlertLevel,
    /// `category`
    pub category: AlertCategory,
    /// `cooldown`: for so long it is not repeated.
    pub cooldown: Duration,
    place: ExpressionSpan,
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ExpressionSpan {
    span: SourceSpan,
    /// Whether the text stands there as it is, between two quotes.
    is_literal: bool,
}

impl ExpressionSpan {
    /// Returns the place of a part of the expression.
    fn part(self, part: &Range<usize>) -> SourceSpan {
        if self.is_literal { (self.span.offset() + 1 + part.start, part.len()).into() } else { self.span }
    }
}

const USUAL_COOLDOWN: Duration = Duration::from_secs(5 * 60);
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The names of the rules that are there without being declared.
pub const BUILT_IN_RULES: [&str; 10] = [
    "service-down",
    "restarts-exhausted",
    "restart-failed",
    "critical-vulnerability",
    "memory",
    "disk",
    "cache",
    "health-score",
    "deployment-failed",
    "channel-dead",
];

/// The most rules.
const MOST_RULES: usize = 100;

impl AlertRule {
    /// Returns what rules can be about, by its name.
    pub fn metrics(monitor: &Monitor) -> Vec<(String, ValueType)> {
        let of_checks = monitor.checks.iter().flat_map(|check| {
            let name = move |metric: &str| format!("{}.{metric}", check.name.value);
            let numbers = ["responseTime", "failures", "restarts"].map(|metric| (name(metric), ValueType::Number));
            numbers.into_iter().chain([(name("status"), ValueType::String)])
        });
        let of_machine = ["memory", "cpu", "disk", "cache"].map(str::to_owned);
        let of_packages =
            ["total", "critical", "high", "moderate", "low", "healthScore"].map(|name| format!("packages.{name}"));
        of_checks.chain(of_machine.into_iter().chain(of_packages).map(|name| (name, ValueType::Number))).collect()
    }
}

pub(super) fn read_rule(node: ManifestNode<'_>, errors: &mut Errors) -> Option<AlertRule> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["when", "level", "category", "cooldown"],
        block: BlockRule::Never,
        example: "rule \"slow-api\" when=\"api.responseTime > 2000\" level=\"warning\" category=\"performance\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let levels = AlertLevel::ALL.map(|level| (level.as_str(), level));
    let level = parts.property("level").map(|value| value.choice(&levels, errors));
    let categories = AlertCategory::ALL.map(|category| (category.as_str(), category));
    let category = parts.property("category").map(|value| value.choice(&categories, errors));
    let cooldown = parts.property("cooldown");
    let cooldown = cooldown.map(|value| read_span(value, (Duration::from_secs(1), LONGEST_COOLDOWN), errors));
    let Some(when) = parts.property("when") else {
        errors.push(node.missing_error("a comparison", Some(format!("it is written `{}`", SHAPE.example))));
        return None;
    };
    let is_literal = when.is_literal();
    let when = when.string(errors)?;
    let place = ExpressionSpan { span: when.span, is_literal };
    let expression = Expression::parse(when.value).map_err(|found| report(&found, place, errors)).ok();
    let name = name?;
    if BUILT_IN_RULES.contains(&name.value.as_str()) {
        let (value, reason) = (name.value.to_string(), "a rule of this name is there already".to_owned());
        let help = Some("give it another name".to_owned());
        errors.push(ManifestError::BadValue { value, what: "a name for a rule", reason, help, span: name.span });
    }
    Some(AlertRule {
        name,
        when: expression?,
        level: level.unwrap_or(Some(AlertLevel::Warning))?,
        category: category.unwrap_or(Some(AlertCategory::Health))?,
        cooldown: cooldown.unwrap_or(Some(USUAL_COOLDOWN))?,
        place,
    })
}

/// Reports names that the monitor does not measure, comparisons that cannot be, rules of one name, and too many of them.
pub(in crate::manifest) fn check_rules(rules: &[AlertRule], monitor: &Monitor, errors: &mut Errors) {
    let names = NameTable::new(AlertRule::metrics(monitor));
    for (at, rule) in rules.iter().enumerate() {
        report(&rule.when.check(&names), rule.place, errors);
        if let Some(first) = rules[..at].iter().find(|other| other.name.value == rule.name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("rule `{}`", rule.name.value),
                help: Some("give them different names".to_owned()),
                span: rule.name.span,
                first: first.name.span,
            });
        }
    }
    if let Some(rule) = rules.get(MOST_RULES) {
        errors.push(ManifestError::Unexpected {
            node: "alerts".to_owned(),
            what: "rule",
            help: Some(format!("there are at most {MOST_RULES}")),
            span: rule.name.span,
        });
    }
}

fn report(found: &[ExpressionError], place: ExpressionSpan, errors: &mut Errors) {
    for error in found {
        let (reason, help) = (error.message.clone(), error.help.clone());
        errors.push(ManifestError::BadExpression { reason, help, span: place.part(&error.span) });
    }
}
