//! The history of users, teams, roles, invitations and the workspace: every row can be made of its events again.

use belfort_audit::postgres::{Filter, StoredEvent, list};
use belfort_audit::{Audited, Change, Snapshot, fold};
use belfort_ids::{TeamId, UserId};
use belfort_policy::{BuiltIn, VOCABULARY, Workspace};
use belfort_rbac::{Permissions, Update};
use belfort_workspace::invitations::{self, NewInvitation};
use belfort_workspace::roles::{self, NewRole, RolePatch};
use belfort_workspace::teams::{self, NewTeam, TeamPatch};
use belfort_workspace::tenant::{self, WorkspacePatch};
use belfort_workspace::users::{self, NewUser, UserPatch};
use belfort_workspace::{Caller, RoleName, TeamName, WorkspaceName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, email, grant, name, origin};

impl World {
    /// The events of one row, the oldest first.
    fn history(&self, id: Uuid) -> Vec<StoredEvent> {
        let filter = Filter { resource_id: Some(id), ..Filter::default() };
        let mut events = list(&mut self.begin(), filter, None, 99).unwrap();
        events.reverse();
        events
    }

    fn team(&self, by: &Caller, team: &str, member_ids: Vec<UserId>) -> TeamId {
        let new = NewTeam { name: TeamName::parse(team).unwrap(), member_ids };
        self.act(|tx| teams::create(tx, &grant(by), &by.principal, &origin(by), new)).unwrap().id
    }
}

fn assert_folds(events: &[StoredEvent], row: &impl Audited) {
    let expected = Snapshot { version: Some(row.version()), fields: row.fields() };
    assert_eq!(fold(events), Some(expected));
}

fn told(events: &[StoredEvent]) -> Vec<(&str, Option<i32>)> {
    events.iter().map(|event| (event.action.as_str(), event.version)).collect()
}

/// The fields of an event, with what they were or what they became.
fn fields(event: &StoredEvent, of: fn(&Change) -> &Value) -> Vec<(&str, &Value)> {
    event.changes.iter().map(|change| (change.field.as_str(), of(change))).collect()
}

#[test]
fn a_user_is_made_of_their_events_again() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let team = world.team(&admin, "One", vec![]);
    let new = NewUser {
        email: email("bob"),
        full_name: name("Bob"),
        role_id: world.role(BuiltIn::Guest),
        is_active: true,
        team_ids: vec![],
    };
    let bob =
        world.act(|tx| users::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap();
    assert_folds(&world.history(bob.id.uuid()), &bob);
    let patch = UserPatch { is_active: Some(false), team_ids: Some(vec![team]), ..UserPatch::default() };
    let after = world.update(&admin, bob.id, &patch).unwrap();
    assert_folds(&world.history(bob.id.uuid()), &after);
    world.delete(&admin, bob.id).unwrap();
    let events = world.history(bob.id.uuid());
    assert_eq!(told(&events), [("create", Some(1)), ("update", Some(2)), ("delete", Some(3))]);
    assert_eq!(fold(&events), None);
    // Every field as it was: nothing else tells any more.
    let gone = fields(&events[2], |change| &change.from);
    assert_eq!(
        gone,
        [
            ("email", &json!("bob@example.be")),
            ("full_name", &json!("Bob")),
            ("role_id", &json!(bob.role_id)),
            ("is_active", &json!(false)),
            ("team_ids", &json!([team])),
        ]
    );
}

#[test]
fn a_team_is_made_of_its_events_again() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let id = world.team(&admin, "One", vec![world.admin]);
    let patch = TeamPatch { name: Some(TeamName::parse("Uno").unwrap()), member_ids: Some(vec![]) };
    let after = world
        .act(|tx| teams::update(tx, &grant(&admin), &admin.principal, &origin(&admin), id, None, patch))
        .unwrap();
    assert_folds(&world.history(id.uuid()), &after);
    world.act(|tx| teams::delete(tx, &grant(&admin), &origin(&admin), id, None)).unwrap();
    let events = world.history(id.uuid());
    assert_eq!(told(&events), [("create", Some(1)), ("update", Some(2)), ("delete", Some(3))]);
    assert_eq!(
        fields(&events[0], |change| &change.to),
        [("name", &json!("One")), ("member_ids", &json!([world.admin]))]
    );
}

#[test]
fn a_role_is_made_of_its_events_again() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let (by, origin) = (&admin.principal, origin(&admin));
    let permissions = Permissions::parse(&VOCABULARY, [("tasks", "read", "own")]).unwrap();
    let new = NewRole { name: RoleName::parse("Baker").unwrap(), permissions };
    let role = world.act(|tx| roles::create(tx, &grant(&admin), by, &origin, new)).unwrap();
    let patch = RolePatch { name: Some(RoleName::parse("Miller").unwrap()), permissions: None };
    world.act(|tx| roles::update(tx, &grant(&admin), by, &origin, role.id, None, patch)).unwrap();
    let events = world.history(role.id.uuid());
    let snapshot = fold(&events).unwrap();
    assert_eq!((snapshot.version, snapshot.fields.get("name")), (Some(2), Some(&json!("Miller"))));
    assert_eq!(snapshot.fields.get("permissions"), Some(&json!(["tasks read own"])));
    world.act(|tx| roles::delete(tx, &grant(&admin), by, &origin, role.id, None)).unwrap();
    let events = world.history(role.id.uuid());
    assert_eq!(told(&events), [("create", Some(1)), ("update", Some(2)), ("delete", Some(3))]);
}

#[test]
fn the_workspace_is_made_of_its_events_again() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let patch = WorkspacePatch { name: Some(WorkspaceName::parse("Difference Engines").unwrap()) };
    let permission = grant::<Workspace, Update>(&admin);
    world.act(|tx| tenant::update(tx, &permission, &origin(&admin), None, patch)).unwrap();
    let events = world.history(world.tenant.id.uuid());
    assert_eq!(told(&events), [("create", Some(1)), ("update", Some(2))]);
    let snapshot = fold(&events).unwrap();
    assert_eq!(snapshot.version, Some(2));
    let told: Vec<_> = snapshot.fields.iter().collect();
    assert_eq!(told, [("name", &json!("Difference Engines")), ("slug", &json!("engines"))]);
}

#[test]
fn an_invitation_tells_of_itself_but_not_its_token() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let (by, origin) = (&admin.principal, origin(&admin));
    let new = NewInvitation {
        email: email("bob"),
        full_name: None,
        role_id: world.role(BuiltIn::Guest),
        team_ids: vec![],
    };
    let issued = world.act(|tx| invitations::create(tx, &grant(&admin), by, &origin, new)).unwrap();
    let id = issued.invitation.id;
    let mut later = origin.clone();
    later.at += chrono::Duration::hours(1);
    let resent = world.act(|tx| invitations::resend(tx, &grant(&admin), by, &later, id)).unwrap();
    world.act(|tx| invitations::revoke(tx, &grant(&admin), by, &origin, id, None)).unwrap();
    let events = world.history(id.uuid());
    let actions = [("invited", Some(1)), ("invitation_resent", Some(2)), ("invitation_revoked", Some(3))];
    assert_eq!(told(&events), actions);
    let names = ["email", "full_name", "role_id", "team_ids", "invited_by_id", "expires_at"];
    for whole in [&events[0], &events[2]] {
        assert_eq!(whole.changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), names);
    }
    let expiry = (&json!(issued.invitation.expires_at), &json!(resent.invitation.expires_at));
    let [change] = events[1].changes.iter().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((change.field.as_str(), (&change.from, &change.to)), ("expires_at", expiry));
    for token in [issued.token, resent.token] {
        assert!(!format!("{events:?}").contains(token.reveal()));
    }
}
