//! The life of an invitation.

use belfort_audit::postgres::Filter;
use belfort_auth::InvitationToken;
use belfort_db::{Queries as _, Statement};
use belfort_ids::{InvitationId, RoleId, TeamId, UserId};
use belfort_policy::{BuiltIn, Users};
use belfort_rbac::Read;
use belfort_testkit::now;
use belfort_workspace::invitations::{
    self, AcceptError, Invitation, InvitationError, IssuedInvitation, LIFETIME, NewInvitation,
};
use belfort_workspace::teams::{self, NewTeam};
use belfort_workspace::users::{User, UserPatch};
use belfort_workspace::{Caller, RequestSource, TeamName, login};
use chrono::Duration;

use crate::world::{World, email, grant, hash, name, origin, race, source};

struct Office {
    world: World,
    admin: Caller,
}

impl Office {
    fn new() -> Self {
        let world = World::new();
        let admin = world.caller(world.admin);
        Self { world, admin }
    }

    fn invite(&self, who: &str, team_ids: Vec<TeamId>) -> Result<IssuedInvitation, InvitationError> {
        let role = self.world.role(BuiltIn::Member);
        let new = NewInvitation { email: email(who), full_name: Some(name("Bo")), role_id: role, team_ids };
        self.world.act(|tx| {
            invitations::create(tx, &grant(&self.admin), &self.admin.principal, &origin(&self.admin), new)
        })
    }

    fn accept(&self, token: &InvitationToken) -> Result<User, AcceptError> {
        self.accept_at(token, &source())
    }

    fn accept_at(&self, token: &InvitationToken, source: &RequestSource) -> Result<User, AcceptError> {
        self.world.act(|tx| invitations::accept(tx, source, &token.digest(), name("Bob"), &hash()))
    }

    fn resend(&self, id: InvitationId) -> Result<IssuedInvitation, InvitationError> {
        self.world.act(|tx| {
            invitations::resend(tx, &grant(&self.admin), &self.admin.principal, &origin(&self.admin), id)
        })
    }

    fn revoke(&self, by: &Caller, id: InvitationId, expected: Option<i32>) -> Result<(), InvitationError> {
        self.world.act(|tx| invitations::revoke(tx, &grant(by), &by.principal, &origin(by), id, expected))
    }

    fn list(&self, by: &Caller) -> Vec<Invitation> {
        invitations::list(&mut self.world.begin(), &grant::<Users, Read>(by), None, 9).unwrap()
    }
}

fn is_over(result: Result<User, AcceptError>) -> bool {
    matches!(result, Err(AcceptError::Expired))
}

#[test]
fn who_accepts_is_a_user_with_role_teams_and_password() {
    let office = Office::new();
    let world = &office.world;
    let [crew, gone] = ["Crew", "Gone"].map(|team| {
        let new = NewTeam { name: TeamName::parse(team).unwrap(), member_ids: vec![] };
        world
            .act(|tx| {
                teams::create(tx, &grant(&office.admin), &office.admin.principal, &origin(&office.admin), new)
            })
            .unwrap()
            .id
    });
    let invited = office.invite("bob", vec![gone, crew, crew]).unwrap();
    assert_eq!(office.list(&office.admin), [invited.invitation]);
    world.act(|tx| teams::delete(tx, &grant(&office.admin), &origin(&office.admin), gone, None)).unwrap();
    let bob = office.accept(&invited.token).unwrap();
    assert_eq!((bob.email.as_str(), bob.full_name.as_str(), bob.has_joined), ("bob@example.be", "Bob", true));
    assert_eq!((bob.role_id, &bob.team_ids), (world.role(BuiltIn::Member), &vec![crew]));
    assert!(login::password_by_email(&mut world.begin(), &email("bob")).unwrap().is_some());
    assert_eq!(office.list(&office.admin), []);
    assert!(is_over(office.accept(&invited.token)), "a token works once");
}

#[test]
fn of_two_who_accept_at_once_one_becomes_a_user() {
    let office = Office::new();
    for round in 0..10 {
        let invited = office.invite(&format!("bob{round}"), vec![]).unwrap();
        let accept = || office.accept(&invited.token);
        let [a, b] = race([&accept, &accept]);
        assert!((a.is_ok() && is_over(b)) || is_over(a), "round {round}");
    }
}

#[test]
fn an_unknown_and_an_expired_token_are_one_error() {
    let office = Office::new();
    let invited = office.invite("bob", vec![]).unwrap();
    assert!(is_over(office.accept(&InvitationToken::generate())));
    let late = RequestSource { at: now() + LIFETIME, ..source() };
    assert!(is_over(office.accept_at(&invited.token, &late)));
    let in_time = RequestSource { at: now() + LIFETIME - Duration::seconds(1), ..source() };
    office.accept_at(&invited.token, &in_time).unwrap();
}

#[test]
fn an_invitation_that_is_sent_again_has_another_token() {
    let office = Office::new();
    let first = office.invite("bob", vec![]).unwrap();
    let second = office.resend(first.invitation.id).unwrap();
    assert_eq!((second.invitation.id, second.invitation.version), (first.invitation.id, 2));
    assert!(is_over(office.accept(&first.token)));
    office.accept(&second.token).unwrap();
    assert!(matches!(office.resend(first.invitation.id), Err(InvitationError::NotFound)));
}

#[test]
fn an_invitation_that_is_withdrawn_is_over() {
    let office = Office::new();
    let invited = office.invite("bob", vec![]).unwrap();
    let id = invited.invitation.id;
    assert!(matches!(office.revoke(&office.admin, id, Some(7)), Err(InvitationError::Stale)));
    office.revoke(&office.admin, id, Some(1)).unwrap();
    assert!(is_over(office.accept(&invited.token)));
    assert!(matches!(office.revoke(&office.admin, id, None), Err(InvitationError::NotFound)));
    office.invite("bob", vec![]).unwrap();
}

#[test]
fn an_expired_invitation_is_in_nobodys_way() {
    let office = Office::new();
    let old = office.invite("bob", vec![]).unwrap();
    let mut later = origin(&office.admin);
    later.at += LIFETIME;
    let role = office.world.role(BuiltIn::Guest);
    let new = NewInvitation { email: email("bob"), full_name: None, role_id: role, team_ids: vec![] };
    let admin = &office.admin;
    let again =
        office.world.act(|tx| invitations::create(tx, &grant(admin), &admin.principal, &later, new)).unwrap();
    assert_eq!(office.list(admin), [again.invitation]);
    assert!(is_over(office.accept(&old.token)));
}

#[test]
fn who_reaches_only_themselves_sees_only_what_they_sent() {
    let office = Office::new();
    let world = &office.world;
    let actions = ["create", "read", "delete"].map(|action| ("users", action, "own"));
    let host = world.caller(world.person("host", world.own_role("host", &actions)));
    let theirs = office.invite("bob", vec![]).unwrap();
    assert_eq!(office.list(&host), []);
    assert!(matches!(office.revoke(&host, theirs.invitation.id, None), Err(InvitationError::NotFound)));
    let nothing = world.own_role("nothing", &[]);
    let new = NewInvitation { email: email("cy"), full_name: None, role_id: nothing, team_ids: vec![] };
    let ours =
        world.act(|tx| invitations::create(tx, &grant(&host), &host.principal, &origin(&host), new)).unwrap();
    let id = ours.invitation.id;
    assert_eq!(office.list(&host), [ours.invitation]);
    office.revoke(&host, id, None).unwrap();
}

#[test]
fn nobody_is_invited_into_a_team_out_of_the_inviters_reach() {
    let office = Office::new();
    let (world, admin) = (&office.world, &office.admin);
    let nothing = world.own_role("nothing", &[]);
    let host = world.person("host", world.own_role("host", &[("users", "create", "team")]));
    let [ours, theirs] = [host, world.admin].map(|member| {
        let new = NewTeam { name: TeamName::parse(&member.to_string()).unwrap(), member_ids: vec![member] };
        world.act(|tx| teams::create(tx, &grant(admin), &admin.principal, &origin(admin), new)).unwrap().id
    });
    let host = world.caller(host);
    let invite = |team_ids| {
        let new = NewInvitation { email: email("bob"), full_name: None, role_id: nothing, team_ids };
        world.act(|tx| invitations::create(tx, &grant(&host), &host.principal, &origin(&host), new))
    };
    for team in [theirs, TeamId::new(now())] {
        let refused = invite(vec![ours, team]);
        assert!(matches!(refused, Err(InvitationError::UnknownTeams(ids)) if ids == [team]));
    }
    let bob = office.accept(&invite(vec![ours]).unwrap().token).unwrap();
    assert_eq!(bob.team_ids, [ours]);
}

#[test]
fn an_invitation_into_a_team_confers_no_more_than_its_inviter_holds() {
    let office = Office::new();
    let (world, admin) = (&office.world, &office.admin);
    let new_team = NewTeam { name: TeamName::parse("Crew").unwrap(), member_ids: vec![world.admin] };
    let crew = world
        .act(|tx| teams::create(tx, &grant(admin), &admin.principal, &origin(admin), new_team))
        .unwrap()
        .id;
    let reader = world.own_role("reader", &[("tasks", "read", "team")]);
    let host = |who: &str, scope| {
        world.caller(
            world.person(who, world.own_role(who, &[("users", "create", "all"), ("tasks", "read", scope)])),
        )
    };
    let (near, far) = (host("near", "team"), host("far", "all"));
    let invite = |by: &Caller| {
        let new =
            NewInvitation { email: email("bob"), full_name: None, role_id: reader, team_ids: vec![crew] };
        world.act(|tx| invitations::create(tx, &grant(by), &by.principal, &origin(by), new))
    };
    assert!(matches!(invite(&near), Err(InvitationError::TeamEscalation)));
    let invited = invite(&far).unwrap();
    // Their role is less by the time that it is accepted: still one that lets somebody in, but not into that team.
    let near_role = world.row(near.user).unwrap().role_id;
    world.update(admin, far.user, &UserPatch { role_id: Some(near_role), ..UserPatch::default() }).unwrap();
    assert_eq!(office.accept(&invited.token).unwrap().team_ids, []);
}

#[test]
fn no_secret_of_an_invitation_is_told() {
    let office = Office::new();
    let invited = office.invite("bob", vec![]).unwrap();
    office.accept(&invited.token).unwrap();
    let history =
        belfort_audit::postgres::list(&mut office.world.begin(), Filter::default(), None, 9).unwrap();
    let told = format!("{history:?}");
    assert!(told.contains("invited") && !told.contains("argon2") && !told.contains("bfi_"));
    assert!(!format!("{invited:?}").contains(invited.token.reveal()));
    let unknown = TeamId::new(now());
    let refused = office.invite("cy", vec![unknown]).unwrap_err();
    assert!(matches!(refused, InvitationError::UnknownTeams(ids) if ids == [unknown]));
}

/// A way for somebody to lose a permission, by the hand of an admin.
type Loss = fn(&World, &Caller, UserId);

/// Admin or not, deleted, deactivated, demoted or with a role that was cut down: what they sent ends with what they may do.
#[test]
fn an_invitation_ends_with_what_its_inviter_may_do() {
    let office = Office::new();
    let (world, admin) = (&office.world, &office.admin);
    let [admin_role, member_role] = [BuiltIn::Admin, BuiltIn::Member].map(|role| world.role(role));
    let invite = |by: &Caller, who: &str, role: RoleId| {
        let new = NewInvitation { email: email(who), full_name: None, role_id: role, team_ids: vec![] };
        world.act(|tx| invitations::create(tx, &grant(by), &by.principal, &origin(by), new)).unwrap()
    };
    let lose: [(&str, Loss); 4] = [
        ("deleted", |world, admin, user| world.delete(admin, user).unwrap()),
        ("inactive", |world, admin, user| {
            let patch = UserPatch { is_active: Some(false), ..UserPatch::default() };
            world.update(admin, user, &patch).unwrap();
        }),
        ("demoted", |world, admin, user| {
            let role = world.role(BuiltIn::Member);
            world.update(admin, user, &UserPatch { role_id: Some(role), ..UserPatch::default() }).unwrap();
        }),
        ("recruits", |world, admin, user| {
            let recruiter = world.own_role("recruiter", &[("users", "create", "all")]);
            world
                .update(admin, user, &UserPatch { role_id: Some(recruiter), ..UserPatch::default() })
                .unwrap();
        }),
    ];
    for (how, lose) in lose {
        let leaving = world.caller(world.person(how, admin_role));
        let [door, kept, foreign] = [("door", admin_role), ("kept", member_role), ("foreign", admin_role)]
            .map(|(who, role)| {
                invite(if who == "foreign" { admin } else { &leaving }, &format!("{who}-{how}"), role)
            });
        lose(world, admin, leaving.user);
        for invited in [&door, &kept] {
            assert!(is_over(office.accept(&invited.token)), "{how}");
        }
        // It is nobody's business who else left.
        office.accept(&foreign.token).unwrap();
        // Who sends it again answers for it.
        let again = office.resend(door.invitation.id).unwrap();
        assert_eq!(again.invitation.invited_by_id, admin.user);
        office.accept(&again.token).unwrap();
    }
}

/// The role of the inviter, not the inviter, is cut down.
#[test]
fn an_invitation_ends_with_the_role_of_its_inviter() {
    const CUT: Statement = Statement::new("UPDATE roles SET permissions = '{}' WHERE name = 'officer'");
    let office = Office::new();
    let world = &office.world;
    let officer = world.own_role("officer", &[("users", "create", "all"), ("tasks", "read", "own")]);
    let nothing = world.own_role("nothing", &[]);
    let olga = world.caller(world.person("olga", officer));
    let new = NewInvitation { email: email("bob"), full_name: None, role_id: nothing, team_ids: vec![] };
    let invited =
        world.act(|tx| invitations::create(tx, &grant(&olga), &olga.principal, &origin(&olga), new)).unwrap();
    world.act(|tx| tx.run(CUT)).unwrap();
    assert!(is_over(office.accept(&invited.token)));
}
