//! Tests from outside.
#![allow(clippy::disallowed_methods, reason = "tests prepare and inspect the disk, and start programs")]

mod age;
#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod builds;
mod circles;
mod clone;
mod collect;
mod conflicts;
mod consent;
mod crash;
mod crates;
mod credentials;
mod crowd;
mod dlx;
mod edit;
#[cfg(target_os = "linux")]
mod escapes;
mod findings;
mod flat;
mod git;
mod hostile;
mod import;
mod install_scripts;
mod integrity;
mod keeping;
mod layers;
mod local;
mod lock;
mod log;
mod look;
mod machine;
mod manifest;
mod metadata;
mod moves;
mod moving;
mod network;
mod npm;
mod online;
mod order;
mod own_packages;
mod pack;
mod package_managers;
mod patch;
mod phantoms;
mod private;
mod profiles;
mod python;
mod registries;
mod registry_folder;
mod registry_server;
mod routes;
mod run;
mod runtimes;
mod secrets;
mod sources;
mod storefront;
mod support;
mod sweep;
mod sync;
mod tasks;
mod templates;
mod tour;
mod undeclared;
mod urls;
