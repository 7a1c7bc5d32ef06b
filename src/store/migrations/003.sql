-- Observed. What a feed showed when it was last read: the newest date, then item, hash and date of each entry. Apart from the
-- row of the feed, which is written at each poll and is a third as large without it.
CREATE TABLE document (
    feed INTEGER PRIMARY KEY REFERENCES feed (id),
    entries BLOB NOT NULL
) STRICT;
INSERT INTO document (feed, entries) SELECT id, document FROM feed WHERE document IS NOT NULL;
ALTER TABLE feed DROP COLUMN document;
