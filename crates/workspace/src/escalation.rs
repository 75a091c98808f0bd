//! The rule that nobody confers what they do not hold.

use belfort_db::{Statement, Tenant};
use belfort_ids::{RoleId, UserId};
use belfort_policy::VOCABULARY;
use belfort_rbac::postgres::roles;
use belfort_rbac::{Permissions, Principal};
use diesel::QueryResult;
use diesel::sql_types::{Array, Nullable, Text, Uuid};

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

/// Whether `caller` may bring these `members` together in a team, with somebody who is to have the role `joining`: see
/// [`Principal::may_unite`].
///
/// Asked under the lock of the membership. The roles are not locked, as in [`role_coverage`].
pub(crate) fn may_unite(
    tx: &mut impl Tenant,
    caller: &Principal,
    members: &[UserId],
    joining: Option<RoleId>,
) -> QueryResult<bool> {
    const ROLES: Statement<Array<Text>> = Statement::new(
        "SELECT permissions FROM roles
         WHERE id = $1 OR id IN (SELECT role_id FROM members WHERE user_id = ANY($2))",
    );
    let roles: Vec<Vec<String>> =
        tx.rows(ROLES.bind::<Nullable<Uuid>, _>(joining).bind::<Array<Uuid>, _>(members))?;
    let parsed = |lines: &Vec<String>| Permissions::from_lines(&VOCABULARY, lines.iter().map(String::as_str));
    let roles: Vec<Permissions> = roles.iter().map(parsed).collect();
    Ok(caller.may_unite(members, &roles))
}
