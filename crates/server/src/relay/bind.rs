//! Binds the sockets of the relay: one TCP listener, and on the same port one UDP socket for each core.
//!
//! The UDP sockets share the port (`SO_REUSEPORT`): the kernel gives all packets of one client to one of them. A port
//! shared so is not refused when another program of the same user has it, so it is taken alone first.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread::available_parallelism;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::datagrams::Datagrams;
use crate::config::RelayListen;

/// What the kernel keeps of packets that nobody has read, or that cannot be sent yet, in bytes. It grants less where the
/// machine's limit (`net.core.rmem_max`) is lower.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// UDP sockets at most, in number: more cores than these find no more to do.
const SOCKETS_MAX: usize = 8;
/// Connections that wait to be accepted, in number.
const BACKLOG: i32 = 256;
/// Tries for a port that is free by UDP and TCP where the system chooses it.
const FREE_PORT_TRIES: u32 = 16;

/// Sockets that are bound and not served yet.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    listener: TcpListener,
    datagrams: Vec<Datagrams>,
}

impl Bound {
    /// Binds what the setting names; nothing where it is off. Port 0 takes one that is free by UDP and TCP.
    ///
    /// # Errors
    /// The address that cannot be bound, and why.
    pub fn new(listen: RelayListen) -> Result<Option<Self>, (SocketAddr, io::Error)> {
        let mut bound = Ok(None);
        for address in listen.addresses() {
            bound = Self::at(address)
                .map(Some)
                .map_err(|error| (address, error));
            match &bound {
                // This machine has no IPv6: the next address is that of IPv4.
                Err((_, error)) if !is_taken(error) => {}
                _ => break,
            }
        }
        bound
    }

    /// Where all of them are bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn into_parts(self) -> (TcpListener, Vec<Datagrams>) {
        (self.listener, self.datagrams)
    }

    fn at(address: SocketAddr) -> io::Result<Self> {
        let mut tries = FREE_PORT_TRIES;
        loop {
            let listener = listen(address)?;
            let chosen = SocketAddr::new(address.ip(), listener.local_addr()?.port());
            match datagrams(chosen) {
                Ok(datagrams) => {
                    return Ok(Self {
                        address: chosen,
                        listener,
                        datagrams,
                    });
                }
                // A port of the system's choice may be free by TCP only: choose again.
                Err(error) if address.port() == 0 && is_taken(&error) && tries > 1 => tries -= 1,
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // Connections of before a restart may still be closing.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn datagrams(address: SocketAddr) -> io::Result<Vec<Datagrams>> {
    let alone = socket(address, Type::DGRAM, Protocol::UDP)?;
    alone.bind(&address.into())?;
    drop(alone);
    let cores = available_parallelism().map_or(1, usize::from);
    let shared = || {
        let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
        socket.set_reuse_port(true)?;
        socket.set_recv_buffer_size(BUFFER_BYTES)?;
        socket.set_send_buffer_size(BUFFER_BYTES)?;
        socket.bind(&address.into())?;
        Datagrams::new(UdpSocket::from(socket), address)
    };
    (0..cores.min(SOCKETS_MAX)).map(|_| shared()).collect()
}

/// Of IPv6, one that takes IPv4 too.
fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_free_port_is_the_same_by_udp_and_tcp() {
        let bound = bind("127.0.0.1:0").unwrap().unwrap();
        assert_ne!(bound.address().port(), 0);
        assert_eq!(bound.listener.local_addr().unwrap(), bound.address());
        let taken = UdpSocket::bind(bound.address());
        assert!(taken.is_err_and(|error| is_taken(&error)));
    }

    #[tokio::test]
    async fn a_port_that_another_program_has_is_refused_by_udp_and_by_tcp() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for taken in [udp.local_addr().unwrap(), tcp.local_addr().unwrap()] {
            let (address, error) = bind(&taken.to_string()).unwrap_err();
            assert_eq!(address, taken);
            assert!(is_taken(&error), "{error}");
        }
    }

    #[tokio::test]
    async fn a_port_that_a_relay_of_the_same_user_has_is_refused() {
        let first = bind("127.0.0.1:0").unwrap().unwrap();
        let Bound {
            address,
            datagrams,
            listener,
        } = first;
        drop(listener);
        let (_, error) = bind(&address.to_string()).unwrap_err();
        assert!(is_taken(&error), "{error}");
        drop(datagrams);
    }

    #[tokio::test]
    async fn everywhere_is_ipv4_as_well() {
        let bound = bind("*:0").unwrap().unwrap();
        let port = bound.address().port();
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
    }

    fn bind(listen: &str) -> Result<Option<Bound>, (SocketAddr, io::Error)> {
        Bound::new(listen.parse().unwrap())
    }
}
