//! The command `ahoy`.
fn main() {}
