//! The bundled feeds and the small loopback server that serves them.
