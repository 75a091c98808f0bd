//! The cause of a problem, for the log.

use std::error::Error;

/// Characters of a cause in the log, at most.
const LOGGED: usize = 2000;

/// An error with all of its sources, outermost first, joined by colons. Where a message repeats its source, as some do that are not
/// ours, the source is not repeated again.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = error.source();
    }
    text.chars().take(LOGGED).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Failure(&'static str, Option<Box<Self>>);

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failure {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            let source: &(dyn Error + 'static) = self.1.as_deref()?;
            Some(source)
        }
    }

    #[test]
    fn every_source_is_told_once() {
        let failure = |texts: &[&'static str]| {
            texts.iter().rfold(None, |source, text| Some(Box::new(Failure(text, source))))
        };
        for (texts, told) in [
            (&["not saved"][..], "not saved"),
            (&["not saved", "cannot write", "the disk is full"], "not saved: cannot write: the disk is full"),
            (&["not saved: cannot write", "cannot write", "full"], "not saved: cannot write: full"),
        ] {
            assert_eq!(chain(&*failure(texts).unwrap()), told);
        }
    }
}
