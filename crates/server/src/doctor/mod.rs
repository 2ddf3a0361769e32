//! `ahoy doctor`: tests from the host's side everything that a call needs, and says what to do about what is wrong.
//!
//! Probes act, [`findings`] are the words between, `judgement` turns them into a [`Report`]. Nobody else is asked:
//! whether a port is open from outside shows only where the name leads to the router's outside, or on another
//! machine (`--url`). Nothing is changed, on the server or here.

pub mod findings;
mod judgement;
mod probe;
mod report;
mod target;

use std::net::SocketAddr;

use ::relay::{Credential, Device, Group, Key, UnixSeconds};
use protocol::relay::{RelayMode, RelayTransport};
use rustls::RootCertStore;

use crate::clock::Clock;
use crate::secrets;
use findings::{Place, PortFinding, Target, Through, Way};
use probe::relay::Allocation;

pub use probe::certificate::known_issuers;
pub use report::{Check, Level, Line, Report};
pub use target::TargetError;

/// The credentials of a test are good for so many seconds.
const CREDENTIAL_SECONDS: u64 = 60;

/// Tests everything. `issuers` are those whose certificates browsers take; see [`known_issuers`].
pub async fn examine(target: &Target, issuers: &RootCertStore, clock: &Clock) -> Report {
    let url = judgement::url(target, &target.host);
    let place = probe::place::find(target).await;
    let mut lines = Vec::new();
    lines.extend(judgement::running(target, &place));
    if !place.here && !target.given {
        // Everything else would be at fault for this one reason.
        return Report::new(url, lines);
    }
    lines.push(judgement::name(target, &place));
    if !place.addresses.is_empty() {
        let found = probe::web::ask(target, &place, issuers, clock).await;
        lines.push(judgement::server(target, &place, &found.web));
        lines.extend(judgement::secure(target, &place));
        lines.extend(
            found
                .certificate
                .map(|found| judgement::certificate(target, &found)),
        );
        if let Some(at) = found.at {
            let opened = probe::web::open_socket(target, &url, at).await;
            lines.push(judgement::socket(&url, opened));
            lines.push(judgement::client(&probe::client::compare(target, at).await));
        }
        lines.push(judgement::clock(&found.web));
        lines.extend(examine_relay(target, &place, clock).await);
    }
    Report::new(url, lines)
}

async fn examine_relay(target: &Target, place: &Place, clock: &Clock) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(here) = target.relay else {
        lines.push(judgement::stun(target, place, None));
        return lines;
    };
    let stun = ask_stun(place, here).await;
    lines.push(judgement::stun(target, place, Some(stun)));
    let key = place.here.then(|| key(target)).flatten();
    lines.extend(judgement::relay(target, key.is_some(), place));
    if target.mode == RelayMode::Off {
        return lines;
    }
    let tester = Tester {
        target,
        place,
        here,
        credentials: key.as_ref().and_then(|key| credentials(key, clock)),
    };
    let ways = tester.try_ways().await;
    lines.extend(judgement::ways(target, place, &ways));
    if tester.credentials.is_some() {
        lines.push(judgement::through(tester.send_through(&ways).await));
    }
    lines.extend(judgement::external_address(target, place, &ways));
    lines
}

async fn ask_stun(place: &Place, here: SocketAddr) -> PortFinding {
    let mut found = PortFinding::Silent;
    for &address in &place.addresses {
        match probe::relay::ask_stun(SocketAddr::new(address, here.port())).await {
            PortFinding::Answered => return PortFinding::Answered,
            PortFinding::Refused(code) => found = PortFinding::Refused(code),
            PortFinding::OnlyHere | PortFinding::Silent => {}
        }
    }
    if found == PortFinding::Silent && place.here {
        return only_here(probe::relay::ask_stun(here).await);
    }
    found
}

/// What an answer on this machine means where there was none from where the name leads.
fn only_here(found: PortFinding) -> PortFinding {
    match found {
        PortFinding::Answered => PortFinding::OnlyHere,
        other => other,
    }
}

/// The key that the running server left; without it a stranger's test remains.
fn key(target: &Target) -> Option<Key> {
    crate::relay::read_key(&target.data).ok()
}

/// Of two devices that may talk to each other.
fn credentials(key: &Key, clock: &Clock) -> Option<[Credential; 2]> {
    let now = u64::try_from(clock.now().0 / 1000).unwrap_or(0);
    let expires = UnixSeconds(now + CREDENTIAL_SECONDS);
    let group = Group::new(&format!("doctor-{}", secrets::new_id(clock.now()))).ok()?;
    let one = Device::new("doctor-one").ok()?;
    let other = Device::new("doctor-other").ok()?;
    Some([one, other].map(|device| Credential::mint(key, &group, &device, expires)))
}

/// Tries the ways to the relay.
struct Tester<'a> {
    target: &'a Target,
    place: &'a Place,
    /// Where the relay is on this machine.
    here: SocketAddr,
    credentials: Option<[Credential; 2]>,
}

impl Tester<'_> {
    async fn try_ways(&self) -> Vec<Way> {
        let port = self.here.port();
        let tls = self
            .target
            .relay_tls_port
            .map(|port| (RelayTransport::Tls, port));
        let plain = [(RelayTransport::Udp, port), (RelayTransport::Tcp, port)];
        let mut ways = Vec::new();
        for (transport, port) in plain.into_iter().chain(tls) {
            ways.push(self.try_way(transport, port).await);
        }
        ways
    }

    async fn try_way(&self, transport: RelayTransport, port: u16) -> Way {
        let mut way = Way {
            transport,
            port,
            finding: PortFinding::Silent,
            relayed: None,
        };
        for &address in &self.place.addresses {
            match self
                .allocate(transport, SocketAddr::new(address, port), 0)
                .await
            {
                Ok(allocation) => {
                    way.finding = PortFinding::Answered;
                    way.relayed = Some(allocation.relayed.ip());
                    allocation.release().await;
                    return way;
                }
                Err(PortFinding::Silent) => {}
                Err(found) => way.finding = found,
            }
        }
        if way.finding == PortFinding::Silent && self.place.here {
            let here = SocketAddr::new(self.here.ip(), port);
            way.finding = match self.allocate(transport, here, 0).await {
                Ok(allocation) => {
                    allocation.release().await;
                    PortFinding::OnlyHere
                }
                Err(found) => only_here(found),
            };
        }
        way
    }

    /// A second of a call, by the best way that is open; nothing where none is.
    async fn send_through(&self, ways: &[Way]) -> Option<Through> {
        let is_open = |way: &&Way| way.finding == PortFinding::Answered;
        let way = ways.iter().find(is_open)?;
        for &address in &self.place.addresses {
            let to = SocketAddr::new(address, way.port);
            let Ok(mut one) = self.allocate(way.transport, to, 0).await else {
                continue;
            };
            let Ok(mut other) = self.allocate(way.transport, to, 1).await else {
                one.release().await;
                continue;
            };
            let found = probe::relay::send_through(&mut one, &mut other).await;
            one.release().await;
            other.release().await;
            return found;
        }
        None
    }

    async fn allocate(
        &self,
        transport: RelayTransport,
        to: SocketAddr,
        device: usize,
    ) -> Result<Allocation, PortFinding> {
        let credential = self.credentials.as_ref().map(|all| &all[device]);
        probe::relay::allocate(transport, to, &self.target.host, credential).await
    }
}
