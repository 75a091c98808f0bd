//! What goes wrong with mail.

use std::io;
use std::path::PathBuf;

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The message cannot be encoded as MIME.
    #[error("the message cannot be encoded")]
    Encode(#[from] lettre::error::Error),
    /// The folder did not take it.
    #[error("cannot write the message into {}", folder.display())]
    File {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The relay will never take it.
    #[error("the mail relay refused the message")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The relay was not reached, or asks for another try later.
    #[error("the mail relay cannot take the message now")]
    Unavailable(#[source] lettre::transport::smtp::Error),
}

/// Why mail cannot be sent with these settings. A URL is never shown: there is a password in it.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The sender is not an address.
    #[error("the sender of mail (BELFORT_MAIL_FROM) is not like `Belfort <no-reply@example.com>`")]
    Sender,
    /// The folder cannot be made.
    #[error("cannot make the folder {} for messages", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The URL is not one of the forms.
    #[error(
        "the mail relay (BELFORT_SMTP_URL) is not like `smtps://user:password@host:465` or \
         `smtp://user:password@host:587?tls=required`; in user and password, write special characters as %40"
    )]
    Url,
    /// Messages would be readable on their way.
    #[error(
        "the mail relay {host} is another machine, and messages with codes would go there in the clear; write \
         `smtps://…`, or `smtp://…?tls=required`, in BELFORT_SMTP_URL"
    )]
    Plain {
        /// The host.
        host: String,
    },
    /// This build has no TLS.
    #[error(
        "the mail relay (BELFORT_SMTP_URL) asks for TLS, which this build has not got: build it with `--features tls`, or \
         use `smtp://` to a relay on this machine"
    )]
    NoTls,
    /// TLS could not be set up.
    #[error("cannot set up TLS for the mail relay")]
    Tls(#[source] lettre::transport::smtp::Error),
}
