//! Giving out access: credentials for a call or for a test, and how often a device may ask for the latter.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ::relay::{CREDENTIAL_LIFETIME_MAX, Credential, Device, Group, UnixSeconds};
use protocol::relay::{
    PathPolicy, RelayAccess, RelayMode, RelayPassword, RelayServer, RelayTransport,
};
use protocol::{CallId, DeviceId, Milliseconds, Timestamp};
use uuid::Uuid;

use super::Relay;
use crate::secrets;

/// Tests that a device may ask for in a minute.
pub const TESTS_PER_MINUTE: usize = 6;
const MINUTE: Milliseconds = Milliseconds::from_seconds(60);
/// Access to a call is good for new allocations for so long.
const CALL_LIFE: Milliseconds = Milliseconds::from_seconds(CREDENTIAL_LIFETIME_MAX.as_secs());
/// A test is over after so long, its allocations too.
const TEST_LIFE: Milliseconds = Milliseconds::from_seconds(120);

/// When devices asked for tests in the last minute.
#[derive(Debug, Default)]
pub(super) struct Tests {
    asked: Mutex<HashMap<DeviceId, Vec<Timestamp>>>,
}

impl Relay {
    /// Access for a device of a call, whose right to it was checked; nothing where the relay forwards no sound.
    pub fn access_call(
        &self,
        call: CallId,
        device: DeviceId,
        policy: PathPolicy,
    ) -> Option<RelayAccess> {
        self.access(&group_of(call), device, policy, CALL_LIFE)
    }

    /// Access for a device that tests its connection, until [`RelayAccess::expires_in`]; nothing where the relay forwards
    /// no sound.
    ///
    /// # Errors
    /// How long to wait, for a device that has asked [`TESTS_PER_MINUTE`] times in the last minute.
    pub fn access_test(&self, device: DeviceId) -> Result<Option<RelayAccess>, Milliseconds> {
        let now = self.inner.clock.now();
        self.inner.tests.count(device, now)?;
        let group = named(secrets::new_id(now));
        let access = self.access(&group, device, PathPolicy::RelayOnly, TEST_LIFE);
        if access.is_some() {
            self.end_later(group);
        }
        Ok(access)
    }

    fn access(
        &self,
        group: &Group,
        device: DeviceId,
        policy: PathPolicy,
        life: Milliseconds,
    ) -> Option<RelayAccess> {
        let inner = &self.inner;
        match inner.mode {
            RelayMode::Off => return None,
            RelayMode::Fallback | RelayMode::Always => {}
        }
        let expires = (inner.clock.now() + life).0 / 1000;
        let expires = UnixSeconds(u64::try_from(expires).unwrap_or(0));
        let device = named_device(device);
        let Credential { username, password } =
            Credential::mint(&inner.key, group, &device, expires);
        Some(RelayAccess {
            policy,
            servers: self.servers(),
            username,
            password: RelayPassword::new(password.reveal().to_owned()),
            expires_in: life,
        })
    }

    /// The ways in, the best first.
    fn servers(&self) -> Vec<RelayServer> {
        let port = self.address().port();
        let plain = [RelayTransport::Udp, RelayTransport::Tcp]
            .map(|transport| RelayServer { transport, port });
        let tls = self.inner.tls_port.map(|port| RelayServer {
            transport: RelayTransport::Tls,
            port,
        });
        plain.into_iter().chain(tls).collect()
    }

    fn end_later(&self, group: Group) {
        let inner = &self.inner;
        let end = inner.clock.after(TEST_LIFE);
        let (engine, stopping) = (inner.engine.clone(), inner.stopping.clone());
        inner.tasks.spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = tokio::time::sleep_until(end) => engine.end_group(&group),
            }
        });
    }
}

impl Tests {
    fn count(&self, device: DeviceId, now: Timestamp) -> Result<(), Milliseconds> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, times| {
            times.retain(|&at| now.since(at) < MINUTE);
            !times.is_empty()
        });
        let times = asked.entry(device).or_default();
        match times.first() {
            Some(&first) if times.len() >= TESTS_PER_MINUTE => Err((first + MINUTE).since(now)),
            Some(_) | None => {
                times.push(now);
                Ok(())
            }
        }
    }
}

/// The group of the devices of a call.
pub(super) fn group_of(call: CallId) -> Group {
    named(call.0)
}

#[expect(
    clippy::expect_used,
    reason = "a UUID is 36 digits, letters and hyphens, which every name may have"
)]
fn named(id: Uuid) -> Group {
    Group::new(&id.to_string()).expect("a UUID is a name")
}

#[expect(
    clippy::expect_used,
    reason = "a UUID is 36 digits, letters and hyphens, which every name may have"
)]
fn named_device(device: DeviceId) -> Device {
    Device::new(&device.to_string()).expect("a UUID is a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_tests_six_times_a_minute_and_others_do_not_count() {
        let tests = Tests::default();
        for second in 0..6 {
            assert_eq!(tests.count(device(1), at(second)), Ok(()));
        }
        assert_eq!(
            tests.count(device(1), at(6)),
            Err(Milliseconds::from_seconds(54))
        );
        assert_eq!(tests.count(device(2), at(6)), Ok(()));
        assert_eq!(tests.count(device(1), at(60)), Ok(()));
        assert_eq!(
            tests.count(device(1), at(60)),
            Err(Milliseconds::from_seconds(1))
        );
    }

    #[test]
    fn devices_are_forgotten_after_a_minute() {
        let tests = Tests::default();
        for n in 0..1_000 {
            tests.count(device(n), at(0)).unwrap();
        }
        tests.count(device(1), at(60)).unwrap();
        assert_eq!(tests.asked.lock().unwrap().len(), 1);
    }

    fn device(n: u128) -> DeviceId {
        DeviceId(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1000)
    }
}
