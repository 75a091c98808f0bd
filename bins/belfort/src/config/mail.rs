//! The settings of mail.

use belfort_mail::{SetupError, SmtpMailer};

use super::Reader;

/// The settings of mail.
#[derive(Debug)]
pub(crate) enum Mail {
    /// Mail is written into files in the folder `outbox` of the data directory.
    Files {
        /// `BELFORT_MAIL_FROM`: the sender of mail. Default `Belfort <no-reply@localhost>`.
        from: String,
    },
    /// Mail is sent by a relay. `BELFORT_SMTP_URL`: `smtps://user:password@host` or `smtp://user:password@host?tls=required`.
    Relay(Box<SmtpMailer>),
}

impl Mail {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.is_set("BELFORT_SMTP_URL") {
            reader.require(
                "BELFORT_SMTP_URL",
                "write the URL of a mail relay, such as smtps://user:password@mail.example.com",
            );
        }
        if !reader.is_set("BELFORT_MAIL_FROM") {
            reader.require(
                "BELFORT_MAIL_FROM",
                "write the sender of mail, such as `Belfort <no-reply@example.com>`",
            );
        }
        let from = reader.read_or("BELFORT_MAIL_FROM", "Belfort <no-reply@localhost>", |text| {
            // Both kinds of mailer read the sender in the same way. Nothing is connected to here.
            match SmtpMailer::new("smtp://localhost", text) {
                Err(error @ SetupError::Sender) => Err(error),
                _ => Ok(text.to_owned()),
            }
        });
        let sender = from.clone().unwrap_or_else(|| "no-reply@localhost".to_owned());
        let relay =
            reader.secret("BELFORT_SMTP_URL", |url| SmtpMailer::new(url, &sender), |url, _| masked(url));
        match relay {
            Some(relay) => Some(Self::Relay(Box::new(relay))),
            None => from.map(|from| Self::Files { from }),
        }
    }
}

/// The URL without user and password.
fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}://…@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_of_a_relay_is_masked() {
        assert_eq!(masked("smtps://u:p@ss@mail.example.com:465"), "smtps://…@mail.example.com:465");
        assert_eq!(masked("smtp://localhost"), "smtp://localhost");
    }
}
