//! Rules over a lockfile → findings.
