//! Versions 1 and 2 of the format on disk.
//!
//! ```toml
//! version = 1
//!
//! [settings]
//! node = "22"
//! forgotten = 4                                # which edition of the list of forgotten dependencies, and of the rules beside it, was followed
//! platforms = [
//!     "linux-x64",
//! ]
//!
//! [[require]]                                  # a manifest line and what it got
//! name = "npm:react-16"
//! range = "npm:react@^16.14"
//! to = [
//!     { to = "npm:react@16.14.0", as = "react-16" },
//! ]
//!
//! [[package]]
//! id = "npm:react@16.14.0"
//! registry = "npmjs"
//! artifacts = [
//!     { file = "react-16.14.0.tgz", digest = "sha512-…" },
//! ]
//! edges = [                                    # a plain dependency is only its target
//!     "npm:object-assign@4.1.1",
//! ]
//! ```
//!
//! A package that has to be built somewhere has a `[[build]]`: what it requires, and which tools were chosen for that.
//!
//! ```toml
//! [[build]]
//! id = "pypi:ujson@5.10.0"
//! requires = [
//!     "setuptools>=42",
//! ]
//! tools = [
//!     "pypi:setuptools@75.8.0",
//! ]
//!
//! [[tool]]                                     # as a package, without edges
//! id = "pypi:setuptools@75.8.0"
//! registry = "pypi"
//! artifacts = [
//!     { file = "setuptools-75.8.0-py3-none-any.whl", digest = "sha256-…" },
//! ]
//! ```
//!
//! What an npm package is built with has instances of its own, as the project's packages have; a lock with such tables has the version
//! 2, for larders that do not know them:
//!
//! ```toml
//! [[build.instance]]
//! id = "npm:maker@1.0.0"
//! edges = [
//!     "npm:words@1.0.0",
//! ]
//! ```
//!
//! Where groups exclude each other, `[settings]` lists the `sides` that have a solution each, and an edge that does not
//! hold on all of them says on which it does: `{ to = "pypi:torch@2.5.1", sides = ["cpu"] }`. A package that comes from
//! several registries has its registry in its id: `pypi+cpu:torch@2.5.1`.
//!
//! A package whose peers are bound, has `[[package.instance]]` tables with edges of their own. What is as it mostly is,
//! is not written. Everything is sorted and nothing is counted or numbered, so that a change stays where it was made.

mod canonical;
mod document;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;
#[cfg(test)]
pub(super) use {canonical::read as canonical, read::read_toml};
