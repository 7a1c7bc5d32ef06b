-- The database of `schema-3.sql`, brought to schema 4: `sqlite3 wirewatch.db .dump`.
-- Never edited once schema 4 is released: later programs must open it and repeat nothing.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "delivery" (
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
INSERT INTO delivery VALUES(1,'wirewatch','reader@mail.example',1795417500,1795417500,'<digest.wirewatch.20261123T0705Z.1.675fa7ee@host.example>',NULL,'Troops enter Mosul','sent',1,0,0,1795417500,NULL,'folder: written',1795417500,1795417500,NULL,NULL);
CREATE TABLE document (
    feed INTEGER PRIMARY KEY REFERENCES feed (id),
    entries BLOB NOT NULL
) STRICT;
INSERT INTO document VALUES(1,X'000000006b03e59c0000000000000004a9fb083875466035000000006b03e59c0000000000000005eb5634ceeb5d8c2c000000006b03e5600000000000000001826801b1b5fb393f000000006b03d71400000000000000029ddee4eb083296ec000000006b03d6d800000000000000036eb1afb5fba9587a000000006b03d69c');
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (id),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('added', 'resumed', 'failing', 'recovered', 'quiet', 'gap', 'replaced', 'moved', 'gone', 'guids')),
    detail TEXT NOT NULL
) STRICT;
INSERT INTO event VALUES(1,1,1795417200,'added','http://harrow.example/feed');
CREATE TABLE event_told (
    event INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL, delivery INTEGER REFERENCES delivery (id) ON DELETE SET NULL,
    PRIMARY KEY (event, recipient)
) STRICT, WITHOUT ROWID;
INSERT INTO event_told VALUES(1,'reader@mail.example',NULL);
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
    paused INTEGER NOT NULL DEFAULT 0, adopted_at INTEGER, ttl INTEGER) STRICT;
INSERT INTO feed VALUES(1,'http://harrow.example/feed',1,NULL,1795417200,'Harrow Times','https://harrow.example/',NULL,1795417200,1795420800,1795420800,NULL,0,NULL,NULL,NULL,NULL,1795420800,623967556519803561,1795422698,NULL,NULL,60,0,0,NULL,0,NULL,3,0,0,0,0,NULL,NULL);
CREATE TABLE frequency (
    word TEXT PRIMARY KEY,
    items INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE hour (
    hour INTEGER PRIMARY KEY,               -- seconds since 1970, a whole hour
    polls INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO hour VALUES(1795417200,1,0,1,0,0);
INSERT INTO hour VALUES(1795420800,1,0,1,0,2);
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,           -- never given twice: keys outlive items
    feed INTEGER NOT NULL REFERENCES feed (id),     -- that showed it first
    guid TEXT,
    link TEXT,
    date INTEGER NOT NULL,
    dated TEXT NOT NULL CHECK (dated IN ('published', 'updated', 'seen')),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,                     -- written when it changes or leaves a feed, not at each poll
    lang TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('new', 'backfill', 'late', 'replaced'))
) STRICT;
INSERT INTO item VALUES(1,1,'https://harrow.example/?p=3','https://harrow.example/3',1795413780,'published',1795417200,1795417200,NULL,'backfill');
INSERT INTO item VALUES(2,1,'https://harrow.example/?p=2','https://harrow.example/2',1795413720,'published',1795417200,1795417200,NULL,'backfill');
INSERT INTO item VALUES(3,1,'https://harrow.example/?p=1','https://harrow.example/1',1795413660,'published',1795417200,1795417200,NULL,'backfill');
INSERT INTO item VALUES(4,1,'https://harrow.example/?p=5','https://harrow.example/5',1795417500,'published',1795420800,1795420800,NULL,'new');
INSERT INTO item VALUES(5,1,'https://harrow.example/?p=4','https://harrow.example/4',1795417440,'published',1795420800,1795420800,NULL,'new');
CREATE TABLE key (
    hash INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,                  -- 0: several entries of one feed share this guid or link, so it names none
    until INTEGER NOT NULL                  -- days since 1970: it may be forgotten after this one
) STRICT;
INSERT INTO "key" VALUES(-7855853254365825552,1,21878);
INSERT INTO "key" VALUES(-7333253145234029109,5,21878);
INSERT INTO "key" VALUES(-7316826449348915473,3,21878);
INSERT INTO "key" VALUES(-6549978294855256262,5,21878);
INSERT INTO "key" VALUES(-6075346987776384452,1,21878);
INSERT INTO "key" VALUES(-5661283192454679250,3,21878);
INSERT INTO "key" VALUES(-4070646452234928624,1,21878);
INSERT INTO "key" VALUES(-3048930047393174151,2,21878);
INSERT INTO "key" VALUES(-3026965575814360006,5,21878);
INSERT INTO "key" VALUES(-2471246660383110252,4,21878);
INSERT INTO "key" VALUES(-1942677352224678217,2,21878);
INSERT INTO "key" VALUES(285543814028531660,2,21878);
INSERT INTO "key" VALUES(1166441213035373116,1,21878);
INSERT INTO "key" VALUES(1166535938625407892,4,21878);
INSERT INTO "key" VALUES(1166759227821207788,4,21878);
INSERT INTO "key" VALUES(1166829348710256367,3,21878);
INSERT INTO "key" VALUES(1166939666644088634,5,21878);
INSERT INTO "key" VALUES(1167039914396958224,1,21878);
INSERT INTO "key" VALUES(1167058190474649271,2,21878);
INSERT INTO "key" VALUES(1167097006592461325,5,21878);
INSERT INTO "key" VALUES(1167108599070963184,1,21878);
INSERT INTO "key" VALUES(1167123441086306252,2,21878);
INSERT INTO "key" VALUES(1167252507253261757,3,21878);
INSERT INTO "key" VALUES(1167259477469777240,4,21878);
INSERT INTO "key" VALUES(1167291151427782091,5,21878);
INSERT INTO "key" VALUES(1167299742545835310,3,21878);
INSERT INTO "key" VALUES(1167518019226757665,2,21878);
INSERT INTO "key" VALUES(2548731692949161405,3,21878);
INSERT INTO "key" VALUES(3832102086088952333,5,21878);
INSERT INTO "key" VALUES(6582838029382798680,4,21878);
INSERT INTO "key" VALUES(6698305470139019500,4,21878);
INSERT INTO "key" VALUES(6893059541993686777,4,21878);
INSERT INTO "key" VALUES(7048093232665782817,2,21878);
INSERT INTO "key" VALUES(7706791762674412921,2,21878);
INSERT INTO "key" VALUES(7706919653414140849,3,21878);
INSERT INTO "key" VALUES(7707085174640903929,4,21878);
INSERT INTO "key" VALUES(7707180109022583099,3,21878);
INSERT INTO "key" VALUES(7707364136023217210,5,21878);
INSERT INTO "key" VALUES(7707474980535465304,4,21878);
INSERT INTO "key" VALUES(7707490522537854202,1,21878);
INSERT INTO "key" VALUES(7707527997078901838,5,21878);
INSERT INTO "key" VALUES(7707668475815711650,2,21878);
INSERT INTO "key" VALUES(7707712951531430933,1,21878);
INSERT INTO "key" VALUES(7934018832806798357,1,21878);
INSERT INTO "key" VALUES(8351194855736564027,3,21878);
CREATE TABLE match (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topic (id),
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),     -- whose text matched
    at INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('new', 'backfill', 'late', 'replaced')),
    score REAL NOT NULL,
    evidence TEXT NOT NULL,                 -- JSON: an array of hits, as found; judged anew when it is mailed
    query_hash INTEGER NOT NULL,            -- of what the topic asked then
    link TEXT,                              -- as that feed wrote it, which may not be how the first one did
    lang TEXT,
    UNIQUE (topic, item)
) STRICT;
INSERT INTO "match" VALUES(1,1,3,1,1795417200,'backfill',3.0,'[["title",13,18,"Mosul","mosul",null]]',6781991867007225064,'https://harrow.example/1',NULL);
INSERT INTO "match" VALUES(2,1,5,1,1795420800,'new',1.0,'[["summary",13,18,"Mosul","mosul",null]]',6781991867007225064,'https://harrow.example/4',NULL);
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT;
INSERT INTO meta VALUES('secret',X'fc4e6196a4b4eec2e3e9265e0944b745');
INSERT INTO meta VALUES('rules',2);
INSERT INTO meta VALUES('corpus_at',1795392000);
INSERT INTO meta VALUES('corpus_items',0);
CREATE TABLE notice (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
    recipient TEXT NOT NULL,
    match INTEGER NOT NULL REFERENCES match (id) ON DELETE CASCADE,
    PRIMARY KEY (recipient, match)
) STRICT, WITHOUT ROWID;
INSERT INTO pending VALUES('reader@mail.example',2);
CREATE TABLE recipient (
    address TEXT PRIMARY KEY,               -- lower case
    known_at INTEGER NOT NULL,
    paused_at INTEGER,
    why TEXT
) STRICT;
INSERT INTO recipient VALUES('reader@mail.example',1795417200,NULL,NULL);
CREATE TABLE revision (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),
    at INTEGER NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE TABLE schedule (
    digest TEXT NOT NULL,
    recipient TEXT NOT NULL,
    known_at INTEGER NOT NULL,
    last_due INTEGER,                       -- NULL: never yet
    PRIMARY KEY (digest, recipient)
) STRICT, WITHOUT ROWID;
INSERT INTO schedule VALUES('wirewatch','reader@mail.example',1795417200,NULL);
CREATE TABLE sighting (
    item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (id),
    first_seen INTEGER NOT NULL,
    left_at INTEGER,                        -- when a good poll no longer showed it; NULL: still shown
    origin TEXT NOT NULL CHECK (origin IN ('new', 'backfill', 'late', 'replaced')),
    title TEXT,
    summary TEXT,
    content TEXT,
    author TEXT,
    category TEXT,
    hash INTEGER NOT NULL,                  -- of the folded title and text, without counters
    PRIMARY KEY (item, feed)
) STRICT;
INSERT INTO sighting VALUES(1,1,1795417200,NULL,'backfill','Markets open higher','Traders were calm.','','','',5056865913029448302);
INSERT INTO sighting VALUES(2,1,1795417200,NULL,'backfill','Rain in the evening','Over most of the country.','','','',4956083126750150564);
INSERT INTO sighting VALUES(3,1,1795417200,NULL,'backfill','Troops enter Mosul','Fighting in the east of the city.','','','',-167394193721751622);
INSERT INTO sighting VALUES(4,1,1795420800,NULL,'new','A quiet day on the river','Nothing moved.','','','',4667366506048942312);
INSERT INTO sighting VALUES(5,1,1795420800,NULL,'new','Bridge over the Tigris reopens','The first in Mosul to do so.','','','',-5700934277521784966);
CREATE TABLE slug (
    digest TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
INSERT INTO slug VALUES('wirewatch','wirewatch');
CREATE TABLE story (
    id INTEGER PRIMARY KEY,
    opened INTEGER NOT NULL,
    last INTEGER NOT NULL,
    merged_into INTEGER REFERENCES story (id)
) STRICT;
INSERT INTO story VALUES(1,1795417200,1795417200,NULL);
INSERT INTO story VALUES(2,1795420800,1795420800,NULL);
CREATE TABLE story_item (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL UNIQUE REFERENCES item (id) ON DELETE CASCADE,
    story INTEGER NOT NULL REFERENCES story (id),
    copy_of INTEGER,                        -- the item of the same story whose text it repeats
    why TEXT NOT NULL                       -- in words: what it shares with whom
) STRICT;
INSERT INTO story_item VALUES(1,3,1,NULL,'shares too little with any open story');
INSERT INTO story_item VALUES(2,5,2,NULL,'shares too little with any open story');
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
INSERT INTO told VALUES('reader@mail.example',3,1,1,1,1795417500,'full');
CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    query_hash INTEGER NOT NULL,
    since INTEGER NOT NULL,
    declared INTEGER NOT NULL
) STRICT;
INSERT INTO topic VALUES(1,'Mosul',6781991867007225064,1795417200,1);
CREATE TABLE hold (
    domain TEXT PRIMARY KEY,                -- registrable, or host:port where there is none
    until INTEGER NOT NULL,
    feed INTEGER NOT NULL REFERENCES feed (id)      -- the one that was refused
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('item',5);
CREATE INDEX feed_next ON feed (next_at) WHERE declared = 1;
CREATE INDEX item_first_seen ON item (first_seen);
CREATE INDEX sighting_feed ON sighting (feed, item);
CREATE INDEX sighting_left ON sighting (feed, left_at) WHERE left_at IS NOT NULL;
CREATE INDEX revision_item ON revision (item);
CREATE INDEX match_at ON match (topic, at);
CREATE INDEX match_item ON match (item);
CREATE INDEX pending_match ON pending (match);
CREATE INDEX told_delivery ON told (delivery);
CREATE INDEX told_story ON told (story, recipient);
CREATE INDEX story_last ON story (last);
CREATE INDEX story_item_story ON story_item (story);
CREATE INDEX event_feed ON event (feed, at);
CREATE INDEX feed_moved ON feed (moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX topic_gone ON topic (query_hash) WHERE declared = 0;
CREATE INDEX delivery_open ON delivery (next_at) WHERE settled_at IS NULL;
CREATE INDEX delivery_digest ON delivery (digest, recipient, window_to);
CREATE INDEX event_told_delivery ON event_told (delivery);
CREATE INDEX feed_failing ON feed (failing_since) WHERE failing_since IS NOT NULL;
COMMIT;
PRAGMA application_id = 2003399269;
PRAGMA user_version = 4;
