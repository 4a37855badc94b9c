//! One file per use case: what the commands do.
