//! The rate of an hour.

use std::fmt;

use belfort_db::{Backend, RawValue};
use belfort_values::{Euro, EuroError};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;

/// An amount of euros for an hour; stored in cents.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, AsExpression, FromSqlRow,
)]
#[serde(transparent)]
#[diesel(sql_type = BigInt)]
pub struct HourlyRate(Euro);

/// The reason why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// It is not an amount of euros.
    #[error(transparent)]
    Amount(#[from] EuroError),
    /// It is below nothing or above [`HourlyRate::MAX_CENTS`].
    #[error("a rate is 0.00 to 1000000.00")]
    OutOfRange,
}

impl HourlyRate {
    /// The highest rate, in cents: a million euros. With it the amounts of a report stay exact.
    pub const MAX_CENTS: i64 = 100_000_000;

    /// Reads `"62.50"`, as [`Euro::parse`] does.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let amount = Euro::parse(text)?;
        if (0..=Self::MAX_CENTS).contains(&amount.cents()) {
            Ok(Self(amount))
        } else {
            Err(RateError::OutOfRange)
        }
    }
}

impl fmt::Display for HourlyRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ToSql<BigInt, Backend> for HourlyRate {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Backend>) -> serialize::Result {
        <i64 as ToSql<BigInt, Backend>>::to_sql(&self.0.cents(), &mut out.reborrow())
    }
}

impl FromSql<BigInt, Backend> for HourlyRate {
    fn from_sql(value: RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Euro::from_cents(<i64 as FromSql<BigInt, Backend>>::from_sql(value)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_an_amount_from_nothing_to_a_million() {
        for (text, shown) in [("0", "0.00"), ("62.5", "62.50"), ("1000000.00", "1000000.00"), ("-0", "0.00")]
        {
            assert_eq!(HourlyRate::parse(text).unwrap().to_string(), shown);
        }
        for text in ["-0.01", "1000000.01", "92233720368547758.07"] {
            assert_eq!(HourlyRate::parse(text), Err(RateError::OutOfRange), "{text}");
        }
        assert_eq!(HourlyRate::parse("0.001"), Err(RateError::Amount(EuroError::TooPrecise)));
        assert_eq!(HourlyRate::parse("1e3"), Err(RateError::Amount(EuroError::Malformed)));
    }
}
