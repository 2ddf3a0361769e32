//! A call that is being taken over: where it stands, and how far the take-over has come.

use protocol::call::{CallReport, CallState, CallView, EndReason, Here, Role};
use protocol::socket::RequestBody;
use protocol::{CallId, ConversationId, DeviceName, Timestamp};

use super::line::Line;
use super::sound::Sound;
use super::state::Told;
use super::{Effect, HandsetView, OtherEnd, Path, Timeouts};

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
    pub(super) here: Here,
    /// The newest epoch that the server has shown.
    pub(super) epoch: u16,
    pub(super) takes: u8,
    /// Whether something came that was not the other device's word on this connection.
    pub(super) doubted: bool,
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

impl Taking {
    /// Nothing where there is nothing to take over.
    pub(super) fn new(told: &Told, timeouts: &Timeouts) -> Option<Self> {
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
        let mut sound = Sound::shown(&told.view);
        // The other side may have been taken over as well, and count from what a server that restarted knew.
        sound.peer_is_new();
        Some(Self {
            conversation: call.conversation,
            call: call.id,
            revision: call.revision,
            outgoing: *role == Role::Caller,
            stands,
            sound,
            line: Line::new(*role, call.attempt),
            progress: Progress::OpeningMicrophone,
            connected: false,
            here: here.clone(),
            epoch: told.view.epoch,
            takes: 0,
            doubted: false,
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

    /// An offer of the other side that comes before the outcome is for the connection before this one; the outcome brings
    /// whatever the server has for this one. It may be why the take-over is refused.
    pub(super) fn is_offered(&mut self, epoch: u16) {
        self.epoch = self.epoch.max(epoch);
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
    pub(super) fn device(&self) -> Option<DeviceName> {
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

    pub(super) fn view(&self, other: Option<OtherEnd>) -> HandsetView {
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
        let since = self.since();
        self.sound
            .view(self.conversation, self.call, path, None, other, since)
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
