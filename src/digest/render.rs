//! A composed digest to subject, text and HTML.
