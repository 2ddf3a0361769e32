//! Descriptions and candidates, as a device sends them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::description::{CallDescription, Candidate};

fuzz_target!(|input: &[u8]| {
    if let Ok(description) = serde_json::from_slice::<CallDescription>(input)
        && description.check().is_ok()
    {
        let text = serde_json::to_string(&description).expect("what was read can be written");
        let again: CallDescription = serde_json::from_str(&text).expect("and read again");
        assert_eq!(again, description);
        assert!(again.check().is_ok());
    }
    if let Ok(candidate) = serde_json::from_slice::<Candidate>(input)
        && candidate.check().is_ok()
    {
        let text = serde_json::to_string(&candidate).expect("what was read can be written");
        let again: Candidate = serde_json::from_str(&text).expect("and read again");
        assert_eq!(again, candidate);
    }
});
