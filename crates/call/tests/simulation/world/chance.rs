//! Chance that is the seed's: the same numbers every time.

/// splitmix64 (Steele, Lea, Flood 2014).
#[derive(Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// At most so many milliseconds.
    pub(crate) fn upto(&mut self, milliseconds: i64) -> i64 {
        self.between(0, milliseconds)
    }

    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least + 1).unwrap();
        least + i64::try_from(self.below(width)).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[index(self.next(), all.len())]
    }

    pub(crate) fn weighed<T: Copy>(&mut self, all: &[(u32, T)]) -> T {
        let sum: u32 = all.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(u64::from(sum));
        for &(weight, value) in all {
            if left < u64::from(weight) {
                return value;
            }
            left -= u64::from(weight);
        }
        unreachable!("the weights add up")
    }
}

/// One of `count`, by any number.
pub(crate) fn index(number: u64, count: usize) -> usize {
    usize::try_from(number % count as u64).unwrap()
}
