//! The one loop of an identified socket.
//!
//! It selects over named inputs ([`Event`]) and is the only one that writes to the socket. The rules kept
//! here: every request gets exactly one answer; what was told before an answer is written before it; a
//! client that does not read, does not speak, asks too often or lets its token run out is closed.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, TryFutureExt as _};
use protocol::account::Token;
use protocol::error::ErrorCode;
use protocol::limits::{FRAME_MAX_BYTES, OUTGOING_QUEUE_FRAMES, TOKEN_RENEWAL_GRACE};
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{Milliseconds, Timestamp};
use tokio::time::{Instant, Sleep, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::frames::{self, Arrival, Said, arrival, understand};
use super::hello::Credentials;
use super::rate::{Bucket, Rate, Verdict};
use super::welcome::welcome;
use super::{Client, Close, requests};
use crate::app::Shared;
use crate::error::Refusal;
use crate::hub::{Queue, Seat};

/// Requests of one socket under way at once; more are read once one of them is answered.
const REQUESTS_UNDER_WAY: usize = 32;
/// Frames written in one go before the other inputs are looked at again.
const FRAMES_IN_ONE_GO: usize = 64;
/// How long the silence of a socket that is not listened to is overlooked before it is looked at again.
const LISTEN_AGAIN: Duration = Duration::from_millis(100);
/// How long a stop waits for requests under way.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// Clients come back after at least so long when the server stops …
const RECONNECT_AFTER: Milliseconds = Milliseconds(500);
/// … spread over so many milliseconds, so that they do not all come at once.
const RECONNECT_SPREAD: u64 = 2_000;

/// A stream and sink of WebSocket messages.
pub(super) trait Socket:
    Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin
{
}

impl<S> Socket for S where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin
{
}

/// What the loop waits for.
enum Event {
    /// Somebody outside orders to close.
    Ordered(Close),
    /// The server stops.
    Stopping,
    /// It is time for a `ping`.
    PingDue,
    /// Nothing may have been heard for too long.
    SilenceDue,
    /// The token may have run out, and its grace with it.
    ExpiryDue,
    /// Something to tell the client.
    Told(Utf8Bytes),
    /// A request is done.
    Answered(Utf8Bytes),
    /// Something from the client.
    Frame(Option<Result<Message, Error>>),
}

/// What a write begins with.
enum First {
    /// From the queue, or of the loop's own: nothing stands before it.
    Told(Utf8Bytes),
    /// An answer: what was told stands before it.
    Answer(Utf8Bytes),
}

type Answers = FuturesUnordered<Pin<Box<dyn Future<Output = Utf8Bytes> + Send>>>;

struct Connection<'a, S> {
    app: &'a Shared,
    socket: &'a mut S,
    seat: Seat,
    queue: Queue,
    client: Arc<Client>,
    answers: Answers,
    bucket: Bucket,
    opened: Instant,
    heard: Instant,
    expires_at: Timestamp,
}

/// Serves an identified socket to its end and says why it ended.
pub(super) async fn run<S: Socket>(
    app: &Shared,
    socket: &mut S,
    credentials: Credentials,
) -> Close {
    let identity = credentials.identity;
    let Ok((seat, queue)) = app.hub.join(identity) else {
        return Close::TooManySockets;
    };
    let (client, snapshot) = match welcome(app, &seat, identity).await {
        Ok(welcomed) => welcomed,
        Err(close) => return close,
    };
    tracing::Span::current().record("user.id", tracing::field::display(identity.user));
    tracing::info!(device.id = %identity.device, "connected");
    let Ok(snapshot) = frames::write(&ServerFrame::Welcome(Box::new(snapshot))) else {
        return Close::Internal;
    };
    let opened = app.clock.instant();
    let limits = &app.config.limits;
    let rate = Rate {
        per_second: limits.requests_per_second,
        burst: limits.requests_burst,
        ..Rate::default()
    };
    let connection = Connection {
        app,
        socket,
        seat,
        queue,
        client: Arc::new(client),
        answers: FuturesUnordered::new(),
        bucket: Bucket::new(rate, Duration::ZERO),
        opened,
        heard: opened,
        expires_at: credentials.expires_at,
    };
    let close = connection.serve(snapshot).await;
    tracing::info!(reason = ?close, "disconnected");
    close
}

impl<S: Socket> Connection<'_, S> {
    async fn serve(mut self, welcome: Utf8Bytes) -> Close {
        match self.converse(welcome).await {
            Ok(never) => match never {},
            Err(close) => close,
        }
    }

    async fn converse(&mut self, welcome: Utf8Bytes) -> Result<std::convert::Infallible, Close> {
        self.write(First::Told(welcome)).await?;
        let app = self.app;
        // Zero would ping without pause.
        let pause = Milliseconds(app.config.limits.ping_interval_ms.0.max(1));
        let mut ping = interval_at(app.clock.after(pause), pause.as_duration());
        let mut silence = pin!(sleep_until(self.heard + self.silence_limit()));
        let mut expiry = pin!(sleep_until(self.expiry()));
        loop {
            let reads = self.answers.len() < REQUESTS_UNDER_WAY;
            let event = tokio::select! {
                biased;
                close = self.seat.closing().ordered() => Event::Ordered(close),
                () = app.stopping.cancelled() => Event::Stopping,
                () = &mut expiry => Event::ExpiryDue,
                _ = ping.tick() => Event::PingDue,
                () = &mut silence => Event::SilenceDue,
                Some(frame) = self.queue.recv() => Event::Told(frame),
                Some(answer) = self.answers.next() => Event::Answered(answer),
                frame = self.socket.next(), if reads => Event::Frame(frame),
            };
            match event {
                Event::Ordered(close) => return Err(close),
                Event::Stopping => return Err(self.stop().await),
                Event::ExpiryDue => {
                    self.check_expiry()?;
                    expiry.as_mut().reset(self.expiry());
                }
                Event::PingDue => self.tell(&ServerFrame::Ping).await?,
                Event::SilenceDue => self.check_silence(silence.as_mut())?,
                Event::Told(frame) => self.write(First::Told(frame)).await?,
                Event::Answered(answer) => self.write(First::Answer(answer)).await?,
                Event::Frame(frame) => {
                    self.heard = app.clock.instant();
                    self.check_expiry()?;
                    let before = self.expires_at;
                    self.take(frame).await?;
                    if self.expires_at != before {
                        expiry.as_mut().reset(self.expiry());
                    }
                }
            }
        }
    }

    /// Takes what the client sent.
    async fn take(&mut self, frame: Option<Result<Message, Error>>) -> Result<(), Close> {
        let arrived = arrival(frame, FRAME_MAX_BYTES)?;
        let verdict = self.bucket.take(self.heard - self.opened);
        if verdict == Verdict::Close {
            return Err(Close::TooManyRequests);
        }
        let Arrival::Text(text) = arrived else {
            return Ok(());
        };
        let said = understand(&text)?;
        if let Verdict::Refuse(retry_after) = verdict {
            return self.refuse(said, retry_after).await;
        }
        match said {
            Said::Pong => Ok(()),
            Said::Ping => self.tell(&ServerFrame::Pong).await,
            Said::Refused(id, refusal) => {
                self.write(First::Answer(frames::answer(id, Err(refusal))))
                    .await
            }
            Said::Request { id, age, body } => match *body {
                RequestBody::Renew { token } => {
                    let result = self.renew(&token);
                    if let Err(refusal) = &result {
                        super::note(self.app, Some(self.client.person.id), refusal);
                    }
                    self.write(First::Answer(frames::answer(Some(id), result)))
                        .await
                }
                body => self.begin(id, age, body).await,
            },
        }
    }

    async fn refuse(&mut self, said: Said, retry_after: Milliseconds) -> Result<(), Close> {
        let id = match said {
            Said::Pong | Said::Ping => return Ok(()),
            Said::Request { id, .. } => Some(id),
            Said::Refused(id, _) => id,
        };
        let message = "Too many requests; slow down.";
        let refusal = Refusal::new(ErrorCode::RateLimited, message).after(retry_after);
        super::note(self.app, Some(self.client.person.id), &refusal);
        self.write(First::Answer(frames::answer(id, Err(refusal))))
            .await
    }

    /// Begins a request. It is polled once at once, so that it takes its place in the order of changes
    /// before the next one is read.
    async fn begin(&mut self, id: u32, age: Milliseconds, body: RequestBody) -> Result<(), Close> {
        let (app, user) = (Arc::clone(self.app), self.client.person.id);
        let request = requests::carry_out(self.app, &self.client, age, body);
        let mut request =
            request.inspect_err(move |refusal| super::note(&app, Some(user), refusal));
        if let Some(result) = (&mut request).now_or_never() {
            let answer = frames::answer(Some(id), result);
            return self.write(First::Answer(answer)).await;
        }
        let answer = request.map(move |result| frames::answer(Some(id), result));
        self.answers.push(Box::pin(answer));
        Ok(())
    }

    /// Replaces the token, if the new one is of the same session.
    fn renew(&mut self, token: &Token) -> Result<Outcome, Refusal> {
        let claims = self
            .app
            .accounts
            .tokens()
            .verify(self.app.clock.now(), token)?;
        // The session lives: the hub closes this socket the moment it ends.
        let renewed = Credentials::of(&claims);
        let client = &self.client;
        if renewed.identity.session != client.session
            || renewed.identity.user != client.person.id
            || renewed.identity.device != client.device.id
        {
            let message = "The token is of another session; open another socket for it.";
            return Err(Refusal::new(ErrorCode::Forbidden, message).at("token"));
        }
        self.expires_at = self.expires_at.max(renewed.expires_at);
        Ok(Outcome::Done)
    }

    fn silence_limit(&self) -> Duration {
        self.app.config.limits.silence_limit_ms.as_duration()
    }

    fn expiry(&self) -> Instant {
        let clock = &self.app.clock;
        let left = (self.expires_at + TOKEN_RENEWAL_GRACE).since(clock.now());
        clock.after(left)
    }

    /// The wall clock decides; the machine may have slept, or its clock been set, since the timer was.
    fn check_expiry(&self) -> Result<(), Close> {
        if self.app.clock.now() >= self.expires_at + TOKEN_RENEWAL_GRACE {
            Err(Close::TokenExpired)
        } else {
            Ok(())
        }
    }

    fn check_silence(&self, timer: Pin<&mut Sleep>) -> Result<(), Close> {
        let now = self.app.clock.instant();
        // While enough requests are under way nothing is read, and the silence is ours.
        let listening = self.answers.len() < REQUESTS_UNDER_WAY;
        let due = self.heard + self.silence_limit();
        if listening && due <= now {
            return Err(Close::Silent);
        }
        timer.reset(due.max(now + LISTEN_AGAIN));
        Ok(())
    }

    async fn tell(&mut self, frame: &ServerFrame) -> Result<(), Close> {
        let frame = frames::write(frame).map_err(|_| Close::Internal)?;
        self.write(First::Told(frame)).await
    }

    /// Writes frames, and whatever else is ready, in one go. An answer that is ready says that all it
    /// brought about has been told, so what is told is written before it.
    async fn write(&mut self, first: First) -> Result<(), Close> {
        let mut frames = Vec::new();
        match first {
            First::Told(frame) => frames.push(frame),
            First::Answer(answer) => {
                self.take_told(&mut frames);
                frames.push(answer);
            }
        }
        while frames.len() < FRAMES_IN_ONE_GO
            && let Some(Some(answer)) = self.answers.next().now_or_never()
        {
            self.take_told(&mut frames);
            frames.push(answer);
        }
        if frames.len() < FRAMES_IN_ONE_GO {
            self.take_told(&mut frames);
        }
        let closing = self.seat.closing();
        let written = async {
            for frame in frames {
                self.socket.feed(Message::Text(frame)).await?;
            }
            self.socket.flush().await
        };
        tokio::select! {
            biased;
            written = timeout(self.app.config.limits.silence_limit_ms.as_duration(), written) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Close::Gone),
                Err(_) => Err(Close::SlowReader),
            },
            close = closing.ordered() => Err(close),
        }
    }

    /// Takes what waits in the queue: all that was told until now, however much comes meanwhile.
    fn take_told(&mut self, frames: &mut Vec<Utf8Bytes>) {
        for _ in 0..OUTGOING_QUEUE_FRAMES {
            match self.queue.try_recv() {
                Ok(told) => frames.push(told),
                Err(_) => return,
            }
        }
    }

    /// Says when to come back, and finishes what is under way.
    async fn stop(&mut self) -> Close {
        let spread = self.client.connection.spread(RECONNECT_SPREAD);
        let goodbye = ServerFrame::GoingAway {
            reconnect_after: Milliseconds(RECONNECT_AFTER.0 + spread),
        };
        let finish = async {
            if let Ok(goodbye) = frames::write(&goodbye) {
                self.write(First::Answer(goodbye)).await?;
            }
            while let Some(answer) = self.answers.next().await {
                self.write(First::Answer(answer)).await?;
            }
            Ok::<_, Close>(())
        };
        match timeout(STOP_PATIENCE, finish).await {
            Ok(Ok(())) | Err(_) => Close::GoingAway,
            Ok(Err(close)) => close,
        }
    }
}
