-- Declared: 1 while the watchlist says `paused = true`, so that taking it out is noticed across a restart.
ALTER TABLE feed ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

-- A new feed may be one that moved, and a new topic one that was renamed: both are looked for once for each.
CREATE INDEX feed_moved ON feed (moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX topic_gone ON topic (query_hash) WHERE declared = 0;

-- What the last attempt came to is kept, and the bytes move behind all else, since reading what stands behind them would read
-- them, too. (Foreign keys are off while a migration runs.)
CREATE TABLE new_delivery (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    recipient TEXT NOT NULL,
    window_from INTEGER NOT NULL,
    window_to INTEGER NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    thread TEXT,                            -- the Message-ID it answers
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'held', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,    -- of those, how many may have reached the recipient
    halved INTEGER NOT NULL DEFAULT 0,      -- 1: rendered at half the caps, the server took it for too big
    next_at INTEGER NOT NULL,               -- while it is being sent: when it was handed over
    outcome TEXT CHECK (outcome IN          -- of the last attempt; NULL: not tried yet
        ('accepted', 'transient', 'permanent', 'too_big', 'refused', 'config', 'unknown')),
    reply TEXT,                             -- the server's last words, or ours
    created_at INTEGER NOT NULL,
    settled_at INTEGER,                     -- NULL: it waits or is held
    -- Last, or reading what stands behind them would read them too.
    bytes BLOB,                             -- RFC 5322; NULL once 30 days have passed since it was settled
    html BLOB                               -- for the folder
) STRICT;
INSERT INTO new_delivery (id, digest, recipient, window_from, window_to, message_id, thread, subject, state, attempts, unknowns,
    halved, next_at, reply, created_at, settled_at, bytes, html)
SELECT id, digest, recipient, window_from, window_to, message_id, thread, subject, state, attempts, unknowns,
    halved, next_at, reply, created_at, settled_at, bytes, html
FROM delivery;
DROP TABLE delivery;
ALTER TABLE new_delivery RENAME TO delivery;
CREATE INDEX delivery_open ON delivery (next_at) WHERE settled_at IS NULL;
CREATE INDEX delivery_digest ON delivery (digest, recipient, window_to);

-- The message that told an event.
ALTER TABLE event_told ADD COLUMN delivery INTEGER REFERENCES delivery (id) ON DELETE SET NULL;
CREATE INDEX event_told_delivery ON event_told (delivery);
