//! Which stories a digest shows: grouped, ordered, capped.
