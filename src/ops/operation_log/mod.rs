//! The log of operations: a line for each command that changed something or failed, and what `larder log` reads of it.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `observed` | manifest, lock and generations before a command and after it |
//! | `entry` | the line: who, what, from which lock to which generation, result |
//! | `watched` | running a command and writing its line |
//! | `read` | `larder log` |

mod entry;
mod observed;
mod read;
mod watched;

pub use read::{LogDocument, LogOptions, Since, read};
pub use watched::{Operation, Trace, watched};
