//! `belfort tenant`.

use std::sync::Arc;

use belfort_auth::{Email, HashParams, Hasher, Password};
use belfort_tenancy::postgres::{Address, Tenancy, tenants};
use belfort_tenancy::{Plan, SchemaName, Slug, Tenant, TenantStatus};
use belfort_values::{Clock as _, SystemClock, Word, brussels};
use belfort_workspace::signup::Signup;
use belfort_workspace::{FullName, WorkspaceName};
use clap::Subcommand;

use super::{BoxError, CommandResult};
use crate::config::{Config, Environment};
use crate::provision::{create_workspace, random_password};
use crate::runtime::Runtime;
use crate::terminal;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a tenant and its first admin, and print the admin's password
    Create(Create),
    /// List the tenants
    List,
    /// Show one tenant
    Show {
        /// Slug of the tenant
        slug: String,
    },
    /// Lock a tenant out, on every server and at once
    Suspend {
        /// Slug of the tenant
        slug: String,
    },
    /// Let a suspended tenant back in
    Resume {
        /// Slug of the tenant
        slug: String,
    },
    /// Set the plan of a tenant
    SetPlan {
        /// Slug of the tenant
        slug: String,
        /// One of free, pro and business
        #[arg(value_parser = Plan::parse)]
        plan: Plan,
    },
    /// Delete a tenant and all its data, permanently
    Delete {
        /// Slug of the tenant
        slug: String,
        /// Confirm the deletion
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Name in host names: 3 to 40 lower-case letters, digits and hyphens
    #[arg(value_parser = Slug::parse)]
    slug: Slug,
    /// Name of the workspace [default: the slug]
    #[arg(long, value_parser = WorkspaceName::parse)]
    name: Option<WorkspaceName>,
    /// Email address of the admin
    #[arg(long, value_parser = Email::parse)]
    email: Email,
    /// Name of the admin [default: the email address]
    #[arg(long, value_parser = FullName::parse)]
    full_name: Option<FullName>,
    /// One of free, pro and business
    #[arg(long, default_value = "free", value_parser = Plan::parse)]
    plan: Plan,
}

/// The reason why a tenant cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TenantError {
    #[error("there is no tenant {0:?}; `belfort tenant list` lists all tenants")]
    Unknown(String),
    #[error(
        "this deletes {0} and all its data permanently. To confirm, add --yes; to only lock it out, use \
         `belfort tenant suspend {0}`"
    )]
    Unconfirmed(Slug),
}

pub(super) fn run(command: Command, environment: Environment<'_>) -> CommandResult {
    let runtime = Runtime::start(&Config::load(environment)?)?;
    let tenancy = &runtime.tenancy;
    match command {
        Command::Create(new) => create(&runtime, new),
        Command::List => list(tenancy),
        Command::Show { slug } => show(tenancy, &slug),
        Command::Suspend { slug } => set_status(tenancy, &slug, TenantStatus::Suspended),
        Command::Resume { slug } => set_status(tenancy, &slug, TenantStatus::Active),
        Command::SetPlan { slug, plan } => {
            let tenant = find(tenancy, &slug)?;
            tenants::set_plan(&mut tenancy.control()?, tenant.id, plan)?;
            terminal::print_line(format_args!("The plan of {slug} is now {plan}."));
            Ok(())
        }
        Command::Delete { slug, yes } => delete(tenancy, &slug, yes),
    }
}

fn create(runtime: &Runtime, new: Create) -> CommandResult {
    let text = random_password();
    let signup = Signup {
        full_name: new.full_name.map_or_else(|| FullName::parse(new.email.as_str()), Ok)?,
        email: new.email,
        workspace_name: new.name.map_or_else(|| WorkspaceName::parse(new.slug.as_str()), Ok)?,
        slug: new.slug,
        password: Hasher::new(HashParams::default())?.hash(&Password::parse(text.to_string())?)?,
    };
    let made = create_workspace(runtime, &signup, SystemClock.now())?;
    if new.plan != made.tenant.plan {
        tenants::set_plan(&mut runtime.tenancy.control()?, made.tenant.id, new.plan)?;
    }
    terminal::print_line(format_args!("Created the tenant {} with the plan {}.", signup.slug, new.plan));
    terminal::print_line(format_args!("  admin     {}", signup.email.as_str()));
    terminal::print_line(format_args!("  password  {}", *text));
    terminal::print_line(
        "The password is not shown again. The admin should change it after the first login.",
    );
    Ok(())
}

/// Looks up the tenant with this slug.
pub(super) fn find(tenancy: &Tenancy, slug: &str) -> Result<Arc<Tenant>, BoxError> {
    let unknown = || TenantError::Unknown(slug.to_owned());
    let address = Address::Slug(Slug::parse(slug).ok().ok_or_else(unknown)?);
    Ok(tenancy.find(&address)?.ok_or_else(unknown)?)
}

fn list(tenancy: &Tenancy) -> CommandResult {
    let tenants = tenants::list(&mut tenancy.control()?)?;
    if tenants.is_empty() {
        terminal::print_line(
            "There are no tenants yet. Create one with `belfort tenant create` or `belfort demo`.",
        );
        return Ok(());
    }
    let width = tenants.iter().map(|tenant| tenant.slug.as_str().len()).max().unwrap_or_default();
    for Tenant { slug, name, plan, status, .. } in tenants {
        terminal::print_line(format_args!(
            "{:<width$}  {:<8}  {:<9}  {name}",
            slug.as_str(),
            plan.as_str(),
            status.as_str()
        ));
    }
    Ok(())
}

fn show(tenancy: &Tenancy, slug: &str) -> CommandResult {
    let tenant = find(tenancy, slug)?;
    let domains = tenants::domains(&mut tenancy.control()?, tenant.id)?;
    for (what, value) in [
        ("slug", tenant.slug.to_string()),
        ("name", tenant.name.clone()),
        ("id", tenant.id.to_string()),
        ("plan", tenant.plan.to_string()),
        ("status", tenant.status.to_string()),
        ("created", brussels::format(tenant.created_at)),
        ("domains", if domains.is_empty() { "-".to_owned() } else { domains.join(", ") }),
        ("schema", SchemaName::of(tenant.id).to_string()),
    ] {
        terminal::print_line(format_args!("{what:<8}  {value}"));
    }
    Ok(())
}

fn set_status(tenancy: &Tenancy, slug: &str, status: TenantStatus) -> CommandResult {
    let tenant = find(tenancy, slug)?;
    match status {
        TenantStatus::Suspended => {
            tenancy.suspend(tenant.id)?;
        }
        TenantStatus::Active => {
            let mut tx = tenancy.begin_control()?;
            tx.resume(tenant.id)?;
            tx.commit()?;
        }
    }
    terminal::print_line(format_args!("{slug} is now {status}."));
    Ok(())
}

fn delete(tenancy: &Tenancy, slug: &str, yes: bool) -> CommandResult {
    let tenant = find(tenancy, slug)?;
    if !yes {
        return Err(TenantError::Unconfirmed(tenant.slug.clone()).into());
    }
    // Whoever is still in it would be waited for.
    tenancy.suspend(tenant.id)?;
    let mut tx = tenancy.begin_control()?;
    tx.delete(tenant.id)?;
    tx.commit()?;
    terminal::print_line(format_args!("Deleted {slug} and all its data."));
    Ok(())
}
