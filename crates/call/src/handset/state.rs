//! Where a handset stands, with what is true only there.

use protocol::call::{CallReport, CallState, CallView, Role};
use protocol::description::CallDescription;
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, ConversationId, Milliseconds, Timestamp, UserId};

use super::line::Line;
use super::sound::Sound;
use super::taking::Taking;
use super::{Effect, Ended, MicrophoneFault, Path, Tone};

/// ```text
///          dial                    answered                    Ended ──dismiss · 3 s──▶ Idle
///  Idle ─────────▶ Outgoing ────────────────┐                    ▲
///   │ │              │ └──(glare)──────────┐│                    │
///   │ │ a call rings └────────────────────┐▼▼                    │
///   │ └────────▶ Ringing ──answered──▶ Talking ─── every end ────┘   (also from Outgoing, Ringing and Taking)
///   │ take                                ▲
///   └──────────▶ Taking ───── taken ──────┘                          (Outgoing, where nobody has answered yet)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Outgoing(Box<Outgoing>),
    Ringing(Box<Ringing>),
    Talking(Box<Talking>),
    Taking(Box<Taking>),
    Ended(Over),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    /// Nothing for a call that was taken over.
    pub(super) attempt: Option<AttemptId>,
    pub(super) conversation: ConversationId,
    pub(super) muted: bool,
    pub(super) line: Line,
    pub(super) stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    OpeningMicrophone,
    /// The offer is being made.
    Offering,
    /// The offer is ready; the outcome of `start_call` is waited for.
    Starting {
        /// False while there is no socket to send it on.
        sent: bool,
        deadline: Timestamp,
        /// What the server told of a call that may turn out to be this one.
        early: Option<Box<Told>>,
    },
    /// The server has made the call.
    Calling {
        call: CallId,
        revision: u32,
        devices: u32,
        deadline: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ringing {
    pub(super) conversation: ConversationId,
    pub(super) call: CallId,
    pub(super) revision: u32,
    /// Who calls.
    pub(super) other: UserId,
    pub(super) silenced: bool,
    pub(super) fault: Option<MicrophoneFault>,
    pub(super) deadline: Timestamp,
    pub(super) line: Line,
    pub(super) connected: bool,
    pub(super) answer: Answer,
}

/// How far the person's *Answer* has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    NotYet,
    OpeningMicrophone,
    /// The microphone is open, the answer not yet made.
    Describing,
    /// The outcome of `answer_call` is waited for.
    Sent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Talking {
    pub(super) conversation: ConversationId,
    pub(super) call: CallId,
    pub(super) revision: u32,
    pub(super) outgoing: bool,
    /// The other person.
    pub(super) other: UserId,
    pub(super) sound: Sound,
    pub(super) line: Line,
    pub(super) path: Path,
    /// How often ICE failed before it ever connected.
    pub(super) failures: u32,
    /// When it last failed and was looked for anew at once.
    pub(super) failed_at: Option<Timestamp>,
    pub(super) since: Option<Timestamp>,
    /// Runs while the path was never there.
    pub(super) connect_at: Option<Timestamp>,
    pub(super) restart_at: Option<Timestamp>,
    pub(super) lost_at: Option<Timestamp>,
    /// When packets of the other side last arrived.
    pub(super) heard_at: Option<Timestamp>,
    /// Runs while the path stands and the other side should be heard.
    pub(super) unheard_at: Option<Timestamp>,
    /// Whether the path counts as broken only because nothing is heard.
    pub(super) unheard: bool,
    /// Whether something came since the path last stood that was not the other device's word.
    pub(super) doubted: bool,
    /// The other device went away and may come back: until then nothing is done about the path from here.
    pub(super) leaving_until: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) conversation: ConversationId,
    pub(super) call: Option<CallId>,
    pub(super) outgoing: bool,
    pub(super) why: Ended,
    pub(super) talked: Option<Milliseconds>,
    pub(super) until: Timestamp,
    pub(super) tone: Tone,
}

/// What the server told of a call, and when, by both clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) view: CallView,
    pub(crate) server_now: Timestamp,
    pub(crate) now: Timestamp,
}

impl Told {
    /// A time of the server's by the device's clock.
    pub(crate) fn local(&self, then: Timestamp) -> Timestamp {
        self.now - self.server_now.since(then)
    }
}

impl State {
    pub(super) fn call(&self) -> Option<CallId> {
        match self {
            Self::Idle => None,
            Self::Outgoing(outgoing) => match outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering | Stage::Starting { .. } => None,
                Stage::Calling { call, .. } => Some(call),
            },
            Self::Ringing(ringing) => Some(ringing.call),
            Self::Talking(talking) => Some(talking.call),
            Self::Taking(taking) => Some(taking.call),
            Self::Ended(over) => over.call,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        matches!(self, Self::Idle | Self::Ended(_))
    }

    pub(super) fn needs_microphone(&self) -> bool {
        match self {
            Self::Idle | Self::Ended(_) => false,
            Self::Outgoing(_) | Self::Talking(_) | Self::Taking(_) => true,
            Self::Ringing(ringing) => ringing.answer != Answer::NotYet,
        }
    }

    pub(super) fn needs_peer(&self) -> bool {
        !self.is_free()
    }

    /// The next moment at which something happens by itself.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Idle => None,
            Self::Outgoing(outgoing) => match outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering => None,
                Stage::Starting { deadline, .. } | Stage::Calling { deadline, .. } => {
                    Some(deadline)
                }
            },
            Self::Ringing(ringing) => Some(ringing.deadline),
            Self::Talking(talking) => [
                talking.connect_at,
                talking.restart_at,
                talking.lost_at,
                talking.unheard_at,
                talking.line.deadline(),
            ]
            .into_iter()
            .flatten()
            .min(),
            Self::Taking(taking) => taking.deadline(),
            Self::Ended(over) => Some(over.until),
        }
    }
}

impl Outgoing {
    pub(super) fn send_start(&mut self, effects: &mut Vec<Effect>) {
        if let Stage::Starting { sent, .. } = &mut self.stage
            && let Some(attempt) = self.attempt
            && let Some(description) = self.line.own()
        {
            *sent = true;
            effects.push(Effect::Send {
                request: RequestBody::StartCall {
                    attempt,
                    conversation: self.conversation,
                    description: description.clone(),
                },
            });
        }
    }
}

impl Ringing {
    /// The first offer, which a server that restarted may have only now, or a later one: the caller's page was loaded anew.
    pub(super) fn take_offer(&mut self, description: CallDescription, effects: &mut Vec<Effect>) {
        if self.line.has_remote() && description.epoch <= self.line.epoch() {
            return;
        }
        self.line.remote_description(description, effects);
    }

    /// The request that ends the call after the answer was sent. Nothing was heard yet.
    pub(super) fn hang_up(&self) -> RequestBody {
        RequestBody::HangUp {
            call: self.call,
            heard_ago: None,
        }
    }

    /// Answers, once the microphone is open and the answer made.
    pub(super) fn send_answer(&mut self, effects: &mut Vec<Effect>) {
        if self.answer == Answer::Describing
            && let Some(description) = self.line.own().cloned()
        {
            self.answer = Answer::Sent;
            effects.push(Effect::Send {
                request: RequestBody::AnswerCall {
                    call: self.call,
                    description,
                    candidates: self.line.take_candidates(),
                },
            });
        }
    }
}

impl Talking {
    pub(super) fn new(view: &CallView, line: Line, connect_at: Timestamp) -> Self {
        let call = &view.call;
        Self {
            conversation: call.conversation,
            call: call.id,
            revision: call.revision,
            outgoing: view.role == Role::Caller,
            other: other(view),
            sound: Sound::shown(view),
            line,
            path: Path::Connecting,
            failures: 0,
            failed_at: None,
            since: None,
            connect_at: Some(connect_at),
            restart_at: None,
            lost_at: None,
            heard_at: None,
            unheard_at: None,
            unheard: false,
            doubted: false,
            leaving_until: None,
        }
    }

    pub(super) fn told(&mut self, told: Told, effects: &mut Vec<Effect>) {
        match told.view.call.state {
            CallState::Active { since } => self.since = Some(told.local(since)),
            // A server that restarted has forgotten who reported what.
            CallState::Connecting { .. } if self.path != Path::Connecting => {
                let request = self.report(told.now, CallReport::Connected);
                effects.push(Effect::Send { request });
            }
            CallState::Connecting { .. } | CallState::Ringing { .. } | CallState::Ended { .. } => {}
        }
        self.sound
            .hear_of(told.view.call.sound(told.view.role.other()));
        if let Some(remote) = told.view.remote {
            let epoch = remote.description.epoch;
            self.line.remote_description(remote.description, effects);
            self.line
                .remote_candidates(epoch, remote.candidates, effects);
        }
        self.line.outdo(told.view.epoch, effects);
    }
}

/// The other person of a call.
pub(super) fn other(view: &CallView) -> UserId {
    match view.role {
        Role::Caller => view.call.callee,
        Role::Callee => view.call.caller,
    }
}
