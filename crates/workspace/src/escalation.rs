//! The rule that nobody confers what they do not hold.

use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::VOCABULARY;
use belfort_rbac::Principal;
use belfort_rbac::postgres::roles;
use diesel::QueryResult;

/// The relation between a role and somebody who wants to give or take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleCoverage {
    /// They hold all that it permits.
    Covered,
    /// It permits something that they may not do, or not that far.
    Above,
    /// There is no such role.
    Absent,
}

/// Compares `role` with what `caller` holds.
///
/// It is not locked: when it gains a permission at the same time, whoever edits it confers that, and answers for it.
pub(crate) fn role_coverage(
    tx: &mut impl Tenant,
    caller: &Principal,
    role: RoleId,
) -> QueryResult<RoleCoverage> {
    Ok(match roles::get(tx, &VOCABULARY, role)? {
        None => RoleCoverage::Absent,
        Some(role) if caller.permissions().cover(&role.permissions) => RoleCoverage::Covered,
        Some(_) => RoleCoverage::Above,
    })
}
