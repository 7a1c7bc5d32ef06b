//! One connection, from its first byte to its end.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::reply::{Manner, Moment};
use super::{Reply, Shared};

/// Whether the connection can take another request.
#[derive(PartialEq, Eq)]
enum After {
    Open,
    Close,
}

/// Serves a connection; errors mean that the client has gone.
pub(super) fn connection(shared: &Shared, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = match &shared.tls {
        None => plain(shared, stream),
        Some(config) => encrypted(shared, stream, config.clone()),
    };
}

fn plain(shared: &Shared, mut stream: TcpStream) -> io::Result<()> {
    while let Some(length) = peek_head(&stream)? {
        let mut head = vec![0; length];
        stream.peek(&mut head)?;
        let (_, reply) = shared.reply_to(&head);
        reply.run_hooks(Moment::Arrival);
        if reply.manner == Manner::Reset {
            // Closing with unread bytes is what makes the system send a reset.
            return Ok(());
        }
        stream.read_exact(&mut head)?;
        if send(shared, &mut stream, &reply)? == After::Close {
            return Ok(());
        }
    }
    Ok(())
}

fn encrypted(shared: &Shared, stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    let session = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    if stream.conn.alpn_protocol() == Some(b"h2") {
        return http2(shared, &mut stream);
    }
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte)? == 0 {
                return Ok(());
            }
            head.push(byte[0]);
        }
        let (_, reply) = shared.reply_to(&head);
        reply.run_hooks(Moment::Arrival);
        if send(shared, &mut stream, &reply)? == After::Close {
            stream.conn.send_close_notify();
            return stream.flush();
        }
    }
}

/// The length of the request's head once it is there whole; `None` if the client has hung up.
fn peek_head(stream: &TcpStream) -> io::Result<Option<usize>> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = stream.peek(&mut buffer)?;
        if length == 0 {
            return Ok(None);
        }
        let end = buffer[..length]
            .windows(4)
            .position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            return Ok(Some(end + 4));
        }
        // `peek` does not wait for more than there is.
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn send(shared: &Shared, stream: &mut (impl Read + Write), reply: &Reply) -> io::Result<After> {
    match reply.manner {
        Manner::Silent => {
            let mut ignored = [0; 64];
            while stream.read(&mut ignored)? != 0 {}
            return Ok(After::Close);
        }
        Manner::HangUp => return Ok(After::Close),
        _ => {}
    }
    if reply.manner != Manner::Raw {
        send_head(stream, reply)?;
    }
    let after = send_body(shared, stream, reply)?;
    stream.flush()?;
    reply.run_hooks(Moment::LastByte);
    Ok(after)
}

fn send_head(stream: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Reason\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        head.extend_from_slice(format!("{name}: ").as_bytes());
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    match reply.manner {
        Manner::Chunked | Manner::ChunkedTruncated => {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n")
        }
        Manner::UntilClose | Manner::Endless => head.extend_from_slice(b"Connection: close\r\n"),
        // A 304 has no body, and its Content-Length would be that of the document.
        _ if reply.status == 304 => {}
        _ => head.extend_from_slice(format!("Content-Length: {}\r\n", reply.body.len()).as_bytes()),
    }
    head.extend_from_slice(b"\r\n");
    if reply.head_pause.is_zero() {
        return stream.write_all(&head);
    }
    drip(stream, &head, reply.head_pause)
}

fn send_body(shared: &Shared, stream: &mut impl Write, reply: &Reply) -> io::Result<After> {
    let (first, second) = reply.body.split_at(reply.body.len() / 2);
    match reply.manner {
        Manner::Dripped(pause) => {
            drip(stream, &reply.body, pause)?;
            return Ok(After::Open);
        }
        Manner::Truncated(bytes) => {
            stream.write_all(&reply.body[..bytes])?;
            return Ok(After::Close);
        }
        Manner::Endless => {
            while !shared.is_stopping() {
                stream.write_all(&reply.body)?;
            }
            return Ok(After::Close);
        }
        _ => {}
    }
    let chunked = matches!(reply.manner, Manner::Chunked | Manner::ChunkedTruncated);
    for (half, moment) in [(first, Some(Moment::MidBody)), (second, None)] {
        match chunked {
            true => send_chunks(stream, half)?,
            false => stream.write_all(half)?,
        }
        stream.flush()?;
        if let Some(moment) = moment {
            reply.run_hooks(moment);
        }
    }
    Ok(match reply.manner {
        Manner::Chunked => {
            stream.write_all(b"0\r\n\r\n")?;
            After::Open
        }
        Manner::Whole => After::Open,
        _ => After::Close,
    })
}

fn send_chunks(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for chunk in bytes.chunks(700) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
        stream.write_all(chunk)?;
        stream.write_all(b"\r\n")?;
    }
    Ok(())
}

fn drip(stream: &mut impl Write, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        stream.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Just enough of RFC 9113 to answer each request: frames are read and, but for requests and settings, ignored.
/// The request is remembered with method `HTTP/2` and path `*`, since its headers are compressed.
fn http2(shared: &Shared, stream: &mut (impl Read + Write)) -> io::Result<()> {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;
    const ACK: u8 = 1;
    const END_HEADERS: u8 = 4;
    const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
    /// `:status: 200` in the static table of HPACK.
    const STATUS_200: [u8; 1] = [0x88];

    let mut preface = [0; 24];
    stream.read_exact(&mut preface)?;
    frame(stream, SETTINGS, 0, [0; 4], &[])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let id = [head[5], head[6], head[7], head[8]];
        let mut payload = vec![0; usize::try_from(length).expect("24 bits")];
        stream.read_exact(&mut payload)?;
        match (head[3], head[4]) {
            (SETTINGS, flags) if flags & ACK == 0 => frame(stream, SETTINGS, ACK, [0; 4], &[])?,
            (HEADERS, _) => {
                let (_, reply) = shared.reply_to(b"HTTP/2 * \r\n");
                if matches!(reply.manner, Manner::HangUp) {
                    frame(stream, RST_STREAM, 0, id, &REFUSED_STREAM)?;
                    continue;
                }
                frame(stream, HEADERS, END_HEADERS, id, &STATUS_200)?;
                frame(stream, DATA, END_STREAM, id, &reply.body)?;
            }
            _ => {}
        }
    }
}

fn frame(
    stream: &mut impl Write,
    kind: u8,
    flags: u8,
    id: [u8; 4],
    payload: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(payload.len())
        .expect("a small payload")
        .to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(payload);
    stream.write_all(&bytes)?;
    stream.flush()
}
