//! The program `ahoy`.
