//! Broken XML to well-formed XML.
