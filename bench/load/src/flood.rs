//! Those who mean no good: readers that do not read, and strangers without an account.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::Failure;
use crate::person::Person;
use crate::server::Server;
use crate::socket::{PONG, Pair, Socket, message};

/// Accounts whose sockets do not read; each has somebody who writes to it.
const SLOW_ACCOUNTS: usize = 20;
/// Sockets of each.
const SLOW_SOCKETS: usize = 10;
/// A slow reader's system keeps so little of what it does not read, in bytes.
const RECEIVE_BYTES: u32 = 4_096;
/// A slow reader pretends to be there so often.
const PRETENDS_EVERY: Duration = Duration::from_secs(5);
/// One that was closed comes back after so long.
const COMES_BACK_AFTER: Duration = Duration::from_secs(1);
/// To each slow account one long message so often.
const WRITES_EVERY: Duration = Duration::from_millis(100);
/// Its length, in characters.
const LONG: usize = 4_000;
/// One stranger comes so often.
const STRANGER_EVERY: Duration = Duration::from_millis(2);
/// A stranger who is not cut off leaves after so long.
const STRANGER_STAYS: Duration = Duration::from_secs(20);

pub(crate) struct SlowReaders {
    tasks: JoinSet<()>,
    closed: Arc<AtomicUsize>,
}

impl SlowReaders {
    pub(crate) async fn gather(server: &Server, names: &str) -> Result<Self, Failure> {
        let address = server.address;
        let (mut tasks, closed) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        for number in 0..SLOW_ACCOUNTS {
            let pair = Pair::meet(address, &format!("{names}{number}")).await?;
            let [_, reader] = pair.people.clone();
            for _ in 0..SLOW_SOCKETS {
                let (reader, closed) = (reader.clone(), Arc::clone(&closed));
                tasks.spawn(async move {
                    let mut turn = tokio::time::interval(COMES_BACK_AFTER);
                    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    loop {
                        turn.tick().await;
                        pretend(address, &reader).await;
                        closed.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            tasks.spawn(write(pair));
        }
        Ok(Self { tasks, closed })
    }

    /// → how often the server closed one of them.
    pub(crate) async fn leave(mut self) -> usize {
        let closed = self.closed.load(Ordering::Relaxed);
        self.tasks.shutdown().await;
        closed
    }
}

/// Says that it is there, and reads nothing, until the server closes it.
async fn pretend(server: SocketAddr, reader: &Person) {
    let Ok(mut socket) = Socket::open(server, reader, Some(RECEIVE_BYTES)).await else {
        return;
    };
    let mut turn = tokio::time::interval(PRETENDS_EVERY);
    while socket.send_text(PONG).await.is_ok() {
        turn.tick().await;
    }
}

async fn write(mut pair: Pair) {
    let text = "ahoy ".repeat(LONG / 5);
    let mut turn = tokio::time::interval(WRITES_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let [writer, reader] = &mut pair.sockets;
    let write = async {
        loop {
            turn.tick().await;
            let (frame, _) = message(&pair.conversation, pair.next_id, &text);
            writer.send(&frame).await?;
            writer.answer(pair.next_id).await?;
            pair.next_id += 1;
        }
    };
    // One of the reader's sockets reads, as people's do who have several devices.
    let read = async { while reader.next().await.is_ok() {} };
    let ended: Result<(), Failure> = tokio::select! {
        ended = write => ended,
        () = read => Err("the reader's socket ended".into()),
    };
    if let Err(error) = ended {
        eprintln!("who writes to slow readers: {error}");
    }
}

/// Strangers that come without end.
pub(crate) struct Strangers {
    coming: tokio::task::JoinHandle<()>,
    came: Arc<AtomicUsize>,
}

impl Strangers {
    pub(crate) fn come(server: SocketAddr) -> Self {
        let came = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&came);
        let coming = tokio::spawn(async move {
            let mut strangers = JoinSet::new();
            let mut turn = tokio::time::interval(STRANGER_EVERY);
            loop {
                turn.tick().await;
                let number = count.fetch_add(1, Ordering::Relaxed);
                strangers.spawn(async move {
                    // What a stranger is told, and how it ends, is tested elsewhere.
                    let _over =
                        tokio::time::timeout(STRANGER_STAYS, stranger(server, number)).await;
                });
                while strangers.try_join_next().is_some() {}
            }
        });
        Self { coming, came }
    }

    /// → how many came.
    pub(crate) async fn leave(self) -> usize {
        self.coming.abort();
        // It was told to end, and has nothing to say.
        let _aborted = self.coming.await;
        self.came.load(Ordering::Relaxed)
    }
}

/// By turns: silence, half a request, a socket with a bad hello, a forged token.
async fn stranger(server: SocketAddr, number: usize) -> Result<(), Failure> {
    let said = match number % 4 {
        0 => String::new(),
        1 => format!("GET /api/v1/me HTTP/1.1\r\nhost: {server}\r\nx-half: "),
        2 => {
            let mut socket = Socket::open_unnamed(server, None).await?;
            socket
                .send_text(r#"{"type":"hello","token":"a.b.c"}"#)
                .await?;
            while socket.next().await.is_ok() {}
            return Ok(());
        }
        _ => format!(
            "GET /api/v1/me HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer a.b.c\r\n\r\n"
        ),
    };
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(said.as_bytes()).await?;
    let mut rest = [0; 1_024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
