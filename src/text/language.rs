//! Which language a text is in, where the feed does not say.
