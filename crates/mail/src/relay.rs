//! The settings of a mail relay, from its URL.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::error::SetupError;

/// A mail relay, as `smtp://user:password@host:port?tls=required` or `smtps://…` names it.
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) login: Option<(String, String)>,
}

/// The protection of mail on its way to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// Nothing; the relay is on this machine.
    None,
    /// TLS that begins after a greeting in the clear; without it nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl Relay {
    /// Reads the URL. TLS that gives way to a relay which says it has none (`tls=opportunistic`) is not among the forms:
    /// whoever is in between could say so too.
    pub(crate) fn parse(text: &str) -> Result<Self, SetupError> {
        // The parser would drop line ends and tabs from anywhere, and spaces from both ends.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(SetupError::Url);
        }
        let url = Url::parse(text).ok().ok_or(SetupError::Url)?;
        let (security, default_port) = match (url.scheme(), url.query()) {
            ("smtp", None) => (Security::None, 25),
            ("smtp", Some("tls=required")) => (Security::StartTls, 587),
            ("smtps", None) => (Security::Tls, 465),
            _ => return Err(SetupError::Url),
        };
        // A password with an unescaped `/`, `?` or `#` leaves its rest here.
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SetupError::Url);
        }
        let host = host(&url).ok_or(SetupError::Url)?;
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) => Some(decoded(user).zip(decoded(password)).ok_or(SetupError::Url)?),
            (_, None) => return Err(SetupError::Url),
        };
        if security == Security::None && !is_loopback(&host) {
            return Err(SetupError::Plain { host });
        }
        Ok(Self { host, port: url.port().unwrap_or(default_port), security, login })
    }
}

impl fmt::Debug for Relay {
    /// Shows no login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

/// A host name or an address, without the brackets of IPv6.
fn host(url: &Url) -> Option<String> {
    match url.host()? {
        // In a URL of a scheme that it does not know the parser lets more pass than a host name has.
        Host::Domain(name) => {
            let sane = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
            (sane && !name.is_empty()).then(|| name.to_owned())
        }
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

/// A text with its escapes decoded; `None` where a `%` begins no escape, or the bytes are not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
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
            ("smtp://u:p@ss:w0rd@localhost", "localhost", 25, Security::None, login("u", "p@ss:w0rd")),
            ("smtp://u:p%2Fss%3Fw%23@localhost", "localhost", 25, Security::None, login("u", "p/ss?w#")),
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
            "smtps://u:s3cret@mail.example.com\n",
            "smtps://u:s3cret@mail%2eexample.com",
            "smtps://u:s3cret@mail_example.com",
            "smtps://u:s3cret@mail.example.com#top",
            // Special characters that are not escaped: the host is not where it seems to be.
            "smtps://u:s3/cret@mail.example.com",
            "smtps://u:s3?cret@mail.example.com",
            "smtps://u:s3#cret@mail.example.com",
            "smtp://u:25/s3cret@mail.example.com",
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
