//! Markup to the plain text a reader sees (SPEC 4.1).
