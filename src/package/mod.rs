//! Private packages: their formats. Nothing here touches a disk or a network.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `body` | [`Body`]: everything that a publisher says of a version, as the text that is signed |
//! | `event` | a line of an index file: what was published, yanked, deprecated |
//! | `index_file` | the index file of a package: its lines, and the versions that they add up to |
//! | `log` | the log of all events: a Merkle tree, checkpoints, heads of the names |
//! | `registry_file` | the description of a registry: where its parts lie |

mod body;
mod event;
mod index_file;
pub mod log;
mod registry_file;

pub use body::{Body, BodyDependency, BodyError, BodyFeature};
pub use event::{Deposit, Event, EventFault, EventKind, MAX_EVENT, StatusChange, YankRequest};
pub use index_file::{IndexFault, IndexFile, Notice, Published, index_path};
pub use registry_file::{REGISTRY_FILE, RegistryFile};
