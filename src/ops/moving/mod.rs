//! Moving in: what a repository has from other tools, found and taken over.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `workspace` | which folders of a repository are members, by what its tools say of it |
//! | `locked` | the versions that other tools' lockfiles chose, and what became of them |

pub(super) mod locked;
pub(super) mod workspace;
