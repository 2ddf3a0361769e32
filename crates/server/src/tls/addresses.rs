//! The addresses of this machine's interfaces.

use std::net::IpAddr;

/// The addresses by which this machine may be reached, loopback among them; those that count on
/// one link alone are left out.
pub fn addresses() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => {
            let addresses = interfaces.iter().map(if_addrs::Interface::ip);
            addresses
                .filter(|address| !is_link_local(*address))
                .collect()
        }
        Err(error) => {
            tracing::warn!(%error, "the addresses of this machine cannot be listed");
            Vec::new()
        }
    }
}

/// Of no use without the name of an interface, which no address bar takes.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
