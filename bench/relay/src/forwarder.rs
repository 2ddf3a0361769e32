//! The bare forwarder: what passing a packet on costs at least.
//!
//! One thread, one socket, one table; a blocking receive and a send for each packet. Two clients that name the same pair are
//! connected; anything else they send goes to the other one as it is.

use std::collections::HashMap;
use std::env;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// The variable with the address to listen on.
pub(crate) const ADDRESS: &str = "RELAY_BENCH_ADDRESS";
/// How a registration begins; the number of the pair follows, as 8 bytes.
pub(crate) const REGISTER: &[u8; 4] = b"pair";

/// Serves until the process is ended.
pub(crate) fn run() -> io::Result<()> {
    let address = env::var(ADDRESS).map_err(io::Error::other)?;
    let socket = UdpSocket::bind(address)?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(4 * 1024 * 1024)?;
    let mut waiting: HashMap<Vec<u8>, SocketAddr> = HashMap::new();
    let mut other: HashMap<SocketAddr, SocketAddr> = HashMap::new();
    let mut packet = [0; 2048];
    loop {
        let (length, from) = socket.recv_from(&mut packet)?;
        let packet = &packet[..length];
        if let Some(&to) = other.get(&from)
            && !packet.starts_with(REGISTER)
        {
            socket.send_to(packet, to)?;
            continue;
        }
        if let Some(&first) = waiting.get(packet)
            && first != from
        {
            other.insert(first, from);
            other.insert(from, first);
        } else {
            waiting.insert(packet.to_vec(), from);
        }
        socket.send_to(packet, from)?;
    }
}
