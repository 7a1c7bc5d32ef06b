-- Declared: 1 while the watchlist says `paused = true`, so that taking it out is noticed across a restart.
ALTER TABLE feed ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

-- A new feed may be one that moved, and a new topic one that was renamed: both are looked for once for each.
CREATE INDEX feed_moved ON feed (moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX topic_gone ON topic (query_hash) WHERE declared = 0;
