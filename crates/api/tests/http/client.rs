//! Somebody who sends requests, and what came back.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::{Request, Response};

use crate::documented;
use crate::harness::PASSWORD;

/// Somebody who sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
    pub(crate) token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    response: Response<()>,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], Some(&body.to_string()))
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[], Some(&body.to_string()))
    }

    pub(crate) fn put(&self, path: &str) -> Reply {
        self.send("PUT", path, &[], None)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None)
    }

    /// Any request. A path that does not begin with `/api` or is no probe is one of `/api/v1`.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Reply {
        self.send_bytes(method, path, headers, body.map(str::as_bytes))
    }

    pub(crate) fn send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        let root = path.starts_with("/api") || ["/healthz", "/readyz"].contains(&path);
        let prefix = if root { "" } else { "/api/v1" };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{prefix}{path}", self.address))
            .header("Host", &self.host);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let response = match body {
            Some(body) => agent.run(request.body(body.to_vec()).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let (parts, mut body) = response.unwrap().into_parts();
        documented::check(method, &format!("{prefix}{path}"), parts.status.as_u16());
        let bytes = body.with_config().limit(u64::MAX).read_to_vec().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply {
            status: parts.status.as_u16(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            bytes,
            response: Response::from_parts(parts, ()),
        }
    }

    /// The same person, as a caller with a session.
    pub(crate) fn log_in(&self, email: &str) -> Self {
        let session = self.post("/auth/login", &json!({ "email": email, "password": PASSWORD })).expect(200);
        Self { token: Some(session["token"].as_str().unwrap().to_owned()), ..self.clone() }
    }

    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    pub(crate) fn at(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// The caller's own id.
    pub(crate) fn id(&self) -> String {
        self.get("/me").expect(200)["id"].as_str().unwrap().to_owned()
    }

    /// The id of the role of this name.
    pub(crate) fn role(&self, name: &str) -> String {
        let roles = self.get("/roles").expect(200);
        let role = roles["items"].as_array().unwrap().iter().find(|role| role["name"] == name).unwrap();
        role["id"].as_str().unwrap().to_owned()
    }

    /// A task of this title; its id.
    pub(crate) fn task(&self, title: &str) -> String {
        self.post("/tasks", &json!({ "title": title })).expect(201)["id"].as_str().unwrap().to_owned()
    }

    /// Every item of a list, page by page.
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{joint}limit=200{cursor}")).expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

impl Reply {
    /// The body, if the status is this one.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The body of a problem, if the status and code are these.
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.text
        );
        let code_there = self.body["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!((self.status, code_there.as_str()), (status, code), "{}", self.text);
        assert_eq!(self.body["status"], status);
        for field in ["type", "title", "detail", "instance"] {
            assert!(self.body[field].is_string(), "{field}: {}", self.text);
        }
        let errors = self.body["errors"].as_array().map_or(0, Vec::len);
        assert_eq!(errors > 0, status == 422, "{}", self.text);
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Every header, in the order of their names.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let pair = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let mut headers: Vec<_> = self.response.headers().iter().map(pair).collect();
        headers.sort();
        headers
    }
}

impl Client {
    /// A request as no client library would write it: `GET /healthz` or the like, header lines, a body. It is the last one
    /// of its connection.
    pub(crate) fn raw(&self, line: &str, headers: &str, body: &[u8]) -> Reply {
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let host = format!("Host: {}\r\n", self.host);
        let head = format!(
            "{line} HTTP/1.1\r\n{host}{}Connection: close\r\n{headers}\r\n",
            token.unwrap_or_default()
        );
        self.raw_bytes(&[head.as_bytes(), body].concat())
    }

    /// What the server answers to these very bytes.
    pub(crate) fn raw_bytes(&self, request: &[u8]) -> Reply {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.address).unwrap();
        // A server that waits for more fails the test rather than hang it.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that has heard enough may stop listening: what it said counts.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Reply::parse(&answer)
    }

    /// A file of the server's root: a page of the documentation, say. The host is the whole of it.
    pub(crate) fn page(&self, path: &str) -> Reply {
        self.raw(&format!("GET {path}"), "", b"")
    }
}

impl Reply {
    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(answer)));
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut response = Response::builder().status(status);
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            response = response.header(name, value);
        }
        let text = String::from_utf8_lossy(body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, body: json, text, bytes: body.to_vec(), response: response.body(()).unwrap() }
    }

    /// The body of a problem that tells nothing of what is inside, about this path.
    pub(crate) fn clean_problem(self, status: u16, code: &str, instance: &str) -> Value {
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()), "{code}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{code}");
        let (text, authenticate) = (self.text.clone(), self.header("www-authenticate").map(str::to_owned));
        let body = self.problem(status, code);
        assert_eq!(authenticate.as_deref(), (status == 401).then_some("Bearer"), "{code}");
        assert_eq!(body["instance"], instance, "{code}");
        assert_eq!(body["type"], format!("urn:belfort:problem:{code}"));
        for name in body.as_object().unwrap().keys() {
            let known = ["type", "title", "status", "detail", "instance", "code", "errors"];
            assert!(known.contains(&name.as_str()), "{code} has {name}");
        }
        assert_eq!(
            body.get("errors").is_some(),
            body["errors"].as_array().is_some_and(|e| !e.is_empty()),
            "{code}"
        );
        // Without the path, which is the sender's own words.
        let text = text.replace(instance, "");
        for inside in [
            "SELECT",
            "INSERT",
            "UPDATE ",
            "relation \"",
            "constraint",
            "diesel",
            "panicked",
            "stack",
            ".rs",
            "src/",
        ] {
            assert!(!text.contains(inside), "{code} tells {inside}: {text}");
        }
        let schema = text
            .match_indices("t_")
            .find(|(at, _)| text[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count() >= 8);
        assert_eq!(schema, None, "{code} names a schema: {text}");
        body
    }
}
