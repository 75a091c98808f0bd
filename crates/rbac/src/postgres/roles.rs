//! Roles.

use belfort_db::Tenant;
use belfort_ids::RoleId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::tables::roles;
use crate::{Permissions, Vocabulary};

/// A role, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// What it is called.
    pub name: String,
    /// Whether every workspace has it, so that it can be neither edited nor deleted.
    pub is_builtin: bool,
    /// What it permits.
    pub permissions: Permissions,
    /// Counts its changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
struct RoleRow {
    id: RoleId,
    name: String,
    is_builtin: bool,
    permissions: Vec<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl RoleRow {
    fn read(self, vocabulary: &Vocabulary) -> Role {
        Role {
            id: self.id,
            name: self.name,
            is_builtin: self.is_builtin,
            permissions: Permissions::from_lines(vocabulary, self.permissions.iter().map(String::as_str)),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Adds a role that every workspace has; for the transaction in which the workspace is made.
pub fn add_builtin(
    tx: &mut impl Tenant,
    name: &str,
    permissions: &Permissions,
    now: DateTime<Utc>,
) -> QueryResult<RoleId> {
    let id = RoleId::new(now);
    let row = (
        roles::id.eq(id),
        roles::name.eq(name),
        roles::is_builtin.eq(true),
        roles::permissions.eq(permissions.lines()),
        roles::created_at.eq(now),
        roles::updated_at.eq(now),
    );
    tx.run(diesel::insert_into(roles::table).values(row))?;
    Ok(id)
}

/// Roles in the order in which they were made, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    vocabulary: &Vocabulary,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    let mut query = roles::table.select(RoleRow::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(roles::id.gt(after));
    }
    let rows: Vec<RoleRow> = tx.rows(query.order(roles::id).limit(limit))?;
    Ok(rows.into_iter().map(|row| row.read(vocabulary)).collect())
}

/// The role with this id.
pub fn get(tx: &mut impl Tenant, vocabulary: &Vocabulary, id: RoleId) -> QueryResult<Option<Role>> {
    let row: Option<RoleRow> = tx.find(roles::table.find(id).select(RoleRow::as_select()))?;
    Ok(row.map(|row| row.read(vocabulary)))
}

/// The role with this name.
pub fn by_name(tx: &mut impl Tenant, vocabulary: &Vocabulary, name: &str) -> QueryResult<Option<Role>> {
    let row: Option<RoleRow> =
        tx.find(roles::table.filter(roles::name.eq(name)).select(RoleRow::as_select()))?;
    Ok(row.map(|row| row.read(vocabulary)))
}
