//! What a manifest may do with this user's secrets.
//!
//! A checkout may come from anybody, and so may the hosts that it names. All that sends what a manifest refers to asks here.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `grants` | which variables may be sent to which hosts |
//! | `file` | which files may be sent at all |
//! | `keyring` | the keyring of the system |
//! | `alerts` | the secrets of the `alerts` block |

mod alerts;
pub(super) mod file;
pub(super) mod grants;
pub(super) mod keyring;

pub use alerts::{Receiver, read as read_alert_secret};

pub(super) use alerts::pairs as alert_pairs;
