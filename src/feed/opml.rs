//! Lists of feeds in OPML and in the `urls` file of newsboat.
