//! The settings of the database.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use belfort_auth::Limit;
use belfort_tenancy::postgres::DatabaseUrl;

use super::Reader;

/// The settings of the database.
#[derive(Debug)]
pub(crate) struct Database {
    /// `BELFORT_DATABASE_URL`: `postgres://user:password@host:port/database`, of a user who owns that database and has
    /// CREATEROLE. Default: a private Postgres in the data directory.
    pub(crate) url: Option<DatabaseUrl>,
    /// `BELFORT_UNHARDENED_DATABASE`: `accepted` lets a production server start on a database where SQL injected into one
    /// workspace's query could reach another. Default: it does not start.
    pub(crate) accepts_unhardened: bool,
    /// `BELFORT_PG_BIN`: the directory of `initdb` and `postgres` for the private Postgres. Default: they are looked for.
    pub(crate) pg_bin: Option<PathBuf>,
    /// `PATH`, where they are looked for first.
    pub(crate) path: Option<OsString>,
    /// `BELFORT_POOL_SIZE`: the number of requests that can be in the database at once, 1 to 500. Default: twelve for
    /// each core up to 60, and at most 80 with the private Postgres. One workspace alone gets half of them.
    pub(crate) pool_size: u32,
    /// `BELFORT_DATABASE_TIMEOUT`: the time in which the database answers a request, or the client gets 503. A statement in a
    /// workspace has two thirds of it, a wait for a lock one third. Default `15s`, at most `1h`.
    pub(crate) timeout: Duration,
    /// `BELFORT_SPARES`: the number of tenants built in advance, 0 to 1000. Default 0.
    pub(crate) spares: u32,
}

/// The largest pool on the private Postgres. It has 100 connections, some of which other processes and the control schema need.
const PRIVATE_MAX: u32 = 80;

/// The longest time that the database may be given to answer a request.
const TIMEOUT_MAX: Duration = Duration::from_hours(1);

/// The connections for each core, where nobody says how many in all.
const PER_CORE: u32 = 12;

/// The most connections where nobody says how many: a Postgres as it comes has 100, for two processes of ours or for what else uses it.
const DEFAULT_MAX: u32 = 60;

impl Database {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.secret("BELFORT_DATABASE_URL", DatabaseUrl::parse, |_, url| url.to_string());
        if !reader.is_set("BELFORT_DATABASE_URL") {
            reader.require(
                "BELFORT_DATABASE_URL",
                "write postgres://user:password@host/database, of a user who owns the database and has CREATEROLE",
            );
        }
        let accepted = reader.read("BELFORT_UNHARDENED_DATABASE", |text| match text {
            "accepted" => Ok(()),
            _ => Err("write `accepted`, or leave it out; `belfort harden` says what it is about"),
        });
        let pg_bin = reader.read("BELFORT_PG_BIN", |text| Ok::<_, &str>(PathBuf::from(text)));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool_size = reader
            .read_or("BELFORT_POOL_SIZE", &default_pool(cores).to_string(), |text| number(text, 1, 500));
        if url.is_none() && pool_size.is_some_and(|size| size > PRIVATE_MAX) {
            reader.problem(format!("BELFORT_POOL_SIZE: at most {PRIVATE_MAX} with the private Postgres"));
        }
        let timeout = reader.read_or("BELFORT_DATABASE_TIMEOUT", "15s", |text| {
            let known = Limit::parse(&format!("1/{text}")).ok();
            let time = known.and_then(|limit| limit.per().to_std().ok());
            time.filter(|time| *time <= TIMEOUT_MAX).ok_or("write a time such as 15s or 1m, up to 1h")
        });
        let spares = reader.read_or("BELFORT_SPARES", "0", |text| number(text, 0, 1000));
        let path = reader.raw("PATH").map(OsString::from);
        Some(Self {
            url,
            accepts_unhardened: accepted.is_some(),
            pg_bin,
            path,
            pool_size: pool_size?,
            timeout: timeout?,
            spares: spares?,
        })
    }
}

/// The connections where nobody says how many. More at once do not serve more requests, they let each wait longer: on two cores, 16 and
/// 8 at once serve the same within 2 %, and with 16 the slowest of a hundred takes twice as long. One user alone gets a third: 8 of 24.
fn default_pool(cores: usize) -> u32 {
    u32::try_from(cores).map_or(DEFAULT_MAX, |cores| cores.saturating_mul(PER_CORE).min(DEFAULT_MAX))
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("write a number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_grows_with_the_cores_as_far_as_postgres_goes() {
        assert_eq!([1, 2, 8, 20, 64, usize::MAX].map(default_pool), [12, 24, 60, 60, 60, 60]);
    }
}
