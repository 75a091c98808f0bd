//! The permission check, and the proof that it was made.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use belfort_ids::UserId;

use crate::{Action, Offers, Permission, Permissions, Resource, Scope};

/// An authenticated user with the permissions of their role, as they stand in this transaction.
#[derive(Debug, Clone)]
pub struct Principal {
    user: UserId,
    permissions: Permissions,
    /// The user, then the members of their teams.
    people: Arc<[UserId]>,
}

/// The refusal of an action on a resource, for which the role has no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("your role has no permission to {action} {resource}")]
pub struct Denied {
    /// The name of the resource.
    pub resource: &'static str,
    /// The name of the action.
    pub action: &'static str,
}

impl Principal {
    /// A principal; `team_mates` are the other members of the user's teams.
    pub fn new(user: UserId, permissions: Permissions, team_mates: impl IntoIterator<Item = UserId>) -> Self {
        let others = team_mates.into_iter().filter(|mate| *mate != user);
        let people = std::iter::once(user).chain(others).collect();
        Self { user, permissions, people }
    }

    /// The user.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The permissions of the user's role.
    pub const fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// Whether this user may bring `people`, whose roles are among `roles`, together in a team.
    ///
    /// Being in a team confers something: what a role permits in the scope `team` goes for the rows of everybody there. So whoever
    /// brings people together holds it for all of these rows, in the scope `all`, or in `team` and each of them is in a team of
    /// theirs already. Else they could reach what they do not by joining a team, or let somebody join theirs.
    pub fn may_unite<'r>(&self, people: &[UserId], roles: impl IntoIterator<Item = &'r Permissions>) -> bool {
        let reaches_them = people.iter().all(|user| self.people.contains(user));
        let holds = |conferred: Permission| match self.permissions.scope(conferred.resource, conferred.action)
        {
            Some(Scope::All) => true,
            Some(Scope::Team) => reaches_them,
            Some(Scope::Own) | None => false,
        };
        roles.into_iter().flat_map(Permissions::iter).filter(|p| p.scope == Scope::Team).all(holds)
    }

    /// The permission to do `A` on `R`, as a value that a query can demand.
    pub fn grant<R, A>(&self) -> Result<Grant<R, A>, Denied>
    where
        R: Offers<A>,
        A: Action,
    {
        let denied = Denied { resource: R::NAME, action: A::NAME };
        let scope = self.permissions.scope(R::NAME, A::NAME).ok_or(denied)?;
        let reach = Reach { scope, reads: A::READS, people: Arc::clone(&self.people), user: self.user };
        Ok(Grant { reach, of: PhantomData })
    }
}

/// Proof that the caller may do `A` on `R`, as far as its [`Reach`] goes.
///
/// Only [`Principal::grant`] makes one. Storage functions take it by reference: what they do without it does not compile.
///
/// ```
/// # use belfort_rbac::{Create, Grant, Principal, Read, resources};
/// resources! { static VOCABULARY { Tasks = "tasks" [Create, Read] } }
///
/// fn list(_: &Grant<Tasks, Read>) {}
///
/// fn page(principal: &Principal) -> Result<(), belfort_rbac::Denied> {
///     list(&principal.grant::<Tasks, Read>()?);
///     Ok(())
/// }
/// # let _ = &VOCABULARY;
/// ```
///
/// Each of these is the program above with one thing wrong. Without a grant:
/// ```compile_fail,E0061
/// # use belfort_rbac::{Create, Grant, Principal, Read, resources};
/// # resources! { static VOCABULARY { Tasks = "tasks" [Create, Read] } }
/// # fn list(_: &Grant<Tasks, Read>) {}
/// fn page(principal: &Principal) -> Result<(), belfort_rbac::Denied> {
///     list();
///     Ok(())
/// }
/// ```
/// With the grant of another action:
/// ```compile_fail,E0308
/// # use belfort_rbac::{Create, Grant, Principal, Read, resources};
/// # resources! { static VOCABULARY { Tasks = "tasks" [Create, Read] } }
/// # fn list(_: &Grant<Tasks, Read>) {}
/// fn page(principal: &Principal) -> Result<(), belfort_rbac::Denied> {
///     let grant: Grant<Tasks, Create> = principal.grant()?;
///     list(&grant);
///     Ok(())
/// }
/// ```
/// With an action that the resource does not have:
/// ```compile_fail,E0277
/// # use belfort_rbac::{Create, Export, Grant, Principal, Read, resources};
/// # resources! { static VOCABULARY { Tasks = "tasks" [Create, Read] } }
/// # fn list(_: &Grant<Tasks, Read>) {}
/// fn page(principal: &Principal) -> Result<(), belfort_rbac::Denied> {
///     principal.grant::<Tasks, Export>()?;
///     Ok(())
/// }
/// ```
/// With a grant of one's own making:
/// ```compile_fail,E0451
/// # use belfort_rbac::{Create, Grant, Principal, Read, Reach, resources};
/// # resources! { static VOCABULARY { Tasks = "tasks" [Create, Read] } }
/// # fn list(_: &Grant<Tasks, Read>) {}
/// fn page(reach: Reach) {
///     list(&Grant { reach, of: std::marker::PhantomData });
/// }
/// ```
pub struct Grant<R, A> {
    reach: Reach,
    of: PhantomData<fn() -> (R, A)>,
}

impl<R, A> Grant<R, A> {
    /// The rows that it goes for.
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The user who holds it.
    pub const fn user(&self) -> UserId {
        self.reach.user
    }
}

impl<R: Resource, A: Action> fmt::Debug for Grant<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({}:{}, {} of {})", R::NAME, A::NAME, self.reach.scope, self.reach.user)
    }
}

/// The rows that a grant goes for. A resource turns it into one predicate, the same for every statement.
#[derive(Debug, Clone)]
pub struct Reach {
    scope: Scope,
    reads: bool,
    user: UserId,
    people: Arc<[UserId]>,
}

impl Reach {
    /// The scope of the permission.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The people whose rows are in reach: rows that one of these made or is assigned to. `None`: everybody's.
    pub fn people(&self) -> Option<&[UserId]> {
        match self.scope {
            Scope::All => None,
            Scope::Team => Some(&self.people),
            Scope::Own => Some(std::slice::from_ref(&self.user)),
        }
    }

    /// The user who reaches a row also by being its viewer: the caller, for actions that only read.
    pub fn viewer(&self) -> Option<UserId> {
        self.reads.then_some(self.user)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{Create, Read, Update, resources};

    resources! {
        static VOCABULARY {
            Tasks = "tasks" [Create, Read, Update, Delete],
            Roles = "roles" unowned [Read],
        }
    }

    fn principal(scope: &str) -> (UserId, UserId, Principal) {
        let now = DateTime::UNIX_EPOCH;
        let (me, mate) = (UserId::new(now), UserId::new(now));
        let words = [("tasks", "read", scope), ("tasks", "update", scope)];
        let permissions = Permissions::parse(&VOCABULARY, words).unwrap();
        (me, mate, Principal::new(me, permissions, [mate, me]))
    }

    #[test]
    fn what_is_not_permitted_is_denied() {
        let (_, _, principal) = principal("all");
        let denied = principal.grant::<Tasks, Create>().unwrap_err();
        assert_eq!(denied, Denied { resource: "tasks", action: "create" });
    }

    #[test]
    fn a_scope_reaches_as_far_as_it_says() {
        for (scope, people) in [("own", 1), ("team", 2)] {
            let (me, mate, principal) = principal(scope);
            let grant = principal.grant::<Tasks, Read>().unwrap();
            assert_eq!(grant.reach().people().unwrap(), &[me, mate][..people]);
        }
        assert!(principal("all").2.grant::<Tasks, Read>().unwrap().reach().people().is_none());
    }

    #[test]
    fn a_grant_of_what_nobody_owns_goes_for_all_of_it() {
        let reaches_all = |line| {
            let permissions = Permissions::from_lines(&VOCABULARY, [line]);
            let principal = Principal::new(UserId::new(DateTime::UNIX_EPOCH), permissions, []);
            principal.grant::<Roles, Read>().ok().map(|grant| grant.reach().people().is_none())
        };
        let reached = ["roles read all", "roles read team", "roles read own"].map(reaches_all);
        assert_eq!(reached, [Some(true), None, None]);
    }

    #[test]
    fn who_unites_people_in_a_team_holds_what_that_confers() {
        let stranger = UserId::new(DateTime::UNIX_EPOCH);
        let role = |lines: &[&str]| Permissions::from_lines(&VOCABULARY, lines.iter().copied());
        let (alone, for_team) = (role(&["tasks read own", "roles read all"]), role(&["tasks read team"]));
        for (scope, mates, strangers) in [("own", false, false), ("team", true, false), ("all", true, true)] {
            let (me, mate, principal) = principal(scope);
            assert_eq!(principal.may_unite(&[me, mate], [&for_team]), mates, "{scope}");
            assert_eq!(principal.may_unite(&[me, stranger], [&alone, &for_team]), strangers, "{scope}");
            // Nobody reaches more by it.
            assert!(principal.may_unite(&[mate, stranger], [&alone]));
            // It is one of the permissions that counts, not another.
            assert!(!principal.may_unite(&[me, mate], [&role(&["tasks delete team"])]));
        }
    }

    #[test]
    fn a_viewer_reaches_a_row_for_reading_alone() {
        let (me, _, principal) = principal("own");
        assert_eq!(principal.grant::<Tasks, Read>().unwrap().reach().viewer(), Some(me));
        assert_eq!(principal.grant::<Tasks, Update>().unwrap().reach().viewer(), None);
    }
}
