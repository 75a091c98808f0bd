//! The people of the demo workspace and their teams.

use std::sync::Arc;

use belfort_audit::{Actor, Origin};
use belfort_auth::{Email, Hasher, Password};
use belfort_ids::{RoleId, UserId};
use belfort_policy::{BuiltIn, Roles, Teams, Users};
use belfort_rbac::{Create, Principal, Read};
use belfort_tenancy::{Slug, Tenant};
use belfort_workspace::invitations::{self, NewInvitation};
use belfort_workspace::signup::Signup;
use belfort_workspace::teams::{self, NewTeam};
use belfort_workspace::{FullName, TeamName, WorkspaceName, roles};
use chrono::{DateTime, Utc};

use super::fixtures::{AN, PEOPLE, TEAMS, WORKSPACE};
use crate::commands::BoxError;
use crate::provision::{CreateWorkspaceError, create_workspace, request_source};
use crate::runtime::Runtime;

/// A user of the demo workspace.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) email: Email,
    pub(super) name: String,
    pub(super) role: BuiltIn,
    /// The members of their teams.
    pub(super) team_mates: Vec<UserId>,
}

/// The demo workspace and its first admin.
#[derive(Debug)]
pub(super) struct DemoWorkspace {
    pub(super) tenant: Arc<Tenant>,
    pub(super) admin_id: UserId,
}

impl Person {
    pub(super) fn principal(&self) -> Principal {
        Principal::new(self.id, self.role.permissions(), self.team_mates.iter().copied())
    }

    pub(super) fn origin(&self, now: DateTime<Utc>) -> Origin {
        request_source(now).by(Actor::User { id: self.id, name: self.name.clone() })
    }
}

/// The email address of the first admin.
pub(super) fn email_of(people: &[Person]) -> &str {
    people.first().map_or("", |person| person.email.as_str())
}

/// Creates the workspace, at `slug` or at the first of demo, demo-2, … that is free.
pub(super) fn create_demo_workspace(
    runtime: &Runtime,
    hasher: &Hasher,
    slug: Option<Slug>,
    password: &str,
    now: DateTime<Utc>,
) -> Result<DemoWorkspace, BoxError> {
    let (mail, name, _) = PEOPLE.get(AN).copied().ok_or("there are no people")?;
    let mut signup = Signup {
        email: email(mail)?,
        full_name: FullName::parse(name)?,
        workspace_name: WorkspaceName::parse(WORKSPACE)?,
        slug: slug.clone().map_or_else(|| Slug::parse("demo"), Ok)?,
        password: hasher.hash(&Password::parse(password.to_owned())?)?,
    };
    let mut number = 1;
    let made = loop {
        match create_workspace(runtime, &signup, now) {
            Err(CreateWorkspaceError::SlugTaken) if slug.is_none() => {
                number += 1;
                signup.slug = Slug::parse(&format!("demo-{number}"))?;
            }
            made => break made?,
        }
    };
    Ok(DemoWorkspace { tenant: Arc::new(made.tenant), admin_id: made.user.id })
}

/// Invites the others, accepts for them, and creates the teams.
pub(super) fn invite(
    runtime: &Runtime,
    hasher: &Hasher,
    workspace: &DemoWorkspace,
    password: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Person>, BoxError> {
    let mut people: Vec<Person> = Vec::new();
    for (mail, name, role) in PEOPLE {
        let (email, full_name) = (email(mail)?, FullName::parse(name)?);
        let id = match people.first() {
            None => workspace.admin_id,
            Some(admin) => {
                let hash = hasher.hash(&Password::parse(password.to_owned())?)?;
                let mut tx = runtime.tenancy.begin(&workspace.tenant)?;
                let principal = admin.principal();
                let new = NewInvitation {
                    email: email.clone(),
                    full_name: Some(full_name.clone()),
                    role_id: role_id(&mut tx, &principal, role)?,
                    team_ids: Vec::new(),
                };
                let grant = principal.grant::<Users, Create>()?;
                let invited = invitations::create(&mut tx, &grant, &principal, &admin.origin(now), new)?;
                let joined = invitations::accept(
                    &mut tx,
                    &request_source(now),
                    &invited.token.digest(),
                    full_name,
                    &hash,
                )?;
                tx.commit()?;
                joined.id
            }
        };
        people.push(Person { id, email, name: name.to_owned(), role, team_mates: Vec::new() });
    }
    create_teams(runtime, &workspace.tenant, &mut people, now)?;
    Ok(people)
}

fn create_teams(
    runtime: &Runtime,
    tenant: &Arc<Tenant>,
    people: &mut [Person],
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    let (principal, origin) = {
        let admin = people.first().ok_or("there are no people")?;
        (admin.principal(), admin.origin(now))
    };
    let mut tx = runtime.tenancy.begin(tenant)?;
    for (name, places) in TEAMS {
        let members: Vec<UserId> =
            places.iter().filter_map(|place| people.get(*place).map(|person| person.id)).collect();
        let new = NewTeam { name: TeamName::parse(name)?, member_ids: members.clone() };
        teams::create(&mut tx, &principal.grant::<Teams, Create>()?, &principal, &origin, new)?;
        for place in places {
            people
                .get_mut(*place)
                .ok_or("a team has a member who is not in PEOPLE")?
                .team_mates
                .extend(&members);
        }
    }
    tx.commit()?;
    Ok(())
}

fn role_id(
    tx: &mut belfort_tenancy::postgres::TenantTx,
    principal: &Principal,
    role: BuiltIn,
) -> Result<RoleId, BoxError> {
    let all = roles::list(tx, &principal.grant::<Roles, Read>()?, None, 50)?;
    let found = all.into_iter().find(|known| known.name == role.name());
    Ok(found.ok_or("a built-in role is missing")?.id)
}

/// An address in a domain that is nobody's (RFC 2606): no mail leaves for a stranger.
fn email(mail: &str) -> Result<Email, BoxError> {
    Ok(Email::parse(&format!("{mail}@demo.example"))?)
}
