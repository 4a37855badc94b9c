//! Sockets in a build's network, for larder to answer at.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::AsFd;

use super::{RefusedStep, loopback};
use crate::build::sandbox::descriptors;

/// The port at which names are asked for.
const NAMES: u16 = 53;

/// Opens sockets in this process's own network, and hands them over through its standard input.
pub(super) fn hand_over(ports: &[u16]) -> Result<(), RefusedStep> {
    loopback::bring_up()?;
    let names = UdpSocket::bind((Ipv4Addr::LOCALHOST, NAMES)).map_err(RefusedStep::at("a socket for names"))?;
    let files = ports.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)));
    let files: Vec<TcpListener> = files.collect::<Result<_, _>>().map_err(RefusedStep::at("a socket for downloads"))?;
    let sockets: Vec<_> = [names.as_fd()].into_iter().chain(files.iter().map(AsFd::as_fd)).collect();
    descriptors::send(std::io::stdin(), &sockets).map_err(RefusedStep::at("handing sockets over"))
}
