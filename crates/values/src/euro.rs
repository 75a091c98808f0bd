//! Amounts of money.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount of euros in whole cents. In JSON it is a string, `"12.50"`.
///
/// There is no way in from a floating point number and none out. An amount that is finer than a cent (an
/// hourly rate times some minutes) is a [`Decimal`] until it is rounded, once, by [`Euro::round`]; rounding
/// each part and then adding gives another sum.
///
/// The cents fit an `i64`, so an amount also fits a `bigint` column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>", into = "String")]
pub struct Euro(Decimal);

/// The reason why there is no such amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EuroError {
    /// The text is not a decimal number.
    #[error("not an amount; write it as a decimal string like \"12.50\"")]
    Malformed,
    /// There are more than two decimals.
    #[error("an amount has at most two decimals")]
    TooPrecise,
    /// The amount is too large to be kept.
    #[error("the amount is too large")]
    OutOfRange,
}

impl Euro {
    /// The amount of 0.00.
    pub const ZERO: Self = Self(Decimal::from_parts(0, 0, 0, false, 2));

    /// Reads `"12.50"`, `"12.5"`, `"12"` or `"-12.50"`; no exponent, no thousands separator, no plus sign, no
    /// comma.
    pub fn parse(text: &str) -> Result<Self, EuroError> {
        let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, cents) = match number.split_once('.') {
            Some((_, "")) => return Err(EuroError::Malformed),
            Some(parts) => parts,
            None => (number, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(cents.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(EuroError::Malformed);
        }
        if cents.len() > 2 {
            return Err(EuroError::TooPrecise);
        }
        let sign = if negative { "-" } else { "" };
        // It consists of digits, so nothing but their number can be wrong.
        format!("{sign}{whole}{cents:0<2}").parse().ok().map(Self::from_cents).ok_or(EuroError::OutOfRange)
    }

    /// The amount of so many cents.
    pub fn from_cents(cents: i64) -> Self {
        Self(Decimal::new(cents, 2))
    }

    /// `exact`, rounded to the cent; half a cent goes to the even one.
    pub fn round(exact: Decimal) -> Result<Self, EuroError> {
        let rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
        let missing = 2_u32.saturating_sub(rounded.scale());
        rounded
            .mantissa()
            .checked_mul(10_i128.pow(missing))
            .and_then(|cents| i64::try_from(cents).ok())
            .map(Self::from_cents)
            .ok_or(EuroError::OutOfRange)
    }

    /// The amount in cents.
    pub fn cents(self) -> i64 {
        // The constructors saw to it that it fits.
        i64::try_from(self.0.mantissa()).unwrap_or(i64::MAX)
    }

    /// The amount as a decimal number, to compute with exactly and [`Euro::round`] at the end.
    pub fn amount(self) -> Decimal {
        self.0
    }

    /// The sum of two amounts.
    pub fn checked_add(self, other: Self) -> Result<Self, EuroError> {
        self.cents().checked_add(other.cents()).map(Self::from_cents).ok_or(EuroError::OutOfRange)
    }

    /// The difference of two amounts.
    pub fn checked_sub(self, other: Self) -> Result<Self, EuroError> {
        self.cents().checked_sub(other.cents()).map(Self::from_cents).ok_or(EuroError::OutOfRange)
    }

    /// A multiple of the amount.
    pub fn checked_mul(self, times: i64) -> Result<Self, EuroError> {
        self.cents().checked_mul(times).map(Self::from_cents).ok_or(EuroError::OutOfRange)
    }

    /// The sum of all amounts, whatever their order.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, EuroError> {
        // In 128 bits no sum of amounts that fit in memory overflows on its way.
        let cents: i128 = amounts.into_iter().map(|amount| i128::from(amount.cents())).sum();
        i64::try_from(cents).ok().map(Self::from_cents).ok_or(EuroError::OutOfRange)
    }
}

impl Default for Euro {
    /// [`Euro::ZERO`]. Derived it would be `0` and not `0.00`.
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Euro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Euro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Euro({})", self.0)
    }
}

impl FromStr for Euro {
    type Err = EuroError;

    fn from_str(text: &str) -> Result<Self, EuroError> {
        Self::parse(text)
    }
}

impl TryFrom<Cow<'_, str>> for Euro {
    type Error = EuroError;

    fn try_from(text: Cow<'_, str>) -> Result<Self, EuroError> {
        Self::parse(&text)
    }
}

impl From<Euro> for String {
    fn from(amount: Euro) -> Self {
        amount.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_always_shows_two_decimals() {
        for (text, shown) in [
            ("12.5", "12.50"),
            ("12.50", "12.50"),
            ("12", "12.00"),
            ("-0.05", "-0.05"),
            ("-0", "0.00"),
            ("007.10", "7.10"),
            ("92233720368547758.07", "92233720368547758.07"),
            ("-92233720368547758.08", "-92233720368547758.08"),
        ] {
            assert_eq!(Euro::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(Euro::ZERO.to_string(), "0.00");
        assert_eq!((Euro::ZERO, Euro::ZERO), (Euro::default(), Euro::from_cents(0)));
        assert_eq!(Euro::default().to_string(), "0.00");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        use EuroError::{Malformed, OutOfRange, TooPrecise};
        for (text, error) in [
            ("", Malformed),
            ("-", Malformed),
            (".5", Malformed),
            ("5.", Malformed),
            ("+5", Malformed),
            ("--5", Malformed),
            ("1e3", Malformed),
            ("1_000", Malformed),
            ("1,50", Malformed),
            ("1.5.0", Malformed),
            (" 1", Malformed),
            ("NaN", Malformed),
            ("٣", Malformed),
            ("0.-5", Malformed),
            ("1.005", TooPrecise),
            ("1.500", TooPrecise),
            ("92233720368547758.08", OutOfRange),
            ("99999999999999999999999999999999999999", OutOfRange),
        ] {
            assert_eq!(Euro::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn half_a_cent_goes_to_the_even_cent() {
        for (exact, rounded) in [
            ("0.005", "0.00"),
            ("0.015", "0.02"),
            ("0.025", "0.02"),
            ("0.0250000001", "0.03"),
            ("-0.005", "0.00"),
            ("-0.015", "-0.02"),
            ("1000", "1000.00"),
            ("12.3", "12.30"),
        ] {
            assert_eq!(Euro::round(exact.parse().unwrap()).unwrap().to_string(), rounded, "{exact}");
        }
        assert_eq!(Euro::round(Decimal::MAX), Err(EuroError::OutOfRange));
    }

    #[test]
    fn json_has_a_string_and_never_a_number() {
        let amount = Euro::parse("12.50").unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), r#""12.50""#);
        assert_eq!(serde_json::from_str::<Euro>(r#""12.5""#).unwrap(), amount);
        assert_eq!(serde_json::from_str::<Euro>(r#""1\u0032.5""#).unwrap(), amount);
        for wrong in ["12.5", "12", "null", r#""1e1""#, r#"["12.50"]"#] {
            assert!(serde_json::from_str::<Euro>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_another_amount() {
        let most = Euro::from_cents(i64::MAX);
        let cent = Euro::from_cents(1);
        assert_eq!(most.checked_add(cent), Err(EuroError::OutOfRange));
        assert_eq!(Euro::from_cents(i64::MIN).checked_sub(cent), Err(EuroError::OutOfRange));
        assert_eq!(most.checked_mul(2), Err(EuroError::OutOfRange));
        assert_eq!(Euro::sum([most, cent]), Err(EuroError::OutOfRange));
        assert_eq!(Euro::sum([most, cent, Euro::from_cents(-1)]), Ok(most));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same_amount(cents: i64) {
            let amount = Euro::from_cents(cents);
            prop_assert_eq!(Euro::parse(&amount.to_string()), Ok(amount));
            prop_assert_eq!(amount.cents(), cents);
            prop_assert_eq!(Euro::round(amount.amount()), Ok(amount));
        }

        #[test]
        fn a_sum_is_exact_in_any_order(cents in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..50)) {
            let amounts = cents.iter().map(|cents| Euro::from_cents(*cents));
            let total = Ok(Euro::from_cents(cents.iter().sum()));
            prop_assert_eq!(Euro::sum(amounts.clone()), total);
            prop_assert_eq!(Euro::sum(amounts.clone().rev()), total);
            prop_assert_eq!(amounts.clone().try_fold(Euro::ZERO, Euro::checked_add), total);
        }

        #[test]
        fn rounding_is_off_by_half_a_cent_at_most(mantissa: i64, scale in 0_u32..12) {
            let exact = Decimal::new(mantissa, scale);
            if let Ok(amount) = Euro::round(exact) {
                prop_assert!((amount.amount() - exact).abs() <= Decimal::new(5, 3));
            }
        }

        #[test]
        fn amounts_are_ordered_as_their_cents(a: i64, b: i64) {
            prop_assert_eq!(Euro::from_cents(a).cmp(&Euro::from_cents(b)), a.cmp(&b));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}", near in "-?[0-9]{0,30}\\.?[0-9]{0,4}") {
            let _ = (Euro::parse(&text), Euro::parse(&near));
        }
    }
}
