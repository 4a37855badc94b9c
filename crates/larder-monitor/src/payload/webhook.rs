//! The document that any webhook gets: see `schema/alert.json`.

use serde_json::{Value, json};

use super::SOURCE;
use crate::alert::Alert;

/// Returns the document.
pub fn webhook(alert: &Alert) -> Value {
    json!({ "alert": alert, "timestamp": alert.time, "source": SOURCE })
}
