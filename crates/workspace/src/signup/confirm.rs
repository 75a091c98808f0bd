//! Confirming a sign-up: the workspace is created, all of it at once.

use belfort_audit::{Actor, Event, postgres as audit};
use belfort_auth::postgres::credentials;
use belfort_auth::{CODE_ATTEMPTS, Code};
use belfort_crypto::{Keyring, OpenError};
use belfort_db::{Control, Queries as _, Statement, Tenant as TenantDb};
use belfort_ids::{SignupId, TenantId, UserId};
use belfort_policy::BuiltIn;
use belfort_rbac::postgres::roles::{self, NewRole};
use belfort_tenancy::postgres::{
    BindError, ControlTx, Migrations, NewTenant, ProvisionError, Tenancy, tenants,
};
use belfort_tenancy::{Plan, Tenant};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use super::{CODE, PAYLOAD, Signup, payload};
use crate::request_source::RequestSource;
use crate::tenant::AuditedWorkspace;
use crate::users::{NewUser, User, UserError, insert};

/// A workspace that was just created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The workspace.
    pub tenant: Tenant,
    /// Its first admin.
    pub user: User,
}

/// The reason why no workspace was created. Nothing is left of it; only the attempt is counted.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Unknown, too late, tried too often, or confirmed already: they are not told apart.
    #[error("this sign-up is not valid, or not any more: sign up again")]
    Expired,
    /// The code is not the one that was mailed.
    #[error("the code is wrong; {left} attempts are left")]
    WrongCode {
        /// The number of attempts that are left.
        left: i32,
    },
    /// Somebody else confirmed a workspace with this slug first.
    #[error("this slug was taken in the meantime: sign up again with another one")]
    SlugTaken,
    /// The stored sign-up does not open.
    #[error("the stored sign-up does not open")]
    Sealed(#[from] OpenError),
    /// The stored content opens and is no sign-up.
    #[error("the stored sign-up was written by another version of the program")]
    Unreadable,
    /// The tenant's schema could not be made.
    #[error("the workspace could not be made")]
    Provision(#[source] ProvisionError),
    /// No connection or no transaction.
    #[error("no transaction for the confirmation")]
    Bind(#[from] BindError),
    /// The database failed.
    #[error("the workspace could not be filled")]
    Database(#[from] diesel::result::Error),
}

impl From<ProvisionError> for ConfirmError {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::SlugTaken => Self::SlugTaken,
            other @ (ProvisionError::Migration(_) | ProvisionError::Database(_)) => Self::Provision(other),
        }
    }
}

impl From<UserError> for ConfirmError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Database(error) => Self::Database(error),
            // The tables are empty: nothing there to be taken, missing or stale.
            UserError::NotFound
            | UserError::Stale
            | UserError::EmailTaken
            | UserError::UnknownRole
            | UserError::UnknownTeams(_)
            | UserError::Escalation
            | UserError::TeamEscalation
            | UserError::LastAdmin(_) => Self::Database(diesel::result::Error::NotFound),
        }
    }
}

/// Creates the workspace of a sign-up whose code is right: schema, role, tables, roles and first admin, in one transaction.
///
/// The attempt is counted first, on its own: it stays counted whatever happens after, and of any number of guesses at once
/// no more are compared than [`CODE_ATTEMPTS`].
pub fn confirm(
    tenancy: &Tenancy,
    keyring: &Keyring,
    migrations: &Migrations,
    source: &RequestSource,
    id: SignupId,
    code: &Code,
) -> Result<Confirmed, ConfirmError> {
    confirm_with(tenancy, keyring, migrations, source, id, code, |_, _| Ok(()))
}

/// Does the same as [`confirm`], and in the same transaction what else is to last with the workspace or not at all.
pub fn confirm_with<E: From<ConfirmError>>(
    tenancy: &Tenancy,
    keyring: &Keyring,
    migrations: &Migrations,
    source: &RequestSource,
    id: SignupId,
    code: &Code,
    before_commit: impl FnOnce(&mut ControlTx, &Confirmed) -> Result<(), E>,
) -> Result<Confirmed, E> {
    let (mut tx, confirmed) = create(tenancy, keyring, migrations, source, id, code)?;
    before_commit(&mut tx, &confirmed)?;
    tx.commit().map_err(ConfirmError::Database)?;
    Ok(confirmed)
}

/// Creates the workspace, up to the commit.
fn create(
    tenancy: &Tenancy,
    keyring: &Keyring,
    migrations: &Migrations,
    source: &RequestSource,
    id: SignupId,
    code: &Code,
) -> Result<(ControlTx, Confirmed), ConfirmError> {
    // It works once: the row goes with the commit, and who waited for it finds none.
    const TAKE: Statement = Statement::new("DELETE FROM public.signups WHERE id = $1");
    let pending = reserve(&mut tenancy.control().map_err(BindError::from)?, source, id)?;
    let (tenant_id, signup) = pending.ok_or(ConfirmError::Expired)?.open(keyring, code)?;
    let new = NewTenant {
        id: tenant_id,
        slug: signup.slug.clone(),
        name: signup.workspace_name.as_str().to_owned(),
        plan: Plan::Free,
        created_at: source.at,
    };
    let mut tx = tenancy.begin_control()?;
    if tx.run(TAKE.bind::<Uuid, _>(id))? == 0 {
        return Err(ConfirmError::Expired);
    }
    let user = seed(&mut tx.provision(&new, migrations)?, source, tenant_id, signup)?;
    let tenant = tenants::get(&mut tx, tenant_id)?.ok_or(diesel::result::Error::NotFound)?;
    Ok((tx, Confirmed { tenant, user }))
}

/// A sign-up of which one attempt is spent.
#[derive(Queryable)]
struct Pending {
    tenant: TenantId,
    key_id: String,
    payload: String,
    code: String,
    attempts: i32,
}

fn reserve(db: &mut impl Control, source: &RequestSource, id: SignupId) -> QueryResult<Option<Pending>> {
    const RESERVE: Statement<(Uuid, Text, Text, Text, Integer)> = Statement::new(
        "UPDATE public.signups SET attempts = attempts + 1
         WHERE id = $1 AND attempts < $2 AND expires_at > $3
         RETURNING tenant_id, key_id, payload, code, attempts",
    );
    db.find(RESERVE.bind::<Uuid, _>(id).bind::<Integer, _>(CODE_ATTEMPTS).bind::<Timestamptz, _>(source.at))
}

impl Pending {
    fn open(self, keyring: &Keyring, given: &Code) -> Result<(TenantId, Signup), ConfirmError> {
        let code = keyring.open(self.tenant, CODE, &self.key_id, &self.code)?;
        let code = std::str::from_utf8(&code).ok().and_then(Code::parse).ok_or(ConfirmError::Unreadable)?;
        if !code.matches(given) {
            return Err(ConfirmError::WrongCode { left: CODE_ATTEMPTS - self.attempts });
        }
        let signup = keyring.open(self.tenant, PAYLOAD, &self.key_id, &self.payload)?;
        Ok((self.tenant, payload::read(&signup).ok_or(ConfirmError::Unreadable)?))
    }
}

/// Seeds a new workspace: with the built-in roles and the user who signed up.
fn seed(
    tx: &mut impl TenantDb,
    source: &RequestSource,
    tenant: TenantId,
    signup: Signup,
) -> Result<User, ConfirmError> {
    let mut admin = None;
    for role in BuiltIn::ALL {
        let id = roles::create_builtin(
            tx,
            source.at,
            NewRole { name: role.name(), permissions: &role.permissions() },
        )?;
        if role == BuiltIn::Admin {
            admin = Some(id);
        }
    }
    let id = UserId::new(source.at);
    let origin = source.by(Actor::User { id, name: signup.full_name.as_str().to_owned() });
    let (name, slug) = (signup.workspace_name.as_str(), signup.slug.as_str());
    let workspace = AuditedWorkspace { id: tenant, name, slug, version: 1 };
    audit::append(tx, &origin, &[Event::created(&origin, &workspace)])?;
    let new = NewUser {
        email: signup.email,
        full_name: signup.full_name,
        role_id: admin.ok_or(diesel::result::Error::NotFound)?,
        is_active: true,
        team_ids: Vec::new(),
    };
    let user = insert(tx, &origin, id, Some(source.at), new)?;
    credentials::set(tx, id, &signup.password, source.at)?;
    Ok(user)
}
