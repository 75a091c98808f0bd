//! The interface that sends mail.

use crate::error::MailError;
use crate::message::Message;

/// A way to send mail.
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Sends `message`; blocks until it is handed over.
    fn send(&self, message: &Message) -> Result<(), MailError>;
}
