//! What a feed's history means for a person.
