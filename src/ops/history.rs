//! The generations of an environment.

use serde::Serialize;

use crate::profile::{ChangeSummary, PromotionSource};

use super::generations::checkout::Checkout;
use super::{Context, Result};

/// `larder history --json`: see `schema/history.json`.
#[derive(Debug, Serialize)]
pub struct HistoryReport {
    /// The environment.
    pub environment: String,
    /// The current generation; none before the first sync.
    pub current: Option<u64>,
    /// The generation that was rolled back from, where the current one was gone back to.
    pub rolled_back_from: Option<u64>,
    /// The generations, the newest first.
    pub generations: Vec<HistoryEntry>,
}

/// A generation.
#[derive(Debug, Serialize)]
pub struct HistoryEntry {
    /// Its number.
    pub number: u64,
    /// The generation that was current when it was built.
    pub parent: Option<u64>,
    /// When it was built.
    pub created: String,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether it is never collected.
    pub pinned: bool,
    /// How many packages it has.
    pub packages: usize,
    /// The same on two machines.
    pub digest: String,
    /// The digest of the lock that it was built from.
    pub lock: String,
    /// Where it comes from, where it was promoted.
    pub promoted: Option<PromotionSource>,
    /// What makes it different from its parent.
    pub changes: ChangeSummary,
}

/// Lists the generations of the environment.
pub fn history(context: &Context<'_>) -> Result<HistoryReport> {
    let checkout = Checkout::open(context)?;
    let environment = &checkout.environment(context)?;
    let profile = &checkout.profile;
    let current = profile.current_number(environment)?;
    let pins = profile.pins(environment)?;
    let mut generations = Vec::new();
    for number in profile.history(environment)?.into_iter().rev() {
        let head = profile.summary(environment, number)?;
        generations.push(HistoryEntry {
            number,
            parent: head.parent,
            created: head.created.round(jiff::Unit::Second).unwrap_or(head.created).to_string(),
            current: current == Some(number),
            pinned: pins.contains(&number),
            packages: head.packages,
            digest: head.digest.to_string(),
            lock: head.lock.to_string(),
            promoted: head.promoted,
            changes: head.changes,
        });
    }
    let rolled_back_from = profile.rollback(environment)?.map(|note| note.from);
    Ok(HistoryReport { environment: environment.to_string(), current, rolled_back_from, generations })
}
