//! The `alerts` block: who is told what the monitor finds, and further rules of what is told.
//!
//! ```kdl
//! alerts {
//!     slack env="SLACK_WEBHOOK"
//!     email "ops@acme.example" from="larder@acme.example" {
//!         smtp "smtps://smtp.acme.example"
//!         user "larder"
//!         password env="SMTP_PASSWORD"
//!     }
//!     pagerduty env="PAGERDUTY_KEY"
//!     webhook "https://hooks.acme.example/larder" { authorization env="HOOK_AUTHORIZATION"; }
//!     rule "slow-api" when="api.responseTime > 2000" level="warning" category="performance" cooldown="15m"
//! }
//! ```
//!
//! Secrets are references, never text.

mod channel;
mod rule;

use super::Spanned;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, UniqueNodes};

pub use rule::{AlertRule, BUILT_IN_RULES};

pub(super) use rule::check_rules;

pub use channel::{Address, Email, PagerDuty, SecretSource, SmtpServer, Webhook, check_mail_address};

/// What the `alerts` block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// `slack`: where the URL of the webhook is, which is a secret.
    pub slack: Option<Spanned<SecretSource>>,
    /// `email`
    pub email: Option<Email>,
    /// `pagerduty`
    pub pagerduty: Option<PagerDuty>,
    /// `webhook`
    pub webhook: Option<Webhook>,
    /// `rule` lines
    pub rules: Vec<AlertRule>,
}

const NODES: [&str; 5] = ["slack", "email", "pagerduty", "webhook", "rule"];

/// Reads the block.
pub(super) fn read_alerts(block: ManifestNode<'_>, errors: &mut Errors) -> Alerts {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "alerts { slack env=\"SLACK_WEBHOOK\"; }",
    };
    block.read_parts(&SHAPE, errors);
    let (mut alerts, mut once) = (Alerts::default(), UniqueNodes::default());
    for node in block.children() {
        if node.name() == "rule" {
            alerts.rules.extend(rule::read_rule(node, errors));
            continue;
        }
        once.check(node, errors);
        match node.name() {
            "slack" => alerts.slack = channel::read_slack(node, errors),
            "email" => alerts.email = channel::read_email(node, errors),
            "pagerduty" => alerts.pagerduty = channel::read_pagerduty(node, errors),
            "webhook" => alerts.webhook = channel::read_webhook(node, errors),
            _ => node.report_unknown("in `alerts`", &NODES, errors),
        }
    }
    alerts
}
