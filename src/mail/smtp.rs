//! One message over SMTP to an outcome (RFC 5321).
