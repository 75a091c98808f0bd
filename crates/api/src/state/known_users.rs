//! The users of the credentials that this process has seen: a hint for fairness, and never for access.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use belfort_auth::TokenDigest;
use belfort_ids::{TenantId, UserId};

/// The most entries; then all are dropped.
const CAPACITY: usize = 50_000;

/// The users of the credentials that were accepted in a workspace.
///
/// An entry outlives its session. It then says whose share a request is taken from that will be refused.
#[derive(Debug, Default)]
pub(crate) struct KnownUsers(RwLock<HashMap<(TenantId, TokenDigest), UserId>>);

impl KnownUsers {
    /// The user of a credential, if it was accepted before.
    pub(crate) fn find(&self, workspace: TenantId, credential: &TokenDigest) -> Option<UserId> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(workspace, *credential)).copied()
    }

    /// Remembers the user of a credential that was accepted.
    pub(crate) fn remember(&self, workspace: TenantId, credential: &TokenDigest, user: UserId) {
        if self.find(workspace, credential).is_some() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert((workspace, *credential), user);
    }
}

#[cfg(test)]
mod tests {
    use belfort_auth::SessionToken;
    use belfort_testkit::now;

    use super::*;

    #[test]
    fn a_credential_is_known_in_its_workspace_alone_and_the_number_is_bounded() {
        let (known, digest) = (KnownUsers::default(), SessionToken::generate().digest());
        let (a, b, user) = (TenantId::new(now()), TenantId::new(now()), UserId::new(now()));
        known.remember(a, &digest, user);
        assert_eq!((known.find(a, &digest), known.find(b, &digest)), (Some(user), None));
        for _ in 0..CAPACITY {
            known.remember(a, &SessionToken::generate().digest(), user);
        }
        assert!(known.0.read().unwrap().len() <= CAPACITY);
    }
}
