//! The URL of the database.

use std::fmt;

/// A database URL as libpq reads it: `postgres://user:password@host:port/database?options`.
#[derive(Clone)]
pub struct DatabaseUrl(String);

/// The reason why a database URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Another scheme.
    #[error("a database URL has to begin with postgres:// or postgresql://")]
    Scheme,
    /// The host is another machine, and the program was built without TLS.
    #[error(
        "the database is on another machine and this program was built without TLS: build it with `--features tls`, or \
         use a unix socket or a loopback address"
    )]
    NoTls,
    /// The host is another machine, and its certificate would not be verified.
    #[error(
        "the database is on another machine: add sslmode=verify-full (and sslrootcert=…) to the database URL"
    )]
    SslMode,
}

/// The parameters of libpq that bound how long a connection waits for the other end, in seconds and at last in milliseconds. They mean
/// nothing to a unix socket, but for the first.
const NETWORK_LIMITS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];

impl DatabaseUrl {
    /// Reads a URL. A host on another machine is refused unless the connection to it is encrypted and verified: libpq's own
    /// default falls back to plain text without a word.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or(DatabaseUrlError::Scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = rest.split('/').next().unwrap_or_default();
        let hosts = authority.rsplit('@').next().unwrap_or_default();
        let parameters = decoded(query);
        let mut named = parameters.iter().filter(|(key, _)| ["host", "hostaddr"].contains(&&**key));
        let local = hosts.split(',').all(|host| is_local(&decode(without_port(host))))
            && named.all(|(_, hosts)| hosts.split(',').all(is_local))
            // What a service file says of the host is not known here.
            && parameters.iter().all(|(key, _)| key != "service");
        if !local {
            if cfg!(not(feature = "tls")) {
                return Err(DatabaseUrlError::NoTls);
            }
            if !is_verified(&parameters) {
                return Err(DatabaseUrlError::SslMode);
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The same URL with another user. Later parameters of a URL override earlier ones (libpq, section 34.1.1).
    pub(super) fn with_login(&self, user: &str, password: &str) -> Self {
        self.with(&format!("user={}&password={}", percent(user), percent(password)))
    }

    /// The same URL for connections with these settings: `lock_timeout`, `10s`. What the operator has in `options` stays.
    pub(super) fn with_settings(&self, settings: &[(&str, &str)]) -> Self {
        let theirs = self.parameters().filter(|(name, _)| *name == "options").last();
        let before = theirs.map(|(_, options)| format!("{options}%20")).unwrap_or_default();
        let ours = settings.iter().map(|(name, value)| format!("-c {name}={value}"));
        let ours = percent(&ours.collect::<Vec<_>>().join(" "));
        self.with(&format!("options={before}{ours}"))
    }

    /// The same URL for connections that notice in seconds when nobody answers at the other end any more, unless the operator says
    /// otherwise. By itself the system tries for a quarter of an hour.
    pub(super) fn with_network_limits(&self) -> Self {
        let is_theirs = |name: &str| self.parameters().any(|(theirs, _)| theirs == name);
        let ours = NETWORK_LIMITS.iter().filter(|(name, _)| !is_theirs(name));
        let ours: Vec<String> = ours.map(|(name, value)| format!("{name}={value}")).collect();
        if ours.is_empty() { self.clone() } else { self.with(&ours.join("&")) }
    }

    fn with(&self, parameters: &str) -> Self {
        let joint = if self.0.contains('?') { '&' } else { '?' };
        Self(format!("{}{joint}{parameters}", self.0))
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter_map(|pair| pair.split_once('='))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    /// Shows neither user nor password nor parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.0.split('?').next().unwrap_or_default();
        let place = place.split_once("://").map_or(place, |(_, rest)| rest);
        let place = place.rsplit_once('@').map_or(place, |(_, rest)| rest);
        write!(f, "postgres://…@{place}")
    }
}

/// The parameters of a query string as libpq reads them: names and values are decoded, and a plus is a plus.
fn decoded(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decode(key), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let hex =
            after.first_chunk::<2>().filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns whether the certificate of the other end is verified. Of several values the last one counts, and `ssl=true` is another one
/// (libpq, section 34.1.1.2): so all of them have to say it.
fn is_verified(parameters: &[(String, String)]) -> bool {
    let mut modes = parameters.iter().filter(|(key, _)| ["sslmode", "ssl"].contains(&&**key)).peekable();
    modes.peek().is_some() && modes.all(|(key, mode)| key == "sslmode" && mode == "verify-full")
}

fn without_port(host: &str) -> &str {
    if let Some(v6) = host.strip_prefix('[') {
        return v6.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

/// Returns whether a host is on this machine: a unix socket, a loopback address, or none, which is libpq's default socket.
fn is_local(host: &str) -> bool {
    host.is_empty() || host.starts_with('/') || matches!(host, "localhost" | "127.0.0.1" | "::1")
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_shows_no_secret() {
        let url =
            DatabaseUrl::parse("postgres://owner:s3cret@localhost:5432/belfort?password=other").unwrap();
        assert_eq!(
            format!("{url:?} {url}"),
            "postgres://…@localhost:5432/belfort postgres://…@localhost:5432/belfort"
        );
    }

    #[test]
    fn settings_are_added_to_the_options_that_are_there() {
        let settings = [("lock_timeout", "10s"), ("jit", "off")];
        let ours = "-c%20lock_timeout%3D10s%20-c%20jit%3Doff";
        for (url, before) in [
            ("postgres:///db", "?options="),
            ("postgres:///db?host=/run", "?host=/run&options="),
            ("postgres:///db?options=-c%20a%3Db", "?options=-c%20a%3Db&options=-c%20a%3Db%20"),
        ] {
            let with = DatabaseUrl::parse(url).unwrap().with_settings(&settings);
            assert_eq!(with.reveal(), format!("postgres:///db{before}{ours}"));
        }
    }

    #[test]
    fn a_connection_notices_when_nobody_answers_as_soon_as_the_operator_says() {
        let with = |url| DatabaseUrl::parse(url).unwrap().with_network_limits().reveal().to_owned();
        let theirs = "postgres:///db?connect_timeout=30&tcp_user_timeout=1";
        assert_eq!(
            with(theirs),
            format!("{theirs}&keepalives_idle=5&keepalives_interval=3&keepalives_count=3")
        );
        assert!(with("postgres:///db").starts_with("postgres:///db?connect_timeout=3&"));
        assert_eq!(with(&with("postgres:///db")), with("postgres:///db"));
    }

    #[test]
    fn a_database_elsewhere_needs_verified_tls() {
        for local in [
            "postgres://u@localhost/db",
            "postgres://u@%2Fvar%2Frun/db",
            "postgres:///db?host=/var/run",
            "postgresql://[::1]:5432/db",
            "postgres://localhost/db?hostaddr=127.0.0.1",
            "postgres://localhost/db?host=%2Fvar%2Frun,localhost",
        ] {
            assert!(DatabaseUrl::parse(local).is_ok(), "{local}");
        }
        for elsewhere in [
            "postgres://u@db.example/db",
            "postgres:///db?host=db.example",
            "postgres://localhost,db.example/db",
            "postgres://localhost/db?hostaddr=192.0.2.1",
            "postgres://localhost/db?hostaddr=127.0.0.1,192.0.2.1",
            "postgres://localhost/db?host=/var/run,db.example",
            "postgres:///db?host=/var/run&host=db.example",
            "postgres:///db?%68ostaddr=192.0.2.1",
            "postgres:///db?service=elsewhere",
        ] {
            assert!(DatabaseUrl::parse(elsewhere).is_err(), "{elsewhere}");
        }
        assert_eq!(DatabaseUrl::parse("mysql://x").unwrap_err(), DatabaseUrlError::Scheme);
    }

    #[test]
    fn every_sslmode_of_a_url_has_to_verify() {
        for (query, verified) in [
            ("sslmode=verify-full", true),
            ("a=b&sslmode=verify-full&sslrootcert=/ca.pem", true),
            ("sslmode=verify-full&sslmode=verify-full", true),
            ("%73slmode=verify%2Dfull", true),
            ("", false),
            ("sslmode=require", false),
            ("sslmode=verify-full&sslmode=disable", false),
            ("sslmode=disable&sslmode=verify-full", false),
            ("sslmode=verify-full&%73slmode=disable", false),
            ("sslmode=verify-full&ssl=true", false),
        ] {
            assert_eq!(is_verified(&decoded(query)), verified, "{query}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for (text, plain) in
            [("a%2Fb%2f", "a/b/"), ("%", "%"), ("%4", "%4"), ("%zz+", "%zz+"), ("%C3%A9", "é")]
        {
            assert_eq!(decode(text), plain);
        }
    }
}
