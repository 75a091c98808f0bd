//! The claims about every fault.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Request, Verdict};
use super::load::Load;
use super::postgres::OwnPostgres;
use crate::support::{Sandbox, Server};

/// The longest wait for an honest request to be right again after a fault. It takes less than 5 s, which is printed; a machine that is
/// busy with other tests may take longer.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

const PASSWORD: &str = "correct horse";

/// A fault: what begins it, what ends it, and whether it lasts between the two.
pub(super) struct Fault<'f> {
    pub(super) begin: &'f dyn Fn(&mut OwnPostgres),
    pub(super) end: &'f dyn Fn(&mut OwnPostgres),
    pub(super) lasts: bool,
}

/// A server and its Postgres.
struct Stage {
    sandbox: Sandbox,
    server: Server,
    postgres: OwnPostgres,
    login: Value,
    client: Client,
}

/// Panics unless the server survives the fault, in quiet and under load.
pub(super) fn survives(postgres: OwnPostgres, fault: &Fault<'_>) {
    let mut stage = Stage::new(postgres);
    stage.in_quiet(fault);
    stage.under_load(fault);
    assert_eq!(stage.server.get("/readyz"), 200);
    assert!(!stage.sandbox.log().contains("panicked"), "{}", stage.sandbox.log());
    assert_eq!(stage.server.stop().code(), Some(0));
}

impl Stage {
    fn new(postgres: OwnPostgres) -> Self {
        let sandbox = Sandbox::new();
        let url = postgres.owner_url();
        let variables = [("BELFORT_DATABASE_URL", url.as_str()), ("BELFORT_DATABASE_TIMEOUT", "3s")];
        let made = sandbox.run(&["demo", "--slug", "demo", "--password", PASSWORD], &variables);
        let made = crate::support::stdout(&made);
        let admin = made.lines().find(|line| line.ends_with("admin")).unwrap_or_else(|| panic!("{made}"));
        let login = json!({ "email": admin.split_whitespace().next(), "password": PASSWORD });
        let server = sandbox.serve_with(&variables);
        let client = Client::log_in(server.address, "demo", &login);
        Self { sandbox, server, postgres, login, client }
    }

    /// Nobody else asks anything, so nobody else finds a dead connection first.
    fn in_quiet(&mut self, fault: &Fault<'_>) {
        // Any of them may be the first to come after it. One that lasts is tried with the two that meet Postgres differently.
        let rounds = if fault.lasts { 2 } else { self.requests().len() };
        for first in 0..rounds {
            assert!(self.all_are_right(), "before the fault");
            (fault.begin)(&mut self.postgres);
            if fault.lasts && first == 0 {
                self.all_are_answered();
            }
            (fault.end)(&mut self.postgres);
            let ended = Instant::now();
            // It alone, since another may mend what it would find broken.
            while !self.is_right(first) || !self.all_are_right() {
                assert!(ended.elapsed() < PATIENCE, "no request is right again; {}", self.sandbox.log());
            }
            println!("in quiet, all are right again after {:?}", ended.elapsed());
            assert!(self.all_are_right(), "they were right, and are not any more; {}", self.sandbox.log());
        }
    }

    fn under_load(&mut self, fault: &Fault<'_>) {
        let load = Load::new(self.client.clone());
        load.run(|load| {
            load.until_each_is_right();
            for _ in 0..if fault.lasts { 1 } else { 5 } {
                (fault.begin)(&mut self.postgres);
                if fault.lasts {
                    load.until_some_are_busy();
                }
                (fault.end)(&mut self.postgres);
                load.until_each_is_right_again();
            }
        });
        load.nothing_is_lost_or_doubled();
    }

    /// All at once, as each may take until its time is up.
    fn all_are_answered(&self) {
        let calls = self
            .requests()
            .map(|(client, status, request)| std::thread::spawn(move || client.try_for(status, &request)));
        for call in calls {
            self.not_wrong(&call.join().unwrap());
        }
    }

    fn all_are_right(&self) -> bool {
        (0..self.requests().len()).all(|index| self.is_right(index))
    }

    fn is_right(&self, index: usize) -> bool {
        let (client, status, request) = &self.requests()[index];
        let verdict = client.try_for(*status, request);
        self.not_wrong(&verdict);
        verdict == Verdict::Right
    }

    fn not_wrong(&self, verdict: &Verdict) {
        assert!(!matches!(verdict, Verdict::Wrong(_)), "{verdict:?} {}", self.sandbox.log());
    }

    /// One looks for a workspace that nobody has asked for: there the cache has nothing, as after a while.
    fn requests(&self) -> [(Client, u16, Request); 4] {
        let nowhere = Client { workspace: "nowhere", ..self.client.clone() };
        let anonymous = Client { token: String::new(), ..self.client.clone() };
        let login = Request("POST", "/api/v1/auth/login".into(), None, Some(self.login.clone()));
        [
            (self.client.clone(), 200, Request::get("/api/v1/me")),
            (nowhere, 404, Request::get("/api/v1/me")),
            (anonymous, 200, login),
            (self.client.clone(), 201, Request::create_task("in quiet")),
        ]
    }
}
