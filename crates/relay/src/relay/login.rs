//! Who sends a request: Binding needs nobody, everything else the long-term credential (RFC 8489 §9.2.4).
//!
//! A client without an allocation is a stranger: each of its requests counts, before any password is worked out.

use crate::allocations::Slot;
use crate::client::ClientId;
use crate::counters::DropReason;
use crate::credential::Claim;
use crate::nonce;
use crate::time::Now;
use crate::wire::{IntegrityKey, Kind, Message, Method};

use super::answer::{Question, Refusal, unknown_attributes};
use super::{Delivery, Relay};

/// A request whose sender has shown a credential.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) client: ClientId,
    /// The allocation of the client, made with the same credential.
    pub(super) slot: Option<Slot>,
    pub(super) username: Box<str>,
    /// Whose credential it is; not known again once there is an allocation.
    pub(super) claim: Option<Claim>,
    pub(super) key: IntegrityKey,
    pub(super) question: Question,
}

/// Why a request gets no further.
enum Denied {
    /// Answered with 401 or 438 and a nonce.
    Challenge(u16),
    /// Answered with 400: signed, but not by the rules.
    Incomplete,
    /// Answered with 441, signed with the key.
    OtherAllocation(IntegrityKey),
}

impl Relay {
    pub(super) fn request(
        &mut self,
        now: Now,
        client: ClientId,
        method: Method,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        let slot = self.allocations.of_client(&client);
        // Nobody proves who he is by a Binding request either.
        let stranger = slot.is_none() || method == Method::BINDING;
        if stranger && !self.strangers.admit(now.elapsed, client.remote.ip()) {
            return self.drop_packet(DropReason::Stranger);
        }
        if method == Method::BINDING {
            return self.binding(&client, request, out);
        }
        let login = match self.log_in(now, client, slot, request) {
            Ok(login) => login,
            Err(denied) => return self.deny(now, client, slot, &denied, request, out),
        };
        if let Some(unknown) = unknown_attributes(request) {
            self.counters.refused += 1;
            let writer = login.question.error(out, 420, "Unknown Attribute");
            let writer = writer.attribute(Kind::UNKNOWN_ATTRIBUTES, &unknown);
            login.question.finish(writer, Some(&login.key));
            return Delivery::Client(client);
        }
        let result = match method {
            Method::ALLOCATE => return self.allocate(now, login, request, out),
            Method::REFRESH => self.refresh(now, &login, request, out),
            Method::CREATE_PERMISSION => self.create_permission(now, &login, request, out),
            Method::CHANNEL_BIND => self.channel_bind(now, &login, request, out),
            _ => Err(Refusal::BadRequest),
        };
        if let Err(refusal) = result {
            return self.refuse(&login, refusal, out);
        }
        Delivery::Client(client)
    }

    /// Tells a client its own address. Nothing is asked of it, because it learns nothing else.
    fn binding(&mut self, client: &ClientId, request: &Message<'_>, out: &mut Vec<u8>) -> Delivery {
        let question = Question::of(request);
        let writer = if let Some(unknown) = unknown_attributes(request) {
            let writer = question.error(out, 420, "Unknown");
            self.counters.refused += 1;
            writer.attribute(Kind::UNKNOWN_ATTRIBUTES, &unknown)
        } else {
            self.counters.bindings += 1;
            let writer = question.success(out);
            writer.address(Kind::XOR_MAPPED_ADDRESS, client.outside())
        };
        question.finish(writer, None);
        Delivery::Client(*client)
    }

    fn log_in(
        &self,
        now: Now,
        client: ClientId,
        slot: Option<Slot>,
        request: &Message<'_>,
    ) -> Result<Login, Denied> {
        if !request.has(Kind::MESSAGE_INTEGRITY) {
            return Err(Denied::Challenge(401));
        }
        let (Some(username), Some(nonce), true) = (
            request.text(Kind::USERNAME),
            request.find(Kind::NONCE),
            request.has(Kind::REALM),
        ) else {
            return Err(Denied::Incomplete);
        };
        if !nonce::is_good(&self.key, now.elapsed, &client, nonce.value) {
            return Err(Denied::Challenge(438));
        }
        let login = |claim, key| Login {
            client,
            slot,
            username: username.into(),
            claim,
            key,
            question: Question::of(request),
        };
        let allocation = slot.and_then(|slot| self.allocations.get(slot));
        if let Some(own) = allocation.filter(|allocation| *allocation.username == *username) {
            return if request.is_signed_with(&own.key) {
                Ok(login(None, own.key.clone()))
            } else {
                Err(Denied::Challenge(401))
            };
        }
        let claim = Claim::read(username)
            .filter(|claim| claim.is_timely(now.unix) && !self.allocations.is_over(&claim.group));
        let Some(claim) = claim else {
            return Err(Denied::Challenge(401));
        };
        let key = Claim::integrity_key(&self.key, username, Self::REALM);
        if !request.is_signed_with(&key) {
            return Err(Denied::Challenge(401));
        }
        match allocation {
            Some(_) => Err(Denied::OtherAllocation(key)),
            None => Ok(login(Some(claim), key)),
        }
    }

    fn deny(
        &mut self,
        now: Now,
        client: ClientId,
        slot: Option<Slot>,
        denied: &Denied,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        // Whoever forges the sender of somebody with an allocation is a stranger as well.
        if slot.is_some() && !self.strangers.admit(now.elapsed, client.remote.ip()) {
            return self.drop_packet(DropReason::Stranger);
        }
        let question = Question::of(request);
        match denied {
            Denied::Challenge(code) => {
                self.counters.challenges += 1;
                let nonce = nonce::issue(&self.key, now.elapsed, &client);
                // Without a reason in words the answer stays under three times the smallest request.
                let writer = question.error(out, *code, "");
                let writer = writer.attribute(Kind::REALM, Self::REALM.as_bytes());
                question.finish(writer.attribute(Kind::NONCE, &nonce), None);
            }
            Denied::Incomplete => {
                self.counters.refused += 1;
                question.finish(question.error(out, 400, "Bad Request"), None);
            }
            Denied::OtherAllocation(key) => {
                self.counters.refused += 1;
                question.refuse(out, Refusal::WrongCredentials, key);
            }
        }
        Delivery::Client(client)
    }

    pub(super) fn refuse(
        &mut self,
        login: &Login,
        refusal: Refusal,
        out: &mut Vec<u8>,
    ) -> Delivery {
        self.counters.refused += 1;
        login.question.refuse(out, refusal, &login.key);
        Delivery::Client(login.client)
    }
}
