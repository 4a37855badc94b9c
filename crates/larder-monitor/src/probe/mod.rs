//! Looks at services and at the machine.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `service` | services: by HTTP, by TCP, by the number of their process |
//! | `machine` | memory, processors, disk, cache |

mod machine;
mod service;

pub use machine::Gauges;
pub use service::Prober;
pub(crate) use service::innermost;
