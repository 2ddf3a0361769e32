//! What the relay has done so far, for whoever watches it.

/// Numbers since the start, except where a word says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Allocations at this moment.
    pub allocations: u64,
    /// Allocations made.
    pub allocations_made: u64,
    /// Binding requests answered.
    pub bindings: u64,
    /// Answers 401 and 438 to clients that have not shown a credential.
    pub challenges: u64,
    /// Requests refused with another error.
    pub refused: u64,
    /// Payload that came from clients and was sent on.
    pub from_clients: Traffic,
    /// Payload that was sent to clients, from peers or from other clients.
    pub to_clients: Traffic,
    drops: [u64; DropReason::ALL.len()],
}

/// An amount of relayed payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Their payload, without the headers of STUN, TURN or UDP.
    pub bytes: u64,
}

impl Traffic {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

/// Why a packet was dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Neither STUN nor `ChannelData`, or not well formed.
    Malformed,
    /// Data from a client without an allocation.
    NoAllocation,
    /// A channel that is not bound.
    NoChannel,
    /// The client has no permission for the peer, or the peer's side none for the client.
    NoPermission,
    /// The peer is the relay itself, an allocation of another group, or an address that nothing may be sent to.
    PeerDenied,
    /// More than the bandwidth of an allocation.
    Bandwidth,
    /// A stranger who asks too often.
    Stranger,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::NoAllocation,
        Self::NoChannel,
        Self::NoPermission,
        Self::PeerDenied,
        Self::Bandwidth,
        Self::Stranger,
    ];
}

impl Counters {
    /// Packets dropped for a reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize]
    }

    pub(crate) fn count_drop(&mut self, reason: DropReason) {
        self.drops[reason as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_apart() {
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            let mut counters = Counters::default();
            counters.count_drop(reason);
            for other in DropReason::ALL {
                assert_eq!(counters.dropped(other), u64::from(other == reason));
            }
        }
    }
}
