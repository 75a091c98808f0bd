//! The relay that a URL names.

use std::fmt;
use std::net::IpAddr;

use crate::SetupError;

/// A mail relay, as `smtp://user:password@host:port?tls=required` or `smtps://…` names it.
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) login: Option<(String, String)>,
}

/// What protects messages on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// Nothing; the relay is on this machine.
    None,
    /// TLS that begins after a greeting in the clear, or no message is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl Relay {
    /// Reads the URL. TLS that gives way to a relay which says it has none (`tls=opportunistic`) is not among the forms:
    /// whoever is in between could say so too.
    pub(crate) fn parse(url: &str) -> Result<Self, SetupError> {
        let (scheme, rest) = url.split_once("://").ok_or(SetupError::Url)?;
        // The last `@`: there may be one in the password that was not escaped.
        let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (security, port) = match (scheme, query) {
            ("smtp", None) => (Security::None, 25),
            ("smtp", Some("tls=required")) => (Security::StartTls, 587),
            ("smtps", None) => (Security::Tls, 465),
            _ => return Err(SetupError::Url),
        };
        let (host, port) = place_of(place.strip_suffix('/').unwrap_or(place), port).ok_or(SetupError::Url)?;
        let login = login.map(|login| login_of(login).ok_or(SetupError::Url)).transpose()?;
        if security == Security::None && !is_loopback(&host) {
            return Err(SetupError::Plain { host });
        }
        Ok(Self { host, port, security, login })
    }
}

impl fmt::Debug for Relay {
    /// Without the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

/// Host and port of `host:port`, `host`, `[::1]:port` or `[::1]`.
fn place_of(place: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let end = place.find(':').unwrap_or(place.len());
        let (host, port) = place.split_at(end);
        let sane = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
        (Some(host).filter(|host| sane && !host.is_empty())?, port)
    };
    let port = match port {
        "" => default,
        port => port.strip_prefix(':')?.parse().ok()?,
    };
    Some((host.to_owned(), port))
}

fn login_of(login: &str) -> Option<(String, String)> {
    let (user, password) = login.split_once(':')?;
    Some((unescape(user)?, unescape(password)?))
}

/// `text` with its `%40`s resolved.
fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        // `from_str_radix` alone would take `+4`.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_host_port_security_and_login() {
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (url, host, port, security, who) in [
            ("smtps://mail.example.com", "mail.example.com", 465, Security::Tls, None),
            ("smtps://u:p@mail.example.com:4465/", "mail.example.com", 4465, Security::Tls, login("u", "p")),
            ("smtp://mail.example.com?tls=required", "mail.example.com", 587, Security::StartTls, None),
            (
                "smtp://u%40x.com:p%2f%C3%A9@m.x:25?tls=required",
                "m.x",
                25,
                Security::StartTls,
                login("u@x.com", "p/é"),
            ),
            ("smtp://u:p@ss/w?rd:1@localhost", "localhost", 25, Security::None, login("u", "p@ss/w?rd:1")),
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, Security::None, None),
            ("smtp://[::1]:1025", "::1", 1025, Security::None, None),
            ("smtp://[::1]", "::1", 25, Security::None, None),
        ] {
            let relay = Relay::parse(url).unwrap();
            assert_eq!((relay.host.as_str(), relay.port, relay.security), (host, port, security), "{url}");
            assert_eq!(relay.login, who, "{url}");
        }
    }

    #[test]
    fn messages_do_not_leave_the_machine_in_the_clear() {
        for host in [
            "mail.example.com",
            "10.0.0.1",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "[2001:db8::1]",
        ] {
            let error = Relay::parse(&format!("smtp://u:s3cret@{host}:25")).unwrap_err();
            assert!(matches!(error, SetupError::Plain { .. }), "{host}");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn what_is_no_url_of_a_relay_is_refused_and_not_shown() {
        for url in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "SMTPS//mail.example.com",
            "smtps://",
            "smtps://:465",
            "smtps://u:s3cret@",
            "smtps://s3cret@mail.example.com",
            "smtps://u:s3cret%4@mail.example.com",
            "smtps://u:s3cret%zz@mail.example.com",
            "smtps://u:s3cret%+4@mail.example.com",
            "smtps://u:s3cret%ff@mail.example.com",
            "smtps://u:s3cret@mail.example.com:port",
            "smtps://u:s3cret@mail.example.com:99999",
            "smtps://u:s3cret@mail.example.com/path",
            "smtps://u:s3cret@mail example.com",
            "smtps://u:s3cret@mail.example.com\r\nQUIT",
            "smtps://u:s3cret@[::1",
            "smtps://u:s3cret@[evil]",
            "smtps://u:s3cret@[::1]465",
            "smtp://u:s3cret@mail.example.com?tls=opportunistic",
            "smtp://u:s3cret@mail.example.com?tls=Required",
            "smtps://u:s3cret@mail.example.com?tls=none",
        ] {
            let error = Relay::parse(url).unwrap_err();
            assert!(matches!(error, SetupError::Url), "{url}");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn debug_shows_no_login() {
        let shown = format!("{:?}", Relay::parse("smtps://someone:s3cret@mail.example.com").unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("someone"), "{shown}");
    }
}
