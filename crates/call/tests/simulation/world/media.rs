//! Peer connections and the paths between them. Two ends find each other when each has the other's description and
//! candidates; what a browser would refuse is refused here.

use call::handset::Input;
use protocol::AttemptId;
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, DescriptionKind};

use call::phone::Slot;

use super::names::candidate;
use super::{What, World};
use crate::values::{Ends, certificate, description};

/// ICE gives up on a path that it does not find, or that does not come back, after so long at least and at most.
const GIVES_UP: (i64, i64) = (10_000, 20_000);
/// A path that broke is noticed after so long at most.
const NOTICED_AFTER: i64 = 7_000;
/// More seldom than in a browser, and often enough: a path is looked for anew after eight seconds.
const HEARD_EVERY: i64 = 2_000;
/// What the control channel carries is sent again so often.
const CONTROL_AGAIN: i64 = 500;

/// One end of a path: a peer connection of a handset of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) page: usize,
    pub(super) slot: Slot,
    number: u64,
}

pub(super) struct Peer {
    /// It stands for the certificate as well.
    number: u64,
    /// The call, as descriptions name it.
    attempt: Option<AttemptId>,
    local: Option<CallDescription>,
    remote: Option<CallDescription>,
    /// Whether it has candidates of `remote`.
    candidates: bool,
    pub(super) path: Path,
    /// The other end, once a path was found.
    pub(super) link: Option<End>,
    control: bool,
    /// What it says arrives in the order in which it is said.
    control_at: i64,
    /// Whether its `Hears` are under way.
    hears: bool,
    /// Operations are carried out one after the other.
    busy_until: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    Sought,
    Up,
    Silent,
    Failed,
}

pub(super) enum Operation {
    Offer {
        epoch: u16,
        attempt: AttemptId,
    },
    Answer {
        offer: CallDescription,
        attempt: AttemptId,
    },
    Use {
        answer: CallDescription,
    },
    Candidates,
}

impl World {
    pub(super) fn peer(&mut self, end: End) -> Option<&mut Peer> {
        let peer = self.pages[end.page].kit(end.slot).peer.as_mut();
        peer.filter(|peer| peer.number == end.number)
    }

    pub(super) fn end_of(&self, page: usize, slot: Slot) -> Option<End> {
        let number = self.pages[page].kits[slot as usize].peer.as_ref()?.number;
        Some(End { page, slot, number })
    }

    /// Every peer connection that there is.
    pub(super) fn ends(&self) -> Vec<End> {
        let slots = |page| [Slot::A, Slot::B].map(|slot| (page, slot));
        let all = (0..self.pages.len()).flat_map(slots);
        all.filter_map(|(page, slot)| self.end_of(page, slot))
            .collect()
    }

    pub(super) fn ask_peer(&mut self, page: usize, slot: Slot, operation: Operation) {
        let number = self.number();
        let takes = self.chance.upto(100);
        let now = self.now;
        let peer = self.pages[page]
            .kit(slot)
            .peer
            .get_or_insert_with(|| Peer::new(number));
        peer.busy_until = now.max(peer.busy_until) + takes;
        let at = peer.busy_until;
        let number = peer.number;
        let end = End { page, slot, number };
        self.at(at, What::Done { end, operation });
    }

    pub(super) fn peer_did(&mut self, end: End, operation: Operation) {
        let ufrag = self.number();
        let Some(peer) = self.peer(end) else {
            return;
        };
        let described = match operation {
            Operation::Offer { epoch, attempt } => {
                peer.attempt = Some(attempt);
                let ends = peer.ends();
                Some(description(DescriptionKind::Offer, epoch, ufrag, &ends))
            }
            Operation::Answer { offer, attempt } => {
                peer.attempt = Some(attempt);
                let begins = peer.remote.is_none();
                if !peer.take(&offer) {
                    return self.event(end, Input::PeerForged { may_be_late: true });
                }
                let ends = Ends {
                    begins,
                    ..peer.ends()
                };
                Some(description(
                    DescriptionKind::Answer,
                    offer.epoch,
                    ufrag,
                    &ends,
                ))
            }
            Operation::Use { answer } => {
                if !peer.take(&answer) {
                    return self.event(end, Input::PeerForged { may_be_late: true });
                }
                None
            }
            Operation::Candidates => {
                peer.candidates = true;
                None
            }
        };
        if let Some(description) = described {
            peer.local = Some(description.clone());
            if peer.path == Path::Failed {
                peer.path = Path::Sought;
            }
            self.event(end, Input::Described { description });
            for port in [50_000, 50_001] {
                let candidate = candidate(port);
                if self.peer(end).is_some() {
                    self.event(end, Input::Candidate { candidate });
                }
            }
        }
        self.seek_path(end);
    }

    /// Once both ends know each other they find a path, if there is one.
    fn seek_path(&mut self, end: End) {
        let Some(local) = self
            .peer(end)
            .filter(|peer| peer.candidates)
            .and_then(|peer| peer.local.clone())
        else {
            return;
        };
        let gives_up = self.chance.between(GIVES_UP.0, GIVES_UP.1);
        let ufrag = local.ufrag.as_str().to_owned();
        self.later(gives_up, What::Fails { end, ufrag });
        let others: Vec<End> = self.ends();
        if let Some(other) = others
            .into_iter()
            .find(|&other| self.know_each_other(end, other))
        {
            self.find_path(end, other);
            self.find_path(other, end);
        }
    }

    fn find_path(&mut self, end: End, other: End) {
        let after = self.chance.upto(500);
        self.later(after, What::PathFound { end, other });
    }

    fn know_each_other(&mut self, a: End, b: End) -> bool {
        let mut known = |end| {
            let peer: &Peer = self.peer(end)?;
            let ready = peer.candidates && peer.path != Path::Failed;
            let pair = peer.local.as_ref().zip(peer.remote.as_ref())?;
            ready.then(|| (pair.0.clone(), pair.1.clone()))
        };
        a != b
            && known(a)
                .zip(known(b))
                .is_some_and(|(a, b)| a.0 == b.1 && a.1 == b.0)
    }

    fn linked(&mut self, a: End, b: End) -> bool {
        let mut has = |end, other| {
            self.peer(end)
                .is_some_and(|peer| peer.link == Some(other) && peer.path != Path::Failed)
        };
        has(a, b) && has(b, a)
    }

    fn is_broken(&self, a: End, b: End) -> bool {
        self.broken_paths
            .contains(&(a.page.min(b.page), a.page.max(b.page)))
    }

    pub(super) fn path_found(&mut self, end: End, other: End) {
        let found = self.know_each_other(end, other) || self.linked(end, other);
        if !found || self.is_broken(end, other) {
            return;
        }
        let Some(peer) = self.peer(end) else { return };
        peer.link = Some(other);
        if std::mem::replace(&mut peer.path, Path::Up) == Path::Up {
            return;
        }
        let opens = !std::mem::replace(&mut peer.control, true);
        if !std::mem::replace(&mut peer.hears, true) {
            self.later(HEARD_EVERY, What::Hears { end });
        }
        self.event(end, Input::PeerConnected);
        if opens && self.peer(end).is_some() {
            self.event(end, Input::ControlOpened);
        }
    }

    /// Packets of the other side's sound arrive, or do not.
    pub(super) fn hears(&mut self, end: End) {
        let Some(peer) = self.peer(end) else { return };
        let path = peer.path;
        let other = peer.link;
        self.later(HEARD_EVERY, What::Hears { end });
        if let Some(other) = other
            && path == Path::Up
            && !self.is_broken(end, other)
            && self.sends_sound(other)
        {
            self.event(end, Input::Heard);
        }
    }

    fn sends_sound(&mut self, end: End) -> bool {
        let path = self.peer(end).map(|peer| peer.path);
        let microphone = &self.pages[end.page].kits[end.slot as usize].microphone;
        let sounds = microphone.as_ref().is_some_and(|it| it.open && !it.muted);
        sounds && matches!(path, Some(Path::Up | Path::Silent))
    }

    pub(super) fn falls_silent(&mut self, end: End) {
        let Some(other) = self.peer(end).and_then(|peer| peer.link) else {
            return;
        };
        if self.linked(end, other) && !self.is_broken(end, other) {
            return;
        }
        let gives_up = self.chance.between(GIVES_UP.0, GIVES_UP.1);
        let Some(peer) = self.peer(end).filter(|peer| peer.path == Path::Up) else {
            return;
        };
        peer.path = Path::Silent;
        let ufrag = peer.local.as_ref().unwrap().ufrag.as_str().to_owned();
        self.later(gives_up, What::Fails { end, ufrag });
        self.event(end, Input::PeerDisconnected);
    }

    pub(super) fn path_fails(&mut self, end: End, ufrag: &str) {
        let Some(peer) = self.peer(end) else { return };
        let same = peer
            .local
            .as_ref()
            .is_some_and(|local| local.ufrag.as_str() == ufrag);
        if same && matches!(peer.path, Path::Sought | Path::Silent) {
            peer.path = Path::Failed;
            self.event(end, Input::PeerFailed);
        }
    }

    pub(super) fn break_path(&mut self, a: usize, b: usize) {
        self.broken_paths.insert((a.min(b), a.max(b)));
        for end in self.ends() {
            let other = self.peer(end).and_then(|peer| peer.link);
            if other.is_some_and(|other| self.is_broken(end, other)) {
                let after = self.chance.upto(NOTICED_AFTER);
                self.later(after, What::Silence { end });
            }
        }
    }

    pub(super) fn break_paths_of(&mut self, page: usize) {
        for other in 0..self.pages.len() {
            if other != page {
                self.break_path(page, other);
            }
        }
    }

    pub(super) fn mend_paths_of(&mut self, page: usize) {
        self.broken_paths.retain(|&(a, b)| a != page && b != page);
        for end in self.ends() {
            if let Some(other) = self.peer(end).and_then(|peer| peer.link) {
                self.find_path(end, other);
            } else {
                self.seek_path(end);
            }
        }
    }

    pub(super) fn close_peer(&mut self, page: usize, slot: Slot) {
        let peer = self.pages[page].kit(slot).peer.take();
        if let Some(end) = peer.and_then(|peer| peer.link) {
            let after = self.chance.upto(NOTICED_AFTER);
            self.later(after, What::Silence { end });
        }
    }

    pub(super) fn send_control(&mut self, page: usize, slot: Slot, message: ControlMessage) {
        let Some(end) = self.end_of(page, slot) else {
            return;
        };
        let takes = self.chance.upto(300);
        let now = self.now;
        let open = self.peer(end).filter(|peer| peer.control);
        if let Some(peer) = open
            && let Some(to) = peer.link
        {
            peer.control_at = peer.control_at.max(now + takes);
            let at = peer.control_at;
            self.at(
                at,
                What::Control {
                    to,
                    from: end,
                    message,
                },
            );
        }
    }

    /// The channel is as reliable as the path: what it carries waits while that is broken, and is lost with the
    /// connection that it goes to. One that was closed after it had said something has said it all the same.
    pub(super) fn control_arrives(&mut self, to: End, from: End, message: ControlMessage) {
        let broken = self.is_broken(to, from);
        let is_there = self.peer(from).is_some();
        let Some(peer) = self.peer(to) else { return };
        if broken && !is_there {
            self.tally.count("control message lost");
        } else if broken || !peer.control {
            self.later(CONTROL_AGAIN, What::Control { to, from, message });
        } else {
            self.event(to, Input::Control { message });
        }
    }
}

impl Peer {
    fn new(number: u64) -> Self {
        Self {
            number,
            attempt: None,
            local: None,
            remote: None,
            candidates: false,
            path: Path::Sought,
            link: None,
            control: false,
            control_at: 0,
            hears: false,
            busy_until: 0,
        }
    }

    fn ends(&self) -> Ends {
        let other = self.remote.as_ref().map(certificate);
        Ends {
            attempt: self.attempt.unwrap(),
            own: self.number,
            other,
            begins: other.is_none(),
        }
    }

    /// Takes the other side's description, if it is one for this connection.
    fn take(&mut self, description: &CallDescription) -> bool {
        let takes = self.ends().forged(description).is_none();
        if takes {
            self.remote = Some(description.clone());
            self.candidates = false;
        }
        takes
    }
}
