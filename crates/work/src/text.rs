//! Texts that people write, with their bounds.

use belfort_values::bounded_text;

bounded_text! {
    /// The title of a task.
    pub struct Title: Line, 1..=300;
    /// The description of a task; may be empty.
    #[derive(Default)]
    pub struct Description: Prose, 0..=20_000;
    /// The body of a comment.
    pub struct CommentBody: Prose, 1..=10_000;
    /// The name of a tag.
    pub struct TagName: Line, 1..=50;
    /// The note of a time entry; may be empty.
    #[derive(Default)]
    pub struct Note: Prose, 0..=2_000;
}

#[cfg(test)]
mod tests {
    use belfort_values::TextError;

    use super::*;

    #[test]
    fn only_a_description_and_a_note_may_be_empty() {
        assert_eq!(Title::parse(" \t "), Err(TextError::Empty));
        assert_eq!(TagName::parse(""), Err(TextError::Empty));
        assert_eq!(CommentBody::parse(" \n "), Err(TextError::Empty));
        assert_eq!(Description::parse(""), Ok(Description::default()));
        assert_eq!(Note::parse(""), Ok(Note::default()));
    }

    #[test]
    fn titles_and_names_have_one_line() {
        assert_eq!(Title::parse("two\nlines"), Err(TextError::Forbidden));
        assert_eq!(TagName::parse("a\tb"), Err(TextError::Forbidden));
        for text in ["two\nlines", "a\tb"] {
            assert!(
                Description::parse(text).is_ok()
                    && CommentBody::parse(text).is_ok()
                    && Note::parse(text).is_ok()
            );
        }
    }
}
