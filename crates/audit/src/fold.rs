//! A row, made of its events again.

use serde_json::Value;

use crate::audited::Fields;
use crate::changes::Changes;
use crate::event::Event;

/// A row as its events tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its version; `None` where the events are older than versions in the history, and may lack fields.
    pub version: Option<i32>,
    /// Its audited fields.
    pub fields: Fields,
}

/// The part of an event that [`fold`] looks at.
#[derive(Debug, Clone, Copy)]
pub struct Step<'e> {
    /// The action.
    pub action: &'e str,
    /// The version that it left.
    pub version: Option<i32>,
    /// The fields that changed.
    pub changes: &'e Changes,
}

impl<'e> From<&'e Event> for Step<'e> {
    fn from(event: &'e Event) -> Self {
        Self { action: event.action, version: event.version, changes: &event.changes }
    }
}

/// The row after these events, the oldest first; `None` when it was not made yet or is gone.
///
/// `create` tells every field, `delete` ends the row, everything else tells the fields that differ. A change
/// of `tag_id` puts a tag into the list `tag_ids` or takes it out; what is told beside, as the tag's name at
/// the time, is no field of the row.
///
/// The row at version 3 is made of its events up to version 3: one change can be several events, all of one
/// version.
///
/// ```
/// use belfort_audit::{Step, fold};
/// use serde_json::json;
///
/// let changes = |changes| serde_json::from_value(changes);
/// let made = changes(json!([
///     { "field": "title", "from": null, "to": "Draft" },
///     { "field": "tag_ids", "from": null, "to": [] },
/// ]))?;
/// let tagged = changes(json!([
///     { "field": "tag_id", "from": null, "to": "0198" },
///     { "field": "tag", "from": null, "to": "urgent" },
/// ]))?;
/// let steps = [
///     Step { action: "create", version: Some(1), changes: &made },
///     Step { action: "tag_added", version: Some(2), changes: &tagged },
/// ];
/// let row = fold(steps).expect("it was made");
/// assert_eq!(row.version, Some(2));
/// assert_eq!(row.fields.get("tag_ids"), Some(&json!(["0198"])));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn fold<'e, E: Into<Step<'e>>>(events: impl IntoIterator<Item = E>) -> Option<Snapshot> {
    events.into_iter().fold(None, |row, event| after(row, event.into()))
}

fn after(row: Option<Snapshot>, Step { action, version, changes }: Step<'_>) -> Option<Snapshot> {
    match action {
        "delete" => None,
        "create" => {
            let fields = changes.iter().fold(Fields::new(), |row, c| row.with(&c.field, &c.to));
            Some(Snapshot { version, fields })
        }
        _ => {
            let mut row = row?;
            row.version = version.or(row.version);
            for change in changes {
                if let Some(value) = row.fields.get_mut(&change.field) {
                    value.clone_from(&change.to);
                } else if let Some(Value::Array(list)) = row.fields.get_mut(&format!("{}s", change.field)) {
                    relist(list, &change.from, &change.to);
                }
            }
            Some(row)
        }
    }
}

/// Takes `gone` out of a list of ids, and puts `new` in at its place; null is neither.
fn relist(list: &mut Vec<Value>, gone: &Value, new: &Value) {
    list.retain(|id| id != gone && id != new);
    if !new.is_null() {
        let place = list.partition_point(|id| id.as_str() < new.as_str());
        list.insert(place, new.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use belfort_ids::UserId;
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::audited::Audited;
    use crate::event::{Actor, Origin};

    #[derive(Debug, Clone, PartialEq)]
    struct Boat {
        name: String,
        berth: Option<u8>,
        crew_ids: BTreeSet<Uuid>,
        version: i32,
    }

    impl Audited for Boat {
        const RESOURCE: &'static str = "boats";

        fn id(&self) -> Uuid {
            Uuid::nil()
        }

        fn version(&self) -> i32 {
            self.version
        }

        fn fields(&self) -> Fields {
            Fields::new().with("name", &self.name).with("berth", self.berth).with("crew_ids", &self.crew_ids)
        }
    }

    fn origin() -> Origin {
        let actor = Actor::User { id: UserId::new(DateTime::UNIX_EPOCH), name: "Ada".into() };
        Origin { actor, at: DateTime::UNIX_EPOCH, request_id: "request-1".into(), ip: None }
    }

    fn signed(boat: &Boat, who: Uuid, on: bool) -> Event {
        let mut changes = Changes::default();
        if on {
            changes.set("crew_id", who).set("name_of_crew", "Ada");
            Event::of(&origin(), boat, "crew_added", changes)
        } else {
            changes.gone("crew_id", who).gone("name_of_crew", "Ada");
            Event::of(&origin(), boat, "crew_removed", changes)
        }
    }

    fn boats() -> impl Strategy<Value = Vec<Boat>> {
        let boat = ("[ab]{0,2}", any::<Option<bool>>(), prop::collection::btree_set(0_u128..4, 0..4));
        let boat = boat.prop_map(|(name, berth, crew)| Boat {
            name,
            berth: berth.map(u8::from),
            crew_ids: crew.into_iter().map(Uuid::from_u128).collect(),
            version: 0,
        });
        prop::collection::vec(boat, 1..8)
    }

    proptest! {
        #[test]
        fn a_row_is_what_its_events_make_of_it_at_every_version(mut states in boats()) {
            let mut events = Vec::new();
            for (version, boat) in (1..).zip(&mut states) {
                boat.version = version;
            }
            events.push(Event::created(&origin(), &states[0]));
            for pair in states.windows(2) {
                let changes = Changes::between(&pair[0].fields(), &pair[1].fields()).without(&["crew_ids"]);
                events.push(Event::of(&origin(), &pair[1], "update", changes));
                events.extend(pair[0].crew_ids.difference(&pair[1].crew_ids).map(|id| signed(&pair[1], *id, false)));
                events.extend(pair[1].crew_ids.difference(&pair[0].crew_ids).map(|id| signed(&pair[1], *id, true)));
            }
            for boat in &states {
                let until = events.iter().filter(|event| event.version <= Some(boat.version));
                prop_assert_eq!(fold(until), Some(Snapshot { version: Some(boat.version), fields: boat.fields() }));
            }
            events.push(Event::deleted(&origin(), states.last().unwrap()));
            prop_assert_eq!(fold(&events), None);
            prop_assert_eq!(fold(&events[1..]), None, "what was never made is nothing");
        }

        #[test]
        fn an_update_is_an_event_exactly_when_a_field_differs(states in boats()) {
            for pair in states.windows(2) {
                let event = Event::updated(&origin(), &pair[0], &pair[1]);
                prop_assert_eq!(event.is_some(), pair[0].fields() != pair[1].fields());
            }
        }
    }
}
