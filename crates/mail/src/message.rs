//! Messages and their form on the wire.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0,
};
use lettre::message::{Body, Mailbox};
use lettre::{Address, Message as MimeMessage};

/// A message in plain text to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    to: Address,
    subject: String,
    text: String,
}

/// The reason why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The recipient is not a bare address.
    #[error("the recipient has to be an email address")]
    Recipient,
    /// The subject is empty, or has a line end or another control character in it.
    #[error("the subject has to be one line of text without control characters")]
    Subject,
    /// The subject is too long.
    #[error("the subject has at most {} characters", Message::SUBJECT_MAX)]
    SubjectTooLong,
    /// The text contains a NUL character.
    #[error("the text must not contain a NUL character")]
    Text,
}

impl Message {
    /// The most characters that a subject may have.
    pub const SUBJECT_MAX: usize = 200;

    /// Makes a message. Lines of `text` may end in LF, CRLF or CR.
    pub fn parse(to: &str, subject: &str, text: impl Into<String>) -> Result<Self, MessageError> {
        // A line end in a header would begin another one: `Bcc:`, or a text of the sender's own.
        if to.chars().any(char::is_control) {
            return Err(MessageError::Recipient);
        }
        let to = to.parse().ok().ok_or(MessageError::Recipient)?;
        if subject.trim().is_empty() || subject.chars().any(char::is_control) {
            return Err(MessageError::Subject);
        }
        if subject.chars().count() > Self::SUBJECT_MAX {
            return Err(MessageError::SubjectTooLong);
        }
        let text = text.into();
        if text.contains('\0') {
            return Err(MessageError::Text);
        }
        Ok(Self { to, subject: subject.to_owned(), text })
    }

    /// The recipient's address.
    pub fn to(&self) -> &str {
        self.to.as_ref()
    }

    /// The subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The message as it is sent, from `from` and dated `at`.
    pub(crate) fn to_mime(
        &self,
        from: &Mailbox,
        at: SystemTime,
    ) -> Result<MimeMessage, lettre::error::Error> {
        // Left to itself the library puts the name of this machine into the id.
        let id = format!("<{:016x}{:016x}@{}>", random(), random(), from.email.domain());
        MimeMessage::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.clone()))
            .subject(self.subject.clone())
            .date(at)
            .message_id(Some(id))
            // RFC 3834: out-of-office notes are not sent back to it.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(body(&self.text))
    }
}

impl fmt::Debug for Message {
    /// Shows neither address nor text: there are codes in it, and it may end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Encodes the text: as it is where that can be sent, and otherwise quoted-printable: a code can be found in either by eye and by
/// `grep`. The library would take base64 where that is shorter.
fn body(text: &str) -> Body {
    // The library makes CRLF of a lone LF and leaves a lone CR, which some relays take for the end of a line.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Body::new_with_encoding(text.clone(), ContentTransferEncoding::SevenBit)
        .or_else(|_| Body::new_with_encoding(text.clone(), ContentTransferEncoding::QuotedPrintable))
        .unwrap_or_else(|_| Body::new(text))
}

/// A number that no other message or file has. It is no secret.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mime(text: &str) -> String {
        let message = Message::parse("an@example.com", "Your code", text).unwrap();
        let from = "Belfort <no-reply@belfort.example>".parse().unwrap();
        let mime = message.to_mime(&from, SystemTime::UNIX_EPOCH).unwrap();
        String::from_utf8(mime.formatted()).unwrap()
    }

    #[test]
    fn a_header_cannot_be_injected() {
        for evil in
            ["x\r\nBcc: e@x.com", "x\nBcc: e@x.com", "x\rBcc: e@x.com", "x\0", "x\u{7f}", "x\u{85}y", "x\ty"]
        {
            assert_eq!(Message::parse("an@example.com", evil, ""), Err(MessageError::Subject), "{evil:?}");
        }
        for evil in [
            "",
            "an",
            "an@",
            "an@example.com\r\nBcc: e@x.com",
            "an@example.com\n",
            "an@example.com\0",
            "\"an\r\nBcc: e\"@example.com",
            "an@example.com, e@x.com",
            "An <an@example.com>",
            "an@example.com> RCPT TO:<e@x.com",
        ] {
            assert_eq!(Message::parse(evil, "x", ""), Err(MessageError::Recipient), "{evil:?}");
        }
    }

    #[test]
    fn a_subject_has_1_to_200_characters() {
        assert!(Message::parse("an@example.com", &"é".repeat(200), "").is_ok());
        let long = Message::parse("an@example.com", &"é".repeat(201), "");
        assert_eq!(long, Err(MessageError::SubjectTooLong));
        assert_eq!(Message::parse("an@example.com", " ", ""), Err(MessageError::Subject));
    }

    #[test]
    fn a_nul_in_the_text_is_refused() {
        assert_eq!(Message::parse("an@example.com", "x", "a\0b"), Err(MessageError::Text));
    }

    #[test]
    fn a_long_subject_beyond_ascii_stays_one_header() {
        let subject = "Votre code est arrivé € ".repeat(8);
        let message = Message::parse("an@example.com", subject.trim(), "x").unwrap();
        let from = "no-reply@belfort.example".parse().unwrap();
        let mime = message.to_mime(&from, SystemTime::UNIX_EPOCH).unwrap().formatted();
        let mime = String::from_utf8(mime).unwrap();
        let (head, _) = mime.split_once("\r\n\r\n").unwrap();
        let headers = head.split("\r\n").filter(|line| !line.starts_with(' '));
        let names: Vec<_> = headers.map(|line| line.split_once(':').unwrap().0).collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding"
            ]
        );
    }

    #[test]
    fn a_code_can_be_read_in_the_message() {
        let ascii = mime("Your code is 123456.\nIt is good for 15 minutes.\n");
        assert!(ascii.contains("\r\n\r\nYour code is 123456.\r\nIt is good for 15 minutes.\r\n"), "{ascii}");
        assert!(ascii.contains("Content-Transfer-Encoding: 7bit"), "{ascii}");

        // Mostly Greek: base64 would be the shorter.
        let greek = mime("Ο κωδικός σας είναι\n123456\n");
        assert!(greek.contains("\r\n123456\r\n") && greek.contains("quoted-printable"), "{greek}");
    }

    /// A lone CR or LF before a dot is how a second message is smuggled past a careless relay.
    #[test]
    fn every_line_of_a_message_ends_in_crlf() {
        for text in ["a\n.\nb", "a\r.\rb", "a\r\n.\r\nb", "a\n\r.\r\r\nb", "é\r.\rb\n.\nc"] {
            let message = mime(text).replace("\r\n", "");
            assert!(!message.contains('\r') && !message.contains('\n'), "{message:?}");
        }
    }

    #[test]
    fn debug_shows_neither_address_nor_text() {
        let shown = format!("{:?}", Message::parse("an@example.com", "Your code", "123456").unwrap());
        assert!(!shown.contains("123456") && !shown.contains("example.com"), "{shown}");
    }
}
