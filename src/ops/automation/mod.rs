//! What calls larder without anybody at the keyboard: a hook of git, workflows of CI, timers.
//!
//! Everything here writes files that others run. What is there and is not larder's own stays, and a second run changes nothing.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `hooks` | the `pre-commit` hook of git |
//! | `ci` | workflows for GitHub and GitLab |
//! | `schedule` | timers of systemd, lines of a crontab |
//! | `service` | units that keep services and the monitor running |
//! | `unit` | names, paths and words as systemd reads them |
//! | `placed` | files that are written once |

pub mod ci;
pub mod hooks;
mod placed;
pub mod schedule;
pub mod service;
mod unit;

pub use placed::{PlacedFile, PlacedState};
