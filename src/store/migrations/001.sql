-- The first schema. Instants are whole seconds since 1970, UTC.
-- A check of many rows compares word by word: for `IN` SQLite builds a table of the words at each row that is written.
-- Declared: written by the user in the watchlist. Observed: what the world showed. Decided: what we concluded.

-- Decided. Single values: `secret` (the key of the key hashes), `rules` (the version of the rules for keys),
-- `corpus_at` (when document frequencies were last renewed), `watchlist` and `watchlist_since` (which one is in force),
-- `cleaned_on` (the day on which old items were last forgotten), `copied_at` (this file is a copy of that moment),
-- `restored_from` and `restored_at` (a copy was put back).
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT;

-- A feed: `url`, `declared` and `name` are declared, the rest is observed. Never deleted: its items name it.
CREATE TABLE feed (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    declared INTEGER NOT NULL,              -- 1 while the watchlist has it
    name TEXT,
    added_at INTEGER NOT NULL,
    title TEXT,
    channel_link TEXT,
    lang TEXT,
    first_read_at INTEGER,                  -- the first poll that ended in a feed; NULL: never read
    last_ok_at INTEGER,                     -- the last poll that ended in a feed or a 304
    last_new_at INTEGER,                    -- the last poll that showed a new item
    failing_since INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,    -- in a row
    error TEXT,                             -- what the last failure was, in words
    etag BLOB,                              -- opaque bytes, returned as they came
    last_modified BLOB,
    validated_url TEXT,                     -- the address the validators came from
    full_at INTEGER,                        -- the last 200; after 14 days of 304 we ask without validators
    body_hash INTEGER,                      -- of the decoded body
    next_at INTEGER NOT NULL,               -- when it is next due by our schedule
    hold_until INTEGER,                     -- Retry-After and 429: not before this, whoever asks
    hint INTEGER,                           -- seconds the server said its answer stays fresh
    rhythm INTEGER,                         -- median seconds between its last 20 items
    skip_hours INTEGER NOT NULL DEFAULT 0,  -- bit h: not in hour h, GMT
    skip_days INTEGER NOT NULL DEFAULT 0,   -- bit d: not on day d, 0 is Monday, GMT
    moved_to TEXT,                          -- the target of permanent redirects
    moved_count INTEGER NOT NULL DEFAULT 0,
    moved_since INTEGER,
    guids INTEGER NOT NULL DEFAULT 0,       -- known items whose guid could be compared
    guids_volatile INTEGER NOT NULL DEFAULT 0, -- of those, how often it had changed
    fragment_counts INTEGER NOT NULL DEFAULT 0, -- 1: links differ by their fragment here
    oddities INTEGER NOT NULL DEFAULT 0,    -- faults in its last document that the parser mended
    document BLOB                           -- the last document: its newest date, then item, hash and date of each entry
) STRICT;
CREATE INDEX feed_next ON feed (next_at) WHERE declared = 1;

-- Decided. An entry identified and kept; guid and link as written, since rules change.
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,           -- never given twice: keys outlive items
    feed INTEGER NOT NULL REFERENCES feed (id),     -- that showed it first
    guid TEXT,
    link TEXT,
    date INTEGER NOT NULL,
    dated TEXT NOT NULL CHECK (dated = 'published' OR dated = 'updated' OR dated = 'seen'),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,                     -- written when it changes or leaves a feed, not at each poll
    lang TEXT,
    origin TEXT NOT NULL CHECK (origin = 'new' OR origin = 'backfill' OR origin = 'late' OR origin = 'replaced')
) STRICT;
CREATE INDEX item_first_seen ON item (first_seen);

-- Observed. One feed showing one item, with the text it showed; a text is NULL where it equals that of the
-- item's first sighting (the one of `item.feed`).
CREATE TABLE sighting (
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),
    first_seen INTEGER NOT NULL,
    left_at INTEGER,                        -- when a good poll no longer showed it; NULL: still shown
    origin TEXT NOT NULL CHECK (origin = 'new' OR origin = 'backfill' OR origin = 'late' OR origin = 'replaced'),
    title TEXT,
    summary TEXT,
    content TEXT,
    author TEXT,
    category TEXT,
    hash INTEGER NOT NULL,                  -- of the folded title and text, without counters
    PRIMARY KEY (item, feed)
) STRICT;
CREATE INDEX sighting_feed ON sighting (feed, item);
CREATE INDEX sighting_left ON sighting (feed, left_at) WHERE left_at IS NOT NULL;

-- Observed. What an edit replaced.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),
    at INTEGER NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX revision_item ON revision (item);

-- Decided. Names an item goes by; they outlive it, so that old news cannot come back.
CREATE TABLE key (
    hash INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,                  -- 0: several entries of one feed share this guid or link, so it names none
    until INTEGER NOT NULL                  -- days since 1970: it may be forgotten after this one
) STRICT;

-- Declared. Kept when its query is edited; `since` is when it was first known.
CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    query_hash INTEGER NOT NULL,
    since INTEGER NOT NULL,
    declared INTEGER NOT NULL
) STRICT;

-- Decided. A topic wants an item, and why.
CREATE TABLE match (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topic (id),
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),     -- whose text matched
    at INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin = 'new' OR origin = 'backfill' OR origin = 'late' OR origin = 'replaced'),
    score REAL NOT NULL,
    evidence TEXT NOT NULL,                 -- JSON: an array of hits, as found; judged anew when it is mailed
    query_hash INTEGER NOT NULL,            -- of what the topic asked then
    link TEXT,                              -- as that feed wrote it, which may not be how the first one did
    lang TEXT,
    UNIQUE (topic, item)
) STRICT;
CREATE INDEX match_at ON match (topic, at);
CREATE INDEX match_item ON match (item);

-- Decided. Matches that a recipient has yet to be told of. A recipient is an address in lower case.
CREATE TABLE pending (
    recipient TEXT NOT NULL,
    match INTEGER NOT NULL REFERENCES match (id) ON DELETE CASCADE,
    PRIMARY KEY (recipient, match)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_match ON pending (match);

-- Decided. What a recipient was told, in which message and how.
CREATE TABLE told (
    recipient TEXT NOT NULL,
    item INTEGER NOT NULL,
    story INTEGER,
    topic INTEGER NOT NULL REFERENCES topic (id),
    delivery INTEGER REFERENCES delivery (id) ON DELETE SET NULL,
    at INTEGER NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('full', 'compact', 'also', 'counted', 'late', 'replaced', 'snoozed')),
    PRIMARY KEY (recipient, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_delivery ON told (delivery);
CREATE INDEX told_story ON told (story, recipient);

-- Decided. One event told by matched items. A merge leaves the younger as an alias of the older.
CREATE TABLE story (
    id INTEGER PRIMARY KEY,
    opened INTEGER NOT NULL,
    last INTEGER NOT NULL,
    merged_into INTEGER REFERENCES story (id)
) STRICT;
CREATE INDEX story_last ON story (last);

-- `id` is the order of placing, in which a restart rebuilds the groups.
CREATE TABLE story_item (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL UNIQUE REFERENCES item (id) ON DELETE CASCADE,
    story INTEGER NOT NULL REFERENCES story (id),
    copy_of INTEGER,                        -- the item of the same story whose text it repeats
    why TEXT NOT NULL                       -- in words: what it shares with whom
) STRICT;
CREATE INDEX story_item_story ON story_item (story);

-- Observed. In how many stored items a word stands; renewed at each UTC midnight.
CREATE TABLE frequency (
    word TEXT PRIMARY KEY,
    items INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Declared by use. An address that mail goes to, and why it gets none.
CREATE TABLE recipient (
    address TEXT PRIMARY KEY,               -- lower case
    known_at INTEGER NOT NULL,
    paused_at INTEGER,
    why TEXT
) STRICT;

-- Decided. The outbox: finished messages and what became of them.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    recipient TEXT NOT NULL,
    window_from INTEGER NOT NULL,
    window_to INTEGER NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    thread TEXT,                            -- the Message-ID it answers
    subject TEXT NOT NULL,
    bytes BLOB,                             -- RFC 5322; NULL once 30 days have passed since it was settled
    html BLOB,                              -- for the folder
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'held', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,    -- of those, how many may have reached the recipient
    halved INTEGER NOT NULL DEFAULT 0,      -- 1: rendered at half the caps, the server took it for too big
    next_at INTEGER NOT NULL,
    reply TEXT,                             -- the server's last words, or ours
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX delivery_due ON delivery (next_at) WHERE state IN ('queued', 'sending', 'unknown');
CREATE INDEX delivery_digest ON delivery (digest, recipient, window_to);

-- Decided. When a digest last fell due for a recipient.
CREATE TABLE schedule (
    digest TEXT NOT NULL,
    recipient TEXT NOT NULL,
    known_at INTEGER NOT NULL,
    last_due INTEGER,                       -- NULL: never yet
    PRIMARY KEY (digest, recipient)
) STRICT, WITHOUT ROWID;

-- Decided. The ASCII part of a digest's Message-ID and List-Id, fixed once given.
CREATE TABLE slug (
    digest TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Decided. What the operator was told, once each: a refused watchlist, a paused recipient, a held message.
CREATE TABLE notice (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Observed. What happened to a feed that a person may want to know.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (id),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('added', 'resumed', 'failing', 'recovered', 'quiet', 'gap', 'replaced', 'moved', 'gone', 'guids')),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_feed ON event (feed, at);

CREATE TABLE event_told (
    event INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    PRIMARY KEY (event, recipient)
) STRICT, WITHOUT ROWID;

-- Observed. What polling did in one hour, since there is no row per poll.
CREATE TABLE hour (
    hour INTEGER PRIMARY KEY,               -- seconds since 1970, a whole hour
    polls INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0
) STRICT;
