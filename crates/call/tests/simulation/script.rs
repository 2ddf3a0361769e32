//! What a seed makes people, devices, the network and the server do, step by step.

use call::switchboard::Reach;

use super::world::chance::Chance;

/// All that a seed decides beforehand. The world's own chance comes of the same seed.
pub(crate) struct Script {
    pub(crate) seed: u64,
    /// How many devices each person has.
    pub(crate) devices: Vec<u32>,
    pub(crate) weather: Weather,
    /// Whose calls do not ring at whom: the callee blocks them, or wants quiet.
    pub(crate) unwanted: Vec<((usize, usize), Reach)>,
    /// Whether each person is offered a second call during a call.
    pub(crate) call_waiting: Vec<bool>,
    pub(crate) steps: Vec<Step>,
}

/// How bad the network is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Frames take up to 100 ms: what people do matters most.
    Fair,
    /// Up to half a second.
    Dull,
    /// Up to five seconds, and every now and then a frame is lost, which is a lost socket.
    Storm,
}

/// Somebody or something does something, a while after the step before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) wait: i64,
    pub(crate) action: Action,
    /// Which of all that could do it, or whom it could be done to.
    pub(crate) pick: u64,
}

/// What happens. Where nobody can do it just now, nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Dial,
    /// Two people dial each other within two seconds.
    DialEachOther,
    Answer,
    HoldAndAnswer,
    EndAndAnswer,
    /// A call is moved to another device of the account.
    Take,
    /// The page is loaded anew; it says goodbye.
    Reload,
    /// The page is gone without a word, and comes back.
    CrashPage,
    Reject,
    End,
    Dismiss,
    Silence,
    Mute,
    Hold,
    Resume,
    Speaker,
    BreakMicrophone,
    MendMicrophone,
    BreakPath,
    MendPath,
    ChangeNetwork,
    /// The socket closes, and both ends know.
    CloseSocket,
    /// The socket is dead, and each end finds out by itself.
    KillSocket,
    /// The device is without network for a while.
    GoOffline,
    ComeOnline,
    EndSession,
    RestartServer,
    /// The server dies in the middle of what it does next.
    CrashServer,
    Nothing,
}

const ACTIONS: &[(u32, Action)] = &[
    (12, Action::Dial),
    (2, Action::DialEachOther),
    (14, Action::Answer),
    (8, Action::HoldAndAnswer),
    (4, Action::EndAndAnswer),
    (4, Action::Take),
    (3, Action::Reload),
    (2, Action::CrashPage),
    (3, Action::Reject),
    (5, Action::End),
    (1, Action::Dismiss),
    (1, Action::Silence),
    (3, Action::Mute),
    (3, Action::Hold),
    (3, Action::Resume),
    (1, Action::Speaker),
    (1, Action::BreakMicrophone),
    (2, Action::MendMicrophone),
    (4, Action::BreakPath),
    (4, Action::MendPath),
    (2, Action::ChangeNetwork),
    (3, Action::CloseSocket),
    (3, Action::KillSocket),
    (2, Action::GoOffline),
    (2, Action::ComeOnline),
    (1, Action::EndSession),
    (1, Action::RestartServer),
    (1, Action::CrashServer),
    (6, Action::Nothing),
];

impl Script {
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let people = if chance.one_in(3) { 2 } else { 3 };
        let devices =
            (0..people).map(|_| 1 + u32::from(chance.one_in(2)) + u32::from(chance.one_in(3)));
        let devices = devices.collect();
        let weather = *chance.of(&[Weather::Fair, Weather::Dull, Weather::Storm, Weather::Storm]);
        let unwanted = (0..people)
            .flat_map(|a| (0..people).map(move |b| (a, b)))
            .filter_map(|pair| unwanted(&mut chance, pair))
            .collect();
        let call_waiting = (0..people).map(|_| !chance.one_in(4)).collect();
        let count = 4 + chance.below(40);
        let steps = (0..count).map(|_| step(&mut chance)).collect();
        Self {
            seed,
            devices,
            weather,
            unwanted,
            call_waiting,
            steps,
        }
    }

    /// Two people with a device each, a network that is no worse than usual, and nothing that happens by itself.
    pub(crate) fn of_glare(seed: u64) -> Self {
        Self {
            seed,
            devices: vec![1, 1],
            weather: Weather::Dull,
            unwanted: Vec::new(),
            call_waiting: vec![true, true],
            steps: Vec::new(),
        }
    }
}

fn unwanted(chance: &mut Chance, pair: (usize, usize)) -> Option<((usize, usize), Reach)> {
    let reach = match chance.below(30) {
        0 => Reach::Silent,
        1 | 2 => Reach::Quiet,
        _ => return None,
    };
    Some((pair, reach))
}

fn step(chance: &mut Chance) -> Step {
    let longest = *chance.of(&[300, 300, 2_000, 5_000, 5_000, 20_000, 60_000]);
    Step {
        wait: chance.upto(longest),
        action: chance.weighed(ACTIONS),
        pick: chance.next(),
    }
}
