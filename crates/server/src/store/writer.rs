//! The one thread that writes, in groups.
//!
//! It takes everything that waits, runs it in one transaction with a savepoint for each job, commits
//! once and only then answers. So a thousand writers share one `fsync`, a failing job spoils nobody
//! else's, and an answer means durable.
//!
//! Where the disk fails, nothing of a group is kept, everybody in it is told so, and the next group tries again:
//! when there is space, or the lock is gone, it goes on by itself.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot};

use super::{LOCK_PATIENCE, StoreError, Trouble};

/// Jobs in one transaction, at most: bounds how long the first one waits for its answer.
const GROUP_MAX_JOBS: usize = 512;
/// After a group at least this large the writer waits a little for company: under load that makes
/// fewer, larger commits. A lone job never waits.
const LINGER_FROM_JOBS: usize = 16;
/// How long it waits.
const LINGER: Duration = Duration::from_micros(500);
/// Jobs that may wait; whoever comes next waits for a place.
const QUEUE_JOBS: usize = 4096;

/// How long to wait for a lock that was not gone after [`LOCK_PATIENCE`]: what calls have to tell waits for each try.
const LOCK_PATIENCE_IN_TROUBLE: Duration = Duration::from_millis(100);

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
    /// Does the work.
    fn run(&mut self, connection: &Connection) -> Fate;
    /// Answers, once the fate of the transaction is known.
    fn answer(self: Box<Self>, commit: Result<(), &StoreError>);
}

/// What is to become of a job, and of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    /// What it changed must be rolled back.
    RollBack,
    /// The disk fails: the transaction may be gone, and the jobs after this one would fare no better.
    GiveUp(Trouble),
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
    fn run(&mut self, connection: &Connection) -> Fate {
        let Some(work) = self.work.take() else {
            return Fate::RollBack;
        };
        let caught = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = caught.unwrap_or_else(|panic| {
            tracing::error!(panic = panic_text(panic.as_ref()), "a write panicked");
            Err(StoreError::Panicked)
        });
        let result = result.map_err(StoreError::judged);
        let fate = match &result {
            Ok(_) => Fate::Keep,
            Err(StoreError::Trouble(trouble)) => Fate::GiveUp(*trouble),
            Err(_) => Fate::RollBack,
        };
        self.result = Some(result);
        fate
    }

    fn answer(self: Box<Self>, commit: Result<(), &StoreError>) {
        let result = match (self.result, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_)) | None, Err(StoreError::Trouble(trouble))) => {
                Err(StoreError::Trouble(*trouble))
            }
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
    let mut health = Health::default();
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        collect(&mut group, waiting, last_group >= LINGER_FROM_JOBS);
        last_group = group.len();
        let commit = commit_group(connection, &mut group);
        health.follow(connection, &commit, group.len());
        for job in group {
            job.answer(commit.as_ref().map(|&()| ()));
        }
    }
}

/// Whether groups are kept. The log says when that changes, not for each group: it may be on the same full disk.
#[derive(Debug, Default)]
struct Health {
    trouble: Option<Trouble>,
    /// Jobs that were not kept since it began.
    refused: usize,
}

impl Health {
    fn follow(&mut self, connection: &Connection, commit: &Result<(), StoreError>, jobs: usize) {
        match commit {
            Ok(()) => {
                if let Some(trouble) = self.trouble.take() {
                    let refused = std::mem::take(&mut self.refused);
                    tracing::info!(%trouble, refused, "the database can be written again");
                    wait_for_locks(connection, LOCK_PATIENCE);
                }
            }
            Err(StoreError::Trouble(trouble)) => {
                self.refused += jobs;
                if self.trouble.replace(*trouble) != Some(*trouble) {
                    tracing::error!(%trouble, "nothing can be kept, and whoever asks is told so; {}", remedy(*trouble));
                    wait_for_locks(connection, LOCK_PATIENCE_IN_TROUBLE);
                }
            }
            Err(error) => tracing::error!(jobs, %error, "a group of writes was not kept"),
        }
    }
}

const fn remedy(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Full => "free some space: it goes on by itself",
        Trouble::Locked => {
            "close what has the database open, such as sqlite3: it goes on by itself"
        }
        Trouble::ReadOnly => "make the data directory writable again, then restart",
        Trouble::Disk => {
            "look at the system's log for what the disk says, and at the space that is left"
        }
    }
}

fn wait_for_locks(connection: &Connection, patience: Duration) {
    if let Err(error) = connection.busy_timeout(patience) {
        tracing::warn!(%error, "the patience with locks could not be changed");
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
    let result = run_group(connection, group).map_err(StoreError::judged);
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
        match job.run(connection) {
            Fate::Keep => {}
            Fate::RollBack => {
                statement("ROLLBACK TO job")?;
            }
            Fate::GiveUp(trouble) => return Err(StoreError::Trouble(trouble)),
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
    async fn a_full_disk_keeps_nothing_of_a_group_and_frees_itself() {
        let writer = numbers();
        let limit = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            writer.write(move |db| Ok(db.query_row(&sql, [], |_| Ok(()))?))
        };
        // SQLite says of a database at its limit what it says of one on a full disk.
        limit(1).await.unwrap();
        // The first job holds the writer up until the others wait, so that they become one group.
        let (go_on, held_up) = channel::<()>();
        let (_, small, large, behind, ()) = tokio::join!(
            writer.write(move |_| Ok(held_up.recv().is_err())),
            insert(&writer, 1),
            writer.write(|db| {
                db.execute("INSERT INTO texts VALUES (zeroblob(100000))", [])?;
                Ok(())
            }),
            insert(&writer, 2),
            async move { drop(go_on) },
        );
        for result in [small, large, behind] {
            assert!(
                matches!(result, Err(StoreError::Trouble(Trouble::Full))),
                "{result:?}"
            );
        }
        assert!(all(&writer).await.is_empty());
        insert(&writer, 3).await.unwrap();
        limit(1_000).await.unwrap();
        insert(&writer, 4).await.unwrap();
        assert_eq!(all(&writer).await, [3, 4]);
    }

    #[tokio::test]
    async fn a_lock_of_another_is_told_and_what_comes_after_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("numbers.db");
        let ours = Connection::open(&path).unwrap();
        ours.execute_batch("CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT")
            .unwrap();
        ours.busy_timeout(Duration::ZERO).unwrap();
        let writer = Writer::start(ours).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let result = insert(&writer, 1).await;
        assert!(
            matches!(result, Err(StoreError::Trouble(Trouble::Locked))),
            "{result:?}"
        );
        other.execute_batch("ROLLBACK").unwrap();
        insert(&writer, 2).await.unwrap();
        assert_eq!(all(&writer).await, [2]);
    }

    #[tokio::test]
    async fn a_database_that_can_only_be_read_is_told() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT; PRAGMA query_only = on",
            )
            .unwrap();
        let result = insert(&Writer::start(connection).unwrap(), 1).await;
        assert!(
            matches!(result, Err(StoreError::Trouble(Trouble::ReadOnly))),
            "{result:?}"
        );
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
            .execute_batch(
                "CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT;
                 CREATE TABLE texts (t BLOB NOT NULL) STRICT;",
            )
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
