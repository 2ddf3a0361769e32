//! Those who talk: pairs of people who write to each other, and how long their messages take.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::samples::{Samples, median};
use crate::server::Server;
use crate::socket::{Pair, message};

/// Each pair writes so often.
const EVERY: Duration = Duration::from_millis(200);
/// A message that takes longer is a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// So often a while is looked at by itself. What is told of it is the median of these, so that one stall of the disk, which on
/// rented machines lasts a tenth of a second now and then, does not decide.
const WINDOWS: u32 = 5;

/// What was seen of the messages in a while.
#[derive(Debug)]
pub(crate) struct Watched(Vec<Window>);

#[derive(Debug, Default)]
struct Window {
    kept: Samples,
    delivered: Samples,
}

impl Watched {
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|window| window.delivered.count()).sum()
    }

    /// From sending to the server's word that it is kept: the time that so many of a hundred did not exceed, in milliseconds.
    pub(crate) fn kept(&self, percent: usize) -> f64 {
        median(self.0.iter().map(|window| window.kept.percentile(percent)))
    }

    /// From sending to the other person's screen: the time that so many of a hundred did not exceed, in milliseconds.
    pub(crate) fn delivered(&self, percent: usize) -> f64 {
        median(
            self.0
                .iter()
                .map(|window| window.delivered.percentile(percent)),
        )
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages, delivered p50 {:.1} ms, p99 {:.1} ms",
            self.count(),
            self.delivered(50),
            self.delivered(99)
        )
    }
}

/// Pairs that talk until this is dropped.
pub(crate) struct Talk {
    window: Arc<Mutex<Window>>,
    failures: Mutex<mpsc::Receiver<Failure>>,
    talking: Vec<JoinHandle<()>>,
}

impl Talk {
    pub(crate) async fn begin(server: &Server, pairs: usize) -> Result<Self, Failure> {
        let window = Arc::<Mutex<Window>>::default();
        let (fails, failures) = mpsc::channel(pairs);
        let mut talking = Vec::new();
        for number in 0..pairs {
            let pair = Pair::meet(server.address, &format!("talk{number}")).await?;
            let (window, fails) = (Arc::clone(&window), fails.clone());
            talking.push(tokio::spawn(async move {
                if let Err(error) = talk(pair, number, &window).await {
                    // Nobody listens once the measurement is over.
                    let _unheard = fails.send(error).await;
                }
            }));
        }
        Ok(Self {
            window,
            failures: Mutex::new(failures),
            talking,
        })
    }

    /// What is seen in the time that begins now. Fails when one of the messages was lost or late beyond patience.
    pub(crate) async fn watch(&self, length: Duration) -> Result<Watched, Failure> {
        let mut failures = self.failures.lock().await;
        let mut windows = Vec::new();
        for _ in 0..WINDOWS {
            *self.window.lock().await = Window::default();
            tokio::select! {
                failure = failures.recv() => return Err(failure.unwrap_or_else(|| "nobody talks".into())),
                () = tokio::time::sleep(length / WINDOWS) => {}
            }
            windows.push(std::mem::take(&mut *self.window.lock().await));
        }
        Ok(Watched(windows))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        for pair in &self.talking {
            pair.abort();
        }
    }
}

async fn talk(mut pair: Pair, number: usize, window: &Mutex<Window>) -> Result<(), Failure> {
    // Pairs do not write at the same moment.
    let first = tokio::time::Instant::now() + EVERY.mul_f64(number as f64 / 40.0 % 1.0);
    let mut turn = tokio::time::interval_at(first, EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        let Pair {
            sockets: [ada, ben],
            conversation,
            next_id,
            ..
        } = &mut pair;
        let (frame, id) = message(conversation, *next_id, "How are you?");
        let begun = Instant::now();
        ada.send(&frame).await?;
        let exchange = async {
            tokio::try_join!(
                async { ada.answer(*next_id).await.map(|_| begun.elapsed()) },
                async { ben.message(&id).await.map(|_| begun.elapsed()) },
            )
        };
        let (kept, delivered) = tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| "a message was lost, or took longer than 10 s")??;
        let mut window = window.lock().await;
        window.kept.add(kept);
        window.delivered.add(delivered);
        *next_id += 1;
    }
}
