//! What is built from source: in a sandbox, from what it was given.

mod npm;
mod python;
mod sandbox;
