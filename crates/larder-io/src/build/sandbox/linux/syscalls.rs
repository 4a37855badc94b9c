//! Which system calls are denied, and why.

#[allow(clippy::wildcard_imports, reason = "a hundred constants, which name what they are")]
use libc::*;

/// The newest call that these lists were made with: `file_setattr`. The numbers are the same on all architectures from 424
/// on.
pub(super) const NEWEST: u32 = 469;

/// A system call that is denied.
pub(super) struct Denied {
    /// Its number.
    pub(super) call: i64,
    /// When: all of it must hold; empty is always.
    pub(super) when: Vec<When>,
}

/// What an argument must be, given by its place.
pub(super) enum When {
    /// It is this.
    Is(u8, u32),
    /// It is not this.
    IsNot(u8, u32),
    /// It has all these bits.
    Has(u8, u32),
    /// It is not null.
    IsSet(u8),
}

fn always(calls: &[i64]) -> impl Iterator<Item = Denied> {
    calls.iter().map(|call| Denied { call: *call, when: Vec::new() })
}

fn when(call: i64, when: Vec<When>) -> Denied {
    Denied { call, when }
}

/// What is denied in every sandbox.
pub(super) fn not_permitted() -> Vec<Denied> {
    // More namespaces and mounts: capabilities inside of them open much of the kernel.
    const NAMESPACES: &[i64] = &[
        SYS_unshare,
        SYS_setns,
        SYS_chroot,
        SYS_pivot_root,
        SYS_mount,
        SYS_umount2,
        SYS_open_tree,
        SYS_move_mount,
        SYS_fsopen,
        SYS_fsconfig,
        SYS_fsmount,
        SYS_fspick,
        SYS_mount_setattr,
        467, // open_tree_attr
    ];
    // Other processes' memory and files.
    const PROCESSES: &[i64] = &[
        SYS_ptrace,
        SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_process_madvise,
        SYS_pidfd_getfd,
        SYS_kcmp,
        SYS_perf_event_open,
    ];
    // Keys that belong to the user and not to the build.
    const KEYS: &[i64] = &[SYS_keyctl, SYS_add_key, SYS_request_key];
    // The machine: most of it needs rights that a build has not, and no build asks for any of it.
    const MACHINE: &[i64] = &[
        SYS_bpf,
        SYS_userfaultfd,
        SYS_kexec_load,
        SYS_init_module,
        SYS_finit_module,
        SYS_delete_module,
        SYS_reboot,
        SYS_swapon,
        SYS_swapoff,
        SYS_acct,
        SYS_quotactl,
        SYS_quotactl_fd,
        SYS_settimeofday,
        SYS_clock_settime,
        SYS_adjtimex,
        SYS_clock_adjtime,
        SYS_sethostname,
        SYS_setdomainname,
        SYS_syslog,
        SYS_vhangup,
        SYS_fanotify_init,
        SYS_fanotify_mark,
        SYS_open_by_handle_at,
        SYS_name_to_handle_at,
        SYS_lookup_dcookie,
        SYS_nfsservctl,
    ];
    #[cfg(target_arch = "x86_64")]
    const OF_ARCHITECTURE: &[i64] =
        &[SYS_iopl, SYS_ioperm, SYS_kexec_file_load, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl];
    #[cfg(not(target_arch = "x86_64"))]
    const OF_ARCHITECTURE: &[i64] = &[];

    let lists = [NAMESPACES, PROCESSES, KEYS, MACHINE, OF_ARCHITECTURE];
    let mut denied: Vec<_> = lists.into_iter().flat_map(always).collect();
    let namespaces =
        [CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET];
    denied.extend(namespaces.map(|flag| when(SYS_clone, vec![When::Has(0, flag.unsigned_abs())])));
    // Input for a terminal that somebody else reads.
    denied.extend([TIOCSTI, TIOCLINUX, TIOCSETD].map(|request| when(SYS_ioctl, vec![When::Is(1, request as u32)])));
    // Personalities other than Linux, Linux of 32 bits, these without random addresses, and the question which it is.
    let personalities = [0, 8, 0x2_0000, 0x2_0008, 0x4_0000, 0xffff_ffff];
    denied.push(when(SYS_personality, personalities.map(|known| When::IsNot(0, known)).into()));
    denied.extend(set_user_id());
    denied
}

/// Denies the calls that set a file's set-user-ID or set-group-ID bit: whoever runs such a file becomes its owner.
fn set_user_id() -> Vec<Denied> {
    const O_TMPFILE_BIT: u32 = 0o20_000_000;
    let mut modes = vec![(SYS_fchmod, 1), (SYS_fchmodat, 2), (SYS_mknodat, 2)];
    let mut opens = vec![(SYS_openat, 2)];
    #[cfg(target_arch = "x86_64")]
    {
        modes.extend([(SYS_chmod, 1), (SYS_creat, 1), (SYS_mknod, 1)]);
        opens.push((SYS_open, 1));
    }
    let mut denied = Vec::new();
    for bit in [S_ISUID, S_ISGID] {
        denied.extend(modes.iter().map(|(call, mode)| when(*call, vec![When::Has(*mode, bit)])));
        for (call, flags) in &opens {
            for creates in [O_CREAT.unsigned_abs(), O_TMPFILE_BIT] {
                denied.push(when(*call, vec![When::Has(*flags, creates), When::Has(flags + 1, bit)]));
            }
        }
    }
    denied
}

/// What is denied besides where a build has no namespaces of its own and could reach others' processes and memory.
pub(super) fn not_permitted_beside_others() -> Vec<Denied> {
    const SHARED: &[i64] = &[
        SYS_shmget,
        SYS_shmat,
        SYS_shmctl,
        SYS_semget,
        SYS_semop,
        SYS_semtimedop,
        SYS_semctl,
        SYS_msgget,
        SYS_msgsnd,
        SYS_msgrcv,
        SYS_msgctl,
        SYS_mq_open,
        SYS_mq_unlink,
    ];
    const PRIORITIES: &[i64] = &[SYS_setpriority, SYS_ioprio_set];
    // Attributes: Landlock knows nothing of them, and an open file is enough to change them.
    const ATTRIBUTES: &[i64] = &[
        SYS_setxattr,
        SYS_lsetxattr,
        SYS_fsetxattr,
        SYS_removexattr,
        SYS_lremovexattr,
        SYS_fremovexattr,
        463,
        466,
        469,
    ];
    // The names of files that others change: Landlock lets any folder be watched.
    const WATCHES: &[i64] = &[SYS_inotify_add_watch];
    let mut denied: Vec<_> = [SHARED, PRIORITIES, ATTRIBUTES, WATCHES].into_iter().flat_map(always).collect();
    // Of others: 0 is the caller itself.
    let of_others = [SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr];
    denied.extend(of_others.map(|call| when(call, vec![When::IsNot(0, 0)])));
    denied.push(when(SYS_prlimit64, vec![When::IsNot(0, 0), When::IsSet(2)]));
    // To everybody at once.
    denied.push(when(SYS_kill, vec![When::Is(0, u32::MAX)]));
    denied
}

/// What does nothing, and says that it was done, where a filter cannot tell the build's own files from others.
pub(super) fn pretended() -> Vec<Denied> {
    const MODES_AND_OWNERS: &[i64] = &[SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat];
    #[cfg(target_arch = "x86_64")]
    const OF_ARCHITECTURE: &[i64] = &[SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat];
    #[cfg(not(target_arch = "x86_64"))]
    const OF_ARCHITECTURE: &[i64] = &[];

    [MODES_AND_OWNERS, OF_ARCHITECTURE].into_iter().flat_map(always).collect()
}

/// Calls whose arguments lie in memory, where a filter cannot see them; programs have an older way to do the same.
pub(super) fn missing() -> Vec<Denied> {
    const CALLS: &[i64] = &[
        SYS_clone3,
        SYS_openat2,
        452, // fchmodat2
        SYS_io_uring_setup,
        SYS_io_uring_enter,
        SYS_io_uring_register,
    ];
    always(CALLS).collect()
}

/// Families of sockets that leave the machine or the namespace: a virtual machine's host is reached by `AF_VSOCK` from any.
pub(super) fn sockets(has_loopback: bool) -> Vec<Denied> {
    let allowed: &[i32] = if has_loopback { &[AF_UNIX, AF_INET, AF_INET6] } else { &[] };
    let other = allowed.iter().map(|family| When::IsNot(0, family.unsigned_abs())).collect();
    vec![when(SYS_socket, other)]
}
