-- Observed. Domains whose servers have answered 429: none of their addresses is asked before `until`, for whichever feed.
CREATE TABLE hold (
    domain TEXT PRIMARY KEY,                -- registrable, or host:port where there is none
    until INTEGER NOT NULL,
    feed INTEGER NOT NULL REFERENCES feed (id)      -- the one that was refused
) STRICT, WITHOUT ROWID;

-- Decided. When the target of permanent redirects was adopted: it is asked in place of the declared address.
ALTER TABLE feed ADD COLUMN adopted_at INTEGER;

-- Observed. What the feed says in its last document of how long nothing changes, in seconds: an answer's headers may say less.
ALTER TABLE feed ADD COLUMN ttl INTEGER;

-- Whether a feed that fails has become news is asked time and again, of however many feeds.
CREATE INDEX feed_failing ON feed (failing_since) WHERE failing_since IS NOT NULL;
