//! What one fetch changes: new, changed, known, backfill, late, gap. The one decision per fetch.
