//! Closed sets of words: the status of a task, the plan of a tenant.

use strum::{VariantArray, VariantNames};

/// A closed set of words: an enum that derives strum's `IntoStaticStr`, `VariantArray` and `VariantNames`.
///
/// ```
/// use belfort_values::Word;
/// use strum::{IntoStaticStr, VariantArray, VariantNames};
///
/// #[derive(Clone, Copy, PartialEq, Debug, IntoStaticStr, VariantArray, VariantNames)]
/// #[strum(serialize_all = "snake_case")]
/// enum Wind {
///     Calm,
///     StrongBreeze,
/// }
///
/// assert_eq!(Wind::parse("strong_breeze"), Ok(Wind::StrongBreeze));
/// assert_eq!(Wind::StrongBreeze.as_str(), "strong_breeze");
/// assert_eq!(Wind::parse("Calm").unwrap_err().to_string(), "must be one of calm, strong_breeze");
/// ```
pub trait Word: Copy + Into<&'static str> + VariantArray + VariantNames {
    /// All words of the set.
    const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;
    /// All words of the set, as they are stored and sent.
    const WORDS: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// The word that is stored and sent.
    fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a word; capitals and blanks count.
    fn parse(word: &str) -> Result<Self, WordError> {
        let found = Self::ALL.iter().copied().find(|known| known.as_str() == word);
        found.ok_or(WordError { words: Self::WORDS })
    }
}

impl<T: Copy + Into<&'static str> + VariantArray + VariantNames> Word for T {}

/// The word is none of those that can stand here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", words.join(", "))]
pub struct WordError {
    /// Those that can.
    pub words: &'static [&'static str],
}
