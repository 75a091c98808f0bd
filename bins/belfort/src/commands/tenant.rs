//! `belfort tenant`.

use std::sync::Arc;

use belfort_residency::brussels;
use belfort_tenancy::postgres::{Address, Tenancy, all, domains, set_plan};
use belfort_tenancy::{Plan, SchemaName, Slug, Status, Tenant};
use clap::Subcommand;

use super::Outcome;
use crate::compose::Ground;
use crate::config::{Config, Environment};
use crate::say;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the tenants
    List,
    /// Show one tenant
    Show {
        /// Its slug
        slug: String,
    },
    /// Lock a tenant out, on every server, from the next transaction on
    Suspend {
        /// Its slug
        slug: String,
    },
    /// Let a suspended tenant in again
    Resume {
        /// Its slug
        slug: String,
    },
    /// Set what a tenant pays for
    SetPlan {
        /// Its slug
        slug: String,
        /// free, pro or business
        plan: Plan,
    },
    /// Delete a tenant and everything in it, for good
    Delete {
        /// Its slug
        slug: String,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
}

/// Why a tenant cannot be found or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TenantError {
    #[error("there is no tenant {0:?}; `belfort tenant list` names them")]
    Unknown(String),
    #[error(
        "this would delete {0}, with everything in it, for good. If that is what you want, add --yes; \
         `belfort tenant suspend {0}` only locks it out"
    )]
    Unconfirmed(Slug),
}

pub(super) fn run(command: Command, environment: Environment<'_>) -> Outcome {
    let tenancy = Ground::prepare(&Config::load(environment)?)?;
    let tenancy = &tenancy.tenancy;
    match command {
        Command::List => list(tenancy),
        Command::Show { slug } => show(tenancy, &slug),
        Command::Suspend { slug } => set_status(tenancy, &slug, Status::Suspended),
        Command::Resume { slug } => set_status(tenancy, &slug, Status::Active),
        Command::SetPlan { slug, plan } => {
            let tenant = find(tenancy, &slug)?;
            set_plan(&mut tenancy.control()?, tenant.id, plan)?;
            say::line(format_args!("{slug} is {plan} now."));
            Ok(())
        }
        Command::Delete { slug, yes } => delete(tenancy, &slug, yes),
    }
}

/// The tenant with this slug.
pub(super) fn find(
    tenancy: &Tenancy,
    slug: &str,
) -> Result<Arc<Tenant>, Box<dyn std::error::Error + Send + Sync>> {
    let unknown = || TenantError::Unknown(slug.to_owned());
    let address = Address::Slug(Slug::parse(slug).ok().ok_or_else(unknown)?);
    Ok(tenancy.find(&address)?.ok_or_else(unknown)?)
}

fn list(tenancy: &Tenancy) -> Outcome {
    let tenants = all(&mut tenancy.control()?)?;
    if tenants.is_empty() {
        say::line("There are no tenants yet. Make one: `belfort tenant create`, or `belfort demo`.");
        return Ok(());
    }
    let width = tenants.iter().map(|tenant| tenant.slug.as_str().len()).max().unwrap_or_default();
    for Tenant { slug, name, plan, status, .. } in tenants {
        say::line(format_args!(
            "{:<width$}  {:<8}  {:<9}  {name}",
            slug.as_str(),
            plan.as_str(),
            status.as_str()
        ));
    }
    Ok(())
}

fn show(tenancy: &Tenancy, slug: &str) -> Outcome {
    let tenant = find(tenancy, slug)?;
    let domains = domains(&mut tenancy.control()?, tenant.id)?;
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
        say::line(format_args!("{what:<8}  {value}"));
    }
    Ok(())
}

fn set_status(tenancy: &Tenancy, slug: &str, status: Status) -> Outcome {
    let tenant = find(tenancy, slug)?;
    let mut tx = tenancy.begin_control()?;
    match status {
        Status::Suspended => tx.suspend(tenant.id)?,
        Status::Active => tx.resume(tenant.id)?,
    };
    tx.commit()?;
    say::line(format_args!("{slug} is {status} now."));
    Ok(())
}

fn delete(tenancy: &Tenancy, slug: &str, yes: bool) -> Outcome {
    let tenant = find(tenancy, slug)?;
    if !yes {
        return Err(TenantError::Unconfirmed(tenant.slug.clone()).into());
    }
    let mut tx = tenancy.begin_control()?;
    tx.remove(tenant.id)?;
    tx.commit()?;
    say::line(format_args!("{slug} is deleted, with everything in it."));
    Ok(())
}
