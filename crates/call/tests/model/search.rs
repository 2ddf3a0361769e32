//! Breadth first through all states; then whether every run ends.

use std::collections::VecDeque;
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
    first: State,
    /// Found, and not gone on from yet; the others are forgotten but for their marks.
    to_do: VecDeque<State>,
    numbers: ByMark<u32>,
    /// By which of its moves which state led to each first.
    found: Vec<(u32, u8)>,
    /// Where each state's moves lead, one state after the other.
    leads_to: Vec<u32>,
    /// Where those of each state begin in `leads_to`.
    begins: Vec<u32>,
}

/// Sees all states that an alphabet leads to.
pub(crate) fn all(alphabet: &Alphabet) -> Seen {
    let mut model = Model::new();
    let first = model.first(alphabet);
    let mut search = Search {
        model,
        first,
        to_do: VecDeque::new(),
        numbers: ByMark::default(),
        found: Vec::new(),
        leads_to: Vec::new(),
        begins: Vec::new(),
    };
    search.number(first, (0, 0));
    let mut ends = 0;
    while let Some(state) = search.to_do.pop_front() {
        ends += usize::from(search.expand(&state));
    }
    search.check_every_run_ends();
    let seen = Seen {
        states: search.found.len(),
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
    fn number(&mut self, state: State, found: (u32, u8)) -> u32 {
        let next = u32::try_from(self.found.len()).unwrap();
        let number = *self.numbers.entry(state.mark()).or_insert(next);
        if number == next {
            self.to_do.push_back(state);
            self.found.push(found);
        }
        number
    }

    /// Goes to every state that follows; says whether none does.
    fn expand(&mut self, state: &State) -> bool {
        let from = u32::try_from(self.begins.len()).unwrap();
        self.begins
            .push(u32::try_from(self.leads_to.len()).unwrap());
        let moves = self.model.moves(state);
        for (&one, which) in moves.iter().zip(0..) {
            let model = &mut self.model;
            match catch_unwind(AssertUnwindSafe(|| model.after(state, one))) {
                Ok(next) => {
                    let next = self.number(next, (from, which));
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
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| model.check_rest(state))) {
                self.tell(from, None);
                resume_unwind(panic);
            }
        }
        moves.is_empty()
    }

    /// Takes away, again and again, the states to which no other leads. Where some are left, a run goes round for ever.
    fn check_every_run_ends(&mut self) {
        let mut leading = vec![0_u32; self.found.len()];
        for &to in &self.leads_to {
            leading[to as usize] += 1;
        }
        assert_eq!(leading[0], 0, "a run comes back to the beginning");
        let mut free: Vec<u32> = vec![0];
        let mut taken = 0;
        while let Some(number) = free.pop() {
            taken += 1;
            let from = self.begins[number as usize] as usize;
            let to = self.begins.get(number as usize + 1);
            let to = to.map_or(self.leads_to.len(), |&to| to as usize);
            for &next in &self.leads_to[from..to] {
                leading[next as usize] -= 1;
                if leading[next as usize] == 0 {
                    free.push(next);
                }
            }
        }
        if taken < self.found.len() {
            let left = leading.iter().position(|&leading| leading > 0).unwrap();
            self.tell(u32::try_from(left).unwrap(), None);
            panic!("a run goes on for ever through the last state above");
        }
    }

    /// How a state came about, by the fewest moves, and the move that went wrong.
    fn tell(&mut self, number: u32, last: Option<Move>) {
        let mut path = Vec::new();
        let mut at = number;
        while at != 0 {
            let (before, which) = self.found[at as usize];
            path.push(which);
            at = before;
        }
        let mut state = self.first;
        for which in path.into_iter().rev() {
            let one = self.model.moves(&state)[usize::from(which)];
            println!("{}", self.model.tell(&state, one));
            state = self.model.after(&state, one);
        }
        println!("in the end:\n{}", self.model.screens(&state));
        if let Some(last) = last {
            println!("and then: {}", self.model.tell(&state, last));
        }
    }
}
