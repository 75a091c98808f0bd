//! A tenant, as the control schema has it.

use std::fmt;
use std::str::FromStr;

use belfort_ids::TenantId;
use chrono::{DateTime, Utc};

use crate::{SchemaName, Slug};

/// A customer: one row of `public.tenants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id, from which its schema and role have their name.
    pub id: TenantId,
    /// What it is called in host names.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// What it pays for.
    pub plan: Plan,
    /// Whether it may be used.
    pub status: Status,
    /// Which login may take its role.
    pub lane: i16,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Tenant {
    /// The name of its schema and role.
    pub fn schema(&self) -> SchemaName {
        SchemaName::of(self.id)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// The word that is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { expected: concat!($("`", $word, "` "),*) }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a tenant pays for: how long its audit history is kept, and whether it can be exported.
    Plan {
        /// Audit history of 90 days.
        Free = "free",
        /// Audit history of a year.
        Pro = "pro",
        /// Audit history of three years, and its export.
        Business = "business",
    }
}

words! {
    /// Whether a tenant may be used.
    Status {
        /// It may.
        Active = "active",
        /// It may not: its role cannot be taken by any login.
        Suspended = "suspended",
    }
}

/// The word is none of those expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of: {expected}")]
pub struct UnknownWord {
    expected: &'static str,
}
