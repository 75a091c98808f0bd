//! A database that fails, under load and in quiet, on a Postgres of the test's own.
//!
//! Whoever asks meanwhile is told to try again, in time; whoever tries again after is answered rightly within seconds; what was
//! acknowledged is there once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests may panic as the tests do"
)]

mod claims;
mod client;
mod disk;
mod load;
mod postgres;
mod processes;

use diesel::connection::SimpleConnection;

use claims::{Fault, survives};
use postgres::OwnPostgres;

#[test]
fn a_postgres_that_is_killed_and_comes_back() {
    survives(
        OwnPostgres::start(),
        &Fault { begin: &OwnPostgres::kill, end: &OwnPostgres::restart, lasts: true },
    );
}

/// A fail-over looks like this to whoever was connected.
#[test]
fn connections_that_are_cut() {
    let fault = Fault { begin: &OwnPostgres::cut_connections, end: &|_| {}, lasts: false };
    survives(OwnPostgres::start(), &fault);
}

/// The connections stand and nothing comes over them, as with a machine that hangs.
#[test]
fn a_postgres_that_comes_to_a_halt() {
    survives(
        OwnPostgres::start(),
        &Fault { begin: &OwnPostgres::pause, end: &OwnPostgres::resume, lasts: true },
    );
}

#[test]
fn a_disk_that_is_full() {
    let (postgres, disk) = OwnPostgres::on_small_disk();
    let begin = |postgres: &mut OwnPostgres| disk.fill(postgres);
    let end = |postgres: &mut OwnPostgres| disk.make_room(postgres);
    survives(postgres, &Fault { begin: &begin, end: &end, lasts: true });
}

#[test]
fn a_postgres_that_refuses_connections() {
    let logins = |limit: i32| {
        format!(
            "ALTER ROLE belfort CONNECTION LIMIT {limit}; ALTER ROLE belfort_lane_0 CONNECTION LIMIT {limit}"
        )
    };
    let begin = |postgres: &mut OwnPostgres| {
        postgres.superuser().batch_execute(&logins(0)).unwrap();
        postgres.cut_connections();
    };
    let end = |postgres: &mut OwnPostgres| postgres.superuser().batch_execute(&logins(-1)).unwrap();
    survives(OwnPostgres::start(), &Fault { begin: &begin, end: &end, lasts: true });
}

#[test]
fn a_database_that_refuses_connections() {
    let allow = |postgres: &OwnPostgres, is_allowed: bool| {
        let sql = format!("ALTER DATABASE belfort ALLOW_CONNECTIONS {is_allowed}");
        postgres.superuser().batch_execute(&sql).unwrap();
    };
    let begin = |postgres: &mut OwnPostgres| {
        allow(postgres, false);
        postgres.cut_connections();
    };
    let end = |postgres: &mut OwnPostgres| allow(postgres, true);
    survives(OwnPostgres::start(), &Fault { begin: &begin, end: &end, lasts: true });
}

#[test]
fn a_postgres_whose_connections_are_all_taken() {
    let fault = Fault {
        begin: &OwnPostgres::take_connections,
        end: &OwnPostgres::give_connections_back,
        lasts: true,
    };
    survives(OwnPostgres::start(), &fault);
}
