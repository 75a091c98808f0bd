//! Behind the server's back: what a superuser finds in the database, and puts there.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::harness::{Client, Server};

impl Server {
    /// The one column of a query's rows, as text.
    pub(crate) fn sql(&self, query: &str) -> Vec<String> {
        diesel::dsl::sql::<Text>(query).load(&mut self.db.superuser()).unwrap()
    }

    /// Everything in the tables that `condition` names by `pg_class`, a text for each, to compare and to search in. A
    /// `bytea` is shown in hexadecimal digits.
    pub(crate) fn contents(&self, condition: &str) -> Vec<String> {
        let tables = self.sql(&format!(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND ({condition}) ORDER BY 1"
        ));
        let rows = |table: String| {
            self.sql(&format!("SELECT row_to_json(t)::text FROM {table} t ORDER BY 1")).join("\n")
        };
        tables.into_iter().map(rows).collect()
    }

    /// Runs statements that no server would.
    pub(crate) fn meddle(&self, statements: &str) {
        self.db.superuser().batch_execute(statements).unwrap();
    }

    /// The schema of a workspace.
    pub(crate) fn schema(&self, slug: &str) -> String {
        let query =
            format!("SELECT 't_' || replace(id::text, '-', '') FROM public.tenants WHERE slug = '{slug}'");
        self.sql(&query).pop().unwrap()
    }

    /// A role of the workspace's own with these permissions; its id.
    pub(crate) fn custom_role(&self, slug: &str, name: &str, permissions: &[&str]) -> String {
        let (schema, lines) = (self.schema(slug), permissions.join("\",\""));
        self.meddle(&format!(
            "INSERT INTO {schema}.roles (id, name, is_builtin, permissions, created_at, updated_at)
             VALUES (gen_random_uuid(), '{name}', false, '{{\"{lines}\"}}', now(), now())"
        ));
        self.sql(&format!("SELECT id::text FROM {schema}.roles WHERE name = '{name}'")).pop().unwrap()
    }

    /// The active, joined admins of a workspace.
    pub(crate) fn admins(&self, slug: &str) -> Vec<String> {
        let schema = self.schema(slug);
        self.sql(&format!(
            "SELECT m.user_id::text FROM {schema}.members m JOIN {schema}.roles r ON r.id = m.role_id
             WHERE r.name = 'admin' AND m.is_active AND m.joined_at IS NOT NULL ORDER BY 1"
        ))
    }
}

impl Client {
    /// The id of what was made.
    pub(crate) fn make(&self, path: &str, body: &serde_json::Value) -> String {
        self.post(path, body).expect(201)["id"].as_str().unwrap().to_owned()
    }
}

/// An id that no row has.
pub(crate) const NOWHERE: &str = "01980000-0000-7000-8000-000000000000";

/// The ids of rows, in order.
pub(crate) fn ids(rows: &[serde_json::Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Runs the same thing on so many threads, all beginning at once.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(threads);
    let (start, work) = (&start, &work);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|i| {
                scope.spawn(move || {
                    start.wait();
                    work(i)
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}
