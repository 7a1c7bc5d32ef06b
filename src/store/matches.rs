//! Topics, matches, and what each recipient has yet to be told.
