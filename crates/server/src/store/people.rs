//! Finding people by the beginning of a name.
