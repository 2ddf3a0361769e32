//! How a handset's call comes to its end, and what the person hears of it.

use protocol::call::{CallReport, EndReason, FailCause};
use protocol::socket::RequestBody;
use protocol::{Milliseconds, Timestamp, UserId};

use super::state::{Answer, Over, Stage, State};
use super::{Effect, Ended, Gone, Handset, OVER_MAX, Tone};

/// A warning stays on screen so long, unless it is dismissed.
const WARNING_SHOWN: Milliseconds = Milliseconds::from_seconds(60);

impl Handset {
    pub(super) fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.state.deadline().is_none_or(|at| at > now) {
            return;
        }
        let timeout = EndReason::Failed {
            cause: FailCause::Timeout,
        };
        let (request, why) = match &mut self.state {
            State::Idle => return,
            State::Ended(_) => return self.dismiss(),
            State::Outgoing(outgoing) => match outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering => return,
                Stage::Starting { .. } => (None, Ended::Offline),
                Stage::Calling { call, .. } => {
                    let end = EndReason::NoAnswer;
                    (Some(RequestBody::CancelCall { call }), Ended::Call { end })
                }
            },
            State::Ringing(ringing) if ringing.answer == Answer::Sent => {
                let why = Ended::Call { end: timeout };
                (Some(ringing.hang_up()), why)
            }
            State::Ringing(_) => {
                let end = EndReason::NoAnswer;
                (None, Ended::Call { end })
            }
            State::Talking(talking) => match talking.tick(now, &self.timeouts) {
                Some((report, end)) => (Some(talking.report(now, report)), Ended::Call { end }),
                None => return,
            },
            State::Taking(taking) => {
                let (request, end) = taking.give_up();
                (Some(request), Ended::Call { end })
            }
        };
        effects.extend(request.map(|request| Effect::Send { request }));
        self.finish(now, why);
    }

    /// Shows the call as over. Settling closes what it held.
    pub(super) fn finish(&mut self, now: Timestamp, why: Ended) {
        let call = self.state.call();
        let (conversation, outgoing, talked) = match &self.state {
            State::Idle | State::Ended(_) => return,
            State::Outgoing(outgoing) => (outgoing.conversation, true, None),
            State::Ringing(ringing) => (ringing.conversation, false, None),
            State::Talking(talking) => {
                let talked = talking.talked(now, &why);
                (talking.conversation, talking.outgoing, talked)
            }
            State::Taking(taking) => {
                let talked = taking.since().map(|since| now.since(since));
                (taking.conversation, taking.outgoing, talked)
            }
        };
        if let Some(gone) = self.gone(&why) {
            self.remember(gone);
        }
        let tone = end_tone(&self.state, &why, self.me);
        let shown = if is_warning(&why) {
            WARNING_SHOWN
        } else {
            self.timeouts.ended_shown
        };
        self.state = State::Ended(Over {
            conversation,
            call,
            outgoing,
            why,
            talked,
            until: now + shown,
            tone,
        });
    }

    pub(super) fn remember(&mut self, gone: Gone) {
        self.over.push_back(gone);
        if self.over.len() > OVER_MAX {
            self.over.pop_front();
        }
    }

    /// What is remembered of the call. One that was not taken over goes on where it is.
    fn gone(&self, why: &Ended) -> Option<Gone> {
        let call = self.state.call()?;
        let (ended, heard_at) = match &self.state {
            State::Idle | State::Outgoing(_) | State::Ringing(_) | State::Ended(_) => (true, None),
            State::Talking(talking) => (true, talking.heard_at),
            State::Taking(_) => (!fails_here(why), None),
        };
        let moved = matches!(why, Ended::AnsweredElsewhere { .. } | Ended::Moved { .. });
        Some(Gone {
            call,
            ended: ended && !moved,
            heard_at,
        })
    }

    /// Ends the call for a cause that this device knows, and tells the server where it must know.
    pub(super) fn fail(&mut self, now: Timestamp, cause: FailCause, effects: &mut Vec<Effect>) {
        self.report_failure(now, cause, effects);
        let end = EndReason::Failed { cause };
        self.finish(now, Ended::Call { end });
    }

    pub(super) fn report_failure(
        &self,
        now: Timestamp,
        cause: FailCause,
        effects: &mut Vec<Effect>,
    ) {
        let report = CallReport::Failed { cause };
        let request = match &self.state {
            // A call that is being taken over goes on where it was.
            State::Idle | State::Taking(_) | State::Ended(_) => return,
            // Other devices ring on, unless somebody may be in between: that is no matter of one device.
            State::Ringing(ringing)
                if ringing.answer != Answer::Sent && cause != FailCause::Identity =>
            {
                return;
            }
            State::Outgoing(_) | State::Ringing(_) => {
                self.state.call().map(|call| RequestBody::ReportCall {
                    call,
                    report,
                    heard_ago: None,
                })
            }
            State::Talking(talking) => Some(talking.report(now, report)),
        };
        effects.extend(request.map(|request| Effect::Send { request }));
    }
}

/// Whether somebody may have been in between. Nobody may overlook that.
fn is_warning(why: &Ended) -> bool {
    let cause = FailCause::Identity;
    let end = EndReason::Failed { cause };
    *why == Ended::Call { end }
}

/// Whether a call that was not taken over yet goes on nevertheless.
fn fails_here(why: &Ended) -> bool {
    match why {
        Ended::Call { end } => matches!(end, EndReason::Failed { .. }),
        Ended::Meanwhile => false,
        Ended::AnsweredElsewhere { .. }
        | Ended::Moved { .. }
        | Ended::Microphone { .. }
        | Ended::Refused { .. }
        | Ended::Offline => true,
    }
}

/// What is heard at the end. A call that only rang here ends in silence, and so does one that the
/// person ended.
fn end_tone(before: &State, why: &Ended, me: UserId) -> Tone {
    if let State::Ringing(ringing) = before
        && ringing.answer != Answer::Sent
    {
        return Tone::None;
    }
    match why {
        Ended::Call { end } => match *end {
            EndReason::HungUp { by } if by == me => Tone::None,
            EndReason::Cancelled | EndReason::Replaced => Tone::None,
            EndReason::Busy => Tone::Busy,
            EndReason::HungUp { .. }
            | EndReason::Declined
            | EndReason::NoAnswer
            | EndReason::Unreachable
            | EndReason::Failed { .. }
            | EndReason::Lost => Tone::End,
        },
        Ended::AnsweredElsewhere { .. } | Ended::Moved { .. } | Ended::Microphone { .. } => {
            Tone::None
        }
        Ended::Refused { .. } | Ended::Offline | Ended::Meanwhile => Tone::End,
    }
}
