//! An HTTP/1.1 server on loopback that misbehaves on demand and remembers what it was asked.
//!
//! It is written on bare sockets, so that it can do what no HTTP library would. Each path has a script:
//!
//! ```ignore
//! let server = Server::start();
//! server.script("/feed", [Reply::ok(FEED), Reply::status(304)]); // the last one stays
//! server.answer("/old", |request, nth| Reply::status(301).header("Location", "/feed"));
//! // ... fetch server.url("/feed") ...
//! assert_eq!(server.requests()[0].header("if-none-match"), None);
//! ```
//!
//! A request in absolute form (as to a proxy) is looked up by its whole address. Unknown paths get 404.

mod reply;
mod serve;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rustls::ServerConfig;

use crate::certificates::Identity;

pub(crate) use self::reply::{Reply, Request};

/// Stops listening when dropped; connections that are being answered go on to their end.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

type Answer = dyn Fn(&Request, usize) -> Reply + Send + Sync;

struct Shared {
    stopping: AtomicBool,
    answers: Mutex<HashMap<String, Arc<Answer>>>,
    requests: Mutex<Vec<Request>>,
    tls: Option<Arc<ServerConfig>>,
}

impl Server {
    /// Speaks HTTP on a free port of 127.0.0.1.
    pub(crate) fn start() -> Server {
        Server::start_at("127.0.0.1:0")
    }

    /// Speaks HTTP at this address, which may be any of 127/8; port 0 stands for a free one.
    pub(crate) fn start_at(address: &str) -> Server {
        Server::listen(address, None)
    }

    /// Speaks HTTPS on a free port of 127.0.0.1, with this certificate.
    pub(crate) fn start_tls(identity: &Identity) -> Server {
        Server::listen("127.0.0.1:0", Some(identity.config.clone()))
    }

    /// The same, for clients that speak HTTP/2: what is scripted for `*` answers them with status 200 and its body.
    pub(crate) fn start_http2(identity: &Identity) -> Server {
        let mut config = ServerConfig::clone(&identity.config);
        config.alpn_protocols = vec![b"h2".to_vec()];
        Server::listen("127.0.0.1:0", Some(Arc::new(config)))
    }

    /// `http://127.0.0.1:PORT/path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers each request to `path` (its query included) with `reply`.
    pub(crate) fn on(&self, path: &str, reply: Reply) {
        self.answer(path, move |_, _| reply.clone());
    }

    /// Answers the requests to `path` with one reply after the other; the last one stays.
    pub(crate) fn script(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies: Vec<Reply> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a script needs a reply");
        self.answer(path, move |_, nth| {
            replies[nth.min(replies.len() - 1)].clone()
        });
    }

    /// Answers the requests to `path` by a function of the request and of how many came before it.
    pub(crate) fn answer(
        &self,
        path: &str,
        answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) {
        let mut answers = self
            .shared
            .answers
            .lock()
            .expect("nobody panics while holding it");
        answers.insert(path.to_owned(), Arc::new(answer));
    }

    /// All requests that have arrived, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .expect("nobody panics while holding it")
            .clone()
    }

    /// Those that arrived for `path`.
    pub(crate) fn requests_to(&self, path: &str) -> Vec<Request> {
        let requests = self.requests();
        requests
            .into_iter()
            .filter(|request| request.path == path)
            .collect()
    }

    fn listen(address: &str, tls: Option<Arc<ServerConfig>>) -> Server {
        let listener = TcpListener::bind(address).expect("a free loopback port");
        let address = listener.local_addr().expect("bound");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            stopping: AtomicBool::new(false),
            answers: Mutex::default(),
            requests: Mutex::default(),
            tls,
        });
        let accepting = shared.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Server {
            address,
            scheme,
            shared,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: &Arc<Shared>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.is_stopping() {
                return;
            }
            let shared = self.clone();
            // Clients hang up whenever they like; that is no failure of the test.
            std::thread::spawn(move || serve::connection(&shared, stream));
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Remembers the request and decides on the reply.
    fn reply_to(&self, head: &[u8]) -> (Request, Reply) {
        let request = Request::parse(head, Instant::now());
        let nth = {
            let mut requests = self
                .requests
                .lock()
                .expect("nobody panics while holding it");
            let nth = requests
                .iter()
                .filter(|earlier| earlier.path == request.path)
                .count();
            requests.push(request.clone());
            nth
        };
        let answer = self
            .answers
            .lock()
            .expect("nobody panics while holding it")
            .get(&request.path)
            .cloned();
        let reply = match answer {
            Some(answer) => answer(&request, nth),
            None => Reply::status(404),
        };
        (request, reply)
    }
}
