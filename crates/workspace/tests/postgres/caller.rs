//! Logging in, and who the caller is.

use belfort_auth::postgres::sessions;
use belfort_auth::{PasswordHash, SESSION_LIFETIME, SessionToken};
use belfort_ids::SessionId;
use belfort_policy::{BuiltIn, Roles, Tasks, Users};
use belfort_rbac::{Delete, Read, Update};
use belfort_testkit::now;
use belfort_workspace::login::{self, StoredPassword};
use belfort_workspace::teams::{self, NewTeam};
use belfort_workspace::users::{self, NewUser, UserPatch};
use belfort_workspace::{TeamName, authenticate, roles};

use crate::world::{HASH, World, email, grant, hash, name, origin, race};

fn stronger() -> PasswordHash {
    PasswordHash::parse(&HASH.replace("t=2", "t=3")).unwrap()
}

#[test]
fn a_session_is_who_opened_it_until_it_ends() {
    let world = World::new();
    let token = world.log_in(world.admin);
    let caller = world.whose(&token).unwrap();
    assert_eq!((caller.user, caller.email.as_str()), (world.admin, "ada@example.be"));
    assert_eq!((caller.role_name.as_str(), caller.full_name.as_str()), ("admin", "Ada Lovelace"));
    assert!(world.whose(&SessionToken::generate()).is_none());
    let late = authenticate(&mut world.begin(), &token.digest(), now() + SESSION_LIFETIME).unwrap();
    assert!(late.is_none());
    world.act(|tx| sessions::end(tx, &token.digest())).unwrap();
    assert!(world.whose(&token).is_none());
}

#[test]
fn a_change_of_role_acts_on_the_next_request() {
    let world = World::new();
    let bob = world.person("bob", world.role(BuiltIn::Member));
    let token = world.log_in(bob);
    assert!(world.whose(&token).unwrap().principal.grant::<Tasks, Update>().is_ok());
    let admin = world.caller(world.admin);
    let guest = UserPatch { role_id: Some(world.role(BuiltIn::Guest)), ..UserPatch::default() };
    world.update(&admin, bob, &guest).unwrap();
    let caller = world.whose(&token).unwrap();
    assert_eq!(caller.role_name, "guest");
    assert!(caller.principal.grant::<Tasks, Update>().is_err());
}

#[test]
fn a_deactivation_ends_the_sessions_for_good() {
    let world = World::new();
    let bob = world.person("bob", world.role(BuiltIn::Member));
    let token = world.log_in(bob);
    let admin = world.caller(world.admin);
    let active = |is_active| UserPatch { is_active: Some(is_active), ..UserPatch::default() };
    world.update(&admin, bob, &active(false)).unwrap();
    assert!(world.whose(&token).is_none());
    assert!(login::password_by_email(&mut world.begin(), &email("bob")).unwrap().is_none());
    // Nor would one help that was left behind.
    let left = SessionToken::generate();
    let id = SessionId::new(now());
    world.act(|tx| sessions::open(tx, id, bob, &left.digest(), None, None, now())).unwrap();
    assert!(world.whose(&left).is_none());
    world.update(&admin, bob, &active(true)).unwrap();
    assert!(world.whose(&token).is_none(), "the old session does not come back");
}

#[test]
fn a_login_that_meets_a_deactivation_leaves_no_session() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let active = |is_active| UserPatch { is_active: Some(is_active), ..UserPatch::default() };
    for round in 0..20 {
        let bob = world.person(&format!("bob{round}"), world.role(BuiltIn::Member));
        let checked = StoredPassword { user: bob, hash: hash() };
        let log_in = || drop(world.act(|tx| login::open_session(tx, now(), &checked, None, None)).unwrap());
        let deactivate = || drop(world.update(&admin, bob, &active(false)).unwrap());
        race([&log_in, &deactivate]);
        assert_eq!(sessions::list(&mut world.begin(), bob, now(), None, 9).unwrap(), []);
    }
}

#[test]
fn the_mates_of_a_caller_are_those_of_their_teams() {
    let world = World::new();
    let member = world.role(BuiltIn::Member);
    let [bob, cy, dan] = ["bob", "cy", "dan"].map(|who| world.person(who, member));
    let admin = world.caller(world.admin);
    for (team, member_ids) in [("One", vec![bob, cy]), ("Two", vec![cy, bob]), ("Three", vec![dan, cy])] {
        let new = NewTeam { name: TeamName::parse(team).unwrap(), member_ids };
        world.act(|tx| teams::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap();
    }
    let reach = |user| {
        let grant = grant::<Users, Read>(&world.caller(user));
        let mut people = grant.reach().people().unwrap().to_vec();
        people.sort_unstable();
        people
    };
    assert_eq!(reach(bob), [bob, cy]);
    assert_eq!(reach(cy), [bob, cy, dan]);
}

#[test]
fn a_password_that_changed_while_it_was_checked_opens_nothing() {
    let world = World::new();
    let (keep, lost) = (world.log_in(world.admin), world.log_in(world.admin));
    let checked = login::password_by_email(&mut world.begin(), &email("ada")).unwrap().unwrap();
    let caller = world.whose(&keep).unwrap();
    let (origin, kept) = (origin(&caller), caller.session().unwrap());
    let change = || world.act(|tx| login::change_password(tx, &origin, &checked, &stronger(), kept)).unwrap();
    assert!(change());
    assert!(world.whose(&keep).is_some() && world.whose(&lost).is_none());
    assert!(!change(), "the password that was checked is the old one");
    assert!(world.act(|tx| login::open_session(tx, now(), &checked, None, None)).unwrap().is_none());
    assert!(!world.act(|tx| login::rehash(tx, now(), &checked, &hash())).unwrap());
    let current = login::password_of(&mut world.begin(), world.admin).unwrap().unwrap();
    assert_eq!(current.hash, stronger());
}

#[test]
fn two_logins_at_once_that_both_rehash_do_not_block_each_other() {
    let world = World::new();
    let checked = StoredPassword { user: world.admin, hash: hash() };
    let log_in = || {
        world.act(|tx| {
            let opened = login::open_session(tx, now(), &checked, None, None)?;
            if opened.is_some() {
                login::rehash(tx, now(), &checked, &stronger())?;
            }
            Ok::<_, diesel::result::Error>(opened.is_some())
        })
    };
    let opened = race([&log_in, &log_in]).map(Result::unwrap);
    assert_eq!(opened.iter().filter(|opened| **opened).count(), 1, "the other one is told to check again");
}

#[test]
fn a_user_without_a_password_cannot_log_in() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let role = world.role(BuiltIn::Admin);
    let new = NewUser {
        email: email("eve"),
        full_name: name("Eve"),
        role_id: role,
        is_active: true,
        team_ids: vec![],
    };
    let eve =
        world.act(|tx| users::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap();
    assert!(!eve.has_joined && eve.is_active);
    assert!(login::password_by_email(&mut world.begin(), &email("eve")).unwrap().is_none());
}

#[test]
fn roles_are_read_with_a_grant_alone() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let mut tx = world.begin();
    let all = roles::list(&mut tx, &grant::<Roles, Read>(&admin), None, 2).unwrap();
    let rest = roles::list(&mut tx, &grant::<Roles, Read>(&admin), Some(all[1].id), 9).unwrap();
    assert_eq!((all.len(), rest.len()), (2, 2));
    assert_eq!(roles::get(&mut tx, &grant(&admin), all[0].id).unwrap().unwrap(), all[0]);
    let bob = world.caller(world.person("bob", world.role(BuiltIn::Member)));
    assert!(bob.principal.grant::<Roles, Read>().is_err());
    assert!(bob.principal.grant::<Users, Delete>().is_err());
}
