//! What a handset makes of the snapshot after a reconnect.

use protocol::Timestamp;
use protocol::call::{CallSound, CallView};
use protocol::socket::RequestBody;

use super::outcome::give_up;
use super::state::{Answer, Stage, State, Told};
use super::{Effect, Ended, Handset, Path};

impl Handset {
    /// The snapshot: what it does not have is over, and what may be lost is sent again.
    pub(super) fn welcome(
        &mut self,
        now: Timestamp,
        calls: Vec<CallView>,
        server_now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.online = true;
        if let State::Outgoing(outgoing) = &mut self.state
            && let Stage::Starting { sent: false, .. } = outgoing.stage
        {
            outgoing.send_start(effects);
        }
        let own = self.state.call().filter(|_| !self.state.is_free());
        let mut there = false;
        let mut shown = CallSound::default();
        for view in calls {
            self.hang_up_again(now, &view, effects);
            if Some(view.call.id) == own {
                there = true;
                shown = view.call.sound(view.role);
            }
            let told = Told {
                view,
                server_now,
                now,
            };
            self.told(told, effects);
        }
        if own.is_none() || self.state.call() != own || self.state.is_free() {
            return;
        }
        if there {
            self.resend(shown, effects);
        } else {
            self.finish(now, Ended::Meanwhile);
        }
    }

    /// The server has not heard of the end of a call that this device had: it is told once more.
    fn hang_up_again(&self, now: Timestamp, view: &CallView, effects: &mut Vec<Effect>) {
        let call = view.call.id;
        let gone = self
            .over
            .iter()
            .find(|gone| gone.call == call && gone.ended);
        if let Some(gone) = gone {
            effects.extend(give_up(view, gone.heard_at.map(|at| now.since(at))));
        }
    }

    /// A server that restarted has forgotten descriptions, candidates, what devices do with their sound and which ones ring.
    fn resend(&mut self, shown: CallSound, effects: &mut Vec<Effect>) {
        let Some(call) = self.state.call() else {
            return;
        };
        let control = self.can_control();
        let line = match &mut self.state {
            State::Idle | State::Taking(_) | State::Ended(_) => return,
            State::Ringing(ringing) => {
                if ringing.answer != Answer::Sent {
                    let request = RequestBody::RingCall { call };
                    effects.push(Effect::Send { request });
                }
                return;
            }
            State::Outgoing(outgoing) => &mut outgoing.line,
            State::Talking(talking) => {
                if talking.sound.must_be_told(shown) {
                    talking.sound.tell(call, control, effects);
                }
                if talking.path == Path::Connected {
                    return;
                }
                &mut talking.line
            }
        };
        if let Some(description) = line.own().cloned() {
            let request = RequestBody::DescribeCall { call, description };
            effects.push(Effect::Send { request });
            line.resend_candidates();
        }
    }
}
