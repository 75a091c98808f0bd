//! Passwords that are guessed first: those of everybody, and what is known of whose it is.

use std::collections::HashSet;
use std::sync::LazyLock;

use zeroize::Zeroizing;

/// The commonest passwords, in lower case. `data/README.md` says where they are from.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());

/// Whether it is one of the commonest passwords, in any case.
pub(crate) fn is_common(password: &str) -> bool {
    COMMON.contains(Zeroizing::new(password.to_lowercase()).trim())
}

/// Whether nothing is left of it without one of these texts, or one of their words: `Ada-2026!` is `Ada`.
///
/// A text among others is left alone. A sentence may have somebody's name in it.
pub(crate) fn is_made_of(password: &str, texts: &[&str]) -> bool {
    let core = core(password);
    let words = |text: &&str| -> Vec<Zeroizing<String>> {
        let words = text.split(|c: char| !c.is_alphanumeric()).map(self::core);
        // Of an address, what is before the @ and what is behind it.
        words.chain(text.split('@').chain([*text]).map(self::core)).collect()
    };
    !core.is_empty() && texts.iter().flat_map(words).any(|word| word == core)
}

/// The letters and digits of a text in lower case, without the digits at either end, which are put there to satisfy a form.
fn core(text: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(text.to_lowercase());
    let folded: Zeroizing<String> = Zeroizing::new(folded.chars().filter(|c| c.is_alphanumeric()).collect());
    Zeroizing::new(folded.trim_matches(|c: char| c.is_ascii_digit()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_there_and_is_compared_in_any_case() {
        assert!(COMMON.len() > 8_000);
        assert!(COMMON.iter().all(|word| word.to_lowercase() == **word && word.trim() == *word));
        for word in ["12345678", "password1", "PassWord1", "iloveyou", "qwertyuiop", " 1q2w3e4r5t "] {
            assert!(is_common(word), "{word}");
        }
        for word in ["correct horse battery staple", "another long one", "", "12345678 and more"] {
            assert!(!is_common(word), "{word}");
        }
    }

    #[test]
    fn what_is_known_of_somebody_is_found_with_what_is_put_around_it() {
        let texts = [
            "ada.lovelace@engines.example",
            "Ada Lovelace",
            "Analytical Engines 1843",
            "engines-42",
            "Zoë",
            "ann.peeters@x.example",
        ];
        for password in [
            "ada.lovelace@engines.example",
            "ADA.LOVELACE@ENGINES.EXAMPLE",
            "ada.lovelace",
            "ann.peeters",
            "AdaLovelace",
            "Ada Lovelace 1815",
            "lovelace1815!",
            "!!Engines2026",
            "AnalyticalEngines",
            "analytical-engines-1843",
            "engines-42",
            "zoë12345",
        ] {
            assert!(is_made_of(password, &texts), "{password}");
        }
        for password in
            ["Ada wrote the first program", "lovelacelovelace", "12345678", "!!!!!!!!", "ad4lovelace"]
        {
            assert!(!is_made_of(password, &texts), "{password}");
        }
        assert!(!is_made_of("1234 5678", &["1234", "", "-"]));
    }
}
