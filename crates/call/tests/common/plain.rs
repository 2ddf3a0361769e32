//! Values for people to read.

/// Leaves out of a value's `Debug` what is the same every time.
pub(crate) fn plain(line: String) -> String {
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
