//! Environments on disk: realise packages, build a generation, switch, verify.
//!
//! ```text
//! project/
//! ├── node_modules -> .larder/active/node_modules
//! ├── .venv        -> .larder/active/python
//! └── .larder/
//!     ├── .prettierrc                     tells formatters to leave what is in here as it is
//!     ├── lock                            held while a profile is built or switched
//!     ├── whole                           which generations are known to have all their packages
//!     ├── state-development               what the last sync of an environment looked at
//!     ├── active -> node_modules/.profiles/development/current
//!     └── node_modules/
//!         ├── .packages/<key>/            realised packages, shared by all generations
//!         ├── .packages/node_modules -> ../../active/fallback/node_modules
//!         └── .profiles/development/
//!             ├── current -> 12
//!             └── 12/                     node_modules, fallback, python, packages, flows, bin, members, generation.json
//! ```
//!
//! What a profile looks like is computed first, as data ([`Layout`]); then it is built beside what is there; then one
//! link is renamed. At every instant `current` is one whole generation.
//!
//! From the bottom up:
//!
//! | file | what it owns |
//! | --- | --- |
//! | `paths` | where larder's files lie in a checkout, and that they are reached through no link |
//! | `link_mode`, `linking` | how files of packages come into a profile: linked or copied, and checked |
//! | `key`, `components` | the names of realised packages' folders |
//! | `layout`, `layout_input` | what a profile will look like, as data, and what that is computed from |
//! | `node_modules` | realised packages of Node, and the executables that they declare |
//! | `package_folder` | a package with its dependencies in a folder of its own, for its install scripts |
//! | `python` | finding the interpreter; a virtual environment without pip |
//! | `runtime` | Node and Python where larder brings them |
//! | `placement` | each ecosystem's contract: where its packages go |
//! | `undeclared` | what packages find that they do not declare |
//! | `compute_layout` | lock, closure and trees → layout |
//! | `local_folders`, `private` | what the folders of local packages hold; what private packages declare |
//! | `deployed_flow`, `flows` | a flow that is deployed in an environment; those of the current generation |
//! | `record_file`, `generation_summary`, `generation` | what a generation says of itself |
//! | `complete_generations` | which generations are known to have all their packages |
//! | `profiles`, `leftovers`, `project_lock` | a checkout with its profiles, and the right to change it |
//! | `git_exclude`, `tool_settings` | what git and formatters are told of larder's own files |
//! | `fallback_link` | the link through which packages find what they do not declare |
//! | `root_links`, `switch` | the links in the checkout; which generation is current, which environment active |
//! | `checkout_move`, `relocate` | generations of a checkout that was moved or copied |
//! | `build` | a new generation |
//! | `verify`, `repair`, `record_repair` | what is not as it should be, and building it again |
//! | `rollback`, `pins`, `collect`, `adopt` | going back; what is kept; what is removed; what is moved aside |

mod adopt;
mod as_text;
mod build;
mod checkout_move;
mod collect;
mod complete_generations;
mod components;
mod compute_layout;
mod deployed_flow;
mod error;
mod fallback_link;
#[cfg(test)]
mod fixture;
mod flows;
mod generation;
mod generation_summary;
mod git_exclude;
mod key;
mod layout;
mod layout_input;
mod leftovers;
mod link_mode;
mod linking;
mod local_folders;
mod node_modules;
mod package_folder;
mod paths;
mod pins;
mod placement;
mod private;
mod profiles;
mod project_lock;
pub mod python;
mod record_file;
mod record_repair;
mod relocate;
mod repair;
mod rollback;
mod root_links;
mod runtime;
mod shebang;
mod shell;
mod source_copy;
mod switch;
#[cfg(test)]
mod tests;
mod tool_settings;
mod undeclared;
mod verify;

pub use build::{BuildInput, Built, names_of_project};
pub use collect::{Garbage, Retention};
pub use deployed_flow::{DeployedFlow, DeployedFlows};
pub use error::{FoundContent, FoundPythons, ProfileError};
pub use generation::{Generation, RuntimeOfGeneration, parse_manifests};
pub use generation_summary::{ChangeSummary, GenerationSummary, PromotionSource};
pub use git_exclude::{add_ignore_lines, exclude_from_git};
pub use key::{InvalidRealisedKey, RealisedKey};
pub use layout::{
    ClosurePackage, Distribution, Fallback, Layout, LinkTarget, Links, LocalFolder, OwnerRule, PackageContent,
    RealisedPackage, RealisedRuntime,
};
pub use link_mode::LinkMode;
pub use package_folder::{LaidOutSource, PackageFolder};
pub use paths::{
    MANIFESTS_OF_GENERATION, active, current_link, generation_folder, is_generation, own_folder, sync_record,
};
pub use placement::needs_python;
pub use private::PrivateContent;
pub use profiles::Profiles;
pub use project_lock::{ProjectLock, has_leftovers};
pub use rollback::Rollback;
pub use root_links::{RequiredLinks, check_stays_inside};
pub use runtime::{RuntimeTree, node_executable};
pub use source_copy::copy_tree;
pub use verify::{Checked, Damage, ProfileDamageKind};
