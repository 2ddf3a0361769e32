//! Handset and phone do in every scenario what `scenarios/*.json` says. The web client's are held to the same files.
//!
//! A scenario is a list of steps: an input, the moment (milliseconds of the device's clock), the effects
//! that must come of it, and the view and the next deadline after it. It drives a handset, or a phone where it says
//! `"machine": "phone"`. `"$name"` stands for a value of
//! `values.json`; an input names all its fields, because TypeScript knows no defaults. After a change on purpose, `UPDATE_SCENARIOS=1 cargo test -p call --test scenarios`
//! writes what the handset does; read the difference before you keep it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use call::handset::{self, Handset, Timeouts};
use call::phone::{self, Phone};
use protocol::{Timestamp, UserId};
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
const VALUES: &str = "values.json";

#[test]
fn handset_and_phone_do_what_every_scenario_says() {
    let values = read(&Path::new(FOLDER).join(VALUES));
    let update = std::env::var_os("UPDATE_SCENARIOS").is_some();
    let mut wrong = Vec::new();
    let scenarios = scenarios();
    assert!(scenarios.len() >= 20, "{} scenarios", scenarios.len());
    for path in scenarios {
        let scenario: Value = read(&path);
        let played = play(&scenario, &values);
        if update {
            std::fs::write(&path, pretty(&played)).unwrap();
        } else if let Some(difference) = first_difference(&scenario, &played) {
            wrong.push(format!("{}: {difference}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The scenario with the effects, views and deadlines that the machine really has.
fn play(scenario: &Value, values: &Map<String, Value>) -> Value {
    let me: UserId = serde_json::from_value(resolve(&scenario["me"], values)).unwrap();
    let mut machine: Box<dyn Machine> = match scenario["machine"].as_str() {
        None => Box::new(Handset::new(me, Timeouts::default())),
        Some("phone") => Box::new(Phone::new(me, Timeouts::default())),
        Some(other) => panic!("no machine is called {other}"),
    };
    let steps: Vec<Value> = scenario["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let at = Timestamp(step["at"].as_i64().unwrap());
            let played = machine.play(at, resolve(&step["input"], values));
            json!({
                "at": at,
                "input": name(played.input, values),
                "effects": name(played.effects, values),
                "view": name(played.view, values),
                "timeout": played.timeout,
            })
        })
        .collect();
    let mut played = json!({ "says": scenario["says"], "me": scenario["me"], "steps": steps });
    if let Some(machine) = scenario.get("machine") {
        played["machine"] = machine.clone();
    }
    played
}

/// What a scenario can be played with.
trait Machine {
    fn play(&mut self, at: Timestamp, input: Value) -> Played;
}

/// A step as it went, the input with all its fields.
struct Played {
    input: Value,
    effects: Value,
    view: Value,
    timeout: Option<Timestamp>,
}

impl Machine for Handset {
    fn play(&mut self, at: Timestamp, input: Value) -> Played {
        let input: handset::Input = serde_json::from_value(input).unwrap();
        Played {
            input: serde_json::to_value(&input).unwrap(),
            effects: serde_json::to_value(self.handle(at, input)).unwrap(),
            view: serde_json::to_value(self.view()).unwrap(),
            timeout: self.poll_timeout(),
        }
    }
}

impl Machine for Phone {
    fn play(&mut self, at: Timestamp, input: Value) -> Played {
        let input: phone::Input = serde_json::from_value(input).unwrap();
        Played {
            input: serde_json::to_value(&input).unwrap(),
            effects: serde_json::to_value(self.handle(at, input)).unwrap(),
            view: serde_json::to_value(self.view()).unwrap(),
            timeout: self.poll_timeout(),
        }
    }
}

fn first_difference(expected: &Value, played: &Value) -> Option<String> {
    let (expected, played) = (expected["steps"].as_array()?, played["steps"].as_array()?);
    let step = (0..played.len()).find(|&i| expected[i] != played[i])?;
    Some(format!(
        "step {step}\n  expected {}\n  played   {}",
        expected[step], played[step]
    ))
}

/// Puts values in the place of their names.
fn resolve(value: &Value, values: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => values
                .get(name)
                .unwrap_or_else(|| panic!("values.json has no {name}"))
                .clone(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| resolve(item, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| (key.clone(), resolve(field, values)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Puts names in the place of values that names stand for.
fn name(value: Value, values: &Map<String, Value>) -> Value {
    let known = values.iter().find(|(_, known)| **known == value);
    if let Some((name, _)) = known {
        return Value::String(format!("${name}"));
    }
    match value {
        Value::Array(items) => items.into_iter().map(|item| name(item, values)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, field)| (key, name(field, values)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn scenarios() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with(VALUES))
        .collect();
    paths.sort();
    paths
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One line for an input, one for each effect and one for a view, so that differences can be read.
fn pretty(scenario: &Value) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "{{\n  \"says\": {},\n  \"me\": {},\n",
        scenario["says"], scenario["me"]
    );
    if let Some(machine) = scenario.get("machine") {
        writeln!(text, "  \"machine\": {machine},").unwrap();
    }
    text += "  \"steps\": [";
    for (i, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let effects: Vec<String> = step["effects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|effect| format!("\n        {}", typed(effect)))
            .collect();
        let close = if effects.is_empty() { "" } else { "\n      " };
        write!(
            text,
            "{comma}\n    {{\n      \"at\": {},\n      \"input\": {},\n      \"effects\": [{}{close}],\n      \"view\": {},\n      \"timeout\": {}\n    }}",
            step["at"],
            typed(&step["input"]),
            effects.join(","),
            typed(&step["view"]),
            step["timeout"],
        )
        .unwrap();
    }
    text + "\n  ]\n}\n"
}

/// An object on one line, its tag first.
fn typed(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return value.to_string();
    };
    let tag = |key: &str| !matches!(key, "type" | "phase" | "why");
    let sorted: BTreeMap<(bool, &String), &Value> = fields
        .iter()
        .map(|(key, field)| ((tag(key), key), field))
        .collect();
    let fields: Vec<String> = sorted
        .into_iter()
        .map(|((_, key), field)| format!("\"{key}\": {}", typed(field)))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}
