#![doc = include_str!("../README.md")]

mod error;
mod file_mailer;
mod mailer;
mod message;
mod relay;
mod smtp_mailer;

pub use error::{MailError, SetupError};
pub use file_mailer::{FileMailer, TimeSource};
pub use mailer::Mailer;
pub use message::{Message, MessageError};
pub use smtp_mailer::SmtpMailer;
