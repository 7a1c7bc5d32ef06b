//! Text to query, or what was expected where.
