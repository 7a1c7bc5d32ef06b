//! Words with their places, and the forms a word may take (SPEC 4.4 to 4.7).
