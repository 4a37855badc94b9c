//! How services and the machine are: from single observations to a state, and to the decision to restart something.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `check_state` | one check: its failures in a row, and what it was like when it was last looked at |
//! | `restarts` | whether something that fails is restarted, once more or no more |

mod check_state;
mod restarts;

pub use check_state::{CheckState, FAILURES_UNTIL_UNHEALTHY, Observation, Status};
pub use restarts::{Decision, MOST_RESTARTS, RESET_AFTER, Restarts, SPACING};
