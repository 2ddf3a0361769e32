//! Who is at the other end: what the peer connection found out about it, and what the person makes of that.
//!
//! Signatures are checked where descriptions are used, not here. The rule kept here: while the other side's key is not one of
//! those that the person is known by, and *Talk anyway* was not pressed, no sound goes either way.

use protocol::Timestamp;
use protocol::call::FailCause;
use protocol::description::DeviceKey;
use protocol::identity::Standing;

use super::state::State;
use super::{Code, Effect, Handset, OtherEnd, Path, Peer};

/// The device at the other end of the present peer connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Other {
    key: DeviceKey,
    standing: Standing,
    code: Option<Code>,
    /// Whether the person knows that the key changed, and goes on.
    accepted: bool,
    /// Whether the key was given to be kept, as it stands.
    kept: bool,
}

impl Other {
    fn is_silenced(&self) -> bool {
        self.standing == Standing::Changed && !self.accepted
    }

    pub(super) fn view(&self) -> OtherEnd {
        OtherEnd {
            standing: self.standing,
            code: self.code,
            silenced: self.is_silenced(),
        }
    }

    /// The person answers, and saw how the caller's key stands.
    pub(super) fn accept(&mut self) {
        self.accepted = true;
    }
}

impl Peer {
    /// Whether sound waits for the person's word.
    pub(super) fn is_silenced(&self) -> bool {
        self.other.as_ref().is_some_and(Other::is_silenced)
    }
}

impl Handset {
    pub(super) fn identified(&mut self, key: DeviceKey, standing: Standing) {
        let Some(peer) = &mut self.peer else { return };
        match &mut peer.other {
            Some(other) if other.key == key => {
                other.kept &= other.standing == standing;
                other.standing = standing;
            }
            other => {
                *other = Some(Other {
                    key,
                    standing,
                    code: None,
                    accepted: false,
                    kept: false,
                });
            }
        }
    }

    /// What came is not the other device's word on this connection. A description may once be an answer to a connection before this one, of
    /// this account's other device perhaps, with the same epoch: it is asked again. The second time somebody is in between.
    pub(super) fn peer_forged(
        &mut self,
        now: Timestamp,
        may_be_late: bool,
        effects: &mut Vec<Effect>,
    ) {
        match &mut self.state {
            State::Talking(talking) if may_be_late && !talking.doubted => {
                talking.doubted = true;
                let epoch = talking.line.epoch();
                talking.line.offer_on_a_new_peer(epoch, effects);
            }
            State::Taking(taking) if may_be_late && taking.is_sent() => taking.doubted = true,
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Taking(_)
            | State::Ended(_) => self.fail(now, FailCause::Identity, effects),
        }
    }

    pub(super) fn coded(&mut self, code: Code) {
        if let Some(other) = self.other() {
            other.code = Some(code);
        }
    }

    pub(super) fn talk_anyway(&mut self) {
        if let Some(other) = self.other() {
            other.accepted = true;
        }
    }

    pub(super) fn compared(
        &mut self,
        now: Timestamp,
        code: Code,
        same: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(other) = self.other().filter(|other| other.code == Some(code)) else {
            return;
        };
        if same {
            other.kept &= other.standing == Standing::Verified;
            other.standing = Standing::Verified;
        } else {
            self.fail(now, FailCause::Identity, effects);
        }
    }

    /// Has the key kept once the path to its device stands.
    pub(super) fn keep_key(&mut self, effects: &mut Vec<Effect>) {
        let connected =
            matches!(&self.state, State::Talking(talking) if talking.path == Path::Connected);
        if let Some(other) = self.other()
            && connected
            && !other.kept
            && !other.is_silenced()
        {
            other.kept = true;
            effects.push(Effect::KeepKey {
                key: other.key.clone(),
                verified: other.standing == Standing::Verified,
            });
        }
    }

    fn other(&mut self) -> Option<&mut Other> {
        self.peer.as_mut().and_then(|peer| peer.other.as_mut())
    }
}
