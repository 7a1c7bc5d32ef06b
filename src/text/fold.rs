//! One normal form for text that is compared (SPEC 4.2, 4.3).
