//! What clients, the host's commands and the host's file say, as the server reads it.

use protocol::account::{ChangeMe, Refresh, Register, SignIn};
use protocol::error::{ErrorCode, Problem};
use protocol::factors::{
    AddAuthenticatorApp, AddPasskey, ChangePassword, Confirmation, RenamePasskey, SecondFactor,
    SignInWithPasskey,
};
use protocol::limits::PROTOCOL_VERSION;
use protocol::managing::{ChangeAccount, ChoosePassword, ShowReset};
use protocol::registration::{NewInvite, ShowInvite};
use protocol::settings::Settings;
use protocol::socket::ServerFrame;
use protocol::{DisplayName, PasskeyName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::config::Config;
use server::console::{Answer, Order};
use server::untrusted::{self, Frame};

/// Target `frame`: what a device says on its socket, first and later. What is understood says the same when it is written
/// again, and what is not is answered in a frame.
pub fn frame(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(hello) = untrusted::hello(text) {
        assert_eq!(hello.protocol, PROTOCOL_VERSION);
    }
    match untrusted::frame(text) {
        Ok(Frame::Request(_, request)) => assert_same_when_written(&*request),
        Ok(Frame::Refused(code, answer)) => {
            assert!([ErrorCode::BadRequest, ErrorCode::Unsupported].contains(&code));
            let answer = serde_json::from_str(&answer).expect("a frame");
            assert!(matches!(answer, ServerFrame::Error(error) if !error.message.is_empty()));
        }
        Ok(Frame::Ping) | Err(_) => {}
    }
}

/// Target `body`: what a client sends over HTTP, as every body that there is. Whatever is taken keeps the rules of names, and
/// whoever sends something else is told what is wrong.
pub fn body(input: &[u8]) {
    if let Some(register) = read::<Register>(input) {
        check_name(register.display_name.as_str());
        check_name(register.device.name.as_str());
        assert!(register.username.as_str().is_ascii());
    }
    if let Some(change) = read::<ChangeMe>(input) {
        check_name(change.display_name.as_str());
    }
    if let Some(renamed) = read::<RenamePasskey>(input) {
        check_passkey_name(&renamed.name);
    }
    if let Some(added) = read::<AddPasskey>(input) {
        check_passkey_name(&added.name);
    }
    if let Some(sign_in) = read::<SignInWithPasskey>(input) {
        check_name(sign_in.device.name.as_str());
    }
    read_and_write::<Settings>(input);
    read_and_write::<NewInvite>(input);
    read_and_write::<ShowInvite>(input);
    read_and_write::<ChangeAccount>(input);
    read_and_write::<ShowReset>(input);
    // These hold secrets and texts as they come.
    read::<SignIn>(input);
    read::<Refresh>(input);
    read::<SecondFactor>(input);
    read::<Confirmation>(input);
    read::<AddAuthenticatorApp>(input);
    read::<ChangePassword>(input);
    read::<ChoosePassword>(input);
    // What the page reads when it is refused.
    if let Ok(problem) = serde_json::from_slice::<Problem>(input) {
        assert_same_when_written(&problem);
    }
}

/// Target `order`: the socket for the host's commands, both ways.
pub fn order(input: &[u8]) {
    if let Ok(order) = serde_json::from_slice::<Order>(input) {
        assert_same_when_written(&order);
    }
    if let Ok(answer) = serde_json::from_slice::<Answer>(input) {
        assert_same_when_written(&answer);
        assert!(
            answer.to_string().ends_with('\n'),
            "what is printed is lines"
        );
    }
}

/// Target `config`: the host's file. A mistake is one line; what is taken says the same when it is written and read again.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match Config::parse(text) {
        Ok(config) => {
            assert_same_when_written(&config);
            assert!(!config.is_strict() || config.is_secure());
            assert!(!config.is_exposed() || !config.is_secure());
            assert_eq!(config.listen(), config.listen());
            let _shown = (config.redirect().to_string(), config.registration());
            if let Some(url) = config.public_url() {
                let again = url.to_string().parse();
                assert_eq!(again.ok(), Some(url), "an address has one form");
            }
        }
        Err(mistake) => assert!(!mistake.contains('\n') && mistake.starts_with("line ")),
    }
}

fn read<T: DeserializeOwned>(input: &[u8]) -> Option<T> {
    let taken = untrusted::body(input);
    if let Err(refusal) = &taken {
        assert_eq!(refusal.code, ErrorCode::BadRequest);
        assert!(!refusal.message.is_empty());
    }
    taken.ok()
}

fn read_and_write<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(input: &[u8]) {
    if let Some(body) = read::<T>(input) {
        assert_same_when_written(&body);
    }
}

pub(crate) fn assert_same_when_written<T>(value: &T)
where
    T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_string(value).expect("what was read can be written");
    let again: T = serde_json::from_str(&text).expect("and read again");
    assert_eq!(again, *value);
}

pub(crate) fn check_name(text: &str) {
    let again: DisplayName = text.parse().expect("a name is one when it is read again");
    assert_eq!(again.as_str(), text, "a name has one form");
}

fn check_passkey_name(name: &PasskeyName) {
    let again: PasskeyName = name
        .as_str()
        .parse()
        .expect("a name is one when it is read again");
    assert_eq!(again, *name, "a name has one form");
}
