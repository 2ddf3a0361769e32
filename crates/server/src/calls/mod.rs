//! Drives the switchboard: hands it what happens, keeps what it wants kept, tells what it wants told.
//!
//! It decides nothing. The rules kept here: views are taken in the same moment as the change that they
//! show; nothing of a change is told or answered before its record is durable; what is told of one call
//! is told in the order in which it happened ([`lanes`]); what is told of one call never waits for another.
//! Should the disk fail, calls go on without their record, and the log says so; the records are kept when it can.

mod access;
mod lanes;
mod paths;
mod reach;
mod requests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::Patience;
use call::switchboard::{Count, Effect, Handled, Input, Reach, Reply, Row, Switchboard, Timeouts};
use protocol::call::{CallState, CallView};
use protocol::chat::Message;
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, ServerFrame};
use protocol::{CallId, DeviceId, Milliseconds, Timestamp, UserId};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::CallTimers;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::presence::Presences;
use crate::relay::Relay;
use crate::store::messages::Appended;
use crate::store::{self, Connection, Store, StoreError};
use lanes::{Batch, Lanes, Ticket};

pub use access::{access_relay, test_relay};
pub use paths::path_policy;
pub use requests::{request, start};

/// How often the records are tried again that a failing disk did not take.
const KEEP_AGAIN: Milliseconds = Milliseconds::from_seconds(1);
/// So many of them are remembered: some megabytes.
const UNKEPT_MAX: usize = 10_000;

/// All calls of this server. Clones are the same ones.
#[derive(Clone)]
pub struct Calls {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

struct Inner {
    board: Mutex<Board>,
    clock: Clock,
    store: Store,
    hub: Hub,
    presences: Presences,
    relay: Option<Relay>,
    /// The next timeout has changed.
    rescheduled: Notify,
}

struct Board {
    switchboard: Switchboard,
    patience: Patience,
    lanes: Lanes<Delivery>,
    /// The newest record of each call that the disk did not take.
    unkept: HashMap<CallId, Arc<Row>>,
}

/// Something to tell, as it was when the change happened.
enum Delivery {
    Frame {
        user: UserId,
        device: DeviceId,
        frame: Box<ServerFrame>,
    },
    InCall {
        user: UserId,
        in_call: bool,
    },
    Answer {
        to: oneshot::Sender<Result<Outcome, Refusal>>,
        answer: Result<Outcome, Refusal>,
    },
}

/// Who waits for the answer to an input.
struct Waiting {
    user: UserId,
    device: DeviceId,
    /// The call that was asked about; nothing for a start.
    call: Option<CallId>,
    to: oneshot::Sender<Result<Outcome, Refusal>>,
}

/// What one input leads to, call by call.
struct Consequence {
    call: CallId,
    save: Option<Box<Row>>,
    deliveries: Vec<Delivery>,
}

impl Calls {
    /// Takes what it works with. There are no calls yet; see [`Calls::restore`].
    pub fn new(
        clock: Clock,
        store: Store,
        hub: Hub,
        presences: Presences,
        relay: Option<Relay>,
        timers: &CallTimers,
    ) -> Self {
        let timeouts = Timeouts {
            ring: timers.ring_timeout_ms,
            unreachable: timers.unreachable_timeout_ms,
            connect: timers.connect_timeout_ms,
            abandoned: timers.abandoned_after_ms,
        };
        let board = Mutex::new(Board {
            switchboard: Switchboard::new(timeouts),
            patience: Patience::default(),
            lanes: Lanes::default(),
            unkept: HashMap::new(),
        });
        let inner = Arc::new(Inner {
            board,
            clock,
            store,
            hub,
            presences,
            relay,
            rescheduled: Notify::new(),
        });
        Self { inner }
    }

    /// Takes up the calls that were alive when the server stopped. Before any device connects.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let rows = self.inner.store.read(store::calls::alive).await?;
        if rows.is_empty() {
            return Ok(());
        }
        tracing::info!(
            calls = rows.len(),
            "calls of before the stop wait for their devices"
        );
        let people: Vec<_> = rows
            .iter()
            .flat_map(|row| [row.call.caller, row.call.callee])
            .collect();
        self.handle(Input::Restore(rows), None);
        for user in people {
            let in_call = self.inner.lock().switchboard.in_call(user);
            self.inner.presences.set_in_call(user, in_call);
        }
        Ok(())
    }

    /// Ends calls whose time is up and keeps what could not be kept, until the server stops.
    pub async fn run(self, stopping: CancellationToken) {
        let mut again: Option<Instant> = None;
        loop {
            let (due, all_kept) = {
                let board = self.inner.lock();
                (board.switchboard.poll_timeout(), board.unkept.is_empty())
            };
            let clock = &self.inner.clock;
            let wait = due.map(|at| clock.after(at.since(clock.now())));
            if !all_kept {
                again.get_or_insert_with(|| clock.after(KEEP_AGAIN));
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.inner.rescheduled.notified() => {}
                () = sleep_until(wait) => self.handle(Input::Tick, None),
                () = sleep_until(again) => {
                    again = None;
                    self.inner.keep_again();
                }
            }
        }
    }

    /// The sockets of a device came or went; which of the two is looked up.
    pub fn look_at(&self, user: UserId, device: DeviceId) {
        // Looked up inside the lock, so that the last one to look sees the last change.
        let inner = &self.inner;
        inner.handle_with(None, || {
            if inner.hub.devices(user).contains(&device) {
                Input::DeviceConnected { user, device }
            } else {
                Input::DeviceGone { user, device }
            }
        });
    }

    /// The session of a device was ended: a call that it takes part in ends.
    pub fn session_ended(&self, user: UserId, device: DeviceId) {
        self.handle(Input::SessionEnded { user, device }, None);
    }

    /// Every live call of an account, as one device is shown it.
    pub fn snapshot(&self, user: UserId, device: DeviceId) -> Vec<CallView> {
        self.inner.lock().switchboard.snapshot(user, device)
    }

    /// How many live calls there are.
    pub fn count(&self) -> Count {
        self.inner.lock().switchboard.count()
    }

    fn handle(&self, input: Input, waiting: Option<Waiting>) {
        self.inner.handle_with(waiting, || input);
    }
}

/// Never, where there is nothing to wait for.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle_with(self: &Arc<Self>, waiting: Option<Waiting>, input: impl FnOnce() -> Input) {
        let mut board = self.lock();
        let due = board.switchboard.poll_timeout();
        let now = self.clock.now();
        let input = input();
        if let Some(refusal) = too_soon(&board, now, &input) {
            if let Some(Waiting { to, .. }) = waiting {
                // Whoever asked may be gone.
                drop(to.send(Err(refusal)));
            }
            return;
        }
        let Handled { reply, effects } = board.switchboard.handle(now, input);
        let mut consequences = Vec::new();
        for effect in effects {
            if let Effect::Save(row) = &effect {
                board.patience.saw(now, &row.call);
            }
            self.follow(&board.switchboard, now, effect, &mut consequences);
        }
        if let Some(waiting) = waiting {
            answer(&board.switchboard, now, waiting, reply, &mut consequences);
        }
        if board.switchboard.poll_timeout() != due {
            self.rescheduled.notify_one();
        }
        for consequence in consequences {
            self.carry_out(&mut board, consequence);
        }
    }

    /// Adds what an effect leads to. An effect belongs to the save before it, if that is of the same call.
    fn follow(
        &self,
        switchboard: &Switchboard,
        now: Timestamp,
        effect: Effect,
        consequences: &mut Vec<Consequence>,
    ) {
        match effect {
            Effect::Save(row) => consequences.push(Consequence {
                call: row.call.id,
                save: Some(row),
                deliveries: Vec::new(),
            }),
            Effect::Tell { call, user, device } => {
                let devices = device.map_or_else(|| self.hub.devices(user), |d| [d].into());
                let views = devices.into_iter().filter_map(|device| {
                    let call = switchboard.view_for(call, user, device)?;
                    let frame = Box::new(ServerFrame::Call { call, now });
                    Some(Delivery::Frame {
                        user,
                        device,
                        frame,
                    })
                });
                of_call(consequences, call).extend(views);
            }
            Effect::Description {
                call,
                user,
                device,
                description,
            } => of_call(consequences, call).push(Delivery::Frame {
                user,
                device,
                frame: Box::new(ServerFrame::Description { call, description }),
            }),
            Effect::Candidates {
                call,
                user,
                device,
                epoch,
                candidates,
            } => of_call(consequences, call).push(Delivery::Frame {
                user,
                device,
                frame: Box::new(ServerFrame::Candidates {
                    call,
                    epoch,
                    candidates,
                }),
            }),
            Effect::InCall { user, in_call } => match consequences.last_mut() {
                Some(last) => last.deliveries.push(Delivery::InCall { user, in_call }),
                None => self.presences.set_in_call(user, in_call),
            },
        }
    }

    fn carry_out(self: &Arc<Self>, board: &mut Board, consequence: Consequence) {
        let Consequence {
            call,
            save,
            deliveries,
        } = consequence;
        let kept = save.is_none();
        let ticket = board.lanes.push(call, Batch { kept, deliveries });
        if let Some(row) = save {
            log_transition(&row);
            if let (CallState::Ended { .. }, Some(relay)) = (row.call.state, &self.relay) {
                relay.end_call(call);
            }
            let row = Arc::from(row);
            if let Err(error) = self.keep(&row, Some(ticket)) {
                self.not_kept(board, row, &error);
                board.lanes.kept(ticket);
            }
        }
        self.deliver(board, call);
    }

    /// Hands the record to the store; once it is durable, what waits for it is told.
    fn keep(self: &Arc<Self>, row: &Arc<Row>, ticket: Option<Ticket>) -> Result<(), StoreError> {
        let inner = Arc::clone(self);
        let (saved, row) = (Arc::clone(row), Arc::clone(row));
        self.store.hand_over(
            move |db| save(db, &saved),
            move |kept| {
                let call = row.call.id;
                let both = [row.call.caller, row.call.callee];
                let mut board = inner.lock();
                match kept {
                    Ok(message) => {
                        board.unkept.remove(&call);
                        if let Some(message) = message {
                            inner
                                .hub
                                .send(&both, &ServerFrame::Message { message }, None);
                        }
                    }
                    Err(error) => inner.not_kept(&mut board, row, &error),
                }
                if let Some(ticket) = ticket {
                    board.lanes.kept(ticket);
                    inner.deliver(&mut board, call);
                }
            },
        )
    }

    /// Remembers a record for later, where it may be kept then.
    fn not_kept(&self, board: &mut Board, row: Arc<Row>, error: &StoreError) {
        let call = row.call.id;
        let is_new = !board.unkept.contains_key(&call);
        if is_new {
            log_not_kept(call, error);
        }
        let later = matches!(error, StoreError::Trouble(_) | StoreError::Busy);
        if later && (!is_new || board.unkept.len() < UNKEPT_MAX) {
            board.unkept.insert(call, row);
            self.rescheduled.notify_one();
        }
    }

    /// Tries to keep what could not be kept. A newer record of a call that is on its way stands.
    fn keep_again(self: &Arc<Self>) {
        let rows: Vec<_> = self.lock().unkept.values().cloned().collect();
        for row in rows {
            if self.keep(&row, None).is_err() {
                // The store is busy or closed; what is left stays remembered.
                return;
            }
        }
    }

    /// Tells what may be told of a call by now. Inside the lock, so that it stays in order.
    fn deliver(&self, board: &mut Board, call: CallId) {
        for delivery in board.lanes.ready(call) {
            match delivery {
                Delivery::Frame {
                    user,
                    device,
                    frame,
                } => self.hub.send_to_device(user, device, &frame),
                Delivery::InCall { user, in_call } => self.presences.set_in_call(user, in_call),
                // Whoever asked may be gone.
                Delivery::Answer { to, answer } => drop(to.send(answer)),
            }
        }
    }
}

/// Refuses a call to somebody who has not answered the caller's last ones. One that is sent again is none.
fn too_soon(board: &Board, now: Timestamp, input: &Input) -> Option<Refusal> {
    let Input::Start(start) = input else {
        return None;
    };
    let caller = start.from.user;
    let left = board.patience.left(now, caller, start.callee);
    if left == Milliseconds(0) || board.switchboard.knows(caller, start.attempt) {
        return None;
    }
    let message = format!(
        "Your last calls were not answered. You can call again in {}; a message reaches them at any time.",
        plain_length(left)
    );
    Some(Refusal::new(ErrorCode::RateLimited, message).after(left))
}

/// A length of time as people say it, never shorter than it is.
fn plain_length(length: Milliseconds) -> String {
    let seconds = length.0.div_ceil(1_000);
    match seconds.div_ceil(60) {
        0 | 1 if seconds == 1 => "1 second".to_owned(),
        0 | 1 => format!("{seconds} seconds"),
        minutes => format!("{minutes} minutes"),
    }
}

/// Where to add what is told of a call.
fn of_call(consequences: &mut Vec<Consequence>, call: CallId) -> &mut Vec<Delivery> {
    if consequences.last().is_none_or(|last| last.call != call) {
        consequences.push(Consequence {
            call,
            save: None,
            deliveries: Vec::new(),
        });
    }
    let last = consequences.len() - 1;
    &mut consequences[last].deliveries
}

/// Adds the answer, behind everything that the same input led to.
fn answer(
    switchboard: &Switchboard,
    now: Timestamp,
    waiting: Waiting,
    reply: Result<Reply, call::switchboard::Refusal>,
    consequences: &mut Vec<Consequence>,
) {
    let Waiting {
        user,
        device,
        call,
        to,
    } = waiting;
    let (call, answer) = match reply {
        Ok(Reply::Done) => (call, Ok(Outcome::Done)),
        Ok(Reply::Call(call)) => {
            let view = switchboard.view_for(call, user, device);
            let outcome = view.map(|view| Outcome::Call {
                call: Box::new(view),
                now,
            });
            let none = || Refusal::internal(&"a call was answered with that cannot be shown");
            (Some(call), outcome.ok_or_else(none))
        }
        Err(refusal) => {
            let refusal = Refusal::new(refusal.code(), refusal.message());
            (call, Err(refusal))
        }
    };
    match call {
        Some(call) => of_call(consequences, call).push(Delivery::Answer { to, answer }),
        // A start that was refused: nothing happened that it could overtake.
        None => drop(to.send(answer)),
    }
}

/// Keeps a call and its place in the timeline. The entry is told when it is made and when the call has ended;
/// it is made when the call is, or when a quiet one does not ring any more.
fn save(db: &Connection, row: &Row) -> Result<Option<Message>, StoreError> {
    store::calls::save(db, row)?;
    let call = &row.call;
    // Who is blocked is not told so by an entry that only they would have.
    if row.reach == Reach::Silent {
        return Ok(None);
    }
    let has_ended = match call.state {
        CallState::Ringing { .. } if row.reach == Reach::Quiet => return Ok(None),
        CallState::Ringing { .. } | CallState::Connecting { .. } | CallState::Active { .. } => {
            false
        }
        CallState::Ended { .. } => true,
    };
    let entry =
        store::messages::append_call(db, call.conversation, call.id, call.caller, call.started_at)?;
    Ok(match entry {
        Appended::New(message) => Some(message),
        Appended::Known(message) => has_ended.then_some(message),
    })
}

fn log_transition(row: &Row) {
    let call = &row.call;
    match call.state {
        CallState::Ringing { .. } => tracing::info!(call.id = %call.id, "call rings"),
        CallState::Connecting { .. } => tracing::info!(call.id = %call.id, "call was answered"),
        CallState::Active { .. } => tracing::info!(call.id = %call.id, "call is active"),
        CallState::Ended { end } => {
            tracing::info!(call.id = %call.id, call.reason = ?end.reason, "call has ended");
        }
    }
}

fn log_not_kept(call: CallId, error: &StoreError) {
    tracing::error!(call.id = %call, %error, "a call goes on, but its record could not be kept");
}
