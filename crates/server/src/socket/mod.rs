//! The socket, `/api/v1/socket`: the only home of frames.
//!
//! A connection's life: [`upgrade`] checks where it comes from and that there is room for a stranger;
//! [`hello`] waits for the first frame and turns a stranger into a [`Client`]; [`connection`] is the one
//! loop of an identified socket; [`close`] knows why it ends. Chat and calls never see a stranger and never
//! write to a socket: [`requests`] hands them what is asked and brings back the answer.

mod close;
mod connection;
mod frames;
mod hello;
mod rate;
mod requests;
mod upgrade;
mod welcome;

use call::switchboard::Party;
use protocol::account::{Device, Person};
use protocol::{SessionId, UserId};

use crate::app::App;
use crate::chat::Asker;
use crate::error::Refusal;
use crate::hub::{ConnectionId, Identity};
use crate::incidents::Scene;

pub use close::Close;
pub(crate) use frames::{Said, answer, understand};
pub(crate) use hello::parse as parse_hello;
pub use upgrade::socket;

/// Sockets of one network at once that have not said who they are. This machine's own addresses, and so a proxy on it,
/// are not counted.
pub(crate) const STRANGERS_PER_NETWORK: u32 = 20;
/// The same in all.
pub(crate) const STRANGERS_IN_TOTAL: u32 = 1_000;

/// Notes in the log what was refused on a socket, where that is worth a line.
fn note(app: &App, user: Option<UserId>, refusal: &Refusal) {
    if let Some(incident) = refusal.incident {
        let scene = Scene {
            at: "socket",
            user,
            from: None,
        };
        app.incidents.note(app.clock.instant(), incident, scene);
    }
}

/// Who is at the other end of an identified socket.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Client {
    person: Person,
    device: Device,
    session: SessionId,
    connection: ConnectionId,
}

impl Client {
    fn asker(&self) -> Asker {
        Asker {
            user: self.person.id,
            connection: self.connection,
        }
    }

    fn identity(&self) -> Identity {
        Identity {
            user: self.person.id,
            device: self.device.id,
            session: self.session,
        }
    }

    fn party(&self) -> Party {
        Party {
            user: self.person.id,
            device: self.device.id,
            device_name: self.device.name.clone(),
        }
    }
}
