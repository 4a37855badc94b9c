//! Alerts: what is told to people, how often, and by which channels.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `alert` | an alert |
//! | `rule` | the rules: what becomes an alert, how grave it is, how long it is not repeated |
//! | `cooldown` | which alerts were raised a short while ago |
//! | `channel_kind` | the channels, and which alerts each takes |
//! | `delivery` | what has to be sent by one channel, when it is tried again, and whether the channel is dead |
//! | `history` | the latest alerts |

#[allow(clippy::module_inception, reason = "an alert is what the room is about")]
mod alert;
mod channel_kind;
mod cooldown;
mod delivery;
mod history;
mod rule;

pub use alert::{Alert, Raised};
pub use channel_kind::ChannelKind;
pub use cooldown::Cooldowns;
pub use delivery::{DeliveryState, Outbox};
pub use history::{AlertHistory, KEPT, KEPT_FOR};
pub use rule::Rule;
