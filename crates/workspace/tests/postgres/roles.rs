//! Roles: who may make and change which, and that no sequence of it confers what nobody in it holds.

use std::collections::{BTreeMap, BTreeSet};

use belfort_audit::postgres::{Filter, list as history};
use belfort_ids::{RoleId, UserId};
use belfort_policy::VOCABULARY;
use belfort_rbac::{Permissions, Read};
use belfort_workspace::invitations::{self, NewInvitation};
use belfort_workspace::roles::{self, NewRole, Role, RoleError, RolePatch};
use belfort_workspace::users::UserPatch;
use belfort_workspace::{Caller, RoleName};
use serde_json::json;

use crate::world::{World, email, grant, hash, name, origin, race, source};

fn permissions(lines: &[&str]) -> Permissions {
    let words = lines.iter().map(|line| {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap();
        (word(), word(), word())
    });
    Permissions::parse(&VOCABULARY, words).unwrap()
}

fn role_name(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

impl World {
    fn make(&self, by: &Caller, name: &str, permissions: &Permissions) -> Result<Role, RoleError> {
        let new = NewRole { name: role_name(name), permissions: permissions.clone() };
        self.act(|tx| roles::create(tx, &grant(by), &by.principal, &origin(by), new))
    }

    fn edit(
        &self,
        by: &Caller,
        id: RoleId,
        patch: &RolePatch,
        expected: Option<i32>,
    ) -> Result<Role, RoleError> {
        self.act(|tx| roles::update(tx, &grant(by), &by.principal, &origin(by), id, expected, patch.clone()))
    }

    fn drop_role(&self, by: &Caller, id: RoleId, expected: Option<i32>) -> Result<(), RoleError> {
        self.act(|tx| roles::delete(tx, &grant(by), &by.principal, &origin(by), id, expected))
    }
}

fn permit(lines: &[&str]) -> RolePatch {
    RolePatch { name: None, permissions: Some(permissions(lines)) }
}

#[test]
fn a_change_is_told_line_by_line_and_counted() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let role = world.make(&admin, "Baker", &permissions(&["tasks read own", "tags read all"])).unwrap();
    let patch = RolePatch { name: Some(role_name("Miller")), ..permit(&["tasks read team"]) };
    let after = world.edit(&admin, role.id, &patch, Some(1)).unwrap();
    let events = world.events();
    // What changes nothing is not told.
    for patch in [RolePatch::default(), patch] {
        assert_eq!(world.edit(&admin, role.id, &patch, Some(2)).unwrap(), after);
    }
    assert_eq!(world.events(), events);
    assert_eq!((after.version, after.permissions.lines()), (2, vec!["tasks read team".to_owned()]));
    let told = history(&mut world.begin(), Filter::default(), None, 1).unwrap();
    assert_eq!(
        told[0].changes.to_json(),
        json!([
            {"field": "name", "from": "Baker", "to": "Miller"},
            {"field": "permissions", "from": ["tags read all", "tasks read own"], "to": ["tasks read team"]},
        ])
    );
    assert!(matches!(world.edit(&admin, role.id, &RolePatch::default(), Some(1)), Err(RoleError::Stale)));
    assert!(matches!(world.drop_role(&admin, role.id, Some(1)), Err(RoleError::Stale)));
    world.drop_role(&admin, role.id, Some(2)).unwrap();
    assert!(matches!(world.drop_role(&admin, role.id, None), Err(RoleError::NotFound)));
    let mut tx = world.begin();
    assert_eq!(roles::count(&mut tx, &grant(&admin)).unwrap(), 4);
    assert!(roles::get(&mut tx, &grant(&admin), role.id).unwrap().is_none());
}

#[test]
fn a_line_of_another_version_of_the_program_is_kept_until_the_lines_are_set() {
    use belfort_db::{Queries, Statement};
    use diesel::sql_types::{Array, Text, Uuid};
    const ADD: Statement = Statement::new("UPDATE roles SET permissions = permissions || $1 WHERE id = $2");
    const LINES: Statement<Array<Text>> = Statement::new("SELECT permissions FROM roles WHERE id = $1");
    let world = World::new();
    let admin = world.caller(world.admin);
    let role = world.make(&admin, "Baker", &permissions(&["tasks read own"])).unwrap();
    world
        .act(|tx| tx.run(ADD.bind::<Array<Text>, _>(vec!["castles storm all"]).bind::<Uuid, _>(role.id)))
        .unwrap();
    let lines = || world.begin().row::<Vec<String>, _>(LINES.bind::<Uuid, _>(role.id)).unwrap();
    world
        .edit(&admin, role.id, &RolePatch { name: Some(role_name("Miller")), permissions: None }, None)
        .unwrap();
    assert_eq!(lines(), ["tasks read own", "castles storm all"]);
    world.edit(&admin, role.id, &permit(&[]), None).unwrap();
    assert!(lines().is_empty());
}

/// Two who each hold half, and a role that is in reach of both only as long as neither acted.
#[test]
fn of_two_who_edit_one_role_at_once_the_second_goes_by_what_the_first_left() {
    let world = World::new();
    let half = |who: &str, what: &str| {
        let lines = [("roles", "update", "all"), ("roles", "read", "all"), (what, "read", "all")];
        world.caller(world.person(who, world.own_role(who, &lines)))
    };
    let (ann, ben) = (half("ann", "tasks"), half("ben", "tags"));
    let admin = world.caller(world.admin);
    for round in 0..20 {
        let role = world.make(&admin, &format!("r{round}"), &Permissions::default()).unwrap();
        let done = race([&|| world.edit(&ann, role.id, &permit(&["tasks read all"]), None), &|| {
            world.edit(&ben, role.id, &permit(&["tags read all"]), None)
        }]);
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "round {round}: {done:?}");
        assert!(done.iter().any(|done| matches!(done, Err(RoleError::Escalation))), "{done:?}");
    }
}

/// A generator that gives the same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn pick<'p, T>(&mut self, from: &'p [T]) -> &'p T {
        from.get(self.below(from.len())).unwrap()
    }

    /// Some lines about a few things, among them the one that nobody here holds.
    fn permissions(&mut self) -> Permissions {
        let pairs = [
            ("tasks", "read"),
            ("tags", "create"),
            ("roles", "create"),
            ("roles", "update"),
            ("users", "update"),
            SECRET,
        ];
        let mut lines = Vec::new();
        for (resource, action) in pairs {
            if self.below(3) == 0 {
                lines.push((resource, action, self.pick(VOCABULARY.scopes(resource)).as_str()));
            }
        }
        Permissions::parse(&VOCABULARY, lines).unwrap()
    }
}

/// What the officers do not hold, or not as far as the scope says.
const SECRET: (&str, &str) = ("workspace", "delete");

/// Everybody's permissions, by whom.
fn holdings(world: &World, people: &[UserId]) -> BTreeMap<UserId, Permissions> {
    let admin = world.caller(world.admin);
    let all = roles::list(&mut world.begin(), &grant::<_, Read>(&admin), None, 1_000).unwrap();
    let of = |role: RoleId| all.iter().find(|known| known.id == role).unwrap().permissions.clone();
    people.iter().filter_map(|user| Some((*user, of(world.row(*user)?.role_id)))).collect()
}

/// Officers make, edit, delete and give roles, to each other too, for as long as the dice roll. What none of them held at first
/// nobody has at the end who had it not, and nobody lost it.
#[test]
fn no_sequence_of_role_operations_confers_what_nobody_in_it_holds() {
    for seed in 0..6 {
        let world = World::new();
        let lines = [
            ("roles", "create", "all"),
            ("roles", "read", "all"),
            ("roles", "update", "all"),
            ("roles", "delete", "all"),
            ("users", "create", "all"),
            ("users", "read", "all"),
            ("users", "update", "all"),
            ("tasks", "read", "team"),
        ];
        let office = world.own_role("officer", &lines);
        let held = Permissions::parse(&VOCABULARY, lines).unwrap();
        let mut people: Vec<UserId> = (0..3).map(|n| world.person(&format!("officer{n}"), office)).collect();
        let admin = world.caller(world.admin);
        // Somebody with the secret, somebody with more of what the officers have, and some with less.
        for (who, lines) in [
            ("keeper", vec!["workspace delete all", "tasks read own"]),
            ("reader", vec!["tasks read all"]),
            ("looker", vec!["tasks read own"]),
            ("nobody", vec![]),
        ] {
            let role = world.make(&admin, who, &permissions(&lines)).unwrap();
            people.push(world.person(who, role.id));
        }
        people.push(world.admin);
        let mut actors: Vec<UserId> = people[..3].to_vec();
        let before = holdings(&world, &people);
        let built = roles::list(&mut world.begin(), &grant::<_, Read>(&admin), None, 1_000).unwrap();
        let above = |permissions: &Permissions| !held.cover(permissions);
        let (mut dice, mut kinds) = (Dice(seed), BTreeSet::new());
        for step in 0..120 {
            let caller = world.caller(*dice.pick(&actors));
            let all = roles::list(&mut world.begin(), &grant::<_, Read>(&admin), None, 1_000).unwrap();
            let (role, wanted) = (dice.pick(&all).clone(), dice.permissions());
            let kind = dice.below(6);
            let principal = &caller.principal;
            let done = match kind {
                0 => principal.grant().is_ok_and(|grant| {
                    let new = NewRole { name: role_name(&format!("r{step}")), permissions: wanted };
                    world.act(|tx| roles::create(tx, &grant, principal, &origin(&caller), new)).is_ok()
                }),
                1 | 2 => principal.grant().is_ok_and(|grant| {
                    let patch = RolePatch { name: None, permissions: Some(wanted) };
                    world
                        .act(|tx| {
                            roles::update(tx, &grant, principal, &origin(&caller), role.id, None, patch)
                        })
                        .is_ok()
                }),
                3 => principal.grant().is_ok_and(|grant| {
                    world
                        .act(|tx| roles::delete(tx, &grant, principal, &origin(&caller), role.id, None))
                        .is_ok()
                }),
                4 => {
                    let patch = UserPatch { role_id: Some(role.id), ..UserPatch::default() };
                    let user = *dice.pick(&people);
                    principal.grant::<belfort_policy::Users, belfort_rbac::Update>().is_ok()
                        && world.update(&caller, user, &patch).is_ok()
                }
                _ => principal.grant().is_ok_and(|grant| {
                    let who = format!("p{step}");
                    let new = NewInvitation {
                        email: email(&who),
                        full_name: None,
                        role_id: role.id,
                        team_ids: vec![],
                    };
                    let invited =
                        world.act(|tx| invitations::create(tx, &grant, principal, &origin(&caller), new));
                    invited.is_ok_and(|invited| {
                        let joined = world.act(|tx| {
                            invitations::accept(tx, &source(), &invited.token.digest(), name(&who), &hash())
                        });
                        let id = joined.unwrap().id;
                        people.push(id);
                        actors.push(id);
                        true
                    })
                }),
            };
            kinds.insert((kind, done));
            // No role is above them that was not, and none that was is another one now.
            for role in roles::list(&mut world.begin(), &grant::<_, Read>(&admin), None, 1_000).unwrap() {
                let then = built.iter().find(|known| known.id == role.id && above(&known.permissions));
                assert!(
                    then.map_or(held.cover(&role.permissions), |then| *then == role),
                    "seed {seed}, step {step}: {role:?}"
                );
            }
            let now = holdings(&world, &people);
            for (user, permissions) in &now {
                match before.get(user).filter(|permissions| above(permissions)) {
                    Some(then) => assert!(permissions == then, "seed {seed}, step {step}: {permissions:?}"),
                    None => assert!(held.cover(permissions), "seed {seed}, step {step}: {permissions:?}"),
                }
            }
        }
        // Enough of each went through, and enough was refused, that this proves something.
        assert!(kinds.len() >= 9, "seed {seed}: {kinds:?}");
    }
}
