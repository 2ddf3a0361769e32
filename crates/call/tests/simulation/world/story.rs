//! What happened, one line each, for people.

use super::World;

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

/// Leaves out of a value's `Debug` what is the same every time.
fn plain(line: String) -> String {
    const SAME: [&str; 6] = [
        "00000000-0000-0000-0000-",
        "PhoneView ",
        ", waiting: None",
        ", held: None",
        ", elsewhere: None",
        "Handset ",
    ];
    let mut line = line;
    // Of a description, what tells it from others stands before its password.
    while let Some(from) = line.find(", pwd: ") {
        let to = line[from..]
            .find("direction: Sendrecv")
            .map(|to| from + to + "direction: Sendrecv".len());
        line.replace_range(from..to.unwrap_or(line.len()), "");
    }
    for same in SAME {
        line = line.replace(same, "");
    }
    for zeros in ["000000000000", "00000000000", "0000000000", "000000000"] {
        line = line.replace(zeros, "");
    }
    line
}
