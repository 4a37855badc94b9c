//! Environments on disk: realise packages, build a generation, switch, verify.
//!
//! ```text
//! project/
//! ├── node_modules -> .larder/active/node_modules
//! ├── .venv        -> .larder/active/python
//! └── .larder/
//!     ├── lock                            held while a profile is built or switched
//!     ├── whole                           which generations are known to have all their packages
//!     ├── state-development               what the last sync of an environment looked at
//!     ├── active -> node_modules/.profiles/development/current
//!     └── node_modules/
//!         ├── .packages/<key>/            realised packages, shared by all generations
//!         └── .profiles/development/
//!             ├── current -> 12
//!             └── 12/                     node_modules, python, packages, bin, members, generation.json
//! ```
//!
//! What a profile looks like is computed first, as data ([`Layout`]); then it is built beside what is there; then one
//! link is renamed. At every instant `current` is one whole generation.

mod adopt;
mod as_text;
mod build;
mod collect;
mod cycles;
mod draft;
mod error;
mod exclude;
mod executables;
mod files;
#[cfg(test)]
mod fixture;
mod folders;
mod generation;
mod head;
mod history;
mod holding;
mod key;
mod larder;
mod layout;
mod linking;
mod npm;
mod path;
mod place;
mod placement;
mod project;
pub mod python;
mod recall;
mod relocate;
mod roots;
mod shebang;
#[cfg(test)]
mod tests;
mod verify;
mod whole;

pub use build::{Built, Input};
pub use collect::{Kept, Superfluous};
pub use error::{Found, FoundPythons, ProfileError};
pub use exclude::{exclude, ignore};
pub use files::Files;
pub use generation::Generation;
pub use head::{Changes, Head, Promoted};
pub use history::RolledBack;
pub use holding::{ProjectLock, is_left};
pub use key::{Key, KeyError};
pub use layout::{Content, Distribution, Folder, Layout, Links, Member, Owner, Realised, Target, Wanted, layout};
pub use place::{current_link, generation_folder, own_folder, sync_record};
pub use placement::needs_python;
pub use project::{Project, active, is_generation};
pub use roots::{Needs, stays_inside};
pub use verify::{Damage, Harm};
