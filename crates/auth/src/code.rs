//! One-time codes, short enough to be typed from a mail.

use std::fmt;
use std::hint::black_box;

use chrono::Duration;
use zeroize::Zeroizing;

use crate::random;

/// The time for which a code is valid.
pub const CODE_LIFETIME: Duration = Duration::minutes(15);

/// The number of attempts at a code: the fifth wrong one ends it.
pub const CODE_ATTEMPTS: i32 = 5;

/// Six digits, each of the million equally likely.
///
/// There is no `PartialEq`: a comparison that stops at the first wrong digit would tell how many were right.
pub struct Code(Zeroizing<String>);

impl Code {
    /// Generates a code.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    #[must_use]
    pub fn generate() -> Self {
        loop {
            if let Some(code) = Self::from_draw(u32::from_le_bytes(*random::bytes::<4>())) {
                return code;
            }
        }
    }

    /// Reads a code: six ASCII digits and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The digits, for the recipient and for the store that encrypts them.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares two codes in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let differing = self.0.bytes().zip(other.0.bytes()).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
        differing == 0
    }

    /// Makes the code of a uniform draw; `None` for the few draws beyond the last whole million, which would favour low codes.
    fn from_draw(draw: u32) -> Option<Self> {
        (draw < u32::MAX - u32::MAX % MILLION).then(|| Self(Zeroizing::new(format!("{:06}", draw % MILLION))))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

const MILLION: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_code_stands_for_as_many_draws() {
        let code = |draw| Code::from_draw(draw).map(|code| code.reveal().to_owned());
        assert_eq!(code(0).as_deref(), Some("000000"));
        assert_eq!(code(4_293_999_999).as_deref(), Some("999999"));
        for draw in [4_294_000_000, 4_294_967_295] {
            assert_eq!(code(draw), None);
        }
    }

    #[test]
    fn codes_with_leading_zeros_come_up() {
        // One in ten begins with a zero: 1,000 codes without one would be an event of 10⁻⁴⁶.
        assert!((0..1_000).any(|_| Code::generate().reveal().starts_with('0')));
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for text in ["", "12345", "1234567", "12345a", " 12345", "+12345", "-12345", "１２", "١٢٣"] {
            assert!(Code::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_code_does_not_show() {
        assert_eq!(format!("{:?}", Code::generate()), "[redacted]");
    }

    proptest! {
        #[test]
        fn a_code_comes_back_from_its_text_and_matches_itself_only(a in 0_u32..MILLION, b in 0_u32..MILLION) {
            let [a_text, b_text] = [a, b].map(|n| format!("{n:06}"));
            let (code, other) = (Code::parse(&a_text).unwrap(), Code::parse(&b_text).unwrap());
            prop_assert_eq!(code.reveal(), a_text);
            prop_assert!(code.matches(&code));
            prop_assert_eq!(code.matches(&other), a == b);
        }

        #[test]
        fn one_wrong_digit_is_a_mismatch(code in 0_u32..MILLION, place in 0_u32..6, by in 1_u32..10) {
            let unit = 10_u32.pow(place);
            let digit = code / unit % 10;
            let other = code - digit * unit + (digit + by) % 10 * unit;
            let [a, b] = [code, other].map(|n| Code::parse(&format!("{n:06}")).unwrap());
            prop_assert!(!a.matches(&b));
        }
    }
}
