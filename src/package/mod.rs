//! Private packages: their formats. Nothing here touches a disk or a network.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `event` | a line of an index file: what was published, yanked, deprecated |
//! | `index_file` | the index file of a package: its lines, and the versions that they add up to |

mod event;
mod index_file;

pub use event::{Deposit, Event, EventFault, EventKind, MAX_EVENT, StatusChange, YankRequest};
pub use index_file::{IndexFault, IndexFile, Notice, Published, index_path};
