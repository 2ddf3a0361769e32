//! The one thread that writes, in groups.
//!
//! It takes everything that waits, runs it in one transaction with a savepoint for each job, commits
//! once and only then answers. So a thousand writers share one `fsync`, a failing job spoils nobody
//! else's, and an answer means durable.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot};

use super::StoreError;

/// Jobs in one transaction, at most: bounds how long the first one waits for its answer.
const GROUP_MAX_JOBS: usize = 512;
/// After a group at least this large the writer waits a little for company: under load that makes
/// fewer, larger commits. A lone job never waits.
const LINGER_FROM_JOBS: usize = 16;
/// How long it waits.
const LINGER: Duration = Duration::from_micros(500);
/// Jobs that may wait; whoever comes next waits for a place.
const QUEUE_JOBS: usize = 4096;

/// A handle of the writer. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Writer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    places: Semaphore,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, std::io::Error> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&connection, &waiting))?;
        Ok(Self(Arc::new(Inner {
            jobs: Mutex::new(Some(jobs)),
            places: Semaphore::new(QUEUE_JOBS),
            thread: Mutex::new(Some(thread)),
        })))
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _place: SemaphorePermit<'_> = self
            .0
            .places
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job = WriteJob {
            work: Some(work),
            result: None,
            // Whoever asked may be gone; the write stands all the same.
            then: move |result| drop(answer.send(result)),
        };
        self.queue(Box::new(job))?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(super) fn hand_over<T, F, G>(&self, work: F, then: G) -> Result<(), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        G: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        self.0
            .places
            .try_acquire()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => StoreError::Busy,
                TryAcquireError::Closed => StoreError::Closed,
            })?
            .forget();
        let inner = Arc::clone(&self.0);
        let job = WriteJob {
            work: Some(work),
            result: None,
            then: move |result| {
                inner.places.add_permits(1);
                then(result);
            },
        };
        self.queue(Box::new(job))
            .inspect_err(|_| self.0.places.add_permits(1))
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let jobs = self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)
    }

    /// Takes no more jobs and returns when those handed over are done.
    pub(super) async fn close(&self) {
        drop(
            self.0
                .jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .0
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            super::readers::join(vec![thread]).await;
        }
    }
}

/// A write whose types are hidden, so that different ones stand in one queue.
trait Job: Send {
    /// Does the work. False: what it changed must be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers, once the fate of the transaction is known.
    fn answer(self: Box<Self>, commit: Result<(), &StoreError>);
}

struct WriteJob<T, F, G> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    then: G,
}

impl<T, F, G> Job for WriteJob<T, F, G>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    G: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let caught = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = caught.unwrap_or_else(|panic| {
            tracing::error!(panic = panic_text(panic.as_ref()), "a write panicked");
            Err(StoreError::Panicked)
        });
        let good = result.is_ok();
        self.result = Some(result);
        good
    }

    fn answer(self: Box<Self>, commit: Result<(), &StoreError>) {
        let result = match (self.result, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_)) | None, Err(error)) => Err(StoreError::Commit(error.to_string())),
            (Some(Err(error)), _) => Err(error),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        let then = self.then;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(move || then(result))) {
            tracing::error!(
                panic = panic_text(panic.as_ref()),
                "what follows a write panicked"
            );
        }
    }
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)")
}

fn run(connection: &Connection, waiting: &Receiver<Box<dyn Job>>) {
    let mut last_group = 0;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        collect(&mut group, waiting, last_group >= LINGER_FROM_JOBS);
        last_group = group.len();
        let commit = commit_group(connection, &mut group);
        if let Err(error) = &commit {
            tracing::error!(jobs = group.len(), %error, "a group of writes was not kept");
        }
        for job in group {
            job.answer(commit.as_ref().map(|&()| ()));
        }
    }
}

/// Takes what waits; with `linger`, also what comes within [`LINGER`].
fn collect(group: &mut Vec<Box<dyn Job>>, waiting: &Receiver<Box<dyn Job>>, linger: bool) {
    let mut lingered = !linger;
    while group.len() < GROUP_MAX_JOBS {
        match waiting.try_recv() {
            Ok(job) => group.push(job),
            Err(TryRecvError::Empty) if !lingered => {
                lingered = true;
                match waiting.recv_timeout(LINGER) {
                    Ok(job) => group.push(job),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
                }
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
        }
    }
}

fn commit_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let result = run_group(connection, group);
    if result.is_err() && !connection.is_autocommit() {
        // The transaction is lost either way; the next group begins a new one.
        if let Err(error) = connection.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
    result
}

fn run_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let statement = |sql| connection.prepare_cached(sql)?.execute([]);
    statement("BEGIN IMMEDIATE")?;
    for job in group {
        statement("SAVEPOINT job")?;
        if !job.run(connection) {
            statement("ROLLBACK TO job")?;
        }
        statement("RELEASE job")?;
    }
    statement("COMMIT")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failing_job_spoils_nobody_elses() {
        let writer = numbers();
        let (good, bad, panicking, other) = tokio::join!(
            insert(&writer, 1),
            writer.write(|db| {
                db.execute("INSERT INTO numbers VALUES (2)", [])?;
                Err::<(), _>(StoreError::Corrupt("on purpose".to_owned()))
            }),
            writer.write(|db| -> Result<(), StoreError> {
                db.execute("INSERT INTO numbers VALUES (3)", [])?;
                panic!("on purpose")
            }),
            insert(&writer, 4),
        );
        good.unwrap();
        other.unwrap();
        assert!(matches!(bad, Err(StoreError::Corrupt(_))));
        assert!(matches!(panicking, Err(StoreError::Panicked)));
        assert_eq!(all(&writer).await, [1, 4]);
    }

    #[tokio::test]
    async fn a_job_whose_statement_fails_leaves_nothing_behind() {
        let writer = numbers();
        let twice = writer
            .write(|db| {
                db.execute("INSERT INTO numbers VALUES (1)", [])?;
                db.execute("INSERT INTO numbers VALUES (1)", [])?;
                Ok(())
            })
            .await;
        assert!(matches!(twice, Err(StoreError::Database(_))));
        assert!(all(&writer).await.is_empty());
    }

    #[tokio::test]
    async fn closing_finishes_what_was_handed_over_and_takes_no_more() {
        let writer = numbers();
        let jobs: Vec<_> = (0..100)
            .map(|number| {
                let writer = writer.clone();
                tokio::spawn(async move { insert(&writer, number).await })
            })
            .collect();
        tokio::task::yield_now().await;
        writer.close().await;
        let mut kept = 0;
        for job in jobs {
            match job.await.unwrap() {
                Ok(()) => kept += 1,
                Err(error) => assert!(matches!(error, StoreError::Closed), "{error}"),
            }
        }
        assert!(kept > 0);
        assert!(matches!(
            insert(&writer, 1_000).await,
            Err(StoreError::Closed)
        ));
    }

    fn numbers() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT")
            .unwrap();
        Writer::start(connection).unwrap()
    }

    async fn insert(writer: &Writer, number: i64) -> Result<(), StoreError> {
        writer
            .write(move |db| {
                db.execute("INSERT INTO numbers VALUES (?1)", [number])?;
                Ok(())
            })
            .await
    }

    async fn all(writer: &Writer) -> Vec<i64> {
        writer
            .write(|db| {
                let mut numbers = db.prepare("SELECT n FROM numbers ORDER BY n")?;
                let numbers = numbers.query_map([], |row| row.get(0))?;
                Ok(numbers.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap()
    }
}
