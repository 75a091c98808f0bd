#![doc = include_str!("../README.md")]

mod error;
mod file_mailer;
mod message;
mod relay;
mod smtp_mailer;

pub use error::{MailError, SetupError};
pub use file_mailer::{FileMailer, TimeSource};
pub use message::{Message, MessageError};
pub use smtp_mailer::SmtpMailer;

/// A way to send mail.
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Sends `message`; blocks until it is handed over.
    fn send(&self, message: &Message) -> Result<(), MailError>;
}
