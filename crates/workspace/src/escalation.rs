//! Nobody confers what they do not hold.

use belfort_db::Tenant;
use belfort_ids::RoleId;
use belfort_policy::VOCABULARY;
use belfort_rbac::Principal;
use belfort_rbac::postgres::roles;
use diesel::QueryResult;

/// What a role is to somebody who wants to give or take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They hold all that it permits.
    Covered,
    /// It permits something that they may not do, or not that far.
    Above,
    /// There is no such role.
    Absent,
}

/// How `role` stands to `caller`.
///
/// It is not locked: when it gains a permission at the same time, whoever edits it confers that, and answers for it.
pub(crate) fn standing(tx: &mut impl Tenant, caller: &Principal, role: RoleId) -> QueryResult<Standing> {
    Ok(match roles::get(tx, &VOCABULARY, role)? {
        None => Standing::Absent,
        Some(role) if caller.permissions().cover(&role.permissions) => Standing::Covered,
        Some(_) => Standing::Above,
    })
}
