//! The steps of `larder lock`: what the lock keeps of the one before, what is fetched before versions are chosen, and the solve.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `age` | the cutoff of `age`: taken when the lock is made first, and kept |
//! | `routing` | whether a lock's registries are those that the manifest takes its packages from |
//! | `sources` | packages outside of registries: git repositories, URLs |
//! | `archives` | tools by URL |
//! | `comparison` | how two locks differ |
//! | `fetched_file` | what was fetched from outside of registries, on its way into the store |
//! | `further_conflicts` | contradictions besides the first |
//! | `solutions` | solving once, or once for each side where groups exclude each other |
//! | `optional_lines` | optional lines that were dropped, each with its reason |
//! | `passed_over` | newer versions that a solve did not take |
//! | `unbuilt` | folders that a build makes, where it has not made them: what the lock has of them |
//! | `unmoved` | whether preferred versions stay, though groups be locked that no environment includes |
//! | `unserved` | lines that neither a member nor a registry answers |
//! | `wish` | what a solve is to respect besides the manifest |
//! | `witnesses` | what the lock witnesses of registries of private packages |

pub(super) mod age;
mod archives;
pub(super) mod comparison;
mod fetched_file;
mod further_conflicts;
pub(super) mod optional_lines;
pub(super) mod passed_over;
pub(super) mod routing;
pub(super) mod solutions;
pub(super) mod sources;
pub(super) mod unbuilt;
mod unmoved;
pub(super) mod unserved;
pub(super) mod wish;
pub(super) mod witnesses;
