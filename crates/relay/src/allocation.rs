//! One allocation: a relayed address, whom it may talk to, and how much.
//!
//! Permissions and channels that have run out count as absent and are cleared away when a new one comes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::client::{ClientId, SocketId};
use crate::credential::{Device, Group};

use crate::rate::Rate;
use crate::wire::{IntegrityKey, Transaction};

/// How long a permission holds (RFC 8656 §9).
const PERMISSION_LIFETIME: Duration = Duration::from_mins(5);

/// How long a channel is bound (RFC 8656 §12).
const CHANNEL_LIFETIME: Duration = Duration::from_mins(10);

/// Peer addresses that one allocation may have permissions for, at a time.
pub(crate) const PERMISSIONS_MAX: usize = 32;

/// Channels of one allocation, at a time.
pub(crate) const CHANNELS_MAX: usize = 32;

#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) client: ClientId,
    pub(crate) group: Group,
    pub(crate) device: Device,
    /// Of the credential that it was made with; only that one may change it (RFC 8656 §5).
    pub(crate) username: Box<str>,
    /// Holds as long as the allocation, whenever the credential expires.
    pub(crate) key: IntegrityKey,
    /// Of the request that made it: the same one again gets the same answer.
    pub(crate) made_by: Transaction,
    pub(crate) expires: Duration,
    /// When its client last sent anything.
    pub(crate) heard: Duration,
    pub(crate) relayed: SocketAddr,
    pub(crate) socket: RelayedSocket,
    permissions: Vec<Permission>,
    channels: Vec<Channel>,
    pub(crate) from_client: Rate,
    pub(crate) to_client: Rate,
}

/// What stands behind a relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayedSocket {
    /// Nothing: packets stay in the process.
    None,
    /// A socket that has been asked for; the request waits for it.
    Opening {
        socket: SocketId,
        /// Ports that could not be had so far.
        failed: u32,
        /// Whether the waiting request had a fingerprint.
        fingerprint: bool,
    },
    Open(SocketId),
}

impl RelayedSocket {
    pub(crate) fn id(self) -> Option<SocketId> {
        match self {
            Self::None => None,
            Self::Opening { socket, .. } | Self::Open(socket) => Some(socket),
        }
    }
}

#[derive(Debug)]
struct Permission {
    peer: IpAddr,
    expires: Duration,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Duration,
}

/// What an allocation is made of.
#[derive(Debug)]
pub(crate) struct NewAllocation {
    pub(crate) client: ClientId,
    pub(crate) group: Group,
    pub(crate) device: Device,
    pub(crate) username: Box<str>,
    pub(crate) key: IntegrityKey,
    pub(crate) made_by: Transaction,
    pub(crate) lifetime: Duration,
    pub(crate) relayed: SocketAddr,
    pub(crate) socket: RelayedSocket,
}

/// Why a channel cannot be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindError {
    /// It is bound to another peer, or the peer to another channel.
    Taken,
    /// The allocation has as many channels or permissions as one may have.
    TooMany,
}

impl Allocation {
    pub(crate) fn new(now: Duration, new: NewAllocation) -> Self {
        Self {
            client: new.client,
            group: new.group,
            device: new.device,
            username: new.username,
            key: new.key,
            made_by: new.made_by,
            expires: now + new.lifetime,
            heard: now,
            relayed: new.relayed,
            socket: new.socket,
            permissions: Vec::new(),
            channels: Vec::new(),
            from_client: Rate::default(),
            to_client: Rate::default(),
        }
    }

    /// Whether a request for it has been answered, so that data may pass.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.socket, RelayedSocket::Opening { .. })
    }

    pub(crate) fn permits(&self, now: Duration, peer: IpAddr) -> bool {
        self.permissions
            .iter()
            .any(|permission| permission.peer == peer && permission.expires > now)
    }

    /// Permits all the peers or, where there would be too many, none.
    pub(crate) fn permit(&mut self, now: Duration, peers: &[IpAddr]) -> bool {
        self.permissions
            .retain(|permission| permission.expires > now);
        let fresh = peers
            .iter()
            .enumerate()
            .filter(|&(place, peer)| !peers[..place].contains(peer) && !self.permits(now, *peer))
            .count();
        if self.permissions.len() + fresh > PERMISSIONS_MAX {
            return false;
        }
        let expires = now + PERMISSION_LIFETIME;
        for &peer in peers {
            let known = self.permissions.iter_mut().find(|known| known.peer == peer);
            match known {
                Some(permission) => permission.expires = expires,
                None => self.permissions.push(Permission { peer, expires }),
            }
        }
        true
    }

    /// The peer of a channel.
    pub(crate) fn peer_of(&self, now: Duration, number: u16) -> Option<SocketAddr> {
        self.channels
            .iter()
            .find(|channel| channel.number == number && channel.expires > now)
            .map(|channel| channel.peer)
    }

    /// The channel of a peer.
    pub(crate) fn channel_of(&self, now: Duration, peer: SocketAddr) -> Option<u16> {
        self.channels
            .iter()
            .find(|channel| channel.peer == peer && channel.expires > now)
            .map(|channel| channel.number)
    }

    /// Binds a channel, or binds it for longer, and permits its peer (RFC 8656 §12.2).
    pub(crate) fn bind(
        &mut self,
        now: Duration,
        number: u16,
        peer: SocketAddr,
    ) -> Result<(), BindError> {
        self.channels.retain(|channel| channel.expires > now);
        let touched = |channel: &Channel| channel.number == number || channel.peer == peer;
        let place = self.channels.iter().position(touched);
        let clash = |channel: &Channel| channel.number != number || channel.peer != peer;
        if place.is_some_and(|place| clash(&self.channels[place])) {
            return Err(BindError::Taken);
        }
        if place.is_none() && self.channels.len() == CHANNELS_MAX || !self.permit(now, &[peer.ip()])
        {
            return Err(BindError::TooMany);
        }
        let expires = now + CHANNEL_LIFETIME;
        match place {
            Some(place) => self.channels[place].expires = expires,
            None => self.channels.push(Channel {
                number,
                peer,
                expires,
            }),
        }
        Ok(())
    }
}
