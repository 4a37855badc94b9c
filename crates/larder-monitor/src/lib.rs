//! The monitor of larder: checks services, restarts them where that is wanted, and tells people.
//!
//! A program of its own on the `larder` library, so that `larder` itself links neither mail nor timers nor a server. `larder
//! monitor …` runs it.
//!
//! # How it works
//!
//! ```text
//! larder.kdl ──▶ Settings ──▶ Engine ──Action──▶ watch ──▶ probe, channel, restart
//!                               ▲                  │
//!                               └──── what came of it, and when
//! ```
//!
//! All decisions are the [`engine`]'s, which is given the time and touches nothing. [`watch`] drives it.
//!
//! # The layers
//!
//! A module uses those of the layers below its own, and those that the table in `tests/layers.rs` lists.
//!
//! | layer | module | what it owns |
//! | --- | --- | --- |
//! | 0 | [`clock`] | instants |
//! | 1 | [`status`] | from single observations to a state; when something is restarted |
//! |   | [`alert`] | rules, cool-downs, the latest alerts, what has to be sent |
//! |   | [`report`] | health, status and metrics as documents |
//! |   | [`payload`] | what each channel is sent |
//! | 2 | [`engine`] | what is due, what follows from what was seen |
//! | 3 | [`probe`] | looks at services and the machine |
//! |   | [`channel`] | sends alerts |
//! |   | [`operations`] | reads which changes of environments failed |
//! |   | [`restart`] | runs the command of a restart |
//! |   | [`state_file`] | what outlives the monitor |
//! |   | [`endpoint`] | answers on loopback |
//! | 4 | [`watch`] | the loop that joins them |
//! | 5 | [`cli`] | the command line |

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests prepare and inspect the disk"))]

pub mod alert;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod endpoint;
pub mod engine;
pub mod operations;
pub mod payload;
pub mod probe;
pub mod report;
pub mod restart;
pub mod state_file;
pub mod status;
pub mod watch;
