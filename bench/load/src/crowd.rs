//! Many sockets that do nothing but answer pings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::Failure;
use crate::person::Person;
use crate::server::Server;
use crate::socket::Socket;

/// Sockets of one account; the server allows 16.
const SOCKETS_PER_ACCOUNT: usize = 10;
/// Accounts that are made at once.
const AT_ONCE: usize = 4;

pub(crate) struct Crowd {
    sockets: JoinSet<()>,
    lost: Arc<AtomicUsize>,
}

impl Crowd {
    pub(crate) async fn gather(server: &Server, sockets: usize) -> Result<Self, Failure> {
        let address = server.address;
        let (mut crowd, lost) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        let numbers: Vec<usize> = (0..sockets / SOCKETS_PER_ACCOUNT).collect();
        for some in numbers.chunks(AT_ONCE) {
            let mut coming = JoinSet::new();
            for &number in some {
                coming.spawn(async move {
                    let person = Person::register(address, &format!("idle{number}")).await?;
                    let mut opened = Vec::new();
                    for _ in 0..SOCKETS_PER_ACCOUNT {
                        opened.push(Socket::open(address, &person, None).await?);
                    }
                    Ok::<_, Failure>(opened)
                });
            }
            while let Some(opened) = coming.join_next().await {
                for mut socket in opened?? {
                    let lost = Arc::clone(&lost);
                    crowd.spawn(async move {
                        // Presence and the like is read and forgotten.
                        while socket.next().await.is_ok() {}
                        lost.fetch_add(1, Ordering::Relaxed);
                    });
                }
            }
        }
        Ok(Self {
            sockets: crowd,
            lost,
        })
    }

    /// Closes them; → how many the server had closed.
    pub(crate) async fn leave(mut self) -> usize {
        let lost = self.lost.load(Ordering::Relaxed);
        self.sockets.shutdown().await;
        lost
    }
}
