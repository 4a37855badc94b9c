//! What is built from source: in a sandbox, from what it was given.

mod python;
mod sandbox;
