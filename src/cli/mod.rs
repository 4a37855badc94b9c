//! One file per command: arguments, one call into [`ops`](crate::ops), output.
