//! Roles.

use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::RoleId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text, Uuid};

use super::ADMIN;
use super::tables::roles;
use crate::{Permissions, Vocabulary};

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The id.
    pub id: RoleId,
    /// The name.
    pub name: String,
    /// Whether the workspace came with it. It is a role like others all the same, but for the one that [`Role::is_admin`].
    pub is_builtin: bool,
    /// The permissions.
    pub permissions: Permissions,
    /// The number of changes, from 1.
    pub version: i32,
    /// The time of creation.
    pub created_at: DateTime<Utc>,
    /// The time of the last change.
    pub updated_at: DateTime<Utc>,
}

impl Role {
    /// Whether it is the role that the last-admin guard counts by, and which therefore stays as it is.
    ///
    /// A role of the workspace's own cannot pass for it: `is_builtin` is given out with the workspace alone, and no other
    /// role can have its name.
    pub fn is_admin(&self) -> bool {
        self.is_builtin && self.name == ADMIN
    }
}

/// The reason why a role was not created, changed or deleted. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// It is the admin role: without its permissions, or without it, nobody would be admin any more.
    #[error("the admin role can be neither edited nor deleted: nobody would be admin any more")]
    Admin,
    /// Another role has the name, be it in other capitals.
    #[error("there is a role with this name")]
    NameTaken,
    /// Somebody has it, or is to have it.
    #[error("somebody has this role")]
    InUse,
    /// The database failed.
    #[error("the role could not be changed")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for RoleError {
    fn from(error: diesel::result::Error) -> Self {
        match violated_constraint(&error) {
            Some("roles_name_key") => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

/// A role to be created.
///
/// Whether whoever creates it may confer what it permits is for the caller to decide; so it is with a [`RolePatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRole<'n> {
    /// The name.
    pub name: &'n str,
    /// The permissions.
    pub permissions: &'n Permissions,
}

/// A change to a role; `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RolePatch<'p> {
    /// The name.
    pub name: Option<&'p str>,
    /// The permissions, all of them.
    pub permissions: Option<&'p Permissions>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(belfort_db::Backend))]
struct StoredRole {
    id: RoleId,
    name: String,
    is_builtin: bool,
    permissions: Vec<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl StoredRole {
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

/// Creates a role that a workspace comes with, in the transaction in which the workspace is created.
pub fn create_builtin(tx: &mut impl Tenant, now: DateTime<Utc>, new: NewRole<'_>) -> QueryResult<RoleId> {
    insert(tx, now, true, new)
}

/// Creates a role of the workspace's own.
pub fn create(tx: &mut impl Tenant, now: DateTime<Utc>, new: NewRole<'_>) -> Result<RoleId, RoleError> {
    if is_taken(tx, new.name, None)? {
        return Err(RoleError::NameTaken);
    }
    Ok(insert(tx, now, false, new)?)
}

/// Whether a role other than `except` has this name, in whatever capitals.
///
/// It is asked before the constraint is, because Postgres writes what violates one into its log. When two take a name at once,
/// the constraint is what is left.
fn is_taken(tx: &mut impl Tenant, name: &str, except: Option<RoleId>) -> QueryResult<bool> {
    const TAKEN: Statement<Bool> = Statement::new(
        "SELECT EXISTS (SELECT FROM roles WHERE lower(name) = lower($1) AND id IS DISTINCT FROM $2)",
    );
    tx.row(TAKEN.bind::<Text, _>(name).bind::<Nullable<Uuid>, _>(except))
}

fn insert(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    is_builtin: bool,
    new: NewRole<'_>,
) -> QueryResult<RoleId> {
    let id = RoleId::new(now);
    let row = (
        roles::id.eq(id),
        roles::name.eq(new.name),
        roles::is_builtin.eq(is_builtin),
        roles::permissions.eq(new.permissions.lines()),
        roles::created_at.eq(now),
        roles::updated_at.eq(now),
    );
    tx.run(diesel::insert_into(roles::table).values(row))?;
    Ok(id)
}

/// The role with this id as it stands, for a change: nobody else changes it until this transaction ends.
///
/// Who reads it without the lock and then changes it undoes a change that was made in between, or goes by permissions that
/// it has no more. It may be given to people meanwhile.
pub fn lock(tx: &mut impl Tenant, vocabulary: &Vocabulary, id: RoleId) -> QueryResult<Option<Role>> {
    let row: Option<StoredRole> =
        tx.find(roles::table.find(id).select(StoredRole::as_select()).for_no_key_update())?;
    Ok(row.map(|row| row.read(vocabulary)))
}

/// Changes a role that is locked, unless it is the admin role.
pub fn update(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    id: RoleId,
    patch: RolePatch<'_>,
) -> Result<(), RoleError> {
    if let Some(name) = patch.name
        && is_taken(tx, name, Some(id))?
    {
        return Err(RoleError::NameTaken);
    }
    let set = (
        patch.name.map(|name| roles::name.eq(name)),
        patch.permissions.map(|permissions| roles::permissions.eq(permissions.lines())),
        roles::version.eq(roles::version + 1),
        roles::updated_at.eq(now),
    );
    let row = roles::table.find(id).filter(diesel::dsl::not(roles::name.eq(ADMIN).and(roles::is_builtin)));
    if tx.run(diesel::update(row).set(set))? == 0 { Err(RoleError::Admin) } else { Ok(()) }
}

/// Deletes a role that is locked, unless it is the admin role or a row still refers to it.
///
/// The foreign keys decide, for the tables of this crate and any other: whoever gives the role to somebody at the same time
/// waits, and then finds none.
pub fn delete(tx: &mut impl Tenant, id: RoleId) -> Result<(), RoleError> {
    let row = roles::table.find(id).filter(diesel::dsl::not(roles::name.eq(ADMIN).and(roles::is_builtin)));
    match tx.run(diesel::delete(row)) {
        Ok(0) => Err(RoleError::Admin),
        Ok(_) => Ok(()),
        Err(error) if violated_constraint(&error).is_some() => Err(RoleError::InUse),
        Err(error) => Err(RoleError::Database(error)),
    }
}

/// Roles in the order of their creation, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    vocabulary: &Vocabulary,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    let mut query = roles::table.select(StoredRole::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(roles::id.gt(after));
    }
    let rows: Vec<StoredRole> = tx.rows(query.order(roles::id).limit(limit))?;
    Ok(rows.into_iter().map(|row| row.read(vocabulary)).collect())
}

/// The number of roles.
pub fn count(tx: &mut impl Tenant) -> QueryResult<i64> {
    tx.row(roles::table.count())
}

/// The role with this id.
pub fn get(tx: &mut impl Tenant, vocabulary: &Vocabulary, id: RoleId) -> QueryResult<Option<Role>> {
    let row: Option<StoredRole> = tx.find(roles::table.find(id).select(StoredRole::as_select()))?;
    Ok(row.map(|row| row.read(vocabulary)))
}

/// The role with this name.
pub fn get_by_name(tx: &mut impl Tenant, vocabulary: &Vocabulary, name: &str) -> QueryResult<Option<Role>> {
    let row: Option<StoredRole> =
        tx.find(roles::table.filter(roles::name.eq(name)).select(StoredRole::as_select()))?;
    Ok(row.map(|row| row.read(vocabulary)))
}
