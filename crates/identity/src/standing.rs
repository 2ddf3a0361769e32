//! How a key stands to a person: a function of what this device has kept of that person, and of what older devices say of the key.

use protocol::description::DeviceKey;
use protocol::identity::Standing;

/// A key that this device has kept of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The key.
    pub key: DeviceKey,
    /// Whether the two people compared codes over it.
    pub verified: bool,
}

/// How `key` stands to the person of whom `pins` are kept. `endorsed_by` are the keys whose endorsement of it holds
/// ([`crate::endorsement::is_endorsed`]); one step is followed and no more, so that a stolen device cannot vouch through others
/// that nobody has seen. It is nothing where the server has listed the person's keys and this one is not among them: the person
/// signed that device out, and what was kept of it counts no more. What it said of others before goes on counting.
pub fn standing(pins: &[Pin], key: &DeviceKey, endorsed_by: Option<&[DeviceKey]>) -> Standing {
    let vouching = pins.iter().filter(|pin| {
        endorsed_by.is_some_and(|endorsers| pin.key == *key || endorsers.contains(&pin.key))
    });
    match vouching.map(|pin| pin.verified).max() {
        Some(true) => Standing::Verified,
        Some(false) => Standing::Known,
        None if pins.is_empty() => Standing::First,
        None => Standing::Changed,
    }
}

/// Whether *Talk anyway* makes a changed key one that is known from then on. A person whose key was compared once must be
/// compared again: until then every call says that the key changed.
pub fn is_kept_without_comparing(pins: &[Pin]) -> bool {
    pins.iter().all(|pin| !pin.verified)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_as_what_is_kept_of_the_person_says() {
        let (a, b, c) = (key("aa"), key("bb"), key("cc"));
        let known = pin(&a, false);
        let verified = pin(&b, true);
        for (pins, endorsed_by, expected) in [
            (vec![], vec![], Standing::First),
            (vec![], vec![a.clone()], Standing::First),
            (vec![pin(&c, false)], vec![], Standing::Known),
            (vec![pin(&c, true)], vec![], Standing::Verified),
            (vec![known.clone()], vec![], Standing::Changed),
            (vec![verified.clone()], vec![], Standing::Changed),
            (vec![known.clone()], vec![a.clone()], Standing::Known),
            (vec![verified.clone()], vec![b.clone()], Standing::Verified),
            (vec![known.clone()], vec![b.clone()], Standing::Changed),
            (
                vec![known.clone(), verified.clone()],
                vec![a.clone(), b.clone()],
                Standing::Verified,
            ),
            (
                vec![pin(&c, false), verified.clone()],
                vec![b.clone()],
                Standing::Verified,
            ),
        ] {
            assert_eq!(
                standing(&pins, &c, Some(&endorsed_by)),
                expected,
                "{pins:?} {endorsed_by:?}"
            );
        }
    }

    #[test]
    fn a_kept_key_that_is_listed_no_more_has_changed() {
        let c = key("cc");
        assert_eq!(standing(&[], &c, None), Standing::First);
        for pins in [
            vec![pin(&c, false)],
            vec![pin(&c, true)],
            vec![pin(&c, true), pin(&key("aa"), true)],
        ] {
            assert_eq!(standing(&pins, &c, None), Standing::Changed, "{pins:?}");
        }
    }

    #[test]
    fn whoever_was_compared_once_is_compared_again() {
        let (a, b) = (pin(&key("aa"), false), pin(&key("bb"), true));
        assert!(is_kept_without_comparing(&[]));
        assert!(is_kept_without_comparing(std::slice::from_ref(&a)));
        assert!(!is_kept_without_comparing(&[a, b]));
    }

    fn pin(key: &DeviceKey, verified: bool) -> Pin {
        Pin {
            key: key.clone(),
            verified,
        }
    }

    fn key(pair: &str) -> DeviceKey {
        pair.repeat(32).parse().unwrap()
    }
}
