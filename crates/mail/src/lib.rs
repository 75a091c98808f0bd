//! Messages out: an outbox folder in development, SMTP in production.
//!
//! A [`Message`] is plain text to one person. No header can be smuggled into it, because whatever could end a header is
//! refused before there is a message. A [`Mailer`] takes it: [`FileMailer`] leaves it as a file, [`SmtpMailer`] hands it to a relay.
//!
//! Sending blocks. There is no queue here and no second try: an error says whether trying again makes sense. That a relay
//! took a message does not mean that it arrived.
//!
//! Addresses, texts and passwords are never part of `Debug` or of an error.
//!
//! ```
//! use std::sync::Arc;
//!
//! use belfort_mail::{FileMailer, Mailer, Message};
//! use chrono::DateTime;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("outbox");
//! let clock = || DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
//! let mailer = FileMailer::open(&folder, "Belfort <no-reply@belfort.example>", Arc::new(clock))?;
//!
//! mailer.send(&Message::parse("an@example.com", "Your code", "It is 123456.")?)?;
//!
//! let file = std::fs::read_dir(&folder)?.next().unwrap()?;
//! assert!(file.file_name().to_string_lossy().starts_with("20260101T000000"));
//! assert!(std::fs::read_to_string(file.path())?.contains("123456"));
//! assert!(Message::parse("an@example.com", "Hi\r\nBcc: everyone@example.com", "").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file_mailer;
mod message;
mod relay;
mod smtp_mailer;

pub use error::{MailError, SetupError};
pub use file_mailer::{FileMailer, TimeSource};
pub use message::{Message, MessageError};
pub use smtp_mailer::SmtpMailer;

/// Takes messages.
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Sends `message`, and blocks until it is handed over.
    fn send(&self, message: &Message) -> Result<(), MailError>;
}
