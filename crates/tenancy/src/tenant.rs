//! Tenants, as the control schema has them.

use belfort_ids::TenantId;
use chrono::{DateTime, Utc};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use crate::{SchemaName, Slug};

/// A tenant: one row of `public.tenants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The id, of which the schema's and the role's name is made.
    pub id: TenantId,
    /// The name in host names.
    pub slug: Slug,
    /// The name for people.
    pub name: String,
    /// The plan.
    pub plan: Plan,
    /// The status.
    pub status: TenantStatus,
    /// The number of the lane whose login may take its role.
    pub lane: i16,
    /// The time at which it was provisioned.
    pub created_at: DateTime<Utc>,
}

impl Tenant {
    /// The name of its schema and of its role.
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

/// The status of a tenant, which decides whether it may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TenantStatus {
    /// In use.
    Active,
    /// Locked out: no login may take its role.
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
