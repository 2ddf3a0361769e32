//! All allocations, and the ways to find one: by client, by relayed address, by socket, by group, by time.
//!
//! The one place that adds and removes, so that the indexes always tell the same.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use crate::allocation::{Allocation, RelayedSocket};
use crate::client::{ClientId, SocketId};
use crate::credential::{Device, Group};
use crate::groups::Groups;
use crate::time::Now;

/// Where an allocation is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(usize);

/// What runs out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Allocation(Slot),
    /// The memory that a group is over.
    Group(Group),
}

#[derive(Debug, Default)]
pub(crate) struct Allocations {
    slots: slab::Slab<Allocation>,
    by_client: HashMap<ClientId, Slot>,
    by_relayed: HashMap<SocketAddr, Slot>,
    by_socket: HashMap<SocketId, Slot>,
    groups: Groups,
    due: BTreeSet<(Duration, Due)>,
}

impl Allocations {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Allocation> {
        self.slots.get(slot.0)
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Allocation> {
        self.slots.get_mut(slot.0)
    }

    pub(crate) fn of_client(&self, client: &ClientId) -> Option<Slot> {
        self.by_client.get(client).copied()
    }

    pub(crate) fn of_relayed(&self, relayed: SocketAddr) -> Option<Slot> {
        self.by_relayed.get(&relayed).copied()
    }

    pub(crate) fn of_socket(&self, socket: SocketId) -> Option<Slot> {
        self.by_socket.get(&socket).copied()
    }

    pub(crate) fn is_over(&self, group: &Group) -> bool {
        self.groups.is_over(group)
    }

    /// The allocations of one device of a group.
    pub(crate) fn of_device<'a>(
        &'a self,
        group: &Group,
        device: &'a Device,
    ) -> impl Iterator<Item = (Slot, &'a Allocation)> {
        self.groups
            .members(group)
            .iter()
            .filter_map(|&slot| Some((slot, self.get(slot)?)))
            .filter(move |(_, allocation)| allocation.device == *device)
    }

    /// Adds one whose client and relayed address have none.
    pub(crate) fn insert(&mut self, allocation: Allocation) {
        let entry = self.slots.vacant_entry();
        let slot = Slot(entry.key());
        let allocation = entry.insert(allocation);
        self.by_client.insert(allocation.client, slot);
        self.by_relayed.insert(allocation.relayed, slot);
        if let Some(socket) = allocation.socket.id() {
            self.by_socket.insert(socket, slot);
        }
        self.due.insert((allocation.expires, Due::Allocation(slot)));
        self.groups.join(&allocation.group, slot);
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Allocation> {
        let allocation = self.slots.try_remove(slot.0)?;
        self.by_client.remove(&allocation.client);
        self.by_relayed.remove(&allocation.relayed);
        if let Some(socket) = allocation.socket.id() {
            self.by_socket.remove(&socket);
        }
        self.due
            .remove(&(allocation.expires, Due::Allocation(slot)));
        self.groups.leave(&allocation.group, slot);
        Some(allocation)
    }

    pub(crate) fn keep_until(&mut self, slot: Slot, expires: Duration) {
        if let Some(allocation) = self.slots.get_mut(slot.0) {
            self.due
                .remove(&(allocation.expires, Due::Allocation(slot)));
            allocation.expires = expires;
            self.due.insert((expires, Due::Allocation(slot)));
        }
    }

    /// Gives an allocation another relayed address and another socket for it.
    pub(crate) fn move_to(&mut self, slot: Slot, relayed: SocketAddr, socket: RelayedSocket) {
        if let Some(allocation) = self.slots.get_mut(slot.0) {
            self.by_relayed.remove(&allocation.relayed);
            if let Some(socket) = allocation.socket.id() {
                self.by_socket.remove(&socket);
            }
            allocation.relayed = relayed;
            allocation.socket = socket;
            self.by_relayed.insert(relayed, slot);
            if let Some(socket) = socket.id() {
                self.by_socket.insert(socket, slot);
            }
        }
    }

    /// Removes the allocations of a group and remembers that it is over.
    pub(crate) fn end_group(&mut self, now: Now, group: &Group) -> Vec<Allocation> {
        let members = self.groups.members(group).to_vec();
        let removed = members
            .into_iter()
            .filter_map(|slot| self.remove(slot))
            .collect();
        let forget = self.groups.end(now, group);
        self.due.insert((forget, Due::Group(group.clone())));
        removed
    }

    /// When the next runs out.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Removes one allocation that has run out, after forgetting groups whose time has come.
    pub(crate) fn pop_expired(&mut self, now: Now) -> Option<Allocation> {
        while self.next_due().is_some_and(|at| at <= now.elapsed) {
            match self.due.pop_first()?.1 {
                Due::Allocation(slot) => return self.remove(slot),
                Due::Group(group) => {
                    if let Some(again) = self.groups.forget(now, &group) {
                        self.due.insert((again, Due::Group(group)));
                    }
                }
            }
        }
        None
    }
}
