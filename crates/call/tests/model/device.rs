//! A device: its phone, and a driver that opens the microphone and negotiates when it gets round to it.

use std::collections::VecDeque;

use call::handset::{self, Effect as Do, HandsetView, Refused, Timeouts};
use call::phone::{Effect, Input, Phone, PhoneView, Slot};
use call::switchboard::Refusal;
use protocol::call::CallView;
use protocol::description::{CallDescription, DescriptionKind};
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, Milliseconds, Timestamp};
use uuid::Uuid;

use crate::check;

use crate::values::{Ends, certificate, conversation, description, user};

/// No sound is heard in this world, and nobody is to look for a better path because of that.
const NEVER: Milliseconds = Milliseconds(1 << 40);
/// When everything begins.
pub(crate) const BEGINNING: Timestamp = Timestamp(1_000);
/// A deadline from here on is none.
const NO_DEADLINE: i64 = 1 << 39;

#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) number: usize,
    /// Its clock, which stands still but when a timer fires.
    now: Timestamp,
    phone: Phone,
    online: bool,
    /// Whether the server has told of any call.
    knows_a_call: bool,
    /// Requests without an answer.
    pending: Vec<Sent>,
    /// What its peer connections were asked for; empty between two inputs.
    described: VecDeque<(Slot, CallDescription)>,
    kits: [Kit; 2],
    /// Descriptions and peer connections it made.
    made: u64,
    dials_left: u8,
    lies_there: bool,
    takes_left: u8,
}

#[derive(Debug, Clone, Default)]
struct Kit {
    microphone: Option<Microphone>,
    peer: Option<Peer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Microphone {
    Opening,
    Open,
}

#[derive(Debug, Clone)]
struct Peer {
    certificate: u64,
    remote: Option<CallDescription>,
    /// Both descriptions are set.
    settled: bool,
    connected: bool,
}

impl Peer {
    fn ends(&self, attempt: AttemptId) -> Ends {
        let other = self.remote.as_ref().map(certificate);
        Ends {
            attempt,
            own: self.certificate,
            other,
            begins: other.is_none(),
        }
    }
}

/// A request, and when the device wanted it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: u32,
    slot: Slot,
    wanted_at: Timestamp,
    /// None, but where it is sent again.
    pub(crate) age: Milliseconds,
    pub(crate) body: RequestBody,
}

#[derive(Debug, Clone)]
pub(crate) enum Frame {
    Welcome(Vec<CallView>, Timestamp),
    Call(CallView, Timestamp),
    Description(CallId, CallDescription),
    Done(u32, Option<(CallView, Timestamp)>),
    Refused(u32, Refusal),
}

/// What may happen to a device by itself or by its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Press {
    /// The microphone is there.
    MicrophoneOpens(Slot),
    /// A path is found.
    Connect(Slot),
    Tick,
    Dial,
    Answer,
    End,
    Take,
    /// Not a press: the client notices that its socket is gone.
    SocketLost,
}

impl Device {
    pub(crate) fn new(number: usize, dials_left: u8, takes_left: u8, lies_there: bool) -> Self {
        let timeouts = Timeouts {
            unheard_restart_after: NEVER,
            ..Timeouts::default()
        };
        Self {
            number,
            now: BEGINNING,
            phone: Phone::new(user(person(number)), timeouts),
            online: false,
            knows_a_call: false,
            pending: Vec::new(),
            described: VecDeque::new(),
            kits: Default::default(),
            made: 0,
            dials_left,
            lies_there,
            takes_left,
        }
    }

    pub(crate) fn view(&self) -> PhoneView {
        self.phone.view()
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.phone.poll_timeout().filter(|at| at.0 < NO_DEADLINE)
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn microphones(&self) -> usize {
        self.kits
            .iter()
            .filter(|kit| kit.microphone.is_some())
            .count()
    }

    pub(crate) fn peers(&self) -> usize {
        self.kits.iter().filter(|kit| kit.peer.is_some()).count()
    }

    /// All that may happen here next, but for frames and time.
    pub(crate) fn presses(&self) -> Vec<Press> {
        let mut presses = Vec::new();
        if self.deadline().is_some() {
            presses.push(Press::Tick);
        }
        for slot in [Slot::A, Slot::B] {
            let Kit { microphone, peer } = &self.kits[slot as usize];
            if *microphone == Some(Microphone::Opening) {
                presses.push(Press::MicrophoneOpens(slot));
            }
            if peer
                .as_ref()
                .is_some_and(|peer| peer.settled && !peer.connected)
            {
                presses.push(Press::Connect(slot));
            }
        }
        if self.lies_there {
            return presses;
        }
        let view = self.phone.view();
        match view.current {
            HandsetView::Idle if self.dials_left > 0 && !self.knows_a_call => {
                presses.push(Press::Dial);
            }
            HandsetView::Incoming { answering, .. } => {
                presses.push(Press::End);
                if !answering {
                    presses.push(Press::Answer);
                }
            }
            HandsetView::Outgoing { .. } | HandsetView::Active { .. } => presses.push(Press::End),
            HandsetView::Idle | HandsetView::Ended { .. } => {}
        }
        if view.elsewhere.is_some() && self.takes_left > 0 {
            presses.push(Press::Take);
        }
        presses
    }

    pub(crate) fn press(&mut self, press: Press, out: &mut Vec<Sent>) {
        let input = match press {
            Press::MicrophoneOpens(slot) => {
                self.kit(slot).microphone = Some(Microphone::Open);
                let input = handset::Input::MicrophoneOpened;
                Input::Handset { slot, input }
            }
            Press::Connect(slot) => {
                if let Some(peer) = &mut self.kit(slot).peer {
                    peer.connected = true;
                }
                let input = handset::Input::PeerConnected;
                Input::Handset { slot, input }
            }
            Press::Tick => {
                self.now = self.now.max(self.deadline().unwrap());
                Input::Tick
            }
            Press::Dial => {
                self.dials_left -= 1;
                let id = self.number * 16 + usize::from(self.dials_left) + 1;
                Input::Dial {
                    attempt: AttemptId(Uuid::from_u128(id as u128)),
                    conversation: conversation(0, 1),
                }
            }
            Press::Answer => Input::Answer,
            Press::End => Input::End,
            Press::Take => {
                self.takes_left -= 1;
                let call = self.phone.view().elsewhere.unwrap().call;
                Input::Take { call }
            }
            Press::SocketLost => {
                self.online = false;
                Input::SocketLost
            }
        };
        self.input(input, out);
    }

    /// Negotiates at once, and closes the view of an ended call at once: what comes in between is for the simulation.
    fn input(&mut self, input: Input, out: &mut Vec<Sent>) {
        let mut next = Some(input);
        while let Some(input) = next {
            for effect in self.phone.handle(self.now, input) {
                match effect {
                    Effect::Handset { slot, effect } => self.perform(slot, effect, out),
                    Effect::Play { .. } => {}
                }
            }
            check::device(self);
            next = self.described.pop_front().map(|(slot, description)| {
                let input = handset::Input::Described { description };
                Input::Handset { slot, input }
            });
            if next.is_none() && matches!(self.phone.view().current, HandsetView::Ended { .. }) {
                next = Some(Input::Dismiss);
            }
        }
    }

    fn kit(&mut self, slot: Slot) -> &mut Kit {
        &mut self.kits[slot as usize]
    }

    fn perform(&mut self, slot: Slot, effect: Do, out: &mut Vec<Sent>) {
        match effect {
            Do::OpenMicrophone => {
                let microphone = &mut self.kit(slot).microphone;
                assert!(microphone.is_none(), "two microphones of one handset");
                *microphone = Some(Microphone::Opening);
            }
            Do::CloseMicrophone => self.kit(slot).microphone = None,
            Do::MakeOffer { epoch, attempt, .. } => {
                let offer = self.describe(slot, DescriptionKind::Offer, epoch, attempt, true);
                self.described.push_back((slot, offer));
            }
            Do::MakeAnswer {
                description,
                attempt,
                ..
            } => {
                let epoch = description.epoch;
                let begins = self.take(slot, description, attempt);
                let answer = self.describe(slot, DescriptionKind::Answer, epoch, attempt, begins);
                self.described.push_back((slot, answer));
            }
            Do::UseAnswer { description } => {
                let attempt = description.identity.attempt;
                self.take(slot, description, attempt);
            }
            Do::ClosePeer => {
                self.kit(slot).peer = None;
                self.described.retain(|(of, _)| *of != slot);
            }
            Do::Send { request } => {
                let is_free = |id: &u32| self.pending.iter().all(|sent| sent.id != *id);
                let sent = Sent {
                    id: (0..u32::MAX).find(is_free).unwrap(),
                    slot,
                    wanted_at: self.now,
                    age: Milliseconds(0),
                    body: request,
                };
                self.pending.push(sent.clone());
                if self.online {
                    out.push(sent);
                }
            }
            Do::AttachMicrophone => {
                let kit = self.kit(slot);
                assert!(
                    kit.microphone == Some(Microphone::Open) && kit.peer.is_some(),
                    "nothing to attach"
                );
            }
            Do::AddCandidates { .. } => panic!("nobody has candidates here"),
            Do::KeepKey { .. }
            | Do::SetMuted { .. }
            | Do::SetSpeaker { .. }
            | Do::SendControl { .. }
            | Do::Play { .. } => {}
        }
    }

    fn describe(
        &mut self,
        slot: Slot,
        kind: DescriptionKind,
        epoch: u16,
        attempt: AttemptId,
        begins: bool,
    ) -> CallDescription {
        let made = self.make(slot);
        let Some(peer) = &mut self.kit(slot).peer else {
            unreachable!("it was made just now");
        };
        // An answer comes with the offer that it answers.
        peer.settled = kind == DescriptionKind::Answer;
        let begins = begins && (kind == DescriptionKind::Answer || peer.remote.is_none());
        let ends = Ends {
            begins,
            ..peer.ends(attempt)
        };
        description(kind, epoch, made, &ends)
    }

    /// Makes the peer connection where there is none, and gives a number that nothing else has.
    fn make(&mut self, slot: Slot) -> u64 {
        self.made += 1;
        let made = self.made * 4 + self.number as u64;
        self.kit(slot).peer.get_or_insert(Peer {
            certificate: made,
            remote: None,
            settled: false,
            connected: false,
        });
        made
    }

    /// Takes the other side's description, which must not look as if somebody lied. Says whether the connection began with it.
    fn take(&mut self, slot: Slot, description: CallDescription, attempt: AttemptId) -> bool {
        self.make(slot);
        let Some(peer) = &mut self.kit(slot).peer else {
            unreachable!("it was made just now");
        };
        let ends = peer.ends(attempt);
        assert_eq!(
            ends.forged(&description),
            None,
            "{description:?} for {ends:?}"
        );
        peer.settled |= description.kind == DescriptionKind::Answer;
        peer.remote = Some(description);
        ends.begins
    }

    pub(crate) fn frame(&mut self, frame: Frame, out: &mut Vec<Sent>) {
        self.knows_a_call |= match &frame {
            Frame::Welcome(calls, _) => !calls.is_empty(),
            Frame::Call(..) | Frame::Done(_, Some(_)) => true,
            Frame::Description(..) | Frame::Done(_, None) | Frame::Refused(..) => false,
        };
        let input = match frame {
            Frame::Welcome(calls, then) => {
                self.online = true;
                let again = self.pending.clone();
                self.input(
                    Input::Welcome {
                        calls,
                        now: then,
                        resume: false,
                    },
                    out,
                );
                let now = self.now;
                out.extend(again.into_iter().map(|sent| Sent {
                    age: now.since(sent.wanted_at),
                    ..sent
                }));
                return;
            }
            Frame::Call(call, now) => Input::Call { call, now },
            Frame::Description(call, description) => Input::RemoteDescription { call, description },
            Frame::Done(id, outcome) => {
                let sent = self.answered(id);
                let Some((call, now)) = outcome else { return };
                let input = match sent.body {
                    RequestBody::StartCall { attempt, .. } => {
                        handset::Input::Started { attempt, call, now }
                    }
                    RequestBody::AnswerCall { .. } => handset::Input::Answered { call, now },
                    RequestBody::TakeCall { .. } => handset::Input::Taken { call, now },
                    _ => return,
                };
                let slot = sent.slot;
                Input::Handset { slot, input }
            }
            Frame::Refused(id, refusal) => {
                let sent = self.answered(id);
                let request = match sent.body {
                    RequestBody::StartCall { attempt, .. } => Refused::Start { attempt },
                    RequestBody::AnswerCall { call, .. } => Refused::Answer { call },
                    RequestBody::TakeCall { call, .. } => Refused::Take { call },
                    _ => return,
                };
                let input = handset::Input::Refused {
                    request,
                    code: refusal.code(),
                    message: refusal.message().to_owned(),
                };
                let slot = sent.slot;
                Input::Handset { slot, input }
            }
        };
        self.input(input, out);
    }

    fn answered(&mut self, id: u32) -> Sent {
        let i = self.pending.iter().position(|sent| sent.id == id);
        self.pending.remove(i.unwrap())
    }
}

/// Two devices each.
pub(crate) fn person(device: usize) -> usize {
    device / 2
}
