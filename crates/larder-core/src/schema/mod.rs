//! Schemas: XML Schema, WSDL and JSON Schema behind one type. They are read from given texts, checked as schemas, validate
//! documents, and tell which documents they allow.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `kind` | what kind of schema a text is |
//! | `source` | where the text of what a schema imports comes from |
//! | [`shape`] | which documents a schema allows |
//! | `xsd` | XML Schema 1.0 and 1.1 |
//! | `wsdl` | WSDL 1.1 and 2.0 |
//! | `json` | JSON Schema |
//! | `loaded` | a schema of any kind |
//! | [`compatibility`] | whether a new version of a schema serves those who know the old one |
//!
//! The rules of the specifications are checked by the crates `xsd-schema` and `jsonschema`; which, why, and how many tests of
//! the suites they pass, `schema/README.md` says. References, namespaces and imports are checked here, so that all faults are
//! reported at once and at their places. Nothing is read from a disk or a network.

pub mod compatibility;
mod json;
mod kind;
mod loaded;
pub mod shape;
mod source;
mod wsdl;
mod xsd;

#[cfg(test)]
mod tests;

pub use crate::document::SourceFile;
pub use kind::{SchemaKind, UnknownKind};
pub use loaded::{EntryError, Loaded, Schema};
pub use source::{ImportRequest, Resolver, relative};
