//! Two values are the same where their marks are: 128 bits of all that they are made of.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark(u128);

/// Of the whole `Debug` of a value. Whatever a machine knows is in there, because it is derived.
pub(crate) fn of(value: &impl Debug) -> Mark {
    let mut sum = Sum::new();
    write!(sum, "{value:?}").unwrap();
    sum.mark()
}

pub(crate) fn of_words(words: &[u32]) -> Mark {
    let mut sum = Sum::new();
    for pair in words.chunks(2) {
        let low = u64::from(pair[0]);
        let high = pair
            .get(1)
            .map_or(u64::from(u32::MAX), |&word| u64::from(word));
        sum.take(low | high << 32);
    }
    sum.mark()
}

struct Sum {
    halves: [u64; 2],
    rest: [u8; 8],
    rest_len: usize,
}

impl Sum {
    fn new() -> Self {
        Self {
            halves: [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
            rest: [0; 8],
            rest_len: 0,
        }
    }

    fn take(&mut self, word: u64) {
        let [a, b] = self.halves;
        self.halves = [mix(a ^ word), mix(b.wrapping_add(word).rotate_left(29))];
    }

    fn mark(mut self) -> Mark {
        let rest = u64::from_le_bytes(self.rest);
        self.take(rest);
        self.take(self.rest_len as u64);
        Mark(u128::from(self.halves[0]) << 64 | u128::from(self.halves[1]))
    }
}

impl Write for Sum {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for &byte in text.as_bytes() {
            self.rest[self.rest_len] = byte;
            self.rest_len += 1;
            if self.rest_len == 8 {
                self.rest_len = 0;
                self.take(u64::from_le_bytes(self.rest));
                self.rest = [0; 8];
            }
        }
        Ok(())
    }
}

/// The finish of splitmix64 (Steele, Lea, Flood 2014): every bit of it depends on every bit of what goes in.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A map by marks, which are as good as random already.
pub(crate) type ByMark<V> = HashMap<Mark, V, BuildHasherDefault<Half>>;

/// Values by number; the same value has the same number.
pub(crate) struct Store<V> {
    numbers: ByMark<u32>,
    values: Vec<V>,
}

impl<V> Store<V> {
    pub(crate) fn new() -> Self {
        Self {
            numbers: ByMark::default(),
            values: Vec::new(),
        }
    }

    pub(crate) fn number(&mut self, mark: Mark, value: impl FnOnce() -> V) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap();
        let number = *self.numbers.entry(mark).or_insert(next);
        if number == next {
            self.values.push(value());
        }
        number
    }

    pub(crate) fn get(&self, number: u32) -> &V {
        &self.values[number as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

/// Takes a mark for its own hash.
#[derive(Default)]
pub(crate) struct Half(u64);

impl Hasher for Half {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, mark: u128) {
        self.0 = u64::try_from(mark & u128::from(u64::MAX)).unwrap();
    }
}
