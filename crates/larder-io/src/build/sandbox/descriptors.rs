//! Hands open sockets from one process to another: unix(7), `SCM_RIGHTS`.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

use crate::build::downloads::MOST_PORTS;

/// The bytes of the most sockets: one for names, and one a port.
const SPACE: usize = rustix::cmsg_space!(ScmRights(MOST_PORTS + 1));

/// Sends sockets.
pub(super) fn send(through: impl AsFd, sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut message = SendAncillaryBuffer::new(&mut space);
    if !message.push(SendAncillaryMessage::ScmRights(sockets)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // A message has to have a byte.
    sendmsg(through, &[IoSlice::new(b"\n")], &mut message, SendFlags::empty())?;
    Ok(())
}

/// Receives sockets. Returns none if the other process ended before it sent some.
pub(super) fn receive(through: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let (mut space, mut byte) = ([MaybeUninit::uninit(); SPACE], [0]);
    let mut message = RecvAncillaryBuffer::new(&mut space);
    recvmsg(through, &mut [IoSliceMut::new(&mut byte)], &mut message, RecvFlags::CMSG_CLOEXEC)?;
    let mut sockets = Vec::new();
    for part in message.drain() {
        if let RecvAncillaryMessage::ScmRights(sent) = part {
            sockets.extend(sent);
        }
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn sockets_arrive_in_their_order() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let names = UdpSocket::bind("127.0.0.1:0").unwrap();
        let files: Vec<TcpListener> = (0..MOST_PORTS).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let sent: Vec<BorrowedFd<'_>> = [names.as_fd()].into_iter().chain(files.iter().map(AsFd::as_fd)).collect();
        send(&theirs, &sent).unwrap();
        let mut received = receive(&ours).unwrap().into_iter();
        assert_eq!(UdpSocket::from(received.next().unwrap()).local_addr().unwrap(), names.local_addr().unwrap());
        for sent in &files {
            let address = sent.local_addr().unwrap();
            let received = TcpListener::from(received.next().unwrap());
            assert_eq!(received.local_addr().unwrap(), address);
            TcpStream::connect(address).unwrap();
        }
        drop(theirs);
        assert!(receive(&ours).unwrap().is_empty());
    }
}
