//! A device's driver: it carries out what its phone asks for, with a microphone and peer connections that take
//! their time, keeps requests until they are answered, and sends them again.

use call::handset::{self, Effect as Do, MicrophoneFault, Refused, Timeouts};
use call::phone::{Effect, Input, Phone, Slot};
use call::switchboard::Party;
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, DeviceId, Timestamp};
use uuid::Uuid;

use super::media::{End, Operation, Peer};
use super::network::Frame;
use super::{What, World};

use super::names::NAMES;
use crate::values::user;

#[allow(
    clippy::struct_excessive_bools,
    reason = "each is true or not by itself"
)]
pub(super) struct Page {
    pub(super) person: usize,
    pub(super) me: Party,
    /// Its clock is so far behind the server's.
    pub(super) clock: i64,
    /// How often it was loaded.
    pub(super) life: u32,
    pub(super) phone: Phone,
    tick_at: Option<i64>,
    pub(super) socket: Option<usize>,
    pub(super) greeted: bool,
    /// Whether it was ever greeted since it was loaded.
    began: bool,
    /// Whether it has a network.
    pub(super) online: bool,
    /// Its session was ended; it learns of that when it connects.
    pub(super) signed_out: bool,
    requests: u32,
    pending: Vec<Pending>,
    pub(super) microphone_broken: bool,
    pub(super) kits: [Kit; 2],
}

/// A request without an answer.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) slot: Slot,
    pub(super) wanted_at: i64,
    pub(super) body: RequestBody,
}

/// What one handset has of the device.
#[derive(Default)]
pub(super) struct Kit {
    pub(super) microphone: Option<Microphone>,
    pub(super) peer: Option<Peer>,
    /// The call that its peer connection is for, or the dial before there is one.
    call: Option<CallId>,
    attempt: Option<AttemptId>,
}

pub(super) struct Microphone {
    pub(super) number: u64,
    pub(super) open: bool,
    pub(super) muted: bool,
}

impl Page {
    pub(super) fn new(person: usize, device: u32, clock: i64) -> Self {
        let me = user(person);
        Self {
            person,
            me: Party {
                user: me,
                device: DeviceId(Uuid::from_u128(me.0.as_u128() * 16 + u128::from(device))),
                device_name: format!("{} {device}", NAMES[person]).parse().unwrap(),
            },
            clock,
            life: 0,
            phone: Phone::new(me, Timeouts::default()),
            tick_at: None,
            socket: None,
            greeted: false,
            began: false,
            online: true,
            signed_out: false,
            requests: 0,
            pending: Vec::new(),
            microphone_broken: false,
            kits: Default::default(),
        }
    }

    pub(super) fn kit(&mut self, slot: Slot) -> &mut Kit {
        &mut self.kits[slot as usize]
    }

    /// The open microphone of a call: whether its track is silent.
    pub(super) fn is_track_silent(&self, call: CallId) -> Option<bool> {
        let kit = self.kits.iter().find(|kit| kit.call == Some(call))?;
        let microphone = kit.microphone.as_ref().filter(|it| it.open)?;
        Some(microphone.muted)
    }

    pub(super) fn microphones(&self) -> usize {
        self.kits
            .iter()
            .filter(|kit| kit.microphone.is_some())
            .count()
    }

    pub(super) fn unanswered(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn peers(&self) -> usize {
        self.kits.iter().filter(|kit| kit.peer.is_some()).count()
    }
}

impl World {
    pub(super) fn name(&self, page: usize) -> &str {
        self.pages[page].me.device_name.as_str()
    }

    pub(super) fn input(&mut self, page: usize, input: Input) {
        if !matches!(
            input,
            Input::Handset {
                input: handset::Input::Candidate { .. } | handset::Input::Heard,
                ..
            }
        ) {
            self.tell(|world| format!("{} ← {input:?}", world.name(page)));
        }
        let it = &mut self.pages[page];
        let now = Timestamp(self.now - it.clock);
        let before = self.story.is_some().then(|| it.phone.view());
        let effects = it.phone.handle(now, input);
        for effect in effects {
            self.tell(|world| format!("    {} does {effect:?}", world.name(page)));
            match effect {
                Effect::Handset { slot, effect } => self.perform(page, slot, effect),
                Effect::Play { .. } => {}
            }
        }
        if before.is_some_and(|before| before != self.pages[page].phone.view()) {
            self.tell(|world| {
                format!(
                    "    {} shows {:?}",
                    world.name(page),
                    world.pages[page].phone.view()
                )
            });
        }
        self.check_page(page);
        self.wake(page);
    }

    /// Makes the page's clock strike when its phone wants it to.
    fn wake(&mut self, page: usize) {
        let it = &mut self.pages[page];
        let at = it
            .phone
            .poll_timeout()
            .map(|at| (at.0 + it.clock).max(self.now));
        if at != it.tick_at {
            it.tick_at = at;
            let life = it.life;
            if let Some(at) = at {
                self.at(at, What::PageTick { page, life });
            }
        }
    }

    pub(super) fn page_tick(&mut self, page: usize, life: u32) {
        let it = &mut self.pages[page];
        if it.life == life && it.tick_at == Some(self.now) {
            it.tick_at = None;
            self.input(page, Input::Tick);
        }
    }

    /// The page is loaded anew: nothing of what it knew is left.
    pub(super) fn start_anew(&mut self, page: usize) {
        self.tell(|world| format!("{} is loaded anew", world.name(page)));
        for slot in [Slot::A, Slot::B] {
            self.close_peer(page, slot);
        }
        let it = &mut self.pages[page];
        it.life += 1;
        it.phone = Phone::new(it.me.user, Timeouts::default());
        it.tick_at = None;
        it.socket = None;
        it.greeted = false;
        it.began = false;
        it.signed_out = false;
        it.pending.clear();
        it.kits = Default::default();
        let pause = self.chance.upto(2_000);
        self.connect(page, pause);
    }

    fn perform(&mut self, page: usize, slot: Slot, effect: Do) {
        match effect {
            Do::OpenMicrophone => self.open_microphone(page, slot),
            Do::CloseMicrophone => self.pages[page].kit(slot).microphone = None,
            Do::SetMuted { muted } => {
                if let Some(microphone) = &mut self.pages[page].kit(slot).microphone {
                    microphone.muted = muted;
                }
            }
            Do::MakeOffer { epoch, attempt, .. } => {
                self.ask_peer(page, slot, Operation::Offer { epoch, attempt });
            }
            Do::MakeAnswer {
                description: offer,
                attempt,
                ..
            } => self.ask_peer(page, slot, Operation::Answer { offer, attempt }),
            Do::UseAnswer { description } => {
                assert!(
                    self.pages[page].kit(slot).peer.is_some(),
                    "an answer without a peer"
                );
                self.ask_peer(
                    page,
                    slot,
                    Operation::Use {
                        answer: description,
                    },
                );
            }
            Do::AddCandidates { .. } => {
                assert!(
                    self.pages[page].kit(slot).peer.is_some(),
                    "candidates without a peer"
                );
                self.ask_peer(page, slot, Operation::Candidates);
            }
            Do::AttachMicrophone => {
                let kit = self.pages[page].kit(slot);
                let open = kit.microphone.as_ref().is_some_and(|it| it.open);
                assert!(
                    open && kit.peer.is_some(),
                    "nothing to attach, or nothing to attach it to"
                );
            }
            Do::KeepKey { .. } | Do::SetSpeaker { .. } | Do::Play { .. } => {}
            Do::ClosePeer => {
                let kit = self.pages[page].kit(slot);
                (kit.call, kit.attempt) = (None, None);
                self.close_peer(page, slot);
            }
            Do::SendControl { message } => self.send_control(page, slot, message),
            Do::Send { request } => self.send(page, slot, request),
        }
    }

    fn open_microphone(&mut self, page: usize, slot: Slot) {
        let number = self.number();
        let kit = self.pages[page].kit(slot);
        assert!(kit.microphone.is_none(), "two microphones of one handset");
        kit.microphone = Some(Microphone {
            number,
            open: false,
            muted: false,
        });
        // Some people are asked first.
        let longest = if self.chance.one_in(8) { 8_000 } else { 200 };
        let after = self.chance.upto(longest);
        let microphone = number;
        self.later(
            after,
            What::MicrophoneSettles {
                page,
                slot,
                microphone,
            },
        );
    }

    pub(super) fn microphone_settles(&mut self, page: usize, slot: Slot, number: u64) {
        let broken = self.pages[page].microphone_broken;
        let kit = self.pages[page].kit(slot);
        let Some(microphone) = kit.microphone.as_mut().filter(|it| it.number == number) else {
            return;
        };
        let input = if broken {
            kit.microphone = None;
            let fault = MicrophoneFault::Busy;
            handset::Input::MicrophoneFailed { fault }
        } else {
            microphone.open = true;
            handset::Input::MicrophoneOpened
        };
        self.handset_input(page, slot, input);
    }

    pub(super) fn handset_input(&mut self, page: usize, slot: Slot, input: handset::Input) {
        self.input(page, Input::Handset { slot, input });
    }

    pub(super) fn event(&mut self, end: End, input: handset::Input) {
        self.handset_input(end.page, end.slot, input);
    }

    fn send(&mut self, page: usize, slot: Slot, body: RequestBody) {
        let kit = self.pages[page].kit(slot);
        match &body {
            RequestBody::RingCall { call } | RequestBody::TakeCall { call, .. } => {
                kit.call = Some(*call);
            }
            RequestBody::StartCall { attempt, .. } => kit.attempt = Some(*attempt),
            _ => {}
        }
        let it = &mut self.pages[page];
        let pending = Pending {
            id: it.requests,
            slot,
            wanted_at: self.now,
            body,
        };
        it.requests += 1;
        it.pending.push(pending.clone());
        if it.greeted {
            self.send_up(page, pending);
        }
    }

    fn answered(&mut self, page: usize, id: u32) -> Option<Pending> {
        let pending = &mut self.pages[page].pending;
        let i = pending.iter().position(|other| other.id == id)?;
        Some(pending.remove(i))
    }

    pub(super) fn frame(&mut self, page: usize, frame: Frame) {
        let input = match frame {
            Frame::Welcome(calls, now) => {
                let it = &mut self.pages[page];
                it.greeted = true;
                let pending = it.pending.clone();
                // Only a page that was loaded just now goes on with calls that it does not know.
                let resume = !std::mem::replace(&mut it.began, true);
                self.input(page, Input::Welcome { calls, now, resume });
                for again in pending {
                    self.send_up(page, again);
                }
                return;
            }
            Frame::Call(call, now) => Input::Call { call, now },
            Frame::Description(call, description) => Input::RemoteDescription { call, description },
            Frame::Candidates(call, epoch, candidates) => Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            },
            Frame::Done(id, outcome) => {
                let Some((Pending { slot, body, .. }, (call, now))) =
                    self.answered(page, id).zip(outcome)
                else {
                    return;
                };
                let input = match body {
                    RequestBody::StartCall { attempt, .. } => {
                        let kit = self.pages[page].kit(slot);
                        if kit.attempt == Some(attempt) {
                            kit.call = Some(call.call.id);
                        }
                        handset::Input::Started { attempt, call, now }
                    }
                    RequestBody::AnswerCall { .. } => handset::Input::Answered { call, now },
                    RequestBody::TakeCall { .. } => handset::Input::Taken { call, now },
                    _ => return,
                };
                Input::Handset { slot, input }
            }
            Frame::Refused(id, refusal) => {
                let Some(Pending { slot, body, .. }) = self.answered(page, id) else {
                    return;
                };
                let request = match body {
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
                Input::Handset { slot, input }
            }
        };
        self.input(page, input);
    }
}
