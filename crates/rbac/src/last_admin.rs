//! The last-admin safeguard: the rule, without a database.

use std::collections::BTreeSet;

use belfort_ids::UserId;

/// The users who count as admins: they have the admin role, are active, and have joined (an invitation that nobody
/// accepted could not let anybody in).
///
/// The rule is only as good as the list: it must be read after every other change of it has been made to wait (see
/// `postgres::members`, which locks first). Counting and then updating, even in one transaction, lets two admins demote
/// each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admins(BTreeSet<UserId>);

/// The change would leave the workspace without an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is the last admin of the workspace: make somebody else an admin first")]
pub struct LastAdmin;

impl Admins {
    /// Whether `user` counts as an admin.
    pub fn contains(&self, user: UserId) -> bool {
        self.0.contains(&user)
    }

    /// The admins after these users are none any more: deactivated, demoted or deleted.
    ///
    /// Refused when somebody is an admin now and nobody would be after.
    pub fn without(&self, leaving: impl IntoIterator<Item = UserId>) -> Result<Self, LastAdmin> {
        let leaving: BTreeSet<_> = leaving.into_iter().collect();
        let left: BTreeSet<_> = self.0.difference(&leaving).copied().collect();
        if left.is_empty() && !self.0.is_empty() { Err(LastAdmin) } else { Ok(Self(left)) }
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
            let mut list: Admins = people[..admins].iter().copied().collect();
            for leaving in changes {
                let leaving: Vec<_> = leaving.into_iter().map(|i| people[i]).collect();
                match list.without(leaving.iter().copied()) {
                    Ok(left) => {
                        prop_assert!(leaving.iter().all(|user| !left.contains(*user)));
                        list = left;
                    }
                    // Refused only where it had to be: everybody who is left was about to leave.
                    Err(LastAdmin) => prop_assert!(list.0.iter().all(|user| leaving.contains(user))),
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
