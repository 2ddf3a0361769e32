//! What happened, one line each, for people.

use super::World;
use crate::plain::plain;

impl World {
    /// Writes a line, where the story is told.
    pub(super) fn tell(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.story.is_none() {
            return;
        }
        let milliseconds = self.now - super::BEGINNING;
        let line = format!(
            "{:>6}.{:03} s  {}",
            milliseconds / 1_000,
            milliseconds % 1_000,
            plain(line(self))
        );
        self.story.as_mut().unwrap().push(line);
    }

    pub(crate) fn into_story(self) -> Vec<String> {
        self.story.unwrap_or_default()
    }
}
