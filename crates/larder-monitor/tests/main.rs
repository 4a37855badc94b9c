//! Tests from outside: the program, real services, real receivers.
#![allow(clippy::disallowed_methods, reason = "tests prepare and inspect the disk, and start programs")]

mod alerts;
mod command;
mod layers;
mod services;
mod support;
