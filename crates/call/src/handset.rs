//! A device's view of a call: what it does and what it shows.
//!
//! A device has two, one for each call that it may be in ([`phone`](crate::phone)). The driver hands in an [`Input`] with the device's monotonic clock in
//! milliseconds and carries out the [`Effect`]s in their order; times of the server are converted by their
//! distance to the `now` that came with them. The rules kept here: no microphone and no peer without a call
//! on screen, whatever ended it; nothing of the callee's microphone before *Answer*; no candidate
//! before the answer. It does no I/O, reads no clock, and makes no ids.

mod control;
mod device;
mod effect;
mod ending;
mod identity;
mod input;
mod line;
mod outcome;
mod path;
mod person;
mod server;
mod settle;
mod show;
mod snapshot;
mod sound;
mod state;
mod take;
mod taking;
mod timeouts;
mod view;

use std::collections::VecDeque;

use protocol::call::{CallView, FailCause};
use protocol::{CallId, ConversationId, Timestamp, UserId};

use control::Control;
pub use effect::{Effect, Tone};
use identity::Other;
pub use input::{Input, Refused};
use line::Line;
use state::State;
pub(crate) use state::Told;
pub use timeouts::Timeouts;
pub use view::{Code, Ended, HandsetView, MicrophoneFault, OtherEnd, Path, Route};

/// Calls remembered as over, so that a late word of the server does not make them ring again.
const OVER_MAX: usize = 8;

/// What a device does and shows of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handset {
    me: UserId,
    timeouts: Timeouts,
    online: bool,
    microphone: Microphone,
    /// Whether the microphone's track was told to be silent.
    track_muted: bool,
    peer: Option<Peer>,
    tone: Tone,
    state: State,
    over: VecDeque<Gone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Microphone {
    Closed,
    Opening,
    Open,
}

/// A call that this handset had.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Gone {
    call: CallId,
    /// Whether it is over for this device: not where another device has it.
    ended: bool,
    heard_at: Option<Timestamp>,
}

/// What is known of the peer connection that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Peer {
    /// Whether it lets the other side be heard.
    audible: bool,
    control: Control,
    /// Which way sound goes, or went last.
    route: Option<Route>,
    other: Option<Other>,
}

impl Handset {
    /// A handset of an account, without a call and without a socket.
    pub fn new(me: UserId, timeouts: Timeouts) -> Self {
        Self {
            me,
            timeouts,
            online: false,
            microphone: Microphone::Closed,
            track_muted: false,
            peer: None,
            tone: Tone::None,
            state: State::Idle,
            over: VecDeque::new(),
        }
    }

    /// Takes the server's numbers, for timers that start from now on.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
    }

    /// What the screen shows.
    pub fn view(&self) -> HandsetView {
        let other = self.peer.as_ref().and_then(|peer| peer.other.as_ref());
        self.state.view(self.route(), other.map(Other::view))
    }

    fn route(&self) -> Option<Route> {
        self.peer.as_ref().and_then(|peer| peer.route)
    }

    /// Whether there is no call here, or one that is over.
    pub(crate) fn is_free(&self) -> bool {
        self.state.is_free()
    }

    /// Whether this handset is in a call, or rings for it.
    pub(crate) fn has(&self, call: CallId) -> bool {
        !self.is_free() && self.state.call() == Some(call)
    }

    /// Whom this handset dials, while the server has not made the call yet.
    pub(crate) fn dials(&self) -> Option<ConversationId> {
        match &self.state {
            State::Outgoing(outgoing) if self.state.call().is_none() => Some(outgoing.conversation),
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Taking(_)
            | State::Ended(_) => None,
        }
    }

    /// What the person would hear if this handset were the only one.
    pub(crate) fn tone(&self) -> Tone {
        self.tone
    }

    /// When to hand in [`Input::Tick`]; nothing while nothing happens by itself.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.state.deadline()
    }

    /// Something happened.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        let out = &mut effects;
        let told = |view: CallView, server_now: Timestamp| Told {
            view,
            server_now,
            now,
        };
        match input {
            Input::Dial {
                attempt,
                conversation,
            } => self.dial(now, attempt, conversation, out),
            Input::Answer => self.answer(out),
            Input::Reject => self.reject(now, out),
            Input::End => self.end(now, out),
            Input::Mute { muted } => self.mute(muted, out),
            Input::Speaker { on } => self.speaker(on),
            Input::Silence => self.silence(),
            Input::Hold { on } => self.hold(on, out),
            Input::Take { call, now: then } => self.take(&told(call, then), out),
            Input::Yield => self.yield_calls(out),
            Input::Dismiss => self.dismiss(),
            Input::TalkAnyway => self.talk_anyway(),
            Input::Compared { code, same } => self.compared(now, code, same, out),
            Input::MicrophoneOpened => self.microphone_opened(out),
            Input::MicrophoneFailed { fault } => self.microphone_failed(now, fault, out),
            Input::Described { description } => self.described(now, description, out),
            Input::Candidate { candidate } => self.candidate(candidate),
            Input::PeerConnected => self.peer_connected(now, out),
            Input::PeerDisconnected => self.peer_disconnected(now),
            Input::PeerFailed => self.peer_failed(now, out),
            Input::Identified { key, standing } => self.identified(key, standing),
            Input::Coded { code } => self.coded(code),
            Input::PeerForged { may_be_late } => self.peer_forged(now, may_be_late, out),
            Input::PeerUnusable => self.fail(now, FailCause::Protocol, out),
            Input::NetworkChanged => self.network_changed(),
            Input::RouteChanged { route } => self.route_changed(route),
            Input::RelayRenewed => self.relay_renewed(),
            Input::Heard => self.heard(now),
            Input::ControlOpened => self.control_opened(),
            Input::Control { message } => self.control(now, message, out),
            Input::Welcome { calls, now: then } => self.welcome(now, calls, then, out),
            Input::Call { call, now: then } => self.call_frame(told(call, then), out),
            Input::Started {
                attempt,
                call,
                now: then,
            } => self.started(attempt, told(call, then), out),
            Input::Answered { call, now: then } => self.answered(told(call, then), out),
            Input::Taken { call, now: then } => self.taken(told(call, then), out),
            Input::Refused {
                request,
                code,
                message,
            } => self.refused(now, request, code, message, out),
            Input::RemoteDescription { call, description } => {
                self.remote_description(call, description, out);
            }
            Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            } => self.remote_candidates(call, epoch, candidates, out),
            Input::SocketLost => self.online = false,
            Input::Tick => self.tick(now, out),
        }
        self.settle(now, &mut effects);
        effects
    }

    fn line(&mut self) -> Option<&mut Line> {
        match &mut self.state {
            State::Idle | State::Ended(_) => None,
            State::Outgoing(outgoing) => Some(&mut outgoing.line),
            State::Ringing(ringing) => Some(&mut ringing.line),
            State::Talking(talking) => Some(&mut talking.line),
            State::Taking(taking) => Some(&mut taking.line),
        }
    }
}
