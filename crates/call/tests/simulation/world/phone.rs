//! A phone of one handset, until there is one of two.

use call::handset::{self, Handset, HandsetView, Timeouts};
use call::phone::{Effect, Input, PhoneView, Slot};
use protocol::{Timestamp, UserId};

pub(super) struct Phone(Handset);

impl Phone {
    pub(super) fn new(me: UserId, timeouts: Timeouts) -> Self {
        Self(Handset::new(me, timeouts))
    }

    pub(super) fn view(&self) -> PhoneView {
        PhoneView {
            current: self.0.view(),
            waiting: None,
            held: None,
            elsewhere: None,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.0.poll_timeout()
    }

    pub(super) fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let input = match input {
            Input::Dial {
                attempt,
                conversation,
            } => handset::Input::Dial {
                attempt,
                conversation,
            },
            Input::Answer => handset::Input::Answer,
            Input::Reject { call } => match self.0.view() {
                HandsetView::Incoming { call: rings, .. } if rings == call => {
                    handset::Input::Reject
                }
                _ => return Vec::new(),
            },
            Input::Silence => handset::Input::Silence,
            Input::End => handset::Input::End,
            Input::Mute { muted } => handset::Input::Mute { muted },
            Input::Speaker { on } => handset::Input::Speaker { on },
            Input::Dismiss => handset::Input::Dismiss,
            Input::Handset { input, .. } => input,
            Input::NetworkChanged => handset::Input::NetworkChanged,
            Input::Welcome { calls, now, .. } => handset::Input::Welcome { calls, now },
            Input::Call { call, now } => handset::Input::Call { call, now },
            Input::RemoteDescription { call, description } => {
                handset::Input::RemoteDescription { call, description }
            }
            Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            } => handset::Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            },
            Input::SocketLost => handset::Input::SocketLost,
            Input::Tick => handset::Input::Tick,
            Input::Hold => handset::Input::Hold { on: true },
            Input::Resume { .. } => handset::Input::Hold { on: false },
            Input::EndAndAnswer | Input::HoldAndAnswer | Input::Take { .. } | Input::Yield => {
                return Vec::new();
            }
        };
        let effects = self.0.handle(now, input);
        effects
            .into_iter()
            .map(|effect| Effect::Handset {
                slot: Slot::A,
                effect,
            })
            .collect()
    }
}
