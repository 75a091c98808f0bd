//! Texts that people write, with their bounds.

use crate::address::has_address;

/// A text with bounds, made by [`bounded_text!`](crate::bounded_text).
pub trait BoundedText: Sized {
    /// The fewest characters it may have.
    const MIN: usize;
    /// The most characters it may have.
    const MAX: usize;

    /// Reads a text; the only way to make one.
    fn parse(text: &str) -> Result<Self, TextError>;

    /// The text.
    fn as_str(&self) -> &str;
}

/// The reason why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing to read in it.
    #[error("must not be empty")]
    Empty,
    /// It is too long.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters it may have.
        max: usize,
    },
    /// It holds a control character. Postgres cannot store NUL, no reader shows the others, and a line break
    /// in the header of a mail begins another header.
    ///
    /// Or one that [`is_unseen`], or a joiner where it joins nothing: with these `admin` can be written twice, and
    /// `gpj.exe` so that it reads `exe.jpg`.
    #[error("must not contain control characters or characters that cannot be seen")]
    Forbidden,
    /// It [has an address](has_address), and is to be put into mail where a link would be taken for the sender's.
    #[error("must not contain a web or email address")]
    Address,
}

/// Whether a character shows nothing and means something else by it: it turns the direction of what is read, breaks a line,
/// or only makes two texts differ that look the same.
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a joiner (U+200C, U+200D) stands where it joins nothing. Emoji and several scripts are written with it, between two
/// characters of theirs; none of them is a letter of ASCII.
fn has_loose_joiner(text: &str) -> bool {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !c.is_whitespace() && !is_joiner(c));
    let mut before = None;
    let mut coming = text.chars().peekable();
    while let Some(c) = coming.next() {
        if is_joiner(c) && !(joins(before) && joins(coming.peek().copied())) {
            return true;
        }
        before = Some(c);
    }
    false
}

/// The shape of a text, which says what is done with it before it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line; blanks around it are taken off.
    Line,
    /// A line that stands in mail of ours, so it must not lead anywhere.
    MailedLine,
    /// As it was written; may have line breaks and tabs.
    Prose,
}

impl Shape {
    /// Reads `text` as one of this shape with `min` to `max` characters.
    #[doc(hidden)]
    pub fn read(self, text: &str, min: usize, max: usize) -> Result<String, TextError> {
        let (text, breaks): (_, &[char]) = match self {
            Self::Line | Self::MailedLine => (text.trim(), &[]),
            // Some editors end their lines with `\r\n`.
            Self::Prose => (text, &['\n', '\r', '\t']),
        };
        let is_forbidden = |c: char| (c.is_control() && !breaks.contains(&c)) || is_unseen(c);
        if text.chars().any(is_forbidden) || has_loose_joiner(text) {
            return Err(TextError::Forbidden);
        }
        if min > 0 && text.trim().is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > max {
            return Err(TextError::TooLong { max });
        }
        if self == Self::MailedLine && has_address(text) {
            return Err(TextError::Address);
        }
        Ok(text.to_owned())
    }
}

/// Declares texts with their [`Shape`] and their bounds, each a type of its own.
///
/// The least is 0 or 1: whether the text may be empty. With the feature `postgres` they are columns of the
/// type `text`. The crate that declares them depends on `serde`, and on `diesel` where that feature is on.
///
/// ```
/// use belfort_values::{BoundedText, TextError, bounded_text};
///
/// bounded_text! {
///     /// The name of a boat.
///     pub struct BoatName: Line, 1..=20;
///     /// What the skipper remarks; may be empty.
///     #[derive(Default)]
///     pub struct Remark: Prose, 0..=500;
/// }
///
/// assert_eq!(BoatName::parse("  Adriana ")?.as_str(), "Adriana");
/// assert_eq!(BoatName::parse(" "), Err(TextError::Empty));
/// assert_eq!(BoatName::parse("two\nlines"), Err(TextError::Forbidden));
/// assert_eq!(BoatName::parse(&"x".repeat(21)), Err(TextError::TooLong { max: 20 }));
/// assert_eq!(Remark::parse("")?, Remark::default());
/// # Ok::<(), TextError>(())
/// ```
#[macro_export]
macro_rules! bounded_text {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident: $shape:ident, $min:literal..=$max:literal;)*) => {$(
        $crate::__text_type! {
            $(#[$meta])*
            #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ::serde::Serialize)]
            #[serde(transparent)]
            $vis $name
        }

        impl $name {
            /// The fewest characters it may have.
            $vis const MIN: usize = $min;
            /// The most characters it may have.
            $vis const MAX: usize = $max;

            /// Reads a text; the only way to make one.
            $vis fn parse(text: &str) -> ::core::result::Result<Self, $crate::TextError> {
                $crate::Shape::$shape.read(text, Self::MIN, Self::MAX).map(Self)
            }

            /// The text.
            $vis fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::BoundedText for $name {
            const MIN: usize = Self::MIN;
            const MAX: usize = Self::MAX;

            fn parse(text: &str) -> ::core::result::Result<Self, $crate::TextError> {
                Self::parse(text)
            }

            fn as_str(&self) -> &str {
                self.as_str()
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    bounded_text! {
        /// A name.
        struct Name: Line, 1..=50;
        /// A paragraph.
        struct Paragraph: Prose, 1..=100;
        /// A paragraph that may be empty.
        #[derive(Default)]
        struct Note: Prose, 0..=100;
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Name::parse(&"é".repeat(Name::MAX)).is_ok());
        assert_eq!(Name::parse(&"é".repeat(Name::MAX + 1)), Err(TextError::TooLong { max: 50 }));
    }

    #[test]
    fn what_may_not_be_empty_has_something_to_read_in_it() {
        for nothing in ["", " \t\n\u{a0}"] {
            assert_eq!(Name::parse(nothing), Err(TextError::Empty));
            assert_eq!(Paragraph::parse(nothing), Err(TextError::Empty));
        }
        assert_eq!(Note::parse(""), Ok(Note::default()));
    }

    #[test]
    fn a_line_loses_the_blanks_around_it_and_prose_keeps_them() {
        assert_eq!(Name::parse("  Oil the bell \n").unwrap().as_str(), "Oil the bell");
        assert_eq!(Paragraph::parse("  indented\n\tmore\n").unwrap().as_str(), "  indented\n\tmore\n");
    }

    #[test]
    fn control_characters_are_refused_but_for_breaks_in_prose() {
        for text in ["two\nlines", "a\tb", "a\0"] {
            assert_eq!(Name::parse(text), Err(TextError::Forbidden), "{text:?}");
        }
        for text in ["nul\0", "bell\u{7}", "escape\u{1b}[31m", "c1\u{9b}"] {
            assert_eq!(Note::parse(text), Err(TextError::Forbidden), "{text:?}");
            assert_eq!(Paragraph::parse(text), Err(TextError::Forbidden), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused_and_what_joins_is_not() {
        for text in [
            "admin\u{200b}",
            "\u{feff}admin",
            "ad\u{ad}min",
            "\u{202e}gpj.exe",
            "\u{2066}x\u{2069}",
            "a\u{2028}b",
            "admin\u{e0041}",
            "admin\u{200d}",
            "ad\u{200c}min",
            "\u{200d}é",
            "é\u{200d}\u{200d}é",
            "\u{3164}",
        ] {
            assert_eq!(Name::parse(text), Err(TextError::Forbidden), "{text:?}");
            assert_eq!(Note::parse(text), Err(TextError::Forbidden), "{text:?}");
        }
        for text in ["👩‍🍳", "می‌خواهم", "बेलफ़ोर्ट", "עברית", "🏳️‍🌈 flag", "zoë"]
        {
            assert_eq!(Name::parse(text).unwrap().as_str(), text);
            assert!(Paragraph::parse(text).is_ok(), "{text:?}");
        }
    }

    fn check<T: BoundedText + PartialEq + std::fmt::Debug>(text: &str) -> Result<(), TestCaseError> {
        if let Ok(parsed) = T::parse(text) {
            let again = T::parse(parsed.as_str());
            prop_assert_eq!(again.as_ref(), Ok(&parsed));
            prop_assert!((T::MIN..=T::MAX).contains(&parsed.as_str().chars().count()));
            prop_assert!(!parsed.as_str().contains('\0'));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_to_itself_and_fits_its_column(
            text in any::<String>(), near in "\\PC{0,110}|[ \\t\\n\\x00a]{0,9}",
        ) {
            for text in [text, near] {
                check::<Name>(&text)?;
                check::<Paragraph>(&text)?;
                check::<Note>(&text)?;
            }
        }
    }
}
