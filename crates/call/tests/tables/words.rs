//! Views and effects in the words of the tables.

use call::handset::{Effect, HandsetView, Path};

pub(crate) fn view(view: &HandsetView) -> String {
    match view {
        HandsetView::Idle => "idle".to_owned(),
        HandsetView::Outgoing {
            devices,
            opening_microphone,
            ..
        } => match (opening_microphone, devices) {
            (true, _) => "outgoing, asks".to_owned(),
            (false, devices) => format!("outgoing on {devices}"),
        },
        HandsetView::Incoming {
            answering, fault, ..
        } => match (answering, fault) {
            (true, _) => "incoming, answering".to_owned(),
            (false, Some(fault)) => format!("incoming, {fault:?}"),
            (false, None) => "incoming".to_owned(),
        },
        HandsetView::Active { on_hold: true, .. } => "active, on hold".to_owned(),
        HandsetView::Active {
            path: Path::Connected,
            route: Some(route),
            ..
        } => format!("active, {route:?}"),
        HandsetView::Active { path, .. } => match path {
            Path::Connecting => "active, connecting".to_owned(),
            Path::Connected => "active".to_owned(),
            Path::Reconnecting => "active, reconnecting".to_owned(),
        },
        HandsetView::Ended { why, .. } => {
            let why = serde_json::to_value(why).unwrap();
            let reason = why["end"]["reason"].as_str().or(why["why"].as_str());
            format!("ended, {}", reason.unwrap())
        }
    }
}

pub(crate) fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Send { request } => format!("send {}", type_of(request)),
        Effect::Play { tone } => format!("play {tone:?}"),
        Effect::MakeOffer { epoch, .. } => format!("make offer {epoch}"),
        Effect::MakeAnswer { description, .. } => format!("make answer {}", description.epoch),
        Effect::SetMuted { muted } => format!("muted {muted}"),
        Effect::SetSpeaker { on } => format!("speaker {on}"),
        Effect::OpenMicrophone => "open microphone".to_owned(),
        Effect::CloseMicrophone => "close microphone".to_owned(),
        Effect::AttachMicrophone => "attach microphone".to_owned(),
        Effect::UseAnswer { .. } => "use answer".to_owned(),
        Effect::AddCandidates { .. } => "add candidates".to_owned(),
        Effect::ClosePeer => "close peer".to_owned(),
        Effect::KeepKey { verified, .. } => format!("keep key, verified {verified}"),
        Effect::SendControl { message } => format!("tell {}", type_of(message)),
    }
}

fn type_of(tagged: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(tagged).unwrap();
    value["type"].as_str().unwrap().to_owned()
}
