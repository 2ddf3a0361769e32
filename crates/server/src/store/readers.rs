//! The threads that read, each with a connection that cannot write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{Semaphore, oneshot};

use super::{OpenError, StoreError};

/// Reads that may wait; whoever comes next waits for a place.
const QUEUE_READS: usize = 1024;

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// A handle of the readers. Clones are the same ones.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reads: Mutex<Option<Sender<Read>>>,
    places: Semaphore,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub(super) fn start(
        count: usize,
        connect: impl Fn() -> Result<Connection, OpenError>,
    ) -> Result<Self, OpenError> {
        let (reads, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for number in 0..count {
            let (connection, waiting) = (connect()?, Arc::clone(&waiting));
            let thread = std::thread::Builder::new().name(format!("store-reader-{number}"));
            threads.push(thread.spawn(move || run(&connection, &waiting))?);
        }
        Ok(Self(Arc::new(Inner {
            reads: Mutex::new(Some(reads)),
            places: Semaphore::new(QUEUE_READS),
            threads: Mutex::new(threads),
        })))
    }

    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _place = self
            .0
            .places
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        self.hand_over(Box::new(move |connection| {
            let caught = catch_unwind(AssertUnwindSafe(|| work(connection)));
            let result = caught.unwrap_or_else(|panic| {
                let text = super::writer::panic_text(panic.as_ref());
                tracing::error!(panic = text, "a read panicked");
                Err(StoreError::Panicked)
            });
            let result = judged(result);
            // Whoever asked may be gone.
            drop(answer.send(result));
        }))?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    fn hand_over(&self, read: Read) -> Result<(), StoreError> {
        let reads = self.0.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let reads = reads.as_ref().ok_or(StoreError::Closed)?;
        reads.send(read).map_err(|_| StoreError::Closed)
    }

    pub(super) async fn close(&self) {
        drop(
            self.0
                .reads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let threads = std::mem::take(
            &mut *self
                .0
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        join(threads).await;
    }
}

/// A reader that may not write has asked for something wrong; everything else about the disk is not its fault.
fn judged<T>(result: Result<T, StoreError>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        StoreError::Database(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
            StoreError::Database(error)
        }
        error => error.judged(),
    })
}

fn run(connection: &Connection, waiting: &Mutex<Receiver<Read>>) {
    loop {
        // One idle thread waits in `recv`, the others for the lock; either way one wakes per read.
        let read = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match read {
            Ok(read) => read(connection),
            Err(_) => return,
        }
    }
}

/// Waits for threads to end without blocking the async ones.
pub(super) async fn join(threads: Vec<JoinHandle<()>>) {
    let joined = tokio::task::spawn_blocking(move || {
        threads.into_iter().all(|thread| thread.join().is_ok())
    });
    if !matches!(joined.await, Ok(true)) {
        tracing::error!("a thread of the store has panicked");
    }
}
