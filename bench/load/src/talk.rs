//! Those who talk: pairs of people who write to each other, and how long their messages take.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::samples::Samples;
use crate::server::Server;
use crate::socket::{Pair, message};

/// Each pair writes so often.
const EVERY: Duration = Duration::from_millis(200);
/// A message that takes longer is a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was seen of the messages in a while.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// From sending to the server's word that it is kept.
    pub(crate) kept: Samples,
    /// From sending to the other person's screen.
    pub(crate) delivered: Samples,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages, delivered p50 {:.1} ms, p99 {:.1} ms",
            self.delivered.count(),
            self.delivered.percentile(50),
            self.delivered.percentile(99)
        )
    }
}

/// Pairs that talk until this is dropped.
pub(crate) struct Talk {
    watched: Arc<Mutex<Watched>>,
    failures: Mutex<mpsc::Receiver<Failure>>,
    talking: Vec<JoinHandle<()>>,
}

impl Talk {
    pub(crate) async fn begin(server: &Server, pairs: usize) -> Result<Self, Failure> {
        let watched = Arc::<Mutex<Watched>>::default();
        let (fails, failures) = mpsc::channel(pairs);
        let mut talking = Vec::new();
        for number in 0..pairs {
            let pair = Pair::meet(server.address, &format!("talk{number}")).await?;
            let (watched, fails) = (Arc::clone(&watched), fails.clone());
            talking.push(tokio::spawn(async move {
                if let Err(error) = talk(pair, number, &watched).await {
                    // Nobody listens once the measurement is over.
                    let _unheard = fails.send(error).await;
                }
            }));
        }
        Ok(Self {
            watched,
            failures: Mutex::new(failures),
            talking,
        })
    }

    /// What is seen in the time that begins now. Fails when one of the messages was lost or late beyond patience.
    pub(crate) async fn watch(&self, length: Duration) -> Result<Watched, Failure> {
        *self.watched.lock().await = Watched::default();
        let mut failures = self.failures.lock().await;
        tokio::select! {
            failure = failures.recv() => return Err(failure.unwrap_or_else(|| "nobody talks".into())),
            () = tokio::time::sleep(length) => {}
        }
        Ok(std::mem::take(&mut *self.watched.lock().await))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        for pair in &self.talking {
            pair.abort();
        }
    }
}

async fn talk(mut pair: Pair, number: usize, watched: &Mutex<Watched>) -> Result<(), Failure> {
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
        let mut watched = watched.lock().await;
        watched.kept.add(kept);
        watched.delivered.add(delivered);
        *next_id += 1;
    }
}
