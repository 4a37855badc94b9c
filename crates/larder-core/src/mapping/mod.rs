//! Mappings: which values of a document become which of another one.
//!
//! ```kdl
//! mapping from="order#Order" to="invoice" {
//!     namespace "o" "urn:acme:order"
//!     field "o:Id" to="number"
//!     each "o:Lines/o:Line" to="lines" {
//!         field "o:Amount" to="amount" { convert "decimal"; default "0"; }
//!     }
//!     constant "EUR" to="currency"
//!     sample "samples/order-1.xml" expect="samples/invoice-1.json"
//! }
//! ```
//!
//! | file | what it owns |
//! | --- | --- |
//! | `model` | mappings as values |
//! | `parse` | KDL → mappings |
//! | `literal` | the values that a mapping has itself |
//! | `convert` | texts of values as types have them |
//! | `sides` | whether the schemas that a mapping names are those that it is written for |
//! | `check` | whether paths exist and types fit |
//! | `mapped` | what a mapping writes, as a tree of the target |
//! | `required` | whether everything is written that the target requires |
//! | `read` | values of the source |
//! | `output` | documents of the target, as they are put together |
//! | `run` | a mapping on a document |
//! | `difference` | two documents, path by path |
//! | `samples` | mappings on their samples |
//!
//! Paths are relative to the root element or value, in an `each` to its item; `.` is the item itself.

mod check;
mod convert;
mod difference;
mod literal;
mod mapped;
mod model;
mod output;
mod parse;
mod read;
mod required;
mod run;
mod samples;
mod sides;

#[cfg(test)]
mod tests;

pub use literal::MappingLiteral;
pub use model::{Document, Endpoint, Mapping, Sample};
pub use parse::MAPPING_SYNTAX;
pub use samples::SchemaSide;
pub use sides::WrongSides;
