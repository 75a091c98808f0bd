//! `belfort harden`.

use belfort_tenancy::postgres::{Exposure, harden, inspect};

use super::CommandResult;
use crate::config::{Config, Environment};
use crate::runtime::open_database;
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Run the SQL instead of printing it, as far as the login of `BELFORT_DATABASE_URL` may
    #[arg(long)]
    apply: bool,
}

/// The reason why the database is not hardened.
#[derive(Debug, thiserror::Error)]
enum HardenError {
    #[error(
        "the login of BELFORT_DATABASE_URL may not close everything. Still open: {}. A superuser can: run `belfort harden` \
         and give them what it prints, or run `belfort harden --apply` once with a superuser's URL in BELFORT_DATABASE_URL",
        named(.0)
    )]
    Left(Vec<Exposure>),
}

pub(super) fn run(args: Args, environment: Environment<'_>) -> CommandResult {
    let config = Config::load(environment)?;
    let (_postgres, url) = open_database(&config)?;
    let open = inspect(&url)?;
    if open.is_empty() {
        terminal::print_line("-- The database is hardened: there is nothing to do.");
        return Ok(());
    }
    if args.apply {
        let left = harden(&url)?;
        if !left.is_empty() {
            return Err(HardenError::Left(left).into());
        }
        terminal::print_line(format_args!("Closed what was open to everybody: {}.", named(&open)));
        terminal::print_line("A new cluster and pg_upgrade open it again: run this again then.");
        return Ok(());
    }
    terminal::print_line(format_args!(
        "-- To be run by a superuser in {url}. A new cluster and pg_upgrade undo it: run it again then."
    ));
    for exposure in open {
        terminal::print_line(exposure.close);
    }
    Ok(())
}

/// The first of what is open, by name, and the number of the rest.
pub(super) fn named(open: &[Exposure]) -> String {
    const SHOWN: usize = 6;
    let shown = open.iter().take(SHOWN).map(|exposure| exposure.what.as_str()).collect::<Vec<_>>().join("; ");
    match open.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        let open = |count: usize| -> Vec<_> {
            (0..count).map(|n| Exposure { what: format!("f{n}()"), close: String::new() }).collect()
        };
        assert_eq!(named(&open(2)), "f0(); f1()");
        assert_eq!(named(&open(6)), "f0(); f1(); f2(); f3(); f4(); f5()");
        assert_eq!(named(&open(8)), "f0(); f1(); f2(); f3(); f4(); f5(); and 2 more");
    }
}
