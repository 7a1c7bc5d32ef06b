//! The watchlist: TOML to a checked configuration, or all its problems with line and caret.
