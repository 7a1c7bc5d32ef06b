//! `deflate`, which nobody asks for and some servers send: as the standard has it, or without its wrapping.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, ZlibDecoder};

use super::Sink;

/// Grows a document as its compressed bytes come.
pub(super) enum Inflater {
    /// RFC 1950.
    Wrapped(ZlibDecoder<Sink>),
    /// RFC 1951.
    Bare(DeflateDecoder<Sink>),
}

impl Inflater {
    /// For data that begins with these bytes.
    pub(super) fn for_data(first: &[u8]) -> Inflater {
        if is_wrapped(first) {
            Inflater::Wrapped(ZlibDecoder::new(Sink::default()))
        } else {
            Inflater::Bare(DeflateDecoder::new(Sink::default()))
        }
    }

    /// The document so far.
    pub(super) fn sink(&self) -> &Sink {
        match self {
            Inflater::Wrapped(decoder) => decoder.get_ref(),
            Inflater::Bare(decoder) => decoder.get_ref(),
        }
    }

    /// The document, and whether it is whole.
    pub(super) fn end(&mut self) -> (Sink, bool) {
        let whole = match self {
            Inflater::Wrapped(decoder) => decoder.try_finish(),
            Inflater::Bare(decoder) => decoder.try_finish(),
        };
        let sink = match self {
            Inflater::Wrapped(decoder) => decoder.get_mut(),
            Inflater::Bare(decoder) => decoder.get_mut(),
        };
        (std::mem::take(sink), whole.is_ok())
    }
}

impl Write for Inflater {
    /// Takes some of it; nothing once the data has ended.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match self {
            Inflater::Wrapped(decoder) => decoder.write(piece),
            Inflater::Bare(decoder) => decoder.write(piece),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether it begins with method 8 and a sum that 31 divides (RFC 1950 section 2.2).
fn is_wrapped(first: &[u8]) -> bool {
    matches!(first, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}
