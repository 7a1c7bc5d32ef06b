//! Parts and headers to the bytes of a message (RFC 5322, MIME).
