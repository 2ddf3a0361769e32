//! What a step of the script does in the world, to whomever it fits just now.

use call::handset::{HandsetView, Input as Handset};
use call::phone::{Input, Slot};
use call::switchboard;
use protocol::{AttemptId, CallId};

use super::chance::index;
use super::media::Path;
use super::{What, World};
use crate::script::Action;
use crate::values::conversation;

impl World {
    pub(crate) fn act(&mut self, action: Action, pick: u64) {
        self.tell(|_| format!("— {action:?}"));
        match action {
            Action::Dial => {
                self.somebody_dials(pick);
            }
            Action::DialEachOther => self.two_dial_each_other(pick),
            Action::Answer => self.press(pick, rings, |_| Input::Answer),
            Action::HoldAndAnswer => self.press_waiting(pick, &Input::HoldAndAnswer),
            Action::EndAndAnswer => self.press_waiting(pick, &Input::EndAndAnswer),
            Action::Take => self.somebody_takes(pick),
            Action::Reload => self.reload(self.any_page(pick), true),
            Action::CrashPage => self.reload(self.any_page(pick), false),
            Action::Reject => self.press(pick, rings, |view| Input::Reject {
                call: call_of(view).unwrap(),
            }),
            Action::End => self.press(pick, shows_something, |_| Input::End),
            Action::Dismiss => self.press(pick, shows_something, |_| Input::Dismiss),
            Action::Mute => {
                let muted = pick.is_multiple_of(3);
                self.press(pick, shows_something, |_| Input::Mute { muted: !muted });
            }
            Action::Silence => self.press(pick, rings, |_| Input::Silence),
            Action::Hold => self.press(pick, is_active, |_| Input::Hold),
            Action::Resume => self.press(pick, is_on_hold, |view| Input::Resume {
                call: call_of(view).unwrap(),
            }),
            Action::Speaker => {
                let on = pick.is_multiple_of(3);
                self.press(pick, shows_something, |_| Input::Speaker { on });
            }
            Action::BreakMicrophone => {
                let page = self.any_page(pick);
                self.pages[page].microphone_broken = true;
                let fails = Handset::MicrophoneFailed {
                    fault: call::handset::MicrophoneFault::Busy,
                };
                for slot in [Slot::A, Slot::B] {
                    let microphone = &mut self.pages[page].kit(slot).microphone;
                    if microphone.take_if(|microphone| microphone.open).is_some() {
                        self.handset_input(page, slot, fails.clone());
                    }
                }
            }
            Action::MendMicrophone => {
                for page in &mut self.pages {
                    page.microphone_broken = false;
                }
            }
            Action::BreakPath => self.break_some_path(pick),
            Action::MendPath => self.mend_all_paths(),
            Action::ChangeNetwork => self.press(pick, shows_something, |_| Input::NetworkChanged),
            Action::CloseSocket => self.close_socket(self.any_page(pick)),
            Action::KillSocket => {
                if let Some(socket) = self.pages[self.any_page(pick)].socket {
                    self.kill_socket(socket);
                }
            }
            Action::GoOffline => self.go_offline(self.any_page(pick)),
            Action::ComeOnline => self.come_online(self.any_page(pick)),
            Action::EndSession => self.end_session(self.any_page(pick)),
            Action::RestartServer => self.restart_server(),
            Action::CrashServer => self.server.dies_after = Some(index(pick, 4)),
            Action::Nothing => {}
        }
    }

    fn any_page(&self, pick: u64) -> usize {
        index(pick, self.pages.len())
    }

    /// Somebody whose page shows what fits presses something there.
    fn press(
        &mut self,
        pick: u64,
        fits: impl Fn(&HandsetView) -> bool,
        button: impl Fn(&HandsetView) -> Input,
    ) {
        let able: Vec<usize> = (0..self.pages.len())
            .filter(|&page| self.shown(page).iter().any(&fits))
            .collect();
        if able.is_empty() {
            return;
        }
        let page = able[index(pick, able.len())];
        if let Some(view) = self.shown(page).into_iter().find(fits) {
            self.input(page, button(&view));
        }
    }

    /// Somebody presses something of a call that waits behind another.
    fn press_waiting(&mut self, pick: u64, button: &Input) {
        let waits = |page: &usize| self.pages[*page].phone.view().waiting.is_some();
        let able: Vec<usize> = (0..self.pages.len()).filter(waits).collect();
        if !able.is_empty() {
            self.tally.count("answered during a call");
            self.input(able[index(pick, able.len())], button.clone());
        }
    }

    fn somebody_takes(&mut self, pick: u64) {
        let elsewhere = |page: usize| Some((page, self.pages[page].phone.view().elsewhere?.call));
        let able: Vec<(usize, CallId)> = (0..self.pages.len()).filter_map(elsewhere).collect();
        if !able.is_empty() {
            let (page, call) = able[index(pick, able.len())];
            self.input(page, Input::Take { call });
        }
    }

    /// A page goes away and comes back.
    fn reload(&mut self, page: usize, says_so: bool) {
        if says_so {
            self.input(page, Input::Yield);
            self.close_socket(page);
        } else if let Some(socket) = self.pages[page].socket {
            self.kill_socket(socket);
        }
        self.start_anew(page);
    }

    /// The calls that a page shows, the one in the foreground first.
    pub(super) fn shown(&self, page: usize) -> Vec<HandsetView> {
        let view = self.pages[page].phone.view();
        let more = [view.waiting, view.held].into_iter().flatten();
        std::iter::once(view.current).chain(more).collect()
    }

    /// Somebody who has no call calls somebody. Says on which page whom.
    fn somebody_dials(&mut self, pick: u64) -> Option<(usize, usize)> {
        let free = |page: &usize| self.pages[*page].peers() + self.pages[*page].microphones() == 0;
        let pages: Vec<usize> = (0..self.pages.len()).filter(free).collect();
        let page = *pages.get(index(pick, pages.len().max(1)))?;
        let others = self.others_of(self.pages[page].person);
        let callee = others[index(pick >> 16, others.len())];
        self.dial(page, callee);
        Some((page, callee))
    }

    fn two_dial_each_other(&mut self, pick: u64) {
        let Some((page, callee)) = self.somebody_dials(pick) else {
            return;
        };
        let me = self.pages[page].person;
        let theirs = |page: &usize| self.pages[*page].person == callee;
        let pages: Vec<usize> = (0..self.pages.len()).filter(theirs).collect();
        let page = pages[index(pick >> 32, pages.len())];
        let after = self.chance.upto(2_000);
        self.later(after, What::Dials { page, callee: me });
    }

    fn others_of(&self, person: usize) -> Vec<usize> {
        let mut others: Vec<usize> = self.pages.iter().map(|page| page.person).collect();
        others.dedup();
        others.retain(|&other| other != person);
        others
    }

    pub(super) fn dial(&mut self, page: usize, callee: usize) {
        let attempt = AttemptId(self.id());
        let conversation = conversation(self.pages[page].person, callee);
        self.input(
            page,
            Input::Dial {
                attempt,
                conversation,
            },
        );
    }

    fn break_some_path(&mut self, pick: u64) {
        let mut up = self.ends();
        up.retain(|&end| self.peer(end).is_some_and(|peer| peer.path == Path::Up));
        if up.is_empty() {
            return;
        }
        let end = up[index(pick, up.len())];
        if let Some(other) = self.peer(end).and_then(|peer| peer.link) {
            self.break_path(end.page, other.page);
        }
    }

    pub(super) fn mend_all_paths(&mut self) {
        for page in 0..self.pages.len() {
            if self.pages[page].online {
                self.mend_paths_of(page);
            }
        }
    }

    /// The session of a device is ended from elsewhere; the device comes back as good as new.
    fn end_session(&mut self, page: usize) {
        let (user, device) = (self.pages[page].me.user, self.pages[page].me.device);
        let ended = switchboard::Input::SessionEnded { user, device };
        if self.ask_server(ended).is_none() {
            // It died before it had ended anything; whoever asked for it sees an error.
            return;
        }
        self.pages[page].signed_out = true;
        for socket in 0..self.sockets.len() {
            if self.sockets[socket].server && self.sockets[socket].page == page {
                self.close_from_server(socket);
            }
        }
    }

    /// One calls the other, who calls back within two seconds, or answers if it rings by then.
    pub(crate) fn glare(mut self) {
        self.wait(2_000);
        self.dial(0, 1);
        let head_start = self.chance.upto(2_000);
        self.wait(head_start);
        if rings(&self.shown(1)[0]) {
            self.input(1, Input::Answer);
        } else {
            self.dial(1, 0);
        }
        // The person may be asked for the microphone first.
        self.wait(15_000);
        for page in [0, 1] {
            let views = self.shown(page);
            let talks =
                |view: &HandsetView| matches!(view, HandsetView::Active { since: Some(_), .. });
            assert!(
                views.iter().any(talks),
                "{} shows {views:?}",
                self.name(page)
            );
        }
        assert_eq!(self.server.rows.len(), 1, "one call");
        self.come_to_rest();
    }

    /// Everybody ends whatever there is.
    pub(super) fn all_hang_up(&mut self) {
        for page in 0..self.pages.len() {
            if let Some(elsewhere) = self.pages[page].phone.view().elsewhere {
                let call = elsewhere.call;
                self.input(page, Input::Take { call });
            }
            self.input(page, Input::End);
        }
    }
}

pub(super) fn call_of(view: &HandsetView) -> Option<CallId> {
    match view {
        HandsetView::Idle => None,
        HandsetView::Outgoing { call, .. } | HandsetView::Ended { call, .. } => *call,
        HandsetView::Incoming { call, .. } | HandsetView::Active { call, .. } => Some(*call),
    }
}

fn rings(view: &HandsetView) -> bool {
    matches!(
        view,
        HandsetView::Incoming {
            answering: false,
            ..
        }
    )
}

fn shows_something(view: &HandsetView) -> bool {
    *view != HandsetView::Idle
}

fn is_active(view: &HandsetView) -> bool {
    matches!(view, HandsetView::Active { .. })
}

fn is_on_hold(view: &HandsetView) -> bool {
    matches!(view, HandsetView::Active { on_hold: true, .. })
}
