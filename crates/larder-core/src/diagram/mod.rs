//! Graphs of packages and of assets, for programs and for people.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `graph` | nodes and edges, and the part of them around a package |
//! | `layout` | where the nodes and the edges of a picture are |
//! | `order` | the order of the nodes in a column of the picture |
//! | `text` | Graphviz' DOT and Mermaid's flowcharts |
//! | `svg` | the picture |

mod graph;
mod layout;
mod order;
mod svg;
mod text;

pub use graph::{Diagram, DiagramEdge, DiagramNode, EdgeRole, NodeRole};
pub use svg::svg;
pub use text::{dot, mermaid};
