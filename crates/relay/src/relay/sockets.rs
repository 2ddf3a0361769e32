//! Relayed sockets: what becomes of an allocation that waits for one.

use crate::allocation::{Allocation, RelayedSocket};
use crate::client::SocketId;
use crate::time::Now;
use crate::wire::Method;

use super::allocate::announce;
use super::answer::{Question, Refusal};
use super::{Delivery, Relay};

/// Ports that are tried for one allocation, before it is refused: other programs may use ports of the range.
const PORTS_TRIED_MAX: u32 = 8;

impl Relay {
    /// A socket was opened as asked: the client's request is answered. Close the socket if no command asked for it
    /// or one took it back.
    pub fn socket_opened(&mut self, now: Now, socket: SocketId, out: &mut Vec<u8>) -> Delivery {
        out.clear();
        let slot = self.allocations.of_socket(socket);
        let Some(allocation) = slot.and_then(|slot| self.allocations.get_mut(slot)) else {
            return Delivery::Nothing;
        };
        let RelayedSocket::Opening { fingerprint, .. } = allocation.socket else {
            return Delivery::Nothing;
        };
        allocation.socket = RelayedSocket::Open(socket);
        self.counters.allocations_made += 1;
        let granted = allocation.expires.saturating_sub(now.elapsed);
        announce(allocation, granted, question(allocation, fingerprint), out);
        Delivery::Client(allocation.client)
    }

    /// A socket could not be opened: another port is tried, or the client's request is refused.
    pub fn socket_failed(&mut self, socket: SocketId, out: &mut Vec<u8>) -> Delivery {
        out.clear();
        let Some(slot) = self.allocations.of_socket(socket) else {
            return Delivery::Nothing;
        };
        let Some(allocation) = self.allocations.get(slot) else {
            return Delivery::Nothing;
        };
        let RelayedSocket::Opening {
            failed,
            fingerprint,
            ..
        } = allocation.socket
        else {
            return Delivery::Nothing;
        };
        let old = allocation.relayed;
        let failed = failed + 1;
        let next = self
            .choose_relayed(old.ip(), old.port().is_multiple_of(2))
            .filter(|_| failed < PORTS_TRIED_MAX);
        if let Some(relayed) = next {
            let socket = self.ask_for_socket(relayed);
            let opening = RelayedSocket::Opening {
                socket,
                failed,
                fingerprint,
            };
            self.allocations.move_to(slot, relayed, opening);
            return Delivery::Nothing;
        }
        let Some(allocation) = self.allocations.remove(slot) else {
            return Delivery::Nothing;
        };
        self.counters.refused += 1;
        question(&allocation, fingerprint).refuse(
            out,
            Refusal::InsufficientCapacity,
            &allocation.key,
        );
        Delivery::Client(allocation.client)
    }
}

/// The request that an allocation was made by.
fn question(allocation: &Allocation, fingerprint: bool) -> Question {
    Question {
        method: Method::ALLOCATE,
        transaction: allocation.made_by,
        fingerprint,
    }
}
