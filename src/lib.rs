//! larder: one manifest, one solve, one lockfile for npm, PyPI, private and local packages; verified artifacts in
//! crash-safe, per-environment profiles.
//!
//! # How a manifest becomes a generation
//!
//! ```text
//! larder.kdl ──manifest──▶ Manifest ──ops──▶ Requirements ──resolve──▶ Graph ──lock──▶ larder.lock
//!                                               ▲                                          │
//!                              registry (Index) ┘                            lock::Closure │
//!                                                                                          ▼
//!             generation ◀──profile── trees ◀──store── verified files ◀──fetch── what is missing
//! ```
//!
//! Every step but the last line's is a function from values to values.
//!
//! # The layers
//!
//! A module uses those of the layers below its own. The few edges inside a layer are listed, with the rest of the
//! rule, in `tests/layers.rs`, which holds the code to it. Layers 0 and 1 are the crate `larder-core`, which has no I/O; layer 2 is
//! `larder-io`; the rest is this crate, in which all of them have one name: `crate::model`, `crate::fetch`.
//!
//! | layer | module | what it owns |
//! | --- | --- | --- |
//! | 0 | [`model`] | names, versions, ranges, digests, platforms, the solved graph: validated values |
//! |   | [`diagnostic`] | what errors share: exit codes, findings in files, suggestions |
//! |   | [`parallel`] | work that is spread over threads |
//! | 1 | [`advisory`] | advisories about packages, as OSV writes them: read, matched to versions, merged |
//! |   | [`manifest`] | KDL text → `Manifest`; edits that keep the text |
//! |   | [`import`] | other tools' manifests and lockfiles → a manifest, the versions they chose |
//! |   | [`resolve`] | `Requirements` + `Index` → `Resolution` or `NoSolution` |
//! |   | [`lock`] | `Lockfile`: canonical text, freshness, closures |
//! |   | [`export`] | a lock in the forms of other tools |
//! |   | [`license`] | what packages say of their licenses → SPDX expressions |
//! |   | [`bom`] | bills of materials |
//! |   | [`diagram`] | graphs of packages, as text and as pictures |
//! |   | [`patch`] | diffs of packages: parsed, applied, made |
//! |   | [`creatio`] | packages of the Creatio platform: archives, descriptors, workspaces: formats without I/O |
//! |   | [`package`] | private packages: archives, events, the log, signatures: formats without I/O |
//! |   | [`assets`] | schemas, adapters, mappings and flows of private packages: read, joined, checked |
//! |   | [`release`] | which version follows from commits; changelogs |
//! |   | [`provenance`] | who vouches for packages: signatures of registries, attestations of builds |
//! |   | [`policy`] | checks over a lockfile → findings |
//! |   | [`document`] | XML and JSON documents as trees, bounded |
//! |   | [`expression`] | the language of comparisons: routes of flows, rules of alerts |
//! |   | [`schema`] | XML Schema, WSDL, JSON Schema: checked, validating, compared; which documents they allow |
//! |   | [`mapping`] | which values of a document become which of another: checked against schemas, run on samples |
//! |   | [`difference`] | how two generations or two locks differ, for people and `--json` |
//! | 2 | [`registry`] | npm, PyPI, private and local packages: metadata, caches; implements `Index` |
//! |   | [`git`] | git repositories: commits, and their files without a checkout |
//! |   | [`fetch`] | the client, verification, unpacking |
//! |   | [`store`] | content-addressed trees |
//! |   | [`profile`] | realise, switch, verify |
//! |   | [`build`] | the sandbox; running Python build back ends and npm install scripts in it |
//! |   | [`fs`] | the only place that touches `std::fs` |
//! |   | [`logs`] | what happened to a project: logs that rotate, and are read by time |
//! | 3 | [`ops`] | one file per use case, beside what several share: session, project, install, generations |
//! | 4 | [`cli`] | one file per command: arguments → one call into `ops` → output |
//!
//! # Ecosystems
//!
//! npm, PyPI, private packages, local folders, tools by URL and Creatio's packages are siblings. What is so of all packages of one, [`model::Ecosystem`] tells; what
//! one requirement asks for, [`model::Requirement`]. Everything else that differs lies behind the contract of a room, with a file
//! or a folder for each ecosystem: `Notation` in `manifest` (lines and names as people write them), `VersionRules` (ranges, picks)
//! and `VariableRules` in `resolve`, `Protocol` and `PackageListing` in `registry`, `Placement` in `profile`; and `Format` in `fetch` for
//! each kind of artifact. A room registers its implementations in one [`model::PerEcosystem`]: a new ecosystem is a new field, without which
//! no room's table compiles. Few other files may say which ecosystem they mean; `tests/ecosystems.rs` counts them.
//!
//! # Where to start
//!
//! | to change … | begin at |
//! | --- | --- |
//! | which version is picked | `resolve::version_rules`; the order of decisions in `resolve::provider` |
//! | what a contradiction says | `resolve::explain`, `resolve::no_match` |
//! | what a manifest may say | [`manifest`]: `parse`, then the file of its block |
//! | what `init` takes over from other tools | [`import`]: the tool's file; its lockfile in `import::locks` |
//! | what a lock has | `lock::v1`; when it is stale in `lock::freshness` |
//! | how a registry is asked | `registry::protocol` and the ecosystem's folder; HTTP itself in `fetch::transport` |
//! | what an archive may contain | `fetch::unpack` |
//! | where a package's files go | `profile::placement`, `profile::compute_layout`; Python's environment in `profile::python` |
//! | what survives a crash | `fs::replace`, [`store`], `profile::build`; the order of writes in `ops::install` |
//! | what is warned of or refused | `policy::checks` |
//! | what a command prints | `cli::commands`, one file each |
//!
//! `CONTRIBUTING.md` walks through a new command, a new check and a new ecosystem.
//!
//! Nothing below `ops` reads the process's environment or arguments; nothing below `cli` writes to the terminal.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests prepare and inspect the disk"))]

pub mod cli;
pub mod ops;

pub use larder_core::{
    advisory, assets, bom, creatio, diagnostic, diagram, difference, document, export, expression, import, license,
    lock, manifest, mapping, model, package, parallel, patch, policy, provenance, release, resolve, schema,
};
pub use larder_io::{build, fetch, fs, git, logs, profile, registry, store};
