//! Bytes to text: what they are, and in which charset.
