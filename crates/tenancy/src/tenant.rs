//! A tenant, as the control schema has it.

use belfort_ids::TenantId;
use chrono::{DateTime, Utc};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

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
    pub status: TenantStatus,
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

/// The plan of a tenant: how long its audit history is kept, and whether it can be exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Plan {
    /// Audit history of 90 days.
    Free,
    /// Audit history of a year.
    Pro,
    /// Audit history of three years, and its export.
    Business,
}

/// Whether a tenant may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TenantStatus {
    /// It may.
    Active,
    /// It may not: its role cannot be taken by any login.
    Suspended,
}

#[cfg(test)]
mod tests {
    use belfort_values::Word;

    use super::*;

    #[test]
    fn the_words_are_those_that_are_stored() {
        assert_eq!(Plan::WORDS, ["free", "pro", "business"]);
        assert_eq!(TenantStatus::WORDS, ["active", "suspended"]);
        assert!(Plan::ALL.iter().all(|plan| plan.to_string() == plan.as_str()));
    }
}
