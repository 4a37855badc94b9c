//! Sends alerts.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `receivers` | which channels there are, with their secrets, from the manifest or from variables |
//! | `mail` | a message to a mail server |
//! | `web` | the client of all that is asked by HTTP |

mod mail;
mod receivers;
mod web;

pub use receivers::{ChannelError, Receivers};
pub use web::{WebError, probing_client, sending_client};
