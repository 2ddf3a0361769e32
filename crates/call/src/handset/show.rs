//! What a state is to eye and ear: the view, the tone, and which of the two sides is silent.

use super::state::{Answer, Stage, State};
use super::taking::Stands;
use super::{HandsetView, OtherEnd, Route, Tone};

impl State {
    pub(super) fn view(&self, route: Option<Route>, other: Option<OtherEnd>) -> HandsetView {
        match self {
            Self::Idle => HandsetView::Idle,
            Self::Outgoing(outgoing) => HandsetView::Outgoing {
                conversation: outgoing.conversation,
                call: self.call(),
                opening_microphone: matches!(outgoing.stage, Stage::OpeningMicrophone),
                devices: match outgoing.stage {
                    Stage::OpeningMicrophone | Stage::Offering | Stage::Starting { .. } => 0,
                    Stage::Calling { devices, .. } => devices,
                },
                muted: outgoing.muted,
            },
            Self::Ringing(ringing) => HandsetView::Incoming {
                conversation: ringing.conversation,
                call: ringing.call,
                answering: ringing.answer != Answer::NotYet,
                fault: ringing.fault,
                silenced: ringing.silenced,
                standing: other.map(|other| other.standing),
            },
            Self::Talking(talking) => talking.sound.view(
                talking.conversation,
                talking.call,
                talking.path,
                route,
                other,
                talking.since,
            ),
            Self::Taking(taking) => taking.view(other),
            Self::Ended(over) => HandsetView::Ended {
                conversation: over.conversation,
                call: over.call,
                outgoing: over.outgoing,
                why: over.why.clone(),
                talked: over.talked,
            },
        }
    }

    pub(super) fn tone(&self) -> Tone {
        match self {
            Self::Outgoing(outgoing) => match outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering => Tone::None,
                Stage::Starting { .. } | Stage::Calling { devices: 0, .. } => Tone::Calling,
                Stage::Calling { .. } => Tone::Ringback,
            },
            Self::Ringing(ringing) if ringing.answer == Answer::NotYet && !ringing.silenced => {
                Tone::Ringing
            }
            Self::Taking(taking) => match taking.stands {
                Stands::Rings { devices: 0, .. } => Tone::Calling,
                Stands::Rings { .. } => Tone::Ringback,
                Stands::Connects | Stands::Active { .. } => Tone::None,
            },
            Self::Idle | Self::Ringing(_) | Self::Talking(_) => Tone::None,
            Self::Ended(over) => over.tone,
        }
    }

    /// Whether the microphone's track shall be silent.
    pub(super) fn is_mute(&self) -> bool {
        match self {
            Self::Idle | Self::Ringing(_) | Self::Ended(_) => false,
            Self::Outgoing(outgoing) => outgoing.muted,
            Self::Talking(talking) => talking.sound.is_mute(),
            Self::Taking(taking) => taking.sound.is_mute(),
        }
    }

    /// Whether the other side shall be heard, where there is a peer.
    pub(super) fn is_audible(&self) -> bool {
        match self {
            Self::Idle | Self::Outgoing(_) | Self::Ringing(_) | Self::Ended(_) => true,
            Self::Talking(talking) => talking.sound.is_audible(),
            Self::Taking(taking) => taking.sound.is_audible(),
        }
    }
}
