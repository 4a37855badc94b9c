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
//! | `convert` | texts of values as types have them |
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
mod mapped;
mod model;
mod output;
mod parse;
mod read;
mod required;
mod run;
mod samples;

#[cfg(test)]
mod tests;

pub use model::{Document, Endpoint, Mapping, Sample};
pub use samples::Side;
