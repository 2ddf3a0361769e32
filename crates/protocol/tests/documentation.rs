//! `docs/protocol.md` says what the types say.
//!
//! Every JSON example there names its type; it must parse as that type and be written again as it
//! stands. Everything that the types know must occur: frames, outcomes, states, errors, close codes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use protocol::account::{ChangeMe, People, Person, Refresh, Register, Sessions, SignIn, SignedIn};
use protocol::call::{CallLog, CallReport, CallState, CallView, EndReason, FailCause, Role};
use protocol::chat::{Contact, History, Presence};
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, Candidate, CandidateKind, Codec, ExtensionKind};
use protocol::error::{ErrorCode, Problem};
use protocol::factors::{
    AddAuthenticatorApp, AddPasskey, AuthenticatorAppSetup, ChangePassword, Confirmation, Factors,
    FactorsChanged, PasskeyChallenge, RenamePasskey, SecondFactor, SecondFactorRequired,
    SecondFactorWay, SignInWithPasskey,
};
use protocol::managing::{
    ChangeAccount, ChoosePassword, ManagedAccounts, PasswordReset, ShowReset,
};
use protocol::registration::{Admission, Invites, MadeInvite, NewInvite, ShowInvite, ShownInvite};
use protocol::settings::Settings;
use protocol::socket::{ClientFrame, Notice, Opening, Outcome, Request, RequestBody, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");
const LIMITS: &str = include_str!("../src/limits.rs");
const NONE: [String; 0] = [];

#[test]
fn every_example_is_what_its_type_writes() {
    let examples = examples();
    assert!(examples.len() > 40, "only {} examples", examples.len());
    for example in examples {
        if let Err(fault) = example.check() {
            panic!("docs/protocol.md:{}: {}: {fault}", example.line, example.of);
        }
    }
}

#[test]
fn every_request_has_an_example() {
    assert_eq!(
        missing::<RequestBody>("type", &tags_of("Request", "/type")),
        NONE
    );
}

#[test]
fn every_server_frame_has_an_example() {
    assert_eq!(
        missing::<ServerFrame>("type", &tags_of("ServerFrame", "/type")),
        NONE
    );
}

#[test]
fn every_control_message_has_an_example() {
    assert_eq!(
        missing::<ControlMessage>("type", &tags_of("ControlMessage", "/type")),
        NONE
    );
}

#[test]
fn every_outcome_has_an_example() {
    assert_eq!(
        missing::<Outcome>("type", &tags_of("ServerFrame", "/outcome/type")),
        NONE
    );
}

#[test]
fn every_opening_notice_and_state_has_an_example() {
    assert_eq!(
        missing::<Opening>("type", &tags_of("Opening", "/type")),
        NONE
    );
    assert_eq!(missing::<Notice>("type", &tags_of("Notice", "/type")), NONE);
    assert_eq!(
        missing::<CallState>("state", &tags_of("CallState", "/state")),
        NONE
    );
}

#[test]
fn every_word_of_the_wire_occurs() {
    let words = [
        words::<EndReason>(json!({"reason": "?"})),
        words::<FailCause>(json!("?")),
        words::<CallReport>(json!({"report": "?"})),
        words::<Contact>(json!("?")),
        words::<Presence>(json!({"state": "?"})),
        words::<Role>(json!("?")),
        words::<Codec>(json!({"codec": "?"})),
        words::<ExtensionKind>(json!("?")),
        words::<CandidateKind>(json!("?")),
        words::<SecondFactorWay>(json!("?")),
        words::<Confirmation>(json!({"type": "?"})),
    ]
    .concat();
    let missing: Vec<_> = words
        .iter()
        .filter(|word| {
            !["`", "\""]
                .iter()
                .any(|q| DOCUMENT.contains(&format!("{q}{word}{q}")))
        })
        .collect();
    assert!(missing.is_empty(), "not in docs/protocol.md: {missing:?}");
}

#[test]
fn every_error_code_stands_in_the_table() {
    let told: BTreeSet<String> = section("## Errors")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect();
    let codes: BTreeSet<String> = words::<ErrorCode>(json!("?")).into_iter().collect();
    assert_eq!(codes, told);
}

#[test]
fn every_close_code_stands_in_the_table() {
    let (_, codes) = LIMITS.split_once("pub mod close").unwrap();
    let codes: BTreeSet<u16> = codes
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const ")?.split_once(" = "))
        .map(|(_, code)| code.trim_end_matches(';').parse().unwrap())
        .collect();
    let told: BTreeSet<u16> = section("### Closing")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |")?.0.parse().ok())
        .collect();
    assert_eq!(codes, told);
}

#[test]
fn links_lead_to_headings() {
    let anchors: BTreeSet<String> = DOCUMENT
        .lines()
        .filter_map(|line| {
            Some(anchor(
                line.strip_prefix('#')?.trim_start_matches('#').trim(),
            ))
        })
        .collect();
    let dead: Vec<&str> = DOCUMENT
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !anchors.contains(*link))
        .collect();
    assert!(dead.is_empty(), "{dead:?}");
}

/// A fenced block that opens with `json` and the name of its type.
struct Example {
    line: usize,
    of: &'static str,
    text: String,
}

impl Example {
    fn value(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("docs/protocol.md:{}: {error}", self.line))
    }

    fn check(&self) -> Result<(), String> {
        match self.of {
            // A type with a secret that is only ever received cannot be written.
            "Register" => self.parse::<Register>().map(drop),
            "SignIn" => self.parse::<SignIn>().map(drop),
            "Refresh" => self.parse::<Refresh>().map(drop),
            "SecondFactor" => self.parse::<SecondFactor>().map(drop),
            "SignInWithPasskey" => self.parse::<SignInWithPasskey>().map(drop),
            "AddPasskey" => self.parse::<AddPasskey>().map(drop),
            "RenamePasskey" => self.parse::<RenamePasskey>().map(drop),
            "Confirmation" => self.parse::<Confirmation>().map(drop),
            "AddAuthenticatorApp" => self.parse::<AddAuthenticatorApp>().map(drop),
            "ChangePassword" => self.parse::<ChangePassword>().map(drop),
            "SecondFactorRequired" => self.is_written_again::<SecondFactorRequired>(),
            "PasskeyChallenge" => self.is_written_again::<PasskeyChallenge>(),
            "Factors" => self.is_written_again::<Factors>(),
            "FactorsChanged" => self.is_written_again::<FactorsChanged>(),
            "AuthenticatorAppSetup" => self.is_written_again::<AuthenticatorAppSetup>(),
            "ChoosePassword" => self.parse::<ChoosePassword>().map(drop),
            "Admission" => self.is_written_again::<Admission>(),
            "NewInvite" => self.is_written_again::<NewInvite>(),
            "MadeInvite" => self.is_written_again::<MadeInvite>(),
            "Invites" => self.is_written_again::<Invites>(),
            "ShowInvite" => self.is_written_again::<ShowInvite>(),
            "ShownInvite" => self.is_written_again::<ShownInvite>(),
            "ManagedAccounts" => self.is_written_again::<ManagedAccounts>(),
            "ChangeAccount" => self.is_written_again::<ChangeAccount>(),
            "PasswordReset" => self.is_written_again::<PasswordReset>(),
            "ShowReset" => self.is_written_again::<ShowReset>(),
            "SignedIn" => self.is_written_again::<SignedIn>(),
            "Sessions" => self.is_written_again::<Sessions>(),
            "People" => self.is_written_again::<People>(),
            "Person" => self.is_written_again::<Person>(),
            "ChangeMe" => self.is_written_again::<ChangeMe>(),
            "History" => self.is_written_again::<History>(),
            "CallLog" => self.is_written_again::<CallLog>(),
            "Problem" => self.is_written_again::<Problem>(),
            "Opening" => self.is_written_again::<Opening>(),
            "Notice" => self.is_written_again::<ClientFrame>(),
            "Request" => self
                .is_written_again::<ClientFrame>()
                .and_then(|()| self.parse::<Request>())
                .and_then(|request| keeps_the_rules_that_span_values(request.body)),
            "ServerFrame" => self.is_written_again::<ServerFrame>(),
            "CallState" => self.is_written_again::<CallState>(),
            "CallView" => self.is_written_again::<CallView>(),
            "Settings" => self.is_written_again::<Settings>(),
            "ControlMessage" => self
                .is_written_again::<ControlMessage>()
                .and_then(|()| self.parse::<ControlMessage>())
                .and_then(|message| match message {
                    ControlMessage::Description { description } => obey(Some(&description), &[]),
                    ControlMessage::Candidates { candidates, .. } => obey(None, &candidates),
                    ControlMessage::Sound { .. }
                    | ControlMessage::HangUp
                    | ControlMessage::Leaving
                    | ControlMessage::Reveal { .. } => Ok(()),
                }),
            of => Err(format!("this test knows no type of the name {of:?}")),
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(self.value()).map_err(|error| error.to_string())
    }

    fn is_written_again<T: DeserializeOwned + Serialize>(&self) -> Result<(), String> {
        let written = serde_json::to_value(self.parse::<T>()?).unwrap();
        if written == self.value() {
            Ok(())
        } else {
            Err(format!("is written as {written:#}"))
        }
    }
}

fn keeps_the_rules_that_span_values(request: RequestBody) -> Result<(), String> {
    let (description, candidates) = match request {
        RequestBody::StartCall { description, .. }
        | RequestBody::TakeCall { description, .. }
        | RequestBody::DescribeCall { description, .. } => (Some(description), Vec::new()),
        RequestBody::AnswerCall {
            description,
            candidates,
            ..
        } => (Some(description), candidates),
        RequestBody::AddCandidates { candidates, .. } => (None, candidates),
        _ => (None, Vec::new()),
    };
    obey(description.as_ref(), &candidates)
}

fn obey(description: Option<&CallDescription>, candidates: &[Candidate]) -> Result<(), String> {
    description
        .map_or(Ok(()), CallDescription::check)
        .and_then(|()| candidates.iter().try_for_each(Candidate::check))
        .map_err(|fault| fault.to_string())
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = DOCUMENT.lines().enumerate();
    while let Some((above, line)) = lines.next() {
        let Some(of) = line.trim_start().strip_prefix("```json") else {
            continue;
        };
        let text: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim_start() != "```")
            .collect();
        examples.push(Example {
            line: above + 1,
            of: of.trim(),
            text: text.join("\n"),
        });
    }
    examples
}

/// What stands at `pointer` in the examples of a type.
fn tags_of(of: &str, pointer: &str) -> BTreeSet<String> {
    examples()
        .iter()
        .filter(|example| example.of == of)
        .filter_map(|example| Some(example.value().pointer(pointer)?.as_str()?.to_owned()))
        .collect()
}

/// The variants of `T` that are not among `shown`.
fn missing<T: DeserializeOwned>(tag: &str, shown: &BTreeSet<String>) -> Vec<String> {
    words::<T>(json!({ tag: "?" }))
        .into_iter()
        .filter(|word| !shown.contains(word))
        .collect()
}

/// The variants of an enum, out of what serde says about one that does not exist.
fn words<T: DeserializeOwned>(nonsense: Value) -> Vec<String> {
    let Err(error) = serde_json::from_value::<T>(nonsense) else {
        panic!("a variant that does not exist was taken");
    };
    let error = error.to_string();
    let (_, expected) = error
        .split_once("expected ")
        .unwrap_or_else(|| panic!("serde named no variants: {error}"));
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// From a heading to the next of the same level.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("\n{heading}\n")).unwrap();
    let level = heading.split(' ').next().unwrap();
    rest.split(&format!("\n{level} ")).next().unwrap()
}

/// The link to a heading, as viewers of Markdown make it.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
