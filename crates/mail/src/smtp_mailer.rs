//! Mail to an SMTP relay.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::message::Mailbox;
use lettre::transport::smtp::SmtpTransportBuilder;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};

use crate::error::{MailError, SetupError};
use crate::mailer::Mailer;
use crate::message::Message;
use crate::relay::{Relay, Security};

/// A mailer that hands each message to a relay, on a connection of its own.
pub struct SmtpMailer {
    shown: String,
    from: Mailbox,
    transport: SmtpTransport,
}

impl SmtpMailer {
    /// Makes a mailer for the relay at `url`, without connecting to it. Mail is sent from `from`.
    ///
    /// | URL | port | |
    /// | --- | --- | --- |
    /// | `smtps://user:password@host` | 465 | TLS from the first byte; needs the feature `tls` |
    /// | `smtp://user:password@host?tls=required` | 587 | TLS after a greeting; needs the feature `tls` |
    /// | `smtp://localhost` | 25 | in the clear, and so only to this machine |
    ///
    /// `user:password@` may be left out, and `:port` may follow the host. Special characters in user and password are
    /// written as `%40`.
    pub fn new(url: &str, from: &str) -> Result<Self, SetupError> {
        Self::with_timeout(url, from, TIMEOUT)
    }

    fn with_timeout(url: &str, from: &str, timeout: Duration) -> Result<Self, SetupError> {
        let from = from.parse().ok().ok_or(SetupError::Sender)?;
        let relay = Relay::parse(url)?;
        let shown = format!("{relay:?}");
        let mut builder = builder(&relay)?.port(relay.port).timeout(Some(timeout));
        if let Some((user, password)) = relay.login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { shown, from, transport: builder.build() })
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, message: &Message) -> Result<(), MailError> {
        // For the `Date` that the reader sees; nothing is decided by it.
        let mime = message.to_mime(&self.from, SystemTime::now())?;
        match self.transport.send(&mime) {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Refused(error)),
            Err(error) => Err(MailError::Unavailable(error)),
        }
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SmtpMailer").field(&format_args!("{}", self.shown)).finish()
    }
}

#[cfg(feature = "tls")]
fn builder(relay: &Relay) -> Result<SmtpTransportBuilder, SetupError> {
    match relay.security {
        Security::None => Ok(SmtpTransport::builder_dangerous(&relay.host)),
        Security::StartTls => SmtpTransport::starttls_relay(&relay.host).map_err(SetupError::Tls),
        Security::Tls => SmtpTransport::relay(&relay.host).map_err(SetupError::Tls),
    }
}

#[cfg(not(feature = "tls"))]
fn builder(relay: &Relay) -> Result<SmtpTransportBuilder, SetupError> {
    match relay.security {
        Security::None => Ok(SmtpTransport::builder_dangerous(&relay.host)),
        Security::StartTls | Security::Tls => Err(SetupError::NoTls),
    }
}

/// The time that a relay may take for an answer. The thread that sends is blocked for that long.
const TIMEOUT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{self, JoinHandle};

    use super::*;

    const FROM: &str = "Belfort <no-reply@belfort.example>";

    fn message() -> Message {
        Message::parse("an@example.com", "Your code", "Your code is 123456.\n.\nBye\n").unwrap()
    }

    /// A relay for one connection, which answers `rcpt` to the recipient. It gives back the lines that it was sent.
    fn relay(rcpt: &'static str) -> (u16, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (port, thread::spawn(move || talk(listener.accept().unwrap().0, rcpt)))
    }

    fn talk(stream: TcpStream, rcpt: &str) -> Vec<String> {
        let mut answers = stream.try_clone().unwrap();
        let mut answer = |line: &str| answers.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let (mut heard, mut in_data) = (Vec::new(), false);
        answer("220 test");
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
            heard.push(line);
            if in_data {
                in_data = verb != ".";
                if !in_data {
                    answer("250 taken");
                }
                continue;
            }
            match verb.as_str() {
                "EHLO" => answer("250-test\r\n250 AUTH PLAIN"),
                "AUTH" => answer("235 welcome"),
                "MAIL" => answer("250 fine"),
                "RCPT" => answer(rcpt),
                "DATA" => {
                    in_data = true;
                    answer("354 go on");
                }
                "QUIT" => {
                    answer("221 bye");
                    break;
                }
                _ => answer("500 what"),
            }
        }
        heard
    }

    #[test]
    fn a_message_goes_to_the_relay() {
        let (port, relay) = relay("250 fine");
        SmtpMailer::new(&format!("smtp://127.0.0.1:{port}"), FROM).unwrap().send(&message()).unwrap();
        let heard = relay.join().unwrap();
        for line in [
            "MAIL FROM:<no-reply@belfort.example>",
            "RCPT TO:<an@example.com>",
            "Subject: Your code",
            "Your code is 123456.",
            // The dot of the text is doubled; a single one would end the message there.
            "..",
            "Bye",
            ".",
        ] {
            assert!(heard.iter().any(|it| it == line), "{line:?} is not in {heard:#?}");
        }
        assert!(!heard.iter().any(|line| line.starts_with("AUTH")));
    }

    #[test]
    fn the_login_is_given_to_the_relay() {
        let (port, relay) = relay("250 fine");
        SmtpMailer::new(&format!("smtp://some%40one:s3cret@127.0.0.1:{port}"), FROM)
            .unwrap()
            .send(&message())
            .unwrap();
        // base64 of "\0some@one\0s3cret".
        let login = "AUTH PLAIN AHNvbWVAb25lAHMzY3JldA==".to_owned();
        let heard = relay.join().unwrap();
        assert!(heard.contains(&login), "{heard:#?}");
    }

    #[test]
    fn a_refusal_for_good_is_told_from_one_for_now() {
        let send = |rcpt| {
            let (port, relay) = relay(rcpt);
            let sent = SmtpMailer::new(&format!("smtp://127.0.0.1:{port}"), FROM).unwrap().send(&message());
            relay.join().unwrap();
            sent.unwrap_err()
        };
        assert!(matches!(send("550 no such user"), MailError::Refused(_)));
        assert!(matches!(send("451 try later"), MailError::Unavailable(_)));
    }

    #[test]
    fn a_relay_that_is_not_there_is_unavailable() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = SmtpMailer::new(&format!("smtp://u:s3cret@127.0.0.1:{port}"), FROM)
            .unwrap()
            .send(&message())
            .unwrap_err();
        assert!(matches!(error, MailError::Unavailable(_)));
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    /// A relay that takes a connection and is silent, at once or after its greeting, does not keep the sender for good.
    #[test]
    fn a_relay_that_does_not_answer_is_unavailable() {
        for greeting in ["", "220 test\r\n"] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("smtp://{}", listener.local_addr().unwrap());
            let (sent, answer) = std::sync::mpsc::channel();
            thread::spawn(move || {
                let smtp = SmtpMailer::with_timeout(&url, FROM, Duration::from_millis(50)).unwrap();
                sent.send(smtp.send(&message()))
            });
            let mut stream = listener.accept().unwrap().0;
            stream.write_all(greeting.as_bytes()).unwrap();
            let answer = answer.recv_timeout(Duration::from_secs(30)).expect("it still waits");
            assert!(matches!(answer, Err(MailError::Unavailable(_))), "{answer:?}");
        }
    }

    #[test]
    fn tls_needs_the_feature_and_says_so() {
        for url in ["smtps://u:s3cret@mail.example.com", "smtp://u:s3cret@mail.example.com?tls=required"] {
            let smtp = SmtpMailer::new(url, FROM);
            if cfg!(feature = "tls") {
                assert!(smtp.is_ok(), "{smtp:?}");
            } else {
                let error = smtp.unwrap_err();
                assert!(error.to_string().contains("--features tls"), "{error}");
            }
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn a_relay_without_tls_gets_no_message_where_tls_is_required() {
        let (port, relay) = relay("250 fine");
        let smtp = SmtpMailer::new(&format!("smtp://u:s3cret@127.0.0.1:{port}?tls=required"), FROM).unwrap();
        assert!(smtp.send(&message()).is_err());
        let heard = relay.join().unwrap();
        let told = |verb: &str| heard.iter().any(|line| line.starts_with(verb));
        assert!(!told("AUTH") && !told("MAIL"), "{heard:#?}");
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        assert!(matches!(SmtpMailer::new("smtp://localhost", "nobody"), Err(SetupError::Sender)));
    }

    #[test]
    fn debug_shows_no_login() {
        let shown = format!("{:?}", SmtpMailer::new("smtp://someone:s3cret@localhost", FROM).unwrap());
        assert_eq!(shown, r#"SmtpMailer(Relay { host: "localhost", port: 25, security: None, .. })"#);
    }
}
