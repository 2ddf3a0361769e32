//! The clients' drivers: carry out what the handsets ask for, with a microphone and a peer that take their time.

use call::handset::{Effect as Do, Input, MicrophoneFault, Refused};
use protocol::Timestamp;
use protocol::description::DescriptionKind;
use protocol::socket::RequestBody;

use super::values::{candidate, description};
use super::{Frame, World};

impl World {
    pub(super) fn frame(&mut self, tab: usize, frame: Frame) {
        let input = match frame {
            Frame::Welcome(calls, now) => {
                self.tabs[tab].greeted = true;
                let pending = self.tabs[tab].pending.clone();
                self.input(tab, Input::Welcome { calls, now });
                for (id, body) in pending {
                    self.push_to_server(tab, id, body);
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
            Frame::Done(id, outcome) => match (self.answered(tab, id), outcome) {
                (Some(RequestBody::StartCall { attempt, .. }), Some((call, now))) => {
                    Input::Started { attempt, call, now }
                }
                (Some(RequestBody::AnswerCall { .. }), Some((call, now))) => {
                    Input::Answered { call, now }
                }
                _ => return,
            },
            Frame::Refused(id, refusal) => {
                let request = match self.answered(tab, id) {
                    Some(RequestBody::StartCall { attempt, .. }) => Refused::Start { attempt },
                    Some(RequestBody::AnswerCall { call, .. }) => Refused::Answer { call },
                    _ => return,
                };
                Input::Refused {
                    request,
                    code: refusal.code(),
                    message: refusal.message().to_owned(),
                }
            }
        };
        self.input(tab, input);
    }

    pub(super) fn answered(&mut self, tab: usize, id: u32) -> Option<RequestBody> {
        let pending = &mut self.tabs[tab].pending;
        let i = pending.iter().position(|(other, _)| *other == id)?;
        Some(pending.remove(i).1)
    }

    pub(super) fn input(&mut self, tab: usize, input: Input) {
        let now = Timestamp(self.now - self.tabs[tab].clock);
        let effects = self.tabs[tab].handset.handle(now, input);
        for effect in effects {
            self.perform(tab, effect);
        }
        self.assert_tab_is_sound(tab);
    }

    pub(super) fn perform(&mut self, tab: usize, effect: Do) {
        let number = self.next();
        match effect {
            Do::OpenMicrophone => {
                self.tabs[tab].microphone = Some(number);
                let input = if self.tabs[tab].microphone_broken {
                    Input::MicrophoneFailed {
                        fault: MicrophoneFault::Busy,
                    }
                } else {
                    Input::MicrophoneOpened
                };
                self.soon(tab, number, input);
            }
            Do::CloseMicrophone => self.tabs[tab].microphone = None,
            Do::MakeOffer { epoch, .. } => self.describe(tab, epoch, DescriptionKind::Offer),
            Do::MakeAnswer { description } => {
                self.describe(tab, description.epoch, DescriptionKind::Answer);
            }
            Do::AddCandidates { .. } => {
                let peer = self.tabs[tab].peer.unwrap();
                self.soon(tab, peer, Input::PeerConnected);
            }
            Do::AttachMicrophone => {
                assert!(self.tabs[tab].peer.is_some() && self.tabs[tab].microphone.is_some());
            }
            Do::UseAnswer { .. } => assert!(self.tabs[tab].peer.is_some()),
            Do::ClosePeer => self.tabs[tab].peer = None,
            Do::Send { request } => {
                let id = self.tabs[tab].requests;
                self.tabs[tab].requests += 1;
                self.tabs[tab].pending.push((id, request.clone()));
                if self.tabs[tab].greeted {
                    self.push_to_server(tab, id, request);
                }
            }
            Do::SetMuted { .. } | Do::SetSpeaker { .. } | Do::Play { .. } => {}
        }
    }

    pub(super) fn describe(&mut self, tab: usize, epoch: u16, kind: DescriptionKind) {
        let number = self.next();
        let peer = *self.tabs[tab].peer.get_or_insert(number);
        let description = description(kind, epoch, number);
        let at = self.soon(tab, peer, Input::Described { description });
        for port in [50_000, 50_001] {
            let candidate = candidate(port);
            let input = Input::Candidate { candidate };
            self.tabs[tab].soon.push((at, peer, input));
        }
    }

    pub(super) fn soon(&mut self, tab: usize, of: u64, input: Input) -> i64 {
        let at = self.now + self.delay();
        self.tabs[tab].soon.push((at, of, input));
        at
    }

    pub(super) fn push_to_server(&mut self, tab: usize, id: u32, body: RequestBody) {
        let at = self.now + self.delay();
        let link = &mut self.tabs[tab].to_server;
        let at = link.back().map_or(at, |(last, ..)| at.max(*last));
        link.push_back((at, id, body));
    }
}
