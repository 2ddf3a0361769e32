//! Taking a call over: from another device of the account, or from this one before a reload.
//!
//! The other side goes on with its old peer connection until the server has given it the new offer, so nothing is
//! told to anybody before that offer is made, and no candidate leaves before the server has agreed. What fails until
//! then fails here alone: the call goes on where it was.

use protocol::call::{CallReport, CallState, CallView, EndReason, Here, Role};
use protocol::control::ControlMessage;
use protocol::error::ErrorCode;
use protocol::socket::RequestBody;
use protocol::{CallId, ConversationId, DeviceName, Timestamp};

use super::line::Line;
use super::sound::Sound;
use super::state::{Outgoing, Stage, State, Talking, Told};
use super::{Effect, Ended, Handset, HandsetView, Path, Timeouts};

/// How often a take-over is tried; the other side may begin a negotiation of its own at the same time.
const TAKES_MAX: u8 = 2;
/// A refused offer is made again above so many epochs more where the server has shown no higher one.
const EPOCHS_SKIPPED: u16 = 7;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taking {
    pub(super) conversation: ConversationId,
    pub(super) call: CallId,
    pub(super) revision: u32,
    pub(super) outgoing: bool,
    pub(super) stands: Stands,
    pub(super) sound: Sound,
    pub(super) line: Line,
    pub(super) progress: Progress,
    pub(super) connected: bool,
    /// Where the call is, as the server told last.
    here: Here,
    /// The newest epoch that the server has shown.
    epoch: u16,
    takes: u8,
}

/// Where the call stands that is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It is an own call, and nobody has answered yet.
    Rings {
        devices: u32,
        deadline: Timestamp,
    },
    Connects,
    Active {
        since: Timestamp,
    },
}

/// How far the take-over has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    OpeningMicrophone,
    Offering,
    /// The outcome of `take_call` is waited for.
    Sent {
        deadline: Timestamp,
    },
}

impl Handset {
    /// The person, or a page that was loaded anew, wants a call to be here.
    pub(super) fn take(&mut self, told: &Told, effects: &mut Vec<Effect>) {
        let taking = Taking::new(told, &self.timeouts);
        if let Some(taking) = taking.filter(|_| self.state.is_free() && self.online) {
            self.over.retain(|gone| gone.call != taking.call);
            self.state = State::Taking(Box::new(taking));
            self.open_microphone(effects);
        }
    }

    /// The outcome of `take_call`.
    pub(super) fn taken(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let call = told.view.call.id;
        if !matches!(&self.state, State::Taking(taking) if taking.call == call) {
            if !self.is_over(call) {
                self.abandon(told, effects);
            }
            return;
        }
        let now = told.now;
        self.own_call(told.clone(), effects);
        // A later frame may have come before the outcome, and then it is the one that holds.
        match &self.state {
            // The outcome of an earlier attempt, given up since.
            State::Taking(taking) if !taking.is_sent() => {}
            State::Taking(taking) if taking.here == Here::TakesPart => self.take_up(told, effects),
            State::Taking(taking) => {
                let device = taking.device();
                self.finish(now, Ended::Moved { device });
            }
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Ended(_) => {}
        }
    }

    /// The call is this handset's own from now on.
    fn take_up(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let State::Taking(before) = std::mem::replace(&mut self.state, State::Idle) else {
            return;
        };
        let since = before.since();
        let Taking {
            conversation,
            call,
            revision,
            stands,
            mut sound,
            line,
            connected,
            ..
        } = *before;
        let now = told.now;
        if let Stands::Rings { devices, deadline } = stands {
            self.state = State::Outgoing(Box::new(Outgoing {
                attempt: None,
                conversation,
                muted: sound.own.muted,
                line,
                stage: Stage::Calling {
                    call,
                    revision,
                    devices,
                    deadline,
                },
            }));
            return;
        }
        let mut talking = Talking::new(&told.view, line, now + self.timeouts.connect);
        talking.revision = revision;
        if matches!(stands, Stands::Active { .. }) {
            talking.connect_at = None;
            talking.path_is_gone(now, &self.timeouts);
        }
        if sound.must_be_told(talking.sound.own) {
            sound.tell(call, self.can_control(), effects);
        }
        talking.sound = sound;
        talking.since = since;
        talking.line.open();
        talking.told(told, effects);
        self.state = State::Talking(Box::new(talking));
        if connected {
            self.peer_connected(now, effects);
        }
    }

    /// `take_call` was refused. The epoch may have been too low.
    pub(super) fn take_refused(
        &mut self,
        now: Timestamp,
        code: ErrorCode,
        message: String,
        effects: &mut Vec<Effect>,
    ) {
        let State::Taking(taking) = &mut self.state else {
            return;
        };
        if !taking.is_sent() {
            return;
        }
        if code == ErrorCode::BadRequest && taking.takes < TAKES_MAX {
            let own = taking.line.epoch();
            let above = if taking.epoch < own {
                own.saturating_add(EPOCHS_SKIPPED)
            } else {
                taking.epoch
            };
            taking.progress = Progress::Offering;
            taking.line.offer_on_a_new_peer(above, effects);
            return;
        }
        let why = match code {
            ErrorCode::NotFound | ErrorCode::WrongState => Ended::Meanwhile,
            _ => Ended::Refused { code, message },
        };
        self.finish(now, why);
    }

    /// Another tab of this device has the calls from now on. The other side is told that the path is as good as
    /// broken, so that it waits for the offer of whoever takes the call up.
    pub(super) fn yield_calls(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Talking(_)) && self.can_control() {
            let message = ControlMessage::Leaving;
            effects.push(Effect::SendControl { message });
        }
        self.state = State::Idle;
    }
}

impl Taking {
    /// Nothing where there is nothing to take over.
    fn new(told: &Told, timeouts: &Timeouts) -> Option<Self> {
        let CallView {
            call, role, here, ..
        } = &told.view;
        if *here == Here::Rings {
            return None;
        }
        let stands = Stands::of(told, timeouts)?;
        if *role == Role::Callee && matches!(stands, Stands::Rings { .. }) {
            return None;
        }
        Some(Self {
            conversation: call.conversation,
            call: call.id,
            revision: call.revision,
            outgoing: *role == Role::Caller,
            stands,
            sound: Sound::shown(&told.view),
            line: Line::new(*role == Role::Callee),
            progress: Progress::OpeningMicrophone,
            connected: false,
            here: here.clone(),
            epoch: told.view.epoch,
            takes: 0,
        })
    }

    /// The server told of the call once more. Gives the device that has it, if another one took it meanwhile.
    pub(super) fn told(&mut self, told: &Told, timeouts: &Timeouts) -> Option<Here> {
        let here = &told.view.here;
        if let Some(stands) = Stands::of(told, timeouts) {
            self.stands = stands;
        }
        let shown = Sound::shown(&told.view);
        self.sound.hear_of(shown.peer);
        if shown.own.change > self.sound.own.change {
            self.sound.own = shown.own;
        }
        self.epoch = self.epoch.max(told.view.epoch);
        if *here == self.here {
            return None;
        }
        self.here = here.clone();
        Some(here.clone())
    }

    /// The microphone is open: the offer is made.
    pub(super) fn offer(&mut self, effects: &mut Vec<Effect>) {
        self.progress = Progress::Offering;
        self.line.offer_above(self.epoch, effects);
    }

    /// The offer is made: the server is asked for the call.
    pub(super) fn send(&mut self, deadline: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(description) = self.line.own().cloned() {
            self.progress = Progress::Sent { deadline };
            self.takes += 1;
            let call = self.call;
            let request = RequestBody::TakeCall { call, description };
            effects.push(Effect::Send { request });
        }
    }

    /// The device of this account that has the call, as far as it is another one.
    fn device(&self) -> Option<DeviceName> {
        match &self.here {
            Here::Elsewhere { device } => device.clone(),
            Here::Rings | Here::TakesPart => None,
        }
    }

    pub(super) fn is_sent(&self) -> bool {
        matches!(self.progress, Progress::Sent { .. })
    }

    /// Whether the server was asked for the call, or has it as this device's anyway.
    pub(super) fn is_claimed(&self) -> bool {
        self.takes > 0 || self.here == Here::TakesPart
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let sent = match self.progress {
            Progress::OpeningMicrophone | Progress::Offering => None,
            Progress::Sent { deadline } => Some(deadline),
        };
        match self.stands {
            Stands::Rings { deadline, .. } => Some(deadline),
            Stands::Connects | Stands::Active { .. } => sent,
        }
    }

    /// How the call ends by the person's hand, as the request that says so.
    pub(super) fn hang_up(&self) -> RequestBody {
        let call = self.call;
        match self.stands {
            Stands::Rings { .. } => RequestBody::CancelCall { call },
            Stands::Connects | Stands::Active { .. } => RequestBody::HangUp {
                call,
                heard_ago: None,
            },
        }
    }

    /// The time is up: what to tell the server, and how the call ended.
    pub(super) fn give_up(&self) -> (RequestBody, EndReason) {
        match self.stands {
            Stands::Rings { .. } => (self.hang_up(), EndReason::NoAnswer),
            Stands::Connects | Stands::Active { .. } => {
                let request = RequestBody::ReportCall {
                    call: self.call,
                    report: CallReport::Lost,
                    heard_ago: None,
                };
                (request, EndReason::Lost)
            }
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        !matches!(self.stands, Stands::Rings { .. })
    }

    pub(super) fn since(&self) -> Option<Timestamp> {
        match self.stands {
            Stands::Rings { .. } | Stands::Connects => None,
            Stands::Active { since } => Some(since),
        }
    }

    pub(super) fn view(&self) -> HandsetView {
        let path = match self.stands {
            Stands::Rings { devices, .. } => {
                return HandsetView::Outgoing {
                    conversation: self.conversation,
                    call: Some(self.call),
                    opening_microphone: self.progress == Progress::OpeningMicrophone,
                    devices,
                    muted: self.sound.own.muted,
                };
            }
            Stands::Connects => Path::Connecting,
            Stands::Active { .. } => Path::Reconnecting,
        };
        self.sound
            .view(self.conversation, self.call, path, self.since())
    }
}

impl Stands {
    fn of(told: &Told, timeouts: &Timeouts) -> Option<Self> {
        match told.view.call.state {
            CallState::Ringing { devices, .. } => Some(Self::Rings {
                devices,
                deadline: told.local(told.view.call.started_at) + timeouts.ring,
            }),
            CallState::Connecting { .. } => Some(Self::Connects),
            CallState::Active { since } => Some(Self::Active {
                since: told.local(since),
            }),
            CallState::Ended { .. } => None,
        }
    }
}
