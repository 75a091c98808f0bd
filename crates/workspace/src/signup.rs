//! Signing up for a workspace: somebody asks for one, gets a code by mail, and confirms with it.
//!
//! Between the two, all that is known of them stands in one row of the control schema: as Fernet tokens, sealed for the
//! tenant that is to be. A token that is copied into another row does not open there.

mod confirm;
mod payload;

use std::net::IpAddr;

use belfort_auth::{CODE_LIFETIME, Code, Email, Limit, PasswordHash};
use belfort_crypto::{Column, Keyring};
use belfort_db::{Control, Statement};
use belfort_ids::{SignupId, TenantId};
use belfort_tenancy::Slug;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Text, Timestamptz, Uuid};

pub use confirm::{ConfirmError, Confirmed, confirm, confirm_with};

use crate::name::{FullName, WorkspaceName};
use crate::reservation::{Counters, Reservation, ReserveError};

const PAYLOAD: Column = Column::new("signups.payload");
const CODE: Column = Column::new("signups.code");

/// A request for a workspace, and its first admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signup {
    /// The email address of the admin.
    pub email: Email,
    /// The name of the admin.
    pub full_name: FullName,
    /// The name of the workspace.
    pub workspace_name: WorkspaceName,
    /// The slug, by which host names name it.
    pub slug: Slug,
    /// The hash of the admin's password; the password itself is not kept even sealed.
    pub password: PasswordHash,
}

/// A sign-up whose code is to be mailed.
#[derive(Debug)]
pub struct Started {
    /// The id.
    pub id: SignupId,
    /// The code for the mail.
    pub code: Code,
}

/// The reason why a sign-up was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A workspace has this slug already.
    #[error("this slug is taken")]
    SlugTaken,
    /// The database failed.
    #[error("the sign-up could not be stored")]
    Database(#[from] diesel::result::Error),
}

/// The limits on sign-ups.
#[derive(Debug, Clone, Copy)]
pub struct SignupLimits {
    /// From one address.
    pub per_ip: Limit,
    /// With email addresses of one domain.
    pub per_email_domain: Limit,
}

/// Counts a sign-up. It stays counted, also when it comes to nothing: a mail is sent, and a password hashed, for each.
pub fn count(
    counters: &Counters,
    limits: SignupLimits,
    now: DateTime<Utc>,
    email: &Email,
    ip: Option<IpAddr>,
) -> Result<(), ReserveError> {
    let mut counted = vec![(counters.keys().signup_domain(email.domain()), limits.per_email_domain)];
    counted.extend(ip.map(|ip| (counters.keys().signup_ip(ip), limits.per_ip)));
    Reservation::make(counters, &counted, now).map(drop)
}

/// Stores a sign-up until it is confirmed or expired. Whether the slug is free is decided at the confirmation; here it spares
/// people a mail.
pub fn start(
    db: &mut impl Control,
    keyring: &Keyring,
    now: DateTime<Utc>,
    signup: &Signup,
) -> Result<Started, StartError> {
    const START: Statement = Statement::new(
        "INSERT INTO public.signups (id, tenant_id, key_id, payload, code, created_at, expires_at)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE NOT EXISTS (SELECT FROM public.tenants WHERE slug = $8)",
    );
    let (id, tenant, code) = (SignupId::new(now), TenantId::new(now), Code::generate());
    // Both are sealed under the newest key, so one id stands for both.
    let payload = keyring.seal(tenant, PAYLOAD, &payload::write(signup));
    let sealed_code = keyring.seal(tenant, CODE, code.reveal().as_bytes());
    let stored = db.run(
        START
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(tenant)
            .bind::<Text, _>(payload.key_id.as_str())
            .bind::<Text, _>(payload.token.as_str())
            .bind::<Text, _>(sealed_code.token.as_str())
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now + CODE_LIFETIME)
            .bind::<Text, _>(signup.slug.as_str()),
    )?;
    if stored == 1 { Ok(Started { id, code }) } else { Err(StartError::SlugTaken) }
}

/// Deletes the sign-ups that are expired at `now`, and answers how many.
pub fn purge(db: &mut impl Control, now: DateTime<Utc>) -> QueryResult<usize> {
    const PURGE: Statement = Statement::new("DELETE FROM public.signups WHERE expires_at <= $1");
    db.run(PURGE.bind::<Timestamptz, _>(now))
}
