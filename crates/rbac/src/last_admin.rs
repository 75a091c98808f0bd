//! The last-admin safeguard: the rule, without a database.

use std::collections::BTreeSet;

use belfort_ids::UserId;

/// The admins of a workspace: the people who could come in and administer it.
///
/// Somebody could come in when they have the admin role, are active and have joined, that is once chose a password (an
/// invitation that nobody accepted lets nobody in). Every one of these is set by somebody who is in the workspace already.
/// What a stranger can cause does not count, above all a lock-out after failed logins: it lasts minutes, and whoever can have
/// an honest admin locked out would otherwise decide that the dishonest one cannot be removed.
///
/// The rule is only as good as the list: it must be read after every other change of it has been made to wait (see
/// `postgres::members`, which locks first). Counting and then updating, even in one transaction, lets two admins demote
/// each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admins(BTreeSet<UserId>);

/// The refusal of a change that would leave the workspace without an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is the last admin of the workspace: make somebody else an admin first")]
pub struct LastAdmin;

impl Admins {
    /// Whether `user` is an admin.
    pub fn contains(&self, user: UserId) -> bool {
        self.0.contains(&user)
    }

    /// The admins without these users, who are deactivated, demoted or deleted.
    ///
    /// Refused when one of them is an admin and nobody would be one after.
    pub fn without(&self, leaving: impl IntoIterator<Item = UserId>) -> Result<Self, LastAdmin> {
        let leaving: BTreeSet<_> = leaving.into_iter().collect();
        let left: BTreeSet<_> = self.0.difference(&leaving).copied().collect();
        let is_loss = left.len() < self.0.len();
        if is_loss && left.is_empty() { Err(LastAdmin) } else { Ok(Self(left)) }
    }
}

impl FromIterator<UserId> for Admins {
    fn from_iter<I: IntoIterator<Item = UserId>>(users: I) -> Self {
        Self(users.into_iter().collect())
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
            changes in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 0..20),
        ) {
            let people: Vec<_> = (0..8).map(|_| UserId::new(DateTime::UNIX_EPOCH)).collect();
            let users = |places: Vec<usize>| places.into_iter().map(|i| people[i]).collect::<Vec<_>>();
            let mut list: Admins = people[..admins].iter().copied().collect();
            for leaving in changes {
                let leaving = users(leaving);
                if let Ok(left) = list.without(leaving.iter().copied()) {
                    prop_assert!(leaving.iter().all(|user| !left.contains(*user)));
                    list = left;
                } else {
                    // Refused only where it had to be: everybody was about to leave.
                    prop_assert!(list.0.iter().all(|user| leaving.contains(user)));
                }
                prop_assert!(!list.0.is_empty());
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
}
