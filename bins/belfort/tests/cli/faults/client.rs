//! One caller of the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// The time after which a request counts as one that is never answered. It is longer than the server's own for the sake of slow
/// machines.
const NEVER: Duration = Duration::from_secs(12);

/// One caller of the server.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) workspace: &'static str,
    pub(super) token: String,
}

/// A request: method, path, `Idempotency-Key`, body.
pub(super) struct Request(
    pub(super) &'static str,
    pub(super) String,
    pub(super) Option<String>,
    pub(super) Option<Value>,
);

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    body: String,
}

/// The verdict on an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// The answer that is expected when nothing is wrong.
    Right,
    /// The server says when to try again.
    Busy,
    /// Anything else.
    Wrong(String),
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self("GET", path.into(), None, None)
    }

    /// Makes a task of this title, once.
    pub(super) fn create_task(title: &str) -> Self {
        Self("POST", "/api/v1/tasks".into(), Some(title.to_owned()), Some(json!({ "title": title })))
    }
}

impl Client {
    /// Logs in, at a server that works.
    pub(super) fn log_in(address: SocketAddr, workspace: &'static str, login: &Value) -> Self {
        let client = Self { address, workspace, token: String::new() };
        let answer =
            client.send(&Request("POST", "/api/v1/auth/login".into(), None, Some(login.clone()))).unwrap();
        Self { token: answer.json()["token"].as_str().unwrap().to_owned(), ..client }
    }

    /// Sends a request; the error is that no answer comes.
    pub(super) fn send(&self, Request(method, path, key, body): &Request) -> std::io::Result<Answer> {
        let header = |name: &str, value: &str| {
            if value.is_empty() { String::new() } else { format!("{name}: {value}\r\n") }
        };
        let bearer = if self.token.is_empty() { String::new() } else { format!("Bearer {}", self.token) };
        let body = body.as_ref().map(Value::to_string).unwrap_or_default();
        let head = [
            format!("{method} {path} HTTP/1.1\r\n"),
            header("Host", "localhost"),
            header("Connection", "close"),
            header("X-Workspace", self.workspace),
            header("Authorization", &bearer),
            header("Idempotency-Key", key.as_deref().unwrap_or_default()),
            header("Content-Type", "application/json"),
            header("Content-Length", &body.len().to_string()),
        ]
        .concat();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(NEVER))?;
        stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    /// Sends a request and judges what comes: the status that is expected, or that the server is busy.
    pub(super) fn try_for(&self, status: u16, request: &Request) -> Verdict {
        match self.send(request) {
            Ok(answer) if answer.status == status => Verdict::Right,
            Ok(answer) if answer.is_busy() => Verdict::Busy,
            Ok(answer) => {
                Verdict::Wrong(format!("{} {}: {} {}", request.0, request.1, answer.head, answer.body))
            }
            Err(error) => Verdict::Wrong(format!("{} {}: no answer: {error}", request.0, request.1)),
        }
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_busy(&self) -> bool {
        self.status == 503 && self.head.contains("\r\nretry-after: ") && self.body.contains("\"busy\"")
    }
}
