//! Which user runs a build.

use rustix::process::{getegid, geteuid};

use crate::build::sandbox::specification::BuildUser;
use crate::fs::{self, FsError};

/// A number that neither distributions nor systemd give to anybody: see "Users, Groups, UIDs and GIDs on systemd systems".
const UNUSED: u32 = 65_528;

/// Returns who runs builds in namespaces: root gives its rights up, anybody else stays, under another number.
pub(in crate::build::sandbox) fn build_user() -> Result<BuildUser, FsError> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    if user != 0 {
        return Ok(BuildUser::Mapped { user, group });
    }
    let users = fs::read_to_string("/proc/self/uid_map".as_ref())?;
    let groups = fs::read_to_string("/proc/self/gid_map".as_ref())?;
    // A container may know a few users only, or none but this one.
    Ok(match [UNUSED, 1].into_iter().find(|id| is_known(&users, *id) && is_known(&groups, *id)) {
        Some(id) => BuildUser::Other { id },
        None => BuildUser::Mapped { user, group },
    })
}

/// Returns whether a number is in one of the ranges of a map: its first number inside, outside, how many.
fn is_known(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&u64::from(id)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_if_a_range_of_the_map_has_it() {
        assert!(is_known("         0          0 4294967295\n", UNUSED));
        assert!(!is_known("0 1000 1\n", UNUSED) && !is_known("0 1000 1\n", 1));
        assert!(is_known("0 1000 1\n1 100000 65536\n", UNUSED) && !is_known("0 1000 1\n1 100000 65527\n", UNUSED));
        assert!(!is_known("", 0) && !is_known("x y z", 0));
    }
}
