//! What several use cases need that write a registry of private packages, and the use cases of `larder registry`.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `destination` | a folder or a server that files are copied to |
//! | `target` | which registry a command writes to |
//! | `log_keys` | the private keys of logs |
//! | `server` | publications that go to a server |
//! | `submit` | an event or an archive that is added, or left for somebody who has the log's key |
//! | `init`, `push`, `sign`, `verify`, `witness` | `larder registry init`, `push`, `sign`, `verify`, `witness` |

pub(in crate::ops) mod destination;
mod init;
pub(in crate::ops) mod log_keys;
mod push;
pub(in crate::ops) mod server;
mod sign;
pub(in crate::ops) mod submit;
pub(in crate::ops) mod target;
mod verify;
mod witness;

pub use init::{Created, init};
pub use push::{Pushed, push};
pub use sign::{Signed, sign};
pub use verify::{Whole, verify};
pub use witness::{ImportedWitness, export_witness, import_witness};

/// Returns the time, as events and states have it.
pub(in crate::ops) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
