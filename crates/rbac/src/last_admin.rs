//! The last-admin safeguard: the rule, without a database.

use std::collections::BTreeSet;

use belfort_ids::UserId;

/// The admins of a workspace, and which of them are locked out at the moment.
///
/// An admin has the admin role, is active and has joined (an invitation that nobody accepted could not let anybody in).
///
/// The rule is only as good as the list: it must be read after every other change of it has been made to wait (see
/// `postgres::members`, which locks first). Counting and then updating, even in one transaction, lets two admins demote
/// each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admins {
    all: BTreeSet<UserId>,
    locked_out: BTreeSet<UserId>,
}

/// The refusal of a change that would leave the workspace without an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is the last admin of the workspace: make somebody else an admin first")]
pub struct LastAdmin;

impl Admins {
    /// Whether `user` is an admin.
    pub fn contains(&self, user: UserId) -> bool {
        self.all.contains(&user)
    }

    /// Marks these users as locked out: none of them counts as the one who remains. They are admins all the same: the last one
    /// is not lost because they are locked out for a while.
    #[must_use]
    pub fn locked_out(mut self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.locked_out.extend(users);
        self
    }

    /// The admins without these users, who are deactivated, demoted or deleted.
    ///
    /// Refused when one of them is an admin and nobody who could come in would be one after.
    pub fn without(&self, leaving: impl IntoIterator<Item = UserId>) -> Result<Self, LastAdmin> {
        let leaving: BTreeSet<_> = leaving.into_iter().collect();
        let all: BTreeSet<_> = self.all.difference(&leaving).copied().collect();
        let is_loss = all.len() < self.all.len();
        if is_loss && all.is_subset(&self.locked_out) {
            return Err(LastAdmin);
        }
        Ok(Self { all, locked_out: self.locked_out.clone() })
    }
}

impl FromIterator<UserId> for Admins {
    fn from_iter<I: IntoIterator<Item = UserId>>(users: I) -> Self {
        Self { all: users.into_iter().collect(), locked_out: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_sequence_of_changes_leaves_nobody(
            admins in 1_usize..6,
            locked_out in proptest::collection::vec(0_usize..8, 0..4),
            changes in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 0..20),
        ) {
            let people: Vec<_> = (0..8).map(|_| UserId::new(DateTime::UNIX_EPOCH)).collect();
            let users = |places: Vec<usize>| places.into_iter().map(|i| people[i]).collect::<Vec<_>>();
            let locked_out = users(locked_out);
            let list: Admins = people[..admins].iter().copied().collect();
            let mut list = list.locked_out(locked_out.iter().copied());
            for leaving in changes {
                let leaving = users(leaving);
                if let Ok(left) = list.without(leaving.iter().copied()) {
                    prop_assert!(leaving.iter().all(|user| !left.contains(*user)));
                    // Whoever lost an admin has one left who could come in.
                    let could = |user: &UserId| left.contains(*user) && !locked_out.contains(user);
                    prop_assert!(left == list || people.iter().any(could));
                    list = left;
                } else {
                    // Refused only where it had to be: everybody who is left was about to leave or is locked out.
                    prop_assert!(list.all.iter().all(|user| leaving.contains(user) || locked_out.contains(user)));
                    prop_assert!(leaving.iter().any(|user| list.contains(*user)));
                }
                prop_assert!(!list.all.is_empty());
            }
        }
    }

    #[test]
    fn somebody_who_is_no_admin_may_leave() {
        let [admin, member] = [(); 2].map(|()| UserId::new(DateTime::UNIX_EPOCH));
        let admins: Admins = [admin].into_iter().collect();
        assert_eq!(admins.without([member]), Ok(admins.clone()));
        assert_eq!(admins.without([admin]), Err(LastAdmin));
    }

    #[test]
    fn somebody_who_is_locked_out_may_leave_and_is_not_left_alone() {
        let [one, other, member] = [(); 3].map(|()| UserId::new(DateTime::UNIX_EPOCH));
        let admins = [one, other].into_iter().collect::<Admins>().locked_out([other]);
        assert_eq!(admins.without([one]), Err(LastAdmin));
        assert_eq!(admins.without([other]).unwrap().without([one]), Err(LastAdmin));
        // While everybody is, whoever is no admin may leave, and no admin.
        let admins = admins.locked_out([one]);
        assert_eq!(admins.without([member]), Ok(admins.clone()));
        assert_eq!(admins.without([other]), Err(LastAdmin));
    }
}
