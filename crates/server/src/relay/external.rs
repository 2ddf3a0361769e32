//! What the relay is told of this machine: quotas, ports, and for a range of ports the addresses by which the outside
//! reaches them.
//!
//! Addresses come from where they are surest: the config, the machine's interfaces, one question to a STUN server that
//! the host names, the host of the address that people type. With one port nobody needs any.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ::relay::{Bandwidth, Config, Ports, Quotas, RelayedRange};
use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageWrite as _, MessageWriteVec};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::config::{self, PublicUrl, RelayPorts};
use crate::tls::addresses;

/// Seconds of sound that may come at once after a silence.
const BURST_SECONDS: u32 = 3;
/// How often a STUN server is asked before it is given up.
const STUN_TRIES: u32 = 3;
/// How long each answer is waited for.
const STUN_PATIENCE: Duration = Duration::from_millis(500);
/// How long the name of the public address may take to be found.
const NAME_PATIENCE: Duration = Duration::from_secs(2);
/// Largest answer of a STUN server read, in bytes.
const ANSWER_MAX_BYTES: usize = 576;

/// The settings of the relay. Where a range of ports has no address to be reached at, the log says so and one port is
/// used: that works everywhere.
pub(super) async fn settings(config: &config::Config) -> Config {
    let relay = &config.relay;
    let interfaces = addresses();
    let ports = match &relay.ports {
        RelayPorts::One => Ports::One,
        RelayPorts::Range(ports) => match external(config, &interfaces).await {
            Reached { v4: None, v6: None } => {
                tracing::warn!(
                    "no address is known by which the outside reaches the relay, so one port is used; \
                     give relay.external_addresses, or ports = \"one\""
                );
                Ports::One
            }
            Reached { v4, v6 } => {
                tracing::debug!(?v4, ?v6, "the relay is reached at");
                Ports::Range(RelayedRange {
                    ports: ports.clone(),
                    external_v4: v4,
                    external_v6: v6,
                    allow_private: relay.allow_private_peers,
                })
            }
        },
    };
    let bytes_per_second = relay.kilobits_per_second.saturating_mul(1000 / 8);
    Config {
        ports,
        quotas: Quotas {
            allocations_per_device: relay.allocations_per_device,
            allocations: relay.allocations,
            bandwidth: Bandwidth {
                bytes_per_second,
                burst_bytes: bytes_per_second.saturating_mul(BURST_SECONDS),
            },
            ..Quotas::default()
        },
        own_addresses: interfaces,
    }
}

/// The addresses by which the outside reaches this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Reached {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Reached {
    /// Takes the first address of each family that it has none of.
    fn or(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        for address in addresses {
            match address.to_canonical() {
                IpAddr::V4(address) => self.v4 = self.v4.or(Some(address)),
                IpAddr::V6(address) => self.v6 = self.v6.or(Some(address)),
            }
        }
        self
    }

    const fn lacks(&self, family: SocketAddr) -> bool {
        match family {
            SocketAddr::V4(_) => self.v4.is_none(),
            SocketAddr::V6(_) => self.v6.is_none(),
        }
    }

    const fn is_empty(&self) -> bool {
        self.v4.is_none() && self.v6.is_none()
    }
}

async fn external(config: &config::Config, interfaces: &[IpAddr]) -> Reached {
    let relay = &config.relay;
    if !relay.external_addresses.is_empty() {
        return Reached::default().or(relay.external_addresses.iter().copied());
    }
    let public = interfaces.iter().copied().filter(|&ip| is_public(ip));
    let mut reached = Reached::default().or(public);
    if let Some(peer) = relay.stun_peer
        && reached.lacks(peer)
    {
        reached = reached.or(ask(peer).await);
    }
    if let (true, Some(url)) = (reached.is_empty(), config.public_url()) {
        reached = reached.or(addresses_of(&url).await);
    }
    // Inside a private network that is all there is.
    if reached.is_empty() && relay.allow_private_peers {
        let others = interfaces.iter().copied().filter(|ip| !ip.is_loopback());
        reached = reached.or(others);
    }
    reached
}

/// How a STUN server sees this machine; nothing where it does not answer.
async fn ask(peer: SocketAddr) -> Option<IpAddr> {
    let answer = async {
        let local: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(local).await.ok()?;
        socket.connect(peer).await.ok()?;
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let mut packet = [0; ANSWER_MAX_BYTES];
        for _ in 0..STUN_TRIES {
            socket.send(&request).await.ok()?;
            // A refusal by ICMP ends a wait early; the next try says the same.
            if let Ok(Ok(length)) = timeout(STUN_PATIENCE, socket.recv(&mut packet)).await {
                return mapped(&request, &packet[..length]);
            }
        }
        None
    };
    let answer = answer.await;
    if answer.is_none() {
        tracing::warn!(%peer, "relay.stun_peer did not say how it sees this machine");
    }
    answer
}

fn mapped(request: &[u8], answer: &[u8]) -> Option<IpAddr> {
    let answer = Message::from_bytes(answer).ok()?;
    let transaction = Message::from_bytes(request).ok()?.transaction_id();
    if answer.transaction_id() != transaction {
        return None;
    }
    let address = answer.attribute::<XorMappedAddress>().ok()?;
    Some(address.addr(transaction).ip())
}

/// The public addresses of the host that people type.
async fn addresses_of(url: &PublicUrl) -> Vec<IpAddr> {
    let host = url.origin().host();
    let found = timeout(NAME_PATIENCE, tokio::net::lookup_host((host, 0))).await;
    match found {
        Ok(Ok(addresses)) => addresses
            .map(|address| address.ip())
            .filter(|&ip| is_public(ip))
            .collect(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the addresses of public_url cannot be found");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!("the addresses of public_url were not found in time");
            Vec::new()
        }
    }
}

/// Whether the whole internet could reach an address (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let shared = a == 100 && b & 0xc0 == 64;
            let protocols = a == 192 && b == 0 && c == 0;
            let benchmarks = a == 198 && b & 0xfe == 18;
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                || shared
                || protocols
                || benchmarks
                || a == 0
                || a >= 224)
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            // 2000::/3 without documentation (RFC 3849, RFC 9637), Teredo and 6to4.
            a & 0xe000 == 0x2000
                && !(a == 0x2001 && (b == 0xdb8 || b < 0x200))
                && a != 0x2002
                && !(a == 0x3fff && b < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Relay;
    use stun_types::message::MessageWriteExt as _;

    const ADA: &str = "192.168.1.2";
    const PUBLIC: &str = "203.0.114.5";

    #[tokio::test]
    async fn the_config_is_taken_at_its_word() {
        let config = range(|relay| relay.external_addresses = ips(&["203.0.114.9", "2600::9"]));
        let reached = external(&config, &ips(&[PUBLIC])).await;
        assert_eq!(
            reached,
            Reached::default().or(ips(&["203.0.114.9", "2600::9"]))
        );
    }

    #[tokio::test]
    async fn a_public_address_of_an_interface_is_taken_and_a_private_one_is_not() {
        let interfaces = ips(&[
            "127.0.0.1",
            "::1",
            ADA,
            "fe80::1",
            "fd00::1",
            PUBLIC,
            "2600::1",
        ]);
        let reached = external(&range(|_| {}), &interfaces).await;
        assert_eq!(reached, Reached::default().or(ips(&[PUBLIC, "2600::1"])));
        let reached = external(&range(|_| {}), &interfaces[..5]).await;
        assert_eq!(reached, Reached::default());
    }

    #[tokio::test]
    async fn a_private_network_is_served_where_the_host_says_so() {
        let config = range(|relay| relay.allow_private_peers = true);
        let reached = external(&config, &ips(&["127.0.0.1", "::1", ADA])).await;
        assert_eq!(reached, Reached::default().or(ips(&[ADA])));
    }

    #[tokio::test]
    async fn the_host_that_people_type_is_the_last_resort() {
        let mut config = range(|_| {});
        config.public_url = Some(format!("https://{PUBLIC}").parse().unwrap());
        let reached = external(&config, &ips(&[ADA])).await;
        assert_eq!(reached, Reached::default().or(ips(&[PUBLIC])));
        config.public_url = Some("https://192.168.1.2:8443".parse().unwrap());
        assert!(external(&config, &ips(&[ADA])).await.is_empty());
    }

    #[tokio::test]
    async fn a_stun_server_is_asked_how_it_sees_this_machine() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let peer = server.local_addr().unwrap();
        let config = range(|relay| relay.stun_peer = Some(peer));
        let answering = async {
            let mut packet = [0; ANSWER_MAX_BYTES];
            let (length, from) = server.recv_from(&mut packet).await.unwrap();
            server
                .send_to(&seen_as(&packet[..length], PUBLIC), from)
                .await
                .unwrap();
        };
        let interfaces = ips(&[ADA]);
        let (reached, ()) = tokio::join!(external(&config, &interfaces), answering);
        assert_eq!(reached, Reached::default().or(ips(&[PUBLIC])));
    }

    #[test]
    fn an_answer_to_another_question_counts_for_nothing() {
        let question = || Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let (mine, other) = (question(), question());
        assert_eq!(
            mapped(&mine, &seen_as(&mine, PUBLIC)),
            Some(PUBLIC.parse().unwrap())
        );
        assert_eq!(mapped(&mine, &seen_as(&other, PUBLIC)), None);
        assert_eq!(mapped(&mine, b"hello"), None);
    }

    #[test]
    fn special_purpose_addresses_are_not_public() {
        for special in [
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            PUBLIC,
            "2600::1",
            "2a00::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    fn seen_as(request: &[u8], address: &str) -> Vec<u8> {
        let request = Message::from_bytes(request).unwrap();
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        let seen = XorMappedAddress::new(
            (address.parse::<IpAddr>().unwrap(), 9).into(),
            request.transaction_id(),
        );
        answer.add_attribute(&seen).unwrap();
        answer.finish()
    }

    fn range(change: impl FnOnce(&mut Relay)) -> config::Config {
        let mut config = config::Config::default();
        config.relay.ports = RelayPorts::Range(50_000..=50_099);
        change(&mut config.relay);
        config
    }

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }
}
