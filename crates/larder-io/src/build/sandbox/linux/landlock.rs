//! Files that a build may read and write, whatever its file system shows.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};

use super::RefusedStep;

/// Devices that hold nothing.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// The first version that knows about truncating: below it, any file can be emptied.
const OLDEST: ABI = ABI::V3;

/// The newest version whose rights are asked for, as far as the kernel has them.
const NEWEST: ABI = ABI::V6;

/// Allows writing below `writable` only. The file system that this process sees has nothing that must not be read.
///
/// A kernel without Landlock is no error: the mounts are read-only already.
pub(super) fn confine_writing(writable: &[PathBuf]) -> Result<(), RefusedStep> {
    let confine = || {
        let rules = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.scope(Scope::Signal)?.create()?;
        allow(rules, &[PathBuf::from("/")], &[writable, &["/dev/shm".into()]].concat())
    };
    confine().map_err(RefusedStep::at("Landlock"))
}

/// Allows reading and executing below `readable`, writing below `writable`, and no network.
///
/// # Errors
///
/// The kernel has no Landlock, or one that is too old to hold.
pub(super) fn confine(readable: &[PathBuf], writable: &[PathBuf]) -> Result<(), RefusedStep> {
    let confine = || {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(OLDEST))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        allow(rules, readable, writable)
    };
    confine().map_err(RefusedStep::at("Landlock (Linux 6.2 or later, switched on)"))
}

fn allow(rules: RulesetCreated, readable: &[PathBuf], writable: &[PathBuf]) -> Result<(), RulesetError> {
    let reading = AccessFs::from_read(NEWEST);
    // Neither devices nor sockets are anything to be built.
    let writing = AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let devices = AccessFs::ReadFile | AccessFs::WriteFile;
    rules
        .add_rules(path_beneath_rules(readable, reading))?
        .add_rules(path_beneath_rules(writable, writing))?
        .add_rules(path_beneath_rules(DEVICES, devices))?
        .restrict_self()?;
    Ok(())
}
