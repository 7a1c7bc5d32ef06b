//! The feeds of a web page.
