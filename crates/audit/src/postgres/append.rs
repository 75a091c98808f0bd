//! Appending events.

use belfort_db::{Statement, Tenant};
use diesel::QueryResult;
use diesel::sql_types::Jsonb;
use serde_json::{Value, json};

use crate::event::{Actor, Event, Origin};

const APPEND: Statement = Statement::new("SELECT audit_append($1)");

/// Appends events to the history, in the transaction that `tx` is: they last when the change does, and only
/// then.
///
/// One statement for any number of events, none for none.
pub fn append(tx: &mut impl Tenant, origin: &Origin, events: &[Event]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = events.iter().map(|event| row(origin, event)).collect();
    tx.run(APPEND.bind::<Jsonb, _>(Value::Array(rows))).map(drop)
}

fn row(origin: &Origin, event: &Event) -> Value {
    let (actor_type, actor_id, actor_name) = match &origin.actor {
        Actor::User { id, name } => ("user", Some(id.uuid()), name),
        Actor::ApiKey { id, name } => ("api_key", Some(id.uuid()), name),
        Actor::System { name } => ("system", None, name),
    };
    json!({
        "id": event.id,
        "at": origin.at,
        "actor_type": actor_type,
        "actor_id": actor_id,
        "actor_name": actor_name,
        "request_id": origin.request_id,
        "ip": origin.ip,
        "resource": event.resource,
        "resource_id": event.resource_id,
        "action": event.action,
        "version": event.version,
        "changes": event.changes.to_json(),
    })
}
