//! The errors of sending mail and of setting it up.

use std::io;
use std::path::PathBuf;

/// The reason why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The message cannot be encoded as MIME.
    #[error("the message cannot be encoded")]
    Encode(#[from] lettre::error::Error),
    /// The file cannot be written.
    #[error("cannot write the message into {}", folder.display())]
    File {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The relay refused it for good.
    #[error("the mail relay refused the message")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The relay cannot be reached, or asks for another try later.
    #[error("the mail relay cannot take the message now")]
    Unavailable(#[source] lettre::transport::smtp::Error),
}

/// The reason why mail cannot be sent with these settings. A URL is never shown: there is a password in it.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The sender is not a mailbox.
    #[error("the sender (BELFORT_MAIL_FROM) has to be a mailbox, such as `Belfort <no-reply@example.com>`")]
    Sender,
    /// The folder cannot be created.
    #[error("cannot create the folder {} for mail", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The URL has none of the supported forms.
    #[error(
        "the mail relay (BELFORT_SMTP_URL) has to be `smtps://user:password@host:465` or \
         `smtp://user:password@host:587?tls=required`; in user and password, percent-encode special characters (@ is %40)"
    )]
    Url,
    /// Mail would cross the network in the clear.
    #[error(
        "the mail relay {host} is another machine, and mail with codes in it would go there unencrypted. Use `smtps://…` or \
         `smtp://…?tls=required` in BELFORT_SMTP_URL"
    )]
    Plain {
        /// The host.
        host: String,
    },
    /// The program was built without TLS.
    #[error(
        "the mail relay (BELFORT_SMTP_URL) needs TLS, and this program was built without it. Build it with `--features tls`, \
         or use `smtp://` to a relay on this machine"
    )]
    NoTls,
    /// TLS could not be set up.
    #[error("cannot set up TLS for the mail relay")]
    Tls(#[source] lettre::transport::smtp::Error),
}
