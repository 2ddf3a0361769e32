//! One line to the relay: by UDP, by TCP or by TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ::relay::Framer;
use protocol::relay::RelayTransport;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::certificate;

/// A stream of either kind.
pub(in super::super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Larger than any answer of a relay, in bytes.
const PACKET_MAX_BYTES: usize = 2_048;

pub(in super::super) enum Wire {
    Datagrams(UdpSocket),
    Stream(Box<dyn Duplex>, Framer),
}

impl Wire {
    pub(in super::super) async fn open(
        transport: RelayTransport,
        to: SocketAddr,
        host: &str,
    ) -> io::Result<Self> {
        let stream: Box<dyn Duplex> = match transport {
            RelayTransport::Udp => {
                let any: IpAddr = match to {
                    SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                let socket = UdpSocket::bind((any, 0)).await?;
                socket.connect(to).await?;
                return Ok(Self::Datagrams(socket));
            }
            RelayTransport::Tcp => Box::new(TcpStream::connect(to).await?),
            RelayTransport::Tls => {
                let shown = certificate::connect(to, host).await;
                Box::new(shown.map_err(io::Error::other)?.stream)
            }
        };
        Ok(Self::Stream(stream, Framer::new()))
    }

    /// Whether what is sent may be lost.
    pub(in super::super) fn may_lose(&self) -> bool {
        matches!(self, Self::Datagrams(_))
    }

    pub(in super::super) async fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Datagrams(socket) => socket.send(packet).await.map(|_| ()),
            Self::Stream(stream, _) => {
                stream.write_all(packet).await?;
                stream.flush().await
            }
        }
    }

    /// The next packet. May be given up at any moment without losing one.
    pub(in super::super) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Datagrams(socket) => {
                let mut packet = vec![0; PACKET_MAX_BYTES];
                let length = socket.recv(&mut packet).await?;
                packet.truncate(length);
                Ok(packet)
            }
            Self::Stream(stream, framer) => loop {
                if let Some(frame) = framer.next_frame().map_err(io::Error::other)? {
                    return Ok(frame.to_vec());
                }
                match stream.read(framer.room()).await? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    bytes => framer.filled(bytes),
                }
            },
        }
    }
}
