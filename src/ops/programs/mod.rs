//! Programs that larder starts: those that it asks what they are, and those that it waits for.

pub(super) mod children;
pub(super) mod interpreter;
