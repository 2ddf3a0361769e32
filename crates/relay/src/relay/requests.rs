//! Requests of a client that has an allocation: to keep it, to permit peers, to bind channels.

use std::net::IpAddr;
use std::time::Duration;

use crate::allocation::{Allocation, BindError};
use crate::allocations::Slot;
use crate::time::Now;
use crate::wire::{CHANNEL_NUMBERS, Kind, Message};

use super::Relay;
use super::answer::Refusal;
use super::login::Login;

/// How long an allocation lives without a word about it (RFC 8656 §3.2).
const LIFETIME_DEFAULT: Duration = Duration::from_mins(10);

/// Longest lifetime that is granted at once (RFC 8656 §7.2).
const LIFETIME_MAX: Duration = Duration::from_hours(1);

/// The lifetime that is granted for the one that is asked for.
pub(super) fn lifetime(request: &Message<'_>) -> Result<Duration, Refusal> {
    if !request.has(Kind::LIFETIME) {
        return Ok(LIFETIME_DEFAULT);
    }
    let asked = request
        .fixed(Kind::LIFETIME)
        .ok_or(Refusal::BadRequest)
        .map(u32::from_be_bytes)?;
    Ok(Duration::from_secs(asked.into()).clamp(LIFETIME_DEFAULT, LIFETIME_MAX))
}

/// A lifetime as it is told.
pub(super) fn seconds(lifetime: Duration) -> [u8; 4] {
    u32::try_from(lifetime.as_secs())
        .unwrap_or(u32::MAX)
        .to_be_bytes()
}

impl From<BindError> for Refusal {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Taken => Self::BadRequest,
            BindError::TooMany => Self::InsufficientCapacity,
        }
    }
}

impl Relay {
    /// Lets an allocation live longer, or deletes it (RFC 8656 §8).
    pub(super) fn refresh(
        &mut self,
        now: Now,
        login: &Login,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let slot = self.open_slot(login)?;
        if request.has(Kind::REQUESTED_ADDRESS_FAMILY) {
            let family: [u8; 4] = request
                .fixed(Kind::REQUESTED_ADDRESS_FAMILY)
                .ok_or(Refusal::BadRequest)?;
            let allocation = self.allocations.get(slot);
            let is_v4 = allocation.is_some_and(|allocation| allocation.relayed.is_ipv4());
            if (family[0] == super::allocate::FAMILY_V4) != is_v4 {
                return Err(Refusal::PeerAddressFamilyMismatch);
            }
        }
        let granted = if request.fixed(Kind::LIFETIME) == Some([0; 4]) {
            if let Some(allocation) = self.allocations.remove(slot) {
                self.close(&allocation);
            }
            Duration::ZERO
        } else {
            let granted = lifetime(request)?;
            self.allocations.keep_until(slot, now.elapsed + granted);
            granted
        };
        let writer = login.question.success(out);
        let writer = writer.attribute(Kind::LIFETIME, &seconds(granted));
        login.question.finish(writer, Some(&login.key));
        Ok(())
    }

    /// Permits peers, all or none (RFC 8656 §9).
    pub(super) fn create_permission(
        &mut self,
        now: Now,
        login: &Login,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let slot = self.open_slot(login)?;
        let peers: Option<Vec<IpAddr>> = request
            .attributes()
            .filter(|attribute| attribute.kind == Kind::XOR_PEER_ADDRESS)
            .map(|attribute| request.address(&attribute).map(|address| address.ip()))
            .collect();
        let peers = peers.filter(|peers| !peers.is_empty());
        let peers = peers.ok_or(Refusal::BadRequest)?;
        let relayed = self.allocations.get(slot).map(|it| it.relayed);
        let relayed = relayed.ok_or(Refusal::AllocationMismatch)?;
        for &peer in &peers {
            self.judge_peer(relayed, peer)?;
        }
        let allocation = self.allocations.get_mut(slot);
        if !allocation.is_some_and(|allocation| allocation.permit(now.elapsed, &peers)) {
            return Err(Refusal::InsufficientCapacity);
        }
        let writer = login.question.success(out);
        login.question.finish(writer, Some(&login.key));
        Ok(())
    }

    /// Gives a peer a number, so that data needs a header of four bytes only (RFC 8656 §12).
    pub(super) fn channel_bind(
        &mut self,
        now: Now,
        login: &Login,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let slot = self.open_slot(login)?;
        let number: [u8; 4] = request
            .fixed(Kind::CHANNEL_NUMBER)
            .ok_or(Refusal::BadRequest)?;
        let number = u16::from_be_bytes([number[0], number[1]]);
        let peer = request
            .find(Kind::XOR_PEER_ADDRESS)
            .and_then(|attribute| request.address(&attribute))
            .filter(|_| CHANNEL_NUMBERS.contains(&number))
            .ok_or(Refusal::BadRequest)?;
        let relayed = self.allocations.get(slot).map(|it| it.relayed);
        let relayed = relayed.ok_or(Refusal::AllocationMismatch)?;
        self.judge_peer(relayed, peer.ip())?;
        let allocation = self.allocations.get_mut(slot);
        allocation
            .ok_or(Refusal::AllocationMismatch)?
            .bind(now.elapsed, number, peer)
            .map_err(Refusal::from)?;
        let writer = login.question.success(out);
        login.question.finish(writer, Some(&login.key));
        Ok(())
    }

    /// The allocation of a client, and a sign of life of it.
    fn open_slot(&mut self, login: &Login) -> Result<Slot, Refusal> {
        let slot = login.slot.ok_or(Refusal::AllocationMismatch)?;
        let allocation = self.allocations.get(slot);
        if allocation.is_some_and(Allocation::is_open) {
            Ok(slot)
        } else {
            Err(Refusal::AllocationMismatch)
        }
    }
}
