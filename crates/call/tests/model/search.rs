//! Breadth first through all states; then whether every run ends.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::mark::ByMark;
use crate::model::{Alphabet, Model, Move, State};

/// How much a search saw.
pub(crate) struct Seen {
    states: usize,
    moves: usize,
}

impl Seen {
    /// A search that sees little proves little.
    pub(crate) fn at_least(&self, states: usize, moves: usize) {
        assert!(
            self.states >= states && self.moves >= moves,
            "{} states and {} transitions are less than expected",
            self.states,
            self.moves
        );
    }
}

struct Search {
    model: Model,
    states: Vec<State>,
    numbers: ByMark<u32>,
    /// By which move from which state each was found first.
    found: Vec<Option<(u32, Move)>>,
    /// Where each state's moves lead, one state after the other.
    leads_to: Vec<u32>,
    /// Where those of each state begin in `leads_to`.
    begins: Vec<usize>,
}

/// Sees all states that an alphabet leads to.
pub(crate) fn all(alphabet: &Alphabet) -> Seen {
    let mut model = Model::new();
    let first = model.first(alphabet);
    let mut search = Search {
        model,
        states: Vec::new(),
        numbers: ByMark::default(),
        found: Vec::new(),
        leads_to: Vec::new(),
        begins: Vec::new(),
    };
    search.number(first, None);
    let mut next = 0;
    let mut ends = 0;
    while next < search.states.len() {
        ends += usize::from(search.expand(next));
        next += 1;
        if next % 1_000_000 == 0 {
            println!(
                "{next} of {} states so far; {}",
                search.states.len(),
                search.model.parts()
            );
        }
    }
    search.check_every_run_ends();
    let seen = Seen {
        states: search.states.len(),
        moves: search.leads_to.len(),
    };
    println!(
        "{} states, {} transitions, {ends} ends of runs; {}",
        seen.states,
        seen.moves,
        search.model.parts()
    );
    assert!(ends > 0, "no run ends");
    seen
}

impl Search {
    fn number(&mut self, state: State, found: Option<(u32, Move)>) -> u32 {
        let next = u32::try_from(self.states.len()).unwrap();
        let number = *self.numbers.entry(state.mark()).or_insert(next);
        if number == next {
            self.states.push(state);
            self.found.push(found);
        }
        number
    }

    /// Goes to every state that follows; says whether none does.
    fn expand(&mut self, number: usize) -> bool {
        let state = self.states[number];
        let from = u32::try_from(number).unwrap();
        self.begins.push(self.leads_to.len());
        let moves = self.model.moves(&state);
        for &one in &moves {
            let model = &mut self.model;
            match catch_unwind(AssertUnwindSafe(|| model.after(&state, one))) {
                Ok(next) => {
                    let next = self.number(next, Some((from, one)));
                    self.leads_to.push(next);
                }
                Err(panic) => {
                    self.tell(from, Some(one));
                    resume_unwind(panic);
                }
            }
        }
        if moves.is_empty() {
            let model = &self.model;
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| model.check_rest(&state))) {
                self.tell(from, None);
                resume_unwind(panic);
            }
        }
        moves.is_empty()
    }

    /// Takes away, again and again, the states to which no other leads. Where some are left, a run goes round for ever.
    fn check_every_run_ends(&self) {
        let mut leading = vec![0_u32; self.states.len()];
        for &to in &self.leads_to {
            leading[to as usize] += 1;
        }
        let mut free: Vec<u32> = vec![0];
        assert_eq!(leading[0], 0, "a run comes back to the beginning");
        let mut taken = 0;
        while let Some(number) = free.pop() {
            taken += 1;
            let from = self.begins[number as usize];
            let to = self.begins.get(number as usize + 1);
            for &next in &self.leads_to[from..to.copied().unwrap_or(self.leads_to.len())] {
                leading[next as usize] -= 1;
                if leading[next as usize] == 0 {
                    free.push(next);
                }
            }
        }
        if taken < self.states.len() {
            let left = leading.iter().position(|&leading| leading > 0).unwrap();
            self.tell(u32::try_from(left).unwrap(), None);
            panic!("a run goes on for ever through the last state above");
        }
    }

    /// How a state came about, by the fewest moves, and the move that went wrong.
    fn tell(&self, number: u32, last: Option<Move>) {
        let mut path: Vec<(u32, Move)> = last.map(|one| (number, one)).into_iter().collect();
        let mut at = number;
        while let Some((before, one)) = self.found[at as usize] {
            path.push((before, one));
            at = before;
        }
        for &(from, one) in path.iter().rev() {
            let state = &self.states[from as usize];
            println!("{}", self.model.tell(state, one));
        }
        println!(
            "in the end:\n{}",
            self.model.screens(&self.states[number as usize])
        );
    }
}
