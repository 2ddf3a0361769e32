//! The program `ahoy` as a library: [`Server::start`] is what `main` and every test use.

pub mod accounts;
pub mod allowances;
pub mod app;
pub mod backup;
pub mod calls;
pub mod chat;
pub mod clock;
pub mod config;
pub mod console;
pub mod doctor;
pub mod error;
pub mod files;
pub mod http;
pub mod hub;
pub mod incidents;
pub mod keys;
pub mod lifecycle;
mod network;
pub mod people;
pub mod places;
pub mod presence;
pub mod relay;
pub mod secrets;
pub mod settings;
pub mod socket;
pub mod store;
pub mod tls;
pub mod untrusted;

pub use lifecycle::{Server, StartError};
