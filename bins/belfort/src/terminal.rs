//! Output to the terminal. A pipe that was closed early is no reason to fail.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line of the result to stdout.
pub(crate) fn print_line(text: impl Display) {
    // Not `println!`, which panics when nobody listens any more: a server outlives the terminal it was started from.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a whole document to stdout. Half of it is an error, but for a reader that has seen enough (`| head`).
pub(crate) fn print_document(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Prints a note beside the result to stderr.
pub(crate) fn print_note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints an error and its causes to stderr.
pub(crate) fn print_error(error: &dyn Error) {
    print_note(format_args!("error: {}", with_causes(error)));
}

/// Formats an error and each cause of it that says something new.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        let message = message.trim();
        // Some errors repeat their cause in their own message.
        if !text.contains(message) {
            text.push_str("\n  because: ");
            text.push_str(message);
        }
        cause = error.source();
    }
    text
}

/// Makes a progress bar for `what`, on stderr and only when that is a terminal.
pub(crate) fn progress_bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(what);
    // The template is a constant; a wrong one would show as the default bar.
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        let root = Layer { text: "refused", source: None };
        let repeated = Layer { text: "no connection: refused", source: Some(Box::new(root)) };
        let top = Layer { text: "cannot start", source: Some(Box::new(repeated)) };
        assert_eq!(with_causes(&top), "cannot start\n  because: no connection: refused");
    }
}
