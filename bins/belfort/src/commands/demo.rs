//! `belfort demo`.

mod fixtures;
mod people;
mod tasks;

use std::net::SocketAddr;

use belfort_auth::{HashParams, Hasher};
use belfort_tenancy::Slug;
use belfort_values::{Clock as _, SystemClock};

use self::people::Person;
use super::CommandResult;
use crate::config::{Config, Environment};
use crate::provision::random_password;
use crate::runtime::Runtime;
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Slug of the workspace [default: the first free one of demo, demo-2, …]
    #[arg(long, value_parser = Slug::parse)]
    slug: Option<Slug>,
    /// Password of all its users [default: a random one]
    #[arg(long)]
    password: Option<String>,
}

pub(super) fn run(args: Args, environment: Environment<'_>) -> CommandResult {
    let config = Config::load(environment)?;
    let runtime = Runtime::start(&config)?;
    let password = args.password.unwrap_or_else(|| random_password().to_string());
    let hasher = Hasher::new(HashParams::default())?;
    let now = SystemClock.now();

    let workspace = people::create_demo_workspace(&runtime, &hasher, args.slug, &password, now)?;
    let people = people::invite(&runtime, &hasher, &workspace, &password, now)?;
    let created = tasks::create_all(&runtime, &workspace.tenant, &people, now)?;

    let slug = &workspace.tenant.slug;
    terminal::print_line(format_args!(
        "Created the workspace {slug} with {} users, {} tasks and {} time entries.\n",
        people.len(),
        created.tasks,
        created.time_entries
    ));
    print(&people, &password);
    let (url, header) = address(&config, slug);
    let login = serde_json::json!({ "email": people::email_of(&people), "password": password }).to_string();
    terminal::print_line(format_args!(
        "\nWhile `belfort serve` is running, the workspace is at {url}{}. To log in:\n",
        hint(&header)
    ));
    terminal::print_line(format_args!(
        "curl -s {url}/api/v1/auth/login {header}-H 'Content-Type: application/json' \\\n  -d {}",
        quoted(&login)
    ));
    Ok(())
}

fn print(people: &[Person], password: &str) {
    let width = |text: fn(&Person) -> usize| people.iter().map(text).max().unwrap_or_default();
    let (emails, passwords) = (width(|person| person.email.as_str().len()), password.len().max(8));
    terminal::print_line(format_args!("{:<emails$}  {:<passwords$}  role", "email", "password"));
    for person in people {
        terminal::print_line(format_args!(
            "{:<emails$}  {password:<passwords$}  {}",
            person.email.as_str(),
            person.role.name()
        ));
    }
}

/// The URL of the workspace, and the header that names it where the URL does not.
fn address(config: &Config, slug: &Slug) -> (String, String) {
    let base = config.http.base_domain.as_str();
    if config.http.secure_cookies() {
        return (format!("https://{slug}.{base}"), String::new());
    }
    // Not every system resolves demo.localhost, so the header names the workspace.
    (format!("http://{base}:{}", port(config.http.listen)), format!("-H 'X-Workspace: {slug}' "))
}

/// The port for the example. With port 0 only the server knows where it listens; then the usual one is the better example.
fn port(listen: SocketAddr) -> u16 {
    if listen.port() == 0 { 8080 } else { listen.port() }
}

fn hint(header: &str) -> &'static str {
    if header.is_empty() { "" } else { " with the header X-Workspace" }
}

/// Quotes a text for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_a_quote_does_not_end_the_argument() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
