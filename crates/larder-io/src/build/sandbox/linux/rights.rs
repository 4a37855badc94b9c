//! The user that a build is, and how much it may use.

use rustix::process::{
    DumpableBehavior, Gid, Resource, Rlimit, Uid, getrlimit, getuid, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    configure_capability_in_ambient_set, remove_capability_from_bounding_set, set_capabilities,
    set_capabilities_secure_bits, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::RefusedStep;
use crate::build::sandbox::SandboxLimits;
use crate::build::sandbox::specification::BuildUser;
use crate::fs;

/// Whose processes the limit of processes is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// The build's own: its user, or user namespace, has no others.
    OwnOnly,
    /// All of the user, the build's among them.
    AllOfUser,
}

/// Keeps the capabilities that this process has in its new user namespace, where it is not user 0, for what it starts.
pub(super) fn pass_on() -> Result<(), RefusedStep> {
    let refused = |errno| RefusedStep(format!("capabilities in the user namespace: {errno}"));
    let own = capabilities(None).map_err(refused)?;
    set_capabilities(None, CapabilitySets { inheritable: own.permitted, ..own }).map_err(refused)?;
    for capability in own.permitted.iter() {
        configure_capability_in_ambient_set(capability, true).map_err(refused)?;
    }
    Ok(())
}

/// Becomes the user who runs the build, without any capability and with limits, for good.
pub(super) fn give_up(build_user: BuildUser, limits: &SandboxLimits) -> Result<(), RefusedStep> {
    // Numbers of capabilities that this kernel does not know are refused, and cannot be had either.
    for capability in CapabilitySet::all().iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
    let _ = clear_ambient_capability_set();
    // A program must not become strong by being of user 0. Only who may set it needs it.
    let _ = set_capabilities_secure_bits(CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED);
    if let BuildUser::Other { id } = build_user {
        let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
        set_thread_groups(&[]).map_err(RefusedStep::at("leaving all groups"))?;
        set_thread_res_gid(group, group, group).map_err(RefusedStep::at("another group"))?;
        set_thread_res_uid(user, user, user).map_err(RefusedStep::at("another user"))?;
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).map_err(RefusedStep::at("giving up capabilities"))?;
    let counted = if build_user == BuildUser::Same { Counted::AllOfUser } else { Counted::OwnOnly };
    limit(limits, counted)
}

/// Sets the limits of this process and of all that it starts, and lets no executable give it more rights.
pub(super) fn limit(limits: &SandboxLimits, counted: Counted) -> Result<(), RefusedStep> {
    set_no_new_privs(true).map_err(RefusedStep::at("no new privileges"))?;
    let others = if counted == Counted::AllOfUser { threads_of_user() } else { 0 };
    let resources = [
        (Resource::Core, 0),
        (Resource::Data, limits.memory),
        (Resource::Fsize, limits.disk),
        (Resource::Nproc, limits.processes.saturating_add(others)),
        (Resource::Memlock, 64 << 20),
        (Resource::Msgqueue, 0),
    ];
    for (resource, most) in resources {
        // Never more than there was.
        let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(RefusedStep::at("limits"))?;
    }
    Ok(())
}

/// Hides this process's memory, files and executable from processes of the same user.
pub(super) fn hide() -> Result<(), RefusedStep> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(RefusedStep::at("hiding its memory"))
}

/// Counts the threads of this user, as the kernel counts them for its limit of processes.
fn threads_of_user() -> u64 {
    let own = getuid().as_raw();
    let count = |pid: &str| {
        let folder = std::path::Path::new("/proc").join(pid);
        let is_own = fs::stat(&folder).is_ok_and(|stat| stat.is_some_and(|stat| stat.user == own));
        if is_own { fs::names(&folder.join("task")).map_or(1, |threads| threads.len() as u64) } else { 0 }
    };
    let names = fs::names("/proc".as_ref()).unwrap_or_default();
    names.iter().filter_map(|name| name.to_str()).filter(|name| name.parse::<u32>().is_ok()).map(count).sum()
}
