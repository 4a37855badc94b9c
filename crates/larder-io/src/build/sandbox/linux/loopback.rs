//! The network of a build: its own loopback, which leads nowhere.

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

use super::RefusedStep;

/// Brings `lo` up. The network namespace must be this process's own.
pub(super) fn bring_up() -> Result<(), RefusedStep> {
    let refused = RefusedStep::at("the loopback");
    let ask = || {
        // Without a protocol it is the one of routes.
        let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
        sendto(&socket, &request(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut answer = [0; 64];
        let (_, read) = recv(&socket, &mut answer, RecvFlags::empty())?;
        Ok::<_, rustix::io::Errno>(error_of(&answer[..read]))
    };
    match ask().map_err(refused)? {
        Some(0) => Ok(()),
        number => Err(RefusedStep(format!("the loopback: error {}", number.unwrap_or_default()))),
    }
}

/// Returns a message `RTM_NEWLINK` that sets the flag `IFF_UP` of the first interface: rtnetlink(7).
fn request() -> [u8; 32] {
    const LENGTH: u32 = 32;
    const RTM_NEWLINK: u16 = 16;
    // A request that is to be acknowledged.
    const FLAGS: u16 = 1 | 4;
    const LOOPBACK: i32 = 1;
    const IFF_UP: u32 = 1;

    let mut message = [0; LENGTH as usize];
    message[0..4].copy_from_slice(&LENGTH.to_ne_bytes());
    message[4..6].copy_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message[6..8].copy_from_slice(&FLAGS.to_ne_bytes());
    message[20..24].copy_from_slice(&LOOPBACK.to_ne_bytes());
    message[24..28].copy_from_slice(&IFF_UP.to_ne_bytes());
    message[28..32].copy_from_slice(&IFF_UP.to_ne_bytes());
    message
}

/// Returns the error number of an acknowledgement: 0 is none.
fn error_of(answer: &[u8]) -> Option<i32> {
    const NLMSG_ERROR: u16 = 2;
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let number = i32::from_ne_bytes(answer.get(16..20)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(number)
}
