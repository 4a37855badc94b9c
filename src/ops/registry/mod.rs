//! What several use cases need that write a registry of private packages, and the use cases of `larder registry`.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `target` | which registry a command writes to |
//! | `log_keys` | the private keys of logs |
//! | `submit` | an event or an archive that is added, or left for somebody who has the log's key |
//! | `init`, `sign`, `verify` | `larder registry init`, `sign`, `verify` |

mod init;
pub(in crate::ops) mod log_keys;
mod sign;
pub(in crate::ops) mod submit;
pub(in crate::ops) mod target;
mod verify;

pub use init::{Created, init};
pub use sign::{Signed, sign};
pub use verify::{Whole, verify};

/// Returns the time, as events and states have it.
pub(in crate::ops) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
