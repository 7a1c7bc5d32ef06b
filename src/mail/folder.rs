//! One message into a folder.
