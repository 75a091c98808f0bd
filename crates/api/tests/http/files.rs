//! Files as they are sent and fetched, and what the database has of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{Client, Reply, Server};

/// The bytes of a file in one chunk.
pub(crate) const CHUNK_SIZE: usize = 256 * 1024;
pub(crate) const MULTIPART: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=b");

/// Bytes in which nothing repeats, the same for the same seed.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// What stands before the content of a form's part, with these parameters of its `Content-Disposition`.
pub(crate) fn head(parameters: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; {parameters}\r\nContent-Type: image/png\r\n\r\n")
}

pub(crate) const TAIL: &str = "\r\n--b--\r\n";

/// A form with one file.
pub(crate) fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = head(&format!("name=\"file\"; filename=\"{name}\""));
    [head.as_bytes(), content, TAIL.as_bytes()].concat()
}

impl Client {
    pub(crate) fn upload(&self, task: &str, name: &str, content: &[u8]) -> Reply {
        self.send_form(task, &form(name, content))
    }

    pub(crate) fn send_form(&self, task: &str, form: &[u8]) -> Reply {
        self.send_bytes("POST", &format!("/tasks/{task}/attachments"), &[MULTIPART], Some(form))
    }

    /// The id of a new attachment.
    pub(crate) fn attach(&self, task: &str, name: &str, content: &[u8]) -> String {
        self.upload(task, name, content).expect(201)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn fetch(&self, id: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", &format!("/attachments/{id}/content"), headers, None)
    }

    /// The content, through a client that knows nothing of HTTP and takes what it gets. `None` for less than was announced.
    pub(crate) fn fetch_raw(&self, id: &str) -> (u16, Vec<u8>, bool) {
        let reply = self.raw(&format!("GET /api/v1/attachments/{id}/content"), "", b"");
        let announced: usize = reply.header("content-length").unwrap().parse().unwrap();
        let whole = reply.bytes.len() == announced;
        (reply.status, reply.bytes, whole)
    }

    /// A connection on which a request has begun: its head and so much of its body.
    pub(crate) fn begin(&self, line: &str, headers: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (host, token) = (&self.host, self.token.as_deref().unwrap_or_default());
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        stream
    }

    /// An upload of which the end is still to come.
    pub(crate) fn begin_upload(&self, task: &str, name: &str, begin: &[u8], length: usize) -> TcpStream {
        self.begin_upload_with("", task, name, begin, length)
    }

    /// The same with more headers.
    pub(crate) fn begin_upload_with(
        &self,
        more: &str,
        task: &str,
        name: &str,
        begin: &[u8],
        length: usize,
    ) -> TcpStream {
        let whole = form(name, begin);
        let length = whole.len() - begin.len() + length;
        let headers = format!("{}: {}\r\nContent-Length: {length}\r\n{more}", MULTIPART.0, MULTIPART.1);
        let line = format!("POST /api/v1/tasks/{task}/attachments");
        self.begin(&line, &headers, whole.strip_suffix(TAIL.as_bytes()).unwrap())
    }
}

/// What is answered on a connection, to its end.
pub(crate) fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), text)
}

impl Server {
    /// How many attachments, chunks and uploads a workspace has.
    pub(crate) fn stored(&self, slug: &str) -> (usize, usize, usize) {
        let schema = self.schema(slug);
        let count = |table| {
            self.sql(&format!("SELECT count(*)::text FROM {schema}.{table}")).pop().unwrap().parse().unwrap()
        };
        (count("attachments"), count("attachment_pieces"), count("attachment_uploads"))
    }

    /// Comes back once that is what is stored.
    pub(crate) fn until_stored(&self, slug: &str, expected: (usize, usize, usize)) {
        let begun = Instant::now();
        while self.stored(slug) != expected {
            let late = begun.elapsed() > Duration::from_secs(30);
            assert!(!late, "stored are {:?} and not {expected:?}", self.stored(slug));
            std::thread::yield_now();
        }
    }
}
