//! Mail in files, for development and tests.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;

use crate::error::{MailError, SetupError};
use crate::mailer::Mailer;
use crate::message::Message;
use crate::message::random;

/// A source of the time at which a message is sent.
pub type TimeSource = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A mailer that writes each message into a file, `20260329T013000.000000Z-000001-….eml`.
///
/// Sorted by name the files are in the order of sending. A file is there whole or not at all, so one may wait for it and
/// read it. Several processes can share a folder. Only the user who runs the program can read it: there are codes in it.
pub struct FileMailer {
    folder: PathBuf,
    from: Mailbox,
    now: TimeSource,
    count: AtomicU64,
}

impl FileMailer {
    /// Opens the folder, and creates it (mode 0700) where there is none. Mail is sent from `from`.
    pub fn open(folder: impl Into<PathBuf>, from: &str, now: TimeSource) -> Result<Self, SetupError> {
        let folder = folder.into();
        let from = from.parse().ok().ok_or(SetupError::Sender)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|source| SetupError::Folder { folder: folder.clone(), source })?;
        Ok(Self { folder, from, now, count: AtomicU64::new(1) })
    }

    fn write(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        // A reader that waits for `*.eml` does not see half a file.
        let unfinished = self.folder.join(format!(".{name}.part"));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| fill(&mut file))
            .and_then(|()| fs::rename(&unfinished, self.folder.join(name)));
        if written.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }
}

impl Mailer for FileMailer {
    fn send(&self, message: &Message) -> Result<(), MailError> {
        let now = (self.now)();
        let mime = message.to_mime(&self.from, SystemTime::from(now))?.formatted();
        // The time sorts, the number sorts within one microsecond, and the rest keeps processes apart.
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number:06}-{:016x}.eml", now.format("%Y%m%dT%H%M%S%.6fZ"), random());
        self.write(&name, |file| file.write_all(&mime))
            .map_err(|source| MailError::File { folder: self.folder.clone(), source })
    }
}

impl fmt::Debug for FileMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileMailer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    fn at_the_start_of_2026() -> TimeSource {
        Arc::new(|| DateTime::from_timestamp_micros(1_767_225_600_000_007).unwrap())
    }

    fn mailer(folder: &Path) -> FileMailer {
        FileMailer::open(folder, "Belfort <no-reply@belfort.example>", at_the_start_of_2026()).unwrap()
    }

    fn message(subject: &str) -> Message {
        Message::parse("an@example.com", subject, "Your code is 123456.\n").unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn a_message_becomes_one_readable_file() {
        let folder = tempfile::tempdir().unwrap();
        mailer(folder.path()).send(&message("Your code")).unwrap();
        let [file] = files(folder.path()).try_into().unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("20260101T000000.000007Z-000001-"), "{name}");
        assert_eq!(file.extension().unwrap(), "eml");

        let text = fs::read_to_string(file).unwrap();
        for line in [
            "From: Belfort <no-reply@belfort.example>",
            "To: an@example.com",
            "Subject: Your code",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "",
            "Your code is 123456.",
        ] {
            assert!(text.lines().any(|it| it == line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn nobody_else_can_read_messages() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new/outbox");
        mailer(&folder).send(&message("Your code")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&files(&folder)[0]), 0o600);
    }

    /// Somebody who waits for `*.eml` reads it as soon as it is there.
    #[test]
    fn a_message_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let is_there = || files(folder.path()).iter().any(|file| file.extension().unwrap() == "eml");
        let mailer = mailer(folder.path());
        let written = mailer.write("1.eml", |file| {
            file.write_all(b"To: an@example.com")?;
            assert!(!is_there(), "half of it");
            file.write_all(b"\r\n")
        });
        assert!(written.is_ok() && is_there());
        fs::remove_file(folder.path().join("1.eml")).unwrap();

        let failed = mailer.write("2.eml", |file| {
            file.write_all(b"To: an@example.com")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(files(folder.path()).is_empty(), "what was written of it is gone");
    }

    #[test]
    fn messages_sort_in_the_order_they_were_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(folder.path());
        for number in 0..20 {
            mailer.send(&message(&format!("Message {number}"))).unwrap();
        }
        let sent = files(folder.path());
        assert_eq!(sent.len(), 20);
        for (number, file) in sent.iter().enumerate() {
            assert!(fs::read_to_string(file).unwrap().contains(&format!("Subject: Message {number}\r\n")));
        }
    }

    #[test]
    fn two_processes_do_not_overwrite_each_others_messages() {
        let folder = tempfile::tempdir().unwrap();
        mailer(folder.path()).send(&message("One")).unwrap();
        mailer(folder.path()).send(&message("Two")).unwrap();
        assert_eq!(files(folder.path()).len(), 2);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(&folder.path().join("outbox"));
        fs::remove_dir_all(folder.path()).unwrap();
        let error = mailer.send(&message("Your code")).unwrap_err();
        assert!(matches!(error, MailError::File { .. }) && error.to_string().contains("outbox"));
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for from in ["", "Belfort", "a@b.example\r\nBcc: e@x.com", "a@b.example, c@d.example"] {
            let error = FileMailer::open(folder.path(), from, at_the_start_of_2026()).unwrap_err();
            assert!(matches!(error, SetupError::Sender), "{from:?}");
        }
    }
}
