//! A document from the wire: decompressed as it comes, within limits.
//!
//! We decompress ourselves, because the decoders at hand stop after the first member of a gzip file, believe the
//! header where the bytes say otherwise, and know no limit.

mod brotli;

use std::io::{self, Write};

use flate2::Decompress;
use flate2::write::{GzDecoder, ZlibDecoder};

use self::brotli::{Brotli, Then};
use super::cause::quoted;

/// The most we read of one document from the wire.
pub(super) const MOST_ON_WIRE: usize = 16 << 20;
/// The most we keep of one document, decompressed.
pub(super) const MOST_DECODED: usize = 32 << 20;

/// Takes pieces from the wire and grows the document.
pub(super) struct Body {
    announced: String,
    on_wire: usize,
    /// Bytes that have come and are not decoded yet, and how many of them are.
    held: Vec<u8>,
    used: usize,
    decoder: Decoder,
}

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many bytes of the piece were taken.
    pub(super) taken: usize,
    /// Whether there is more to make of what was taken: push again, be it nothing.
    pub(super) pending: bool,
}

/// What is left to do when all pieces have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    Small,
    Large,
}

/// Why a document ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing of it is wanted: it is too large, or encoded in a way we do not know.
    Refused(String),
    /// What has come so far stands.
    Torn(String),
}

enum Decoder {
    /// Too few bytes yet to tell.
    Undecided(Vec<u8>),
    Plain(Sink),
    Gzip {
        member: Box<GzDecoder<Sink>>,
        /// How long the document was when this member began; `None` in the first.
        began_at: Option<usize>,
    },
    /// Which nobody asks for and some servers send, as the standard has it or without its wrapping.
    Deflate(Box<ZlibDecoder<Sink>>),
    /// Decoded when all has come: a decoder takes 16 MiB at its first step, and must not keep it while a slow server
    /// thinks.
    BrotliToCome(Vec<u8>),
    Brotli(Box<Brotli>, Sink),
    /// The compressed data has ended; what follows is padding.
    Ended(Sink),
}

/// The document so far.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    overflown: bool,
}

impl Progress {
    fn made(taken: usize) -> Progress {
        let pending = false;
        Progress { taken, pending }
    }

    fn again(taken: usize) -> Progress {
        let pending = true;
        Progress { taken, pending }
    }
}

impl Body {
    /// An empty document; `announced` is the last part of its `Content-Encoding`, in lower case.
    pub(super) fn new(announced: &str) -> Body {
        Body {
            announced: announced.to_owned(),
            on_wire: 0,
            held: Vec::new(),
            used: 0,
            decoder: Decoder::Undecided(Vec::new()),
        }
    }

    /// Whether a document is compressed: by its first bytes, or by what is `announced` if they leave it open.
    pub(super) fn is_compressed(bytes: &[u8], announced: &str) -> bool {
        is_gzip(bytes) || matches!(announced, "br" | "deflate") && !looks_plain(bytes)
    }

    /// How much we hold, in bytes.
    pub(super) fn len(&self) -> usize {
        match &self.decoder {
            Decoder::Undecided(bytes) | Decoder::BrotliToCome(bytes) => bytes.len(),
            Decoder::Plain(sink) | Decoder::Ended(sink) | Decoder::Brotli(_, sink) => {
                sink.bytes.len()
            }
            Decoder::Gzip { member, .. } => member.get_ref().bytes.len(),
            Decoder::Deflate(inflater) => inflater.get_ref().bytes.len(),
        }
    }

    /// Takes some of the next piece and grows the document by a mebibyte at most, so that the caller can look at its
    /// size and let others work in between. After a fault only `finish` may follow.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Progress, Fault> {
        if let Decoder::Undecided(first) = &mut self.decoder {
            first.extend_from_slice(piece);
            let pending = tells_enough(first);
            if pending {
                self.decide()?;
            }
            let taken = piece.len();
            return self.took(Progress { taken, pending });
        }
        let held = self.held.get(self.used..).unwrap_or_default();
        if held.is_empty() {
            let progress = self.decoder.write(piece)?;
            return self.took(progress);
        }
        self.used += self.decoder.write(held)?.taken;
        Ok(Progress::again(0))
    }

    /// All pieces have come. If this says `Large`, decoding takes much memory from here on; push nothing while pending.
    pub(super) fn close(&mut self) -> Result<Effort, Fault> {
        if let Decoder::Undecided(_) = self.decoder {
            self.decide()?;
            while self.push(&[])?.pending {}
        }
        let Decoder::BrotliToCome(bytes) = &mut self.decoder else {
            return Ok(Effort::Small);
        };
        self.held = std::mem::take(bytes);
        self.used = 0;
        self.decoder = Decoder::Brotli(Box::new(Brotli::new()), Sink::default());
        Ok(Effort::Large)
    }

    /// The document, and what is wrong with its end if the pieces themselves came to theirs.
    pub(super) fn finish(mut self) -> (Vec<u8>, Option<Fault>) {
        let fault = self.drain().err();
        let (sink, at_end) = self.decoder.end();
        (sink.bytes, fault.or(at_end))
    }

    fn drain(&mut self) -> Result<(), Fault> {
        self.close()?;
        while self.push(&[])?.pending {}
        Ok(())
    }

    fn took(&mut self, progress: Progress) -> Result<Progress, Fault> {
        self.on_wire += progress.taken;
        if self.on_wire > MOST_ON_WIRE {
            let most = mebibytes(MOST_ON_WIRE);
            return Err(Fault::Refused(format!(
                "the document is larger than {most}"
            )));
        }
        Ok(progress)
    }

    /// The first bytes decide; only brotli and deflate, which have no mark, need the header.
    fn decide(&mut self) -> Result<(), Fault> {
        let decided = Decoder::Ended(Sink::default());
        let Decoder::Undecided(first) = std::mem::replace(&mut self.decoder, decided) else {
            return Ok(());
        };
        let sink = Sink::default();
        self.decoder = if is_gzip(&first) {
            Decoder::Gzip {
                member: Box::new(GzDecoder::new(sink)),
                began_at: None,
            }
        } else if looks_plain(&first) {
            Decoder::Plain(sink)
        } else {
            match self.announced.as_str() {
                "br" => Decoder::BrotliToCome(Vec::new()),
                "deflate" => {
                    let inflate = Decompress::new(is_wrapped(&first));
                    Decoder::Deflate(Box::new(ZlibDecoder::new_with_decompress(sink, inflate)))
                }
                // Some servers name a character set here.
                "" | "identity" | "gzip" | "x-gzip" | "none" | "utf-8" => Decoder::Plain(sink),
                other => {
                    return Err(Fault::Refused(format!(
                        "the document is encoded as {}, which we did not ask for",
                        quoted(other)
                    )));
                }
            }
        };
        self.held = first;
        self.used = 0;
        Ok(())
    }
}

impl Decoder {
    fn write(&mut self, piece: &[u8]) -> Result<Progress, Fault> {
        // A kibibyte of gzip or deflate holds a mebibyte at most.
        const PLAIN: usize = 64 << 10;
        const GZIP: usize = 1 << 10;

        let beginning = |most: usize| piece.get(..most).unwrap_or(piece);
        let written = match self {
            Decoder::Undecided(_) | Decoder::Ended(_) => Ok(piece.len()),
            Decoder::BrotliToCome(bytes) => bytes.write(piece),
            Decoder::Plain(sink) => sink.write(beginning(PLAIN)),
            Decoder::Gzip { .. } | Decoder::Deflate(_) if piece.is_empty() => Ok(0),
            Decoder::Deflate(inflater) => match inflater.write(beginning(GZIP)) {
                Ok(0) => {
                    *self = Decoder::Ended(std::mem::take(inflater.get_mut()));
                    return Ok(Progress::again(0));
                }
                written => written,
            },
            Decoder::Gzip { member, .. } => match member.write(beginning(GZIP)) {
                Ok(0) => {
                    self.next_member(piece)?;
                    return Ok(Progress::again(0));
                }
                written => written,
            },
            Decoder::Brotli(..) => return self.step(piece),
        };
        match written {
            Ok(taken) => Ok(Progress::made(taken)),
            Err(_) => {
                self.broken()?;
                Ok(Progress::made(piece.len()))
            }
        }
    }

    fn step(&mut self, piece: &[u8]) -> Result<Progress, Fault> {
        let Decoder::Brotli(brotli, sink) = self else {
            return Ok(Progress::made(0));
        };
        let step = brotli.step(piece);
        let fits = sink.write_all(step.made).is_ok();
        let (taken, then) = (step.consumed, step.then);
        if !fits || matches!(then, Then::End | Then::Damaged) {
            *self = Decoder::Ended(std::mem::take(sink));
        }
        if !fits {
            return Err(Fault::Refused(too_large()));
        }
        match then {
            Then::MoreOutput => Ok(Progress::again(taken)),
            Then::MoreInput | Then::End => Ok(Progress::made(taken)),
            Then::Damaged => Err(Fault::Torn("the compressed data is damaged".to_owned())),
        }
    }

    /// A gzip member has ended and `rest` follows.
    fn next_member(&mut self, rest: &[u8]) -> Result<(), Fault> {
        let ended = std::mem::replace(self, Decoder::Ended(Sink::default()));
        let (sink, fault) = ended.end();
        if let Some(fault) = fault {
            *self = Decoder::Ended(sink);
            return Err(fault);
        }
        *self = if rest.starts_with(&[0x1f]) {
            Decoder::Gzip {
                began_at: Some(sink.bytes.len()),
                member: Box::new(GzDecoder::new(sink)),
            }
        } else {
            Decoder::Ended(sink)
        };
        Ok(())
    }

    /// What failed to decode is damage, or no more than padding that began like another member.
    fn broken(&mut self) -> Result<(), Fault> {
        let broken = std::mem::replace(self, Decoder::Ended(Sink::default()));
        let is_padding = matches!(&broken, Decoder::Gzip { member, began_at: Some(began_at) }
            if member.get_ref().bytes.len() == *began_at && !member.get_ref().overflown);
        let (sink, fault) = broken.end();
        let overflown = sink.overflown;
        *self = Decoder::Ended(sink);
        if overflown {
            return Err(Fault::Refused(too_large()));
        }
        if is_padding {
            return Ok(());
        }
        Err(fault.unwrap_or_else(|| Fault::Torn("the compressed data is damaged".to_owned())))
    }

    fn end(self) -> (Sink, Option<Fault>) {
        let (sink, whole) = match self {
            // `close` leaves neither, unless the document was refused.
            Decoder::Undecided(_) | Decoder::BrotliToCome(_) => (Sink::default(), true),
            Decoder::Plain(sink) | Decoder::Ended(sink) => (sink, true),
            Decoder::Gzip { mut member, .. } => {
                let whole = member.try_finish().is_ok();
                (std::mem::take(member.get_mut()), whole)
            }
            Decoder::Deflate(mut inflater) => {
                let whole = inflater.try_finish().is_ok();
                (std::mem::take(inflater.get_mut()), whole)
            }
            Decoder::Brotli(_, sink) => (sink, false),
        };
        let fault = if sink.overflown {
            Some(Fault::Refused(too_large()))
        } else if whole {
            None
        } else {
            let words = "the compressed data is cut short or damaged";
            Some(Fault::Torn(words.to_owned()))
        };
        (sink, fault)
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > MOST_DECODED {
            self.overflown = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large() -> String {
    let most = mebibytes(MOST_DECODED);
    format!("the document is larger than {most} when decompressed")
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Whether `first` is long enough for a byte order mark and the beginning of markup after white space.
fn tells_enough(first: &[u8]) -> bool {
    let printed = first.trim_ascii_start().len();
    first.len() >= 8 && (printed >= 4 || first.len() >= 256)
}

/// Whether these bytes begin a gzip file (RFC 1952, section 2.3.1).
fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Whether compressed data has a wrapping: it begins with method 8 and a sum that 31 divides (RFC 1950 section 2.2).
fn is_wrapped(first: &[u8]) -> bool {
    matches!(first, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// Whether these are the first bytes of XML, HTML or JSON, whatever the header says.
fn looks_plain(first: &[u8]) -> bool {
    let after_mark = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let text = after_mark.trim_ascii_start();
    match text {
        [b'<', b'?' | b'!', next, ..] => {
            next.is_ascii_alphabetic() || *next == b'-' || *next == b'['
        }
        [b'<', next, after, ..] => {
            next.is_ascii_alphabetic() && (after.is_ascii_alphanumeric() || *after == b':')
        }
        [b'{', rest @ ..] => rest.trim_ascii_start().first() == Some(&b'"'),
        // Byte order marks of UTF-16.
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
