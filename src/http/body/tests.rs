use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

const XML: &[u8] = b"<?xml version=\"1.0\"?><rss><channel><title>News</title></channel></rss>";
/// `XML` by the reference encoder at quality 11 is not to be had here; this is brotli's stored form, by hand.
fn brotli(plain: &[u8]) -> Vec<u8> {
    // RFC 7932 section 9.2: WBITS 16 (one 0 bit), then ISLAST 0, MNIBBLES 4, MLEN - 1, ISUNCOMPRESSED 1,
    // the bytes, and an empty last block.
    let length = u32::try_from(plain.len() - 1).expect("a short text");
    assert!(length < 1 << 16);
    let bits = length << 4 | 1 << 20;
    let mut bytes = bits.to_le_bytes()[..3].to_vec();
    bytes.extend_from_slice(plain);
    bytes.push(0b11);
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// With its wrapping and without.
fn deflate(plain: &[u8]) -> [Vec<u8>; 2] {
    let mut wrapped = ZlibEncoder::new(Vec::new(), Compression::default());
    wrapped.write_all(plain).expect("memory takes it");
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(plain).expect("memory takes it");
    [wrapped.finish(), bare.finish()].map(|wire| wire.expect("memory takes it"))
}

/// Decodes in pieces of all sorts of sizes, which must not matter; but of damaged data a decoder may give back
/// more or less, depending on when it meets the damage.
#[track_caller]
fn decode(announced: &str, wire: &[u8]) -> (Vec<u8>, Option<Fault>) {
    let [longest, others @ ..] =
        [1, 3, 7, 64, 1 << 20].map(|size| in_pieces(announced, wire, size));
    for other in others {
        assert!(
            longest.0.starts_with(&other.0),
            "not even the beginnings are equal"
        );
        assert!(longest.1.is_some() || other == longest, "pieces matter");
    }
    longest
}

fn in_pieces(announced: &str, wire: &[u8], size: usize) -> (Vec<u8>, Option<Fault>) {
    let mut body = Body::new(announced);
    for piece in wire.chunks(size) {
        if let Err(fault) = take(&mut body, piece) {
            return (body.finish().0, Some(fault));
        }
    }
    body.finish()
}

fn take(body: &mut Body, mut piece: &[u8]) -> Result<(), Fault> {
    loop {
        let before = body.len();
        let progress = body.push(piece)?;
        assert!(body.len() <= before + (2 << 20), "too much at once");
        piece = &piece[progress.taken..];
        if piece.is_empty() && !progress.pending {
            return Ok(());
        }
    }
}

#[track_caller]
fn check(announced: &str, wire: &[u8], expected: &[u8]) {
    let (found, fault) = decode(announced, wire);
    assert_eq!(
        (String::from_utf8_lossy(&found), fault),
        (String::from_utf8_lossy(expected), None)
    );
}

#[test]
fn the_first_bytes_decide_when_the_header_lies() {
    check("", XML, XML);
    check("gzip", XML, XML);
    check("br", XML, XML);
    check("zstd", XML, XML);
    check("br", b"\xef\xbb\xbf\n <rss/>", b"\xef\xbb\xbf\n <rss/>");
    check("br", b"{ \"version\": 1}", b"{ \"version\": 1}");
    check("", &gzip(XML), XML);
    check("br", &gzip(XML), XML);
    check("", b"", b"");
    check("gzip", b"<", b"<");
}

#[test]
fn gzip_and_brotli_are_decoded() {
    check("gzip", &gzip(XML), XML);
    check(" X-GZIP ", &gzip(XML), XML);
    check("br", &brotli(XML), XML);
}

#[test]
fn deflate_is_decoded_with_its_wrapping_and_without() {
    for wire in deflate(XML) {
        check("deflate", &wire, XML);
        check("deflate", &[&wire[..], b"\0\n"].concat(), XML);
        let (found, fault) = decode("deflate", &wire[..40]);
        assert!(matches!(fault, Some(Fault::Torn(_))), "{fault:?}");
        assert!(!found.is_empty() && XML.starts_with(&found));
    }
    check("deflate", XML, XML);
    check("deflate", &gzip(XML), XML);
    for wire in deflate(&[b' '; 33 << 20]) {
        let words = "the document is larger than 32 MiB when decompressed";
        let fault = in_pieces("deflate", &wire, 8192).1;
        assert_eq!(fault, Some(Fault::Refused(words.to_owned())));
    }
}

#[test]
fn all_members_of_a_gzip_file_are_decoded() {
    let (first, second) = XML.split_at(20);
    check("gzip", &[gzip(first), gzip(second)].concat(), XML);
}

#[test]
fn padding_after_compressed_data_is_ignored() {
    for padding in [
        &b"\0\0\0"[..],
        b"\n",
        b"\x1f\x8b",
        b"\x1fjunk that is no member",
    ] {
        let mut wire = gzip(XML);
        wire.extend_from_slice(padding);
        let (found, _) = decode("gzip", &wire);
        assert_eq!(found, XML);
    }
    check("br", &[brotli(XML), b"\n\n".to_vec()].concat(), XML);
}

#[test]
fn a_truncated_document_is_torn_and_its_beginning_stands() {
    let long: Vec<u8> = (0..20_000_u32)
        .flat_map(|number| number.to_string().into_bytes())
        .collect();
    let whole = gzip(&long);
    let (found, fault) = decode("gzip", &whole[..whole.len() / 2]);
    assert!(matches!(fault, Some(Fault::Torn(_))), "{fault:?}");
    assert!(found.len() > 1_000 && long.starts_with(&found));

    let (found, fault) = decode("br", &brotli(XML)[..40]);
    assert!(matches!(fault, Some(Fault::Torn(_))), "{fault:?}");
    assert!(!found.is_empty() && XML.starts_with(&found));
}

#[test]
fn damage_is_torn() {
    let mut wire = gzip(XML);
    let last = wire.len() - 6;
    wire[last] ^= 0xff;
    let (found, fault) = decode("gzip", &wire);
    assert!(matches!(fault, Some(Fault::Torn(_))), "{fault:?}");
    assert_eq!(found, XML);
    let (_, fault) = decode("br", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    assert!(matches!(fault, Some(Fault::Torn(_))), "{fault:?}");
}

#[test]
fn an_encoding_we_did_not_ask_for_is_refused_by_name() {
    let (_, fault) = decode("zstd", b"\x28\xb5\x2f\xfd\0\0\0\0\0\0\0\0");
    let words = "the document is encoded as `zstd`, which we did not ask for";
    assert_eq!(fault, Some(Fault::Refused(words.to_owned())));
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_memory() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100 {
        encoder
            .write_all(&[b' '; 1 << 20])
            .expect("memory takes it");
    }
    let bomb = encoder.finish().expect("memory takes it");
    let mut body = Body::new("gzip");
    let fault = bomb
        .chunks(8192)
        .find_map(|piece| take(&mut body, piece).err());
    let words = "the document is larger than 32 MiB when decompressed";
    assert_eq!(fault, Some(Fault::Refused(words.to_owned())));
    assert!(body.len() <= MOST_DECODED);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_the_size_of_the_pieces_does_not_matter(
        announced in prop::sample::select(vec!["", "gzip", "br", "deflate", "zstd"]),
        whole in prop::sample::select(
            [vec![Vec::new(), gzip(XML), brotli(XML), [gzip(XML), gzip(XML)].concat()], deflate(XML).to_vec()].concat()
        ),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
    ) {
        let mut wire = whole;
        let at = at.index(wire.len() + 1);
        let end = wire.len().min(at + noise.len());
        wire.splice(at..end, noise);
        decode(announced, &wire);
    }
}

#[test]
fn an_endless_document_is_refused() {
    let mut body = Body::new("");
    take(&mut body, XML).expect("within the limits");
    let fault = (0..100).find_map(|_| take(&mut body, &[b' '; 1 << 20]).err());
    assert_eq!(
        fault,
        Some(Fault::Refused(
            "the document is larger than 16 MiB".to_owned()
        ))
    );
}
