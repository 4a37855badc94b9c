//! System calls that a build is denied.
//!
//! Three answers: `EPERM` for what is known and not for builds, `ENOSYS` for what programs have a substitute for and whose
//! arguments a filter cannot see, `EAFNOSUPPORT` for families of sockets. Whatever is newer than the newest call that was
//! looked at does not exist.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};

use super::RefusedStep;
use super::syscalls::{self, Denied, When};

/// The sockets that a build may make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketAccess {
    /// Those of its own network namespace.
    Loopback,
    /// None but pairs, which are connected to each other.
    None,
}

/// Denies this process and all that it starts what no build needs, for good.
pub(super) fn deny(network: SocketAccess) -> Result<(), RefusedStep> {
    for program in programs(network).map_err(RefusedStep::at("seccomp"))? {
        apply_filter(&program).map_err(RefusedStep::at("seccomp"))?;
    }
    Ok(())
}

fn programs(network: SocketAccess) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let mut not_permitted = syscalls::not_permitted();
    if network == SocketAccess::None {
        not_permitted.extend(syscalls::not_permitted_beside_others());
    }
    let pretended = if network == SocketAccess::None { syscalls::pretended() } else { Vec::new() };
    // Of two answers to a call that of the later filter counts: a refusal, not a pretence.
    let answers = [
        (pretended, 0),
        (syscalls::sockets(network == SocketAccess::Loopback), libc::EAFNOSUPPORT),
        (syscalls::missing(), libc::ENOSYS),
        (not_permitted, libc::EPERM),
    ];
    let mut programs = vec![newer_than(syscalls::NEWEST)];
    for (denied, errno) in answers.into_iter().filter(|(denied, _)| !denied.is_empty()) {
        programs.push(program(denied, errno.unsigned_abs())?);
    }
    Ok(programs)
}

/// Returns the filter that answers `errno` to the calls of a list, and lets all others pass.
fn program(denied: Vec<Denied>, errno: u32) -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for Denied { call, when } in denied {
        // A call with an empty list is denied always.
        let of_call = rules.entry(call).or_default();
        if !when.is_empty() {
            let conditions = when.iter().map(condition).collect::<Result<_, _>>()?;
            of_call.push(SeccompRule::new(conditions)?);
        }
    }
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), ARCHITECTURE)?;
    Ok(filter.try_into()?)
}

/// All arguments that are compared are 32 bits wide in the kernel, which ignores the upper half.
fn condition(when: &When) -> Result<SeccompCondition, seccompiler::BackendError> {
    let (argument, operator, value) = match *when {
        When::Is(argument, value) => (argument, SeccompCmpOp::Eq, value),
        When::IsNot(argument, value) => (argument, SeccompCmpOp::Ne, value),
        When::Has(argument, bits) => (argument, SeccompCmpOp::MaskedEq(u64::from(bits)), bits),
        When::IsSet(argument) => {
            return SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0);
        }
    };
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, u64::from(value))
}

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

/// Returns the filter that answers `ENOSYS` to calls after `newest`, among them those of x32, whose numbers begin at 2³⁰.
fn newer_than(newest: u32) -> BpfProgram {
    // Constants of linux/filter.h and linux/seccomp.h; the number of the call is at the beginning of the data.
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_GREATER: u16 = 0x25;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    let step = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    vec![
        step(LOAD_WORD, 0, 0),
        step(JUMP_IF_GREATER, 1, newest),
        step(RETURN, 0, ERRNO | libc::ENOSYS.unsigned_abs()),
        step(RETURN, 0, ALLOW),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_compile_and_are_within_the_kernels_bounds() {
        for network in [SocketAccess::Loopback, SocketAccess::None] {
            let programs = programs(network).unwrap();
            assert!(programs.len() >= 4);
            assert!(programs.iter().all(|program| (4..=4096).contains(&program.len())));
        }
    }
}
