//! `belfort unlock`.

use std::net::IpAddr;

use belfort_auth::Email;
use belfort_auth::postgres::counters;
use belfort_workspace::Counters;

use super::{CommandResult, tenant};
use crate::config::{Config, Environment};
use crate::runtime::Runtime;
use crate::terminal;

#[derive(Debug, clap::Args)]
#[command(override_usage = "belfort unlock <WORKSPACE> <EMAIL>\n       belfort unlock --ip <ADDRESS>")]
pub(super) struct Args {
    /// Slug of the user's workspace
    #[arg(requires = "email", required_unless_present = "ip")]
    workspace: Option<String>,
    /// Email address of the user
    #[arg(value_parser = Email::parse)]
    email: Option<Email>,
    /// IP address to unlock, in all workspaces
    #[arg(long, value_name = "ADDRESS", conflicts_with = "workspace")]
    ip: Option<IpAddr>,
}

pub(super) fn run(args: Args, environment: Environment<'_>) -> CommandResult {
    let runtime = Runtime::start(&Config::load(environment)?)?;
    let counters = Counters::new(runtime.tenancy.clone(), &runtime.keyring);
    let mut keys = Vec::new();
    if let Some(ip) = args.ip {
        keys.push((counters.keys().login_ip(ip), format!("logins from {ip}")));
    }
    if let Some((workspace, email)) = args.workspace.zip(args.email) {
        let tenant = tenant::find(&runtime.tenancy, &workspace)?;
        let who = format!("{} in {}", email.as_str(), tenant.slug);
        // Not looked up, because attempts are counted whether there is such a user or not.
        keys.push((counters.keys().login_user(tenant.id, &email), format!("logins of {who}")));
    }
    let mut control = runtime.tenancy.control()?;
    for (key, what) in keys {
        counters::clear(&mut control, &key)?;
        terminal::print_line(format_args!("Reset the failed {what}."));
    }
    Ok(())
}
