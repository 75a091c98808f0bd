//! The history in Postgres: what the tenant's role can do with it, and what not.

use belfort_audit::postgres::{Filter, append, history_of, list};
use belfort_audit::{Actor, Changes, Event, Fields, Origin, fold};
use belfort_db::{Queries, Statement};
use belfort_ids::{ApiKeyId, TaskId, UserId};
use belfort_testkit::{Database, now};
use diesel::sql_types::Jsonb;
use serde_json::json;

fn origin() -> Origin {
    let actor = Actor::User { id: UserId::new(now()), name: "Ada".into() };
    Origin { actor, at: now(), request_id: "request-1".into(), ip: Some([192, 0, 2, 7].into()) }
}

fn event(origin: &Origin, task: TaskId, title: &str) -> Event {
    let mut changes = Changes::default();
    changes.set("title", title);
    Event::new(origin, "tasks", task.uuid(), "create", changes)
}

#[test]
fn events_come_back_newest_first_as_they_went_in() {
    let db = Database::new();
    let tenant = db.tenant();
    let origin = origin();
    let (one, other) = (TaskId::new(now()), TaskId::new(now()));
    let mut tx = tenant.begin();
    append(&mut tx, &origin, &[event(&origin, one, "first"), event(&origin, other, "second")]).unwrap();
    append(&mut tx, &origin, &[event(&origin, one, "third 'quoted' \u{1F512}")]).unwrap();
    tx.commit().unwrap();

    let mut tx = tenant.begin();
    let all = list(&mut tx, Filter::default(), None, 10).unwrap();
    let titles: Vec<_> = all.iter().map(|e| e.changes.iter().next().unwrap().to.as_str().unwrap()).collect();
    assert_eq!(titles, ["third 'quoted' \u{1F512}", "second", "first"]);
    let first = all.last().unwrap();
    assert_eq!(
        (first.at, first.ip.as_deref(), first.request_id.as_str()),
        (now(), Some("192.0.2.7"), "request-1")
    );
    assert_eq!((first.actor_type.as_str(), first.actor_name.as_str()), ("user", "Ada"));
    let page = list(&mut tx, Filter::default(), Some(all[0].seq), 1).unwrap();
    assert_eq!(page[0].seq, all[1].seq);
    assert_eq!(history_of(&mut tx, "tasks", one.uuid(), None, 10).unwrap().len(), 2);
    assert!(history_of(&mut tx, "comments", one.uuid(), None, 10).unwrap().is_empty());
}

#[test]
fn the_actor_is_a_user_a_key_or_the_system() {
    let db = Database::new();
    let tenant = db.tenant();
    let key = ApiKeyId::new(now());
    let mut tx = tenant.begin();
    for (actor, of_type, id) in [
        (Actor::ApiKey { id: key, name: "Import".into() }, "api_key", Some(key.uuid())),
        (Actor::System { name: "Import".into() }, "system", None),
    ] {
        let origin = Origin { actor, ..origin() };
        append(&mut tx, &origin, &[event(&origin, TaskId::new(now()), "told")]).unwrap();
        let told = list(&mut tx, Filter::default(), None, 1).unwrap().remove(0);
        assert_eq!(
            (told.actor_type.as_str(), told.actor_id, told.actor_name.as_str()),
            (of_type, id, "Import")
        );
    }
}

#[test]
fn the_version_is_kept_and_may_be_absent() {
    let db = Database::new();
    let tenant = db.tenant();
    let (origin, task) = (origin(), TaskId::new(now()));
    let versions = [Some(1), Some(i32::MAX), None];
    let events = versions.map(|version| Event { version, ..event(&origin, task, "x") });
    let mut tx = tenant.begin();
    append(&mut tx, &origin, &events).unwrap();
    let mut told = history_of(&mut tx, "tasks", task.uuid(), None, 10).unwrap();
    told.reverse();
    assert_eq!(told.iter().map(|event| event.version).collect::<Vec<_>>(), versions);
    let row = fold(&told).unwrap();
    assert_eq!((row.version, row.fields), (None, Fields::new().with("title", "x")));
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_left_out() {
    const APPEND: Statement = Statement::new("SELECT audit_append($1)");
    let db = Database::new();
    let tenant = db.tenant();
    let event = json!([{
        "id": TaskId::new(now()), "at": now(), "actor_type": "system", "actor_name": "x", "request_id": "x",
        "resource": "tasks", "resource_id": TaskId::new(now()), "action": "update", "changes": [{"field": "title"}],
    }]);
    let mut tx = tenant.begin();
    tx.run(APPEND.bind::<Jsonb, _>(event)).unwrap();
    let error = list(&mut tx, Filter::default(), None, 10).unwrap_err();
    assert!(error.to_string().contains("missing field `from`"), "{error}");
}

#[test]
fn an_event_goes_with_the_change_it_tells_of() {
    let db = Database::new();
    let tenant = db.tenant();
    let origin = origin();
    let mut tx = tenant.begin();
    append(&mut tx, &origin, &[event(&origin, TaskId::new(now()), "undone")]).unwrap();
    drop(tx);
    assert!(list(&mut tenant.begin(), Filter::default(), None, 10).unwrap().is_empty());
}

#[test]
fn the_tenants_role_reads_and_appends_and_cannot_change_remove_or_forge() {
    const INSERT: Statement = Statement::new(
        "INSERT INTO audit_events (id, at, actor_type, actor_name, request_id, resource, resource_id, action, changes)
         SELECT id, at, actor_type, actor_name, request_id, resource, resource_id, action, changes FROM audit_events",
    );
    let db = Database::new();
    let tenant = db.tenant();
    let origin = origin();
    let mut tx = tenant.begin();
    append(&mut tx, &origin, &[event(&origin, TaskId::new(now()), "kept")]).unwrap();
    tx.commit().unwrap();
    for (what, attempt) in [
        ("change", Statement::<()>::new("UPDATE audit_events SET actor_name = 'somebody else'")),
        ("remove", Statement::new("DELETE FROM audit_events")),
        ("forge", INSERT),
        ("rewind", Statement::new("SELECT setval('audit_events_seq_seq', 1)")),
    ] {
        let error = tenant.begin().run(attempt).unwrap_err();
        assert!(error.to_string().starts_with("permission denied"), "{what}: {error}");
    }
    for attempt in
        ["TRUNCATE audit_events", "DROP TABLE audit_events", "ALTER TABLE audit_events DISABLE TRIGGER ALL"]
    {
        let error = tenant.begin().run(diesel::dsl::sql::<diesel::sql_types::Bool>(attempt)).unwrap_err();
        assert!(
            error.to_string().contains("permission denied") || error.to_string().contains("must be owner"),
            "{error}"
        );
    }
    assert_eq!(list(&mut tenant.begin(), Filter::default(), None, 10).unwrap().len(), 1);
}
